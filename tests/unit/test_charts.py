"""Charts drawn here stand where the engine of Vega-Lite draws them; their words fit; what is beyond is refused."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.documents import drawing
from funis.documents.charts.axes import keep_apart
from funis.documents.charts.chart import draw_chart
from funis.documents.charts.paper import Extent, Letters, extent_of_words
from funis.documents.charts.reading import BeyondChartsError
from funis.documents.charts.scales import AxisEnds
from funis.documents.charts.ticks import list_ticks, round_ends, write_ticks
from funis.documents.colours import ESTIMATE
from funis.documents.drawing import render_svg
from funis.documents.figure import FigureSpec, finish, hatch
from funis.documents.text_extents import measure
from funis.errors import DrawingError
from funis.reporting.forest_figures import ForestRow, forest_body
from funis.reporting.report_figures import build_figures

Point = tuple[float, float]
_MOVE = re.compile(r"translate\(([-\d.e]+)(?:,([-\d.e]+))?\)")
_STEP = re.compile(r"([MLHVhvZzA])([^MLHVhvZzA]*)")
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
#: Both round positions of labels and ticks to pixels, at another moment.
NEAR = 2.0


@dataclass
class Drawn:
    """Words with their places, middles of circles and corners of everything else, from the first panel's corner."""

    words: list[tuple[str, str, Point]] = field(default_factory=list)
    circles: list[Point] = field(default_factory=list)
    corners: list[Point] = field(default_factory=list)


def corners_of(path: str, at: Point) -> Iterator[Point]:
    x = y = 0.0
    for kind, ends in _STEP.findall(path):
        numbers = [float(each) for each in _NUMBER.findall(ends)]
        if kind in "Zz":
            continue
        if kind in "ML":
            x, y = numbers[-2:]
        elif kind in "HV":
            x, y = (numbers[0], y) if kind == "H" else (x, numbers[0])
        elif kind in "hv":
            x, y = (x + numbers[0], y) if kind == "h" else (x, y + numbers[0])
        yield at[0] + x, at[1] + y


def read_drawing(svg: str) -> Drawn:
    """Read a drawing of either origin."""
    found = Drawn()
    root = ET.fromstring(svg)  # noqa: S314 - drawn here

    def walk(part: ET.Element, at: Point, role: str) -> None:
        moves = _MOVE.findall(part.get("transform", ""))
        at = at[0] + sum(float(x) for x, _ in moves), at[1] + sum(float(y or 0) for _, y in moves)
        role = part.get("class", role)
        tag = part.tag.rsplit("}", 1)[-1]
        if (
            part.get("opacity") == "0"
            or part.get("display") == "none"
            or role in {"background", "foreground"}
        ):
            return
        if tag == "text":
            words = " ".join(filter(None, (line.strip() for line in part.itertext())))
            place = at[0] + float(part.get("x", 0)), at[1] + float(part.get("y", 0))
            if words:
                found.words.append((words, role, place))
            return
        if tag == "circle":
            found.circles.append((float(part.get("cx", 0)), float(part.get("cy", 0))))
            found.circles[-1] = found.circles[-1][0] + at[0], found.circles[-1][1] + at[1]
        elif tag == "line":
            found.corners += [at, (at[0] + float(part.get("x2", 0)), at[1] + float(part.get("y2", 0)))]
        elif tag == "path" and "A" in part.get("d", ""):
            found.circles.append(at)
        elif tag == "path":
            found.corners += corners_of(part.get("d", ""), at)
        for each in part:
            walk(each, at, role)

    # What lies within the first group is counted from its corner.
    for each in root[0]:
        walk(each, (0.0, 0.0), "")
    return found


def engine_draws(spec: dict[str, Any]) -> str:
    return drawing._ask_engine(drawing._write_spec(spec), drawing._draw_here)


def is_near(point: Point, others: list[Point]) -> bool:
    return any(abs(point[0] - x) <= NEAR and abs(point[1] - y) <= NEAR for x, y in others)


def compare(spec: dict[str, Any]) -> None:
    """Find every mark and every word of the engine's drawing at its place in ours."""
    ours, theirs = read_drawing(draw_chart(spec)), read_drawing(engine_draws(spec))
    marks = [each for each in ours.circles if is_near(each, theirs.circles)]
    # Circles of a legend stand where there is room.
    in_legend = sum("legend" in role for _, role, _ in theirs.words)
    assert len(marks) >= len(theirs.circles) - in_legend
    missing = [each for each in theirs.corners if not is_near(each, ours.corners)]
    # A symbol of a legend has at most twelve corners.
    assert len(missing) <= 12 * in_legend, missing[:5]
    for words, role, place in theirs.words:
        same = [at for other, _, at in ours.words if other == words]
        if "axis-label" in role and not same:
            continue
        assert same, words
        is_beside = "title" in role and words in {"n", "At risk"}
        assert "legend" in role or is_beside or is_near(place, same), (words, place, same)
    assert {words for words, _, _ in ours.words} <= {
        line for line, _, _ in read_drawing(engine_draws(spec).replace('opacity="0"', "")).words
    }


