"""From the disk to typed cells; every value keeps its file and line."""
