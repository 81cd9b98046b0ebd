"""The numbers of a report and the recorded values behind them, as compact JSON for the panel of the page.

Every word stands once in a list; every recorded value stands once in columns; a source is a list of positions
in them, written as ranges. A source of 40 subjects that stand together takes four characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import polars as pl

from funis.catalogue.registry import responses
from funis.documents.number_panel import Cell, PanelColumns, PanelWords, gather_panel
from funis.reporting.labels import MISSING, STATISTICS, Labels, format_unit, humanise, in_sentence
from funis.reporting.limits import VALUES_IN_PAGE, VALUES_OF_NUMBER
from funis.reporting.method_words import METHODS
from funis.reporting.number_book import Number, NumberBook
from funis.reporting.response_tables import class_label
from funis.results import ABSENT, ALL, Results, format_number
from funis.study.model import Study

_NUMERIC = ("value", "n", "denominator", "delta")
#: What a number has for itself; the parts that few have come last, and what is empty at the end is left out.
_OWN = ("statistic", "text", "value", "method", "adjustment", "delta")
#: What the numbers of a place share: it stands once for all of them.
_SHARED = tuple(name for name in Number._fields if name not in {"id", "measure", *_OWN})
_shared_of, _own_of = attrgetter(*_SHARED), attrgetter(*_OWN)
#: What the panel shows of a number, in the order of its cells: those of its place, then its own.
_COLUMNS = PanelColumns((*_SHARED, *_OWN), numeric=_NUMERIC)
#: The words of the panel itself; what stands in braces is filled in by the page.
PANEL_WORDS: dict[str, str] = {
    "of": "of",
    "at": "at",
    "unrounded": "Unrounded",
    "printed": "Printed",
    "endpoint": "Endpoint",
    "population": "Population",
    "subgroup": "Subgroup",
    "estimand": "Estimand",
    "arm": "Arm",
    "contrast": "Minus arm",
    "category": "Category",
    "parameter": "Parameter",
    "cluster": "By",
    "n": "n",
    "denominator": "Denominator",
    "method": "Method",
    "adjustment": "Adjustment",
    "delta": "Delta",
    "missing": "Missing data",
    "missing_outcome": "Missing outcome",
    "status": "Status",
    "id": "Result id",
    "values": "Recorded values behind it",
    "values_of": "Recorded values of {variable} behind it",
    "absent": "Not in this number",
    "alike": "Results that this number is printed once for",
    "reason": "Reason",
    "no_values": "No single recorded values stand behind this number.",
    "subject": "Subject",
    "visit": "Visit",
    "variable": "Variable",
    "value": "Value",
    "place": "File and line",
    "show_all": "Show all {count}",
    "unknown": "No such number here",
    "unknown_why": (
        "The address names a number that this report does not print. It may have been made from other data, "
        "or the number may have been left out. All numbers stand in results.csv, beside this page. Asked for:"
    ),
    "cut": (
        "These are the values of the first subjects. All {count} are the rows of sources.parquet, beside "
        "this page, whose source is {source}"
    ),
}


#: What stands between a statistic and its variable where "of" would not read.
JOINERS: dict[str, str] = {
    "n": "with", "events": "for", "improved": "in", "worsened": "in", "unchanged": "in", "at_risk": "of",
}  # fmt: skip


def build_payload(study: Study, results: Results, book: NumberBook, ids: Iterable[str]) -> dict[str, Any]:
    """Gather what the panel shows for the numbers that are printed.

    Parameters
    ----------
    study, results : as for the report
    book : the numbers of `results`
    ids : ids of the numbers that the report prints

    Returns
    -------
    dict : columns, strings, places, numbers by id (place and own cells), recorded values in columns, sources
        as ranges, the number of values of each source of which only the first subjects stand in the page,
        labels, words of the panel
    """
    printed = set(ids)
    chosen = [number for number in book.numbers if number.id in printed]
    words, labels = PanelWords(), Labels(study)
    rows = _Rows(labels, words)
    numbers = {number.id: rows.write(number) for number in chosen}
    keys = {f"{number.source}{end}" for number in chosen if number.source for end in ("", ABSENT)}
    kept, cut = results.behind.cut(keys, VALUES_IN_PAGE, VALUES_OF_NUMBER)
    atoms, sources = _build_sources(kept, words)
    recorded = {
        "atoms": atoms, "sources": sources, "cut": cut, "labels": _build_labels(study, chosen, kept),
    }  # fmt: skip
    return gather_panel(_COLUMNS, numbers, words, PANEL_WORDS, places=rows.places, recorded=recorded)


class _Rows:
    """Numbers as their place and their own cells; a cell or a place that stood before is looked up.

    Attributes
    ----------
    places : the cells of each place, and its position
    """

    def __init__(self, labels: Labels, words: PanelWords) -> None:
        self._labels, self._words = labels, words
        self.places: dict[tuple[Cell, ...], int] = {}
        self._shared: dict[tuple[Any, ...], int] = {}
        self._own: dict[tuple[str, Any], Cell] = {}

    def write(self, number: Number) -> list[Cell]:
        """Write a number without what is empty at the end."""
        # What a class is called depends on the measure, too.
        written = (number.measure, *_shared_of(number))
        place = self._shared.get(written)
        if place is None:
            cells = tuple(_cell(self._labels, number, name, self._words) for name in _SHARED)
            place = self._shared[written] = self.places.setdefault(cells, len(self.places))
        own = list(_own_of(number))
        while own[-1] in {"", None}:
            own.pop()
        return [place, *(self._own_cell(number, *each) for each in zip(_OWN, own, strict=False))]

    def _own_cell(self, number: Number, name: str, value: Any) -> Cell:
        """Write a cell that depends on nothing but its column and its value."""
        known = self._own.get((name, value))
        if known is None:
            known = self._own[name, value] = _cell(self._labels, number, name, self._words)
        return known


def _cell(labels: Labels, number: Number, name: str, words: PanelWords) -> Cell:
    """Write a cell as a number, or as the position of a word; a whole number without its decimals."""
    if name not in _NUMERIC:
        return words.place(shown_part(labels, number, name))
    value = getattr(number, name)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def shown_part(labels: Labels, number: Number, name: str) -> str:
    """Give what the panel shows of a column: what divides nothing is left out, a class is named in full."""
    value = str(getattr(number, name))
    if name == "category":
        if number.measure in responses():
            return class_label(number.measure, value)
        return humanise(value) if number.analysis == "course" else value
    if name == "parameter" and value in labels.study.visit_names:
        return labels.visit(value)
    return "" if value == ALL and name in {"subgroup", "arm", "visit"} else value


def _build_sources(used: pl.DataFrame, words: PanelWords) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Write each recorded value once and each source as positions of values."""
    if used.is_empty():
        return {name: [] for name in ("subject", "visit", "variable", "value", "file", "line")}, {}
    columns = [name for name in used.columns if name != "source"]
    atoms = (
        used.select(columns).unique(maintain_order=False).sort("variable", "visit", "subject", "file", "line")
    )
    placed = used.join(atoms.with_row_index("place"), on=columns, how="left", nulls_equal=True)
    groups = placed.group_by("source", maintain_order=True).agg(pl.col("place").unique().sort())
    sources = {key: write_ranges(places) for key, places in groups.sort("source").iter_rows()}
    texts = atoms["text"].to_list() if "text" in atoms.columns else [None] * atoms.height
    values = [print_value(number, text) for number, text in zip(atoms["value"].to_list(), texts, strict=True)]
    found: dict[str, list[Any]] = {
        name: [words.place(word or "") for word in atoms[name].to_list()]
        for name in ("subject", "visit", "variable", "file")
    }
    return found | {
        "value": [words.place(value) for value in values],
        "line": atoms["line"].to_list(),
    }, sources


