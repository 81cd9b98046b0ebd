"""An audit as one page that needs no network: each finding, then the text with its figures marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from funis.audit.answer_text import CAUTION, HEADS, describe_paper
from funis.audit.findings import (
    CLASSIFICATIONS,
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
)
from funis.audit.papers import READING, Paper, PaperAudit
from funis.documents.colours import write_css_variables
from funis.letters import replace_forbidden
from funis.version import VERSION

_HERE: Final = Path(__file__).parent / "templates"
#: Short names of the classes, for the style sheet and for the mark before a figure.
_SHORT: Final = {
    INCONSISTENT: "inconsistent",
    UNEXPLAINED: "unexplained",
    CONSISTENT: "consistent",
    NOT_CHECKABLE: "open",
}
_SIGNS: Final = {INCONSISTENT: "≠", UNEXPLAINED: "?", CONSISTENT: "✓", NOT_CHECKABLE: "○"}
_UNCHECKED: Final = "read"


@dataclass(frozen=True, slots=True)
class NumberedFinding:
    """A finding with its number on the page.

    Attributes
    ----------
    number : from 1, over all classes
    finding : what a check says
    marks : anchors of the first mark of each place, with what is printed there
    """

    number: int
    finding: AuditFinding
    marks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MarkedPiece:
    """A piece of a text: plain words, or a figure with the findings about it.

    Attributes
    ----------
    text : as printed
    kind : class of the gravest finding, ``read`` where no check says anything; empty for plain words
    anchor : id on the page; empty for plain words
    numbers : of the findings about it
    note : what a reader who cannot see colours is told
    """

    text: str
    kind: str = ""
    anchor: str = ""
    numbers: tuple[int, ...] = ()
    note: str = ""

    @property
    def sign(self) -> str:
        """Give the sign that stands before the figure."""
        return next((sign for name, sign in _SIGNS.items() if _SHORT[name] == self.kind), "")


@dataclass(frozen=True, slots=True)
class MarkedPassage:
    """A sentence, or a row of a table cell by cell; rows of one table share its number."""

    pieces: tuple[MarkedPiece, ...]
    cells: tuple[tuple[MarkedPiece, ...], ...] = ()
    table: int = 0
    is_head: bool = False
    page: int | None = None


def render_audit_page(found: PaperAudit) -> str:
    """Write an audit as one HTML page; everything from a paper is escaped.

    Parameters
    ----------
    found : the audit

    Returns
    -------
    str : the page; the same audit gives the same bytes

    Examples
    --------
    >>> "<h1>Printed figures" in render_audit_page(PaperAudit((), ()))
    True
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ordered = [each for name in CLASSIFICATIONS for each in found.findings if each.classification == name]
    anchors = {
        (paper.name, start, end): f"text-{place}-{start}"
        for place, paper in enumerate(found.papers, 1)
        for start, end in find_spans(paper, ordered)
    }
    numbered = [
        NumberedFinding(number, each, _marks(each, anchors)) for number, each in enumerate(ordered, 1)
    ]
    groups = [
        (
            name,
            _SHORT[name],
            _SIGNS[name],
            HEADS[name],
            [each for each in numbered if each.finding.classification == name],
        )
        for name in CLASSIFICATIONS
    ]
    page = environment.get_template("audit.html.j2").render(
        title=" and ".join(paper.name for paper in found.papers),
        groups=groups,
        reading=READING,
        papers=[
            (place, paper, describe_paper(found, place - 1), list(_mark_paper(paper, place, numbered)))
            for place, paper in enumerate(found.papers, 1)
        ],
        caution=CAUTION,
        version=VERSION,
        style=Markup(f"{write_css_variables()}\n{(_HERE / 'audit.css').read_text(encoding='utf-8')}"),  # noqa: S704 - our own file
    )
    return replace_forbidden(page)


def find_spans(paper: Paper, findings: Sequence[AuditFinding]) -> list[tuple[int, int]]:
    """Give the pieces of a text that are marked: they do not overlap, and lie inside one passage each.

    Parameters
    ----------
    paper : the report
    findings : of the audit; their places are marked as well as those of the figures

    Examples
    --------
    >>> find_spans(Paper("figures.toml", ()), [])
    []
    """
    if paper.source is None:
        return []
    places = [each.place for each in paper.figures] + [place for each in findings for place in each.places]
    spans = {
        (place.start, place.end)
        for place in places
        if place.file == paper.name and place.start is not None and place.end is not None
    }
    kept: list[tuple[int, int]] = []
    # Of two that overlap, as a total and its parts may, the first is marked.
    for start, end in sorted(spans):
        if end > start and (not kept or start >= kept[-1][1]):
            kept.append((start, end))
    return kept


def _marks(finding: AuditFinding, anchors: dict[tuple[str, int, int], str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for place in finding.places:
        if place.start is None or place.end is None:
            continue
        anchor = anchors.get((place.file, place.start, place.end), "")
        if anchor:
            found.setdefault(anchor, str(len(found) + 1))
    return tuple(found.items())


def _mark_paper(paper: Paper, number: int, findings: Sequence[NumberedFinding]) -> Iterator[MarkedPassage]:
    """Cut a text into plain words and marked figures."""
    if paper.source is None:
        return
    about: dict[tuple[int, int], list[NumberedFinding]] = {}
    for each in findings:
        for place in each.finding.places:
            if place.file == paper.name and place.start is not None and place.end is not None:
                held = about.setdefault((place.start, place.end), [])
                if each not in held:
                    held.append(each)
    spans = find_spans(paper, [each.finding for each in findings])
    for passage in paper.source.passages:
        inside = [span for span in spans if passage.start <= span[0] and span[1] <= passage.end]
        cells = tuple(
            tuple(_cut(paper, number, cell.start, cell.end, inside, about)) for cell in passage.cells
        )
        pieces = () if cells else tuple(_cut(paper, number, passage.start, passage.end, inside, about))
        yield MarkedPassage(pieces, cells, passage.table, passage.is_head, passage.page)


def _cut(
    paper: Paper,
    number: int,
    start: int,
    end: int,
    spans: Sequence[tuple[int, int]],
    about: dict[tuple[int, int], list[NumberedFinding]],
) -> Iterator[MarkedPiece]:
    assert paper.source is not None  # noqa: S101 - only texts are cut
    text, at = paper.source.text, start
    for low, high in spans:
        if not start <= low < high <= end:
            continue
        if low > at:
            yield MarkedPiece(text[at:low])
        held = about.get((low, high), [])
        names = [
            name for name in CLASSIFICATIONS if any(each.finding.classification == name for each in held)
        ]
        kind = _SHORT[names[0]] if names else _UNCHECKED
        numbers = tuple(each.number for each in held)
        note = f"{names[0]}, finding {', '.join(map(str, numbers))}" if names else "read; no check applies"
        yield MarkedPiece(text[low:high], kind, f"text-{number}-{low}", numbers, note)
        at = high
    if at < end:
        yield MarkedPiece(text[at:end])
