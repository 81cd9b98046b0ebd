"""Published figures beside computed ones, figure by figure, and the claims of the text with their reasons.

A figure that is printed with two decimals must be met to both; a direction ("falls", "lowest at month 6")
must hold among the computed numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

import polars as pl

from funis.published.manifest import (
    DEFAULTS,
    DIRECTION,
    EQUAL,
    LIMITS,
    NOT_REPRODUCED,
    SELECTORS,
    Claim,
    Figure,
    Manifest,
    visit_words,
)
from funis.results import format_number, format_p, trim


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row of a published text beside what was computed.

    Attributes
    ----------
    id : of the figure or claim
    sentence : number of its sentence
    text : the claim in words, or the name of a figure; empty for a figure without one
    published, relation : as printed, and how the two must stand to each other; empty for a claim
    computed : what the analysis gave, printed with the decimals of the publication, or why there is nothing
    agrees : whether they stand so; None for a claim, which is not compared
    status, reason : how far the study carries the row, and why
    results, texts : ids of the numbers that were computed, and each as printed in `computed`
    source : where the figure is printed
    derived : the text does not print it; it follows from what the text says
    is_withheld : its number is withheld for errors in the data: nothing was compared
    """

    id: str
    sentence: int
    text: str
    published: str
    relation: str
    computed: str
    agrees: bool | None
    status: str
    reason: str
    results: tuple[str, ...]
    texts: tuple[str, ...]
    source: str
    derived: bool = False
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A published text beside what was computed.

    Attributes
    ----------
    manifest : what it says
    rows : its rows, by sentence
    """

    manifest: Manifest
    rows: tuple[ComparedRow, ...]

    @property
    def figures(self) -> tuple[ComparedRow, ...]:
        """Give the rows that are compared."""
        return tuple(row for row in self.rows if row.agrees is not None)

    @property
    def differing(self) -> tuple[str, ...]:
        """Give the ids of the figures that do not agree, those that are withheld too."""
        return tuple(row.id for row in self.figures if not row.agrees)

    @property
    def withheld(self) -> tuple[str, ...]:
        """Give the ids of the figures that were not compared, as their numbers are withheld."""
        return tuple(row.id for row in self.figures if row.is_withheld)

    @property
    def agreement(self) -> str:
        """Say how many agree, as in ``83 of 83 published figures agree``, and how many are withheld."""
        count, withheld = len(self.figures), len(self.withheld)
        said = f"{count - len(self.differing)} of {count} published figures agree"
        if not withheld:
            return said
        verb = "is" if withheld == 1 else "are"
        return f"{said}, {withheld} {verb} not compared: withheld for errors in the data"

    @property
    def composition(self) -> str:
        """Say how those that agree do so: a level that was chosen is no figure that came out.

        Of a figure that is derived from the text the status is that of a printed one; they are counted.
        """
        held = Counter(row.status for row in self.figures if row.agrees)
        said = (
            (held["equal"], "to the last decimal"),
            (held["direction only"], "in a direction or limit that the text states"),
            (held["level assumed"], "at a level that the text does not print and that was assumed"),
        )
        ways = ", ".join(f"{count} {how}" for count, how in said if count)
        return "; ".join(filter(None, (ways, self.derivation)))

    @property
    def derivation(self) -> str:
        """Say how many of the figures are not printed; empty where all are."""
        count = sum(row.derived for row in self.figures)
        return f"{count} of all not printed there, but derived from what is" if count else ""

    @property
    def results(self) -> tuple[str, ...]:
        """Give the ids of all computed numbers that stand beside the text, each once."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.results))


class _Found(NamedTuple):
    """One number of the results."""

    id: str
    value: float
    statistic: str


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
_HOLDS: Final = {
    EQUAL: "As printed, to the last decimal.",
    DIRECTION: "The text gives a direction only; it holds.",
    "limit": "The text gives a limit only; it holds.",
}
#: What a figure selects most often.
_KEY: Final = itemgetter("analysis", "variable", "statistic")
_LACKING: Final = "no such number was computed"
_WITHHELD: Final = "the number is withheld for errors in the data"
_NOT_COMPARED: Final = "Errors in the data take values from a primary result: nothing was compared."


