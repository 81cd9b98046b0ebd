"""What a count of those asked rests on: the rows of its own visit, and of all visits for the sum; by hand.

The small trial asks S1, S2 and S3 at months 3 and 6; at month 6 the row of S3 says that nobody asked.
"""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))
estimands = import_module("test_estimands")


@pytest.mark.parametrize(
    ("visit", "text", "expected"),
    [
        ("month_3", "3/3 (100.0%)", [("S1", "month_3"), ("S2", "month_3"), ("S3", "month_3")]),
        ("month_6", "2/3 (66.7%)", [("S1", "month_6"), ("S2", "month_6"), ("S3", "month_6")]),
        ("all", "5/6 (83.3%)", [(f"S{i}", f"month_{m}") for m in (3, 6) for i in (1, 2, 3)]),
    ],
)
def test_rows_behind_a_count_of_those_asked(
    tmp_path: Path, visit: str, text: str, expected: list[tuple[str, str]]
) -> None:
    _, results = estimands.run_small(tmp_path / "t", "")
    rows = results.numbers.filter(
        pl.col("analysis") == "adverse_events",
        pl.col("variable") == "asked",
        pl.col("statistic") == "count",
        pl.col("visit") == visit,
        pl.col("arm") == "all",
    )
    assert rows["text"].to_list() == [text]
    behind = results.sources.filter(pl.col("source") == rows["source"][0])
    assert behind.select("subject", "visit").rows() == expected
