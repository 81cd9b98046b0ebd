"""The data folder: read as text, typed, checked; every value keeps its file and line."""
