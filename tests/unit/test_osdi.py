"""OSDI: the printed formula by hand, an item that does not apply, one that is blank; on frames and for single visits."""

from typing import Any

import pandas as pd
import polars as pl
import pytest

import funis

NAME = "osdi"
ITEMS = [item.name for item in funis.definition(NAME).items]


def score(answers: list[Any], **beside: Any) -> tuple[Any, Any, Any, str]:
    rows = [{"subject": "1", "day": 0, **dict(zip(ITEMS, answers, strict=True)), **beside}]
    frame = pl.DataFrame(rows, infer_schema_length=None, strict=False)
    ways = [
        funis.score(frame, NAME).row(0, named=True),
        funis.score(frame.lazy(), NAME).collect().row(0, named=True),
        pl.from_pandas(funis.score(pd.DataFrame(rows), NAME)).row(0, named=True),
        funis.scorer(NAME)(rows)[0],
    ]
    found = [tuple(way[f"{NAME}{end}"] for end in ("", "_lower", "_upper", "_status")) for way in ways]
    assert len(set(found)) == 1
    return found[0]


def test_the_formula_of_the_form() -> None:
    # 5 * 1 + 4 * 2 + 3 * 3 = 22; 22 * 25 / 12 = 45.83
    assert score([1] * 5 + [2] * 4 + [3] * 3)[0] == pytest.approx(45.8333, abs=1e-4)
    assert score([4] * 12)[0] == 100
    assert score([0] * 12)[0] == 0


@pytest.mark.parametrize(("word", "beside"), [("ND", {}), (None, {"osdi_item_7_not_done": 1})])
def test_what_does_not_apply_leaves_the_mean(word: str | None, beside: dict[str, int]) -> None:
    # Driving at night does not apply: 1 * 11 answered of 11, 11 * 25 / 11 = 25; as nought of twelve it were 22.9.
    answers: list[Any] = [1] * 12
    answers[6] = word
    assert score(answers, **beside) == (25.0, 25.0, 25.0, "scored")


def test_a_blank_answer_leaves_bounds() -> None:
    answers: list[Any] = [2] * 12
    answers[0], answers[11] = None, "ND"
    # 10 answers of 2, one not known, eleven apply: 20 * 25 / 11 = 45.45 to 24 * 25 / 11 = 54.55.
    value, lower, upper, status = score(answers)
    assert (value, status) == (None, "incomplete")
    assert (lower, upper) == (pytest.approx(500 / 11), pytest.approx(600 / 11))


def test_nothing_applies() -> None:
    assert score(["ND"] * 12) == (None, 0.0, 100.0, "incomplete")


def test_the_working_says_what_left_the_mean() -> None:
    frame = pl.DataFrame([dict(zip(ITEMS, ["1"] * 11 + ["ND"], strict=True))])
    assert "not done: left out of the mean" in str(funis.explain(frame, NAME))
