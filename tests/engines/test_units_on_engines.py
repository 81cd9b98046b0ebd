"""Values in any accepted unit give the scores of values in the unit of the definition, on every engine.

The factors are typed anew, from molar masses and decimal prefixes: one unit is so many of the unit that the
instrument reads.
"""

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from tests.engines.test_engines import EXPECTED, bilag_visits
from tests.engines.test_subjects_on_engines import ENGINES, Convert, convert, rows_of

import funis
from funis.catalogue.registry import responder_index
from funis.units import known_units
from funis.units.columns import columns_of_instrument

__all__ = ["convert"]
pytestmark = pytest.mark.filterwarnings("ignore")

_CELLS = {"10^9/L": 1, "/mm3": Fraction(1, 1000), "/uL": Fraction(1, 1000), "10^3/uL": 1, "10^3/mm3": 1}
_RATIO = {
    "mg/mmol": 1,
    "mg/mg": Fraction("113.1"),
    "g/g": Fraction("113.1"),
    "mg/g": Fraction("0.1131"),
    "g/mmol": 1000,
}
# Creatinine is 113.12 g/mol: 1 mg/dL is 10 mg/L, 88.42 umol/L.
FACTORS: dict[str, dict[str, Any]] = {
    "creatinine": {"umol/L": 1, "mg/dL": Fraction("88.42"), "mg/L": Fraction("8.842"), "mmol/L": 1000},
    "gfr": {"mL/min/1.73m2": 1, "mL/s/1.73m2": 60},
    "haemoglobin": {"g/dL": 1, "g/L": Fraction(1, 10), "mmol/L": 1 / Fraction("0.6206")},
    "platelets": _CELLS,
    "wbc": _CELLS,
    "neutrophils": _CELLS,
    "lymphocytes": _CELLS,
    "acr": _RATIO,
    "upcr": _RATIO,
    "proteinuria_24h": {"g/24h": 1, "mg/24h": Fraction(1, 1000)},
    # A millimetre of mercury is 133.322 Pa.
    "systolic_bp": {"mmHg": 1, "kPa": 1 / Fraction("0.133322")},
    "diastolic_bp": {"mmHg": 1, "kPa": 1 / Fraction("0.133322")},
}
MOST = max(map(len, FACTORS.values()))


def test_every_unit_of_every_analyte_of_bilag_is_tried() -> None:
    read = columns_of_instrument("bilag_2004")
    assert FACTORS.keys() == {name for name, column in read.items() if column.analyte}
    assert {name: set(units) for name, units in FACTORS.items()} == {
        name: set(known_units(name)) for name in FACTORS
    }


def in_units(place: int) -> tuple[pl.DataFrame, dict[str, str]]:
    """Give the visits with each quantity in the unit of that place of its list, and the units."""
    visits = bilag_visits()
    units = {name: list(of)[place % len(of)] for name, of in FACTORS.items()}
    columns = []
    for name, unit in units.items():
        cells = visits[name].to_list()
        given = [None if cell is None else float(Fraction(str(cell)) / FACTORS[name][unit]) for cell in cells]
        columns.append(pl.Series(name, given, pl.Float64))
    return visits.with_columns(columns), units


# On Spark a query takes ten seconds, and its expressions are those of DuckDB, which has every unit: the second of each.
_TRIED: list[Any] = [(engine, place) for engine in ENGINES[:-1] for place in range(MOST)]
_TRIED += [pytest.param("spark", 1, marks=[pytest.mark.spark, pytest.mark.slow])]


@pytest.mark.parametrize(("convert", "place"), _TRIED, indirect=["convert"])
def test_grades_do_not_depend_on_the_unit(convert: Convert, place: int) -> None:
    visits, units = in_units(place)
    scored = funis.score(convert(visits), "bilag_2004", subject="subject", order="day", units=units)
    rows = rows_of(scored, "subject", "day")
    assert {name: [row[name] for row in rows] for name in EXPECTED} == EXPECTED
    wanted = visits.sort("subject", "day").rows(named=True)
    assert [{name: row[name] for name in FACTORS} for row in rows] == [
        {name: row[name] for name in FACTORS} for row in wanted
    ]


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_texts_and_limits_are_converted_on_every_engine(convert: Convert) -> None:
    # Temperature above 38 degC is a fever; 101.2 degF are 38.44 degC, 100.4 degF are 38 exactly.
    visits = pl.DataFrame(
        {
            "n": [1, 2, 3],
            "temperature": ["101.2", None, "100.4"],
            "c3": [89.9, 90.0, 95.0],
            "c3_low": [90.0] * 3,
        }
    )
    units = {"temperature": "[degF]", "c3": "mg/dL"}
    rows = rows_of(funis.score(convert(visits), "sledai_2k", units=units), "n")
    # Fever 1 and low complement 2 points; nothing else is recorded.
    assert [row["sledai_2k_lower"] for row in rows] == [3, 0, 0]
    assert [row["temperature"] for row in rows] == ["101.2", None, "100.4"]
    assert [row["c3_low"] for row in rows] == [90.0] * 3


