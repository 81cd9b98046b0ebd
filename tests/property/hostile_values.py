"""Values that no argument should be given, and the valid calls that they are put into."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

import funis
import funis.stats
import funis.stats.meta
from funis.audit.figures import FigureLabels, FigurePlace, PrintedCount, PrintedNumber
from funis.audit.papers import audit_file
from funis.bounded.limits import Limits
from funis.responses.responder_index import index_items
from funis.stats.impute import Chain
from funis.study.read import template_path

UTC = dt.UTC


class Unreadable:
    """An object that raises whatever it is asked."""

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __iter__(self) -> Iterator[object]:
        raise RuntimeError("no parts")

    def __bool__(self) -> bool:
        raise RuntimeError("neither")

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(name)


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)

#: Tried for every argument, whatever it takes.
ANY: tuple[Any, ...] = (
    None, True, 0, -1, 7, 10**30, 1.5, -0.5, math.nan, math.inf, 1e300, "", "nonsense", " ", "\x00", "a" * 10_000,
    b"bytes", (), [], {}, set(), [None], ["a", "b"], [1, 2], {"a": 1}, {1: "a"}, object(), object, len, 1j,
    decimal.Decimal("NaN"), dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC), pd.NA, pd.NaT,
    Unreadable(), CIRCLE, "\ud800", np.timedelta64(3, "D"), np.datetime64("NaT"), pl.Series([1], dtype=pl.Int128),
    pl.LazyFrame({"subject": [1]}).select("nothing"), decimal.Decimal("sNaN"), fractions.Fraction(10**400, 3),
    np.float64("nan"), np.array([]), np.array(["a", None], dtype=object), np.zeros((2, 2, 2)), pl.DataFrame(),
    pl.Series("s", [1]), pd.DataFrame(), pd.Series([1, 2]), Path("/no/where"), range(3), iter(()), type,
)  # fmt: skip

#: Tried where an array of numbers is taken, beside those for any argument.
ARRAYS: tuple[Any, ...] = (
    [math.nan, 1.0], [math.inf, 1.0, 2.0], [1e300, -1e300, 1.0], [1, 2, 3], [0.0] * 5, [-1.0, 0.5, 2.0], [[1, 2], [3]],
    [[1.0, 2.0], [3.0, 4.0]], np.zeros((0, 3)), np.zeros((3, 0)), np.full(4, np.nan), np.array([1, "a"], dtype=object),
    np.array([None, 1.0], dtype=object), np.array(["1", "2"]), np.array([1j, 2]), np.array(["2020-01-01"], dtype="M8[D]"),
    [True, False, True], pl.Series([1, None]), pl.Series(["a"]), pd.Series([1, pd.NA], dtype="Int64"),
    pd.Series(pd.to_datetime(["2020-01-01"]).tz_localize("Asia/Shanghai")), np.arange(12.0).reshape(3, 4), "12", [0.1], [2**70],
    np.ones((2, 3, 4)), [dt.date(2020, 1, 1)], [decimal.Decimal(1)], pd.Categorical(["a", "b"]),
)  # fmt: skip


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame in which every column stands twice."""
    return pd.concat([frame, frame], axis=1)


