"""What every definition must keep, whatever it says; visits are drawn at random near the printed limits."""

import random
from decimal import Decimal
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funis
from funis.catalogue.check_instrument import reachable_range
from funis.catalogue.conditions import Term
from funis.catalogue.model_instrument import Definition, Item
from funis.frames.verbs import verbs_of
from funis.scoring.derived_items import derived_columns

NAMES = funis.definitions()
SCORED = [name for name in NAMES if funis.definition(name).kind != "value"]
STEP = Decimal("0.000001")
RANK = {"A": 4, "B": 3, "C": 2, "D": 1, "E": 0}
# Measured rows in which less is worse.
FALLING = {"gfr", "creatinine_clearance", "haemoglobin", "wbc", "neutrophils", "lymphocytes", "platelets"}
SEEDS = st.integers(0, 2**32 - 1)
LIGHT = settings(max_examples=5)


def draw_value(item: Item, near: dict[str, list[float]], rng: random.Random) -> object:
    if not item.is_measured:
        return item.values[0] if rng.random() < 0.6 else rng.choice(item.values)
    limits = near.get(item.name, [])
    if limits and rng.random() < 0.7:
        value = rng.choice(limits) * rng.choice([0.7, 0.75, 0.999, 1.0, 1.001, 1.15, 1.3, 1.4])
        return min(max(value, float(item.minimum or 0)), float(item.maximum or 0))
    return rng.uniform(float(item.minimum or 0), float(item.maximum or 0))


def limits_of(definition: Definition) -> dict[str, list[float]]:
    near = {item.name: [item.curve.limit] for item in definition.items if item.curve is not None}
    conditions = [feature.when for feature in definition.features]
    conditions += [rule.when for rule in definition.rules if rule.when]
    for condition in conditions:
        for term in condition.terms:
            if term.form == "value" and isinstance(term.limit, Decimal):
                near.setdefault(term.name, []).append(float(term.limit))
    return near


def ever_affected(definition: Definition) -> dict[str, int]:
    """Say of every graded system that it was affected before: without that D and E are not told apart."""
    return {f"{system}_ever": 1 for system in definition.systems if definition.kind == "grades"}


def draw_visits(definition: Definition, seed: int, subjects: int = 12) -> pl.DataFrame:
    """Draw two visits each of several subjects, every item recorded."""
    rng = random.Random(seed)  # noqa: S311
    near = limits_of(definition)
    rows = []
    for number in range(subjects):
        for day in (0, 60):
            row = {item.name: draw_value(item, near, rng) for item in definition.items}
            rows.append({"subject": f"{number:02}", "day": day, **row, **ever_affected(definition)})
    return pl.DataFrame(rows, infer_schema_length=None)


def score_history(frame: pl.DataFrame, name: str, **choices: Any) -> pl.DataFrame:
    scored: pl.DataFrame = funis.score(frame, name, subject="subject", order="day", **choices)
    return scored


def score_together(frames: list[pl.DataFrame], name: str) -> pl.DataFrame:
    """Score variants of one frame in one call, each with subjects of its own, row by row as they were given."""
    own = [
        frame.with_columns(pl.format(f"{number:02}-{{}}", "subject").alias("subject"))
        for number, frame in enumerate(frames)
    ]
    scored = score_history(pl.concat(own), name)
    rows = pl.concat(own).select("subject", "day")
    assert scored.select("subject", "day").equals(rows)
    return scored


def score_each(frame: pl.DataFrame, name: str, column: str) -> list[Any]:
    """Score every row as the one visit of a subject, with the compiled scorer."""
    scorer = funis.scorer(name)
    return [scorer([{"subject": 1, "day": 0, **row}])[0][column] for row in frame.to_dicts()]


def stems(name: str) -> tuple[str, ...]:
    return (name, *funis.definition(name).grade_columns)


def as_numbers(frame: pl.DataFrame, column: str) -> list[Any]:
    values = frame[column].to_list()
    return [RANK.get(value, value) if value is not None else None for value in values]


def assert_bounds_hold(truth: pl.DataFrame, partial: pl.DataFrame, name: str) -> None:
    for stem in stems(name):
        known = as_numbers(truth, stem)
        lower, upper = as_numbers(partial, f"{stem}_lower"), as_numbers(partial, f"{stem}_upper")
        value = as_numbers(partial, stem)
        for real, low, high, found in zip(known, lower, upper, value, strict=True):
            assert real is None or low <= real + 1e-9, (stem, real, low, high)
            assert real is None or real <= high + 1e-9, (stem, real, low, high)
            assert found is None or low <= found <= high
            assert found is not None or low != high or stem != name
    status = partial[f"{name}_status"].to_list()
    ends = zip(partial[f"{name}_lower"], partial[f"{name}_upper"], strict=True)
    assert status == ["scored" if low == high else "incomplete" for low, high in ends]


