"""How many of the values that were due are there, for each measure and visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.documents.table import Inline, TableCell, TableRow, TableSpec, words
from funis.reporting.key_rates import share_of
from funis.reporting.labels import Labels, in_sentence, listed
from funis.reporting.number_book import Group, Number, NumberBook, count_cell
from funis.results import ALL
from funis.study.model import Study

#: All measures together.
_VALUES = "values"
#: More columns of visits than these are left to the list of numbers.
_MOST_VISITS = 7


def values_due(book: NumberBook) -> tuple[Number, Number] | None:
    """Find how many values of all measures are there, and in percent; None where none was due.

    Parameters
    ----------
    book : the numbers of a run
    """
    for group in book.of("completeness"):
        count, percent = (book.find(group, ALL, name) for name in ("count", "percent"))
        if group.variable == _VALUES and count is not None and percent is not None:
            return count, percent
    return None


def build_completeness_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table of what is there of what was due, one row a measure.

    Parameters
    ----------
    study : the study file, for labels and the order of visits
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : none where nothing was due
    """
    groups = list(book.of("completeness"))
    if not groups:
        return ()
    labels = Labels(study)
    seen = {visit for group in groups for visit in book.visits(group)}
    visits = [visit.name for visit in study.visits if visit.name in seen]
    shown = visits if len(visits) <= _MOST_VISITS else []
    rows = tuple(_row(labels, book, group, shown) for group in groups)
    heads = ("Measure", *(labels.visit(visit) for visit in shown), "All visits, n/N due (%)")
    who = in_sentence(labels.population(groups[0].population))
    notes = (
        (
            f"Due: of all {who}, at the planned visits whose form has the measure; of a laboratory "
            "test, at those of them at which anybody has it. Nothing is due of whoever left before the "
            "window of a visit opened, or is still to come to it."
        ),
        *_on_no_form(labels, groups),
        "A score is there where it can be told from what was recorded and can be used.",
    )
    title = "Values that are there, of those due"
    said = _all_words(book, groups, notes)
    return (
        TableSpec(
            "table-completeness", "completeness", title, heads, rows, notes, is_upright=True, said=said
        ),
    )


def _on_no_form(labels: Labels, groups: Sequence[Group]) -> Iterator[str]:
    """Say by what rule something is due that stands on no form; nothing where every measure is on one."""
    study = labels.study
    forms = {form for visit in study.visits for form in visit.forms}
    names = set(study.instrument_names) | (set() if "labs" in forms else set(study.lab_names))
    measures = [group.measure for group in groups if group.measure in names - forms]
    if measures:
        said = listed([in_sentence(labels.variable(name)) for name in measures])
        yield (
            f"No visit of the study file lists {said} as a form: due at the visits that the endpoints name, "
            "at baseline, and where anybody has a value."
        )


def _all_words(book: NumberBook, groups: Sequence[Group], notes: tuple[str, ...]) -> tuple[Inline, ...]:
    """Say that every value due is there; nothing where one is not."""
    found = values_due(book)
    if found is None or found[0].value != found[0].denominator:
        return ()
    measures = sum(group.variable != _VALUES for group in groups)
    of_measures = "1 measure" if measures == 1 else f"{measures} measures"
    whole = Inline(str(found[0].denominator), found[0].id)
    behind = f" values due, of {of_measures}, are there. {' '.join(notes)}"
    return (Inline("All "), whole, Inline(behind))


def _row(labels: Labels, book: NumberBook, group: Group, visits: list[str]) -> TableRow:
    is_all = group.variable == _VALUES
    name = "All measures" if is_all else labels.variable(group.measure)
    by_visit: list[TableCell] = [
        share_of(book, group, visit) if book.find(group, visit, "count") else words("–") for visit in visits
    ]
    whole = count_cell(book.find(group, ALL, "count"), book.find(group, ALL, "percent"))
    return TableRow(words(name, strong=is_all), (*by_visit, whole))
