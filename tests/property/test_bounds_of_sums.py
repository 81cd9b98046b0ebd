"""The bounds of a sum: no way to fill the empty cells leaves them, and both ends are reached."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.model_instrument import Definition
from funis.scoring import score as scoring
from funis.scoring.bits.batches import plan_scoring

#: One value for each class that the levels of the ESSDAI tell apart.
CLASSES: dict[str, tuple[float, ...]] = {
    "neutrophils": (0.4, 0.5, 0.8, 1.0, 1.2, 1.5, 4.0),
    "haemoglobin": (7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 14.0),
    "platelets": (40.0, 50.0, 90.0, 100.0, 120.0, 150.0, 200.0),
    "lymphocytes": (0.4, 0.5, 0.8, 1.0, 2.0),
}
JOINTS: dict[str, tuple[float, ...]] = {"synovitis_joints": (0, 1, 5, 6, 28), "arthralgia_stiffness": (0, 1)}


def score_rows(definition: Definition, rows: list[dict[str, Any]], **choices: Any) -> pl.DataFrame:
    names = {*CLASSES, *JOINTS}
    kinds = {name: pl.Float64 for row in rows for name in row if name in names}
    return funis.score(pl.DataFrame(rows, schema_overrides=kinds), definition.name, **choices)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["essdai", "clinessdai"])
@pytest.mark.parametrize(("item", "classes"), [("haematological", CLASSES), ("articular", JOINTS)])
def test_bounds_of_a_level_from_some_of_its_quantities(
    name: str, item: str, classes: dict[str, tuple[float, ...]]
) -> None:
    """Every way to know some of the quantities, against every way to fill the others."""
    definition = funis.definition(name)
    others = {each.name: 0 for each in definition if each.name != item}
    complete = [dict(zip(classes, values, strict=True)) for values in product(*classes.values())]
    totals = score_rows(definition, [{**others, **row} for row in complete])[name].to_list()
    truth: dict[tuple[Any, ...], list[float]] = {}
    for row, total in zip(complete, totals, strict=True):
        for known in product((True, False), repeat=len(row)):
            key = tuple(
                value if is_known else None for value, is_known in zip(row.values(), known, strict=True)
            )
            ends = truth.setdefault(key, [total, total])
            truth[key] = [min(ends[0], total), max(ends[1], total)]
    rows = [{**others, **dict(zip(classes, key, strict=True))} for key in truth]
    scored = score_rows(definition, rows)
    found = scored.select(f"{name}_lower", f"{name}_upper").rows()
    assert found == [tuple(ends) for ends in truth.values()]
    assert any(0 < low < high for low, high in found)
    strict = [low if low == high else None for low, high in found]
    assert scored[name].to_list() == strict
    assert score_rows(definition, rows, missing="worst")[name].to_list() == [high for _, high in found]
    assert score_rows(definition, rows, missing="absent")[name].to_list() == [low for low, _ in found]


def test_the_ends_of_a_level_agree_in_every_evaluator() -> None:
    definition = funis.definition("essdai")
    others = {each.name: 0 for each in definition if each.name != "haematological"}
    rows = [
        {**others, "platelets": platelets, "haemoglobin": haemoglobin, "haematological": level, "subject": "1", "day": n}
        for n, (platelets, haemoglobin, level) in enumerate(
            [(90.0, None, None), (None, 11.0, None), (40.0, None, None), (None, None, None), (90.0, 7.0, 1), (None, 9.0, 0)]
        )
    ]  # fmt: skip
    expected = [(4, 6), (2, 6), (6, 6), (0, 6), (2, 2), (0, 0)]
    frame = pl.DataFrame(rows, schema_overrides={"platelets": pl.Float64, "haemoglobin": pl.Float64})
    columns = ["essdai_lower", "essdai_upper"]
    assert funis.score(frame, "essdai").select(columns).rows() == expected
    assert funis.score(frame.lazy(), "essdai").select(columns).collect().rows() == expected
    pandas = funis.score(frame.to_pandas(), "essdai")
    assert [tuple(row) for row in pandas[columns].to_numpy().tolist()] == expected
    single = funis.scorer("essdai")(rows)
    assert [(row["essdai_lower"], row["essdai_upper"]) for row in single] == expected


def test_the_ends_of_a_level_bit_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain sum is scored in batches: the ESSDAI without its bands is one."""
    plain = replace(funis.definition("essdai"), flags=())
    monkeypatch.setattr(scoring, "definition", lambda _: plain)
    plans: list[Any] = []

    def plan(*given: Any) -> Any:
        plans.append(plan_scoring(*given))
        return plans[-1]

    monkeypatch.setattr(scoring, "plan_scoring", plan)
    others = {item.name: 0 for item in plain if item.name != "haematological"}
    rows = [{**others, "platelets": p, "haemoglobin": h} for p in (90.0, 40.0, None) for h in (11.0, None)]
    frame = pl.DataFrame(rows).lazy()
    expected = [(4, 6), (4, 6), (6, 6), (6, 6), (2, 6), (0, 6)]
    scored = funis.score(frame, "essdai").select("essdai_lower", "essdai_upper")
    assert scored.collect().rows() == expected
    assert len(plans) == 1


def test_a_finding_not_due_to_the_disease_has_no_ends() -> None:
    others = {item.name: 0 for item in funis.definition("essdai") if item.name != "haematological"}
    row = {**others, "platelets": 90.0, "haemoglobin": None, "haematological_attributed": 0}
    frame = pl.DataFrame([row], schema_overrides={"haemoglobin": pl.Float64})
    assert funis.score(frame, "essdai").select("essdai_lower", "essdai_upper").rows() == [(0, 0)]
