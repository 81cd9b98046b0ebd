"""Safety tables: adverse events by subject and by event, what "none" rests on, infusions, exposure."""

from __future__ import annotations

from collections.abc import Sequence

from funis.documents.table import TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.efficacy_tables import describe_lines
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, humanise
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    bound_in_millions,
    count_cell,
    level_text,
    percent_interval,
    single,
)
from funis.results import ALL, format_dose, format_shortest
from funis.study.model import Study

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
    arms = list(dict.fromkeys(group.arm for group in groups))
    by_kind: dict[tuple[str, str], dict[str, Group]] = {}
    for group in groups:
        by_kind.setdefault((group.variable, group.category), {})[group.arm] = group
    rows: list[TableRow] = []
    named: set[str] = set()
    for kind, name in sorted(by_kind, key=lambda each: each[0] if each[1] else ""):
        title = {"term": "By term", "grade": "By grade"}.get(kind, humanise(kind)) if name else ""
        if title and title not in named:
            rows.append(heading(title))
            named.add(title)
        cells = [cell for arm in arms for cell in _event_cells(book, by_kind[kind, name].get(arm))]
        rows.append(TableRow(words(_event_label(kind, name)), tuple(cells), indent=int(bool(title))))
    used = [number for group in groups for number in book.all(group) if number.method != "wilson"]
    notes = (
        "A subject counts once in each row; events count as often as they were recorded.",
        "What a zero rests on (how often subjects were asked) stands in the table of safety questions."
        if any(group.variable == "asked" for group in book.of("adverse_events"))
        else "The data do not say how often subjects were asked: a zero means that nothing was recorded.",
        *describe_basis(labels, used),
    )
    limits = f"{level_text(study)} CI, Clopper-Pearson"
    heads = ("", *(["Subjects, n/N (%)", limits, "Events"] * len(arms)))
    spanners = (("", 1), *((arm_label(study, arm), 3) for arm in arms)) if len(arms) > 1 else ()
    return TableSpec("table-adverse-events", "safety", "Adverse events", heads, tuple(rows), notes, spanners)


def arm_label(study: Study, arm: str) -> str:
    """Give the printed name of an arm."""
    names = [each.name for each in study.arms if each.id == arm]
    return names[0] if names else "All subjects" if arm == ALL else arm


def _event_label(kind: str, name: str) -> str:
    if not name:
        return EVENTS.get(kind, humanise(kind))
    return f"Grade {name}" if kind == "grade" else humanise(name)


def _event_cells(book: NumberBook, group: Group | None) -> tuple[TableCell, TableCell, TableCell]:
    if group is None:
        return words(""), words(""), words("")
    rate = count_cell(book.find(group, ALL, "count"), book.find(group, ALL, "percent"))
    limits = [bound(book.find(group, ALL, name, "clopper_pearson"), 1) for name in ("lower", "upper")]
    # Where nothing happened, the upper limit says how often it could have happened unseen.
    interval_of_rate = joined(*percent_interval(*limits)) if all(limits) else words("")
    return rate, interval_of_rate, single(book.find(group, ALL, "events"), 0)


def _asked_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    visits = list(dict.fromkeys(visit for group in groups for visit in book.visits(group)))
    rows = [
        TableRow(
            words("All visits together" if visit == ALL else labels.visit(visit), strong=visit == ALL),
            tuple(
                count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent"))
                for group in groups
            ),
        )
        for visit in visits
    ]
    used = [number for group in groups for number in book.all(group)]
    notes = (
        (
            "N: subjects from whom the answer was due at the visit. Only where the question was asked is "
            "“no adverse event” an observation."
        ),
        *describe_basis(labels, used),
    )
    asked = "Asked about adverse events, n/N due (%)"
    heads = (
        "Visit",
        *(f"{asked}, {arm_label(study, group.arm)}" if len(groups) > 1 else asked for group in groups),
    )
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
    rows: list[TableRow] = []
    arm = groups[0].arm
    for group in groups:
        if group.arm != arm:
            arm = group.arm
            rows.append(heading(arm_label(study, arm)))
        label = _exposure_label(group)
        statistics = {statistic for _, statistic in book.groups[group]}
        if "mean" in statistics:
            rows.append(heading(label))
            lines = (
                _dose_lines(book, group)
                if group.variable in {"cells", "cells_per_kg"}
                else describe_lines(book, group)
            )
            rows += [
                TableRow(words(line[0]), tuple(line[1].get(visit, words("")) for visit in visits), indent=1)
                for line in lines
            ]
        else:
            rows.append(TableRow(words(label), tuple(_count(book, group, visit) for visit in visits)))
    used = [number for group in groups for number in book.all(group)]
    heads = ("", *("All infusions" if visit == ALL else humanise(visit) for visit in visits))
    planned = [
        f"Planned: infusion {place} on day {infusion.day}"
        + (
            f", {format_dose(infusion.cells_per_kg)} cells/kg "
            f"± {format_shortest(infusion.tolerance_percent)}%."
            if infusion.cells_per_kg
            else "."
        )
        for place, infusion in enumerate(study.infusions, start=1)
    ]
    notes = (*planned, "All infusions: sum over the infusions of a subject.", *describe_basis(labels, used))
    return (TableSpec("table-exposure", "exposure", "Infusions and exposure", heads, tuple(rows), notes),)


def _exposure_label(group: Group) -> str:
    number = group.category
    if group.variable == "infusions" and number:
        return f"Subjects with {number} {'infusion' if number == '1' else 'infusions'}"
    return EXPOSURE.get(group.variable, humanise(group.variable))


def _count(book: NumberBook, group: Group, visit: str) -> TableCell:
    if visit not in book.visits(group):
        return words("")
    return count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent"))


def _dose_lines(book: NumberBook, group: Group) -> list[tuple[str, dict[str, TableCell]]]:
    """Make the lines of a number of cells, printed in millions."""
    counts, means, ranges = {}, {}, {}
    for visit in book.visits(group):
        mean, sd, low, high = (
            bound_in_millions(book.find(group, visit, name)) for name in ("mean", "sd", "min", "max")
        )
        counts[visit] = single(book.find(group, visit, "n"), 0)
        means[visit] = joined(mean, " ± ", sd) if sd else joined(mean)
        ranges[visit] = joined(low, " to ", high)
    return [("n", counts), ("Mean ± SD, × 10⁶", means), ("Range, × 10⁶", ranges)]
