"""The kinds of file a document can be written as, one entry a kind; a renderer is loaded when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from funis.errors import MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from funis.documents.document import Document

#: What files hold, by their path in the folder of the report.
Files = Mapping[str, str | bytes]


class FileFormat(NamedTuple):
    """A kind of file.

    Attributes
    ----------
    render : how a document is written as files of this kind
    draws_figures : whether its figures are drawn for it
    makes_pictures : whether they become pictures, which the figure engine makes
    libraries : the modules it needs that come with the extra ``documents`` only
    """

    render: Callable[[Document], Files]
    draws_figures: bool
    makes_pictures: bool = False
    libraries: tuple[str, ...] = ()


def _render_html(document: Document) -> Files:
    from funis.documents.html import render_page

    return {"report.html": render_page(document)}


def _render_markdown(document: Document) -> Files:
    from funis.documents.markdown import render_markdown

    return {"report.md": render_markdown(document)}


def _render_docx(document: Document) -> Files:
    from funis.documents.docx_file import render_docx

    return {"report.docx": render_docx(document)}


def _render_pdf(document: Document) -> Files:
    from funis.documents.pdf_file import render_pdf

    return {"report.pdf": render_pdf(document)}


def _render_rtf(document: Document) -> Files:
    from funis.documents.rtf_files import render_rtf

    return render_rtf(document)


def _render_figures(document: Document) -> Files:
    from funis.documents.figure_files import render_figure_files

    return render_figure_files(document)


#: By the name that asks for it: the ending of its files, without its point; figures one by one.
FORMATS: dict[str, FileFormat] = {
    "html": FileFormat(_render_html, draws_figures=True),
    "docx": FileFormat(_render_docx, draws_figures=True, makes_pictures=True, libraries=("docx",)),
    "pdf": FileFormat(_render_pdf, draws_figures=True, libraries=("typst", "pylopdf_fonts_zh_cn")),
    "md": FileFormat(_render_markdown, draws_figures=False),
    "rtf": FileFormat(_render_rtf, draws_figures=True, makes_pictures=True),
    "figures": FileFormat(
        _render_figures,
        draws_figures=True,
        makes_pictures=True,
        libraries=("typst", "pylopdf_fonts_zh_cn"),
    ),
}
#: Kinds of file that hold the results themselves, for programs: who has the results writes them.
RESULT_FORMATS: Final = ("ars",)
ALL_FORMATS: Final = (*FORMATS, *RESULT_FORMATS)


def find_formats(text: str) -> tuple[str, ...]:
    """Read the kinds of file somebody asks for.

    Parameters
    ----------
    text : names with commas between

    Returns
    -------
    tuple of str : the names, each once, in the order asked

    Raises
    ------
    UnknownNameError : a name is not in `ALL_FORMATS`
    MissingExtraError : a kind needs a library that is not installed

    Examples
    --------
    >>> find_formats("html, md,html")
    ('html', 'md')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in ALL_FORMATS:
            raise UnknownNameError("format", name, ALL_FORMATS, "--format")
    for name in formats_of_document(names):
        for library in FORMATS[name].libraries:
            require_library(f"--format {name}", library)
    return names


def require_library(what: str, library: str) -> None:
    """Refuse what needs a library of the extra ``documents`` where that is not installed.

    Parameters
    ----------
    what : what needs it
    library : name of the module; it is not loaded

    Raises
    ------
    MissingExtraError : it is not installed
    """
    if find_spec(library) is None:
        raise MissingExtraError(what, library, "documents")


def formats_of_document(names: Iterable[str]) -> tuple[str, ...]:
    """Give those of some kinds of file that a document is written as."""
    return tuple(name for name in names if name in FORMATS)


def needs_drawings(names: Iterable[str]) -> bool:
    """Tell whether figures are drawn for any of these kinds of file."""
    return any(FORMATS[name].draws_figures for name in formats_of_document(names))


def needs_pictures(names: Iterable[str]) -> bool:
    """Tell whether figures become pictures for any of these kinds of file."""
    return any(FORMATS[name].makes_pictures for name in formats_of_document(names))
