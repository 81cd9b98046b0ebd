"""Data out and in: the data folder of the trial, exactly as ``funis report`` reads it.

Doors: `export.export_study`, `load.load_folder`.
"""
