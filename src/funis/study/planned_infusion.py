"""A planned infusion: its day, its dose, and the course of treatment it belongs to."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from funis.study.part import StudyPart
from funis.study.planned_visit import Window

RELAPSE: Final = "relapse"
"""What begins a later course of treatment beside a visit: the relapse of an endpoint."""
RULE: Final = "rule"
"""What begins a later course of treatment beside a visit: a rule over what is found at a visit."""
CONDITIONS: Final = (RELAPSE, RULE)
"""What has to be found in a subject before a later course is due."""


class Infusion(StudyPart):
    """One planned infusion."""

    day: int = Field(
        description="Planned study day; the first infusion is day 0. With `when`, days after the first "
        "infusion of the course, which is day 0 again."
    )
    when: str = Field(
        default="",
        description="When a later course of treatment begins: the name of a visit (for everybody), relapse "
        "(for those who relapse, once), or rule (for those in whom `rule` holds at a visit, once). Infusions "
        "with the same `when` are one course. Absent: the first treatment, by day.",
    )
    relapse: str = Field(
        default="",
        description="With `when` = relapse, id of the endpoint of kind relapse that finds it; needed where "
        "the study has several.",
    )
    rule: str = Field(
        default="",
        description="With `when` = rule, on the first infusion of the course: SQL expression over what is "
        "found at one visit after the first treatment, such as anti_dsdna >= 2 * lowest_anti_dsdna. It may "
        "name day, each laboratory test, score and grade, each of them with baseline_ before it, and each "
        "number with lowest_ before it: the lowest of the baseline and the earlier visits after it.",
    )
    window: Window | None = Field(
        default=None,
        description="First and last day allowed, relative to the planned day; absent: that day alone. Of "
        "the first infusion of a later course relative to its visit, or to the visit that finds the relapse "
        "or the rule true; absent: the window of the visit, or any day from that visit on.",
    )
    cells_per_kg: float | None = Field(
        default=None, gt=0, description="Planned dose, cells per kg body weight."
    )
    tolerance_percent: float = Field(
        default=20.0, ge=0, le=100, description="Deviation of the dose that is tolerated, percent."
    )

    @property
    def opens(self) -> int:
        """Give the first day that is allowed; without a window, the planned day."""
        return self.day + (self.window[0] if self.window else 0)

    @property
    def closes(self) -> int:
        """Give the last day that is allowed; without a window, the planned day."""
        return self.day + (self.window[1] if self.window else 0)
