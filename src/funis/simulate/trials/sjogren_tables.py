"""The tables of virtual patients with primary Sjogren's syndrome alone: forms, laboratory, drugs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from funis.simulate.trials.sjogren_scenario import SJOGREN_LABS
from funis.simulate.trials.virtual_patients import Patients
from funis.simulate.trials.written_rows import Rows, leave_blank, name_subject, values_at
from funis.study.model import Study

#: Criteria of 2002 (AECG): everybody has enough of them, and none of what excludes.
_MET: Final = (
    "ocular_symptoms", "oral_symptoms", "ocular_signs", "histopathology", "salivary_signs", "autoantibodies",
)  # fmt: skip
_EXCLUDED: Final = (
    "head_neck_irradiation", "hepatitis_c", "aids", "lymphoma_before", "sarcoidosis", "graft_versus_host",
    "anticholinergic_drugs",
)  # fmt: skip
#: Day of the start, mg a day, and what became of it; everybody has it beside the cells.
HYDROXYCHLOROQUINE: Final = (-720, 400.0, "partial")
_FORMS_WITH_SLIPS: Final = ("ssdai", "tess_modified")


def write_forms(
    place: pl.DataFrame, patients: Patients, generator: np.random.Generator, *, share: float
) -> dict[str, pl.DataFrame]:
    """Write every form of the study, at the visits and in the patients it was asked of.

    Parameters
    ----------
    place : subject, visit and date of every visit that took place
    patients : as they were drawn
    generator : of random numbers
    share : of items that are left blank
    """
    found = patients.findings
    tables = {}
    for name, columns in found.forms.items():
        form = place.with_columns(pl.Series(item, values_at(place, value)) for item, value in columns.items())
        form = form.filter(pl.Series(values_at(place, found.asked[name])))
        tables[name] = leave_blank(form, generator, share=share) if name in _FORMS_WITH_SLIPS else form
    return tables


def write_labs(study: Study, place: pl.DataFrame, patients: Patients) -> pl.DataFrame:
    """Write the tests of the study at the visits that ask for them; a visit that was missed has none."""
    found = patients.findings
    parts = [
        place.select("subject", "visit", "date")
        .with_columns(
            pl.lit(each.test).alias("test"),
            pl.Series("value", values_at(place, found.labs[each.test])),
            pl.lit(each.unit).alias("unit"),
        )
        .filter(pl.Series(values_at(place, found.asked[each.test])))
        for each in SJOGREN_LABS
        if each.test in study.lab_names
    ]
    return pl.concat(parts) if parts else place.clear()


def write_drugs(starts: list[date]) -> Rows:
    """Give everybody hydroxychloroquine, which did too little before the cells and goes on beside them."""
    day, dose, response = HYDROXYCHLOROQUINE
    return [
        {"subject": name_subject(number), "drug": "hydroxychloroquine", "dose": dose, "unit": "mg/day",
         "route": "oral", "start": start + timedelta(days=day), "end": None,
         "reason": "primary Sjogren's syndrome", "response": response}
        for number, start in enumerate(starts)
    ]  # fmt: skip


def write_criteria(study: Study) -> dict[str, Any]:
    """Give the flags of the criteria that the study file has columns for."""
    named = {each.name for each in study.columns}
    flags = dict.fromkeys(_MET, 1) | dict.fromkeys(_EXCLUDED, 0)
    return {name: value for name, value in flags.items() if name in named}
