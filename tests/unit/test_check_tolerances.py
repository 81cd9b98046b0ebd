"""Where two records of one thing differ too much, and which tables count as given."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.data.check.checked_data import Data
from funis.data.check.series import check_series
from funis.data.tables import read_tables, tables_from_frames
from funis.study.days import derive_visit_order
from funis.study.model import Study

TODAY = date(2026, 1, 1)
SERIES = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
BLOOD = Study.model_validate(
    {
        "study": SERIES,
        "visits": ({"name": "visit_1", "day": 0, "forms": ("bilag_2004", "labs")},),
        "labs": ({"test": "haemoglobin", "unit": "g/dL"},),
    }
)
SUBJECTS = ["S1", "S2", "S3", "S4"]


@pytest.mark.parametrize(
    ("item", "test", "is_told"),
    [
        ("9.9", "10", False),  # 0.1 is 1 % of the larger, 10
        ("10", "9.9", False),
        ("9.89", "10", True),  # 0.11 is more than 0.1
        ("10", "9.89", True),
        ("10", "10", False),
    ],
)
def test_an_item_and_its_test_may_differ_by_one_in_a_hundred_of_the_larger(
    item: str, test: str, *, is_told: bool
) -> None:
    items = dict.fromkeys((each.name for each in definition("bilag_2004").items), "0")
    visit = {"subject": "S1", "visit": "visit_1", "date": "2020-01-05"}
    tables = {
        "subjects": [{"subject": "S1"}],
        "bilag_2004": [visit | items | {"haemoglobin": item}],
        "labs": [visit | {"test": "haemoglobin", "value": test, "unit": "g/dL"}],
    }
    found = tables_from_frames(BLOOD, tables, today=TODAY).findings
    told = [each.column for each in found if each.code == "lab_contradicts_item"]
    assert told == (["haemoglobin"] if is_told else [])


@pytest.mark.parametrize(
    ("minutes", "is_time"),
    [(140.0, True), (140.00009, True), (139.99991, True), (140.00011, False), (139.99989, False)],
)
def test_a_time_of_day_is_a_whole_minute_to_a_ten_thousandth(minutes: float, *, is_time: bool) -> None:
    row = {"subject": "S1", "visit": "visit_1", "test": "anti_dsdna", "_file": "labs", "_line": 1}
    value = minutes / 1440  # minutes of a day
    labs = pl.DataFrame([row | {"value": value, "value_recorded": value, "unit_recorded": "IU/mL"}])
    study = Study.model_validate({"study": SERIES, "visits": ({"name": "visit_1", "day": 0},)})
    found = list(check_series(Data(study, {"labs": labs}, frozenset({"labs"}), frozenset())))
    assert [each.code for each in found] == (["time_of_day"] if is_time else [])


def test_a_visit_that_names_its_tests_does_not_count_for_the_others() -> None:
    # c4 is due at the first visit only: of three subjects it is missed three times, of four once.
    for subjects, is_once in ((SUBJECTS[:3], False), (SUBJECTS, True)):
        study = Study.model_validate(
            {
                "study": SERIES,
                "visits": (
                    {"name": "first", "day": 0, "forms": ("labs",)},
                    {"name": "second", "day": 30, "forms": ("labs",), "labs": ("c3",)},
                ),
                "labs": ({"test": "c3", "unit": "g/L"}, {"test": "c4", "unit": "g/L"}),
            }
        )
        rows = [
            {"subject": subject, "visit": visit, "date": day}
            for subject in subjects
            for visit, day in (("first", "2020-01-05"), ("second", "2020-02-04"))
        ]
        tables = {
            "subjects": [{"subject": subject} for subject in subjects],
            "visits": rows,
            "labs": [row | {"test": "c3", "value": "1", "unit": "g/L"} for row in rows],
        }
        found = [
            each
            for each in tables_from_frames(study, tables, today=TODAY).findings
            if each.code == "missing_labs"
        ]
        expected = [("labs", "")] if is_once else [("visits", subject) for subject in subjects]
        assert [(each.table, each.subject) for each in found] == expected


def test_a_table_of_nothing_but_visit_and_day_orders_the_visits() -> None:
    seen = pl.DataFrame({"visit": ["late", "early", "late"], "day": [40, 3, 60]})
    assert derive_visit_order(Study.model_validate({"study": SERIES}), {"visits": seen}) == ("early", "late")


def test_a_file_that_cannot_be_read_is_not_a_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "subjects.csv").write_text("subject\nS1\n", encoding="utf-8")
    (tmp_path / "adverse_events.csv").write_bytes(b"PK\x03\x04\x00\x00")
    tables = read_tables(tmp_path, BLOOD, today=TODAY)
    assert tables.present == {"subjects"}
    assert "error" in {each.level for each in tables.findings if each.file == "adverse_events.csv"}
    (tmp_path / "adverse_events.csv").write_text("subject,term,start\n", encoding="utf-8")
    assert read_tables(tmp_path, BLOOD, today=TODAY).present == {"subjects", "adverse_events"}


def test_a_sheet_of_a_workbook_is_given(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "subjects"
    book.active.append(["subject"])
    book.active.append(["S1"])
    book.create_sheet("adverse_events").append(["subject", "term", "start"])
    book.save(tmp_path / "data.xlsx")
    assert read_tables(tmp_path, BLOOD, today=TODAY).present == {"subjects", "adverse_events"}


@pytest.mark.parametrize(
    ("item", "platelets", "attributed", "level"),
    [
        # SLEDAI-2K counts platelets below 100. Absent beside a low count: it may have another cause.
        ("0", "80", "", "query"),
        ("0", "80", "0", "query"),
        # Present beside a normal count cannot be; with another cause it should have been recorded as absent.
        ("1", "200", "", "warning"),
        ("1", "200", "0", "query"),
        ("1", "80", "0", None),
        ("0", "200", "", None),
    ],
)
def test_an_item_beside_another_laboratory_result_is_a_question_where_another_cause_explains_it(
    item: str, platelets: str, attributed: str, level: str | None
) -> None:
    study = Study.model_validate(
        {
            "study": SERIES,
            "visits": ({"name": "visit_1", "day": 0, "forms": ("sledai_2k", "labs")},),
            "labs": ({"test": "platelets", "unit": "10^9/L"},),
        }
    )
    items = dict.fromkeys((each.name for each in definition("sledai_2k").items), "0")
    visit = {"subject": "S1", "visit": "visit_1", "date": "2020-01-05"}
    judged = {"thrombocytopenia": item, "thrombocytopenia_attributed": attributed}
    tables = {
        "subjects": [{"subject": "S1"}],
        "sledai_2k": [visit | items | judged],
        "labs": [visit | {"test": "platelets", "value": platelets, "unit": "10^9/L"}],
    }
    found = tables_from_frames(study, tables, today=TODAY).findings
    told = [each for each in found if each.code == "lab_contradicts_item"]
    assert [each.level for each in told] == ([] if level is None else [level])
    assert all(("another cause" in each.fix) is (level == "query") for each in told)
