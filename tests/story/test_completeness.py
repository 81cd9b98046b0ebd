"""How many values are there of those due, counted by hand from five subjects and two planned visits.

            baseline (day 0)          month_1 (day 30, days 23 to 37)
            SLEDAI  creatinine  C3    SLEDAI        creatinine  C3
S1          yes     yes         yes   yes           yes         -
S2          yes     -           yes   not scorable  yes         -
S3 left on day 22: nothing was due at month 1
S4 left on day 23: both were due at month 1, nothing is there
S5 is in follow-up and was not seen at month 1 yet: nothing was due
S6 was not treated: nothing was due
"""

from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.documents.table import TableSpec
from funis.reporting.closing_words import quality_words
from funis.reporting.completeness_tables import build_completeness_tables, values_due
from funis.reporting.number_book import NumberBook, read_numbers
from funis.results import Results
from funis.study.model import Study

ITEMS = [item.name for item in definition("sledai_2k").items]
DAY = {"baseline": 0, "month_1": 30}


def make_study(**more: Any) -> Study:
    forms = ("sledai_2k", "labs")
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "C", "condition": "sle", "design": "single_arm"},
        "visits": (
            {"name": "baseline", "day": 0, "window": (-1, 0), "forms": forms},
            {"name": "month_1", "day": 30, "window": (-7, 7), "forms": forms},
        ),
        "infusions": ({"day": 0, "cells_per_kg": 1e6},),
        "labs": ({"test": "creatinine", "unit": "umol/L"}, {"test": "c3", "unit": "g/L"}),
        "instruments": {"sledai_2k": {}},
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
    }
    return Study.model_validate(raw | more)


def score(subject: str, visit: str, *, is_whole: bool = True) -> dict[str, Any]:
    items: dict[str, Any] = dict.fromkeys(ITEMS, 0)
    if not is_whole:
        items["arthritis"] = None
    return {"subject": subject, "visit": visit, "date": f"2020-01-{1 + DAY[visit]:02d}"} | items


def lab(subject: str, visit: str, test: str) -> dict[str, Any]:
    value, unit = (80.0, "umol/L") if test == "creatinine" else (0.9, "g/L")
    day = f"2020-01-{1 + DAY[visit]:02d}"
    return {"subject": subject, "visit": visit, "date": day, "test": test, "value": value, "unit": unit}


def analysed(study: Study, more: dict[str, Any] | None = None) -> Results:
    people = [f"S{number}" for number in range(1, 7)]
    treated = people[:5]
    left = {"S3": ("withdrew", "2020-01-23"), "S4": ("lost", "2020-01-24"), "S5": ("ongoing", "2020-01-10")}
    frames: dict[str, Any] = {
        "subjects": [{"subject": name, "age": 30, "consent_date": "2019-12-20"} for name in people],
        "infusions": [{"subject": name, "number": 1, "date": "2020-01-01"} for name in treated],
        "disposition": [
            {"subject": name, "status": status, "date": day} for name, (status, day) in left.items()
        ],
        "sledai_2k": [
            *(score(name, "baseline") for name in treated),
            score("S1", "month_1"),
            score("S2", "month_1", is_whole=False),
        ],
        "labs": [
            *(lab(name, "baseline", "creatinine") for name in treated if name != "S2"),
            *(lab(name, "baseline", "c3") for name in treated),
            lab("S1", "month_1", "creatinine"),
            lab("S2", "month_1", "creatinine"),
        ],
    }
    named = {name: rows for name, rows in frames.items() if study.labs or name != "labs"}
    return analyse(study, tables_from_frames(study, named | (more or {})))


@pytest.fixture(scope="module")
def results() -> Results:
    return analysed(make_study())


@pytest.mark.parametrize(
    ("key", "there", "due"),
    [
        ("completeness.treated.baseline.sledai_2k", 5, 5),
        ("completeness.treated.month_1.sledai_2k", 1, 3),
        ("completeness.treated.sledai_2k", 6, 8),
        ("completeness.treated.baseline.creatinine", 4, 5),
        ("completeness.treated.month_1.creatinine", 2, 3),
        ("completeness.treated.creatinine", 6, 8),
        # Nobody has C3 at month 1: the plan does not say that it is done there.
        ("completeness.treated.baseline.c3", 5, 5),
        ("completeness.treated.c3", 5, 5),
        ("completeness.treated.values", 17, 21),
    ],
)
def test_values_are_counted_over_those_due(results: Results, key: str, there: int, due: int) -> None:
    row = results.numbers.filter(pl.col("id") == f"{key}.count").row(0, named=True)
    assert (row["value"], row["denominator"]) == (there, due)
    assert results.value(f"{key}.percent") == pytest.approx(100 * there / due)


def test_a_visit_at_which_a_test_was_not_done_has_no_number(results: Results) -> None:
    found = results.numbers.filter(pl.col("analysis") == "completeness", pl.col("variable") == "c3")
    assert set(found["visit"]) == {"baseline", "all"}


def test_a_visit_that_lists_its_tests_decides_what_is_due() -> None:
    """C3 is listed at month 1, where nobody has it and three were due; creatinine is not, though two have it."""
    visits = (
        {"name": "baseline", "day": 0, "window": (-1, 0), "forms": ("sledai_2k", "labs")},
        {"name": "month_1", "day": 30, "window": (-7, 7), "forms": ("sledai_2k", "labs"), "labs": ("c3",)},
    )
    numbers = analysed(make_study(visits=visits)).numbers.filter(pl.col("statistic") == "count")
    found = {row["id"]: (row["value"], row["denominator"]) for row in numbers.iter_rows(named=True)}
    assert found["completeness.treated.month_1.c3.count"] == (0, 3)
    assert found["completeness.treated.c3.count"] == (5, 8)
    assert "completeness.treated.month_1.creatinine.count" not in found
    assert found["completeness.treated.creatinine.count"] == (4, 5)


