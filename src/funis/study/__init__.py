"""The study file: read, checked as a whole, frozen."""
