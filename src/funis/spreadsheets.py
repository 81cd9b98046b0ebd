"""Text that leaves for a spreadsheet: nothing in it is run as a formula or a command, or opened as a link.

Every CSV file and every workbook that funis writes is made here.

A spreadsheet program runs a cell of a CSV file that begins with ``=``, ``+``, ``-`` or ``@``, also after a
tabulator or a new line, also in the wide forms that an East Asian keyboard gives. Where its system divides
cells by semicolons it also runs what follows a semicolon inside our cell. An apostrophe before the sign makes
the cell text. Numbers, and what is printed of several numbers (``-3.4 (-5.6 to -1.2)``), stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import polars as pl
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# Atomic groups, (?>...): a long text of commas would be divided in every way there is.
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
_NUMBER = rf"(?>(?:{_DIGITS}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{{1,3}})?(?:\s?%)?|–)"
_BETWEEN = r"(?>\s*(?:[,;±–]|[(\[](?:n = )?|[)\]],?)\s*|\s+(?:to|and)\s+)"
#: Numbers, with a name in brackets behind them (``-2.18 (S-18)`` is no formula), and signs alone as a
#: dipstick gives them (``++``, ``+/-``, ``-``): nothing in them can be run.
_HARMLESS = re.compile(rf"[+-]?{_NUMBER}(?>(?:{_BETWEEN}[+-]?{_NUMBER})*)(?:[\])]*|\s+\([\w.-]+\))|[=+\-/±]+")
_MAY_RUN = rf"^[\t\r\n]|(?:^|[;\t\r\n])\s*[{_SIGNS}]"
_PIECES = re.compile(r"([;\t\r\n])")
_RUNS = re.compile(rf"(\s*)([{_SIGNS}].*)", re.DOTALL)


def as_plain(text: str) -> str:
    r"""Write a text so that no spreadsheet runs it.

    Examples
    --------
    >>> as_plain("=1+1"), as_plain("-3.4"), as_plain("-2+3"), as_plain("mild;=cmd()")
    ("'=1+1", '-3.4', "'-2+3", "mild;'=cmd()")
    """
    if _HARMLESS.fullmatch(text.strip(" ")):
        return text
    plain = "".join(_plain_piece(piece) for piece in _PIECES.split(text))
    return f"'{plain}" if text[:1] in {"\t", "\r", "\n"} else plain


def _plain_piece(piece: str) -> str:
    match = _RUNS.fullmatch(piece)
    if match is None or _HARMLESS.fullmatch(match.group(2).rstrip()):
        return piece
    return f"{match.group(1)}'{match.group(2)}"


def neutralise(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before every text, and every name of a column, that a spreadsheet would run.

    Parameters
    ----------
    frame : texts, categories and names of columns are looked at

    Examples
    --------
    >>> import polars as pl
    >>> neutralise(pl.DataFrame({"@text": ["=1+1", "-3.4", "mild"]})).to_dict(as_series=False)
    {"'@text": ["'=1+1", '-3.4', 'mild']}
    """
    import polars as pl

    kinds = (pl.String, pl.Categorical, pl.Enum)
    names = [name for name, dtype in frame.schema.items() if isinstance(dtype, kinds) or dtype in kinds]
    texts = frame.with_columns(pl.col(names).cast(pl.String)) if names else frame
    changed: list[pl.Expr] = []
    for name in names:
        found = texts[name].unique()
        running = found.filter(found.str.contains(_MAY_RUN).fill_null(value=False)).to_list()
        plain = {text: as_plain(text) for text in running}
        changed.append(pl.col(name).replace(plain) if plain else pl.col(name))
    return texts.with_columns(changed).rename(_plain_names(frame.columns))


def _plain_names(names: Sequence[str]) -> dict[str, str]:
    """Give the names of columns as text; two stay two."""
    plain: dict[str, str] = {}
    for name in names:
        new = as_plain(name)
        while new != name and (new in plain.values() or new in names):
            new = f"'{new}"
        plain[name] = new
    return plain