def spoiled_frames(frame: pl.DataFrame) -> Iterator[Any]:
    """Give frames that look like a valid one and are not: each column in turn, in each of the ways."""
    foreign = frame.to_pandas()
    yield from (
        frame[:0],
        frame.select([]),
        foreign[0:0],
        twice(foreign),
        frame.to_dict(as_series=False),
        frame.rows(),
    )
    yield from (
        foreign.to_numpy(),
        foreign.T,
        foreign.iloc[:, 0],
        frame.lazy(),
        frame.to_arrow(),
        pl.concat([frame, frame]),
    )
    yield foreign.set_axis(range(foreign.shape[1]), axis=1)
    yield foreign.set_axis(pd.MultiIndex.from_product([["x"], foreign.columns]), axis=1)
    yield frame.rename(str.upper)
    n = frame.height
    # The first and the last of many columns stand for the others.
    for name in dict.fromkeys((*frame.columns[:8], *frame.columns[-2:])):
        yield frame.drop(name)
        for cells in (
            [None] * n, ["nonsense"] * n, [math.nan] * n, [math.inf] * n, [-1e300] * n, [10**18] * n, [[1]] * n,
            [{"a": 1}] * n, [b"x"] * n, [dt.date(2020, 1, 1)] * n, [dt.datetime(2020, 1, 1, tzinfo=UTC)] * n,
            [dt.timedelta(1)] * n, [dt.time(1)] * n, [decimal.Decimal("1.5")] * n, [True] * n, [""] * n, ["1"] * n,
        ):  # fmt: skip
            yield frame.with_columns(pl.Series(name, cells, strict=False))
        yield frame.with_columns(pl.Series(name, [object()] * n, dtype=pl.Object))
        mixed: Any = foreign.copy()
        mixed[name] = [
            ("a", 1, None, pd.NA, 1.5, dt.date(2020, 1, 1), object(), [1], b"x")[row % 9] for row in range(n)
        ]
        yield mixed
        for series in (
            pd.Series([pd.NA] * n, dtype="Int64"), pd.Series(["a"] * n, dtype="category"), pd.Series([1 + 2j] * n),
            pd.Series(pd.to_datetime(["2020-01-01"] * n)).dt.tz_localize("Asia/Shanghai"), pd.Series([pd.Period("2020-01")] * n),
            pd.Series([pd.Interval(0, 1)] * n), pd.Series(pd.arrays.SparseArray([0.0] * n)), pd.Series([pd.Timedelta(1)] * n),
        ):  # fmt: skip
            yield foreign.assign(**{name: series})


CALLBACKS = ("statistic", "estimator")


@dataclass(frozen=True)
class Target:
    """One public function with arguments that it takes.

    Attributes
    ----------
    name : as it is printed
    call : the function
    valid : arguments of a call that succeeds
    frames, arrays : names of the arguments that are frames or arrays
    special : further values for single arguments
    """

    name: str
    call: Callable[..., Any]
    valid: Mapping[str, Any]
    frames: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    special: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def hostile(self) -> Iterator[tuple[str, Any]]:
        """Give every argument with each value that is tried for it."""
        for name in self.valid:
            # What a function of the caller raises is the caller's own.
            yield from ((name, value) for value in ANY if name not in CALLBACKS or not callable(value))
            yield from ((name, value) for value in (ARRAYS if name in self.arrays else ()))
            yield from ((name, value) for value in self.special.get(name, ()))
            if name in self.frames:
                yield from ((name, value) for value in spoiled_frames(self.valid[name]))


