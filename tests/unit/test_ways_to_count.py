"""The specification curve piece by piece: choices, ways, policies, words and flags; and limits of columns read."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from funis.catalogue.model_parameter import Parameter
from funis.catalogue.model_response import PrintedQuantity, ResponseDefinition
from funis.catalogue.registry import criteria_set, response_definition
from funis.errors import ColumnError, ValueRangeError
from funis.responses.possible_values import limits_of_criteria, limits_of_response
from funis.responses.specification_curve import (
    Way,
    _find_ways,
    _flag_changes,
    _print_way,
    _tally,
    _try_ways,
    compare_responses,
    describe_changes,
    flag_changes,
    list_choices,
    multiverse,
)
from funis.responses.timeline import build_timelines

ESSDAI = {"subject": ["1", "1", "2", "2"], "visit": ["baseline", "month_6"] * 2, "essdai": [9, 5, 8, None]}


def visits(**more: Any) -> pl.DataFrame:
    return pl.DataFrame(ESSDAI | more)


@pytest.mark.parametrize("threshold", [0.0, 100.0, 50.0])
def test_a_threshold_is_a_percentage(threshold: float) -> None:
    assert multiverse(visits(), definitions=["essdai_mcii"], threshold=threshold).height > 0
    for beyond in (threshold - 100.5, threshold + 100.5):
        if not 0 <= beyond <= 100:
            with pytest.raises(ValueRangeError, match="a percentage from 0 to 100"):
                multiverse(visits(), definitions=["essdai_mcii"], threshold=beyond)


@pytest.mark.parametrize("threshold", [-0.001, 100.001])
def test_what_lies_just_beyond_is_no_percentage(threshold: float) -> None:
    with pytest.raises(ValueRangeError, match="a percentage from 0 to 100"):
        multiverse(visits(), definitions=["essdai_mcii"], threshold=threshold)


# --- choices ---------------------------------------------------------------------------------------


def choices(name: str, **chosen: Any) -> list[dict[str, Any]]:
    return list(list_choices(response_definition(name), chosen))


def test_every_other_value_of_a_choice_is_tried_alone() -> None:
    """Of the choices common to all responses only that of unscheduled visits; no scale and no unit."""
    assert choices("essdai_mcii") == [{}, {"unscheduled": False}, {"rescue_is_failure": False}]
    assert choices("essdai_mcii", rescue_is_failure=False) == [{}, {"unscheduled": False}]
    assert choices("sri_4") == [{}, {"unscheduled": False}, {"steroid_rise_fails": True}]
    assert choices("lunar_renal_response") == [{}, {"unscheduled": False}, {"creatinine_rule": "by_baseline"}]
    assert choices("explorer_response") == [
        {}, {"unscheduled": False}, {"maintained_days": 120}, {"returning_b_is_new": False},
        {"missing_visit": "cannot_tell"}, {"missing_visit": "ignore"}, {"two_missing": "cannot_tell"},
    ]  # fmt: skip


def ways(frame: pl.DataFrame, **chosen: dict[str, Any]) -> list[Way]:
    return _find_ways(build_timelines(frame), chosen)


def test_choices_about_what_nobody_recorded_are_not_tried() -> None:
    labels = [way.label for way in ways(visits(), essdai_mcii={})]
    assert labels == ["as defined"]
    rescued = [way.label for way in ways(visits(rescue_medication=[0, 0, 0, 1]), essdai_mcii={})]
    assert rescued == ["as defined", "rescue_is_failure = no"]
    late = visits(visit=["baseline", "month_6", "baseline", "unscheduled_1"], day=[0, 180, 0, 90])
    assert [way.label for way in ways(late, essdai_mcii={})] == ["as defined", "unscheduled = no"]


def test_a_definition_that_lacks_its_columns_is_named_once() -> None:
    (lacking,) = ways(visits().drop("essdai"), essdai_mcii={})
    assert lacking == Way("essdai_mcii", "lacks essdai", {}, is_lacking=True)
    assert _tally(build_timelines(visits()), lacking).counts == {}
    (row,) = _print_way(lacking, _tally(build_timelines(visits()), lacking), 50.0, 0.95)
    assert (row["status"], row["choice"]) == ("not applicable", "lacks essdai")
    chosen = ways(visits(rescue_medication=[0, 0, 0, 1]), essdai_mcii={"rescue_is_failure": False})
    assert [(way.label, way.choice) for way in chosen] == [("as defined", {"rescue_is_failure": False})]


def test_a_worker_judges_its_subjects_in_every_way_that_applies() -> None:
    """A fall of 4 from 9 is one of at least 3; of subject 2 the value is missing."""
    cohort = build_timelines(visits())
    tried = [Way("star", "lacks schirmer", {}, is_lacking=True), Way("essdai_mcii", "as defined", {})]
    found = _try_ways(cohort, tried)
    assert found.rows() == [("1", 1, "month_6", "yes"), ("2", 1, "month_6", "cannot tell")]
    assert _try_ways(cohort, tried[:1]).height == 0


def test_nobody_gives_an_empty_count() -> None:
    empty = _tally(build_timelines(visits().clear()), Way("essdai_mcii", "as defined", {}))
    assert (empty.visit, sum(empty.counts.values())) == (None, 0)
    known = _tally(build_timelines(visits()), Way("essdai_mcii", "as defined", {}))
    assert (known.visit, dict(known.counts)) == ("month_6", {"yes": 1, "cannot tell": 1})


# --- flags and words -------------------------------------------------------------------------------


def curve(*rows: tuple[str, str, str, str, str]) -> pl.DataFrame:
    """Make rows from definition, choice, rule for the missing, status and conclusion."""
    names = ["definition", "choice", "missing", "status", "conclusion"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        responders=1, n=2, percent=50.0, changes=pl.lit(None, pl.String)
    )


ROWS = (
    ("a", "as defined", "left_out", "counted", "above"),
    ("a", "lacks x", "nonresponder", "not applicable", ""),
    ("b", "k = 1", "nonresponder", "counted", "above"),
    ("b", "as defined", "nonresponder", "counted", "below"),
    ("c", "as defined", "nonresponder", "counted", "below"),
    ("c", "as defined", "responder", "counted", "above"),
)


def test_rows_are_held_against_the_first_default_that_was_counted() -> None:
    found = _flag_changes(curve(*ROWS), None)["changes"].to_list()
    assert found == ["yes", None, "yes", "reference", "no", "yes"]
    found = _flag_changes(curve(*ROWS), "c")["changes"].to_list()
    assert found == ["yes", None, "yes", "no", "reference", "yes"]
    for nothing in (_flag_changes(curve(ROWS[1]), None), _flag_changes(curve(*ROWS[:3]), "a")):
        assert set(nothing["changes"].to_list()) == {None}
    nobody = flag_changes(curve(*ROWS), pl.col("definition") == "z")
    assert set(nobody["changes"].to_list()) == {None}


def test_the_sentences_name_what_changes_and_what_was_not_tried() -> None:
    told = describe_changes(_flag_changes(curve(*ROWS), "c"))
    assert told == (
        "Held against c (as defined, nonresponder): 1 of 2, 50.0 %, below.",
        "Changes the conclusion: a (as defined, left_out): 1 of 2, 50.0 %, above.",
        "Changes the conclusion: b (k = 1, nonresponder): 1 of 2, 50.0 %, above.",
        "Changes the conclusion: c (as defined, responder): 1 of 2, 50.0 %, above.",
        "Not tried: a (lacks x).",
    )
    alone = describe_changes(_flag_changes(curve(*ROWS[3:5]), None))
    assert alone[1:] == ("No other definition, choice, rule for the missing or denominator changes it.",)
    unknown = _flag_changes(curve(ROWS[3]), None).with_columns(percent=pl.lit(None, pl.Float64), n=0)
    assert describe_changes(unknown)[0] == "Held against b (as defined, nonresponder): 1 of 0, below."
    with pytest.raises(ColumnError, match="needs 'conclusion'"):
        describe_changes(curve(*ROWS).drop("conclusion"))


def test_definitions_that_do_not_apply_have_no_column() -> None:
    found = compare_responses(visits(), definitions=["essdai_mcii", "star"])
    assert found.columns == ["subject", "essdai_mcii"]
    assert found["essdai_mcii"].to_list() == ["yes", "cannot tell"]
    assert "essdai_mcii" in compare_responses(visits()).columns
    assert "selena_flare_index" not in compare_responses(visits()).columns


# --- limits of the columns that are read -----------------------------------------------------------


def limits(of: ResponseDefinition, **chosen: Any) -> dict[str, tuple[float, float]]:
    return {
        one.column: (one.lowest, one.highest) for one in limits_of_response(of, of.settle(chosen)).columns
    }


def test_a_column_holds_what_its_scale_can_hold() -> None:
    """A scale of 10 whose lowest mark is 1: on one of 100 it goes from 10 to 100."""
    known = response_definition("sri_4")
    scale = Parameter("pga_scale", 10, (10, 100), "length", factors=(Decimal(1), Decimal("0.1")))
    of = replace(
        known,
        quantities=dict(known.quantities) | {"pga": PrintedQuantity(possible=(1.0, 10.0))},
        parameters=dict(known.parameters) | {"pga_scale": scale},
    )
    assert limits(of)["pga"] == limits(of)["pga_lower"] == limits(of)["pga_upper"] == (1.0, 10.0)
    assert limits(of, pga_scale=100)["pga"] == (10.0, 100.0)
    third = replace(scale, factors=(Decimal(1), Decimal("0.3")))
    odd = replace(of, parameters=dict(of.parameters) | {"pga_scale": third})
    # 1 / 0.3 and 10 / 0.3, to the nine decimals of a recorded value.
    assert limits(odd, pga_scale=100)["pga"] == (3.333333333, 33.333333333)
    (one,) = [each for each in limits_of_response(of, of.settle({})).columns if each.column == "pga"]
    assert one.scales == (('parameters={"pga_scale": 100}', 10.0, 100.0),)


def test_the_laboratorys_limit_may_be_as_large_as_the_value() -> None:
    found = limits(response_definition("lunar_renal_response"), creatinine_rule="by_baseline")
    assert found["creatinine_high"][1] == found["creatinine"][1]
    assert found["creatinine_high"][0] == 0.0
    assert "upcr_high" not in found


def test_what_criteria_only_ask_for_is_yes_or_no() -> None:
    found = {
        one.column: (one.lowest, one.highest)
        for one in limits_of_criteria(criteria_set("eular_acr_2019")).columns
    }
    assert found["fever"] == found["psychosis"] == (0, 1)
    assert found["platelets"] == (0, 3000)
    assert found["temperature"] == (25, 47)


@pytest.mark.parametrize(
    ("chosen", "unit"), [("mg/mmol", "mg/mmol"), ("mg/mmol (10 mg/g)", "mg/mmol"), ("mg/g", "mg/g")]
)
def test_a_column_is_read_in_the_unit_that_was_chosen(chosen: str, unit: str) -> None:
    of = response_definition("kdigo_2012_relapse")
    (one,) = [
        each
        for each in limits_of_response(of, of.settle({"upcr_unit": chosen})).columns
        if each.column == "upcr"
    ]
    assert one.unit == unit
