"""Findings on a terminal: one line for a cause, with everything needed to find its places."""

from __future__ import annotations

import json
from dataclasses import replace

from funis.cli.finding_lines import list_causes, render_findings
from funis.errors import Finding


def found(line: int | None = 2, column: str = "value", value: str = "5,5", **other: str) -> Finding:
    said = {"message": f"'{column}' is not a number; it is left out.", "fix": "Write a number.", **other}
    level = "error"
    return Finding(
        level,  # type: ignore[arg-type]
        said.get("code", "not_a_number"),
        "labs",
        said.get("file", "labs.csv"),
        line,
        column,
        value,
        said["message"],
        said["fix"],
        said.get("subject", "S1"),
        said.get("visit", "week_4"),
    )


def test_one_finding_names_subject_and_visit_once() -> None:
    assert str(found()) == (
        "error: labs.csv, line 2, column 'value' (subject S1, visit week_4): 'value' is not a number; it is left out. "
        "Found '5,5'. Write a number."
    )
    # The value is the visit; the message says the subject.
    said = found(column="visit", value="week_4", message="No result of subject 'S1'.")
    assert "(" not in str(said)
    assert "(visit week_4)" in str(found(subject=""))
    assert "(" not in str(found(subject="", visit=""))


def test_eighty_two_decimal_commas_are_one_line() -> None:
    lines = [3, 7, *range(9, 41), *range(50, 97), 99]
    many = [
        found(
            line,
            value=f"{line},5",
            subject=f"S{line}",
            fix=f"Write the decimal with a point: {line}.5; thousands without.",
        )
        for line in lines
    ]
    printed = list_causes(many)
    assert len(lines) == 82
    assert printed == [
        (
            "error: labs.csv, lines 3, 7, 9-40, 50-96, 99 (82 findings), column 'value' (82 subjects, visit week_4): "
            "'value' is not a number; it is left out. Found '3,5', '7,5', '9,5', '10,5', '11,5', '12,5', '13,5', '14,5', "
            "'15,5', '16,5', '17,5', '18,5' and 70 more. For one of them: Write the decimal with a point: 3.5; thousands without."
        )
    ]
    assert len(json.loads(render_findings(many, "json"))) == 82


def test_what_is_to_be_done_otherwise_is_another_line() -> None:
    asked = found(3, value="1,234", fix="Ask whether the comma stands before thousands.")
    assert len(list_causes([found(), asked])) == 2
    assert len(list_causes([found(), found(3, code="other")])) == 2
    ranged = [
        found(line, file=file, code="value_outside_range", fix=f"Allowed: 0 to {line}.")
        for line in (2, 3)
        for file in "ab"
    ]
    assert len(list_causes(ranged)) == 2
    assert len(list_causes([found(), found(3, message="month_6 is not month_12.")])) == 2
    # A name with a number in it is a name.
    named = [found(line, message=f"There is no visit 'month_{line}'.") for line in (2, 3)]
    assert len(list_causes(named)) == 2


def test_a_slip_in_every_column_is_one_line() -> None:
    every = [found(line, name, "n.d.") for name in ("rash", "fever", "cva") for line in (2, 4)]
    assert list_causes(every) == [
        (
            "error: labs.csv, lines 2, 4 (6 findings), columns 'rash', 'fever', 'cva' (subject S1, visit week_4): "
            "'…' is not a number; it is left out. Found 'n.d.'. Write a number."
        )
    ]
    # The names that the sheet gives to its columns do not divide them.
    headed = [
        replace(
            each, message=each.message.replace("' is", f"' (column '{each.column.title()}' of the sheet) is")
        )
        for each in every
    ]
    assert list_causes(headed) == list_causes(every)


def test_one_line_of_a_file_and_many_places_are_listed_shortly() -> None:
    assert "line 2 (2 findings)" in list_causes([found(), found(column="low")])[0]
    scattered = list_causes([found(line) for line in range(1, 40, 2)])[0]
    assert "lines 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and 8 more (20 findings)" in scattered
    exact = list_causes([found(line) for line in range(1, 24, 2)])[0]
    assert "21, 23 (12 findings)" in exact


def test_findings_of_whole_files_stay_apart() -> None:
    assert len(list_causes([found(None), found(None)])) == 2


def test_all_unknown_columns_of_a_file_stand_in_one_line_with_the_nearest() -> None:
    unknown = [
        found(
            1,
            name,
            "",
            code="unknown_column",
            fix=fix,
            message="Column 7 of those with a name is not known.",
            subject="",
            visit="",
        )
        for name, fix in (
            ("sezure", "The nearest is 'seizure'."),
            ("colour", "Columns: subject, visit."),
            ("", "Columns: subject, visit."),
        )
    ]
    assert list_causes(unknown) == [
        (
            "error: labs.csv, line 1: 3 columns are not known and are not read: 'sezure' (nearest: 'seizure'), 'colour', "
            "numbers 7 of those with a name, which are not shown: they may name a person. Columns: subject, visit."
        )
    ]
    assert list_causes(unknown[:1]) == [str(unknown[0])]


def test_levels_follow_each_other_with_their_counts() -> None:
    query = replace(found(), level="query")
    text = render_findings([query, found(), found(3)], "text")
    assert [line.partition(":")[0] for line in text.splitlines()] == [
        "error",
        "query",
        "2 errors, 0 warnings, 1 query",
    ]


def test_a_habit_that_goes_through_several_files_is_one_line() -> None:
    dates = [
        found(
            2, "date", "05.01.2020", code="not_a_date", file="a.csv", fix="Write 2020-01-05 or 2020-05-01."
        ),
        found(
            3,
            "date",
            "13.01.2020",
            code="not_a_date",
            file="a.csv",
            fix="Write 2020-01-13. Declare it in [import].",
        ),
        found(2, "end", "22.1.2020", code="not_a_date", file="b.csv", fix="Write 2020-01-22."),
        found(9, "end", "spring", code="not_a_date", file="b.csv", fix="Write YYYY-MM-DD."),
    ]
    first, second = list_causes(dates)
    assert first.startswith(
        "error: a.csv, lines 2-3 (2 findings), column 'date'; b.csv, line 2, column 'end' (3 findings) ("
    )
    assert first.endswith(
        "Found '05.01.2020', '13.01.2020', '22.1.2020'. Write 2020-01-13. Declare it in [import]."
    )
    assert "line 9" in second


def test_what_is_wrong_with_several_files_is_one_line() -> None:
    refused = [
        found(1, "", "", code="delimiter", file=file, message="Divided by semicolons.", subject="", visit="")
        for file in ("a.csv", "b.csv")
    ]
    assert list_causes(refused) == [
        "error: a.csv, line 1; b.csv, line 1 (2 findings): Divided by semicolons. Write a number."
    ]
    absent = [
        replace(
            found(None, "", "", code="missing_table", file=f"{table}.csv", subject="", visit=""),
            table=table,
            message=f"The table '{table}' is missing.",
            fix=f"Add {table}.csv.",
        )
        for table in ("labs", "visits")
    ]
    assert list_causes(absent) == [
        "error: labs.csv; visits.csv (2 findings): The table '…' is missing. Add ….csv."
    ]
    assert list_causes(absent[:1]) == [str(absent[0])]
