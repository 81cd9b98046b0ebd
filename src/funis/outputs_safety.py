"""Safety tables: adverse events by subject and by event, what "none" rests on, infusions, exposure."""

from __future__ import annotations

from collections.abc import Sequence

from funis.labels import Labels, humanise
from funis.outputs_efficacy import describe_lines
from funis.outputs_footnotes import describe_basis
from funis.outputs_numbers import Group, NumberBook, count_cell, part_in_millions, single
from funis.outputs_table import Cell, Row, TableSpec, heading, joined, words
from funis.plan import Study
from funis.results import ALL

EVENTS: dict[str, str] = {
    "any": "Any adverse event",
    "serious": "Serious",
    "related": "Related to the cells",
    "grade_3_or_more": "Grade 3 or more",
    "fatal": "Fatal",
}
EXPOSURE: dict[str, str] = {
    "cells": "Cells infused",
    "cells_per_kg": "Cells per kg",
    "day": "Day of infusion",
    "weight_kg": "Weight, kg",
    "infused": "Subjects infused",
    "within_dose": "Dose within tolerance",
    "reaction": "Infusion reaction",
    "lots": "Lots",
}


def build_adverse_event_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify adverse events per subject and per event, and how often subjects were asked."""
    groups = list(book.of("adverse_events"))
    asked = [group for group in groups if group.variable == "asked"]
    counted = [group for group in groups if group.variable != "asked"]
    tables = [_event_table(study, book, counted)] if counted else []
    return (*tables, *([_asked_table(study, book, asked)] if asked else []))


def _event_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    rows: list[Row] = []
    told: set[str] = set()
    for group in groups:
        kind, _, name = group.variable.partition(": ")
        for visit in book.visits(group):
            title = {"term": "By term", "grade": "By highest grade"}.get(kind, humanise(kind)) if name else ""
            if title and title not in told:
                rows.append(heading(title))
                told.add(title)
            label = humanise(name) if kind == "term" else name or EVENTS.get(kind, humanise(kind))
            label = f"Grade {name}" if kind == "grade" else label
            cells = (count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent")),
                     single(book.find(group, visit, "events"), 0))  # fmt: skip
            rows.append(Row(words(label), cells, indent=int(bool(title))))
    used = [number for group in groups for number in book.all(group)]
    heads = ("", "Subjects, n/N (%)", "Events")
    notes = (
        "A subject counts once in each row; events count as often as they were recorded.",
        "How often subjects were asked, and so what a zero rests on, stands in the table of safety questions.",
        *describe_basis(labels, used),
    )
    return TableSpec("table-adverse-events", "safety", "Adverse events", heads, tuple(rows), notes)


def _asked_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    rows = [
        Row(words("All visits together" if visit == ALL else labels.visit(visit), strong=visit == ALL), (
            count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent")),))
        for group in groups
        for visit in book.visits(group)
    ]  # fmt: skip
    used = [number for group in groups for number in book.all(group)]
    notes = (
        "N: subjects from whom the answer was due at the visit. Only where the question was asked is "
        "“no adverse event” an observation.",
        *describe_basis(labels, used),
    )
    heads = ("Visit", "Asked about adverse events, n/N due (%)")
    title = "Safety questions: what “none” rests on"
    return TableSpec("table-asked", "safety", title, heads, tuple(rows), notes)


def build_exposure_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify infusions and dose, one column an infusion."""
    groups = list(book.of("exposure"))
    if not groups:
        return ()
    labels = Labels(study)
    visits = list(dict.fromkeys(visit for group in groups for visit in book.visits(group)))
    visits.sort(key=lambda visit: visit == ALL)
    rows: list[Row] = []
    for group in groups:
        label = EXPOSURE.get(group.variable, humanise(group.variable))
        statistics = {statistic for _, statistic in book.groups[group]}
        if "mean" in statistics:
            rows.append(heading(label))
            for line in (
                _dose_lines(book, group)
                if group.variable.startswith("cells")
                else describe_lines(book, group)
            ):
                rows.append(
                    Row(words(line[0]), tuple(line[1].get(visit, words("")) for visit in visits), indent=1)
                )
        else:
            rows.append(Row(words(label), tuple(_count(book, group, visit) for visit in visits)))
    used = [number for group in groups for number in book.all(group)]
    heads = ("", *("All infusions" if visit == ALL else humanise(visit) for visit in visits))
    planned = [
        f"Planned: infusion {place} on day {infusion.day}"
        + (
            f", {infusion.cells_per_kg:.2g} cells/kg ± {infusion.tolerance_percent:g}%."
            if infusion.cells_per_kg
            else "."
        )
        for place, infusion in enumerate(study.infusions, start=1)
    ]
    notes = (*planned, "All infusions: sum over the infusions of a subject.", *describe_basis(labels, used))
    return (TableSpec("table-exposure", "exposure", "Infusions and exposure", heads, tuple(rows), notes),)


def _count(book: NumberBook, group: Group, visit: str) -> Cell:
    if visit not in book.visits(group):
        return words("")
    return count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent"))


def _dose_lines(book: NumberBook, group: Group) -> list[tuple[str, dict[str, Cell]]]:
    """Make the lines of a number of cells, printed in millions."""
    counts, means, ranges = {}, {}, {}
    for visit in book.visits(group):
        mean, sd, low, high = (
            part_in_millions(book.find(group, visit, name)) for name in ("mean", "sd", "min", "max")
        )
        counts[visit] = single(book.find(group, visit, "n"), 0)
        means[visit] = joined(mean, " ± ", sd) if sd else joined(mean)
        ranges[visit] = joined(low, " to ", high)
    return [("n", counts), ("Mean ± SD, × 10⁶", means), ("Range, × 10⁶", ranges)]
