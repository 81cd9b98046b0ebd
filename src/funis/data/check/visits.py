"""Checks of visits: planned, in their window, in a possible order, with the forms that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.labs import missing_tests
from funis.data.check.row_findings import on_day, row_finding, rows_where
from funis.data.check.visit_order import check_visit_order
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.schema import TABLES
from funis.study.model import DATA_FORMS, Study
from funis.study.planned_visit import Visit

_FEW = 3
"""A test without any result is missed at each visit where so many are due, once where more are."""
_LEFT = ("withdrew", "lost", "died")
_TABLES_OF_A_TRIAL = ("visits", "disposition", "adverse_events")


def check_visits(data: Data) -> Iterator[Finding]:
    """Check visits over every dated table.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    yield from _check_tables(data)
    yield from _check_undated(data)
    yield from check_visit_order(data)
    yield from _check_windows(data)
    yield from _check_dates(data)
    yield from _check_after_death(data)
    yield from _check_forms(data)
    yield from _check_missed(data)


def check_given_days(frames: Mapping[str, pl.DataFrame], anchors: pl.DataFrame) -> Iterator[Finding]:
    """Compare study days that were written down with those that the dates give.

    Parameters
    ----------
    frames : tables by name, before their study days are derived
    anchors : date of day 0 of each subject

    Returns
    -------
    iterator of Finding
    """
    ops = verbs_of(anchors)
    given = (ops.col("date") - ops.col("anchor")).dt.total_days()
    for name, frame in frames.items():
        if not {"subject", "date", "day"} <= set(frame.columns) or frame["day"].null_count() == frame.height:
            continue
        joined = frame.join(anchors, on="subject", how="left", maintain_order="left").with_columns(
            _given=given
        )
        for row in rows_where(joined, ops.col("day") != ops.col("_given")):
            yield row_finding(
                "warning",
                "day_contradicts_date",
                name,
                row,
                column="day",
                message=f"By its date this is study day {row['_given']}; the date is used.",
                fix="Correct one of the two, or leave the day out.",
            )


def _check_undated(data: Data) -> Iterator[Finding]:
    """Report visits that have neither a date nor a study day; once where a whole table has none."""
    ops = verbs_of(data.visited)
    undated = data.visited.filter(ops.col("date").is_null() & ops.col("day").is_null())
    for (name,), rows in undated.group_by("table", maintain_order=True):
        whole = rows.height == data.frames[str(name)].height and rows.height > 1
        message = f"None of the {rows.height} rows has a date." if whole else "The row has no date."
        fix = "Write the date, or the study day where the data carry no dates."
        for row in rows.head(1 if whole else rows.height).iter_rows(named=True):
            yield row_finding(
                "warning", "missing_date", str(name), row, column="date", message=message, fix=fix
            )


def _check_tables(data: Data) -> Iterator[Finding]:
    """Every table that the study plans has a file."""
    study = data.study
    forms = {form for visit in study.visits for form in visit.forms}
    planned = {"subjects", *study.instrument_names} | ({"labs"} if study.labs else set())
    planned |= {"infusions"} if study.infusions else set()
    planned |= {"donors", "lots"} if study.donor is not None else set()
    planned |= {"lots"} if study.product.release or study.product.tests else set()
    wished = {"safety_questions"} & forms | (set(_TABLES_OF_A_TRIAL) if study.infusions else set())
    for name in data.frames:
        if name in data.unreadable or name not in planned | wished:
            continue
        if name in data.present:
            if name in planned - {"subjects"} and data.frames[name].is_empty() and data.has_subjects:
                message = "The table has no row that can be used."
                fix = "Correct what is said of its rows, or add them."
                yield Finding("warning", "empty_table", name, name, None, "", "", message, fix)
            continue
        yield Finding(
            "error" if name in planned else "warning",
            "missing_table",
            name,
            f"{name}.csv",
            None,
            "",
            "",
            f"The table '{name}' is missing{_lost_without(name, study)}.",
            f"Add {name}.csv, or a sheet '{name}'; a table without rows has only its header.",
        )


def _lost_without(name: str, study: Study) -> str:
    """Say which checks a missing table takes with it."""
    if name == "donors":
        return "; no donor can be judged"
    count = len(study.product.release) + len(study.product.tests) if name == "lots" else 0
    criteria = "criterion" if count == 1 else f"{count} criteria"
    return f"; the {criteria} of release cannot be judged" if count else ""


