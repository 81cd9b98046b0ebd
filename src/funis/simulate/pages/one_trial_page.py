"""One virtual trial alone, in words: its numbers as they went into a run."""

from __future__ import annotations

import polars as pl

from funis.design.pages.told import DesignTable, join_text
from funis.results.text import format_number
from funis.simulate.pages.trials_page import name_place
from funis.simulate.trials.one_trial import CONDUCT, KEY, WORLD, TrialPlan

_NAMED = frozenset({CONDUCT, WORLD})
_ORIGIN = "The same numbers come out where the trial runs among others."


def write_one_trial(plan: TrialPlan, trial: int, rows: pl.DataFrame) -> str:
    """Write the numbers of one trial for a terminal.

    Parameters
    ----------
    plan : of the run
    trial : its number in the run, from 0
    rows : its numbers, as a run has them
    """
    told = (
        f"Trial {trial} of scenario {plan.scenario.name}, seed {plan.seed}, with {plan.patients} patients. "
        f"{_ORIGIN}"
    )
    cells = tuple(_cells(plan, each) for each in list_numbers(rows))
    table = DesignTable("Its numbers", ("Number", "Statistic", "Value"), cells)
    return join_text(["One virtual trial", told], (table,), ()).rstrip()


def list_numbers(rows: pl.DataFrame) -> list[dict[str, str | float | None]]:
    """List the numbers of a trial as objects, each with what it is, its statistic and its value."""
    named = rows.select(*KEY, "statistic", "value")
    return [
        each | {"value": None if each["value"] is None or each["value"] != each["value"] else each["value"]}
        for each in named.iter_rows(named=True)
    ]


def _cells(plan: TrialPlan, each: dict[str, str | float | None]) -> tuple[str, ...]:
    where = {name: str(each[name] or "") for name in KEY}
    name = where["variable"] if where["analysis"] in _NAMED else name_place(plan.study, where)
    value = each["value"]
    shown = "cannot be computed" if value is None else format_number(float(value), 4)
    return name, "count" if where["analysis"] == CONDUCT else str(each["statistic"]), shown
