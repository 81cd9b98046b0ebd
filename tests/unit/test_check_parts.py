"""Parts of the checks on small frames: dates in other forms, impossible laboratory values, blank items; by hand."""

from collections.abc import Collection
from datetime import date
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import definition
from funis.data.check.date_forms import date_fix
from funis.data.check.every_check import _in_order, leave_out
from funis.data.check.forms import _check_blanks
from funis.data.check.labs import _leave_out_impossible
from funis.data.check.row_findings import row_finding
from funis.data.check.rows import _is_shown
from funis.errors import Finding
from funis.study.model import LabTest, Study


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        # A year of two digits is of this century up to 30.
        ("5 Mar 24", "Write 2024-03-05 (YYYY-MM-DD)."),
        ("05-Mar-30", "Write 2030-03-05 (YYYY-MM-DD)."),
        ("05-Mar-31", "Write 1931-03-05 (YYYY-MM-DD)."),
        ("5 March 2024", "Write 2024-03-05 (YYYY-MM-DD)."),
        ("31-dec-1999", "Write 1999-12-31 (YYYY-MM-DD)."),
        ("20240305", "Write 2024-03-05 (YYYY-MM-DD)."),
        ("2024-03-05T10:30", "Write 2024-03-05."),
        ("2024-03-05 in the morning", "Write 2024-03-05 (YYYY-MM-DD)."),
        # Spreadsheets count from 1899-12-30: day 43831 is 2020-01-01.
        ("43831", "This looks like a spreadsheet's day number, 2020-01-01; write that if it is so."),
        ("2024-3-5", "Write 2024-03-05."),
        ("2024-13-05", "There is no month 13. Write YYYY-MM-DD."),
        ("2024-00-05", "There is no month 0. Write YYYY-MM-DD."),
        ("2024-02-30", "2024-02 has no day 30. Write YYYY-MM-DD."),
        ("2024", "Write the whole date, YYYY-MM-DD; leave the cell empty when the day is not known."),
        ("2024-03", "Write the whole date, YYYY-MM-DD; leave the cell empty when the day is not known."),
        ("31-Feb-2024", "Write YYYY-MM-DD; leave the cell empty when the date is missing."),
        ("5 Foo 2024", "Write YYYY-MM-DD; leave the cell empty when the date is missing."),
        ("soon", "Write YYYY-MM-DD; leave the cell empty when the date is missing."),
        ("03/04/2012", "Write 2012-03-04 or 2012-04-03, whichever is meant (YYYY-MM-DD)."),
        ("04/04/2012", "Write 2012-04-04 (YYYY-MM-DD)."),
        ("2012/04/13", "Write 2012-04-13 (YYYY-MM-DD)."),
        ("31/12/1900", "Write 1900-12-31 (YYYY-MM-DD)."),
    ],
)
def test_a_date_in_another_form_is_told_how_to_write(written: str, fix: str) -> None:
    assert date_fix(written, date.min) == fix


# --- laboratory ------------------------------------------------------------------------------------------


def lab_rows(*values: float | None) -> pl.DataFrame:
    n = len(values)
    return pl.DataFrame(
        {
            "subject": [f"S{i}" for i in range(n)],
            "visit": ["baseline"] * n,
            "test": ["wbc"] * n,
            "value": pl.Series(values, dtype=pl.Float64),
            "unit": ["10^9/L"] * n,
            "value_recorded": pl.Series(values, dtype=pl.Float64),
            "unit_recorded": ["10^9/L"] * n,
            "_file": ["labs.csv"] * n,
            "_line": list(range(2, n + 2)),
        }
    )


def test_impossible_values_are_left_out_and_all_others_stay() -> None:
    """The study allows 1 to 20: the limits themselves are allowed; each value out has one finding."""
    lab = LabTest(test="wbc", unit="10^9/L", minimum=1.0, maximum=20.0)
    kept, findings = _leave_out_impossible(lab, lab_rows(-1.0, 0.5, 1.0, 5.0, None, 20.0, 20.5))
    assert kept["value"].to_list() == [None, None, 1.0, 5.0, None, 20.0, None]
    told = [(each.line, each.level, each.code, each.message) for each in findings]
    assert told == [
        (2, "error", "value_outside_range", "wbc is below zero; it is left out."),
        (3, "error", "value_outside_range", "wbc is below 1; it is left out."),
        (8, "error", "value_outside_range", "wbc is above 20; it is left out."),
    ]


