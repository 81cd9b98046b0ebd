"""All that is told of one slip in the clean trial: level, code, table and row, column, value, and a part of the words."""

import pytest

from funis.data.tables import tables_from_frames

from .clean_trial import STUDY, TABLES, TODAY, Change, find

EVENT = "adverse_events"
AGAIN: list[Change] = [(EVENT, 1, column, text) for column, text in
                       (("term", "headache"), ("start", "2020-01-20"), ("grade", "1"), ("serious", "0"), ("related", "0"))]  # fmt: skip
#: Changes, and every finding with a part of what it says: S1 has rows 1 and 2 of visits, infusions and sledai_2k.
SLIPS: list[tuple[list[Change], dict[str, str]]] = [
    # Infusions: what is missing of a dose, and where its day stands.
    ([("infusions", 0, "cells", "")], {"warning missing_dose infusions:1 cells": ""}),
    ([("infusions", 0, "weight_kg", ""), ("subjects", 0, "weight_kg", "")], {"query missing_weight infusions:1 weight_kg": ""}),
    ([("infusions", 0, "weight_kg", "")], {}),
    ([("subjects", 0, "weight_kg", "")], {}),
    ([("infusions", 1, "date", "")], {"warning missing_date infusions:2 date": "study days count from the first infusion"}),
    # A study day is enough for the plan; whether the lot was in date is told by dates alone.
    ([("infusions", 1, "date", ""), ("infusions", 1, "day", "8")], {"query infusion_undated infusions:2 date": "its lot"}),
    ([("infusions", 1, "date", ""), ("infusions", 1, "day", "9")],
     {"query infusion_undated infusions:2 date": "", "warning infusion_outside_window infusions:2 day 9": "Infusion 2 is on study day 9, outside its window. It is planned on day 6 to day 8;"}),
    ([("infusions", 0, "lot", "")], {"error missing_lot infusions:1 lot": ""}),
    # Events: each value that a table of events needs.
    ([(EVENT, 0, "start", ""), (EVENT, 0, "end", "")], {"warning missing_date adverse_events:1 start": ""}),
    ([(EVENT, 0, "start", ""), (EVENT, 0, "end", ""), (EVENT, 0, "start_day", "14")], {}),
    ([(EVENT, 0, "grade", "")], {"query missing_value adverse_events:1 grade": "CTCAE grade, 1 to 5"}),
    ([(EVENT, 0, "serious", "")], {"query missing_value adverse_events:1 serious": "Write 1 or 0."}),
    ([(EVENT, 0, "related", "")], {"query missing_value adverse_events:1 related": "'causality'"}),
    (AGAIN, {"warning repeated_event adverse_events:2 term headache": "an earlier row"}),
    ([*AGAIN[:1], (EVENT, 1, "start", "2020-01-21"), *AGAIN[2:]], {}),
    ([(EVENT, 1, "term", "nausea"), *AGAIN[1:]], {}),
    # Questions: an answer belongs to a question that was asked.
    ([("safety_questions", 0, "any_event", "")], {"warning missing_value safety_questions:1 any_event": "Write 1 or 0."}),
    ([("safety_questions", 0, "asked", "0")], {"query not_asked safety_questions:1 any_event 1": "Write 1 in asked"}),
    ([("safety_questions", 0, "asked", ""), ("safety_questions", 0, "any_event", "0")],
     {"query not_asked safety_questions:1 any_event 0": ""}),
    ([("safety_questions", 0, "asked", "0"), ("safety_questions", 0, "any_event", "")], {}),
    # An event without a day may have been before the question and may not.
    ([("safety_questions", 0, "any_event", "0"), (EVENT, 0, "start", ""), (EVENT, 0, "end", "")],
     {"warning missing_date adverse_events:1 start": ""}),
    # Ends of participation: one cause is told once.
    ([("disposition", 0, "status", "")], {"query missing_value disposition:1 status": "completed, ongoing, withdrew, lost, died"}),
    ([("disposition", 0, "status", "withdrew"), ("disposition", 0, "date", "")],
     {"query missing_value disposition:1 date": "Participation ended ('withdrew')"}),
    ([("disposition", 0, "status", "lost"), ("disposition", 0, "date", "")],
     {"query missing_value disposition:1 date": "Participation ended ('lost')"}),
    ([("disposition", 0, "status", "withdrew"), ("disposition", 0, "date", ""), ("disposition", 0, "day", "40")], {}),
    ([("disposition", 0, "status", "completed"), ("disposition", 0, "date", "")], {}),
    ([("disposition", 0, "status", "died"), ("disposition", 0, "date", "")],
     {"warning missing_date disposition:1 date": "date of death", "query death_without_event disposition:1 status died": ""}),
    # A death that both tables tell, on the last day that anything is recorded of.
    ([("disposition", 0, "status", "died"), (EVENT, 0, "term", "sepsis"), (EVENT, 0, "outcome", "fatal"), (EVENT, 0, "grade", "5"),
      (EVENT, 0, "serious", "1"), (EVENT, 0, "end", "2020-02-05")], {}),
    # Visits and subjects.
    ([("visits", 0, "date", "")], {"warning missing_date visits:1 date": "The row has no date."}),
    ([("visits", 0, "date", ""), ("visits", 0, "day", "-1")], {}),
    ([("visits", 0, "date", ""), ("visits", 0, "day", "1")],
     {"warning visit_outside_window visits:1 day 1": "Baseline is on study day 1, outside its window. The window is day -28 to day 0;"}),
    ([("subjects", 0, "birth_date", "")],
     {"query missing_value subjects:1 age": "", "query eligibility_unknown subjects:1 subject S1": "with age missing"}),
    ([("subjects", 0, "sex", "")], {"query missing_value subjects:1 sex": ""}),
    ([("subjects", 0, "site", "")], {"query missing_value subjects:1 site": ""}),
    ([("subjects", 0, "consent_date", "")],
     {"warning missing_consent subjects:1 consent_date": "", "query eligibility_unknown subjects:1 subject S1": ""}),
    # Results: of a unit, a value, a test that is not there.
    ([("labs", 0, "unit", "")], {"warning missing_unit labs:1 unit": "1 result of creatinine has no unit; it is read as umol/L."}),
    ([("labs", 0, "unit", ""), ("labs", 3, "unit", "")],
     {"warning missing_unit labs:1 unit": "2 results of creatinine have no unit; they are read as umol/L."}),
    ([("labs", 0, "value", "")], {"query missing_labs visits:1 visit baseline": "of subject 'S1' for: creatinine."}),
    ([("labs", 0, "value", "ND")], {}),
    ([("labs", 0, "test", "")],
     {"error missing_key labs:1 test": "", "query missing_labs visits:1 visit baseline": "for: creatinine."}),
    ([("labs", 0, "value", "0.9"), ("labs", 0, "unit", "mg/dL")], {}),
    ([("labs", 1, "value", "1.2 ")], {"warning spaces labs:2 value 1.2": "1 cell has spaces around the value"}),
    ([("labs", 0, "value", " 80 "), ("labs", 1, "value", " 1.2")], {"warning spaces labs:1 value  80": "2 cells have spaces"}),
    ([("labs", 5, "value", "<60"), ("labs", 2, "value", "< 60")], {"warning comparator labs:3 value < 60": "2 results carry their sign"}),
    # Words of a column: where several are none, its codes can be declared.
    ([("subjects", 0, "sex", "Female")], {"error value_not_allowed subjects:1 sex": "Write 'female'. Allowed: female, male."}),
    ([("subjects", 0, "sex", "Female"), ("subjects", 1, "sex", "Male")],
     {"error value_not_allowed subjects:1 sex": "Allowed: female, male; other codes are declared in [import.codes].",
      "error value_not_allowed subjects:2 sex": "Write 'male'."}),
    # A sign before a number has a column where results are, and none elsewhere.
    ([("labs", 0, "value", "<80 umol/L")], {"error not_a_number labs:1 value <80 umol/L":
      "Write '<' in the column comparator and 80 here and 'umol/L' in the column unit."}),
    ([("infusions", 0, "cells", "<6e7")], {"error not_a_number infusions:1 cells <6e7": "This table has no column for '<'"}),
    ([("labs", 0, "value", "80 umol/L")], {"error not_a_number labs:1 value 80 umol/L": "Write the number alone: 80."}),
    ([("labs", 0, "value", "80 umol/L"), ("labs", 0, "unit", "mg/dL")],
     {"error not_a_number labs:1 value 80 umol/L": "Write the number alone, in mg/dL; ask what the text beside it means for it."}),
    # The unit of a row is that of its result, not of its limits; and a dose is not "not done".
    ([("labs", 0, "low", "44 umol/L")], {"error not_a_number labs:1 low 44 umol/L": "Write the number alone; ask what the text"}),
    ([("infusions", 0, "cells", "ND")], {"error not_a_number infusions:1 cells ND": ""}),
    # A column with the name of a score is what somebody wrote down of it, unless that has its own column.
    ([("sledai_2k", 0, "sledai_2k", "10")], {}),
    ([("sledai_2k", 0, "sledai_2k", "10"), ("sledai_2k", 0, "sledai_2k_recorded", "10")],
     {"warning unknown_column sledai_2k:1 sledai_2k": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "told"), SLIPS, ids=lambda each: str(each)[:100])
def test_one_slip_is_told_where_it_is_and_nothing_else(changes: list[Change], told: dict[str, str]) -> None:
    found = {
        f"{each.level} {each.code} {each.table}:{each.line} {each.column} {each.value}".rstrip(): each
        for each in find(*changes)
    }
    assert found.keys() == told.keys(), "\n".join(map(str, found.values()))
    assert len(find(*changes)) == len(told)
    for place, words in told.items():
        assert words in f"{found[place].message} {found[place].fix}"


def test_an_infusion_without_the_first_is_told_and_counted_as_day_zero() -> None:
    found = find(without=(("infusions", "date", "2020-01-06"),))
    assert [(each.level, each.code, each.table, each.line, each.column) for each in found] == [
        ("warning", "missing_infusion", "subjects", 1, "subject"),
        ("warning", "infusion_outside_window", "infusions", 1, "date"),
        ("warning", "infusion_order", "infusions", 1, "number"),
    ]
    assert "Infusion 1 (day 0)" in found[0].message
    assert "Infusion 2 stands without infusion 1." in found[2].message


def test_a_form_of_totals_alone_lacks_no_item() -> None:
    rows = [
        {name: row[name] for name in ("subject", "visit", "date")} | {"sledai_2k": "4"}
        for row in TABLES["sledai_2k"]
    ]
    (found,) = tables_from_frames(STUDY, {**TABLES, "sledai_2k": rows}, today=TODAY).findings
    assert (found.level, found.code, found.line, found.column, found.value) == (
        "query", "as_recorded", 1, "sledai_2k_recorded", "4",
    )  # fmt: skip
    assert found.message.startswith("4 visits have what somebody wrote down of SLEDAI-2K and no item.")
    # One item makes it a form whose other items are missing, and a total without its visit has no place.
    one = [row | {"seizure": "0"} for row in rows]
    lacking = [
        each.column for each in tables_from_frames(STUDY, {**TABLES, "sledai_2k": one}, today=TODAY).findings
    ]
    assert len(lacking) == 23
    assert "seizure" not in lacking
    bare = [{name: text for name, text in row.items() if name != "visit"} for row in rows]
    found_of = tables_from_frames(STUDY, {**TABLES, "sledai_2k": bare}, today=TODAY).findings
    assert ("missing_column", "visit") in [(each.code, each.column) for each in found_of]


def test_who_completed_the_study_has_its_last_visit() -> None:
    # Day 30 of S2, with everything that is recorded of it.
    tables = ("visits", "sledai_2k", "labs", "safety_questions")
    found = find(without=tuple((name, "date", "2020-03-06") for name in tables))
    assert [(each.level, each.code, each.table, each.line, each.column) for each in found] == [
        ("query", "missing_visit", "subjects", 2, "subject"),
        ("query", "completed_without_last_visit", "disposition", 2, "status"),
    ]
    assert "'month_1'" in found[1].message


def test_a_conditional_release_needs_a_test_that_may_be_awaited() -> None:
    # The clean trial awaits sterility after the release; without that test nothing is awaited.
    nothing = STUDY.model_copy(update={"product": STUDY.product.model_copy(update={"tests": ()})})
    conditional: Change = ("lots", 0, "release", "conditional")
    assert find(study=nothing) == find(conditional) == ()
    found = find(conditional, study=nothing)
    assert [(each.level, each.code, each.table, each.line, each.column, each.value) for each in found] == [
        ("error", "lot_conditional", "infusions", row, "lot", "L1") for row in (1, 2, 3, 4)
    ]


def test_lots_are_planned_by_criteria_by_tests_and_by_donors() -> None:
    rest = {name: rows for name, rows in TABLES.items() if name not in {"lots", "donors"}}

    def told(*, release: bool, tests: bool, donor: bool) -> dict[str, str]:
        product = STUDY.product.model_copy(
            update=({} if release else {"release": ()}) | ({} if tests else {"tests": ()})
        )
        study = STUDY.model_copy(update={"product": product} | ({} if donor else {"donor": None}))
        found = tables_from_frames(study, rest, today=TODAY).findings
        return {each.table: each.level for each in found if each.code == "missing_table"}

    both = {"lots": "error", "donors": "error"}
    assert told(release=True, tests=True, donor=True) == told(release=False, tests=False, donor=True) == both
    assert told(release=True, tests=False, donor=False) == {"lots": "error"}
    assert told(release=False, tests=True, donor=False) == {"lots": "error"}
    assert told(release=False, tests=False, donor=False) == {}


def test_a_consent_is_missed_of_who_was_infused() -> None:
    unsigned: Change = ("subjects", 0, "consent_date", "")
    gone = (("infusions", "subject", "S1"),)
    assert "missing_consent" in {each.code for each in find(unsigned)}
    assert "missing_consent" not in {each.code for each in find(unsigned, without=gone)}
    assert "missing_consent" not in {
        each.code for each in find(unsigned, ("subjects", 0, "received_cells", "0"), without=gone)
    }
