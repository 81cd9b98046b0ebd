"""Classes of response as stacked bars, one bar a visit and group."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from funis.documents.colours import (
    CLASSES,
    NO_CLASS,
    PAPER,
    SPARE_CLASS,
    ink_on,
)
from funis.documents.figure import SMALL, FigureSpec, Spec, finish, hatch, top_legend
from funis.documents.text_extents import measure, wrap
from funis.reporting.definition_words import proposal_notes
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, NumberBook
from funis.reporting.response_tables import class_label, printed_class
from funis.results import ALL, format_number
from funis.study.model import Study

_EXTENT_COLOURS = {"full": CLASSES[0], "partial": CLASSES[1], "none": NO_CLASS}
#: Where a part stands in its bar, by the extent of its class.
_RANKS: Final = {"full": 0, "partial": 1, "open": 2, "none": 3}
#: Every class of response together; each of them has its own part.
RESPONDER: Final = "responder"
#: A response of which it is not known which class it is.
OPEN_CLASS: Final = "open_class"
#: Not a class, but a part of the bar.
CANNOT_TELL: Final = "cannot tell"
#: Room of the names left, height of a row, share of it above and below a bar, and pixels a percent.
_NAMES, _HEIGHT, _EDGE, _PERCENT = 150, 44, 0.16, 4.65


def build_response_figures(study: Study, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify stacked bars of the response classes, one figure a definition, one bar a visit and group."""
    labels = Labels(study)
    by_definition: dict[str, list[Spec]] = {}
    for group in book.of("response"):
        definition, name = group.measure, group.category
        if group.variable != definition or name == RESPONDER:
            continue
        for visit in book.visits(group):
            bar = _response_bar(labels, book, group, visit)
            if bar is not None:
                by_definition.setdefault(definition, []).append(
                    bar | {"class": _class_name(definition, name), "name": name}
                )
    return tuple(_response_figure(labels, name, bars) for name, bars in by_definition.items())


def _class_name(definition: str, name: str) -> str:
    return "Cannot tell" if name == CANNOT_TELL else class_label(definition, name)


def _response_bar(labels: Labels, book: NumberBook, group: Group, visit: str) -> Spec | None:
    count, share = (book.find(group, visit, name) for name in ("count", "percent"))
    if count is None or count.value is None or visit == ALL:
        return None
    if group.category == CANNOT_TELL:
        if not count.value:
            return None
    elif share is None or share.value is None:
        return None
    names = labels.within(group.subgroup, group.arm) or [in_sentence(labels.population(group.population))]
    who = ", ".join(names)
    words = format_number(count.value, 0)
    if share is not None and share.value is not None:
        words += f" ({format_number(share.value, 1)}%)"
    return {"bar": f"{labels.visit(visit)}, {who}", "count": count.value, "words": words}


def _response_figure(labels: Labels, definition: str, bars: list[Spec]) -> FigureSpec:
    bars = _order_parts(definition, bars)
    classes = {bar["name"]: bar["class"] for bar in bars if bar["name"] != CANNOT_TELL}
    colours = _class_colours(definition, classes)
    _place(bars, colours | {CANNOT_TELL: PAPER})
    title = labels.variable(definition)
    words = "; ".join(f"{bar['bar']}: {bar['class'].lower()} {bar['words']}" for bar in bars)
    has_unknown = any(bar["name"] == CANNOT_TELL for bar in bars)
    return FigureSpec(
        id=f"figure-response-{definition}",
        section="response",
        title=f"{title}: classes of response",
        spec=finish(_response_body(bars, {classes[name]: colours[name] for name in classes})),
        alt=f"Stacked bars of response classes. {words}.",
        footnotes=(
            (
                "Each bar is the whole of the group named at its left; the numbers are those of the response "
                "table, those of narrow parts stand there alone."
            ),
            *(
                ("Hatched: cannot tell. Such a bar is of everybody, and has counts without a percentage.",)
                if has_unknown
                else ()
            ),
            *proposal_notes(labels, definition),
        ),
    )


def _order_parts(definition: str, bars: list[Spec]) -> list[Spec]:
    """Put the parts of each bar in order: responses, an open class with them, then none, then cannot tell."""
    rows = list(dict.fromkeys(bar["bar"] for bar in bars))

    def rank(bar: Spec) -> tuple[int, int]:
        printed = printed_class(definition, bar["name"])
        last = {CANNOT_TELL: len(_RANKS), OPEN_CLASS: _RANKS["open"]}
        own = _RANKS.get(printed.extent if printed else "", _RANKS["partial"])
        return rows.index(bar["bar"]), last.get(bar["name"], own)

    return sorted(bars, key=rank)