@pytest.fixture(scope="module")
def figures(made: ModuleType) -> dict[str, FigureSpec]:
    return {figure.id: figure for figure in build_figures(made.make_study(), made.make_results())}


def test_every_figure_of_a_trial_stands_where_the_engine_draws_it(figures: dict[str, FigureSpec]) -> None:
    assert len(figures) > 6
    for figure in figures.values():
        compare(figure.spec)


def test_rows_of_a_forest_and_hatched_bars_stand_where_the_engine_draws_them() -> None:
    rows = [
        ForestRow("Everybody (n = 40)", 20, 8.5, 31.5, "20 (9 to 32)"),
        ForestRow("Renal", 30, -4, 52, "30"),
    ]
    compare(finish(forest_body(rows, "Difference, percentage points", has_line=True)))
    number: dict[str, Any] = {"type": "quantitative", "scale": {"domain": [0, 10]}, "axis": {"title": "A"}}
    ends = {
        "x": number | {"field": "from"},
        "x2": {"field": "to"},
        "y": number | {"field": "top"},
        "y2": {"field": "bottom"},
    }
    areas: list[dict[str, Any]] = [
        {"from": 1, "to": 4, "top": 2, "bottom": 8},
        {"from": 6, "to": 9.5, "top": 1, "bottom": 3},
    ]
    compare(finish({"width": 200, "height": 150, "layer": hatch(areas, ends, slant=0.8, apart=0.4)}))


