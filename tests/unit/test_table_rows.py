"""Rows of a sheet become a table: its header, what stands above and beside it, rows that do not fit."""

import pytest

from funis.data.cells import RawData, UnreadableError
from funis.data.read.records import make_table

Rows = list[tuple[list[str], int]]
HEADER = ["subject", "day", "note"]


def read(
    rows: Rows, header_row: int | None = None, left: int = 1
) -> tuple[list[tuple[object, ...]], RawData]:
    raw = RawData()
    return make_table(rows, (raw, "visits.csv"), header_row, left=left).frame.rows(), raw


def said(raw: RawData) -> list[tuple[str, int | None, str]]:
    return [(each.code, each.line, each.message) for each in raw.findings]


def test_rows_keep_their_lines_and_columns_their_places() -> None:
    raw = RawData()
    table = make_table([(HEADER, 3), (["A", "1", "x"], 5)], (raw, "visits.csv"), None, left=2)
    assert table.frame.columns == [*HEADER, "_line"]
    assert table.frame.rows() == [("A", "1", "x", 5)]
    assert (table.grid.header_line, table.grid.columns) == (3, {"subject": 2, "day": 3, "note": 4})
    assert raw.findings == []


@pytest.mark.parametrize(("file", "what"), [("visits.csv", "The file"), ("book.xlsx[visits]", "The sheet")])
def test_no_rows_are_no_table(file: str, what: str) -> None:
    with pytest.raises(UnreadableError, match=f"{what} is empty"):
        make_table([], (RawData(), file), None)


def test_a_title_above_the_header_is_named_with_the_row_of_the_header() -> None:
    with pytest.raises(UnreadableError) as caught:
        read([(["Visits 2024", "", ""], 1), (HEADER, 4), (["A", "1", "x"], 5)])
    error = caught.value
    assert (error.code, error.line) == ("title_above_header", 1)
    assert "name its row, 4," in error.fix
    assert error.behind is not None
    assert error.behind.frame.rows() == [("A", "1", "x", 5)]


def test_one_column_or_two_below_one_cell_are_no_title() -> None:
    """A header has more than two cells; one cell above two or fewer is a table of one column."""
    rows, raw = read([(["subject"], 1), (["A"], 2)])
    assert rows == [("A", 2)]
    assert raw.findings == []
    rows, raw = read([(["subject", "", ""], 1), (["A", "1", ""], 2)])
    assert rows == [("A", 2)]
    assert [each[:2] for each in said(raw)] == [("unnamed_column", 2)]
    with pytest.raises(UnreadableError):
        read([(["subject", "", ""], 1), (["A", "1", "2"], 2)])
    two, raw = read([(["subject", "day", ""], 1), (["A", "1", "x"], 2)])
    assert two == [("A", "1", 2)]


def test_a_declared_header_takes_its_own_cells_first_then_those_merged_above() -> None:
    rows: Rows = [
        (["Title", "", "", ""], 1),
        (["subject", "when", "", "free"], 2),
        (["", "day", "note"], 3),
        (["A", "1", "x", "y"], 4),
    ]
    raw = RawData()
    table = make_table(rows, (raw, "visits.csv"), 3)
    assert table.frame.columns == ["subject", "day", "note", "free", "_line"]
    assert table.frame.rows() == [("A", "1", "x", "y", 4)]
    assert table.grid.header_line == 3
    with pytest.raises(UnreadableError, match="row 5, which is empty"):
        read(rows, header_row=5)


def test_a_row_of_the_declared_header_below_wider_rows_keeps_its_width() -> None:
    rows, _ = read([(["x"], 1), (["subject", "day"], 2), (["A", "1"], 3)], header_row=2)
    assert rows == [("A", "1", 3)]


def test_rows_of_another_width_are_left_out_unless_the_rest_is_empty() -> None:
    rows, raw = read(
        [
            (HEADER, 1),
            (["A", "1"], 2),
            (["B", "2", "x", " "], 3),
            (["C", "3", "x", "y"], 4),
            (["D", "4", "z"], 5),
        ]
    )
    assert rows == [("B", "2", "x", 3), ("D", "4", "z", 5)]
    assert said(raw) == [
        ("ragged_row", 2, "The row has 2 cells, the header 3; the row is left out."),
        ("ragged_row", 4, "The row has 4 cells, the header 3; the row is left out."),
    ]


def test_a_header_in_the_middle_is_left_out() -> None:
    rows, raw = read(
        [(HEADER, 1), (["A", "1", "x"], 2), (["subject", " day", "note "], 3), (["subject", "2", "y"], 4)]
    )
    assert rows == [("A", "1", "x", 2), ("subject", "2", "y", 4)]
    assert [(code, line) for code, line, _ in said(raw)] == [("header_repeated", 3)]
    assert raw.findings[0].level == "warning"


def test_values_without_a_name_are_counted_column_by_column() -> None:
    header = ["subject", "", "day", " "]
    rows, raw = read(
        [(header, 1), (["A", "", "1", "p"], 2), (["B", "q", "2", "r"], 3), (["C", " ", "3", ""], 4)]
    )
    assert rows == [("A", "1", 2), ("B", "2", 3), ("C", "3", 4)]
    assert said(raw) == [
        ("unnamed_column", 3, "Column 2 has no name in the header and holds one value; it is not read."),
        ("unnamed_column", 2, "Column 4 has no name in the header and holds 2 values; it is not read."),
    ]


def test_of_two_columns_of_one_name_the_first_is_read() -> None:
    rows, raw = read([(["subject", "day", "day "], 7), (["A", "1", "2"], 8)])
    assert rows == [("A", "1", 8)]
    assert said(raw) == [
        ("duplicate_column", 7, "The column stands twice; column 2 is read, column 3 is not.")
    ]
