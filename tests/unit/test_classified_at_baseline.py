"""Classification criteria as a rule of eligibility: primary Sjogren's syndrome, met, not met or not known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import funis
from funis.analysis.observations import long_scores, score_instruments
from funis.catalogue.registry import criteria_set
from funis.data.check.eligibility import scores_in_criteria
from funis.data.tables import Tables
from funis.errors import StudyError
from funis.reporting.labels import Labels
from funis.reporting.rule_words import rule_words
from funis.study.check_classified import yes_no_columns
from funis.study.classified import (
    _say_items,
    classifications_asked,
    classified_by,
    derive_classifications,
    lies_above,
    lies_below,
)
from funis.study.days import derive_subject_frame, subject_values
from funis.study.model import Study
from funis.study.read import read_study
from funis.study.sources import sources_of

TRIAL = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
VISITS = ({"name": "baseline", "day": 0}, {"name": "month_1", "day": 30})
PRIMARY = {"id": "I1", "text": "Primary", "rule": "baseline_aecg_2002 = 'met'", "classification": "aecg_2002"}
ITEMS = (
    "ocular_symptoms", "oral_symptoms", "ocular_signs", "histopathology", "salivary_signs", "autoantibodies",
    "hepatitis_c",
)  # fmt: skip


def study_with(**keys: Any) -> Study:
    plan = {"study": TRIAL, "visits": VISITS, "infusions": ({"day": 0},)}
    return Study.model_validate(plan | {"eligibility": {"inclusion": (PRIMARY,)}} | keys)


BY_COLUMNS = study_with(columns=tuple({"name": name, "kind": "flag"} for name in ITEMS))
#: Subject, then the seven items; what the criteria of 2002 make of them stands beside it.
ROWS: tuple[tuple[str, tuple[int | None, ...], str | None], ...] = (
    # 4 of 6 with an antibody.
    ("S1", (1, 1, 1, 0, 0, 1, 0), "met"),
    # 4 of 6 with neither gland nor antibody, and 2 of the 4 objective items.
    ("S2", (1, 1, 1, 0, 1, 0, 0), "not met"),
    # 3 of the 4 objective items, no symptom.
    ("S3", (0, 0, 1, 1, 1, 0, 0), "met"),
    # As S1, with hepatitis C.
    ("S4", (1, 1, 1, 0, 0, 1, 1), "not met"),
    # Two symptoms and one sign for certain; the biopsy, which was not done, decides.
    ("S5", (1, 1, 1, None, 0, 0, 0), None),
    # As S1, and nobody asked about hepatitis C.
    ("S6", (1, 1, 1, 0, 0, 1, None), None),
    # One of six, whatever the biopsy shows.
    ("S7", (1, 0, 0, None, 0, 0, 0), "not met"),
)


def tables_of(study: Study, columns: dict[str, list[Any]], **others: pl.DataFrame) -> Tables:
    names = columns["subject"]
    subjects = pl.DataFrame({"consent_date": ["2020-02-20"] * len(names), "age": [40] * len(names)} | columns)
    infusions = {"subject": names, "number": [1] * len(names), "date": ["2020-03-02"] * len(names)}
    return funis.tables_from_frames(
        study, {"subjects": subjects, "infusions": pl.DataFrame(infusions), **others}
    )


def by_columns() -> Tables:
    columns: dict[str, list[Any]] = {"subject": [name for name, _, _ in ROWS]}
    columns |= {item: [values[place] for _, values, _ in ROWS] for place, item in enumerate(ITEMS)}
    return tables_of(BY_COLUMNS, columns)


def test_criteria_are_met_not_met_or_not_known() -> None:
    frame = derive_subject_frame(BY_COLUMNS, by_columns().frames)
    assert dict(frame.select("subject", "baseline_aecg_2002").iter_rows()) == {
        name: word for name, _, word in ROWS
    }
    # What no rule asks for is not judged.
    assert frame["baseline_acr_eular_2016"].null_count() == len(ROWS)


def test_the_rule_counts_and_findings_name_who_does_not_meet_it() -> None:
    tables = by_columns()
    results = funis.analyse(BY_COLUMNS, tables)
    counted = [
        results.value(f"eligibility.enrolled.I1.{name}") for name in ("count", "not_met", "cannot_tell")
    ]
    assert counted == [2.0, 3.0, 2.0]
    told = {(each.code, each.subject) for each in tables.findings if each.table == "subjects"}
    assert {subject for code, subject in told if code == "not_eligible"} == {"S2", "S4", "S7"}
    assert {subject for code, subject in told if code == "eligibility_unknown"} == {"S5", "S6"}
    said = next(each for each in tables.findings if each.code == "not_eligible")
    assert "baseline_aecg_2002 not met" in said.fix


def test_a_finding_names_the_items_that_are_lacking_and_no_illness_that_excludes() -> None:
    said = {
        each.subject: each.fix.partition(" Of ")[2]
        for each in by_columns().findings
        if each.code in {"not_eligible", "eligibility_unknown"}
    }
    assert said == {
        "S2": "baseline_aecg_2002, not shown: histopathology, autoantibodies.",
        "S4": "baseline_aecg_2002, not shown: histopathology, salivary_signs; 1 exclusion applies.",
        "S5": "baseline_aecg_2002, not shown: salivary_signs, autoantibodies; not known: histopathology.",
        "S6": "baseline_aecg_2002, not shown: histopathology, salivary_signs; not known: hepatitis_c.",
        "S7": "baseline_aecg_2002, not shown: oral_symptoms, ocular_signs, salivary_signs, autoantibodies; "
        "not known: histopathology.",
    }
    assert not any("hepatitis" in text for subject, text in said.items() if subject != "S6")


def test_of_many_items_the_first_are_named_and_the_others_counted() -> None:
    answers = {row.criterion.id: "no" for row in criteria_set("slicc_2012").rows}
    text = _say_items("slicc_2012", answers)
    assert text.startswith("not shown: ")
    assert text.count(",") == 7
    assert text.endswith(f" and {len(answers) - 8} more")


LABS = ({"test": "anti_ssa", "unit": "U/mL", "high": 20.0}, {"test": "c3", "unit": "g/L", "low": 0.8})
BY_MEASURES = study_with(
    columns=({"name": "ocular_symptoms", "kind": "flag"}, {"name": "focus_score", "kind": "number"}),
    labs=LABS,
    instruments={"schirmer": {}, "unstimulated_flow": {}},
    eligibility={"inclusion": (PRIMARY | {"rule": "baseline_acr_eular_2016 = 'met'"},)},
)


def by_measures(
    labs: list[tuple[Any, ...]], *, flows: Sequence[float] = (1.0, 2.0), **columns: list[Any]
) -> Tables:
    """Two subjects: wetting of the eyes 5 and 12 mm in S1, 12 and 12 in S2; saliva 1 and 2 mL in 10 min."""
    eyes = {"subject": ["S1", "S2"], "visit": ["baseline"] * 2, "date": ["2020-03-01"] * 2}
    given: dict[str, list[Any]] = {"subject": ["S1", "S2"]}
    given["ocular_symptoms"], given["focus_score"] = [1, 1], [None, None]
    given |= columns
    heads = ["subject", "visit", "date", "test", "value", "unit", "comparator", "high"]
    return tables_of(
        BY_MEASURES,
        given,
        schirmer=pl.DataFrame(eyes | {"right_mm": [5, 12], "left_mm": [12, 12]}),
        unstimulated_flow=pl.DataFrame(eyes | {"volume_ml": list(flows), "minutes": [10, 10]}),
        labs=pl.DataFrame(labs, schema=heads, orient="row", strict=False),
    )


def judged(tables: Tables) -> list[str | None]:
    scores = long_scores(score_instruments(BY_MEASURES, tables))
    frame = derive_subject_frame(BY_MEASURES, tables.frames, scores)
    return frame["baseline_acr_eular_2016"].to_list()


POSITIVE: tuple[Any, ...] = ("S1", "baseline", "2020-03-01", "anti_ssa", 21.0, "U/mL", None, None)
NEGATIVE: tuple[Any, ...] = ("S2", "baseline", "2020-03-01", "anti_ssa", 19.0, "U/mL", None, None)


def test_scores_and_the_laboratory_show_criteria() -> None:
    """S1: worse eye 5 mm (1), 0.1 mL/min (1), anti-SSA above 20 (3): 5 points. S2: none, and at most 1 for the dye."""
    assert judged(by_measures([POSITIVE, NEGATIVE], focus_score=[0.0, 0.0])) == [
        "met",
        "not met",
    ]


def test_a_result_on_the_limit_is_not_above_it_and_the_own_limit_comes_first() -> None:
    on_limit = (*POSITIVE[:4], 20.0, *POSITIVE[5:])
    assert judged(by_measures([on_limit], focus_score=[0.0, 0.0]))[0] == "not met"
    own = (*POSITIVE[:4], 20.0, "U/mL", None, 15.0)
    assert judged(by_measures([own], focus_score=[0.0, 0.0]))[0] == "met"


def test_only_what_was_known_before_the_infusion_counts() -> None:
    late = ("S1", "month_1", "2020-04-01", "anti_ssa", 5.0, "U/mL", None, None)
    assert judged(by_measures([POSITIVE, late], focus_score=[0.0, 0.0]))[0] == "met"
    only_late = (*late[:4], 50.0, *late[5:])
    assert judged(by_measures([only_late], focus_score=[0.0, 0.0]))[0] is None
    earlier = ("S1", "unscheduled", "2020-02-20", "anti_ssa", 5.0, "U/mL", None, None)
    assert judged(by_measures([POSITIVE, earlier], focus_score=[0.0, 0.0]))[0] == "met"
    assert judged(by_measures([earlier], focus_score=[0.0, 0.0]))[0] == "not met"


def test_what_was_not_done_leaves_it_open() -> None:
    """Anti-SSA gives 3 of the 4 points: without it, and with 2 for certain, nobody can tell."""
    assert judged(by_measures([NEGATIVE], focus_score=[0.0, 0.0])) == [None, "not met"]


def test_the_criteria_name_what_is_read_of_the_study() -> None:
    by = classified_by(BY_MEASURES, "acr_eular_2016")
    assert by.columns == ("ocular_symptoms", "focus_score")
    assert by.scores == {
        "schirmer": ("schirmer_right", "schirmer_left", "schirmer_worst"),
        "unstimulated_flow": ("unstimulated_flow",),
    }
    assert (by.tests, by.above, by.below) == ((), {"anti_ssa_positive": "anti_ssa"}, {})
    assert by.sources == {"schirmer", "unstimulated_flow", "anti_ssa"}
    lupus = classified_by(study_with(labs=(*LABS, {"test": "wbc", "unit": "10^9/L"})), "eular_acr_2019")
    assert (lupus.tests, lupus.above, lupus.below) == (("wbc",), {}, {"low_c3": "c3"})


def test_a_test_is_read_in_the_unit_of_the_study() -> None:
    """Leukocytes of 3.9 10^9/L are below 4.0 (3 points of 2019); 3900 /uL are the same."""
    for unit, value in (("10^9/L", 3.9), ("/uL", 3900.0)):
        study = study_with(
            labs=({"test": "wbc", "unit": unit},),
            columns=tuple(
                {"name": each, "kind": "flag"} for each in ("ana_positive", "joints", "proteinuria")
            ),
            eligibility={"inclusion": (PRIMARY | {"rule": "baseline_eular_acr_2019 = 'met'"},)},
        )
        heads = {"visit": ["baseline"], "date": ["2020-03-01"], "test": ["wbc"], "unit": [unit]}
        labs = pl.DataFrame({"subject": ["S1"]} | heads | {"value": [value]})
        # 6 for joints, 4 for protein, 3 for leukocytes; without the last it is 10 as well, without two it is not.
        for protein, word in ((1, "met"), (0, None)):
            columns: dict[str, list[Any]] = {"subject": ["S1"], "ana_positive": [1], "joints": [1]}
            tables = tables_of(study, columns | {"proteinuria": [protein]}, labs=labs)
            made = derive_classifications(study, tables.frames, None, ["eular_acr_2019"])
            assert made.select("subject", "baseline_eular_acr_2019").rows() == [("S1", word)], unit


@pytest.mark.parametrize(
    ("sign", "below", "on", "above"),
    [
        ("", 0.0, 0.0, 1.0),
        ("<", 0.0, 0.0, None),
        ("<=", 0.0, 0.0, None),
        (">", None, 1.0, 1.0),
        (">=", None, None, 1.0),
    ],
)
def test_the_side_of_the_upper_limit(sign: str, below: object, on: object, above: object) -> None:
    assert [lies_above(value, sign, 20.0) for value in (19.0, 20.0, 21.0)] == [below, on, above]


@pytest.mark.parametrize(
    ("sign", "below", "on", "above"),
    [
        ("", 1.0, 0.0, 0.0),
        (">", None, 0.0, 0.0),
        (">=", None, 0.0, 0.0),
        ("<", 1.0, 1.0, None),
        ("<=", 1.0, None, None),
    ],
)
def test_the_side_of_the_lower_limit(sign: str, below: object, on: object, above: object) -> None:
    assert [lies_below(value, sign, 20.0) for value in (19.0, 20.0, 21.0)] == [below, on, above]


def test_a_side_needs_a_result_and_a_limit() -> None:
    assert lies_above(None, "", 1.0) is lies_above(1.0, "", None) is None
    assert lies_below(None, "", 1.0) is lies_below(1.0, "", None) is None


def test_scores_are_worked_out_for_the_rule_and_errors_in_them_are_of_its_populations() -> None:
    assert scores_in_criteria(BY_MEASURES) == ("schirmer", "unstimulated_flow")
    assert scores_in_criteria(BY_COLUMNS) == ()
    endpoint = {"id": "pain", "kind": "summary", "variable": "vas_patient", "population": "primary"}
    instruments: dict[str, Any] = {"vas_patient": {}, "schirmer": {}}
    study = study_with(
        instruments=instruments,
        endpoints=(endpoint,),
        populations={"primary": "baseline_aecg_2002 = 'met'"},
    )
    assert sources_of(study, study.endpoints[0]).every == {"vas_patient", "schirmer"}


def test_a_folder_is_judged_by_the_check_as_by_the_analysis() -> None:
    tables = by_measures([POSITIVE, NEGATIVE], focus_score=[0.0, 0.0])
    results = funis.analyse(BY_MEASURES, tables)
    found = [each for each in results.findings if each.code in {"not_eligible", "eligibility_unknown"}]
    assert [(each.code, each.subject) for each in found] == [("not_eligible", "S2")]


def test_asked_by_rules_and_formulas_only() -> None:
    assert classifications_asked(BY_COLUMNS) == ("aecg_2002",)
    assert classifications_asked(study_with(eligibility={})) == ()
    assert classifications_asked(study_with(subgroups={"x": "baseline_slicc_2012 IS NULL"})) == (
        "aecg_2002",
        "slicc_2012",
    )
    by_exclusion = {"exclusion": (PRIMARY | {"rule": "baseline_acr_1997 = 'met'"},)}
    assert classifications_asked(study_with(eligibility=by_exclusion)) == ("acr_1997",)


def test_values_that_a_rule_may_ask_for() -> None:
    assert subject_values(BY_COLUMNS)["baseline_aecg_2002"] == ("met", "not met")
    assert (
        rule_words(Labels(BY_COLUMNS), PRIMARY["rule"])
        == "the classification criteria AECG 2002, primary Sjogren's syndrome, are met"
    )


FILE = """
[study]
id = "X"
title = "X"
condition = "sjogren"
design = "observational"
[subgroups]
primary = "baseline_aecg_2002 = '{word}'"
[[columns]]
name = "{column}"
kind = "{kind}"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"column": "focus_score", "kind": "number"}, ""),
        ({"column": "eye_colour"}, "records nothing they read"),
        ({"kind": "text"}, "read this column as a flag"),
        ({"kind": "number"}, "read this column as a flag"),
        ({"column": "focus_score"}, "read this column as a number"),
        ({"word": "yes"}, "never holds 'yes'"),
    ],
)
def test_a_study_file_says_what_is_lacking(change: dict[str, str], said: str, tmp_path: Path) -> None:
    text = FILE.format(**({"word": "met", "column": "hepatitis_c", "kind": "flag"} | change))
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    if not said:
        assert classifications_asked(read_study(tmp_path)) == ("aecg_2002",)
        return
    with pytest.raises(StudyError, match=said):
        read_study(tmp_path)


