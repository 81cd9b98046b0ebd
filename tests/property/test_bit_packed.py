"""Scores decided bit-packed, batch by batch, are those that the library of expressions gives for the whole frame.

The expressions are held against scorers written independently (tests/reference/independent_scorers); here the
two ways must agree wherever a batch may end.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import funis
from funis.catalogue.model_instrument import Definition
from funis.errors import ShapeError, ValueRangeError
from funis.scoring import score as scoring
from funis.scoring.bits import batches as bit_packed
from funis.scoring.bits.earlier_rows import Batch, empty_bits, pack, unpack
from funis.scoring.bits.program import ONE, ZERO, Graph, Program
from funis.scoring.bits.run_ahead import run_ahead
from funis.scoring.bits.traced import UntraceableError
from funis.scoring.score import Missing

BILAG = funis.definition("bilag_2004")
# Near the limits of the rules, where an error would show.
NEAR_LIMITS = {
    "systolic_bp": [110.0, 140.0, 141.0, 171.0], "diastolic_bp": [80.0, 90.0, 91.0, 106.0],
    "acr": [0.0, 25.0, 50.0, 100.0, 101.0, 134.0], "upcr": [10.0, 25.5, 50.0, 100.5, 133.9, 134.0],
    "proteinuria_24h": [0.1, 0.25, 0.5, 1.0, 1.01, 2.0, 2.7], "creatinine": [80.0, 115.0, 131.0, 170.3, 175.0],
    "gfr": [30.0, 49.9, 50.0, 79.0, 80.0, 120.0], "haemoglobin": [7.9, 8.0, 9.99, 10.0, 10.9, 11.0],
    "wbc": [0.9, 1.0, 1.9, 3.9, 4.0], "neutrophils": [0.4, 0.5, 0.9, 1.9, 2.0], "lymphocytes": [0.9, 1.0],
    "platelets": [24.0, 25.0, 49.0, 149.0, 150.0],
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_frames_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bit_packed, "LEAST_ROWS", 1)


def draw_visits(definition: Definition, rows: int, seed: int, *, missing: float) -> pl.DataFrame:
    """Draw visits of subjects with 1 to 9 visits each, mostly inactive, with gaps."""
    rng = np.random.default_rng(seed)
    subject = np.cumsum(rng.random(rows) < 0.3)
    columns: dict[str, Any] = {"subject": [f"S{number:05}" for number in subject]}
    columns["day"] = np.cumsum(rng.integers(1, 60, rows)).astype(np.int32)
    for item in definition.items:
        if item.is_measured:
            columns[item.name] = rng.choice(NEAR_LIMITS[item.name], rows)
        else:
            active = rng.random(rows) < 0.1
            columns[item.name] = (active * rng.integers(1, len(item.values), rows)).astype(np.int8)
    frame = pl.DataFrame(columns)
    gaps = [
        pl.when(pl.Series(rng.random(rows) >= missing)).then(pl.col(item.name)).alias(item.name)
        for item in definition.items
        if rng.random() < 0.7
    ]
    return frame.with_columns(gaps)


def by_expressions(
    monkeypatch: pytest.MonkeyPatch, frame: pl.DataFrame, name: str, **choices: Any
) -> pl.DataFrame:
    with monkeypatch.context() as patch:
        patch.setattr(scoring, "is_bit_packed", lambda *_: False)
        found: pl.DataFrame = funis.score(frame, name, **choices)
    return found


POLICIES: tuple[Missing, ...] = ("strict", "worst", "absent")
HISTORY: dict[str, Any] = {"subject": "subject", "order": "day"}
CHOICES: list[dict[str, Any]] = [
    {},
    {"missing": "worst"},
    {"missing": "absent"},
    {"compact": True},
    {
        "parameters": {
            "fall_of_exactly_25_percent": "not_improved",
            "creatinine_ratio_of_exactly_130": "severe",
            "first_visit_proteinuria": False,
            "previous_proteinuria_missing": False,
            "first_visit_dipstick_severe": True,
            "first_visit_dipstick_moderate": True,
            "previous_dipstick_missing": True,
            "first_visit_renal_function": True,
            "mild_proteinuria_must_not_have_fallen": True,
            "moderate_proteinuria_limits": "legacy",
            "first_visit_blood_pressure": True,
            "biopsy_window_days": 30,
        }
    },
]


@pytest.mark.parametrize("choices", CHOICES, ids=str)
@pytest.mark.parametrize(("size", "rows", "missing"), [(64, 300, 0.05), (100, 300, 0.4)])
def test_batches_may_end_anywhere(
    monkeypatch: pytest.MonkeyPatch, choices: dict[str, Any], size: int, rows: int, missing: float
) -> None:
    frame = draw_visits(BILAG, rows, seed=size, missing=missing)
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY, **choices)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", size)
    assert_frame_equal(funis.score(frame, "bilag_2004", **HISTORY, **choices), expected)
    lazy = funis.score(frame.lazy(), "bilag_2004", **HISTORY, **choices)
    assert_frame_equal(lazy.collect(), expected)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_batches_of_any_size(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    frame = draw_visits(BILAG, 40 if size == 1 else 200, seed=size, missing=0.0)
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", size)
    lazy = funis.score(frame.lazy(), "bilag_2004", **HISTORY)
    assert_frame_equal(lazy.collect(), expected)
    assert_frame_equal(lazy.collect(engine="streaming"), expected)


def test_no_rows_give_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_visits(BILAG, 5, seed=1, missing=0.0).clear()
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    assert_frame_equal(funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect(), expected)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(0, 90),
    size=st.integers(1, 100),
    missing=st.floats(0, 1),
    policy=st.sampled_from(POLICIES),
    history=st.booleans(),
)
def test_drawn_visits(
    *, seed: int, rows: int, size: int, missing: float, policy: Missing, history: bool
) -> None:
    frame = draw_visits(BILAG, rows, seed, missing=missing)
    places = HISTORY if history else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bit_packed, "LEAST_ROWS", 0)
        expected = by_expressions(patch, frame, "bilag_2004", missing=policy, **places)
        patch.setattr(bit_packed, "ROWS_AT_A_TIME", size)
        assert_frame_equal(funis.score(frame, "bilag_2004", missing=policy, **places), expected)


def awkward_visits() -> pl.DataFrame:
    """Text with ND, truth values, floats with NaN, marks, earlier disease, dates, other measures, wide integers."""
    frame = draw_visits(BILAG, 300, seed=5, missing=0.1)
    rng = np.random.default_rng(9)

    def draw(values: list[Any]) -> pl.Series:
        return pl.Series([values[place] for place in rng.integers(0, len(values), 300)])

    return frame.with_columns(
        pyrexia=draw(["0", "1", "2", "4", "ND", "", " 3 "]),
        weight_loss=pl.col("weight_loss").cast(pl.Float64).fill_null(float("nan")),
        anorexia=pl.col("anorexia").cast(pl.Int64),
        active_sediment=pl.col("active_sediment").cast(pl.Boolean),
        creatinine=pl.col("creatinine").cast(pl.Float32),
        gfr=pl.when(pl.col("gfr") > 100).then(float("nan")).otherwise(pl.col("gfr")),
        platelets=pl.col("platelets").cast(pl.Int64),
        proteinuria_24h=pl.lit(None, pl.Float64),
        upcr_not_done=draw([0, 1, None]),
        haemoglobin_attributed=draw([0, 1, None]),
        arthritis_severe_attributed=draw(["yes", "no", ""]),
        renal_ever=draw([0, 1, None]),
        mucocutaneous_ever=draw(["Y", "N", None]),
        date=pl.date(2020, 1, 1) + pl.duration(days="day"),
    ).drop("wbc", "lupus_headache", "scleritis_mild")


@pytest.mark.parametrize("order", ["day", "date"])
@pytest.mark.parametrize("size", [13, 128])
def test_awkward_columns(monkeypatch: pytest.MonkeyPatch, order: str, size: int) -> None:
    frame = awkward_visits()
    expected = by_expressions(monkeypatch, frame, "bilag_2004", subject="subject", order=order)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", size)
    assert_frame_equal(funis.score(frame, "bilag_2004", subject="subject", order=order), expected)
    lazy = funis.score(frame.lazy(), "bilag_2004", subject="subject", order=order)
    assert_frame_equal(lazy.collect(), expected)


def test_rows_in_any_order_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_visits(BILAG, 200, seed=3, missing=0.1)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    expected = by_expressions(monkeypatch, shuffled, "bilag_2004", **HISTORY)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 31)
    assert_frame_equal(funis.score(shuffled, "bilag_2004", **HISTORY), expected)
    assert_frame_equal(funis.score(shuffled.lazy(), "bilag_2004", **HISTORY).collect(), expected)


@pytest.mark.parametrize(
    "name", [name for name in funis.definitions() if bit_packed.can_be_traced(funis.definition(name))]
)
def test_every_instrument_that_can_be_traced(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    definition = funis.definition(name)
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {"subject": np.arange(500) // 5, "day": np.arange(500)}
    for item in definition.items:
        values = [None, *item.values, item.values[0]] if item.values else [None, item.minimum, item.maximum]
        columns[item.name] = [values[place] for place in rng.integers(0, len(values), 500)]
    frame = pl.DataFrame(columns)
    plans: list[Any] = []

    def trace(*given: Any) -> Any:
        plans.append(bit_packed.plan_scoring(*given))
        return plans[-1]

    monkeypatch.setattr(scoring, "plan_scoring", trace)
    for choices in ({}, {"missing": "worst"}, HISTORY):
        expected = by_expressions(monkeypatch, frame, name, **choices)
        assert_frame_equal(funis.score(frame, name, **choices), expected)
        assert_frame_equal(funis.score(frame.lazy(), name, **choices).collect(), expected)
    assert len(plans) == 6


def test_which_instruments_can_be_traced() -> None:
    traced = {name for name in funis.definitions() if bit_packed.can_be_traced(funis.definition(name))}
    assert {"bilag_2004", "bilag_classic_renal", "sledai_2k", "sledai", "selena_sledai"} <= traced
    assert not traced & {"essdai", "esspri", "egfr_ckd_epi_2021", "pga"}


def test_a_query_reads_only_what_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """An impossible value in a column that is not needed does not stop it; one that is needed does."""
    frame = draw_visits(BILAG, 50, seed=2, missing=0.0).with_columns(arthritis_severe=pl.lit(7, pl.Int8))
    scored = funis.score(frame.lazy(), "bilag_2004", **HISTORY)
    expected = by_expressions(
        monkeypatch, frame.with_columns(arthritis_severe=pl.lit(0, pl.Int8)), "bilag_2004", **HISTORY
    )
    asked = ["subject", "bilag_2004_renal", "bilag_2004_renal_rule"]
    assert_frame_equal(scored.select(asked).collect(), expected.select(asked))
    assert scored.select(pl.len()).collect().item() == 50
    with pytest.raises(
        ValueRangeError, match=r"'arthritis_severe'.*50 row\(s\) so far \(row 0, 1.*'7, 7.*0, 1, 2, 3, 4"
    ):
        scored.collect()


IMPOSSIBLE: list[tuple[str, Any]] = [
    ("pyrexia", 5),
    ("pyrexia", -1),
    ("ttp", 9),
    ("creatinine", 56_000.0),
    ("gfr", -3.0),
    ("active_sediment", 2),
    ("proteinuria_24h", float("inf")),
]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_an_impossible_value_is_named_with_its_row(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, missing: float
) -> None:
    frame = draw_visits(BILAG, 90, seed=21, missing=missing)
    kind = frame.schema[name]
    frame = frame.with_columns(
        pl.when(pl.int_range(90) == 77).then(pl.lit(value, kind)).otherwise(pl.col(name)).alias(name)
    )
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 25)
    with pytest.raises(ValueRangeError, match=rf"'{name}'.*row 77.*'{value}'"):
        funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect()
    with pytest.raises(ValueRangeError, match=rf"'{name}'.*row 77.*'{value}'"):
        funis.score(frame, "bilag_2004", **HISTORY)


def test_the_general_way_is_taken_where_rules_cannot_be_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_visits(BILAG, 50, seed=2, missing=0.1)
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)

    def refuse(*_: object) -> None:
        raise UntraceableError("for the test")

    monkeypatch.setattr(scoring, "plan_scoring", refuse)
    assert_frame_equal(funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect(), expected)


def test_filters_and_heads_after_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_visits(BILAG, 300, seed=4, missing=0.05)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 50)
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    scored = funis.score(frame.lazy(), "bilag_2004", **HISTORY)
    assert_frame_equal(scored.head(70).collect(), expected.head(70))
    active = (pl.col("bilag_2004_renal") == "A") & (pl.col("day") > 500)
    assert_frame_equal(scored.filter(active).collect(), expected.filter(active))
    assert_frame_equal(scored.tail(9).collect(), expected.tail(9))


def test_the_first_rows_are_taken_before_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_visits(BILAG, 60, seed=4, missing=0.0).with_columns(
        pyrexia=pl.int_range(60).cast(pl.Int8) % 2
    )
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 7)
    scored = funis.score(frame.lazy(), "bilag_2004", **HISTORY)
    wanted = pl.col("pyrexia") == 1
    assert_frame_equal(scored.head(20).filter(wanted).collect(), expected.head(20).filter(wanted))
    assert_frame_equal(scored.filter(wanted).head(20).collect(), expected.filter(wanted).head(20))


@pytest.mark.parametrize("rows", [10, 64, 65, 500])
@pytest.mark.parametrize("name", ["sledai_2k", "bilag_2004", "bilag_classic_renal"])
def test_absent_columns_are_missing_in_every_row(
    monkeypatch: pytest.MonkeyPatch, name: str, rows: int
) -> None:
    """Only one column is there; the others count as unknown down to the last row."""
    definition = funis.definition(name)
    present = next(item for item in definition.items if not item.is_measured)
    frame = pl.DataFrame({present.name: pl.Series([1] * rows, dtype=pl.Int8)})
    expected = by_expressions(monkeypatch, frame, name)
    assert_frame_equal(funis.score(frame, name), expected)
    assert_frame_equal(funis.score(frame.lazy(), name).collect(), expected)
    for column in expected.columns[1:]:
        found = funis.score(frame.lazy(), name).select(column).collect()
        assert_frame_equal(found, expected.select(column))
    assert funis.score(frame.lazy(), name).select(pl.len()).collect().item() == rows


def test_what_one_batch_does_not_read_the_next_may_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measured albumin hides the dipstick in the first batch; the second compares with it."""
    rows = 128
    frame = pl.DataFrame(
        {
            "subject": [1] * rows,
            "day": range(rows),
            "urine_dipstick": pl.Series([2] * rows, dtype=pl.Int8),
            "acr": [10.0] * 64 + [None] * 64,
        }
    )
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 64)
    assert_frame_equal(funis.score(frame, "bilag_2004", **HISTORY), expected)


