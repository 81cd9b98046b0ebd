"""Numerator, denominator and what was imputed are of one population, and its name is the one printed.

Trials are drawn in which subjects are untreated, miss visits, lack what a grade needs, respond and relapse. Who
is treated, and who has no grades at the visit judged, is read off the drawn rows here.
"""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.reporting.methods_text import build_methods
from funis.reporting.number_book import read_numbers
from funis.reporting.planned_tables import find_unassessed
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.check_estimands import check_estimands
from funis.study.model import Study

DAYS = {"baseline": "2020-01-10", "month_6": "2020-07-08", "month_9": "2020-10-06", "month_12": "2021-01-04"}
PLANNED = {"baseline": 0, "month_6": 180, "month_9": 270, "month_12": 360}
#: Values that make every system gradable; the renal and the blood values are unremarkable.
QUIET = {
    "systolic_bp": 110, "diastolic_bp": 70, "proteinuria_24h": 0.1, "creatinine": 70, "urine_dipstick": 0,
    "haemoglobin": 13, "wbc": 6, "neutrophils": 4, "lymphocytes": 2, "platelets": 250,
}  # fmt: skip
ITEMS = [item.name for item in definition("bilag_2004").items if item.name not in {"acr", "upcr", "gfr"}]
NEVER = [f"{system}_ever" for system in definition("bilag_2004").systems]
CLASSES = ("MCR", "PCR", "responder", "none", "cannot tell")


def make_study(missing_outcome: str, missing_relapse: str) -> Study:
    response = {"definition": "ucmsc_bilag_response", "population": "treated"}
    visits = tuple(
        {"name": name, "day": day, "window": (-14, 0) if not day else (-30, 30)}
        for name, day in PLANNED.items()
    )
    return Study.model_validate(
        {
            "study": {"id": "P", "title": "Populations", "condition": "sle", "design": "single_arm"},
            "infusions": ({"day": 0},),
            "visits": visits,
            "instruments": {"bilag_2004": {}},
            "populations": {"treated": "first_infusion_date IS NOT NULL"},
            "endpoints": (
                {"id": "response", "kind": "response", "at": ("month_6",), "missing_outcome": missing_outcome}
                | response,
                {"id": "relapse", "kind": "relapse", "at": ("month_9", "month_12"),
                 "missing_outcome": missing_outcome, "missing_relapse": missing_relapse} | response,
            ),
        }
    )  # fmt: skip


