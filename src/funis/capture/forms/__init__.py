"""Forms as pure functions: study and definitions -> frozen plan -> checks and pages; nothing of Django.

Doors for the rest of the server:

========================================  ==========================================================
``plan.make_study_plan(study)``           the plan of a version of the study
``plan.write_plan``, ``plan.read_plan``   the plan as JSON, stored with the version
``validation.check_changes(...)``         what may be written into a form
``difference.compare_plans(...)``         what differs between two versions, in words
``page.render_form``, ``render_blank``    a form as HTML, to be filled in on the screen or on paper
========================================  ==========================================================
"""

from typing import Final

DOORS: Final = (
    "make_study_plan",
    "write_plan",
    "read_plan",
    "check_changes",
    "compare_plans",
    "render_form",
    "render_blank",
)
"""Functions that the rest of the server calls."""
