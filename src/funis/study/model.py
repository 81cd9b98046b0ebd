"""The models of a study file: what each key means, its type and its limits.

Names that must agree with each other or with what funis knows (visits, variables, definitions) are
checked in ``study.py``; here stands only what one key can say about itself.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, field_validator

from funis.arguments import Text as TextKind
from funis.arguments import takes
from funis.errors import UnknownNameError
from funis.study.adjudications import Adjudication
from funis.study.choices import (
    DESCRIBED_EVENT,
    Adjustment,
    Covariance,
    DegreesOfFreedom,
    EndpointKind,
    KindOfMeans,
    Method,
    MissingOutcome,
    MissingPolicy,
    MissingRelapse,
    Origin,
    ParameterValue,
    TimedEvent,
)
from funis.study.deviations import DeviationChoices
from funis.study.estimand import (
    CoPrimary,
    Estimand,
    Imputation,
    IntercurrentRules,
    Multiplicity,
    SensitivityPlan,
)
from funis.study.event_groups import EventGroup
from funis.study.extra_column import ExtraColumn
from funis.study.imported import Import
from funis.study.lab_limits import LabLimit
from funis.study.lab_units import spell_unit
from funis.study.monitoring import Monitoring
from funis.study.part import Identifier, Names, StudyPart, Text
from funis.study.people import Person
from funis.study.planned_infusion import Infusion
from funis.study.planned_visit import Visit
from funis.study.product import Donor, Product
from funis.study.published_source import PublishedSource
from funis.study.randomisation import Randomisation, ReRandomisation
from funis.study.report_choices import ReportChoices
from funis.study.site import Site
from funis.study.stopping import StoppingRule
from funis.study.visit_columns import VisitColumn

DATA_FORMS = ("labs", "safety_questions", "adverse_events", "medications", "infusions")
"""Forms of a visit that are not instruments."""


class Trial(StudyPart):
    """What the trial is: the ``[study]`` section."""

    id: Text = Field(description="Short name of the trial, printed on every page.")
    title: Text = Field(description="Full title.")
    condition: Literal["sle", "sjogren"] = Field(description="Disease under study.")
    design: Literal["single_arm", "parallel", "observational"] = Field(
        description="single_arm and parallel count days from the first infusion, observational from the "
        "first visit."
    )
    alpha: float = Field(
        default=0.05, gt=0, lt=1, description="Two-sided significance level; intervals have level 1 - alpha."
    )
    timezone: str = Field(
        default="Pacific/Kiritimati",
        description="Time zone of the study by its IANA name, for example Asia/Shanghai: a date after the "
        "day it is there lies in the future. Absent: Pacific/Kiritimati, where every day begins first, so "
        "that what is today anywhere is not in the future.",
    )
    ctcae: Literal["5.0", "6.0"] = Field(
        default="5.0", description="Version of the CTCAE by which laboratory results are graded."
    )
    registration: str = Field(default="", description="Number in a public trial register.")
    protocol: str = Field(
        default="", description="Version and date of the protocol and of the plan of analysis, as printed."
    )
    funding: str = Field(default="", description="Who paid for the trial, as printed.")
    ethics: str = Field(
        default="",
        description="Approval by an ethics committee, with its number, as printed in an abstract; empty: not "
        "stated, which is a place to be filled in there.",
    )
    source: str = Field(default="", description="Publication or protocol that the file describes.")
    reconstructed: bool = Field(
        default=False,
        description="true when the data were made from published figures; printed on every page.",
    )
    scenario: str = Field(
        default="",
        description="Invented scenario that the data were made for, in words; printed on every page. Such a "
        "study is no evidence of anything.",
    )
    assumptions: tuple[str, ...] = Field(
        default=(), description="What the sources do not give and the file assumes; printed in the report."
    )


class Arm(StudyPart):
    """One arm of a parallel trial."""

    id: Text = Field(description="Code of the arm, as in the column arm of subjects.")
    name: Text = Field(description="Name of the arm.")
    control: bool = Field(default=False, description="true for the arm that others are compared with.")


class Criterion(StudyPart):
    """One inclusion or exclusion criterion."""

    id: Text = Field(description="Short code, printed with each subject it concerns.")
    text: Text = Field(description="The criterion in words.")
    rule: str = Field(
        default="",
        description="SQL expression over the subject frame, true when the criterion is met; empty when it "
        "is judged by the investigator. Only what is known before the first infusion.",
    )
    classification: str = Field(
        default="",
        description="Set of classification criteria that it asks for (eular_acr_2019); Methods define it.",
    )


class Eligibility(StudyPart):
    """Who may take part."""

    inclusion: tuple[Criterion, ...] = Field(default=(), description="Criteria that must be met.")
    exclusion: tuple[Criterion, ...] = Field(default=(), description="Criteria that must not be met.")

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Give every criterion, those that must be met first."""
        return (*self.inclusion, *self.exclusion)


