"""The marks of a layer: one for each row, or one line through them; marks that look alike say it once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import Any, Final, NamedTuple

from funis.documents.charts.paper import ChartPaper, Letters, px, write_words
from funis.documents.charts.places import is_known, places_of
from funis.documents.charts.reading import BeyondChartsError, ChartLayer
from funis.documents.charts.scales import NameScale, Scale
from funis.documents.charts.shapes import draw_shape
from funis.documents.colours import INK
from funis.documents.figure import SMALL, Spec

#: How faint marks are that may lie on each other, where nothing is said.
_FAINT: Final = 0.7
#: Share of a name's room that a bar fills, and a tile.
_BAR, _TILE = 0.9, 1.0
_SIZE: Final = 30.0
_STROKE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Plot:
    """Where marks are drawn: the scales, and the size of the panel."""

    x: Scale | None
    y: Scale | None
    width: float
    height: float


class _Look(NamedTuple):
    """How marks look, in svg."""

    text: str

    def hold(self, shapes: Iterable[str]) -> str:
        return f"<g{self.text}>{''.join(shapes)}</g>"


Places = list[float | None]


def draw_marks(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    """Draw the marks of a layer; a row without a place has none.

    Raises
    ------
    BeyondChartsError : the layer leaves out what its kind of mark needs
    """
    if layer.rows:
        _DRAWN[layer.kind](paper, layer, plot)


# --- colours and strokes ---------------------------------------------------------------------------------


def _channel(layer: ChartLayer, name: str) -> Callable[[Spec], Any] | None:
    """Give what a layer reads of a row for a colour, a shape or a size; None without the channel."""
    read = layer.channels.get(name)
    if read is None:
        return None
    field = read["field"]
    if "scale" in read and read["scale"] is None:
        return lambda row: row[field]
    if "scale" not in read:
        raise BeyondChartsError(f"no scale of {name}")
    drawn = dict(zip(map(str, read["scale"]["domain"]), read["scale"]["range"], strict=False))

    def find(row: Spec) -> Any:
        if (key := str(row[field])) not in drawn:
            raise BeyondChartsError(f"{field} outside its domain")
        return drawn[key]

    return find


def _opacity(layer: ChartLayer, kind: str) -> str:
    default = _FAINT if layer.kind in {"point", "circle", "square", "tick"} else 1
    share = layer.look.get("opacity", default)
    return "" if share == 1 else f' {kind}-opacity="{share:g}"'


def _dashes(look: Spec) -> str:
    dash = look.get("strokeDash")
    return f' stroke-dasharray="{",".join(f"{each:g}" for each in dash)}"' if dash else ""


def _filled(layer: ChartLayer) -> Callable[[Spec], _Look]:
    """Give the look of a filled mark, which may have an outline."""
    look = layer.look
    edge = (
        f' stroke="{look["stroke"]}"{_wide(look, 1.0)}{_opacity(layer, "stroke")}' if "stroke" in look else ""
    )
    rest = f"{_opacity(layer, 'fill')}{edge}"
    by_row = _channel(layer, "color")
    own = look.get("fill", look.get("color"))
    if by_row is None and own is None:
        raise BeyondChartsError("no colour")
    return lambda row: _Look(f' fill="{own if by_row is None else by_row(row)}"{rest}')


def _wide(look: Spec, default: float) -> str:
    wide = look.get("strokeWidth", default)
    return "" if wide == 1 else f' stroke-width="{wide:g}"'


def _stroked(layer: ChartLayer, default: float) -> Callable[[Spec], _Look]:
    """Give the look of a stroke."""
    look = layer.look
    rest = f"{_wide(look, default)}{_dashes(look)}{_opacity(layer, 'stroke')}"
    by_row = _channel(layer, "color")
    own = look.get("color")
    if by_row is None and own is None:
        raise BeyondChartsError("no colour")
    return lambda row: _Look(f' stroke="{own if by_row is None else by_row(row)}"{rest}')


def _draw_alike(paper: ChartPaper, drawn: Iterable[tuple[_Look, str]]) -> None:
    """Draw shapes in their order; those that follow each other and look alike say it once."""
    for look, alike in groupby(drawn, key=lambda each: each[0]):
        paper.draw(look.hold(shape for _, shape in alike))


def _draw_apart(paper: ChartPaper, drawn: Iterable[tuple[_Look, str]]) -> None:
    """Draw paths that do not lie on each other: one path for all that look alike."""
    found: dict[_Look, list[str]] = {}
    for look, path in drawn:
        found.setdefault(look, []).append(path)
    for look, paths in found.items():
        paper.draw(f'<path d="{"".join(paths)}"{look.text}/>')


def _known(layer: ChartLayer, *places: Places) -> Iterator[tuple[Spec, tuple[float, ...]]]:
    """Give the rows that have every place, with their places."""
    for row, found in zip(layer.rows, zip(*places, strict=True), strict=True):
        if None not in found:
            yield row, found


# --- kinds of marks --------------------------------------------------------------------------------------


def _middles(layer: ChartLayer, plot: Plot) -> tuple[Places, Places]:
    """Give the places of marks that have one; in the middle of the panel where a layer says none."""
    x, y = places_of(layer, "x", plot.x), places_of(layer, "y", plot.y)
    count = len(layer.rows)
    return (
        [plot.width / 2] * count if x is None else x,
        [plot.height / 2] * count if y is None else y,
    )


def _draw_rules(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    count = len(layer.rows)
    ends = []
    for name, scale, length in (("x", plot.x, plot.width), ("y", plot.y, plot.height)):
        first, second = places_of(layer, name, scale), places_of(layer, f"{name}2", scale)
        if first is None:
            first, second = [0.0] * count, [length] * count
        ends.append((first, first if second is None else second))
    (x, x2), (y, y2) = ends
    look_of = _stroked(layer, 1.0)

    def drawn() -> Iterator[tuple[_Look, str]]:
        for row, (left, right, top, bottom) in _known(layer, x, x2, y, y2):
            paper.extent.add(min(left, right), min(top, bottom), max(left, right), max(top, bottom))
            yield look_of(row), f"M{px(left)} {px(top)}L{px(right)} {px(bottom)}"

    if layer.look.get("opacity", 1) == 1:
        # Opaque strokes that look alike may cross: nobody sees in which order.
        for look, alike in groupby(drawn(), key=lambda each: each[0]):
            paper.draw(f'<path d="{"".join(path for _, path in alike)}"{look.text}/>')
    else:
        _draw_alike(paper, ((look, f'<path d="{path}"/>') for look, path in drawn()))


def _draw_points(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    x, y = _middles(layer, plot)
    size_of = _sizes(layer)
    kind = layer.kind if layer.kind != "point" else layer.look.get("shape", "circle")
    shape_of = _channel(layer, "shape")
    look_of = _point_look(layer)

    def drawn() -> Iterator[tuple[_Look, str]]:
        for row, (across, down) in _known(layer, x, y):
            size = size_of(row)
            half = sqrt(size) / 2
            paper.extent.add(across - half, down - half, across + half, down + half)
            yield look_of(row), draw_shape(kind if shape_of is None else shape_of(row), across, down, size)

    _draw_alike(paper, drawn())


def _point_look(layer: ChartLayer) -> Callable[[Spec], _Look]:
    """Give the look of a point: filled, or with inside and edge of their own."""
    fill, stroke = _channel(layer, "fill"), _channel(layer, "stroke")
    if fill is None or stroke is None:
        if layer.kind == "point" and not layer.look.get("filled"):
            raise BeyondChartsError("a point without a colour inside")
        return _filled(layer)
    wide = layer.look.get("strokeWidth", _STROKE)
    rest = f' stroke-width="{wide:g}"{_opacity(layer, "fill")}{_opacity(layer, "stroke")}'
    return lambda row: _Look(f' fill="{fill(row)}" stroke="{stroke(row)}"{rest}')


def _sizes(layer: ChartLayer) -> Callable[[Spec], float]:
    """Give the area of a point; of a number of rows it rises with the number."""
    read = layer.channels.get("size")
    if read is None:
        own = float(layer.look.get("size", _SIZE))
        return lambda _: own
    field, scale = read["field"], read["scale"]
    values = [row[field] for row in layer.rows if is_known(row[field])]
    low, high = scale.get("domain") or (min([0.0, *values]), max([0.0, *values]))
    least, most = scale["range"]
    span = (high - low) or 1.0
    return lambda row: max(0.0, least + (row[field] - low) / span * (most - least))


def _draw_ticks(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    """Draw upright strokes."""
    x, y = _middles(layer, plot)
    half = layer.look["size"] / 2
    wide = layer.look["thickness"]
    look_of = _filled(layer)

    def drawn() -> Iterator[tuple[_Look, str]]:
        for row, (across, down) in _known(layer, x, y):
            paper.extent.add(across - wide / 2, down - half, across + wide / 2, down + half)
            shape = f"M{px(across - wide / 2)} {px(down - half)}h{wide:g}v{2 * half:g}h{-wide:g}Z"
            yield look_of(row), f'<path d="{shape}"/>'

    _draw_alike(paper, drawn())


def _draw_tiles(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    """Draw rectangles: between two numbers, or in the room of a name."""
    x, x2 = _sides(layer, "x", plot.x)
    y, y2 = _sides(layer, "y", plot.y)
    look_of = _filled(layer)

    def drawn() -> Iterator[tuple[_Look, str]]:
        for row, (first, second, third, fourth) in _known(layer, x, x2, y, y2):
            left, right = min(first, second), max(first, second)
            top, bottom = min(third, fourth), max(third, fourth)
            paper.extent.add(left, top, right, bottom)
            yield look_of(row), f"M{px(left)} {px(top)}H{px(right)}V{px(bottom)}H{px(left)}Z"

    _draw_apart(paper, drawn())


def _sides(layer: ChartLayer, name: str, scale: Scale | None) -> tuple[Places, Places]:
    first, second = places_of(layer, name, scale), places_of(layer, f"{name}2", scale)
    if first is None:
        raise BeyondChartsError(f"a tile without {name}")
    if second is not None:
        return first, second
    if not isinstance(scale, NameScale):
        raise BeyondChartsError(f"a tile without {name}2")
    share = _BAR if layer.kind == "bar" else _TILE
    half = layer.look["height"] / 2 if name == "y" and "height" in layer.look else share * scale.step / 2
    return (
        [None if each is None else each - half for each in first],
        [None if each is None else each + half for each in first],
    )


def _draw_words(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    look = layer.look
    x, y = _middles(layer, plot)
    colour_of = _channel(layer, "color")
    letters = Letters(
        float(look.get("fontSize", SMALL)),
        look.get("color", INK),
        look.get("align", "center"),
        look.get("baseline", "middle"),
        line_height=float(look.get("lineHeight", 0)),
    )
    field = layer.channels.get("text", {}).get("field")
    across, down = float(look.get("dx", 0)), float(look.get("dy", 0))
    for row, (left, top) in _known(layer, x, y):
        words = look.get("text") if field is None else row.get(field)
        if words is None:
            continue
        lines = [str(each) for each in words] if isinstance(words, list) else [str(words)]
        own = letters if colour_of is None else Letters(
            letters.size, colour_of(row), letters.align, letters.baseline, line_height=letters.line_height
        )  # fmt: skip
        write_words(paper, lines, left + across, top + down, own)


# --- lines and areas -------------------------------------------------------------------------------------


def _runs(layer: ChartLayer, *places: Places) -> Iterator[tuple[Spec, list[tuple[float, ...]]]]:
    """Give the runs of points of each line, in order, broken where one is not known, with a row of each."""
    series = [name for name in ("detail", "color") if "field" in layer.channels.get(name, {})]
    fields = [layer.channels[name]["field"] for name in series]
    order = layer.channels.get("order", layer.channels.get("x", {})).get("field")
    if order is None:
        raise BeyondChartsError("a line without an order")
    found: dict[tuple[Any, ...], list[tuple[Spec, tuple[float | None, ...]]]] = {}
    for row, place in zip(layer.rows, zip(*places, strict=True), strict=True):
        if row.get(order) is None:
            continue
        found.setdefault(tuple(row[field] for field in fields), []).append((row, place))
    is_name = layer.channels.get("order", layer.channels["x"]).get("type") != "quantitative"
    for points in found.values():
        if not is_name:
            points.sort(key=lambda each: each[0][order])
        run: list[tuple[float, ...]] = []
        for _, place in points:
            if None in place:
                if run:
                    yield points[0][0], run
                run = []
            else:
                run.append(place)  # type: ignore[arg-type]
        if run:
            yield points[0][0], run


def _path(points: Sequence[tuple[float, float]], *, is_stepped: bool) -> str:
    """Join points by straight lines or by steps that come after each."""
    (x, y), *others = points
    parts = [f"M{px(x)} {px(y)}"]
    for x, y in others:
        parts.append(f"H{px(x)}V{px(y)}" if is_stepped else f"L{px(x)} {px(y)}")
    return "".join(parts)


def _draw_lines(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    x, y = _middles(layer, plot)
    look_of = _stroked(layer, _STROKE)
    is_stepped = "interpolate" in layer.look

    def drawn() -> Iterator[tuple[_Look, str]]:
        for row, run in _runs(layer, x, y):
            points = [(across, down) for across, down in run]
            _reach(paper, points)
            yield look_of(row), f'<path d="{_path(points, is_stepped=is_stepped)}"/>'

    _draw_alike(paper, drawn())


def _reach(paper: ChartPaper, points: Sequence[tuple[float, float]]) -> None:
    across, down = [x for x, _ in points], [y for _, y in points]
    paper.extent.add(min(across), min(down), max(across), max(down))


def _draw_areas(paper: ChartPaper, layer: ChartLayer, plot: Plot) -> None:
    """Draw the area between two lines."""
    x, y = _middles(layer, plot)
    y2 = places_of(layer, "y2", plot.y)
    if y2 is None:
        raise BeyondChartsError("an area without y2")
    look_of = _filled(layer)
    is_stepped = "interpolate" in layer.look

    def drawn() -> Iterator[tuple[_Look, str]]:
        for row, run in _runs(layer, x, y, y2):
            lower = [(across, down) for across, down, _ in run]
            upper = [(across, up) for across, _, up in run]
            _reach(paper, lower + upper)
            yield look_of(row), f'<path d="{_outline(lower, upper, is_stepped=is_stepped)}"/>'

    _draw_alike(paper, drawn())


def _outline(
    lower: Sequence[tuple[float, float]], upper: Sequence[tuple[float, float]], *, is_stepped: bool
) -> str:
    """Go along one line and back along the other; a step that came after a point is met before it."""
    back = list(reversed(upper))
    (x, y), *others = back
    parts = [_path(lower, is_stepped=is_stepped), f"L{px(x)} {px(y)}"]
    for x, y in others:
        parts.append(f"V{px(y)}H{px(x)}" if is_stepped else f"L{px(x)} {px(y)}")
    return "".join([*parts, "Z"])


_DRAWN: Final[dict[str, Callable[[ChartPaper, ChartLayer, Plot], None]]] = {
    "rule": _draw_rules,
    "line": _draw_lines,
    "area": _draw_areas,
    "rect": _draw_tiles,
    "bar": _draw_tiles,
    "tick": _draw_ticks,
    "circle": _draw_points,
    "square": _draw_points,
    "point": _draw_points,
    "text": _draw_words,
}
