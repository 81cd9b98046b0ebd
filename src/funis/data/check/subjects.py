"""Checks of the subjects: who they are, whether they consented, whether they could be in the study."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding, Level
from funis.frames.verbs import verbs_of
from funis.schema import SUBJECTS
from funis.shown import is_identity
from funis.study.allocated import arm_ids
from funis.study.time_bands import DAYS_PER_YEAR

USUAL_BODY = {"weight_kg": (25.0, 200.0), "height_cm": (100.0, 220.0)}
"""Measures of a body outside of which a value is nearly always a slip."""
_OLDEST = 120


def check_subjects(data: Data) -> Iterator[Finding]:
    """Check the table of subjects.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    subjects = data.frames["subjects"]
    if subjects.is_empty():
        if "subjects" in data.present:
            message, fix = (
                "There is no subject.",
                "Write one row for each subject into the table subjects.",
            )
            # A trial before its first subject is no finding to stop at; rows of subjects nobody enrolled are.
            level: Level = "error" if any(frame.height for frame in data.frames.values()) else "warning"
            yield Finding(level, "no_subject", "subjects", "subjects", None, "", "", message, fix)
        return
    yield from _check_codes(data)
    yield from _check_free_codes(data)
    yield from _check_dates(data)
    yield from _check_body(data)
    yield from _check_consent(data)
    yield from _check_described(data)


def _check_codes(data: Data) -> Iterator[Finding]:
    """Sites and arms are those of the study file."""
    ops = verbs_of(data.frames["subjects"])
    codes = {"site": data.study.site_ids, "arm": arm_ids(data.study)}
    for column, known in codes.items():
        for row in rows_where(data.frames["subjects"], ~ops.col(column).is_in(known)) if known else ():
            near = get_close_matches(row[column], known, n=1, cutoff=0.4)
            padded = [each for each in known if each.lstrip("0") == row[column].lstrip("0")]
            hint = f"The nearest is '{(padded or near)[0]}'. " if padded or near else ""
            yield row_finding(
                "error",
                f"unknown_{column}",
                "subjects",
                row,
                column=column,
                message=f"There is no {column} of this name in the study file; it is left out.",
                fix=f"{hint}Known: {', '.join(known)}.",
            )


def _check_free_codes(data: Data) -> Iterator[Finding]:
    """Look at codes that the study file does not list, since they are printed as they stand."""
    ops = verbs_of(data.frames["subjects"])
    columns = [each.name for each in data.study.columns if each.kind == "text" and not each.allowed]
    columns += [] if data.study.site_ids else ["site"]
    for column in columns:
        named = [
            each for each in set(data.frames["subjects"][column].to_list()) if each and is_identity(each)
        ]
        for row in rows_where(data.frames["subjects"], ops.col(column).is_in(named)) if named else ():
            yield row_finding(
                "error",
                "identifying_value",
                "subjects",
                row,
                column=column,
                value="",
                message=f"'{column}' reads as a name, a date, a telephone or a card number; it is left out.",
                fix="Write a code, and list the codes in the study file.",
            )


def _check_dates(data: Data) -> Iterator[Finding]:
    """Dates of a life stand in their order; ages agree with them."""
    ops = verbs_of(data.frames["subjects"])
    subjects = data.frames["subjects"]
    pairs = (
        ("birth_date", "consent_date", "error", "The birth date is after the consent."),
        ("birth_date", "diagnosis_date", "error", "The birth date is after the diagnosis."),
        ("diagnosis_date", "consent_date", "query", "The diagnosis is after the consent."),
    )
    for earlier, later, level, message in pairs:
        for row in rows_where(subjects, ops.col(earlier) > ops.col(later)):
            # A birth date identifies a person and never stands in a message.
            shown = "" if earlier == "birth_date" else row[earlier]
            yield row_finding(
                "error" if level == "error" else "query",
                f"{earlier}_after_{later}",
                "subjects",
                row,
                column=earlier,
                value=shown,
                message=message,
                fix=f"Check both dates, '{earlier}' and '{later}'.",
            )
    days = (ops.col("consent_date") - ops.col("birth_date")).dt.total_days() / DAYS_PER_YEAR
    for row in rows_where(subjects, days > _OLDEST):
        yield row_finding(
            "error",
            "age_not_possible",
            "subjects",
            row,
            column="birth_date",
            value="",
            message=f"The age at consent would be more than {_OLDEST} years; the birth date is left out.",
            fix="Check both years.",
        )
    for row in rows_where(subjects, (days - ops.col("age")).abs() >= 1.5):
        yield row_finding(
            "warning",
            "age_contradicts_birth_date",
            "subjects",
            row,
            column="age",
            message="The age does not agree with birth date and consent; the dates are used.",
            fix="Correct one of them, or leave the age out.",
        )


def _check_body(data: Data) -> Iterator[Finding]:
    ops = verbs_of(data.frames["subjects"])
    for column, (low, high) in USUAL_BODY.items():
        unit = SUBJECTS.by_name[column].unit
        for row in rows_where(data.frames["subjects"], (ops.col(column) < low) | (ops.col(column) > high)):
            yield row_finding(
                "query",
                "odd_value",
                "subjects",
                row,
                column=column,
                message=f"'{column}' outside {low:g} to {high:g} {unit} is nearly always a slip.",
                fix="Check the value and its unit; the dose is computed from the weight."
                if column == "weight_kg"
                else "Check the value and its unit.",
            )


def _check_consent(data: Data) -> Iterator[Finding]:
    """Whoever was infused consented before, and is not said to have had no infusion."""
    ops = verbs_of(data.frames["subjects"])
    infused = (
        data.frames["infusions"].group_by("subject").agg(infused_on=ops.col("date").min(), infused=ops.len())
    )
    joined = data.frames["subjects"].join(infused, on="subject", how="left", maintain_order="left")
    for row in rows_where(joined, (ops.col("received_cells") == 0) & ops.col("infused").is_not_null()):
        yield row_finding(
            "warning",
            "infusion_denied",
            "subjects",
            row,
            column="received_cells",
            message="The subject is said to have had no infusion, and one is recorded; it counts.",
            fix="Write 1 in received_cells, or take the infusion out.",
        )
    for row in rows_where(joined, ops.col("consent_date").is_null() & ops.col("infused").is_not_null()):
        yield row_finding(
            "warning",
            "missing_consent",
            "subjects",
            row,
            column="consent_date",
            message="The subject was infused, and no consent is recorded.",
            fix="Write the date of consent.",
        )
    for row in rows_where(joined, ops.col("consent_date") > ops.col("infused_on")):
        yield row_finding(
            "error",
            "consent_after_infusion",
            "subjects",
            row,
            column="consent_date",
            message="The consent is after the first infusion.",
            fix="Consent comes first: check both dates. The subject stays in the data.",
        )


def _check_described(data: Data) -> Iterator[Finding]:
    """Query what the baseline table needs and the row does not have."""
    ops = verbs_of(data.frames["subjects"])
    subjects = data.frames["subjects"]
    needed = {
        "sex": ops.col("sex").is_null(),
        "age": ops.col("age").is_null() & ops.col("birth_date").is_null(),
    }
    if data.study.site_ids:
        needed["site"] = ops.col("site").is_null()
    if data.study.arms:
        needed["arm"] = ops.col("arm").is_null()
    for column, lacking in needed.items():
        for row in rows_where(subjects, lacking):
            words = "age or birth date" if column == "age" else column
            yield row_finding(
                "query",
                "missing_value",
                "subjects",
                row,
                column=column,
                message=f"The {words} is not recorded.",
                fix="Fill the cell.",
            )
