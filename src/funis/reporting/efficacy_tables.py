"""Efficacy tables: variable, change and tests of each endpoint, BILAG systems, marginal means of models."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from funis.catalogue.instrument_tables import is_toxicity_grading
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.agreeing_tests import find_agreeing
from funis.reporting.footnotes import UNADJUSTED, describe_basis
from funis.reporting.labels import Labels, grade_columns, in_sentence, method_label, with_groups
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    adjusted_p,
    adjustment_of,
    bound,
    bound_p,
    decimals_for,
    decimals_needed,
    interval,
    level_text,
    p_cell,
    single,
)
from funis.reporting.planned_tables import withheld_notes
from funis.reporting.single_patient import mean_words
from funis.reporting.small_samples import NOT_CALCULATED
from funis.reporting.titres import is_titre_of
from funis.results import ALL, NOT_COLLECTED, name_change
from funis.study.estimand import IMPUTED
from funis.study.model import Endpoint, Study

#: More visits than this stand in rows, not in columns.
MOST_COLUMNS = 7
#: A table with more rows than this is folded.
MOST_ROWS = 90
#: What a test estimates, where that is not the mean change.
ESTIMATES: dict[str, str] = {
    "wilcoxon": "Hodges-Lehmann change",
    "sign_test": "Median change",
    "bootstrap": "Mean change, bootstrap",
    **{name: f"Mean change, {in_sentence(method_label(name))}" for name in IMPUTED},
}
_MIDDLE, _ENDS = ("median", "q1", "q3"), ("min", "max")
_OF_LEVELS = frozenset({"mean", *_MIDDLE})
#: The population of an endpoint that names none.
EVERYBODY = "enrolled"


class VariableByVisit(NamedTuple):
    """Everything computed about one variable in one group of subjects: the groups of each analysis."""

    variable: str
    population: str
    subgroup: str
    arm: str
    groups: tuple[Group, ...]


#: How the line is named that counts the subjects: of a level, and of a change.
_SIZES = ("n", "n with both values")


class Line(NamedTuple):
    """One statistic of a variable: its printed name and its cell at each visit."""

    label: str
    cells: dict[str, TableCell]
    indent: int = 0


def build_efficacy_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table an endpoint of change or summary, in the order of the study file."""
    found = []
    for endpoint in study.endpoints:
        if endpoint.kind in {"change", "summary"}:
            variables = [
                variable
                for name in endpoint.all_variables
                for variable in variables_by_visit(book, endpoint, name)
            ]
            if variables:
                found.append(_variable_table(study, book, endpoint, variables))
    return tuple(found)


def variables_by_visit(book: NumberBook, endpoint: Endpoint, variable: str) -> Iterable[VariableByVisit]:
    """Gather the analyses of a variable of an endpoint by the subjects they were made in.

    Parameters
    ----------
    book : the numbers of a run
    endpoint : of kind change or summary
    variable : one of its variables
    """
    whole = () if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
    subgroups = {*whole, *endpoint.subgroups}
    gathered: dict[tuple[str, str, str], dict[tuple[str, str], Group]] = {}
    for group in (*book.of("summary"), *book.of("change"), *book.of("test")):
        is_asked = group.population == (endpoint.population or EVERYBODY) and group.subgroup in subgroups
        if is_asked and group.measure == variable and group.endpoint in {endpoint.id, ""}:
            own = gathered.setdefault((group.population, group.subgroup, group.arm), {})
            # Numbers made for the endpoint alone (missing outcomes filled) stand in for the general ones.
            if group.endpoint or (group.analysis, group.variable) not in own:
                own[group.analysis, group.variable] = group
    for (population, subgroup, arm), groups in gathered.items():
        yield VariableByVisit(variable, population, subgroup, arm, tuple(groups.values()))


