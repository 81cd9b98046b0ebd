"""The tables of the main part that follow a measure: scores and subgroups over time, tests by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from funis.catalogue.registry import definitions
from funis.documents.register import reference
from funis.documents.table import EMPTY, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.arm_differences import (
    Difference,
    difference_cells,
    difference_heads,
    difference_notes,
    find_difference,
)
from funis.reporting.carried_visits import carry_visits, choose_ends, last_carried, say_left_out
from funis.reporting.definition_words import with_unit
from funis.reporting.efficacy_tables import VariableByVisit, ordered_visits, variables_by_visit
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import Labels, capital, in_sentence, listed, method_label, with_groups
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    adjustment_of,
    bound,
    bound_p,
    decimals_for,
    interval,
    level_text,
    single,
    with_own_n,
)
from funis.reporting.single_patient import mean_words
from funis.reporting.small_samples import limit_notes
from funis.reporting.titres import is_titre_of, titre_name
from funis.results import ALL
from funis.study.model import Endpoint, Study
from funis.study.outcomes import outcome_subgroups

#: Measures side by side in one table.
_ABREAST = 2
#: Visits of a table of the main part; all stand in the supplement.
_MOST_VISITS = 7
_OF_TITRES = "Titre: its change is in steps of two-fold dilution (log2); −1 is half the titre."
_RANK = {"primary": 0, "secondary": 1, "exploratory": 2}


class _Measure(NamedTuple):
    """One measured variable in one group of subjects, with the endpoint that asks for it."""

    endpoint: Endpoint
    found: VariableByVisit

    @property
    def is_score(self) -> bool:
        return self.found.variable in definitions()


def build_main_measures(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the tables of measured changes that stand in the main part.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : scores over time, two abreast; each subgroup over time; one row a laboratory test
    """
    labels = Labels(study)
    measures = _find_measures(study, book)
    over_time = [each for each in measures if _is_followed(labels, book, each)]
    followed = [each for each in over_time if _has_value(book, each.found)]
    tables: list[TableSpec] = []
    for _, group in groupby(followed, key=_subjects):
        chosen = list(group)
        # With arms each measure has a table of its own: the arms stand abreast.
        step = 1 if len(study.arms) > 1 else _ABREAST
        for start in range(0, len(chosen), step):
            pair = chosen[start : start + step]
            tables.append(_over_time(labels, book, pair, len(tables)))
    rest = [each for each in measures if each not in over_time]
    return (*tables, *_by_row(labels, book, rest))


def _subjects(measure: _Measure) -> tuple[str, str]:
    return measure.found.population, measure.found.subgroup


def _find_measures(study: Study, book: NumberBook) -> list[_Measure]:
    """Give every measured variable of the change endpoints once, scores of everybody first."""
    found: list[_Measure] = []
    seen: set[tuple[str, str, str]] = set()
    for endpoint in sorted(study.endpoints, key=lambda each: _RANK[each.role]):
        if endpoint.kind not in {"change", "summary"}:
            continue
        for name in endpoint.all_variables:
            for variable in variables_by_visit(book, endpoint, name):
                key = (variable.variable, variable.subgroup, variable.arm)
                is_wanted = variable.subgroup == ALL or endpoint.subgroup_only
                # What an outcome forms is described in the supplement; here it would read as a result.
                is_wanted = is_wanted and variable.subgroup not in outcome_subgroups(study)
                is_arm = variable.arm != ALL or not study.arms
                if key not in seen and is_wanted and is_arm:
                    seen.add(key)
                    found.append(_Measure(endpoint, variable))
    found.sort(key=lambda each: (each.found.subgroup != ALL, not each.is_score))
    return _arms_together(found)


def _has_value(book: NumberBook, measure: VariableByVisit) -> bool:
    """Tell whether anything was measured: a table of dashes says less than the list of what has no result."""
    return any(
        number.value is not None
        for group in measure.groups
        for number in book.all(group)
        if number.statistic == "mean"
    )