class LabTest(StudyPart):
    """One laboratory test."""

    test: Identifier = Field(description="Name of the test, as in the column test of labs.")
    unit: Text = Field(description="Unit of analysis; results in other known units are converted to it.")
    label: str = Field(default="", description="What is printed; made from the name when empty.")
    low: float | None = Field(
        default=None, description="Lower limit of normal, where the laboratory gives none."
    )
    high: float | None = Field(
        default=None, description="Upper limit of normal, where the laboratory gives none."
    )
    minimum: float | None = Field(
        default=None, description="Smallest possible value; below is an error and left out."
    )
    maximum: float | None = Field(
        default=None, description="Largest possible value; above is an error and left out."
    )
    scale: Literal["linear", "log2"] = Field(
        default="linear", description="Scale of analysis; log2 for titres, as log2(titre / 10)."
    )

    _spelled = field_validator("unit")(spell_unit)

    @property
    def printed(self) -> str:
        """Give the label, or the name in words."""
        return self.label or self.test.replace("_", " ").capitalize()


class InstrumentChoice(StudyPart):
    """How one instrument is used in this study: the section ``[instruments.NAME]``."""

    missing: MissingPolicy = Field(
        default="strict",
        description="What a missing item counts as: strict (no score), absent, worst (present), "
        "locf (last value).",
    )
    parameters: dict[str, ParameterValue] = Field(
        default_factory=dict, description="Parameters of the definition that the study sets."
    )
    label: str = Field(default="", description="What is printed in place of the instrument's title.")
    unit: str = Field(
        default="",
        description="Unit of printing of a measured quantity, such as mL/10 min for salivary flow.",
    )


