"""Rules of one line each, at their limits and a step beside them, worked out by hand."""

import math
import sys
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import estimands, repeated_responses, system_grades
from funis.analysis.event_kinds import _is_within
from funis.analysis.every_finding import check_frames
from funis.analysis.glucocorticoid import NONE_TAKEN, RAISED, RAISED_SINCE_LAST, Doses, _baseline, _counted
from funis.analysis.observations import _log2_titres
from funis.analysis.paired_tests import add_comparison
from funis.analysis.recorded_words import _titre, write_converted
from funis.analysis.relapses import _after
from funis.data.cells import Grid, RawTable, Written
from funis.data.check.allocation import _unlikely_arms
from funis.data.check.causality import derive_related
from funis.data.check.checked_data import _is_fatal
from funis.data.check.series import _is_time
from funis.data.corrections.apply import _text_of
from funis.frames.verbs import verbs_of
from funis.results.sources import _cut_frame
from funis.results.text import exact_mean, format_dose
from funis.stats.tests.compare import Comparison
from funis.study.drugs_failed import began_before
from funis.study.model import Endpoint
from funis.study.read import read_study, template_path
from funis.study.subject_parts import count_years

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")
GAP = float("nan")


@pytest.mark.parametrize(
    ("day", "days", "told"),
    [
        (0, (0, 7), True), (6, (0, 7), True), (7, (0, 7), False), (-1, (0, 7), False), (None, (0, 7), False),
        (3, None, False), (None, None, False),
    ],
)  # fmt: skip
def test_a_time_holds_its_first_day_and_not_the_day_after(
    day: float | None, days: tuple[float, float] | None, *, told: bool
) -> None:
    assert _is_within(day, days) is told


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (-1, None, True), (0, None, False), (1, None, False), (-1, 5, True), (0, -1, False), (None, -1, True),
        (None, 0, None), (None, 1, None), (None, None, None),
    ],
)  # fmt: skip
def test_a_course_began_before_day_0(start: float | None, end: float | None, *, told: bool | None) -> None:
    assert began_before(start, end) is told


@pytest.mark.parametrize(
    ("birth", "at", "years"),
    [
        ((2000, 5, 10), (2020, 5, 9), 19), ((2000, 5, 10), (2020, 5, 10), 20), ((2000, 5, 10), (2020, 5, 11), 20),
        ((2000, 5, 31), (2020, 6, 1), 20), ((2000, 6, 1), (2020, 5, 31), 19), ((2000, 12, 1), (2020, 3, 31), 19),
        ((2000, 3, 31), (2020, 12, 1), 20), ((2000, 2, 29), (2021, 2, 28), 20), ((2000, 2, 29), (2021, 3, 1), 21),
        ((2000, 1, 31), (2020, 2, 1), 20), ((2020, 5, 10), (2020, 5, 10), 0),
    ],
)  # fmt: skip
def test_a_birthday_still_to_come_does_not_count(
    birth: tuple[int, int, int], at: tuple[int, int, int], years: float
) -> None:
    frame = pl.DataFrame({"birth": [date(*birth), None], "at": [date(*at), date(*at)]})
    found = frame.select(years=count_years(verbs_of(frame), "birth", "at"))["years"].to_list()
    assert found == [years, None]


def test_related_is_read_from_the_level_where_it_is_empty() -> None:
    rows = [
        ("unrelated", None, 0, "unrelated"), ("unlikely", None, 0, "unlikely"), ("possible", None, 1, "possible"),
        ("definite", None, 1, "definite"), (None, None, None, None), (None, 1, 1, None), ("other", 0, 0, "other"),
        ("possible", 1, 1, "possible"), ("unlikely", 0, 0, "unlikely"),
        # Both are left out where they say different things.
        ("possible", 0, None, None), ("unlikely", 1, None, None),
    ]  # fmt: skip
    frame = pl.DataFrame(
        [(level, flag, place) for place, (level, flag, _, _) in enumerate(rows, 2)],
        schema={"causality": pl.String, "related": pl.Int64, "_line": pl.Int64}, orient="row",
    ).with_columns(_file=pl.lit("adverse_events.csv"), subject=pl.lit("S1"))  # fmt: skip
    kept, findings = derive_related(frame)
    assert kept.select("related", "causality").rows() == [row[2:] for row in rows]
    assert [each.line for each in findings] == [11, 12]
    assert {each.code for each in findings} == {"related_contradicts_causality"}
    assert findings[0].fix == "Correct one of the two: related is 1 from possible upwards, 0 below."


