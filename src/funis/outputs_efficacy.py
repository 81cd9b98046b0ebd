"""Efficacy tables: course, change and tests of each endpoint, BILAG systems, marginal means of models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from funis.labels import SYSTEMS, Labels, method_label
from funis.outputs_footnotes import describe_basis
from funis.outputs_numbers import (
    Group,
    Number,
    NumberBook,
    digits_for,
    interval,
    p_cell,
    part,
    single,
)
from funis.outputs_table import Cell, Row, TableSpec, heading, joined, words
from funis.plan import Endpoint, Study
from funis.results import ALL

#: More visits than this stand in rows, not in columns.
MOST_COLUMNS = 7
#: The population of an endpoint that names none.
EVERYBODY = "enrolled"


class Course(NamedTuple):
    """Everything computed about one variable in one group of subjects: the groups of each analysis."""

    variable: str
    population: str
    subgroup: str
    arm: str
    groups: tuple[Group, ...]


class Line(NamedTuple):
    """One statistic of a course: its printed name and its cell at each visit."""

    label: str
    cells: dict[str, Cell]
    indent: int = 0


def build_efficacy_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table an endpoint of change or summary, in the order of the study file."""
    found = []
    for endpoint in study.endpoints:
        if endpoint.kind in {"change", "summary"}:
            courses = [course for name in endpoint.all_variables for course in _courses(book, endpoint, name)]
            if courses:
                found.append(_course_table(study, book, endpoint, courses))
    return tuple(found)


def _courses(book: NumberBook, endpoint: Endpoint, variable: str) -> Iterable[Course]:
    """Gather the analyses of a variable by the subjects they were made in."""
    names = {variable, f"{variable}_change"}
    whole = () if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
    subgroups = {*whole, *endpoint.subgroups}
    gathered: dict[tuple[str, str, str], dict[tuple[str, str], Group]] = {}
    for group in (*book.of("summary"), *book.of("change"), *book.of("test")):
        is_asked = group.population == (endpoint.population or EVERYBODY) and group.subgroup in subgroups
        if is_asked and group.variable in names and group.endpoint in {endpoint.id, ""}:
            own = gathered.setdefault((group.population, group.subgroup, group.arm), {})
            # Numbers made for the endpoint alone (missing outcomes filled) stand in for the general ones.
            if group.endpoint or (group.analysis, group.variable) not in own:
                own[group.analysis, group.variable] = group
    for (population, subgroup, arm), groups in gathered.items():
        yield Course(variable, population, subgroup, arm, tuple(groups.values()))


def _course_table(study: Study, book: NumberBook, endpoint: Endpoint, courses: Sequence[Course]) -> TableSpec:
    labels = Labels(study)
    visits = _ordered_visits(
        study, [visit for course in courses for group in course.groups for visit in book.visits(group)]
    )
    lines = [(course, course_lines(book, course)) for course in courses]
    has_headings = len(courses) > 1
    if len(visits) <= MOST_COLUMNS:
        rows = _visits_in_columns(labels, lines, visits, has_headings=has_headings)
        heads = ("", *(labels.visit(visit) for visit in visits))
    else:
        names = list(dict.fromkeys(line.label for _, each in lines for line in each))
        rows = _visits_in_rows(labels, lines, visits, names, has_headings=has_headings)
        heads = ("Visit", *names)
    used = [number for course in courses for group in course.groups for number in book.all(group)]
    change = "Change: value at the visit minus value at baseline, in subjects with both."
    has_change = any(number.variable.endswith("_change") for number in used)
    notes = (
        *describe_basis(labels, used),
        *((change,) if has_change else ()),
        *_adjust_notes(endpoint, used),
    )
    single_title = labels.variable_with_unit(courses[0].variable) if len(courses) == 1 else ""
    title = endpoint.printed if not single_title or endpoint.label else f"{endpoint.printed}: {single_title}"
    return TableSpec(f"table-{endpoint.id}", "efficacy", title, heads, rows, notes)


def _ordered_visits(study: Study, visits: Iterable[str]) -> tuple[str, ...]:
    """Put visits in the order of the study file, then in the order they were computed."""
    present = dict.fromkeys(visit for visit in visits if visit not in {ALL, ""})
    planned = [visit for visit in study.visit_names if visit in present]
    return (*planned, *(visit for visit in present if visit not in planned))


