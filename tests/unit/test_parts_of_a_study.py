"""What a study says of itself: its baseline, its courses, the day of each row; and texts that no page can hold."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.errors import StudyError
from funis.study.check import check_study
from funis.study.courses import PlacedInfusion, days_allowed, first_due, planned_courses
from funis.study.days import derive_anchors, derive_days, fill_dates
from funis.study.model import Study
from funis.study.read import _finding, read_study
from funis.study.sources import filling_tests, items_of_tests, source_of_variable
from funis.toml_places import find_lines

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
COHORT = {**TRIAL, "design": "observational"}


def study_of(trial: Mapping[str, str] = TRIAL, **parts: Any) -> Study:
    return Study.model_validate({"study": trial, **parts})


def planned(*visits: tuple[str, int]) -> tuple[dict[str, Any], ...]:
    return tuple({"name": name, "day": day} for name, day in visits)


# --- the baseline ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visits", "of_trial", "of_cohort"),
    [
        ([], None, None),
        ([("entry", 0), ("month_1", 30)], "entry", "entry"),
        ([("screening", -28), ("entry", 0), ("month_1", 30)], "entry", "entry"),
        ([("screening", -28), ("last", -1), ("month_1", 30)], "last", "last"),
        ([("baseline", -7), ("infusion", 0)], "baseline", "baseline"),
        # A visit after day 0 is no baseline, whatever its name; a cohort begins with its first visit.
        ([("month_1", 1), ("month_2", 60)], None, "month_1"),
        ([("infusion", 0), ("baseline", 1)], "infusion", "infusion"),
    ],
)
def test_the_baseline_is_the_visit_of_that_name_or_the_last_before_the_infusion(
    visits: list[tuple[str, int]], of_trial: str | None, of_cohort: str | None
) -> None:
    assert study_of(visits=planned(*visits)).baseline_visit == of_trial
    assert study_of(COHORT, visits=planned(*visits)).baseline_visit == of_cohort


def test_follow_up_begins_after_day_zero() -> None:
    study = study_of(visits=planned(("a", -1), ("b", 0), ("c", 1)))
    assert [visit.name for visit in study.follow_up_visits] == ["c"]
    assert study.visit_names == ("a", "b", "c")


# --- courses -----------------------------------------------------------------------------------------

AGAIN: list[dict[str, Any]] = [
    {"day": 0},
    {"day": 7},
    {"when": "month_6", "day": 0},
    {"when": "month_6", "day": 10},
]
MONTHS = planned(("baseline", 0), ("month_6", 180), ("month_7", 190), ("month_8", 200))


def wrong(*infusions: dict[str, Any], visits: Any = MONTHS) -> list[tuple[str, str]]:
    found = check_study(study_of(visits=visits, infusions=infusions))
    return [(".".join(map(str, each.key)), each.value) for each in found]


def test_a_course_begins_after_the_last_infusion_of_the_one_before() -> None:
    assert wrong(*AGAIN) == []
    last: dict[str, Any] = {"when": "month_6", "day": 5}
    # From month 6, day 180, a course of 0 and 10 days ends on day 190, the day of month 7.
    assert wrong(*AGAIN, {"when": "month_7", "day": 0}) == [("infusions.4.when", "month_7")]
    assert wrong(*AGAIN, {"when": "month_8", "day": 0}) == []
    assert wrong(*AGAIN[:2], AGAIN[2], last, AGAIN[3], {"when": "month_7", "day": 0}) == [
        ("infusions.5.when", "month_7")
    ]
    assert wrong(*AGAIN[:3], {"when": "month_7", "day": 0}) == []
    # The first treatment ends on day 7: a visit on that day is not after it, whether it has one infusion or two.
    soon = planned(("baseline", 0), ("week_1", 7), ("week_2", 8))
    assert wrong(*AGAIN[:2], {"when": "week_1", "day": 0}, visits=soon) == [("infusions.2.when", "week_1")]
    assert wrong(*AGAIN[:2], {"when": "week_2", "day": 0}, visits=soon) == []
    assert wrong({"day": 0}, {"when": "week_1", "day": 0}, visits=soon) == []


def test_windows_of_one_course_do_not_overlap() -> None:
    first: dict[str, Any] = {"day": 0, "window": (0, 5)}
    second: dict[str, Any] = {"day": 7, "window": (-1, 1)}
    later: dict[str, Any] = {"when": "month_6", "day": 0, "window": (-3, 9)}
    assert wrong(first, second) == []
    assert wrong(first | {"window": (0, 6)}, second) == [("infusions.1.window", "[-1, 1]")]
    # The window of the first infusion of a later course lies around its visit, those of the others around it.
    assert wrong(first, second, later, second | {"when": "month_6"}) == []
    wide = {"when": "month_6", "day": 7, "window": (-7, 1)}
    assert wrong(first, second, later, wide) == [("infusions.3.window", "[-7, 1]")]
    assert wrong(first, second, later, wide | {"window": (-6, 1)}) == []
    assert wrong(first, second, later | {"day": 1}) == [("infusions.2.day", "1")]


RESPONDS: dict[str, Any] = {
    "id": "r",
    "kind": "response",
    "definition": "ucmsc_bilag_response",
    "at": ("month_6",),
}
RELAPSES: dict[str, Any] = {"id": "q", "kind": "relapse", "definition": "ucmsc_bilag_response"}


@pytest.mark.parametrize(
    ("endpoints", "day"),
    [
        # A relapse is looked for after the visit of the response, never at it.
        ((RESPONDS, RELAPSES | {"at": ("month_6", "month_8")}), 200.0),
        ((RESPONDS, RELAPSES | {"at": ("month_7", "month_8")}), 190.0),
        ((RESPONDS, RELAPSES), 190.0),
        ((RELAPSES,), 180.0),
        ((RESPONDS, RELAPSES | {"at": ("baseline",)}), None),
        ((RESPONDS,), None),
    ],
)
def test_a_course_at_relapse_is_due_from_the_first_visit_that_can_find_one(
    endpoints: tuple[dict[str, Any], ...], day: float | None
) -> None:
    plan = ({"day": 0}, {"when": "relapse", "day": 0})
    study = study_of(visits=MONTHS, infusions=plan, endpoints=endpoints)
    assert first_due(study, planned_courses(study)[1]) == day


def test_the_first_infusion_of_a_study_is_planned_by_day() -> None:
    assert wrong({"when": "month_6", "day": 0}, {"day": 0})[0] == ("infusions.0.when", "month_6")


def test_days_are_allowed_where_an_infusion_is_planned() -> None:
    windowed = ({"day": 0}, {"day": 7, "window": (-1, 2)}, {"when": "month_6", "day": 0, "window": (-3, 4)},
                {"when": "month_6", "day": 10})  # fmt: skip
    study = study_of(visits=MONTHS, infusions=windowed)
    first, later = planned_courses(study)

    def allowed(course: int, position: int, start: float | None) -> tuple[float, float] | None:
        return days_allowed(study, PlacedInfusion(course, position, start, (first, later, None)[course - 1]))

    assert (allowed(1, 1, 0.0), allowed(1, 2, 0.0)) == ((0, 0), (6, 9))
    # The third infusion of a treatment of two, and a course that nobody planned.
    assert (allowed(1, 3, 0.0), allowed(1, 0, 0.0), allowed(3, 1, 300.0)) == (None, None, None)
    assert (allowed(2, 1, 182.0), allowed(2, 2, 182.0), allowed(2, 2, None)) == ((177, 184), (192, 192), None)
    assert [(each.opens, each.closes) for each in study.infusions] == [(0, 0), (6, 9), (-3, 4), (10, 10)]


# --- levels, visits, outcomes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("success", "levels"),
    [(None, [0.96, 0.96, 0.96, 0.9]), ("all", [0.96, 0.96, 0.96, 0.9]), ("any", [0.98, 0.98, 0.96, 0.9])],
)
def test_the_level_is_divided_over_primary_endpoints_where_one_suffices(
    success: str | None, levels: list[float]
) -> None:
    """Alpha is 0.04: of two primary endpoints each has 0.02; the others, and one with a level of its own, keep theirs."""
    ends = [{"id": name, "kind": "exposure"} for name in "abcd"]
    given = (
        ends[0] | {"role": "primary"},
        ends[1] | {"role": "primary"},
        ends[2],
        {"id": "d", "kind": "adverse_events", "level": 0.9},
    )
    plan = {"co_primary": {"success": success}} if success else {}
    trial: Any = {**TRIAL, "alpha": 0.04}
    study = study_of(trial, endpoints=given, **plan)
    assert [study.level_of(each) for each in study.endpoints] == pytest.approx(levels)


@pytest.mark.parametrize(("window", "days"), [(None, (30, 30)), ((-3, 5), (27, 35)), ((0, 0), (30, 30))])
def test_a_visit_opens_and_closes_with_its_window(window: Any, days: tuple[int, int]) -> None:
    (visit,) = study_of(visits=({"name": "month_1", "day": 30, "window": window},)).visits
    assert (visit.opens, visit.closes, visit.printed) == (*days, "Month 1")


def test_an_outcome_with_the_name_of_a_column_is_told_once() -> None:
    named = {"id": "sex", "kind": "response", "definition": "doris_2021", "at": ("month_6",)}
    found = check_study(study_of(visits=MONTHS, endpoints=(named,), subgroups={"women": "sex = 'female'"}))
    assert [(each.key, each.message) for each in found] == [
        (("subgroups", "women"), "'sex' is a column of the subjects and an outcome of the endpoints.")
    ]


def test_a_grade_belongs_to_its_instrument_and_a_test_to_itself() -> None:
    chosen: dict[str, Any] = {"sledai_2k": {}, "bilag_2004": {}, "bilag_classic_9_3_1": {}}
    study = study_of(instruments=chosen, labs=({"test": "c3", "unit": "g/L"},))
    owners = {
        "bilag_2004_renal": "bilag_2004",
        "bilag_2004": "bilag_2004",
        "sledai_2k": "sledai_2k",
        "c3": "c3",
        "unknown": "unknown",
        "essdai_renal": "essdai_renal",
    }
    assert {name: source_of_variable(study, name) for name in owners} == owners


def test_a_test_fills_the_items_that_it_decides_at_its_own_visit() -> None:
    labs = tuple(
        {"test": name, "unit": unit} for name, unit in (("platelets", "10^9/L"), ("creatinine", "umol/L"))
    )
    study = study_of(instruments={"sledai_2k": {}}, labs=labs)
    assert [item.name for item in items_of_tests(study, "sledai_2k")] == ["thrombocytopenia"]
    assert filling_tests(study, "sledai_2k") == frozenset({"platelets"})
    assert items_of_tests(study, "no_such") == ()
    assert items_of_tests(study_of(instruments={"sledai_2k": {}}), "sledai_2k") == ()


# --- days --------------------------------------------------------------------------------------------


def rows(*given: tuple[Any, ...]) -> pl.DataFrame:
    schema = {"subject": pl.String, "visit": pl.String, "date": pl.Date, "day": pl.Int64}
    return pl.DataFrame(given, schema=schema, orient="row")


ON = date(2020, 1, 10)


def test_a_form_without_a_date_has_that_of_its_visit() -> None:
    visits = rows(("A", "v1", ON, None), ("A", "v2", None, 30), ("B", "v1", ON, None), ("B", "v1", ON, None))
    form = rows(
        ("A", "v1", None, None), ("A", "v2", None, None), ("A", "v1", None, 5), ("A", "v1", date(2020, 1, 11), None),
        ("A", "v3", None, None), ("B", "v1", None, None),
    )  # fmt: skip
    filled = fill_dates({"visits": visits, "form": form, "dateless": form.drop("date")})
    # A day or date that was given stays; of a visit that is listed twice nothing can be told.
    assert filled["form"].select("date", "day").rows() == [
        (ON, None), (None, 30), (None, 5), (date(2020, 1, 11), None), (None, None), (None, None),
    ]  # fmt: skip
    assert filled["form"].columns == form.columns
    assert filled["visits"] is visits
    assert filled["dateless"].columns == ["subject", "visit", "day"]
    whole = form.filter(pl.col("date").is_not_null())
    assert fill_dates({"visits": visits, "form": whole})["form"] is whole


def test_a_dated_row_has_its_study_day_and_a_day_without_a_date_stays() -> None:
    anchors = pl.DataFrame(
        {"subject": ["A", "B"], "anchor": [ON, None]}, schema={"subject": pl.String, "anchor": pl.Date}
    )
    bare = rows(
        ("A", "", date(2020, 1, 9), 77), ("A", "", None, 4), ("B", "", ON, 8), ("C", "", ON, None)
    ).drop("visit")
    span = pl.DataFrame(
        {"subject": ["A"], "start": [ON], "start_day": [None], "end": [date(2020, 1, 12)], "end_day": [None]}
    )
    found = derive_days(
        {"bare": bare, "span": span, "none": bare.drop("day"), "empty": bare.clear()}, anchors
    )
    assert found["bare"]["day"].to_list() == [-1, 4, 8, None]
    assert found["span"].select("start_day", "end_day").rows() == [(0, 2)]
    assert found["none"].columns == ["subject", "date"]
    assert found["empty"].is_empty()


@pytest.mark.parametrize(
    ("trial", "infusions", "anchor", "anchored_on"),
    [
        (TRIAL, ({"day": 0},), ON, "first_infusion"),
        (TRIAL, (), ON, "first_infusion"),
        (COHORT, ({"day": 0},), ON, "first_infusion"),
        # A cohort without planned infusions counts from its first visit, whatever was infused.
        (COHORT, (), date(2020, 1, 1), "first_visit"),
    ],
)
def test_day_zero_is_the_first_infusion_unless_a_cohort_plans_none(
    trial: Mapping[str, str], infusions: Any, anchor: date, anchored_on: str
) -> None:
    dated = rows(("A", "entry", date(2020, 1, 1), None), ("A", "later", date(2020, 1, 20), None))
    given = rows(("A", "", date(2020, 1, 17), None), ("A", "", ON, None))
    frames = {
        "subjects": pl.DataFrame({"subject": ["A"]}),
        "visits": dated,
        "infusions": given,
        "disposition": given,
    }
    study = study_of(trial, infusions=infusions, visits=planned(("entry", 0), ("later", 30)))
    assert derive_anchors(study, frames).rows() == [("A", anchor, anchored_on)]
    without = derive_anchors(study, {**frames, "infusions": given.clear()})
    assert without.rows() == [("A", date(2020, 1, 1), "first_visit")]
    # A table that holds nothing else tells of a visit too.
    bare = frames | {"visits": dated.select("subject", "visit", "date"), "infusions": given.clear()}
    assert derive_anchors(study, bare).rows() == [("A", date(2020, 1, 1), "first_visit")]


# --- texts -------------------------------------------------------------------------------------------

HEAD = '[study]\nid = "X"\ntitle = "X"\ncondition = "sle"\ndesign = "observational"\n'


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('[populations]\nall_of_us = "age > 1\\u0001"\n', [("populations.all_of_us", 7)]),
        ('[instruments."a\\u0001"]\nmissing = "strict"\n', [("instruments.…", 6)]),
        ('[populations]\nevery = "age > 1"\n[[sites]]\nid = "01"\nname = "A\\u0001"\n[[sites]]\nid = "02\\u0001"\nname = "B"\n',
         [("sites[1].name", 10), ("sites[2].id", 12)]),
    ],
)  # fmt: skip
def test_a_letter_that_no_page_can_hold_is_told_once_at_its_key(
    text: str, places: list[tuple[str, int]], tmp_path: Path
) -> None:
    (tmp_path / "study.toml").write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path)
    found = caught.value.findings
    assert [(each.column, each.line) for each in found] == places
    assert {(each.code, each.value) for each in found} == {("control_character", "U+0001")}


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('[a."b.c"]\nx = 1\n', ("a", "b.c", "x"), 2),
        ("[a.'b.c']\nx = 1\n", ("a", "b.c"), 1),
        ('["\\u0061" . b ]\nx = 1\n', ("a", "b", "x"), 2),
        ('a . "b\\"c" = 1\n', ("a", 'b"c'), 1),
        ("a.b.c = 1\n", ("a", "b", "c"), 1),
    ],
)
def test_a_quoted_name_is_one_part_of_a_key(text: str, path: tuple[str, ...], line: int) -> None:
    assert find_lines(text)[path] == line


def test_a_line_of_a_longer_text_that_looks_like_a_key_stops_nothing() -> None:
    assert find_lines('a = """\n"b\\q" = 1\n"""\nc = 2\n')["c",] == 4


VISITS = """
[[visits]]
name = "first"
day = "0"
[[visits]]
name = "second"
day = "30"
[[visits]]
name = "third"
day = 60
[[visits]]
name = "fourth"
day = 50
[[visits]]
name = "fifth"
day = "70"
[[visits]]
name = "sixth"
day = 50
"""


def findings(folder: Path, text: str) -> list[tuple[str, int | None, str, str, str]]:
    (folder / "study.toml").write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    return [(each.column, each.line, each.value, each.message, each.fix) for each in caught.value.findings]


def test_what_is_left_of_a_broken_list_is_checked_under_its_own_numbers(tmp_path: Path) -> None:
    """Visits 1, 2 and 5 have their days in quotes; of those left 4 stands before 3, and 6 beside 4."""
    said = [each[:4] for each in findings(tmp_path, VISITS)]
    wrong = "'day' must be a whole number without quotes."
    assert said == [
        ("visits[1].day", 9, "0", wrong),
        ("visits[2].day", 12, "30", wrong),
        ("visits[4].day", 18, "50", "Day 50 stands after day 60."),
        ("visits[5].day", 21, "70", wrong),
        ("visits[6].day", 24, "50", "Day 50 stands after day 50."),
    ]


@pytest.mark.parametrize(
    ("text", "key", "line", "message", "fix"),
    [
        ('[instruments.sledai_2k]\nmissing2 = "strict"\n', "instruments.sledai_2k.missing2", 7,
         "There is no key 'missing2' here.", "The nearest is 'missing'."),
        ("[populations]\nold = 65\n", "populations.old", 7, "'old' must be a text in quotes.", ""),
        ("[report]\nmain = 5\n", "report.main", 7, "'main' must be a list in [ ].", ""),
        ("[[visits]]\nname = 5\nday = 0\n", "visits[1].name", 7, "'name' must be a text in quotes.", ""),
        ("[[visits]]\nname = 'a'\nday = 0.5\n", "visits[1].day", 8, "'day' must be a whole number.", ""),
        ("[[visits]]\nname = 'a'\n", "visits[1].day", 6, "The key 'day' is missing.", ""),
        ("[[visits]]\nname = 'A a'\nday = 0\n", "visits[1].name", 7, "'name' is not a name.", "a letter first, for example month_6"),
        ("[[endpoints]]\nid = 'e'\nkind = 'chance'\n", "endpoints[1].kind", 8, "'kind' does not take this value.", "The nearest is 'change'."),
    ],
)  # fmt: skip
def test_a_broken_key_is_told_with_its_line_and_what_would_be_right(
    text: str, key: str, line: int, message: str, fix: str, tmp_path: Path
) -> None:
    (found,) = findings(tmp_path, text)
    assert (found[0], found[1], found[3]) == (key, line, message)
    assert fix in found[4]


@pytest.mark.parametrize(("length", "shown"), [(59, 59), (60, 60), (61, 60)])
def test_at_most_sixty_letters_of_a_value_are_shown(length: int, shown: int) -> None:
    kind = "change_" * 10
    detail: Any = {
        "type": "literal_error",
        "input": kind[:length],
        "ctx": {"expected": "'change'"},
        "loc": ("kind",),
    }
    assert len(_finding(("endpoints", 0, "kind"), detail).value) == shown
