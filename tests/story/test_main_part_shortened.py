"""What the main part says of arms side by side, and of laboratory harms in one row a test."""

from __future__ import annotations

import re

import pytest

from funis.documents.table import TableSpec

from .test_report_statements import box_of, main_tables, newcombe, report


def table_of(kind: str, name: str) -> TableSpec:
    blocks = (block for section in report(kind).sections for block in section.all_blocks)
    return next(each for each in blocks if isinstance(each, TableSpec) and each.id == name)


def test_each_class_of_response_has_its_difference_and_no_p_of_its_own() -> None:
    table = table_of("two_arms", "table-main-response")
    classes = [row for row in table.rows if "clinical response" in row.stub.text.lower() and row.indent]
    assert len(classes) == 4
    for row in classes:
        cells = [cell.text for cell in row.cells]
        (a, n), (b, m) = (map(int, cells[place].split("/")) for place in (0, 2))
        estimate, low, high = (float(each) for each in re.findall(r"-?[\d.]+", cells[4].replace("−", "-")))
        assert estimate == pytest.approx(100 * (a / n - b / m), abs=0.051)
        assert (low, high) == pytest.approx(newcombe((a, n), (b, m)), abs=0.051)
        assert cells[5] == "–"


def test_relapses_of_responders_of_two_arms_are_described_and_not_compared() -> None:
    said = " ".join(table_of("two_arms", "table-main-relapse").footnotes)
    assert "responders of two arms are not alike" in said
    assert "responders of two arms" not in " ".join(table_of("sle", "table-main-relapse").footnotes)


@pytest.mark.parametrize("kind", ["sle", "two_arms"])
def test_laboratory_harms_stand_in_one_row_a_test_and_every_grade_behind(kind: str) -> None:
    main, full = table_of(kind, "table-main-lab-shifts"), table_of(kind, "table-lab-shifts")
    tests = [row.stub.text for row in full.rows if row.is_heading]
    assert [row.stub.text for row in main.rows] == tests
    worse = [row.cells[0].text for row in full.rows if row.stub.text.startswith("Worse than at baseline")]
    assert [row.cells[0].text for row in main.rows] == worse
    assert full.id not in {each.id for each in main_tables(kind)}


def test_exploratory_endpoints_stand_in_one_entry_of_box_2() -> None:
    names = [entry.name for entry in box_of("sle", 1).entries]
    assert names[-1] == "Exploratory"
    assert not [name for name in names if "(exploratory)" in name]
