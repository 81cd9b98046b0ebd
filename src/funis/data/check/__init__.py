"""Cells and the study -> typed tables and findings: pure functions that need no disk.

Doors: ``every_check.check_tables``, and ``eligibility.check_eligibility`` once there are scores.
"""