def test_a_count_at_a_visit_opens_the_values_that_are_there(results: Results) -> None:
    row = results.numbers.filter(pl.col("id") == "completeness.treated.month_1.creatinine.count").row(
        0, named=True
    )
    behind = results.sources.filter(pl.col("source") == row["source"])
    assert sorted(behind["subject"]) == ["S1", "S2"]


def table_of(study: Study, found: Results) -> TableSpec:
    (table,) = build_completeness_tables(study, read_numbers(found.numbers))
    return table


def test_the_table_has_a_row_a_measure_and_all_of_them_last(results: Results) -> None:
    table = table_of(make_study(), results)
    assert table.heads == ("Measure", "Baseline", "Month 1", "All visits, n/N due (%)")
    assert [(row.stub.text, *(cell.text for cell in row.cells)) for row in table.rows] == [
        ("SLEDAI-2K", "5/5", "1/3", "6/8"),
        ("Creatinine", "4/5", "2/3", "6/8"),
        ("Complement C3", "5/5", "–", "5/5"),
        ("All measures", "–", "–", "17/21 (81.0%)"),
    ]


def test_many_visits_are_told_together(results: Results) -> None:
    more = tuple(
        {"name": f"month_{month}", "day": 30 * month, "forms": ("sledai_2k",)} for month in range(1, 8)
    )
    whole = make_study(visits=({"name": "baseline", "day": 0, "forms": ("sledai_2k",)}, *more), labs=())
    numbers = read_numbers(analysed_scores(whole).numbers)
    (table,) = build_completeness_tables(whole, numbers)
    assert table.heads == ("Measure", "All visits, n/N due (%)")
    fewer = make_study(visits=({"name": "baseline", "day": 0, "forms": ("sledai_2k",)}, *more[:6]), labs=())
    (table,) = build_completeness_tables(fewer, read_numbers(analysed_scores(fewer).numbers))
    assert len(table.heads) == 9


def analysed_scores(study: Study) -> Results:
    frames: dict[str, Any] = {
        "subjects": [{"subject": "S1", "age": 30, "consent_date": "2019-12-20"}],
        "infusions": [{"subject": "S1", "number": 1, "date": "2020-01-01"}],
        "sledai_2k": [score("S1", "baseline")],
    }
    return analyse(study, tables_from_frames(study, frames))


def test_the_words_on_quality_open_with_it(results: Results) -> None:
    book = read_numbers(results.numbers)
    first = quality_words(make_study(), results, book)[0]
    text = "".join(part.text for part in first)
    assert text.startswith("17 of 21 values due were present (81.0%): ")
    assert [part.id for part in first if part.id] == [
        "completeness.treated.values.count",
        "completeness.treated.values.percent",
    ]
    assert values_due(NumberBook(())) is None
    assert build_completeness_tables(make_study(), NumberBook(())) == ()


def test_where_every_value_is_there_one_sentence_says_so(results: Results) -> None:
    study = make_study(labs=())
    (table,) = build_completeness_tables(study, read_numbers(analysed_scores(study).numbers))
    # One subject, seen at baseline and not at month 1: one value of two.
    assert table.said == ()
    once = make_study(visits=({"name": "baseline", "day": 0, "forms": ("sledai_2k",)},), labs=())
    (table,) = build_completeness_tables(once, read_numbers(analysed_scores(once).numbers))
    said = "".join(part.text for part in table.said)
    assert said.startswith(
        "All 1 values due, of 1 measure, are there. Due: of all treated, at the planned visits"
    )
    assert [part.id for part in table.said if part.id] == ["completeness.treated.values.count"]
    assert table_of(make_study(), results).said == ()


def test_an_instrument_on_no_form_is_due_where_its_endpoints_need_it() -> None:
    """S1 has a flow at baseline; the endpoint is judged at month 1, where 3 were due and nobody has it.

    S1, S2, S4 and S3, S5 (treated) were all due at baseline: 1 of 5 there, 0 of 3 at month 1. A visual scale
    without an endpoint is due where anybody has it: at baseline.
    """
    study = make_study(
        labs=(),
        instruments={"sledai_2k": {}, "unstimulated_flow": {}, "vas_patient": {}},
        endpoints=({"id": "flow", "kind": "change", "variable": "unstimulated_flow", "at": ("month_1",)},),
    )
    dated = {"subject": "S1", "visit": "baseline", "date": "2020-01-01"}
    more = {
        "unstimulated_flow": [dated | {"volume_ml": 1.5, "minutes": 15}],
        "vas_patient": [dated | {"reading_mm": 40}, dated | {"subject": "S2", "reading_mm": 50}],
    }
    found = analysed(study, more)
    (table,) = build_completeness_tables(study, read_numbers(found.numbers))
    assert [(row.stub.text, *(cell.text for cell in row.cells)) for row in table.rows] == [
        ("SLEDAI-2K", "5/5", "1/3", "6/8"),
        ("Unstimulated salivary flow", "1/5", "0/3", "1/8"),
        ("Patient global, VAS", "2/5", "–", "2/5"),
        ("All measures", "–", "–", "9/21 (42.9%)"),
    ]
    assert table.footnotes[1] == (
        "No visit of the study file lists unstimulated salivary flow and patient global, VAS as a "
        "form: due at the visits that the endpoints name, at baseline, and where anybody has a value."
    )
    assert "No visit" not in " ".join(table_of(make_study(), analysed(make_study())).footnotes)
