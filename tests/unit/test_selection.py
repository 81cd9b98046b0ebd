"""Which baseline values an eligibility rule lets in: on the limit, beside it, and where binary fractions lie."""

import numpy as np
import pytest

from funis.study.selection import Selection


@pytest.mark.parametrize(
    ("sign", "met"),
    [
        (">", [False, False, True]),
        (">=", [False, True, True]),
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
    ],
)
def test_a_value_on_the_limit_is_in_where_the_rule_says_so(sign: str, met: list[bool]) -> None:
    assert Selection("x", sign, 1.5, "I1").is_met_by(np.array([1.4, 1.5, 1.6])).tolist() == met


@pytest.mark.parametrize(("sign", "met"), [(">", False), (">=", True), ("<", False), ("<=", True)])
def test_three_tenths_are_on_the_limit_however_they_were_added(sign: str, *, met: bool) -> None:
    """0.1 * 3 is above 0.3 in binary; the limit means the decimal."""
    assert Selection("x", sign, 0.3, "I1").is_met_by(np.array([0.1 * 3])).tolist() == [met]


def test_a_missing_value_meets_no_rule() -> None:
    for sign in (">", ">=", "<", "<="):
        assert Selection("x", sign, 0.3, "I1").is_met_by(np.array([np.nan])).tolist() == [False]