def test_a_number_that_nobody_can_have_is_an_error_and_not_counted() -> None:
    tables = by_measures([POSITIVE], focus_score=[-1.0, 0.0])
    found = [each for each in tables.findings if each.column == "focus_score"]
    assert [(each.level, each.code, each.subject) for each in found] == [
        ("error", "value_outside_range", "S1")
    ]
    assert tables.frames["subjects"]["focus_score"].to_list() == [None, 0.0]


def test_yes_no_columns_are_told_from_measures() -> None:
    flags = yes_no_columns("acr_eular_2016")
    assert {"ocular_symptoms", "anti_ssa_positive", "hepatitis_c"} <= flags
    assert not flags & {"focus_score", "essdai", "unstimulated_flow", "schirmer_worst"}


def test_the_day_of_the_infusion_counts_the_day_after_does_not() -> None:
    at_once = (*POSITIVE[:2], "2020-03-02", *POSITIVE[3:])
    assert judged(by_measures([at_once], focus_score=[0.0, 0.0]))[0] == "met"
    next_day = ("S1", "unscheduled", "2020-03-03", *POSITIVE[3:])
    assert judged(by_measures([next_day], focus_score=[0.0, 0.0]))[0] is None


def test_of_two_results_of_one_day_the_last_counts() -> None:
    second = ("S1", "unscheduled", "2020-03-01", "anti_ssa", 5.0, "U/mL", None, None)
    assert judged(by_measures([POSITIVE, second], focus_score=[0.0, 0.0]))[0] == "not met"
    first = ("S1", "unscheduled", *POSITIVE[2:])
    assert (
        judged(by_measures([(*second[:1], "baseline", *second[2:]), first], focus_score=[0.0, 0.0]))[0]
        == "met"
    )


