"""Frames as they are given: names of columns, empty tables and rows, and how few cells are held as few rows."""

from typing import Any

import polars as pl
import pytest

from funis.data.given_frames import take_frames
from funis.frames.verbs import is_few
from funis.schema import VISITS

EXPECTED = {"visits": True, "labs": True, "sdi": False}


def taken(given: Any, *, few_cells: int = 0) -> Any:
    return take_frames({"visits": given}, {"visits": VISITS}, EXPECTED, few_cells=few_cells)


@pytest.mark.parametrize("few_cells", [0, 100])
def test_of_two_columns_that_differ_by_spaces_the_first_is_read(few_cells: int) -> None:
    raw = taken(
        pl.DataFrame({"subject": ["A"], " day": ["1"], "day ": ["2"], " ": ["3"]}), few_cells=few_cells
    )
    table = raw.tables["visits"].frame
    assert table.columns == ["subject", "day", "_line"]
    assert table["day"].to_list() == ["1"]
    assert [(each.code, each.line, each.column) for each in raw.findings] == [("duplicate_column", 1, "day")]


@pytest.mark.parametrize("few_cells", [0, 100])
def test_names_are_spelt_as_the_table_spells_them(few_cells: int) -> None:
    raw = taken(pl.DataFrame({"Subject": ["A"], "DAY": ["1"], "Colour": ["red"]}), few_cells=few_cells)
    assert raw.tables["visits"].frame.columns == ["subject", "day", "Colour", "_line"]
    assert raw.findings == []


@pytest.mark.parametrize("few_cells", [0, 100])
def test_rows_without_a_value_are_left_out_and_the_others_keep_their_number(few_cells: int) -> None:
    frame = pl.DataFrame({"subject": ["A", " ", None, ""], "day": ["1", "", None, "4"]})
    table = taken(frame, few_cells=few_cells).tables["visits"].frame
    assert table["_line"].to_list() == [1, 4]
    assert table["day"].to_list() == ["1", "4"]
    full = taken(pl.DataFrame({"subject": ["A", "B"], "day": ["1", None]}), few_cells=few_cells)
    assert full.tables["visits"].frame["_line"].to_list() == [1, 2]


@pytest.mark.parametrize(("few_cells", "few"), [(0, False), (3, False), (4, True), (5, True)])
def test_up_to_so_many_cells_are_held_as_few_rows(few_cells: int, *, few: bool) -> None:
    raw = taken([{"subject": "A", "day": "1"}, {"subject": "B", "day": "2"}], few_cells=few_cells)
    assert is_few(raw.tables["visits"].frame) is few


def test_one_cell_is_few_where_one_is_allowed() -> None:
    rows = [{"subject": "A"}]
    assert is_few(taken(rows, few_cells=1).tables["visits"].frame)
    assert not is_few(taken(rows).tables["visits"].frame)
    # Nothing is held as few rows where no cell is allowed, however few there are.
    assert not is_few(taken([], few_cells=0).tables["visits"].frame)


def test_an_empty_list_is_a_table_with_its_columns() -> None:
    table = taken([]).tables["visits"].frame
    assert table.height == 0
    assert {"subject", "visit", "day"} <= set(table.columns)


@pytest.mark.parametrize("few_cells", [0, 100])
def test_columns_of_ours_and_flags_are_read_as_a_file_would_hold_them(few_cells: int) -> None:
    rows = [{"subject": "A", "day": 1, "_mine": 2, "seen": True}, {"subject": "B", "seen": False}]
    table = taken(rows, few_cells=few_cells).tables["visits"].frame
    assert table.columns == ["subject", "day", "seen", "_line"]
    assert table["seen"].to_list() == ["1", "0"]
    assert table["day"].to_list() == ["1", None]
    texts = [{"subject": "A", "_mine": "2"}]
    assert taken(texts, few_cells=few_cells).tables["visits"].frame.columns == ["subject", "_line"]


def test_a_name_in_other_capitals_is_that_of_a_table_unless_it_is_there() -> None:
    rows = [{"subject": "A", "day": "1"}]
    assert [*take_frames({"Visits": rows}, {}, EXPECTED).tables] == ["visits"]
    both = take_frames({"Visits": rows, "visits": [{"subject": "B"}]}, {}, EXPECTED)
    assert both.tables["visits"].frame["subject"].to_list() == ["B"]
    assert [each.code for each in both.findings] == ["unknown_table"]
    # A table that the study does not use is not found under another spelling either.
    assert [*take_frames({"SDI": rows}, {}, EXPECTED).tables] == []
