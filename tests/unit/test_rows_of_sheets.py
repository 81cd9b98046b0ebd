"""Rows of a sheet made into a table: which row is the header, which rows are left out, and where that is told."""

import pytest

from funis.data.cells import RawData, TableCells, UnreadableError
from funis.data.read.csv_text import _find_delimiter, decode
from funis.data.read.records import Filled, make_table

HEADER = ["subject", "day", "sex"]


def made(rows: Filled, header_row: int | None = None, *, left: int = 1) -> tuple[TableCells, list[str]]:
    """Make a table; give it and every finding with level, code, line, column and words."""
    found = RawData()
    cells = make_table(rows, (found, "t.csv"), header_row, left=left)
    return cells, [
        f"{each.level} {each.code} {each.line} {each.column}: {each.message}" for each in found.findings
    ]


def numbered(*rows: list[str], first: int = 1) -> Filled:
    return list(zip(rows, range(first, first + len(rows)), strict=True))


def test_the_first_row_is_the_header_and_each_row_keeps_its_line() -> None:
    cells, told = made([(HEADER, 2), (["A", "1", "f"], 3), (["B", "2", "m"], 7)])
    assert cells.frame.columns == [*HEADER, "_line"]
    assert cells.frame.rows() == [("A", "1", "f", 3), ("B", "2", "m", 7)]
    assert (cells.grid.header_line, dict(cells.grid.columns)) == (2, {"subject": 1, "day": 2, "sex": 3})
    assert told == []


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert made(numbered(HEADER))[0].frame.shape == (0, 4)


@pytest.mark.parametrize(("file", "what"), [("t.csv", "The file"), ("t.xlsx[labs]", "The sheet")])
def test_nothing_is_no_table(file: str, what: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        make_table([], (RawData(), file), None)
    assert (caught.value.code, caught.value.message) == (
        "empty_file",
        f"{what} is empty; it has not even a header.",
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["A", "1"], "The row has 2 cells, the header 3; the row is left out."),
        (["A", "1", "f", "x"], "The row has 4 cells, the header 3; the row is left out."),
        (["A", "1", "f", " ", "x"], "The row has 5 cells, the header 3; the row is left out."),
        # Cells behind the last column that are empty are no cells.
        (["A", "1", "f", "", " "], ""),
        (["A", "1", "f"], ""),
    ],
)
def test_a_row_of_another_width_is_left_out_and_told_at_its_line(row: list[str], message: str) -> None:
    cells, told = made([(HEADER, 1), (row, 4), (["B", "2", "m"], 5)])
    assert cells.frame["_line"].to_list() == ([5] if message else [4, 5])
    assert told == ([f"error ragged_row 4 : {message}"] if message else [])


def test_a_repeated_header_is_left_out_and_a_row_that_begins_like_one_is_kept() -> None:
    rows = numbered(HEADER, ["A", "1", "f"], [" subject", "day ", "sex"], ["subject", "1", "f"])
    cells, told = made(rows)
    assert cells.frame["_line"].to_list() == [2, 4]
    assert told == ["warning header_repeated 3 : The row repeats the header; it is left out."]


@pytest.mark.parametrize(("left", "first", "second"), [(1, 1, 3), (2, 2, 4)])
def test_of_a_name_that_stands_twice_the_first_is_read(left: int, first: int, second: int) -> None:
    cells, told = made(numbered(["day", "subject", " day "], ["1", "A", "2"], first=3), left=left)
    assert cells.frame.rows() == [("1", "A", 4)]
    assert dict(cells.grid.columns) == {"day": first, "subject": first + 1}
    assert told == [
        f"error duplicate_column 3 day: The column stands twice; column {first} is read, column {second} is not."
    ]


@pytest.mark.parametrize(("left", "column"), [(1, 2), (3, 4)])
def test_values_under_no_name_are_counted_and_told_at_the_first(left: int, column: int) -> None:
    rows = numbered(
        ["subject", "", "sex", " "], ["A", " ", "f", ""], ["B", "x", "m", ""], ["C", "y", "f", "z"]
    )
    cells, told = made(rows, left=left)
    assert cells.frame.rows() == [("A", "f", 2), ("B", "m", 3), ("C", "f", 4)]
    assert dict(cells.grid.columns) == {"subject": left, "sex": left + 2}
    end = "in the header and holds"
    assert told == [
        f"warning unnamed_column 3 : Column {column} has no name {end} 2 values; it is not read.",
        f"warning unnamed_column 4 : Column {column + 2} has no name {end} one value; it is not read.",
    ]


