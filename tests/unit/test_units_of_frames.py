"""Units that come with a frame, on pandas, Polars, Arrow and visit by visit."""

import pickle
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import UnitError, UnitWarning, UnknownNameError, ValueRangeError
from funis.frames.column_units import read_column_units
from funis.frames.scales import SAME, Scale, scale_cell
from funis.units.columns import ReadColumn, columns_of_instrument, find_analyte
from funis.units.declared import find_units, scale_to, settle_scales

# BILAG-2004, haematological: haemoglobin below 8 g/dL gives A, from 8 to 8.9 B, from 9 to 10.9 C.
HAEMOGLOBIN = [7.9, 8.0, 8.9, 10.9, 13.0]


def visits(**columns: list[Any]) -> pl.DataFrame:
    blank = {item.name: [0] * 5 for item in funis.definition("bilag_2004") if not item.is_measured}
    usual = {"wbc": 5.0, "neutrophils": 3.0, "lymphocytes": 2.0, "platelets": 200.0}
    whole = blank | {name: [value] * 5 for name, value in usual.items()} | {"haemoglobin": HAEMOGLOBIN}
    return pl.DataFrame({**whole, **columns})


def grades(frame: Any, **choices: Any) -> list[str | None]:
    found = list(funis.score(frame, "bilag_2004", **choices)["bilag_2004_haematological"])
    # A grade that is not known is NaN in pandas.
    return [grade if isinstance(grade, str) else None for grade in found]


def test_grams_per_litre_give_the_grades_of_grams_per_decilitre() -> None:
    expected = grades(visits())
    assert expected[0] != expected[1] != expected[4]
    litre = visits(haemoglobin=[79.0, 80.0, 89.0, 109.0, 130.0])
    assert grades(litre, units={"haemoglobin": "g/L"}) == expected
    # mmol/L: g/dL x 0.6206, rounded to four decimals as a laboratory prints it.
    moles = visits(haemoglobin=[4.9027, 4.9648, 5.5233, 6.7645, 8.0678])
    assert grades(moles, units={"haemoglobin": "mmol/L"}) == expected


def test_the_frame_comes_back_as_it_was_given() -> None:
    given = visits(haemoglobin=["79", "80.0", "ND", None, "130"])
    found = funis.score(given, "bilag_2004", units={"haemoglobin": "g/L"})
    assert found.select(given.columns).equals(given)
    assert found.columns[: len(given.columns)] == given.columns
    lazy = funis.score(given.lazy(), "bilag_2004", units={"haemoglobin": "g/L"}).collect()
    assert lazy.equals(found)


def test_a_text_that_is_no_number_is_refused_as_without_units() -> None:
    with pytest.raises(ValueRangeError, match="'low'"):
        grades(visits(haemoglobin=["79", "low", "ND", None, "130"]), units={"haemoglobin": "g/L"})


def test_the_unit_of_a_pandas_frame_is_read_and_kept() -> None:
    frame = visits(haemoglobin=[79.0, 80.0, 89.0, 109.0, 130.0]).to_pandas()
    frame.attrs["units"] = {"haemoglobin": "g/L", "not_there": "g", "pain": "points"}
    assert grades(frame) == grades(visits())
    found = funis.score(frame, "bilag_2004")
    assert found["haemoglobin"].tolist() == [79.0, 80.0, 89.0, 109.0, 130.0]
    frame.attrs["units"] = "g/L"
    with pytest.raises(ValueRangeError, match="units by column"):
        grades(frame)
    frame.attrs["units"] = {"haemoglobin": 3}
    with pytest.raises(ValueRangeError, match="units by column"):
        grades(frame)


def test_the_unit_of_an_arrow_field_is_read() -> None:
    import pyarrow as pa

    table = visits(haemoglobin=[79.0, 80.0, 89.0, 109.0, 130.0]).to_arrow()
    place = table.column_names.index("haemoglobin")
    field = pa.field("haemoglobin", table.schema.field(place).type, metadata={"unit": "g/L"})
    carried = table.set_column(place, field, table.column(place))
    assert read_column_units(carried) == {"haemoglobin": "g/L"}
    assert read_column_units(table) == {}
    assert funis.score(carried, "bilag_2004")["bilag_2004_haematological"].to_pylist() == grades(visits())
    assert read_column_units(visits()) == {}


