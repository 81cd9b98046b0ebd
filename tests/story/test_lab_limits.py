"""Results beyond a limit by hand: IgG below 4 and below 7 g/L after the first infusion on 2020-01-01.

S1  8, then 3.9                              below both
S2  6, then 4 and 6.9                        4 is not below 4; below 7, as at baseline
S3  9, then "< 5"                            below 4 cannot be told; below 7
S4  9, then "< 4"                            below both
S5  9, none afterwards                       not measured
S6  3, then 8                                neither; what was low at baseline alone is no finding after it
S7  9, then "> 5"                            not below 4; below 7 cannot be told
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.lab_limit_tables import build_lab_limit_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.results import Results
from funis.study.check import check_study
from funis.study.model import Study

LIMITS = (
    {"id": "low_igg", "label": "Low IgG", "test": "igg", "below": 7, "source": "a paper"},
    {"id": "severe", "test": "igg", "below": 4},
    {"id": "high", "test": "igg", "above": 8},
)
AFTER: dict[str, tuple[tuple[str, float], ...]] = {
    "S1": (("", 3.9),), "S2": (("", 4.0), ("", 6.9)), "S3": (("<", 5.0),), "S4": (("<", 4.0),), "S5": (),
    "S6": (("", 8.0),), "S7": ((">", 5.0),),
}  # fmt: skip
BEFORE = {"S1": 8, "S2": 6, "S3": 9, "S4": 9, "S5": 9, "S6": 3, "S7": 9}
DATES = ("2020-01-31", "2020-03-01")


def make_study(*limits: dict[str, Any]) -> Study:
    return Study.model_validate(
        {
            "study": {"id": "L", "title": "Limits", "condition": "sle", "design": "single_arm"},
            "visits": (
                {"name": "baseline", "day": 0, "window": (-1, 0), "forms": ("labs",)},
                {"name": "month_1", "day": 30, "window": (-5, 5), "forms": ("labs",)},
                {"name": "month_2", "day": 60, "window": (-5, 5), "forms": ("labs",)},
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "labs": ({"test": "igg", "unit": "g/L"}, {"test": "ana", "unit": "titre", "scale": "log2"}),
            "lab_limits": limits or LIMITS,
        }
    )


@pytest.fixture(scope="module")
def results() -> Results:
    labs = [
        {
            "subject": name,
            "visit": "baseline",
            "date": "2020-01-01",
            "test": "igg",
            "value": value,
            "unit": "g/L",
        }
        for name, value in BEFORE.items()
    ]
    labs += [
        {"subject": name, "visit": f"month_{number}", "date": date, "test": "igg", "value": value,
         "comparator": sign, "unit": "g/L"}
        for name, found in AFTER.items()
        for number, date, (sign, value) in zip((1, 2), DATES, found, strict=False)
    ]  # fmt: skip
    rows = {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in BEFORE],
        "infusions": [{"subject": name, "number": 1, "date": "2020-01-01"} for name in BEFORE],
        "labs": labs,
    }
    study = make_study()
    return analyse(study, tables_from_frames(study, rows))


def test_who_was_beyond_a_limit(results: Results) -> None:
    (table,) = build_lab_limit_tables(make_study(), read_numbers(results.numbers))
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    low, severe, high = (printed[name] for name in printed)
    assert list(printed) == ["Low IgG: below 7 g/L", "Severe: below 4 g/L", "High: above 8 g/L"]
    # Below 7: S1 to S4 of S1 to S4 and S6; S7 cannot be told. S2 was so at baseline, S6 is not any more.
    assert (low[0].startswith("4/5"), low[1]) == (True, "1")
    # Below 4: S1 and S4 of S1, S2, S4, S6 and S7; S3 cannot be told.
    assert (severe[0].startswith("2/5"), severe[1]) == (True, "0")
    # Above 8: nobody of S1 to S4 and S6; S7, above 5, cannot be told.
    assert (high[0].startswith("0/5"), high[1]) == (True, "0")
    assert all("cannot tell 1" in cells[0] for cells in (low, severe, high))
    assert any("Low IgG: a paper." in str(note) for note in table.footnotes)
    assert "beyond limits of the study file" in render_html(make_study(), results)


@pytest.mark.parametrize(
    ("limit", "key"),
    [
        ({"id": "a", "test": "igg"}, "below"),
        ({"id": "a", "test": "igg", "below": 4, "above": 8}, "below"),
        ({"id": "a", "test": "iga", "below": 4}, "test"),
        ({"id": "a", "test": "ana", "above": 320}, "test"),
    ],
)
def test_limits_that_cannot_be_held_against_a_result_are_refused(limit: dict[str, Any], key: str) -> None:
    assert [each.key for each in check_study(make_study(limit))] == [("lab_limits", 0, key)]
