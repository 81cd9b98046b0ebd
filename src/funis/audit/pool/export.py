"""The printed figures of a report as rows of the table of studies, as far as they have a place in it.

Nothing is made up: n stands only where it is printed with the figure or for the group at that time, a spread
that the text does not name has no name here either, and a percentage without a count has no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funis.audit.figures import (
    FigureLabels,
    PrintedCount,
    PrintedFigure,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
    plain_number,
)
from funis.audit.gathered import GatheredFigures, gather
from funis.audit.pool.study_table import COLUMNS
from funis.audit.times import same_time
from funis.errors import ValueRangeError
from funis.files import write_whole
from funis.spreadsheets import render_rows

if TYPE_CHECKING:
    from funis.audit.papers import Paper

_WITH_ROWS: Final = (PrintedMean, PrintedMedian, PrintedCount)


@dataclass(frozen=True, slots=True)
class StudyFigures:
    """What is exported of one report.

    Attributes
    ----------
    study : name that its rows get
    citation : where the figures are printed
    figures : of the report
    cohort : name that reports of the same patients share; empty for patients of its own
    """

    study: str
    citation: str
    figures: tuple[PrintedFigure, ...]
    cohort: str = ""


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """The table, and what has no place in it.

    Attributes
    ----------
    text : of the CSV file
    rows : how many rows it has
    without_row : means, medians and counts that have no row: no outcome is named, or no count is printed
    """

    text: str
    rows: int
    without_row: int


def export_studies(reports: Iterable[StudyFigures]) -> ExportedTable:
    """Write printed figures as the table that `funis pool` reads.

    Parameters
    ----------
    reports : in the order of their rows

    Returns
    -------
    ExportedTable : one row a mean, median or count with its outcome; numbers as printed, trailing zeros too.
        The ends beside a median have a place where the text says what they are

    Examples
    --------
    >>> from funis.audit.read_figures import parse_figures
    >>> report = parse_figures('''
    ... [[means]]
    ... outcome = "SLEDAI"
    ... time = "month 6"
    ... mean = "6.30"
    ... spread = "3.63"
    ... n = "40"
    ... ''', "trial.toml")
    >>> found = export_studies([StudyFigures("Trial", "trial.toml", tuple(report.figures))])
    >>> found.text.splitlines()[1], found.rows
    ('Trial,,SLEDAI,month 6,40,6.30,3.63,,trial.toml,,,,,,,,', 1)
    """
    rows: dict[tuple[str, ...], None] = {}
    without = 0
    for report in reports:
        gathered = gather(report.figures)
        for figure in report.figures:
            if not isinstance(figure, _WITH_ROWS):
                continue
            row = _row(report, figure, gathered)
            if row is None:
                without += 1
            else:
                # A figure that a report prints twice alike has one row.
                rows[row] = None
    return ExportedTable(render_rows([COLUMNS, *rows]), len(rows), without)


def export_papers(papers: Sequence[Paper], path: Path, *, inputs: Sequence[Path | None]) -> str:
    """Write the figures of one report, or of two of one trial, as a table of studies.

    Parameters
    ----------
    papers : as they were read; two get one cohort, so that their patients do not count twice
    path : of the CSV file
    inputs : files that were read, which are never written over

    Returns
    -------
    str : one line that says how many rows were written and what has none

    Raises
    ------
    ValueRangeError : the path is that of a file that was read
    OutputError : the file cannot be written

    Examples
    --------
    >>> import tempfile
    >>> from funis.audit.papers import audit_file
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = Path(place) / "abstract.txt"
    ...     _ = file.write_text("Of forty patients, 14/40 (35.0%) responded.", encoding="utf-8")
    ...     export_papers(audit_file(file).papers, Path(place) / "t.csv", inputs=(file,)).partition(": ")[2]
    '1 row; every mean, median and count has one.'
    """
    if any(each is not None and path.resolve() == each.resolve() for each in inputs):
        raise ValueRangeError("--export", str(path), "another file than those that are read")
    names = [paper.title or Path(paper.name).stem for paper in papers]
    cohort = names[0] if len(papers) > 1 else ""
    if len(set(names)) < len(names):
        names = [paper.name for paper in papers]
    found = export_studies(
        StudyFigures(name, paper.name, paper.figures, cohort)
        for name, paper in zip(names, papers, strict=True)
    )
    write_whole(path, found.text)
    rows = "1 row" if found.rows == 1 else f"{found.rows} rows"
    without = (
        f"{found.without_row} figures have none: no outcome is named, or no count is printed"
        if found.without_row
        else "every mean, median and count has one"
    )
    return f"{path}: {rows}; {without}."


def _row(
    report: StudyFigures, figure: PrintedMean | PrintedMedian | PrintedCount, gathered: GatheredFigures
) -> tuple[str, ...] | None:
    """Give the cells of one figure in the order of the columns; None where it has no place."""
    about = figure.about
    if not about.outcome:
        return None
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {"study": report.study, "arm": about.group, "outcome": about.outcome, "time": about.time}
    cells["cohort"] = report.cohort
    notes = [report.citation]
    if isinstance(figure, PrintedCount):
        if figure.count is None:
            return None
        cells |= {"events": _digits(figure.count), "n": _digits(figure.denominator)}
    elif isinstance(figure, PrintedMean):
        named = figure.spread_kind if figure.spread is not None and figure.spread_kind != "not said" else ""
        cells |= {"mean": _digits(figure.mean), "sd": _digits(figure.spread), "sd_is": named}
        cells["n"] = _digits(figure.n)
    else:
        cells |= _of_median(figure)
        cells["n"] = _digits(figure.n)
    if not cells["n"]:
        cells["n"], note = _size_of(about, figure.place.file, gathered)
        notes += [note] if note else []
    cells["citation"] = "; ".join(note for note in notes if note)
    return tuple(cells[name] for name in COLUMNS)


def _of_median(figure: PrintedMedian) -> dict[str, str]:
    """Give a median with its ends under the names that the text gives them; others stay out."""
    names = {"range": ("minimum", "maximum"), "iqr": ("q1", "q3")}.get(figure.spread_kind)
    ends = dict(zip(names, (_digits(figure.low), _digits(figure.high)), strict=True)) if names else {}
    return {"median": _digits(figure.median), **ends}


def _size_of(about: FigureLabels, file: str, gathered: GatheredFigures) -> tuple[str, str]:
    """Give the size of the group at this time, or a note of the size that is printed for no time."""
    size = gathered.size_of(about, file)
    if size is None:
        return "", ""
    if same_time(size.about.time, about.time):
        return _digits(size.n), ""
    return "", f"n is not printed with it; the group has {size.n}"


def _digits(number: PrintedNumber | None) -> str:
    """Give a printed number in plain digits with the decimals it has; empty where none is printed."""
    return "" if number is None else plain_number(number.text) or ""