@pytest.mark.parametrize(
    ("value", "told"),
    [
        # 07:30 is 450 of 1440 minutes, 0.3125, which four decimals write whole; 07:20 is 440, 0.30556.
        (450 / 1440, False), (440 / 1440, True), (1 / 1440, True), (1439 / 1440, True), (0.0, False), (1.0, False),
        (1e-10, False), (440.5 / 1440, False), (440 / 1440 + 1e-8, True), (440 / 1440 + 1e-7, False), (1 + 440 / 1440, False), (-440 / 1440, False),
    ],
)  # fmt: skip
def test_a_result_that_was_a_time_of_day(value: float, *, told: bool) -> None:
    frame = pl.DataFrame({"value_recorded": [value]})
    assert frame.select(found=_is_time(verbs_of(frame)))["found"].to_list() == [told]


def test_an_event_is_fatal_by_its_outcome_or_its_grade() -> None:
    frame = pl.DataFrame(
        {"outcome": ["fatal", "fatal", "recovered", "recovered", "recovered"], "grade": [5, 3, 5, 4, 6]}
    )
    assert frame.select(found=_is_fatal(verbs_of(frame)))["found"].to_list() == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_arms_of_an_unlikely_size_are_named() -> None:
    # Of 10 all in one of two equal arms: 2 of 1024 patterns are as far out, more than 1 in 1000; of 11, 2 of 2048.
    even = {"A": 1, "B": 1}
    assert list(_unlikely_arms(["A"] * 10, even)) == []
    assert list(_unlikely_arms(["A"] * 11, even)) == ["A"]
    assert list(_unlikely_arms(["B"] * 11, even)) == ["A"]
    three = {"A": 1, "B": 1, "C": 1}
    assert list(_unlikely_arms(["C"] * 12, three)) == ["C"]
    assert list(_unlikely_arms(["A", "B", "C"] * 4, three)) == []


def test_a_titre_of_nothing_lies_below_the_lowest_recorded() -> None:
    logs, marked = _log2_titres(np.array([80.0, 0.0, 320.0, 40.0]), np.array([0, 0, 1, -1], dtype=np.int8))
    # 40 / 10 is two doublings; nothing is at most that.
    assert logs.tolist() == [3, 2, 5, 2]
    assert marked.tolist() == [0, -1, 1, -1]
    logs, marked = _log2_titres(np.array([0.0, 0.0]), np.array([0, 0], dtype=np.int8))
    assert (logs.tolist(), marked.tolist()) == ([0, 0], [-1, -1])


def test_the_words_of_a_titre() -> None:
    assert _titre("80", 80.0, 3.0, 10.0) == "80 -> 3 (log2 of titre / 10)"
    assert _titre("< 40", 40.0, 2.0, 10.0) == "< 40, used as 40 -> 2 (log2 of titre / 10)"
    assert _titre("0", 0.0, 2.0, 10.0) == "0, used as 40, the lowest recorded -> 2 (log2 of titre / 10)"
    # log2(30 / 10) is 1.585.
    assert _titre("30", 30.0, 1.585, 10.0) == "30 -> 1.59 (log2 of titre / 10)"
    assert _titre("1", 1.0, 0.5, 1.0) == "1 -> 0.5 (log2 of titre / 1)"


def test_scores_in_another_unit_keep_their_figures() -> None:
    values = pl.Series([0.06, 0.0625, None, 12.34])
    assert write_converted(values, ("mL/min", "mL/h"), 60.0).to_list() == [
        "0.06 mL/min -> 3.6 mL/h", "0.0625 mL/min -> 3.75 mL/h", None, "12.34 mL/min -> 740.4 mL/h",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (9_999, "9999"), (10_000, "1 × 10⁴"), (12_345, "1.235 × 10⁴"), (99_999_999, "1 × 10⁸"),
        (9.9949e7, "9.995 × 10⁷"), (1e6, "1 × 10⁶"), (1e10, "1 × 10¹⁰"),
    ],
)  # fmt: skip
def test_a_dose_of_cells_is_printed_with_three_decimals(cells: float, text: str) -> None:
    assert format_dose(cells) == text


def test_the_mean_of_decimals_is_exact() -> None:
    assert exact_mean([0.1, 0.2]) * 20 == 3
    assert exact_mean([1.0, 2.0, 4.0]) * 3 == 7


# --- doses of glucocorticoid -----------------------------------------------------------------------------


