"""A published text as plain words with places: files of four kinds to sentences and rows of tables.

Entry point: ``read.read_source``. What a file holds is never run, fetched or unpacked; a file without text
is refused.
"""
