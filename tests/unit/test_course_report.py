"""Courses of treatment on the page: what is printed of the five timelines of `test_course_efficacy`."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.documents.table import TableSpec
from funis.reporting.banners import build_notices
from funis.reporting.closing_words import limit_words
from funis.reporting.course_tables import CAUTION, build_course_tables
from funis.reporting.flow_figure import build_flow
from funis.reporting.key_results import build_key_box
from funis.reporting.methods_text import build_methods
from funis.reporting.number_book import read_numbers
from funis.reporting.report import write_report_set
from funis.reporting.safety_tables import build_adverse_event_tables, build_exposure_tables
from funis.reporting.swimmer_figures import LATER, build_swimmer
from funis.reporting.time_axis import time_axis
from funis.results import Results
from funis.study.model import Study

sys.path.insert(0, str(Path(__file__).parent))
courses = import_module("test_course_efficacy")

# S1 is infused again on day 370, S2 on day 280, S5 on day 200.
EVENTS = [
    {"subject": "S1", "term": "fever", "start_day": 0, "serious": 0},  # infusion of course 1
    {"subject": "S1", "term": "rash", "start_day": 369, "serious": 0},  # the day before course 2
    {"subject": "S1", "term": "fever", "start_day": 371, "serious": 1},  # the day after its first infusion
    {"subject": "S2", "term": "cough", "start_day": 300, "serious": 0},  # 13 days after its second
    {"subject": "S3", "term": "cough", "start_day": 300, "serious": 0},  # never infused again
]
# S1 and S2 are asked after their second course, S5 on its very day only: that is about the time before.
QUESTIONS = [
    {"subject": "S1", "visit": "unscheduled", "day": 460, "asked": 1, "any_event": 1},
    {"subject": "S2", "visit": "month_12", "day": 360, "asked": 1, "any_event": 1},
    {"subject": "S3", "visit": "month_12", "day": 360, "asked": 1, "any_event": 1},
    {"subject": "S4", "visit": "month_12", "day": 360, "asked": 1, "any_event": 0},
    {"subject": "S5", "visit": "unscheduled", "day": 200, "asked": 1, "any_event": 0},
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    found: Study = courses.trial(tmp_path_factory.mktemp("trial"))
    return found


@pytest.fixture(scope="module")
def results(study: Study) -> Results:
    tables = courses.tables(study, adverse_events=EVENTS, safety_questions=QUESTIONS)
    return analyse(study, tables)


def rows(table: TableSpec) -> list[tuple[str, ...]]:
    return [(row.stub.text, *(cell.text for cell in row.cells)) for row in table.rows]


def test_efficacy_stands_by_course_with_its_caution(study: Study, results: Results) -> None:
    conditions, table, retreated, listed = build_course_tables(study, results, read_numbers(results.numbers))
    # S1, S2 and S4 relapsed; S1 and S2 were infused again for it, S5 without one.
    assert rows(conditions) == [
        ("Relapse: lost",),
        ("Found, of those of whom it is known", "3/5", "3/5"),
        ("Infused again, of those in whom it was found", "2/3", "2/3"),
        ("Infused again without it, of those infused again", "1/3", "1/3"),
        ("Cannot be told", "0/5", "0/5"),
    ]
    assert table.heads == ("", "Course 1", "Course 2")
    shown = dict.fromkeys(rows(table))
    # The numbers by hand stand in test_course_efficacy; of two subjects, and of three times −4, no interval.
    assert ("Change to month 3, mean (interval); n/N", "−4.00 (–); 3/3", "−4.00 (n/c); 2/3") in shown
    assert ("Month 6: major clinical response", "–", "1/2; 1.3 to 98.7%") in shown
    # No course begins at grades that are a response already: A of S1 and S2, C of S5.
    assert ("Baseline: any response", "–", "1/3; 0.8 to 90.6%") in shown
    assert table.footnotes[0] == CAUTION
    # In the treated, and among everybody: the same five.
    assert rows(retreated)[:2] == [("Month 9", "1/5", "1/5"), ("Month 12", "2/5", "2/5")]
    # S1, S2 and S4 relapsed, all before a second course; the relapse is an endpoint of everybody.
    assert rows(retreated)[2:] == [("Lost: found after a second course, of those found", "0/3", "–")]
    assert rows(listed) == [
        (
            "S1",
            "2",
            "at relapse found at month 12, study day 360",
            "370",
            "2",
            "1.00",
            "Major clinical response",
        ),
        ("S2", "2", "at relapse found at month 9, study day 270", "280", "2", "1.00", "No response"),
        ("S5", "2", "at relapse", "200", "2", "1.00", "Cannot tell"),
    ]
    ids = set(results.numbers["id"])
    assert all(set(cell.ids) <= ids and cell.ids for cell in retreated.rows[0].cells)


def test_events_of_a_course_are_over_those_asked_after_it(study: Study, results: Results) -> None:
    def value(course: int, what: str) -> tuple[float | None, int]:
        name = f"adverse_events.treated.course_{course}.{what}.count"
        found = results.numbers.filter(results.numbers["id"] == name).row(0, named=True)
        return found["value"], found["denominator"]

    # Course 1: S1 (days 0 and 369) and S3; asked in it were S3, S4 and S5, S1 has an event.
    assert value(1, "any") == (2, 4)
    assert value(1, "onset_infusion_day") == (1, 4)
    assert value(1, "onset_later") == (2, 4)
    # Course 2: S1 the day after its first infusion, S2 later; S5 was not asked after its own.
    assert value(2, "any") == (2, 2)
    assert value(2, "serious") == (1, 2)
    assert value(2, "onset_day_after") == (1, 2)
    assert value(2, "onset_later") == (1, 2)
    table, *_ = build_adverse_event_tables(study, read_numbers(results.numbers))
    assert ("Course 2: events that began in it",) in rows(table)


def test_flow_swimmer_and_exposure_show_the_second_course(study: Study, results: Results) -> None:
    book = read_numbers(results.numbers)
    chart = build_flow(study, book)[0]
    assert "infused again, course 2 3" in chart.alt
    assert "exposure.treated.course_2.infused.count" in chart.ids
    figure = build_swimmer(study, results)[0]
    # Ten infusions of the first treatment, six of second courses.
    # Major responses at month 6 of all five, and of S1 again on day 180 of its second course.
    assert "10 × infusion, 6 × infusion of a later course, 6 × major clinical response" in figure.alt
    assert results.listings["courses"].select("subject", "response_day").rows()[0] == ("S1", 550)
    assert LATER in str(figure.spec)
    table = build_exposure_tables(study, book)[0]
    assert "Course 2 infusion 1" in table.heads
    assert any(
        note.startswith("Planned: infusion 2 of the course at relapse on day 7") for note in table.footnotes
    )
    words = " ".join(line for passage in build_methods(study) for line in passage.paragraphs)
    assert (
        "A later course is planned at relapse (lost), once for whoever relapses, infusions on day 0 and day 7"
        in words
    )


def test_an_axis_goes_on_where_subjects_were_followed_beyond_the_plan(study: Study) -> None:
    # Visits at months 3, 6, 9 and 12: month 15 is day 450, month 18 day 540.
    assert time_axis(study, [370])["values"] == [0, 90, 180, 270, 360]
    assert time_axis(study, [449.0])["values"][-1] == 360
    assert time_axis(study, [550])["values"][-2:] == [450, 540]
    assert '"540": "18"' in time_axis(study, [550])["labelExpr"]


def test_an_invented_scenario_is_said_on_every_page(study: Study, results: Results) -> None:
    trial = study.trial.model_copy(update={"scenario": "what if nobody had relapsed"})
    invented = study.model_copy(update={"trial": trial})
    notices = build_notices(invented, results, read_numbers(results.numbers))
    found = next(each for each in notices if each.tag == "invented scenario")
    assert found.title == "Invented scenario: what if nobody had relapsed."
    assert not any(each.tag for each in build_notices(study, results, read_numbers(results.numbers)))


def test_the_first_page_says_who_was_infused_again(study: Study, results: Results) -> None:
    """Whoever reads one box must not take a value after a second course for one of the first alone."""
    (box,) = build_key_box(study, read_numbers(results.numbers))
    said = {entry.name: "".join(part.text for part in entry.text) for entry in box.entries}
    # S1, S2 and S5; S2 (day 280) and S5 (day 200) before month 12, S1 (day 370) after it.
    assert said["Patients"].endswith("; 3 were infused again.")
    assert said["Limits"].endswith(
        " 2/5 had been infused again before month 12: their values then are used as recorded."
    )
    bound = {entry.name: [part.id for part in entry.text if part.id] for entry in box.entries}
    assert len(bound["Limits"]) == 1


def test_a_second_course_without_a_day_is_counted_apart_and_told(study: Study) -> None:
    """Not known to be before a visit is not known to be after it: such a course was silently left out."""
    rows = [
        {**row, "course": 1 if row["number"] < 3 else 2}
        | ({"day": None} if row["subject"] == "S2" and row["number"] > 2 else {})
        for row in courses.infusions(courses.AGAIN)
    ]
    results = analyse(study, courses.tables(study, infusions=rows))
    book = read_numbers(results.numbers)
    assert results.value("course.treated.retreated_without_day.count") == 1
    # S5 alone is known to have been infused again before month 12.
    assert results.value("course.treated.month_12.retreated_before.count") == 1
    (box,) = build_key_box(study, book)
    said = {entry.name: "".join(part.text for part in entry.text) for entry in box.entries}
    assert "1/5 had been infused again before month 12" in said["Limits"]
    assert said["Limits"].endswith(" Of 1 infused again the day is not recorded.")
    _, _, retreated, *_ = build_course_tables(study, results, book)
    assert any(note.startswith("A second course of which no day is recorded") for note in retreated.footnotes)
    lines = ["".join(part.text for part in line) for line in limit_words(study, book)]
    assert any(line.startswith("The day of the second course is not recorded of 1 of 5: ") for line in lines)


def test_lots_are_no_share_of_the_subjects(study: Study) -> None:
    """Two lots for five subjects read 2/5."""
    given = [{**row, "lot": f"L{row['number'] % 2}"} for row in courses.infusions(courses.AGAIN)]
    (table,) = build_exposure_tables(
        study, read_numbers(analyse(study, courses.tables(study, infusions=given)).numbers)
    )
    shown = {row.stub.text: [cell.text for cell in row.cells if cell.text] for row in table.rows}
    assert shown["Lots"] == ["2"]


def test_nobody_is_infused_again_of_whom_none_counts_as_treated(study: Study) -> None:
    """Without a single day it read: 0 patients were treated; 3 were infused again."""
    rows = [
        {**row, "course": 1 if row["number"] < 3 else 2, "day": None}
        for row in courses.infusions(courses.AGAIN)
    ]
    results = analyse(study, courses.tables(study, infusions=rows))
    (box,) = build_key_box(study, read_numbers(results.numbers))
    said = "".join(part.text for part in box.entries[0].text)
    assert said.startswith("0 patients were treated")
    assert "infused again" not in said
    (chart,) = build_flow(study, read_numbers(results.numbers))
    treated = next(step.box for step in chart.steps if "reated" in step.box.title)
    assert "".join(part.text for part in treated.count) == "cannot tell: no first infusion has a day"
    assert not [box.title for step in chart.steps for box in step.boxes if "again" in box.title]


def test_notes_of_courses_name_what_is_printed_alone(study: Study, results: Results) -> None:
    """They named a population and the Wilson interval of numbers that stand in no cell."""
    table = build_course_tables(study, results, read_numbers(results.numbers))[0]
    said = " ".join(table.footnotes)
    assert "Wilson" not in said
    assert said.count("Population: ") == len(
        {
            part
            for part in ("enrolled", "treated")
            if any(f".{part}." in name for row in table.rows for cell in row.cells for name in cell.ids)
        }
    )


@pytest.mark.parametrize("copies", [100, 101])
def test_a_long_list_of_courses_leads_to_the_file_that_holds_them_all(
    study: Study, results: Results, tmp_path: Path, copies: int
) -> None:
    """Three later courses, told a hundred times, are 300 rows: all are printed. One time more is too long."""
    courses_told = pl.concat([results.listings["courses"]] * copies)
    told = replace(results, listings={**results.listings, "courses": courses_told})
    *_, listed = build_course_tables(study, told, read_numbers(told.numbers))
    files = write_report_set(study, told, tmp_path / "report", ("md",)).files
    whole = tmp_path / "report" / "listings" / "courses.csv"
    if copies == 100:
        assert (len(listed.rows), listed.instead, whole.exists()) == (300, (), False)
        return
    (line,) = listed.instead
    said = "The first 50 of 303 rows; all stand in listings/courses.csv beside this page."
    assert (len(listed.rows), "".join(part.text for part in line)) == (50, said)
    assert [part.target for part in line if part.target] == ["listings/courses.csv"]
    assert whole in files
    written = pl.read_csv(whole)
    assert written.height == 303
    assert written.row(2)[:3] == ("S5", 2, "relapse")
    assert said.replace("listings/courses.csv", "[listings/courses.csv](listings/courses.csv)") in (
        tmp_path / "report" / "report.md"
    ).read_text(encoding="utf-8")
