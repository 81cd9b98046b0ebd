"""How long a response lasts, by hand: ESSPRI below 5 (PASS) at visits of days 30, 60, 90 and 150.

P1  8, 2, 2, 8     first shown on day 60, gone on day 150: lost after 90 days
P2  2, 2, 2, 2     from day 30 to day 150, not lost: 120 days
P3  2, -, 8, 8     from day 30, the visit of day 60 missed, gone on day 90: lost after 60 days
P4  2, 2, died on day 80     from day 30, 50 days, death before it was lost
P5  8, 8, 8, 8     never
P6  2, 2, withdrew on day 70    from day 30, 40 days; it is not lost at visits that were never made

Times: 40, 50 (death), 60 (lost), 90 (lost), 120. Kaplan-Meier: at 60 of 3 at risk 2/3, at 90 of 2 1/3. Lost with death
competing (Aalen-Johansen): death at 50 of 4 at risk takes 1/4; at 60 3/4 x 1/3 = 1/4; at 90 another 1/4: 1/2.
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.reporting.response_tables import build_survival_tables
from funis.results import Results
from funis.study.check import check_study
from funis.study.model import Study

SCORES: dict[str, tuple[float | None, ...]] = {
    "P1": (8, 2, 2, 8), "P2": (2, 2, 2, 2), "P3": (2, None, 8, 8), "P4": (2, 2, None, None), "P5": (8, 8, 8, 8),
    "P6": (2, 2, None, None),
}  # fmt: skip
VISITS = (("baseline", 0), ("day_30", 30), ("day_60", 60), ("day_90", 90), ("day_150", 150))
DATES = ("2020-01-01", "2020-01-31", "2020-03-01", "2020-03-31", "2020-05-30")
ENDS = {"P4": ("died", "2020-03-21"), "P6": ("withdrew", "2020-03-11")}


def make_study(**changed: Any) -> Study:
    lasting = {
        "id": "lasting", "kind": "time_to_event", "label": "Duration", "definition": "esspri_pass", "event": "loss",
        "origin": "first_response", "competing": "death",
    }  # fmt: skip
    return Study.model_validate(
        {
            "study": {"id": "P", "title": "Duration", "condition": "sjogren", "design": "single_arm"},
            "visits": tuple(
                {"name": name, "day": day, "window": (-2, 2) if day else (-1, 0), "forms": ("esspri",)}
                for name, day in VISITS
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "instruments": {"esspri": {}},
            "endpoints": (lasting | changed,),
        }
    )


@pytest.fixture(scope="module")
def results() -> Results:
    scale = ("dryness", "fatigue", "pain")
    rows: dict[str, list[dict[str, Any]]] = {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in SCORES],
        "infusions": [{"subject": name, "number": 1, "date": DATES[0]} for name in SCORES],
        "esspri": [
            {"subject": name, "visit": visit, "date": date, **dict.fromkeys(scale, score)}
            for name, scores in SCORES.items()
            for (visit, _), date, score in zip(VISITS, DATES, (8, *scores), strict=True)
            if score is not None
        ],
        "disposition": [
            {"subject": name, "status": ENDS.get(name, ("completed", ""))[0],
             "date": ENDS.get(name, ("", DATES[-1]))[1]}
            for name in SCORES
        ],
    }  # fmt: skip
    study = make_study()
    return analyse(study, tables_from_frames(study, rows))


def test_how_long_a_response_lasts(results: Results) -> None:
    curve = results.listings["km"]
    assert curve["time"].to_list() == [40.0, 50.0, 60.0, 90.0, 120.0]
    assert curve["survival"].to_list() == pytest.approx([1, 1, 2 / 3, 1 / 3, 1 / 3])
    assert (curve["at_risk"].to_list(), curve["events"].to_list()) == ([5, 4, 3, 2, 1], [0, 0, 1, 1, 0])
    value = results.value
    assert value("time_to_event.lasting.enrolled.loss.n") == 5
    assert value("time_to_event.lasting.enrolled.loss.median") == 90


def test_the_share_that_lost_it_with_death_competing(results: Results) -> None:
    (table,) = build_survival_tables(make_study(), read_numbers(results.numbers))
    assert "the first visit with the response" in table.rows[0].stub.text
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    assert printed["As long after it as day 90 is after day 0"][:3] == ["90", "2", "2"]
    incidence = [
        (row["visit"], row["value"])
        for row in results.numbers.iter_rows(named=True)
        if row["statistic"] == "incidence"
    ]
    assert dict(incidence)["day_60"] == pytest.approx(1 / 4)
    assert dict(incidence)["day_90"] == pytest.approx(1 / 2)
    assert dict(incidence)["day_30"] == 0


def test_the_report_says_what_is_counted(results: Results) -> None:
    page = render_html(make_study(), results)
    assert "the first later visit without" in page


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"origin": "first_infusion"}, "origin"),
        ({"event": "death", "competing": None}, "origin"),
        ({"definition": ""}, "definition"),
        ({"restricted_mean": "day_90"}, "restricted_mean"),
    ],
)
def test_what_cannot_be_counted_is_refused(changed: dict[str, Any], key: str) -> None:
    assert [each.key[-1] for each in check_study(make_study(**changed))] == [key]
