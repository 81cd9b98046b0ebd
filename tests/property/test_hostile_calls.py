"""Thousands of hostile calls of every public function: each succeeds or is refused in words, none ends in a traceback.

Which calls are tried is drawn anew from a seed; `FUNIS_HOSTILE_CALLS=all` tries every one (14,000).
"""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import os
import random
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import funis
import funis.stats
from funis.arguments import (
    ByName,
    Callback,
    Day,
    Frame,
    Label,
    NumberFrom,
    Numbers,
    OrNone,
    PathName,
    Several,
    Text,
    YesNo,
    fits,
    takes,
)
from funis.column_kinds import check_days, check_kinds, find_odd_columns, is_empty_cell
from funis.described import describe
from funis.errors import ColumnError, FunisError, ValueRangeError

from . import hostile_values

TARGETS = {target.name: target for target in hostile_values.TARGETS}
CALLS_OF_EACH = 70
SEED = 20_261_128
#: No message repeats the ten thousand letters that somebody gave; the longest lists what is known.
MOST_LETTERS = 5_000
NAME = "Zhang Xiaoming"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is written goes into a folder of the test; warnings of libraries are not what is looked at."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", TARGETS)
def test_no_call_ends_in_a_traceback(name: str) -> None:
    target = TARGETS[name]
    calls = list(target.hostile())
    if os.environ.get("FUNIS_HOSTILE_CALLS") != "all":
        calls = random.Random(SEED).sample(calls, min(CALLS_OF_EACH, len(calls)))  # noqa: S311
    refused = 0
    raw: list[str] = []
    long: list[str] = []
    for argument, value in calls:
        try:
            target.call(**{**target.valid, argument: value})
        except FunisError as error:
            refused += bool(str(error).strip())
            long += [f"{argument}={type(value).__name__}"] if len(str(error)) > MOST_LETTERS else []
        except BaseException as error:  # noqa: BLE001  a panic of a library is no Exception
            raw.append(f"{argument}={type(value).__name__}: {type(error).__name__}: {str(error)[:80]}")
    assert not raw
    assert not long
    assert refused > len(calls) // 10, "hardly any of these values is refused: are they hostile?"


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.frames])
def test_no_message_shows_a_cell_of_a_frame(name: str) -> None:
    """A name stands in each column in turn, in one row and in all of them."""
    target = TARGETS[name]
    shown: list[str] = []
    for argument in target.frames:
        frame = target.valid[argument]
        for column in frame.columns:
            texts = frame[column].cast(pl.String)
            for planted in ([NAME, *texts[1:]], [NAME] * frame.height):
                given = frame.with_columns(pl.Series(column, planted))
                for each in (given, given.to_pandas()):
                    try:
                        target.call(**{**target.valid, argument: each})
                    except FunisError as error:
                        shown += [f"{argument}.{column}: {error}"] if NAME in str(error) else []
    assert not shown


@pytest.mark.parametrize("name", TARGETS)
def test_the_valid_call_is_no_hostile_one(name: str) -> None:
    """Otherwise every hostile call is refused for what is wrong with the valid one."""
    target = TARGETS[name]
    if name in {"read_study", "read_figures", "audit_file", "new_study", "write_results", "write_report"}:
        with pytest.raises(
            FunisError, match=r"no study file|no file of this name|No such file|cannot be written"
        ):
            target.call(**target.valid)
        return
    target.call(**target.valid)


def test_every_public_function_and_argument_is_tried() -> None:
    public = {
        name: getattr(funis, name) for name in funis.__all__ if name not in {"__version__", "Definition"}
    }
    public |= {name: getattr(funis.stats, name) for name in funis.stats.__all__}
    for room in ("design", "simulate"):
        inside = public.pop(room)
        public |= {f"{room}.{name}": getattr(inside, name) for name in inside.__all__}
    without_arguments = {"definitions", "study_schema"}
    assert set(public) - without_arguments <= set(TARGETS)
    for name in set(public) - without_arguments - {"Limits"}:
        given = set(inspect.signature(public[name]).parameters) - {"columns"} | set()
        assert given <= set(TARGETS[name].valid) | {"columns"}, name


def test_a_refusal_names_function_argument_found_and_allowed() -> None:
    with pytest.raises(ValueRangeError) as caught:
        funis.convert("1.0", "creatinine", "mg/dL", "umol/L")  # type: ignore[arg-type]
    assert (
        str(caught.value) == "argument 'value' of convert(): found '1.0'; allowed is a number that is finite."
    )
    with pytest.raises(
        ValueRangeError, match=r"argument 'frame' of score\(\): found a list of 1; allowed is a frame"
    ):
        funis.score([{"subject": "SECRET"}], "sledai_2k")
    with pytest.raises(ValueRangeError, match=r"argument 'disposition' of respond\(\)"):
        funis.respond(hostile_values.GRADES, "ucmsc_bilag_response", disposition=7)


