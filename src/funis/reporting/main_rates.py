"""The tables of the main part that count patients: response with its interval, relapse over denominators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from funis.documents.register import reference
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.arm_differences import (
    POINTS,
    Difference,
    difference_cells,
    difference_heads,
    difference_notes,
    find_risk_difference,
)
from funis.reporting.durability_tables import kept_group
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.key_measures import free_of_event
from funis.reporting.key_rates import share_of
from funis.reporting.labels import (
    MISSING_OUTCOME,
    MISSING_RELAPSE,
    Labels,
    in_sentence,
    listed,
)
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    percent_interval,
    share_cell,
    share_with_limits,
)
from funis.reporting.response_tables import (
    BOUNDS_HEAD,
    BOUNDS_NOTE,
    DENOMINATORS,
    bounds_cell,
    printed_class,
    response_label,
)
from funis.reporting.safety_tables import arm_label
from funis.reporting.small_samples import has_percent
from funis.results import ALL, name_sustained
from funis.study.model import Endpoint, Study

RESPONSE, RELAPSE = "table-main-response", "table-main-relapse"
#: Said where relapses of several arms stand beside each other.
_RESPONDERS_OF_ARMS = (
    "Who responds is known only after the arms were formed: responders of two arms are not alike, and their "
    "relapses are described, not compared. Of all treated, the arms can be compared."
)
#: Visits of a response that stand beside each other; more stand one below the other.
_MOST_ABREAST = 2


def build_main_rates(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the tables of response and of relapse that stand in the main part.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : those of which there is a result
    """
    labels = Labels(study)
    return (*_response_table(labels, book), *_relapse_table(labels, book))


def _percent_cell(book: NumberBook, group: Group, visit: str) -> TableCell:
    """Make a cell of a percentage with the planned interval; of few subjects the interval alone."""
    percent = book.find(group, visit, "percent")
    limits = [bound(book.find(group, visit, name, "clopper_pearson"), 1) for name in ("lower", "upper")]
    shown = bound(percent, 1) if percent is not None and has_percent(percent) else None
    if shown is None or shown.text == "–" or percent is None or percent.value is None:
        return EMPTY
    whole = Inline(f"{shown.text}%", shown.id)
    return joined(whole, " (", *percent_interval(*limits), ")") if all(limits) else joined(whole)


def _rows_of_response(book: NumberBook, endpoint: Endpoint) -> Iterator[tuple[str, Group, str]]:
    """Give label, group and visit of each row, any response first, and what is not known last."""
    own = [
        group
        for group in book.of("response")
        if group.endpoint in {endpoint.id, ""}
        and group.measure == group.variable == endpoint.definition
        and group.subgroup == ALL
    ]
    last = {"responder": -1, "cannot tell": 1}
    own.sort(key=lambda group: last.get(group.category, 0))
    for group in own:
        for visit in book.visits(group):
            if book.find(group, visit, "count") is not None:
                yield response_label(group), group, visit


_Row = tuple[str, Group, str]


def _response_table(labels: Labels, book: NumberBook) -> Iterator[TableSpec]:
    study = labels.study
    ranked = sorted(
        (each for each in study.endpoints if each.kind == "response" and each.definition),
        key=lambda each: each.role != "primary",
    )
    rows = [row for endpoint in ranked[:1] for row in _rows_of_response(book, endpoint)]
    if not rows:
        return
    later = [
        (f"{endpoint.printed}, any ({endpoint.role})", group, visit)
        for endpoint in ranked[1:]
        for _, group, visit in _rows_of_response(book, endpoint)
        if group.category == "responder"
    ]
    ids = {endpoint.definition: endpoint for endpoint in reversed(ranked)}
    used = [*rows, *later]
    differences = {
        (group, visit): find_risk_difference(study, book, group, ids[group.measure], visit)
        for _, group, visit in used
    }
    known = [each for each in differences.values() if each is not None]
    ends = [ranked[0].id, *(each.id for each in ranked[1:] if any(_rows_of_response(book, each)))]
    level = levels_text(study, ends)
    shape = _Shape(
        with_bounds=any(book.find(group, visit, "count_lowest") for _, group, visit in used),
        level=level,
        differences=differences,
        behind=difference_heads(level, known),
    )
    visits = list(dict.fromkeys(visit for *_, visit in rows))
    if len(study.arms) == 2:
        body, heads, over = _arms_abreast(labels, book, used, shape)
    elif not study.arms and 1 < len(visits) <= _MOST_ABREAST and not shape.with_bounds:
        body, heads, over = _visits_abreast(labels, book, used, shape, visits)
    else:
        body, heads, over = _arms_below(labels, book, rows, later, shape)
    title = _response_title(labels, ranked[0], visits)
    notes = (
        *_response_notes(labels, book, ranked[0], with_bounds=shape.with_bounds),
        *level_notes(labels, ends),
        *difference_notes(labels, known),
    )
    yield TableSpec(RESPONSE, "response", title, heads, tuple(body), notes, over)