def _variable_table(
    study: Study, book: NumberBook, endpoint: Endpoint, variables: Sequence[VariableByVisit]
) -> TableSpec:
    labels = Labels(study)
    seen = [visit for variable in variables for group in variable.groups for visit in book.visits(group)]
    agreeing = find_agreeing(study, book, endpoint, [variable.groups for variable in variables])
    lines = [
        (variable, _with_planned_visits(variable_lines(labels, book, variable, set(agreeing)), endpoint.at))
        for variable in variables
    ]
    visits = ordered_visits(study, [*seen, *(visit for _, each in lines for visit in _cells_of_first(each))])
    has_headings = len(variables) > 1
    if len(visits) <= MOST_COLUMNS:
        rows = _visits_in_columns(labels, lines, visits, has_headings=has_headings)
        heads = ("", *(labels.visit(visit) for visit in visits))
    else:
        names = list(dict.fromkeys(line.label for _, each in lines for line in each))
        rows = _visits_in_rows(labels, lines, visits, names, has_headings=has_headings)
        heads = ("Visit", *names)
    used = [number for variable in variables for group in variable.groups for number in book.all(group)]
    change = "Change: value at the visit minus value at baseline, in subjects with both."
    has_change = any(number.variable == name_change(number.measure) for number in used)
    notes = (
        *describe_basis(labels, used),
        *((change,) if has_change else ()),
        *_adjust_notes(endpoint, used),
    )
    single_title = labels.variable_with_unit(variables[0].variable) if len(variables) == 1 else ""
    title = endpoint.printed if not single_title or endpoint.label else f"{endpoint.printed}: {single_title}"
    # Hundreds of rows are looked up, not read: they are folded, and the figure stands for them.
    is_long = len(rows) > MOST_ROWS
    return TableSpec(
        f"table-{endpoint.id}", "efficacy", title, heads, rows, notes, is_collapsed=is_long,
        instead=tuple(agreeing.values()),
    )  # fmt: skip


def _with_planned_visits(lines: list[Line], planned: Sequence[str]) -> list[Line]:
    """Say in the first line, the number of subjects, at which planned visits nothing was collected."""
    if not lines or lines[0].label not in _SIZES:
        return lines
    first = lines[0]
    lacking = dict.fromkeys((visit for visit in planned if visit not in first.cells), words(NOT_COLLECTED))
    return [first._replace(cells=first.cells | lacking), *lines[1:]]


def _cells_of_first(lines: Sequence[Line]) -> Iterable[str]:
    return lines[0].cells if lines else ()


def ordered_visits(study: Study, visits: Iterable[str]) -> tuple[str, ...]:
    """Put visits in the order of the study file, then in the order they were computed."""
    present = dict.fromkeys(visit for visit in visits if visit not in {ALL, ""})
    planned = [visit for visit in study.visit_names if visit in present]
    return (*planned, *order_numbered([visit for visit in present if visit not in planned]))


def order_numbered(visits: Sequence[str]) -> list[str]:
    """Put visits that are numbered alike in the order of their numbers; kinds stay in the order they appear.

    Examples
    --------
    >>> order_numbered(["visit_2", "visit_10", "visit_9", "late", "year_3", "year_2"])
    ['visit_2', 'visit_9', 'visit_10', 'late', 'year_2', 'year_3']
    """
    kinds: dict[str, list[tuple[int, str]]] = {}
    for visit in visits:
        found = re.fullmatch(r"(.*?)(\d+)", visit)
        kinds.setdefault(found[1] if found else visit, []).append((int(found[2]) if found else 0, visit))
    return [visit for each in kinds.values() for _, visit in sorted(each)]


def _adjust_notes(endpoint: Endpoint, used: Sequence[Number]) -> tuple[str, ...]:
    tests = [number for number in used if number.statistic in {"p", "p_adjusted"}]
    if not any(number.statistic == "p_adjusted" for number in tests):
        return (UNADJUSTED,) if tests else ()
    name = method_label(endpoint.adjust)
    return (
        (
            f"P: unadjusted. P, {name}: adjusted by {name} over the visits of the endpoint, for each "
            "variable, group and test by itself; not over variables or endpoints."
        ),
    )


def _variable_title(labels: Labels, variable: VariableByVisit) -> str:
    title = labels.variable_with_unit(variable.variable)
    return with_groups(title, labels.within(variable.subgroup, variable.arm))


def _visits_in_columns(
    labels: Labels,
    lines: Sequence[tuple[VariableByVisit, list[Line]]],
    visits: Sequence[str],
    *,
    has_headings: bool,
) -> tuple[TableRow, ...]:
    rows: list[TableRow] = []
    for variable, each in lines:
        if has_headings:
            rows.append(heading(_variable_title(labels, variable)))
        for line in each:
            cells = tuple(line.cells.get(visit, words("")) for visit in visits)
            rows.append(TableRow(words(line.label), cells, indent=int(has_headings) or line.indent))
    return tuple(rows)