def glucocorticoid_run(baseline: str | None) -> Any:
    layout = SimpleNamespace(baseline=baseline)
    panel = SimpleNamespace(layout=layout, visit_index=("v0", "v1", "v2").index)
    return SimpleNamespace(panel=panel, study=SimpleNamespace(trial=SimpleNamespace(condition="sle")))


def test_the_dose_at_baseline_is_that_of_its_visit_or_of_the_first_day_seen() -> None:
    values = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    days = np.array([[9.0, 3.0, GAP], [GAP, 8.0, 7.0]])
    assert _baseline(glucocorticoid_run("v1"), values, days).tolist() == [2, 5]
    assert _baseline(glucocorticoid_run(None), values, days).tolist() == [2, 6]
    nothing = _baseline(glucocorticoid_run(None), np.empty((2, 0)), np.empty((2, 0)))
    assert np.isnan(nothing).all()
    assert nothing.shape == (2,)


def test_who_is_at_a_low_dose_and_whose_was_raised() -> None:
    # Doses of six subjects at three visits; at the second the first is not known, and of the last there is no baseline.
    values = np.array([[10, GAP, 7.5], [10, 5, 7.6], [5, 5, 5], [0, 0, 0], [5, 9, 5.1], [GAP, 5, 5]])
    doses = Doses(
        visits=("v0", "v1", "v2"), days=values, values=values, notes=(), baseline=values[:, 0],
        courses=np.zeros((6, 3), dtype=np.int64),
    )  # fmt: skip
    known = np.array([True] * 6)
    found = {
        name: [each.astype(int).tolist() for each in pair]
        for name, pair in _counted(glucocorticoid_run("v0"), doses, 2, known).items()
    }
    assert found["at_most_7.5"] == [[1, 0, 1, 1, 1, 1], [1] * 6]
    assert found["at_most_5"] == [[0, 0, 1, 1, 0, 1], [1] * 6]
    assert found[NONE_TAKEN] == [[0, 0, 0, 1, 0, 0], [1] * 6]
    assert found[RAISED] == [[0, 0, 0, 0, 1, 0], [1, 1, 1, 1, 1, 0]]
    # The last known dose before: 10, 5, 5, 0, 9, 5.
    assert found[RAISED_SINCE_LAST] == [[0, 1, 0, 0, 0, 0], [1] * 6]
    first = _counted(glucocorticoid_run("v0"), doses, 0, known)
    assert RAISED not in first
    assert RAISED_SINCE_LAST not in first
    some = _counted(glucocorticoid_run("v0"), doses, 2, np.array([False, False, True, True, False, False]))
    assert [each.sum() for each in some["at_most_7.5"]] == [2, 2]
    assert [each.sum() for each in some[RAISED]] == [0, 2]
    assert [each.sum() for each in some[NONE_TAKEN]] == [1, 2]


# --- cells of a sheet, rows of sources -------------------------------------------------------------------


def test_what_stands_at_a_place_of_a_sheet() -> None:
    frame = pl.DataFrame({"rash": ["1", None], "_line": [4, 6]})
    sheet = frame.with_columns(rash=pl.Series(["ja", "nein"]))
    place = SimpleNamespace
    plain = RawTable("t", "t.csv", frame, grid=Grid(header_line=3))
    read = RawTable("t", "t.csv", frame, Written({"rash": "Exanthem"}, sheet), grid=Grid(header_line=3))
    named = RawTable("t", "t.csv", frame, Written({"rash": "Exanthem"}, None), grid=Grid(header_line=3))

    def text(table: RawTable, line: int, header: str) -> str:
        where: Any = place(line=line, header=header)
        return _text_of(table, where)

    assert text(plain, 3, "rash") == "rash"
    assert [text(plain, line, "rash") for line in (4, 6, 5)] == ["1", "", ""]
    assert text(plain, 4, "other") == ""
    assert [text(read, line, "Exanthem") for line in (3, 4, 6, 5)] == ["Exanthem", "ja", "nein", ""]
    assert [text(named, line, "Exanthem") for line in (4, 6)] == ["1", ""]


