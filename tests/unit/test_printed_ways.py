"""The table of every way to count responders, and its conclusion, on rows made by hand."""

from typing import Any

import polars as pl

from funis.analysis.specifications import _events, _is_planned, _parameters, render_choices
from funis.catalogue.registry import response_definition, responses
from funis.responses.specification_curve import FLARES
from funis.responses.timeline import build_timelines
from funis.study.model import Endpoint, Study

ROW: dict[str, Any] = {
    "definition": "sri_4", "visit": "month_6", "choice": "as defined", "scoring": "as planned",
    "population": "enrolled", "missing": "nonresponder", "responders": 8, "n": 10, "cannot_tell": 1,
    "percent": 80.0, "lower": 44.4, "upper": 97.5, "conclusion": "not settled", "changes": "no",
    "status": "counted",
}  # fmt: skip


def printed(*rows: dict[str, Any]) -> list[str]:
    return render_choices(
        pl.DataFrame([ROW | row for row in rows], infer_schema_length=None), 0.95
    ).splitlines()


def test_others_are_all_rows_but_the_planned_one() -> None:
    """Four ways are printed, one of them planned: two of the other three lead elsewhere."""
    lines = printed(
        {"changes": "reference"},
        {"missing": "left_out", "responders": 8, "n": 9, "conclusion": "above", "changes": "yes"},
        {"missing": "responder", "responders": 9, "conclusion": "above", "changes": "yes"},
        {"definition": "bicla"},
    )
    where = next(i for i, line in enumerate(lines) if line.startswith("Planned"))
    assert lines[where] == (
        "Planned: sri_4 at month_6 (as defined, scoring as planned, enrolled, cannot tell: nonresponder): "
        "8/10, not settled. 2 of 3 other ways of counting change the conclusion:"
    )
    assert lines[where + 1 :] == [
        "  sri_4 at month_6 (as defined, scoring as planned, enrolled, cannot tell: left_out): 8/9, above",
        "  sri_4 at month_6 (as defined, scoring as planned, enrolled, cannot tell: responder): 9/10, above",
    ]
    assert "80.0% (44.4 to 97.5)" in lines[1]
    assert lines[1].endswith("(plan)")


def test_where_every_response_is_known_the_rules_are_one_row() -> None:
    """The planned one of the three keeps its sign, whichever comes first."""
    known = {"cannot_tell": 0}
    lines = printed(
        {**known, "missing": "nonresponder"},
        {**known, "missing": "left_out", "changes": "reference"},
        {**known, "missing": "responder"},
    )
    assert [line for line in lines if line.startswith("sri_4")] == [lines[1]]
    assert lines[1].endswith("(plan)")
    assert lines[3] == (
        "Planned: sri_4 at month_6 (as defined, scoring as planned, enrolled): 8/10, not settled. "
        "No other way of counting changes the conclusion."
    )


def test_without_a_planned_way_nothing_is_held_against_it() -> None:
    lines = printed({}, {"missing": "left_out"})
    assert "The study file names no response endpoint that can be counted" in lines[-1]


def test_nobody_counted_has_no_percent() -> None:
    assert "%" not in printed({"n": 0, "responders": 0, "changes": "reference"})[1]


def test_what_is_lacking_is_cut_after_five_names() -> None:
    lacking = {"status": "not applicable", "definition": "essdai_mcii"}
    five, six = "a, b, c, d, e", "a, b, c, d, e, f"
    assert printed({}, {**lacking, "choice": five})[-1] == f"  essdai_mcii: {five}"
    assert printed({}, {**lacking, "choice": six})[-1] == f"  essdai_mcii: {five} and 1 more"


def study_of(**more: Any) -> Study:
    given = {"study": {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}, **more}
    return Study.model_validate(given)


def test_the_visit_goes_to_every_definition_where_one_is_named() -> None:
    found = _parameters(None, "month_6")
    assert set(found) == {name for name in responses() if response_definition(name).family != FLARES}
    assert all(chosen == {"response_visit": "month_6"} for chosen in found.values())
    assert all("response_visit" not in each for each in _parameters(None, "").values())


def test_the_plans_own_choices_go_to_its_definition_alone() -> None:
    endpoint = Endpoint.model_validate(
        {
            "id": "r", "kind": "response", "definition": "explorer_response", "at": "month_6",
            "parameters": {"maintained_days": 120},
        }
    )  # fmt: skip
    found = _parameters(endpoint, "")
    assert found["explorer_response"]["maintained_days"] == 120
    assert [name for name, chosen in found.items() if "maintained_days" in chosen] == ["explorer_response"]


def test_who_left_and_why() -> None:
    subjects = pl.DataFrame(
        {
            "subject": ["S1", "S2", "S3", "S4"],
            "death_day": [None, None, 90.0, None],
            "disposition_status": ["withdrew", "lost", "died", "completed"],
            "disposition_day": [50.0, 60.0, 90.0, 360.0],
        }
    )
    visits = {"subject": ["S1", "S2", "S3", "S4"], "visit": ["baseline"] * 4}
    cohort = build_timelines(pl.DataFrame(visits), disposition=_events(subjects))
    ends = [{"withdrawal": 50.0}, {"lost": 60.0}, {"death": 90.0}, {}]
    assert [timeline.events for timeline in cohort.timelines] == ends


def test_the_planned_way_is_one_row() -> None:
    endpoint = Endpoint.model_validate(
        {
            "id": "r",
            "kind": "response",
            "definition": "sri_4",
            "at": "month_6",
            "missing_outcome": "nonresponder",
        }
    )
    others = [
        {"definition": "bicla"}, {"choice": "x = 1"}, {"missing": "left_out"}, {"scoring": "worst"},
        {"population": "treated"}, {"visit": "month_3"},
    ]  # fmt: skip
    frame = pl.DataFrame([ROW, *(ROW | other for other in others)])
    assert frame.select(_is_planned(endpoint, "enrolled").alias("x"))["x"].to_list() == [True] + [False] * 6
    left_out = endpoint.model_copy(update={"missing_outcome": "observed"})
    assert frame.filter(_is_planned(left_out, "enrolled"))["missing"].to_list() == ["left_out"]
    worst = endpoint.model_copy(update={"missing_outcome": "worst"})
    assert frame.filter(_is_planned(worst, "enrolled"))["missing"].to_list() == ["nonresponder"]
