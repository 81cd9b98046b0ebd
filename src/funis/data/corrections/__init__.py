"""Proposed corrections: a table that a person approves, and the sheets corrected by what was approved."""
