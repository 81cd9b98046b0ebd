"""From study and tables to the list of numbers."""
