"""Outcomes that a committee judges: ``[[adjudications]]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funis.study.part import Identifier, Names, StudyPart


class Adjudication(StudyPart):
    """One outcome that readers judge, each by itself; its readings stand in the table adjudications."""

    id: Identifier = Field(description="Name of the outcome, as in the column question of adjudications.")
    label: str = Field(default="", description="What is printed; made from the id when empty.")
    outcomes: Names = Field(
        description="What readers can find, two outcomes or more; from the best to the worst where ordered."
    )
    ordered: bool = Field(
        default=False, description="true: the outcomes are a scale, and weighted kappa is given, too."
    )
    readings: Literal[2, 3] = Field(
        default=2, description="How many readers judge each subject by themselves."
    )

    @property
    def printed(self) -> str:
        """Give the label, or the id in words."""
        return self.label or self.id.replace("_", " ").capitalize()
