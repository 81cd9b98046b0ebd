"""What readers and checks of the data decide cell by cell, at the limits of each rule, by hand."""

import io
from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from funis.analysis.absent_values import _lines_without_value
from funis.analysis.estimand_responses import add_differences, compare_arms
from funis.analysis.site_effects import _add_effect
from funis.bounded.limits import Limits
from funis.bounded.workbook import SheetCells
from funis.catalogue.registry import definition
from funis.data.check.events import derive_status
from funis.data.check.forms import _check_healing
from funis.data.check.lab_map import _not_done
from funis.data.corrections.propose import _can_stand
from funis.data.read.csv_text import encode
from funis.data.read.files import _read_parquet
from funis.data.read.sheets import _use_decimal_commas
from funis.data.recorded_totals import is_without_items
from funis.frames.verbs import verbs_of
from funis.results import NumberList, Place
from funis.schema import Column
from funis.study.imported import Import
from funis.study.selection import Selection, _read_part


def number(kind: str, low: float | None = None, high: float | None = None) -> Column:
    return Column("x", kind, "A size.", low=low, high=high)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "reading", "told"),
    [
        (number("number", 1, 9), "1", True), (number("number", 1, 9), "9", True), (number("number", 1, 9), "0.9", False),
        (number("number", 1, 9), "9.1", False), (number("number", 1, 9), "", True), (number("number", 1, 9), "ND", True),
        (number("integer", 1, 9), "4", True), (number("integer", 1, 9), "4.5", False), (number("integer", 1, 9), "10", False),
        (number("number", 1, 9), "4.5", True), (number("flag"), "0", True), (number("flag"), "1", True),
        (number("flag"), "2", False), (number("flag"), "0.5", False), (number("number"), "1e15", True), (number("number"), "1.1e15", False),
    ],
)  # fmt: skip
def test_a_reading_must_lie_within_its_column(column: Column, reading: str, *, told: bool) -> None:
    assert _can_stand(column, reading) is told


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("baseline_sledai_2k >= 6", Selection("sledai_2k", ">=", 6.0, "I1")), ("(baseline_x < 2.5)", Selection("x", "<", 2.5, "I1")),
        ("6 <= baseline_x", Selection("x", ">=", 6.0, "I1")), ("6 > baseline_x", Selection("x", "<", 6.0, "I1")),
        ("age >= 16", None), ("baseline_x = 6", None),
    ],
)  # fmt: skip
def test_a_rule_about_a_baseline_value_is_read_from_either_side(part: str, told: Selection | None) -> None:
    assert _read_part(part, "I1") == told


@pytest.mark.parametrize(
    ("like", "encoding", "written"),
    [
        (b"a", "utf-8", b"\xc3\xa4"), (b"\xef\xbb\xbfa", "utf-8", b"\xef\xbb\xbf\xc3\xa4"), (b"a", "latin-1", b"\xe4"),
        (b"\xff\xfea\x00", "utf-16", b"\xff\xfe\xe4\x00"), (b"\xfe\xff\x00a", "utf-16", b"\xfe\xff\x00\xe4"),
        (b"a\x00", "utf-16", b"\xe4\x00"),
    ],
)  # fmt: skip
def test_a_text_is_written_as_its_file_was(like: bytes, encoding: str, written: bytes) -> None:
    assert encode("ä", like, encoding) == written


def test_numbers_of_a_sheet_get_their_comma_and_texts_stay() -> None:
    records = [["1.5", "1.5", "a.b"], ["2", "1.5", "1.5e3"], ["-0.5", "1.2.3", ".5"]]
    # The sheet begins in its second column, so that the second cell of the second row stands in row 2, column 3.
    _use_decimal_commas(records, SheetCells(1, 3, 2, 4, texts={(2, 3), (1, 1)}))
    assert records == [["1,5", "1,5", "a.b"], ["2", "1.5", "1,5e3"], ["-0,5", "1.2.3", ".5"]]


