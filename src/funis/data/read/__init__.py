"""Files -> cells; nothing is interpreted beyond the form of a table. Entry point: ``files.read_folder``."""
