"""Safety tables: adverse events by subject and by event, what "none" rests on, infusions, exposure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from funis.documents.register import reference
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.course_words import begins_words, begun_words
from funis.reporting.efficacy_tables import describe_lines
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, humanise, in_sentence
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    bound_in_millions,
    count_cell,
    level_text,
    percent_interval,
    share_cell,
    single,
)
from funis.reporting.single_patient import mean_words
from funis.results import ALL, format_dose, format_number, format_shortest
from funis.study.courses import planned_courses
from funis.study.model import Study

EVENTS: dict[str, str] = {
    "any": "Any adverse event",
    "serious": "Serious",
    "related": "Related to the cells",
    "related_serious": "Related and serious",
    "no_further_infusion": "Leading to no further infusion",
    "grade_3_or_more": "Grade 3 or more",
    "fatal": "Fatal",
}
#: Headings over rows that count each subject in one of several.
HEADINGS: dict[str, str] = {
    "event_group": "Events that the study file counts together",
    "onset": "First day of the event",
    "grade": "Worst grade of a subject",
    "causality": "Relation to the cells, the surest of a subject",
}
ONSETS: dict[str, str] = {
    "infusion_day": "On the day of an infusion",
    "day_after": "On the day after",
    "later": "Later",
    "before_infusion": "Before the first infusion",
    "day_not_known": "Not known",
    "no_infusion": "No infusion is recorded",
}
BY_DAYS = (
    "First day: by dates alone. What began within 24 hours of an infusion began on its day or on the day "
    "after; a subject counts in each row that it has an event of."
)
BY_COURSE = (
    "By course: events that began on the day of its first infusion or later, and before the next course; N: "
    "those who had the course and were asked after its first infusion, or have such an event. An event "
    "without a day is in no course."
)
#: The question has a table of its own, and so have terms and their organ classes.
NOT_IN_SUMMARY = frozenset({"asked", "term", "organ_class"})
#: Word for word the banner of a report without safety data.
NOT_COLLECTED_SENTENCES = (
    "Adverse events were not collected.",
    "This report cannot say whether any occurred.",
)
NOT_COLLECTED = " ".join(NOT_COLLECTED_SENTENCES)
OVER_ASKED = (
    "N: subjects asked about adverse events at least once, or with an event recorded; of “related to the "
    "cells”, “related and serious” and “leading to no further infusion” those of them who were given some."
)
BY_ACTION = (
    "Leading to no further infusion: the action taken is recorded as drug withdrawn, drug discontinued or no "
    "further infusion; an action in words that do not say it, or none, leaves it open. Of events without any "
    "recorded action it was not collected."
)
UNASKED = (
    "A number without N: nobody was asked; it is what was recorded all the same, the lowest possible value."
)
#: Of each course the main part has these; the day on which an event began stands in the supplement.
_MAIN_BY_COURSE = frozenset({"any", "serious"})
UNCLEAR = "Cannot tell: subjects with an event of which it is not recorded, and none of which it is."
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
    """Specify adverse events per subject and per event, and how often subjects were asked.

    Where nothing was collected there is no table: the sentence of `not_collected_words` stands in its place.
    """
    groups = list(book.of("adverse_events"))
    asked = [group for group in groups if group.variable == "asked"]
    counted = [
        group
        for group in groups
        if group.variable not in NOT_IN_SUMMARY and group.measure in ("", group.variable)
    ]
    has_numbers = any(number.value is not None for group in counted for number in book.all(group))
    tables = _event_tables(study, book, counted) if has_numbers else ()
    return (*tables, *([_asked_table(study, book, asked)] if asked and has_numbers else []))


def not_collected_words(book: NumberBook) -> str:
    """Say that adverse events were not collected, empty where they were, or where there is no subject.

    Examples
    --------
    >>> not_collected_words(NumberBook(()))
    ''
    """
    groups = [group for group in book.of("adverse_events") if group.variable == "any"]
    numbers = [number for group in groups for number in book.all(group)]
    collected = any(number.value is not None for number in numbers)
    asked_for = any(number.status == "not_collected" for number in numbers)
    return "" if collected or not asked_for else NOT_COLLECTED


def main_events(book: NumberBook) -> Group | None:
    """Give the row of any adverse event in the population of safety; in a wider one where that has nobody."""
    counted = [group for group in book.of("adverse_events") if group.variable == "any"]
    whole = [group for group in counted if group.subgroup == ALL and group.arm == ALL]
    for group in reversed(whole):
        count = book.find(group, ALL, "count")
        if count is not None and count.status != "nobody":
            return group
    return None


def _event_tables(study: Study, book: NumberBook, groups: Sequence[Group]) -> tuple[TableSpec, ...]:
    """Specify one table; where arms stand beside each other, all of them together in a second one."""
    arms = [group for group in groups if group.arm != ALL]
    whole = [group for group in groups if group.arm == ALL]
    beside = arms if arms and whole else groups
    main = _event_table(study, book, beside, is_main=True)
    behind, further = [], []
    if beside is arms:
        together = _event_table(study, book, whole)
        title = f"{together.title}: {in_sentence(arm_label(study, ALL))}"
        behind.append(replace(together, id="table-adverse-events-all", title=title))
        further.append(f"All subjects together: {reference('events')}.")
    if any(book.visits(group) != (ALL,) for group in beside):
        by_course = _event_table(study, book, beside, is_by_course=True)
        title = f"{by_course.title}, by course of treatment"
        behind.append(replace(by_course, id="table-adverse-events-courses", title=title))
        further.append(f"The day on which events of a course began: {reference('events')}.")
    return (replace(main, footnotes=(*main.footnotes, *further)), *behind)


def _event_table(
    study: Study,
    book: NumberBook,
    groups: Sequence[Group],
    *,
    is_main: bool = False,
    is_by_course: bool = False,
) -> TableSpec:
    """Specify a table of events, of courses of treatment alone, or of both."""
    labels = Labels(study)
    columns = list(dict.fromkeys((group.population, group.arm) for group in groups))
    by_kind: dict[tuple[str, str], dict[tuple[str, str], Group]] = {}
    for group in groups:
        by_kind.setdefault((group.variable, group.category), {})[group.population, group.arm] = group
    rows: list[TableRow] = []
    if not is_by_course:
        rows += [*_asked_row(book, columns), *_event_rows(study, book, by_kind, columns)]
    chosen = {kind: own for kind, own in by_kind.items() if not is_main or kind[0] in _MAIN_BY_COURSE}
    rows += list(_rows_by_course(book, chosen, columns))
    used = [number for group in groups for number in book.all(group) if number.method != "wilson"]
    limits = f"{level_text(study)} CI, Clopper-Pearson"
    heads = ("", *(["Subjects, n/N (%)", limits, "Events"] * len(columns)))
    titles = column_titles(study, labels, columns)
    spanners = (("", 1), *((title, 3) for title in titles)) if len(columns) > 1 else ()
    notes = (*_event_notes(book, groups), *_group_notes(study, groups), *describe_basis(labels, used))
    return TableSpec(
        "table-adverse-events", "safety", "Adverse events", heads, tuple(rows), notes, spanners,
        is_upright=True,
    )  # fmt: skip


_ByKind = Mapping[tuple[str, str], Mapping[tuple[str, str], Group]]


def _event_rows(
    study: Study, book: NumberBook, by_kind: _ByKind, columns: Sequence[tuple[str, str]]
) -> Iterator[TableRow]:
    """Give the rows of all events, with a heading over those that count each subject in one of several."""
    groups = {each.id: each.printed for each in study.event_groups}
    named: set[str] = set()
    for kind, name in sorted(by_kind, key=lambda each: each[0] if each[1] else ""):
        found = [by_kind[kind, name].get(column) for column in columns]
        if not any(group is not None and ALL in book.visits(group) for group in found):
            continue
        title = HEADINGS.get(kind, humanise(kind)) if name else ""
        if title and title not in named:
            yield heading(title)
            named.add(title)
        cells = [cell for group in found for cell in _event_cells(book, group)]
        label = groups[name] if kind == "event_group" else _event_label(kind, name)
        yield TableRow(words(label), tuple(cells), indent=int(bool(title)))


def _asked_row(book: NumberBook, columns: Sequence[tuple[str, str]]) -> Iterator[TableRow]:
    """Give the row that every zero below rests on: visits at which the question was asked, of those due."""
    found = {
        (group.population, group.arm): book.find(group, ALL, "count")
        for group in book.of("adverse_events")
        if group.variable == "asked" and group.subgroup == ALL
    }
    asked = [found.get(column) for column in columns]
    if any(each is not None and each.value is not None for each in asked):
        cells = [cell for each in asked for cell in (count_cell(each), words(""), words(""))]
        yield TableRow(words("Asked, of visits due"), tuple(cells))


def _rows_by_course(
    book: NumberBook, by_kind: _ByKind, columns: Sequence[tuple[str, str]]
) -> Iterator[TableRow]:
    """Give the rows of events that began in each course of treatment."""
    groups = [group for found in by_kind.values() for group in found.values()]
    courses = dict.fromkeys(visit for group in groups for visit in book.visits(group) if visit != ALL)
    for course in courses:
        yield heading(f"{humanise(course)}: events that began in it")
        for (kind, name), found in by_kind.items():
            own = [found.get(column) for column in columns]
            if any(group is not None and course in book.visits(group) for group in own):
                cells = [cell for group in own for cell in _course_cells(book, group, course)]
                yield TableRow(words(_event_label(kind, name)), tuple(cells), indent=1)


def _course_cells(
    book: NumberBook, group: Group | None, course: str
) -> tuple[TableCell, TableCell, TableCell]:
    if group is None:
        return words(""), words(""), words("")
    limits = [bound(book.find(group, course, name, "clopper_pearson"), 1) for name in ("lower", "upper")]
    told = joined(*percent_interval(*limits)) if all(limits) else words("")
    return share_cell(book, group, course, "asked"), told, single(book.find(group, course, "events"), 0)


def column_titles(study: Study, labels: Labels, columns: Sequence[tuple[str, str]]) -> list[str]:
    """Name each column by its arm; by its population too where there are several."""
    many = len({population for population, _ in columns}) > 1
    return [
        f"{labels.population(population)}, {in_sentence(arm_label(study, arm))}"
        if many
        else arm_label(study, arm)
        for population, arm in columns
    ]


class ArmPart(NamedTuple):
    """The groups of one table of several that are alike, one a population and arm.

    Attributes
    ----------
    groups : what the table prints
    title : what ends its title: whose it is, empty where there is one table
    number : what ends its id, empty for the first
    """

    groups: tuple[Group, ...]
    title: str
    number: str


def parts_by_arm(study: Study, groups: Sequence[Group]) -> Iterator[ArmPart]:
    """Divide groups into tables: one an arm, or one of everybody in a trial without arms."""
    columns = list(dict.fromkeys((group.population, group.arm) for group in groups))
    if any(arm != ALL for _, arm in columns):
        columns = [column for column in columns if column[1] != ALL]
    titles = column_titles(study, Labels(study), columns)
    for place, (column, title) in enumerate(zip(columns, titles, strict=True), start=1):
        own = tuple(group for group in groups if (group.population, group.arm) == column)
        yield ArmPart(own, f": {title}" if len(columns) > 1 else "", f"-{place}" if place > 1 else "")


def _event_notes(book: NumberBook, groups: Sequence[Group]) -> tuple[str, ...]:
    """Say what N is, and what a number without N is."""
    numbers = [number for group in groups for number in book.all(group) if number.statistic == "count"]
    over_asked = any(number.denominator is not None for number in numbers)
    unasked = any(number.denominator is None and number.value is not None for number in numbers)
    unclear = any(number.statistic == "cannot_tell" for group in groups for number in book.all(group))
    return tuple(
        filter(
            None,
            (
                "A subject counts once in each row; events count as often as they were recorded.",
                OVER_ASKED if over_asked and not book.has_one_subject else "",
                UNASKED if unasked else "",
                UNCLEAR if unclear else "",
                BY_ACTION if any(group.variable == "no_further_infusion" for group in groups) else "",
                BY_DAYS if any(group.variable == "onset" for group in groups) else "",
                BY_COURSE if any(book.visits(group) != (ALL,) for group in groups) else "",
            ),
        )
    )


def _group_notes(study: Study, groups: Sequence[Group]) -> Iterator[str]:
    """Say of each group of events that is printed which events it holds."""
    printed = {group.category for group in groups if group.variable == "event_group"}
    for each in study.event_groups:
        if each.id in printed:
            yield f"{each.printed}: {each.defined}."


def arm_label(study: Study, arm: str) -> str:
    """Give the printed name of an arm."""
    names = [each.name for each in study.arms if each.id == arm]
    return names[0] if names else "All subjects" if arm == ALL else arm


def _event_label(kind: str, name: str) -> str:
    if kind == "onset":
        return ONSETS[name]
    if not name:
        return EVENTS.get(kind, humanise(kind))
    return f"Grade {name}" if kind == "grade" and name.isdigit() else humanise(name)


def _event_cells(book: NumberBook, group: Group | None) -> tuple[TableCell, TableCell, TableCell]:
    if group is None:
        return words(""), words(""), words("")
    rate = share_cell(book, group, ALL, "asked")
    rate = joined(*rate.parts, *_asked_at(book, group))
    limits = [bound(book.find(group, ALL, name, "clopper_pearson"), 1) for name in ("lower", "upper")]
    # Where nothing happened, the upper limit says how often it could have happened unseen.
    interval_of_rate = joined(*percent_interval(*limits)) if all(limits) else words("")
    return rate, interval_of_rate, single(book.find(group, ALL, "events"), 0)


def _asked_at(book: NumberBook, group: Group) -> tuple[Inline | str, ...]:
    """Say at how many of the visits due the question was asked, where it was not at all of them."""
    count = book.find(group, ALL, "count")
    question = group._replace(variable="asked", measure="asked", category="")
    asked = book.find(question, ALL, "count")
    if count is None or count.value is None or asked is None or asked.value is None:
        return ()
    if count.denominator is None or asked.value == asked.denominator:
        return ()
    share = Inline(f"{format_number(asked.value, 0)}/{asked.denominator}", asked.id)
    return "; asked at ", share, " visits due"


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
        "N: subjects from whom the answer was due at the visit.",
        "Only where the question was asked is “no adverse event” an observation.",
        *describe_basis(labels, used),
    )
    asked = "Asked about adverse events, n/N due (%)"
    columns = [(group.population, group.arm) for group in groups]
    titles = column_titles(study, labels, columns)
    heads = ("Visit", *(f"{asked}, {title}" if len(groups) > 1 else asked for title in titles))
    title = "Safety questions: what “none” rests on"
    said = _always_asked_words(book, groups, notes[1:])
    return TableSpec("table-asked", "safety", title, heads, tuple(rows), notes, said=said)


def _always_asked_words(
    book: NumberBook, groups: Sequence[Group], notes: tuple[str, ...]
) -> tuple[Inline, ...]:
    """Say that the question was asked at every visit due; nothing where it was not, or of several groups."""
    count = book.find(groups[0], ALL, "count")
    if len(groups) > 1 or count is None or not count.value or count.value != count.denominator:
        return ()
    whole = Inline(str(count.denominator), count.id)
    opening, behind = "The question about adverse events was asked at all ", f" visits due. {' '.join(notes)}"
    return (Inline(opening), whole, Inline(behind))


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
        label = _exposure_label(labels, group)
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
    notes = (
        *_planned_notes(labels),
        "All infusions: sum over the infusions of a subject.",
        *describe_basis(labels, used),
    )
    return (TableSpec("table-exposure", "exposure", "Infusions and exposure", heads, tuple(rows), notes),)


def _planned_notes(labels: Labels) -> Iterator[str]:
    """Say what was planned of each infusion."""
    for course in planned_courses(labels.study):
        begins = f" of the course {begins_words(labels, course.when)}" if course.when else ""
        for place, infusion in enumerate(course.infusions, start=1):
            dose = (
                f", {format_dose(infusion.cells_per_kg)} cells/kg "
                f"± {format_shortest(infusion.tolerance_percent)}%"
                if infusion.cells_per_kg
                else ""
            )
            yield f"Planned: infusion {place}{begins} on day {infusion.day}{dose}."


def _exposure_label(labels: Labels, group: Group) -> str:
    number = group.category
    if group.variable == "when":
        return f"Begun {begun_words(labels, number)}"
    if group.variable == "infusions" and number:
        return f"Subjects with {number} {'infusion' if number == '1' else 'infusions'}"
    return EXPOSURE.get(group.variable, humanise(group.variable))


def _count(book: NumberBook, group: Group, visit: str) -> TableCell:
    if visit not in book.visits(group):
        return words("")
    if group.variable == "lots":
        # Lots are no share of the subjects.
        return single(book.find(group, visit, "count"), 0)
    return share_cell(book, group, visit)


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
    line = (mean_words("Mean ± SD, × 10⁶", of_one=book.has_one_subject), means)
    return [line] if book.has_one_subject else [("n", counts), line, ("Range, × 10⁶", ranges)]
