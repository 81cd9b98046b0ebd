"""The baseline table by site, response, arm and subgroup, counted by hand from six subjects.

        age  sex     site  SLEDAI at baseline (arthritis 4, rash 2, fever 1)
S1      20   female  01    6
S2      30   female  01    4
S3      40   male    01    2
S4      50   female  02    6
S5      60   female  02    4
S6      70   female  -     1
"""

import re
from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.errors import StudyError
from funis.reporting.baseline_split_tables import build_split_tables
from funis.reporting.baseline_tables import build_baseline_tables
from funis.reporting.number_book import read_numbers
from funis.results import Results
from funis.study.model import LabTest, Study
from funis.study.read import read_study

from .report_kinds import analysed

PEOPLE = (
    ("S1", 20, "female", "01", ("arthritis", "rash")),
    ("S2", 30, "female", "01", ("arthritis",)),
    ("S3", 40, "male", "01", ("rash",)),
    ("S4", 50, "female", "02", ("arthritis", "rash")),
    ("S5", 60, "female", "02", ("arthritis",)),
    ("S6", 70, "female", None, ("fever",)),
)
SPLIT = {"split_by": "site"}


def make_study(report: dict[str, Any], *, arms: bool = False) -> Study:
    raw: dict[str, Any] = {
        "study": {
            "id": "B",
            "title": "Split",
            "condition": "sle",
            "design": "parallel" if arms else "single_arm",
        },
        "sites": (
            {"id": "01", "name": "First"},
            {"id": "02", "name": "Second"},
            {"id": "03", "name": "Third"},
        ),
        "visits": ({"name": "baseline", "day": 0, "window": (-1, 0), "forms": ("sledai_2k",)},),
        "infusions": ({"day": 0, "cells_per_kg": 1e6},),
        "subgroups": {"older": "age >= 50"},
        "report": report,
    }
    if arms:
        raw["arms"] = ({"id": "cells", "name": "Cells"}, {"id": "care", "name": "Care", "control": True})
    return Study.model_validate(raw)


def rows_of(study: Study) -> dict[str, Any]:
    items = [item.name for item in definition("sledai_2k").items]
    return {
        "subjects": [
            {"subject": name, "age": age, "sex": sex, "site": site, "consent_date": "2019-12-20"}
            | ({"arm": "cells" if name < "S4" else "care"} if study.arms else {})
            for name, age, sex, site, _ in PEOPLE
        ],
        "infusions": [{"subject": each[0], "number": 1, "date": "2020-01-01"} for each in PEOPLE],
        "sledai_2k": [
            {"subject": each[0], "visit": "baseline", "date": "2020-01-01"}
            | {item: int(item in each[4]) for item in items}
            for each in PEOPLE
        ],
    }


def results_of(study: Study) -> Results:
    return analyse(study, tables_from_frames(study, rows_of(study)))


def printed(study: Study) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], str]:
    """Give the heads, the rows of the table by the name of the variable or category, and the notes."""
    results = results_of(study)
    (table,) = build_split_tables(study, results, read_numbers(results.numbers))
    rows: dict[str, tuple[str, ...]] = {}
    name = ""
    for row in table.rows:
        is_second = row.stub.text == "median (Q1, Q3)"
        name = name if is_second else row.stub.text.removesuffix(", mean ± SD; range")
        key = f"{name}: median" if is_second else name
        rows.setdefault(key, tuple(cell.text for cell in row.cells))
    return table.heads, rows, " ".join(table.footnotes)


def test_undivided_the_head_says_how_many_the_table_is_of() -> None:
    study = make_study({})
    (table,) = build_baseline_tables(study, read_numbers(results_of(study).numbers))
    assert table.heads == ("Enrolled, N = 6", "n", "Mean ± SD or n/N (%)", "Median (Q1, Q3)", "Range")


def test_each_site_has_a_column_and_who_has_none_stands_apart() -> None:
    heads, rows, _ = printed(make_study(SPLIT))
    # Nobody is at the third centre.
    assert heads == ("", "All, N = 6", "First, N = 3", "Second, N = 2", "Centre not known, N = 1")
    # A spread needs three values.
    assert [cell.partition("; ")[2] for cell in rows["Age, years"]] == [
        "20 to 70",
        "20 to 40",
        "50 to 60",
        "70 to 70",
    ]
    assert [cell.partition("; ")[0] for cell in rows["Age, years"][:3]] == [
        "45.0 ± 18.7",
        "30.0 ± 10.0",
        "55.0 ± n/c",
    ]
    assert rows["Age, years: median"][0] == "45.0 (32.5, 57.5)"
    assert rows["Female"] == ("5/6", "2/3", "2/2", "1/1")
    # Male: a category of the data has a zero where nobody of the part is in it.
    assert rows["Male"] == ("1/6", "1/3", "0/2", "0/1")


def test_a_line_has_one_number_of_decimals_in_all_its_columns() -> None:
    """Ages 20 to 70 have quartiles 32.5 and 57.5: the medians 30 and 55 of two sites have a decimal too."""
    _, rows, _ = printed(make_study(SPLIT))
    assert rows["Age, years: median"][:3] == ("45.0 (32.5, 57.5)", "30.0 (n/c)", "55.0 (n/c)")
    # SLEDAI 6 4 2 6 4 1: quartiles 2.5 and 5.5; range of whole points.
    assert rows["SLEDAI-2K: median"][:3] == ("4.0 (2.5, 5.5)", "4.0 (n/c)", "5.0 (n/c)")
    ranges = [cell.rpartition("; ")[2] for cell in rows["SLEDAI-2K"]]
    assert ranges[:3] == ["1 to 6", "2 to 6", "4 to 6"]