def render_csv(frame: pl.DataFrame) -> str:
    r"""Write a frame as the text of a CSV file.

    Examples
    --------
    >>> import polars as pl
    >>> render_csv(pl.DataFrame({"term": ["@rash"], "n": [-3]}))
    "term,n\n'@rash,-3\n"
    """
    return neutralise(frame).write_csv()


def render_rows(rows: Iterable[Sequence[str]]) -> str:
    r"""Write rows of texts, the header first, as the text of a CSV file.

    Examples
    --------
    >>> render_rows([("subject", "note"), ("S1", "=1")])
    "subject,note\nS1,'=1\n"
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([as_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def render_workbook(frame: pl.DataFrame) -> bytes:
    """Write a frame as an Excel workbook in which every text is a text: no formula and no link."""
    from xlsxwriter import Workbook

    content = io.BytesIO()
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(content, {**as_text, "in_memory": True, "nan_inf_to_errors": True}) as book:
        neutralise(frame).write_excel(book)
    return content.getvalue()


def render_text_workbook(
    rows: Sequence[Sequence[str]], *, widths: Sequence[int], choices: Mapping[int, Sequence[str]]
) -> bytes:
    """Write rows of texts, the header first, as a workbook whose cells stay texts when somebody edits them.

    Parameters
    ----------
    rows : the texts; a spreadsheet program takes none of them for a date or a number
    widths : of each column, in letters
    choices : what may be chosen in a column, by its number from 0
    """
    from xlsxwriter import Workbook

    content = io.BytesIO()
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(content, {**as_text, "in_memory": True}) as book:
        sheet = book.add_worksheet("corrections")
        head = book.add_format({"bold": True, "num_format": "@"})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width, text)
        for line, row in enumerate(rows):
            for number, cell in enumerate(row):
                sheet.write_string(line, number, as_plain(cell), text if line else head)
        sheet.freeze_panes(1, 0)
        for number, listed in choices.items():
            last = max(len(rows) - 1, 1)
            sheet.data_validation(1, number, last, number, {"validate": "list", "source": list(listed)})
    return content.getvalue()


# --- workbooks to be filled in -------------------------------------------------------------------

#: Rows of a sheet in which codes can be chosen and values are looked at.
FORM_ROWS: Final = 2000
#: Letters that the list of a drop-down may have together.
_LIST_LETTERS: Final = 255
_TYPED_DATE: Final = "yyyy-mm-dd"


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A column of a sheet that somebody fills in.

    Attributes
    ----------
    header : its name, in row 1
    note : what is asked, shown beside the header
    choices : codes that may be chosen; empty where anything of the kind may be written
    kind : ``text``, ``number`` or ``date``
    lowest, highest : limits of a number
    word : a word that may stand in place of a number
    listed_in : sheet in whose first column the values stand that may be chosen; empty for none
    """

    header: str
    note: str
    choices: tuple[str, ...] = ()
    kind: Literal["text", "number", "date"] = "text"
    lowest: float | None = None
    highest: float | None = None
    word: str = ""
    listed_in: str = ""


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A sheet that somebody fills in: its name and its columns in order."""

    name: str
    columns: tuple[FormColumn, ...]


@dataclass(frozen=True, slots=True)
class LegendSheet:
    """A sheet that is only read: its name, header, rows of texts, and widths of its columns in letters."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


