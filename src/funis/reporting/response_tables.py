"""Response, relapse and time-to-event tables: every count with the name of what it is divided by."""

from __future__ import annotations

from collections.abc import Sequence

from funis.catalogue.model_response import ResponseClass
from funis.catalogue.registry import response_definition, responses
from funis.documents.register import reference
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import MISSING_OUTCOME, MISSING_RELAPSE, Labels, humanise, in_sentence
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    bound,
    interval,
    level_text,
    percent_interval,
    share_cell,
    single,
)
from funis.reporting.safety_tables import arm_label
from funis.results import ALL, format_number, name_sustained
from funis.study.model import Study
from funis.study.response_behind import ORIGINS, response_visit

CANNOT_TELL = "cannot tell"
#: Words for what is counted beside the classes of a definition.
CLASSES: dict[str, str] = {
    "responder": "Any response",
    "cannot tell": "Cannot tell",
    "open_class": "Response of an open class",
}
DENOMINATORS: dict[str, str] = {
    "responders": "of responders",
    "at_risk": "of responders still at risk",
}


BOUNDS_HEAD = "If cannot tell were none / all"
BOUNDS_NOTE = (
    "None / all: the number if none, and if all, of those who cannot be told or were imputed were in the "
    "row; N: everybody whom the row concerns."
)


def _rate_heads(study: Study, endpoint: str, *, with_bounds: bool) -> tuple[str, ...]:
    level = level_text(study, endpoint)
    heads = ("", "n/N (%)", f"{level} CI, Clopper-Pearson", f"{level} CI, Wilson")
    return (*heads, BOUNDS_HEAD) if with_bounds else heads


def _has_bounds(used: Sequence[Number]) -> bool:
    """Tell whether any answer is open: without one, a column of bounds would say nothing."""
    return any(number.statistic == "count_lowest" for number in used)


def bounds_cell(book: NumberBook, group: Group, visit: str) -> TableCell:
    """Print the lowest and the highest possible count, a dash where every answer is known."""
    found = [book.find(group, visit, name) for name in ("count_lowest", "count_highest")]
    parts = [
        Inline(f"{format_number(each.value, 0)}/{each.denominator}", each.id)
        for each in found
        if each is not None and each.value is not None
    ]
    return joined(parts[0], " / ", parts[1]) if len(parts) == len(found) else words("–")


def printed_class(definition: str, name: str) -> ResponseClass | None:
    """Give a class as its definition prints it, None for a definition or class that funis does not have."""
    known = definition in responses()
    return response_definition(definition).response_class(name) if known else None


def class_label(definition: str, category: str) -> str:
    """Give the printed name of a response class, or of what is counted beside the classes.

    Examples
    --------
    >>> class_label("explorer_response", "MCR"), class_label("explorer_response", "responder")
    ('Major clinical response', 'Any response')
    """
    found = printed_class(definition, category)
    return found.label if found is not None else CLASSES.get(category) or humanise(category)


def response_label(group: Group) -> str:
    """Give the printed name of a row of responses: a class, or a class that was kept to the end."""
    if group.variable != name_sustained(group.measure):
        return class_label(group.measure, group.category)
    if not group.category:
        return "Response sustained"
    return f"Sustained, {in_sentence(class_label(group.measure, group.category))}"


def rate_cells(
    book: NumberBook, group: Group, visit: str, *, with_bounds: bool = False
) -> tuple[TableCell, ...]:
    """Make the cells count with percentage, the interval by each method, and the bounds where wanted."""
    found = [share_cell(book, group, visit)]
    for method in ("clopper_pearson", "wilson"):
        limits = [bound(book.find(group, visit, name, method), 1) for name in ("lower", "upper")]
        found.append(joined(*percent_interval(*limits)) if all(limits) else EMPTY)
    return (*found, bounds_cell(book, group, visit)) if with_bounds else tuple(found)