def test_no_figure_of_a_trial_needs_the_engine(
    figures: dict[str, FigureSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object) -> str:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(drawing, "_ask_engine", ask)
    for figure in figures.values():
        assert render_svg(figure.spec).startswith("<svg")


def test_words_stay_within_the_drawing_and_off_each_other(figures: dict[str, FigureSpec]) -> None:
    for figure in figures.values():
        svg = draw_chart(figure.spec)
        size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
        assert size
        wide, high = map(float, size.groups())
        boxes = list(boxes_of(svg))
        for words, box in boxes:
            assert box.left >= -0.5, (figure.id, words)
            assert box.top >= -0.5, (figure.id, words)
            assert box.right <= wide + 0.5, (figure.id, words)
            assert box.bottom <= high + 0.5, (figure.id, words)
        for place, (words, box) in enumerate(boxes):
            for others, other in boxes[:place]:
                apart = (
                    other.left - box.right,
                    box.left - other.right,
                    other.top - box.bottom,
                    box.top - other.bottom,
                )
                assert max(apart) >= -2, (figure.id, words, others)


def boxes_of(svg: str) -> Iterator[tuple[str, Extent]]:
    """Give upright words with the area that they take."""
    root = ET.fromstring(svg)  # noqa: S314 - drawn here

    def walk(part: ET.Element, at: Point) -> Iterator[tuple[str, Extent]]:
        move = _MOVE.search(part.get("transform", ""))
        if move:
            at = at[0] + float(move[1]), at[1] + float(move[2] or 0)
        if part.tag.endswith("text") and "rotate" not in part.get("transform", ""):
            size = float(part.get("font-size", "0px")[:-2])
            lines = list(part.itertext())
            align = {"middle": "center", "end": "right"}.get(part.get("text-anchor", ""), "left")
            look = Letters(size, "", align, "alphabetic", is_bold=part.get("font-weight") == "bold")
            x, y = float(part.get("x", 0)), float(part.get("y", 0))
            yield " ".join(lines), extent_of_words(lines, at[0] + x, at[1] + y, look)
        for each in part:
            yield from walk(each, at)

    return walk(root[0], (0.0, 0.0))


PANEL: dict[str, Any] = {
    "width": 200,
    "height": 100,
    "data": {"values": [{"day": 0, "score": 2.5, "who": "a<b"}, {"day": 7, "score": 9, "who": "c"}]},
    "mark": {"type": "circle", "color": ESTIMATE, "size": 30},
    "encoding": {
        "x": {"field": "day", "type": "quantitative", "axis": {"title": "Day"}},
        "y": {"field": "score", "type": "quantitative", "axis": {"title": "Score"}},
    },
}
WORDS = {"type": "text", "color": ESTIMATE}


@pytest.mark.parametrize(
    "change",
    [
        {"mark": {"type": "arc"}},
        {"mark": {"type": "line", "color": ESTIMATE, "interpolate": "monotone"}},
        {"transform": [{"filter": "datum.day > 1"}]},
        {"config": {}},
        {"height": None},
        {
            "encoding": PANEL["encoding"]
            | {"y": {"field": "score", "aggregate": "mean", "type": "quantitative"}}
        },
        {
            "encoding": PANEL["encoding"]
            | {"x": {"field": "who", "type": "quantitative", "axis": {"title": "A"}}}
        },
        {"encoding": PANEL["encoding"] | {"x": {"field": "day", "type": "quantitative"}}},
        {"encoding": PANEL["encoding"] | {"color": {"field": "who", "type": "nominal"}}},
    ],
)
def test_what_is_beyond_these_charts_is_told_before_anything_is_drawn(change: dict[str, Any]) -> None:
    assert draw_chart(finish(PANEL)).count("<circle") == 2
    with pytest.raises(BeyondChartsError):
        draw_chart(finish(PANEL | change))


def test_the_engine_draws_what_is_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(text: str, _: object) -> str:
        asked.append(text)
        return "<svg/>"

    monkeypatch.setattr(drawing, "_ask_engine", ask)
    assert render_svg(finish(PANEL)) != "<svg/>"
    assert render_svg(finish(PANEL | {"mark": {"type": "arc"}})) == "<svg/>"
    assert [json.loads(each)["mark"] for each in asked] == [{"type": "arc"}]


def test_words_are_escaped_and_letters_that_no_drawing_can_show_are_refused() -> None:
    words = PANEL | {"mark": WORDS, "encoding": PANEL["encoding"] | {"text": {"field": "who"}}}
    assert ">a&lt;b<" in draw_chart(finish(words))
    for letter in ("\x00", "\x1b", "\uffff", "\ud800"):
        with pytest.raises(DrawingError, match="no drawing can show"):
            render_svg(finish(words | {"data": {"values": [{"day": 1, "score": 1, "who": letter}]}}))


def test_a_value_that_is_not_known_has_no_mark_and_breaks_a_line() -> None:
    values = [
        {"day": day, "score": score}
        for day, score in ((0, 1.0), (1, 2.0), (2, None), (3, float("nan")), (4, 3.0), (5, 4.0))
    ]
    circles = draw_chart(finish(PANEL | {"data": {"values": values}}))
    assert circles.count("<circle") == 4
    line = draw_chart(
        finish(PANEL | {"data": {"values": values}, "mark": {"type": "line", "color": ESTIMATE}})
    )
    drawn = re.search(r"stroke-width=\"2\">(.*?)</g>", line)
    assert drawn
    assert [path.count("L") for path in re.findall(r'd="([^"]*)"', drawn[1])] == [1, 1]


def test_lines_say_how_long_they_are() -> None:
    svg = draw_chart(finish(PANEL))
    assert f'textLength="{measure("Score", 11.5):.1f}"' in svg


def test_ticks_are_those_of_d3() -> None:
    # From the documentation and the tests of d3-array 3 and d3-scale 4.
    assert list_ticks(0, 1, 10) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
    assert list_ticks(0, 1, 4) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert list_ticks(0, 10, 3) == [0, 5, 10]
    assert list_ticks(-10, 10, 4) == [-10, -5, 0, 5, 10]
    assert round_ends(0, 0.96) == (0, 1)
    assert round_ends(0, 96) == (0, 100)
    assert round_ends(1.1, 10.9) == (1, 11)
    assert round_ends(123.1, 6.7) == (123.1, 6.7)
    assert write_ticks([0, 0.05], 0, 1, 20) == ["0.00", "0.05"]
    assert write_ticks([-1500.0], -1500, 0, 3) == ["−1,500"]


ENDS = st.floats(-1e6, 1e6, allow_nan=False)


@given(ENDS, st.floats(1e-3, 1e6), st.integers(2, 20))
def test_ticks_lie_within_at_equal_distances(low: float, length: float, count: int) -> None:
    high = low + length
    ticks = list_ticks(low, high, count)
    assert all(low - 1e-6 * length <= tick <= high + 1e-6 * length for tick in ticks)
    steps = [(after - before) / length for before, after in pairwise(ticks)]
    assert not steps or max(steps) - min(steps) < 1e-5
    assert len(ticks) <= 2 * count + 2
    first, last = round_ends(low, high)
    assert first <= low
    assert last >= high


@given(st.lists(ENDS, min_size=1), st.booleans(), st.booleans())
def test_every_value_has_a_place_on_its_axis(values: list[float], has_zero: bool, is_round: bool) -> None:  # noqa: FBT001
    scale = AxisEnds(has_zero=has_zero, is_round=is_round).choose(values, 0.0, 300.0)
    assert all(-0.01 <= scale.place(value) <= 300.01 for value in values)


def test_labels_that_touch_are_left_out() -> None:
    def label(left: float, right: float) -> Extent:
        return Extent(left, 0, right, 11)

    wide = [label(20 * place, 20 * place + 18) for place in range(5)]
    assert keep_apart(wide, method=False) == [0, 1, 2, 3, 4]
    assert keep_apart(wide, method=True) == [0, 2, 4]
    assert keep_apart(wide, "greedy") == [0, 2, 4]
    uneven = [label(0, 10), label(12, 22), label(60, 70), label(100, 110)]
    assert keep_apart(uneven, "greedy") == [0, 2, 3]
    assert keep_apart([label(0, 90), label(30, 120), label(50, 150)], method=True) == [0]
    assert keep_apart([], method=True) == []
