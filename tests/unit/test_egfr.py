"""Estimated GFR: worked examples, whom an equation is for, and units."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ValueRangeError

# Creatinine mg/dL, age, sex, CKD-EPI 2021, CKD-EPI 2009 without the race coefficient (tolerance 0.05).
EXAMPLES = {
    "EGF-01": (0.7, 30, "female", 119.24, 116.26),
    "EGF-02": (1.0, 30, "female", 77.72, 75.54),
    "EGF-03": (1.0, 50, "male", 91.69, 87.37),
    "EGF-05": (2.0, 40, "female", 31.79, 30.46),
    "EGF-06": (0.9, 60, "male", 97.78, 92.51),
    "EGF-07": (3.0, 60, "male", 23.06, 21.58),
}


def frame_of(creatinine: float | None, age: float | None, sex: str | None, **others: object) -> pl.DataFrame:
    cells = {"creatinine_mg_dl": creatinine, "age": age, "sex": sex, **others}
    kinds = {"creatinine_mg_dl": pl.Float64, "age": pl.Float64, "sex": pl.String}
    return pl.DataFrame({name: [cell] for name, cell in cells.items()}, schema_overrides=kinds)


@pytest.mark.parametrize("example", EXAMPLES)
def test_worked_examples(example: str) -> None:
    creatinine, age, sex, new, old = EXAMPLES[example]
    frame = frame_of(creatinine, age, sex)
    assert funis.score(frame, "egfr_ckd_epi_2021")["egfr_ckd_epi_2021"][0] == pytest.approx(new, abs=0.05)
    assert funis.score(frame, "egfr_ckd_epi_2009")["egfr_ckd_epi_2009"][0] == pytest.approx(old, abs=0.05)


@pytest.mark.parametrize("example", EXAMPLES)
def test_either_unit_gives_the_same(example: str) -> None:
    creatinine, age, sex, new, _ = EXAMPLES[example]
    frame = pl.DataFrame({"creatinine": [creatinine * 88.42], "age": [age], "sex": [sex[0].upper()]})
    assert funis.score(frame, "egfr_ckd_epi_2021")["egfr_ckd_epi_2021"][0] == pytest.approx(new, abs=0.05)


@pytest.mark.parametrize("name", ["egfr_ckd_epi_2021", "egfr_ckd_epi_2009"])
def test_whom_the_adult_equations_are_for(name: str) -> None:
    ages = {17.0: "not_applicable", 17.99: "not_applicable", 18.0: "scored", 90.0: "scored"}
    for age, status in ages.items():
        found = funis.score(frame_of(1.0, age, "female"), name).row(0, named=True)
        assert found[f"{name}_status"] == status
        assert (found[name] is None) == (status == "not_applicable")
        assert (found[f"{name}_lower"] is None) == (status == "not_applicable")


def test_bedside_schwartz_is_for_the_young() -> None:
    frame = pl.DataFrame(
        {"creatinine_mg_dl": [0.8, 0.8, 0.8], "age": [16.0, 18.0, None], "height_cm": [160.0] * 3}
    )
    found = funis.score(frame, "egfr_schwartz_bedside")
    # 0.413 x 160 / 0.8
    assert found["egfr_schwartz_bedside"].to_list() == [pytest.approx(82.6), None, None]
    assert found["egfr_schwartz_bedside_status"].to_list() == ["scored", "not_applicable", "incomplete"]


def test_race_is_read_only_where_a_protocol_asks() -> None:
    frame = frame_of(1.0, 50, "male", is_black=1)
    assert funis.score(frame, "egfr_ckd_epi_2009")["egfr_ckd_epi_2009"][0] == pytest.approx(87.37, abs=0.05)
    chosen = {"race_coefficient": True}
    found = funis.score(frame, "egfr_ckd_epi_2009", parameters=chosen)["egfr_ckd_epi_2009"][0]
    assert found == pytest.approx(87.37 * 1.159, abs=0.06)
    unknown = funis.score(frame.drop("is_black"), "egfr_ckd_epi_2009", parameters=chosen)
    assert unknown["egfr_ckd_epi_2009_status"].to_list() == ["incomplete"]


def test_six_variable_equation_of_the_bilag_glossary() -> None:
    # Creatinine 1.0 mg/dL: 170 x 1; age 40: 40^-0.176 = 0.52241; urea nitrogen 14 mg/dL: 14^-0.170 = 0.63850;
    # albumin 4.0 g/dL: 4^0.318 = 1.55399; woman 0.762. Product 170 x .52241 x .63850 x 1.55399 x .762 = 67.15.
    frame = frame_of(1.0, 40, "female", urea_nitrogen=14 * 0.357, albumin=40.0)
    found = funis.score(frame, "egfr_mdrd_bilag")["egfr_mdrd_bilag"][0]
    assert found == pytest.approx(67.15, abs=0.05)


@pytest.mark.parametrize("gap", ["creatinine_mg_dl", "age", "sex"])
def test_a_gap_leaves_the_value_unknown(gap: str) -> None:
    cells: dict[str, Any] = {"creatinine_mg_dl": 1.0, "age": 50.0, "sex": "male", gap: None}
    found = funis.score(frame_of(*cells.values()), "egfr_ckd_epi_2021").row(0, named=True)
    assert found["egfr_ckd_epi_2021"] is None
    assert found["egfr_ckd_epi_2021_status"] == "incomplete"


def test_creatinine_in_the_wrong_unit_is_refused() -> None:
    frame = pl.DataFrame({"creatinine": [1.0], "age": [50], "sex": ["male"]})
    with pytest.raises(ValueRangeError, match=r"'creatinine'.*8 to 7000 umol/L"):
        funis.score(frame, "egfr_ckd_epi_2021")
    with pytest.raises(ValueRangeError, match="'sex'"):
        funis.score(frame_of(1.0, 50, "unknown"), "egfr_ckd_epi_2021")


def to_duckdb(frame: pl.DataFrame) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(frame.to_arrow())


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": to_duckdb,
}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_same(engine: str) -> None:
    import narwhals as nw

    rows = [(c, float(a), s) for c, a, s, _, _ in EXAMPLES.values()] + [(1.0, 15.0, "F")]
    frame = pl.DataFrame(rows, schema=["creatinine_mg_dl", "age", "sex"], orient="row")
    scored: Any = nw.from_native(funis.score(ENGINES[engine](frame), "egfr_ckd_epi_2021"))
    if isinstance(scored, nw.LazyFrame):
        scored = scored.collect("pyarrow") if engine == "duckdb" else scored.collect()
    values = scored["egfr_ckd_epi_2021"].to_list()
    assert values[:-1] == pytest.approx([new for *_, new, _ in EXAMPLES.values()], abs=0.05)
    assert values[-1] is None or values[-1] != values[-1]
    assert scored["egfr_ckd_epi_2021_status"].to_list() == ["scored"] * 6 + ["not_applicable"]
