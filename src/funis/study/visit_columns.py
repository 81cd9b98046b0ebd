"""Columns of the visits that responses read and that follow from courses of drugs: ``[[visit_columns]]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funis.study.part import Identifier, Names, StudyPart


class VisitColumn(StudyPart):
    """One column that a response reads at each visit, made from the table medications."""

    name: Identifier = Field(
        description="Name of the column, as a response definition reads it: prednisone, rescue_medication, "
        "new_immunosuppressant, immunosuppressant, hydroxychloroquine ..."
    )
    kind: Literal["glucocorticoid_dose", "dose", "drugs_taken", "drugs_begun", "new_drugs_begun"] = Field(
        description="glucocorticoid_dose: daily dose on the day of the visit, mg prednisone by mouth; dose: "
        "that of the drugs, in unit; drugs_taken: 1 where one of the drugs is taken on that day; "
        "drugs_begun: 1 where one was begun after day 0 and up to that day; new_drugs_begun: the same, "
        "without drugs that were taken before. Cannot be told where nobody asked about drugs."
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