@pytest.mark.parametrize("name", SCORED)
def test_range_reached_is_range_declared(name: str) -> None:
    definition = funis.definition(name)
    declared = [definition.range.lowest, definition.range.highest]
    # What is added in thousandths, or by a logarithm, agrees to nine decimals.
    assert reachable_range(definition) == pytest.approx(declared, rel=0, abs=1e-9)
    lowest = {item.name: item.values[0] if item.values else item.minimum for item in definition.items}
    highest = {item.name: item.values[-1] if item.values else item.maximum for item in definition.items}
    if definition.kind == "grades":
        for measured in FALLING & set(lowest):
            lowest[measured], highest[measured] = highest[measured], lowest[measured]
    for item in definition.items:
        if item.curve is not None and item.curve.falls:
            lowest[item.name], highest[item.name] = highest[item.name], lowest[item.name]
    frame = pl.DataFrame([lowest, highest], infer_schema_length=None)
    assert funis.score(frame, name)[name].to_list() == pytest.approx(declared, rel=0, abs=1e-9)
    assert score_each(frame, name, name) == pytest.approx(declared, rel=0, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_definition_says_who_and_how(name: str) -> None:
    definition = funis.definition(name)
    assert definition.name == name == definition.file.removesuffix(".toml")
    for text in (
        definition.source,
        definition.licence,
        definition.window,
        definition.missing,
        definition.summary,
    ):
        assert text
    for parameter in definition.parameters:
        assert parameter.label


def boundaries() -> list[tuple[str, str, Term]]:
    found = []
    for name in NAMES:
        for item in funis.definition(name).items:
            for level in item.when:
                for condition in level:
                    simple = len(condition.terms) == 1 and len(level) == 1 and len(item.when) == 1
                    if simple and isinstance(condition.terms[0].limit, Decimal):
                        found.append((name, item.name, condition.terms[0]))
    return found


@pytest.mark.parametrize(("name", "item", "term"), boundaries(), ids=[f"{b[0]} {b[1]}" for b in boundaries()])
def test_limit_below_on_and_above(name: str, item: str, term: Term) -> None:
    definition = funis.definition(name)
    assert isinstance(term.limit, Decimal)
    tried = [term.limit - STEP, term.limit, term.limit + STEP]
    expected = {"<": [1, 0, 0], "<=": [1, 1, 0], ">": [0, 0, 1], ">=": [0, 1, 1]}[term.operator]
    zero = {one.name: one.values[0] if one.values else one.maximum for one in definition.items}
    zero |= {one.name: one.minimum for one in definition.items if one.curve and not one.curve.falls}
    frame = pl.DataFrame(
        [{**zero, item: None, term.name: float(value)} for value in tried], infer_schema_length=None
    )
    wanted = [definition.intercept + definition.item(item).points[-1] * met for met in expected]
    assert funis.score(frame, name)[name].to_list() == wanted
    assert score_each(frame, name, name) == wanted


def rule_boundaries() -> list[tuple[str, str, str, Term]]:
    return [
        (name, rule.system, rule.grade, rule.when.terms[0])
        for name in NAMES
        for rule in funis.definition(name).rules
        if rule.when
    ]


@pytest.mark.parametrize(
    ("name", "system", "grade", "term"), rule_boundaries(), ids=[f"{b[2]} {b[3]}" for b in rule_boundaries()]
)
def test_limit_of_a_grade_below_on_and_above(name: str, system: str, grade: str, term: Term) -> None:
    definition = funis.definition(name)
    assert isinstance(term.limit, Decimal)
    healthy = {item.name: item.values[0] if item.values else item.minimum for item in definition.items}
    healthy |= {item: definition.item(item).maximum for item in FALLING if item in healthy}
    healthy |= ever_affected(definition)
    tried = [term.limit - STEP, term.limit, term.limit + STEP]
    frame = pl.DataFrame([{**healthy, term.name: float(value)} for value in tried], infer_schema_length=None)
    grades = funis.score(frame, name)[f"{name}_{system}"].to_list()
    assert score_each(frame, name, f"{name}_{system}") == grades
    reached = [RANK[found] >= RANK[grade] for found in grades]
    assert reached == {"<": [True, False, False], "<=": [True, True, False]}[term.operator]


@pytest.mark.parametrize("name", SCORED)
@LIGHT
@given(seed=SEEDS)
def test_each_item_removed_leaves_an_interval_that_holds_the_truth(name: str, seed: int) -> None:
    definition = funis.definition(name)
    frame = draw_visits(definition, seed, subjects=6)
    truth = score_history(frame, name)
    groups = {item.alternatives or (item.name,) for item in definition.items}
    rng = random.Random(seed)  # noqa: S311
    tried = [
        frame.with_columns(
            pl.when(pl.col("day") == day).then(None).otherwise(pl.col(column)).alias(column)
            for column in group
        )
        for group in rng.sample(sorted(groups), min(len(groups), 12))
        for day in (0, 60)
    ]
    assert_bounds_hold(pl.concat([truth] * len(tried)), score_together(tried, name), name)


@pytest.mark.parametrize("name", SCORED)
@LIGHT
@given(seed=SEEDS)
def test_many_items_removed_at_random(name: str, seed: int) -> None:
    definition = funis.definition(name)
    frame = draw_visits(definition, seed)
    truth = score_history(frame, name)
    rng = random.Random(seed)  # noqa: S311
    in_group = {column for item in definition.items for column in item.alternatives}
    columns = [item.name for item in definition.items if item.name not in in_group]
    gone = []
    for column in columns:
        keep = pl.Series([rng.random() > 0.2 for _ in range(len(frame))])
        gone.append(pl.when(keep).then(pl.col(column)).alias(column))
    assert_bounds_hold(truth, score_history(frame.with_columns(gone), name), name)


@pytest.mark.parametrize("name", SCORED)
@LIGHT
@given(seed=SEEDS)
def test_order_of_rows_and_columns_changes_nothing(name: str, seed: int) -> None:
    frame = draw_visits(funis.definition(name), seed)
    expected = score_history(frame, name).sort("subject", "day")
    rng = random.Random(seed)  # noqa: S311
    columns = rng.sample(frame.columns, len(frame.columns))
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed % 2**31).select(columns)
    found = score_history(mixed, name).sort("subject", "day")
    assert found.select(expected.columns).equals(expected)


