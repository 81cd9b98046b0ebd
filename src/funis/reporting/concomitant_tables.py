"""Other drugs beside the study product: by drug and visit, and course by course of each subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from funis.documents.table import EMPTY, TableCell, TableRow, TableSpec, heading, text_rows, words
from funis.reporting.event_term_tables import FEWEST_SUBJECTS, LARGE, SMALLEST_PERCENT
from funis.reporting.footnotes import describe_basis
from funis.reporting.glucocorticoid_tables import share_of_row, whose
from funis.reporting.labels import Labels
from funis.reporting.listing_tables import kept_rows, say_cut
from funis.reporting.number_book import Group, NumberBook, count_cell
from funis.results import ALL, Results
from funis.study.model import Study

_ANALYSIS: Final = "concomitant"
#: Visits of the table; the listing has every course.
_MOST_VISITS: Final = 7
_AFTER: Final = {"started": "Started", "stopped": "Stopped"}
_PERIODS: Final = {
    "before": "Ended before day 0",
    "at_day_0": "On day 0",
    "after": "Begun after day 0",
    "begin_not_recorded": "Begin not recorded",
}
_RULE: Final = (
    "On a drug at a visit: a course had begun by the day of the visit and had not ended before it; a course "
    "without a last day goes on. Known: subjects whose drugs are known at the visit, of those seen at it "
    "(asked then or later; where no such question is recorded, with any drug recorded); shares are of them."
)
_CHANGES: Final = (
    "Day 0: first infusion. Started: not on the drug on day 0, and a course begun later; another dose is no "
    "start. Stopped: on it on day 0 or later, and seen after the last day of its last course. Of subjects "
    "whose drugs are known at a visit after day 0."
)
_SPELLED: Final = "Drugs as recorded, not coded by a dictionary; glucocorticoid by mouth stands apart."


def build_concomitant_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table of other drugs by visit, and the listing of their courses by subject.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : none where nobody's drugs are known
    """
    whole = [group for group in book.of(_ANALYSIS) if group.variable == "known"]
    if not whole:
        return ()
    labels = Labels(study)
    frequent, rare = _divide(book)
    if book.has_one_subject:
        # Of one subject no drug is of several: each is listed.
        frequent, rare = (*frequent, *rare), ()
    tables = [_table(labels, book, whole, frequent, rare)]
    if rare:
        every = _table(labels, book, whole, (*frequent, *rare), ())
        title = f"{every.title}: every drug"
        tables.append(replace(every, id="table-concomitant-all", title=title, is_collapsed=True))
    return (*tables, *_listing(results.listings.get(_ANALYSIS, pl.DataFrame())))


def _divide(book: NumberBook) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the drugs by falling number of subjects at any one visit; those of few subjects apart."""
    most: dict[str, tuple[float, bool]] = {}
    for group in book.of(_ANALYSIS):
        if not group.category or group.arm != ALL:
            continue
        for number in book.all(group):
            if number.statistic == "count" and number.value is not None:
                of = number.denominator or 0
                least = FEWEST_SUBJECTS if of < LARGE else SMALLEST_PERCENT * of / 100
                count, often = most.get(group.category, (0.0, False))
                most[group.category] = max(count, number.value), often or number.value >= least
    names = sorted(most, key=lambda name: (-most[name][0], name.casefold()))
    return tuple(name for name in names if most[name][1]), tuple(name for name in names if not most[name][1])


def _table(
    labels: Labels, book: NumberBook, whole: Sequence[Group], drugs: Sequence[str], rare: Sequence[str]
) -> TableSpec:
    seen = list(dict.fromkeys(visit for group in whole for visit in book.visits(group)))
    visits = seen if len(seen) <= _MOST_VISITS else _spread(seen)
    rows: list[TableRow] = []
    for group in whole:
        indent = int(len(whole) > 1)
        rows += [heading(whose(labels, group))] if indent else []
        known = tuple(count_cell(book.find(group, visit, "count")) for visit in visits)
        rows.append(TableRow(words("Drugs known, n/N seen"), (*known, EMPTY, EMPTY), indent=indent))
        for drug in ("", *drugs):
            name = f"{drug[:1].upper()}{drug[1:]}" if drug else "Any of these drugs" if drugs else "Any drug"
            cells = tuple(_cells(book, group, drug, visits))
            rows.append(TableRow(words(name, strong=not drug), cells, indent=indent))
    heads = ("", *(labels.visit(visit) for visit in visits), *_AFTER.values())
    spanners = (
        ("", 1),
        ("Subjects on it at the visit, n (%)", len(visits)),
        ("After day 0, n/N (%)", len(_AFTER)),
    )
    used = [number for group in whole for number in book.all(group)]
    cut = (
        (f"{len(rare)} further drug{'s' if len(rare) > 1 else ''} of few subjects: supplement.",)
        if rare
        else ()
    )
    some = ("Some visits; the listing has every course.",) if len(seen) > len(visits) else ()
    notes = (_RULE, _CHANGES, *cut, *some, _SPELLED, *describe_basis(labels, used, with_missing=False))
    title = "Other drugs than glucocorticoid by mouth, by visit"
    return TableSpec("table-concomitant", "glucocorticoid", title, heads, tuple(rows), notes, spanners)


def _spread(visits: Sequence[str]) -> list[str]:
    """Choose visits with the first and the last among them."""
    last = _MOST_VISITS - 1
    return [visits[place * (len(visits) - 1) // last] for place in range(_MOST_VISITS)]


def _cells(book: NumberBook, group: Group, drug: str, visits: Sequence[str]) -> Iterator[TableCell]:
    """Print who was on a drug at each visit, who began and who stopped it."""
    for visit in visits:
        known = book.find(group, visit, "count")
        own = group._replace(variable="on", measure="on", category=drug)
        count = book.find(own, visit, "count")
        if count is None or known is None:
            yield EMPTY
        elif count.denominator == known.value:
            yield share_of_row(book, own, visit)
        else:
            # What is open for this drug alone takes somebody from its N: the cell says of how many.
            yield count_cell(count, book.find(own, visit, "percent"))
    for variable in _AFTER:
        own = group._replace(variable=variable, measure=variable, category=drug)
        yield count_cell(book.find(own, ALL, "count"), book.find(own, ALL, "percent"))


def _listing(frame: pl.DataFrame) -> Iterator[TableSpec]:
    """Specify the courses of each subject, one line a subject."""
    periods = [name for name in _PERIODS if name in frame.columns and (frame[name] != "").any()]
    if frame.is_empty() or not periods:
        return
    rows = text_rows(kept_rows(frame.select("subject", *periods)).iter_rows())
    heads = ("Subject", *(_PERIODS[name] for name in periods))
    note = "Dose as recorded, with study days; without a last day the course goes on. Day 0: first infusion."
    yield TableSpec(
        "table-listing-drugs", "subject-courses", "Other drugs of each subject", heads, rows, (note,),
        is_text=True, is_collapsed=True, instead=say_cut(frame.height, _ANALYSIS),
    )  # fmt: skip