def test_zero_is_possible_where_nothing_else_is_said() -> None:
    lab = LabTest(test="wbc", unit="10^9/L")
    kept, findings = _leave_out_impossible(lab, lab_rows(0.0, -0.1))
    assert kept["value"].to_list() == [0.0, None]
    assert [each.line for each in findings] == [3]


def test_beyond_what_a_body_can_make_is_impossible_in_the_study_unit() -> None:
    """The table of analytes says what is possible, in its usual unit: 10^9 per litre are 10^3 per microlitre."""
    from funis.catalogue.registry import analyte_table

    usual = analyte_table().analytes["wbc"].plausible
    assert usual is not None
    highest = usual.possible[1]
    kept, findings = _leave_out_impossible(
        LabTest(test="wbc", unit="10^9/L"), lab_rows(highest, highest * 1.01)
    )
    assert kept["value"].to_list() == [highest, None]
    assert [each.line for each in findings] == [3]


def test_below_what_a_body_can_have_is_impossible_in_the_study_unit() -> None:
    """20 g/L of haemoglobin are 2 g/dL: less is left out in either unit."""
    for unit, least in (("g/L", 20.0), ("g/dL", 2.0)):
        rows = lab_rows(least, least * 0.99)
        kept, findings = _leave_out_impossible(LabTest(test="haemoglobin", unit=unit), rows)
        assert kept["value"].to_list() == [least, None]
        (finding,) = findings
        assert finding.line == 3
        assert f"Possible is {least:g} to" in finding.fix


def test_values_inside_all_limits_are_given_back_as_they_are() -> None:
    rows = lab_rows(1.0, None, 20.0)
    kept, findings = _leave_out_impossible(
        LabTest(test="wbc", unit="10^9/L", minimum=1.0, maximum=20.0), rows
    )
    assert kept is rows
    assert list(findings) == []


# --- blank items -----------------------------------------------------------------------------------------


def blanks(unread: Collection[str] = (), **changed: Any) -> list[str]:
    """Name the items reported as blank in one row that is all 0 but for what is changed."""
    found = definition("sledai_2k")
    row = {item.name: 0.0 for item in found.items} | {"subject": "S1", "visit": "baseline"} | changed
    frame = pl.DataFrame([{**row, "_file": "sledai_2k.csv", "_line": 2}], infer_schema_length=None)
    return [each.column for each in _check_blanks(found, frame, tuple(unread))]


def test_a_blank_item_is_reported_and_a_full_row_is_not() -> None:
    assert blanks() == []
    assert blanks(rash=None) == ["rash"]
    assert blanks(rash=None, rash_not_done=True) == []
    assert blanks(rash=None, rash_not_done=None) == blanks(rash=None, rash_not_done=False) == ["rash"]


def test_an_item_without_a_column_is_blank_in_every_row() -> None:
    found = definition("sledai_2k")
    rows = [
        {item.name: 0.0 for item in found.items if item.name != "rash"}
        | {"subject": subject, "visit": "baseline", "_file": "sledai_2k.csv", "_line": line}
        for subject, line in (("S1", 2), ("S2", 3))
    ]
    findings = list(_check_blanks(found, pl.DataFrame(rows, infer_schema_length=None), ()))
    assert [(each.column, each.line) for each in findings] == [("rash", 2), ("rash", 3)]


def test_one_route_to_a_value_is_enough_and_the_others_need_no_column() -> None:
    found = definition("egfr_ckd_epi_2021")
    rows = [
        {"subject": "S1", "visit": "baseline", "creatinine": value, "age": 40, "sex": "male",
         "_file": "egfr.csv", "_line": line}
        for value, line in ((80.0, 2), (None, 3))
    ]  # fmt: skip
    findings = list(_check_blanks(found, pl.DataFrame(rows, infer_schema_length=None), ()))
    assert [(each.column, each.line) for each in findings] == [("creatinine_mg_dl", 3)]


