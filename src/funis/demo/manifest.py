"""Published figures beside computed ones, figure by figure.

A manifest is a TOML file: each row names a published figure, which number of the results it
selects, and how the two must stand to each other. A figure that is printed with two decimals must be
met to both; a direction ("falls", "lowest at month 6") must hold among the computed numbers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import polars as pl

from funis.errors import FunisError, UnknownNameError
from funis.results import format_number, format_p

#: Columns of the results that a row of a manifest may select by. An endpoint or a method that is not
#: named may be any; the others stand for every subject, as `_DEFAULTS` says.
SELECTORS: Final = (
    "analysis", "endpoint", "estimand", "population", "subgroup", "arm", "contrast", "visit", "variable",
    "category", "statistic", "method", "adjustment",
)  # fmt: skip
_DEFAULTS: Final = {
    "estimand": "", "population": "enrolled", "subgroup": "all", "arm": "all", "contrast": "",
    "visit": "all", "category": "",
}  # fmt: skip


class ManifestError(FunisError):
    """A manifest cannot be used."""

    code = "manifest"


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure.

    Attributes
    ----------
    id : name of the figure
    select : result column to value; which number is meant
    relation : ``=``, ``<``, ``>``, ``>=``, ``falls``, ``rises``, ``keeps falling``, ``keeps rising``,
        ``lowest at``, ``highest at``, ``not above``
    printed : the figure as printed, with its decimals; a visit for ``lowest at`` and ``highest at``
    visits : visits that a direction is about, the first is what the others are compared with
    factor : the computed number is multiplied by it to be in the printed unit
    source : where it is printed
    """

    id: str
    select: Mapping[str, str]
    relation: str
    printed: str = ""
    visits: tuple[str, ...] = ()
    factor: float = 1.0
    source: str = ""

    @property
    def decimals(self) -> int:
        """Give the number of printed decimals."""
        return len(self.printed.partition(".")[2])

    @property
    def published(self) -> str:
        """Give the figure or direction in words."""
        if self.relation == "=":
            return self.printed
        if not self.visits:
            return f"{self.relation} {self.printed}"
        if self.printed:
            return f"{self.relation} {_words(self.printed)}"
        first, last = _words(self.visits[0]), _words(self.visits[-1])
        return f"{self.relation}, {first} to {last}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The published figures of one trial."""

    name: str
    title: str
    source: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One published figure beside what was computed.

    Attributes
    ----------
    id : of the figure
    published, relation : as printed, and how the two must stand to each other
    computed : what the analysis gave, printed with the decimals of the publication
    agrees : whether they stand so
    source : where the figure is printed
    """

    id: str
    published: str
    relation: str
    computed: str
    agrees: bool
    source: str


_Values = Sequence[float]
# Each direction as a test over the values at the figure's visits and, where one is named, its place.
_DIRECTIONS: Final[Mapping[str, Callable[[_Values, int], bool]]] = {
    "falls": lambda values, _: all(value < values[0] for value in values[1:]),
    "rises": lambda values, _: all(value > values[0] for value in values[1:]),
    "not above": lambda values, _: all(value <= values[0] for value in values[1:]),
    "keeps falling": lambda values, _: all(b < a for a, b in pairwise(values)),
    "keeps rising": lambda values, _: all(b > a for a, b in pairwise(values)),
    "lowest at": lambda values, at: all(values[at] < x for i, x in enumerate(values) if i != at),
    "highest at": lambda values, at: all(values[at] > x for i, x in enumerate(values) if i != at),
}
_LIMITS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda computed, limit: computed < limit,
    ">": lambda computed, limit: computed > limit,
    ">=": lambda computed, limit: computed >= limit,
}
_AT_A_VISIT: Final = frozenset({"lowest at", "highest at"})
RELATIONS: Final = ("=", *_LIMITS, *_DIRECTIONS)


def read_manifest(source: str | Path) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    source : ``sle`` or ``sjogren`` for the manifests of the two trials, or a path to a TOML file

    Returns
    -------
    Manifest

    Raises
    ------
    ManifestError : a row lacks something, or names a column or relation that does not exist
    UnknownNameError : there is no manifest of this name

    Examples
    --------
    >>> read_manifest("sle").figures[0].id
    'subjects'
    """
    if isinstance(source, Path):
        text, name = source.read_text(encoding="utf-8"), source.stem
    else:
        folder = files("funis.demo") / "published"
        known = [entry.name.removesuffix("_figures.toml") for entry in folder.iterdir()
                 if entry.name.endswith("_figures.toml")]  # fmt: skip
        if source not in known:
            raise UnknownNameError("manifest", source, known)
        text, name = (folder / f"{source}_figures.toml").read_text(encoding="utf-8"), source
    return parse_manifest(text, name)


def parse_manifest(text: str, name: str) -> Manifest:
    """Parse the text of a manifest; see :func:`read_manifest`."""
    content = tomllib.loads(text)
    common: dict[str, str] = content.get("select", {})
    figures: list[Figure] = []
    for number, row in enumerate(content.get("figures", ()), start=1):
        figures.append(_parse_figure(row, common, f"{name}, figure {row.get('id', number)}"))
    names = [figure.id for figure in figures]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise ManifestError(f"{name}: the id {twice[0]!r} stands twice; give each figure its own.")
    return Manifest(name, content.get("title", name), content.get("source", ""), tuple(figures))