def test_a_score_without_a_day_is_of_its_visit() -> None:
    """3 for the biopsy and 1 for a flow of 0.05 mL/min make 4; one of 0.5 makes 3, and 1 for the dye is open."""
    tables = by_measures([NEGATIVE, ("S1", *NEGATIVE[1:])], focus_score=[1.0, 1.0])
    for flows, word in (([0.05, 0.5], "met"), ([0.5, 0.05], None)):
        scores = pl.DataFrame(
            {"subject": ["S1", "S1"], "visit": ["baseline", "month_1"], "day": [None, None]}
            | {"variable": ["unstimulated_flow"] * 2, "value": flows, "grade": [None, None]},
            schema_overrides={"day": pl.Float64, "grade": pl.String},
        )
        found = derive_classifications(BY_MEASURES, tables.frames, scores, ["acr_eular_2016"])
        assert found.select("subject", "baseline_acr_eular_2016").row(0) == ("S1", word)


def test_the_worse_eye_decides_not_the_mean_of_both() -> None:
    """5 and 12 mm: the mean of 8.5 would not count. With 3 for anti-SSA the worse eye makes 4."""
    positive = [POSITIVE, ("S2", *POSITIVE[1:])]
    assert judged(by_measures(positive, flows=[2.0, 2.0], focus_score=[0.0, 0.0])) == ["met", None]


@pytest.mark.parametrize(("value", "is_kept"), [(0.0, True), (50.0, True), (-0.1, False), (50.1, False)])
def test_the_limits_of_a_column_themselves_are_possible(value: float, is_kept: bool) -> None:  # noqa: FBT001
    tables = by_measures([POSITIVE], focus_score=[value, 1.0])
    assert (tables.frames["subjects"]["focus_score"].to_list()[0] == value) is is_kept


def test_a_stage_of_sialography_states_no_item() -> None:
    """Punctate stages of both glands say nothing of diffuse or obstructed: the item stays what a reader states."""
    study = study_with(
        instruments={"sialography": {}, "unstimulated_flow": {}},
        columns=({"name": "sialography_positive", "kind": "flag"},),
    )
    found = classified_by(study, "aecg_2002")
    assert set(found.scores) == {"unstimulated_flow"}
    assert found.columns == ("sialography_positive",)
