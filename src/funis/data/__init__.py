"""The data of a study: cells read from files or taken from frames, typed, checked; each keeps its place.

Entry points: ``tables.read_tables`` (a folder), ``tables.tables_from_frames`` (frames, a form, a simulated
trial), ``new_study.new_study``. ``read`` knows files; ``check`` knows cells and the study, and needs no disk.
"""
