"""Small parts of the checks by themselves: what a finding quotes of its sheet, who gave cells, what is known of a table."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from funis.data.cells import RawData, RawTable, Written
from funis.data.check.advice import ColumnOfDates, fix_of_date
from funis.data.check.as_written import quote_written
from funis.data.check.causality import derive_related
from funis.data.check.cell_chain import CellChain, join_cells
from funis.data.check.checked_data import Data
from funis.data.check.date_forms import date_fix, may_show
from funis.data.check.eligibility import columns_in_criteria
from funis.data.check.events import derive_status
from funis.data.check.reactions import unlisted_reactions
from funis.data.check.row_findings import on_day, show_value
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.study.model import Study
from funis.study.subject_parts import count_years

# --- what stands in the sheet ------------------------------------------------------------------------

ROWS = pl.DataFrame(
    {"subject": ["A", "B", None], "visit": ["v1", None, "v3"], "value": ["7.5", "80", "ND"], "unit": ["g", "mg", "g"], "_line": [2, 4, 5]}
)  # fmt: skip
CELLS = pl.DataFrame({"value": ["7,5", "80 ", None], "unit": ["Gramm", "mg", "g"], "_line": [2, 4, 5]})
TRANSLATED = RawTable("labs", "labs.csv", ROWS, Written({"value": "Ergebnis", "unit": "Unit"}, CELLS))
PLAIN = RawTable("labs", "labs.csv", ROWS)


def quoted(raw_table: RawTable, *, is_used: bool = True, **said: Any) -> Finding:
    given: dict[str, Any] = {
        "level": "error", "code": "odd_value", "table": "labs", "file": "labs.csv", "line": 2, "column": "value",
        "value": "7.5", "message": "'value' is odd.", "fix": "",
    }  # fmt: skip
    raw = RawData(tables={"labs": raw_table}) if is_used else RawData(unused=[raw_table])
    (found,) = quote_written([Finding(**given | said)], raw)
    return found


def test_a_finding_takes_subject_and_visit_from_its_row() -> None:
    for line, subject, visit in ((2, "A", "v1"), (4, "B", ""), (5, "", "v3"), (3, "", ""), (None, "", "")):
        found = quoted(PLAIN, line=line)
        assert (found.subject, found.visit) == (subject, visit)
    own = quoted(PLAIN, subject="S9", visit="other")
    assert (own.subject, own.visit) == ("S9", "other")
    # What belongs to a whole column, or to a row of totals, has no subject.
    for code in ("missing_column", "unknown_column", "duplicate_column", "control_character", "total_row"):
        assert quoted(PLAIN, code=code).subject == ""
        assert quoted(TRANSLATED, code=code).subject == ""
    # A table that is not used as it stands has its rows too, but only where it is the one of the finding.
    assert quoted(PLAIN, is_used=False).subject == "A"
    assert quoted(PLAIN, is_used=False, file="other.csv").subject == ""
    assert quoted(PLAIN, table="visits").subject == ""


@pytest.mark.parametrize(
    ("line", "column", "value", "shown"),
    [
        (2, "value", "7.5", "7,5"),
        (2, "value", "7.5 g", "7,5 g"),
        # A number is quoted as the checks show it; the sheet has it with a space.
        (4, "value", "80", "80"),
        (4, "value", "80 mg", "80 mg"),
        (2, "unit", "g", "Gramm"),
        # Another value than the cell's stays, as does one of a row or a column that is not there.
        (2, "value", "8", "8"),
        (3, "value", "7.5", "7.5"),
        (None, "value", "7.5", "7.5"),
        (2, "visit", "v1", "v1"),
        (5, "value", "ND", "ND"),
        (2, "value", "", ""),
    ],
)
def test_a_translated_cell_is_quoted_as_it_stands(
    line: int | None, column: str, value: str, shown: str
) -> None:
    assert quoted(TRANSLATED, line=line, column=column, value=value).value == shown
    assert quoted(PLAIN, line=line, column=column, value=value).value == value


def test_at_most_sixty_letters_of_a_cell_are_quoted() -> None:
    long = "x" * 61
    cells = pl.DataFrame({"value": [long], "unit": ["word " + long], "_line": [2]})
    table = RawTable("labs", "labs.csv", ROWS.head(1), Written({}, cells))
    assert quoted(table).value == "x" * 60
    many = ROWS.head(1).with_columns(unit=pl.lit("two words"))
    table = RawTable("labs", "labs.csv", many, Written({}, cells))
    assert quoted(table, column="unit", value="two words").value == ("word " + long)[:60]
    assert quoted(table, column="unit", value="two other").value == "two other"


@pytest.mark.parametrize(
    ("column", "message", "said"),
    [
        ("value", "'value' is odd.", "'value' (column 'Ergebnis' of the sheet) is odd."),
        ("value", "'value' and 'value'.", "'value' (column 'Ergebnis' of the sheet) and 'value'."),
        ("value", "It is odd.", "It is odd (column 'Ergebnis' of the sheet)."),
        ("value", "'Ergebnis' is odd.", "'Ergebnis' is odd."),
        # Capitals alone are no other name, and a column that was not named otherwise has no other.
        ("unit", "'unit' is odd.", "'unit' is odd."),
        ("visit", "'visit' is odd.", "'visit' is odd."),
    ],
)
def test_a_column_is_called_what_it_is_called_in_the_sheet(column: str, message: str, said: str) -> None:
    assert quoted(TRANSLATED, column=column, message=message).message == said
    assert quoted(PLAIN, column=column, message=message).message == message
    assert quoted(TRANSLATED, column=column, message=message, subject="S9").message == said


# --- causality ---------------------------------------------------------------------------------------

#: What a row says of its event, what is kept of it, and whether it is told.
RELATIONS: list[tuple[tuple[int | None, str | None], tuple[int | None, str | None], bool]] = [
    ((None, "unrelated"), (0, "unrelated"), False),
    ((None, "unlikely"), (0, "unlikely"), False),
    ((None, "possible"), (1, "possible"), False),
    ((None, "probable"), (1, "probable"), False),
    ((None, "definite"), (1, "definite"), False),
    ((None, None), (None, None), False),
    ((1, None), (1, None), False),
    ((0, None), (0, None), False),
    ((1, "possible"), (1, "possible"), False),
    ((0, "unlikely"), (0, "unlikely"), False),
    ((1, "unlikely"), (None, None), True),
    ((0, "definite"), (None, None), True),
]


def test_the_level_of_causality_says_whether_an_event_is_related() -> None:
    said = [row for row, _, _ in RELATIONS]
    frame = pl.DataFrame(
        {
            "subject": ["A"] * len(said),
            "related": [related for related, _ in said],
            "causality": [causality for _, causality in said],
            "_file": ["f"] * len(said),
            "_line": range(len(said)),
        }
    )
    derived, findings = derive_related(frame)
    assert derived.select("related", "causality").rows() == [kept for _, kept, _ in RELATIONS]
    assert derived.columns == frame.columns
    assert [(each.level, each.code, each.line, each.column, each.value) for each in findings] == [
        ("error", "related_contradicts_causality", line, "causality", causality)
        for line, ((_, causality), _, is_told) in enumerate(RELATIONS)
        if is_told
    ]
    assert ["related = 1;" in findings[0].message, "related = 0;" in findings[1].message] == [True, True]


# --- how participation ended -------------------------------------------------------------------------

FLAGS = ("completed", "withdrew", "lost", "died")
#: What a row says, how participation ended by it, and what is told of it.
ENDS: list[tuple[Mapping[str, Any], str | None, str]] = [
    ({}, None, ""),
    ({"status": "lost"}, "lost", ""),
    ({"died": 1}, "died", ""),
    ({"died": 0}, None, ""),
    ({"status": "died", "died": 1}, "died", ""),
    ({"status": "ongoing", "died": 0, "lost": 0}, "ongoing", ""),
    # Two ends are none, whether a flag contradicts the status or another flag.
    ({"status": "ongoing", "died": 1}, None, "ongoing and died"),
    ({"withdrew": 1, "lost": 1}, None, "withdrew and lost"),
]


def test_flags_say_how_participation_ended_where_the_status_does_not() -> None:
    empty = {"subject": "A", "status": None, **dict.fromkeys(FLAGS), "_file": "d.csv"}
    rows = [{**empty, **said, "_line": line} for line, (said, _, _) in enumerate(ENDS)]
    frame = pl.DataFrame(rows, schema_overrides={"status": pl.String, **dict.fromkeys(FLAGS, pl.Int64)})
    derived, findings = derive_status(frame)
    assert derived["status"].to_list() == [status for _, status, _ in ENDS]
    assert derived.columns == frame.columns
    assert [(each.level, each.code, each.line, each.column, each.value) for each in findings] == [
        ("error", "disposition_contradiction", line, "status", value)
        for line, (_, _, value) in enumerate(ENDS)
        if value
    ]


# --- cells of donors and lots ------------------------------------------------------------------------

DAY = date(2020, 1, 10)


def chain(lots: list[Mapping[str, Any]], infusions: list[Mapping[str, Any]]) -> CellChain:
    plain = {"donor": "D", "release": None, "release_date": None}
    return CellChain(({"donor": "D"}, {"donor": "E"}), [{**plain, **each} for each in lots], infusions)


@pytest.mark.parametrize(
    ("lot", "given", "is_used", "first"),
    [
        ({"release": "released", "release_date": DAY}, [], True, DAY),
        ({"release": "conditional", "release_date": DAY}, [], True, DAY),
        ({"release": "released"}, [], True, None),
        # Of a lot that was not released the date is no release; it may have been given without one.
        ({"release": "quarantine", "release_date": DAY}, [], False, None),
        ({"release": "rejected", "release_date": DAY}, [date(2020, 2, 1)], True, date(2020, 2, 1)),
        ({"release": "released", "release_date": DAY}, [date(2020, 2, 1), date(2020, 1, 9), None], True, date(2020, 1, 9)),
        ({"release": "released", "release_date": DAY}, [date(2020, 2, 1)], True, DAY),
        ({}, [None], True, None),
    ],
)  # fmt: skip
def test_a_lot_is_used_once_it_is_released_or_given(
    lot: Mapping[str, Any], given: list[date | None], *, is_used: bool, first: date | None
) -> None:
    found = chain([{"lot": "L", **lot}], [{"lot": "L", "date": day} for day in given])
    donor, other = found.donors
    assert found.is_used(found.lots[0]) is is_used
    assert found.needs_donor(donor) is is_used
    assert found.first_use(donor) == first
    assert (found.needs_donor(other), found.first_use(other)) == (False, None)


def test_without_a_recorded_lot_the_cells_of_any_donor_may_have_been_given() -> None:
    assert chain([], []).needs_donor({"donor": "D"})
    assert not chain([{"lot": "L"}], []).needs_donor({"donor": "D"})


def test_infusions_of_a_control_arm_are_of_cells_where_they_name_cells_or_a_lot() -> None:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "parallel"}
    arms = ({"id": "cells", "name": "Cells"}, {"id": "sham", "name": "Sham", "control": True})
    frames = {
        "subjects": pl.DataFrame({"subject": ["A", "B"], "arm": ["cells", "sham"]}),
        "donors": pl.DataFrame({"donor": ["D"]}),
        "lots": pl.DataFrame({"lot": ["L"]}),
        "infusions": pl.DataFrame(
            {
                "subject": ["A", "B", "B", "B", "C"],
                "cells": [None, None, 0.0, 5.0, None],
                "lot": [None, None, None, None, None],
                "number": [1, 1, 2, 3, 1],
            },
            schema_overrides={"lot": pl.String},
        ),
    }

    def numbers(**parts: Any) -> list[tuple[str, int]]:
        found = join_cells(Study.model_validate({"study": trial, **parts}), frames)
        return [(row["subject"], row["number"]) for row in found.infusions]

    assert numbers(arms=arms) == [("A", 1), ("B", 3), ("C", 1)]
    everything = [("A", 1), ("B", 1), ("B", 2), ("B", 3), ("C", 1)]
    # No arm is the control arm, and there may be none at all.
    assert numbers(arms=tuple({**arm, "control": False} for arm in arms)) == everything
    assert numbers() == everything
    frames["infusions"] = frames["infusions"].with_columns(lot=pl.lit("L"))
    assert numbers(arms=arms) == everything


# --- what is known of the tables ---------------------------------------------------------------------


def data(**frames: pl.DataFrame) -> Data:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    return Data(Study.model_validate({"study": trial}), frames, frozenset(frames), frozenset())


def test_rows_are_missed_only_in_a_table_that_was_read_and_has_others() -> None:
    one = pl.DataFrame({"subject": ["A"]})
    known = data(subjects=one, labs=one.clear())
    assert known.is_checked("subjects")
    assert not known.is_checked("labs")
    assert not known.is_checked("visits")
    assert known.has_subjects
    assert not data(subjects=one.clear()).has_subjects
    absent = Data(known.study, known.frames, frozenset(), frozenset())
    assert not absent.is_checked("subjects")
    unknown = Data(known.study, known.frames, frozenset({"visits"}), frozenset())
    assert not unknown.is_checked("visits")


def test_a_test_is_recorded_where_it_has_a_result_was_not_done_or_cannot_be_read() -> None:
    labs = pl.DataFrame(
        {
            "subject": ["A"] * 5,
            "visit": ["v"] * 5,
            "test": ["c3", "c4", "wbc", "crp", "c3"],
            "value_recorded": [1.0, None, None, None, None],
            "value_not_done": [False, True, None, False, None],
            "_line": [2, 3, 4, 5, 6],
        }
    )
    known = data(labs=labs)
    assert {place: sorted(tests) for place, tests in known.tests_recorded.items()} == {
        ("A", "v"): ["c3", "c4"]
    }
    bare = data(labs=labs.drop("value_not_done"))
    assert bare.tests_recorded == {("A", "v"): ["c3"]}
    unread = Data(known.study, {"labs": labs}, frozenset({"labs"}), frozenset(), frozenset({4, 9}))
    assert sorted(unread.tests_recorded["A", "v"]) == ["c3", "c4", "wbc"]


def test_a_death_is_told_by_the_end_of_participation_or_by_a_fatal_event() -> None:
    day = date(2020, 1, 1)
    ended = pl.DataFrame(
        {"subject": ["A", "B", "C"], "status": ["died", "withdrew", "died"], "date": [day, day, None], "day": [3, 3, None]}
    )  # fmt: skip
    events = pl.DataFrame(
        {
            "subject": ["A", "D", "E", "F", "C"],
            "outcome": ["fatal", "fatal", None, "recovered", "fatal"],
            "grade": [5, None, 5, 4, 5],
            "start": [date(2020, 2, 1)] * 5,
            "end": [date(2020, 2, 9), date(2020, 2, 9), None, None, None],
            "start_day": [31] * 5,
            "end_day": [39, 39, None, None, None],
        }
    )
    deaths = data(disposition=ended, adverse_events=events).deaths.sort("subject").rows()
    assert deaths == [
        ("A", day, 3), ("C", date(2020, 2, 1), 31), ("D", date(2020, 2, 9), 39), ("E", date(2020, 2, 1), 31),
    ]  # fmt: skip


def test_what_has_a_subject_a_visit_and_a_day_is_seen() -> None:
    place = pl.DataFrame(
        {
            "subject": ["A"],
            "visit": ["v"],
            "date": [date(2020, 1, 1)],
            "day": [0],
            "_file": ["f"],
            "_line": [2],
        }
    )
    seen = data(
        subjects=place.drop("visit"), visits=place, labs=place.with_columns(value=pl.lit(1.0))
    ).visited
    assert seen["table"].to_list() == ["visits", "labs"]
    assert seen.columns == ["table", "subject", "visit", "date", "day", "_file", "_line"]
    known = data(visits=place, labs=place.with_columns(date=pl.lit(date(2020, 3, 1)))).last_seen
    assert known == date(2020, 3, 1)
    assert data(visits=place.clear()).last_seen is None


# --- who is judged by what ---------------------------------------------------------------------------


def test_criteria_are_parted_by_whether_they_read_a_score() -> None:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    rules = (
        "age >= 16",
        "baseline_pga > 1 AND weight_kg > 1",
        "baseline_pgax > 1",
        "baseline_bilag_2004_renal = 'A'",
    )
    parts: dict[str, Any] = {
        "study": trial, "instruments": {"pga": {}, "bilag_2004": {}}, "labs": ({"test": "pgax", "unit": "g"},),
    }  # fmt: skip

    def named(*chosen: int, needs_scores: bool) -> frozenset[str] | None:
        inclusion = tuple({"id": f"I{number}", "text": "x", "rule": rules[number]} for number in chosen)
        study = Study.model_validate(
            {**parts, "eligibility": {"inclusion": (*inclusion, {"id": "free", "text": "x"})}}
        )
        return columns_in_criteria(study, needs_scores=needs_scores)

    # A test whose name begins like that of an instrument is no score of it.
    assert named(0, 1, 2, 3, needs_scores=True) == frozenset(
        {"baseline_pga", "weight_kg", "baseline_bilag_2004_renal"}
    )
    assert named(0, 1, 2, 3, needs_scores=False) == frozenset({"age", "baseline_pgax"})
    assert named(0, 2, needs_scores=True) is None
    assert named(1, 3, needs_scores=False) is None


# --- dates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown_from", "fix"),
    [(date(2024, 12, 13), "Write 2024-12-13"), (date(2024, 12, 14), "Write it as YYYY-MM-DD")],
)
def test_a_day_is_written_out_from_the_first_that_may_be_shown(shown_from: date, fix: str) -> None:
    column = ColumnOfDates(frozenset({"dmy"}), is_habit=False, shown_from=shown_from, latest=date(2026, 1, 1))
    assert fix_of_date("2024年12月13日", column).startswith(fix)


@pytest.mark.parametrize(
    ("text", "shown", "fix"),
    [
        ("1.1.2016", True, "Write 2016-01-01 (YYYY-MM-DD)."),
        ("31.12.2015", False, "Write it as YYYY-MM-DD."),
        # One of two readings lies before the first day that may be shown.
        ("1.2.2016", True, "Write 2016-01-02 or 2016-02-01, whichever is meant (YYYY-MM-DD)."),
        ("2016-13-01", True, "There is no month 13. Write YYYY-MM-DD."),
        ("2015-13-01", False, "There is no such month. Write YYYY-MM-DD."),
        ("2016-02-30", True, "2016-02 has no day 30. Write YYYY-MM-DD."),
        ("2015-02-30", False, "The month has no such day. Write YYYY-MM-DD."),
        ("2016-12-00", True, "2016-12 has no day 0. Write YYYY-MM-DD."),
        ("2016-00-12", True, "There is no month 0. Write YYYY-MM-DD."),
        # 42370 days after 30 December 1899 is the first of January 2016.
        ("42370", True, "This looks like a spreadsheet's day number, 2016-01-01; write that if it is so."),
        ("42369", False, "This looks like a spreadsheet's day number; look the date up, write YYYY-MM-DD."),
        (
            "3.4.1981",
            False,
            "Write it as YYYY-MM-DD; day and month cannot be told apart here, so look the date up.",
        ),
        ("soon", False, "Write YYYY-MM-DD; leave the cell empty when the date is missing."),
    ],
)
def test_a_date_is_repeated_from_the_first_day_that_may_be_shown(text: str, fix: str, *, shown: bool) -> None:
    first = date(2016, 1, 1)
    assert may_show(text, first) is shown
    assert date_fix(text, first) == fix


def test_years_are_completed_on_the_birthday() -> None:
    """Of the names of columns none is used elsewhere: what counts them is kept by name."""
    pairs = [
        ((2000, 3, 5), (2020, 3, 4), 19), ((2000, 3, 5), (2020, 3, 5), 20), ((2000, 3, 5), (2020, 2, 28), 19),
        ((2000, 3, 5), (2020, 4, 1), 20), ((2000, 12, 31), (2020, 1, 1), 19), ((2000, 1, 1), (2020, 12, 31), 20),
        ((2000, 2, 29), (2021, 2, 28), 20), ((2000, 2, 29), (2021, 3, 1), 21), ((2000, 3, 5), (2000, 3, 5), 0),
    ]  # fmt: skip
    frame = pl.DataFrame(
        {"born_on": [date(*a) for a, _, _ in pairs], "seen_on": [date(*b) for _, b, _ in pairs]}
    )
    counted = frame.select(count_years(verbs_of(frame), "born_on", "seen_on").alias("years"))["years"]
    assert counted.to_list() == [years for _, _, years in pairs]


# --- reactions and their events ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "starts", "is_listed"),
    [
        (30.0, [29.0], False), (30.0, [30.0], True), (30.0, [31.0], True), (30.0, [32.0], False),
        (30.0, [29.0, 32.0], False), (30.0, [29.0, 31.0], True), (30.0, [], False), (0.0, [-1.0], False),
        # An event, or an infusion, without a day may be the one.
        (30.0, [None], True), (None, [2.0], True), (None, [], False),
    ],
)  # fmt: skip
def test_an_event_of_a_reaction_begins_on_its_day_or_the_next(
    day: float | None, starts: list[float | None], *, is_listed: bool
) -> None:
    infusions = pl.DataFrame(
        {"subject": ["A", "A", "B"], "day": [day, 1.0, 30.0], "reaction": ["fever", "none", None]},
        schema_overrides={"day": pl.Float64},
    )
    # The events of another subject are not those of this one.
    events = pl.DataFrame(
        {"subject": ["B", *["A"] * len(starts)], "start_day": [30.0, *starts]},
        schema_overrides={"start_day": pl.Float64},
    )
    found = [row["reaction"] for row in unlisted_reactions(infusions, events)]
    assert found == ([] if is_listed else ["fever"])


def test_days_and_values_are_said_as_they_are() -> None:
    assert [on_day(day) for day in (30, 0, None)] == [" (study day 30)", " (study day 0)", ""]
    assert [show_value(value) for value in (7.0, 0.5, None, 0, 1e14, 1e15)] == [
        "7",
        "0.5",
        "",
        "0",
        "100000000000000",
        "1e+15",
    ]
    assert len(show_value("x" * 61)) == 60
