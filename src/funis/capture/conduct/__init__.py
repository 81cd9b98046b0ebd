"""Conducting the trial: screening, consent, visits.

Doors: `screening.screen_subject`, `consent.record_consent`, `visits.record_visit`.
"""
