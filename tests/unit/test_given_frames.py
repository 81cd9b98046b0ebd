"""Frames as they are given: names of columns, empty tables and rows, and how few cells are held as few rows."""

from typing import Any

import polars as pl
import pytest

from funis.data.given_frames import take_frames
from funis.errors import ValueRangeError
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


FEW_OR_MANY = pytest.mark.parametrize("few_cells", [0, 100])


@FEW_OR_MANY
@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        # A number beside a text is written as in a file: whole numbers without a point, truth as 1 and 0.
        ([7, "ND"], ["7", "ND"]),
        ([7.5, "ND"], ["7.5", "ND"]),
        ([1.0, 0.0, "ND"], ["1", "0", "ND"]),
        ([2.0, "ND"], ["2.0", "ND"]),
        ([True, False, None, "ND"], ["1", "0", None, "ND"]),
        # Without a text beside them numbers are a column of numbers.
        ([True, False], ["1", "0"]),
        ([7, None], ["7", None]),
        ([1, 2.5], ["1.0", "2.5"]),
        (["1", None], ["1", None]),
    ],
)
def test_values_become_the_texts_of_a_file(cells: list[Any], texts: list[str | None], few_cells: int) -> None:
    rows = [{"subject": "A", "day": cell} for cell in cells]
    assert taken(rows, few_cells=few_cells).tables["visits"].frame["day"].to_list() == texts


@FEW_OR_MANY
def test_a_row_without_a_key_has_an_empty_cell(few_cells: int) -> None:
    table = taken([{"subject": "A"}, {"day": "3"}, {"subject": "C", "day": 4}], few_cells=few_cells)
    assert table.tables["visits"].frame.rows() == [("A", None, 1), (None, "3", 2), ("C", "4", 3)]


@FEW_OR_MANY
@pytest.mark.parametrize(
    "rows", [[{"subject": "A\ud800", "day": "1"}], [{"n\ud800": "A"}], [{"subject": 1, "n\ud800": 2}]]
)
def test_half_a_letter_makes_a_table_unreadable(rows: Any, few_cells: int) -> None:
    raw = taken(rows, few_cells=few_cells)
    assert (raw.tables, raw.unreadable) == ({}, {"visits"})
    (finding,) = raw.findings
    assert (finding.level, finding.code, finding.table, finding.file) == (
        "error", "control_character", "visits", "visits",
    )  # fmt: skip
    assert "(U+D800)" in finding.message


@FEW_OR_MANY
@pytest.mark.parametrize(
    ("given", "found"),
    [
        (5, "found 5;"),
        ("visits", "found 'visits';"),
        ([{"subject": "A"}, 5], "found a list of 2;"),
        ([{"subject": "A", 1: "x"}], "found a row with a key that is no text;"),
        # What csv.DictReader makes of a row with more cells than the header.
        ([{"subject": "A"}, {"subject": "B", None: ["x"]}], "found a row with a key that is no text;"),
        (pl.LazyFrame({"subject": ["A"]}).select("day"), "found a lazy frame whose query fails;"),
    ],
)
def test_what_is_no_table_is_refused_with_what_was_found(given: Any, found: str, few_cells: int) -> None:
    with pytest.raises(ValueRangeError, match="table 'visits': ") as caught:
        taken(given, few_cells=few_cells)
    assert found in str(caught.value)


@FEW_OR_MANY
def test_a_lazy_frame_is_collected(few_cells: int) -> None:
    raw = taken(pl.LazyFrame({"subject": ["A"], "day": [7]}), few_cells=few_cells)
    assert raw.tables["visits"].frame.rows() == [("A", "7", 1)]


@FEW_OR_MANY
@pytest.mark.parametrize(
    ("name", "level", "unreadable"),
    [("visitss", "error", {"visits"}), ("Labs_", "error", {"labs"}), ("colours", "warning", set())],
)
def test_a_table_that_is_nearly_named_is_not_read_and_not_missed(
    name: str, level: str, unreadable: set[str], few_cells: int
) -> None:
    raw = take_frames({name: [{"subject": "A"}]}, {"visits": VISITS}, EXPECTED, few_cells=few_cells)
    assert (raw.tables, raw.unreadable) == ({}, unreadable)
    assert [(each.level, each.code) for each in raw.findings] == [(level, "unknown_table")]


def test_what_is_wrong_in_a_table_with_a_wrong_name_is_told_after_its_name() -> None:
    raw = take_frames({"visitss": [{"subject": "A\ud800"}]}, {"visits": VISITS}, EXPECTED)
    assert [(each.code, each.file) for each in raw.findings] == [
        ("unknown_table", "visitss"), ("control_character", "visitss"),
    ]  # fmt: skip


@FEW_OR_MANY
def test_a_control_character_is_told_at_its_row(few_cells: int) -> None:
    rows = [{"subject": "A", "day": "1"}, {"subject": "B", "day": "2\0"}]
    raw = taken(rows, few_cells=few_cells)
    assert raw.tables["visits"].frame.rows() == [("A", "1", 1), ("B", None, 2)]
    assert [(each.code, each.file, each.line, each.column, each.value) for each in raw.findings] == [
        ("control_character", "visits", 2, "day", "U+0000")
    ]


def test_cells_of_all_tables_together_are_few_or_many() -> None:
    two = {"visits": [{"subject": "A"}], "labs": [{"subject": "A", "test": "c3"}]}
    for few_cells, few in ((2, False), (3, True)):
        raw = take_frames(two, {}, EXPECTED, few_cells=few_cells)
        assert [is_few(each.frame) for each in raw.tables.values()] == [few, few]


@FEW_OR_MANY
@pytest.mark.parametrize(
    ("unit", "of_a_day", "hour"),
    [(None, 1, ""), ("ms", 86_400_000, " 00:00:00.000"), ("us", 86_400_000_000, " 00:00:00.000000")],
)
def test_a_day_that_no_calendar_has_becomes_its_number(
    unit: Any, of_a_day: int, hour: str, few_cells: int
) -> None:
    """Days count from 1970-01-01: 719,162 before it the first year began, 2,932,896 after it the year 9999 ended."""
    days = [-719_163, -719_162, 0, 2_932_896, 2_932_897]
    column = pl.Series("date", [day * of_a_day for day in days], dtype=pl.Int64 if unit else pl.Int32)
    dated = pl.DataFrame(
        {"subject": list("ABCDE"), "date": column.cast(pl.Datetime(unit) if unit else pl.Date)}
    )
    assert taken(dated, few_cells=few_cells).tables["visits"].frame["date"].to_list() == [
        str(-719_163 * of_a_day),
        f"0001-01-01{hour}",
        f"1970-01-01{hour}",
        f"9999-12-31{hour}",
        str(2_932_897 * of_a_day),
    ]