def _check_windows(data: Data) -> Iterator[Finding]:
    """Each visit lies in its window; one table says it for all that carry the same date."""
    ops = verbs_of(data.visited)
    windows = {visit.name: visit for visit in data.study.visits if visit.window is not None}
    rows = (
        data.visited.filter(ops.col("visit").is_in(list(windows)), ops.col("day").is_not_null())
        .with_columns(first=ops.col("table") != "visits")
        .sort("first", maintain_order=True)
        .unique(["subject", "visit", "day"], keep="first", maintain_order=True)
    )
    for row in rows.iter_rows(named=True):
        visit = windows[row["visit"]]
        low, high = _limits(visit)
        if low <= row["day"] <= high:
            continue
        column = "date" if row["date"] is not None else "day"
        yield row_finding(
            "warning",
            "visit_outside_window",
            row["table"],
            row,
            column=column,
            message=f"{visit.printed} is on study day {row['day']}, outside its window.",
            fix=f"The window is day {low} to day {high}; check the date, or call the visit unscheduled.",
        )


def _limits(visit: Visit) -> tuple[int, int]:
    low, high = visit.window or (0, 0)
    return visit.day + low, visit.day + high


def _check_dates(data: Data) -> Iterator[Finding]:
    """Dates are neither in the future nor before birth; a baseline comes after consent."""
    ops = verbs_of(data.visited)
    people = data.frames["subjects"].select("subject", "birth_date", "consent_date")
    rows = data.visited.join(people, on="subject", how="left", maintain_order="left")
    # A birth date after the consent is itself the finding; it must not take every other date with it.
    is_sound = (ops.col("birth_date") <= ops.col("consent_date")).fill_null(value=True)
    for row in rows_where(rows, (ops.col("date") < ops.col("birth_date")) & is_sound):
        yield row_finding(
            "error",
            "date_before_birth",
            row["table"],
            row,
            column="date",
            message="The date is before the subject's birth; it is left out.",
            fix="Check the year.",
        )
    early = rows.filter((ops.col("date") < ops.col("consent_date")) & (ops.col("table") != "infusions"))
    for row in early.unique("subject", keep="first", maintain_order=True).iter_rows(named=True):
        yield row_finding(
            "query",
            "before_consent",
            row["table"],
            row,
            column="date",
            message="The assessment is before the consent.",
            fix="Study procedures come after consent; check both dates.",
        )


def _check_after_death(data: Data) -> Iterator[Finding]:
    """Nothing is seen or given after death."""
    if data.deaths.is_empty():
        return
    ops = verbs_of(data.visited)
    rows = data.visited.join(data.deaths, on="subject", how="inner", maintain_order="left")
    by_date = ops.col("date") > ops.col("died_on")
    by_day = (ops.col("date").is_null() | ops.col("died_on").is_null()) & (
        ops.col("day") > ops.col("died_day")
    )
    for row in rows_where(rows, by_date.fill_null(value=False) | by_day.fill_null(value=False)):
        yield row_finding(
            "error",
            "after_death",
            row["table"],
            row,
            column="date" if row["date"] is not None else "day",
            message=f"This is after the subject's death{on_day(row['died_day'])}; the row is left out.",
            fix="Check the date, the subject's number and the date of death.",
        )


def _attended(data: Data) -> pl.DataFrame:
    """Subjects and visits that took place: listed as attended, or with anything recorded."""
    ops = verbs_of(data.visited)
    missed = data.frames["visits"].filter(ops.col("attended") == 0).select("subject", "visit")
    rows = data.visited.join(missed, on=["subject", "visit"], how="anti", maintain_order="left")
    listed = rows.with_columns(first=ops.col("table") != "visits").sort("first", maintain_order=True)
    return listed.unique(["subject", "visit"], keep="first", maintain_order=True)


def _check_forms(data: Data) -> Iterator[Finding]:
    """Each form that is due at an attended visit has a row."""
    attended = _attended(data)
    absent = _absent_tests(data, attended)
    if absent:
        yield _finding_absent(data, absent)
    by_visit = attended.partition_by("visit", as_dict=True, maintain_order=True)
    recorded = _recorded_forms(data)
    for visit in data.study.visits:
        here = by_visit.get((visit.name,))
        if here is None:
            continue
        for form in visit.forms:
            if (
                form not in data.frames
                or not data.is_checked(form)
                or form in {"adverse_events", "medications", "infusions"}
            ):
                continue
            if form == "labs":
                yield from _check_tests(data, visit, here, absent)
                continue
            for row in here.iter_rows(named=True):
                if (row["subject"], visit.name) not in recorded[form]:
                    yield _missing_form(form, row)