def test_every_line_of_the_rebuilt_trial_by_arm_has_one_number_of_decimals() -> None:
    study, results = analysed("two_arms")
    (table,) = build_split_tables(study, results, read_numbers(results.numbers))
    of_a_line = []
    for row in table.rows:
        if row.stub.text.endswith(("; range", "median (Q1, Q3)")):
            # Mean and range of a line have decimals of their own.
            for piece in zip(*(cell.text.split("; ") for cell in row.cells), strict=True):
                found = (re.findall(r"\d+(?:\.(\d+))?", text) for text in piece)
                of_a_line.append({len(decimals) for each in found for decimals in each})
    assert len(of_a_line) > 30
    assert all(len(each) == 1 for each in of_a_line)


def test_a_subgroup_divides_into_inside_and_outside_with_standardised_differences() -> None:
    study = make_study({"split_by": "older", "standardised_differences": True})
    heads, rows, notes = printed(study)
    assert heads == ("", "All, N = 6", "Older, N = 3", "Not older, N = 3", "Standardised difference")
    # Ages 50 60 70 and 20 30 40: 30 / 10. SLEDAI 6 4 1 and 6 4 2: -1/3 divided by the root of the mean of
    # the variances 19/3 and 4.
    assert rows["Age, years"][-1] == "3.00"
    assert rows["SLEDAI-2K"][-1] == "−0.15"
    # Female 3/3 and 2/3: 1/3 / sqrt((0 + 2/9) / 2) = 1.
    assert rows["Sex"][-1] == "1.00"
    assert "Standardised difference" in notes


def test_a_value_that_is_not_known_of_everybody_says_of_how_many() -> None:
    study = make_study(SPLIT)
    rows = rows_of(study)
    rows["subjects"][0]["age"] = None
    results = analyse(study, tables_from_frames(study, rows))
    (table,) = build_split_tables(study, results, read_numbers(results.numbers))
    # Ages 30 40 50 60 70; of the first centre 30 and 40; of the second 50 and 60.
    row = next(row for row in table.rows if row.stub.text.startswith("Age"))
    assert [cell.text.rpartition("; ")[2] for cell in row.cells] == ["n = 5", "n = 2", "50 to 60", "70 to 70"]


def test_arms_divide_the_table_without_being_asked() -> None:
    heads, rows, _ = printed(make_study({}, arms=True))
    assert heads == ("", "All, N = 6", "Cells, N = 3", "Care, N = 3")
    assert rows["Female"] == ("5/6", "2/3", "3/3")


def test_nothing_divides_the_table_of_one_arm_without_being_asked() -> None:
    study = make_study({})
    results = results_of(study)
    assert build_split_tables(study, results, read_numbers(results.numbers)) == ()


def test_decimals_of_a_variable_are_those_of_the_study_file_and_change_no_value() -> None:
    usual, chosen = make_study(SPLIT), make_study({**SPLIT, "decimals": {"sledai_2k": 1, "age": 0}})
    before, after = results_of(usual).numbers, results_of(chosen).numbers
    assert before["id"].to_list() == after["id"].to_list()
    assert before["value"].to_list() == after["value"].to_list()
    _, rows, _ = printed(chosen)
    assert rows["Age, years"][0] == "45 ± 19; 20 to 70"
    # 6 4 2 6 4 1: mean 23/6, SD sqrt(4.1667).
    assert rows["SLEDAI-2K"][0] == "3.8 ± 2.0; 1 to 6"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('split_by = "sites"', "site"),
        ('split_by = "arm"', "no arms"),
        ('split_by = "site"', "no sites"),
        ('split_by = "responder"', "no response"),
        ("decimals = {sledai = 1}", "sledai_2k"),
        ("decimals = {age = 7}", "6"),
        ("standardised_differences = true", "nothing to compare"),
    ],
)
def test_a_choice_that_fits_nothing_is_an_error_of_the_study_file(
    lines: str, said: str, tmp_path: Any
) -> None:
    text = (
        '[study]\nid = "B"\ntitle = "B"\ncondition = "sle"\ndesign = "single_arm"\n'
        '[[visits]]\nname = "baseline"\nday = 0\nforms = ["sledai_2k"]\n[report]\n' + lines + "\n"
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=said):
        read_study(tmp_path)


def test_three_parts_have_no_standardised_difference_and_the_table_says_so() -> None:
    heads, _, notes = printed(make_study({**SPLIT, "standardised_differences": True}))
    assert "Standardised difference" not in heads
    assert "this table has another number of them" in notes


def test_a_part_with_a_value_beyond_a_limit_of_the_assay_is_not_described() -> None:
    """S1, at site 01, has c3 below 0.2 g/L: it has no mean. Site 02 is described; nobody unknown was measured."""
    study = make_study(SPLIT).model_copy(update={"labs": (LabTest(test="c3", unit="g/L"),)})
    values = {"S1": "<0.2", "S2": "0.5", "S3": "0.9", "S4": "0.6", "S5": "0.8"}
    rows: dict[str, Any] = {
        "subjects": [
            {"subject": name, "site": site, "consent_date": "2019-12-20"} for name, _, _, site, _ in PEOPLE
        ],
        "infusions": [{"subject": each[0], "number": 1, "date": "2020-01-01"} for each in PEOPLE],
        "labs": [
            {
                "subject": name,
                "visit": "baseline",
                "date": "2020-01-01",
                "test": "c3",
                "value": value,
                "unit": "g/L",
            }
            for name, value in values.items()
        ],
    }
    numbers = analyse(study, tables_from_frames(study, rows)).numbers
    split = numbers.filter(analysis="baseline_split", variable="c3")
    assert set(split["subgroup"]) == {"site 02"}
    (counted,) = split.filter(statistic="n").to_dicts()
    assert (counted["value"], counted["n"]) == (2, 2)
