"""A column of the subjects table that a study adds to the usual ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funis.study.part import Identifier, StudyPart


class ExtraColumn(StudyPart):
    """A column of the subjects table beyond the usual ones, to be used in rules and formulas."""

    name: Identifier = Field(description="Name of the column.")
    kind: Literal["text", "number", "date", "flag"] = Field(
        default="text", description="Kind of its values; a flag is 0 or 1."
    )
    label: str = Field(default="", description="What is printed.")
    allowed: tuple[str, ...] = Field(default=(), description="The only values allowed; empty: any.")
    unit: str = Field(default="", description="Unit of a number.")