RNG = np.random.default_rng(7)
TWO_MEANS = {
    "mean_1": [1.0, 2],
    "sd_1": [1.0, 2],
    "n_1": [10, 20],
    "mean_2": [2.0, 2],
    "sd_2": [1.0, 2],
    "n_2": [9, 18],
}
TWO_RISKS = {"events_1": [1, 3], "n_1": [9, 8], "events_2": [2, 3], "n_2": [9, 8]}
STUDY = funis.read_study(template_path("observational"))
PRINTED = PrintedCount("a", FigureLabels("relapse"), FigurePlace(), PrintedNumber("3"), PrintedNumber("40"))
SUBJECTS = pl.DataFrame({"subject": ["S1", "S2"], "age": [31.0, 40.0], "sex": ["female", "male"]})
VISITS = pl.DataFrame({"subject": ["S1", "S2"], "visit": ["v1", "v1"], "day": [0, 0]})
GIVEN = {"subjects": SUBJECTS, "visits": VISITS}
TABLES = funis.tables_from_frames(STUDY, GIVEN)
RESULTS = funis.analyse(STUDY, TABLES)
ITEMS = [item.name for item in funis.definition("sledai_2k").items]
SLEDAI = pl.DataFrame({"subject": ["S1", "S1"], "day": [0, 30], **{name: [0, 1] for name in ITEMS}})
SCHIRMER = pl.DataFrame({"subject": ["S1"] * 2, "visit": ["a", "b"], "day": [0, 30], "eye": [1, 2]})
GRADES = pl.DataFrame(
    {"subject": ["01"] * 3, "visit": ["baseline", "month_6", "month_12"], "day": [0, 180, 360],
     "bilag_2004_renal": ["A", "C", "B"], "bilag_2004_haematological": ["E"] * 3}
)  # fmt: skip
SCORES = pl.DataFrame(
    {"subject": ["1", "1"], "visit": ["baseline", "month_6"], "day": [0, 180], "esspri": [6.0, 5.1]}
)
PEOPLE = pl.DataFrame({"subject": ["1"], "ana": [160], "nephritis_class_3_or_4": [1]})
LABS = pl.DataFrame(
    {
        "subject": ["01"] * 2,
        "test": ["wbc"] * 2,
        "day": [0, 30],
        "value": [3.5, 1.5],
        "low": [4.0, 4.0],
        "high": [9.0] * 2,
    }
)
COURSES = pl.DataFrame(
    {
        "subject": ["01"],
        "drug": ["prednisone"],
        "dose": [20.0],
        "unit": ["mg"],
        "route": ["oral"],
        "start_day": [-30],
        "end_day": [30],
    }
)
DAYS = pl.DataFrame({"subject": ["01"], "day": [0]})
RELAPSES = pl.DataFrame(
    {"responder": ["yes"] * 2, "relapse_visit": [None, "month_9"], "relapse_day": [None, 270.0],
     "followed_to_day": [360.0] * 2, "relapse": ["no", "yes"]}
)  # fmt: skip
RESPONDER = pl.DataFrame(
    {"subject": ["1"] * 2, "visit": ["baseline", "m"], "day": [0, 30], "inflamed_joints": [8, 4],
     **{item.item: [int(item.item == "arthritis")] * 2 for item in index_items()}}
)  # fmt: skip
ENDS = pl.DataFrame({"subject": ["01"], "status": ["completed"], "day": [360]})
PANEL = pl.DataFrame(
    {"subject": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], "visit": ["v1", "v2"] * 5, "score": [10.0, 8, 12, 9, 9, 9, 14, 10, 11, 7],
     "arm": ["a"] * 6 + ["b"] * 4, "w": [1.0, 2.0] * 5, "t": [0.0, 1.0] * 5}
)  # fmt: skip
MODEL: dict[str, Any] = {"outcome": "score", "fixed": "visit", "subject": "subject", "visit": "visit"}
FIT = funis.fit_mmrm(PANEL, **MODEL, covariance="cs")
GRADED = funis.grade_toxicity(LABS)
SHIFTS = funis.derive_toxicity_shifts(GRADED)
FOUND = funis.multiverse(SCORES, definitions=["esspri_mcii"])
TIME, EVENT = [1.0, 2.0, 3.0, 4.0], [1, 0, 1, 1]
POLICIES: tuple[Any, ...] = ("strict", "absent", "worst", "locf", "Strict", ["strict"])
COLUMN_NAMES: tuple[Any, ...] = ("subject", "visit", "score", "no_column")

