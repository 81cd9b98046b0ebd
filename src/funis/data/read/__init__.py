"""Files -> cells; nothing is interpreted but what makes a file a table. Door: ``files.read_folder``."""
