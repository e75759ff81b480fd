"""Ears: public posts come in. One guarded door to the network, one file per platform."""
