"""The rebuilt lupus trial as if it ran today: its days are moved, and what would lie ahead is left out.

A finished trial shows nothing of a capture server: no visit is due, nobody is enrolled, no bag is in stock.
So the demonstration of the server begins in the middle of the trial, and goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from funis.demo import SEED
from funis.demo.cohort import Cell, ReconstructedCohort, Row, study_text, write_cohort
from funis.demo.reconstruct import build_cohort

#: Day of the rebuilt trial that is today: all 40 are enrolled, nine have come to month 12.
_NOW: Final = date(2010, 5, 17)
#: What is left out so that one visit is overdue: it took place in the rebuilt trial.
_OVERDUE: Final = ("RECON-24", "month_6")
#: Column of each table that says when a row came to be known, where it is not its date.
_KNOWN_ON: Final = {"medications": "start"}
#: Cells of a row that are not known yet where its last day lies ahead.
_LATER: Final = ("end", "response")
_BEYOND: Final = 4
"""Subjects that each site still plans to enrol."""
_MONTHS_AHEAD: Final = 92


def let_run(cohort: ReconstructedCohort, today: date) -> ReconstructedCohort:
    """Move a rebuilt trial so that it is running, and leave out what would lie ahead.

    Parameters
    ----------
    cohort : the rebuilt lupus trial
    today : the day it is; every day is moved by the same number of whole weeks

    Returns
    -------
    ReconstructedCohort with the rows that are known by then

    Examples
    --------
    >>> running = let_run(build_cohort("sle"), date(2026, 3, 2))
    >>> max(row["date"] for row in running.tables["visits"]) <= date(2026, 3, 2)
    True
    """
    by = timedelta(weeks=(today - _NOW).days // 7)
    tables = {
        name: tuple(_known_rows(rows, _KNOWN_ON.get(name, "date"), by, today))
        for name, rows in cohort.tables.items()
    }
    return replace(cohort, tables=tables)


def _known_rows(rows: Iterable[Row], column: str, by: timedelta, today: date) -> Iterator[Row]:
    for row in rows:
        moved = {name: _move(cell, by) for name, cell in row.items()}
        known = moved.get(column)
        is_left_out = (row.get("subject"), row.get("visit")) == _OVERDUE
        if not is_left_out and not (isinstance(known, date) and known > today):
            yield _without_what_lies_ahead(moved, today)


def _move(cell: Cell, by: timedelta) -> Cell:
    return cell + by if isinstance(cell, date) else cell


def _without_what_lies_ahead(row: dict[str, Cell], today: date) -> Row:
    end = row.get("end")
    if isinstance(end, date) and end > today:
        return row | {name: None for name in _LATER if name in row}
    return row


def running_text(cohort: ReconstructedCohort, today: date) -> str:
    """Give the study file of the running trial: with what each site plans, and rules that stop it for harm.

    Parameters
    ----------
    cohort : as `let_run` gives it
    today : the day it is

    Returns
    -------
    text of a study.toml
    """
    head, _, source = study_text("sle").partition("\n[source]\n")
    # It is no published trial any more, so it names no text to be compared with.
    whole = f"{head}\n[[sites]]\n{source.partition(chr(10) + '[[sites]]' + chr(10))[2]}"
    for old, new in _RENAMED.items():
        whole = whole.replace(old, new, 1)
    enrolled = Counter(str(row["site"]) for row in cohort.tables["subjects"])
    consents = [each for row in cohort.tables["subjects"] if isinstance(each := row["consent_date"], date)]
    until = today + timedelta(days=_MONTHS_AHEAD)
    for site, count in enrolled.items():
        own = f'id = "{site}"\nname = "Centre {int(site)}"\n'
        plan = f"planned = {count + _BEYOND}\n"
        plan += f'enrols_from = "{min(consents):%Y-%m}"\nenrols_until = "{until:%Y-%m}"\n'
        whole = whole.replace(own, own + plan, 1)
    return f"{whole.rstrip()}\n\n{_STOPPING}"


def amended_text(text: str) -> str:
    """Give the study file as an amendment would have it: what a new version of a study is shown with.

    Parameters
    ----------
    text : of `running_text`

    Returns
    -------
    text of a study.toml
    """
    for old, new in _AMENDED.items():
        text = text.replace(old, new, 1)
    return text


def reconstruct_running(folder: Path, today: date, *, seed: int = SEED) -> Path:
    """Write the study folder of the running trial.

    Parameters
    ----------
    folder : where study.toml, README.md and data/ are written
    today : the day it is
    seed : of all draws

    Returns
    -------
    the folder
    """
    cohort = let_run(build_cohort("sle", seed=seed), today)
    return write_cohort(cohort, folder, scenario=running_text(cohort, today))


_RENAMED: Final[Mapping[str, str]] = {
    'id = "UCMSC-SLE reconstructed"': (
        'id = "UCMSC-SLE demo"\nscenario = "what if the rebuilt trial were running today"\n'
        'timezone = "Asia/Shanghai"'
    ),
    'label = "SLEDAI (version not stated by the source)"\n': "",
    'label = "BILAG (version not stated by the source)"\n': "",
    "(reconstructed from published figures)": "(demonstration)",
    '"All 40 subjects completed': '"In the rebuilt trial all 40 subjects completed',
    "assumptions = [\n": (
        "assumptions = [\n"
        '  "Invented, and not what the trial did: every day is moved by the same number of weeks, so that '
        "the trial runs today; what would lie ahead is left out, and so is one visit of RECON-24, which is "
        'overdue.",\n'
        '  "Invented: subjects and lots whose number does not begin with RECON-, every adverse event, query '
        'and verification, the planned numbers, and the stopping rules.",\n'
    ),
}
"""Lines of the rebuilt trial's study file that the running one says otherwise."""
_STOPPING: Final = """[[stopping]]
id = "serious_related"
label = "Serious events related to the cells"
counts = "serious = 1 AND related = 1"
rule = "subjects >= 3"
action = "pause"

[[stopping]]
id = "infection_grade_3"
label = "Infections of grade 3 or more"
counts = "grade >= 3 AND organ_class = 'Infections and infestations'"
within_days = 180
looks = [10, 20, 40, 50]
limits = [2, 3, 5, 6]
"""
_AMENDED: Final[Mapping[str, str]] = {
    'name = "month_1"\nday = 30\nwindow = [-14, 14]': 'name = "month_1"\nday = 30\nwindow = [-7, 7]',
    'text = "Active disease: SLEDAI above 6", rule = "baseline_sledai_2k > 6"': (
        'text = "Active disease: SLEDAI of 8 or more", rule = "baseline_sledai_2k >= 8"'
    ),
    '[[labs]]\ntest = "creatinine"': (
        '[[labs]]\ntest = "crp"\nunit = "mg/L"\nlabel = "C-reactive protein"\nhigh = 5\nminimum = 0\n'
        'maximum = 500\n\n[[labs]]\ntest = "creatinine"'
    ),
}
"""What an amendment changes: one window is narrower, one criterion stricter, one laboratory test more."""
