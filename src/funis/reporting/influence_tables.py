"""Influence of single subjects, sites and lots, and these as random effects: tables and one figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl

from funis.documents.colours import GROUPS, INK
from funis.documents.figure import FigureSpec, Spec, finish, fit, top_legend, wrapped_axis
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import say_unadjusted
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import Labels, in_sentence, method_label, with_groups
from funis.reporting.number_book import Number, NumberBook, bound, interval, p_cell
from funis.reporting.summary_figures import is_summarised, say_summarised
from funis.results import ALL, Results, format_number, name_change
from funis.study.model import Study

SECTION = "diagnostics"
_KINDS = ("subject", "site", "lot", "donor")
_KIND_COLOURS = {"subject": GROUPS[0], "site": GROUPS[1], "lot": GROUPS[2], "donor": GROUPS[4]}


class _Line(NamedTuple):
    """What one row of the table is about."""

    endpoint: str
    variable: str
    measure: str
    subgroup: str
    arm: str
    contrast: str
    visit: str
    method: str


#: Height of a row that holds two lines of words.
_TWO_LINES = 27


#: Said where donors stand for nothing that lots do not stand for.
DONORS_ARE_LOTS = "Without one donor, or by donor: the same numbers as by lot."
_ANALYSES = frozenset({"influence", "site_effects"})
#: What names a lot or a donor, and is not the same for both.
_NAMES = frozenset({"most_influential_label"})


def build_influence_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the range of each estimate without one subject, site or lot, and who moves it most."""
    lines = _gather(book)
    if not lines:
        return ()
    labels = Labels(study)
    is_once = donors_are_lots(book)
    kinds = [kind for kind in _KINDS if any(kind in found for found in lines.values())]
    kinds = [kind for kind in kinds if kind != "donor" or not is_once]
    rows: list[TableRow] = []
    said = ""
    for line, found in lines.items():
        title = _title(labels, line)
        if title != said:
            rows.append(heading(title))
            said = title
        cells = [_estimate_cell(found)]
        for kind in kinds:
            cells += _kind_cells(found.get(kind, {}), with_p=kind == "subject")
        rows.append(TableRow(words(_when(labels, line)), tuple(cells), indent=1))
    heads, spanners = ["", "Estimate"], [("", 2)]
    for kind in kinds:
        more = ["Range", "Most influential: without it"] + (["Largest P"] if kind == "subject" else [])
        heads += more
        spanners.append((f"Without one {kind}", len(more)))
    notes = (
        (
            "Each subject, site or lot is left out in turn and the estimate made again. Largest P: of the t "
            "test that the mean change is 0."
        ),
        "Mixed model: the covariance is held at its estimate from all subjects.",
        "Lot and donor: of the first infusion." if {"lot", "donor"} & set(kinds) else "",
        DONORS_ARE_LOTS if is_once else "",
    )
    return (
        TableSpec(
            "table-influence", SECTION, "Estimates without one subject, one site or one lot", tuple(heads),
            tuple(rows), tuple(filter(None, notes)), spanners=tuple(spanners),
        ),
    )  # fmt: skip


def donors_are_lots(book: NumberBook) -> bool:
    """Tell whether leaving out one donor gives every number that leaving out one lot gives.

    Parameters
    ----------
    book : the numbers of a run
    """
    found: dict[str, dict[tuple[str, ...], float | None]] = {"lot": {}, "donor": {}}
    for number in book.numbers:
        if number.analysis in _ANALYSES and number.cluster in found and number.statistic not in _NAMES:
            key = tuple(str(getattr(number, name)) for name in (*_Line._fields, "analysis", "statistic"))
            found[number.cluster][key] = number.value
    return bool(found["lot"]) and found["lot"] == found["donor"]


def _gather(book: NumberBook) -> dict[_Line, dict[str, dict[str, Number]]]:
    found: dict[_Line, dict[str, dict[str, Number]]] = {}
    for number in book.numbers:
        if number.analysis != "influence":
            continue
        line = _Line(*(getattr(number, name) for name in _Line._fields))
        found.setdefault(line, {}).setdefault(number.cluster, {})[number.statistic] = number
    # Rows of one endpoint, variable and method stand together, in the order they were computed.
    order = {line._replace(visit=""): place for place, line in reversed(list(enumerate(found)))}
    return dict(sorted(found.items(), key=lambda pair: order[pair[0]._replace(visit="")]))


def _title(labels: Labels, line: _Line) -> str:
    name = labels.endpoint(line.endpoint)
    if line.variable == name_change(line.measure):
        changed = labels.variable_with_unit(line.variable, line.measure)
        name = f"{changed}, {in_sentence(method_label(line.method))}"
    else:
        name += ", % of subjects"
    return with_groups(name, labels.within(line.subgroup, line.arm, line.contrast))


