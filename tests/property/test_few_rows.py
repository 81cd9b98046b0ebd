"""Few rows answer every question as Polars answers it, to the last bit: cells, types, order of rows."""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.frames.few_cells import UnusualRowsError
from funis.frames.few_rows import FewRows
from funis.frames.verbs import Verbs, concat, count_gaps, frame_like, verbs_of
from funis.nine_decimals import compare_exactly, round_column

SCHEMA = {
    "subject": pl.String(),
    "visit": pl.String(),
    "text": pl.String(),
    "number": pl.Float64(),
    "other": pl.Float64(),
    "whole": pl.Int64(),
    "day": pl.Int64(),
    "date": pl.Date(),
    "until": pl.Date(),
    "yes": pl.Boolean(),
    "no": pl.Boolean(),
}
TEXTS = ["", " ", "ND", "0", "1", "+1", "1.", "-.5", "1e5", "1e400", "1E-400", "inf", "-Infinity", "nan", "1_000", "0x1",
         "\u0661", "1,5", "7 g", " 7 ", "\x1c7", "\u00a07\u3000", "\u200b7", "\ufeff", "2020-01-05", "2020-02-30", "2020-13-01",
         "2020-01-05T00:00", "2020-01-05 00:00:00.0", "2020-01-05\n", "9999-12-31", "02:20", "2:20:59", "25:00", "Yes", "TRUE",
         "NO", "n", "<5", "> 3", "<=1e3", "unscheduled", "unscheduled_2", "month_1", "\u0130"]  # fmt: skip
NUMBERS = [0.0, -0.0, 1.0, 2.0, -3.0, 0.1, 0.3, 0.1 * 3, 0.5, 1.5, 2.5, 5e-10, 1.5e-9, 2.5e-9, 0.05, 1e-300, 1e16, 123456789.123456789,
           4029901.1297223866, -51639722.97808739, 1e300, 0.0972222222222222, 80.0]  # fmt: skip
DAYS = [date(1968, 2, 29), date(2020, 1, 5), date(2020, 2, 28), date(2021, 12, 31)]