TARGETS = (
    Target("definition", funis.definition, {"name": "sledai_2k"}),
    Target("score", funis.score, {"units": {},
        "frame": SLEDAI.select("subject", "day", *ITEMS), "name": "sledai_2k", "missing": "strict", "subject": "subject",
        "order": "day", "assume_sorted": False, "parameters": {}, "compact": False},
        frames=("frame",), special={"missing": POLICIES, "name": ("bilag_2004", "eular_acr_2019", "egfr_ckd_epi_2021")}),
    Target("scorer", funis.scorer, {"units": {}, "name": "sledai_2k", "missing": "strict", "parameters": {}}, special={"missing": POLICIES}),
    Target("scorer()", funis.scorer("sledai_2k"), {"visits": SLEDAI.rows(named=True)},
        special={"visits": ([{}], [{"seizure": value} for value in ("x", None, 7, math.nan, [], object())], SLEDAI, [[1]], {"seizure": 1})}),
    Target("explain", funis.explain, {
        "frame": SLEDAI.with_columns(visit=pl.Series(["a", "b"])), "name": "sledai_2k", "subject": "S1", "visit": "a",
        "subject_column": "subject", "visit_column": "visit", "order": "day", "missing": "strict", "parameters": {}, "units": {}},
        special={"frame": (SLEDAI, SLEDAI[:0])}),
    Target("grade_toxicity", funis.grade_toxicity, {"units": {},
        "frame": LABS, "version": "5.0", "columns": {"value": "value"}, "missing_baseline": "cannot_tell"}, frames=("frame",),
        special={"columns": ({"value": "no_column"}, {"vlaue_column": "value"}, {"value": 7})}),
    Target("derive_lab_baseline", funis.derive_lab_baseline, {"labs": LABS, "last_day": 0}, frames=("labs",)),
    Target("derive_toxicity_shifts", funis.derive_toxicity_shifts, {"graded": GRADED, "last_day": 0}, frames=("graded",)),
    Target("count_toxicity_shifts", funis.count_toxicity_shifts, {"shifts": SHIFTS}, frames=("shifts",)),
    Target("prednisone_equivalent", funis.prednisone_equivalent, {
        "dose": 16, "drug": "methylprednisolone", "unit": "mg/day", "betamethasone_mg": 0.75}),
    Target("derive_prednisone", funis.derive_prednisone, {
        "medications": COURSES, "days": DAYS, "average_days": 1, "betamethasone_mg": 0.75}, frames=("medications", "days")),
    Target("derive_steroid_days", funis.derive_steroid_days, {
        "medications": COURSES, "visits": DAYS, "limit": 10.0, "window_days": 57, "betamethasone_mg": 0.75},
        frames=("medications", "visits")),
    Target("respond", funis.respond, {"units": {},
        "frame": GRADES, "name": "ucmsc_bilag_response", "subject": "subject", "visit": "visit", "day": "day", "parameters": {},
        "disposition": ENDS}, frames=("frame", "disposition"), special={"name": ("sri_4", "sledai_2k", "essdai_mcii")}),
    Target("respond_by_visit", funis.respond_by_visit, {"units": {},
        "frame": SCORES, "name": "esspri_mcii", "subject": "subject", "visit": "visit", "day": "day", "parameters": {},
        "disposition": ENDS}, frames=("frame",), special={"name": ("sri_4", "ucmsc_bilag_response")}),
    Target("count_relapses", funis.count_relapses, {
        "responses": RELAPSES, "visit_days": {"month_9": 270, "month_12": 360}, "window": 30.0}, frames=("responses",),
        special={"visit_days": ({"month_9": "x"}, {"month_9": None}, {"month_9": math.nan}, {7: 8}, {"a": 1, "b": 1})}),
    Target("classify", funis.classify, {"units": {},
        "frame": PEOPLE, "name": "eular_acr_2019", "subject": "subject", "missing": "cannot_tell"}, frames=("frame",)),
    Target("multiverse", funis.multiverse, {"units": {},
        "frame": SCORES, "definitions": ["esspri_mcii"], "reference": "esspri_mcii", "threshold": 50.0, "level": 0.9,
        "parameters": {}, "disposition": ENDS, "subject": "subject", "visit": "visit", "day": "day"}, frames=("frame",)),
    Target("compare_responses", funis.compare_responses, {"units": {},
        "frame": SCORES, "definitions": ["esspri_mcii"], "parameters": {}, "disposition": ENDS, "subject": "subject",
        "visit": "visit", "day": "day"}),
    Target("score_responder_index", funis.score_responder_index,
        {"units": {}, "frame": RESPONDER, "subject": "subject", "visit": "visit", "day": "day", "baseline_visit": ""},
        frames=("frame",)),
    Target("describe_changes", funis.describe_changes, {"found": FOUND}, frames=("found",)),
    Target("convert", funis.convert, {"value": 1.0, "analyte": "creatinine", "from_unit": "mg/dL", "to_unit": "umol/L"}),
    Target("canonical_unit", funis.canonical_unit, {"analyte": "creatinine"}),
    Target("titre_exponent", funis.titre_exponent, {"titre": 160}),
    Target("read_study", funis.read_study, {"path": "no_such_place"}),
    Target("read_figures", funis.read_figures, {"path": "no_such_place"}),
    Target("audit", funis.audit, {"figures": [PRINTED]}),
    Target("audit_file", audit_file, {"path": "no_such_place.txt", "second": None, "limits": Limits()}),
    Target("new_study", funis.new_study, {"template": "sle", "folder": "/proc/no/such", "excel": False}),
    Target("Limits", Limits, {"rows": 7, **dict.fromkeys(("megabytes", "files", "columns", "cells", "cell_letters", "unpacked_megabytes", "unpacked_ratio"), 7)}),
    Target("read_tables", funis.read_tables, {"folder": "no_such_place", "study": STUDY, "today": dt.date(2026, 1, 1), "limits": Limits()}),
    Target("tables_from_frames", funis.tables_from_frames, {"study": STUDY, "frames": GIVEN, "today": dt.date(2026, 1, 1)},
        special={"frames": tuple({"subjects": each, "visits": VISITS} for each in (*ANY, *spoiled_frames(SUBJECTS)))}),
    Target("check_frames", funis.check_frames, {"study": STUDY, "frames": GIVEN, "today": dt.date(2026, 1, 1)},
        special={"frames": tuple({"subjects": SUBJECTS, "visits": each} for each in (*ANY, *spoiled_frames(VISITS)))}),
    Target("analyse", funis.analyse, {"study": STUDY, "tables": TABLES}),
    Target("write_results", funis.write_results, {"results": RESULTS, "folder": "/proc/no/such"}),
    Target("render_html", funis.render_html, {"study": STUDY, "results": RESULTS}),
    Target("write_report", funis.write_report, {"study": STUDY, "results": RESULTS, "folder": Path("/proc/no/such")}),
    Target("fit_mmrm", funis.fit_mmrm, {
        "frame": PANEL, **MODEL, "covariance": "cs", "df": "satterthwaite", "method": "reml", "group": None, "weights": "w",
        "sandwich": None, "coding": "r", "level": 0.95, "coordinates": None, "levels": {"visit": ["v1", "v2"]},
        "reference": {"visit": "v1"}, "fallback": ("cs",), "stopping": "tight", "trust_formula": False}, frames=("frame",),
        special={
            **dict.fromkeys(("outcome", "subject", "visit", "group", "weights", "coordinates"), COLUMN_NAMES),
            "fixed": ("visit +", "score", "visit * nothing", "1", "0", "subject", "visit:visit", "~", "a ~ b ~ c", "import os"),
            "levels": ({"visits": ["v1"]}, {"visit": ["v1"]}, {"visit": "v1v2"}, {"visit": 7}, {"visit": []}, {"score": [1]}),
            "reference": ({"visit": "v9"}, {"visits": "v1"}, {"visit": 7}, {"visit": ["v1"]}),
            "fallback": (("us", "nonsense"), "us", ["us", 7]),
        }),
    Target("fit_mmrm_batch", funis.fit_mmrm_batch, {
        "outcomes": RNG.normal(size=(2, 8, 2)), "subject_part": np.column_stack([np.ones(8), [0.0, 1] * 4]),
        "visit_part": np.stack([np.eye(2, 4)] * 2), "contrasts": [[0, 0, 0, 1.0]], "df": "satterthwaite", "method": "reml",
        "engine": "numpy"}, arrays=("outcomes", "subject_part", "visit_part", "contrasts")),
    Target("agresti_coull", funis.stats.agresti_coull, {"k": 3, "n": 10, "level": 0.95}),
    Target("benjamini_hochberg", funis.stats.benjamini_hochberg, {"p": [0.01, 0.2]}, arrays=("p",)),
    Target("carry_forward", funis.stats.carry_forward, {"outcome": [[1.0, math.nan]]}, arrays=("outcome",)),
    Target("cochran_q", funis.stats.cochran_q, {"answers": [[1, 0, 1], [0, 0, 1], [1, 0, 0]], "exact": True}, arrays=("answers",)),
    Target("cumulative_incidence", funis.stats.cumulative_incidence, {"time": TIME, "cause": [1, 2, 0, 1], "of": 1, "level": 0.95},
        arrays=("time", "cause")),
    Target("estimate_conditional_mean", funis.stats.estimate_conditional_mean, {
        "outcome": RNG.normal(size=(12, 2)), "arm": ["a"] * 6 + ["b"] * 6, "estimator": lambda y, _: float(y.mean()),
        "reference": "a", "strategy": "j2r", "covariates": None, "deviation": None, "covariance": "one",
        "resampling": "jackknife", "samples": 2, "seed": 1, "level": 0.9}, arrays=("outcome",),
        special={"estimator": (lambda *_: "x", lambda *_: math.nan, lambda *_: None), "strategy": (["j2r"], "jr")}),
    Target("historical_hazard", funis.stats.historical_hazard, {
        "time": TIME, "curve_time": [1.0, 2.0, 5.0], "curve_survival": [0.9, 0.8, 0.5]}, arrays=("time", "curve_time", "curve_survival")),
    Target("impute_monotone", funis.stats.impute_monotone, {
        "outcome": RNG.normal(size=(9, 2)), "design": np.ones((9, 1)), "chain": Chain(draws=2, burn=1, between=1, seed=1)},
        arrays=("outcome", "design"), special={"chain": (Chain(draws=2, burn=1, between=1, seed=1),)}),
    Target("leave_one_out", funis.stats.leave_one_out, {"values": [1.0, 2.0, 4.0], "label": ["a", "b", "c"], "estimator": np.mean},
        arrays=("values", "label"), special={"estimator": (str, print, lambda _: math.nan), "label": (pd.MultiIndex.from_tuples([(1, 2)]),)}),
    Target("mcnemar", funis.stats.mcnemar, {"first": [1, 0, 1], "second": [0, 0, 1], "mid": False, "level": 0.95}, arrays=("first", "second")),
    Target("one_sample_log_rank", funis.stats.one_sample_log_rank, {
        "time": TIME, "event": EVENT, "cumulative_hazard": [0.1, 0.2, 0.3, 0.4], "variance": "average", "level": 0.95},
        arrays=("time", "event", "cumulative_hazard")),
    Target("parallel_graph", funis.stats.parallel_graph, {"first": 2, "second": 3}),
    Target("restricted_mean", funis.stats.restricted_mean, {"time": TIME, "event": EVENT, "horizon": 3.0, "level": 0.95},
        arrays=("time", "event")),
    Target("shuffle_test", funis.stats.shuffle_test, {
        "values": [1.0, 2.0, 3.0, 5.0], "labels": np.array([0, 0, 1, 1]), "statistic": lambda x, g: float(x[g == 1].mean()),
        "alternative": "two-sided", "draws": 999, "seed": 1}, arrays=("values", "labels"),
        special={"statistic": (lambda *_: "x", lambda *_: math.nan, lambda *_: None)}),
    Target("signed_permutation", funis.stats.signed_permutation, {
        "change": [1.0, -2.0, 3.0, 0.5], "alternative": "two-sided", "draws": 999, "seed": 1}, arrays=("change",)),
    Target("two_sample_permutation", funis.stats.two_sample_permutation, {
        "first": [1.0, 2.0], "second": [3.0, 5.0], "alternative": "two-sided", "draws": 999, "seed": 1}, arrays=("first", "second")),
    Target("upper_limit_of_none", funis.stats.upper_limit_of_none, {"n": 10, "level": 0.95, "one_sided": False}),
    Target("meta.mean_of_arm", funis.stats.meta.mean_of_arm, {"mean": [1.0, 2.0], "sd": [1.0, 2.0], "n": [10, 20]}, arrays=("mean", "sd", "n")),
    Target("meta.change_within_arm", funis.stats.meta.change_within_arm, {
        "before": [9.0, 8], "sd_before": [1.0, 2], "after": [5.0, 4], "sd_after": [1.0, 2], "n": [10, 20], "correlation": 0.5},
        arrays=("before", "sd_before", "after", "sd_after", "n")),
    Target("meta.mean_difference", funis.stats.meta.mean_difference, TWO_MEANS | {"spread": "pooled"}, arrays=tuple(TWO_MEANS)),
    Target("meta.standardised_mean_difference", funis.stats.meta.standardised_mean_difference, TWO_MEANS, arrays=tuple(TWO_MEANS)),
    *(Target(f"meta.{name}", getattr(funis.stats.meta, name), TWO_RISKS | {"zero_cells": "none"}, arrays=tuple(TWO_RISKS))
      for name in ("log_risk_ratio", "log_odds_ratio", "risk_difference")),
    Target("meta.log_odds", funis.stats.meta.log_odds, {"events": [1, 3], "n": [9, 8], "zero_cells": "none"}, arrays=("events", "n")),
    Target("meta.double_arcsine", funis.stats.meta.double_arcsine, {"events": [1, 3], "n": [9, 8]}, arrays=("events", "n")),
    Target("meta.undo_double_arcsine", funis.stats.meta.undo_double_arcsine, {"value": [0.5], "n": 9.5}, arrays=("value",)),
    Target("meta.combine_fixed", funis.stats.meta.combine_fixed, {"estimates": [1.0, 2], "variances": [0.1, 0.2], "level": 0.9},
        arrays=("estimates", "variances")),
    *(Target(f"meta.{name}", getattr(funis.stats.meta, name), {
        "estimates": [1.0, 2, 4], "variances": [0.1, 0.2, 0.3], "estimator": "reml", "interval": "normal", "prediction": "k_minus_2",
        "level": 0.9}, arrays=("estimates", "variances")) for name in ("combine_random", "omit_each_study")),
    Target("meta.assess_asymmetry", funis.stats.meta.assess_asymmetry, {
        "estimates": [1.0, 2, 4], "variances": [0.1, 0.2, 0.3], "level": 0.9}, arrays=("estimates", "variances")),
    Target("meta.convert_median", funis.stats.meta.convert_median, {
        "n": 20, "median": 6.0, "minimum": 1.0, "maximum": 9.0, "lower_quartile": 4.0, "upper_quartile": 8.0, "method": "wan"}),
    Target("meta.combine_proportions", funis.stats.meta.combine_proportions, {"events": [1, 3], "n": [9, 8], "interval": "t", "level": 0.9},
        arrays=("events", "n")),
    Target("meta.combine_mantel_haenszel", funis.stats.meta.combine_mantel_haenszel, TWO_RISKS | {"measure": "odds_ratio", "level": 0.9},
        arrays=tuple(TWO_RISKS)),
    Target("fit.contrast", FIT.contrast, {
        "L": [[0.0, 1.0]], "by": "visit", "weights": "equal", "at": None, "level": 0.9},
        special={"L": ({"visitv2": 1.0}, {"nothing": 1.0}, {"v2": "x"}, {}, {"x": {}}, [{}], [{"v2": 1}, 3], [1.0], [[1.0]]),
                 "by": (None, ["nothing"])}),
    Target("fit.joint_test", FIT.joint_test, {"L": [[0.0, 1.0]], "by": None, "weights": "equal", "at": None}, arrays=("L",)),
    Target("fit.conf_int", FIT.conf_int, {"level": 0.9}),
    Target("fit.plot", FIT.plot, {"x": "visit", "lines": None, "weights": "equal", "at": None, "level": 0.9, "kind": "conditional"},
        special={"at": ({"visit": "v9"}, {"nothing": 1.0})}),
    Target("fit.marginal_means", FIT.marginal_means, {
        "by": "visit", "weights": "equal", "at": None, "level": 0.9, "kind": "conditional"},
        special={"at": ({"visit": "v9"}, {"nothing": 1.0}), "by": (["arm"], ["visit", "visit"], [])}),
    Target("fit.differences", FIT.differences, {
        "of": "visit", "by": None, "weights": "equal", "reference": "v1", "at": None, "level": 0.9, "kind": "conditional",
        "adjust": "holm"},
        special={"of": ("arm", "nothing"), "by": ("visit", ["nothing"])}),
    Target("fit.predict", FIT.predict, {"frame": PANEL, "interval": None, "level": 0.9}, frames=("frame",)),
    Target("fit.residuals", FIT.residuals, {"kind": "raw"}),
    Target("fit.simulate", FIT.simulate, {"n": 2, "rng": 1}),
    Target("results.select", RESULTS.select, {"statistic": "n", "n": 2}),
    Target("results.value", RESULTS.value, {"key": RESULTS.numbers["id"][0]}),
    Target("design.simon", funis.design.simon, {"p0": 0.1, "p1": 0.4, "alpha": 0.05, "power": 0.8}),
    Target("design.exact", funis.design.exact, {"p0": 0.1, "p1": 0.4, "alpha": 0.05, "power": 0.8}),
    Target("design.paired", funis.design.paired, {
        "change": -4.0, "sd_change": None, "sd_before": 5.0, "sd_after": 4.0, "correlation": 0.5, "alpha": 0.05, "power": 0.8}),
    Target("design.means", funis.design.means, {"difference": 3.0, "sd": 4.5, "alpha": 0.05, "power": 0.8, "ratio": 1.0}),
    Target("design.rates", funis.design.rates, {"p1": 0.8, "p2": 0.3, "alpha": 0.05, "power": 0.8, "ratio": 1.0}),
    Target("design.mmrm", funis.design.mmrm, {
        "difference": 0.5, "sd": 1.0, "retention": (1, 0.9, 0.8), "correlation": 0.3, "structure": "exchangeable",
        "retention_second": (1, 0.8, 0.7), "alpha": 0.05, "power": 0.8, "ratio": 1.0}, arrays=("retention", "retention_second")),
    Target("design.sequential", funis.design.sequential, {
        "times": (0.5, 1.0), "boundary": "hwang_shih_decani", "alpha": 0.025, "power": 0.8, "gamma": -4.0, "futility_gamma": -2.0},
        arrays=("times",)),
    Target("design.logrank", funis.design.logrank, {
        "hazard_ratio": 0.5, "median": 12.0, "accrual": 12.0, "follow_up": 12.0, "dropout": 0.02, "alpha": 0.05, "power": 0.8, "ratio": 1.0}),
    Target("design.safety", funis.design.safety, {"acceptable": 0.1, "unacceptable": 0.3, "looks": (6, 12), "allowed": 0.1},
        arrays=("looks",)),
    Target("design.monitor", funis.design.monitor, {
        "limit_rate": 0.1, "looks": (5, 10), "certainty": 0.9, "prior_events": 0.1, "prior_others": 0.9}, arrays=("looks",)),
    Target("design.boin", funis.design.boin, {"target": 0.25, "cohort": 3, "cohorts": 4, "too_low": 0.15, "too_high": 0.35}),
    Target("design.crm", funis.design.crm, {
        "target": 0.25, "skeleton": (0.05, 0.1, 0.3), "treated": (3, 3, 0), "toxic": (0, 1, 0), "spread": 1.1},
        arrays=("skeleton", "treated", "toxic")),
    Target("design.bryant_day", funis.design.bryant_day, {
        "p0": 0.1, "p1": 0.6, "toxic0": 0.6, "toxic1": 0.1, "alpha_response": 0.1, "alpha_toxicity": 0.1, "power": 0.8}),
    Target("design.two_endpoints", funis.design.two_endpoints, {
        "null": (0.15, 0.30, 0.15, 0.40), "better": (0.18, 0.42, 0.02, 0.38), "looks": (3, 6), "alpha": 0.3, "level": 0.6,
        "shape": 1.0, "among_responders": False}, arrays=("null", "better", "looks")),
    Target("design.after_two_stages", funis.design.after_two_stages, {
        "responses": 14, "r1": 5, "n1": 24, "n": 45, "p0": 0.2, "alpha": 0.05}),
    Target("design.smart", funis.design.smart, {
        "relapse": 0.4, "p1": 0.8, "p2": 0.2, "kept": 0.8, "lost_before": 0.1, "lost_after": 0.1, "alpha": 0.05, "power": 0.8,
        "other": {"relapse": 0.5, "kept": 0.3, "again": 0.2}, "seed": 1}),
    Target("design.borrow", funis.design.borrow, {
        "responders": (3, 4), "treated": (10, 12), "flat_weight": 0.2, "spread_between": 1.0, "new_responders": 1, "new_treated": 5},
        arrays=("responders", "treated")),
    Target("simulate.calibrate", funis.simulate.calibrate, {"relapses": "abstract", "seed": 1, "steps": 20}),
    Target("simulate.draw_trial", funis.simulate.draw_trial, {
        "study": funis.read_study(template_path("sle")), "scenario": "null", "patients": 3, "seed": 1, "trial": 0}),
    Target("simulate.reinfuse", funis.simulate.reinfuse, {
        "relapses": "abstract", "seed": 1, "steps": 20, "cells_for": 50.0, "hazard_ratio": 0.5}),
    Target("simulate.fit_waning", funis.simulate.fit_waning, {"x50": 0.3, "fast": 0.1, "correlation": 0.4}),
    Target("study.choice", STUDY.choice, {"instrument": "sledai_2k"}),
    Target("study.lab", STUDY.lab, {"test": "c3"}),
    Target("study.endpoint", STUDY.endpoint, {"name": STUDY.endpoints[0].id}),
)  # fmt: skip