def test_gaps_that_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches with other columns full than the batch before give the same."""
    frame = draw_visits(BILAG, 600, seed=31, missing=0.0)
    rng = np.random.default_rng(31)
    for name in (item.name for item in BILAG.items):
        start, end = sorted(rng.integers(0, 600, 2))
        gap = pl.int_range(600).is_between(start, end) & pl.Series(rng.random(600) < 0.5)
        frame = frame.with_columns(pl.when(~gap).then(pl.col(name)).alias(name))
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    for size in (11, 64):
        monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", size)
        assert_frame_equal(funis.score(frame, "bilag_2004", **HISTORY), expected)


def test_a_value_nobody_reads_is_looked_at_all_the_same() -> None:
    frame = pl.DataFrame(
        {
            "subject": [1] * 100,
            "day": range(100),
            "urine_dipstick": pl.Series([0] * 99 + [9], dtype=pl.Int8),
            "acr": [10.0] * 100,
        }
    )
    with pytest.raises(ValueRangeError, match=r"urine_dipstick.*row 99"):
        funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect()


@pytest.mark.parametrize(
    "values", [[0.0, 300.0], [0.0, 1e300], [0.0, float("inf")], [0, 2**40], ["0", "abc"], ["0", "300"]]
)
def test_a_value_too_large_for_a_level_is_named(values: list[object]) -> None:
    frame = pl.DataFrame({"subject": ["1", "1"], "day": [0, 9], "pyrexia": values})
    with pytest.raises(ValueRangeError, match=r"pyrexia.*row 1"):
        funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect()


@pytest.mark.parametrize("mark", ["pyrexia_attributed", "upcr_not_done", "renal_ever"])
def test_a_mark_that_says_neither_yes_nor_no_is_refused(mark: str) -> None:
    frame = draw_visits(BILAG, 20, seed=1, missing=0.0)
    frame = frame.with_columns(pl.Series(mark, ["yes"] * 9 + ["perhaps"] + ["no"] * 10))
    with pytest.raises(ValueRangeError, match=rf"{mark}.*'perhaps'.*yes, no"):
        funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect()


@pytest.mark.parametrize("name", ["bilag_2004", "bilag_classic_renal"])
@pytest.mark.parametrize("places", [{}, HISTORY], ids=["first visits", "history"])
def test_affected_before_the_study(
    monkeypatch: pytest.MonkeyPatch, name: str, places: dict[str, Any]
) -> None:
    frame = pl.DataFrame(
        {
            "subject": [1, 1, 2, 2, 3],
            "day": range(5),
            "creatinine": [80.0] * 5,
            "renal_ever": [None, 1, 0, None, None],
        }
    )
    expected = by_expressions(monkeypatch, frame, name, **places)
    assert_frame_equal(funis.score(frame, name, **places), expected)


def test_rare_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers of 128 bits; subjects told apart by nanoseconds."""
    frame = draw_visits(BILAG, 40, seed=3, missing=0.1)
    moments = pl.Series(np.arange(40) // 4).cast(pl.Datetime("ns"))
    frame = frame.with_columns(subject=moments, platelets=pl.col("platelets").cast(pl.Int128))
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 4)
    assert_frame_equal(funis.score(frame, "bilag_2004", **HISTORY), expected)
    assert_frame_equal(funis.score(frame.lazy(), "bilag_2004", **HISTORY).collect(), expected)


