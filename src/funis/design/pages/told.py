"""What every design is told as, and the figure of lines they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from funis.documents.colours import GROUPS
from funis.documents.figure import FigureSpec, Spec, finish, fit, top_legend
from funis.documents.table import Inline, TableCell, TableRow, text_rows
from funis.results.text import format_number

_HIGH = 260
#: Strokes that tell lines apart without their colours.
_STROKES: Sequence[Sequence[int]] = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3])
_LEGEND: Spec = {"orient": "top", "symbolType": "stroke", "symbolSize": 260}


@dataclass(frozen=True, slots=True)
class DesignTable:
    """A table of a design: heads, rows of words, notes, and the address of each number that opens."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    ids: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ToldDesign:
    """A design in words.

    Attributes
    ----------
    title : of the design
    asked : what was asked, by name
    paragraph : for a protocol
    tables : the figures
    figure : one picture
    cautions : what to beware of, a sentence each
    command : that gives the design again; empty where no command made it
    """

    title: str
    asked: Mapping[str, str]
    paragraph: str
    tables: tuple[DesignTable, ...]
    figure: FigureSpec
    cautions: tuple[str, ...]
    command: str = ""


def percent(share: float, digits: int = 1) -> str:
    """Print a share in percent.

    Examples
    --------
    >>> percent(0.0482)
    '4.8%'
    """
    return f"{format_number(100 * share, digits)}%"


def draw_lines(  # noqa: PLR0913  all but the lines are by keyword
    lines: Mapping[str, Iterable[tuple[float, float]]],
    *,
    title: str,
    across: str,
    up: str,
    alt: str,
    notes: tuple[str, ...] = (),
    is_step: bool = False,
    in_percent: bool = False,
    in_whole: bool = False,
    references: Iterable[float] = (),
) -> FigureSpec:
    """Specify a figure of lines, told apart by colour and by stroke.

    Parameters
    ----------
    lines : points of each line, by its name
    title, across, up, alt, notes : words of the figure and its axes
    is_step : a value holds until the next
    in_percent : the values are shares
    in_whole : across are counts
    references : upright lines at these values across
    """
    factor = 100.0 if in_percent else 1.0
    names = list(lines)
    points = [
        {"across": x, "up": factor * y, "line": name} for name, pairs in lines.items() for x, y in pairs
    ]
    scale: Spec = {"zero": in_percent} | ({"domain": [0, 100]} if in_percent else {})
    drawn: Spec = {
        "data": {"values": points},
        "mark": {"type": "line", "strokeWidth": 2} | ({"interpolate": "step-after"} if is_step else {}),
        "encoding": {
            "x": {
                "field": "across", "type": "quantitative", "title": across,
                "scale": {"zero": False, "nice": False},
                "axis": {"tickMinStep": 1, "format": "d"} if in_whole else {},
            },
            "y": {"field": "up", "type": "quantitative", "title": up, "scale": scale},
            "color": {
                "field": "line", "type": "nominal",
                "scale": {"domain": names, "range": [*GROUPS[: len(names)]]},
                "legend": _LEGEND | top_legend(names),
            },
            "strokeDash": {
                "field": "line", "type": "nominal",
                "scale": {"domain": names, "range": [*_STROKES[: len(names)]]},
                "legend": _LEGEND | top_legend(names),
            },
        },
    }  # fmt: skip
    marks: list[Spec] = [
        {
            "data": {"values": [{"at": value} for value in references]},
            "mark": {"type": "rule", "strokeDash": [3, 3], "opacity": 0.6},
            "encoding": {"x": {"field": "at", "type": "quantitative"}},
        }
    ]
    layers = [*(marks if list(references) else []), drawn]
    spec = finish(fit({"layer": layers, "height": _HIGH}))
    return FigureSpec("figure-design", "answer", title, spec, alt, notes)


def table_rows(table: DesignTable) -> tuple[TableRow, ...]:
    """Make the rows of a table; a number with an address opens."""
    if not table.ids:
        return text_rows(table.rows)
    cells = [
        [TableCell((Inline(text, name),)) for text, name in zip(*both, strict=True)]
        for both in zip(table.rows, table.ids, strict=True)
    ]
    return tuple(TableRow(first, tuple(rest)) for first, *rest in cells)


def write_text(told: ToldDesign) -> str:
    """Write a design for a terminal: the paragraph, the tables, what to beware of."""
    return join_text([told.title, told.paragraph], told.tables, told.cautions)


def join_text(told: Sequence[str], tables: Iterable[DesignTable], cautions: Iterable[str]) -> str:
    """Write paragraphs, tables in columns of one width, and cautions for a terminal.

    Parameters
    ----------
    told : title and paragraphs
    tables : behind them
    cautions : what to beware of, a line each

    Examples
    --------
    >>> print(join_text(["Size"], [DesignTable("By arm", ("Arm", "n"), (("Control", "20"),))], ["Beware."]))
    Size
    <BLANKLINE>
    By arm
    Arm      n
    Control  20
    <BLANKLINE>
    - Beware.
    """
    parts = list(told)
    for table in tables:
        rows = [table.heads, *table.rows]
        wide = [max(len(row[column]) for row in rows) for column in range(len(table.heads))]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()
            for row in rows
        ]
        parts.append("\n".join([table.title, *lines, *table.notes]))
    parts.append("\n".join(f"- {each}" for each in cautions))
    return "\n\n".join(parts)
