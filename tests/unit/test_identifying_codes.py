"""Codes that read as a name, a date, a telephone or a card number are left out, with their place and what to do."""

from collections.abc import Mapping

import pytest

from funis.data.tables import Tables, tables_from_frames
from funis.study.model import Study

TRIAL = {"id": "T", "title": "T", "condition": "sle", "design": "observational"}


def checked(
    subjects: list[dict[str, object]], study: Mapping[str, object] | None = None, **tables: object
) -> Tables:
    made = Study.model_validate({"study": TRIAL, **(study or {})})
    return tables_from_frames(made, {"subjects": subjects, **tables})


def test_a_subject_whose_number_is_a_name_is_left_out_everywhere() -> None:
    visits = [{"subject": name, "visit": "one", "day": 3} for name in ("S1", "Zhang Wei")]
    found = checked([{"subject": "S1"}, {"subject": "Zhang Wei"}], visits=visits)
    assert found.frames["subjects"]["subject"].to_list() == ["S1"]
    assert found.frames["visits"]["subject"].to_list() == ["S1"]
    (finding,) = [each for each in found.findings if each.code == "identifying_number"]
    assert (finding.level, finding.table, finding.line, finding.column) == ("error", "subjects", 2, "subject")
    assert (finding.value, finding.subject) == ("", "")
    assert finding.fix == "Give the subject a number of the study, the same in every table."
    assert not [each for each in found.findings if "Zhang" in repr(each)]


def test_a_number_of_the_study_stays() -> None:
    found = checked([{"subject": each} for each in ("S1", "UC", "20191203", "Patient A")])
    assert found.frames["subjects"].height == 4
    assert {"identifying_number", "number_without_digit"}.isdisjoint(each.code for each in found.findings)


def test_a_word_among_numbers_is_a_name() -> None:
    visits = [{"subject": name, "visit": "one", "day": 3} for name in ("S1", "zhangwei", "Okonkwo")]
    found = checked(
        [{"subject": each} for each in ("S1", "zhangwei", "O'Brien", "Wu-Li", "Study")], visits=visits
    )
    assert found.frames["subjects"]["subject"].to_list() == ["S1", "Study"]
    named = [each for each in found.findings if each.code == "identifying_number"]
    assert [(each.level, each.line, each.value, each.subject) for each in named] == [
        ("error", line, "", "") for line in (2, 3, 4)
    ]
    said = " ".join(map(repr, found.findings)).casefold()
    assert not [name for name in ("zhang", "brien", "wu-li", "okonkwo") if name in said]


def test_where_no_number_has_a_digit_it_is_asked_whether_the_words_are_names() -> None:
    found = checked([{"subject": each} for each in ("north", "south", "B")])
    assert found.frames["subjects"].height == 3
    asked = [each for each in found.findings if each.code == "number_without_digit"]
    assert [(each.level, each.line, each.value, each.subject) for each in asked] == [
        ("query", line, "", "") for line in (1, 2)
    ]


SITED = {"sites": ({"id": "01", "name": "One"},)}
ORIGIN = {"columns": ({"name": "origin", "kind": "text"},)}
LISTED = {"columns": ({"name": "origin", "kind": "text", "allowed": ("Li Na",)},)}


@pytest.mark.parametrize(
    ("study", "row", "kept", "codes"),
    [
        ({}, {"site": "Nanjing"}, "Nanjing", set()),
        ({}, {"site": "Zhang Wei"}, None, {"identifying_value"}),
        ({}, {"site": "13812345678"}, None, {"identifying_value"}),
        # Where the study file lists its sites, any other is unknown, and that is enough.
        (SITED, {"site": "Zhang Wei"}, None, {"unknown_site"}),
        (SITED, {"site": "01"}, "01", set()),
        (ORIGIN, {"origin": "12 Mar 1981"}, None, {"identifying_value"}),
        (ORIGIN, {"origin": "north"}, "north", set()),
        (LISTED, {"origin": "Li Na"}, "Li Na", set()),
    ],
)
def test_a_code_that_nobody_listed_is_looked_at(
    study: Mapping[str, object], row: dict[str, object], kept: str | None, codes: set[str]
) -> None:
    (column,) = row
    found = checked([{"subject": "S1"} | row], study)
    assert found.frames["subjects"][column].to_list() == [kept]
    said = [each for each in found.findings if each.column == column and each.level == "error"]
    assert {each.code for each in said} == codes
    assert all(each.value == "" and each.line == 1 for each in said)


def test_a_date_of_the_study_s_own_may_lie_ahead() -> None:
    planned = {"columns": ({"name": "planned_end", "kind": "date"},)}
    row = {"subject": "S1", "planned_end": "2999-01-01", "consent_date": "2999-01-01"}
    found = checked([{**row}], planned)
    assert [each.column for each in found.findings if each.code == "date_in_future"] == ["consent_date"]
    assert str(found.frames["subjects"]["planned_end"][0]) == "2999-01-01"
