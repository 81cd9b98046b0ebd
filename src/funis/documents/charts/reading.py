"""A specification read into layers, panels and a sheet; whatever these charts do not hold is found here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from funis.documents.figure import CONFIG, Spec

_UNIT: Final = {"width", "height", "data", "encoding", "mark", "layer", "title"}
_SHEETS: Final = ("concat", "vconcat", "hconcat")
_TOP: Final = {"$schema", "config", "autosize", "padding", "data", *_SHEETS, "columns", "spacing"}
_POSITIONS: Final = ("x", "x2", "y", "y2")
#: Keys of each kind of mark.
_ANY: Final = {"type", "color", "opacity", "stroke", "strokeWidth"}
MARKS: Final[dict[str, set[str]]] = {
    "rule": _ANY | {"strokeDash"},
    "line": _ANY | {"strokeDash", "interpolate"},
    "area": _ANY | {"strokeDash", "interpolate"},
    "rect": _ANY | {"fill"},
    "bar": _ANY | {"height"},
    "tick": _ANY | {"orient", "thickness", "size"},
    "circle": _ANY | {"size"},
    "square": _ANY | {"size"},
    "point": _ANY | {"filled", "shape", "size"},
    "text": _ANY | {"align", "baseline", "dx", "dy", "fontSize", "lineHeight", "text"},
}
_CHANNELS: Final = {*_POSITIONS, "color", "fill", "stroke", "shape", "size", "detail", "order", "text"}
_CHANNEL_KEYS: Final = {"field", "type", "scale", "axis", "sort", "datum", "value", "legend"}
_AXIS_KEYS: Final = {
    "title", "tickCount", "values", "labelExpr", "labelOverlap", "labelFlush", "labelLimit",
    "labelLineHeight", "labelPadding", "labels", "ticks", "domain", "grid", "minExtent", "maxExtent",
    "format", "labelAngle", "orient",
}  # fmt: skip
_NUMBER_SCALE: Final = {"domain", "domainMin", "domainMax", "nice", "zero", "padding"}
_LEGEND_KEYS: Final = {
    "title", "columns", "labelLimit", "symbolSize", "symbolStrokeColor", "symbolStrokeWidth", "offset",
    "symbolType",
}  # fmt: skip
_TITLE_KEYS: Final = {
    "text", "fontSize", "fontWeight", "orient", "angle", "align", "anchor", "color", "baseline", "offset",
}  # fmt: skip
#: The only title beside a panel that is known; its words, letters and distance may differ.
_BESIDE: Final = {
    "fontWeight": "normal", "orient": "left", "angle": 0, "align": "right", "anchor": "middle",
    "baseline": "middle",
}  # fmt: skip
_FIT: Final = {"type": "fit-x", "contains": "padding"}
_PADDING: Final = 4.0


class BeyondChartsError(Exception):
    """A specification asks for what these charts do not hold; the drawing engine holds it."""


@dataclass(frozen=True, slots=True)
class ChartLayer:
    """One kind of mark, once for each row.

    Attributes
    ----------
    kind : of the mark
    look : keys of the mark
    rows : its data
    channels : what is read from the rows, by channel
    """

    kind: str
    look: Spec
    rows: Sequence[Spec]
    channels: Mapping[str, Spec]


@dataclass(frozen=True, slots=True)
class ChartPanel:
    """Layers over one pair of axes.

    Attributes
    ----------
    layers : from the lowest to the topmost
    width : in pixels
    height : in pixels; None where each name of the upright axis has `step`
    step : pixels of a name of the upright axis
    title : above it or beside it; None for none
    """

    layers: tuple[ChartLayer, ...]
    width: float
    height: float | None
    step: float
    title: Spec | None

    def channels(self, *names: str) -> list[Spec]:
        """Give a channel of every layer that has it."""
        return [layer.channels[name] for layer in self.layers for name in names if name in layer.channels]


@dataclass(frozen=True, slots=True)
class ChartSheet:
    """Panels in rows.

    Attributes
    ----------
    panels : row by row
    columns : panels in a row
    gaps : pixels between columns and between rows
    is_even : all columns are as far apart, and all rows
    padding : pixels left, above, right and below
    fits : the panel is made as narrow as its words need for the whole to be as wide as its width says
    """

    panels: tuple[ChartPanel, ...]
    columns: int
    gaps: tuple[float, float]
    is_even: bool
    padding: tuple[float, float, float, float]
    fits: bool


def _check(spec: Mapping[str, Any], known: Collection[str], what: str) -> None:
    beyond = [key for key in spec if key not in known]
    if beyond:
        raise BeyondChartsError(f"{what}: {beyond[0]}")


def _require(is_so: bool, what: str) -> None:  # noqa: FBT001 - the one question of a check
    if not is_so:
        raise BeyondChartsError(what)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_sheet(spec: Spec) -> ChartSheet:
    """Read a specification.

    Parameters
    ----------
    spec : as :func:`funis.documents.figure.finish` gives it

    Raises
    ------
    BeyondChartsError : it asks for what these charts do not hold
    """
    _check(spec, _TOP | _UNIT, "specification")
    _require(spec.get("config") == CONFIG, "another look")
    _require(spec.get("autosize", _FIT) == _FIT, "autosize")
    kinds = [name for name in _SHEETS if name in spec]
    _require(len(kinds) < 2, "two kinds of sheets")
    padding = spec.get("padding", dict.fromkeys(("left", "top", "right", "bottom"), _PADDING))
    _check(padding, ("left", "top", "right", "bottom"), "padding")
    edges = tuple(float(padding.get(side, 0)) for side in ("left", "top", "right", "bottom"))
    if not kinds:
        panels, columns, gaps = [spec], 1, (0.0, 0.0)
    else:
        panels = spec[kinds[0]]
        columns, gaps = _arrange(spec, kinds[0], len(panels))
    drawn = tuple(
        _read_panel({key: each[key] for key in each if key in _UNIT} if each is spec else each, spec)
        for each in panels
    )
    _require(bool(drawn), "no panel")
    return ChartSheet(drawn, columns, gaps, "concat" in kinds, edges, "autosize" in spec)  # type: ignore[arg-type]


def _arrange(spec: Spec, kind: str, count: int) -> tuple[int, tuple[float, float]]:
    """Give the panels in a row, and the gaps between columns and rows."""
    _require("autosize" not in spec and not {"encoding", "layer", "mark"} & set(spec), "sheet")
    columns = {"vconcat": 1, "hconcat": count}.get(kind) or spec.get("columns", count)
    gap = spec.get("spacing", 20)
    if _is_number(gap):
        return columns, (float(gap), float(gap))
    _check(gap, ("column", "row"), "spacing")
    return columns, (float(gap["column"]), float(gap["row"]))


def _read_panel(spec: Spec, sheet: Spec) -> ChartPanel:
    _check(spec, _UNIT, "panel")
    height = spec.get("height")
    step = 0.0
    if isinstance(height, dict):
        _check(height, ("step",), "height")
        step, height = float(height["step"]), None
    else:
        _require(_is_number(height), "height")
    _require(_is_number(spec.get("width")), "width")
    title = spec.get("title")
    if title is not None:
        _require(isinstance(title, dict), "title")
        _check(title, _TITLE_KEYS, "title")
        is_beside = any(title.get(key) == value for key, value in _BESIDE.items())
        wanted = _BESIDE if is_beside else {}
        _require(all(title.get(key) == value for key, value in wanted.items()), "title")
        _require(is_beside or set(title) == {"text"}, "title")
    layers = tuple(_read_layers(spec, sheet.get("data", {}).get("values", []), {}))
    return ChartPanel(layers, float(spec["width"]), None if height is None else float(height), step, title)


def _read_layers(spec: Spec, rows: Sequence[Spec], channels: Mapping[str, Spec]) -> list[ChartLayer]:
    """Read the layers of a part; those within take its data and channels where they have none."""
    if "data" in spec:
        _check(spec["data"], ("values",), "data")
        rows = spec["data"]["values"]
    channels = {**channels, **spec.get("encoding", {})}
    if "layer" in spec:
        _require("mark" not in spec, "mark")
        return [
            layer
            for each in spec["layer"]
            for layer in _read_layers(
                _within(each),
                rows,
                channels,
            )
        ]
    mark = spec.get("mark")
    look: Spec = {"type": mark} if isinstance(mark, str) else dict(mark or {})
    kind = look.get("type", "")
    _require(kind in MARKS, f"mark {kind}")
    _check(look, MARKS[kind], kind)
    _require(look.get("interpolate", "step-after") == "step-after", "interpolate")
    _require(look.get("orient", "vertical") == "vertical", "orient")
    _check(channels, _CHANNELS, "channel")
    for name, channel in channels.items():
        _check_channel(name, channel, rows)
    return [ChartLayer(kind, look, rows, channels)]


def _within(spec: Spec) -> Spec:
    _check(spec, {"data", "encoding", "mark", "layer"}, "layer")
    return spec


def _check_channel(name: str, channel: Spec, rows: Sequence[Spec]) -> None:
    _check(channel, _CHANNEL_KEYS, f"channel {name}")
    _require(len({"field", "datum", "value"} & set(channel)) > 0, f"channel {name}")
    kind = channel.get("type", "quantitative" if name in _POSITIONS else "nominal")
    _require(kind in {"quantitative", "nominal", "ordinal"}, f"type {kind}")
    if isinstance(channel.get("axis"), dict):
        _require(name in {"x", "y"}, "axis")
        _require(
            channel["axis"].get("orient", "top") == "top"
            and ("orient" not in channel["axis"] or name == "x"),
            "orient",
        )
        _check(channel["axis"], _AXIS_KEYS, "axis")
        _require(all(map(_is_number, channel["axis"].get("values", []))), "values")
    if isinstance(channel.get("legend"), dict):
        _check(channel["legend"], _LEGEND_KEYS, "legend")
        _require(channel["legend"].get("symbolType", "stroke") == "stroke", "symbolType")
    scale = channel.get("scale") or {}
    if name in {"x", "y"}:
        _check(scale, _NUMBER_SCALE if kind == "quantitative" else (), "scale")
        ends = scale.get("domain", [0, 0])
        _require(isinstance(ends, list) and len(ends) == 2 and all(map(_is_number, ends)), "domain")
    elif name in {"color", "fill", "stroke", "shape"}:
        _check(scale, ("domain", "range"), "scale")
        is_direct = "scale" in channel and channel["scale"] is None
        _require(is_direct or (set(scale) == {"domain", "range"} and kind != "quantitative"), "scale")
    elif name == "size":
        _check(scale, ("domain", "range"), "scale")
        _require("range" in scale, "scale")
    _check_values(name, channel, kind, rows)


def _check_values(name: str, channel: Spec, kind: str, rows: Sequence[Spec]) -> None:
    """Find values that a channel cannot show."""
    if "value" in channel:
        _require(name in _POSITIONS and _is_number(channel["value"]), f"value of {name}")
    elif "datum" in channel:
        _require(name in _POSITIONS and _is_number(channel["datum"]), f"datum of {name}")
    field = channel.get("field")
    if field is None or name == "text":
        return
    if name == "size":
        _require(all(_is_number(row.get(field)) for row in rows), f"{field} holds other than numbers")
    elif kind == "quantitative":
        _require(
            all(row.get(field) is None or _is_number(row[field]) for row in rows),
            f"{field} holds other than numbers",
        )
    else:
        _require(all(row.get(field) is not None for row in rows), f"{field} is not always there")