def build_response_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table of responses a definition."""
    labels = Labels(study)
    groups = list(book.of("response"))
    definitions = dict.fromkeys(group.measure for group in groups)
    found = []
    for name in definitions:
        own = [group for group in groups if group.measure == name]
        found.append(_response_table(labels, book, name, own))
    return tuple(found)


def _response_table(labels: Labels, book: NumberBook, definition: str, groups: Sequence[Group]) -> TableSpec:
    used = [number for group in groups for number in book.all(group)]
    with_bounds = _has_bounds(used)
    rows: list[TableRow] = []
    blocks = dict.fromkeys((_block(group), visit) for group in groups for visit in book.visits(group))
    for block, visit in blocks:
        rows.append(heading(_block_title(labels, block, visit)))
        rows += [
            TableRow(
                words(response_label(group)),
                rate_cells(book, group, visit, with_bounds=with_bounds),
                indent=1,
            )
            for group in groups
            if _block(group) == block and book.find(group, visit, "count") is not None
        ]
    policies = [
        f"Missing outcome ({endpoint.missing_outcome}): {MISSING_OUTCOME[endpoint.missing_outcome]}."
        for endpoint in labels.study.endpoints
        if endpoint.definition == definition and endpoint.kind == "response"
    ]
    notes = (
        *(() if book.has_one_subject else _basis_of_responses(used)),
        *((BOUNDS_NOTE,) if with_bounds else ()),
        f"Definition in words: {reference('definitions')}, “Definition of {labels.variable(definition)}”.",
        *dict.fromkeys(policies),
        *describe_basis(labels, used, with_missing=False),
    )
    title = f"Response by {labels.variable(definition)}"
    heads = _rate_heads(labels.study, groups[0].endpoint, with_bounds=with_bounds)
    return TableSpec(f"table-response-{definition}", "response", title, heads, tuple(rows), notes)


def _basis_of_responses(used: Sequence[Number]) -> tuple[str, ...]:
    """Say what N is, from the numbers printed: all, those who are known, those who are counted by rule."""
    unknown = any(number.category == CANNOT_TELL and number.value for number in used)
    imputed = any(number.statistic == "imputed" for number in used)
    if unknown:
        basis = (
            "N: subjects of the population whose response is known or imputed; in the row “Cannot tell”, all "
            "of them. The classes and “Cannot tell” add up to all."
        )
    else:
        basis = "N: all subjects of the population."
    rule = "Imputed: without a known response, counted by the rule for a missing outcome."
    return (basis, rule) if imputed else (basis,)


def _block(group: Group) -> Group:
    """Give what the rows of one block share: whom they count."""
    return group._replace(variable="", category="")


def _block_title(labels: Labels, block: Group, visit: str) -> str:
    within = [labels.population(block.subgroup).lower()] if block.subgroup not in {ALL, ""} else []
    within += _arm_words(labels, block)
    of_whom = ", ".join([in_sentence(labels.population(block.population)), *within])
    when = labels.visit(visit) if visit != ALL else "To the end of follow-up"
    return f"{when}; population: {of_whom}"


def _arm_words(labels: Labels, group: Group) -> list[str]:
    """Name the arm of a group, where it is one."""
    return [] if group.arm in {ALL, ""} else [f"arm {arm_label(labels.study, group.arm)}"]


def build_relapse_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify relapses at each visit over every denominator: enrolled, responders, responders at risk."""
    groups = list(book.of("relapse"))
    if not groups:
        return ()
    labels = Labels(study)
    used = [number for group in groups for number in book.all(group)]
    with_bounds = _has_bounds(used)
    rows: list[TableRow] = []
    visits = dict.fromkeys(visit for group in groups for visit in book.visits(group))
    for visit in visits:
        rows.append(heading("All visits together" if visit == ALL else labels.visit(visit)))
        rows += [
            TableRow(
                words(_denominator(labels, group)),
                rate_cells(book, group, visit, with_bounds=with_bounds),
                indent=1,
            )
            for group in groups
            if book.find(group, visit, "count") is not None
        ]
    rules = dict.fromkeys(
        (MISSING_RELAPSE[endpoint.missing_relapse], endpoint.population or "enrolled")
        for endpoint in study.endpoints
        if endpoint.kind == "relapse"
    )
    notes = (
        (
            "The same relapses over each denominator: everybody of the population, its responders, and those "
            "of them who had not relapsed before and were still under observation at the visit."
        ),
        *((BOUNDS_NOTE,) if with_bounds else ()),
        *(
            f"Population: {in_sentence(labels.population(name))}. A relapse that is not known {words_of}; "
            "a subject whose response is not known is left out."
            for words_of, name in rules
        ),
        *describe_basis(labels, used, with_population=False, with_missing=False),
    )
    heads = _rate_heads(study, groups[0].endpoint, with_bounds=with_bounds)
    return (TableSpec("table-relapse", "response", "Relapse after response", heads, tuple(rows), notes),)


def _denominator(labels: Labels, group: Group) -> str:
    within = "" if group.subgroup == ALL else f", {labels.population(group.subgroup).lower()}"
    within = ", ".join([within, *_arm_words(labels, group)])
    whole = f"of all {in_sentence(labels.population(group.population))}"
    return f"Relapse, {DENOMINATORS.get(group.population, whole)}{within}"


_AT_RISK = (
    "At risk: still observed and free of the event just before that day (for events with a date of their "
    "own: when the window of the visit opens)."
)


