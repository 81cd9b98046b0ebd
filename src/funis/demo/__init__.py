"""The two published trials reconstructed from their published figures, always marked as such."""