rows = st.lists(
    st.fixed_dictionaries(
        {
            "subject": st.sampled_from(["S1", "S2", "S3"]),
            "visit": st.sampled_from(["month_1", "month_6", "unscheduled", None]),
            "text": st.sampled_from([*TEXTS, None]),
            "number": st.one_of(st.sampled_from([*NUMBERS, None]), st.floats(-1e9, 1e9)),
            "other": st.sampled_from([*NUMBERS, None]),
            "whole": st.one_of(st.none(), st.integers(-3, 3)),
            "day": st.one_of(st.none(), st.integers(-30, 400)),
            "date": st.sampled_from([*DAYS, None]),
            "until": st.sampled_from([*DAYS, None]),
            "yes": st.sampled_from([True, False, None]),
            "no": st.sampled_from([True, False, None]),
        }
    ),
    max_size=7,
)
Make = Callable[[Verbs], Any]
COLUMNS: dict[str, Make] = {
    "equal to a number": lambda o: o.col("number") == 1,
    "equal to a text": lambda o: o.col("text") == "ND",
    "different": lambda o: o.col("number") != o.col("other"),
    "less": lambda o: o.col("number") < o.col("other"),
    "at most": lambda o: o.col("whole") <= o.col("number"),
    "more than a number": lambda o: o.col("day") > 7,
    "at least": lambda o: o.col("number") >= 0.3,
    "later": lambda o: o.col("until") > o.col("date"),
    "before a day": lambda o: o.col("date") < DAYS[1],
    "compared with nothing": lambda o: o.col("number") > o.lit(None, o.Float64),
    "sum": lambda o: o.col("number") + o.col("other"),
    "difference": lambda o: o.col("number") - 0.1,
    "product": lambda o: o.col("number") * o.col("other"),
    "quotient": lambda o: o.col("number") / o.col("other"),
    "quotient without the infinite": lambda o: (
        (o.col("number") / o.col("other")).replace((float("inf"), float("-inf")), [None, None]).fill_nan(None)
    ),
    "and": lambda o: o.col("yes") & o.col("no"),
    "or": lambda o: o.col("yes") | o.col("no"),
    "not": lambda o: ~o.col("yes"),
    "also not": lambda o: o.col("yes").not_(),
    "same, null too": lambda o: o.col("yes").eq_missing(o.lit(value=True)),
    "empty": lambda o: o.col("number").is_null(),
    "not empty": lambda o: o.col("text").is_not_null(),
    "filled": lambda o: o.col("number").fill_null(7.0),
    "filled by a column": lambda o: o.col("number").fill_null(o.col("other")),
    "filled by a word": lambda o: o.col("yes").fill_null(value=False),
    "filled by nothing": lambda o: o.col("number").fill_null(o.lit(None, o.Float64)),
    "looked up": lambda o: o.col("visit").replace_strict({"month_1": 30.0}, default=None, return_dtype=o.Float64),
    "looked up in two lists": lambda o: o.col("subject").replace_strict(
        ["S1", "S2"], DAYS[:2], default=None, return_dtype=o.Date
    ),
    "in a list": lambda o: o.col("text").is_in(["ND", "1", "Yes"]),
    "in an empty list": lambda o: o.col("subject").is_in([]),
    "number in a list": lambda o: o.col("number").is_in([0.0, 1.0]),
    "between": lambda o: o.col("number").is_between(0, 1, closed="none"),
    "finite": lambda o: (o.col("number") * o.col("other")).is_finite(),
    "absolute": lambda o: o.col("number").abs(),
    "floor": lambda o: o.col("number").floor(),
    "rounded": lambda o: o.col("number").round(),
    "nine decimals": lambda o: round_column(o.col("number")),
    "nine decimals of a product": lambda o: round_column(o.col("number") * 0.1),
    "exactly less": lambda o: compare_exactly(o.col("number"), "<", o.col("other")),
    "exactly at least": lambda o: compare_exactly(o.col("number") * 3, ">=", 0.3),
    "text as number": lambda o: o.col("text").cast(o.Float64, strict=False),
    "whole as number": lambda o: o.col("whole").cast(o.Float64),
    "truth as whole": lambda o: o.col("yes").cast(o.Int32),
    "whole as text": lambda o: o.col("whole").cast(o.String),
    "day as text": lambda o: o.col("date").cast(o.String),
    "stripped": lambda o: o.col("text").str.strip_chars(),
    "stripped of unseen signs": lambda o: o.col("text").str.strip_chars("\u200b\ufeff").str.strip_chars(),
    "small letters": lambda o: o.col("text").str.to_lowercase(),
    "starts": lambda o: o.col("text").str.starts_with("unscheduled"),
    "contains": lambda o: o.col("text").str.contains(r"^(?:([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?)$"),
    "extracted": lambda o: o.col("text").str.extract(r"^([<>]=?)\s*([0-9][0-9.eE+-]*)$", 2),
    "date": lambda o: (
        o.col("text")
        .str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$")
        .str.to_date("%Y-%m-%d", strict=False)
    ),
    "days between": lambda o: (o.col("until") - o.col("date")).dt.total_days(),
    "date of day 0": lambda o: o.col("date") - o.duration(days=o.col("day")),
    "year, month, day": lambda o: (
        o.col("date").dt.year().cast(o.Int32) * 10000
        + o.col("date").dt.month().cast(o.Int32) * 100
        + o.col("date").dt.day().cast(o.Int32)
    ),
    "chosen": lambda o: o.when(o.col("yes")).then(o.col("number")).otherwise("other"),
    "chosen of three": lambda o: (
        o.when(o.col("yes")).then(o.lit(1.0)).when(o.col("no")).then("number").otherwise(o.lit(None, o.Float64))
    ),
    "chosen or empty": lambda o: o.when(o.col("number") > 0, o.col("yes")).then("number"),
    "first known": lambda o: o.coalesce("number", o.col("other"), o.lit(9.0)),
    "any": lambda o: o.any_horizontal([o.col("yes"), o.col("no"), o.col("number") > 1]),
    "all": lambda o: o.all_horizontal(o.col("yes"), o.col("no")),
    "largest": lambda o: o.max_horizontal("number", o.col("other")),
    "joined": lambda o: o.concat_str("subject", o.lit(":"), o.col("visit")),
    "joined without the empty": lambda o: o.concat_str(o.col("visit"), "text", ignore_nulls=True),
    "shifted": lambda o: o.col("number").shift(1),
    "shifted within subjects": lambda o: o.col("day").shift(1).over("subject"),
    "last known within subjects": lambda o: o.col("number").forward_fill().shift(1).over("subject"),
    "first within subject and visit": lambda o: o.col("day").first().over(["subject", "visit"]),
    "stands first": lambda o: o.struct(["subject", "visit", "whole"]).is_first_distinct(),
}  # fmt: skip
ONES: dict[str, Make] = {
    "smallest": lambda o: o.col("day").min(),
    "largest": lambda o: o.col("date").max(),
    "first": lambda o: o.col("text").first(),
    "last": lambda o: o.col("text").last(),
    "last that meets a condition": lambda o: o.col("number").filter(o.col("yes")).last(),
    "smallest that meets a condition": lambda o: o.col("date").filter(o.col("day") <= 0).min(),
    "first known": lambda o: o.col("number").drop_nulls().first(),
    "any": lambda o: o.col("yes").any(),
    "all": lambda o: o.col("yes").all(),
    "rows": lambda o: o.len().cast(o.Int64),
}