def build_survival_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the Kaplan-Meier estimate at the planned visits, with the time of each from the origin."""
    groups = list(book.of("time_to_event"))
    if not groups:
        return ()
    labels = Labels(study)
    rows: list[TableRow] = []
    origins = [origin_words(labels, group.endpoint) for group in groups]
    for group, origin in zip(groups, origins, strict=True):
        within = "" if group.subgroup == ALL else f", {labels.population(group.subgroup).lower()}"
        within = ", ".join([within, *_arm_words(labels, group)])
        name = labels.endpoint(group.endpoint or group.variable)
        rows.append(heading(f"{name}{within}: days counted from {origin}"))
        for visit in book.visits(group):
            rows.append(_survival_row(labels, book, group, visit))
            if book.find(group, visit, "incidence") is not None:
                rows.append(_incidence_row(book, group, visit))
            if book.find(group, visit, "restricted_mean") is not None:
                rows.append(_mean_row(labels, book, group, visit))
    used = [number for group in groups for number in book.all(group)]
    ends = [group.endpoint for group in groups]
    level = levels_text(study, ends)
    same = origins[0] if len(set(origins)) == 1 else "origin"
    heads = ("", f"Days from {same}", "At risk", "Events so far", f"Free of the event ({level} CI)")
    notes = (_AT_RISK, *level_notes(labels, ends), *describe_basis(labels, used))
    return (TableSpec("table-time-to-event", "time-to-event", "Time to event", heads, tuple(rows), notes),)


def origin_words(labels: Labels, endpoint: str) -> str:
    """Say what a time to event is counted from, as a sentence goes on after "from"."""
    planned = next((each for each in labels.study.endpoints if each.id == endpoint), None)
    if planned is None:
        return "the origin"
    if planned.origin != "response":
        return ORIGINS[planned.origin]
    visit = response_visit(labels.study, planned)
    return f"response at {in_sentence(labels.visit(visit))}" if visit else "response"


def _survival_row(labels: Labels, book: NumberBook, group: Group, visit: str) -> TableRow:
    """Make the row of a planned visit, or that of the whole follow-up."""
    at_risk, events = (single(book.find(group, visit, name), 0) for name in ("at_risk", "events"))
    if visit == ALL:
        cells = (
            EMPTY, single(book.find(group, ALL, "n"), 0), events, single(book.find(group, ALL, "median"), 0)
        )  # fmt: skip
        return TableRow(words("Whole follow-up: n, events, median time in days"), cells, indent=1)
    survival = book.find(group, visit, "survival")
    limits = [
        book.find(group, visit, name, survival.method) if survival else None for name in ("lower", "upper")
    ]
    estimate = _share_cell(survival, *limits)
    day = single(book.find(group, visit, "planned_time"), 0)
    return TableRow(words(_point_words(labels, group, visit)), (day, at_risk, events, estimate), indent=1)


def _point_words(labels: Labels, group: Group, visit: str) -> str:
    """Name the visit; of a time that begins at another visit in each subject, as long after its beginning."""
    planned = next((each for each in labels.study.endpoints if each.id == group.endpoint), None)
    name = labels.visit(visit)
    if planned is None or planned.origin != "first_response":
        return name
    return f"As long after it as {in_sentence(name)} is after day 0"


def _share_cell(share: Number | None, lower: Number | None, upper: Number | None) -> TableCell:
    """Print a share of one with its interval in percent, as the main part and the figure do."""
    middle, low, high = (_in_percent(each) for each in (share, lower, upper))
    if middle is None or share is None or share.value is None:
        return joined(middle)
    if low is None or high is None:
        return joined(middle, "%")
    return joined(middle, "% (", *percent_interval(low, high), ")")


def _in_percent(number: Number | None) -> Inline | None:
    if number is None or number.value is None:
        return bound(number, 1)
    return bound(number._replace(value=100 * number.value), 1)


def _incidence_row(book: NumberBook, group: Group, visit: str) -> TableRow:
    """Make the row of the share that has had the event, with the deaths before it."""
    names = ("incidence", "lower", "upper")
    share, lower, upper = (book.find(group, visit, name, "aalen_johansen") for name in names)
    deaths = bound(book.find(group, visit, "competing_events"), 0)
    if share is not None and share.value is None and share.status == "not_collected":
        cell = joined(Inline(share.text, share.id))
    else:
        cell = _share_cell(share, lower, upper)
    label = "Had the event, with death competing; in place of events the deaths before it"
    return TableRow(words(label), (EMPTY, EMPTY, joined(deaths) if deaths else EMPTY, cell), indent=1)


def _mean_row(labels: Labels, book: NumberBook, group: Group, visit: str) -> TableRow:
    """Make the row of the mean time free of the event up to a visit, with its interval."""
    names = ("restricted_mean", "lower", "upper")
    mean, lower, upper = (book.find(group, visit, name, "restricted_mean") for name in names)
    if mean is not None and mean.value is None:
        cell = joined(Inline(mean.text, mean.id))
    else:
        cell = joined(bound(mean, 1), " (", *interval(bound(lower, 1), bound(upper, 1)), ")")
    label = f"Mean time free of the event, days, up to {in_sentence(labels.visit(visit))}"
    return TableRow(words(label), (EMPTY, EMPTY, EMPTY, cell), indent=1)