@pytest.mark.spark
@pytest.mark.slow
def test_the_unit_of_a_spark_field_is_read(spark: Any) -> None:
    # 99,000 and 100,000 a microlitre are 99 and 100 of the unit of the definition: below 100 is one point.
    visits = pl.DataFrame({"n": [1, 2, 3], "platelets": [99_000.0, 100_000.0, None]})
    frame = spark.createDataFrame(visits.to_arrow()).withMetadata("platelets", {"unit": "/uL"})
    rows = rows_of(funis.score(frame, "sledai_2k"), "n")
    assert [row["sledai_2k_lower"] for row in rows] == [1, 0, 0]
    assert [row["platelets"] for row in rows] == [99_000.0, 100_000.0, None]
    # Without its unit the same frame is refused: the number alone says nothing of it.
    with pytest.raises(Exception, match="platelets"):
        rows_of(funis.score(spark.createDataFrame(visits.to_arrow()), "sledai_2k"), "n")


RENAL = pl.DataFrame(
    {
        "subject": ["1", "1", "2", "2"],
        "visit": ["baseline", "month_6"] * 2,
        "day": [0, 180] * 2,
        # 3.0 and 0.4 mg/mg are 339.3 and 45.24 mg/mmol: a complete response is below 0.5 mg/mg.
        "upcr": ["3.0", "0.4", "3.0", "0.6"],
        "gfr": [1.5, 1.5, 1.5, 1.5],
        "pre_flare_gfr": [90.0] * 4,
        "prednisone": [10.0, 5.0] * 2,
        "platelets": [40_000, 100_001, 40_000, 41_000],
        "ana": [160] * 4,
    }
)


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_responses_and_criteria_do_not_depend_on_the_unit(convert: Convert) -> None:
    units = {"upcr": "mg/mg", "gfr": "mL/s/1.73m2"}
    given = convert(RENAL)
    one_visit = {"confirmed": False}
    found = funis.respond(given, "bliss_ln_crr", units=units, parameters=one_visit)
    assert type(found) is type(given)
    assert [row["responder"] for row in rows_of(found, "subject")] == ["yes", "no"]
    by_visit = funis.respond_by_visit(given, "bliss_ln_crr", units=units, parameters=one_visit)
    assert [row["responder"] for row in rows_of(by_visit, "subject")] == ["yes", "no"]
    classes = funis.compare_responses(
        given, definitions=["bliss_ln_crr", "eular_2012_renal_response"], units=units
    )
    # EULAR: below 50 mg/mmol is complete; halved, and below 300 mg/mmol, partial.
    assert [row["eular_2012_renal_response"] for row in rows_of(classes, "subject")] == [
        "complete",
        "partial",
    ]
    parameters = {"bliss_ln_crr": one_visit}
    ways = funis.multiverse(given, definitions=["bliss_ln_crr"], units=units, parameters=parameters)
    assert {(row["responders"], row["n"]) for row in rows_of(ways)} == {(1, 2)}
    people = convert(RENAL.filter(visit="month_6"))
    criteria = funis.classify(people, "acr_1997", units={"platelets": "/uL"})
    assert [row["haematologic_disorder"] == "yes" for row in rows_of(criteria, "subject")] == [False, True]


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_the_responder_index_does_not_depend_on_the_unit(convert: Convert) -> None:
    items = {item.item: 0 for item in responder_index("s2k_ri_50").items} | {"thrombocytopenia": 1}
    visits = RENAL.with_columns(pl.lit(value).alias(name) for name, value in items.items())
    found = funis.score_responder_index(convert(visits), units={"platelets": "/uL"})
    # From 40 to 100.001: the way back to 100 is made; to 41 it is not.
    rows = rows_of(found, "subject", "day")
    assert [row["s2k_ri_50"] for row in rows] == [1.0, 0.5, 1.0, 1.0]
    assert [row["platelets"] for row in rows] == RENAL["platelets"].to_list()


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_a_nephritis_without_protein_asks_for_the_unit(convert: Convert) -> None:
    milligrams = RENAL.drop("gfr").with_columns(gfr=pl.lit(90.0))
    with pytest.raises(Exception, match="reaches 15 mg/mmol"):
        rows_of(funis.respond(convert(milligrams), "bliss_ln_crr"))
    # One subject in whom mg/mmol is sure makes it sure of everybody.
    mixed = milligrams.with_columns(upcr=pl.Series(["339", "45", "14", "10"]))
    found = rows_of(funis.respond(convert(mixed), "bliss_ln_crr", parameters={"confirmed": False}), "subject")
    assert [row["responder"] for row in found] == ["yes", "yes"]