class Endpoint(StudyPart):
    """One planned analysis."""

    id: Identifier = Field(description="Name of the endpoint, printed with every number of it.")
    kind: EndpointKind = Field(description="What is computed.")
    label: str = Field(default="", description="What is printed; made from the id when empty.")
    role: Literal["primary", "secondary", "exploratory"] = Field(
        default="secondary", description="Rank in the protocol."
    )
    variable: str = Field(default="", description="Score, grade or laboratory test that is analysed.")
    variables: tuple[str, ...] = Field(default=(), description="Several variables, analysed alike.")
    definition: str = Field(default="", description="Response definition, for kinds response and relapse.")
    at: Names = Field(
        default=(), description="Visit or visits of analysis; empty: every visit after baseline."
    )
    population: str = Field(
        default="", description="Name from [populations]; empty: every subject of the data."
    )
    subgroups: Names = Field(
        default=(), description="Names from [subgroups]; the analysis is made within each of them."
    )
    subgroup_only: bool = Field(
        default=False, description="true: only the subgroups are analysed, not the whole population."
    )
    methods: tuple[Method, ...] = Field(
        default=(),
        description="Tests and models of a change; of a response mcnemar or mcnemar_mid (each visit of at "
        "against the first) and cochran_q (all at once).",
    )
    adjust: Adjustment = Field(
        default="none", description="Adjustment of P over the visits; the unadjusted P is always printed."
    )
    missing_outcome: MissingOutcome = Field(
        default="observed",
        description="What a missing outcome counts as. multiple_imputation (missing at random), j2r, cr and "
        "cir (by reference to the control arm) and by_ending (imputation.strategies says which of them for "
        "which end of participation) are for changes, all but the first in parallel trials.",
    )
    imputation: Imputation | None = Field(
        default=None, description="How missing changes are drawn, and the shifts of a tipping point."
    )
    denominators: tuple[Literal["population", "responders", "at_risk", "enrolled"], ...] = Field(
        default=("population", "responders", "at_risk"),
        description="Denominators of a relapse rate: everybody of the endpoint's population (enrolled is an "
        "older word for it), the responders of it, those of them still at risk.",
    )
    missing_relapse: MissingRelapse = Field(
        default="left_out",
        description="What the relapse of a responder counts as where it is not known: left_out (of numerator "
        "and denominator), none, or relapse (at the first visit at which it is not known). The number is "
        "printed beside the count.",
    )
    event: TimedEvent | None = Field(default=None, description=DESCRIBED_EVENT)
    origin: Origin = Field(default="first_infusion", description="Where the time to event begins.")
    competing: Literal["death"] | None = Field(
        default=None,
        description="Event that makes the other impossible: the share that has had the event is estimated "
        "beside the Kaplan-Meier curve, which counts death as the end of observation.",
    )
    restricted_mean: str = Field(
        default="",
        description="Visit up to whose planned day the mean time free of the event is estimated.",
    )
    formula: str = Field(
        default="", description="Fixed effects of a mixed model: names, + : * - and C(name) only."
    )
    covariance: Covariance = Field(default="us", description="Covariance over the visits of a mixed model.")
    df: DegreesOfFreedom = Field(default="kenward-roger", description="Degrees of freedom of a mixed model.")
    marginal_means: KindOfMeans | None = Field(
        default=None,
        description="unconditional: the interval of a mixed model's mean change is one for a population, of "
        "which the subjects and their baselines are a sample; conditional: for the same baselines again. "
        "Absent: unconditional without arms, conditional with arms.",
    )
    fallback: tuple[Covariance, ...] = Field(
        default=(),
        description="Covariances to try in this order where the first one cannot be fitted; which was used "
        "stands in the results.",
    )
    null_rate: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Response rate that responses of a single-arm trial are tested against, exactly.",
    )
    performance_goal: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Response rate set beforehand for a single-arm trial: the goal is met where the lower "
        "limit of the exact one-sided interval, at half of alpha, lies above it.",
    )
    sensitivity: bool | None = Field(
        default=None,
        description="true: the sensitivity table is made; absent: for primary endpoints. Its "
        "methods, policies and populations may be set in [[sensitivity]].",
    )
    parameters: dict[str, ParameterValue] = Field(
        default_factory=dict, description="Parameters of the response definition that the study sets."
    )
    level: float | None = Field(
        default=None, gt=0, lt=1, description="Level of the intervals; absent: 1 - alpha of the study."
    )

    @property
    def all_variables(self) -> tuple[str, ...]:
        """Give the variables of the endpoint, whichever of the two keys names them."""
        return ((self.variable,) if self.variable else ()) + self.variables

    @property
    def printed(self) -> str:
        """Give the label, or the id in words."""
        return self.label or self.id.replace("_", " ").capitalize()


