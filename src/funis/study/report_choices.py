"""What a study file chooses of its report: order and words of its parts, baseline split, decimals, style."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from funis.study.part import Names, StudyPart, Text, as_tuple

Sentences = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]
Decimals = Annotated[int, Field(ge=0, le=6)]
#: Ways of dividing the baseline table that every study has; a subgroup of the study is one too.
SPLITS: Final = ("site", "arm", "responder")


class ReportChoices(StudyPart):
    """How the report is laid out: the ``[report]`` section. No choice changes the id of a number."""

    style: str = Field(
        default="",
        description="House style in which numbers are printed: nejm, jama, lancet, ard, acr or agency. "
        "Empty: the style of funis.",
    )
    split_by: str = Field(
        default="",
        description="What divides the baseline table beside a total column: site, arm, responder, or a "
        "subgroup. Empty: the arms of a trial with arms, else nothing.",
    )
    standardised_differences: bool = Field(
        default=False,
        description="true for standardised differences between the two parts of the baseline table.",
    )
    decimals: dict[str, Decimals] = Field(
        default_factory=dict,
        description="Decimals of a score, a laboratory test or a number of subjects, by its name; a mean, a "
        "change and an interval are printed with them everywhere. Absent: 1 for age, weight, height and "
        "disease duration, 0 for study days, else by the largest value.",
    )

    main: Names = Field(
        default=(),
        description="Sections of the main part in their order, key_results first; one that is not named "
        "stands in the supplement, and `...` stands for all that are not named. Behind a section, the tables "
        "and figures it shall hold, by their names: its others move to the supplement. The names stand "
        "below. Empty: the usual order.",
    )
    titles: dict[str, Text] = Field(
        default_factory=dict,
        description="Own titles of sections of the main part, tables and figures, by their names.",
    )
    footnotes: dict[str, Sentences] = Field(
        default_factory=dict,
        description="Own footnotes of tables and figures, by their names: a text or a list of texts. They "
        "stand below the others, of which none is left out.",
    )

    def split_of(self, *, has_arms: bool) -> str:
        """Name what divides the baseline table: what is asked for, else the arms of a trial with arms."""
        return self.split_by or ("arm" if has_arms else "")
