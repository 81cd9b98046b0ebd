"""Deviations from the protocol that checks find, and which of them a study calls important."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from funis.study.part import Names, StudyPart

DEVIATION_CODES: Final[Mapping[str, str]] = {
    "not_eligible": "Criterion of eligibility not met",
    "missing_consent": "Treated without a recorded consent",
    "consent_after_infusion": "Consent after the first infusion",
    "before_consent": "Study procedure before the consent",
    "dose_outside_tolerance": "Dose outside its tolerance",
    "infusion_outside_window": "Infusion outside its window",
    "infusion_order": "Infusions out of order",
    "missing_infusion": "Planned infusion not recorded",
    "unplanned_infusion": "Infusion that is not planned",
    "retreated_without_relapse": "Course at relapse begun without a relapse",
    "retreated_without_rule": "Course by a rule begun without the rule being met",
    "allocated_without_relapse": "Allocated at relapse without a relapse",
    "missing_allocation": "Relapse without an allocation",
    "retreated_against_arm": "Course at relapse begun against the arm",
    "lot_not_released": "Lot infused that was not released",
    "lot_not_decided": "Lot infused of whose release nothing is recorded",
    "lot_conditional": "Lot infused that was released conditionally",
    "lot_released_later": "Lot infused before its release",
    "lot_expired": "Lot infused after its expiry",
    "lot_not_made": "Lot infused before it was made",
    "given_before_collection": "Cells infused before their collection",
    "missing_lot": "Infusion without a recorded lot",
    "unknown_lot": "Lot that is not recorded",
    "unfit_cells": "Cells of a lot or donor that breaks a rule",
    "visit_outside_window": "Visit outside its window",
}
"""Codes of checks whose findings are deviations of a subject, in the order they are printed, with words."""


class DeviationChoices(StudyPart):
    """Which deviations are important: the ``[deviations]`` section."""

    important: Names = Field(
        default=(),
        description="Codes of checks, or ids of criteria, whose deviations are important; see the page of "
        "checks. Empty: the report grades none.",
    )
