"""All responses side by side: what applies, how it is counted, which choice changes the conclusion."""

from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.errors import UnknownNameError, ValueRangeError
from funis.responses.specification_curve import compare_responses, describe_changes, multiverse

VISITS = ("baseline", "month_6", "month_12")


def cohort() -> pl.DataFrame:
    """Ten subjects: six keep their response, two relapse, one is not measured at month 6, one has none."""
    rows: list[dict[str, Any]] = []
    for number in range(10):
        month_6 = None if number == 8 else "A" if number == 9 else "C"
        month_12 = "B" if number in {6, 7} else "A" if number == 9 else "C"
        for visit, grade in zip(VISITS, ("A", month_6, month_12), strict=True):
            skin = "E" if grade is not None else None
            rows.append(
                {
                    "subject": f"{number:02d}",
                    "visit": visit,
                    **{f"bilag_2004_{system}": skin for system in definition("bilag_2004").systems},
                    "bilag_2004_renal": grade,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def test_rules_for_the_missing_and_their_denominators() -> None:
    found = multiverse(cohort(), definitions=["ucmsc_bilag_response"]).filter(choice="as defined")
    # 8 responders, 1 whose response is not known, 1 without
    assert found.select("missing", "denominator", "responders", "n", "cannot_tell").rows() == [
        ("nonresponder", "enrolled", 8, 10, 1),
        ("left_out", "assessed", 8, 9, 1),
        ("responder", "enrolled", 9, 10, 1),
    ]


def test_interval_and_conclusion_against_the_threshold() -> None:
    found = multiverse(cohort(), definitions=["ucmsc_bilag_response"]).filter(choice="as defined")
    # Clopper-Pearson: 8 of 10 is 44.4 to 97.5, 8 of 9 is 51.8 to 99.7, 9 of 10 is 55.5 to 99.7
    bounds = [(round(low, 1), round(high, 1)) for low, high in found.select("lower", "upper").rows()]
    assert bounds == [(44.4, 97.5), (51.8, 99.7), (55.5, 99.7)]
    assert found.get_column("conclusion").to_list() == ["not settled", "above", "above"]
    assert found.get_column("changes").to_list() == ["reference", "yes", "yes"]
    lower = multiverse(cohort(), definitions=["ucmsc_bilag_response"], threshold=40.0)
    assert lower.filter(choice="as defined").get_column("changes").to_list() == ["reference", "no", "no"]


def test_choices_are_tried_one_at_a_time() -> None:
    found = multiverse(cohort(), definitions=["explorer_response"])
    choices = found.get_column("choice").unique(maintain_order=True).to_list()
    assert choices[0] == "as defined"
    assert "maintained_days = 120" in choices
    assert "returning_b_is_new = no" in choices
    assert "missing_visit = ignore" in choices
    assert not any("unscheduled" in choice or "response_visit" in choice for choice in choices)


def test_what_cannot_be_tried_says_what_it_lacks() -> None:
    found = multiverse(cohort())
    lacking = {
        r["definition"]: r["choice"] for r in found.filter(status="not applicable").iter_rows(named=True)
    }
    assert lacking["sri_4"] == "lacks sledai_2k, pga"
    assert lacking["esspri_mcii"] == "lacks esspri"
    assert "selena_flare_index" not in found.get_column("definition").to_list()
    counted = found.filter(status="counted").get_column("definition").unique().to_list()
    assert sorted(counted) == ["explorer_response", "ucmsc_bilag_response"]


def test_reference_can_be_named() -> None:
    found = multiverse(cohort(), reference="ucmsc_bilag_response")
    assert found.filter(changes="reference").get_column("definition").to_list() == ["ucmsc_bilag_response"]
    told = describe_changes(found)
    assert told[0].startswith("Held against ucmsc_bilag_response (as defined, nonresponder): 8 of 10, 80.0 %")
    assert any(
        line.startswith("Changes the conclusion: ucmsc_bilag_response (as defined, left_out)")
        for line in told
    )
    assert any(line.startswith("Not tried: sri_4") for line in told)


def test_side_by_side() -> None:
    found = compare_responses(cohort())
    assert found.columns == ["subject", "explorer_response", "ucmsc_bilag_response"]
    row = found.row(6, named=True)
    # The relapse at month 12 ends EXPLORER's major response; 16 weeks without a new A or B remain.
    assert (row["ucmsc_bilag_response"], row["explorer_response"]) == ("MCR", "PCR")


def test_a_count_of_items_applies_when_enough_were_collected() -> None:
    rows = {
        "subject": ["1"] * 2,
        "visit": ["baseline", "month_6"],
        "clinessdai": [9, 4],
        "esspri": [6.0, 5.0],
    }
    found = multiverse(pl.DataFrame(rows), definitions=["star", "cress"])
    assert found.filter(status="counted").get_column("definition").unique().to_list() == [
        "star"
    ]  # 6 of 9 points


def test_exactly_enough_points_apply() -> None:
    # STAR asks for 5 points: systemic 3, tear gland 1 and biological 1 are 5, without the biological one 4.
    rows = {
        "subject": ["1"] * 2,
        "visit": ["baseline", "month_6"],
        "clinessdai": [9, 4],
        "schirmer": [2.0, 9.0],
        "igg": [20.0, 15.0],
    }
    found = multiverse(pl.DataFrame(rows), definitions=["star"])
    assert found.filter(status="counted").height > 0
    lacking = multiverse(pl.DataFrame(rows).drop("igg"), definitions=["star"])
    assert lacking.get_column("status").unique().to_list() == ["not applicable"]


def test_refusals() -> None:
    with pytest.raises(UnknownNameError, match="sri_4"):
        multiverse(cohort(), definitions=["sri4"])
    with pytest.raises(ValueRangeError, match="0 to 100"):
        multiverse(cohort(), threshold=120)


def test_nothing_applies() -> None:
    rows = {"subject": ["1"], "visit": ["baseline"], "weight_kg": [60]}
    assert describe_changes(multiverse(pl.DataFrame(rows))) == ("No response applies to these records.",)


def test_rescue_is_a_choice_only_where_it_was_recorded() -> None:
    visits = {"subject": ["1", "1"], "visit": ["baseline", "month_6"], "essdai": [9, 5]}
    for extra, expected in (({}, []), ({"rescue_medication": [0, 1]}, ["rescue_is_failure = no"])):
        found = multiverse(pl.DataFrame({**visits, **extra}), definitions=["essdai_mcii"])
        tried = found.get_column("choice").unique(maintain_order=True).to_list()
        assert [choice for choice in tried if "rescue" in choice] == expected