def _visits_in_rows(
    labels: Labels,
    lines: Sequence[tuple[VariableByVisit, list[Line]]],
    visits: Sequence[str],
    names: Sequence[str],
    *,
    has_headings: bool,
) -> tuple[TableRow, ...]:
    rows: list[TableRow] = []
    for variable, each in lines:
        by_name = {line.label: line.cells for line in each}
        if has_headings:
            rows.append(heading(_variable_title(labels, variable)))
        for visit in visits:
            cells = tuple(by_name.get(name, {}).get(visit, words("")) for name in names)
            if any(cell.ids or cell.text == NOT_COLLECTED for cell in cells):
                rows.append(TableRow(words(labels.visit(visit)), cells, indent=int(has_headings)))
    return tuple(rows)


def variable_lines(
    labels: Labels, book: NumberBook, variable: VariableByVisit, without: Collection[str] = ()
) -> list[Line]:
    """Make the lines of a variable: description, change with interval, tests with their adjusted P.

    Tests `without` a line are said in a sentence.
    """
    is_titre = is_titre_of(labels.study, variable.variable)
    described = [group for group in variable.groups if group.analysis == "summary"]
    compared = [group for group in variable.groups if group.analysis == "change"]
    tested = [group for group in variable.groups if group.analysis in {"test", "change"}]
    lines = [line for group in described for line in describe_lines(book, group, is_titre=is_titre)]
    lines += [line for group in compared for line in _change_lines(labels, book, group)]
    return lines + [line for group in tested for line in _test_lines(labels, book, group, without)]


def describe_lines(
    book: NumberBook, group: Group, *, is_titre: bool = False, beside: Sequence[Group] = ()
) -> list[Line]:
    """Make the lines n, mean ± SD, median (Q1, Q3) and range; for a titre the geometric mean too.

    Groups that are printed `beside` this one have the same decimals.
    """
    visits = [visit for visit in book.visits(group) if visit != ""]
    alike = (group, *beside)
    levels = (number for each in alike for number in book.all(each) if number.statistic in _OF_LEVELS)
    digits = decimals_for(book, group.measure, (number.value for number in levels))
    fewest = {names: _fewest(book, alike, names, digits) for names in (_MIDDLE, _ENDS)}
    counts, means, medians, ranges = {}, {}, {}, {}
    beyond = {visit: single(book.find(group, visit, "censored"), 0) for visit in visits}
    geometric = {visit: single(book.find(group, visit, "geometric_mean"), 0) for visit in visits if is_titre}
    for visit in visits:
        get = {name: bound(book.find(group, visit, name), digits) for name in ("mean", "sd")}
        trimmed = {
            name: bound(book.find(group, visit, name), places)
            for names, places in fewest.items()
            for name in names
        }
        counts[visit] = single(book.find(group, visit, "n"), 0)
        means[visit] = joined(get["mean"], " ± ", get["sd"]) if get["sd"] else joined(get["mean"])
        medians[visit] = joined(trimmed["median"], *_quartiles(trimmed["q1"], trimmed["q3"]))
        ranges[visit] = joined(trimmed["min"], " to ", trimmed["max"])
    found = [
        Line(_SIZES[0], counts),
        Line("Beyond a limit of the assay", beyond),
        Line(mean_words("Mean ± SD", of_one=book.has_one_subject), means),
        Line("Titre" if book.has_one_subject else "Geometric mean titre", geometric),
        Line("Median (Q1, Q3)", medians),
        Line("Range", ranges),
    ]
    return [line for line in found if any(cell.ids for cell in line.cells.values())]


def _quartiles(q1: Inline | None, q3: Inline | None) -> tuple[Inline | str | None, ...]:
    """Give the inlines of the quartiles in brackets; one value has none."""
    if q1 is None and q3 is None:
        return ()
    return (" (", q1, ")") if q1 is not None and q1.text == NOT_CALCULATED else (" (", q1, ", ", q3, ")")


def _fewest(book: NumberBook, groups: Sequence[Group], names: Sequence[str], digits: int) -> int:
    """Give the decimals at which every one of these statistics of a line is printed."""
    every = (each for group in groups for each in book.all(group))
    return decimals_needed((each.value for each in every if each.statistic in names), digits)