def _parse_figure(row: Mapping[str, Any], common: Mapping[str, str], where: str) -> Figure:
    own = {key: value for key, value in row.items() if key in SELECTORS}
    rest = {key: value for key, value in row.items() if key not in SELECTORS}
    for key in rest:
        if key not in {"id", "relation", "printed", "visits", "factor", "source"}:
            raise UnknownNameError("key of a figure", key, (*SELECTORS, "id", "relation", "printed"), where)
    relation = rest.get("relation", "=")
    if relation not in RELATIONS:
        raise UnknownNameError("relation", relation, RELATIONS, where)
    select = {**common, **own}
    for key in ("id", "analysis", "variable", "statistic"):
        if key not in row and key not in select:
            raise ManifestError(f"{where} lacks {key!r}: add it.")
    figure = Figure(
        id=rest["id"],
        select=select,
        relation=relation,
        printed=rest.get("printed", ""),
        visits=tuple(rest.get("visits", ())),
        factor=float(rest.get("factor", 1.0)),
        source=rest.get("source", ""),
    )
    if (relation in _DIRECTIONS) != bool(figure.visits) or (
        relation not in _DIRECTIONS and not figure.printed
    ):
        raise ManifestError(f"{where}: a direction needs 'visits', any other relation needs 'printed'.")
    if relation in _AT_A_VISIT and figure.printed not in figure.visits:
        raise ManifestError(f"{where}: {figure.printed!r} is not among the visits {list(figure.visits)}.")
    return figure


def compare_with_published(numbers: pl.DataFrame, manifest: Manifest) -> tuple[ComparedFigure, ...]:
    """Set each published figure beside the computed one.

    Parameters
    ----------
    numbers : the list of numbers of an analysis (``Results.numbers``, or ``results.csv`` read again)
    manifest : the published figures

    Returns
    -------
    one ComparedFigure a figure, in the order of the manifest; a figure whose number was not computed, or
    that fits several numbers, does not agree
    """
    columns = [*SELECTORS, "value"]
    filled = numbers.select(columns).with_columns(pl.col(list(SELECTORS)).fill_null(""))
    rows = [dict(zip(columns, row, strict=True)) for row in filled.iter_rows()]
    index: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        index.setdefault((row["analysis"], row["variable"], row["statistic"]), []).append(row)
    return tuple(_compare(figure, index) for figure in manifest.figures)


_Index = Mapping[tuple[str, str, str], Sequence[Mapping[str, Any]]]


def _compare(figure: Figure, index: _Index) -> ComparedFigure:
    try:
        if figure.visits:
            values = [_find(figure, index, visit) for visit in figure.visits]
            place = figure.visits.index(figure.printed) if figure.printed else 0
            agrees = _DIRECTIONS[figure.relation](values, place)
            computed = " → ".join(format_number(value, 2) for value in values)
        else:
            value = _find(figure, index, figure.select.get("visit", _DEFAULTS["visit"]))
            agrees, computed = _check_value(figure, value)
    except LookupError as failure:
        agrees, computed = False, str(failure.args[0])
    return ComparedFigure(figure.id, figure.published, figure.relation, computed, agrees, figure.source)


def _check_value(figure: Figure, value: float) -> tuple[bool, str]:
    if figure.relation == "=":
        computed = format_number(value, figure.decimals)
        return computed == figure.printed, computed
    is_p = figure.select["statistic"] in {"p", "p_adjusted"}
    computed = format_p(value) if is_p else format_number(value, 2)
    return _LIMITS[figure.relation](value, float(figure.printed)), computed


def _find(figure: Figure, index: _Index, visit: str) -> float:
    """Find the one number a figure selects at a visit."""
    select = figure.select
    key = (select["analysis"], select["variable"], select["statistic"])
    wanted = {**_DEFAULTS, **select, "visit": visit}
    found = [row for row in index.get(key, ()) if all(row[name] == value for name, value in wanted.items())]
    if len(found) != 1:
        words = "no such number was computed" if not found else f"{len(found)} numbers fit"
        raise LookupError(f"{words} at {_words(visit)}" if figure.visits else words)
    value = found[0]["value"]
    if value is None:
        raise LookupError("the number could not be estimated")
    return float(value) * figure.factor


def _words(name: str) -> str:
    return name.replace("_", " ")


def render_comparison(comparisons: Sequence[ComparedFigure]) -> str:
    """Print published beside computed as a plain table, one line a figure.

    Parameters
    ----------
    comparisons : what :func:`compare_with_published` gave

    Returns
    -------
    text with a last line that counts the agreements
    """
    heads = ("figure", "published", "computed", "")
    rows = [
        (each.id, each.published, each.computed, "agrees" if each.agrees else "DIFFERS")
        for each in comparisons
    ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in (heads, tuple("-" * width for width in widths), *rows)]  # fmt: skip
    agreed = sum(each.agrees for each in comparisons)
    return "\n".join([*lines, f"{agreed} of {len(comparisons)} published figures agree."])
