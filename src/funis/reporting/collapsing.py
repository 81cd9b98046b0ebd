"""Tables whose rows all say the same: one sentence stands in their place."""

from __future__ import annotations

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableSpec

_FEWEST = 2


def collapse_equal(table: TableSpec) -> TableSpec | Paragraph:
    """Put a sensitivity table into one sentence where every row printed the same.

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
    if len(rows) < _FEWEST or len(printed) > 1:
        return table
    estimate, p = rows[0].cells[2], rows[0].cells[3]
    blocks = sum(row.is_heading for row in table.rows)
    what = "treatments of missing values" if blocks <= 1 else "analyses, over visits and populations,"
    said = (*estimate.parts, *((Inline("; P "), *p.parts) if p.text else ()), Inline("."))
    return Paragraph((Inline(f"{table.title}: all {len(rows)} {what} gave "), *said))
