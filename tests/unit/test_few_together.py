"""Many columns of few rows asked in one go: each answer is the one that its own cells give, and nothing lingers."""

import gc
from collections.abc import Iterator

import pytest

from funis.frames.few_columns import col
from funis.frames.few_rows import FewRows

BOTH = ["term", "route"]


def frame() -> FewRows:
    return FewRows({"line": [2, 3, 4], "term": [" rash", "", "fever"], "route": ["oral", None, " "]})


def stripped() -> FewRows:
    return frame().with_columns(col(BOTH).str.strip_chars())


def test_each_column_has_the_answers_of_its_own_cells() -> None:
    assert stripped().rows() == [(2, "rash", "oral"), (3, "", None), (4, "fever", "")]
    # Asked once more of what was just worked out, and of some of its columns only.
    known = stripped().with_columns(col(BOTH).replace([""], [None]))
    assert known.rows() == [(2, "rash", "oral"), (3, None, None), (4, "fever", None)]
    assert stripped().with_columns(col(["route"]).replace([""], [None])).rows()[2] == (4, "fever", None)
    # A column that was put in another's place since counts, not the one that was worked out.
    replaced = stripped().with_columns(route=col("term")).with_columns(col(BOTH).replace([""], ["none"]))
    assert replaced.rows() == [(2, "rash", "rash"), (3, "none", "none"), (4, "fever", "fever")]
    assert stripped().clear().with_columns(col(BOTH).replace([""], [None])).rows() == []


def test_what_sums_up_many_columns_sums_up_each() -> None:
    has_spaces = frame().select((col(BOTH).str.contains(" ")).any())
    assert has_spaces.row(0, named=True) == {"term": True, "route": True}
    assert frame().select((col(BOTH) == "oral").any()).row(0) == (False, True)
    assert frame().select((col(BOTH) == "nothing").any()).rows() == [(False, False)]


def test_one_row_is_taken_out_of_all_columns() -> None:
    both = frame().select(col(BOTH).str.strip_chars())
    assert both.row(0) == ("rash", "oral")
    assert both.row(-1, named=True) == {"term": "fever", "route": ""}
    assert stripped().row(1) == (3, "", None)
    for outside in (3, -4):
        with pytest.raises(IndexError):
            both.row(outside)


def test_frames_are_equal_only_where_every_cell_is() -> None:
    raw = frame()
    assert not raw.with_columns(col(BOTH).str.strip_chars()).equals(raw)
    clean = FewRows({"line": [2], "term": ["rash"], "route": [None]})
    assert clean.with_columns(col(BOTH).str.strip_chars()).equals(clean)
    # Of another frame nothing is known beforehand.
    other = FewRows({"line": [2], "term": ["fever"], "route": [None]})
    assert not clean.with_columns(col(BOTH).str.strip_chars()).equals(other)
    assert not clean.with_columns(col("term").alias("route")).equals(clean)
    assert not clean.with_columns(col(["line"]) + 1).equals(clean)


def test_gaps_are_counted_column_by_column() -> None:
    assert stripped().count_gaps() == {"line": 0, "term": 0, "route": 1}
    lined = FewRows({"line": [None, 3], "term": ["a", "b"]}).with_columns(col(["term"]).str.strip_chars())
    assert lined.count_gaps() == {"line": 1, "term": 0}


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_a_frame_goes_as_soon_as_nobody_holds_it() -> None:
    made = stripped()
    assert made.filter(col("line") > 2).clear().rows() == made.select(col("term") == "x").clear().rows() == []
    assert made.join(frame(), on="line", how="left").sort("term").height == 3
    del made
    # What refers to itself waits for the collector of garbage, which then takes a third of the time of a check.
    # Threads of the runner leave garbage of their own meanwhile: only ours counts.
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    ours = [type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("funis")]
    gc.set_debug(0)
    gc.garbage.clear()
    assert ours == []
