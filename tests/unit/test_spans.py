"""How a number that is known between two ends is printed."""

from decimal import Decimal

import pytest

from funis.responses.verdict import Span


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2", "2.0", "2"),
        ("1", "2.50", "1 to 2.5"),
        ("1", None, "1 to ?"),
        (None, "2", "? to 2"),
        (None, None, "not recorded"),
    ],
)
def test_open_ends_and_known_values(low: str | None, high: str | None, expected: str) -> None:
    lowest, highest = (None if each is None else Decimal(each) for each in (low, high))
    assert str(Span(lowest, highest)) == expected