def test_the_argument_wins_and_a_contradiction_is_told() -> None:
    frame = visits(haemoglobin=[79.0, 80.0, 89.0, 109.0, 130.0]).to_pandas()
    frame.attrs["units"] = {"haemoglobin": "g/dL"}
    with pytest.warns(UnitWarning, match="carries the unit 'g/dL', and units says 'g/L'"):
        assert grades(frame, units={"haemoglobin": "g/L"}) == grades(visits())
    # The same unit written in another way is no contradiction: a warning would be an error here.
    assert find_units(frame, {"haemoglobin": "G/DL"}, {"haemoglobin"}) == {"haemoglobin": "G/DL"}


def test_a_unit_of_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'haemoglobin'"):
        grades(visits(), units={"haemoglobn": "g/L"})
    # One of a column that this instrument does not read says nothing here.
    assert grades(visits(c3=[1.0] * 5), units={"c3": "mg/dL"}) == grades(visits())


def test_a_unit_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnitError, match=r"reads in g/dL: The unit 'g/kg' is not known for haemoglobin"):
        grades(visits(), units={"haemoglobin": "g/kg"})
    with pytest.raises(UnitError, match="nothing is known that converts it from 'L'"):
        funis.score(pl.DataFrame({"volume_ml": [0.01]}), "stimulated_flow", units={"volume_ml": "L"})
    # 16 kPa are 120 mmHg.
    assert grades(visits(systolic_bp=[16.0] * 5), units={"systolic_bp": "kPa"}) == grades(visits())
    assert grades(visits(systolic_bp=[120.0] * 5), units={"systolic_bp": "mm[Hg]"}) == grades(visits())


def test_limits_of_the_laboratory_go_with_the_value() -> None:
    # 90 mg/dL of C3 with a lower limit of 90: not low. In g/L it is 0.9 with a limit of 0.9.
    frame = pl.DataFrame({"c3": [90.0, 89.9], "c3_low": [90.0, 90.0], "c4": [0.2, 0.2], "c4_low": [0.1, 0.1]})
    units = {"c3": "mg/dL"}
    assert funis.score(frame, "sledai_2k", units=units)["sledai_2k_lower"].to_list() == [0, 2]
    scales = settle_scales(
        frame, units, columns_of_instrument("sledai_2k").values(), frame.columns, "the instrument"
    )
    assert scales == {"c3": Scale(Fraction(1, 100)), "c3_low": Scale(Fraction(1, 100))}


def test_a_laboratory_s_own_unit_is_compared_with_its_own_limits_only() -> None:
    frame = pl.DataFrame({"anti_dsdna": [50.0, 20.0], "anti_dsdna_high": [30.0, 30.0]})
    found = funis.score(frame, "sledai_2k", units={"anti_dsdna": "U/L"})
    assert found["sledai_2k_lower"].to_list() == [2, 0]
    # Against a limit that a paper prints in IU/mL nothing can be said.
    with pytest.raises(UnitError, match="nothing converts it to IU/mL"):
        scale_to(ReadColumn("anti_dsdna", "anti_dsdna", "IU/mL"), "U/L", "a paper")
    assert scale_to(ReadColumn("anti_dsdna", "anti_dsdna", "IU/mL", is_relative=True), "U/L", "") == SAME
    assert scale_to(ReadColumn("anti_dsdna", "anti_dsdna", ""), "U/L", "") == SAME


def test_a_column_that_is_no_analyte_is_in_the_unit_of_its_definition() -> None:
    dots = ReadColumn("dots", "", "dots/field")
    assert scale_to(dots, " dots/field ", "a definition") == SAME
    with pytest.raises(UnitError, match="nothing is known that converts it from 'dots'"):
        scale_to(dots, "dots", "a definition")
    # Where no unit is read, any will do.
    assert scale_to(ReadColumn("dots", "", ""), "dots", "a definition") == SAME


def test_which_columns_are_compared_with_their_own_limits_only() -> None:
    read = columns_of_instrument("sledai_2k")
    assert {name for name, column in read.items() if column.is_relative} == {"c3", "c4", "ch50", "anti_dsdna"}
    assert not any(column.is_relative for column in columns_of_instrument("bilag_2004").values())
    assert find_analyte("pre_flare_gfr") == "gfr"
    assert find_analyte("arthritis") == ""