def _recorded_forms(data: Data) -> dict[str, set[tuple[str, str]]]:
    """Give the subjects and visits that have a row, for each form that a visit may ask for."""
    forms = {form for visit in data.study.visits for form in visit.forms if data.is_checked(form)}
    return {
        form: set(zip(frame["subject"].to_list(), frame["visit"].to_list(), strict=True))
        for form in sorted(forms)
        if {"subject", "visit"} <= set((frame := data.frames[form]).columns)
    }


def _missing_form(form: str, row: dict[str, object]) -> Finding:
    """Compose the finding at the place of the visit: the form itself has no row."""
    kind = "instrument" if form not in DATA_FORMS and form not in TABLES else "form"
    return row_finding(
        "warning",
        "missing_form",
        str(row["table"]),
        row,
        column="visit",
        message=f"The {kind} '{form}' is due at this visit of subject '{row['subject']}' and has no row.",
        fix=f"Add the row to {form}, or write attended 0 in visits when the visit was missed.",
    )


def _absent_tests(data: Data, attended: pl.DataFrame) -> list[str]:
    """Name tests that are due at many attended visits and have no result anywhere."""
    due: Counter[str] = Counter()
    if data.is_checked("labs"):
        # Each subject stands once at a visit.
        subjects = Counter(attended["visit"].to_list())
        for visit in data.study.visits:
            if "labs" in visit.forms:
                due.update(dict.fromkeys(visit.labs or data.study.lab_names, subjects[visit.name]))
    ever = data.frames["labs"]["test"].unique().to_list()
    return missing_tests([test for test, count in due.items() if count > _FEW], ever)


def _finding_absent(data: Data, tests: list[str]) -> Finding:
    """Say once that tests have no result, not at every visit."""
    file = str(data.frames["labs"]["_file"][0])
    names = ", ".join(tests)
    fix = "Add the results, or take the tests out of [[labs]] in study.toml."
    message = f"No result at any visit for: {names}."
    return Finding("query", "missing_labs", "labs", file, None, "test", names[:60], message, fix)


def _check_tests(data: Data, visit: Visit, here: pl.DataFrame, absent: Sequence[str]) -> Iterator[Finding]:
    """Each test that is due has a result, or the mark that it was not done."""
    recorded = data.tests_recorded
    due = [test for test in visit.labs or data.study.lab_names if test not in absent]
    for row in here.iter_rows(named=True):
        lacking = missing_tests(due, recorded.get((row["subject"], visit.name), ()))
        if lacking:
            yield row_finding(
                "query",
                "missing_labs",
                row["table"],
                row,
                column="visit",
                message=f"No result at this visit of subject '{row['subject']}' for: {', '.join(lacking)}.",
                fix="Add the results to labs, or write ND when a test was not done.",
            )


def _check_missed(data: Data) -> Iterator[Finding]:
    """Query planned visits that nobody recorded, of subjects who were still in the study."""
    ops = verbs_of(data.visited)
    if data.study.has_open_visits or data.last_seen is None:
        return
    seen = set(data.visited.select("subject", "visit").iter_rows())
    subjects = data.frames["subjects"]["subject"].to_list()
    if seen.issuperset(product(subjects, data.study.visit_names)):
        return
    ended = data.frames["disposition"].select("subject", "status", ended_on="date", ended_day="day")
    anchors = data.visited.group_by("subject").agg(
        anchor=(ops.col("date") - ops.duration(days=ops.col("day"))).drop_nulls().first()
    )
    people = (
        data.frames["subjects"].join(ended, on="subject", how="left").join(anchors, on="subject", how="left")
    )
    for row in people.iter_rows(named=True):
        followed = _followed_until(row, data)
        for visit in data.study.visits:
            due = visit.closes
            if followed is None or due > followed or (row["subject"], visit.name) in seen:
                continue
            yield row_finding(
                "query",
                "missing_visit",
                "subjects",
                {**row, "visit": visit.name},
                column="subject",
                message=f"{visit.printed} was due on study day {visit.day} and is not recorded anywhere.",
                fix="Add it to visits, with attended 0 when it was missed.",
            )


def _followed_until(row: dict[str, object], data: Data) -> int | None:
    """Give the study day up to which a subject was to be seen: the end of study, else the data cut."""
    ended, anchor = row["ended_on"] or None, row["anchor"]
    if row["status"] == "completed":
        return max(visit.closes for visit in data.study.visits)
    if row["status"] in _LEFT and isinstance(row["ended_day"], int):
        return row["ended_day"]
    last = ended or data.last_seen
    if anchor is None or last is None:
        return None
    return int((last - anchor).days)  # type: ignore[operator]
