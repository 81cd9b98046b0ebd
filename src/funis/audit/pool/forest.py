"""A forest plot of studies combined: squares as large as their weight, diamonds, the prediction interval."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from funis.audit.pool.result import PooledAnswer, PoolResult
from funis.audit.pool.words import (
    is_percent,
    level_words,
    name_measure,
    name_model,
    name_study,
    show_ends,
    show_value,
    tell_answer,
    tell_heterogeneity,
    tell_prediction,
)
from funis.documents.colours import ESTIMATE, INK, MUTED, PAPER, REFERENCES
from funis.documents.figure import SMALL, WIDTH, FigureSpec, Spec, finish
from funis.documents.text_extents import wrap
from funis.results.text import format_number

_NAMES, _WORDS, _WEIGHTS, _ROW = 150, 142, 46, 26
#: Room of the heads above the first row, in rows.
_HEAD: Final = 0.9
_WIDE: Final = WIDTH - _NAMES - _WORDS - _WEIGHTS - 28
_RATIOS: Final = ("risk_ratio", "odds_ratio")
#: Area of the square of a study, from none of the weight to all of it.
_LEAST, _MOST = 24, 260


@dataclass(frozen=True, slots=True)
class _Axis:
    """The horizontal axis: its ends, the scale, and whether intervals are cut at the ends."""

    low: float
    high: float
    is_log: bool
    title: str
    null: float | None

    @property
    def encoding(self) -> Spec:
        scale: Spec = {"domain": [self.low, self.high], "nice": False, "clamp": True}
        if self.is_log:
            scale["type"] = "log"
        return {
            "type": "quantitative",
            "scale": scale,
            "axis": {"title": self.title, "grid": False, "tickCount": 5, "labelOverlap": "greedy"},
        }


def _shown(value: float, result: PoolResult) -> float:
    return 100 * value if is_percent(result) else value


def _choose_axis(result: PoolResult) -> _Axis:
    """Choose the ends so that no single wide interval squeezes the others."""
    is_log = result.choice.measure in _RATIOS
    answers = [each for each in (result.main, result.beside) if each is not None]
    core = [each.estimate for each in result.effects] + [
        end for each in answers for end in (each.estimate, each.lower, each.upper)
    ]
    far = [end for each in result.effects for end in (each.lower, each.upper)]
    far += [end for each in answers for end in (each.prediction_lower, each.prediction_upper)]
    null = 1.0 if is_log else 0.0
    has_null = result.choice.measure not in {"proportion", "mean"} or result.choice.kind == "change"
    turn = math.log if is_log else float
    inner = [
        turn(_shown(value, result)) for value in core if math.isfinite(value) and (value > 0 or not is_log)
    ]
    outer = [
        turn(_shown(value, result)) for value in far if math.isfinite(value) and (value > 0 or not is_log)
    ]
    inner += [turn(null)] if has_null else []
    span = (max(inner) - min(inner)) or max(abs(max(inner)), 1.0)
    low = max(min(inner + outer), min(inner) - span)
    high = min(max(inner + outer), max(inner) + span)
    if result.choice.measure == "proportion":
        low, high = max(low, 0.0), min(high, 100.0)
    pad = 0.04 * ((high - low) or span)
    ends = (low - pad, high + pad)
    if is_log:
        ends = (math.exp(ends[0]), math.exp(ends[1]))
    return _Axis(*ends, is_log, _title(result), null if has_null else None)


def _title(result: PoolResult) -> str:
    words = name_measure(result).partition(", ")[2]
    title = f"{words[:1].upper()}{words[1:]}"
    return f"{title} (logarithmic)" if result.choice.measure in _RATIOS else title


def build_forest(result: PoolResult) -> FigureSpec:
    """Specify the forest plot.

    Parameters
    ----------
    result : of `pool_studies`

    Returns
    -------
    FigureSpec : each study in the order of the table, then the combined effects, then the prediction interval
    """
    axis = _choose_axis(result)
    answers = [each for each in (result.main, result.beside) if each is not None]
    predicted = next((each for each in answers if math.isfinite(each.prediction_lower)), None)
    names = [name_study(each) for each in result.effects]
    texts = [_row_words(each.estimate, each.lower, each.upper, result) for each in result.effects]
    for each in answers:
        names.append(
            {
                "fixed": "Fixed effect",
                "one_sample": "As one sample",
                "mantel_haenszel": "Mantel-Haenszel",
            }.get(each.model, "Random effects")
        )
        texts.append(_row_words(each.estimate, each.lower, each.upper, result))
    if predicted is not None:
        names.append("A new study")
        texts.append(show_ends(predicted.prediction_lower, predicted.prediction_upper, result))
    layers = _layers(result, answers, predicted, axis, names, texts)
    spec = {"width": _WIDE, "height": _ROW * (len(names) + _HEAD), "layer": layers}
    return FigureSpec(
        id="figure-forest",
        section="answer",
        title=f"{name_measure(result)}: each study and all of them",
        spec=finish(spec),
        alt=_tell(result, answers),
        footnotes=tuple(_notes(result, predicted is not None)),
    )


def _row_words(estimate: float, lower: float, upper: float, result: PoolResult) -> str:
    return f"{show_value(estimate, result)} ({show_ends(lower, upper, result)})"


def _layers(
    result: PoolResult,
    answers: Sequence[PooledAnswer],
    predicted: PooledAnswer | None,
    axis: _Axis,
    names: Sequence[str],
    texts: Sequence[str],
) -> list[Spec]:
    """Draw from back to front: line of no effect, intervals, squares, diamonds, prediction, words."""
    x = axis.encoding
    y = _name_axis(names)
    studies = _study_marks(result, axis)
    layers: list[Spec] = []
    if axis.null is not None:
        layers.append(_rule_at(axis.null, x, {"color": MUTED, "strokeDash": [4, 3]}))
    if answers:
        layers.append(
            _rule_at(_shown(answers[0].estimate, result), x, {"color": MUTED, "strokeDash": [1, 3]})
        )
    layers += [
        {
            "data": {"values": studies},
            "mark": {"type": "rule", "color": ESTIMATE, "strokeWidth": 1.6},
            "encoding": {"y": y, "x": x | {"field": "lower"}, "x2": {"field": "upper"}},
        },
        {
            "data": {"values": studies},
            "mark": {"type": "square", "color": ESTIMATE, "opacity": 1},
            "encoding": {
                "y": y,
                "x": x | {"field": "estimate"},
                "size": {"field": "size", "type": "quantitative", "scale": None},
            },
        },
    ]
    layers += _triangles(
        [(each["row"], each["cut_low"], each["cut_high"]) for each in studies], ESTIMATE, axis, y
    )
    layers += [_diamond(each, len(studies) + place, result, axis, y) for place, each in enumerate(answers)]
    if predicted is not None:
        layers += _bar(predicted, len(names) - 1, result, axis, y)
    return [*layers, *_columns(result, texts, y)]


def _columns(result: PoolResult, texts: Sequence[str], y: Spec) -> list[Spec]:
    """Write estimates and weights at the right, each under its head."""
    head = -_HEAD / 2
    estimates = [{"row": place + 0.5, "words": text} for place, text in enumerate(texts)]
    weights = [
        {"row": place + 0.5, "words": f"{format_number(100 * each.weight, 1)}%"}
        for place, each in enumerate(result.effects)
        if math.isfinite(each.weight)
    ]
    heads = [(estimates, f"Estimate ({level_words(result.choice)} CI)", _WIDE + 12, "left")]
    if weights:
        heads.append((weights, "Weight", _WIDE + 12 + _WORDS + _WEIGHTS, "right"))
    return [
        {
            "data": {"values": values},
            "mark": {"type": "text", "align": align, "fontSize": SMALL, "color": color, "fontWeight": weight},
            "encoding": {"y": y, "x": {"value": at}, "text": {"field": "words"}},
        }
        for column, name, at, align in heads
        for values, color, weight in (([{"row": head, "words": name}], INK, "bold"), (column, INK, "normal"))
    ]


def _name_axis(names: Sequence[str]) -> Spec:
    places = [place + 0.5 for place in range(len(names))]
    words = {str(place): wrap(name, _NAMES, SMALL, most=2) for place, name in zip(places, names, strict=True)}
    return {
        "field": "row",
        "type": "quantitative",
        "scale": {"domain": [-_HEAD, len(names)], "reverse": True, "nice": False},
        "axis": {
            "values": places,
            "labelExpr": f"{json.dumps(words)}[datum.value]",
            "title": None,
            "ticks": False,
            "domain": False,
            "grid": False,
            "labelLimit": 0,
            "labelOverlap": False,
            "labelLineHeight": SMALL + 1.5,
            "minExtent": _NAMES + 8,
            "maxExtent": _NAMES + 8,
        },
    }


def _study_marks(result: PoolResult, axis: _Axis) -> list[Spec]:
    subjects = sum(each.subjects for each in result.effects)
    marks: list[Spec] = []
    for place, each in enumerate(result.effects):
        share = each.weight if math.isfinite(each.weight) else each.subjects / subjects
        lower, upper, estimate = (_shown(value, result) for value in (each.lower, each.upper, each.estimate))
        marks.append(
            {
                "row": place + 0.5,
                "estimate": estimate,
                "lower": max(lower, axis.low),
                "upper": min(upper, axis.high),
                "size": _LEAST + (_MOST - _LEAST) * share,
                "cut_low": axis.low if lower < axis.low else None,
                "cut_high": axis.high if upper > axis.high else None,
            }
        )
    return marks


def _rule_at(value: float, x: Spec, mark: Spec) -> Spec:
    return {
        "data": {"values": [{"at": value}]},
        "mark": {"type": "rule", "strokeWidth": 1} | mark,
        "encoding": {"x": x | {"field": "at"}},
    }


def _diamond(answer: PooledAnswer, place: int, result: PoolResult, axis: _Axis, y: Spec) -> Spec:
    """Draw a diamond as wide as the interval; that of the model asked for is filled."""
    middle = place + 0.5
    lower, estimate, upper = (
        _shown(value, result) for value in (answer.lower, answer.estimate, answer.upper)
    )
    corners = [
        (max(lower, axis.low), middle), (estimate, middle - 0.3), (min(upper, axis.high), middle),
        (estimate, middle + 0.3), (max(lower, axis.low), middle),
    ]  # fmt: skip
    values = [{"x": at, "row": row, "order": order} for order, (at, row) in enumerate(corners)]
    is_main = answer is result.main
    return {
        "data": {"values": values},
        "mark": {
            "type": "line", "color": INK, "strokeWidth": 1.2, "interpolate": "linear-closed",
            "fill": INK if is_main else PAPER,
        },
        "encoding": {
            "y": y,
            "x": axis.encoding | {"field": "x"},
            "order": {"field": "order", "type": "quantitative"},
        },
    }  # fmt: skip


def _bar(answer: PooledAnswer, place: int, result: PoolResult, axis: _Axis, y: Spec) -> list[Spec]:
    """Draw the prediction interval as a line with upright ends, in a colour of its own."""
    lower, upper = (_shown(value, result) for value in (answer.prediction_lower, answer.prediction_upper))
    low, high = max(lower, axis.low), min(upper, axis.high)
    line: Spec = {
        "data": {"values": [{"row": place + 0.5, "lower": low, "upper": high}]},
        "mark": {"type": "rule", "color": REFERENCES[0], "strokeWidth": 2.4},
        "encoding": {"y": y, "x": axis.encoding | {"field": "lower"}, "x2": {"field": "upper"}},
    }
    ends = [
        {"row": place + 0.5, "end": end}
        for end, is_whole in ((low, lower >= axis.low), (high, upper <= axis.high))
        if is_whole
    ]
    ticks: Spec = {
        "data": {"values": ends},
        "mark": {"type": "tick", "color": REFERENCES[0], "thickness": 2.4, "size": 12, "orient": "vertical"},
        "encoding": {"y": y, "x": axis.encoding | {"field": "end"}},
    }
    cuts = (None if lower >= axis.low else axis.low, None if upper <= axis.high else axis.high)
    cut = _triangles([(place + 0.5, *cuts)], REFERENCES[0], axis, y)
    return [line, *([ticks] if ends else []), *cut]


def _triangles(
    cuts: Sequence[tuple[float, float | None, float | None]], color: str, axis: _Axis, y: Spec
) -> list[Spec]:
    """Mark where lines go on beyond the axis: row, low end and high end of each, None where it is whole."""
    layers: list[Spec] = []
    for side, angle in ((1, -90), (2, 90)):
        values = [{"row": cut[0], "end": cut[side]} for cut in cuts if cut[side] is not None]
        mark = {"type": "point", "shape": "triangle-up", "filled": True, "color": color, "size": 60}
        if values:
            layers.append(
                {
                    "data": {"values": values},
                    "mark": mark | {"angle": angle, "opacity": 1},
                    "encoding": {"y": y, "x": axis.encoding | {"field": "end"}},
                }
            )
    return layers


def _notes(result: PoolResult, has_prediction: bool) -> list[str]:  # noqa: FBT001
    level = level_words(result.choice)
    size = "as large as its weight" if math.isfinite(result.effects[0].weight) else "as large as its subjects"
    notes = [f"Squares: each study, {size}; lines: {level} confidence interval; a triangle: it goes on."]
    if result.main is not None and result.beside is not None:
        main, beside = (name_model(each.model, result.choice) for each in (result.main, result.beside))
        notes.append(f"Filled diamond: {main}. Open diamond: {beside}. Dotted line: the combined estimate.")
    if has_prediction:
        notes.append(f"Last line: {level} prediction interval for the true effect of a new study.")
    return notes


def _tell(result: PoolResult, answers: Sequence[PooledAnswer]) -> str:
    """Say what the figure shows to whoever cannot see it."""
    told = [
        f"{name_study(each)} {_row_words(each.estimate, each.lower, each.upper, result)}"
        for each in result.effects
    ]
    for each in answers:
        told.append(f"{name_model(each.model, result.choice)} {tell_answer(each, result)}")
        prediction = tell_prediction(each, result)
        told += [prediction.rstrip(".")] if prediction else []
    told += [line.rstrip(".") for line in tell_heterogeneity(result)]
    return f"Forest plot of {name_measure(result)}. {'; '.join(told)}."
