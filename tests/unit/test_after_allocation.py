"""Arms that a relapse was allocated to, counted from the relapse: seven timelines, each number worked out by hand.

Visits every three months to month 18, each +- 15 days. All respond at month 6 and relapse (renal A) later; of BILAG-2004
every other system is E, SLEDAI-2K is a recorded total.
"""

import sys
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import Tables, tables_from_frames
from funis.reporting.at_relapse_tables import build_at_relapse_tables
from funis.reporting.number_book import read_numbers
from funis.results import Results
from funis.study.courses import AT_RELAPSE
from funis.study.model import Study

sys.path.insert(0, str(Path(__file__).parent))
files = import_module("test_courses")
courses = import_module("test_course_efficacy")

LATER = "".join(
    f'\n[[visits]]\nname = "month_{month}"\nday = {30 * month}\nwindow = [-15, 15]\n' for month in (15, 18)
)
RELAPSE = files.RELAPSE.replace(
    'at = "month_6"', 'at = "month_6"\nmissing_outcome = "nonresponder"\nparameters = {horizon_day = 540}'
).replace('"month_12"]', '"month_12", "month_15"]\nparameters = {horizon_day = 540}')
MEASURES = courses.MEASURES.replace('kind = "change"', 'kind = "change"\nmethods = ["paired_t"]')
#: Of each: arm, day of the visit that finds the relapse, SLEDAI-2K there, and day, grade and total of what follows.
Later = tuple[tuple[int, str, int], ...]
FOLLOWED: Mapping[str, tuple[str, int, int, Later]] = {
    # Months 3 and 6 after the relapse of day 270 are days 360 and 450.
    "A1": ("again", 270, 10, ((360, "C", 6), (450, "C", 4))),  # responds: 4 - 10 = -6
    "A2": ("again", 270, 10, ((360, "A", 9), (450, "A", 9))),  # does not: -1
    "A3": ("again", 450, 12, ((540, "C", 2),)),  # month 6 would be day 630: no visit is planned then
    "B1": ("standard", 270, 9, ((360, "A", 9), (450, "A", 10))),  # does not: +1
    "B2": ("standard", 270, 9, ((360, "A", 9), (450, "A", 8))),  # does not: -1
    "B3": ("standard", 360, 9, ()),  # withdraws: counted as no response
    "B4": ("standard", 360, 9, ((450, "C", 3),)),  # is still followed, and month 6 after has not come
}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    found = []
    for subject, (_, relapse, total, later) in FOLLOWED.items():
        quiet = [(day, "C", 4) for day in range(90, relapse, 90)]
        for day, grade, score in [(0, "A", 12), *quiet, (relapse, "A", total), *later]:
            visit = "baseline" if day == 0 else f"month_{day // 30}"
            found.append({"subject": subject, "visit": visit, "day": day, "grade": grade, "total": score})
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    parts = (LATER, files.again("relapse"), RELAPSE, MEASURES, courses.AGAIN_OR_NOT)
    study: Study = files.read(tmp_path_factory.mktemp("arms"), *parts)
    return study, analyse(study, tables(study))


def tables(study: Study) -> Tables:
    systems = {f"bilag_2004_{system}_recorded": "E" for system in definition("bilag_2004").systems}
    place = ("subject", "visit", "day")
    visits = rows()
    given = {
        "subjects": [
            {"subject": name, "sex": "female", "age": 30, "weight_kg": 60, "arm": arm}
            for name, (arm, *_) in FOLLOWED.items()
        ],
        "visits": [{name: row[name] for name in place} for row in visits],
        "bilag_2004": [
            {name: row[name] for name in place} | systems | {"bilag_2004_renal_recorded": row["grade"]}
            for row in visits
        ],
        "sledai_2k": [
            {name: row[name] for name in place} | {"sledai_2k_recorded": row["total"]} for row in visits
        ],
        "infusions": [
            {"subject": name, "number": number, "day": day, "cells": 6e7, "weight_kg": 60}
            for name in FOLLOWED
            for number, day in ((1, 0), (2, 7))
        ],
        "disposition": [{"subject": "B3", "status": "withdrew", "day": 400}]
        + [
            {"subject": name, "status": "completed", "day": 540}
            for name in FOLLOWED
            if name not in {"B3", "B4"}
        ],
    }
    return tables_from_frames(study, given, today=date(2026, 1, 1))


