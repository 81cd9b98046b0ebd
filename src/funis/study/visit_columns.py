"""Columns of the visits that responses read, made from drugs or by a committee: ``[[visit_columns]]``."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from funis.study.part import Identifier, Names, StudyPart

VisitColumnKind: TypeAlias = Literal[
    "glucocorticoid_dose", "dose", "drugs_taken", "drugs_begun", "new_drugs_begun", "adjudicated"
]


class VisitColumn(StudyPart):
    """One column that a response reads at each visit, made from medications or adjudications."""

    name: Identifier = Field(
        description="Name of the column, as a response definition reads it: prednisone, rescue_medication, "
        "new_immunosuppressant, immunosuppressant, hydroxychloroquine ..."
    )
    kind: Literal[
        "glucocorticoid_dose", "dose", "drugs_taken", "drugs_begun", "new_drugs_begun", "adjudicated"
    ] = Field(
        description="glucocorticoid_dose: daily dose on the day of the visit, mg prednisone by mouth; dose: "
        "that of the drugs, in unit; drugs_taken: 1 where one of the drugs is taken on that day; "
        "drugs_begun: 1 where one was begun after day 0 and up to that day; new_drugs_begun: the same, "
        "without drugs that were taken before. Cannot be told where nobody asked about drugs. "
        "adjudicated: 1 where the committee found one of the outcomes at the visit."
    )
    drugs: Names = Field(
        default=(),
        description="Drugs, as in medications; capitals do not matter. Not for glucocorticoid_dose.",
    )
    unit: str = Field(
        default="mg/day",
        description="Unit of the dose, as in medications; a course of the drugs in another unit leaves the "
        "dose unknown. For dose only.",
    )
    question: str = Field(default="", description="Id of the adjudication. For adjudicated only.")
    outcomes: Names = Field(
        default=(), description="Outcomes of it for which the column is 1. For adjudicated only."
    )
