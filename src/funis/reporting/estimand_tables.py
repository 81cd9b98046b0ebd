"""Tables of estimands, sensitivity analyses, gatekeeping and tipping points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.estimand_text import EVENTS, STRATEGIES, estimand_sentence, multiplicity_sentence
from funis.reporting.footnotes import describe_basis, say_unadjusted
from funis.reporting.labels import (
    MISSING,
    MISSING_OUTCOME,
    Labels,
    in_sentence,
    method_label,
    with_groups,
    words_of_name,
)
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    bound,
    bound_p,
    count_cell,
    interval,
    level_text,
)
from funis.reporting.safety_tables import UNASKED
from funis.reporting.small_samples import has_percent
from funis.results import ALL, format_shortest
from funis.study.estimand import Estimand
from funis.study.model import Endpoint, Study

#: The test whose P stands beside a rate with its interval.
_TEST_OF_RATE = {"clopper_pearson": "binomial", "newcombe": "fisher"}
_FAILED = "failed: no estimate; the panel of the number says why."


def build_estimand_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table an estimand: its events, what was estimated at each visit, and its sentence."""
    labels = Labels(study)
    groups = list(book.of("estimand"))
    found = []
    for estimand in study.estimands:
        own = [group for group in groups if group.estimand == estimand.id]
        if own:
            found.append(_estimand_table(labels, book, estimand, own))
    return tuple(found)


def _estimand_table(
    labels: Labels, book: NumberBook, estimand: Estimand, groups: Sequence[Group]
) -> TableSpec:
    counted = [group for group in groups if book.find(group, ALL, "count") is not None]
    estimated = [group for group in groups if group not in counted]
    rows: list[TableRow] = [heading("Subjects with an intercurrent event")] if counted else []
    rows += [_event_row(labels, book, group) for group in counted]
    rows.append(heading(f"Estimate: {estimand.summary}"))
    for group in estimated:
        rows += [_estimate_row(labels, book, group, visit) for visit in book.visits(group)]
    used = [number for group in groups for number in book.all(group)]
    title = f"Estimand “{words_of_name(estimand.id)}”: {in_sentence(labels.endpoint(estimand.endpoint))}"
    level = level_text(labels.study, estimand.endpoint)
    heads = ("", "n", f"Estimate ({level} CI)", "Method", "P")
    unasked = any(
        each.statistic == "count" and each.denominator is None and each.value is not None for each in used
    )
    notes = (
        estimand_sentence(labels, estimand), *((UNASKED,) if unasked else ()), *say_unadjusted(used),
        *_notes(labels, used),
    )  # fmt: skip
    return TableSpec(f"table-estimand-{estimand.id}", "estimands", title, heads, tuple(rows), notes)


def _notes(labels: Labels, used: Iterable[Number]) -> tuple[str, ...]:
    return describe_basis(labels, used, failed=_FAILED)


def _groups(labels: Labels, group: Group) -> list[str]:
    return labels.within(group.subgroup, group.arm, group.contrast)


def _event_row(labels: Labels, book: NumberBook, group: Group) -> TableRow:
    name = group.variable
    number = book.find(group, ALL, "count")
    event = EVENTS.get(name, name)
    cell = EMPTY
    if number is not None:
        counted = count_cell(number).parts if number.value is not None and not has_percent(number) else ()
        cell = joined(*(counted or (Inline(number.text, number.id),)), *_asked(book, group))
    method = number.method if number is not None else ""
    strategy = STRATEGIES.get(method, method) or "no strategy"
    stub = words(with_groups(event[:1].upper() + event[1:], _groups(labels, group)))
    return TableRow(stub, (cell, words(""), words(strategy), words("")), indent=1)


def _asked(book: NumberBook, group: Group) -> tuple[Inline | str, ...]:
    """Say of how many of the members an event is known, where it is not known of all of them."""
    asked = book.find(group, ALL, "asked")
    if asked is None or asked.value is None:
        return ()
    return "; known of ", Inline(f"{asked.text}/{asked.denominator}", asked.id)


def _estimate_row(labels: Labels, book: NumberBook, group: Group, visit: str) -> TableRow:
    estimate = book.find(group, visit, "estimate")
    when = labels.visit(visit) if visit != ALL else "All visits"
    stub = words(with_groups(when, _groups(labels, group)))
    if estimate is None:
        note = book.find(group, visit, "covariance")
        cell = joined(Inline(note.text, note.id)) if note is not None else EMPTY
        return TableRow(words("Covariance"), (EMPTY, cell, words("mixed model"), words("")), indent=1)
    cells = _estimate_cells(book, estimate)
    return TableRow(
        stub, (cells[0], joined(*cells[1].parts, *_by_rule(book, group, visit)), *cells[2:]), indent=1
    )


def _by_rule(book: NumberBook, group: Group, visit: str) -> Iterator[Inline | str]:
    """Say how many are not known and left out, or counted by the rule for what is missing."""
    for name, words_before, words_after in (
        ("cannot_tell", "; cannot tell ", ""),
        ("imputed", "; ", " of n imputed"),
    ):
        number = book.find(group, visit, name)
        if number is not None and number.value:
            yield from (words_before, Inline(number.text, number.id), words_after)


def _estimate_cells(book: NumberBook, estimate: Number) -> tuple[TableCell, ...]:
    """Make the cells n, estimate with interval, method and P of one estimate."""
    method = estimate.method
    limits = [_shown(book.beside(estimate, name)) for name in ("lower", "upper")]
    middle = _shown(estimate)
    value = _with_limits(middle, limits) if all(limits) else joined(middle)
    test = book.beside(estimate, "p", _TEST_OF_RATE.get(method, method))
    n = TableCell((Inline(str(estimate.n), estimate.id),)) if estimate.n is not None else EMPTY
    p = joined(bound_p(test)) if test is not None else words("")
    return n, value, words(method_label(method) if method else ""), p


