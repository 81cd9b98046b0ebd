"""A variable is printed with one number of decimals everywhere: levels, changes, tests, influence, first page.

Three tests of twelve subjects: C4 from 0.10 to 0.21 g/L that rises by 0.02 to 0.04 (two decimals by the level, four by
the change alone), creatinine from 95 to 106 umol/L that falls by 1 to 5 (one by the level, two by the change), and
ferritin around 2000 that falls by 20 to 40 (none by the level).
"""

import re
from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.number_book import decimals_for, read_numbers
from funis.reporting.report_tables import build_tables
from funis.results import NumberList, Results
from funis.study.model import Study

PEOPLE = [f"S{place:02}" for place in range(12)]
LEVELS = {"c4": (0.10, 0.01), "creatinine": (95.0, 1.0), "ferritin": (2000.0, 10.0)}
CHANGES = {"c4": (0.02, 0.03, 0.04), "creatinine": (-1.0, -2.0, -5.0), "ferritin": (-20.0, -30.0, -40.0)}
UNITS = {"c4": "g/L", "creatinine": "umol/L", "ferritin": "ug/L"}
DECIMALS = {"c4": 2, "creatinine": 1, "ferritin": 0}


@pytest.fixture(scope="module")
def found() -> tuple[Study, Results]:
    study = Study.model_validate(
        {
            "study": {"id": "D", "title": "Decimals", "condition": "sle", "design": "single_arm"},
            "visits": tuple({"name": name, "day": day, "window": (-30, 0) if not day else (-30, 30)}
                            for name, day in (("baseline", 0), ("month_6", 180))),
            "labs": tuple({"test": name, "unit": unit} for name, unit in UNITS.items()),
            "endpoints": ({"id": "labs", "kind": "change", "variables": tuple(UNITS), "at": ("month_6",),
                           "role": "primary", "methods": ("paired_t", "wilcoxon")},),
        }
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for place, who in enumerate(PEOPLE):
        for name, (start, step) in LEVELS.items():
            level = start + step * place
            for visit, day, value in (("baseline", "2020-01-01", level),
                                      ("month_6", "2020-06-29", level + CHANGES[name][place % 3])):  # fmt: skip
                rows.append({"subject": who, "visit": visit, "date": day, "test": name, "unit": UNITS[name],
                             "value": str(round(value, 2))})  # fmt: skip
    frames = {
        "subjects": [
            {"subject": each, "sex": "female", "age": 30, "consent_date": "2019-12-20"} for each in PEOPLE
        ],
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in PEOPLE],
        "labs": rows,
    }
    return study, analyse(study, tables_from_frames(study, frames))


@pytest.mark.parametrize("name", UNITS)
def test_levels_changes_tests_and_influence_have_the_same_decimals(
    found: tuple[Study, Results], name: str
) -> None:
    numbers = found[1].numbers.filter(
        pl.col("measure") == name, pl.col("analysis").is_in(["summary", "change", "test", "influence"]),
        pl.col("statistic").is_in(["median", "lower", "upper", "estimate", "most_influential"]),
        pl.col("value").is_not_null(),
    )  # fmt: skip
    assert set(numbers["analysis"]) == {"summary", "change", "test", "influence"}
    places = {len(text.partition(".")[2]) for text in numbers["text"]}
    assert places == {DECIMALS[name]}


@pytest.mark.parametrize("name", UNITS)
def test_the_page_prints_these_decimals(found: tuple[Study, Results], name: str) -> None:
    study, results = found
    book = read_numbers(results.numbers)
    assert book.decimals[name] == DECIMALS[name]
    own = {number.id for number in book.numbers if number.measure == name and number.statistic in
           {"mean", "sd", "estimate", "lower", "upper", "most_influential"}}  # fmt: skip
    printed = [
        part.text
        for table in build_tables(study, results)
        for row in table.rows
        for cell in row.cells
        for part in cell.parts
        # The column n of a table is bound to its estimate too.
        if part.id in own and re.fullmatch(r"−?[\d.]+", part.text) and part.text != "12"
    ]
    assert len(printed) > 10
    assert {len(text.partition(".")[2]) for text in printed} == {DECIMALS[name]}


def test_without_described_levels_the_numbers_themselves_decide() -> None:
    book = read_numbers(NumberList().frame())
    assert decimals_for(book, "c4", [0.05, None]) == 4
    assert decimals_for(book, "c4", [250.0]) == 1
