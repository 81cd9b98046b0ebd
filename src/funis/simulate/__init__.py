"""Subjects made by computation, always marked as such."""