def render_form_workbook(sheets: Sequence[FormSheet], legends: Sequence[LegendSheet]) -> bytes:
    """Write a workbook to be filled in.

    The header of every sheet is locked and stays in view, the sheets cannot be taken out or renamed; there is
    no password, so that who must can open it.

    Parameters
    ----------
    sheets : what is filled in; the first is the one that others list values of
    legends : what is only read; the first stands in front, the others behind

    Examples
    --------
    >>> form = FormSheet("subjects", (FormColumn("subject", "Study number."),))
    >>> render_form_workbook([form], [LegendSheet("read_me", ("what to know",), (), (40,))])[:2]
    b'PK'
    """
    from xlsxwriter import Workbook

    content = io.BytesIO()
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(content, {**as_text, "in_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "locked": True})
        kinds = {
            "text": book.add_format({"num_format": "@", "locked": False}),
            "number": book.add_format({"locked": False}),
            "date": book.add_format({"num_format": _TYPED_DATE, "locked": False}),
        }
        wrapped = book.add_format({"text_wrap": True, "valign": "top", "locked": True})
        for legend in legends[:1]:
            _write_legend(book.add_worksheet(legend.name), legend, (head, wrapped))
        for sheet in sheets:
            _write_form(book.add_worksheet(sheet.name), sheet, (head, kinds))
        for legend in legends[1:]:
            _write_legend(book.add_worksheet(legend.name), legend, (head, wrapped))
    return _lock_structure(content.getvalue())


_MAY_CHANGE: Final = dict.fromkeys(
    ("insert_rows", "delete_rows", "sort", "autofilter", "format_columns", "format_rows"), True
)


def _write_legend(page: Worksheet, legend: LegendSheet, formats: tuple[Format, Format]) -> None:
    head, wrapped = formats
    for place, width in enumerate(legend.widths):
        page.set_column(place, place, width, wrapped)
    for place, name in enumerate(legend.header):
        page.write_string(0, place, as_plain(name), head)
    for line, row in enumerate(legend.rows, start=1):
        for place, text in enumerate(row):
            page.write_string(line, place, as_plain(text), wrapped)
    page.freeze_panes(1, 0)
    page.protect("", _MAY_CHANGE)


def _write_form(page: Worksheet, sheet: FormSheet, formats: tuple[Format, Mapping[str, Format]]) -> None:
    head, kinds = formats
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, min(max(len(column.header) + 3, 12), 40), kinds[column.kind])
        page.write_string(0, place, as_plain(column.header), head)
        page.write_comment(0, place, column.note, {"x_scale": 2, "y_scale": 1.5})
        rule = _validation(sheet, place, column)
        if rule:
            page.data_validation(1, place, FORM_ROWS, place, rule)
    page.freeze_panes(1, 1)
    page.protect("", _MAY_CHANGE)


def _validation(sheet: FormSheet, place: int, column: FormColumn) -> dict[str, object]:
    """Say what a cell takes; nothing where it takes any text."""
    from xlsxwriter.utility import xl_col_to_name

    refusal = {"error_title": column.header[:32], "error_message": _shorten(column.note)}
    if column.choices and len(",".join(column.choices)) <= _LIST_LETTERS:
        return {"validate": "list", "source": list(column.choices), **refusal}
    if column.listed_in and column.listed_in != sheet.name:
        source = f"={column.listed_in}!$A$2:$A${FORM_ROWS + 1}"
        return {"validate": "list", "source": source, "error_type": "warning", **refusal}
    cell = f"{xl_col_to_name(place)}2"
    if column.kind == "date":
        # Any date of a calendar; what is no date is text and no number.
        return {"validate": "custom", "value": f"=ISNUMBER({cell})", **refusal}
    if column.kind == "number":
        limits = [f"{cell}>={column.lowest!r}"] if column.lowest is not None else []
        limits += [f"{cell}<={column.highest!r}"] if column.highest is not None else []
        number = f"AND({','.join([f'ISNUMBER({cell})', *limits])})"
        word = f'UPPER({cell})="{column.word}"'
        return {
            "validate": "custom",
            "value": f"=OR({word},{number})" if column.word else f"={number}",
            **refusal,
        }
    return {}


def _shorten(text: str) -> str:
    """Cut a message to the letters that a spreadsheet shows."""
    return text if len(text) <= _LIST_LETTERS else f"{text[: _LIST_LETTERS - 1]}…"


def _lock_structure(workbook: bytes) -> bytes:
    """Lock which sheets a workbook has; the library that writes it cannot."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in given.infolist():
            data = given.read(part)
            if part.filename == "xl/workbook.xml":
                data = data.replace(b"<bookViews>", b'<workbookProtection lockStructure="1"/><bookViews>', 1)
            made.writestr(part, data)
    return out.getvalue()
