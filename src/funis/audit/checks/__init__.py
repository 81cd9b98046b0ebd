"""Checks of printed figures, one file each: gathered figures in, findings out. None reads a file."""
