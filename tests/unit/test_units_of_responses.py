"""Units of the columns that responses, criteria and the responder index read."""

from collections import defaultdict
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import (
    criteria_set,
    criteria_sets,
    definitions,
    responder_index,
    response_definition,
    responses,
)
from funis.errors import UnitError, UnitWarning, UnknownNameError
from funis.responses.read_units import (
    columns_of_criteria,
    columns_of_index,
    columns_of_response,
    settle_response_units,
)
from funis.units.columns import columns_of_instrument
from funis.units.spelling import read_unit

KEY = {"subject": ["1", "1"], "visit": ["baseline", "month_6"], "day": [0, 180]}
NEPHRITIS = {"gfr": [90.0, 90.0], "pre_flare_gfr": [90.0, 90.0], "prednisone": [10.0, 5.0]}
ONE_VISIT = {"confirmed": False}  # these frames have no second visit that could confirm a response


def visits(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({**KEY, **columns})


def answer(frame: Any, name: str, **choices: Any) -> str:
    return str(funis.respond(frame, name, **choices)["response"].to_list()[0])


FLARE: dict[str, list[Any]] = {
    "selena_sledai": [4, 4], "pga": [1.0, 1.0], "prednisone": [10, 20], "weight_kg": [60, 60],
    "platelets": [200, 200], "active_haemolysis": [0, 1],
}  # fmt: skip


@pytest.mark.parametrize(
    ("haemoglobin", "units"),
    [
        ([12.0, 11.5], None),
        ([12.0, 11.5], {"haemoglobin": "g/dL"}),
        ([120, 115], {"haemoglobin": "g/L"}),
        ([7.447, 7.137], {"haemoglobin": "mmol/L"}),  # g/dL x 0.6206
    ],
)
def test_one_frame_for_bilag_and_the_flare_index(
    haemoglobin: list[float], units: dict[str, str] | None
) -> None:
    # Haemolysis with 11.5 g/dL, steroids doubled: below 8 g/dL, or a fall of more than 3 g/dL, would be severe.
    frame = visits(haemoglobin=haemoglobin, **FLARE)
    assert answer(frame, "selena_flare_index", units=units) == "mild_moderate"
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day", units=units)
    assert answer(scored, "selena_flare_index", units=units) == "mild_moderate"
    assert answer(frame.to_pandas(), "selena_flare_index", units=units) == "mild_moderate"


def test_haemoglobin_that_is_severe_in_every_unit() -> None:
    for values, unit in (([110, 79], "g/L"), ([11.0, 7.9], "g/dL")):
        frame = visits(haemoglobin=values, **FLARE)
        assert answer(frame, "selena_flare_index", units={"haemoglobin": unit}) == "severe"
        told = {"haemoglobin_unit": unit}
        assert answer(frame, "selena_flare_index", parameters=told) == "severe"


@pytest.mark.parametrize(
    ("unit", "one"), [("mg/mg", 1), ("g/g", 1), ("mg/g", 1000), ("mg/mmol", 113.1), ("g/mmol", 0.1131)]
)
@pytest.mark.parametrize(("end", "expected"), [(0.4999, "yes"), (0.5, "no")])
def test_the_limit_of_half_a_milligram_a_milligram(unit: str, one: float, end: float, expected: str) -> None:
    # A complete response is below 0.5 mg/mg; 1 mg/mg are 113.1 mg/mmol.
    frame = visits(upcr=[3.0 * one, end * one], **NEPHRITIS)
    found = funis.respond(frame, "bliss_ln_crr", parameters=ONE_VISIT, units={"upcr": unit})
    classes = found["responder"].to_list()
    assert classes == [expected]


def test_three_milligrams_a_milligram_are_not_three_a_millimole() -> None:
    frame = visits(upcr=[3.0, 3.0], **NEPHRITIS)
    assert funis.respond(frame, "bliss_ln_crr", units={"upcr": "mg/mg"})["responder"][0] == "no"
    carried = frame.to_pandas()
    carried.attrs["units"] = {"upcr": "mg/mg"}
    assert funis.respond(carried, "bliss_ln_crr")["responder"].tolist() == ["no"]
    assert funis.respond_by_visit(carried, "bliss_ln_crr")["responder"].tolist() == ["no"]


@pytest.mark.parametrize(("value", "expected"), [(49.99, "complete"), (50.0, "partial"), (299.9, "partial")])
def test_limits_of_eular_are_compared_in_the_unit_they_are_printed_in(value: float, expected: str) -> None:
    frame = visits(upcr=[700.0, value], gfr=[90.0, 90.0])
    assert answer(frame, "eular_2012_renal_response") == expected
    ratio = visits(upcr=[700 / 113.1, value / 113.1], gfr=[90.0, 90.0])
    assert answer(ratio, "eular_2012_renal_response", units={"upcr": "mg/mg"}) == expected


def test_the_nephrotic_range_of_eular_is_in_the_unit_of_its_limits() -> None:
    frame = visits(upcr=[700.0, 300.0], gfr=[90.0, 90.0])
    assert answer(frame, "eular_2012_renal_response") == "none"
    assert answer(frame, "eular_2012_renal_response", parameters={"nephrotic_upcr": 301}) == "partial"


def test_a_parameter_and_the_argument_must_agree() -> None:
    frame = visits(upcr=[3.0, 3.0], **NEPHRITIS)
    told = {"upcr_unit": "mg/mg"}
    assert (
        funis.respond(frame, "bliss_ln_crr", parameters=told, units={"upcr": "mg/mg"})["responder"][0] == "no"
    )
    with pytest.raises(
        UnitError, match=r"said to be in mg/mmol, and the response 'bliss_ln_crr' was told mg/mg"
    ):
        funis.respond(frame, "bliss_ln_crr", parameters=told, units={"upcr": "mg/mmol"})
    carried = frame.to_pandas()
    carried.attrs["units"] = {"upcr": "mg/mmol"}
    with pytest.warns(UnitWarning, match="read as 'mg/mg'"):
        assert funis.respond(carried, "bliss_ln_crr", parameters=told)["responder"].tolist() == ["no"]


def test_a_column_of_another_name_has_its_unit_too() -> None:
    frame = visits(ratio=[3.0, 3.0], **NEPHRITIS)
    choices: dict[str, Any] = {"parameters": {"upcr": "ratio"}, "units": {"ratio": "mg/mg"}}
    assert funis.respond(frame, "bliss_ln_crr", **choices)["responder"][0] == "no"
    with pytest.raises(UnknownNameError, match="no column 'upcr'"):
        funis.respond(frame, "bliss_ln_crr", units={"upcr": "mg/mg"}, parameters={"upcr": "ratio"})


def test_bounds_of_a_ratio_go_with_it() -> None:
    frame = visits(upcr=[3.0, None], upcr_lower=[None, 0.1], upcr_upper=[None, 0.4], **NEPHRITIS)
    found = funis.respond(frame, "bliss_ln_crr", parameters=ONE_VISIT, units={"upcr": "mg/mg"})
    assert found["responder"][0] == "yes"


def test_two_responses_that_would_read_one_column_in_two_units_are_refused() -> None:
    frame = visits(upcr=[339.3, 45.24], **NEPHRITIS)
    names = ["bliss_ln_crr", "bliss_ln_perr"]
    two = {"bliss_ln_crr": {"upcr_unit": "mg/mg"}}
    for ask in (funis.compare_responses, funis.multiverse):
        with pytest.raises(
            UnitError, match="'upcr' would be read in mg/mg and, by the response 'bliss_ln_perr'"
        ):
            ask(frame, definitions=names, parameters=two)
    found = funis.compare_responses(frame, definitions=names).row(0, named=True)
    milligrams = visits(upcr=[3.0, 0.4], **NEPHRITIS)
    assert (
        funis.compare_responses(milligrams, definitions=names, units={"upcr": "mg/mg"}).row(0, named=True)
        == found
    )
    both = {name: {"upcr_unit": "mg/mg"} for name in names}
    assert funis.compare_responses(milligrams, definitions=names, parameters=both).row(0, named=True) == found
    ways = [
        funis.multiverse(milligrams, definitions=names, units={"upcr": "mg/mg"}),
        funis.multiverse(frame, definitions=names),
    ]
    assert ways[0].equals(ways[1])


def test_who_reads_a_column_is_named() -> None:
    frame = visits(upcr=[339.3, 45.24], **NEPHRITIS)
    with pytest.raises(UnitError, match="'upcr', which the response 'bliss_ln_crr' reads in mg/mmol"):
        funis.respond(frame, "bliss_ln_crr", units={"upcr": "g/kg"})
    names = ["bliss_ln_crr", "bliss_ln_perr"]
    with pytest.raises(UnitError, match="the responses bliss_ln_crr, bliss_ln_perr"):
        funis.compare_responses(frame, definitions=names, units={"upcr": "g/kg"})


def test_criteria_in_other_units() -> None:
    people = pl.DataFrame(
        {"subject": ["1", "2"], "ana": [160, 160], "proteinuria_24h": [501, 500], "wbc": [3999, 4000]}
    )
    units = {"proteinuria_24h": "mg/24h", "wbc": "/uL"}
    found = funis.classify(people, "eular_acr_2019", units=units)
    # Protein above 0.5 g a day and leucocytes below 4.0: the first subject on both, the second on neither.
    assert ["leukopenia" in met for met in found["criteria_met"]] == [True, False]
    assert ["proteinuria" in met for met in found["criteria_met"]] == [True, False]
    grams = people.with_columns(pl.col("proteinuria_24h") / 1000, pl.col("wbc") / 1000)
    assert found.equals(funis.classify(grams, "eular_acr_2019"))
    with pytest.raises(UnitError, match="the criteria 'eular_acr_2019'"):
        funis.classify(people, "eular_acr_2019", units={"wbc": "g/L"})


def test_the_responder_index_in_other_units() -> None:
    items = {item.item: [0, 0] for item in responder_index("s2k_ri_50").items} | {"thrombocytopenia": [1, 1]}
    frame = visits(platelets=[40_000, 70_000], **items)
    wanted = funis.score_responder_index(visits(platelets=[40, 70], **items))["s2k_ri_50"].to_list()
    found = funis.score_responder_index(frame, units={"platelets": "/uL"})
    assert found["s2k_ri_50"].to_list() == wanted
    assert found["platelets"].to_list() == [40_000, 70_000]
    own = visits(anti_dsdna=[80, 50], anti_dsdna_high=[20, 20], **items)
    assert funis.score_responder_index(own, units={"anti_dsdna": "U/L"}).height == 2


def test_every_public_column_is_read_in_one_unit() -> None:
    read: dict[str, set[str]] = defaultdict(set)
    columns = [one for name in definitions() for one in columns_of_instrument(name).values()]
    for name in responses():
        found = response_definition(name)
        columns += columns_of_response(found, found.settle({}))
    columns += [one for name in criteria_sets() for one in columns_of_criteria(criteria_set(name))]
    columns += columns_of_index(responder_index("s2k_ri_50"))
    for one in columns:
        if one.unit:
            read[one.column].add(read_unit(one.unit))
    assert len(read) > 50
    assert {name: units for name, units in read.items() if len(units) > 1} == {}
    assert read["haemoglobin"] == {"g/dL"}
    assert read["upcr"] == {"mg/mmol"}


def test_what_is_only_compared_with_itself_needs_no_unit() -> None:
    found = response_definition("lunar_renal_response")
    read = {one.column: one for one in columns_of_response(found, found.settle({}))}
    assert read["creatinine"].unit == ""
    frame = visits(creatinine=[1.0, 1.0])
    assert settle_response_units(frame, {"creatinine": "mg/dL"}, [(found, {})]).scales == {}
    index = {one.column: one for one in columns_of_index(responder_index("s2k_ri_50"))}
    assert {name for name, one in index.items() if one.analyte and not one.is_relative} == {
        "platelets",
        "wbc",
    }


@pytest.mark.parametrize("value", [3.0, 14.9])
def test_a_nephritis_without_protein_asks_for_the_unit(value: float) -> None:
    frame = visits(upcr=[value, 0.4], **NEPHRITIS)
    for ask in (funis.respond, funis.respond_by_visit):
        with pytest.raises(
            UnitError, match=r"reaches 15 mg/mmol.*Say the unit: units=\{\"upcr\": ...\}"
        ) as told:
            ask(frame, "bliss_ln_crr")
        assert "mg/mmol, mg/mg, g/g, mg/g" in str(told.value)
    for ask_all in (funis.multiverse, funis.compare_responses):
        with pytest.raises(UnitError, match="'upcr' reaches 15"):
            ask_all(frame, definitions=["bliss_ln_crr"])
    # Whoever says the unit is believed.
    assert answer(frame, "bliss_ln_crr", units={"upcr": "mg/mmol"})
    assert answer(frame, "bliss_ln_crr", parameters={"upcr_unit": "mg/mmol"})
    assert answer(frame, "bliss_ln_crr", units={"upcr": "mg/mg"})


def test_one_value_that_only_its_usual_unit_explains_is_enough() -> None:
    two = pl.concat([visits(upcr=[3.0, 0.4], **NEPHRITIS), visits(upcr=[None, 15.0], **NEPHRITIS)])
    frame = two.with_columns(subject=pl.Series(["1", "1", "2", "2"]))
    assert funis.respond(frame, "bliss_ln_crr", parameters=ONE_VISIT)["responder"][0] == "yes"
    bounds = visits(upcr=[None, 0.4], upcr_lower=[15.0, None], upcr_upper=[20.0, None], **NEPHRITIS)
    assert answer(bounds, "bliss_ln_crr")
    empty = visits(upcr=[None, None], **NEPHRITIS)
    assert answer(empty.cast({"upcr": pl.Float64}), "bliss_ln_crr") == "cannot tell"


def test_relapse_starts_from_remission_where_protein_is_low() -> None:
    frame = visits(upcr=[3.0, 4.0], creatinine=[80.0, 80.0])
    assert answer(frame, "kdigo_2012_relapse")
    # A response that is asked beside it and does not apply says nothing.
    alone = visits(upcr=[3.0, 4.0], esspri=[6.0, 5.0])
    assert funis.compare_responses(alone).columns == ["subject", "esspri_mcii", "esspri_pass"]
