"""The models of what is asked beyond the planned analyses: estimands, imputation, sensitivity."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from funis.study.part import Identifier, Names, StudyPart, Text

EventName = Literal[
    "death",
    "withdrawal",
    "rescue_medication",
    "new_immunosuppressant",
    "second_infusion_missed",
    "reinfusion",
    "adverse_event",
]
Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"]
SummaryMeasure = Literal[
    "mean change",
    "median change",
    "response rate",
    "relapse rate",
    "difference in mean change",
    "difference in response rate",
    "difference in relapse rate",
]
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)
#: Ways to fill missing changes by drawing them; all but the first need the control arm of a parallel trial.
IMPUTED = ("multiple_imputation", "j2r", "cr", "cir", "by_ending")
REFERENCE_BASED = ("j2r", "cr", "cir", "by_ending")
Ending = Literal["completed", "ongoing", "withdrew", "lost", "died", "other"]
DrawingStrategy = Literal["mar", "j2r", "cr", "cir", "lmcf"]
SensitivityMethod = Literal[
    "paired_t", "wilcoxon", "sign_test", "mmrm", "multiple_imputation", "j2r", "cr", "cir"
]
SensitivityPolicy = Literal["observed", "locf", "baseline", "nonresponder", "worst", "best"]
#: Missing policies that mean something for a change, and those for a response.
CHANGE_POLICIES = ("observed", "locf", "baseline")
RESPONSE_POLICIES = ("observed", "nonresponder", "worst", "best")
GatekeepingMethod = Literal["holm", "hochberg", "hommel", "fixed_sequence", "graph"]


class IntercurrentEvent(StudyPart):
    """One event after the first infusion that changes what an outcome means, and what is done about it."""

    event: EventName = Field(description="Which event; how each is found in the data stands below.")
    strategy: Strategy = Field(
        description="What is done with values after it: treatment_policy uses them, hypothetical sets them "
        "missing, composite counts the subject as failed, while_on_treatment takes the last value before "
        "it. principal_stratum is not supported."
    )


class Estimand(StudyPart):
    """What is estimated: treatment, population, variable, intercurrent events, summary (ICH E9(R1))."""

    id: Identifier = Field(description="Name of the estimand, printed with every number of it.")
    endpoint: str = Field(description="Id of the endpoint it concerns, of kind change, response or relapse.")
    treatment: Text = Field(description="The treatment and what it is compared with, in words.")
    population: str = Field(
        default="", description="Name from [populations]; empty: the population of the endpoint."
    )
    variable: str = Field(
        default="",
        description="The variable (or response definition) of the endpoint; empty: its only one.",
    )
    intercurrent_events: tuple[IntercurrentEvent, ...] = Field(
        default=(), description="Every intercurrent event with its strategy, one row each."
    )
    summary: SummaryMeasure = Field(description="The population-level summary.")
    composite_value: float | None = Field(
        default=None,
        description="Change that a subject counts with after a composite event, in the unit of the variable; "
        "needed for a change, where no value is the worst by itself.",
    )


class IntercurrentRules(StudyPart):
    """What in the data is an intercurrent event beyond death, withdrawal and the infusions."""

    rescue_medication: tuple[str, ...] = Field(
        default=(),
        description="Drugs that are rescue when begun after the first infusion, as in the data.",
    )
    new_immunosuppressant: tuple[str, ...] = Field(
        default=(),
        description="Immunosuppressants that count when begun after the first infusion and not taken before.",
    )
    adverse_event: tuple[str, ...] = Field(
        default=(), description="Terms of adverse events that count, as in adverse_events."
    )

    @property
    def declared(self) -> dict[str, tuple[str, ...]]:
        """Give the lists by the name of their event."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Imputation(StudyPart):
    """How missing changes are drawn: the section ``[endpoints.imputation]``."""

    draws: int = Field(default=50, ge=2, le=10000, description="Completed data sets.")
    seed: int = Field(default=20120701, ge=0, description="Start of the random stream.")
    burn: int = Field(default=200, ge=0, description="Iterations before the first draw.")
    between: int = Field(default=20, ge=1, description="Iterations between two draws.")
    covariance: Literal["one", "by_arm"] = Field(
        default="one",
        description="By reference to another arm: one covariance for all arms, or one for each.",
    )
    strategies: dict[Ending, DrawingStrategy] = Field(
        default={},
        description="With missing_outcome by_ending: how the changes of a subject are drawn, by how its "
        "participation ended (disposition); other is every ending not named here, and one not known. "
        "mar is missing at random, lmcf the last mean carried forward.",
    )
    delta: float = Field(
        default=0.0,
        description="Added to every imputed change, in the unit of the variable; in a parallel trial not in "
        "the control arm.",
    )
    tipping_point: tuple[float, ...] = Field(
        default=(),
        description="Shifts to try, 0 first and away from it on one side; the shift at which the test is no "
        "longer significant is a sensitivity analysis.",
    )


class SensitivityPlan(StudyPart):
    """One set of sensitivity analyses: every method x missing policy x population of one endpoint."""

    endpoint: str = Field(description="Id of the endpoint, of kind change or response.")
    methods: tuple[SensitivityMethod, ...] = Field(
        default=(),
        description="Methods of a change; empty: paired_t, wilcoxon and mmrm, and multiple imputation where "
        "the endpoint has a section imputation.",
    )
    missing: tuple[SensitivityPolicy, ...] = Field(
        default=(),
        description="What a missing outcome counts as; empty: observed, locf and baseline for a change, "
        "observed, nonresponder, worst and best for a response.",
    )
    populations: Names = Field(
        default=(), description="Names from [populations], or enrolled; empty: the endpoint's, and enrolled."
    )


class CoPrimary(StudyPart):
    """How several primary endpoints are judged together: the section ``[co_primary]``."""

    success: Literal["all", "any", "in_order"] = Field(
        description="all: every primary endpoint must succeed, each at the full level, nothing is adjusted. "
        "any: one suffices, and the level is divided equally over them (Bonferroni; their intervals widen). "
        "in_order: each at the full level in the order of the file, the first that fails ends the judgement."
    )


class Multiplicity(StudyPart):
    """Gatekeeping over endpoints: one P value each, adjusted together."""

    method: GatekeepingMethod = Field(description="How the P values of the endpoints are adjusted.")
    endpoints: tuple[str, ...] = Field(
        default=(), description="Ids of the endpoints; for fixed_sequence in the planned order."
    )
    families: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="Families of ids in place of endpoints: the method within each, and a family is opened "
        "only when all of the one before are rejected. For holm.",
    )
    weights: tuple[float, ...] = Field(
        default=(), description="For graph: each endpoint's share of alpha at the start, in their order."
    )
    transitions: tuple[tuple[float, ...], ...] = Field(
        default=(),
        description="For graph: row i says how the share of endpoint i passes to the others once rejected.",
    )
    visits: dict[str, str] = Field(
        default_factory=dict,
        description="The visit whose P counts, by endpoint id; needed where an endpoint has several.",
    )

    @property
    def order(self) -> tuple[str, ...]:
        """Give the ids in order, family after family."""
        return self.endpoints or tuple(name for family in self.families for name in family)
