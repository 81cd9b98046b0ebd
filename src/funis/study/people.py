"""The people of a trial: who had which part in it, and what they disclosed."""

from __future__ import annotations

from pydantic import Field

from funis.study.part import StudyPart, Text


class Person(StudyPart):
    """One person who had a part in the trial: the ``[[people]]`` section."""

    name: Text = Field(description="Name, as it is to be printed in the report.")
    role: str = Field(
        default="", description="Part in the trial, such as principal investigator; empty: not stated."
    )
    disclosure: str = Field(
        default="",
        description="Interests that were disclosed, in words; none where the person said that there are "
        "none. Empty: not stated, which is printed and is not the same as none.",
    )