def _with_limits(estimate: Inline | None, limits: Sequence[Inline | None]) -> TableCell:
    """Put an interval in brackets behind an estimate; a count with its share has brackets already."""
    if estimate is not None and estimate.text.endswith(")"):
        return joined(estimate, "; CI ", *interval(*limits))
    return joined(estimate, " (", *interval(*limits), ")")


def _shown(number: Number | None) -> Inline | None:
    """Print a number as its own text has it: a count with its share stays one."""
    if number is None or number.value is None:
        return bound(number, 2)
    return Inline(number.text.replace("-", "−"), number.id)


# --- sensitivity -------------------------------------------------------------------------------------


def build_sensitivity_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table an endpoint: method x missing policy x population, and the tipping points."""
    labels = Labels(study)
    groups = list(book.of("sensitivity"))
    found = []
    for endpoint in study.endpoints:
        own = [group for group in groups if group.endpoint == endpoint.id]
        if own:
            found.append(_sensitivity_table(labels, book, endpoint, own))
    return tuple(found)


def _sensitivity_table(
    labels: Labels, book: NumberBook, endpoint: Endpoint, groups: Sequence[Group]
) -> TableSpec:
    rows: list[TableRow] = []
    for group in groups:
        for visit in book.visits(group):
            rows.append(heading(_block(labels, endpoint, group, visit)))
            rows += _method_rows(book, group, visit)
    used = [number for group in groups for number in book.all(group)]
    notes = describe_basis(labels, used, with_missing=False, failed=_FAILED)
    rules = dict.fromkeys(number.missing_outcome for number in used if _is_varied(number))
    meaning = MISSING | {"locf": MISSING_OUTCOME["locf"]}
    meanings = tuple(f"{rule[:1].upper() + rule[1:]}: {meaning[rule]}." for rule in rules)
    title = f"Sensitivity analyses: {in_sentence(endpoint.printed)}"
    level = level_text(labels.study, endpoint.id)
    heads = ("Method", "Missing outcome", "n", f"Estimate ({level} CI)", "P")
    return TableSpec(
        f"table-sensitivity-{endpoint.id}", "sensitivity", title, heads, tuple(rows),
        (*meanings, *say_unadjusted(used), *notes),
        is_collapsed=len(rows) > 40,
    )  # fmt: skip


def _is_varied(number: Number) -> bool:
    """Tell whether a rule for missing outcomes was tried beside others; multiple imputation is a method."""
    return number.missing_outcome in MISSING and number.missing_outcome != number.method


def _rule(number: Number) -> str:
    """Say what was done about a missing outcome."""
    if number.delta is not None:
        return f"delta {format_shortest(number.delta)}"
    if number.method in {"mmrm", "multiple_imputation"}:
        return "missing at random"
    return number.missing_outcome if _is_varied(number) else ""


def _block(labels: Labels, endpoint: Endpoint, group: Group, visit: str) -> str:
    when = labels.visit(visit) if visit != ALL else "All visits"
    several = f"{labels.variable(group.variable, group.measure)}, " if len(endpoint.all_variables) > 1 else ""
    whom = with_groups(in_sentence(labels.population(group.population)), _groups(labels, group))
    return f"{several}{when}; population: {whom}"


def _method_rows(book: NumberBook, group: Group, visit: str) -> list[TableRow]:
    rows = []
    for estimate in book.groups[group].get((visit, "estimate"), ()):
        n, value, _, p = _estimate_cells(book, estimate)
        cells = (words(_rule(estimate)), n, value, p)
        rows.append(TableRow(words(method_label(estimate.method)), cells, indent=1))
    tipping = book.find(group, visit, "tipping_point")
    if tipping is not None:
        text = tipping.text.replace("-", "−")
        cells = (words(""), words(""), joined(Inline(text, tipping.id)), words(""))
        rows.append(TableRow(words("Tipping point (shift of imputed values)"), cells, indent=1))
    return rows


# --- gatekeeping -------------------------------------------------------------------------------------


def build_multiplicity_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the P value of each endpoint of the gatekeeping beside the adjusted one."""
    plan = study.multiplicity
    groups = list(book.of("multiplicity"))
    if plan is None or not groups:
        return ()
    labels = Labels(study)
    rows = []
    for group in groups:
        visit = book.visits(group)[0]
        plain, adjusted = (book.find(group, visit, name) for name in ("p", "p_adjusted"))
        if plain is None or adjusted is None:
            continue
        cells = (
            words(labels.visit(visit)),
            words(method_label(adjusted.method)),
            joined(bound_p(plain)),
            joined(bound_p(adjusted)),
            words(method_label(adjusted.adjustment)),
        )
        rows.append(TableRow(words(labels.endpoint(group.endpoint)), cells))
    used = [number for group in groups for number in book.all(group)]
    heads = ("Endpoint", "Visit", "Test", "P", "P adjusted", "Adjustment")
    level = f"A hypothesis is rejected where the adjusted P is {format_shortest(study.trial.alpha)} or less."
    none = "An endpoint without a P value counts as P = 1."
    notes = (multiplicity_sentence(labels, plan), level, none, *_notes(labels, used))
    title = "Gatekeeping over endpoints"
    return (TableSpec("table-multiplicity", "multiplicity", title, heads, tuple(rows), notes),)
