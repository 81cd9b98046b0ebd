"""SLE-DAS and EQ-5D-5L: sums that begin with a number, logarithms beyond a limit; what a wrong table says."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import funis
from funis.catalogue.registry import DEFINITIONS, read_definition_file
from funis.errors import DefinitionError

DAS = "sle_das"
QUIET = {item.name: 0 for item in funis.definition(DAS).items} | {"platelets": 250.0, "wbc": 6.0}


def score_ways(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Score with every kind of frame at hand and the scorer of single visits, which must agree to nine decimals."""
    rows = [{"subject": "1", "day": 0, **row}]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    ways: list[dict[str, Any]] = [
        funis.score(frame, name).row(0, named=True),
        funis.score(frame.lazy(), name).collect().row(0, named=True),
        pl.from_pandas(funis.score(pd.DataFrame(rows), name)).row(0, named=True),
        pl.from_arrow(funis.score(pa.Table.from_pylist(rows), name)).row(0, named=True),  # type: ignore[union-attr]
        funis.scorer(name)(rows)[0],
    ]
    for end in ("", "_lower", "_upper", "_status"):
        told = {
            way[name + end] if isinstance(way[name + end], str | None) else round(way[name + end], 9)
            for way in ways
        }
        assert len(told) == 1, (end, told)
    return ways[0]


@pytest.mark.parametrize(
    ("found", "score"),
    [
        # Printed with two decimals by the tests of a public program.
        ({}, 0.37),
        ({"proteinuria_mg": 501}, 6.47),
        ({"platelets": 50}, 4.65),
        ({"wbc": 2}, 2.98),
        # By hand: 0.366 + 0.754 + 0.956; 0.366 + 3.132 + 4 * 0.454 + 0.754 + 0.956; 0.366 + 3.887 + 0.973 + 2.769.
        ({"low_c3_or_c4": 1, "increased_dna_binding": 1}, 2.08),
        ({"swollen_joint_count": 4, "low_c3_or_c4": 1, "increased_dna_binding": 1}, 7.02),
        ({"lupus_rash": 2, "alopecia": 1, "mucosal_ulcers": 1}, 8.0),
        # Exactly at a printed limit nothing is counted.
        ({"proteinuria_mg": 500, "platelets": 100, "wbc": 3}, 0.37),
    ],
)
def test_worked_examples(found: dict[str, Any], score: float) -> None:
    assert score_ways(DAS, QUIET | found)[DAS] == pytest.approx(score, abs=0.005)


def test_abnormal_serology_alone_is_remission() -> None:
    serology = score_ways(DAS, QUIET | {"low_c3_or_c4": 1, "increased_dna_binding": 1})
    assert (serology["sle_das_remission"], serology["sle_das_severe"]) == (1, 0)
    one_joint = score_ways(DAS, QUIET | {"swollen_joint_count": 1})
    assert (one_joint["sle_das_remission"], one_joint["sle_das_moderate_or_severe"]) == (0, 0)
    # 0.366 + 18: above every cut-off.
    assert score_ways(DAS, QUIET | {"neuropsychiatric_lupus": 1})["sle_das_severe"] == 1


def test_a_count_that_is_missing_leaves_what_it_could_add() -> None:
    found = score_ways(DAS, QUIET | {"platelets": None})
    # Platelets are held at 1, whose logarithm is 0.
    assert (found[DAS], found["sle_das_lower"]) == (None, pytest.approx(0.366))
    assert found["sle_das_upper"] == pytest.approx(0.366 + 26.105)
    assert score_ways(DAS, QUIET | {"platelets": 0.0})[DAS] == pytest.approx(0.366 + 26.105)


@pytest.mark.parametrize("platelets", [50.0, None])
def test_a_count_that_is_not_due_to_lupus_adds_nothing(platelets: float | None) -> None:
    found = score_ways(DAS, QUIET | {"platelets": platelets, "platelets_attributed": 0})
    assert (found[DAS], found["sle_das_upper"]) == (pytest.approx(0.366), pytest.approx(0.366))


def test_serology_comes_from_the_laboratory_and_its_own_limits() -> None:
    blank = {
        name: value for name, value in QUIET.items() if name not in ("low_c3_or_c4", "increased_dna_binding")
    }
    labs = {"c3": 0.7, "c3_low": 0.9, "c4": 0.2, "c4_low": 0.1, "anti_dsdna": 30.0, "anti_dsdna_high": 20.0}
    assert score_ways(DAS, blank | labs)[DAS] == pytest.approx(2.076)


def test_the_working_shows_what_the_sum_begins_with() -> None:
    frame = pl.DataFrame([QUIET | {"platelets": 50.0}], infer_schema_length=None)
    text = str(funis.explain(frame, DAS))
    # 26.105 - 5.577 ln 50 = 26.105 - 5.577 * 3.912023 = 4.287648
    assert "Begins at 0.366, to which the points are added" in text
    assert "50 10^9/L  4.28765" in text


STATES = [
    # China, as the published list of all states has them.
    ("china", "11111", 1.0), ("china", "21111", 0.934), ("china", "11115", 0.742), ("china", "12345", 0.335),
    ("china", "15554", -0.003), ("china", "55555", -0.391),
    # England: 1 less 0.058, 0.080, 0.050, 0.276 and 0.289.
    ("england", "11111", 1.0), ("england", "23245", 0.247), ("england", "55555", -0.285),
]  # fmt: skip
DIMENSIONS = [item.name for item in funis.definition("eq_5d_5l_china").items]


@pytest.mark.parametrize(("country", "state", "index"), STATES)
def test_states_of_health(country: str, state: str, index: float) -> None:
    row = dict(zip(DIMENSIONS, map(int, state), strict=True))
    name = f"eq_5d_5l_{country}"
    assert score_ways(name, row)[name] == pytest.approx(index, rel=0, abs=1e-9)


def test_a_dimension_without_an_answer_leaves_an_interval() -> None:
    row = dict(zip(DIMENSIONS, [1, 1, 1, None, 1], strict=True))
    found = score_ways("eq_5d_5l_china", row)
    assert (found["eq_5d_5l_china_lower"], found["eq_5d_5l_china_upper"]) == pytest.approx((0.698, 1.0))


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("ln = 3.811", "ln = -3.811", "points must rise beyond the limit"),
        ("constant = -17.584", "constant = -25", "points are below 0 at the limit"),
        ("at_least = 1,", "at_least = 0,", "over and at_least must be above 0"),
        ("at_least = 1, ", "", "the logarithm of 0 is asked for"),
        ("{above = 500,", "{above = 500, below = 900,", "needs one of above and below"),
        ("{above = 500,", "{abve = 500,", "there is no key 'abve'"),
        (
            'points = 18, label = "neuro',
            'curve = {above = 0, times = 1}, label = "neuro',
            "needs a measured row",
        ),
        ('kind    = "sum"', 'kind    = "maximum"', "only a sum begins with a number"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(tmp_path: Path, written: str, instead: str, told: str) -> None:
    text = (DEFINITIONS / "sle_das.toml").read_text(encoding="utf-8")
    assert written in text
    path = tmp_path / "sle_das.toml"
    path.write_text(text.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=told):
        read_definition_file(path)