def _place(bars: list[Spec], colours: Mapping[str, str]) -> None:
    """Give each part its ends in percent of all of its bar, those counted whose response is not known."""
    sizes: dict[str, float] = {}
    for bar in bars:
        sizes[bar["bar"]] = sizes.get(bar["bar"], 0) + bar["count"]
    # A percentage of the table is of those who can be told: in a bar of everybody it would be of another N.
    open_bars = {bar["bar"] for bar in bars if bar["name"] == CANNOT_TELL}
    for bar in bars:
        if bar["bar"] in open_bars:
            bar["words"] = format_number(bar["count"], 0)
        bar["bar"] = f"{bar['bar']} (N={format_number(sizes[bar['bar']], 0)})"
    rows = list(dict.fromkeys(bar["bar"] for bar in bars))
    totals = {row: sum(bar["count"] for bar in bars if bar["bar"] == row) for row in rows}
    tops = dict.fromkeys(rows, 0.0)
    for bar in bars:
        row = bar["bar"]
        share = 100 * bar["count"] / totals[row] if totals[row] else 0.0
        bar["from"] = round(tops[row], 6)
        tops[row] += share
        bar["to"] = round(tops[row], 6)
        bar["middle"] = (bar["from"] + bar["to"]) / 2
        bar["top"], bar["row"] = rows.index(row) + _EDGE, rows.index(row) + 0.5
        bar["bottom"] = rows.index(row) + 1 - _EDGE
        bar["ink"] = ink_on(colours[bar["name"]])
        bar["label"] = _fitting(bar["words"], bar["count"], share * _PERCENT)


def _fitting(words: str, count: float, room: float) -> str:
    """Choose what fits into a part: count and percent, the count, or nothing."""
    for text in (words, format_number(count, 0)):
        if measure(text, SMALL) + 6 <= room:
            return text
    return ""


def _class_colours(definition: str, names: Iterable[str]) -> dict[str, str]:
    """Colour each class by the extent its definition gives it; classes without one take what is left."""
    printed = {name: printed_class(definition, name) for name in names}
    found = {name: _EXTENT_COLOURS.get(one.extent) if one else None for name, one in printed.items()}
    spare = iter([each for each in CLASSES if each not in found.values()])
    return {name: colour or next(spare, SPARE_CLASS) for name, colour in found.items()}


def _row_axis(rows: list[str]) -> Spec:
    """Name the bars at the left, each name in the lines that it needs."""
    words = {f"{place + 0.5:g}": wrap(row, _NAMES, SMALL, most=3) for place, row in enumerate(rows)}
    return {
        "type": "quantitative",
        "scale": {"domain": [len(rows), 0], "nice": False, "zero": False},
        "axis": {
            "title": None,
            "ticks": False,
            "grid": False,
            "domain": False,
            "values": [place + 0.5 for place in range(len(rows))],
            "labelExpr": f"{json.dumps(words)}[datum.value]",
            "labelLimit": 0,
            "labelOverlap": False,
            "labelLineHeight": SMALL + 1.5,
            "minExtent": _NAMES + 8,
            "maxExtent": _NAMES + 8,
        },
    }


def _response_body(bars: list[Spec], colours: dict[str, str]) -> Spec:
    rows = list(dict.fromkeys(bar["bar"] for bar in bars))
    y = _row_axis(rows)
    x: Spec = {"field": "from", "type": "quantitative", "scale": {"domain": [0, 100]}}
    scale = {"domain": list(colours), "range": list(colours.values())}
    ends: Spec = {
        "x": x | {"axis": {"title": "Percent of subjects", "values": list(range(0, 101, 20))}},
        "x2": {"field": "to"},
        "y": y | {"field": "top"},
        "y2": {"field": "bottom"},
    }
    known = [bar for bar in bars if bar["name"] != CANNOT_TELL]
    unknown = [bar for bar in bars if bar["name"] == CANNOT_TELL]
    colour: Spec = {"field": "class", "type": "nominal", "legend": top_legend(colours), "scale": scale}
    part: Spec = {
        "data": {"values": known},
        "mark": {"type": "rect", "stroke": PAPER, "strokeWidth": 1},
        "encoding": ends | {"color": colour},
    }
    label: Spec = {
        "data": {"values": [bar for bar in known if bar["label"]]},
        "mark": {"type": "text", "fontSize": SMALL},
        "encoding": {
            "x": x | {"field": "middle"},
            "y": y | {"field": "row"},
            "text": {"field": "label"},
            "color": {"field": "ink", "type": "nominal", "scale": None},
        },
    }
    layers = [part, label]
    if unknown:
        layers += hatch(unknown, ends, slant=_HEIGHT * (1 - 2 * _EDGE) / _PERCENT)
        counted = [bar for bar in unknown if bar["label"]]
        layers += [_ground(counted, ends), label | {"data": {"values": counted}}]
    return {"width": 100 * _PERCENT, "height": _HEIGHT * len(rows), "layer": layers}


def _ground(bars: list[Spec], ends: Spec) -> Spec:
    """Draw paper behind the number of a hatched part, or the strokes would run through it."""
    areas = []
    for bar in bars:
        half = (measure(bar["label"], SMALL) / 2 + 2) / _PERCENT
        across = {"from": bar["middle"] - half, "to": bar["middle"] + half}
        areas.append(across | {"top": bar["row"] - 0.18, "bottom": bar["row"] + 0.18})
    return {"data": {"values": areas}, "mark": {"type": "rect", "color": PAPER}, "encoding": ends}
