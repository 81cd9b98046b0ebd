"""Whether the subjects could be in the study: the criteria of the study file, judged by their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from funis.data.check.row_findings import row_finding
from funis.errors import Finding
from funis.shown import show_text
from funis.study.classified import MET, NOT_MET, classification_schema, classified_by, items_column
from funis.study.drugs_failed import DRUGS_FAILED
from funis.study.kept import once_a_study
from funis.study.model import Criterion, Study
from funis.study.rules import apply_rule, rule_columns


def check_eligibility(
    study: Study, subject_frame: pl.DataFrame, *, needs_scores: bool | None = None
) -> Iterator[Finding]:
    """Report subjects who do not meet a criterion, and those for whom it cannot be told.

    Parameters
    ----------
    study : the study
    subject_frame : what ``visits.derive_subject_frame`` gave, with the baseline scores
    needs_scores : True judges only the rules that read a score of an instrument, False only the others
        (``read_tables`` has done those), None all

    Returns
    -------
    iterator of Finding
        A warning where a rule says no, a query where it cannot tell; the subject stays in the data.

    Examples
    --------
    >>> from funis.study.model import Criterion, Eligibility, Study, Trial
    >>> trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    >>> rules = Eligibility(inclusion=(Criterion(id="I1", text="Adult", rule="age >= 18"),))
    >>> frame = pl.DataFrame({"subject": ["S1"], "age": [17.0], "_file": ["subjects.csv"], "_line": [2]})
    >>> print(*check_eligibility(Study(trial=trial, eligibility=rules), frame))
    warning: subjects.csv, line 2, column 'subject': Criterion I1 is not met: Adult. Found 'S1'. \
The rule is age >= 18; check the data, or report the deviation.
    """
    for criterion, wanted in _criteria(study, needs_scores):
        yield from _check_criterion(criterion, subject_frame, wanted=wanted)


@once_a_study
def _criteria(study: Study, needs_scores: bool | None) -> list[tuple[Criterion, bool]]:  # noqa: FBT001
    """List the criteria that have a rule, and whether it must be met."""
    every = [(each, True) for each in study.eligibility.inclusion]
    every += [(each, False) for each in study.eligibility.exclusion]
    return [
        (each, wanted)
        for each, wanted in every
        if each.rule and needs_scores in {None, _reads_scores(study, each.rule)}
    ]


def columns_in_criteria(study: Study, *, needs_scores: bool) -> frozenset[str] | None:
    """Name the columns of the subject frame that criteria of eligibility read.

    Parameters
    ----------
    study : the study
    needs_scores : of the rules that read a score of an instrument, or of the others

    Returns
    -------
    frozenset of str
        None where no criterion has such a rule.
    """
    criteria = _criteria(study, needs_scores)
    return frozenset(name for each, _ in criteria for name in rule_columns(each.rule)) if criteria else None


@once_a_study
def scores_in_criteria(study: Study) -> tuple[str, ...]:
    """Name the instruments whose score or grades a criterion of eligibility may read.

    Parameters
    ----------
    study : the study

    Returns
    -------
    tuple of str
        In the order of the study file; of names that begin alike (``sledai``, ``sledai_2k``), all.
    """
    tests = {f"baseline_{test}" for test in study.lab_names}
    criteria = study.eligibility.criteria
    columns = {column for each in criteria if each.rule for column in rule_columns(each.rule)} - tests
    classified = {name for column in columns for name in _instruments_behind(study, column)}
    return tuple(
        name
        for name in study.instrument_names
        if name in classified or any(column.startswith(f"baseline_{name}") for column in columns)
    )


def _instruments_behind(study: Study, column: str) -> frozenset[str]:
    """Name the instruments that a set of classification criteria is judged from; none for another column."""
    if column not in classification_schema():
        return frozenset()
    return frozenset(classified_by(study, column.removeprefix("baseline_")).scores)


def _reads_scores(study: Study, rule: str) -> bool:
    """Say whether a rule names the score or a grade of an instrument."""
    names = tuple(f"baseline_{name}" for name in study.instrument_names)
    tests = {f"baseline_{test}" for test in study.lab_names}
    return any(
        (column.startswith(names) and column not in tests) or _instruments_behind(study, column)
        for column in rule_columns(rule)
    )


def _check_criterion(criterion: Criterion, frame: pl.DataFrame, *, wanted: bool) -> Iterator[Finding]:
    """Judge one criterion for every subject."""
    columns = rule_columns(criterion.rule)
    for index, answer in enumerate(apply_rule(frame, criterion.rule)):
        if answer == wanted:
            continue
        row = frame.row(index, named=True)
        # What stands in subjects identifies a person, and so do dates: scores and results are shown.
        shown = [f"{name} {_show(row[name])}" for name in columns if _may_show(name, row[name])]
        values = f", with {', '.join(shown)}" if shown else ""
        if answer is None:
            message = f"Criterion {criterion.id} cannot be judged: {criterion.text}."
            fix = f"The rule is {criterion.rule}{values}; fill what is missing."
        else:
            said = "is not met" if wanted else "excludes the subject"
            message = f"Criterion {criterion.id} {said}: {criterion.text}."
            fix = f"The rule is {criterion.rule}{values}; check the data, or report the deviation."
        fix += _items_behind(columns, row)
        yield row_finding(
            "query" if answer is None else "warning",
            "not_eligible" if answer is not None else "eligibility_unknown",
            "subjects",
            row,
            column="subject",
            message=message,
            fix=fix,
        )


def _items_behind(columns: Sequence[str], row: Mapping[str, object]) -> str:
    """Name the items of each set of criteria that the subject lacks; empty for a rule that reads none."""
    said = {name: row.get(items_column(name)) for name in columns if name in classification_schema()}
    return "".join(f" Of {name}, {items}." for name, items in said.items() if items)


def _may_show(name: str, value: object) -> bool:
    is_of_the_disease = name.startswith("baseline_") or name == DRUGS_FAILED
    return value is None or (is_of_the_disease and not isinstance(value, date))


def _show(value: object) -> str:
    if value is None:
        return "missing"
    if value in {MET, NOT_MET}:
        return str(value)
    return show_text(f"{value:g}" if isinstance(value, float) else str(value)) or "as recorded"