def _when(labels: Labels, line: _Line) -> str:
    return "All visits" if line.visit == ALL else labels.visit(line.visit)


def _estimate_cell(found: dict[str, dict[str, Number]]) -> TableCell:
    number = next((each["estimate"] for each in found.values() if "estimate" in each), None)
    return _text_cell(number)


def _kind_cells(found: dict[str, Number], *, with_p: bool) -> list[TableCell]:
    if not found:
        return [EMPTY] * (3 if with_p else 2)
    lower, upper = (_text_part(found.get(name)) for name in ("lower", "upper"))
    who, without = (_text_part(found.get(name)) for name in ("most_influential_label", "most_influential"))
    cells = [joined(*interval(lower, upper)), joined(who, ": ", without) if who else EMPTY]
    return [*cells, p_cell(found.get("p_highest"))] if with_p else cells


def _text_part(number: Number | None) -> Inline | None:
    """Print a number as its own text has it; a minus is set in a number, not in the name of a subject."""
    if number is None or number.statistic == "most_influential_label":
        return None if number is None else Inline(number.text, number.id)
    return Inline(number.text.replace("-", "−"), number.id)


def _text_cell(number: Number | None) -> TableCell:
    return joined(_text_part(number)) if number is not None else EMPTY


# --- random effects --------------------------------------------------------------------------------------


def build_site_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify site, lot and donor as random intercepts of the change at the last visit."""
    groups = list(book.of("site_effects"))
    if not groups:
        return ()
    labels = Labels(study)
    rows: list[TableRow] = []
    notes: dict[str, str] = {}
    is_once = donors_are_lots(book)
    for group in groups:
        kind = group.cluster
        if kind == "donor" and is_once:
            continue
        changed = labels.variable_with_unit(group.variable, group.measure)
        named = with_groups(changed, labels.within(group.subgroup, ALL))
        for visit in book.visits(group):
            title = f"{named}, {in_sentence(labels.visit(visit))}"
            get = {name: book.find(group, visit, name) for name in _EFFECTS}
            rows.append(TableRow(words(title), (words(kind), *_effect_cells(get))))
            number = get["caution"]
            text = (
                "The interval of the share says what so few groups can show"
                if number is None
                else number.text
            )
            if get["word"] is not None:
                notes[f"{text[:1].upper()}{text[1:]}."] = ""
    ends = [group.endpoint for group in groups]
    share = f"Share between ({levels_text(study, ends)} CI)"
    heads = ("", "By", "n", "Groups", "Mean change", "SD between", "SD within", share, "P")
    footnotes = (
        (
            "Random intercept by restricted maximum likelihood. Share between: variance between groups over "
            "all variance. P: F test that groups do not differ."
        ),
        *say_unadjusted(number for group in groups for number in book.all(group)),
        *level_notes(labels, ends),
        *notes,
        *((DONORS_ARE_LOTS,) if is_once else ()),
    )
    title = "Sites, lots and donors as random effects of the change"
    return (TableSpec("table-site-effects", SECTION, title, heads, tuple(rows), footnotes),)


_EFFECTS = ("groups", "estimate", "between_sd", "within_sd", "icc", "lower", "upper", "p", "word", "caution")


def _effect_cells(get: dict[str, Number | None]) -> Iterable[TableCell]:
    groups, icc = get["groups"], get["icc"]
    yield EMPTY if groups is None or groups.n is None else joined(Inline(str(groups.n), groups.id))
    yield _text_cell(groups)
    if icc is not None and icc.value is None:
        yield from (EMPTY, EMPTY, EMPTY, joined(Inline(icc.text, icc.id)), EMPTY)
        return
    for name in ("estimate", "between_sd", "within_sd"):
        yield _text_cell(get[name])
    lower, upper = bound(get["lower"], 2), bound(get["upper"], 2)
    yield joined(bound(icc, 2), " (", *interval(lower, upper), ")")
    yield p_cell(get["p"])


# --- the figure ------------------------------------------------------------------------------------------


def build_influence_figures(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify how far each estimate moves without one, at the last visit of each endpoint, in one panel."""
    frame = results.listings.get("influence", pl.DataFrame())
    is_once = donors_are_lots(book)
    if is_once and not frame.is_empty():
        # Marks of donors would lie on those of lots and hide them.
        frame = frame.filter(pl.col("kind") != "donor")
    if frame.is_empty():
        return ()
    labels = Labels(study)
    points: list[Spec] = []
    names: list[str] = []
    most = 0
    for rows in _last_parts(frame):
        first = rows.row(0, named=True)
        name = _strip_name(labels, _Line(*(first[each] for each in _Line._fields)))
        names.append(name)
        subjects = rows.filter(pl.col("kind") == "subject").height
        most = max(most, subjects if is_summarised(subjects) else 0)
        points += [{"name": name} | point for point in _strip_points(rows, is_span=is_summarised(subjects))]
    names = list(dict.fromkeys(names))
    kinds = [kind for kind in _KINDS if any(point["kind"] == kind for point in points)]
    return (
        FigureSpec(
            id="figure-influence",
            section=SECTION,
            title="How far one subject, site or lot moves each estimate",
            spec=finish(_strips(points, names, kinds)),
            alt=_strip_words(points, len(names), is_span=bool(most)),
            footnotes=(
                (
                    "At the last visit of each endpoint: the estimate without one, minus the estimate from "
                    "all, in standard errors of the latter. A mark that stands alone carries weight; beyond "
                    "1 it moves the estimate by more than its own uncertainty."
                ),
                *((DONORS_ARE_LOTS,) if is_once else ()),
                *((f"{say_summarised(most)} Bar: from the lowest to the highest of them.",) if most else ()),
            ),
        ),
    )  # fmt: skip