def test_rows_of_sources_are_cut_to_the_first_subjects() -> None:
    frame = pl.DataFrame(
        {
            "source": ["a"] * 4 + ["b"] * 2,
            "subject": ["S1", "S1", "S2", "S3", "S2", "S3"],
            "value": [1, 2, 3, 4, 3, 4],
        }
    )
    # Six rows, but four different values.
    for most in (4, 5, 6):
        assert _cut_frame(frame, most, 2) == (frame, {}) or _cut_frame(frame, most, 2)[1] == {}
    kept, counts = _cut_frame(frame, 3, 1)
    assert kept.rows() == [("a", "S1", 1), ("a", "S1", 2), ("b", "S2", 3)]
    assert counts == {"a": 4, "b": 2}
    kept, counts = _cut_frame(frame, 3, 2)
    assert counts == {"a": 4}
    assert kept.height == 5
    assert _cut_frame(frame.clear(), 0, 1)[1] == {}


# --- grades, repeated responses, estimands ---------------------------------------------------------------


def test_steps_of_a_grade_are_counted_by_their_sign() -> None:
    run = analysis.make_run({"x": {"baseline": [1.0] * 6}})
    place = run.populations.cohort().place("systems", "x")
    system_grades._add_steps(run, place, np.array([-2.0, -1.0, 0.0, 0.0, 0.0, 1.0]))
    found = dict(run.numbers.frame().select("statistic", "value").rows())
    assert found == {"n": 6, "improved": 2, "worsened": 1, "unchanged": 3}


def test_visits_after_one() -> None:
    run = analysis.make_run({"x": {"baseline": [1.0]}})
    assert _after(run, "month_6") == ["month_9", "month_12"]
    assert _after(run, "month_12") == []
    assert _after(run, "unscheduled") == []


def test_a_later_visit_is_compared_with_the_first_in_the_same_subjects() -> None:
    yes, no, unknown = analysis._responder("MCR"), analysis.NONE, analysis.UNKNOWN
    first = [yes, yes, yes, no, no, no, no, unknown]
    later = [yes, no, yes, yes, yes, yes, no, yes]
    run = analysis.make_run({"x": {visit: [1.0] * 8 for visit in analysis.VISITS}})
    endpoint = Endpoint(
        id="r", kind="response", definition="ucmsc_bilag_response", at=("month_6", "month_12"),
        methods=("mcnemar", "mcnemar_mid"),
    )  # fmt: skip
    judged = [
        replace(analysis._answers(run, rows), visit=visit)
        for rows, visit in zip((first, later), endpoint.at, strict=True)
    ]
    repeated_responses.compare_responses_over_visits(run, endpoint, judged)
    rows = run.numbers.frame().to_dicts()
    told = {(row["statistic"], row["method"] or ""): row["value"] for row in rows}
    # Seven are known at both: three gained the response, one lost it.
    assert {(row["n"], row["denominator"], row["visit"]) for row in rows} == {(7, 7, "month_12")}
    texts = {row["statistic"]: row["text"] for row in rows}
    assert texts["estimate"] == "28.6"
    assert (told["gained", ""], told["lost", ""]) == (3, 1)
    assert told["estimate", "newcombe_paired"] == pytest.approx(100 * 2 / 7)
    assert told["lower", "newcombe_paired"] < 100 * 2 / 7 < told["upper", "newcombe_paired"]
    # Of four who changed, 1 or fewer on one side: 2 (1 + 4) / 16; mid-P takes half of the four and its mirror.
    assert told["p", "mcnemar"] == pytest.approx(10 / 16)
    assert told["p", "mcnemar_mid"] == pytest.approx(10 / 16 - 4 / 16)


def test_all_visits_are_compared_at_once() -> None:
    yes, no, unknown = analysis._responder("MCR"), analysis.NONE, analysis.UNKNOWN
    run = analysis.make_run({"x": {visit: [1.0] * 5 for visit in analysis.VISITS}})
    endpoint = Endpoint(
        id="r", kind="response", definition="ucmsc_bilag_response", at=("month_3", "month_6", "month_12"),
        methods=("cochran_q",),
    )  # fmt: skip
    columns = ([no, no, no, yes, yes], [yes, yes, no, yes, yes], [yes, yes, no, yes, unknown])
    # The recorded value behind the response of each subject is the one at that visit: five a visit, in order.
    judged = [
        replace(
            analysis._answers(run, rows), visit=visit, rows=np.arange(5) + 5 * analysis.VISITS.index(visit)
        )
        for rows, visit in zip(columns, endpoint.at, strict=True)
    ]
    repeated_responses.compare_responses_over_visits(run, endpoint, judged)
    rows = run.numbers.frame().to_dicts()
    told = {row["statistic"]: row["value"] for row in rows}
    assert {row["visit"] for row in rows} == {"all"}
    behind = run.sources.frame(run.panel.observations)
    assert set(behind["visit"]) == {"month_12"}
    assert sorted(behind["subject"]) == ["S01", "S02", "S03", "S04"]
    # Of four by three visits 1, 3, 3 respond; by subject 2, 2, 0, 3 times. Q = 2 (3 (1 + 9 + 9) - 49) / (3 * 7 - 17).
    assert {row["n"] for row in rows} == {4}
    assert told["statistic"] == pytest.approx(2 * 8 / 4)
    assert told["df"] == 2
    # Of the nine ways to place what two subjects lack, three place both at one visit, as far out as this.
    assert told["p"] == pytest.approx(3 / 9)
    empty = analysis.make_run({"x": {visit: [1.0] * 5 for visit in analysis.VISITS}})
    none_known = [analysis._answers(empty, [unknown] * 5) for _ in columns]
    repeated_responses.compare_responses_over_visits(empty, endpoint, none_known)
    (row,) = empty.numbers.frame().to_dicts()
    assert (row["statistic"], row["value"], row["status"], row["n"]) == ("p", None, "not_estimable", 0)


