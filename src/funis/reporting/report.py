"""The trial report as a file: results to a document, the document to the kinds of file that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from funis.arguments import RESULTS, STUDY, PathName, takes
from funis.catalogue.house_styles import house_style, styles_checked
from funis.documents.document import Document, Prose
from funis.documents.drawing import draw_ahead
from funis.documents.figure import FigureSpec, Spec
from funis.documents.formats import FORMATS, Files, formats_of_document, needs_drawings
from funis.documents.html import render_page
from funis.file_sets import build_set
from funis.files import said_of, write_frame, write_whole
from funis.published.compare import ComparedText, compare_with_published, frame_of_comparison
from funis.published.manifest import Manifest
from funis.reporting.abstract_page import PAGE, TABLE, build_abstract, related_words
from funis.reporting.as_recorded import mark_recorded
from funis.reporting.house_style import apply_house_style, name_house_style
from funis.reporting.listing_tables import find_long_listings
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.printed_places import list_places
from funis.reporting.report_figures import specify_figures
from funis.reporting.trial_document import build_document
from funis.reporting.withheld import withhold
from funis.results import Results, write_results
from funis.results.read import PLACES
from funis.study.model import Study


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """What was written of a report.

    Attributes
    ----------
    files : paths, the report first
    text : the published text beside the numbers; None where the study has none
    """

    files: tuple[Path, ...]
    text: ComparedText | None = None


@takes(study=STUDY, results=RESULTS)
def render_html(study: Study, results: Results) -> str:
    """Write the report as one HTML document.

    Parameters
    ----------
    study : the study file
    results : everything computed

    Returns
    -------
    str : the document; everything taken from the data is escaped

    Examples
    --------
    >>> import polars as pl
    >>> from funis.results import NumberList, Provenance
    >>> trial = {"id": "X", "title": "A < B", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> origin = Provenance(version="0", study="X", title="A < B")
    >>> results = Results(numbers=NumberList().frame(), sources=pl.DataFrame(), provenance=origin)
    >>> page = render_html(study, results)
    >>> "<title>A &lt; B</title>" in page
    True
    """
    with _drawing_document(study, results, draws=True) as (document, _):
        return render_page(document)


@contextmanager
def _drawing_document(
    study: Study, results: Results, *, draws: bool, related: Prose = (), also: Sequence[str] = ()
) -> Iterator[tuple[Document, NumberBook]]:
    """Put the document together; where engines run beside this process they draw as long as this is open."""
    study, results = mark_recorded(study, results), withhold(study, results)
    book = read_numbers(results.numbers)
    figures: list[FigureSpec] = []

    def specs() -> Iterator[Spec]:
        for figure in specify_figures(study, results, book):
            figures.append(figure)
            if draws:
                yield figure.spec

    with draw_ahead(specs()):
        document = build_document(study, results, book=book, figures=figures, related=related, also=also)
        if study.report.style:
            style = house_style(study.report.style)
            styled = apply_house_style(document, book, style)
            document = name_house_style(styled, style, styles_checked())
        yield document, book


def print_document(study: Study, results: Results) -> Document:
    """Put the report together as it is printed, in its house style; nothing is drawn.

    Parameters
    ----------
    study, results : as for `render_html`
    """
    with _drawing_document(study, results, draws=False) as (document, _):
        return document


@takes(study=STUDY, results=RESULTS, folder=PathName())
def write_report(study: Study, results: Results, folder: Path | str) -> Path:
    """Write ``report.html`` into a folder; the file is whole or not there.

    Parameters
    ----------
    study, results : as for `render_html`
    folder : is made when it does not exist

    Returns
    -------
    Path : the file

    Examples
    --------
    >>> import tempfile
    >>> from funis.analysis.analyse import analyse
    >>> from funis.data.new_study import new_study
    >>> from funis.data.tables import read_tables
    >>> from funis.study.read import read_study
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = new_study("sjogren", Path(place) / "trial")
    ...     study = read_study(folder)
    ...     page = write_report(study, analyse(study, read_tables(folder, study)), folder / "report")
    ...     page.name, page.read_text(encoding="utf-8")[:15]
    ('report.html', '<!DOCTYPE html>')
    """
    target = Path(folder)
    with said_of(target):
        target.mkdir(parents=True, exist_ok=True)
    return write_whole(target / "report.html", render_html(study, results))


def write_report_set(
    study: Study,
    results: Results,
    folder: Path,
    formats: tuple[str, ...] = ("html",),
    statements: Manifest | None = None,
) -> WrittenReport:
    """Write the report and the results it was made from; the folder holds the whole set or is as it was.

    Parameters
    ----------
    study, results : as for `render_html`
    formats : names of kinds of file, as `funis.documents.formats.find_formats` gives them
    folder : is made when it does not exist; what funis did not write there is kept
    statements : of a published text, as `funis.published.read.read_statements` gives them

    Returns
    -------
    WrittenReport : its files are the report in each format, then results.csv, results.parquet,
        sources.parquet, provenance.json and places.parquet, then published.csv where there is a published
        text and abstract.html beside report.html, then the listings that are too long for the report, in the
        folder ``listings``

    Raises
    ------
    OutputError : the set cannot be written; the old one is as it was
    """
    results = withhold(study, results)
    text = compare_with_published(results.numbers, statements) if statements is not None else None
    has_page = "html" in formats
    related = related_words(text, has_page=has_page) if text is not None else ()
    also = text.results if text is not None else ()
    drawn = _drawing_document(study, results, draws=needs_drawings(formats), related=related, also=also)
    with build_set(folder) as draft, drawn as (document, book):
        # What waits for no drawing comes first.
        beside = [*write_results(results, draft), _write_places(document, draft)]
        if text is not None:
            beside += _write_text(study, results, book, draft, text, has_page=has_page)
        for name, frame in find_long_listings(results).items():
            beside.append(write_frame(frame, draft / "listings" / f"{name}.csv"))
        written = [
            _write_file(draft / name, content)
            for form in formats
            for name, content in _render(form, study, results, document, formats).items()
        ]
    files = tuple(folder / path.relative_to(draft) for path in (*written, *beside))
    return WrittenReport(files, text)


def _render(form: str, study: Study, results: Results, document: Document, formats: tuple[str, ...]) -> Files:
    """Write a report as one kind of file."""
    if form in FORMATS:
        return FORMATS[form].render(document)
    from funis.reporting.ars_file import ARS_FILE, render_ars

    return {ARS_FILE: render_ars(study, results, document, formats_of_document(formats))}


def _write_places(document: Document, folder: Path) -> Path:
    """Write where the report prints each number, for `funis trace`."""
    kept = BytesIO()
    list_places(document).write_parquet(kept)
    return write_whole(folder / PLACES, kept.getbuffer())


def _write_file(path: Path, content: str | bytes) -> Path:
    with said_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, content)


def _write_text(
    study: Study, results: Results, book: NumberBook, folder: Path, text: ComparedText, *, has_page: bool
) -> Iterator[Path]:
    """Write the rows of a published text as a table, and the page that leads into report.html."""
    data = "reconstructed, no patient data" if study.trial.reconstructed else "as recorded"
    yield write_frame(frame_of_comparison(text, data), folder / TABLE)
    if has_page:
        page = build_abstract(study, results, book, text)
        yield write_whole(folder / PAGE, render_page(page))