def _strip_words(points: Sequence[Spec], estimates: int, *, is_span: bool) -> str:
    """Say what the strips show, and which mark lies farthest."""
    reached = [point | {"shift": point.get(end, 0.0)} for point in points for end in ("shift", "from")]
    farthest = max(reached, key=lambda point: abs(point["shift"]))
    mark = "bar spans the estimates" if is_span else "stroke is the estimate"
    return (
        f"Strip chart of {estimates} estimates: each {mark} without one subject, each circle without one "
        "site or lot, as its distance from the estimate from all in standard errors. The farthest, "
        f"{format_number(farthest['shift'], 1)}, is of {farthest['name']} without one {farthest['kind']}."
    )


def _strip_points(rows: pl.DataFrame, *, is_span: bool) -> Iterable[Spec]:
    """Give each distance of an estimate once; those without one subject as their two ends where asked."""
    # Strokes closer than a hundredth of a standard error cannot be told apart.
    seen = rows.select("kind", pl.col("shift").round(2)).unique(maintain_order=True)
    of_subjects = seen.filter(pl.col("kind") == "subject")["shift"]
    if is_span:
        yield {"kind": "subject", "from": of_subjects.min(), "shift": of_subjects.max()}
    for kind, shift in seen.iter_rows():
        if kind != "subject" or not is_span:
            yield {"kind": kind, "shift": shift}


def _last_parts(frame: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """Give the rows of each variable at its last visit, of the first method."""
    keys = ["endpoint", "variable", "subgroup", "arm", "contrast"]
    for _, own in frame.group_by(keys, maintain_order=True):
        first = own.filter(pl.col("method") == own["method"][0])
        yield first.filter(pl.col("visit") == first["visit"][-1])


def _strip_name(labels: Labels, line: _Line) -> str:
    if line.variable == name_change(line.measure):
        name = labels.variable(line.measure)
    else:
        name = labels.endpoint(line.endpoint)
    named = with_groups(name, labels.within(line.subgroup, line.arm, line.contrast))
    return f"{named}, {in_sentence(_when(labels, line))}"


def _strips(points: list[Spec], names: list[str], kinds: list[str]) -> Spec:
    step = min(30, round(780 / len(names), 1))
    y: Spec = {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "axis": wrapped_axis(
            names, 250, most=2 if step > _TWO_LINES else 1, domain=False, grid=True, labelOverlap=False
        ),
    }
    x: Spec = {
        "field": "shift",
        "type": "quantitative",
        "axis": {
            "title": "Distance from the estimate from all, standard errors",
            "grid": True,
            "labelOverlap": "greedy",
        },
    }
    colour: Spec = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": kinds, "range": [_KIND_COLOURS[kind] for kind in kinds]},
        "legend": top_legend(kinds, title="Without one"),
    }
    at: Spec = {"x": x, "y": y, "color": colour}
    layers: list[Spec] = [
        {
            "data": {"values": [{"shift": 0}]},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 0.8},
            "encoding": {"x": x},
        },
        *_mark_layers(points, at),
    ]
    return fit({"height": {"step": step}, "layer": layers})


def _mark_layers(points: list[Spec], at: Spec) -> Iterable[Spec]:
    """Draw strokes of single subjects, bars of many, and circles of what subjects share."""
    single = [point for point in points if point["kind"] == "subject" and "from" not in point]
    spans = [point for point in points if "from" in point]
    shared = [point for point in points if point["kind"] != "subject"]
    stroke: Spec = {"type": "tick", "thickness": 1.2, "size": 13, "opacity": 0.8}
    yield {"data": {"values": single}, "mark": stroke, "encoding": at}
    if spans:
        ends = at | {"x": at["x"] | {"field": "from"}, "x2": {"field": "shift"}}
        yield {"data": {"values": spans}, "mark": {"type": "rule", "strokeWidth": 6}, "encoding": ends}
    if shared:
        yield {
            "data": {"values": shared},
            "mark": {"type": "circle", "size": 46, "opacity": 0.9},
            "encoding": at,
        }
