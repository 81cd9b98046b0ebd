"""Scores in a browser: the rules of an instrument written out as JavaScript."""
