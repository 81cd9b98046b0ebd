"""The values of the strata of a subject, read from what was recorded of him."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from funis.capture.conduct.allocation.methods import Stratum
from funis.capture.conduct.criteria import derive_frames
from funis.capture.models import Subject
from funis.errors import ValueRangeError
from funis.study.allocated import allocation_plan
from funis.study.model import Study
from funis.study.rules import apply_rule, rule_columns

YES: Final = "yes"
NO: Final = "no"
"""Whether a subject is in a subgroup that is a stratum."""


def read_strata(study: Study, subject: Subject) -> dict[str, str | None]:
    """Give the value of each stratum, in the order of the study file; None: it is not known yet.

    Parameters
    ----------
    study : of the version that is in force at the site, with a randomisation
    subject : the subject
    """
    return read_strata_of(study, [subject])[subject.pk]


def read_strata_of(study: Study, subjects: Sequence[Subject]) -> dict[str, dict[str, str | None]]:
    """Give the strata of several subjects by their ids, as `read_strata` gives those of one.

    Parameters
    ----------
    study : of the version that is in force at their site
    subjects : of one site
    """
    plan = allocation_plan(study)
    names = plan.strata if plan else ()
    rules = {name: study.subgroups[name] for name in names if name in study.subgroups}
    columns = {name for rule in rules.values() for name in rule_columns(rule)} | (set(names) - set(rules))
    flags = {column.name for column in study.columns if column.kind == "flag"}
    # A subject is allocated before anything is given, and a stratum stays what it was then.
    frame = derive_frames(study, subjects, columns, is_blinded=True)
    rows = {number: row for row, number in enumerate(frame["subject"].to_list())}
    values: dict[str, list[str | None]] = {}
    for name in names:
        if name in rules:
            values[name] = [
                None if is_in is None else YES if is_in else NO for is_in in apply_rule(frame, rules[name])
            ]
        elif name != "site":
            values[name] = [_text(value, is_flag=name in flags) for value in frame[name].to_list()]
    return {
        each.pk: {name: each.site if name == "site" else values[name][rows[each.number]] for name in names}
        for each in subjects
    }


def _text(value: object, *, is_flag: bool) -> str | None:
    """Give a value as the stratum holds it; a flag in words."""
    if value is None or value == "":
        return None
    return (YES if value else NO) if is_flag else str(value)


def known_strata(values: Mapping[str, str | None]) -> Stratum:
    """Give the stratum of a subject.

    Raises
    ------
    ValueRangeError : a value is not known
    """
    lacking = [name for name, value in values.items() if value is None]
    if lacking:
        raise ValueRangeError(
            "strata", f"not known: {', '.join(lacking)}", "a value of each stratum",
            "Enter what decides it first.",
        )  # fmt: skip
    return {name: str(value) for name, value in values.items()}