class _WithheldError(LookupError):
    """The number that a figure means is withheld."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers of a run, found by their id and by what a figure selects most often."""

    by_id: Mapping[str, Mapping[str, Any]]
    by_key: Mapping[tuple[str, str, str], Sequence[Mapping[str, Any]]]


def compare_with_published(numbers: pl.DataFrame, manifest: Manifest) -> ComparedText:
    """Set each row of a published text beside the computed numbers.

    Parameters
    ----------
    numbers : the list of numbers of an analysis (``Results.numbers``, or ``results.csv`` read again)
    manifest : the published text

    Returns
    -------
    ComparedText : one row a figure and claim, by sentence, the figures of a sentence first; a figure whose
        number was not computed, or that fits several numbers, does not agree
    """
    found = _read_numbers(numbers, manifest)
    compared = [
        *(_compare(figure, found) for figure in manifest.figures),
        *(_answer(claim, found) for claim in manifest.claims),
    ]
    return ComparedText(manifest, tuple(sorted(compared, key=lambda row: row.sentence)))


def _read_numbers(numbers: pl.DataFrame, manifest: Manifest) -> _Numbers:
    """Take the few numbers that the figures and claims of a text may mean out of the list."""
    columns = ["id", *SELECTORS, "text", "status", "value"]
    filled = numbers.select(columns).with_columns(pl.col(["id", *SELECTORS, "text", "status"]).fill_null(""))
    names = {name for figure in manifest.figures for name in figure.results}
    names |= {name for claim in manifest.claims for name in claim.results}
    selected = (_KEY(each.select) for each in manifest.figures if not each.results)
    by_key: dict[tuple[str, str, str], list[dict[str, Any]]] = {key: [] for key in selected}
    by_id: dict[str, dict[str, Any]] = {}
    keys = filled.select("analysis", "variable", "statistic").iter_rows()
    for key, row in zip(keys, filled.iter_rows(), strict=True):
        if key in by_key or row[0] in names:
            by_id[row[0]] = dict(zip(columns, row, strict=True))
            by_key.get(key, []).append(by_id[row[0]])
    return _Numbers(by_id, by_key)


def _compare(figure: Figure, numbers: _Numbers) -> ComparedRow:
    found: list[_Found] = []
    try:
        for place, visit in enumerate(figure.visits or (figure.select.get("visit", DEFAULTS["visit"]),)):
            found.append(_find(figure, numbers, visit, place))
        agrees, texts = _judge(figure, found)
        computed = " → ".join(texts)
        is_withheld = False
    except LookupError as failure:
        agrees, texts, computed, found = False, (), str(failure.args[0]), []
        is_withheld = isinstance(failure, _WithheldError)
    status, reason = _mark(figure, agrees=agrees, is_withheld=is_withheld)
    return ComparedRow(
        id=figure.id,
        sentence=figure.sentence,
        text=figure.text,
        published=figure.published,
        relation=figure.relation,
        computed=computed,
        agrees=agrees,
        status=status,
        reason=reason,
        results=tuple(each.id for each in found),
        texts=texts,
        source=figure.source,
        derived=figure.derived,
        is_withheld=is_withheld,
    )


def _judge(figure: Figure, found: Sequence[_Found]) -> tuple[bool, tuple[str, ...]]:
    """Tell whether the numbers stand to the figure as they must, and print each."""
    values = [each.value * figure.factor for each in found]
    if figure.visits:
        place = figure.visits.index(figure.printed) if figure.printed else 0
        printed = tuple(format_number(value, 2) for value in values)
        return _DIRECTIONS[figure.relation](values, place), printed
    if figure.relation == "=":
        computed = format_number(values[0], figure.decimals)
        return computed == figure.printed, (computed,)
    is_p = found[0].statistic in {"p", "p_adjusted"}
    computed = format_p(values[0]) if is_p else trim(values[0], 2)
    return _LIMITS[figure.relation](values[0], float(figure.printed)), (computed,)


