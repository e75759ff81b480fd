"""Pieces that pages share: each draws or says one thing."""