def _response_title(labels: Labels, endpoint: Endpoint, visits: Sequence[str]) -> str:
    is_one = len(set(visits)) == 1 and visits[0] != ALL
    when = f" at {in_sentence(labels.visit(visits[0]))}" if is_one else ""
    return f"{labels.variable(endpoint.definition)}{when} ({endpoint.role})"


class _Shape(NamedTuple):
    """What columns a table of responses has, with the differences of its rows from the control arm."""

    with_bounds: bool
    level: str
    differences: Mapping[tuple[Group, str], Difference | None]
    behind: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return ("n/N", f"% ({self.level} CI)", *([BOUNDS_HEAD] if self.with_bounds else []))


_Body = tuple[list[TableRow], tuple[str, ...], tuple[tuple[str, int], ...]]


def _arms_below(
    labels: Labels,
    book: NumberBook,
    rows: Sequence[_Row],
    later: Sequence[_Row],
    shape: _Shape,
) -> _Body:
    """Set visits and arms below each other, all arms together first, and the other endpoints last."""
    blocks: dict[tuple[str, str, str], list[_Row]] = {}
    for row in rows:
        blocks.setdefault((row[2], row[1].arm, row[1].population), []).append(row)
    body: list[TableRow] = []
    for (visit, arm, _), found in blocks.items():
        if len(blocks) > 1:
            body.append(heading(_block_title(labels, visit, arm)))
        body += [_response_row(book, [row], shape) for row in found]
    several = len({visit for visit, *_ in blocks}) > 1
    for label, group, visit in later:
        when = f", {in_sentence(labels.visit(visit))}" if several and visit != ALL else ""
        if group.arm == ALL:
            body.append(_response_row(book, [(f"{label}{when}", group, visit)], shape))
    return body, ("", *shape.columns, *shape.behind), ()


def _visits_abreast(
    labels: Labels, book: NumberBook, rows: Sequence[_Row], shape: _Shape, visits: Sequence[str]
) -> _Body:
    """Set the visits of a trial without arms side by side, one row a class."""
    body: list[TableRow] = []
    for label in dict.fromkeys(label for label, *_ in rows):
        own = {row[2]: _response_row(book, [row], shape) for row in rows if row[0] == label}
        blank = (EMPTY,) * len(shape.columns)
        cells = (cell for visit in visits for cell in (own[visit].cells if visit in own else blank))
        first = next(iter(own.values()))
        body.append(TableRow(first.stub, tuple(cells), indent=first.indent))
    over = (("", 1), *((labels.visit(visit), len(shape.columns)) for visit in visits))
    return body, ("", *shape.columns * len(visits)), over