def few_and_many(given: list[dict[str, Any]]) -> tuple[FewRows, pl.DataFrame]:
    many = pl.DataFrame(given, schema=SCHEMA).with_columns(
        pl.Series("_line", range(2, len(given) + 2), pl.Int64)
    )
    return FewRows.of(many), many


@settings(max_examples=200, derandomize=True)
@given(given=rows)
def test_every_column_is_worked_out_alike(given: list[dict[str, Any]]) -> None:
    few, many = few_and_many(given)
    found = few.with_columns(make(verbs_of(few)).alias(name) for name, make in COLUMNS.items())  # type: ignore[arg-type]
    told = many.with_columns(make(verbs_of(many)).alias(name) for name, make in COLUMNS.items())
    for name in COLUMNS:
        # What is written out tells 1 from 1.0 and from True, and 0.0 from -0.0.
        assert repr(found[name].to_list()) == repr(told[name].to_list()), name


@settings(max_examples=100, derandomize=True)
@given(given=rows)
def test_what_sums_up_rows_sums_up_alike(given: list[dict[str, Any]]) -> None:
    few, many = few_and_many(given)
    ops: Any = verbs_of(few)  # type: ignore[arg-type]
    few_ones = [make(ops).alias(name) for name, make in ONES.items()]
    many_ones = [make(verbs_of(many)).alias(name) for name, make in ONES.items()]
    for found, told in (
        (few.select(few_ones), many.select(many_ones)),
        (few.with_columns(few_ones), many.with_columns(many_ones)),
        (
            few.group_by("subject").agg(few_ones),
            many.group_by("subject", maintain_order=True).agg(many_ones),
        ),
    ):
        assert found.columns == told.columns
        assert repr(found.rows()) == repr(told.rows())