def test_visit_by_visit_is_as_the_frame() -> None:
    litre = visits(haemoglobin=["79.0", "80", "ND", None, "130"], subject=["1"] * 5, day=list(range(5)))
    choices: dict[str, Any] = {"units": {"haemoglobin": "g/L"}}
    by_visit = funis.scorer("bilag_2004", **choices)
    wanted = funis.score(litre, "bilag_2004", subject="subject", order="day", **choices)
    for scorer in (by_visit, pickle.loads(pickle.dumps(by_visit))):  # noqa: S301
        found = scorer(litre.to_dicts())
        names = list(found[0])
        assert found == wanted.select(names).to_dicts()
    assert by_visit is funis.scorer("bilag_2004", **choices)
    assert by_visit is not funis.scorer("bilag_2004")


def test_units_of_a_scorer_are_checked_when_it_is_made() -> None:
    with pytest.raises(UnknownNameError, match="haemoglobin"):
        funis.scorer("bilag_2004", units={"haemoglobn": "g/L"})
    with pytest.raises(UnitError, match="not known for haemoglobin"):
        funis.scorer("bilag_2004", units={"haemoglobin": "g/kg"})
    # What another instrument reads says nothing here.
    assert funis.scorer("bilag_2004", units={"c3": "mg/dL"}).units == {"c3": "mg/dL"}
    limits = funis.scorer("sledai_2k", missing="absent", units={"c3": "mg/dL"})
    visit = {"subject": "1", "day": 0, "c3": 89.9, "c3_low": 0.9}
    assert limits([visit])[0]["sledai_2k"] == 0
    assert limits([{**visit, "c3_low": 90}])[0]["sledai_2k"] == 2


def test_cells_and_numbers_are_brought_to_nine_decimals() -> None:
    fahrenheit = Scale(Fraction(5, 9), Fraction(-160, 9))
    # 113 degrees are 45 exactly; binary arithmetic gives a little more.
    assert fahrenheit.apply(113) == 45
    assert Scale(Fraction(10)).apply(7.9) == 79
    assert SAME.apply(3) == 3
    assert scale_cell(None, SAME) is None
    assert scale_cell(cell=True, scale=Scale(Fraction(10))) is True
    assert scale_cell(" 1e1 ", Scale(Fraction(10))) == 100
    assert scale_cell("1_0", Scale(Fraction(10))) == "1_0"
    assert scale_cell([1], Scale(Fraction(10))) == [1]


def test_results_without_a_unit_take_the_one_of_their_test() -> None:
    # CTCAE 5.0: haemoglobin below 8.0 g/dL is grade 3, below 10.0 grade 2; platelets below 25 000 grade 4.
    rows = [("haemoglobin", 7.9, None), ("haemoglobin", 80, "g/L"), ("platelets", 24_000, None)]
    frame = pl.DataFrame(rows, schema=["test", "value", "unit"], orient="row", strict=False)
    units = {"haemoglobin": "G/DL", "platelets": "{cells}/uL"}
    assert funis.grade_toxicity(frame, units=units)["grade"].to_list() == [3, 2, 4]
    assert funis.grade_toxicity(frame)["grade"].to_list() == [None, 2, None]
    bare = frame.drop("unit")
    assert funis.grade_toxicity(bare[[0, 2]], units=units)["grade"].to_list() == [3, 4]
    with pytest.raises(UnknownNameError, match="Did you mean 'haemoglobin'"):
        funis.grade_toxicity(frame, units={"haemoglobn": "g/L"})
    with pytest.raises(UnitError, match="not known for platelets"):
        funis.grade_toxicity(frame, units={"platelets": "g/L"})


def test_an_explanation_shows_values_in_the_unit_of_the_definition() -> None:
    frame = visits(haemoglobin=[79.0] * 5, subject=list("abcde"), visit=["baseline"] * 5)
    found = funis.explain(frame, "bilag_2004", subject="b", visit="baseline", units={"haemoglobin": "g/L"})
    row = next(row for row in found.rows if row.item == "haemoglobin")
    assert row.recorded == "7.9 g/dL"
    assert found.outputs["bilag_2004_haematological_upper"] == "A"
