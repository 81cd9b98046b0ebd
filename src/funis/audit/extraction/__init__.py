"""Printed figures found in the sentences and tables of a published text.

Entry point: ``extract.extract_figures``. What is not understood is listed, never dropped.
"""