def _arms_abreast(labels: Labels, book: NumberBook, rows: Sequence[_Row], shape: _Shape) -> _Body:
    """Set two arms side by side, the difference at the right."""
    arms = labels.study.arms
    places: dict[tuple[str, str, str], dict[str, _Row]] = {}
    for row in rows:
        if row[1].arm != ALL:
            places.setdefault((row[2], row[0], row[1].measure), {})[row[1].arm] = row
    visits = list(dict.fromkeys(visit for visit, _, _ in places))
    body: list[TableRow] = []
    for visit in visits:
        if len(visits) > 1:
            body.append(heading(_block_title(labels, visit, ALL)))
        for (when, _, _), found in places.items():
            if when == visit and len(found) == len(arms):
                body.append(_response_row(book, [found[arm.id] for arm in arms], shape))
    behind = [("", len(shape.behind))] if shape.behind else []
    over = (("", 1), *((arm.name, len(shape.columns)) for arm in arms), *behind)
    return body, ("", *shape.columns * len(arms), *shape.behind), over


def _response_row(book: NumberBook, rows: Sequence[_Row], shape: _Shape) -> TableRow:
    """Make one row of what is counted in each of some arms, and of how the arm differs from control."""
    cells: list[TableCell] = []
    for _, group, visit in rows:
        cells += [share_of(book, group, visit), _percent_cell(book, group, visit)]
        cells += [bounds_cell(book, group, visit)] if shape.with_bounds else []
    label, group, _ = rows[0]
    if shape.behind:
        found = [shape.differences[each, visit] for _, each, visit in rows]
        cells += difference_cells(next((each for each in found if each is not None), None), POINTS)
    named = printed_class(group.measure, group.category)
    is_part = named is not None and named.extent in {"full", "partial"}
    return TableRow(words(label), tuple(cells), indent=int(is_part))


def _block_title(labels: Labels, visit: str, arm: str) -> str:
    when = "To the end of follow-up" if visit == ALL else labels.visit(visit)
    return when if arm in {ALL, ""} else f"{when}, {arm_label(labels.study, arm)}"


def _response_notes(
    labels: Labels, book: NumberBook, endpoint: Endpoint, *, with_bounds: bool
) -> Iterator[str]:
    who = in_sentence(labels.population(endpoint.population or "enrolled"))
    if not book.has_one_subject:
        yield f"N: all {who}. CI: Clopper-Pearson, exact."
    rule = MISSING_OUTCOME[endpoint.missing_outcome]
    yield f"{rule[:1].upper()}{rule[1:]}."
    if with_bounds:
        yield BOUNDS_NOTE
    other = "Every" if book.has_one_subject else "Other intervals, every"
    yield f"{other} class and definition: {reference('responses')}."


def _relapse_table(labels: Labels, book: NumberBook) -> Iterator[TableSpec]:
    """Count relapses at each visit of all, of responders, and of responders at risk, and what was kept.

    With arms each has its own block, and all together stand last.
    """
    arms = [arm.id for arm in labels.study.arms]
    groups = [group for group in book.of("relapse") if group.subgroup == ALL and group.arm in {ALL, *arms}]
    names = list(dict.fromkeys(group.population for group in groups))
    if not names:
        return
    blocks = {arm: [group for group in groups if group.arm == arm] for arm in (*arms, ALL)}
    rows: list[TableRow] = []
    has_kept = False
    for arm, own in blocks.items():
        kept = [*_still_rows(labels, book, names, arm)] or [*_kept_rows(book, names, arm)]
        has_kept = has_kept or bool(kept)
        if own and arms:
            rows.append(heading(arm_label(labels.study, arm) if arm != ALL else "All arms together"))
        if own:
            counted = _counted_rows(labels, book, names, own)
            rows += [*counted, *kept, *_free_rows(labels, book, names, arm)]
    heads = ("", *(_over_whom(labels, name) for name in names))
    ends = [group.endpoint for group in groups]
    ends += [
        each.id
        for each in labels.study.endpoints
        if has_kept and len(each.at) > 1 and each.kind == "response"
    ]
    timed = [group.endpoint for group in book.of("time_to_event") if group.variable == "relapse"]
    level = "" if book.has_one_subject else levels_text(labels.study, ends)
    notes = (
        *_relapse_notes(labels, level),
        *([_RESPONDERS_OF_ARMS] if len(arms) > 1 else []),
        *(level_notes(labels, [*ends, *timed]) if level else ()),
    )
    yield TableSpec(
        RELAPSE,
        "response",
        "Relapse and durability",
        heads,
        tuple(rows),
        notes,
    )