def test_a_column_that_holds_no_plain_values_is_named() -> None:
    frame = hostile_values.LABS.with_columns(subject=pl.Series([object(), object()], dtype=pl.Object))
    with pytest.raises(
        ValueRangeError, match=r"argument 'labs' of derive_lab_baseline\(\): found 'subject' \(Obj"
    ):
        funis.derive_lab_baseline(frame)
    with pytest.raises(ValueRangeError, match=r"column 'day': found List"):
        funis.derive_lab_baseline(hostile_values.LABS.with_columns(day=pl.Series([[1], [2]])))
    # Where it is not used, it stays.
    extra = hostile_values.LABS.with_columns(notes=pl.Series([[1], [2]]))
    assert funis.derive_lab_baseline(extra)["notes"].to_list() == [[1], [2]]
    assert find_odd_columns(extra.with_columns(nothing=None)) == {"notes": "List(Int64)"}


def test_an_error_that_is_not_the_frames_is_passed_on() -> None:
    @takes(frame=Frame())
    def broken(frame: object) -> None:
        raise TypeError("ours")

    with pytest.raises(TypeError, match="ours"):
        broken(pl.DataFrame({"a": [1]}))
    with pytest.raises(ValueRangeError, match="'a'"):
        broken(pl.DataFrame({"a": [[1]]}))


KINDS: list[tuple[object, list[object], list[object]]] = [
    (Text(), ["a", " a "], ["", " ", None, 1, b"a", "a\x00"]),
    (Text(empty=True), ["", "a"], [None, "\x01"]),
    (YesNo(), [True, False, np.True_], [0, 1, None, "True"]),
    (
        NumberFrom(),
        [0, -1.5, np.float32(2), np.int64(3)],
        [True, float("nan"), float("inf"), "1", None, 10**400, 1j],
    ),
    (NumberFrom(nan=True), [float("nan")], [float("inf")]),
    (NumberFrom(inf=True), [float("inf"), float("-inf")], [float("nan")]),
    (NumberFrom(0, 1), [0, 1, 0.5], [-0.001, 1.001]),
    (NumberFrom(0, 1, is_open=True), [0.001, 0.999], [0, 1]),
    (NumberFrom(1, 3, whole=True), [1, 3, np.int8(2)], [0, 4, 2.0, True]),
    (OrNone(Text()), [None, "a"], ["", 0]),
    (
        Label(),
        ["", "é", "\x01", 7, 1.5, np.int64(3), np.str_("a"), dt.date(2020, 1, 1), decimal.Decimal(1)],
        [None, [], object(), "\ud800", len, pl.Series([1])],
    ),
    (Several(Text()), [[], ["a"], ("a", "b")], ["a", ["a", 1], {"a"}, None, range(2)]),
    (Several(Text(), single=True), ["a", ["a"]], [1, [1]]),
    (Several(Text(), least=1), [["a"]], [[]]),
    (ByName(NumberFrom()), [{}, {"a": 1}], [{"a": "b"}, {1: 1}, {"": 1}, [("a", 1)]]),
    (Callback(), [len, lambda: 1], [int, None, "len"]),
    (PathName(), ["a", Path("a/b"), "a" * 255], ["", " ", "a\0", b"a", None, "a" * 256, "a/" * 2_001]),
    (
        Day(),
        [dt.date(2020, 1, 1)],
        [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "2020-01-01", None],
    ),
    (
        Numbers(),
        [[1, 2.5], [None, 1], [True], np.arange(3)],
        [[[1]], "12", ["1"], [1j], {1: 2}, range(2), [[1], [1, 2]], 5],
    ),
    (Numbers(texts=True), [["a"], [1]], [[["a"]], None, {}]),
    (Numbers((2, 3)), [[[1]], np.zeros((1, 1, 1))], [[1], np.zeros((1, 1, 1, 1))]),
    (
        Frame(),
        [pl.DataFrame({"a": [1]}), pl.LazyFrame({"a": [1]})],
        [None, [], {"a": [1]}, pl.Series([1]), 7],
    ),
    (Frame(polars=True), [pl.DataFrame()], [pl.LazyFrame(), None]),
]


@pytest.mark.parametrize("place", range(len(KINDS)))
def test_what_each_kind_of_argument_takes(place: int) -> None:
    kind, taken, refused = KINDS[place]
    assert isinstance(
        kind,
        OrNone
        | Label
        | Text
        | YesNo
        | NumberFrom
        | Several
        | ByName
        | Callback
        | PathName
        | Day
        | Numbers
        | Frame,
    )
    assert kind.allowed
    assert [value for value in taken if not fits(kind, value)] == []
    assert [value for value in refused if fits(kind, value)] == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (NumberFrom(0, 1), "a number from 0 to 1"),
        (NumberFrom(0, 1, is_open=True), "a number between 0 and 1"),
        (NumberFrom(2), "a number of 2 or more"),
        (NumberFrom(2, is_open=True), "a number above 2"),
        (NumberFrom(whole=True), "a whole number"),
        (OrNone(Text()), "None, or a text"),
        (Several(Text(), single=True), "a text, or a list of which each is a text"),
    ],
)
def test_what_is_allowed_is_said(kind: NumberFrom, words: str) -> None:
    assert kind.allowed == words