KEY = ["subject", "visit"]
PEOPLE = {"subject": ["S1", "S2", "S9", None], "arm": ["a", "b", "c", "d"], "day": [1, 2, None, 4]}
Ask = Callable[[Any, Verbs, Any], Any]
FRAMES: dict[str, Ask] = {
    "all rows": lambda f, _o, _: f,
    "some columns": lambda f, o, _: f.select("day", o.col("text"), whole=o.col("number"), one=o.lit("x")),
    "columns renamed": lambda f, _o, _: f.rename({"day": "tag"}),
    "every column renamed": lambda f, _o, _: f.rename("_{}".format),
    "columns dropped": lambda f, _o, _: f.drop(["day", "text"], "nobody", strict=False),
    "columns in their place": lambda f, o, _: f.with_columns(day="whole", fresh=o.col("day")),
    "several columns at once": lambda f, o, _: f.with_columns(o.col(["number", "other"]) * 2),
    "one by one": lambda f, o, _: f.with_columns(o.when(o.col(["text", "visit"]) != "").then(o.col(["text", "visit"]))),
    "rows that meet": lambda f, o, _: f.filter(o.col("number") > 0, o.col("yes")),
    "rows that always meet": lambda f, o, _: f.filter(o.lit(value=True)),
    "rows that never meet": lambda f, o, _: f.filter(o.lit(value=False)),
    "no row": lambda f, _o, _: f.clear(),
    "first rows": lambda f, _o, _: f.head(2),
    "without empty days": lambda f, _o, _: f.drop_nulls("day"),
    "without any empty cell": lambda f, _o, _: f.select("day", "number").drop_nulls(),
    "sorted, empty last": lambda f, _o, _: f.sort("subject", "day", "_line", nulls_last=True),
    "sorted, empty first": lambda f, _o, _: f.sort("day", maintain_order=True),
    "first of a key": lambda f, _o, _: f.unique(KEY, keep="first", maintain_order=True),
    "last of a key": lambda f, _o, _: f.unique(KEY, keep="last", maintain_order=True),
    "keys that stand once": lambda f, _o, _: f.unique(KEY, keep="none", maintain_order=True),
    "one of a subject": lambda f, _o, _: f.unique("subject", keep="first", maintain_order=True),
    "left join": lambda f, _o, p: f.join(p, on="subject", how="left", maintain_order="left"),
    "inner join": lambda f, _o, p: f.join(p, on="subject", how="inner", maintain_order="left"),
    "anti join": lambda f, _o, p: f.join(p, on="subject", how="anti", maintain_order="left"),
    "join with oneself": lambda f, _o, _: f.select(*KEY, "day").join(
        f.select(*KEY, "number"), on=KEY, how="left", maintain_order="left_right"
    ),
    "beside": lambda f, o, _: f.select("day").hstack(f.select(again=o.col("day"))),
    "below": lambda f, o, _: concat([f.clear(), f.filter(o.col("yes")), f]),
    "nothing below": lambda f, _o, _: concat([frame_like(f, {}, {"day": pl.Int64()}), f.select("day")]),
    "wide": lambda f, o, _: f.filter(o.col("visit").is_not_null()).unique(KEY, keep="first", maintain_order=True).pivot(
        "visit", index="subject", values="number"
    ),
    "wide by two keys": lambda f, o, _: f.filter(o.col("visit").is_not_null()).unique(
        [*KEY, "text"], keep="last", maintain_order=True
    ).pivot("visit", index=["subject", "text"], values=["number", "day"]),
    "grouped": lambda f, o, _: f.group_by(KEY, maintain_order=True).agg(
        o.col("day").max().alias("last"), o.col("number", "text").last(), n=o.len().cast(o.Int64)
    ),
    "grouped lists": lambda f, o, _: f.group_by("subject", maintain_order=True).agg(o.col("day").cast(o.Int64)),
}  # fmt: skip


@settings(max_examples=200, derandomize=True)
@given(given=rows)
def test_every_frame_is_made_alike(given: list[dict[str, Any]]) -> None:
    few, many = few_and_many(given)
    people = pl.DataFrame(PEOPLE)
    for name, ask in FRAMES.items():
        found = ask(few, verbs_of(few), FewRows.of(people))  # type: ignore[arg-type]
        told = ask(many, verbs_of(many), people)
        assert (name, found.columns, repr(found.rows())) == (name, told.columns, repr(told.rows()))
        assert found.height == told.height
        # Rows are the same once more, as dicts and as a frame of Polars.
        assert repr(list(found.iter_rows(named=True))) == repr(list(told.iter_rows(named=True)))
    assert few.to_polars().equals(many)
    assert few.to_polars().schema == many.schema


