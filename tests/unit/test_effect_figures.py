"""Waterfall, forest and bars with open answers, by hand: what is drawn of whom, and what is not known."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from funis.documents.figure import FigureSpec
from funis.reporting import timeline_figures, waterfall_figures
from funis.reporting.estimand_figures import build_estimand_forest
from funis.reporting.forest_figures import build_forest
from funis.reporting.influence_tables import build_influence_figures
from funis.reporting.number_book import Group, read_numbers
from funis.reporting.response_figures import build_response_figures
from funis.reporting.waterfall_figures import build_waterfall
from funis.results import NumberList, Place, Provenance, Results
from funis.study.estimand import Estimand
from funis.study.model import Arm, Endpoint, Study
from funis.study.planned_visit import Visit

ARMS = (Arm(id="c", name="Cells"), Arm(id="p", name="Placebo", control=True))
VISITS = (Visit(name="baseline", day=0), Visit(name="month_3", day=90), Visit(name="month_6", day=180))
CHANGE = Endpoint(
    id="score", kind="change", variable="sledai_2k", role="primary", at=("month_3", "month_6"), label="Score"
)
RESPONSE = Endpoint(
    id="answer", kind="response", definition="sri_4", at=("month_6",), label="Answer", subgroups=("renal",)
)
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}


def study_of(*endpoints: Endpoint, arms: tuple[Arm, ...] = ()) -> Study:
    study = Study.model_validate({"study": TRIAL})
    return study.model_copy(update={"arms": arms, "endpoints": endpoints, "visits": VISITS})


def results_of(values: Mapping[str, tuple[float | None, float | None]]) -> Results:
    """Give results with the score of each subject at baseline and at month 6, and 99 at month 3."""
    rows = [
        {"subject": subject, "visit": visit, "day": day, "variable": "sledai_2k", "value": value}
        for subject, pair in values.items()
        for visit, day, value in (("baseline", 0, pair[0]), ("month_3", 90, 99.0), ("month_6", 180, pair[1]))
        if value is not None
    ]
    return Results(
        numbers=NumberList().frame(), sources=pl.DataFrame(), provenance=Provenance(version="0", study="X", title="X"),
        listings={"scores": pl.DataFrame(rows)},
    )  # fmt: skip


def waterfall_of(values: Mapping[str, tuple[float | None, float | None]]) -> FigureSpec:
    study, results = study_of(CHANGE), results_of(values)
    figures = build_waterfall(study, results, read_numbers(results.numbers))
    assert len(figures) == 1
    return figures[0]


def layers_of(figure: FigureSpec, panel: int = 0) -> list[Any]:
    layers: list[Any] = figure.spec["vconcat"][panel]["layer"]
    return layers


def test_bars_go_from_the_largest_rise_to_the_largest_fall_and_the_unknown_stand_last() -> None:
    """S1 10 to 4, S2 8 to 9, S3 6 to 6; S4 has no month 6, S5 no baseline: -6, 1, 0 and two unknown."""
    figure = waterfall_of({"S1": (10, 4), "S2": (8, 9), "S3": (6, 6), "S4": (5, None), "S5": (None, 3)})
    bars = layers_of(figure)[0]["data"]["values"]
    assert [(bar["from"], bar["to"], bar["change"]) for bar in bars] == [
        (0.1, 0.9, 1.0), (1.1, 1.9, 0.0), (2.1, 2.9, -6.0),
    ]  # fmt: skip
    # Hatched stubs: a twentieth of the range of 7 above and below zero.
    stubs = layers_of(figure)[1]["data"]["values"]
    assert [(stub["from"], stub["to"]) for stub in stubs] == [(3.1, 3.9), (4.1, 4.9)]
    assert [stub["top"] for stub in stubs] == [pytest.approx(0.35)] * 2
    assert [stub["bottom"] for stub in stubs] == [pytest.approx(-0.35)] * 2
    assert len(layers_of(figure)[2]["data"]["values"]) > 2
    assert figure.spec["vconcat"][0]["title"]["text"] == "3 of 5 with both values"
    assert figure.alt.endswith("1 fell, 1 rose, 1 unchanged, 2 not known; from 1.00 to -6.00.")
    assert figure.footnotes[-1] == "Hatched at the right: subjects without one of the two values."


def test_without_unknown_changes_nothing_is_hatched() -> None:
    figure = waterfall_of({"S1": (10, 4), "S2": (8, 9)})
    assert len(layers_of(figure)) == 2
    assert len(figure.footnotes) == 1


def test_one_change_alone_is_no_figure() -> None:
    results = results_of({"S1": (10, 4), "S2": (8, None)})
    assert build_waterfall(study_of(CHANGE), results, read_numbers(results.numbers)) == ()
    assert build_waterfall(study_of(RESPONSE), results, read_numbers(results.numbers)) == ()


@pytest.mark.parametrize(("subjects", "is_curve"), [(300, False), (301, True)])
def test_of_more_than_300_subjects_a_curve_of_quantiles_is_drawn(subjects: int, *, is_curve: bool) -> None:
    """Changes of 0, -1, -2 ...: of 301 the one at 50 percent is -150; the last is without month 6."""
    values: dict[str, tuple[float | None, float | None]] = {
        f"S{place:03}": (400.0, 400.0 - place) for place in range(subjects - 1)
    }
    figure = waterfall_of(values | {"Z": (1.0, None)})
    marks = [layer["mark"]["type"] for layer in layers_of(figure)]
    assert ("line" in marks) is is_curve
    assert ("rect" in marks) is not is_curve
    if is_curve:
        points = layers_of(figure)[0]["data"]["values"]
        assert (points[0], points[-1]) == (
            {"percent": 0.0, "change": 0.0},
            {"percent": 100.0, "change": -299.0},
        )
        assert {"percent": 50.17, "change": -150.0} in points
        assert "all 301 are summarised" in figure.footnotes[0]
        assert figure.footnotes[-1].startswith("Of 1 subjects one of the two values is missing")


@pytest.mark.parametrize(("in_an_arm", "is_many"), [(150, False), (151, True)])
def test_arms_of_a_study_of_more_than_300_subjects_are_summarised_together(
    monkeypatch: pytest.MonkeyPatch, in_an_arm: int, *, is_many: bool
) -> None:
    """302 subjects in two arms are many, though neither arm is: no line and no bar of a single subject."""
    values: dict[str, tuple[float | None, float | None]] = {
        f"{arm}{place:03}": (10.0 + place % 7, 5.0 + place % 3) for arm in "cp" for place in range(in_an_arm)
    }
    results = results_of(values)
    numbers = NumberList()
    for arm in "cp":
        for visit in ("baseline", "month_3", "month_6"):
            numbers.add(
                Place(analysis="summary", variable="sledai_2k", arm=arm, visit=visit, n=in_an_arm),
                "mean",
                9.0,
            )
    book = read_numbers(numbers.frame())

    def members(_: Results, __: object, group: Group) -> list[str]:
        return [name for name in values if name.startswith(group.arm)]

    for module in (timeline_figures, waterfall_figures):
        monkeypatch.setattr(module, "members_of", members)
    study = study_of(CHANGE, arms=ARMS)
    (course,) = timeline_figures.build_timeline_figures(study, results, book)
    (waterfall,) = build_waterfall(study, results, book)
    assert len(course.spec["concat"]) == len(waterfall.spec["vconcat"]) == 2
    for figure in (course, waterfall):
        assert (
            "more than 300 subjects single subjects are not drawn" in " ".join(figure.footnotes)
        ) is is_many
    assert ('"p95"' in json.dumps(course.spec)) is is_many
    assert ('"rect"' in json.dumps(waterfall.spec)) is not is_many
    assert waterfall.title.endswith("quantiles of the changes at month 6") is is_many
    # What is plotted are the values, though the endpoint is their change.
    assert course.title.startswith("SLEDAI-2K, values by visit: mean with 95% confidence interval")


# --- forest ----------------------------------------------------------------------------------------------


def respond(numbers: NumberList, subgroup: str, percent: float, *, n: int, arm: str = "all") -> None:
    place = Place(
        analysis="response", variable="sri_4", measure="sri_4", category="responder", endpoint="answer", subgroup=subgroup,
        arm=arm, visit="month_6", n=n, denominator=n,
    )  # fmt: skip
    numbers.add(place, "percent", percent)
    for name, value in (("lower", percent - 20), ("upper", percent + 10)):
        numbers.add(place, name, value, method="clopper_pearson")
        numbers.add(place, name, value + 1, method="wilson")


def test_rows_of_a_forest_are_everybody_and_each_subgroup() -> None:
    numbers = NumberList()
    respond(numbers, "all", 60, n=40)
    respond(numbers, "renal", 55, n=28)
    figure = build_forest(study_of(RESPONSE), read_numbers(numbers.frame()))[0]
    rows = figure.spec["data"]["values"]
    assert [(row["name"], row["estimate"], row["lower"], row["upper"], row["words"]) for row in rows] == [
        ("Everybody (n = 40)", 60, 40, 70, "60.0 (40.0 to 70.0)"), ("Renal (n = 28)", 55, 35, 65, "55.0 (35.0 to 65.0)"),
    ]  # fmt: skip
    # One arm: no line of no effect, and the axis holds the intervals alone.
    assert [layer["mark"]["type"] for layer in figure.spec["layer"]] == ["rule", "square", "text"]
    assert figure.spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [35, 70]
    assert figure.id == "figure-forest-answer"


def test_with_arms_a_forest_shows_differences_and_the_line_of_no_effect() -> None:
    numbers = NumberList()
    for subgroup, estimate in (("all", 20.0), ("renal", 30.0)):
        respond(numbers, subgroup, 60, n=20, arm="c")
        place = Place(
            analysis="comparison", variable="sri_4", measure="sri_4", category="responder", endpoint="answer",
            subgroup=subgroup, arm="c", contrast="p", visit="month_6", n=40,
        )  # fmt: skip
        for name, value in (("estimate", estimate), ("lower", estimate - 15), ("upper", estimate + 15)):
            numbers.add(place, name, value, method="newcombe")
    figure = build_forest(study_of(RESPONSE, arms=ARMS), read_numbers(numbers.frame()))[0]
    assert [row["words"] for row in figure.spec["data"]["values"]] == [
        "20.0 (5.0 to 35.0)",
        "30.0 (15.0 to 45.0)",
    ]
    assert figure.spec["layer"][0]["encoding"]["x"]["datum"] == 0
    # The line of no effect is within the axis, though every interval lies beyond it.
    assert figure.spec["layer"][1]["encoding"]["x"]["scale"]["domain"] == [0.0, 45.0]
    assert "Cells minus placebo" in " ".join(figure.footnotes)


def test_changes_of_subgroups_are_a_forest_too_and_few_subjects_no_row() -> None:
    endpoint = CHANGE.model_copy(update={"subgroups": ("renal", "tiny")})
    numbers = NumberList()
    for subgroup, n in (("all", 40), ("renal", 20), ("tiny", 3)):
        place = Place(
            analysis="change",
            variable="sledai_2k_change",
            measure="sledai_2k",
            subgroup=subgroup,
            visit="month_6",
            n=n,
        )
        numbers.add(place, "n", n)
        for name, value in (("mean", -4.0), ("lower", -6.0), ("upper", -2.0)):
            numbers.add(place, name, value, method="student_t")
    figure = build_forest(study_of(endpoint), read_numbers(numbers.frame()))[0]
    assert [row["name"] for row in figure.spec["data"]["values"]] == ["Everybody (n = 40)", "Renal (n = 20)"]


def test_of_fewer_than_ten_no_percentage_is_a_row() -> None:
    numbers = NumberList()
    for subgroup, n in (("all", 40), ("renal", 9)):
        respond(numbers, subgroup, 60, n=n)
    assert build_forest(study_of(RESPONSE), read_numbers(numbers.frame())) == ()


def test_a_forest_of_subgroups_that_an_outcome_forms_says_what_they_cannot_show() -> None:
    numbers = NumberList()
    respond(numbers, "all", 60, n=40)
    respond(numbers, "renal", 55, n=28)
    study = study_of(RESPONSE)
    baseline = build_forest(study, read_numbers(numbers.frame()))[0]
    later = study.model_copy(update={"subgroups": {"renal": "answer_responder = 1"}})
    formed = build_forest(later, read_numbers(numbers.frame()))[0]
    assert not any("immortal time" in note for note in baseline.footnotes)
    assert formed.footnotes[-1].startswith("Renal: formed by an outcome that was known only after treatment.")
    assert not any("baseline" in note for note in formed.footnotes)


def test_one_row_alone_is_no_forest() -> None:
    numbers = NumberList()
    respond(numbers, "all", 60, n=40)
    assert build_forest(study_of(RESPONSE), read_numbers(numbers.frame())) == ()
    assert build_forest(study_of(CHANGE), read_numbers(numbers.frame())) == ()


# --- bars with open answers ------------------------------------------------------------------------------


def test_who_cannot_be_told_is_a_hatched_part_of_the_bar_of_everybody() -> None:
    """30 who respond and 6 who do not of 36, 4 more cannot be told: 75, 15 and 10 percent of 40."""
    numbers = NumberList()
    for category, count, denominator in (("cannot tell", 4, 40), ("no", 6, 36), ("yes", 30, 36)):
        place = Place(
            analysis="response", variable="sri_4", measure="sri_4", category=category, endpoint="answer", visit="month_6",
            n=denominator, denominator=denominator,
        )  # fmt: skip
        numbers.add(place, "count", count)
        if category != "cannot tell":
            numbers.add(place, "percent", 100 * count / denominator)
    figure = build_response_figures(study_of(RESPONSE), read_numbers(numbers.frame()))[0]
    known, labels, frame, strokes, *ground = (layer["data"]["values"] for layer in figure.spec["layer"])
    assert [(part["bar"], part["from"], part["to"]) for part in known] == [
        ("Month 6, enrolled (N=40)", 0.0, 75.0), ("Month 6, enrolled (N=40)", 75.0, 90.0),
    ]  # fmt: skip
    assert [(part["from"], part["to"]) for part in frame] == [(90.0, 100.0)]
    # A percentage of 36 would not fit a bar of 40.
    assert [part["label"] for part in labels] == ["30", "6"]
    paper, counted = ground
    assert [part["label"] for part in counted] == ["4"]
    assert [(part["from"] + part["to"]) / 2 for part in paper] == [95.0]
    assert all(90 <= stroke["from"] <= stroke["to"] <= 100 for stroke in strokes)
    assert len(strokes) > 3
    assert any(note.startswith("Hatched: cannot tell.") for note in figure.footnotes)


def test_without_open_answers_the_parts_have_their_percentage() -> None:
    numbers = NumberList()
    for category, count in (("SRI-4", 30), ("none", 10)):
        place = Place(
            analysis="response", variable="sri_4", measure="sri_4", category=category, endpoint="answer", visit="month_6",
            n=40, denominator=40,
        )  # fmt: skip
        numbers.add(place, "count", count)
        numbers.add(place, "percent", 100 * count / 40)
    figure = build_response_figures(study_of(RESPONSE), read_numbers(numbers.frame()))[0]
    known, labels = (layer["data"]["values"] for layer in figure.spec["layer"])
    assert [part["bar"] for part in known] == ["Month 6, enrolled (N=40)"] * 2
    assert [part["label"] for part in labels] == ["30 (75.0%)", "10 (25.0%)"]
    assert not any("Hatched" in note for note in figure.footnotes)


# --- influence -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("subjects", "is_span"), [(300, False), (301, True)])
def test_estimates_without_one_of_many_subjects_are_a_span(subjects: int, *, is_span: bool) -> None:
    """Distances of -0.1, 0 and 0.2 over and over, and one site of 0.5: a bar from -0.1 to 0.2."""
    shifts = [(-0.1, 0.0, 0.2)[place % 3] for place in range(subjects)]
    line = {"endpoint": "score", "variable": "sledai_2k_change", "measure": "sledai_2k", "subgroup": "all"}
    rows = [
        line
        | {
            "arm": "all",
            "contrast": "",
            "visit": "month_6",
            "method": "paired_t",
            "kind": kind,
            "shift": shift,
        }
        for kind, shift in [*(("subject", each) for each in shifts), ("site", 0.5)]
    ]
    results = replace(results_of({"S1": (1, 1)}), listings={"influence": pl.DataFrame(rows)})
    (figure,) = build_influence_figures(study_of(CHANGE), results, read_numbers(results.numbers))
    drawn = {
        layer["mark"]["type"] + str(layer["mark"].get("strokeWidth", "")): layer
        for layer in figure.spec["layer"]
    }
    strokes = sorted(point["shift"] for point in drawn["tick"]["data"]["values"])
    assert strokes == ([] if is_span else [-0.1, 0.0, 0.2])
    assert ("rule6" in drawn) is is_span
    if is_span:
        assert [(each["from"], each["shift"]) for each in drawn["rule6"]["data"]["values"]] == [(-0.1, 0.2)]
        assert "all 301 are summarised. Bar: from the lowest to the highest of them." in figure.footnotes[-1]
    assert [point["shift"] for point in drawn["circle"]["data"]["values"]] == [0.5]
    assert "The farthest, 0.5, is of" in figure.alt


# --- estimands -------------------------------------------------------------------------------------------


def estimated(
    numbers: NumberList, name: str, value: float, *, arm: str = "all", contrast: str = "", n: int = 40
) -> None:
    for visit, shift in (("month_3", 50.0), ("month_6", 0.0)):
        place = Place(
            analysis="estimand", variable="sledai_2k_change", measure="sledai_2k", estimand=name, endpoint="score", arm=arm,
            contrast=contrast, visit=visit, n=n,
        )  # fmt: skip
        for statistic, far in (("estimate", 0.0), ("lower", -2.0), ("upper", 1.0)):
            numbers.add(place, statistic, value + shift + far, method="mmrm")


def estimands_of(*arms: Arm) -> Study:
    own = tuple(
        Estimand.model_validate({"id": name, "endpoint": "score", "treatment": "cells", "summary": summary})
        for name, summary in (
            ("policy", "mean change"),
            ("as_treated", "mean change"),
            ("other", "median change"),
        )
    )
    return study_of(CHANGE, arms=arms).model_copy(update={"estimands": own})


def test_each_estimand_of_an_endpoint_is_a_row_with_its_interval_and_n() -> None:
    numbers = NumberList()
    for name, value in (("policy", -4.0), ("as_treated", -5.5), ("other", -9.0)):
        estimated(numbers, name, value)
    (figure,) = build_estimand_forest(estimands_of(), read_numbers(numbers.frame()))
    rows = figure.spec["data"]["values"]
    assert [(row["name"], row["estimate"], row["lower"], row["upper"]) for row in rows] == [
        ("policy, month 6 (n = 40)", -4.0, -6.0, -3.0), ("as treated, month 6 (n = 40)", -5.5, -7.5, -4.5),
    ]  # fmt: skip
    assert rows[1]["words"] == "−5.50 (−7.50 to −4.50)"
    # Without a control there is no line of no difference, and none is spoken of.
    assert len(figure.spec["layer"]) == 3
    assert "no difference" not in " ".join(figure.footnotes)


def test_with_arms_the_rows_are_differences_from_control_alone() -> None:
    numbers = NumberList()
    for name in ("policy", "as_treated"):
        for arm, value in (("all", -3.0), ("c", -4.0), ("p", -2.0)):
            estimated(numbers, name, value, arm=arm)
        estimated(numbers, name, -2.0, arm="c", contrast="p")
    (figure,) = build_estimand_forest(estimands_of(*ARMS), read_numbers(numbers.frame()))
    assert [row["estimate"] for row in figure.spec["data"]["values"]] == [-2.0, -2.0]
    assert len(figure.spec["layer"]) == 4
    assert figure.alt.startswith("Mean change of SLEDAI-2K, against placebo with 95% confidence intervals")


def test_one_estimand_alone_or_one_without_an_interval_is_no_figure() -> None:
    numbers = NumberList()
    estimated(numbers, "policy", -4.0)
    place = Place(
        analysis="estimand", variable="sledai_2k_change", measure="sledai_2k", estimand="as_treated", endpoint="score",
        visit="month_6", n=40,
    )  # fmt: skip
    numbers.add(place, "estimate", -4.0, method="mmrm")
    numbers.add(place, "lower", None, method="mmrm", status="failed")
    assert build_estimand_forest(estimands_of(), read_numbers(numbers.frame())) == ()