def _mark(figure: Figure, *, agrees: bool, is_withheld: bool) -> tuple[str, str]:
    """Give the status of a figure and its reason."""
    if is_withheld:
        return NOT_REPRODUCED, _NOT_COMPARED
    if not agrees:
        return NOT_REPRODUCED, "The computed number does not stand to the printed one as it must."
    kind = EQUAL if figure.relation == "=" else DIRECTION
    words = _HOLDS["limit" if figure.relation in LIMITS else kind]
    return figure.status or kind, figure.reason or words


def _answer(claim: Claim, numbers: _Numbers) -> ComparedRow:
    """Set a claim beside the numbers that bear on it; one that was not computed leaves it not reproduced."""
    rows = [numbers.by_id[name] for name in claim.results if name in numbers.by_id]
    lacks = len(rows) < len(claim.results)
    texts = tuple(row["text"] for row in rows)
    return ComparedRow(
        id=claim.id,
        sentence=claim.sentence,
        text=claim.text,
        published="",
        relation="",
        computed=_LACKING if lacks else "; ".join(texts),
        agrees=None,
        status=NOT_REPRODUCED if lacks else claim.status,
        reason=claim.reason,
        results=tuple(row["id"] for row in rows),
        texts=texts,
        source="",
    )


def _find(figure: Figure, numbers: _Numbers, visit: str, place: int) -> _Found:
    """Find the one number a figure means at a visit."""
    if figure.results:
        named = numbers.by_id.get(figure.results[place])
        found = [named] if named else []
    else:
        select = figure.select
        key = _KEY(select)
        wanted = {**DEFAULTS, **select, "visit": visit}
        found = [
            row
            for row in numbers.by_key.get(key, ())
            if all(row[name] == value for name, value in wanted.items())
        ]
    if len(found) != 1:
        words = f"{len(found)} numbers fit" if found else _LACKING
        raise LookupError(f"{words} at {visit_words(visit)}" if figure.visits else words)
    if found[0]["value"] is None:
        if found[0]["status"] == "withheld":
            raise _WithheldError(_WITHHELD)
        raise LookupError("the number could not be estimated")
    return _Found(found[0]["id"], float(found[0]["value"]), found[0]["statistic"])


def render_comparison(compared: ComparedText) -> str:
    """Print published beside computed as a plain table, one line a figure.

    Parameters
    ----------
    compared : what :func:`compare_with_published` gave; claims, which are not compared, are left out

    Returns
    -------
    text with a last line that counts the agreements
    """
    heads = ("figure", "published", "computed", "")
    rows = [(each.id, each.published, each.computed, _verdict(each)) for each in compared.figures]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in (heads, tuple("-" * width for width in widths), *rows)]  # fmt: skip
    ends = (compared.agreement, compared.derivation)
    return "\n".join([*lines, " ".join(f"{end}." for end in ends if end)])


def _verdict(row: ComparedRow) -> str:
    if row.is_withheld:
        return "WITHHELD"
    return "agrees" if row.agrees else "DIFFERS"


def frame_of_comparison(compared: ComparedText, data: str) -> pl.DataFrame:
    """Write the rows of a published text as a frame, one row each, as ``published.csv`` holds them.

    Parameters
    ----------
    compared : what :func:`compare_with_published` gave
    data : what the data are, said on every line

    Returns
    -------
    polars frame : id, sentence, statement (the claim, or the sentence of a figure, in our words), published,
        derived (not printed), computed, relation, agrees (empty for a claim), status, reason, results (ids,
        divided by a space), source, data
    """
    manifest = compared.manifest
    texts = {each.number: _fill(each.text, manifest) for each in manifest.sentences}
    rows = [
        {
            "id": each.id,
            "sentence": each.sentence,
            "statement": each.text or texts[each.sentence],
            "published": each.published,
            "derived": each.derived,
            "computed": each.computed,
            "relation": each.relation,
            "agrees": each.agrees,
            "status": each.status,
            "reason": each.reason,
            "results": " ".join(each.results),
            "source": each.source,
            "data": data,
        }
        for each in compared.rows
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _fill(text: str, manifest: Manifest) -> str:
    """Put the printed figures into the words of a sentence."""
    for figure in manifest.figures:
        text = text.replace(f"{{{figure.id}}}", figure.printed)
    return text
