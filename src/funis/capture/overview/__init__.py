"""What is counted of the trial: visits due, forms entered, infusions given, by site; drawn, not judged.

Doors: `calendar.read_calendar`, `summaries.refresh_summaries`, `counts`.
"""
