"""Tables, figures and the list of contents as CDISC Analysis Results Standard 1.0 (ARS) names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from funis.documents.document import Document, Section
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.rtf_files import path_of
from funis.documents.table import TableSpec
from funis.reporting.ars_groups import Entry
from funis.results import join_exactly

Display = TableSpec | FigureSpec | FlowChart
#: Kinds of file that ARS has a term for.
_KNOWN_FILES: Final = frozenset({"pdf", "rtf"})
#: Those that it has none for: id of the term, its value and what it means.
FILE_TERMS: Final = {
    "html": ("F.html", "html", "A page for a browser (HTML)"),
    "docx": ("F.docx", "docx", "A Word file (Office Open XML)"),
    "md": ("F.md", "md", "Markdown"),
}


def build_outputs(document: Document, formats: Iterable[str]) -> list[Entry]:
    """Describe every table and figure of a report, with the files it stands in.

    Parameters
    ----------
    document : numbered already
    formats : kinds of file that the report is written as

    Returns
    -------
    list of dict : entries of ``outputs``, in reading order
    """
    written = tuple(formats)
    return [_output(document, block, written) for _, block in _displays(document)]


def build_contents(document: Document, analyses: Iterable[Entry], of_result: Mapping[str, str]) -> Entry:
    """List sections, in them outputs, in these the analyses whose results they print.

    Parameters
    ----------
    document : numbered already
    analyses : entries of ``analyses``
    of_result : the id of the analysis that holds a result, by the id of the result

    Returns
    -------
    dict : the entry ``mainListOfContents``; analyses of which no table prints a result stand at its end
    """
    names = {each["id"]: each["name"] for each in analyses}
    shown: dict[str, None] = {}
    items: list[Entry] = []
    for section, blocks in _by_section(document):
        outputs = []
        for order, block in enumerate(blocks, start=1):
            printed = () if isinstance(block, FigureSpec) else block.ids
            found = dict.fromkeys(of_result[each] for each in printed if each in of_result)
            shown |= found
            item = {"name": _title(block), "level": 2, "order": order, "outputId": output_id(block)}
            outputs.append(item | _sublist(_listed(names, found, level=3)))
        name = f"{section.code} {section.title}".strip()
        items.append({"name": name, "level": 1, "order": len(items) + 1} | _sublist(outputs))
    rest = [each for each in names if each not in shown]
    if rest:
        name = "Results that no table prints"
        under = _sublist(_listed(names, rest, level=2))
        items.append({"name": name, "level": 1, "order": len(items) + 1} | under)
    return {"name": "Contents", "label": "Sections, outputs and analyses", "contentsList": _list(items)}


def output_id(block: Display) -> str:
    """Name the output of a table or a figure."""
    return join_exactly("O", block.id)


def _displays(document: Document) -> Iterator[tuple[Section, Display]]:
    for section in document.sections:
        for block in section.all_blocks:
            if isinstance(block, Display):
                yield section, block


def _by_section(document: Document) -> Iterator[tuple[Section, list[Display]]]:
    found: dict[str, tuple[Section, list[Display]]] = {}
    for section, block in _displays(document):
        found.setdefault(section.id, (section, []))[1].append(block)
    yield from found.values()


def _listed(names: Mapping[str, str], analyses: Iterable[str], *, level: int) -> list[Entry]:
    return [
        {"name": names[each], "level": level, "order": order, "analysisId": each}
        for order, each in enumerate(analyses, start=1)
    ]


def _list(items: list[Entry]) -> Entry:
    return {"listItems": items}


def _sublist(items: list[Entry]) -> Entry:
    return {"sublist": _list(items)} if items else {}


def _title(block: Display) -> str:
    return f"{block.label}. {block.title}"


def _output(document: Document, block: Display, formats: Iterable[str]) -> Entry:
    files = [_file(block, form) for form in formats if form in {*_KNOWN_FILES, *FILE_TERMS}]
    display = {
        "id": join_exactly("D", block.id),
        "name": block.label,
        "displayTitle": _title(block),
        "displaySections": _sections(document, block),
    }
    return {"id": output_id(block), "name": _title(block)} | {
        **({"fileSpecifications": files} if files else {}),
        "displays": [{"order": 1, "display": display}],
    }


def _file(block: Display, form: str) -> Entry:
    location = path_of(block.label) if form == "rtf" else f"report.{form}"
    kind = {"controlledTerm": form} if form in _KNOWN_FILES else {"sponsorTermId": FILE_TERMS[form][0]}
    return {"name": location, "fileType": kind, "location": location}


def _sections(document: Document, block: Display) -> list[Entry]:
    """Give the words around a display: on every page, above it, over its stub and under it."""
    stub = block.heads[:1] if isinstance(block, TableSpec) else ()
    told = {
        "Header": document.tags,
        "Title": (_title(block),),
        "Rowlabel Header": tuple(filter(None, stub)),
        "Footnote": block.footnotes,
        "Footer": tuple(filter(None, (document.running_foot,))),
    }
    return [
        {
            "sectionType": kind,
            "orderedSubSections": [
                {
                    "order": order,
                    "subSection": {"id": join_exactly("D", block.id, kind, str(order)), "text": text},
                }
                for order, text in enumerate(texts, start=1)
            ],
        }
        for kind, texts in told.items()
        if texts
    ]