@pytest.mark.parametrize(("decimal", "first"), [(",", "1,5"), (".", "1.5")])
def test_numbers_of_a_parquet_file_are_texts_with_the_sign_of_the_others(decimal: str, first: str) -> None:
    frame = pl.DataFrame({"x": [1.5, None], "n": [1, 2], "t": ["1.5", "b.c"], "d": [date(2020, 1, 2), None]})
    held = io.BytesIO()
    frame.write_parquet(held)
    found = _read_parquet(held.getvalue(), Limits(), Import(decimal=decimal))  # type: ignore[arg-type]
    assert found.frame["x"].to_list() == [first, None]
    assert found.frame["t"].to_list() == ["1.5", "b.c"]
    assert found.frame["n"].to_list() == ["1", "2"]
    # Row 1 is the header.
    assert found.frame["_line"].to_list() == [2, 3]


def test_how_participation_ended_is_read_from_its_flags() -> None:
    rows = [
        ("S1", None, 1, 0, 0, 0, "completed"), ("S2", None, 0, 0, 0, 1, "died"), ("S3", "lost", 0, 0, 1, 0, "lost"),
        ("S4", "lost", None, None, None, None, "lost"), ("S5", None, 0, 0, 0, 0, None), ("S6", None, None, 1, None, None, "withdrew"),
        ("S7", None, 1, 0, 0, 1, None), ("S8", "completed", 0, 1, 0, 0, None),
    ]  # fmt: skip
    names = ["subject", "status", "completed", "withdrew", "lost", "died", "expected"]
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        _line=pl.int_range(2, 10), _file=pl.lit("disposition.csv")
    )
    kept, findings = derive_status(frame)
    assert kept["status"].to_list() == kept["expected"].to_list()
    assert [(each.line, each.value) for each in findings] == [
        (8, "completed and died"),
        (9, "completed and withdrew"),
    ]


def test_damage_that_falls_is_found_against_the_last_visit_with_an_answer() -> None:
    found = definition("ssddi")
    item = found.items[0].name
    # A: 0, 1, 1, 0; B: 1, unknown, 0; C: 0, 1. Each subject is looked at alone, in the order of the days.
    rows = [
        ("A", 0, 0), ("A", 90, 1), ("A", 180, 1), ("A", 270, 0), ("B", 180, 0), ("B", 90, None), ("B", 0, 1),
        ("C", 90, 1), ("C", 0, 0),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["subject", "day", item], orient="row").with_columns(
        _line=pl.int_range(2, 11), _file=pl.lit("ssddi.csv"), visit=pl.lit("v")
    )
    frame = frame.with_columns(pl.lit(0).alias(each.name) for each in found.items[1:])
    assert [(each.column, each.line) for each in _check_healing(found, frame)] == [(item, 5), (item, 6)]


@pytest.mark.parametrize(
    ("flag", "told", "value", "has_flag", "has_word", "expected"),
    [
        (1, 0, None, True, True, True), (0, 1, None, True, True, True), (0, 1, 3.0, True, True, False), (1, 0, 3.0, True, True, True),
        (0, 0, None, True, True, False), (None, None, None, True, True, False), (1, 0, None, False, True, False), (0, 1, None, True, False, False),
        (1, 1, None, True, False, True), (1, 1, None, False, False, False),
    ],
)  # fmt: skip
def test_an_item_was_not_done_as_its_form_or_the_laboratory_says(
    flag: int | None, told: int | None, value: float | None, has_flag: Any, has_word: Any, expected: Any
) -> None:
    schema: Any = {"x_not_done": pl.Boolean, "_not_done of x": pl.Boolean, "x": pl.Float64}
    cells = [None if each is None else bool(each) for each in (flag, told)]
    frame = pl.DataFrame([[*cells, value]], schema=schema, orient="row")
    item: Any = SimpleNamespace(name="x")
    found = _not_done(verbs_of(frame), item, is_told=has_word, is_flagged=has_flag)
    assert frame.select(found.alias("found"))["found"].to_list() == [expected]


def test_a_total_stands_alone_where_none_of_its_items_is_there() -> None:
    found = definition("sledai_2k")
    frame = pl.DataFrame(
        [(4, None, None, None), (4, 1, None, None), (None, None, None, None), (4, None, None, True), (4, None, None, False), (4, None, 0, None)],
        schema={"sledai_2k_recorded": pl.Float64, "rash": pl.Int64, "seizure": pl.Int64, "rash_not_done": pl.Boolean}, orient="row",
    )  # fmt: skip
    alone = is_without_items(verbs_of(frame), found, "sledai_2k", frame.columns)
    assert frame.select(alone.alias("found"))["found"].to_list() == [True, False, False, False, True, False]
    bare = frame.drop("sledai_2k_recorded")
    nothing = is_without_items(verbs_of(bare), found, "sledai_2k", bare.columns)
    assert not bare.select(nothing.alias("found"))["found"].any()