@settings(max_examples=50, derandomize=True)
@given(given=rows)
def test_cells_and_groups_are_told_alike(given: list[dict[str, Any]]) -> None:
    few, many = few_and_many(given)
    assert {key: part.rows() for key, part in few.partition_by("visit", as_dict=True).items()} == {
        key: part.rows()
        for key, part in many.partition_by("visit", as_dict=True, maintain_order=True).items()
    }
    bare = {
        key: part.columns for key, part in few.partition_by("visit", as_dict=True, include_key=False).items()
    }
    assert all("visit" not in names for names in bare.values())
    assert [(key, part.rows()) for key, part in few.group_by("visit")] == [
        (key, part.rows()) for key, part in many.group_by("visit", maintain_order=True)
    ]
    for name in SCHEMA:
        cells, series = few[name], many[name]
        assert cells.to_list() == series.to_list()
        assert cells.null_count() == series.null_count()
        assert cells.drop_nulls().to_list() == series.drop_nulls().to_list()
        assert cells.unique().to_list() == series.unique(maintain_order=True).to_list()
        assert cells.n_unique() == series.n_unique()
        assert cells.head(2).to_list() == series.head(2).to_list()
        assert few.schema[name] == many.schema[name]
    for name in ("number", "date", "day"):
        assert (few[name].min(), few[name].max()) == (many[name].min(), many[name].max())
    assert count_gaps(few) == count_gaps(many)  # type: ignore[arg-type]
    assert few["yes"].any() == many["yes"].any()
    assert few["yes"].arg_true().to_list() == many["yes"].arg_true().to_list()
    assert few.is_empty() == many.is_empty()
    assert few.equals(FewRows.of(many))
    if given:
        assert few.row(0, named=True) == many.row(0, named=True)
        assert few.row(-1) == many.row(-1)
        assert not few.equals(few.clear())


UNUSUAL: dict[str, Callable[[Any, Any], Any]] = {
    "a year 0": lambda f, o: f.select(o.col("zero").str.to_date("%Y-%m-%d", strict=False)),
    "a number written out": lambda f, o: f.select(o.col("number").cast(o.String)),
    "a truth value written out": lambda f, o: f.select(o.col("yes").cast(o.String)),
    "a text as a whole number": lambda f, o: f.select(o.col("zero").cast(o.Int64)),
    "a number that is too large": lambda f, o: f.select((o.col("number") * 2.0**63).cast(o.Int64)),
    "a text that must be a number": lambda f, o: f.select(o.col("zero").cast(o.Float64)),
    "closed limits": lambda f, o: f.select(o.col("number").is_between(0, 1, closed="both")),
    "another form of date": lambda f, o: f.select(o.col("zero").str.to_date("%d.%m.%Y", strict=False)),
    "fewer cells than rows": lambda f, o: f.with_columns(o.col("number").drop_nulls()),
    "a value that stands twice": lambda f, _o: f.pivot("zero", index="yes", values="number"),
    "other columns below": lambda f, _o: concat([f, f.drop("yes")]),
}  # fmt: skip


@pytest.mark.parametrize("case", UNUSUAL)
def test_what_only_polars_can_say_is_refused(case: str) -> None:
    few = FewRows({"zero": ["0000-01-01"] * 2, "number": [1.0, None], "yes": [True, True]})
    with pytest.raises(UnusualRowsError):
        UNUSUAL[case](few, verbs_of(few)).rows()  # type: ignore[arg-type]
    # Just below the limit nothing is refused.
    ops: Any = verbs_of(few)  # type: ignore[arg-type]
    largest = few.select((ops.col("number") * (2.0**63 - 1024)).cast(ops.Int64))
    assert largest.rows() == [(2**63 - 1024,), (None,)]
    assert few.select((ops.col("number") * -(2.0**63)).cast(ops.Int64)).rows()[0] == (-(2**63),)


def test_columns_without_any_value_keep_their_type() -> None:
    rows = [dict.fromkeys(SCHEMA, None), dict.fromkeys(SCHEMA, None)]
    few, many = few_and_many(rows)
    people = pl.DataFrame(PEOPLE)
    kept = ("all rows", "columns renamed", "columns dropped", "rows that never meet", "no row", "first rows",
            "sorted, empty last", "one of a subject", "left join", "anti join", "join with oneself", "beside", "below",
            "nothing below")  # fmt: skip
    for name in kept:
        found = FRAMES[name](few, verbs_of(few), FewRows.of(people))  # type: ignore[arg-type]
        told = FRAMES[name](many, verbs_of(many), people)
        assert dict(found.schema) == dict(told.schema), name
    ops: Any = verbs_of(few)  # type: ignore[arg-type]
    casted = few.select(a=ops.col("number").cast(ops.String), b=ops.lit(None, ops.Date), c=ops.col("day"))
    assert dict(casted.schema) == {"a": pl.String(), "b": pl.Date(), "c": pl.Int64()}