def estimand_run(**columns: Any) -> Any:
    values = {
        "baseline": [10.0] * 6, "month_3": [9.0, 8, 7, 6, 5, 9], "month_6": [8.0, 7, 6, 5, 4, None], "month_9": [7.0] * 6,
    }  # fmt: skip
    endpoint = Endpoint(id="c", kind="change", variable="x", at=("month_3", "month_6"), methods=("paired_t",))
    return analysis.make_run({"x": values}, analysis.make_study(endpoint), **columns), endpoint


def changes(days: dict[str, list[float]], composite: float | None = None) -> list[list[float]]:
    run, _ = estimand_run()
    estimand: Any = SimpleNamespace(composite_value=composite)
    given = {name: np.array(each + [GAP] * (6 - len(each))) for name, each in days.items()}
    found = estimands.apply_strategies(run, estimand, "x", given)
    # Months 3, 6 and 9 are days 90, 180 and 270.
    return [[float(value) for value in row[1:4]] for row in found.values]


def same(found: list[float], wanted: list[float]) -> bool:
    return bool(np.array_equal(found, wanted, equal_nan=True))


@pytest.mark.parametrize(
    ("days", "composite", "first"),
    [
        # The first subject changes by -1, -2, -3.
        ({}, None, [-1, -2, -3]),
        ({"hypothetical": [89.0]}, None, [GAP, GAP, GAP]), ({"hypothetical": [90.0]}, None, [-1, GAP, GAP]),
        ({"hypothetical": [91.0]}, None, [-1, GAP, GAP]),
        ({"while_on_treatment": [89.0]}, None, [0, 0, 0]), ({"while_on_treatment": [90.0]}, None, [-1, -1, -1]),
        ({"while_on_treatment": [180.0]}, None, [-1, -2, -2]),
        ({"composite": [90.0]}, 5.0, [5, 5, 5]), ({"composite": [91.0]}, 5.0, [-1, 5, 5]), ({"composite": [91.0]}, None, [-1, -2, -3]),
        # Whichever of two comes first decides; on one day the end of treatment does.
        ({"hypothetical": [100.0], "while_on_treatment": [200.0]}, None, [-1, GAP, GAP]),
        ({"hypothetical": [200.0], "while_on_treatment": [100.0]}, None, [-1, -1, -1]),
        ({"hypothetical": [100.0], "while_on_treatment": [100.0]}, None, [-1, -1, -1]),
        ({"composite": [200.0], "while_on_treatment": [100.0]}, 5.0, [-1, -1, 5]),
        ({"composite": [200.0], "hypothetical": [100.0]}, 5.0, [-1, GAP, 5]),
    ],
)  # fmt: skip
def test_each_strategy_begins_at_its_event(
    days: dict[str, list[float]], composite: float | None, first: list[float]
) -> None:
    found = changes(days, composite)
    assert same(found[0], first)
    # The last subject has no event, and was not seen at month 6.
    assert same(found[5], [-1, GAP, -3])


def test_what_was_not_seen_while_on_treatment_is_the_last_change_before() -> None:
    found = changes({"while_on_treatment": [GAP] * 5 + [200.0]})
    assert same(found[5], [-1, GAP, -1])


