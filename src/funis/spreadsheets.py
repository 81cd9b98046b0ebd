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
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

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
