"""How subjects were allocated to the arms: what the study file says of it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from funis.study.part import Identifier, Names, StudyPart, as_tuple

AllocationMethod: TypeAlias = Literal["simple", "blocks", "minimisation"]
BlindedRole: TypeAlias = Literal[
    "investigator", "coordinator", "monitor", "data_manager", "statistician", "auditor"
]
"""Roles of the capture server that a trial may blind: not who prepares the product, nor the safety board."""
#: Strata that every table of subjects can have, beside the study's own columns and subgroups.
USUAL_STRATA: Final = ("site", "sex")


class Randomisation(StudyPart):
    """How subjects are allocated at random: the ``[randomisation]`` section.

    The capture server allocates by it. A report prints what was done, and compares the arms with it.
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
    block_sizes: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        description="Sizes of permuted blocks, of which each block is one at random; each a multiple of the "
        "sum of the shares. Absent: two and three times that sum. Only the capture server reads it.",
    )
    probability: float | None = Field(
        default=None,
        gt=0.5,
        le=1,
        description="Chance with which minimisation takes the arm that balances best (with unequal shares: "
        "where that is an arm of the smallest share). Absent: 0.8. Only the capture server reads it.",
    )
    blinded: Annotated[tuple[BlindedRole, ...], BeforeValidator(as_tuple)] = Field(
        default=(),
        description="Roles of the capture server that see no arm, and nothing that gives it away; absent: an "
        "open trial.",
    )


class ReRandomisation(Randomisation):
    """How those who relapse are allocated at random, once: the ``[re_randomisation]`` section.

    Everybody has the same first treatment; whoever relapses is allocated then, to the course at relapse or to
    the arm without it.
    """

    at: Literal["relapse"] = Field(
        description="relapse: whoever relapses is allocated, by the endpoint of the course at relapse."
    )
    control: Identifier = Field(description="The arm of `ratio` that is not infused again.")
