"""What the numbers of an analysis are made from: version, study file, input files, dates and seed."""

from __future__ import annotations

import polars as pl

from funis.analysis.paired_tests import SEED
from funis.data.tables import Tables
from funis.results import InputRecord, Provenance
from funis.study.digest import study_digest
from funis.study.model import Study
from funis.version import VERSION

#: Dates of the subject frame that say when somebody entered, the first that is known.
_ENTRIES = ("consent_date", "first_infusion_date", "baseline_date")


def find_origin(study: Study, tables: Tables, subjects: pl.DataFrame) -> Provenance:
    """Say what the numbers of an analysis are made from.

    Parameters
    ----------
    study, tables : as for `funis.analyse`
    subjects : one row a subject, as rules see it
    """
    entered = subjects.select(pl.coalesce(_ENTRIES).drop_nulls().cast(pl.String)).to_series()
    dates = [
        str(frame[name].max())
        for frame in tables.frames.values()
        for name, dtype in frame.schema.items()
        if dtype == pl.Date and name != "expiry" and frame[name].is_not_null().any()
    ]
    return Provenance(
        version=VERSION,
        study=study.trial.id,
        title=study.trial.title,
        study_sha256=study_digest(study),
        files=tuple(InputRecord(file.name, file.sha256, file.rows) for file in tables.files),
        data_cut=max(dates, default=""),
        first_entry=min(entered, default=""),
        last_entry=max(entered, default=""),
        seed=SEED,
        reconstructed=study.trial.reconstructed,
        assumptions=study.trial.assumptions,
    )
