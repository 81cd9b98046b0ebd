"""Tables of organ systems and of fitted models: numbers selected, nothing computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.efficacy_tables import EVERYBODY, MOST_COLUMNS, ordered_visits
from funis.reporting.footnotes import describe_basis, say_unadjusted
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import (
    COVARIANCES,
    DEGREES,
    Labels,
    grade_columns,
    method_label,
    system_labels,
    with_groups,
)
from funis.reporting.number_book import (
    Group,
    NumberBook,
    adjusted_p,
    adjustment_of,
    bound,
    decimals_for,
    estimate_cell,
    interval,
    level_text,
    p_cell,
    single,
)
from funis.results import NOT_AVAILABLE
from funis.study.model import Endpoint, Study


def build_system_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the distribution of grades by organ system and visit, and the paired test of each system."""
    planned = [endpoint.population for endpoint in study.endpoints if endpoint.kind == "systems"]
    population = (planned[0] if planned else "") or EVERYBODY
    groups = [group for group in book.of("systems") if group.population == population or group.endpoint]
    graded = [group for group in groups if group.category]
    tested = [group for group in groups if not group.category]
    found = [_grade_table(study, book, graded)] if graded else []
    return (*found, *([_system_test_table(study, book, tested)] if tested else []))


def _of_groups(labels: Labels, name: str, group: Group) -> str:
    return with_groups(name, labels.within(group.subgroup, group.arm, group.contrast))


def _grade_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    visits = ordered_visits(study, [visit for group in groups for visit in book.visits(group)])
    systems: dict[tuple[str, tuple[str, ...]], dict[str, Group]] = {}
    for group in groups:
        whose = tuple(labels.within(group.subgroup, group.arm, group.contrast))
        systems.setdefault((group.variable, whose), {})[group.category] = group
    letters = sorted({grade for grades in systems.values() for grade in grades})
    order = list(system_labels())
    systems = dict(sorted(systems.items(), key=lambda pair: (pair[0][1], _rank(order, pair[0][0]))))
    by_system = [
        (
            with_groups(_system_name(system), whose),
            {visit: _grade_cell(book, grades, letters, visit) for visit in visits},
        )
        for (system, whose), grades in systems.items()
    ]
    heads, rows = turned(labels, by_system, visits, "Organ system")
    used = [number for group in groups for number in book.all(group)]
    basis = tuple(describe_basis(labels, used))
    if book.has_one_subject:
        return TableSpec("table-grades", "systems", "Organ-system grades", heads, rows, basis)
    named = f"{', '.join(letters[:-1])} and {letters[-1]}"
    note = f"Each cell counts the subjects with grade {named}, in this order."
    title = f"Organ-system grades: number of subjects with {' · '.join(letters)}"
    return TableSpec("table-grades", "systems", title, heads, rows, (note, *basis))


def _rank(order: Sequence[str], variable: str) -> int:
    """Give the printed place of an organ system; another one comes last."""
    _, system = grade_columns().get(variable, ("", ""))
    return order.index(system) if system in order else len(order)


def _grade_cell(book: NumberBook, grades: dict[str, Group], letters: Sequence[str], visit: str) -> TableCell:
    counts = [
        bound(book.find(grades[each], visit, "count"), 0) if each in grades else None for each in letters
    ]
    if not any(counts):
        return words("")
    if book.has_one_subject:
        return _named_cell(letters, counts)
    pieces = [piece for count in counts for piece in (count or Inline("–"), " · ")]
    return joined(*pieces[:-1])


_MOVED = "First line of a system: subjects improved · unchanged · worsened, graded at both visits."


def _named_cell(names: Sequence[str], counts: Sequence[Inline | None]) -> TableCell:
    """Name what is counted of one subject: what has a count of one."""
    found = [
        Inline(name, count.id)
        for name, count in zip(names, counts, strict=True)
        if count is not None and count.text == "1"
    ]
    return joined(*found) if found else words(NOT_AVAILABLE)


def turned(
    labels: Labels, lines: Sequence[tuple[str, dict[str, TableCell]]], visits: Sequence[str], corner: str
) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    """Give heads and rows with visits in columns, or in rows where there are too many of them."""
    if len(visits) <= MOST_COLUMNS:
        heads = (corner, *(labels.visit(visit) for visit in visits))
        return heads, tuple(
            TableRow(words(name), tuple(cells[visit] for visit in visits)) for name, cells in lines
        )
    rows = tuple(
        TableRow(words(labels.visit(visit)), tuple(cells[visit] for _, cells in lines)) for visit in visits
    )
    return ("Visit", *(name for name, _ in lines)), rows


def _system_name(variable: str) -> str:
    _, system = grade_columns().get(variable, ("", ""))
    return system_labels().get(system, variable)


