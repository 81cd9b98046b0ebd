"""Checks of what happened to subjects: adverse events, safety questions, drugs, end of study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.event_grades import check_event_grades
from funis.data.check.row_findings import on_day, row_finding, rows_where
from funis.errors import Finding, UnitError
from funis.frames.verbs import Verbs, verbs_of
from funis.safety_words import SERIOUS_CRITERIA
from funis.schema import DISPOSITION_STATUSES, DRUG_RESPONSES
from funis.scoring.steroids import (
    DoseError,
    highest_mg_a_day,
    is_glucocorticoid,
    prednisone_equivalent,
)
from funis.study.drugs_failed import asks_for_failed_drugs, began_before

_FLAGS = ("completed", "withdrew", "lost", "died")


def check_course(data: Data) -> Iterator[Finding]:
    """Check adverse events, safety questions, medications and disposition.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    for table in ("adverse_events", "medications"):
        yield from _check_interval(data, table)
    yield from _check_doses(data)
    yield from _check_responses(data)
    yield from _check_events(data)
    yield from _check_criteria(data)
    yield from check_event_grades(data)
    yield from _check_deaths(data)
    yield from _check_questions(data)
    yield from _check_disposition(data)
    yield from _check_ends(data)


def _check_doses(data: Data) -> Iterator[Finding]:
    """Find doses of glucocorticoids that nobody was ever given."""
    medications = data.frames["medications"]
    ops = verbs_of(medications)
    for row in rows_where(medications, ops.col("dose").is_not_null() & ops.col("drug").is_not_null()):
        if not is_glucocorticoid(row["drug"]):
            continue
        try:
            prednisone_equivalent(row["dose"], row["drug"], row["unit"] or "mg/day")
        except DoseError:
            most = f"{highest_mg_a_day():,.0f} mg of prednisone a day"
            yield row_finding(
                "error",
                "dose_not_possible",
                "medications",
                row,
                column="dose",
                message=f"The dose equals more than {most}; it is left out.",
                fix="Check the number and its unit.",
            )
        except UnitError:
            # A unit that is not known leaves the dose open, which the derived dose says.
            continue


def _check_responses(data: Data) -> Iterator[Finding]:
    """Ask what earlier drugs did, where a rule counts those that failed."""
    medications = data.frames["medications"]
    if not asks_for_failed_drugs(data.study):
        return
    for row in rows_where(medications, verbs_of(medications).col("response").is_null()):
        if began_before(row["start_day"], row["end_day"]) is not False:
            yield row_finding(
                "query",
                "missing_response",
                "medications",
                row,
                column="response",
                message="What this drug did is not recorded, and a rule counts the drugs that failed.",
                fix=f"Write one of: {', '.join(DRUG_RESPONSES)}.",
            )


