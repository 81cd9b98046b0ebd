"""Which changes an endpoint is about: its visits, and the changes with missing outcomes filled."""

from __future__ import annotations

import numpy as np

from funis.analysis.panel import Matrix
from funis.analysis.run import Run
from funis.study.model import Endpoint


def visits_of(run: Run, endpoint: Endpoint) -> tuple[int, ...]:
    """Give the visits an endpoint is analysed at; without any named, every visit after baseline."""
    if endpoint.at:
        return tuple(run.panel.visit_index(name) for name in endpoint.at if name in run.panel.visits)
    first = run.panel.layout.baseline
    return tuple(i for i, name in enumerate(run.panel.visits) if name != first)


def fill_missing(run: Run, endpoint: Endpoint, variable: str, rule: str | None = None) -> tuple[Matrix, str]:
    """Give the changes with missing outcomes filled as the endpoint (or ``rule``) says, and that rule."""
    observed, chosen = run.panel.changes[variable], rule or endpoint.missing_outcome
    if chosen == "observed":
        return observed, chosen
    base = run.panel.baselines[variable]
    values, rows, censored = observed.values.copy(), observed.rows.copy(), observed.censored.copy()
    has_base = ~np.isnan(base.values)
    last = np.where(has_base, 0.0, np.nan)
    last_rows = base.rows.copy()
    # Carrying forward starts at the baseline, whose change is 0; "worst" and "nonresponder" stay there.
    for visit in range(values.shape[1]):
        if run.panel.visits[visit] == run.panel.layout.baseline:
            continue
        lacking = np.isnan(values[:, visit]) & has_base
        values[lacking, visit], rows[lacking, visit] = last[lacking], last_rows[lacking]
        if chosen == "locf":
            last, last_rows = values[:, visit].copy(), rows[:, visit].copy()
    return Matrix(values, rows, censored), chosen
