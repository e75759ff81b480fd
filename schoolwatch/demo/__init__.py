"""The demo: an invented town to watch over real HTTP, its moderator, and the watchlist of its two schools."""