def derive_status(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Read how participation ended from the flags where the column status is empty.

    Parameters
    ----------
    frame : the typed table ``disposition``

    Returns
    -------
    tuple
        The table with ``status``; an error for each row that says two things, which then says nothing.
    """
    names = ("status", *(f"_{name}" for name in _FLAGS))
    flags, differs, one = _ends_said(verbs_of(frame), names)
    marked = frame.with_columns(flags)
    findings = [
        row_finding(
            "error",
            "disposition_contradiction",
            "disposition",
            row,
            column="status",
            value=" and ".join(dict.fromkeys(row[name] for name in names if row[name] is not None)),
            message="The row says two ends of participation; it is left out.",
            fix=f"Give one of: {', '.join(DISPOSITION_STATUSES)}.",
        )
        for row in rows_where(marked, differs)
    ]
    return marked.with_columns(status=one).drop(names[1:]), findings


@lru_cache(maxsize=4)
def _ends_said(ops: Verbs, names: tuple[str, ...]) -> tuple[Sequence[pl.Expr], pl.Expr, pl.Expr]:
    """Give the ends that flags say, whether the ends that a row says differ, and the one that it says."""
    flags = [ops.when(ops.col(name) == 1).then(ops.lit(name)).alias(f"_{name}") for name in _FLAGS]
    said = ops.coalesce(*names)
    differs = ops.any_horizontal([ops.col(name) != said for name in names])
    return flags, differs, ops.when(~differs.fill_null(value=False)).then(said)


def is_fatal(ops: Verbs) -> pl.Expr:
    """Tell which adverse events ended in death.

    Parameters
    ----------
    ops : what makes the expression

    Returns
    -------
    polars.Expr
    """
    return (ops.col("outcome") == "fatal") | (ops.col("grade") == 5)


def _check_interval(data: Data, table: str) -> Iterator[Finding]:
    """Nothing ends before it starts, and nothing starts in the future."""
    frame = data.frames[table]
    if frame.is_empty():
        return
    ops = verbs_of(frame)
    for start, end in (("start", "end"), ("start_day", "end_day")):
        condition = ops.col(end) < ops.col(start)
        if start == "start_day":
            # Days derived from dates repeat what the dates say; only days that were given count here.
            condition &= ops.col("start").is_null() | ops.col("end").is_null()
        for row in rows_where(frame, condition):
            yield row_finding(
                "error",
                "ends_before_start",
                table,
                row,
                column=end,
                message="It ends before it starts; the end is left out.",
                fix="Check both dates; leave the end empty while it goes on.",
            )


def _event_finding(
    level: Any, code: str, row: dict[str, Any], column: str, message: str, fix: str
) -> Finding:
    return row_finding(level, code, "adverse_events", row, column=column, message=message, fix=fix)


def _check_events(data: Data) -> Iterator[Finding]:
    if data.frames["adverse_events"].is_empty():
        return
    people = data.frames["subjects"].select("subject", "consent_date")
    events = data.frames["adverse_events"].join(people, on="subject", how="left", maintain_order="left")
    ops = verbs_of(events)
    for row in rows_where(events, ops.col("start").is_null() & ops.col("start_day").is_null()):
        yield _event_finding(
            "warning", "missing_date", row, "start", "The event has no start.", "Write its first day."
        )
    for column, fix in (
        ("grade", "Write a CTCAE grade, 1 to 5."),
        ("serious", "Write 1 or 0."),
        ("related", "Write 1 or 0, or how sure the relation is in 'causality'."),
    ):
        for row in rows_where(events, ops.col(column).is_null()):
            yield _event_finding("query", "missing_value", row, column, f"'{column}' is not recorded.", fix)
    for row in rows_where(events, ops.col("start") < ops.col("consent_date")):
        message = "The event starts before the consent."
        yield _event_finding("query", "before_consent", row, "start", message, "Is it medical history?")
    for row in rows_where(events, ops.col("aware_date") < ops.col("start")):
        message = "The site was aware of the event before it started."
        yield _event_finding("warning", "aware_before_start", row, "aware_date", message, "Check both dates.")
    for row in rows_where(events, (ops.col("grade") == 5) & (ops.col("outcome") != "fatal")):
        message = "Grade 5 is death, and the outcome is not fatal."
        yield _event_finding(
            "warning", "grade_contradicts_outcome", row, "outcome", message, "Correct one of the two."
        )
    for row in rows_where(events, (ops.col("outcome") == "fatal") & (ops.col("grade") < 5)):
        message = "The outcome is fatal, and the grade is not 5."
        yield _event_finding(
            "warning", "grade_contradicts_outcome", row, "grade", message, "Correct one of the two."
        )
    for row in rows_where(events, is_fatal(ops) & (ops.col("serious") == 0)):
        yield _event_finding(
            "warning", "fatal_not_serious", row, "serious", "A death is always serious.", "Write 1."
        )
    key = ["subject", "term", "start", "start_day"]
    for row in rows_where(events, ~ops.struct(key).is_first_distinct()):
        message = "The same event of the same day stands in an earlier row."
        yield _event_finding(
            "warning", "repeated_event", row, "term", message, "Keep one, or tell them apart."
        )


def _check_criteria(data: Data) -> Iterator[Finding]:
    """Find events that are said not to be serious, and to meet a criterion of seriousness."""
    events = data.frames["adverse_events"]
    ops = verbs_of(events)
    for criterion in SERIOUS_CRITERIA:
        for row in rows_where(events, (ops.col(criterion) == 1) & (ops.col("serious") == 0)):
            message = f"'{criterion}' is 1, and the event is said not to be serious."
            yield _event_finding(
                "warning", "criterion_not_serious", row, "serious", message, "Correct one of the two."
            )


def _check_deaths(data: Data) -> Iterator[Finding]:
    """Deaths stand in both tables, and events do not begin after them."""
    events, ended = data.frames["adverse_events"], data.frames["disposition"]
    if events.is_empty() and ended.is_empty():
        return
    ops = verbs_of(events)
    fatal = is_fatal(ops)
    died = ended.filter(ops.col("status") == "died")
    for row in rows_where(events, fatal & ~ops.col("subject").is_in(died["subject"].to_list())):
        message = "The event was fatal, and disposition does not say that the subject died."
        yield _event_finding(
            "warning", "fatal_without_death", row, "outcome", message, "Correct one of the two tables."
        )
    told = events.filter(fatal)["subject"].to_list()
    for row in rows_where(died, ~ops.col("subject").is_in(told)) if data.is_checked("adverse_events") else ():
        yield row_finding(
            "query",
            "death_without_event",
            "disposition",
            row,
            column="status",
            message="The subject died, and no adverse event is fatal.",
            fix="Add the event that led to death, or its outcome.",
        )
    for row in rows_where(died, ops.col("date").is_null() & ops.col("day").is_null()):
        yield row_finding(
            "warning",
            "missing_date",
            "disposition",
            row,
            column="date",
            message="The date of death is not recorded.",
            fix="Write it; whatever is recorded after it cannot be checked otherwise.",
        )
    late = events.join(data.deaths, on="subject", how="inner", maintain_order="left")
    by_day = ops.col("start").is_null() & (ops.col("start_day") > ops.col("died_day"))
    for row in rows_where(late, (ops.col("start") > ops.col("died_on")) | by_day):
        column = "start" if row["start"] is not None else "start_day"
        on = on_day(row["died_day"])
        message = f"The event starts after the subject's death{on}; the row is left out."
        yield _event_finding("error", "after_death", row, column, message, "Check the date and the subject.")


def _check_questions(data: Data) -> Iterator[Finding]:
    """Compare what subjects answered with the events that are listed."""
    questions = data.frames["safety_questions"].sort("subject", "day", "_line", nulls_last=True)
    ops = verbs_of(questions)
    questions = questions.with_columns(_from=ops.col("day").shift(1).over("subject"))
    events = data.frames["adverse_events"]
    starts: dict[str, list[int | None]] = dict(
        events.group_by("subject").agg(ops.col("start_day").cast(ops.Int64)).iter_rows()
    )
    for row in questions.iter_rows(named=True):
        found = _events_between(starts.get(row["subject"], []), row["_from"], row["day"])
        said = {"table": "safety_questions", "row": row}
        if row["asked"] == 1 and row["any_event"] is None:
            message, fix = "The subject was asked, and the answer is empty.", "Write 1 or 0."
            yield _question_finding("warning", "missing_value", said["row"], message, fix)
        elif row["asked"] != 1 and row["any_event"] is not None:
            message, fix = (
                "There is an answer, and asked is not 1.",
                "Write 1 in asked, or empty the answer.",
            )
            yield _question_finding("query", "not_asked", said["row"], message, fix)
        elif row["any_event"] == 1 and not found:
            message = "An event was reported, and none is listed since the last visit."
            yield _question_finding(
                "warning", "event_not_listed", row, message, "Add it to adverse_events, or write 0."
            )
        elif row["any_event"] == 0 and found and all(day is not None for day in found):
            message = f"No event was reported, and {len(found)} began since the last visit."
            yield _question_finding(
                "warning", "event_denied", row, message, "Write 1, or check the date of the event."
            )


def _question_finding(level: Any, code: str, row: Any, message: str, fix: str) -> Finding:
    return row_finding(level, code, "safety_questions", row, column="any_event", message=message, fix=fix)


def _events_between(starts: list[int | None], after: int | None, until: int | None) -> list[int | None]:
    """Give events that began since the last visit; one without a day may have."""
    return [
        day
        for day in starts
        if day is None or ((after is None or day > after) and (until is None or day <= until) and day >= 0)
    ]


def _check_disposition(data: Data) -> Iterator[Finding]:
    """Report subjects who are seen after they left."""
    ended = data.frames["disposition"]
    ops = verbs_of(ended)
    gone = ended.filter(
        ops.col("status").is_in(["withdrew", "lost"]),
        ops.col("date").is_not_null() | ops.col("day").is_not_null(),
    )
    seen = data.visited.join(
        gone.select("subject", "status", left_on="date", left_day="day"),
        on="subject",
        how="inner",
        maintain_order="left",
    )
    after = (ops.col("date") > ops.col("left_on")) | (
        ops.col("date").is_null() & (ops.col("day") > ops.col("left_day"))
    )
    late = seen.filter(after).unique(["subject", "visit"], keep="first", maintain_order=True)
    for row in late.iter_rows(named=True):
        yield row_finding(
            "warning",
            "after_leaving",
            row["table"],
            row,
            column="date" if row["date"] is not None else "day",
            message=f"The subject had left the study ('{row['status']}'{on_day(row['left_day'])}).",
            fix="Check this date and the one in disposition.",
        )


def _check_ends(data: Data) -> Iterator[Finding]:
    """Report how participation ended where it is not said, or where completion lacks the last visit."""
    ended = data.frames["disposition"]
    ops = verbs_of(ended)
    for row in rows_where(ended, ops.col("status").is_null()):
        yield row_finding(
            "query",
            "missing_value",
            "disposition",
            row,
            column="status",
            message="How participation ended is not recorded.",
            fix=f"Write one of: {', '.join(DISPOSITION_STATUSES)}.",
        )
    # The day of a death is asked for where deaths are checked.
    is_left = ops.col("status").is_in(["withdrew", "lost"])
    for row in rows_where(ended, is_left & ops.col("date").is_null() & ops.col("day").is_null()):
        yield row_finding(
            "query",
            "missing_value",
            "disposition",
            row,
            column="date",
            message=f"Participation ended ('{row['status']}'), and the day is not recorded.",
            fix="Write the date, or the study day in the column 'day'.",
        )
    last = next(reversed(data.study.visit_names), None)
    if last is not None:
        seen_last = data.visited.filter(ops.col("visit") == last)["subject"].to_list()
        for row in rows_where(
            ended, (ops.col("status") == "completed") & ~ops.col("subject").is_in(seen_last)
        ):
            yield row_finding(
                "query",
                "completed_without_last_visit",
                "disposition",
                row,
                column="status",
                message=f"The subject completed the study, and the visit '{last}' is not recorded.",
                fix="Add the visit, or correct the status.",
            )