class Study(StudyPart):
    """A whole study file, read and checked; made by :func:`funis.study.file.read_study`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True
    )

    trial: Trial = Field(alias="study", description="What the trial is.")
    sites: tuple[Site, ...] = Field(default=(), description="The centres.")
    arms: tuple[Arm, ...] = Field(default=(), description="The arms of a parallel trial.")
    randomisation: Randomisation | None = Field(
        default=None,
        description="How subjects were allocated to the arms; absent: the trial is not called randomised.",
    )
    re_randomisation: ReRandomisation | None = Field(default=None, description="Allocation at relapse.")
    people: tuple[Person, ...] = Field(default=(), description="Who had which part, and what was disclosed.")
    eligibility: Eligibility = Field(default=Eligibility(), description="Who may take part.")
    product: Product = Field(default=Product(), description="The cell product.")
    donor: Donor | None = Field(
        default=None,
        description="Who may give the cells; absent: the defaults, where there is a table donors.",
    )
    infusions: tuple[Infusion, ...] = Field(default=(), description="The planned infusions.")
    visits: tuple[Visit, ...] = Field(
        default=(),
        description="The planned visits, in order. An observational study may have none: then every visit "
        "of the data counts, in the order of its day.",
    )
    monitoring: Monitoring = Field(
        default=Monitoring(), description="Which data a monitor compares with their source."
    )
    stopping: tuple[StoppingRule, ...] = Field(
        default=(), description="Rules that stop the trial for harm; the capture server watches them."
    )
    event_groups: tuple[EventGroup, ...] = Field(
        default=(), description="Adverse events that are counted together in the table of adverse events."
    )
    lab_limits: tuple[LabLimit, ...] = Field(default=(), description="Limits of results that count.")
    labs: tuple[LabTest, ...] = Field(default=(), description="The laboratory tests.")
    instruments: dict[str, InstrumentChoice] = Field(
        default_factory=dict, description="How each instrument is used, by its name."
    )
    columns: tuple[ExtraColumn, ...] = Field(
        default=(), description="Columns of subjects beyond the usual ones."
    )
    adjudications: tuple[Adjudication, ...] = Field(
        default=(), description="Outcomes that a committee judges."
    )
    visit_columns: tuple[VisitColumn, ...] = Field(
        default=(), description="Columns of the visits that responses read, made from the courses of drugs."
    )
    populations: dict[str, str] = Field(
        default_factory=dict, description="Analysis populations: name and rule over the subject frame."
    )
    subgroups: dict[str, str] = Field(
        default_factory=dict,
        description="Subgroups analysed within a population: name and rule; a rule may name an outcome, "
        "<endpoint> or <endpoint>_responder, of several visits <endpoint>_<visit>.",
    )
    endpoints: tuple[Endpoint, ...] = Field(default=(), description="The planned analyses.")
    estimands: tuple[Estimand, ...] = Field(default=(), description="What the endpoints estimate.")
    intercurrent_events: IntercurrentRules = Field(
        default=IntercurrentRules(), description="Drugs and terms that are intercurrent events."
    )
    sensitivity: tuple[SensitivityPlan, ...] = Field(
        default=(), description="Sensitivity analyses beyond those of primary endpoints."
    )
    multiplicity: Multiplicity | None = Field(default=None, description="Gatekeeping over endpoints.")
    co_primary: CoPrimary | None = Field(
        default=None, description="How several primary endpoints are judged together."
    )
    imported: Import = Field(
        default=Import(), alias="import", description="How the sheets of a clinic are written."
    )
    deviations: DeviationChoices = Field(
        default=DeviationChoices(), description="Which deviations from the protocol are important."
    )
    report: ReportChoices = Field(default=ReportChoices(), description="How the report is laid out.")
    source: PublishedSource | None = Field(
        default=None, description="The published text that the study rebuilds or reports."
    )

    @property
    def visit_names(self) -> tuple[str, ...]:
        """Give the names of the planned visits in order."""
        return tuple(visit.name for visit in self.visits)

    @property
    def has_open_visits(self) -> bool:
        """Say whether every visit of the data counts (observational study without planned visits)."""
        return not self.visits

    @property
    def baseline_visit(self) -> str | None:
        """Give the name of the baseline visit: ``baseline``, else the last planned on day 0 or before.

        A screening visit may stand before it. An observational study begins with its first visit.
        """
        early = [visit.name for visit in self.visits if visit.day <= 0]
        if not early and self.trial.design == "observational":
            return self.visits[0].name if self.visits else None
        return "baseline" if "baseline" in early else next(reversed(early), None)

    @property
    def follow_up_visits(self) -> tuple[Visit, ...]:
        """Give the planned visits after day 0, in order."""
        return tuple(visit for visit in self.visits if visit.day > 0)

    @property
    def instrument_names(self) -> tuple[str, ...]:
        """Give the instruments of the study: those of the visits' forms, then those only chosen."""
        named = [form for visit in self.visits for form in visit.forms if form not in DATA_FORMS]
        return tuple(dict.fromkeys([*named, *self.instruments]))

    @property
    def lab_names(self) -> tuple[str, ...]:
        """Give the laboratory tests of the study in order."""
        return tuple(lab.test for lab in self.labs)

    @property
    def subject_rules(self) -> tuple[str, ...]:
        """Give the rules over subjects: of the criteria, the populations and the subgroups."""
        asked = (criterion.rule for criterion in self.eligibility.criteria if criterion.rule)
        return (*asked, *self.populations.values(), *self.subgroups.values())

    @property
    def control_arm(self) -> str | None:
        """Give the code of the control arm, None where no arm is marked as it."""
        return next((arm.id for arm in self.arms if arm.control), None)

    @property
    def site_ids(self) -> tuple[str, ...]:
        """Give the codes of the centres."""
        return tuple(site.id for site in self.sites)

    @takes(name=TextKind(empty=True))
    def visit(self, name: str) -> Visit:
        """Find a planned visit by its name; the nearest is named when there is none."""
        for visit in self.visits:
            if visit.name == name:
                return visit
        raise UnknownNameError("visit", name, self.visit_names, "study file")

    @takes(test=TextKind(empty=True))
    def lab(self, test: str) -> LabTest:
        """Find a laboratory test by its name; the nearest is named when there is none."""
        for lab in self.labs:
            if lab.test == test:
                return lab
        raise UnknownNameError("laboratory test", test, self.lab_names, "study file")

    @takes(name=TextKind(empty=True))
    def endpoint(self, name: str) -> Endpoint:
        """Find an endpoint by its id; the nearest is named when there is none."""
        for endpoint in self.endpoints:
            if endpoint.id == name:
                return endpoint
        raise UnknownNameError("endpoint", name, (each.id for each in self.endpoints), "study file")

    @property
    def primary_endpoints(self) -> tuple[Endpoint, ...]:
        """Give the primary endpoints in the order of the file."""
        return tuple(endpoint for endpoint in self.endpoints if endpoint.role == "primary")

    def level_of(self, endpoint: Endpoint) -> float:
        """Give the level of an endpoint's intervals: its own, else 1 - alpha (divided where one suffices).

        Examples
        --------
        >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
        >>> ends = tuple({"id": name, "kind": "exposure", "role": "primary"} for name in ("a", "b"))
        >>> plan = {"study": trial, "endpoints": ends, "co_primary": {"success": "any"}}
        >>> study = Study.model_validate(plan)
        >>> study.level_of(study.endpoints[0])
        0.975
        """
        if endpoint.level is not None:
            return endpoint.level
        divided = (
            self.co_primary is not None and self.co_primary.success == "any" and endpoint.role == "primary"
        )
        return 1.0 - self.trial.alpha / (len(self.primary_endpoints) if divided else 1)

    def kind_of_means(self, endpoint: Endpoint) -> KindOfMeans:
        """Give the kind of marginal means of an endpoint's mixed model, as declared or by the design."""
        return endpoint.marginal_means or ("conditional" if self.arms else "unconditional")

    @takes(instrument=TextKind(empty=True))
    def choice(self, instrument: str) -> InstrumentChoice:
        """Give how an instrument is used; the default choice where the file says nothing."""
        return self.instruments.get(instrument, InstrumentChoice())
