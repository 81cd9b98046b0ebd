"""The answer as one object of JSON: numbers unrounded, names as in the question."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from funis.audit.pool.funnel import tell_asymmetry
from funis.audit.pool.result import PooledAnswer, PoolResult
from funis.audit.pool.words import list_cautions, name_measure, name_model


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _answer(answer: PooledAnswer | None, result: PoolResult) -> dict[str, Any] | None:
    if answer is None:
        return None
    numbers = {name: _number(value) for name, value in asdict(answer).items() if name != "model"}
    return {"model": answer.model, "how": name_model(answer.model, result.choice), **numbers}


def as_record(result: PoolResult) -> dict[str, Any]:
    """Give everything that is printed as one object of JSON.

    Parameters
    ----------
    result : of `pool_studies`

    Returns
    -------
    dict : ratios and proportions as such (a risk difference as a fraction), null where there is no number

    Examples
    --------
    >>> from funis.audit.pool.choice import PoolChoice
    >>> from funis.audit.pool.pooled import pool_studies
    >>> from funis.audit.pool.study_table import StudyRow
    >>> rows = [StudyRow("A", "", "death", "", 40, events=3)]
    >>> found = as_record(pool_studies(rows, PoolChoice("proportion")))
    >>> found["combined"], found["studies"][0]["estimate"]
    (None, 0.075)
    """
    found = result.heterogeneity
    return {
        "question": name_measure(result),
        "choice": asdict(result.choice),
        "studies_in_table": result.chosen.in_table,
        "studies": [
            {
                name: _number(value) if isinstance(value, float) else value
                for name, value in asdict(each).items()
            }
            for each in result.effects
        ],
        "left_out": [asdict(each) for each in result.chosen.left_out],
        "combined": _answer(result.main, result),
        "beside": _answer(result.beside, result),
        "tau2": _number(result.tau2),
        "heterogeneity": None
        if found is None
        else {
            name: _number(value) if isinstance(value, float) else value
            for name, value in asdict(found).items()
        },
        "asymmetry": None
        if result.asymmetry is None
        else {name: _number(value) for name, value in asdict(result.asymmetry).items()},
        "small_studies": tell_asymmetry(result),
        "by_correlation": [
            {"correlation": each.correlation, "tau2": _number(each.tau2)}
            | (_answer(each.answer, result) or {})
            for each in result.by_correlation
        ],
        "likelihood_ratio_p": _number(result.likelihood_ratio_p),
        "variance_factor": result.variance_factor,
        "without": [
            {"study": each.study} | (_answer(answer, result) or {})
            for each, answer in zip(result.effects, result.without, strict=False)
        ],
        "cautions": list_cautions(result),
    }
