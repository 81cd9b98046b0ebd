"""A few endpoints of a study and nothing else: what a simulated trial needs of an analysis."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from funis.analysis.analyse import analyse_endpoint, start_run
from funis.analysis.findings import check_scored
from funis.analysis.observations import score_instruments, visit_frame
from funis.data.tables import Tables
from funis.errors import Finding
from funis.study.model import Study


def analyse_some(
    study: Study, tables: Tables, endpoints: Collection[str]
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Score the data and compute some endpoints, as ``funis.analyse`` computes them among all others.

    Parameters
    ----------
    study, tables : as for ``funis.analyse``
    endpoints : ids of the endpoints

    Returns
    -------
    tuple
        The numbers, columns as in ``Results.numbers``; the findings of the tables and of the scores.
    """
    scored = score_instruments(study, tables)
    visits = visit_frame(study, tables, scored)
    run = start_run(study, tables, scored)
    for endpoint in study.endpoints:
        if endpoint.id in endpoints:
            analyse_endpoint(run, endpoint, visits)
    found = check_scored(study, run.subject_frame, scored, tables.findings)
    return run.numbers.frame(), (*tables.findings, *found)
