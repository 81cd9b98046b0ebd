"""Says of responses that they rest on totals or grades that were taken as recorded."""

from __future__ import annotations

import polars as pl

from funis.analysis.run import Run
from funis.catalogue.registry import response_definition
from funis.data.recorded_totals import AS_RECORDED
from funis.study.model import Endpoint
from funis.study.response_behind import definition_behind


def mark_responses(run: Run, numbers: pl.DataFrame) -> pl.DataFrame:
    """Give the numbers of responses the policy of the recorded scores that they were judged by.

    Parameters
    ----------
    run : gives the policy of each score
    numbers : all rows of the results
    """
    policies = {
        endpoint.id: policy
        for endpoint in run.study.endpoints
        if (policy := _policy_behind(run, endpoint)) is not None
    }
    if not policies:
        return numbers
    of_endpoint = pl.col("endpoint").replace_strict(policies, default="", return_dtype=pl.String)
    return numbers.with_columns(
        pl.when(pl.col("missing") == "").then(of_endpoint).otherwise("missing").alias("missing")
    )


def _policy_behind(run: Run, endpoint: Endpoint) -> str | None:
    """Give the policy of the recorded scores that an endpoint reads; None where it reads none."""
    name = definition_behind(run.study, endpoint)
    if not name:
        return None
    read = response_definition(name).columns_read(endpoint.parameters)
    found = {policy for score, policy in run.missing.items() if score in read and "recorded" in policy}
    if not found:
        return None
    return AS_RECORDED if AS_RECORDED in found else found.pop()
