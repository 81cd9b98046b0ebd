"""The two published trials rebuilt from their printed figures, always marked as such."""
