"""Front door: start-up, wiring, one round of watching."""

__version__ = "0.1.0"