def _system_test_table(study: Study, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    labels = Labels(study)
    visits = ordered_visits(study, [visit for group in groups for visit in book.visits(group)])
    used = [number for group in groups for number in book.all(group)]
    beside = adjustment_of(used)
    rows: list[TableRow] = []
    for group in groups:
        moved = tuple(_moved_cell(book, group, visit) for visit in visits)
        shares = tuple(estimate_cell(book, group, visit, "signed_rank_pratt", 2) for visit in visits)
        rows.append(
            TableRow(words(_of_groups(labels, _system_name(group.variable), group), strong=True), moved)
        )
        share = f"Share worse minus better ({level_text(study, group.endpoint)} CI)"
        rows.append(TableRow(words(share), shares, indent=1))
        tests = [_both_p(book, group, visit) for visit in visits]
        rows.append(TableRow(words("P"), tuple(plain for plain, _ in tests), indent=1))
        if beside:
            name = f"P, {method_label(beside)}"
            rows.append(TableRow(words(name), tuple(adjusted for _, adjusted in tests), indent=1))
    heads = ("Organ system", *(labels.visit(visit) for visit in visits))
    notes = [] if book.has_one_subject else [_MOVED]
    notes += (
        [f"P: unadjusted. P, {method_label(beside)}: adjusted over the visits of one system, not over all."]
        if beside
        else say_unadjusted(used)
    )
    title = "Organ systems: change of grade from baseline"
    return TableSpec(
        "table-systems", "systems", title, heads, tuple(rows), (*notes, *describe_basis(labels, used))
    )


_MOVES = ("improved", "unchanged", "worsened")


def _moved_cell(book: NumberBook, group: Group, visit: str) -> TableCell:
    counts = [bound(book.find(group, visit, name), 0) for name in _MOVES]
    if book.has_one_subject:
        return _named_cell(_MOVES, counts)
    return joined(counts[0], " · ", counts[1], " · ", counts[2])


def _both_p(book: NumberBook, group: Group, visit: str) -> tuple[TableCell, TableCell]:
    """Give the P value of a test and the adjusted one, each in a cell of its own."""
    plain = book.find(group, visit, "p")
    adjusted = adjusted_p(book, group, visit, plain.method) if plain is not None else None
    return p_cell(plain), p_cell(adjusted)


_UNCONDITIONAL = (
    "Unconditional means: averaged over the subjects, whose baselines are a sample too; the interval is one "
    "for a population (g-computation). Baselines held: the interval of a conditional mean (SAS: LSMEANS), "
    "which takes the baselines as they were and is narrower."
)

_SHARED_SLOPE = (
    "{}: the formula of the study file gives the baseline one slope at all visits. Where the slopes of "
    "visits differ, standard errors and intervals of a visit can be too small or too large; with visit * "
    "baseline each visit has its own."
)

# --- models --------------------------------------------------------------------------------------------


def build_model_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the marginal mean change of every mixed model, by visit."""
    groups = list(book.of("mmrm"))
    if not groups:
        return ()
    labels = Labels(study)
    used = [number for group in groups for number in book.all(group)]
    beside = adjustment_of(used)
    tests = ["P", f"P, {method_label(beside)}"] if beside else ["P"]
    rows: list[TableRow] = []
    held = any(number.statistic == "conditional_se" for number in used)
    for group in groups:
        name = labels.variable_with_unit(group.variable, group.measure)
        rows.append(heading(_of_groups(labels, name, group)))
        for visit in ordered_visits(study, book.visits(group)):
            row = _model_row(labels, book, group, visit, len(tests))
            rows.append(replace(row, cells=(*row.cells, _held_cell(book, group, visit))) if held else row)
    ends = [group.endpoint for group in groups]
    level = levels_text(study, ends)
    heads = ["Visit", "n", f"Mean change ({level} CI)", "SE", "df", *tests]
    notes = [_model_words(study, endpoint) for endpoint in study.endpoints if "mmrm" in endpoint.methods]
    if held:
        heads.append(f"{level} CI, baselines held")
        notes.append(_UNCONDITIONAL)
    notes += level_notes(labels, ends)
    shared = dict.fromkeys(number.endpoint for number in used if number.statistic == "shared_slope")
    notes += [_SHARED_SLOPE.format(labels.endpoint(name)) for name in shared]
    if beside:
        notes.append(f"P: unadjusted. {tests[1]}: adjusted over the visits of the endpoint.")
    notes += say_unadjusted(used)
    title = "Mixed models for repeated measures: marginal mean change from baseline"
    return (
        TableSpec(
            "table-mmrm",
            "models",
            title,
            tuple(heads),
            tuple(rows),
            (*notes, *describe_basis(labels, used)),
        ),
    )


def _held_cell(book: NumberBook, group: Group, visit: str) -> TableCell:
    """Give the interval with the baselines held; empty where the printed one holds them."""
    digits = _digits(book, group)
    limits = [bound(book.find(group, visit, f"conditional_{name}"), digits) for name in ("lower", "upper")]
    return joined(*interval(*limits)) if all(limits) else EMPTY


def _digits(book: NumberBook, group: Group) -> int:
    """Give the decimals of a model's means: those of the variable."""
    means = (number.value for number in book.all(group) if number.statistic == "estimate")
    return decimals_for(book, group.measure, means)


def _model_row(labels: Labels, book: NumberBook, group: Group, visit: str, tests: int) -> TableRow:
    estimate, digits = book.find(group, visit, "estimate"), _digits(book, group)
    names = ("estimate", "lower", "upper")
    middle, lower, upper = (bound(book.find(group, visit, name), digits) for name in names)
    has_limits = lower is not None and upper is not None
    change = joined(middle, " (", *interval(lower, upper), ")") if has_limits else single(estimate, digits)
    cells = (
        joined(Inline(str(estimate.n), estimate.id))
        if estimate is not None and estimate.n is not None
        else EMPTY,
        change,
        single(book.find(group, visit, "se"), digits + 1),
        single(book.find(group, visit, "df"), 1),
        *_both_p(book, group, visit)[:tests],
    )
    return TableRow(words(labels.visit(visit)), cells, indent=1)


def _model_words(study: Study, endpoint: Endpoint) -> str:
    fixed = f"fixed effects {endpoint.formula}; " if endpoint.formula else ""
    structure = COVARIANCES[endpoint.covariance]
    return (
        f"{endpoint.printed}: {fixed}covariance {structure}; degrees of freedom {DEGREES[endpoint.df]}; "
        f"{study.kind_of_means(endpoint)} means."
    )
