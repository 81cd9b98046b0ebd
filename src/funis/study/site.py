"""A centre of the trial, and how many subjects it plans to enrol."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from funis.study.part import StudyPart, Text

_MONTH: Final = r"^(?:|[0-9]{4}-(?:0[1-9]|1[0-2]))$"


class Site(StudyPart):
    """One centre."""

    id: Text = Field(description="Code of the centre, as in the column site of subjects.")
    name: Text = Field(description="Name of the centre.")
    planned: int | None = Field(
        default=None,
        ge=1,
        description="Subjects that the centre plans to enrol; the capture server draws the enrolment against "
        "it, from enrols_from to enrols_until.",
    )
    enrols_from: str = Field(
        default="",
        pattern=_MONTH,
        description="First month of enrolment as YYYY-MM; empty: of the first subject.",
    )
    enrols_until: str = Field(
        default="", pattern=_MONTH, description="Last month of enrolment as YYYY-MM; empty: no plan is drawn."
    )
