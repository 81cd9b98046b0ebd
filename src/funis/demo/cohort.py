"""A reconstructed cohort: its tables, and how it is written to a study folder that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from funis.spreadsheets import render_rows

Cell = str | int | float | date | None
Row = Mapping[str, Cell]

MARK = "RECON-"
"""Every row of every table names a subject, a lot or a donor, whose number begins with this mark."""

NO_EVENTS: Mapping[str, tuple[str, ...]] = {
    "adverse_events": (
        "subject", "term", "start", "end", "grade", "serious", "related", "outcome", "action",
    ),
}  # fmt: skip
"""A table without rows: both publications say that no adverse event was observed."""

_README = """# Reconstructed data: {title}

**These are not the data of real people.** The trial's patient data are not public. The tables in `data/`
were made by funis so that they give the summary figures its authors published ({source}). The
number of every subject, lot and donor begins with `{mark}`, so that no row can be taken for a real one.

What the publication does not give is assumed; the assumptions stand in `study.toml` under `assumptions`
and are printed in the report. Do not use these tables as evidence of anything: they show what the printed
figures are consistent with, and they test the software.

Made with seed {seed}; the same seed gives the same files.
"""

_SCENARIO_README = """# Invented scenario: {title}

**These are not the data of real people, and no publication reports what they show.** The subjects were made
by funis so that they give the summary figures of a publication ({source}); what happens to some
of them after that is invented. The assumptions stand in `study.toml` under `assumptions` and are printed in
the report. The number of every subject, lot and donor begins with `{mark}`.

Do not use these tables as evidence of anything: they show how a second course of treatment is planned,
checked and reported.

Made with seed {seed}; the same seed gives the same files.
"""


@dataclass(frozen=True, slots=True)
class ReconstructedCohort:
    """Reconstructed subjects.

    Attributes
    ----------
    name : ``sle`` or ``sjogren``
    title, source : of the trial whose figures they give
    seed : what the draws started from
    tables : table name to rows; a row maps column names to cells
    columns : columns of tables without rows, such as adverse events where none were observed
    """

    name: str
    title: str
    source: str
    seed: int
    tables: Mapping[str, Sequence[Row]]
    columns: Mapping[str, tuple[str, ...]]


def study_text(name: str) -> str:
    """Give the study file of a reconstructed trial.

    Parameters
    ----------
    name : ``sle`` or ``sjogren``

    Returns
    -------
    text of a study.toml
    """
    return (files("funis.demo") / "published" / f"{name}_study.toml").read_text(encoding="utf-8")


def statements_text(name: str) -> str:
    """Give the published statements of a reconstructed trial, as `funis.published.parse` reads them.

    Parameters
    ----------
    name : ``sle`` or ``sjogren``

    Returns
    -------
    text of a manifest
    """
    return (files("funis.demo") / "published" / f"{name}_figures.toml").read_text(encoding="utf-8")


def write_cohort(cohort: ReconstructedCohort, folder: Path, *, scenario: str = "") -> Path:
    """Write a study folder: study.toml, statements.toml, README.md and the tables under data/.

    Parameters
    ----------
    cohort : what is written
    scenario : study file of an invented scenario on the cohort; it has no published statements
    folder : made when it does not exist; tables of an earlier run are replaced

    Returns
    -------
    the folder
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(scenario or study_text(cohort.name), encoding="utf-8")
    if not scenario:
        (folder / "statements.toml").write_text(statements_text(cohort.name), encoding="utf-8")
    form = _SCENARIO_README if scenario else _README
    readme = form.format(title=cohort.title, source=cohort.source, mark=MARK, seed=cohort.seed)
    (folder / "README.md").write_text(readme, encoding="utf-8")
    for name in sorted({*cohort.tables, *cohort.columns}):
        rows = cohort.tables.get(name, ())
        columns = tuple(rows[0]) if rows else cohort.columns[name]
        (data / f"{name}.csv").write_text(render_csv(columns, rows), encoding="utf-8")
    return folder


def render_csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Render rows as CSV: ISO dates, whole numbers without a decimal point, empty for missing.

    Examples
    --------
    >>> print(render_csv(("subject", "value"), [{"subject": "RECON-01", "value": 2.0}]), end="")
    subject,value
    RECON-01,2
    """
    cells = ([_render_cell(row.get(column)) for column in columns] for row in rows)
    return render_rows([columns, *cells])


def _render_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)


def add_days(start: date, days: int) -> date:
    """Give the date so many days after a start."""
    return start + timedelta(days=days)


def working_day(day: date, towards: int) -> date:
    """Move a Saturday or Sunday to the Friday before or the Monday after.

    Parameters
    ----------
    day : the date wished for
    towards : below 0 the Friday, else the Monday

    Examples
    --------
    >>> working_day(date(2009, 3, 7), -1), working_day(date(2009, 3, 8), 1), working_day(date(2009, 3, 9), -1)
    (datetime.date(2009, 3, 6), datetime.date(2009, 3, 9), datetime.date(2009, 3, 9))
    """
    beyond = day.weekday() - 4
    if beyond <= 0:
        return day
    return add_days(day, -beyond if towards < 0 else 3 - beyond)
