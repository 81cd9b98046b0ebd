"""Medians, quartiles and ranges, by hand and against every drawn sample."""

import random
from fractions import Fraction
from statistics import median

import pytest
from tests.audit.printed import WHOLE, figure, found, only
from tests.audit.sound_trial import show

from funis.audit.figures import OutcomeScale
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED


@pytest.mark.parametrize(
    ("printed", "n", "classification"),
    [
        ("5", "11", CONSISTENT),
        ("5.5", "10", CONSISTENT),
        ("5.5", "11", INCONSISTENT),
        ("5.0", "11", CONSISTENT),
        ("5.3", "10", INCONSISTENT),
        ("5.3", None, INCONSISTENT),
        ("5.5", None, CONSISTENT),
        # Printed without a decimal, 5.5 of ten may be 6 or, to even, 6; 5 may be 4.5.
        ("6", "10", CONSISTENT),
    ],
)
def test_a_median_of_whole_numbers_is_whole_or_a_half(
    printed: str, n: str | None, classification: str
) -> None:
    own = {} if n is None else {"n": n}
    assert (
        only("median", figure("median", median=printed, scale=WHOLE, **own)).classification == classification
    )


def test_the_size_of_the_group_leaves_a_half_unexplained() -> None:
    """Of 11 patients one may have no value: 10 values have halves."""
    size = figure("size", "n", n="11")
    assert only("median", size, figure("median", median="5.5", scale=WHOLE)).classification == UNEXPLAINED


def test_changes_and_scales_without_steps_are_left_out() -> None:
    assert not found("median", figure("median", outcome="change in X", median="5.3", scale=WHOLE))
    assert not found("median", figure("median", median="5.3"))


def test_ends_and_quartiles_keep_their_order() -> None:
    turned = figure("median", "a", median="5", low="8", high="3", spread_kind="iqr")
    assert only("median", turned).classification == INCONSISTENT
    quartiles = figure("median", "q", median="5", low="3", high="8", spread_kind="iqr")
    wide = figure("median", "r", median="5", low="1", high="9", spread_kind="range")
    narrow = figure("median", "r", median="5", low="5", high="9", spread_kind="range")
    assert not found("median", quartiles, wide)
    told = only("median", quartiles, narrow)
    assert told.classification == INCONSISTENT
    assert "the first quartile 3 lies below the lowest value, 5" in told.statement
    high = only(
        "median", quartiles, figure("median", "r", median="5", low="1", high="6", spread_kind="range")
    )
    assert "the third quartile 8 lies above the highest value, 6" in high.statement
    # A first quartile of 3.45 prints as 3 and may lie above a lowest value of 3.4.
    near = figure("median", "r", median="5", low="3.4", high="9", spread_kind="range")
    assert not found("median", quartiles, near)
    later = figure("median", "r", median="5", low="5", high="9", spread_kind="range", time="month 3")
    assert not found("median", quartiles, later)


def test_no_drawn_sample_is_called_inconsistent() -> None:
    draw = random.Random(20_261_130)  # noqa: S311
    for _ in range(1_500):
        items = draw.choice((1, 1, 3, 4))
        n = draw.randrange(1, 40)
        values = sorted(Fraction(draw.randrange(0, 10 * items + 1), items) for _ in range(n))
        scale = OutcomeScale(Fraction(1), Fraction(0), Fraction(10), items)
        digits = draw.randrange(0, 3)
        middle = show(float(median(values)), digits)
        # Quartiles as two usual rules have them: the outer values of the halves, and Tukey's hinges.
        low, high = (median(half) for half in (values[: (n + 1) // 2], values[n // 2 :]))
        held = [
            figure("median", "q", median=middle, low=show(float(low), digits), high=show(float(high), digits),
                   spread_kind="iqr", n=str(n), scale=scale),
            figure("median", "r", median=middle, low=show(float(values[0]), digits),
                   high=show(float(values[-1]), digits), spread_kind="range", n=str(n), scale=scale),
        ]  # fmt: skip
        assert {each.classification for each in found("median", *held)} == {CONSISTENT}
