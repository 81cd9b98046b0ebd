"""Gaps in numbered visits, and titres that a spreadsheet turned into times of day."""

import polars as pl
import pytest

from funis.data.check.checked_data import Data
from funis.data.check.series import check_series
from funis.errors import Finding
from funis.study.model import Study

OBSERVATIONAL = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}


def check(visits: list[str], values: list[float] | None = None, *, planned: bool = False) -> list[Finding]:
    plan = {"study": OBSERVATIONAL}
    if planned:
        plan["visits"] = ({"name": "visit_1", "day": 0},)  # type: ignore[assignment]
    frames = {
        "visits": pl.DataFrame(
            [{"subject": "S1", "visit": name, "_file": "visits.csv", "_line": line}
             for line, name in enumerate(visits, start=2)]
        ),
        "labs": pl.DataFrame(
            [{"subject": "S1", "visit": "visit_1", "test": "anti_dsdna", "value": value,
              "value_recorded": value, "unit_recorded": "IU/mL", "_file": "labs.csv", "_line": line}
             for line, value in enumerate(values or [35.0], start=2)]
        ),
    }  # fmt: skip
    study = Study.model_validate(plan)
    return list(check_series(Data(study, frames, frozenset(frames), frozenset())))


@pytest.mark.parametrize(
    ("visits", "messages"),
    [
        (["visit_1", "visit_2", "visit_3"], []),
        (["visit_1", "visit_3"], ["visit_2 of this subject is not in the data."]),
        (["visit_1", "visit_5"], ["visit_2 to visit_4 of this subject are not in the data."]),
        (["visit_2", "visit_3"], ["visit_1 of this subject is not in the data."]),
        (
            ["visit_3", "visit_1"],
            ["visit_2 of this subject is not in the data."],
        ),  # order in the file is free
        (["unscheduled", "unscheduled_4", "entry"], []),
    ],
)
def test_a_number_nobody_has_is_queried(visits: list[str], messages: list[str]) -> None:
    found = check(visits)
    assert [finding.message for finding in found] == messages
    assert {(finding.level, finding.code) for finding in found} <= {("query", "visit_gap")}


def test_a_gap_names_the_visit_after_it() -> None:
    (finding,) = check(["visit_1", "visit_4"])
    assert (finding.file, finding.line, finding.subject, finding.visit) == ("visits.csv", 3, "S1", "visit_4")


def test_planned_visits_are_not_a_numbered_series() -> None:
    assert check(["visit_1", "visit_3"], planned=True) == []


@pytest.mark.parametrize(
    ("value", "clock", "titre"),
    [
        (0.097222222, "02:20", "1:80"),  # 1 h 80 min = 140 min; 140 / 1440 = 0.0972...
        (0.152777778, "03:40", "1:160"),
        (0.930555556, "22:20", "1:1280"),
        (0.048611111, "01:10", "1:10"),
    ],
)
def test_a_titre_that_became_a_time_is_an_error(value: float, clock: str, titre: str) -> None:
    (finding,) = check(["visit_1"], [value])
    assert (finding.level, finding.code, finding.column) == ("error", "time_of_day", "value")
    assert clock in finding.message
    assert titre in finding.fix


@pytest.mark.parametrize("value", [0.0, 0.5, 0.75, 0.6, 0.05, 0.0125, 1.0, 2.24, 97.7, 0.1234567])
def test_a_result_as_a_laboratory_writes_it_is_no_time(value: float) -> None:
    assert check(["visit_1"], [value]) == []
