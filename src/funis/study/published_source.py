"""The section ``[source]`` of a study file: the published text that the study rebuilds or reports."""

from __future__ import annotations

from pydantic import Field

from funis.study.part import StudyPart, Text


class PublishedSource(StudyPart):
    """The published text that this study rebuilds or reports: the ``[source]`` section.

    The report then has a second page, ``abstract.html``: the text sentence by sentence, each published figure
    beside the computed one.
    """

    citation: Text = Field(description="Where the text is published, printed on the page.")
    statements: Text = Field(
        default="statements.toml",
        description="File of its sentences and figures, in the folder of the study file.",
    )
