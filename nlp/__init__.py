"""READING: a post becomes a Reading: mentions found before any tokenising, scores with their reasons. Suggestions, never decisions."""
