"""Rows of totals in a sheet, dates that may not be shown, and workbooks of other kinds: one message a cause."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from funis.cli.finding_lines import list_causes
from funis.data.cells import RawTable
from funis.data.check.total_rows import is_total, leave_out_totals
from funis.data.tables import Tables, read_tables
from funis.errors import Finding, ValueRangeError
from funis.scoring.frame_file import read_frame
from funis.study.read import read_study

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)


def read(folder: Path) -> Tables:
    return read_tables(folder, read_study(folder), today=TODAY)


def copy_clean(tmp_path: Path) -> Path:
    shutil.copytree(CLEAN, tmp_path / "trial")
    return tmp_path / "trial"


def add_row(folder: Path, table: str, *cells: str) -> int:
    """Add a row below a table and give its line."""
    path = folder / "data" / f"{table}.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    row = [*cells, *[""] * (len(rows[0]) - len(cells))]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*rows, row])
    return len(rows) + 1


@pytest.mark.parametrize(
    "word",
    [
        "Total",
        " SUBTOTAL: ",
        "Sub-Total",
        "Grand  Total",
        "mean",
        "Zwischensumme",
        "合计",
        "小计：",
        "平均值",
    ],
)
def test_words_of_totals_are_known_whatever_their_capitals_and_width(word: str) -> None:
    assert is_total(word)


@pytest.mark.parametrize("word", ["S01", "Total 7", "", "01", "totally", "合", "mean-1"])
def test_a_number_of_a_subject_is_no_total(word: str) -> None:
    assert not is_total(word)


def test_rows_of_totals_go_and_rows_without_a_number_stay() -> None:
    cells = pl.DataFrame(
        {"subject": ["S1", None, "Total", ""], "value": ["1", "2", "3", "4"], "_line": [2, 3, 4, 5]}
    )
    kept, found = leave_out_totals(RawTable("labs", "labs.csv", cells))
    assert kept.frame["_line"].to_list() == [2, 3, 5]
    assert [(each.level, each.code, each.line) for each in found] == [("warning", "total_row", 4)]
    other = RawTable("lots", "lots.csv", pl.DataFrame({"lot": ["Total"], "_line": [2]}))
    assert leave_out_totals(other) == (other, [])


@pytest.mark.parametrize(("table", "word"), [("subjects", "合计"), ("labs", "Total"), ("visits", "小计")])
def test_a_row_of_totals_is_told_once_and_changes_nothing_else(tmp_path: Path, table: str, word: str) -> None:
    before = read(copy_clean(tmp_path))
    line = add_row(tmp_path / "trial", table, word, "5")
    after = read(tmp_path / "trial")
    new = [each for each in after.findings if each not in before.findings]
    assert [(each.code, each.table, each.line, each.subject, each.value) for each in new] == [
        ("total_row", table, line, "", "")
    ]
    assert f"('{word}')" in new[0].message
    assert all(after.frames[name].equals(frame) for name, frame in before.frames.items())


@pytest.mark.parametrize("ending", [".xls", ".ods", ".xlsb", ".XLSM"])
def test_a_workbook_of_another_kind_is_an_error_that_says_what_to_do(tmp_path: Path, ending: str) -> None:
    folder = copy_clean(tmp_path)
    before = read(folder).findings
    (folder / "data" / f"labs2{ending}").write_bytes(b"any")
    new = [each for each in read(folder).findings if each not in before]
    assert [(each.level, each.code) for each in new] == [("error", "workbook_of_another_kind")]
    assert ending.lower() in new[0].message
    assert "save it as .xlsx" in new[0].fix
    (tmp_path / f"labs{ending}").write_bytes(b"any")
    with pytest.raises(ValueRangeError, match=r"save it as \.xlsx"):
        read_frame(tmp_path / f"labs{ending}")


def test_a_file_that_is_no_workbook_has_no_such_advice(tmp_path: Path) -> None:
    (tmp_path / "labs.txt").write_bytes(b"any")
    with pytest.raises(ValueRangeError) as error:
        read_frame(tmp_path / "labs.txt")
    assert "save it as" not in str(error.value)


def test_dates_that_may_not_be_shown_are_told_apart_by_what_is_wrong_with_them() -> None:
    def found(line: int, column: str, fix: str) -> Finding:
        message = f"'{column}' is not a date; it is left out."
        return Finding("error", "not_a_date", "subjects", "s.csv", line, column, "", message, fix)

    number, month = "This looks like a spreadsheet's day number.", "There is no such month."
    lines = list_causes([found(2, "consent_date", number), found(3, "birth_date", month)])
    assert [(number in each, month in each) for each in lines] == [(True, False), (False, True)]
    assert len(list_causes([found(2, "consent_date", number), found(3, "birth_date", number)])) == 1
