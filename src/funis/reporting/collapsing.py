"""Tables that say no more than a sentence: equal rows and columns, all of what was due, a single number.

A number that is printed once for several that are equal keeps the ids of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, ids_of, joined

_FEWEST = 2
#: A column of fewer rows than these is read at a glance.
_FEWEST_IN_COLUMN = 3


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
        return Paragraph(_standing_for(table.said, table.ids))
    if len(table.rows) != 1 or len(table.heads) != _FEWEST or table.is_text or not table.rows[0].cells:
        return table
    (row,) = table.rows
    named = f": {row.stub.text}, " if row.stub.text else ": "
    notes = " ".join(("", *table.footnotes))
    instead = (part for line in table.instead for part in (Inline(" "), *line))
    return Paragraph(
        (Inline(f"{table.title}{named}"), *row.cells[0].parts, Inline("."), *instead, Inline(notes))
    )


def _standing_for(said: tuple[Inline, ...], ids: Sequence[str]) -> tuple[Inline, ...]:
    """Give the first number of a sentence the ids of all results that the sentence stands for."""
    first = next((place for place, part in enumerate(said) if part.id), None)
    if first is None:
        return said
    printed = set(ids_of(said))
    others = dict.fromkeys(name for name in ids if name not in printed)
    whole = replace(said[first], also=(*said[first].also, *others))
    return (*said[:first], whole, *said[first + 1 :])


def collapse_columns(table: TableSpec, fewest: int = _FEWEST_IN_COLUMN) -> TableSpec:
    """Put into a sentence each column that is the same in every row; one column stays with the names.

    Parameters
    ----------
    table : any table without heads over several columns
    fewest : a table of fewer rows stays as it is

    Returns
    -------
    TableSpec : without these columns; what they said stands under it, once for all rows

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> rows = text_rows([("A", "5", "yes"), ("B", "3", "yes"), ("C", "4", "yes")])
    >>> found = collapse_columns(TableSpec("t", "lots", "Lots", ("Lot", "n", "Released"), rows))
    >>> found.heads, found.instead[0][0].text
    (('Lot', 'n'), 'The same in every row. Released: ')
    """
    rows = [row for row in table.rows if not row.is_heading]
    if table.spanners or len(rows) < fewest:
        return table
    columns = list(zip(*(row.cells for row in rows), strict=True))
    lines = {place: line for place, column in enumerate(columns) if (line := _constant(column))}
    lines = dict(list(lines.items())[len(lines) == len(columns) :])
    if not lines:
        return table
    said: list[Inline] = []
    for place, line in lines.items():
        opening = "; " if said else "The same in every row. "
        said += [Inline(f"{opening}{table.heads[place + 1]}: "), *line]
    kept = [place for place in range(len(columns)) if place not in lines]
    over = [0, *(place + 1 for place in kept)]
    return replace(
        table,
        heads=tuple(table.heads[place] for place in over),
        rows=tuple(
            row if row.is_heading else replace(row, cells=tuple(row.cells[place] for place in kept))
            for row in table.rows
        ),
        widths=tuple(table.widths[place] for place in over) if table.widths else (),
        instead=(*table.instead, (*said, Inline("."))),
    )


def _constant(column: Sequence[TableCell]) -> tuple[Inline, ...]:
    """Give what every cell of a column says, with all their ids; nothing where two differ."""
    first = column[0]
    printed = [part.text for part in first.parts]
    if any([part.text for part in cell.parts] != printed for cell in column):
        return ()
    if not first.text:
        return (Inline("no entry"),)
    return _alike([cell.parts for cell in column])


def _alike(lines: Sequence[Sequence[Inline]]) -> tuple[Inline, ...]:
    """Print lines that read alike once, each number with the ids of all of them."""
    found = []
    for parts in zip(*lines, strict=True):
        ids = list(dict.fromkeys(name for part in parts for name in ids_of((part,))))
        found.append(replace(parts[0], id=ids[0], also=tuple(ids[1:])) if ids else parts[0])
    return tuple(found)


def collapse_equal(table: TableSpec) -> TableSpec | Paragraph:
    """Put a sensitivity table into one sentence where every row of a visit and population printed the same.

    Parameters
    ----------
    table : of sensitivity analyses, its cells what was done about missing values, n, estimate and P, under a
        heading for each visit and population

    Returns
    -------
    TableSpec or Paragraph : a sentence where all rows print the same; a row a method where each method prints
        the same whatever was done about missing values; the table as it is where one row differs

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> rows = text_rows([("a", "left out", "40", "29/40", ""), ("b", "none", "40", "29/40", "")])
    >>> heads = ("Method", "Missing outcome", "n", "Estimate (95% CI)", "P")
    >>> table = TableSpec("t", "sensitivity", "Sensitivity analyses: response", heads, rows)
    >>> "".join(part.text for part in collapse_equal(table).text)
    'Sensitivity analyses: response, estimate (95% CI): all 2 treatments of missing values gave 29/40.'
    """
    rows = [row for row in table.rows if not row.is_heading]
    printed = {tuple(cell.text for cell in row.cells[1:]) for row in rows}
    if len(rows) < _FEWEST:
        return table
    if len(printed) > 1:
        return _collapse_blocks(table)
    estimate, p = _estimate_and_p(rows)
    blocks = sum(row.is_heading for row in table.rows)
    title = _titled(table)
    what = "treatments of missing values" if blocks <= 1 else "analyses, over visits and populations,"
    said = (*estimate, *((Inline("; P "), *p) if p else ()), Inline("."))
    return Paragraph((Inline(f"{title}: all {len(rows)} {what} gave "), *said))


def _collapse_blocks(table: TableSpec) -> TableSpec | Paragraph:
    """Say of each visit and population what all its rows printed; the table where one of them differs."""
    blocks: list[tuple[str, list[TableRow]]] = []
    for row in table.rows:
        if row.is_heading:
            blocks.append((row.stub.text, []))
        elif blocks:
            blocks[-1][1].append(row)
    if not blocks:
        return _collapse_methods(table)
    for _, rows in blocks:
        if len(rows) < _FEWEST or not _print_alike(rows):
            return _collapse_methods(table)
    said: list[Inline] = [
        Inline(f"{_titled(table)}: whatever was done about missing values, the same came out. ")
    ]
    for name, rows in blocks:
        estimate, p = _estimate_and_p(rows)
        said += [Inline(f"{name}, {len(rows)} treatments: "), *estimate]
        said += [*((Inline("; P "), *p) if p else ()), Inline(". ")]
    return Paragraph((*said[:-1], Inline(".")))


def _print_alike(rows: Sequence[TableRow]) -> bool:
    """Tell whether rows print the same but for what was done about missing values."""
    return len({tuple(cell.text for cell in row.cells[1:]) for row in rows}) == 1


def _collapse_methods(table: TableSpec) -> TableSpec:
    """Print a method of a visit and population once, where it printed the same for every rule."""
    methods: dict[tuple[int, str], list[TableRow]] = {}
    block = 0
    for row in table.rows:
        block += row.is_heading
        methods.setdefault((block, row.stub.text if row.cells else ""), []).append(row)
    kept = [row for rows in methods.values() for row in ([_one_row(rows)] if _print_alike(rows) else rows)]
    if len(kept) == len(table.rows):
        return table
    said = (
        "A row that names several rules about missing outcomes stands for all of them: they printed the same."
    )
    return replace(table, rows=tuple(kept), instead=(*table.instead, (Inline(said),)))


def _one_row(rows: Sequence[TableRow]) -> TableRow:
    """Print rows that read alike once, with the rules about missing values that they are of."""
    if len(rows) == 1:
        return rows[0]
    rules = joined(Inline(", ".join(row.cells[0].text for row in rows)))
    columns = zip(*(row.cells[1:] for row in rows), strict=True)
    return replace(
        rows[0], cells=(rules, *(joined(*_alike([cell.parts for cell in column])) for column in columns))
    )


def _titled(table: TableSpec) -> str:
    """Give the title with the head over the estimates, which names the level of their intervals."""
    head = table.heads[3]
    return f"{table.title}, {head[:1].lower()}{head[1:]}"


def _estimate_and_p(rows: Sequence[TableRow]) -> tuple[tuple[Inline, ...], tuple[Inline, ...]]:
    """Print estimate and P of rows that are equal once; the estimate keeps the ids of their n too."""
    estimate, p = (_alike([row.cells[place].parts for row in rows]) for place in (2, 3))
    sizes = [name for row in rows for name in row.cells[1].ids]
    return _standing_for(estimate, sizes), p if rows[0].cells[3].text else ()