def test_of_a_quantity_of_two_parts_the_one_that_is_lacking_is_named() -> None:
    """Saliva is a volume or a weight over a time, or a flow: one of these is enough."""
    rows: list[tuple[dict[str, float], str]] = [
        ({"volume_ml": 3, "minutes": 15}, ""),
        ({"weight_g": 3, "minutes": 15}, ""),
        ({"ml_per_min": 0.2}, ""),
        ({"ml_per_15_min": 3, "minutes": 15}, ""),
        ({"volume_ml": 3}, "minutes"),
        ({"weight_g": 3}, "minutes"),
        ({"minutes": 15}, "volume_ml"),
        ({}, "volume_ml"),
        ({"volume_ml_not_done": 1}, ""),
        ({"minutes": 15, "minutes_not_done": 0}, "volume_ml"),
    ]
    found = definition("unstimulated_flow")
    empty = dict.fromkeys([item.name for item in found.items] + ["volume_ml_not_done", "minutes_not_done"])
    frame = pl.DataFrame(
        [
            empty | row | {"subject": "S", "visit": "v", "_file": "f", "_line": line}
            for line, (row, _) in enumerate(rows)
        ],
        infer_schema_length=None,
    )
    told = [(each.line, each.column) for each in _check_blanks(found, frame, ())]
    assert told == [(line, column) for line, (_, column) in enumerate(rows) if column]


def test_of_measures_of_one_thing_the_first_speaks_for_all() -> None:
    found = definition("bilag_2004")
    gone = {"urine_dipstick", "acr", "upcr", "proteinuria_24h", "creatinine", "gfr"}
    full = {item.name: 0.0 for item in found.items} | {"acr_not_done": False, "gfr_not_done": False}
    rows: list[tuple[dict[str, Any], list[str]]] = [
        ({}, []),
        (dict.fromkeys(gone), ["urine_dipstick", "creatinine"]),
        (dict.fromkeys(gone) | {"acr": 3.0}, ["creatinine"]),
        (dict.fromkeys(gone) | {"gfr": 90.0}, ["urine_dipstick"]),
        (dict.fromkeys(gone) | {"acr_not_done": True, "gfr_not_done": True}, []),
        ({"pyrexia": None, "creatinine": None}, ["pyrexia"]),
    ]

    def told(unread: tuple[str, ...]) -> list[tuple[int | None, str]]:
        frame = pl.DataFrame(
            [
                full | row | {"subject": "S", "visit": "v", "_file": "f", "_line": line}
                for line, (row, _) in enumerate(rows)
            ],
            infer_schema_length=None,
        )
        return [(each.line, each.column) for each in _check_blanks(found, frame, unread)]

    assert told(()) == [(line, column) for line, (_, columns) in enumerate(rows) for column in columns]
    # Where the laboratory was not read, what comes from there is not forgotten one by one.
    assert told(("upcr",)) == [(1, "creatinine"), (2, "creatinine"), (5, "pyrexia")]
    assert told(("upcr", "creatinine")) == [(5, "pyrexia")]


def test_damage_does_not_go_away() -> None:
    items = [item.name for item in definition("ssddi").items]
    first, second = items[:2]

    def row(subject: str, day: int | None, **changed: float | None) -> dict[str, Any]:
        return {"subject": subject, "visit": f"v{day}", "day": day, **dict.fromkeys(items, 0), **changed}

    rows = [
        row("A", 90, **{first: 0, second: 1}),
        row("A", 0, **{first: 1}),
        row("A", 30, **{first: None}),
        row("A", 180, **{first: 1, second: 0}),
        row("B", 0, **{first: 0}),
        row("B", 90, **{first: 1}),
    ]
    study = Study.model_validate(
        {
            "study": {"id": "X", "title": "X", "condition": "sle", "design": "observational"},
            "instruments": {"ssddi": {}},
        }
    )
    tables = {"subjects": [{"subject": name, "age": 30, "sex": "female"} for name in "AB"], "ssddi": rows}
    found = [each for each in funis.check_frames(study, tables) if each.code == "damage_falls"]
    # Day 90 of A is row 1, after day 0 with the first item; day 180, row 4, after day 90 with the second.
    assert [(each.level, each.table, each.line, each.column, each.value) for each in found] == [
        ("warning", "ssddi", 1, first, "0"), ("warning", "ssddi", 4, second, "0"),
    ]  # fmt: skip
    assert f"'{first}' was present at an earlier visit" in found[0].message