def _counted_rows(
    labels: Labels, book: NumberBook, names: Sequence[str], groups: Sequence[Group]
) -> Iterator[TableRow]:
    """Count the relapses found at each visit, then those of all visits together, over each denominator."""
    by_name = {group.population: group for group in reversed(groups)}
    visits = list(dict.fromkeys(visit for group in groups for visit in book.visits(group)))
    for visit in sorted(visits, key=lambda each: each == ALL):
        last = in_sentence(labels.visit(visits[-2 if visits[-1] == ALL and len(visits) > 1 else -1]))
        label = f"By {last}" if visit == ALL else f"Found at {in_sentence(labels.visit(visit))}"
        cells = (
            _relapse_cell(book, by_name[name], visit, with_interval=visit == ALL)
            if name in by_name
            else EMPTY
            for name in names
        )
        yield TableRow(words(label), tuple(cells))


def _over_whom(labels: Labels, name: str) -> str:
    return DENOMINATORS.get(name, f"of all {in_sentence(labels.population(name))}").capitalize()


def _relapse_cell(book: NumberBook, group: Group, visit: str, *, with_interval: bool) -> TableCell:
    if book.find(group, visit, "count") is None:
        return EMPTY
    if not with_interval or group.population != "responders":
        return share_cell(book, group, visit)
    return share_with_limits(book, group, visit)


def _still_rows(labels: Labels, book: NumberBook, names: Sequence[str], arm: str) -> Iterator[TableRow]:
    """Count who still responds at each later visit of a response that is judged at several."""
    for endpoint in labels.study.endpoints:
        found = {name: kept_group(book, endpoint, name, arm) for name in names}
        for visit in endpoint.at[1:] if any(found.values()) else ():
            cells = (
                EMPTY if group is None else _relapse_cell(book, group, visit, with_interval=True)
                for group in found.values()
            )
            yield TableRow(words(f"Still responding at {in_sentence(labels.visit(visit))}"), tuple(cells))


def _kept_rows(book: NumberBook, names: Sequence[str], arm: str) -> Iterator[TableRow]:
    """Count those whose response was kept to the end."""
    for group in book.of("response"):
        is_whole = group.subgroup == ALL and group.arm == arm and not group.category
        if group.variable == name_sustained(group.measure) and is_whole and group.population in names:
            cells = tuple(
                share_cell(book, group, ALL) if name == group.population else EMPTY for name in names
            )
            yield TableRow(words("Response kept to the end"), cells)


def _free_rows(labels: Labels, book: NumberBook, names: Sequence[str], arm: str) -> Iterator[TableRow]:
    """Give the Kaplan-Meier estimate at the last visit in the column of responders."""
    for group in book.of("time_to_event"):
        is_whole = group.subgroup == ALL and group.arm == arm
        free = free_of_event(book, group) if is_whole else None
        if free is None or "responders" not in names or group.variable != "relapse":
            continue
        cell = joined(free.share, *((" (", *free.limits, "%)") if free.limits else ()))
        label = f"Free of relapse at {in_sentence(labels.visit(free.visit))}, Kaplan-Meier"
        yield TableRow(words(label), tuple(cell if name == "responders" else EMPTY for name in names))


def _relapse_notes(labels: Labels, level: str) -> Iterator[str]:
    """Say what the table counts; without a level it has no interval, as in a report of one subject."""
    if level:
        yield f"n/N (%), over all visits with the exact {level} interval of responders (Clopper-Pearson)."
        yield "At risk: responders without an earlier relapse and still observed."
    yield "Relapse is found at visits; its true day lies between two visits."
    rules = dict.fromkeys(
        MISSING_RELAPSE[each.missing_relapse] for each in labels.study.endpoints if each.kind == "relapse"
    )
    if rules:
        yield f"A relapse that is not known {listed(list(rules))}."
    if level:
        yield f"Other intervals and the estimate at each visit: {reference('responses')}."