def print_value(number: float | None, text: str | None) -> str:
    """Print a recorded value: its words, else its number with the decimals it has.

    Examples
    --------
    >>> print_value(7.0, None), print_value(None, "MCR"), print_value(None, "")
    ('7', 'MCR', 'missing')
    """
    if text:
        return text
    if number is None:
        return "missing"
    return format_number(number, 6).rstrip("0").rstrip(".")


def write_ranges(places: Sequence[int]) -> str:
    """Write increasing positions as ranges.

    Examples
    --------
    >>> write_ranges([0, 1, 2, 3, 7, 9, 10])
    '0-3,7,9-10'
    """
    ranges: list[list[int]] = []
    for place in places:
        if ranges and place == ranges[-1][1] + 1:
            ranges[-1][1] = place
        else:
            ranges.append([place, place])
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in ranges)


def _phrase(labels: Labels, name: str, measure: str) -> str:
    """Name a variable as a sentence does, its unit in brackets."""
    words, unit = in_sentence(labels.variable(name, measure)), format_unit(labels.unit(measure or name))
    return f"{words} ({unit})" if unit else words


def _build_labels(
    study: Study, numbers: Iterable[Number], sources: pl.DataFrame
) -> dict[str, dict[str, str]]:
    labels = Labels(study)
    used = list(numbers)
    variables = {(number.variable, number.measure) for number in used}
    visits = {number.visit for number in used}
    if not sources.is_empty():
        variables |= set(sources.select("variable", "measure").unique().iter_rows())
        visits |= set(sources["visit"].drop_nulls().unique())
    groups = {name for number in used for name in (number.population, number.subgroup)}
    return {
        "variables": {
            name: labels.variable_with_unit(name, measure or "")
            for name, measure in sorted(variables)
            if name
        },
        "visits": {name: labels.visit(name) for name in sorted(visits) if name and name != ALL},
        "phrases": {
            name: _phrase(labels, name, measure or "") for name, measure in sorted(variables) if name
        },
        "visit_phrases": {
            name: in_sentence(labels.visit(name)) for name in sorted(visits) if name and name != ALL
        },
        "joiners": JOINERS,
        "statistics": STATISTICS,
        "methods": {name: found.label for name, found in METHODS.items()},
        "missing": MISSING,
        "populations": {
            name: f"{labels.population(name)}{f' ({rule})' if (rule := labels.population_rule(name)) else ''}"
            for name in sorted(groups)
            if name and name != ALL
        },
        "endpoints": {endpoint.id: endpoint.printed for endpoint in study.endpoints},
    }
