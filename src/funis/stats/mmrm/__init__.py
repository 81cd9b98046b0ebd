"""The mixed model for repeated measures."""
