"""The model of each section of a study file, by the keys that lead to it."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from funis.study.adjudications import Adjudication
from funis.study.deviations import DeviationChoices
from funis.study.estimand import (
    Estimand,
    Imputation,
    IntercurrentEvent,
    IntercurrentRules,
    Multiplicity,
    SensitivityPlan,
)
from funis.study.event_groups import EventGroup
from funis.study.extra_column import ExtraColumn
from funis.study.imported import Import
from funis.study.lab_limits import LabLimit
from funis.study.model import (
    Arm,
    Criterion,
    Eligibility,
    Endpoint,
    LabTest,
    Study,
    Trial,
)
from funis.study.monitoring import Monitoring
from funis.study.people import Person
from funis.study.planned_infusion import Infusion
from funis.study.planned_visit import Visit
from funis.study.product import Donor, DonorTest, Product, ProductTest
from funis.study.published_source import PublishedSource
from funis.study.randomisation import Randomisation, ReRandomisation
from funis.study.report_choices import ReportChoices
from funis.study.site import Site
from funis.study.stopping import StoppingRule
from funis.study.visit_columns import VisitColumn

SECTION_MODELS: Final[dict[tuple[str, ...], type[BaseModel]]] = {
    (): Study,
    ("study",): Trial,
    ("sites",): Site,
    ("arms",): Arm,
    ("randomisation",): Randomisation,
    ("re_randomisation",): ReRandomisation,
    ("people",): Person,
    ("eligibility",): Eligibility,
    ("eligibility", "inclusion"): Criterion,
    ("eligibility", "exclusion"): Criterion,
    ("product",): Product,
    ("product", "tests"): ProductTest,
    ("donor",): Donor,
    ("donor", "tests"): DonorTest,
    ("infusions",): Infusion,
    ("visits",): Visit,
    ("monitoring",): Monitoring,
    ("stopping",): StoppingRule,
    ("event_groups",): EventGroup,
    ("labs",): LabTest,
    ("lab_limits",): LabLimit,
    ("columns",): ExtraColumn,
    ("visit_columns",): VisitColumn,
    ("adjudications",): Adjudication,
    ("endpoints",): Endpoint,
    ("endpoints", "imputation"): Imputation,
    ("estimands",): Estimand,
    ("estimands", "intercurrent_events"): IntercurrentEvent,
    ("intercurrent_events",): IntercurrentRules,
    ("sensitivity",): SensitivityPlan,
    ("multiplicity",): Multiplicity,
    ("import",): Import,
    ("report",): ReportChoices,
    ("source",): PublishedSource,
    ("deviations",): DeviationChoices,
}
