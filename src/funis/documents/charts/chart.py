"""A specification to a drawing: its panels with their axes, set out on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import floor

from funis.documents.charts.axes import axis_of, draw_axis
from funis.documents.charts.legends import draw_legends, legends_of
from funis.documents.charts.marks import Plot, draw_marks
from funis.documents.charts.paper import ChartPaper, Extent, Letters, px, reach, write_words
from funis.documents.charts.places import choose_scale
from funis.documents.charts.reading import BeyondChartsError, ChartPanel, ChartSheet, read_sheet
from funis.documents.charts.scales import NameScale
from funis.documents.colours import INK
from funis.documents.figure import FONT, SMALL, TITLE, Spec

#: From a title to its panel.
_TITLE_GAP = 6.0
#: Words of axes stand at the middle of a pixel: half of one reaches out of the panel at its right.
_HALF = 0.5
#: Times that a panel is made narrower for its words, which may change with it.
_TURNS = 2


def draw_chart(spec: Spec) -> str:
    """Draw a specification.

    Parameters
    ----------
    spec : as :func:`funis.documents.figure.finish` gives it; holds its data

    Returns
    -------
    str : the svg element; each line of words says how long it is

    Raises
    ------
    BeyondChartsError : it asks for what these charts do not hold

    Examples
    --------
    >>> from funis.documents.figure import finish
    >>> x = {"field": "day", "type": "quantitative", "axis": {"title": "Day"}}
    >>> y = {"field": "score", "type": "quantitative", "axis": {"title": "Score"}}
    >>> from funis.documents.colours import ESTIMATE
    >>> mark = {"type": "line", "color": ESTIMATE}
    >>> panel = {"width": 200, "height": 100, "mark": mark, "encoding": {"x": x, "y": y}}
    >>> values = [{"day": 0, "score": 10}, {"day": 10, "score": 4}]
    >>> 'd="M0 0L200 60"' in draw_chart(finish(panel | {"data": {"values": values}}))
    True
    """
    sheet = read_sheet(spec)
    if sheet.fits:
        sheet = replace(sheet, panels=(_fit(sheet.panels[0], sheet.padding),))
    papers = [_draw_panel(panel) for panel in sheet.panels]
    whole = ChartPaper()
    for paper, (across, down) in zip(papers, _arrange(sheet, [each.extent for each in papers]), strict=True):
        moved = f' transform="translate({px(across)},{px(down)})"' if across or down else ""
        whole.draw(f"<g{moved}>{paper.text}</g>")
        whole.extent.unite(paper.extent, across, down)
    extent = whole.extent
    draw_legends(whole, legends_of(sheet.panels), extent.left, extent.right, min(extent.top, 0.0))
    return _frame(whole, sheet.padding)


def _frame(paper: ChartPaper, padding: tuple[float, float, float, float]) -> str:
    """Put a drawing into an svg element that holds all of it."""
    left, above, right, below = padding
    extent = paper.extent
    start, top = left + reach(-extent.left), above + reach(-extent.top)
    wide, high = px(start + reach(extent.right) + right), px(top + reach(extent.bottom) + below)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
        f'<g fill="none" stroke-miterlimit="10" font-family="{FONT}" '
        f'transform="translate({px(start)},{px(top)})">{paper.text}</g></svg>'
    )


# --- a panel ---------------------------------------------------------------------------------------------


def _fit(panel: ChartPanel, padding: tuple[float, float, float, float]) -> ChartPanel:
    """Make a panel so narrow that it is as wide as it says with its words."""
    left, _, right, _ = padding
    room = panel.width - left - right
    for _ in range(_TURNS):
        extent = _draw_panel(panel).extent
        panel = replace(panel, width=room - reach(-extent.left) - reach(extent.right - panel.width))
    return panel


def _draw_axes(panel: ChartPanel) -> tuple[ChartPaper, Plot]:
    """Choose the scales of a panel and draw its axes."""
    y = choose_scale(panel, "y", panel.height, is_upright=True)
    height = panel.height
    if height is None:
        if not isinstance(y, NameScale):
            raise BeyondChartsError("a step without names")
        height = y.step * len(y.names)
    x = choose_scale(panel, "x", panel.width, is_upright=False)
    paper, grid = ChartPaper(), ChartPaper()
    paper.extent.add(0, 0, panel.width, height)
    for name, scale in (("x", x), ("y", y)):
        axis = axis_of(panel, name)
        if axis is not None and scale is not None:
            draw_axis(grid, paper, axis, scale, (panel.width, height), is_upright=name == "y")
    paper.parts[:0] = grid.parts
    return paper, Plot(x, y, panel.width, height)


def _draw_panel(panel: ChartPanel) -> ChartPaper:
    paper, plot = _draw_axes(panel)
    for layer in panel.layers:
        draw_marks(paper, layer, plot)
    if panel.title is not None:
        _draw_title(paper, panel.title, plot.height)
    return paper


def _draw_title(paper: ChartPaper, title: Spec, height: float) -> None:
    """Write the title above all of a panel, or beside it."""
    text = title["text"]
    lines = [text] if isinstance(text, str) else list(text)
    if "orient" in title:
        letters = Letters(float(title.get("fontSize", SMALL)), title.get("color", INK), "right")
        write_words(
            paper, lines, floor(paper.extent.left) - title.get("offset", _TITLE_GAP), height / 2, letters
        )
        return
    letters = Letters(TITLE, INK, "left", "top", is_bold=True)
    above = paper.extent.top - _TITLE_GAP - TITLE - (len(lines) - 1) * letters.step
    write_words(paper, lines, paper.extent.left, above, letters)


# --- a sheet ---------------------------------------------------------------------------------------------


def _arrange(sheet: ChartSheet, extents: Sequence[Extent]) -> list[tuple[float, float]]:
    """Give where each panel stands: columns and rows leave what reaches out of the panels its room."""
    columns = sheet.columns
    rows = -(-len(extents) // columns)
    lefts = _starts(
        [[extents[place] for place in range(column, len(extents), columns)] for column in range(columns)],
        sheet.gaps[0],
        is_across=True,
        is_even=sheet.is_even,
    )
    tops = _starts(
        [list(extents[row * columns : (row + 1) * columns]) for row in range(rows)],
        sheet.gaps[1],
        is_across=False,
        is_even=sheet.is_even,
    )
    return [(lefts[place % columns], tops[place // columns]) for place in range(len(extents))]


def _starts(groups: Sequence[Sequence[Extent]], gap: float, *, is_across: bool, is_even: bool) -> list[float]:
    """Give where columns begin, or rows; even ones are all as far apart as the widest need."""
    before = [
        max((reach(-(each.left if is_across else each.top)) for each in own), default=0) for own in groups
    ]
    after = [
        max((reach(each.right - _HALF if is_across else each.bottom) for each in own), default=0)
        for own in groups
    ]
    if is_even:
        before, after = [max(before[1:], default=0)] * len(groups), [max(after)] * len(groups)
    starts = [0.0]
    for number in range(1, len(groups)):
        starts.append(starts[-1] + after[number - 1] + gap + before[number])
    return starts
