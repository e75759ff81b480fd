"""Screens: draw the desk and pass on decisions. Nothing here decides or reaches past the services."""
