"""Laboratory results that count as a finding of safety: ``[[lab_limits]]``."""

from __future__ import annotations

from pydantic import Field

from funis.study.part import Identifier, StudyPart, Text


class LabLimit(StudyPart):
    """One limit of a laboratory test; who has a result beyond it after the first infusion is counted."""

    id: Identifier = Field(description="Name of the limit.")
    label: str = Field(default="", description="What is printed; made from the id when empty.")
    test: Text = Field(description="Laboratory test of the study, as in [[labs]].")
    below: float | None = Field(
        default=None, description="A result below it counts, in the unit of the test in [[labs]]."
    )
    above: float | None = Field(
        default=None, description="A result above it counts. Give below or above, not both."
    )
    source: str = Field(default="", description="Where the limit is from; printed under the table.")

    @property
    def printed(self) -> str:
        """Give the label, or the id in words."""
        return self.label or self.id.replace("_", " ").capitalize()
