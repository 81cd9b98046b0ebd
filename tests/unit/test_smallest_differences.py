"""Smallest differences that matter in lupus: each printed limit, which differs by direction, below and on it."""

import polars as pl
import pytest

from funis.responses.respond import respond

# Colangelo 2009, abstract: pain -15.8 better, 8.5 worse; fatigue -13.9, 9.1; SF-36 physical 2.1, -2.2; mental 2.4, -1.2.


@pytest.mark.parametrize(
    ("name", "column", "start", "end", "expected"),
    [
        ("pain_vas_mid", "pain_vas", 60.0, 44.2, "better"),
        ("pain_vas_mid", "pain_vas", 60.0, 44.3, "same"),
        ("pain_vas_mid", "pain_vas", 60.0, 68.4, "same"),
        ("pain_vas_mid", "pain_vas", 60.0, 68.5, "worse"),
        ("fatigue_vas_mid", "fatigue_vas", 70.0, 56.1, "better"),
        ("fatigue_vas_mid", "fatigue_vas", 70.0, 56.2, "same"),
        ("fatigue_vas_mid", "fatigue_vas", 70.0, 79.1, "worse"),
        ("fatigue_vas_mid", "fatigue_vas", 70.0, 79.0, "same"),
        ("sf_36_physical_mid", "sf_36_physical", 38.0, 40.1, "better"),
        ("sf_36_physical_mid", "sf_36_physical", 38.0, 40.0, "same"),
        ("sf_36_physical_mid", "sf_36_physical", 38.0, 35.8, "worse"),
        ("sf_36_physical_mid", "sf_36_physical", 38.0, 35.9, "same"),
        ("sf_36_mental_mid", "sf_36_mental", 42.0, 44.4, "better"),
        ("sf_36_mental_mid", "sf_36_mental", 42.0, 44.3, "same"),
        ("sf_36_mental_mid", "sf_36_mental", 42.0, 40.8, "worse"),
        ("sf_36_mental_mid", "sf_36_mental", 42.0, None, "cannot tell"),
    ],
)
def test_each_printed_limit(name: str, column: str, start: float, end: float | None, expected: str) -> None:
    visits = [("baseline", start), ("month_6", end)]
    rows = [{"subject": "1", "visit": visit, column: value} for visit, value in visits]
    assert respond(pl.DataFrame(rows), name)["response"][0] == expected
