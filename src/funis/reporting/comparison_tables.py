"""Arms of a parallel trial beside each other: one table of differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from funis.documents.register import reference
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import UNADJUSTED, describe_basis
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import Labels, method_label, with_groups
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    bound,
    bound_p,
    decimals_for,
    interval,
    p_cell,
)
from funis.results import ALL, name_change
from funis.study.model import Study

DIFFERENCE: Final = (
    "Difference: arm minus control. Changes: mean difference for Welch’s t test, Hodges-Lehmann "
    "shift for the rank-sum test, mean difference without an interval for the permutation test. "
    "Responders: percentage points with Newcombe’s interval, P by Fisher."
)


def build_comparison_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify every comparison of an arm with the control arm, one row a visit and test."""
    groups = list(book.of("comparison"))
    if not groups:
        return ()
    labels = Labels(study)
    rows = [row for group in groups for row in compare_rows(labels, book, group)]
    used = [number for group in groups for number in book.all(group)]
    ends = [group.endpoint for group in groups]
    heads = ("", "n, arm", "n, control", f"Difference ({levels_text(study, ends)} CI)", "Test", "P")
    notes = (
        f"{DIFFERENCE} Time to event: events observed (expected) in arm and control.",
        _unadjusted(used),
        *level_notes(labels, ends),
        *describe_basis(labels, used),
    )
    title = "Comparison between arms: every test"
    whole = TableSpec("table-comparison", "comparison", title, heads, tuple(rows), notes)
    return (*_event_table(labels, book, groups), whole)


def compare_rows(labels: Labels, book: NumberBook, group: Group) -> Iterator[TableRow]:
    """Give the rows of one measure compared between two arms: a heading, and a row a visit and test."""
    yield heading(_title(labels, group))
    for visit in _ordered(labels.study, book.visits(group)):
        yield from _visit_rows(labels, book, group, visit)


def _unadjusted(used: Iterable[Number]) -> str:
    """Say that the P values are as each test gives them, and where adjusted ones stand."""
    has_adjusted = any(number.statistic == "p_adjusted" for number in used)
    return f"{UNADJUSTED[:-1]}; adjusted ones stand with the outcome." if has_adjusted else UNADJUSTED


def _event_table(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterable[TableSpec]:
    """Specify the times to an event: their difference is in no other table of the main part."""
    rows = []
    for group in groups:
        test = book.find(group, ALL, "p", "log_rank")
        if test is not None:
            sizes = tuple(_text(book.find(group, ALL, name)) for name in ("n_first", "n_second"))
            cells = (*sizes, _events(book, group, ALL), _p_cell(book, group, test))
            rows.append(TableRow(words(_title(labels, group)), cells))
    if rows:
        heads = ("", "n, arm", "n, control", "Events observed (expected), arm and control", "P")
        notes = (
            (
                "P: log-rank test, not adjusted for the number of tests. Every other test between arms: "
                f"{reference('models')}."
            ),
        )
        title = "Time to an event: comparison between arms"
        yield TableSpec("table-main-comparison", "comparison", title, heads, tuple(rows), notes)


def _title(labels: Labels, group: Group) -> str:
    names = {arm.id: arm.name for arm in labels.study.arms}
    arm, control = group.arm, group.contrast
    is_change = group.variable == name_change(group.measure)
    measure = (
        labels.variable_with_unit(group.variable, group.measure)
        if is_change
        else labels.endpoint(group.endpoint)
    )
    named = with_groups(measure, labels.within(group.subgroup, ALL))
    return f"{named}: {names.get(arm, arm)} minus {names.get(control, control)}"


def _ordered(study: Study, visits: Sequence[str]) -> Iterable[str]:
    planned = [visit for visit in study.visit_names if visit in visits]
    return (*planned, *(visit for visit in visits if visit not in planned))


def _visit_rows(labels: Labels, book: NumberBook, group: Group, visit: str) -> Iterable[TableRow]:
    """Give one row a test; the numbers of subjects stand in the first."""
    sizes = tuple(_text(book.find(group, visit, name)) for name in ("n_first", "n_second"))
    tests = [number for number in book.all(group) if number.visit == visit and number.statistic == "p"]
    for place, test in enumerate(tests):
        # Every row has a name: a reader who hears the table cannot see what stands above.
        when = "Whole follow-up" if visit == ALL else labels.visit(visit)
        cells = (
            *(sizes if place == 0 else (words(""), words(""))),
            _difference(book, group, test),
            _test(book, group, test),
            _p_cell(book, group, test),
        )
        yield TableRow(words(when), cells, indent=1)


def _difference(book: NumberBook, group: Group, test: Number) -> TableCell:
    if test.method == "log_rank":
        return _events(book, group, test.visit)
    method = "newcombe" if test.method == "fisher" else test.method
    numbers = [book.find(group, test.visit, name, method) for name in ("estimate", "lower", "upper")]
    if numbers[0] is None:
        return EMPTY
    values = (number.value for number in numbers if number)
    digits = 1 if method == "newcombe" else decimals_for(book, group.measure, values)
    parts = [bound(number, digits) for number in numbers]
    if numbers[1] is None:
        return joined(parts[0])
    return joined(parts[0], " (", *interval(parts[1], parts[2]), ")")


def _p_cell(book: NumberBook, group: Group, test: Number) -> TableCell:
    """Print P, with n where it is small, and the smallest P of an exact test where it lies below that."""
    if test.value is None:
        return joined(Inline(test.text, test.id))
    least = book.find(group, test.visit, "p_exact_least", test.method)
    beside = ("; exact tests at least ", bound_p(least)) if least is not None else ()
    return joined(*p_cell(test).parts, *beside)


def _test(book: NumberBook, group: Group, test: Number) -> TableCell:
    """Name the test, and how many arrangements were drawn where they could not be counted."""
    draws = book.find(group, test.visit, "draws", test.method)
    if draws is None:
        return words(method_label(test.method))
    error = book.find(group, test.visit, "p_error", test.method)
    beside = (", SE of P ", Inline(error.text, error.id)) if error is not None else ()
    return joined(f"{method_label(test.method)}, ", Inline(draws.text, draws.id), " drawn", *beside)


def _events(book: NumberBook, group: Group, visit: str) -> TableCell:
    found = [
        book.find(group, visit, name)
        for name in ("events_first", "expected_first", "events_second", "expected_second")
    ]
    parts = [bound(number, digits) for number, digits in zip(found, (0, 1, 0, 1), strict=True)]
    return joined(parts[0], " (", parts[1], ") and ", parts[2], " (", parts[3], ")")


def _text(number: Number | None) -> TableCell:
    return EMPTY if number is None else joined(Inline(number.text, number.id))
