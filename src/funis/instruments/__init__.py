"""Definitions of instruments and the engine that scores any data frame by them."""
