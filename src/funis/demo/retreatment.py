"""An invented scenario on the rebuilt lupus trial: what if those who relapsed had been infused again.

No publication reports it. Everything after the relapses is assumed, and says so: who responds again is drawn,
and whoever does has, after the second course, the values that the same subject had after the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Final

from funis.demo import SEED
from funis.demo.cells import build_cells
from funis.demo.cohort import ReconstructedCohort, Row, add_days, study_text, working_day
from funis.demo.integer_samples import Draws

SCENARIO: Final = "retreatment"
#: Days from the visit that finds the relapse to the second course; days on which its infusions are given.
_WAIT, _INFUSIONS = 14, (0, 7)
#: Days after the second course at which the subject is seen, and the visit whose values are taken.
_SEEN: Final = ((90, "month_3"), (180, "month_6"))
_LAST_VISIT: Final = "month_12"
#: A visit of the trial so near to one of these days stands for it.
_NEAR: Final = 21
#: How many of those who relapsed respond again, of all of them.
_RESPOND_AGAIN: Final = 0.6
_SUBJECTS_OF_LOT: Final = 4
#: Tables whose rows are copied to a later visit.
_MEASURED: Final = ("sledai_2k", "bilag_2004", "labs")


@dataclass(frozen=True, slots=True)
class _Retreated:
    """One subject who is infused again.

    Attributes
    ----------
    subject : study number
    relapse : visit of the relapse
    start : date of the first infusion of the second course
    responds : whether the second course is followed by a response
    seen : date of each visit after the second course, and the visit whose values are taken for it
    """

    subject: str
    relapse: str
    start: date
    responds: bool
    seen: tuple[tuple[date, str], ...]


def retreat_relapsed(
    cohort: ReconstructedCohort, relapses: Mapping[str, str], *, seed: int = SEED
) -> ReconstructedCohort:
    """Infuse again whoever relapsed in the rebuilt lupus trial, and follow them for six months more.

    Parameters
    ----------
    cohort : the rebuilt trial
    relapses : visit of the relapse by subject
    seed : of the draws

    Returns
    -------
    ReconstructedCohort
        The same subjects; what was rebuilt up to month 12 is not changed.

    Source
    ------
    None: invented. That six in ten respond again is an assumption, as no trial has measured it.
    """
    again = _plan(cohort, relapses, seed)
    tables = dict(cohort.tables)
    for name in ("visits", *_MEASURED):
        tables[name] = [
            *tables[name],
            *(row for each in again for row in _later_rows(each, tables[name], name)),
        ]
    tables["safety_questions"] = [
        *tables["safety_questions"],
        *({**place, "asked": 1, "any_event": 0} for each in again for place, _ in _places(each)),
    ]
    last = {each.subject: max(day for day, _ in each.seen) for each in again}
    tables["disposition"] = [
        {**row, "date": last.get(str(row["subject"]), row["date"])} for row in tables["disposition"]
    ]
    given = list(_infusions(again, tables["infusions"]))
    lots = len(tables["lots"])
    cells = build_cells(given, seed, "sle retreatment", subjects_of_lot=_SUBJECTS_OF_LOT, first_lot=lots + 1)
    tables |= {name: [*tables[name], *rows] for name, rows in cells.items()}
    title = f"{cohort.title}: invented scenario, those who relapsed infused again"
    return replace(cohort, title=title, seed=seed, tables=tables)


def scenario_text() -> str:
    """Give the study file of the scenario: that of the rebuilt trial, with a course at relapse and a name.

    Returns
    -------
    text of a study.toml
    """
    changes = (files("funis.demo") / "published" / "sle_retreatment.toml").read_text(encoding="utf-8")
    whole = study_text("sle")
    head, _, source = whole.partition("\n[source]\n")
    behind = source.partition("\n[[sites]]\n")[2]
    # The scenario rebuilds no published text, so it names none to be compared with.
    own = f"{head}\n[[sites]]\n{behind}"
    for old, new in _RENAMED.items():
        own = own.replace(old, new, 1)
    return f"{own.rstrip()}\n\n{changes}"


_RENAMED: Final[Mapping[str, str]] = {
    'id = "UCMSC-SLE reconstructed"': (
        'id = "UCMSC-SLE what if"\n'
        'scenario = "what if the seven who relapsed had been infused again at relapse"'
    ),
    "(reconstructed from published figures)": "(invented scenario: those who relapsed infused again)",
    "assumptions = [\n": (
        "assumptions = [\n"
        '  "Invented, and not what the trial did: the seven who relapsed are infused again two weeks '
        "after the visit that found the relapse, with 1e6 cells per kg on days 0 and 7 of the course. Up to "
        "month 12 every value stays as it was rebuilt, as if the second course had done nothing until then, "
        'so that the published figures stay.",\n'
        '  "Four of the seven, drawn by the seed, respond again (about six in ten; nobody has measured it): '
        "after month 12, three and six months after the second course, they have the values that they had "
        'three and six months after the first, and the other three those of their relapse.",\n'
        '  "Nobody had an adverse event after a second course.",\n'
    ),
}
"""Lines of the rebuilt trial's study file that the scenario says otherwise."""


def _plan(cohort: ReconstructedCohort, relapses: Mapping[str, str], seed: int) -> tuple[_Retreated, ...]:
    """Say who is infused again, when, and who responds."""
    dates = {(row["subject"], row["visit"]): row["date"] for row in cohort.tables["visits"]}
    draws = Draws(seed, "sle retreatment")
    order = draws.shuffled(len(relapses))
    responding = round(_RESPOND_AGAIN * len(relapses))
    found = []
    for place, (subject, visit) in enumerate(relapses.items()):
        relapse, last = dates[subject, visit], dates[subject, _LAST_VISIT]
        assert isinstance(relapse, date)  # noqa: S101 - a column of dates
        assert isinstance(last, date)  # noqa: S101 - a column of dates
        start = working_day(add_days(relapse, _WAIT), 1)
        seen = []
        for days, same in _SEEN:
            planned = add_days(start, days)
            # A visit of the trial that is near enough stands for it, with the values it was rebuilt with.
            if not (last > start and abs((last - planned).days) <= _NEAR):
                seen.append((working_day(planned, 1), same))
        found.append(_Retreated(subject, visit, start, order[place] < responding, tuple(seen)))
    return tuple(found)


def _places(each: _Retreated) -> Iterator[tuple[dict[str, str | date], str]]:
    """Give the place of each later visit in a table, and the visit whose values are taken for it."""
    for number, (day, same) in enumerate(each.seen, start=1):
        name = f"unscheduled_{number}"
        yield {"subject": each.subject, "visit": name, "date": day}, same if each.responds else each.relapse


def _later_rows(each: _Retreated, rows: Sequence[Row], table: str) -> Iterator[Row]:
    """Copy what was recorded at an earlier visit to each later one."""
    for place, same in _places(each):
        if table == "visits":
            yield {**dict.fromkeys(rows[0]), **place}
            continue
        for row in rows:
            if (row["subject"], row["visit"]) == (each.subject, same):
                yield {**row, **place}


def _infusions(again: Sequence[_Retreated], rows: Sequence[Row]) -> Iterator[Row]:
    """Give the infusions of the second courses, after those of the first."""
    known = {row["subject"]: row for row in rows}
    for each in again:
        first = known[each.subject]
        for number, day in enumerate(_INFUSIONS, start=3):
            own = {name: cell for name, cell in first.items() if name != "lot"}
            yield {**own, "number": number, "date": add_days(each.start, day)}
