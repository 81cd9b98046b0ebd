"""How subjects were allocated to the arms: what the study file says of it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from funis.study.part import Names, StudyPart

AllocationMethod: TypeAlias = Literal["simple", "blocks", "minimisation"]
#: Strata that every table of subjects can have, beside the study's own columns and subgroups.
USUAL_STRATA: Final = ("site", "sex")


class Randomisation(StudyPart):
    """How subjects were allocated at random: the ``[randomisation]`` section.

    funis allocates nobody. It prints what was done, and compares the arms of the subjects with it.
    """

    method: AllocationMethod = Field(
        description="simple: each subject by itself, as by a coin; blocks: in permuted blocks; minimisation: "
        "to the arm that keeps the strata balanced."
    )
    strata: Names = Field(
        default=(),
        description="What the allocation was balanced over: site, sex, names from [[columns]], or from "
        "[subgroups] those that are known before treatment; absent: over nothing.",
    )
    ratio: dict[str, Annotated[int, Field(ge=1)]] = Field(
        description="Shares of the arms by their id, each arm once: {cells = 2, placebo = 1}."
    )
