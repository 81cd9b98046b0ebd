"""Lists of recorded values are cut only where there are too many different ones; by hand."""

import polars as pl

from funis.results.sources import _cut_frame

# Two sources of the same two subjects: four rows, two different values.
TWICE = pl.DataFrame(
    {"source": ["a", "a", "b", "b"], "subject": ["S1", "S2", "S1", "S2"], "value": [1, 2, 1, 2]}
)


def test_rows_that_repeat_are_one_value() -> None:
    kept, left = _cut_frame(TWICE, 2, 1)
    assert kept.equals(TWICE)
    assert left == {}


def test_beyond_the_limit_each_source_keeps_its_first_subjects() -> None:
    kept, left = _cut_frame(TWICE, 1, 1)
    assert kept.select("source", "subject").rows() == [("a", "S1"), ("b", "S1")]
    assert left == {"a": 2, "b": 2}
    whole, none = _cut_frame(TWICE, 1, 2)
    assert whole.equals(TWICE)
    assert none == {}


def test_nothing_is_cut_from_nothing() -> None:
    kept, left = _cut_frame(TWICE.clear(), 0, 0)
    assert kept.is_empty()
    assert left == {}