def test_the_last_visit_of_an_endpoint_is_the_day_seen_or_the_end_of_its_window() -> None:
    run, endpoint = estimand_run()
    assert estimands._horizon(run, endpoint).tolist() == [180.0] * 5 + [210.0]
    no_plan = endpoint.model_copy(update={"at": ("unscheduled",)})
    assert estimands._horizon(run, no_plan).tolist() == [np.inf] * 6
    every = endpoint.model_copy(update={"at": ()})
    assert estimands._horizon(run, every).max() >= 360


def silent(day: float, event: str, **asked: Any) -> list[str]:
    run, endpoint = estimand_run(**asked)
    named: Any = SimpleNamespace(
        id="e", intercurrent_events=(SimpleNamespace(event="death", strategy="composite"),)
    )
    rows = {
        "subject": ["S01"],
        "event": [event],
        "day": [day],
        "table": ["t"],
        "file": ["t.csv"],
        "line": [2],
    }
    days = np.full(6, GAP)
    days[0] = day
    events: Any = SimpleNamespace(days={event: days}, found=pl.DataFrame(rows))
    return [f"{each.message} {each.fix}" for each in estimands._silent_events(run, named, endpoint, events)]


@pytest.mark.parametrize(
    ("day", "event", "count"),
    [
        (180.0, "rescue", 1), (181.0, "rescue", 0), (-5.0, "rescue", 1), (90.0, "death", 0), (181.0, "death", 0),
        (np.inf, "death", 1), (np.inf, "rescue", 1),
    ],
)  # fmt: skip
def test_an_event_up_to_the_last_visit_needs_a_strategy_and_a_day(day: float, event: str, count: int) -> None:
    found = silent(day, event)
    assert len(found) == count
    if count:
        when = "on a day that is not recorded" if np.isinf(day) else f"on day {day:g}".replace("-", "\u2212")
        assert (
            found[0]
            .replace("day -", "day \u2212")
            .startswith(
                f"An intercurrent event {when}; for the estimand 'e' it must have a day. Fill its first day."
                if event == "death"
                else f"An intercurrent event {when}, and the estimand 'e' has no strategy for it. Add {{event = "
            )
        )


def test_means_of_an_estimand_are_those_of_the_changes_as_used() -> None:
    run, endpoint = estimand_run()
    estimand: Any = SimpleNamespace(id="e", summary="mean change")
    estimands._test_changes(run, estimand, endpoint)
    frame = run.numbers.frame()
    found = {
        (row["visit"], row["statistic"]): (row["value"], row["n"]) for row in frame.iter_rows(named=True)
    }
    # Month 3: -1, -2, -3, -4, -5, -1; month 6: -2 to -6 of five.
    assert found["month_3", "estimate"] == (pytest.approx(-16 / 6), 6)
    assert found["month_6", "estimate"] == (pytest.approx(-4), 5)
    assert set(frame["method"].drop_nulls()) == {"paired_t"}
    assert set(frame["contrast"]) == {""}
    median: Any = SimpleNamespace(id="e", summary="median change")
    run, endpoint = estimand_run()
    estimands._test_changes(run, median, endpoint)
    assert set(run.numbers.frame()["method"].drop_nulls()) == {"wilcoxon"}


def test_a_p_is_printed_whatever_is_noted_of_its_test() -> None:
    values = {"x": {"baseline": [4.0, 4.0, 3.0, 3.0], "month_6": [1.0, 2.0, 1.0, 3.0]}}
    run = analysis.make_run(values)
    place = run.populations.cohort().place("systems", "x")
    test = Comparison(-1.75, math.nan, math.nan, 0.0, math.nan, 0.25, 3, "signed rank", note="ties")
    add_comparison(run, place, test, "signed_rank_pratt", 2)
    texts = dict(run.numbers.frame().select("statistic", "text").rows())
    assert (texts["estimate"], texts["p"]) == ("-1.75", "0.250")
    nothing = analysis.make_run(values)
    add_comparison(nothing, place, replace(test, p=math.nan), "signed_rank_pratt", 2)
    texts = dict(nothing.numbers.frame().select("statistic", "text").rows())
    assert texts["p"] == "– (ties)"


def test_where_no_date_is_recorded_at_all_no_visit_is_said_to_be_missing() -> None:
    people = [{"subject": "01-001", "site": "01", "sex": "female", "age": 30}]
    left = [{"subject": "01-001", "status": "completed", "day": 365}]
    found = check_frames(read_study(template_path("sle")), {"subjects": people, "disposition": left})
    codes = {each.code for each in found}
    assert "completed_without_last_visit" in codes
    assert "missing_visit" not in codes
