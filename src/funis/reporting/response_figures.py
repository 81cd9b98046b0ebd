"""Classes of response as stacked bars, one bar a visit and group."""

from __future__ import annotations

from collections.abc import Iterable

from funis.documents.colours import (
    CLASSES,
    NO_CLASS,
    PAPER,
    SPARE_CLASS,
    ink_on,
)
from funis.documents.figure import WIDTH, FigureSpec, Spec, finish
from funis.reporting.definition_words import proposal_notes
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, NumberBook
from funis.reporting.response_tables import class_label, printed_class
from funis.results import ALL, format_number
from funis.study.model import Study

_EXTENT_COLOURS = {"full": CLASSES[0], "partial": CLASSES[1], "none": NO_CLASS}
_NOT_STACKED = {"responder", "cannot tell"}


def build_response_figures(study: Study, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify stacked bars of the response classes, one figure a definition, one bar a visit and group."""
    labels = Labels(study)
    by_definition: dict[str, list[Spec]] = {}
    for group in book.of("response"):
        definition, name = group.measure, group.category
        if group.variable != definition or name in _NOT_STACKED:
            continue
        for visit in book.visits(group):
            bar = _response_bar(labels, book, group, visit)
            if bar is not None:
                by_definition.setdefault(definition, []).append(
                    bar | {"class": class_label(definition, name), "name": name}
                )
    return tuple(_response_figure(labels, name, bars) for name, bars in by_definition.items())


def _response_bar(labels: Labels, book: NumberBook, group: Group, visit: str) -> Spec | None:
    count, share = (book.find(group, visit, name) for name in ("count", "percent"))
    if count is None or share is None or share.value is None or visit == ALL:
        return None
    names = [name for name in (group.subgroup, group.arm) if name != ALL] or [group.population]
    who = ", ".join(in_sentence(labels.population(name)) for name in names)
    words = f"{format_number(count.value, 0)} ({format_number(share.value, 1)}%)"
    return {
        "bar": f"{labels.visit(visit)}, {who} (n = {count.denominator})",
        "share": share.value,
        "words": words,
    }


def _response_figure(labels: Labels, definition: str, bars: list[Spec]) -> FigureSpec:
    names = dict.fromkeys(bar["name"] for bar in bars)
    colours = _class_colours(definition, names)
    classes = {bar["name"]: bar["class"] for bar in bars}
    tops: dict[str, float] = {}
    for bar in bars:
        bar["from"] = tops.get(bar["bar"], 0.0)
        bar["to"] = tops[bar["bar"]] = bar["from"] + bar["share"]
        bar["middle"] = (bar["from"] + bar["to"]) / 2
        bar["ink"] = ink_on(colours[bar["name"]])
        bar["label"] = bar["words"] if bar["share"] >= 9 else ""
    title = labels.variable(definition)
    words = "; ".join(f"{bar['bar']}: {bar['class'].lower()} {bar['words']}" for bar in bars)
    return FigureSpec(
        id=f"figure-response-{definition}",
        section="response",
        title=f"{title}: classes of response",
        spec=finish(_response_body(bars, {classes[name]: colours[name] for name in names})),
        alt=f"Stacked bars of response classes. {words}.",
        footnotes=(
            (
                "Each bar is the whole of the group named at its left whose response is known; the "
                "numbers are those of the response table."
            ),
            *proposal_notes(labels, definition),
        ),
    )


def _class_colours(definition: str, names: Iterable[str]) -> dict[str, str]:
    """Colour each class by the extent its definition gives it; classes without one take what is left."""
    printed = {name: printed_class(definition, name) for name in names}
    found = {name: _EXTENT_COLOURS.get(one.extent) if one else None for name, one in printed.items()}
    spare = iter([each for each in CLASSES if each not in found.values()])
    return {name: colour or next(spare, SPARE_CLASS) for name, colour in found.items()}


def _response_body(bars: list[Spec], colours: dict[str, str]) -> Spec:
    longest = max(len(bar["bar"]) for bar in bars)
    y: Spec = {
        "field": "bar",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "ticks": False, "labelLimit": 320},
    }
    x: Spec = {"field": "from", "type": "quantitative", "scale": {"domain": [0, 100]}}
    scale = {"domain": list(colours), "range": list(colours.values())}
    bar: Spec = {
        "mark": {"type": "bar", "stroke": PAPER, "strokeWidth": 1, "height": 26},
        "encoding": {
            "x": x | {"axis": {"title": "Percent of subjects"}},
            "x2": {"field": "to"},
            "y": y,
            "color": {"field": "class", "type": "nominal", "legend": {"title": None}, "scale": scale},
        },
    }
    label: Spec = {
        "mark": {"type": "text", "fontSize": 11.5},
        "encoding": {
            "x": x | {"field": "middle"},
            "y": y,
            "text": {"field": "label"},
            "color": {"field": "ink", "type": "nominal", "scale": None},
        },
    }
    width = WIDTH - 60 - min(320, round(5.8 * longest))
    return {"width": width, "height": {"step": 40}, "data": {"values": bars}, "layer": [bar, label]}
