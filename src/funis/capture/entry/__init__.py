"""The one way in which a form changes.

Doors: `save.save_entry`, `scores.score_forms`, `scores.score_by_version`.
"""
