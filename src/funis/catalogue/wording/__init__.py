"""Definitions in words for readers of a report: every limit, window, version and source, made from the data.

Nothing here is typed beside a definition: a limit that changes in its file changes in the words.
"""