def _adjust_notes(endpoint: Endpoint, used: Iterable[Number]) -> tuple[str, ...]:
    if not any(number.statistic == "p_adjusted" for number in used):
        return ()
    return (
        f"{method_label(endpoint.adjust)}: P adjusted over the visits of the endpoint; the unadjusted P stands above it.",
    )


def _course_title(labels: Labels, course: Course) -> str:
    within = [
        labels.population(name).lower() for name in (course.subgroup, course.arm) if name not in {ALL, ""}
    ]
    title = labels.variable_with_unit(course.variable)
    return f"{title} ({', '.join(within)})" if within else title


def _visits_in_columns(
    labels: Labels, lines: Sequence[tuple[Course, list[Line]]], visits: Sequence[str], *, has_headings: bool
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for course, each in lines:
        if has_headings:
            rows.append(heading(_course_title(labels, course)))
        for line in each:
            cells = tuple(line.cells.get(visit, words("")) for visit in visits)
            rows.append(Row(words(line.label), cells, indent=int(has_headings) or line.indent))
    return tuple(rows)


def _visits_in_rows(
    labels: Labels,
    lines: Sequence[tuple[Course, list[Line]]],
    visits: Sequence[str],
    names: Sequence[str],
    *,
    has_headings: bool,
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for course, each in lines:
        by_name = {line.label: line.cells for line in each}
        if has_headings:
            rows.append(heading(_course_title(labels, course)))
        for visit in visits:
            cells = tuple(by_name.get(name, {}).get(visit, words("")) for name in names)
            if any(cell.ids for cell in cells):
                rows.append(Row(words(labels.visit(visit)), cells, indent=int(has_headings)))
    return tuple(rows)


def course_lines(book: NumberBook, course: Course) -> list[Line]:
    """Make the lines of a course: description, change with interval, tests with their adjusted P."""
    described = [group for group in course.groups if group.analysis == "summary"]
    compared = [group for group in course.groups if group.analysis == "change"]
    tested = [group for group in course.groups if group.analysis in {"test", "change"}]
    lines = [line for group in described for line in describe_lines(book, group)]
    lines += [line for group in compared for line in _change_lines(book, group)]
    return lines + [line for group in tested for line in _test_lines(book, group)]


def describe_lines(book: NumberBook, group: Group) -> list[Line]:
    """Make the lines n, mean ± SD, median (Q1, Q3) and range of a group."""
    visits = [visit for visit in book.visits(group) if visit != ""]
    digits = digits_for(
        number.value for number in book.all(group) if number.statistic in {"mean", "median", "q1", "q3"}
    )
    counts, means, medians, ranges = {}, {}, {}, {}
    for visit in visits:
        get = {name: part(book.find(group, visit, name), digits) for name in ("mean", "sd")}
        trimmed = {name: part(book.find(group, visit, name), digits, trimmed=True)
                   for name in ("median", "q1", "q3", "min", "max")}  # fmt: skip
        counts[visit] = single(book.find(group, visit, "n"), 0)
        means[visit] = joined(get["mean"], " ± ", get["sd"]) if get["sd"] else joined(get["mean"])
        medians[visit] = joined(trimmed["median"], " (", trimmed["q1"], ", ", trimmed["q3"], ")")
        ranges[visit] = joined(trimmed["min"], " to ", trimmed["max"])
    found = [
        Line("n", counts),
        Line("Mean ± SD", means),
        Line("Median (Q1, Q3)", medians),
        Line("Range", ranges),
    ]
    return [line for line in found if any(cell.ids for cell in line.cells.values())]


def _change_lines(book: NumberBook, group: Group) -> list[Line]:
    digits = digits_for(
        number.value for number in book.all(group) if number.statistic in {"mean", "lower", "upper"}
    )
    changes, counts = {}, {}
    for visit in book.visits(group):
        mean = book.find(group, visit, "mean") or book.find(group, visit, "estimate")
        limits = [part(book.find(group, visit, name), digits) for name in ("lower", "upper")]
        if mean is None:
            continue
        counts[visit] = single(book.find(group, visit, "n"), 0)
        changes[visit] = (
            joined(part(mean, digits), " (", *interval(*limits), ")") if all(limits) else single(mean, digits)
        )
    found = [Line("n with both values", counts), Line("Mean change (95% CI)", changes)]
    return [line for line in found if any(cell.ids for cell in line.cells.values())]


def _test_lines(book: NumberBook, group: Group) -> list[Line]:
    methods = dict.fromkeys(number.method for number in book.all(group) if number.statistic == "p")
    lines = []
    for method in methods:
        label = method_label(method)
        name = label if label.isupper() else label[:1].lower() + label[1:]
        visits = book.visits(group)
        plain = {visit: p_cell(book.find(group, visit, "p", method)) for visit in visits}
        adjusted = {visit: p_cell(_adjusted(book, group, visit, method)) for visit in visits}
        lines.append(Line(f"P, {label if label.startswith('Wilcoxon') else name}", plain))
        lines.append(Line("P, adjusted over visits", adjusted, indent=1))
    return [line for line in lines if any(cell.ids for cell in line.cells.values())]


def _adjusted(book: NumberBook, group: Group, visit: str, method: str) -> Number | None:
    """Find the adjusted P that belongs to a test; its method names the test."""
    for number in book.groups.get(group, {}).get((visit, "p_adjusted"), ()):
        if number.method == method or number.method.startswith(f"{method},"):
            return number
    return None


# --- what no endpoint names ----------------------------------------------------------------------------


def build_other_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the course of every score and laboratory test that no endpoint names."""
    named = {name for endpoint in study.endpoints for name in endpoint.all_variables}
    courses: dict[tuple[str, str, str, str], list[Group]] = {}
    for group in (*book.of("summary"), *book.of("change")):
        stem = group.variable.removesuffix("_change")
        if stem not in named and not (group.endpoint or _is_system(stem)):
            courses.setdefault((stem, group.population, group.subgroup, group.arm), []).append(group)
    labs = set(study.lab_names)
    kinds = (
        ("table-other-scores", "Other scores and measures", False),
        ("table-other-labs", "Laboratory tests", True),
    )
    found = []
    for name, title, is_lab in kinds:
        chosen = [
            Course(*key, tuple(groups)) for key, groups in courses.items() if (key[0] in labs) is is_lab
        ]
        if chosen:
            endpoint = Endpoint(id="other", kind="summary", label=title)
            table = _course_table(study, book, endpoint, chosen)
            found.append(
                replace(table, id=name, section="other", title=title, is_collapsed=len(table.rows) > 60)
            )
    return tuple(found)


def _is_system(name: str) -> bool:
    return name.rpartition("_")[2] in SYSTEMS


# --- BILAG systems -------------------------------------------------------------------------------------


def build_system_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the distribution of grades by organ system and visit, and the paired test of each system."""
    graded = [group for group in book.of("systems") if ": " in group.variable]
    tested = [group for group in book.of("systems") if ": " not in group.variable]
    found = [_grade_table(study, book, graded)] if graded else []
    return (*found, *([_system_test_table(study, book, tested)] if tested else []))


def _grade_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    visits = _ordered_visits(study, [visit for group in groups for visit in book.visits(group)])
    systems: dict[tuple[str, str], dict[str, Group]] = {}
    for group in groups:
        system, _, grade = group.variable.partition(": ")
        systems.setdefault((system, group.subgroup), {})[grade] = group
    rows = []
    for (system, subgroup), grades in systems.items():
        cells = []
        for visit in visits:
            counts = [part(book.find(grades[grade], visit, "count"), 0) for grade in sorted(grades)]
            pieces = [piece for count in counts for piece in (count or words("–").parts[0], " · ")][:-1]
            cells.append(joined(*pieces))
        within = "" if subgroup == ALL else f" ({labels.population(subgroup).lower()})"
        rows.append(Row(words(_system_name(system) + within), tuple(cells)))
    letters = sorted({grade for grades in systems.values() for grade in grades})
    used = [number for group in groups for number in book.all(group)]
    note = f"Each cell counts subjects with grade {', '.join(letters[:-1])} and {letters[-1]}, in this order."
    heads = ("Organ system", *(labels.visit(visit) for visit in visits))
    title = f"Organ-system grades: number of subjects with {' · '.join(letters)}"
    return TableSpec(
        "table-grades", "systems", title, heads, tuple(rows), (note, *describe_basis(labels, used))
    )


def _system_name(variable: str) -> str:
    return SYSTEMS.get(variable.rpartition("_")[2], variable)


def _system_test_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    visits = _ordered_visits(study, [visit for group in groups for visit in book.visits(group)])
    rows: list[Row] = []
    for group in groups:
        within = "" if group.subgroup == ALL else f" ({labels.population(group.subgroup).lower()})"
        rows.append(heading(_system_name(group.variable) + within))
        moved = {visit: _moved_cell(book, group, visit) for visit in visits}
        plain = {visit: p_cell(book.find(group, visit, "p")) for visit in visits}
        adjusted = {visit: p_cell(book.find(group, visit, "p_adjusted")) for visit in visits}
        for label, cells in (
            ("Improved · unchanged · worsened", moved),
            ("P", plain),
            ("P, adjusted", adjusted),
        ):
            if any(cell.ids for cell in cells.values()):
                rows.append(Row(words(label), tuple(cells[visit] for visit in visits), indent=1))
    used = [number for group in groups for number in book.all(group)]
    heads = ("Organ system", *(labels.visit(visit) for visit in visits))
    adjust = dict.fromkeys(number.method for number in used if number.statistic == "p_adjusted")
    notes = ["Change of grade from baseline, ordinal paired test; subjects with a grade at both visits."]
    notes += [f"P, adjusted: {method_label(name)}." for name in adjust]
    title = "Organ systems: change of grade from baseline"
    return TableSpec(
        "table-systems", "systems", title, heads, tuple(rows), (*notes, *describe_basis(labels, used))
    )


def _moved_cell(book: NumberBook, group: Group, visit: str) -> Cell:
    counts = [part(book.find(group, visit, name), 0) for name in ("improved", "unchanged", "worsened")]
    return joined(counts[0], " · ", counts[1], " · ", counts[2])


# --- models --------------------------------------------------------------------------------------------


def build_model_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the marginal mean change of every mixed model, by visit."""
    groups = list(book.of("mmrm"))
    if not groups:
        return ()
    labels = Labels(study)
    rows: list[Row] = []
    for group in groups:
        within = "" if group.subgroup == ALL else f" ({labels.population(group.subgroup).lower()})"
        rows.append(heading(f"{labels.variable_with_unit(group.variable)}{within}"))
        rows += [
            _model_row(labels, book, group, visit) for visit in _ordered_visits(study, book.visits(group))
        ]
    used = [number for group in groups for number in book.all(group)]
    heads = ("Visit", "n", "Mean change (95% CI)", "SE", "df", "P", "P, adjusted")
    if not any(number.statistic == "p_adjusted" for number in used):
        heads, rows = heads[:-1], [replace(row, cells=row.cells[:-1]) for row in rows]
    fits = dict.fromkeys(number.method for number in used if number.method)
    notes = [f"Model: {method_label(name)}." for name in fits if name != "mmrm"]
    for endpoint in study.endpoints:
        if "mmrm" in endpoint.methods:
            fixed = f"fixed effects {endpoint.formula}; " if endpoint.formula else ""
            notes.append(
                f"{endpoint.printed}: {fixed}covariance {endpoint.covariance}; degrees of freedom {endpoint.df}."
            )
    title = "Mixed models for repeated measures: marginal mean change from baseline"
    return (
        TableSpec("table-mmrm", "models", title, heads, tuple(rows), (*notes, *describe_basis(labels, used))),
    )


def _model_row(labels: Labels, book: NumberBook, group: Group, visit: str) -> Row:
    estimate = book.find(group, visit, "estimate")
    limits = [part(book.find(group, visit, name), 2) for name in ("lower", "upper")]
    change = joined(part(estimate, 2), " (", *interval(*limits), ")") if all(limits) else single(estimate, 2)
    cells = (
        single(book.find(group, visit, "n"), 0),
        change,
        single(book.find(group, visit, "se"), 3),
        single(book.find(group, visit, "df"), 1),
        p_cell(book.find(group, visit, "p")),
        p_cell(book.find(group, visit, "p_adjusted")),
    )
    return Row(words(labels.visit(visit)), cells, indent=1)