def worsen(item: Item, frame: pl.DataFrame, rng: random.Random) -> pl.Expr:
    column = pl.col(item.name)
    if item.is_measured:
        end = item.minimum if item.name in FALLING else item.maximum
        worse = column + (float(end or 0) - column) * rng.random()
    else:
        steps = dict(zip(item.values[:-1], item.values[1:], strict=True))
        worse = column.replace(steps)
    return pl.when(pl.col("day") == 60).then(worse).otherwise(column).alias(item.name)


@pytest.mark.parametrize("name", SCORED)
@LIGHT
@given(seed=SEEDS)
def test_more_activity_now_never_lowers_a_score(name: str, seed: int) -> None:
    definition = funis.definition(name)
    frame = draw_visits(definition, seed)
    before = score_history(frame, name)
    rng = random.Random(seed)  # noqa: S311
    items = rng.sample(definition.items, min(len(definition.items), 12))
    after = score_together([frame.with_columns(worsen(item, frame, rng)) for item in items], name)
    for stem in stems(name):
        old, new = as_numbers(before, stem) * len(items), as_numbers(after, stem)
        for place, (was, now) in enumerate(zip(old, new, strict=True)):
            assert now >= was - 1e-9, (items[place // len(frame)].name, stem)


@pytest.mark.parametrize("name", NAMES)
@LIGHT
@given(seed=SEEDS)
def test_nan_is_null(name: str, seed: int) -> None:
    definition = funis.definition(name)
    if any(item.is_text for item in definition.items):
        return
    frame = draw_visits(definition, seed)
    columns = [item.name for item in definition.items]
    rng = random.Random(seed)  # noqa: S311
    holes = {column: pl.Series([rng.random() < 0.1 for _ in range(len(frame))]) for column in columns}
    null, nan = (
        frame.with_columns(
            pl.when(holes[column]).then(empty).otherwise(pl.col(column).cast(pl.Float64)).alias(column)
            for column in columns
        )
        for empty in (pl.lit(None, pl.Float64), pl.lit(float("nan")))
    )
    expected = score_history(null, name)
    added = [column for column in expected.columns if column not in frame.columns]
    assert score_history(nan, name).select(added).equals(expected.select(added))


def test_unit_change_with_values_changes_nothing() -> None:
    counts = (99_999.0, 100_000.0, 100_001.0)
    canonical = [funis.convert(count, "platelets", "/mm3", "10^9/L") for count in counts]
    frame = pl.DataFrame({"platelets": canonical})
    columns = derived_columns(funis.definition("sledai_2k"), {"platelets": nw.Float64()}, verbs_of(frame))
    derived = frame.select(columns)
    assert derived["thrombocytopenia"].to_list() == [1, 0, 0]
