"""Tables whose rows all say the same: one sentence stands in their place."""

from __future__ import annotations

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableRow, TableSpec

_FEWEST = 2


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
