"""Forms as pure functions: study and definitions -> frozen plan -> checks and pages; nothing of Django.

Doors for the rest of the server:

========================================  ==========================================================
``plan.make_study_plan(study)``           the plan of a version of the study
``plan.write_plan``, ``plan.read_plan``   the plan as JSON, stored with the version
``validation.check_changes(...)``         what may be written into a form
========================================  ==========================================================
"""

from typing import Final

DOORS: Final = ("make_study_plan", "write_plan", "read_plan", "check_changes")
"""Functions that the rest of the server calls."""