def test_assessments_look_back_as_far_as_the_study_file_says() -> None:
    parts: dict[str, Any] = {
        "study": {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    }
    rows = [
        {"subject": "A", "visit": f"v{line}", "day": line, "window_days": days}
        | {item.name: 0 for item in definition("sledai_2k").items}
        for line, days in enumerate((10, 30, None, 11), start=1)
    ]
    tables = {"subjects": [{"subject": "A", "age": 30, "sex": "female"}], "sledai_2k": rows}

    def told(**parameters: int) -> list[tuple[str, int | None, str]]:
        study = Study.model_validate({**parts, "instruments": {"sledai_2k": {"parameters": parameters}}})
        found = [each for each in funis.check_frames(study, tables) if each.code == "window_days"]
        return [(each.column, each.line, each.value) for each in found]

    assert told(window_days=10) == [("window_days", 2, "30"), ("window_days", 4, "11")]
    assert told(window_days=30) == [("window_days", 1, "10"), ("window_days", 4, "11")]
    assert told() == []


def test_a_measure_beside_a_blank_item_says_that_nobody_forgot_it() -> None:
    """C3 was measured; that its limit of normal is not known leaves the item open, and is no slip."""
    assert blanks(low_complement=None) == ["low_complement"]
    assert blanks(low_complement=None, c3=0.5) == []
    assert blanks(low_complement=None, c3=None) == ["low_complement"]
    # Another measure says nothing of it.
    assert blanks(low_complement=None, platelets=90.0) == ["low_complement"]


def test_items_of_the_laboratory_are_not_forgotten_where_it_was_not_read() -> None:
    assert blanks({"c3"}, low_complement=None, rash=None) == ["rash"]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        # A name where a code should stand is not repeated in a message; a code is.
        ("subject", "S-001", True),
        ("subject", "Zhang Wei", False),
        ("visit", "month_3", True),
        ("visit", "12.3.1981", False),
        ("lot", "L-7", True),
        ("lot", "Zhang Wei", False),
        ("donor", "zhangwei", False),
        # Tests and terms are words of the study, whatever they look like.
        ("test", "Zhang Wei", True),
        ("number", 1, True),
    ],
)
def test_which_part_of_a_key_may_stand_in_a_message(column: str, value: object, *, expected: bool) -> None:
    assert _is_shown(column, value) is expected


# --- findings and what they leave out --------------------------------------------------------------------


def a_finding(line: int | None, column: str = "dose", **other: str) -> Finding:
    said = {"level": "error", "code": "bad", "table": "infusions", "file": "infusions.csv"} | other
    return Finding(**said, line=line, column=column, value="", message="Odd.", fix="Check.")  # type: ignore[arg-type]


def test_only_the_cell_of_an_error_is_left_out_and_the_whole_row_after_death() -> None:
    frames = {
        "infusions": pl.DataFrame(
            {"dose": [1.0, 2.0, 3.0], "_file": ["infusions.csv", "more.csv", "more.csv"], "_line": [2, 2, 3]}
        ),
        "labs": pl.DataFrame({"dose": [9.0], "_file": ["infusions.csv"], "_line": [2]}),
    }

    def doses(*findings: Finding) -> list[list[float | None]]:
        kept = leave_out(frames, list(findings))
        assert set(kept) == {"infusions", "labs"}
        return [frame["dose"].to_list() for frame in kept.values()]

    assert doses(a_finding(2)) == [[None, 2.0, 3.0], [9.0]]
    assert doses(a_finding(2, file="more.csv"), a_finding(3, file="more.csv")) == [[1.0, None, None], [9.0]]
    assert doses(a_finding(2, code="after_death", level="error")) == [[2.0, 3.0], [9.0]]
    untouched = [[1.0, 2.0, 3.0], [9.0]]
    assert doses(a_finding(2, level="query"), a_finding(3, level="warning")) == untouched
    # A finding of a whole file, of a column that is not there, of a table that is not read.
    assert doses(a_finding(None), a_finding(2, "no_such"), a_finding(2, table="no_such")) == untouched


def test_findings_stand_in_the_order_of_table_line_and_column_those_of_whole_files_first() -> None:
    known: Any = dict.fromkeys(("subjects", "infusions", "labs"))
    places = [
        ("labs", 2, "a"), ("infusions", 3, "a"), ("infusions", 2, "b"), ("infusions", 2, "a"),
        ("infusions", None, "z"), ("subjects", 9, "a"), ("", None, ""),
    ]  # fmt: skip
    found = _in_order([a_finding(line, column, table=table) for table, line, column in places], known)
    assert [(each.table, each.line, each.column) for each in found] == places[::-1]


def test_a_finding_names_the_test_of_a_laboratory_result_alone() -> None:
    row = {"subject": "S1", "visit": "week_1", "test": "c3", "value": 0.5, "_file": "f.csv", "_line": 2}
    said = {"column": "value", "message": "Odd.", "fix": "Check."}
    assert row_finding("query", "odd", "labs", row, **said).test == "c3"
    assert row_finding("query", "odd", "labs", row | {"test": None}, **said).test == ""
    assert row_finding("query", "odd", "infusions", row, **said).test == ""
