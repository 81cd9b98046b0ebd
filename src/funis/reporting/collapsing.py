"""Tables that say no more than a sentence: equal rows, all there is of what was due, a single number."""

from __future__ import annotations

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableRow, TableSpec

_FEWEST = 2


def in_words(table: TableSpec) -> TableSpec | Paragraph:
    """Put a table into words where it says no more: one with a sentence of its own, or with a single number.

    Parameters
    ----------
    table : any table

    Returns
    -------
    TableSpec or Paragraph : the sentence with what stands under the table, or the table as it is

    Examples
    --------
    >>> from funis.documents.table import TableRow, joined, words
    >>> row = TableRow(words("Died"), (joined(Inline("1/40", "disposition.died.count")),))
    >>> table = TableSpec("t", "subjects", "Disposition", ("", "n/N"), (row,), ("N: the treated.",))
    >>> "".join(part.text for part in in_words(table).text)
    'Disposition: Died, 1/40. N: the treated.'
    """
    if table.said:
        return Paragraph(table.said)
    if len(table.rows) != 1 or len(table.heads) != _FEWEST or table.is_text or not table.rows[0].cells:
        return table
    (row,) = table.rows
    named = f": {row.stub.text}, " if row.stub.text else ": "
    notes = " ".join(("", *table.footnotes))
    return Paragraph((Inline(f"{table.title}{named}"), *row.cells[0].parts, Inline(f".{notes}")))


def collapse_equal(table: TableSpec) -> TableSpec | Paragraph:
    """Put a sensitivity table into one sentence where every row of a visit and population printed the same.

    Parameters
    ----------
    table : of sensitivity analyses, its cells what was done about missing values, n, estimate and P, under a
        heading for each visit and population

    Returns
    -------
    TableSpec or Paragraph : the table as it is where one row differs at the printed precision

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> rows = text_rows([("a", "left out", "40", "29/40", ""), ("b", "none", "40", "29/40", "")])
    >>> table = TableSpec("t", "sensitivity", "Sensitivity analyses: response", tuple("ABCDE"), rows)
    >>> "".join(part.text for part in collapse_equal(table).text)
    'Sensitivity analyses: response: all 2 treatments of missing values gave 29/40.'
    """
    rows = [row for row in table.rows if not row.is_heading]
    printed = {tuple(cell.text for cell in row.cells[1:]) for row in rows}
    if len(rows) < _FEWEST:
        return table
    if len(printed) > 1:
        return _collapse_blocks(table)
    estimate, p = rows[0].cells[2], rows[0].cells[3]
    blocks = sum(row.is_heading for row in table.rows)
    what = "treatments of missing values" if blocks <= 1 else "analyses, over visits and populations,"
    said = (*estimate.parts, *((Inline("; P "), *p.parts) if p.text else ()), Inline("."))
    return Paragraph((Inline(f"{table.title}: all {len(rows)} {what} gave "), *said))


def _collapse_blocks(table: TableSpec) -> TableSpec | Paragraph:
    """Say of each visit and population what all its rows printed; the table where one of them differs."""
    blocks: list[tuple[str, list[TableRow]]] = []
    for row in table.rows:
        if row.is_heading:
            blocks.append((row.stub.text, []))
        elif blocks:
            blocks[-1][1].append(row)
    if not blocks:
        return table
    for _, rows in blocks:
        if len(rows) < _FEWEST or len({tuple(cell.text for cell in row.cells[1:]) for row in rows}) > 1:
            return table
    said: list[Inline] = [
        Inline(f"{table.title}: whatever was done about missing values, the same came out. ")
    ]
    for name, rows in blocks:
        estimate, p = rows[0].cells[2], rows[0].cells[3]
        said += [Inline(f"{name}, {len(rows)} treatments: "), *estimate.parts]
        said += [*((Inline("; P "), *p.parts) if p.text else ()), Inline(". ")]
    return Paragraph((*said[:-1], Inline(".")))