def _change_lines(labels: Labels, book: NumberBook, group: Group) -> list[Line]:
    values = (number.value for number in book.all(group) if number.statistic in {"mean", "lower", "upper"})
    digits = decimals_for(book, group.measure, values)
    counts, changes, limits = {}, {}, {}
    for visit in book.visits(group):
        lower, upper = (bound(book.find(group, visit, name), digits) for name in ("lower", "upper"))
        counts[visit] = single(book.find(group, visit, "n"), 0)
        mean, sd = (bound(book.find(group, visit, name), digits) for name in ("mean", "sd"))
        changes[visit] = joined(mean, " ± ", sd) if sd else joined(mean)
        limits[visit] = joined(*interval(lower, upper))
    found = [
        Line(_SIZES[1], counts),
        Line(mean_words("Mean ± SD change from baseline", of_one=book.has_one_subject), changes),
        Line(f"{level_text(labels.study)} CI of the change", limits),
    ]
    return [line for line in found if any(cell.ids for cell in line.cells.values())]


def _test_lines(labels: Labels, book: NumberBook, group: Group, without: Collection[str]) -> list[Line]:
    methods = dict.fromkeys(
        number.method
        for number in book.all(group)
        if number.statistic in {"p", "estimate"} and number.method not in without
    )
    lines = []
    for method in methods:
        visits = book.visits(group)
        if method in ESTIMATES:
            lines += _estimate_lines(labels, book, group, method)
        adjusted = {visit: adjusted_p(book, group, visit, method) for visit in visits}
        plain = f"P, {in_sentence(method_label(method))}"
        lines.append(Line(plain, {visit: p_cell(book.find(group, visit, "p", method)) for visit in visits}))
        beside = method_label(adjustment_of(adjusted.values()))
        lines.append(Line(f"{plain}, {beside}", {visit: p_cell(each) for visit, each in adjusted.items()}))
        least = {visit: joined(bound_p(book.find(group, visit, "p_exact_least", method))) for visit in visits}
        lines.append(Line("Smallest P of an exact test with so few", least))
        zeros = {visit: single(book.find(group, visit, "zero_changes", method), 0) for visit in visits}
        lines.append(Line("Changes of 0, left out of the test", zeros))
        drawn = {visit: single(book.find(group, visit, "draws", method), 0) for visit in visits}
        lines.append(Line("Arrangements drawn at random", drawn))
        error = {visit: single(book.find(group, visit, "p_error", method), 4) for visit in visits}
        lines.append(Line("Standard error of P by drawing", error))
    return [line for line in lines if any(cell.ids for cell in line.cells.values())]


def _estimate_lines(labels: Labels, book: NumberBook, group: Group, method: str) -> list[Line]:
    """Make one line of what a test estimates and one of its interval: side by side they outgrow the page."""
    estimates, limits = {}, {}
    values = (
        number.value
        for number in book.all(group)
        if number.method == method and number.statistic in {"estimate", "lower", "upper"}
    )
    digits = decimals_for(book, group.measure, values)
    for visit in book.visits(group):
        lower, upper = (bound(book.find(group, visit, name, method), digits) for name in ("lower", "upper"))
        estimates[visit] = single(book.find(group, visit, "estimate", method), digits)
        limits[visit] = joined(*interval(lower, upper))
    return [
        Line(ESTIMATES[method], estimates),
        Line(f"{level_text(labels.study, group.endpoint)} CI of it", limits),
    ]


# --- what no endpoint names ----------------------------------------------------------------------------


def build_other_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table by visit of every score and laboratory test that no endpoint names."""
    named = {name for endpoint in study.endpoints for name in endpoint.all_variables}
    variables: dict[tuple[str, str, str, str], list[Group]] = {}
    for group in (*book.of("summary"), *book.of("change")):
        measure = group.measure
        if is_toxicity_grading(measure):  # counted by their worst grade, see toxicity_grade_tables
            continue
        if measure not in named and not (group.endpoint or measure in grade_columns()):
            variables.setdefault((measure, group.population, group.subgroup, group.arm), []).append(group)
    labs = set(study.lab_names)
    kinds = (
        ("table-other-scores", "Other scores and measures", False),
        ("table-other-labs", "Laboratory tests", True),
    )
    found = []
    for name, title, is_lab in kinds:
        chosen = [
            VariableByVisit(*key, tuple(groups))
            for key, groups in variables.items()
            if (key[0] in labs) is is_lab
        ]
        if chosen:
            endpoint = Endpoint(id="other", kind="summary", label=title)
            table = _variable_table(study, book, endpoint, chosen)
            others = named | set(study.instrument_names if is_lab else study.lab_names)
            table = replace(
                table,
                id=name,
                section="other",
                title=title,
                footnotes=(*table.footnotes, *withheld_notes(Labels(study), book, but=others)),
                is_collapsed=len(table.rows) > MOST_ROWS,
            )
            found.append(table)
    return tuple(found)
