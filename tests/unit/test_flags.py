"""Yes/no columns beside the items: every spelling is read, and what says neither is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

import funis
from funis.errors import ValueRangeError


def quiet_ssdai(**columns: Any) -> dict[str, list[Any]]:
    items = {item.name: [0] for item in funis.definition("ssdai").items}
    return {**items, "fatigue": [1]} | {name: [value] for name, value in columns.items()}


def quiet_bilag(**columns: Any) -> dict[str, list[Any]]:
    items = {item.name: [0] for item in funis.definition("bilag_2004").items if item.values}
    measured = {
        "systolic_bp": [120],
        "diastolic_bp": [80],
        "creatinine": [70],
        "haemoglobin": [13],
        "wbc": [6],
    }
    measured |= {"neutrophils": [4], "lymphocytes": [2], "platelets": [250]}
    return items | measured | {name: [value] for name, value in columns.items()}


@pytest.mark.parametrize("ever", [1, 1.0, True, "Y", "yes", "1"])
def test_affected_before_is_read_in_every_spelling(ever: Any) -> None:
    scored = funis.score(pl.DataFrame(quiet_bilag(renal_ever=ever)), "bilag_2004")
    assert scored["bilag_2004_renal"].to_list() == ["D"]


@pytest.mark.parametrize("ever", [0, 0.0, False, "N", "no", "0"])
def test_never_affected_is_read_in_every_spelling(ever: Any) -> None:
    scored = funis.score(pl.DataFrame(quiet_bilag(renal_ever=ever)), "bilag_2004")
    assert scored["bilag_2004_renal"].to_list() == ["E"]


@pytest.mark.parametrize("ever", [None, "", float("nan")])
def test_an_empty_history_is_unknown(ever: Any) -> None:
    # A system without measures of one thing: what GFR could have shown would open the upper bound of the kidney.
    frame = pl.DataFrame(quiet_bilag(mucocutaneous_ever=ever))
    scored = funis.score(frame, "bilag_2004")
    stem = "bilag_2004_mucocutaneous"
    assert scored.select(stem, f"{stem}_lower", f"{stem}_upper").rows() == [(None, "E", "D")]


@pytest.mark.parametrize("value", ["maybe", 7, 0.5, "ND"])
@pytest.mark.parametrize("column", ["fatigue_attributed", "fatigue_not_done"])
def test_neither_yes_nor_no_is_refused(column: str, value: Any) -> None:
    with pytest.raises(ValueRangeError, match=rf"{column}.*{value}"):
        funis.score(pl.DataFrame(quiet_ssdai(**{column: value})), "ssdai")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_history_that_says_neither_is_refused(make: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueRangeError, match="renal_ever"):
        funis.score(make(quiet_bilag(renal_ever="perhaps")), "bilag_2004")


def test_duckdb_is_checked_too() -> None:
    frame = duckdb.from_arrow(pl.DataFrame(quiet_ssdai(fatigue_attributed="maybe")).to_arrow())
    with pytest.raises(ValueRangeError, match="fatigue_attributed"):
        funis.score(frame, "ssdai")


def test_a_lazy_frame_refuses_what_says_neither() -> None:
    """An instrument with cut-offs is scored by expressions, batch by batch."""
    frame = pl.DataFrame({item.name: [1, 2] for item in funis.definition("esspri").items})
    marked = frame.lazy().with_columns(fatigue_not_done=pl.Series(["no", "perhaps"]))
    with pytest.raises(ValueRangeError, match=r"fatigue_not_done.*'perhaps'.*yes, no"):
        funis.score(marked, "esspri").collect()


def test_a_lazy_query_looks_only_at_the_organ_system_it_asks_for() -> None:
    items = {item.name: [0] for item in funis.definition("bilag_2004").items}
    frame = pl.DataFrame({"subject": ["1"], "day": [0], **items, "skin_eruption_severe": [77]}).lazy()
    scored = funis.score(frame, "bilag_2004")
    assert scored.select("bilag_2004_musculoskeletal").collect().height == 1
    with pytest.raises(ValueRangeError, match="skin_eruption_severe"):
        scored.select("bilag_2004_mucocutaneous").collect()