# --- numbers and their reasons ---------------------------------------------------------------------------


def test_arms_are_compared_with_the_control_where_both_have_somebody() -> None:
    run: Any = SimpleNamespace(
        study=SimpleNamespace(control_arm="P"), populations=SimpleNamespace(arms=("A", "P", "C", "N")), numbers=NumberList()
    )  # fmt: skip
    counts = {"A": (4, 5), "P": (1, 5), "C": (1, 5), "N": (0, 0)}
    found = compare_arms(run, counts, 0.95)
    assert [(arm, control) for arm, control, _ in found] == [("A", "P"), ("C", "P")]
    assert found[0][2].estimate == pytest.approx(0.6)
    # Of 252 ways to place five among ten, 26 are as far out on each side.
    assert found[0][2].p == pytest.approx(52 / 252)
    add_differences(run, Place(analysis="estimand", variable="relapse"), counts, 0.95)
    frame = run.numbers.frame()
    told = {(row["arm"], row["statistic"]): (row["value"], row["n"]) for row in frame.iter_rows(named=True)}
    assert told["A", "estimate"] == (pytest.approx(60), 10)
    assert told["C", "estimate"] == (0, 10)
    assert told["A", "p"][0] == pytest.approx(52 / 252)
    assert compare_arms(run, counts | {"P": (0, 0)}, 0.95) == []
    run.study.control_arm = None
    assert compare_arms(run, counts, 0.95) == []


def fitted(status: str = "scored", note: str = "", caution: str = "") -> Any:
    return SimpleNamespace(
        groups=("1", "2", "3"), status=status, note=note, caution=caution, mean=1.25, between_sd=0.5, within_sd=2.0,
        icc=0.0588, icc_lower=0.0, icc_upper=0.4, p=0.3,
    )  # fmt: skip


def test_an_effect_of_sites_is_printed_with_its_share_and_its_word() -> None:
    def rows(found: Any) -> dict[str, tuple[Any, str]]:
        run: Any = SimpleNamespace(numbers=NumberList())
        _add_effect(run, Place(analysis="sites", variable="x"), found, 1)
        return {
            row["statistic"]: (row["value"], row["text"]) for row in run.numbers.frame().iter_rows(named=True)
        }

    told = rows(fitted(note="as they are", caution="few"))
    assert told["groups"] == (3, "3")
    assert told["estimate"] == (1.25, "1.3")
    assert told["between_sd"] == (0.5, "0.5")
    assert told["icc"] == (0.0588, "0.06")
    assert (told["lower"], told["upper"]) == ((0, "0.00"), (0.4, "0.40"))
    assert told["word"] == (3, "as they are; few")
    assert told["caution"] == (3, "few")
    plain = rows(fitted(note="as they are"))
    assert "caution" not in plain
    assert plain["word"][1] == "as they are"
    assert rows(fitted("failed", "one group")) == {"groups": (3, "3"), "icc": (None, "– (one group)")}


def test_a_result_that_is_not_there_has_its_reason() -> None:
    labs = pl.DataFrame(
        [("A", "v1", "x", None, None, None), ("A", "v2", "x", None, 900.0, "g"), ("A", "v3", "x", 5.0, 5.0, "g"), ("B", "v1", "y", None, None, None),
         ("B", "v2", "x", None, 7.5, None)],
        schema=["subject", "visit", "test", "value", "value_recorded", "unit_recorded"], orient="row",
    ).with_columns(_line=pl.int_range(2, 7), _file=pl.lit("labs.csv"))  # fmt: skip
    run: Any = SimpleNamespace(frames={"labs": labs})
    assert list(_lines_without_value(run, {}, "x")) == [
        (("A", "v1"), ("no result", "labs.csv", 2)),
        (("A", "v2"), ("900 g was left out: see the findings in the data", "labs.csv", 3)),
        (("B", "v2"), ("7.5 was left out: see the findings in the data", "labs.csv", 6)),
    ]
    assert list(_lines_without_value(SimpleNamespace(frames={}), {}, "x")) == []  # type: ignore[arg-type]
    assert list(_lines_without_value(SimpleNamespace(frames={"labs": labs.clear()}), {}, "x")) == []  # type: ignore[arg-type]
