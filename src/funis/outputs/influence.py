"""Influence of single subjects, sites and lots, and these as random effects: tables and one figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from funis.outputs.figures_style import BLUE, VERMILION, WIDTH, FigureSpec, Spec, finish
from funis.outputs.labels import Labels, in_sentence, method_label
from funis.outputs.numbers import Number, NumberBook, interval, p_cell, part
from funis.outputs.table import EMPTY, Cell, Part, Row, TableSpec, heading, joined, words
from funis.results import ALL, Results
from funis.study.plan import Study

SECTION = "diagnostics"
_KINDS = ("subject", "site", "lot", "donor")
_COLUMNS = 3


class _Line(NamedTuple):
    """What one row of the table is about."""

    endpoint: str
    variable: str
    subgroup: str
    arm: str
    visit: str
    method: str


def build_influence_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the range of each estimate without one subject, site or lot, and who moves it most."""
    lines = _gather(book)
    if not lines:
        return ()
    labels = Labels(study)
    kinds = [kind for kind in _KINDS if any(kind in found for found in lines.values())]
    rows: list[Row] = []
    said = ""
    for line, found in lines.items():
        title = _title(labels, line)
        if title != said:
            rows.append(heading(title))
            said = title
        cells = [_estimate_cell(found)]
        for kind in kinds:
            cells += _kind_cells(found.get(kind, {}), with_p=kind == "subject")
        rows.append(Row(words(_when(labels, line)), tuple(cells), indent=1))
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
    )
    return (
        TableSpec(
            "table-influence", SECTION, "Estimates without one subject, one site or one lot", tuple(heads),
            tuple(rows), tuple(filter(None, notes)), spanners=tuple(spanners),
        ),
    )  # fmt: skip


def _gather(book: NumberBook) -> dict[_Line, dict[str, dict[str, Number]]]:
    found: dict[_Line, dict[str, dict[str, Number]]] = {}
    for number in book.numbers:
        if number.analysis != "influence":
            continue
        variable, _, kind = number.variable.rpartition(": ")
        line = _Line(number.endpoint, variable, number.subgroup, number.arm, number.visit, number.method)
        found.setdefault(line, {}).setdefault(kind, {})[number.statistic] = number
    # Rows of one endpoint, variable and method stand together, in the order they were computed.
    order = {line[:4] + line[5:]: place for place, line in reversed(list(enumerate(found)))}
    return dict(sorted(found.items(), key=lambda pair: order[pair[0][:4] + pair[0][5:]]))


def _title(labels: Labels, line: _Line) -> str:
    name = labels.endpoint(line.endpoint)
    if line.variable.endswith("_change"):
        name = f"{labels.variable_with_unit(line.variable)}, {in_sentence(method_label(line.method))}"
    else:
        name += ", % of subjects"
    within = [labels.population(each).lower() for each in (line.subgroup, line.arm) if each not in {ALL, ""}]
    return f"{name} ({', '.join(within)})" if within else name


def _when(labels: Labels, line: _Line) -> str:
    return "All visits" if line.visit == ALL else labels.visit(line.visit)


def _estimate_cell(found: dict[str, dict[str, Number]]) -> Cell:
    number = next((each["estimate"] for each in found.values() if "estimate" in each), None)
    return _text_cell(number)


def _kind_cells(found: dict[str, Number], *, with_p: bool) -> list[Cell]:
    if not found:
        return [EMPTY] * (3 if with_p else 2)
    lower, upper = (_text_part(found.get(name)) for name in ("lower", "upper"))
    cells = [joined(*interval(lower, upper)), _text_cell(found.get("most_influential"))]
    return [*cells, p_cell(found.get("p_highest"))] if with_p else cells


def _text_part(number: Number | None) -> Part | None:
    return None if number is None else Part(number.text.replace("-", "−"), number.id)


def _text_cell(number: Number | None) -> Cell:
    if number is None:
        return EMPTY
    who, colon, value = number.text.rpartition(": ")
    # A minus is set before a number, not in a study number.
    return joined(Part(f"{who}{colon}{value.replace('-', '−')}", number.id))


# --- random effects --------------------------------------------------------------------------------------


