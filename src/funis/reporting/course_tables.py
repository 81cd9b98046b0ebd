"""Efficacy by course of treatment, and who had been infused again before a visit of the first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from funis.documents.table import (
    EMPTY,
    TableCell,
    TableRow,
    TableSpec,
    heading,
    joined,
    text_rows,
    words,
)
from funis.reporting.course_words import begun_words
from funis.reporting.efficacy_tables import EVERYBODY
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, humanise, in_sentence, listed, with_groups
from funis.reporting.listing_tables import kept_rows, say_cut
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    bound,
    decimals_for,
    interval,
    level_text,
    share_cell,
    share_with_limits,
)
from funis.reporting.response_tables import class_label
from funis.reporting.safety_tables import arm_label
from funis.results import ALL, Results, format_millions, format_number
from funis.study.courses import (
    AGE_OF_BASELINE,
    ALLOCATED,
    CONDITION_MET,
    CONDITION_UNKNOWN,
    NOT_PLANNED,
    RELAPSED_AFTER,
    RETREATED_BEFORE,
    RETREATED_IN_ARM,
    RETREATED_MET,
    RETREATED_UNMET,
    WITHOUT_DAY,
    PlannedCourse,
    conditional_courses,
    relapse_behind,
)
from funis.study.model import Study

#: What is told of each condition of a later course, in this order, with the words of its row.
_OF_CONDITION: Final[Mapping[str, str]] = {
    CONDITION_MET: "Found, of those of whom it is known",
    RETREATED_MET: "Infused again, of those in whom it was found",
    RETREATED_UNMET: "Infused again without it, of those infused again",
    CONDITION_UNKNOWN: "Cannot be told",
}
#: What is told of each arm that a relapse was allocated to, with the words of its row.
_OF_ARMS: Final[Mapping[str, str]] = {
    ALLOCATED: "allocated, of those who relapsed",
    RETREATED_IN_ARM: "infused again, of those allocated",
}
_CONDITIONS: Final = (
    "A condition is found at the first visit that meets it. Who was infused again without it is counted as "
    "infused again, and is a deviation."
)
#: Said wherever courses stand side by side.
CAUTION: Final = (
    "Who is infused again is chosen by what happened after the first treatment, at relapse by being at the "
    "worst: the courses are not comparable, and part of a fall from such a baseline is regression to the "
    "mean. Nothing is tested."
)
_COUNTED: Final = (
    "Each course counts from its own first infusion: its baseline is the last value on that day or before, "
    "and a later value is at the visit in whose window it falls from there, up to the day of the next "
    "course. The course before is that of the same subjects."
)
_RESPONSES: Final = (
    "Response after the later course: judged again from its baseline, over those of whom it is known; who "
    "was not seen in the window is among those of whom it cannot be told. Responses to the first treatment "
    "stand with those of everybody. At the baseline: who would count as a responder by the grades of the "
    "course's own baseline alone, without any change."
)
_RETREATED: Final = (
    "Values of the endpoints of the first treatment are used as recorded after a later course too (treatment "
    "policy), and a relapse counts whenever it is found. An estimand of the study file can say otherwise, "
    "with the intercurrent event reinfusion."
)

_WITHOUT_DAY: Final = (
    "A second course of which no day is recorded is in no row, though it may have been before any visit: "
    "Limits of interpretation."
)


_Columns = Sequence[tuple[str, str]]


def build_course_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify efficacy by course, one column a course, and who was infused again before a visit.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : with a listing of the later courses; none where nobody had a second course
    """
    groups = list(book.of("course"))
    if not groups:
        return ()
    labels = Labels(study)
    return (
        *_conditions(labels, book, groups),
        *_efficacy(labels, book, groups),
        *_retreated(labels, book, groups),
        *_listing(labels, results),
    )


# --- who was to be infused again ------------------------------------------------------------------------