@st.composite
def subjects(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw what happens to one to seven subjects: treated, and quiet, active, ungradable or unseen at visits."""
    states = st.sampled_from(("quiet", "quiet", "quiet", "active", "ungradable", "unseen"))
    return [
        {"treated": draw(st.sampled_from((True, True, False)))}
        | {visit: draw(states) for visit in PLANNED if visit != "baseline"}
        for _ in range(draw(st.integers(1, 7)))
    ]


def analyse_drawn(study: Study, drawn: list[dict[str, Any]]) -> Results:
    people, infused, grades = [], [], []
    for place, each in enumerate(drawn):
        name = f"S{place}"
        people.append({"subject": name, "sex": "female", "age": 30, "consent_date": "2020-01-01"})
        if each["treated"]:
            infused.append({"subject": name, "number": 1, "date": DAYS["baseline"]})
        for visit, date in DAYS.items():
            state = each.get(visit, "active")
            cells: dict[str, Any] = dict.fromkeys((*ITEMS, *NEVER), 0) | QUIET
            if state == "active":
                cells["skin_eruption_severe"] = 4
            if state == "ungradable":
                cells |= dict.fromkeys(("proteinuria_24h", "urine_dipstick", "creatinine"))
            if state != "unseen":
                grades.append({"subject": name, "visit": visit, "date": date} | cells)
    frames = {"subjects": people, "infusions": infused, "bilag_2004": grades}
    return analyse(study, tables_from_frames(study, frames))


@settings(max_examples=40)
@given(
    drawn=subjects(),
    missing_outcome=st.sampled_from(("observed", "nonresponder")),
    missing_relapse=st.sampled_from(("left_out", "none", "relapse")),
)
def test_every_share_is_of_one_population(
    drawn: list[dict[str, Any]], missing_outcome: str, missing_relapse: str
) -> None:
    study = make_study(missing_outcome, missing_relapse)
    results = analyse_drawn(study, drawn)
    has_infusions = any(each["treated"] for each in drawn)
    treated = [each for each in drawn if each["treated"]]
    numbers = results.numbers
    rates = numbers.filter(pl.col("statistic") == "count", pl.col("value").is_not_null())
    rates = rates.filter(pl.col("analysis").is_in(["response", "relapse", "disposition"]))

    for row in rates.iter_rows(named=True):
        assert row["value"] <= row["denominator"], row["id"]
        # Nobody outside the population that the row names can be in its numerator or denominator.
        size = len(drawn) if row["population"] == "enrolled" else len(treated)
        assert row["denominator"] <= size, row["id"]
        named = ("analysis", "endpoint", "population", "visit", "variable", "category")
        here = numbers.filter(
            pl.col("statistic") == "imputed", *(pl.col(each) == row[each] for each in named)
        )
        assert all(value <= row["denominator"] for value in here["value"])
    if not has_infusions:
        return

    # The classes and those of whom it cannot be told add up to the treated.
    counts = dict(
        numbers.filter(
            (pl.col("endpoint") == "response")
            & (pl.col("statistic") == "count")
            & (pl.col("visit") == "month_6")
        )
        .select("category", pl.col("value").fill_null(0.0))
        .rows()
    )
    assert set(counts) == set(CLASSES)
    assert counts["responder"] == counts["MCR"] + counts["PCR"]
    assert counts["responder"] + counts["none"] + counts["cannot tell"] == len(treated)

    # Who has no gradable visit at month 6 is unknown, and imputed where the plan says so.
    unknown = sum(each["month_6"] in {"unseen", "ungradable"} for each in treated)
    filled = numbers.filter(
        (pl.col("endpoint") == "response")
        & (pl.col("statistic") == "imputed")
        & (pl.col("category") == "responder")
    )
    # Before anybody was seen at the visit nothing can be missing at it.
    is_reached = any(each["month_6"] != "unseen" for each in drawn)
    if missing_outcome == "nonresponder" and is_reached:
        assert counts["cannot tell"] == 0
        assert filled["value"].to_list() == ([unknown] if unknown else [])
    else:
        assert counts["cannot tell"] == unknown
        assert filled.is_empty()

    # Whatever the rule, nobody and everybody who is unknown may be a responder.
    bounds = {
        row["statistic"]: (row["value"], row["denominator"])
        for row in numbers.filter(
            pl.col("endpoint") == "response", pl.col("category") == "responder"
        ).iter_rows(named=True)
        if row["statistic"].startswith("count_")
    }
    sure, whole = counts["responder"], len(treated)
    expected = {"count_lowest": (sure, whole), "count_highest": (sure + unknown, whole)}
    assert bounds == (expected if unknown else {})

    # Every relapse is of a subject of its denominator, and those left out are said.
    for name, over in (("treated", len(treated)), ("responders", int(counts["responder"]))):
        for visit in ("month_9", "month_12", "all"):
            at = numbers.filter(
                pl.col("endpoint") == "relapse", pl.col("population") == name, pl.col("visit") == visit
            )
            told = dict(at.select("statistic", pl.col("value").fill_null(0.0)).rows())
            among = at.filter(pl.col("statistic") == "count")["denominator"].item()
            assert among + told.get("cannot_tell", 0) == over
            if missing_relapse == "left_out":
                assert "imputed" not in told
            elif name == "responders":
                assert "cannot_tell" not in told


@pytest.mark.parametrize("rule", ["observed", "nonresponder"])
def test_the_table_names_the_population_and_prints_what_was_imputed(rule: str) -> None:
    """Four treated and one not; of the treated two respond, one is active and one was not seen at month 6."""
    quiet = {"month_6": "quiet", "month_9": "quiet", "month_12": "quiet"}
    drawn: list[dict[str, Any]] = [
        quiet | {"treated": True}, quiet | {"treated": True}, quiet | {"treated": True, "month_6": "active"},
        quiet | {"treated": True, "month_6": "unseen"}, quiet | {"treated": False},
    ]  # fmt: skip
    study = make_study(rule, "left_out")
    tables = {table.id: table for table in build_tables(study, analyse_drawn(study, drawn))}
    response = tables["table-response-ucmsc_bilag_response"]
    printed = {row.stub.text: row.cells[0].text for row in response.rows if row.cells}
    assert response.rows[0].stub.text == "Month 6; population: treated"
    notes = " ".join(response.footnotes)
    if rule == "observed":
        assert (printed["Any response"], printed["Cannot tell"]) == ("2/3", "1/4")
        assert "whose response is known" in notes
    else:
        assert printed["Any response"] == printed["No response"] == "2/4; 1 of N imputed"
        assert printed["Cannot tell"] == "0/4"
        assert "N: all subjects of the population." in notes
    # Two respond for sure and one is active; the one who was not seen may be in any row.
    assert response.heads[-1] == "If cannot tell were none / all"
    bounds = {row.stub.text: row.cells[-1].text for row in response.rows if row.cells}
    assert (bounds["Any response"], bounds["No response"]) == ("2/4 / 3/4", "1/4 / 2/4")
    assert bounds["Cannot tell"] == "–"
    assert "None / all: the number if none, and if all," in notes
    relapse = tables["table-relapse"]
    printed = {row.stub.text: row.cells[-1].text for row in relapse.rows if row.cells}
    assert printed["Relapse, of all treated"] == "0/4 / 1/4"
    assert printed["Relapse, of responders"] == "–"
    labels = {row.stub.text for row in relapse.rows if row.cells}
    assert labels == {
        "Relapse, of all treated",
        "Relapse, of responders",
        "Relapse, of responders still at risk",
    }
    # Nobody who was never treated stands under the treated, whatever became of them.
    assert {row.cells[0].text for row in relapse.rows if row.stub.text == "Relapse, of all treated"} == (
        {"0/3; cannot tell 1"} if rule == "observed" else {"0/4"}
    )


def test_grades_of_other_subjects_are_no_result_of_a_population_without_members() -> None:
    """Nobody's infusions are recorded: the grades of everybody enrolled do not stand in for the treated."""
    raw = make_study("observed", "left_out").model_dump(by_alias=True)
    raw["endpoints"] = (
        {
            "id": "organs",
            "kind": "systems",
            "label": "Organs",
            "variable": "bilag_2004",
            "population": "treated",
        },
        {"id": "organs_of_all", "kind": "systems", "label": "Organs of all", "variable": "bilag_2004"},
    )
    study = Study.model_validate(raw)
    quiet = {"month_6": "quiet", "month_9": "quiet", "month_12": "quiet"}
    book = read_numbers(analyse_drawn(study, [quiet | {"treated": False}] * 3).numbers)
    found = [(each.title, each.reason.text) for each in find_unassessed(study, book)]
    assert found == [("Organs", "nobody is known to belong to the population treated")]


def test_where_every_response_is_known_the_table_has_no_bounds() -> None:
    quiet = {"month_6": "quiet", "month_9": "quiet", "month_12": "quiet", "treated": True}
    study = make_study("observed", "left_out")
    tables = {table.id: table for table in build_tables(study, analyse_drawn(study, [quiet] * 3))}
    for name in ("table-response-ucmsc_bilag_response", "table-relapse"):
        assert len(tables[name].heads) == 4
        assert all(len(row.cells) == 3 for row in tables[name].rows if row.cells)
        assert not [note for note in tables[name].footnotes if "None / all" in note]


ESTIMAND: dict[str, Any] = {
    "id": "kept", "endpoint": "relapse", "treatment": "cells", "summary": "relapse rate",
    "intercurrent_events": ({"event": "withdrawal", "strategy": "composite"},),
}  # fmt: skip


def test_relapse_has_an_estimand_of_its_own() -> None:
    """Three respond at month 6; one relapses at month 9, one is not seen after month 6, one stays well.

    Exact intervals of R: binom.test(1, 2) 0.01258 to 0.98742, binom.test(2, 3) 0.09430 to 0.99160.
    """
    quiet: dict[str, Any] = {"month_6": "quiet", "month_9": "quiet", "month_12": "quiet", "treated": True}
    drawn = [quiet, quiet | {"month_9": "active"}, quiet | {"month_9": "unseen", "month_12": "unseen"},
             quiet | {"month_6": "active"}]  # fmt: skip
    for rule, printed, said in (
        ("left_out", "1/2; CI 1.3% to 98.7%; cannot tell 1", "is left out of numerator and denominator"),
        (
            "relapse",
            "2/3; CI 9.4% to 99.2%; 1 of n imputed",
            "counts as a relapse at the first visit at which it is not known",
        ),
    ):
        raw = make_study("observed", rule).model_dump(by_alias=True) | {"estimands": (ESTIMAND,)}
        study = Study.model_validate(raw)
        results = analyse_drawn(study, drawn)
        table = next(each for each in build_tables(study, results) if each.id == "table-estimand-kept")
        row = next(each for each in table.rows if each.stub.text == "All visits")
        count, _, beside = row.cells[1].text.partition("; ")
        assert f"{count.split()[0]}; {beside}" == printed
        sentence = table.footnotes[0]
        assert sentence in [item for passage in build_methods(study) for item in passage.items]
        assert "Population: treated" in sentence
        assert "relapse after UC-MSC BILAG response at month 6" in sentence
        assert "looked for at month 9" in sentence
        assert "of the responders of the population" in sentence
        assert "(composite: a responder counts as relapsed from then on)" in sentence
        assert f"a relapse that is not known {said}; who has no known response is left out" in sentence


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"summary": "response rate"}, "'response rate' does not summarise this endpoint"),
        ({"summary": "difference in relapse rate"}, "does not summarise this endpoint"),
        ({"intercurrent_events": ({"event": "death", "strategy": "hypothetical"},)},
         "What a relapse would have been is not drawn"),
        ({"composite_value": 2.0}, "There is no composite strategy of a change that uses it"),
    ],
)  # fmt: skip
def test_an_estimand_of_relapse_is_checked(changed: dict[str, Any], message: str) -> None:
    raw = make_study("observed", "left_out").model_dump(by_alias=True) | {"estimands": (ESTIMAND | changed,)}
    found = [each.message for each in check_estimands(Study.model_validate(raw))]
    assert any(message in each for each in found), found