def build_site_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify site, lot and donor as random intercepts of the change at the last visit."""
    groups = list(book.of("site_effects"))
    if not groups:
        return ()
    labels = Labels(study)
    rows: list[Row] = []
    said, notes = "", {}
    for group in groups:
        variable, _, kind = group.variable.rpartition(": ")
        within = "" if group.subgroup == ALL else f" ({labels.population(group.subgroup).lower()})"
        for visit in book.visits(group):
            title = f"{labels.variable_with_unit(variable)}{within}, {in_sentence(labels.visit(visit))}"
            if title != said:
                rows.append(heading(title))
                said = title
            get = {name: book.find(group, visit, name) for name in _EFFECTS}
            rows.append(Row(words(kind.capitalize()), tuple(_effect_cells(get)), indent=1))
            number = get["word"]
            if number is not None:
                notes[_general(number.text)] = ""
    heads = (
        "",
        "Subjects",
        "Groups",
        "Mean change",
        "SD between",
        "SD within",
        "Share between (95% CI)",
        "P",
    )
    footnotes = (
        (
            "Random intercept by restricted maximum likelihood. Share between: variance between groups over "
            "all variance. P: F test that groups do not differ."
        ),
        *notes,
    )
    title = "Sites, lots and donors as random effects of the change"
    return (TableSpec("table-site-effects", SECTION, title, heads, tuple(rows), footnotes),)


_EFFECTS = ("groups", "estimate", "between_sd", "within_sd", "icc", "lower", "upper", "p", "word")


def _general(word: str) -> str:
    """Keep of the word what holds for every row; the share itself stands in the table."""
    _, semicolon, rest = word.partition("; ")
    if semicolon:
        return f"{rest[:1].upper()}{rest[1:]}."
    return "The interval of the share says what so few groups can show."


def _effect_cells(get: dict[str, Number | None]) -> Iterable[Cell]:
    groups, icc = get["groups"], get["icc"]
    yield EMPTY if groups is None or groups.n is None else joined(Part(str(groups.n), groups.id))
    yield _text_cell(groups)
    if icc is not None and icc.value is None:
        yield from (EMPTY, EMPTY, EMPTY, joined(Part(icc.text, icc.id)), EMPTY)
        return
    for name in ("estimate", "between_sd", "within_sd"):
        yield _text_cell(get[name])
    lower, upper = part(get["lower"], 2), part(get["upper"], 2)
    yield joined(part(icc, 2), " (", *interval(lower, upper), ")")
    yield p_cell(get["p"])


# --- the figure ------------------------------------------------------------------------------------------


def build_influence_figures(study: Study, results: Results) -> tuple[FigureSpec, ...]:
    """Specify every estimate without one, at the last visit of each endpoint, one panel a variable."""
    frame = results.listings.get("influence", pl.DataFrame())
    if frame.is_empty():
        return ()
    labels = Labels(study)
    panels = [_panel(labels, part) for part in _last_parts(frame)]
    columns = min(len(panels), _COLUMNS)
    width = (WIDTH - 80 * columns - 40) // columns
    for panel in panels:
        panel |= {"width": width, "height": {"step": 26}}
    body = {"concat": panels, "columns": columns, "spacing": {"column": 30, "row": 24}}
    return (
        FigureSpec(
            id="figure-influence",
            section=SECTION,
            title="Estimates without one subject, one site or one lot",
            spec=finish(body),
            alt=(
                f"{len(panels)} strips of ticks, one a variable: each tick is the estimate without one "
                "subject or site, a line marks the estimate from all. The ranges are those of the table."
            ),
            footnotes=(
                (
                    "Each stroke: the estimate at the last visit with one subject, site or lot left out. "
                    "Line: the estimate from all. A stroke that stands alone is a subject that carries "
                    "weight."
                ),
            ),
        ),
    )


def _last_parts(frame: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """Give the rows of each variable at its last visit, of the first method, without arms of their own."""
    keys = ["endpoint", "variable", "subgroup", "arm"]
    for _, own in frame.group_by(keys, maintain_order=True):
        first = own.filter(pl.col("method") == own["method"][0])
        yield first.filter(pl.col("visit") == first["visit"][-1])


def _panel(labels: Labels, rows: pl.DataFrame) -> Spec:
    first = rows.row(0, named=True)
    line = _Line(*(first[name] for name in _Line._fields))
    title = (
        _title(labels, line).rpartition(", ")[0]
        if line.variable.endswith("_change")
        else _title(labels, line)
    )
    kinds = [kind for kind in _KINDS if kind in set(rows["kind"])]
    y: Spec = {
        "field": "kind",
        "type": "nominal",
        "sort": kinds,
        "axis": {"title": None, "domain": False, "ticks": False},
    }
    x: Spec = {
        "type": "quantitative",
        "scale": {"zero": False},
        "axis": {"title": None, "tickCount": 4, "grid": True},
    }
    overall = {"data": {"values": [{"overall": first["overall"]}]}}
    return {
        "title": {"text": _split(f"{title}, {in_sentence(_when(labels, line))}"), "fontSize": 11},
        "layer": [
            overall
            | {
                "mark": {"type": "rule", "color": VERMILION, "strokeWidth": 1.2},
                "encoding": {"x": x | {"field": "overall"}},
            },
            {
                "data": {"values": rows.select("kind", "estimate").to_dicts()},
                "mark": {"type": "tick", "color": BLUE, "thickness": 1.3, "size": 15, "opacity": 0.75},
                "encoding": {"x": x | {"field": "estimate"}, "y": y},
            },
        ],
    }


def _split(title: str, most: int = 38) -> list[str]:
    """Break a title into lines that fit over a narrow panel."""
    lines = [""]
    for word in title.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > most and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
