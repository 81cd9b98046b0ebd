"""Safety: clocks of serious events, stopping rules, notices.

Doors: `clock.follow_seriousness`, `clock.read_clocks`, `reports.report_event`.
"""
