"""Results to one HTML file that needs nothing beside it: no network, no style sheet, no script to be read."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from funis.documents.drawing import count_engines, render_svg
from funis.documents.figure import FigureSpec
from funis.documents.table import TableSpec
from funis.files import write_whole
from funis.reporting.figures import build_figures
from funis.reporting.flow import build_flow
from funis.reporting.key_results import KeyResult, build_keys
from funis.reporting.methods_text import CONDITIONS
from funis.reporting.number_book import read_numbers
from funis.reporting.payload import build_payload, render_payload
from funis.reporting.report_tables import build_tables
from funis.reporting.sections import Section, build_sections, describe_provenance
from funis.results import Results
from funis.study.model import Study

_FLOW_NOTE = "Counts are those of the disposition table."
NOT_FOR = "Not for decisions about the care of single patients."
_HERE = Path(__file__).parents[1] / "documents"
KINDS = {
    "single_arm": "Single-arm trial",
    "parallel": "Parallel-arm trial",
    "observational": "Observational cohort",
}
RECONSTRUCTED = (
    "Reconstructed from published figures; not patient data.",
    (
        "No subject of this report exists: the data were made so that they give the printed results of a "
        "publication."
    ),
)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
    book = read_numbers(results.numbers)
    specs = build_figures(study, results, book=book)
    with ThreadPoolExecutor(count_engines(), "figures") as pool:
        # Where engines run beside this process they draw while the tables are made.
        drawings = [pool.submit(render_svg, figure.spec) for figure in specs]
        tables = build_tables(study, results, book=book)
        keys = build_keys(study, book)
        flow = build_flow(book)
        ids = [
            *(name for table in tables for name in table.ids),
            *_key_ids(keys),
            *(flow.ids if flow else ()),
        ]
        payload = render_payload(build_payload(study, results, book, ids))
        drawn = [drawing.result() for drawing in drawings]
    figures = [(spec, place_drawing(spec, svg)) for spec, svg in zip(specs, drawn, strict=True)]
    if flow is not None:
        spec = FigureSpec("figure-flow", "subjects", "Flow of subjects", {}, flow.alt, (_FLOW_NOTE,))
        figures.insert(0, (spec, place_drawing(spec, flow.svg, is_interactive=True)))
    sections = build_sections(study, results, keys=keys, tables=tables, figures=figures)
    files = [table for table in tables if table.section == "provenance"]
    return _render_page(study, results, sections=sections, files=files, payload=payload)


def _render_page(
    study: Study, results: Results, *, sections: Sequence[Section], files: Sequence[TableSpec], payload: str
) -> str:
    is_reconstructed = study.trial.reconstructed or results.provenance.reconstructed
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    margins = _page_margins(study, is_reconstructed=is_reconstructed)
    about = (study.trial.id, KINDS[study.trial.design], _capital(CONDITIONS[study.trial.condition]))
    page = _environment().get_template("report.html.j2")
    return page.render(
        title=study.trial.title,
        kicker=" · ".join(about),
        version=results.provenance.version,
        facts=tuple(_facts(study, results)),
        provenance=tuple(describe_provenance(study, results)),
        files=files,
        is_reconstructed=is_reconstructed,
        status_line=RECONSTRUCTED if is_reconstructed else (),
        sections=sections,
        style=Markup(style),  # noqa: S704 - our own file
        page_margins=Markup(margins),  # noqa: S704 - escaped where it is composed
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash_of(script),
        payload=Markup(payload),  # noqa: S704 - escaped by render_payload
        closing=f"Made by funis {results.provenance.version}. {NOT_FOR}",
    )


def write_report(study: Study, results: Results, folder: Path) -> Path:
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
    folder.mkdir(parents=True, exist_ok=True)
    return write_whole(folder / "report.html", render_html(study, results))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _key_ids(keys: Sequence[KeyResult]) -> Iterator[str]:
    for key in keys:
        yield from (*key.figure.ids, *key.detail.ids)


def _facts(study: Study, results: Results) -> Iterator[tuple[str, str]]:
    origin = results.provenance
    if study.trial.registration:
        yield "Registration", study.trial.registration
    yield "Data cut", origin.data_cut or "no dates in the data"
    yield "Made by", f"funis {origin.version}"
    if origin.files:
        whole = hashlib.sha256("".join(sorted(file.sha256 for file in origin.files)).encode()).hexdigest()
        yield "Input", f"{len(origin.files)} files, together {whole[:12]}"


def place_drawing(figure: FigureSpec, svg: str, *, is_interactive: bool = False) -> Markup:
    """Give a drawing its name and its words, so that it is read aloud as one image.

    Parameters
    ----------
    figure : for title and alternative text
    svg : the svg element
    is_interactive : the drawing holds numbers that can be opened: it is a group, not an image

    Returns
    -------
    Markup : the svg element with role, title and description
    """
    role = "group" if is_interactive else "img"
    names = f'role="{role}" aria-labelledby="{escape(figure.id)}-title {escape(figure.id)}-desc"'
    words = (
        f'<title id="{escape(figure.id)}-title">{escape(figure.title)}</title>'
        f'<desc id="{escape(figure.id)}-desc">{escape(figure.alt)}</desc>'
    )
    start = re.search(r"<svg\b([^>]*)>", svg)
    if start is None:
        raise ValueError(f"The drawing of {figure.id!r} is not an svg element: {svg[:60]!r}.")
    attributes = re.sub(r'\s(?:role|aria-[a-z]+|class)="[^"]*"', "", start.group(1))
    # Ids of clip paths and gradients are numbered from 0 in every drawing; in one document they must differ.
    rest = re.sub(r'(id="|url\(#|href="#)(clip|gradient)', rf"\1{figure.id}-\2", svg[start.end() :])
    rest = re.sub(r'\b(?:d|transform)="[^"]*"', _shorten, rest)
    return Markup(f"<svg {names}{attributes}>{words}{rest}")  # noqa: S704 - drawn by us, words escaped above


def _shorten(attribute: re.Match[str]) -> str:
    """Cut coordinates after two decimals: less than a hundredth of a point cannot be seen."""
    return re.sub(r"(\.\d\d)\d+", r"\1", attribute.group())


def _hash_of(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def css_string(text: str) -> str:
    r"""Write text as a string of a style sheet, harmless whatever it holds.

    Examples
    --------
    >>> css_string('a "b" </style>')
    '"a \\22 b\\22  \\3c /style\\3e "'
    """
    kept = [letter if letter.isalnum() or letter in " .,;:-/()" else f"\\{ord(letter):x} " for letter in text]
    return '"' + "".join(kept) + '"'


def _page_margins(study: Study, *, is_reconstructed: bool) -> str:
    """Name the trial, the kind of data and the page on every printed page."""
    warning = RECONSTRUCTED[0] if is_reconstructed else ""
    small = "font: 8pt Helvetica, Arial, sans-serif; color: #565f69;"
    title = study.trial.title if len(study.trial.title) < 70 else study.trial.title[:67].rstrip() + "…"
    boxes = (
        f"@top-left {{ content: {css_string(f'{study.trial.id}  {title}')}; {small} }} "
        f"@top-right {{ content: {css_string(warning)}; font: bold 8pt Helvetica, Arial, sans-serif; "
        "color: #8a4b00; white-space: nowrap; } "
        f"@bottom-right {{ content: counter(page) ' / ' counter(pages); {small} }}"
    )
    return f"@page {{ {boxes} }}"