def test_reading_that_stops_early_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_visits(BILAG, 400, seed=5, missing=0.0)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 10)
    scored = funis.score(frame.lazy(), "bilag_2004", **HISTORY)
    for engine in ("streaming", "in-memory"):
        assert scored.head(3).collect(engine=engine).height == 3
    for thread in threading.enumerate():
        if thread.name == "funis-run-ahead":
            thread.join(
                timeout=300
            )  # ends at once where the reader told it; the limit only ends a failing run
    assert not [t for t in threading.enumerate() if t.name == "funis-run-ahead"]


def test_an_error_of_the_maker_reaches_the_reader() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise ShapeError("made up")

    ahead = run_ahead(make())
    assert next(ahead) == 1
    with pytest.raises(ShapeError, match="made up"):
        next(ahead)


def test_scores_of_scores_and_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries within queries run to their end."""
    frame = draw_visits(BILAG, 120, seed=6, missing=0.05)
    once = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    # The outputs of the query within are left out again: nothing that a frame has is written over.
    within = funis.score(frame.lazy(), "bilag_2004", **HISTORY).select(frame.columns)
    lazy = funis.score(within, "bilag_2004", **HISTORY)
    assert_frame_equal(lazy.collect(), once)
    joined = lazy.join(funis.score(frame.lazy(), "bilag_2004", **HISTORY), on=["subject", "day"], how="inner")
    assert joined.select(pl.len()).collect(engine="streaming").item() == 120


def test_a_frame_said_to_be_sorted_is_verified() -> None:
    frame = draw_visits(BILAG, 60, seed=8, missing=0.0).reverse()
    with pytest.raises(ShapeError, match="declared as sorted"):
        funis.score(frame.lazy(), "bilag_2004", **HISTORY, assume_sorted=True)


def test_two_queries_from_one_frame_do_not_disturb_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept from batch to batch belongs to one run."""
    frame = draw_visits(BILAG, 200, seed=11, missing=0.1)
    expected = by_expressions(monkeypatch, frame, "bilag_2004", **HISTORY)
    monkeypatch.setattr(bit_packed, "ROWS_AT_A_TIME", 17)
    scored = funis.score(frame.lazy(), "bilag_2004", **HISTORY)
    for found in pl.collect_all([scored, scored, scored]):
        assert_frame_equal(found, expected)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=0, max_size=200))
