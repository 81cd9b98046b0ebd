"""Says under every table and figure which of the definitions its numbers rest on are proposals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from funis.documents.figure import FigureSpec
from funis.documents.table import TableSpec
from funis.reporting.definition_words import proposal_notes
from funis.reporting.labels import Labels
from funis.reporting.number_book import Number, NumberBook
from funis.study.model import Endpoint, Study
from funis.study.response_behind import definition_behind

#: Figures of several endpoints at once: responses, relapses and changes of all of them.
_OF_ALL = ("figure-swimmer", "figure-influence")


def say_proposals_of_tables(
    study: Study, book: NumberBook, tables: Sequence[TableSpec]
) -> Iterator[TableSpec]:
    """Add to each table what is proposed of the definitions behind its printed numbers.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run
    tables : as they were built; a note that stands there already is not repeated
    """
    labels = Labels(study)
    numbers = {number.id: number for number in book.numbers}
    endpoints = {endpoint.id: endpoint for endpoint in study.endpoints}
    for table in tables:
        cells = (cell for row in table.rows for cell in (row.stub, *row.cells))
        printed = [numbers[part.id] for cell in cells for part in cell.parts if part.id in numbers]
        names = [name for number in printed for name in _names(labels, number, endpoints)]
        notes = _notes(labels, names, table.footnotes)
        yield replace(table, footnotes=(*table.footnotes, *notes)) if notes else table


def say_proposals_of_figures(study: Study, figures: Iterable[FigureSpec]) -> Iterator[FigureSpec]:
    """Add to each figure what is proposed of the definitions of its endpoint, or of all endpoints it shows.

    Parameters
    ----------
    study : the study file
    figures : as they were built
    """
    labels = Labels(study)
    for figure in figures:
        own = [
            endpoint
            for endpoint in study.endpoints
            if figure.id == f"figure-{endpoint.id}" or figure.id.startswith(_OF_ALL)
        ]
        names = [name for endpoint in own for name in _names_of(labels, endpoint)]
        notes = _notes(labels, names, figure.footnotes)
        yield replace(figure, footnotes=(*figure.footnotes, *notes)) if notes else figure


def _names(labels: Labels, number: Number, endpoints: dict[str, Endpoint]) -> tuple[str, ...]:
    """Name what a number rests on: what was measured, and the response behind its endpoint."""
    endpoint = endpoints.get(number.endpoint)
    return (number.measure, definition_behind(labels.study, endpoint) if endpoint is not None else "")


def _names_of(labels: Labels, endpoint: Endpoint) -> tuple[str, ...]:
    return (definition_behind(labels.study, endpoint), *endpoint.all_variables)


def _notes(labels: Labels, names: Iterable[str], said: tuple[str, ...]) -> tuple[str, ...]:
    notes = [note for name in dict.fromkeys(names) for note in proposal_notes(labels, name)]
    return tuple(note for note in dict.fromkeys(notes) if note not in said)