@pytest.mark.parametrize(
    ("rows", "title", "header"),
    [
        ([(["Results of 2024", "", ""], 1), (HEADER, 2), (["A", "1", "f"], 3)], 1, 2),
        ([(["", "Results", ""], 2), (HEADER, 5), (["A", "1", "f"], 6)], 2, 5),
    ],
)
def test_a_title_above_the_header_is_told_at_its_row(rows: Filled, title: int, header: int) -> None:
    with pytest.raises(UnreadableError) as caught:
        made(rows, left=2)
    error = caught.value
    assert (error.code, error.line) == ("title_above_header", title)
    assert f"name its row, {header}, in [import.header_rows]" in error.fix
    # What stands below is looked at all the same.
    assert error.behind is not None
    assert error.behind.frame.rows() == [("A", "1", "f", header + 1)]
    assert error.behind.grid.columns["subject"] == 2


@pytest.mark.parametrize(
    "rows",
    [
        # A table of one column has a header of one cell, and one of two columns may have a row above two cells.
        numbered(["subject"], ["A"], ["B"]),
        numbered(["subject", ""], ["A", "1"]),
        numbered(["subject", "day", ""], ["A", "1", "f"]),
        numbered(["subject"]),
    ],
)
def test_a_short_header_is_no_title(rows: Filled) -> None:
    assert made(rows)[0].grid.header_line == 1


def test_a_row_of_three_cells_under_one_is_a_header_under_a_title() -> None:
    with pytest.raises(UnreadableError):
        made(numbered(["subject", "", ""], ["A", "1", "f"]))


def test_the_declared_row_is_the_header_and_merged_cells_above_it_give_their_text() -> None:
    rows = [
        (["Trial", "", "", ""], 1),
        (["subject", "C3", "", ""], 3),
        (["", "value", "unit", ""], 4),
        (["A", "1", "g", ""], 6),
    ]
    cells, told = made(rows, 4, left=2)
    assert cells.frame.rows() == [("A", "1", "g", 6)]
    assert cells.frame.columns == ["subject", "value", "unit", "_line"]
    assert (cells.grid.header_line, cells.grid.columns["unit"]) == (4, 4)
    assert told == []
    wide = [(["", "", "", "sex"], 1), (["subject", "day"], 2), (["A", "1", "", "f"], 3)]
    assert made(wide, 2)[0].frame.columns == ["subject", "day", "sex", "_line"]
    narrow = [(["", "x"], 1), (["subject", "", "sex"], 2), (["A", "1", "f"], 3)]
    assert made(narrow, 2)[0].frame.columns == ["subject", "x", "sex", "_line"]
    # The row nearest to the header comes first.
    stacked = [(["far"], 1), (["near"], 2), (["", "day"], 3), (["A", "1"], 4)]
    assert made(stacked, 3)[0].frame.columns == ["near", "day", "_line"]


@pytest.mark.parametrize("row", [2, 9])
def test_a_declared_row_that_is_empty_or_not_there_is_told(row: int) -> None:
    with pytest.raises(UnreadableError) as caught:
        made([(HEADER, 1), (["A", "1", "f"], 3)], row)
    assert (caught.value.code, caught.value.line) == ("header_row", row)
    assert f"row {row}, which is empty or not there" in caught.value.message


def test_a_declared_first_row_of_one_cell_is_no_title() -> None:
    cells, _ = made(numbered(["subject", "", ""], ["A", "1", "f"]), 1)
    assert cells.frame.rows() == [("A", 2)]


def test_a_byte_order_mark_says_utf_8_whatever_is_declared() -> None:
    marked = b"\xef\xbb\xbf" + "Größe".encode()
    assert decode(marked, "utf-8") == decode(marked, "gb18030") == decode(marked, "windows-1252") == "Größe"
    assert (
        decode("Größe".encode("windows-1252"), "windows-1252") == decode("Größe".encode(), "utf-8") == "Größe"
    )


@pytest.mark.parametrize(
    ("header", "sign"),
    [
        (["a;b"], ";"),
        # One decimal comma in the header of a file that semicolons divide makes two cells of it, not three.
        (["a;b", "c"], ";"),
        (["a;b", "c", "d"], None),
        (["a", "b;c"], None),
        (["a", "b"], None),
    ],
)
def test_another_sign_divides_the_cells_where_it_makes_as_many(header: list[str], sign: str | None) -> None:
    assert _find_delimiter(header, ",") == sign


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\nsubject\n\xff", 3),
        (b"\xff", 1),
        (b"a\nb\xff\n", 2),
        (b"\nsubject\nS\x001", 3),
        (b"S\x001", 1),
        (b"a\nb\x00\n", 2),
    ],
)
def test_a_letter_that_cannot_be_read_is_told_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(UnreadableError) as told:
        decode(data, "utf-8")
    assert told.value.line == line