def test_logic_of_graphs(rows: list[tuple[bool, bool, bool]]) -> None:
    """Every operation of a graph is that of Python's own truth values, simplified or not."""
    graph = Graph()
    a, b, c = (graph.load("values", name) for name in "abc")
    wanted: dict[str, tuple[int, Callable[[bool, bool, bool], bool]]] = {
        "and": (graph.both(a, b), lambda x, y, _: x and y),
        "or": (graph.either(a, b), lambda x, y, _: x or y),
        "xor": (graph.differ(a, c), lambda x, _, z: x != z),
        "not": (graph.negate(b), lambda _, y, __: not y),
        "choose": (graph.choose(c, a, graph.negate(b)), lambda x, y, z: x if z else not y),
        "never": (graph.both(a, graph.negate(a)), lambda *_: False),
        "always": (graph.either(graph.negate(a), a), lambda *_: True),
        "same": (graph.differ(graph.negate(graph.negate(a)), a), lambda *_: False),
        "zero": (graph.both(ONE, ZERO), lambda *_: False),
    }
    values = {
        name: pack(np.array([row[place] for row in rows], np.bool_)) for place, name in enumerate("abc")
    }
    batch = Batch(len(rows), values, dict.fromkeys("abc"))
    program = Program(graph, [node for node, _ in wanted.values()])
    for found, (_, expected) in zip(program.run(batch), wanted.values(), strict=True):
        assert [bool(bit) for bit in unpack(found, len(rows))] == [expected(*row) for row in rows]


@given(st.integers(0, 300))
def test_bits_come_in_whole_words(rows: int) -> None:
    truth = np.arange(rows) % 3 == 0
    assert len(empty_bits(rows)) % 8 == 0
    assert (unpack(pack(truth), rows).view(np.bool_) == truth).all()


def test_a_column_with_an_empty_cell_and_a_nan_in_one_batch_counts_both_as_missing() -> None:
    """Platelets 40 decide a haematological grade; an empty cell and NaN beside it are both unknown."""
    rows = pl.DataFrame(
        {"subject": ["A", "B", "C"], "day": [0, 0, 0], "platelets": [40.0, None, float("nan")]}
    )
    known, empty, nan = funis.score(rows, "bilag_2004", **HISTORY)[
        "bilag_2004_haematological_upper"
    ].to_list()
    alone = funis.score(rows.with_columns(platelets=pl.lit(None, pl.Float64)), "bilag_2004", **HISTORY)
    assert empty == nan == alone["bilag_2004_haematological_upper"][0]
    lower = funis.score(rows, "bilag_2004", **HISTORY)["bilag_2004_haematological_lower"].to_list()
    assert (known, lower) == ("A", ["B", "E", "E"])