def _arms_together(measures: Sequence[_Measure]) -> list[_Measure]:
    """Keep the first arm of each variable: its table has a part for each arm."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for each in measures:
        key = (each.found.variable, each.found.subgroup)
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return kept


def _group(measure: VariableByVisit, analysis: str) -> Group | None:
    return next((group for group in measure.groups if group.analysis == analysis), None)


def _visits(labels: Labels, book: NumberBook, measures: Sequence[_Measure]) -> tuple[str, ...]:
    """Give the visits of a table: baseline and those the endpoint names, at most seven."""
    seen = [visit for each in measures for group in each.found.groups for visit in book.visits(group)]
    ordered = ordered_visits(labels.study, seen)
    asked = {visit for each in measures for visit in each.endpoint.at}
    baseline = labels.study.baseline_visit
    kept = [visit for visit in ordered if not asked or visit in asked or visit == baseline]
    if len(kept) <= _MOST_VISITS:
        return tuple(kept)
    return tuple(kept[place * (len(kept) - 1) // (_MOST_VISITS - 1)] for place in range(_MOST_VISITS))


def _is_followed(labels: Labels, book: NumberBook, measure: _Measure) -> bool:
    """Tell whether a measure has a table over time: a score, or one of a subgroup, at three visits."""
    return (measure.is_score or measure.found.subgroup != ALL) and len(_visits(labels, book, [measure])) > 2


# --- over time -----------------------------------------------------------------------------------


class _Body(NamedTuple):
    """Heads, heads over them, and rows of a table over time, with what its notes say of differences."""

    heads: tuple[str, ...]
    spanners: tuple[tuple[str, int], ...]
    rows: list[TableRow]
    notes: tuple[str, ...] = ()


def _over_time(labels: Labels, book: NumberBook, pair: Sequence[_Measure], place: int) -> TableSpec:
    names = [with_unit(labels, each.found.variable) for each in pair]
    within = pair[0].found.subgroup
    title = f"{listed(names)} over time"
    if within != ALL:
        title = f"{labels.population(within)}: {listed([in_sentence(each) for each in names])} over time"
    body = _body_of_arms(labels, book, pair[0]) if len(labels.study.arms) > 1 else _body(labels, book, pair)
    notes = (*_notes(labels, book, pair), *body.notes)
    # With arms each measure fills a table: what is asked of a subgroup alone is looked up.
    is_aside = within != ALL and len(labels.study.arms) > 1
    section = _behind(labels, pair) if is_aside else "activity"
    return TableSpec(
        f"table-main-measure-{place + 1}", section, capital(title), body.heads, tuple(body.rows), notes,
        body.spanners, is_upright=True,
    )  # fmt: skip


def _body(labels: Labels, book: NumberBook, pair: Sequence[_Measure]) -> _Body:
    """Set the measures of one group of patients abreast."""
    study = labels.study
    level, with_p = level_text(study), _prints_p(labels, book, pair)
    columns = (*_columns(book, level), *([_p_head(book, pair)] if with_p else []))
    own = [_of_arm(book, each, study.arms[0].id if study.arms else ALL) for each in pair]
    rows = [
        TableRow(
            words(labels.visit(visit)),
            tuple(cell for each in own for cell in _visit_cells(book, each, visit, with_p=with_p)),
        )
        for visit in _visits(labels, book, pair)
    ]
    names = [with_unit(labels, each.found.variable) for each in pair]
    over = (("", 1), *((capital(name), len(columns)) for name in names)) if len(pair) > 1 else ()
    return _Body(("Visit", *columns * len(pair)), over, rows)


def _body_of_arms(labels: Labels, book: NumberBook, measure: _Measure) -> _Body:
    """Set two arms abreast, more below each other, with the difference from the control arm at the right."""
    study, visits = labels.study, _visits(labels, book, [measure])
    level, digits = level_text(study), _digits(book, measure.found)
    columns = _columns(book, level)
    own = {arm.id: _of_arm(book, measure, arm.id) for arm in study.arms}
    found = {(arm, visit): _difference(labels, book, measure, arm, visit) for arm in own for visit in visits}
    known = [each for each in found.values() if each is not None]
    behind = difference_heads(level_text(study, measure.endpoint.id), known)

    def cells(arm: str, visit: str) -> tuple[TableCell, ...]:
        return _visit_cells(book, own[arm], visit, with_p=False)

    def last(arms: Sequence[str], visit: str) -> tuple[TableCell, ...]:
        there = next((found[arm, visit] for arm in arms if found[arm, visit] is not None), None)
        return difference_cells(there, digits) if behind else ()

    notes = tuple(difference_notes(labels, known))
    if len(own) == 2:
        rows = [
            TableRow(
                words(labels.visit(visit)),
                (*(each for arm in own for each in cells(arm, visit)), *last([*own], visit)),
            )
            for visit in visits
        ]
        over = (
            ("", 1),
            *((arm.name, len(columns)) for arm in study.arms),
            *([("", len(behind))] if behind else []),
        )
        return _Body(("Visit", *columns * 2, *behind), over, rows, notes)
    rows = []
    for arm in study.arms:
        rows.append(heading(arm.name))
        rows += [
            TableRow(words(labels.visit(visit)), (*cells(arm.id, visit), *last([arm.id], visit)), indent=1)
            for visit in visits
        ]
    return _Body(("Visit", *columns, *behind), (), rows, notes)


def _columns(book: NumberBook, level: str) -> tuple[str, ...]:
    return "n", _head(book, "Mean ± SD"), f"Change ({level} CI)"


def _head(book: NumberBook, words: str) -> str:
    return mean_words(words, of_one=book.has_one_subject)


def _difference(
    labels: Labels, book: NumberBook, measure: _Measure, arm: str, visit: str
) -> Difference | None:
    found = measure.found
    return find_difference(labels.study, book, measure.endpoint, found.variable, found.subgroup, arm, visit)


def _of_arm(book: NumberBook, measure: _Measure, arm: str) -> VariableByVisit:
    for each in variables_by_visit(book, measure.endpoint, measure.found.variable):
        if each.arm == arm and each.subgroup == measure.found.subgroup:
            return each
    return measure.found._replace(groups=())


def _prints_p(labels: Labels, book: NumberBook, measures: Sequence[_Measure]) -> bool:
    """Tell whether changes within a group were tested: no column where no test was planned."""
    return not labels.study.arms and (book.withholds_tests or bool(_adjustments(book, measures)))


def _p_head(book: NumberBook, measures: Sequence[_Measure]) -> str:
    """Name the adjustment of a column of P values; where rows differ, the notes say which has which."""
    found = set(_adjustments(book, measures).values())
    if found == {""}:
        return "P"
    return f"P ({method_label(found.pop())})" if len(found) == 1 else "P (adjusted as noted)"


def _adjustments(book: NumberBook, measures: Sequence[_Measure]) -> dict[str, str]:
    """Give the adjustment of the P printed of each measure, empty where none; untested ones are left out."""
    found: dict[str, str] = {}
    for each in measures:
        tests = [group for group in each.found.groups if group.analysis == "test"]
        printed = [
            number
            for group in tests
            for visit in book.visits(group)
            for number in _printed_p(book, group, visit)
        ]
        if printed:
            found[each.found.variable] = adjustment_of(printed)
    return found


def _visit_cells(
    book: NumberBook, measure: VariableByVisit, visit: str, *, with_p: bool
) -> tuple[TableCell, ...]:
    level, change = _group(measure, "summary"), _group(measure, "change")
    digits = _digits(book, measure)
    size = joined(bound(book.find(level, visit, "n"), 0)) if level is not None else EMPTY
    cells = (size, _level_cell(book, level, visit, digits), change_cell(book, change, visit, digits))
    return (*cells, _p_cell(book, measure, visit)) if with_p else cells


def _digits(book: NumberBook, measure: VariableByVisit) -> int:
    values = (
        number.value
        for group in measure.groups
        if group.analysis in {"summary", "change"}
        for number in book.all(group)
        if number.statistic == "mean"
    )
    return decimals_for(book, measure.variable, values)


def _level_cell(book: NumberBook, group: Group | None, visit: str, digits: int) -> TableCell:
    if group is None:
        return EMPTY
    mean, sd = (bound(book.find(group, visit, name), digits) for name in ("mean", "sd"))
    return joined(mean, " ± ", sd) if sd is not None else joined(mean)


def change_cell(book: NumberBook, group: Group | None, visit: str, digits: int) -> TableCell:
    """Make a cell of a mean change with its interval; a dash where there is none."""
    if group is None:
        return EMPTY
    mean, lower, upper = (bound(book.find(group, visit, name), digits) for name in ("mean", "lower", "upper"))
    return joined(mean, " (", *interval(lower, upper), ")") if lower and upper else joined(mean)


def _p_cell(book: NumberBook, measure: VariableByVisit, visit: str) -> TableCell:
    """Print the adjusted P of the first planned test, the unadjusted where none is adjusted."""
    for group in measure.groups:
        for found in _printed_p(book, group, visit) if group.analysis == "test" else ():
            return joined(bound_p(found))
    return EMPTY


def _printed_p(book: NumberBook, group: Group, visit: str) -> Iterator[Number | None]:
    """Find the P of the first planned test, adjusted where it is; nothing where nothing was tested."""
    methods = dict.fromkeys(each.method for each in book.all(group) if each.statistic == "p")
    for method in list(methods)[:1]:
        yield book.find(group, visit, "p_adjusted", method) or book.find(group, visit, "p", method)


def _notes(labels: Labels, book: NumberBook, pair: Sequence[_Measure]) -> Iterator[str]:
    who = in_sentence(labels.population(pair[0].found.population))
    yield f"Population: {who}. Change: value minus baseline, of patients with both."
    if not labels.study.arms:
        yield from _test_notes(labels, book, pair)
    if pair[0].found.subgroup != ALL:
        yield (
            f"Subgroup fixed at baseline: {reference('definitions')}. Chosen for high or low values, it "
            "moves to the mean by itself."
        )
    used = [number for each in pair for group in each.found.groups for number in book.all(group)]
    yield from limit_notes(used)
    also = "" if book.has_one_subject else ", median and other tests"
    yield f"Every visit{also}: {reference(_behind(labels, pair))}."


def _behind(labels: Labels, pair: Sequence[_Measure]) -> str:
    """Name the section of the supplement that has the same endpoint in full."""
    labs = {lab.test for lab in labels.study.labs}
    return "laboratory" if labs.issuperset(pair[0].endpoint.all_variables) else "scores"


def _test_notes(labels: Labels, book: NumberBook, pair: Sequence[_Measure]) -> Iterator[str]:
    tests = dict.fromkeys(
        next((number.method for number in book.all(group) if number.statistic == "p"), "")
        for each in pair
        for group in each.found.groups
        if group.analysis == "test"
    )
    named = [in_sentence(method_label(name)) for name in tests if name]
    if named:
        beside = _adjustment_words(labels, _adjustments(book, pair))
        yield f"P: {listed(named)}{beside}; it tests a change from baseline, not an effect of treatment."


def _adjustment_words(labels: Labels, adjustments: Mapping[str, str]) -> str:
    """Say how the P values of measures are adjusted, by measure where they differ."""
    by_way: dict[str, list[str]] = {}
    for variable, way in adjustments.items():
        by_way.setdefault(way, []).append(in_sentence(labels.variable(variable)))
    said = {
        way: f"adjusted by {in_sentence(method_label(way))} over the visits" if way else "not adjusted"
        for way in by_way
    }
    if len(by_way) == 1:
        return f", {next(iter(said.values()))}"
    return "; " + "; ".join(f"{said[way]}: {listed(names)}" for way, names in by_way.items())


# --- one row a test ------------------------------------------------------------------------------


def _by_row(labels: Labels, book: NumberBook, measures: Sequence[_Measure]) -> Iterator[TableSpec]:
    if not measures:
        return
    study = labels.study
    has_arms = len(study.arms) > 1
    every = _visits(labels, book, measures)
    levels = [group for each in measures if (group := _group(each.found, "summary")) is not None]
    carried = carry_visits(book, levels, every)
    visits = choose_ends(carried, study.baseline_visit or next(iter(carried), ""))
    if has_arms and len(visits) > 2:
        # The room of the visit in the middle is that of the difference between arms.
        visits = (visits[0], visits[-1])
    level, with_p = level_text(study), _prints_p(labels, book, measures)
    found = {arm.id: _last_differences(labels, book, measures, arm.id) for arm in study.arms}
    known = [each for own in found.values() for each in own if each is not None]
    behind = difference_heads(levels_text(study, (each.endpoint.id for each in measures)), known)
    rows: list[TableRow] = []
    for arm in [arm.id for arm in study.arms] or [ALL]:
        if arm != ALL:
            rows.append(heading(next(each.name for each in study.arms if each.id == arm)))
        for place, each in enumerate(measures):
            own = _of_arm(book, each, arm)
            cells = tuple(_row_cells(labels, book, own, visits, with_p=with_p))
            if behind:
                cells += difference_cells(found[arm][place], _digits(book, own))
            rows.append(TableRow(words(_row_name(labels, book, own)), cells, indent=int(arm != ALL)))
    heads = (
        "", "n", *(_head(book, f"{labels.visit(visit)}, mean ± SD") for visit in visits),
        f"Last change ({level} CI)",
        *([_p_head(book, measures)] if with_p else []), *behind,
    )  # fmt: skip
    title = (
        "Laboratory tests and other measures"
        if any(not each.is_score for each in measures)
        else "Other measures"
    )
    notes = (*_row_notes(labels, book, measures, known), *say_left_out(labels, every, carried))
    yield TableSpec("table-main-tests", "activity", title, heads, tuple(rows), notes, is_upright=True)


def _row_name(labels: Labels, book: NumberBook, measure: VariableByVisit) -> str:
    name = with_unit(labels, measure.variable)
    if is_titre_of(labels.study, measure.variable):
        name = titre_name(labels, measure.variable, of_one=book.has_one_subject)
    return with_groups(capital(name), labels.within(measure.subgroup, ALL))


def _row_notes(
    labels: Labels, book: NumberBook, measures: Sequence[_Measure], differences: Sequence[Difference]
) -> Iterator[str]:
    n = "" if book.has_one_subject else "n: patients with both values of the change. "
    yield f"{n}Last change: at the last visit of the measure."
    if any(is_titre_of(labels.study, each.found.variable) for each in measures):
        yield _OF_TITRES
    if not labels.study.arms:
        yield from _test_notes(labels, book, measures)
    yield from difference_notes(labels, differences)
    if differences:
        yield from level_notes(labels, (each.endpoint.id for each in measures))
    yield from limit_notes(
        number for each in measures for group in each.found.groups for number in book.all(group)
    )
    also = "and limits of normal" if book.has_one_subject else "limits of normal and other tests"
    joint = " " if book.has_one_subject else ", "
    yield f"All visits{joint}{also}: {reference(_behind_rows(labels, measures))}."


def _last_differences(
    labels: Labels, book: NumberBook, measures: Sequence[_Measure], arm: str
) -> list[Difference | None]:
    """Give how an arm differed from the control arm in the last change of each measure."""
    own = (_of_arm(book, each, arm) for each in measures)
    last = (last_carried(labels, book, _group(each, "change"), _group(each, "summary")) for each in own)
    pairs = zip(measures, last, strict=True)
    return [_difference(labels, book, each, arm, visit) for each, visit in pairs]


def _behind_rows(labels: Labels, measures: Sequence[_Measure]) -> str:
    return next((name for each in measures if (name := _behind(labels, [each])) == "laboratory"), "scores")


def _row_cells(
    labels: Labels, book: NumberBook, measure: VariableByVisit, visits: Sequence[str], *, with_p: bool
) -> Iterator[TableCell]:
    level, change = _group(measure, "summary"), _group(measure, "change")
    digits, is_titre = _digits(book, measure), is_titre_of(labels.study, measure.variable)
    last = last_carried(labels, book, change, level)
    size = book.find(change, last, "n") if change is not None and last else None
    yield single(size, 0) if size is not None else EMPTY
    for visit in visits:
        n = book.find(level, visit, "n") if level is not None else None
        cell = _level_cell(book, level, visit, digits)
        if is_titre and level is not None:
            cell = joined(bound(book.find(level, visit, "geometric_mean"), 0))
        yield with_own_n(cell, n, size)
    yield change_cell(book, change, last, digits) if last else EMPTY
    if with_p:
        yield _p_cell(book, measure, last) if last else EMPTY
