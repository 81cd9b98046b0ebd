"""Drugs that failed before the first infusion: the rule for "refractory to standard treatment"."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import funis
from funis.analysis.every_finding import check_frames
from funis.data.tables import Tables
from funis.reporting.labels import Labels
from funis.reporting.rule_words import rule_words
from funis.reporting.withheld import find_damage
from funis.study.days import derive_subject_frame, eligibility_schema
from funis.study.drugs_failed import asks_for_failed_drugs, began_before, derive_drugs_failed
from funis.study.model import Study
from funis.study.sources import sources_of

RULE = "drugs_failed >= 2"


def study_with(**keys: Any) -> Study:
    trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    visits = ({"name": "baseline", "day": 0}, {"name": "month_1", "day": 30})
    return Study.model_validate({"study": trial, "visits": visits, "infusions": ({"day": 0},)} | keys)


STUDY = study_with(
    eligibility={"inclusion": ({"id": "I1", "text": "Refractory to two drugs", "rule": RULE},)}
)


def courses(*rows: tuple[str | None, str | None, int | None, int | None]) -> pl.DataFrame:
    """Make the courses of one subject: drug, response, first and last study day."""
    columns = {"drug": pl.String, "response": pl.String, "start_day": pl.Int64, "end_day": pl.Int64}
    frame = pl.DataFrame(list(rows), schema=columns, orient="row")
    return frame.select(pl.lit("S1").alias("subject"), pl.all())


def failed(*rows: tuple[str | None, str | None, int | None, int | None]) -> list[float | None]:
    found = derive_drugs_failed(STUDY, {"medications": courses(*rows)})
    return found["drugs_failed"].to_list()


@pytest.mark.parametrize(
    ("response", "counted"),
    [("none", 1.0), ("partial", 1.0), ("complete", 0.0), ("intolerance", 0.0), ("not_applicable", 0.0)],
)
def test_none_and_partial_are_no_sufficient_response(response: str, counted: float) -> None:
    assert failed(("methotrexate", response, -90, -10)) == [counted]


def test_a_drug_counts_once_however_often_and_however_it_is_written() -> None:
    rows = [
        ("prednisone", "none", -300, -200),
        (" Prednisone ", "partial", -100, None),
        ("hydroxychloroquine", "partial", -400, None),
        ("methotrexate", "complete", -900, -800),
    ]
    assert failed(*rows) == [2.0]


def test_what_began_on_day_0_or_later_is_no_earlier_drug() -> None:
    assert failed(("methotrexate", "none", -1, None), ("leflunomide", "none", 0, None)) == [1.0]
    # Nothing is recorded before day 0: not 0 drugs, but not known.
    assert failed(("leflunomide", "none", 0, None)) == []


def test_what_is_not_recorded_leaves_the_number_open() -> None:
    sure = ("prednisone", "none", -90, None)
    assert failed(sure, ("methotrexate", None, -90, None)) == [None]
    assert failed(sure, ("methotrexate", "none", None, None)) == [None]
    assert failed(sure, (None, "partial", -90, None)) == [None]
    # Of a drug that failed once, another course changes nothing; one that did its work cannot be one more.
    assert failed(sure, ("prednisone", None, -20, None)) == [1.0]
    assert failed(sure, ("methotrexate", "complete", None, None)) == [1.0]
    assert failed(sure, (None, "intolerance", -90, None)) == [1.0]
    # The last day says that a course without a first day began before.
    assert failed(sure, ("methotrexate", "none", None, -1)) == [2.0]
    assert failed(sure, ("methotrexate", "none", None, 0)) == [None]


def test_days_tell_when_a_course_began() -> None:
    assert [began_before(*days) for days in [(-1, 5), (0, 5), (None, -1), (None, 0), (None, None)]] == [
        True,
        False,
        True,
        None,
        None,
    ]


def tables_of(medications: dict[str, list[Any]], study: Study = STUDY) -> Tables:
    """Four subjects infused on 2020-03-02, with their earlier drugs."""
    names = ["S1", "S2", "S3", "S4"]
    frames = {
        "subjects": pl.DataFrame({"subject": names, "consent_date": ["2020-02-20"] * 4, "age": [40] * 4}),
        "infusions": pl.DataFrame({"subject": names, "number": [1] * 4, "date": ["2020-03-02"] * 4}),
        "medications": pl.DataFrame(medications),
    }
    return funis.tables_from_frames(study, frames)


EARLIER: dict[str, list[Any]] = {
    "subject": ["S1", "S1", "S2", "S2", "S3", "S3"],
    "drug": ["prednisone", "methotrexate"] * 3,
    "start": ["2020-03-01", "2019-01-01", "2020-03-02", "2019-01-01", "2019-06-01", "2019-01-01"],
    "response": ["none", "partial", "none", "partial", "none", None],
}


def test_refractory_is_met_not_met_and_not_known() -> None:
    """S1 failed two; S2 one, the other began with the infusion; of S3 one answer, of S4 everything is missing."""
    frame = derive_subject_frame(STUDY, tables_of(EARLIER).frames)
    assert frame["drugs_failed"].to_list() == [2.0, 1.0, None, None]
    results = funis.analyse(STUDY, tables_of(EARLIER))
    numbers = [
        results.value(f"eligibility.enrolled.I1.{name}") for name in ("count", "not_met", "cannot_tell")
    ]
    assert numbers == [1.0, 1.0, 2.0]


def test_findings_say_who_is_not_refractory_and_which_answer_is_missing() -> None:
    found = {(each.code, each.table, each.subject): each for each in tables_of(EARLIER).findings}
    assert "drugs_failed 1" in found["not_eligible", "subjects", "S2"].fix
    assert "drugs_failed missing" in found["eligibility_unknown", "subjects", "S4"].fix
    missing = [each for each in found.values() if each.code == "missing_response"]
    assert [(each.level, each.subject, each.line, each.column) for each in missing] == [
        ("query", "S3", 6, "response")
    ]
    assert missing[0].fix == "Write one of: none, partial, complete, intolerance, not_applicable."


def test_nobody_is_asked_for_a_response_that_no_rule_reads() -> None:
    plain = study_with()
    assert not asks_for_failed_drugs(plain)
    assert "missing_response" not in {each.code for each in tables_of(EARLIER, plain).findings}
    later: dict[str, list[Any]] = {
        "subject": ["S1"],
        "drug": ["prednisone"],
        "start": ["2020-03-02"],
        "response": [None],
    }
    assert "missing_response" not in {each.code for each in tables_of(later).findings}


@pytest.mark.parametrize("part", ["populations", "subgroups"])
def test_populations_and_subgroups_may_ask_too(part: str) -> None:
    assert asks_for_failed_drugs(study_with(**{part: {"refractory": RULE}}))
    assert not asks_for_failed_drugs(study_with(**{part: {"adult": "age >= 18"}}))


def test_an_exclusion_may_ask_too() -> None:
    rule = {"id": "E1", "text": "Never failed a drug", "rule": "drugs_failed = 0"}
    assert asks_for_failed_drugs(study_with(eligibility={"exclusion": (rule,)}))


def test_another_word_for_a_response_is_an_error_and_the_number_is_open() -> None:
    changed = EARLIER | {"response": ["none", "poor", "none", "partial", "none", "none"]}
    tables = tables_of(changed)
    codes = [(each.level, each.column) for each in tables.findings if each.table == "medications"]
    assert ("error", "response") in codes
    frame = derive_subject_frame(STUDY, tables.frames)
    assert frame["drugs_failed"].to_list() == [None, 1.0, 2.0, None]


def test_a_table_without_the_column_says_nothing_of_failed_drugs() -> None:
    without = {name: cells for name, cells in EARLIER.items() if name != "response"}
    assert derive_subject_frame(STUDY, tables_of(without).frames)["drugs_failed"].to_list() == [None] * 4


def test_the_number_is_known_before_the_first_infusion_and_has_words() -> None:
    assert eligibility_schema(STUDY)["drugs_failed"] == pl.Float64()
    said = rule_words(Labels(STUDY), RULE)
    assert said == "at least 2 drugs failed before the first infusion"


def test_an_error_in_a_response_damages_endpoints_of_those_who_failed_drugs() -> None:
    endpoint = {"id": "pain", "kind": "summary", "variable": "vas_patient", "role": "primary"}
    of_failed = endpoint | {"population": "refractory"}
    instruments = {"instruments": {"vas_patient": {}}, "populations": {"refractory": RULE}}
    changed = EARLIER | {"response": ["none", "poor", "none", "partial", "none", "none"]}
    for plan, damaged in ((of_failed, {"pain"}), (endpoint, set())):
        study = study_with(endpoints=(plan,), **instruments)
        assert ("medications" in sources_of(study, study.endpoints[0]).every) is bool(damaged)
        results = funis.analyse(study, tables_of(changed, study))
        grave = {each.table for each in find_damage(study, results).grave}
        assert ("medications" in grave) is bool(damaged)


def test_frames_are_checked_as_a_folder_is() -> None:
    frames = {
        "subjects": pl.DataFrame({"subject": ["S1"], "consent_date": ["2020-02-20"], "age": [40]}),
        "infusions": pl.DataFrame({"subject": ["S1"], "number": [1], "date": ["2020-03-02"]}),
        "medications": pl.DataFrame({"subject": ["S1"], "drug": ["prednisone"], "start": ["2020-01-01"]}),
    }
    assert "missing_response" in {each.code for each in check_frames(STUDY, frames)}
