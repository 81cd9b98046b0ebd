"""A planned visit: its day, its window, what is due at it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from funis.study.part import Identifier, StudyPart

Window = Annotated[
    tuple[int, int], Field(description="First and last day allowed, relative to the planned day.")
]


class Visit(StudyPart):
    """One planned visit; the order in the file is the order of printing."""

    name: Identifier = Field(description="Name of the visit, as in the column visit of every table.")
    day: int = Field(description="Planned study day. The baseline is on day 0 or before.")
    window: Window | None = Field(
        default=None, description="First and last day allowed, relative to the planned day; absent: any day."
    )
    label: str = Field(default="", description="What is printed; made from the name when empty.")
    forms: tuple[str, ...] = Field(
        default=(),
        description="Instruments and tables that are due: instrument names, labs, safety_questions.",
    )
    labs: tuple[str, ...] = Field(
        default=(), description="Tests that are due where labs is among the forms; empty: every test."
    )

    @property
    def printed(self) -> str:
        """Give the label, or the name in words."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def opens(self) -> int:
        """Give the first study day that counts as the visit; without a window, the planned day."""
        return self.day + (self.window[0] if self.window else 0)

    @property
    def closes(self) -> int:
        """Give the last study day that counts as the visit; without a window, the planned day."""
        return self.day + (self.window[1] if self.window else 0)