def test_a_value_is_described_and_never_shown_whole() -> None:
    assert repr(describe("a" * 60)) == "'" + "a" * 60 + "'"
    assert repr(describe("a" * 61)) == "a text of 61 letters"
    assert repr(describe("é\x01")) == "'\\xe9\\x01'"
    assert repr(describe(10**60)) == "a very large whole number"
    assert repr(describe(-5)) == "-5"
    assert repr(describe({"name": "SECRET"})) == "a dict of 1"
    assert repr(describe(pl.DataFrame({"a": ["SECRET"]}))) == "a DataFrame"
    assert repr(describe(object())) == "an object"


def test_numbers_and_days_of_columns() -> None:
    frame = pl.DataFrame({"n": [1.0, 1e15], "t": ["a", "b"], "e": [None, None], "x": [1.0, -1.1e15]})
    check_kinds("It", frame, numbers=("n", "e"))
    for name, words in (("t", "String"), ("x", "numbers up to 1e\\+15")):
        with pytest.raises(ValueRangeError, match=f"It, column '{name}'.*{words}"):
            check_kinds("It", frame, numbers=(name,))
    check_kinds("It", frame, numbers=("x",), most=2e15)
    with pytest.raises(ColumnError, match="'q'"):
        check_kinds("It", frame, numbers=("q",))
    days = pl.DataFrame({"d": [1.0, float("nan")], "s": ["a", "b"], "e": [None, None]})
    assert check_days("It", days, ("d", "e"), as_dates=False)["d"].to_list() == [1.0, None]
    with pytest.raises(ValueRangeError, match="numbers of days"):
        check_days("It", days, ("s",), as_dates=False)
    with pytest.raises(ValueRangeError, match="dates without a time"):
        check_days("It", days, ("d",), as_dates=True)
    dates = pl.DataFrame({"d": [dt.date(2020, 1, 1)]})
    assert check_days("It", dates, ("d",), as_dates=True) is dates
    with pytest.raises(ValueRangeError, match="numbers of days"):
        check_days("It", dates, ("d",), as_dates=False)
    assert [is_empty_cell(each) for each in (None, float("nan"), pd.NA, 0, "", "nan")] == [True] * 3 + [
        False
    ] * 3


MODEL = {"outcome": "score", "fixed": "visit", "subject": "subject", "visit": "visit", "covariance": "cs"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"weights": "subject"},
            "weights: found 'subject'; allowed is another column than that of 'subject'",
        ),
        ({"weights": "score"}, "another column than that of 'outcome'"),
        ({"weights": "visit"}, "another column than that of 'visit'"),
        ({"weights": "arm"}, "column 'arm': found String; allowed is numbers"),
        ({"visit": "subject"}, "visit: found 'subject'"),
        ({"subject": "score"}, "subject: found 'score'"),
        ({"group": "subject"}, "group: found 'subject'"),
        ({"levels": {"visits": ["v1", "v2"]}}, "Did you mean 'visit'"),
        ({"levels": {"arm": ["a", "b"]}}, "no categorical column 'arm'"),
        ({"levels": {"visit": "v1"}}, "argument 'levels'"),
        ({"coordinates": "arm", "covariance": "sp_exp"}, "column 'arm': found String"),
    ],
)
def test_columns_of_a_model_play_one_part_each(options: dict[str, object], said: str) -> None:
    with pytest.raises(FunisError) as caught:
        funis.fit_mmrm(hostile_values.PANEL, **{**MODEL, **options})  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_levels_of_a_group_and_of_a_covariate_are_known() -> None:
    levels = {"arm": ["b", "a"], "visit": ["v2", "v1"]}
    fit = funis.fit_mmrm(hostile_values.PANEL, **{**MODEL, "fixed": "visit + arm", "levels": levels})  # type: ignore[arg-type]
    assert fit.visits == ("v2", "v1")
    grouped = funis.fit_mmrm(hostile_values.PANEL, **MODEL, group="arm", levels={"arm": ["b", "a"]})  # type: ignore[arg-type]
    assert grouped.groups == ("b", "a")


def test_levels_are_not_compared_within_themselves() -> None:
    fit = hostile_values.FIT
    assert fit.differences("visit").height == 1
    with pytest.raises(
        ValueRangeError, match="by: found \\['visit'\\]; allowed is other factors than 'visit'"
    ):
        fit.differences("visit", by="visit")
