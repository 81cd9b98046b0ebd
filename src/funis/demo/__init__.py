"""The two published trials reconstructed from their published figures, always marked as such."""

SEED = 2012
"""Of all draws, where no other is asked for."""
