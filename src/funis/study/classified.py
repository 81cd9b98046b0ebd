"""Whether each subject met a set of classification criteria at baseline, as rules of a study file may ask.

What the criteria read comes from where it is recorded: columns of ``subjects`` that the study adds, scores
of its instruments, laboratory tests, and on which side of the laboratory's own limit a test lies
(``<test>_positive``, ``low_<test>``). What is recorded nowhere is not known, and whether the criteria are met
is then often not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from funis.catalogue.registry import criteria_set, criteria_sets
from funis.frames.verbs import frame_like, verbs_of
from funis.nine_decimals import compare_exactly
from funis.responses.verdict import CANNOT_TELL, NO, YES
from funis.study.kept import once_a_study
from funis.study.model import Study
from funis.study.rules import rule_columns

MET: Final = "met"
NOT_MET: Final = "not met"
_WORDS: Final = {"yes": MET, "no": NOT_MET}
_BASELINE: Final = "baseline_"
_ITEMS: Final = "_items_of_"
_MOST_ITEMS: Final = 8
_Cells = dict[str, dict[str, float]]


@cache
def classification_schema() -> Mapping[str, pl.DataType]:
    """Name the columns of the subject frame that say whether a set of criteria was met.

    Examples
    --------
    >>> list(classification_schema())[1:3]
    ['baseline_acr_eular_2016', 'baseline_aecg_2002']
    """
    return {f"{_BASELINE}{name}": pl.String() for name in criteria_sets()}


@once_a_study
def classifications_asked(study: Study) -> tuple[str, ...]:
    """Name the sets of criteria that a rule or a formula of the study reads.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> rule = {"primary": "baseline_aecg_2002 = 'met'"}
    >>> classifications_asked(Study.model_validate({"study": trial, "populations": rule}))
    ('aecg_2002',)
    """
    read = {column for rule in study.subject_rules for column in rule_columns(rule)}
    formulas = [each.formula for each in study.endpoints]
    return tuple(
        name
        for name in criteria_sets()
        if f"{_BASELINE}{name}" in read or any(f"{_BASELINE}{name}" in formula for formula in formulas)
    )


@dataclass(frozen=True, slots=True)
class ClassifiedBy:
    """What a study records that a set of criteria reads.

    Attributes
    ----------
    columns : columns of the table of subjects
    scores : instrument to the columns of it that are read
    tests : laboratory tests that are compared with a printed limit
    above, below : columns that say that a test is above or below the laboratory's limit, and the test
    """

    columns: tuple[str, ...]
    scores: Mapping[str, tuple[str, ...]]
    tests: tuple[str, ...]
    above: Mapping[str, str]
    below: Mapping[str, str]

    @property
    def sources(self) -> frozenset[str]:
        """Name the instruments and the laboratory tests among them."""
        return frozenset((*self.scores, *self.tests, *self.above.values(), *self.below.values()))


@once_a_study
def classified_by(study: Study, name: str) -> ClassifiedBy:
    """Tell what a study records that a set of criteria reads.

    Parameters
    ----------
    study : the study
    name : one of `criteria_sets`

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> labs = ({"test": "anti_ssa", "unit": "U/mL"},)
    >>> study = Study.model_validate({"study": trial, "labs": labs, "instruments": {"schirmer": {}}})
    >>> found = classified_by(study, "acr_eular_2016")
    >>> found.scores["schirmer"], dict(found.above)
    (('schirmer_right', 'schirmer_left', 'schirmer_worst'), {'anti_ssa_positive': 'anti_ssa'})
    """
    definition = criteria_set(name)
    given = read_by_criteria(name)
    scores: dict[str, tuple[str, ...]] = {}
    for instrument in study.instrument_names:
        beside = tuple(
            each
            for each in given
            if each in definition.quantities and definition.quantities[each].score == instrument
        )
        # The score of both eyes says nothing of the worse one, which the criteria ask for.
        read = beside or ((instrument,) if instrument in given else ())
        scores |= {instrument: read} if read else {}
    tests, columns = study.lab_names, tuple(each.name for each in study.columns if each.name in given)
    return ClassifiedBy(
        columns=columns,
        scores=scores,
        tests=tuple(test for test in tests if test in given and test not in columns),
        above={f"{test}_positive": test for test in tests if f"{test}_positive" in given},
        below={f"low_{test}": test for test in tests if f"low_{test}" in given},
    )


@cache
def read_by_criteria(name: str) -> tuple[str, ...]:
    """Name the columns that a set of criteria reads.

    Examples
    --------
    >>> read_by_criteria("acr_eular_2016")[:2]
    ('entry_suspicion', 'ocular_symptoms')
    """
    rows = criteria_set(name).rows
    return tuple(
        dict.fromkeys(each for row in rows for phrase in row.criterion.phrases for each in phrase.given)
    )


@cache
def scored_beside() -> frozenset[str]:
    """Name the columns beside a score that a set of criteria reads: each eye, the worse eye."""
    return frozenset(name for each in criteria_sets() for name in criteria_set(each).quantities)


def derive_classifications(
    study: Study,
    frames: Mapping[str, pl.DataFrame],
    scores: pl.DataFrame | None,
    names: Sequence[str],
) -> pl.DataFrame:
    """Judge every subject by the sets of criteria that are asked for.

    Parameters
    ----------
    study : the study
    frames : its checked tables by name, study days filled
    scores : long frame of scores, as the subject frame is derived from; None: no scores
    names : sets of criteria

    Returns
    -------
    polars.DataFrame
        ``subject`` and ``baseline_<set>``: ``met``, ``not met``, or null where it cannot be told; beside each
        what `items_column` names.
    """
    subjects = frames["subjects"].unique("subject", keep="first", maintain_order=True)
    order = subjects["subject"].to_list()
    cells: dict[str, list[str | None]] = {}
    for name in names:
        by = classified_by(study, name)
        known = _values_at_baseline(study, frames, scores, by)
        for subject, *row in subjects.select("subject", *by.columns).iter_rows():
            own = known.setdefault(subject, {})
            own |= {column: value for column, value in zip(by.columns, row, strict=True) if value is not None}
        judged = _classify(study, name, by, order, known)
        nobody: tuple[str | None, str | None] = (None, None)
        words, items = (
            zip(*(judged.get(subject, nobody) for subject in order), strict=True) if order else ((), ())
        )
        cells |= {f"{_BASELINE}{name}": list(words), items_column(f"{_BASELINE}{name}"): list(items)}
    schema = dict.fromkeys(("subject", *cells), pl.String())
    return frame_like(subjects, {"subject": order, **cells}, schema)


def _classify(
    study: Study, name: str, by: ClassifiedBy, order: Sequence[str], known: _Cells
) -> Mapping[str, tuple[str | None, str]]:
    """Give the word for each subject, None where it cannot be told, and what of the items is lacking."""
    # The public classification takes any frame; importing it costs as much as reading a study.
    from funis.responses.classify import classify

    scored = [column for columns in by.scores.values() for column in columns]
    columns = dict.fromkeys((*by.columns, *scored, *by.tests, *by.above, *by.below))
    if not columns:
        return {}
    rows = pl.DataFrame(
        {"subject": order} | {each: [known.get(one, {}).get(each) for one in order] for each in columns},
        schema={"subject": pl.String(), **dict.fromkeys(columns, pl.Float64())},
    )
    units = {test: study.lab(test).unit for test in by.tests}
    found = classify(rows, name, units=units or None)
    return {
        row["subject"]: (_WORDS.get(row["classified"]), _say_items(name, row))
        for row in found.iter_rows(named=True)
    }


def items_column(column: str) -> str:
    """Name the column of the subject frame that says which items of a set of criteria are lacking.

    Parameters
    ----------
    column : one of `classification_schema`

    Examples
    --------
    >>> items_column("baseline_aecg_2002")
    '_items_of_baseline_aecg_2002'
    """
    return f"{_ITEMS}{column}"


def _say_items(name: str, answers: Mapping[str, object]) -> str:
    """Say which items are not shown, which are not known, and whether an exclusion applies.

    An exclusion that applies is an illness of its own and is counted, not named.
    """
    definition = criteria_set(name)
    exclusions = {each for rule in definition.rules for each in rule.none}
    items = [row.criterion.id for row in definition.rows]
    not_shown = [each for each in items if each not in exclusions and answers[each] == NO]
    not_known = [each for each in items if answers[each] == CANNOT_TELL]
    applying = sum(answers[each] == YES for each in exclusions)
    said = [
        f"{what}: {_shorten(named)}"
        for what, named in (("not shown", not_shown), ("not known", not_known))
        if named
    ]
    said += [f"{applying} {'exclusion applies' if applying == 1 else 'exclusions apply'}"] if applying else []
    return "; ".join(said)


def _shorten(named: Sequence[str]) -> str:
    more = len(named) - _MOST_ITEMS
    return ", ".join(named[:_MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")


def _values_at_baseline(
    study: Study, frames: Mapping[str, pl.DataFrame], scores: pl.DataFrame | None, by: ClassifiedBy
) -> _Cells:
    """Give the last value on day 0 or before of each score and test that is read."""
    found: _Cells = {}
    days: dict[tuple[str, str], float] = {}
    for subject, day, column, value in _early_values(study, frames, scores, by):
        place = (subject, column)
        at = float("-inf") if day is None else float(day)
        if value is not None and at >= days.get(place, at):
            days[place] = at
            found.setdefault(subject, {})[column] = value
    return found


def _early_values(
    study: Study, frames: Mapping[str, pl.DataFrame], scores: pl.DataFrame | None, by: ClassifiedBy
) -> Iterator[tuple[str, float | None, str, float | None]]:
    """Give the values of day 0 and before, and those without a day of the baseline visit."""
    wanted = {column for columns in by.scores.values() for column in columns}
    if scores is not None and wanted:
        for subject, day, variable, value in (
            _early(study, scores, "variable", sorted(wanted))
            .select("subject", "day", "variable", "value")
            .iter_rows()
        ):
            yield subject, day, variable, value
    tests = by.sources & set(study.lab_names)
    if not tests:
        return
    columns = ("subject", "day", "test", "value", "comparator", "low", "high")
    early = _early(study, frames["labs"], "test", sorted(tests))
    for subject, day, test, value, comparator, low, high in early.select(columns).iter_rows():
        lab = study.lab(test)
        if test in by.tests:
            yield subject, day, test, value
        for column, of in by.above.items():
            if of == test:
                yield (
                    subject,
                    day,
                    column,
                    lies_above(value, comparator or "", lab.high if high is None else high),
                )
        for column, of in by.below.items():
            if of == test:
                yield (
                    subject,
                    day,
                    column,
                    lies_below(value, comparator or "", lab.low if low is None else low),
                )


def _early(study: Study, frame: pl.DataFrame, column: str, wanted: Sequence[str]) -> pl.DataFrame:
    ops = verbs_of(frame)
    named = ops.col("day").is_null() & (ops.col("visit") == (study.baseline_visit or ""))
    return frame.filter(ops.col(column).is_in(wanted), (ops.col("day") <= 0) | named)


def lies_above(value: float | None, comparator: str, limit: float | None) -> float | None:
    """Tell whether a result lies above the upper limit of normal: 1, 0, or None where it cannot be told.

    Parameters
    ----------
    value : the result
    comparator : how it is written where it is beyond what the assay can measure: ``<``, ``<=``, ``>``, ``>=``
    limit : the laboratory's upper limit

    Examples
    --------
    >>> lies_above(20, "", 20), lies_above(20.1, "", 20), lies_above(20, ">", 20), lies_above(30, "<", 20)
    (0.0, 1.0, 1.0, None)
    """
    if value is None or limit is None:
        return None
    if comparator.startswith("<"):
        return 0.0 if compare_exactly(value, "<=", limit) else None
    if comparator.startswith(">"):
        is_above = compare_exactly(value, ">=" if comparator == ">" else ">", limit)
        return 1.0 if is_above else None
    return float(bool(compare_exactly(value, ">", limit)))


def lies_below(value: float | None, comparator: str, limit: float | None) -> float | None:
    """Tell whether a result lies below the lower limit of normal, as `lies_above` does of the upper.

    Examples
    --------
    >>> [lies_below(0.8, sign, 0.8) for sign in ("", "<", ">")], lies_below(0.7, ">", 0.8)
    ([0.0, 1.0, 0.0], None)
    """
    if value is None or limit is None:
        return None
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(comparator, "")
    return lies_above(-value, turned, -limit)