def _conditions(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterator[TableSpec]:
    """Specify in whom the condition of a later course was found, and who of them was infused again."""
    own = [group for group in groups if group.variable in _OF_CONDITION or group.variable in _OF_ARMS]
    columns = list(dict.fromkeys((group.population, group.arm) for group in own))
    rows: list[TableRow] = []
    for course in conditional_courses(labels.study):
        here = [group for group in own if group.category == course.when]
        if here:
            rows.append(heading(_condition_words(labels, course)))
        for name, row_words in _OF_CONDITION.items():
            found = {(each.population, each.arm): each for each in here if each.variable == name}
            cells = [found.get(column) for column in columns]
            shown = tuple(EMPTY if each is None else share_cell(book, each, ALL) for each in cells)
            if any(cell is not EMPTY for cell in shown):
                rows.append(TableRow(words(row_words), shown, indent=1))
    rows += list(_arm_rows(labels, book, own, columns))
    if not rows:
        return
    heads = ("", *(_block_title(labels, population, arm, "n/N (%)") for population, arm in columns))
    used = [number for group in own for number in book.all(group)]
    title = "Who was to be infused again, and who was"
    notes = (_CONDITIONS, *describe_basis(labels, used))
    yield TableSpec("table-course-conditions", "activity", title, heads, tuple(rows), notes, is_upright=True)


def _arm_rows(
    labels: Labels, book: NumberBook, own: Sequence[Group], columns: _Columns
) -> Iterator[TableRow]:
    """Say of each arm that a relapse was allocated to how many were, and how many were infused again."""
    plan = labels.study.re_randomisation
    if plan is None:
        return
    yield heading("Allocated at random at relapse")
    for arm in plan.ratio:
        for name, row_words in _OF_ARMS.items():
            found = {
                (each.population, each.arm): each
                for each in own
                if (each.variable, each.category) == (name, arm)
            }
            cells = [found.get(column) for column in columns]
            shown = tuple(EMPTY if each is None else share_cell(book, each, ALL) for each in cells)
            without = " (without it)" if arm == plan.control else ""
            yield TableRow(words(f"{humanise(arm)}{without}: {row_words}"), shown, indent=1)


def _condition_words(labels: Labels, course: PlannedCourse) -> str:
    if course.rule:
        return f"Rule of the study file: {course.rule}"
    endpoint = relapse_behind(labels.study)
    return "Relapse" if endpoint is None else f"Relapse: {in_sentence(endpoint.printed)}"


# --- efficacy by course ----------------------------------------------------------------------------------


def _efficacy(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterator[TableSpec]:
    measured = [group for group in groups if group.measure in _measures(groups)]
    columns = list(dict.fromkeys((group.subgroup, group.category) for group in measured))
    if not columns:
        return
    labs = set(labels.study.lab_names)
    scores = [group for group in measured if group.measure not in labs]
    tests = [group for group in measured if group.measure in labs]
    # Without a score the tests are what the main part can show.
    yield from _efficacy_table(labels, book, groups, scores or tests, columns, is_main=True)
    if scores and tests:
        yield from _efficacy_table(labels, book, groups, tests, columns, is_main=False)


def _efficacy_table(
    labels: Labels,
    book: NumberBook,
    groups: Sequence[Group],
    measured: Sequence[Group],
    columns: _Columns,
    *,
    is_main: bool,
) -> Iterator[TableSpec]:
    """Specify scores and responses by course, or the laboratory tests, which are looked up."""
    rows: list[TableRow] = []
    blocks = dict.fromkeys((group.population, group.arm, group.measure) for group in measured)
    for population, arm, measure in blocks:
        own = [
            each
            for each in measured
            if (each.population, each.arm, each.measure) == (population, arm, measure)
        ]
        title = _block_title(labels, population, arm, labels.variable_with_unit(measure))
        rows.append(heading(f"{title}{_within(labels.study, population, measure)}"))
        rows += list(_rows_of_measure(labels, book, own, columns))
    if is_main:
        rows += list(_response_rows(labels, book, groups, columns))
        rows += list(_age_rows(book, groups, columns))
    printed = {name for row in rows for cell in row.cells for name in cell.ids}
    used = [each for group in groups for each in book.all(group) if each.id in printed]
    level = level_text(labels.study)
    notes = (
        CAUTION,
        _COUNTED,
        f"Changes: mean with {level} t interval. n: with both values; N: with a later course of known day.",
        *_not_reached(labels, book, measured, columns),
        *((_RESPONSES,) if is_main else ()),
        *describe_basis(labels, used),
    )
    later = list(dict.fromkeys(subgroup for subgroup, _ in columns))
    spanners = (
        ("", 1),
        *(
            (f"Subjects with {in_sentence(humanise(name))}", sum(subgroup == name for subgroup, _ in columns))
            for name in later
        ),
    )
    heads = ("", *(humanise(category) for _, category in columns))
    title = "Efficacy by course of treatment" if is_main else "Laboratory tests by course of treatment"
    name, section = ("table-courses", "activity") if is_main else ("table-courses-labs", "laboratory")
    yield TableSpec(name, section, title, heads, tuple(rows), notes, spanners, is_upright=True)


def _within(study: Study, population: str, measure: str) -> str:
    """Name the subgroups that a measure is described in alone, as its endpoint is."""
    asked = (
        each
        for each in study.endpoints
        if each.kind == "change"
        and measure in each.all_variables
        and (each.population or EVERYBODY) == population
    )
    endpoint = next(asked, None)
    if endpoint is None or not (endpoint.subgroup_only and endpoint.subgroups):
        return ""
    return f", in {listed([in_sentence(humanise(name)) for name in endpoint.subgroups])}"


def _measures(groups: Sequence[Group]) -> frozenset[str]:
    """Name what is described by course: what has a level, and so a baseline."""
    return (
        frozenset(group.variable for group in groups if group.variable == group.measure and group.category)
        - _definitions(groups)
        - frozenset({*_OF_CONDITION, *_OF_ARMS})
    )


def _definitions(groups: Sequence[Group]) -> frozenset[str]:
    return frozenset(group.variable for group in groups if group.endpoint)


def _block_title(labels: Labels, population: str, arm: str, what: str) -> str:
    within = [in_sentence(labels.population(population))] if population != EVERYBODY else []
    within += [f"arm {arm_label(labels.study, arm)}"] if arm != ALL else []
    return with_groups(what, within)


def _rows_of_measure(
    labels: Labels, book: NumberBook, own: Sequence[Group], columns: _Columns
) -> Iterator[TableRow]:
    """Give the baseline of each course, then the change to each visit counted from it."""
    values = [number.value for group in own for number in book.all(group) if number.statistic == "mean"]
    digits = decimals_for(book, own[0].measure, values)
    levels = {(each.subgroup, each.category): each for each in own if each.variable == each.measure}
    changes = {(each.subgroup, each.category): each for each in own if each.variable != each.measure}
    base = next(iter(book.visits(next(iter(levels.values())))), "")
    cells = [_level_cell(book, levels.get(column), base, digits) for column in columns]
    yield TableRow(words("Baseline of the course, mean ± SD; n/N"), tuple(cells), indent=1)
    for visit in _reached(book, changes, columns):
        cells = [_change_cell(book, changes.get(column), visit, digits) for column in columns]
        label = f"Change to {in_sentence(labels.visit(visit))}, mean (interval); n/N"
        yield TableRow(words(label), tuple(cells), indent=1)


def _reached(book: NumberBook, changes: Mapping[tuple[str, str], Group], columns: _Columns) -> list[str]:
    """Give the visits at which somebody has a value after a later course."""
    later = [changes[column] for column in columns if column[0] == column[1] and column in changes]
    visits = dict.fromkeys(visit for group in later for visit in book.visits(group))
    return [visit for visit in visits if any(_value(book, group, visit, "n") for group in later)]


def _not_reached(
    labels: Labels, book: NumberBook, measured: Sequence[Group], columns: _Columns
) -> Iterator[str]:
    """Name the visits that nobody has reached after the later course."""
    changes = [group for group in measured if group.variable != group.measure]
    later = [
        each
        for each in changes
        if (each.subgroup, each.category) in columns and each.subgroup == each.category
    ]
    visits = dict.fromkeys(visit for group in later for visit in book.visits(group))
    none = [v for v in visits if not any(_value(book, group, v, "n") for group in later)]
    if none:
        named = listed([in_sentence(labels.visit(visit)) for visit in none])
        yield f"After the later course nobody has a value at {named}."


def _value(book: NumberBook, group: Group, visit: str, statistic: str) -> float:
    number = book.find(group, visit, statistic)
    return 0.0 if number is None else number.value or 0.0


def _level_cell(book: NumberBook, group: Group | None, visit: str, digits: int) -> TableCell:
    if group is None:
        return EMPTY
    mean, sd = (bound(book.find(group, visit, name), digits) for name in ("mean", "sd"))
    return _with_size(book, group, visit, (mean, " ± ", sd) if mean is not None else ())


def _change_cell(book: NumberBook, group: Group | None, visit: str, digits: int) -> TableCell:
    if group is None or visit not in book.visits(group):
        return EMPTY
    mean = bound(book.find(group, visit, "mean"), digits)
    limits = [bound(book.find(group, visit, name, "student_t"), digits) for name in ("lower", "upper")]
    told = () if mean is None else (mean, " (", *interval(*limits), ")") if all(limits) else (mean,)
    return _with_size(book, group, visit, told)


def _with_size(book: NumberBook, group: Group, visit: str, told: tuple[object, ...]) -> TableCell:
    """Put how many have the value, of how many, behind it; a median where a mean cannot be told."""
    size = book.find(group, visit, "n")
    if not told:
        median = book.find(group, visit, "median")
        told = ("median ", bound(median, 2)) if median is not None else ()
    return joined(*told, *(("; ",) if told else ()), *_of_all(size))  # type: ignore[arg-type]


def _of_all(size: Number | None) -> tuple[object, ...]:
    shown = bound(size, 0)
    return () if size is None or shown is None else (shown, f"/{size.denominator}")


def _response_rows(
    labels: Labels, book: NumberBook, groups: Sequence[Group], columns: _Columns
) -> Iterator[TableRow]:
    own = [group for group in groups if group.endpoint and group.variable != RELAPSED_AFTER]
    blocks = dict.fromkeys((each.endpoint, each.population, each.arm) for each in own)
    for endpoint, population, arm in blocks:
        here = [
            each for each in own if (each.endpoint, each.population, each.arm) == (endpoint, population, arm)
        ]
        title = _block_title(labels, population, arm, labels.endpoint(endpoint))
        yield heading(f"{title}, n/N (%; {level_text(labels.study, endpoint)} CI)")
        visits = _known(book, here)
        categories = dict.fromkeys((group.variable, group.category) for group in here)
        for visit in visits:
            for variable, category in categories:
                found = {
                    each.subgroup: each
                    for each in here
                    if (each.variable, each.category) == (variable, category)
                }
                cells = [
                    _response_cell(book, found.get(subgroup), visit) if subgroup == course else EMPTY
                    for subgroup, course in columns
                ]
                if any(cell is not EMPTY for cell in cells):
                    label = f"{labels.visit(visit)}: {in_sentence(class_label(variable, category))}"
                    yield TableRow(words(label), tuple(cells), indent=1)


def _known(book: NumberBook, groups: Sequence[Group]) -> list[str]:
    """Give the visits at which a response is known of somebody."""
    visits = dict.fromkeys(visit for group in groups for visit in book.visits(group))
    responding = [group for group in groups if group.category == "responder"]
    return [
        visit for visit in visits if any(_has_known(book.find(each, visit, "count")) for each in responding)
    ]


def _has_known(number: Number | None) -> bool:
    return number is not None and number.value is not None


def _response_cell(book: NumberBook, group: Group | None, visit: str) -> TableCell:
    if group is None or visit not in book.visits(group):
        return EMPTY
    return share_with_limits(book, group, visit)


def _age_rows(book: NumberBook, groups: Sequence[Group], columns: _Columns) -> Iterator[TableRow]:
    found = {group.subgroup: group for group in groups if group.variable == AGE_OF_BASELINE}
    if not found:
        return
    cells = []
    for subgroup, course in columns:
        group = found.get(subgroup) if subgroup == course else None
        if group is None:
            cells.append(EMPTY)
            continue
        median, low, high = (bound(book.find(group, ALL, name), 0) for name in ("median", "min", "max"))
        told = (median, " (", low, " to ", high, "); ") if median is not None else ()
        cells.append(joined(*told, *_of_all(book.find(group, ALL, "n"))))  # type: ignore[arg-type]
    label = "Days from the last visit before the course to its first infusion, median (range); n/N"
    yield TableRow(words(label), tuple(cells))


# --- the first treatment ---------------------------------------------------------------------------------


def _retreated(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterator[TableSpec]:
    own = [group for group in groups if group.variable == RETREATED_BEFORE]
    visits = list(dict.fromkeys(visit for group in own for visit in book.visits(group)))
    shown = [visit for visit in visits if any(_value(book, group, visit, "count") for group in own)]
    relapses = list(_relapse_rows(labels, book, groups, own))
    if not own or not (shown or relapses):
        return
    heads = ("Visit of the first treatment", *(_column(labels, group) for group in own))
    rows = [
        TableRow(words(labels.visit(visit)), tuple(share_cell(book, group, visit) for group in own))
        for visit in shown
    ] + relapses
    none_yet = [in_sentence(labels.visit(visit)) for visit in visits if visit not in shown]
    before = (f"Nobody had been infused again before {listed(none_yet)}.",) if none_yet else ()
    used = [number for group in own for visit in shown for number in book.all(group) if number.visit == visit]
    undated = (_WITHOUT_DAY,) if any(group.variable == WITHOUT_DAY for group in groups) else ()
    notes = (_RETREATED, *before, *undated, *describe_basis(labels, used))
    title = "Infused again before a visit of the first treatment"
    yield TableSpec("table-retreated", "activity", title, heads, tuple(rows), notes, is_upright=True)


def _relapse_rows(
    labels: Labels, book: NumberBook, groups: Sequence[Group], columns: Sequence[Group]
) -> Iterator[TableRow]:
    """Say of each relapse how many were found after a second course had begun, of those found."""
    own = [group for group in groups if group.variable == RELAPSED_AFTER]
    for endpoint in dict.fromkeys(group.endpoint for group in own):
        found = {(each.population, each.arm): each for each in own if each.endpoint == endpoint}
        cells = [found.get((column.population, column.arm)) for column in columns]
        label = f"{labels.endpoint(endpoint)}: found after a second course, of those found"
        shares = tuple(EMPTY if each is None else share_cell(book, each, ALL) for each in cells)
        yield TableRow(words(label), shares)


def _column(labels: Labels, group: Group) -> str:
    return _block_title(labels, group.population, group.arm, "Infused again, n/N (%)")


# --- each later course -----------------------------------------------------------------------------------


def _listing(labels: Labels, results: Results) -> Iterator[TableSpec]:
    """List what each later course was begun for, when, with how many cells, and what followed."""
    frame = results.listings.get("courses")
    if frame is None or frame.is_empty():
        return
    rows = text_rows(tuple(_listed(labels, row)) for row in kept_rows(frame).iter_rows(named=True))
    after = frame["visit"].drop_nulls()
    response = (
        f"Response at {in_sentence(labels.visit(after[0]))} of the course" if after.len() else "Response"
    )
    heads = ("Subject", "Course", "Begun", "Study day", "Infusions", "10⁶ cells/kg", response)
    rest = say_cut(frame.height, "courses")
    title = "Each later course of treatment"
    yield TableSpec(
        "table-listing-courses", "subject-courses", title, heads, rows, is_text=True, is_collapsed=True,
        instead=rest,
    )  # fmt: skip


def _listed(labels: Labels, row: Mapping[str, Any]) -> Iterator[str]:
    yield str(row["subject"])
    yield str(row["course"])
    found = ""
    if row["found_day"] is not None:
        at = f" at {in_sentence(labels.visit(row['found_at']))}" if row["found_at"] else ""
        found = f" found{at}, study day {format_number(row['found_day'], 0)}"
    yield f"{begun_words(labels, row['when'] or NOT_PLANNED)}{found}"
    yield "not recorded" if row["day"] is None else format_number(row["day"], 0)
    yield str(row["infusions"])
    yield "not recorded" if row["cells_per_kg"] is None else format_millions(row["cells_per_kg"])
    yield class_label(row["definition"], row["response"]) if row["response"] else ""
