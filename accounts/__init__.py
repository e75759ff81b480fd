"""The comms lead's room, the school's own voice: empty until official accounts come. It never imports casework."""
