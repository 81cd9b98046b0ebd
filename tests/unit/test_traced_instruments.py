"""Which instruments are scored in bits: plain sums of whole points and grades by rules; and the last word on rules."""

import polars as pl
import pytest

import funis
from funis.scoring.bits.batches import can_be_traced
from funis.scoring.bits.program import ZERO, Graph
from funis.scoring.bits.traced import Levels, UntraceableError, number_of, whole_number
from funis.study.rule_tree import parse_rule
from funis.study.rules import _check_evaluation


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Present or absent, whole points, summed.
        ("sledai_2k", True),
        ("selena_sledai", True),
        ("clinessdai", True),
        ("ssddi", True),
        # Letters by rules.
        ("bilag_2004", True),
        # A mean, a maximum, one measured value, an equation.
        ("esspri", False),
        ("sialography", False),
        ("focus_score", False),
        ("egfr_ckd_epi_2021", False),
        # A sum with items that are measured.
        ("essdai", False),
    ],
)
def test_which_instruments_are_traced(name: str, *, expected: bool) -> None:
    assert can_be_traced(funis.definition(name)) is expected


@pytest.mark.parametrize(
    ("rule", "kind", "words"),
    [
        ("ABS(a) > 1", pl.String(), "The rule cannot be evaluated: "),
        ("NOT a", pl.String(), "The rule cannot be evaluated: "),
        ("a + 1", pl.Float64(), "A rule answers yes or no; this one gives Float64."),
        ("a > 1", pl.Float64(), ""),
    ],
)
def test_the_frame_library_has_the_last_word_on_a_rule(rule: str, kind: pl.DataType, words: str) -> None:
    found = _check_evaluation(parse_rule(rule), {"a": kind})
    assert len(found) == (1 if words else 0)
    for finding in found:
        assert finding.message.startswith(words)
        # Its own first line is quoted, and no more of what it says.
        assert len(finding.message) > len(words) or words.endswith(".")
        assert "\n" not in finding.message


def test_a_level_of_one_byte_reaches_what_is_above_zero_and_no_more_than_255() -> None:
    """Every recorded level is at least 0, where a missing one stands as 0; none is above 255."""
    graph = Graph()
    levels = Levels(graph, graph.load("levels", "a"), ZERO)
    asked = {least: graph.steps[(levels >= least).low].constants for least in (0.5, 1, 1.5, 254.5, 255)}
    assert asked == {0.5: (">=", 1), 1: (">=", 1), 1.5: (">=", 2), 254.5: (">=", 255), 255: (">=", 255)}
    for least in (-1, 0, 255.5, 256):
        with pytest.raises(UntraceableError):
            _ = levels >= least


def test_numbers_joined_digit_by_digit_can_be_added_to() -> None:
    """2 or 1 joined are 3, and one more is 4, which takes a digit more."""
    graph = Graph()
    joined = (whole_number(graph, 2) | whole_number(graph, 1)) + 1
    assert (number_of(joined), joined.most) == (4, 4)


def test_the_unknown_of_a_whole_number_has_no_digits_and_reaches_nothing() -> None:
    graph = Graph()
    number = whole_number(graph, 5)
    assert (number.most, number.without().most) == (5, 0)
    assert number.without().digits == ()
    assert number.without().known == ZERO
    # Beside a number of nothing but 0 the unknown needs no digit either.
    assert number.without().mixed(graph.load("values", "a"), whole_number(graph, 0)).most == 0  # type: ignore[union-attr]
