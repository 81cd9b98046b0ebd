"""The files of an abstract: written beside the report that has the same numbers, as one set with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from funis.documents.formats import require_library
from funis.documents.markdown import render_markdown
from funis.errors import UnknownNameError, ValueRangeError
from funis.file_sets import add_to_set
from funis.files import write_whole
from funis.reporting.congress.abstract import CongressAbstract
from funis.reporting.congress.abstract_document import build_abstract_document, without_links, without_numbers
from funis.reporting.congress.abstract_text import render_abstract_text
from funis.reporting.withheld import withhold
from funis.results import Results, write_results
from funis.results.write import NUMBERS_FILE


class AbstractFormat(NamedTuple):
    """A kind of file of an abstract: how it is rendered, and the library it needs."""

    render: Callable[[CongressAbstract, str], str | bytes]
    library: str = ""


def _render_docx(abstract: CongressAbstract, version: str) -> bytes:
    from funis.documents.docx_file import render_docx

    return render_docx(build_abstract_document(abstract, version=version))


def _render_md(abstract: CongressAbstract, version: str) -> str:
    return render_markdown(without_links(build_abstract_document(abstract, version=version)))


def _render_txt(abstract: CongressAbstract, _: str) -> str:
    return render_abstract_text(abstract)


#: By the name that asks for it, which is the ending of its file.
ABSTRACT_FORMATS: Final[Mapping[str, AbstractFormat]] = {
    "md": AbstractFormat(_render_md),
    "docx": AbstractFormat(_render_docx, "docx"),
    "txt": AbstractFormat(_render_txt),
}


def find_abstract_formats(text: str) -> tuple[str, ...]:
    """Read the kinds of file somebody asks for.

    Parameters
    ----------
    text : names with commas between

    Returns
    -------
    tuple of str : each once, in the order asked

    Raises
    ------
    UnknownNameError : a name is not among those of `ABSTRACT_FORMATS`
    MissingExtraError : a kind needs a library that is not installed

    Examples
    --------
    >>> find_abstract_formats("txt, md,txt")
    ('txt', 'md')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in ABSTRACT_FORMATS:
            raise UnknownNameError("format", name, ABSTRACT_FORMATS, "--format")
    for name in names:
        if ABSTRACT_FORMATS[name].library:
            require_library(f"--format {name}", ABSTRACT_FORMATS[name].library)
    return names


def printed_markdown(abstract: CongressAbstract) -> str:
    """Write an abstract as Markdown for the eye: without the table of where its numbers come from.

    Parameters
    ----------
    abstract : what is written
    """
    return render_markdown(without_numbers(without_links(build_abstract_document(abstract))))


def write_abstract(
    abstract: CongressAbstract, results: Results, folder: Path, formats: tuple[str, ...]
) -> tuple[Path, ...]:
    """Write an abstract beside the report, as one set with it: the folder holds all of it or is as it was.

    Parameters
    ----------
    abstract : what is written
    results : what it was written from
    folder : of the report; what stands there stays, but an earlier abstract in another kind of file
    formats : names of `ABSTRACT_FORMATS`

    Returns
    -------
    tuple of Path : the files of the abstract; where the folder had no results, they are written, too

    Raises
    ------
    ValueRangeError : the report in the folder was made from other numbers
    OutputError : the set cannot be written; the old one is as it was
    """
    shown = withhold(abstract.study, results)
    with add_to_set(folder) as draft:
        _check_same_numbers(shown, folder, draft)
        for name in ABSTRACT_FORMATS:
            (draft / f"abstract.{name}").unlink(missing_ok=True)
        for name in formats:
            content = ABSTRACT_FORMATS[name].render(abstract, results.provenance.version)
            write_whole(draft / f"abstract.{name}", content)
    return tuple(folder / f"abstract.{name}" for name in formats)


def _check_same_numbers(results: Results, folder: Path, draft: Path) -> None:
    """Write the results where there are none; refuse a folder whose report was made from others."""
    old = folder / NUMBERS_FILE
    before = old.read_bytes() if old.is_file() else None
    write_results(results, draft)
    if before is not None and (draft / NUMBERS_FILE).read_bytes() != before:
        raise ValueRangeError(
            "report of the study",
            f"other numbers in {old}",
            "the numbers that the data give now",
            f"Run: funis report {folder.parent}",
        )
