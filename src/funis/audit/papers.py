"""From files to findings: a published text or a TOML of figures is read and checked; the rest is listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from funis.arguments import LIMITS as LIMITS_GIVEN
from funis.arguments import OrNone, PathName, takes
from funis.audit.audit import audit
from funis.audit.extraction.extract import ExtractedFigures, extract_figures
from funis.audit.extraction.sentence import NotUnderstood
from funis.audit.figures import FigurePlace, PrintedFigure
from funis.audit.findings import NOT_CHECKABLE, AuditFinding
from funis.audit.read_figures import FiguresError, read_figures
from funis.audit.reading.read import LIMITS, read_source
from funis.audit.reading.source import SourceText
from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.errors import FunisError

READING: Final = "reading"
"""Name of the check that tells of numbers that were seen and not understood."""

_FIGURES: Final = ".toml"
_TAKEN_FOR: Final = {
    "interval": "an interval of confidence without its ends",
    "estimate": "an estimate of an effect or an association; none of its intervals is beside it",
    "range": "a range of what the sentence does not name",
    "size": "a number of subjects; the sentence does not say of which figure",
    "p": "a P value that is no number from 0 to 1",
    "mean": "a mean that is printed as a round number (about, at least)",
    "median": "a median that is printed as a round number (about, at least)",
    "count": "a count that is printed as a round number (about, at least)",
    "percentage": "a percentage without a count; it may be a share of subjects or a change",
    "cell": "a cell of a table whose row and column do not say what it is",
    "": "no form of a figure that is known",
}  # fmt: skip


class PaperError(FunisError):
    """Files with published figures cannot be read; tells of each by name."""

    code: ClassVar[str] = "paper"

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class Paper:
    """One report as it was read.

    Attributes
    ----------
    name : of the file
    figures : in the order they are printed
    source : the text; None for a TOML of figures
    not_understood : numbers of the text that were seen and not understood
    title : of the report, where a TOML of figures says it
    """

    name: str
    figures: tuple[PrintedFigure, ...]
    source: SourceText | None = None
    not_understood: tuple[NotUnderstood, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class PaperAudit:
    """Reports and what the checks say of their figures.

    Attributes
    ----------
    papers : one, or two of one trial
    findings : of every check, then the numbers that were not understood
    """

    papers: tuple[Paper, ...]
    findings: tuple[AuditFinding, ...]

    @property
    def has_errors(self) -> bool:
        """Tell whether any figures are inconsistent as printed."""
        return any(each.level == "error" for each in self.findings)


def read_paper(path: Path, limits: Limits = LIMITS) -> Paper:
    """Read one report: a TOML of figures, or a published text.

    Parameters
    ----------
    path : its ending says which
    limits : how large a text may be

    Raises
    ------
    RefusedFileError, BeyondLimitError, MissingExtraError, FiguresError, OSError : as the readers do
    """
    if path.suffix.casefold() == _FIGURES:
        report = read_figures(path)
        return Paper(report.name, tuple(report.figures), title=report.title)
    found: ExtractedFigures = extract_figures(read_source(path, limits))
    return Paper(path.name, found.figures, found.source, found.not_understood)


@takes(path=PathName(), second=OrNone(PathName()), limits=LIMITS_GIVEN)
def audit_file(path: str | Path, second: str | Path | None = None, limits: Limits = LIMITS) -> PaperAudit:
    """Check the printed figures of a published text, or of two reports of one trial.

    Parameters
    ----------
    path : plain text, Markdown, HTML, PDF, or a TOML of figures
    second : another report of the same trial; None for none
    limits : how large a text may be

    Returns
    -------
    PaperAudit : what was read, and every finding

    Raises
    ------
    PaperError : a file cannot be read; names each, and what to do

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = Path(place) / "abstract.txt"
    ...     _ = file.write_text("Of forty patients, 14/40 (36.0%) responded.", encoding="utf-8")
    ...     [each.statement for each in audit_file(file).findings if each.level == "error"]
    ['14 of 40 is not 36.0%.']
    """
    paths = [Path(path), *([Path(second)] if second is not None else [])]
    papers: list[Paper] = []
    faults: list[str] = []
    for each in paths:
        try:
            papers.append(read_paper(each, limits))
        except (RefusedFileError, BeyondLimitError) as error:
            faults.append(f"'{each.name}': {error.message} {error.fix}")
        except FiguresError as error:
            faults.append(str(error))
        except OSError as error:
            faults.append(f"'{each.name}': {error.strerror or type(error).__name__}.")
    if len(papers) == 2 and papers[0].name == papers[1].name:
        faults.append(f"Both files are called '{papers[0].name}'. Give one of them another name.")
    if faults:
        raise PaperError(faults)
    figures = [figure for paper in papers for figure in paper.figures]
    return PaperAudit(tuple(papers), (*audit(figures), *_list_rest(papers)))


def _list_rest(papers: Iterable[Paper]) -> Iterator[AuditFinding]:
    for paper in papers:
        if paper.source is None:
            continue
        for each in paper.not_understood:
            yield _not_understood(paper.source, each)
        if not paper.figures:
            yield _nothing_found(paper.source)


def _not_understood(source: SourceText, missed: NotUnderstood) -> AuditFinding:
    """Tell of numbers that no check was given."""
    first, sentence = missed.passage.start, source.words_of(missed.passage)
    places = tuple(
        FigurePlace(
            source.name, sentence, first + low, first + high, page=source.page_at(missed.passage, low)
        )
        for low, high in missed.pieces
    )
    printed = [" ".join(source.text[each.start : each.end].split()) for each in places]
    are = "is" if len(printed) == 1 else "are"
    return AuditFinding(
        READING,
        NOT_CHECKABLE,
        (),
        places,
        f"{', '.join(printed)} {are} not checked.",
        f"Taken for {_TAKEN_FOR[missed.reason]}. Nothing was computed.",
        "The program may have misread the sentence; read it yourself.",
    )


def _nothing_found(source: SourceText) -> AuditFinding:
    place = FigurePlace(source.name)
    return AuditFinding(
        READING,
        NOT_CHECKABLE,
        (),
        (place,),
        f"No figure was found in {source.name}.",
        "No number of the text has a form that is known. Nothing was computed.",
        "The program may have misread the text; a TOML of its figures can be checked all the same.",
    )