def numbers(results: Results, **where: str) -> dict[str, Any]:
    found = results.numbers.filter(pl.col("analysis") == AT_RELAPSE, pl.col("visit") == "month_6")
    for name, value in where.items():
        found = found.filter(pl.col(name).fill_null("") == value)
    return {
        f"{statistic} {method or ''}".strip(): value
        for statistic, method, value in found.select("statistic", "method", "value").iter_rows()
    }


def test_responses_count_from_the_relapse_in_the_arm_of_the_allocation(told: tuple[Study, Results]) -> None:
    _, results = told
    texts = {
        (arm, category): text
        for arm, category, text in results.numbers.filter(
            pl.col("analysis") == AT_RELAPSE, pl.col("visit") == "month_6", pl.col("statistic") == "count"
        )
        .select("arm", "category", "text")
        .iter_rows()
    }
    assert texts == {
        ("again", "responder"): "1/2 (50.0%)", ("again", "cannot tell"): "0/2 (0.0%)",
        ("again", "not_due"): "1/3 (33.3%)", ("standard", "responder"): "0/3 (0.0%)",
        ("standard", "cannot tell"): "1/4 (25.0%)", ("standard", "not_due"): "0/4 (0.0%)",
    }  # fmt: skip


def test_the_arms_are_compared_by_the_tests_of_the_endpoints(told: tuple[Study, Results]) -> None:
    """Fisher: of five outcomes one response; it is in the smaller arm with chance 2/5, and that is the least likely.

    Welch: -6 and -1 against +1 and -1; means -3.5 and 0, variances 12.5 and 2.
    """
    _, results = told
    found = numbers(results, contrast="standard", category="responder")
    assert found["estimate newcombe"] == 50.0
    assert found["p fisher"] == pytest.approx(0.4)
    assert (found["n_first"], found["n_second"]) == (2, 3)
    change = numbers(results, contrast="standard", variable="sledai_2k_change")
    assert change["estimate welch"] == pytest.approx(-3.5)
    assert change["statistic welch"] == pytest.approx(-3.5 / (12.5 / 2 + 2 / 2) ** 0.5)
    assert change["df welch"] == pytest.approx(7.25**2 / (6.25**2 + 1.0**2))
    again = numbers(results, arm="again", contrast="", variable="sledai_2k_change")
    assert (again["n"], again["mean"]) == (2, -3.5)


def test_the_tables_say_who_is_counted(told: tuple[Study, Results]) -> None:
    study, results = told
    shares, tests = build_at_relapse_tables(study, read_numbers(results.numbers))
    said = {row.stub.text: [cell.text for cell in row.cells] for row in shares.rows if row.cells}
    label = "Month 6 after the relapse: without a planned visit so long after the relapse, of those allocated"
    assert said[label] == ["1/3 (33.3%)", "0/4 (0.0%)"] or said[label] == ["1/3", "0/4"]
    assert any("0.40" in cell.text for row in tests.rows for cell in row.cells)
    assert any("infused again or not" in note for note in shares.footnotes)


def test_nobody_is_compared_where_nobody_was_allocated(tmp_path: Path) -> None:
    study = courses.trial(tmp_path)
    results = analyse(study, courses.tables(study))
    assert results.numbers.filter(pl.col("analysis") == AT_RELAPSE).is_empty()
    assert build_at_relapse_tables(study, read_numbers(results.numbers)) == ()
