"""The working of one visit, checked line by line against the paper's arithmetic."""

import polars as pl
import pytest

import funis
from funis.errors import ShapeError, UnknownNameError


def sledai_frame() -> pl.DataFrame:
    items = {item.name: 0 for item in funis.definition("sledai_2k").items}
    row = {
        **items, "subject": "01", "visit": "month_3", "arthritis": 1, "thrombocytopenia": None, "platelets": 99.0,
        "rash": 1, "rash_attributed": 0, "fever": None,
    }  # fmt: skip
    return pl.DataFrame([row])


def test_rows_that_contributed() -> None:
    found = funis.explain(sledai_frame(), "sledai_2k", subject="01", visit="month_3")
    rows = {row.item: row for row in found.rows}
    assert rows["arthritis"].points == 4
    assert rows["thrombocytopenia"].points == 1
    assert rows["thrombocytopenia"].note == "from platelets 99 by platelets < 100"
    assert rows["rash"].points == 0
    assert "not due to the disease" in rows["rash"].note
    assert rows["fever"].points is None
    assert rows["fever"].recorded == "missing"
    assert found.outputs["sledai_2k_lower"] == 5  # 4 + 1
    assert found.outputs["sledai_2k_upper"] == 6  # fever may add 1


def test_the_working_is_printed_with_the_limits_that_decided() -> None:
    items: dict[str, object] = {item.name: 0 for item in funis.definition("bilag_2004").items}
    items |= {
        "systolic_bp": 120.0, "diastolic_bp": 80.0, "creatinine": 70.0, "gfr": 90.0, "haemoglobin": 13.0, "wbc": 5.0,
        "neutrophils": 3.0, "lymphocytes": 2.0, "platelets": 200.0, "acr": 1.0, "upcr": 5.0, "subject": "07",
    }  # fmt: skip
    frame = pl.DataFrame(
        [
            {**items, "visit": "baseline", "day": 0, "proteinuria_24h": 2.4},
            {**items, "visit": "month_1", "day": 30, "proteinuria_24h": 1.8, "active_sediment": 1},
        ]
    )
    text = str(funis.explain(frame, "bilag_2004", subject="07", visit="month_1", order="day"))
    assert "renal: B (bounds B to B)" in text
    assert "decided by B: active sediment" in text
    assert "F1b: proteinuria_24h > 1 (found 1.8) and proteinuria_24h > 75 % of previous" in text
    assert "previous proteinuria_24h 2.4" in text
    assert " 84  24-h urine protein" in text
    assert "Total: 8" in text


def test_the_row_must_be_one() -> None:
    with pytest.raises(UnknownNameError, match="no subject '02'"):
        funis.explain(sledai_frame(), "sledai_2k", subject="02", visit="month_3")
    with pytest.raises(UnknownNameError, match="no visit 'month_6'"):
        funis.explain(sledai_frame(), "sledai_2k", subject="01", visit="month_6")
    with pytest.raises(ShapeError, match="2 fit"):
        funis.explain(pl.concat([sledai_frame(), sledai_frame()]), "sledai_2k")


def test_a_level_has_its_words_and_a_derived_one_the_condition_that_is_met() -> None:
    levels = {item.name: 0 for item in funis.definition("essdai").items}
    row = {**levels, "subject": "01", "visit": "baseline", "renal": 2}
    rows = {each.item: each for each in funis.explain(pl.DataFrame([row]), "essdai").rows}
    renal = funis.definition("essdai").item("renal")
    assert rows["renal"].level == renal.level_labels[1]
    assert rows["cutaneous"].level == ""
    assert renal.level_labels[1] in str(funis.explain(pl.DataFrame([row]), "essdai"))
    # 100 does not lie below 100, and 99.99 does (Gladman 2002).
    limit = sledai_frame().with_columns(platelets=pl.lit(100.0))
    note = {each.item: each.note for each in funis.explain(limit, "sledai_2k").rows}["thrombocytopenia"]
    assert note == "from platelets 100; not met: platelets < 100"


def test_of_several_conditions_of_a_level_only_those_that_can_hold_are_named() -> None:
    names = [item.name for item in funis.definition("essdai").items]
    measured = {"haemoglobin": 9.0, "neutrophils": 3.0, "platelets": 200.0, "lymphocytes": 2.0}
    row = dict.fromkeys(names, 0) | measured | {"haematological": None}
    rows = {each.item: each for each in funis.explain(pl.DataFrame([row]), "essdai").rows}
    found = rows["haematological"]
    # Haemoglobin from 8 to below 10 g/dL is moderate, weight 2 (Seror 2010): the other cells are normal.
    assert found.points == 4
    assert found.note.startswith("from ")
    assert "haemoglobin 9" in found.note
    met = found.note.partition(" by ")[2]
    assert "haemoglobin" in met
    assert "platelets" not in met
    assert "neutrophils" not in met


def test_the_clause_that_decides_stands_first_and_the_others_in_one_line() -> None:
    items: dict[str, object] = {item.name: 0 for item in funis.definition("bilag_2004").items}
    items |= {
        "systolic_bp": 120.0, "diastolic_bp": 80.0, "creatinine": 70.0, "gfr": 90.0, "haemoglobin": 13.0, "wbc": 5.0,
        "neutrophils": 3.0, "lymphocytes": 2.0, "platelets": 200.0, "acr": 1.0, "upcr": 5.0, "subject": "07",
    }  # fmt: skip
    frame = pl.DataFrame(
        [
            {**items, "visit": "baseline", "day": 0, "proteinuria_24h": 3.2},
            {**items, "visit": "month_6", "day": 180, "proteinuria_24h": 2.1, "arthritis_severe": 4},
        ]
    )
    text = str(funis.explain(frame, "bilag_2004", subject="07", visit="month_6", order="day"))
    joints = text[text.index("musculoskeletal: A") : text.index("cardiorespiratory:")].splitlines()
    assert joints[2].startswith("  A1 ")
    assert joints[2].endswith(": yes")
    (refuted,) = [line for line in joints if line.startswith("  not met: ")]
    assert "A1" not in refuted
    # (2.1 - 3.2) / 3.2 = -34.375 %: the fall is why severe proteinuria does not count.
    assert "previous proteinuria_24h 3.2 (change -34.4 %)" in text
