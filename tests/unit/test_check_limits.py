"""Each check below, at and above its limit: the clean trial with one or two values changed.

Day 0 of S1 is 2020-01-06, of S2 2020-02-06. The windows are baseline [-28, 0], month_1 30 +- 14 and infusion 2
day 7 +- 1; a dose may differ by 20 % of 1e6 cells per kg. The limits stand in study.toml and in the checks.
"""

from collections.abc import Mapping

import pytest

from funis.data.tables import tables_from_frames
from funis.study.model import Study

from .clean_trial import STUDY, TABLES, TODAY, Change, find

EVENT, DRUG = "adverse_events", "medications"
HERE = ["the cell that was changed last"]
#: Code, changes, and the places that are told: table and row (from 1), column, value as it is shown. Values of
#: subjects and days that a person may be known by are not shown; neither are more than three digits of a number.
LIMITS: list[tuple[str, list[Change], list[str]]] = [
    # A visit is in its window on the first and on the last day.
    ("visit_outside_window", [("visits", 0, "date", "2019-12-09")], []),  # day -28
    ("visit_outside_window", [("visits", 0, "date", "2019-12-08")], HERE),  # day -29
    ("visit_outside_window", [("visits", 0, "date", "2020-01-06")], []),  # day 0
    ("visit_outside_window", [("visits", 0, "date", "2020-01-07")], HERE),  # day 1
    ("visit_outside_window", [("visits", 1, "date", "2020-01-22")], []),  # day 16
    ("visit_outside_window", [("visits", 1, "date", "2020-01-21")], HERE),  # day 15
    ("visit_outside_window", [("visits", 1, "date", "2020-02-19")], []),  # day 44
    ("visit_outside_window", [("visits", 1, "date", "2020-02-20")], HERE),  # day 45
    ("infusion_outside_window", [("infusions", 1, "date", "2020-01-12")], []),
    ("infusion_outside_window", [("infusions", 1, "date", "2020-01-11")], HERE),
    ("infusion_outside_window", [("infusions", 1, "date", "2020-01-14")], []),
    ("infusion_outside_window", [("infusions", 1, "date", "2020-01-15")], HERE),
    # 60 kg x 1e6 cells +- 20 % is 48 to 72 million.
    ("dose_outside_tolerance", [("infusions", 0, "cells", "48000000")], []),
    ("dose_outside_tolerance", [("infusions", 0, "cells", "47999990")], ["infusions:1 cells about 48000000"]),
    ("dose_outside_tolerance", [("infusions", 0, "cells", "72000000")], []),
    ("dose_outside_tolerance", [("infusions", 0, "cells", "72000010")], ["infusions:1 cells about 72000000"]),
    # 60 kg at baseline: 20 % less is 48 kg, and 60 is 20 % less than 75 kg.
    ("weight_differs", [("infusions", 0, "weight_kg", "48")], []),
    ("weight_differs", [("infusions", 0, "weight_kg", "47.9")], HERE),
    ("weight_differs", [("infusions", 0, "weight_kg", "75")], []),
    ("weight_differs", [("infusions", 0, "weight_kg", "75.1")], HERE),
    ("infusion_order", [("infusions", 1, "date", "2020-01-07")], []),
    ("infusion_order", [("infusions", 1, "date", "2020-01-06")], ["infusions:2 number 2"]),
    ("infusion_order", [("infusions", 0, "number", "3"), ("infusions", 1, "number", "2")], ["infusions:1 number 3", "infusions:2 number 2"]),
    ("unplanned_infusion", [("infusions", 1, "number", "3")], HERE),
    ("unplanned_infusion", [], []),
    ("infusion_times", [("infusions", 0, "start", "10:00"), ("infusions", 0, "end", "10:00")], []),
    ("infusion_times", [("infusions", 0, "start", "9:30"), ("infusions", 0, "end", "10:00")], []),
    ("infusion_times", [("infusions", 0, "start", "10:00"), ("infusions", 0, "end", "9:59")], HERE),
    ("lot_expired", [("lots", 0, "expiry", "2020-02-13")], []),
    ("lot_expired", [("lots", 0, "expiry", "2020-02-12")], ["infusions:4 date 2020-02-13"]),
    ("lot_not_made", [("lots", 0, "manufactured", "2020-01-06")], []),
    ("lot_not_made", [("lots", 0, "manufactured", "2020-01-07")], ["infusions:1 date 2020-01-06"]),
    ("lot_not_released", [("lots", 0, "release", "quarantine")], ["infusions:1 lot L1", "infusions:2 lot L1", "infusions:3 lot L1", "infusions:4 lot L1"]),
    ("lot_not_released", [("lots", 0, "release", "conditional")], []),
    ("release_failed", [("lots", 0, "viability_percent", "80")], []),
    ("release_failed", [("lots", 0, "viability_percent", "79.9")], ["lots:1 release released"]),
    # Subjects.
    ("odd_value", [("subjects", 0, "weight_kg", "25")], []),
    ("odd_value", [("subjects", 0, "weight_kg", "24.9")], ["subjects:1 weight_kg"]),
    ("odd_value", [("subjects", 0, "weight_kg", "200")], []),
    ("odd_value", [("subjects", 0, "weight_kg", "200.1")], ["subjects:1 weight_kg"]),
    ("odd_value", [("subjects", 0, "height_cm", "100")], []),
    ("odd_value", [("subjects", 0, "height_cm", "99.9")], ["subjects:1 height_cm"]),
    ("odd_value", [("subjects", 0, "height_cm", "220")], []),
    ("odd_value", [("subjects", 0, "height_cm", "220.1")], ["subjects:1 height_cm"]),
    ("value_outside_range", [("subjects", 0, "weight_kg", "400")], []),
    ("value_outside_range", [("subjects", 0, "weight_kg", "400.1")], ["subjects:1 weight_kg"]),
    ("value_outside_range", [("subjects", 0, "weight_kg", "1")], []),
    ("value_outside_range", [("subjects", 0, "weight_kg", "0.9")], ["subjects:1 weight_kg"]),
    ("birth_date_after_consent_date", [("subjects", 0, "birth_date", "2020-01-01")], []),
    ("birth_date_after_consent_date", [("subjects", 0, "birth_date", "2020-01-02")], ["subjects:1 birth_date"]),
    ("birth_date_after_diagnosis_date", [("subjects", 0, "diagnosis_date", "1980-05-01")], []),
    ("birth_date_after_diagnosis_date", [("subjects", 0, "diagnosis_date", "1980-04-30")], ["subjects:1 birth_date"]),
    ("diagnosis_date_after_consent_date", [("subjects", 0, "diagnosis_date", "2020-01-01")], []),
    ("diagnosis_date_after_consent_date", [("subjects", 0, "diagnosis_date", "2020-01-02")], ["subjects:1 diagnosis_date"]),
    # 1980-01-01 to 2020-01-01 is 14,610 days, which is 40 years of 365.25 days.
    ("age_contradicts_birth_date", [("subjects", 0, "birth_date", "1980-01-01"), ("subjects", 0, "age", "38.5")], ["subjects:1 age"]),
    ("age_contradicts_birth_date", [("subjects", 0, "birth_date", "1980-01-01"), ("subjects", 0, "age", "38.51")], []),
    ("age_contradicts_birth_date", [("subjects", 0, "birth_date", "1980-01-01"), ("subjects", 0, "age", "41.5")], ["subjects:1 age"]),
    ("age_contradicts_birth_date", [("subjects", 0, "birth_date", "1980-01-01"), ("subjects", 0, "age", "41.49")], []),
    ("not_eligible", [("subjects", 0, "birth_date", "2004-01-01")], []),  # 16 on the day of consent
    ("not_eligible", [("subjects", 0, "birth_date", "2004-01-02")], ["subjects:1 subject S1"]),
    ("consent_after_infusion", [("subjects", 0, "consent_date", "2020-01-06")], []),
    ("consent_after_infusion", [("subjects", 0, "consent_date", "2020-01-07")], ["subjects:1 consent_date"]),
    ("before_consent", [("subjects", 0, "consent_date", "2020-01-05")], []),
    ("before_consent", [("subjects", 0, "consent_date", "2020-01-06")], ["visits:1 date 2020-01-05"]),
    # Today is 2026-01-01.
    ("date_in_future", [("visits", 0, "date", "2026-01-01")], []),
    ("date_in_future", [("visits", 0, "date", "2026-01-02")], HERE),
    ("date_in_future", [("subjects", 0, "consent_date", "2026-01-01")], []),
    ("date_in_future", [("subjects", 0, "consent_date", "2026-01-02")], ["subjects:1 consent_date"]),
    ("date_in_future", [(EVENT, 0, "end", "2026-01-01")], []),
    ("date_in_future", [(EVENT, 0, "end", "2026-01-02")], HERE),
    # The first day of 1900; from it to 2020-01-02 are 43,830 days, which is 120 years of 365.25 days.
    ("date_too_early", [("subjects", 0, "birth_date", "1900-01-01")], []),
    ("date_too_early", [("subjects", 0, "birth_date", "1899-12-31")], ["subjects:1 birth_date"]),
    ("date_too_early", [("subjects", 0, "birth_date", "0001-01-01")], ["subjects:1 birth_date"]),
    ("date_too_early", [("subjects", 0, "birth_date", "1867-05-01")], ["subjects:1 birth_date"]),
    ("date_too_early", [("lots", 0, "expiry", "1899-12-31")], ["lots:1 expiry"]),
    ("date_too_early", [("visits", 0, "date", "0202-01-05")], ["visits:1 date"]),
    ("age_not_possible", [("subjects", 0, "birth_date", "1900-01-01"), ("subjects", 0, "consent_date", "2020-01-02")], []),
    ("age_not_possible", [("subjects", 0, "birth_date", "1900-01-01"), ("subjects", 0, "consent_date", "2020-01-03")], ["subjects:1 birth_date"]),
    # Nothing that is measured is larger than 1e15; a dose equals 20,000 mg of prednisone a day or less.
    ("value_outside_range", [("infusions", 0, "cells", "1e15")], []),
    ("value_outside_range", [("infusions", 0, "cells", "1.1e15")], HERE),
    ("value_outside_range", [("labs", 0, "low", "0")], []),  # creatinine, of which no value is 0
    ("value_outside_range", [("labs", 0, "low", "-0.1")], HERE),
    ("value_outside_range", [("labs", 0, "high", "7000")], []),
    ("value_outside_range", [("labs", 0, "high", "7000.1")], ["labs:1 high about 7000"]),
    ("value_outside_range", [("visits", 0, "day", "36525")], []),
    ("value_outside_range", [("visits", 0, "day", "36526")], ["visits:1 day about 36500"]),
    ("value_outside_range", [("visits", 0, "day", "-36525")], []),
    ("value_outside_range", [("visits", 0, "day", "-36526")], ["visits:1 day about -36500"]),
    ("value_outside_range", [(DRUG, 0, "drug", "prednisone"), (DRUG, 0, "dose", "1e300")], HERE),
    ("dose_not_possible", [(DRUG, 0, "drug", "prednisone"), (DRUG, 0, "dose", "20000")], []),
    ("dose_not_possible", [(DRUG, 0, "drug", "Prednisone"), (DRUG, 0, "dose", "20000.1")], ["medications:1 dose about 20000"]),
    ("dose_not_possible", [(DRUG, 0, "drug", "dexamethasone"), (DRUG, 0, "dose", "3000")], []),
    ("dose_not_possible", [(DRUG, 0, "drug", "dexamethasone"), (DRUG, 0, "dose", "3001"), (DRUG, 0, "unit", "mg/day")], ["medications:1 dose 3001"]),
    ("dose_not_possible", [(DRUG, 0, "drug", "prednisone"), (DRUG, 0, "dose", "21"), (DRUG, 0, "unit", "g")], ["medications:1 dose 21"]),
    ("dose_not_possible", [(DRUG, 0, "drug", "prednisone"), (DRUG, 0, "dose", "21000"), (DRUG, 0, "unit", "spoons")], []),
    ("dose_not_possible", [(DRUG, 0, "drug", "heparin"), (DRUG, 0, "dose", "25000")], []),
    ("date_before_birth", [("subjects", 0, "birth_date", "2019-12-20"), ("visits", 0, "date", "2019-12-20")], []),
    ("date_before_birth", [("subjects", 0, "birth_date", "2019-12-20"), ("visits", 0, "date", "2019-12-19")], HERE),
    # The end of participation.
    ("after_death", [("disposition", 0, "status", "died"), ("disposition", 0, "date", "2020-02-05")], []),
    ("after_death", [("disposition", 0, "status", "died"), ("disposition", 0, "date", "2020-02-04")], ["visits:2 date 2020-02-05", "sledai_2k:2 date 2020-02-05", "labs:4 date 2020-02-05", "labs:5 date 2020-02-05", "labs:6 date 2020-02-05", "safety_questions:1 date 2020-02-05"]),
    # The day of death without its date; an event that has a study day alone.
    ("after_death", [("disposition", 0, "status", "died"), ("disposition", 0, "date", ""), ("disposition", 0, "day", "30")], []),
    ("after_death", [("disposition", 0, "status", "died"), ("disposition", 0, "date", ""), ("disposition", 0, "day", "29")], ["visits:2 date 2020-02-05", "sledai_2k:2 date 2020-02-05", "labs:4 date 2020-02-05", "labs:5 date 2020-02-05", "labs:6 date 2020-02-05", "safety_questions:1 date 2020-02-05"]),
    ("after_death", [("disposition", 0, "status", "died"), (EVENT, 0, "start", ""), (EVENT, 0, "end", ""), (EVENT, 0, "start_day", "30")], []),
    ("after_death", [("disposition", 0, "status", "died"), (EVENT, 0, "start", ""), (EVENT, 0, "end", ""), (EVENT, 0, "start_day", "31")], HERE),
    ("after_leaving", [("disposition", 0, "status", "withdrew"), ("disposition", 0, "date", "2020-02-05")], []),
    ("after_leaving", [("disposition", 0, "status", "withdrew"), ("disposition", 0, "date", "2020-02-04")], ["visits:2 date 2020-02-05"]),
    # Who left on day 30, and a visit of which only the day is known: of a visit with a date nothing can be told.
    ("after_leaving", [("disposition", 0, "status", "lost"), ("disposition", 0, "date", ""), ("disposition", 0, "day", "30"), ("visits", 1, "date", ""), ("visits", 1, "day", "30")], []),
    ("after_leaving", [("disposition", 0, "status", "lost"), ("disposition", 0, "date", ""), ("disposition", 0, "day", "30"), ("visits", 1, "date", ""), ("visits", 1, "day", "31")], HERE),
    # S1 and S2 have infusions; who is said to have had none is not asked for one.
    ("infusion_denied", [("subjects", 0, "received_cells", "0")], ["subjects:1 received_cells"]),
    ("infusion_denied", [("subjects", 0, "received_cells", "1")], []),
    # Adverse events.
    ("ends_before_start", [(EVENT, 0, "end", "2020-01-20")], []),
    ("ends_before_start", [(EVENT, 0, "end", "2020-01-19")], HERE),
    # The event began on day 14; its end is given as a study day alone.
    ("ends_before_start", [(EVENT, 0, "end", ""), (EVENT, 0, "end_day", "14")], []),
    ("ends_before_start", [(EVENT, 0, "end", ""), (EVENT, 0, "end_day", "13")], HERE),
    ("before_consent", [(EVENT, 0, "start", "2020-01-01")], []),
    ("before_consent", [(EVENT, 0, "start", "2019-12-31")], HERE),
    ("grade_contradicts_outcome", [(EVENT, 0, "grade", "5")], ["adverse_events:1 outcome recovered"]),
    ("grade_contradicts_outcome", [(EVENT, 0, "grade", "4")], []),
    ("grade_contradicts_outcome", [(EVENT, 0, "grade", "4"), (EVENT, 0, "outcome", "fatal")], ["adverse_events:1 grade 4"]),
    ("grade_contradicts_outcome", [(EVENT, 0, "grade", "5"), (EVENT, 0, "outcome", "fatal")], []),
    ("aware_before_start", [(EVENT, 0, "aware_date", "2020-01-20")], []),
    ("aware_before_start", [(EVENT, 0, "aware_date", "2020-01-19")], HERE),
    # The event of the clean trial is a headache, which the CTCAE 5.0 grades 1 to 3; sepsis it grades 3 to 5.
    ("grade_not_of_term", [(EVENT, 0, "grade", "3")], []),
    ("grade_not_of_term", [(EVENT, 0, "grade", "4")], HERE),
    ("grade_not_of_term", [(EVENT, 0, "term", "sepsis"), (EVENT, 0, "grade", "2")], HERE),
    ("grade_not_of_term", [(EVENT, 0, "term", "sepsis"), (EVENT, 0, "grade", "3")], []),
    ("grade_not_of_term", [(EVENT, 0, "term", "bad head"), (EVENT, 0, "grade", "4")], []),
    ("grade_not_of_term", [(EVENT, 0, "term", "bad head"), (EVENT, 0, "preferred_term", "Headache"), (EVENT, 0, "grade", "4")], HERE),
    ("grade_contradicts_outcome", [(EVENT, 0, "crs_grade", "5")], ["adverse_events:1 crs_grade 5"]),
    ("grade_contradicts_outcome", [(EVENT, 0, "icans_grade", "4")], []),
    # The clean trial does not grade by the ASTCT.
    ("missing_astct_grade", [(EVENT, 0, "term", "cytokine release syndrome")], []),
    ("fatal_not_serious", [(EVENT, 0, "outcome", "fatal"), (EVENT, 0, "serious", "0")], HERE),
    ("fatal_not_serious", [(EVENT, 0, "outcome", "fatal"), (EVENT, 0, "serious", "1")], []),
    ("criterion_not_serious", [(EVENT, 0, "serious_hospital", "1"), (EVENT, 0, "serious", "0")], HERE),
    ("criterion_not_serious", [(EVENT, 0, "serious_hospital", "0"), (EVENT, 0, "serious", "0")], []),
    ("criterion_not_serious", [(EVENT, 0, "serious_hospital", "1"), (EVENT, 0, "serious", "1")], []),
    # S1 was asked on day 30: events of day 0 to 30 count.
    ("event_denied", [("safety_questions", 0, "any_event", "0"), (EVENT, 0, "start", "2020-02-05"), (EVENT, 0, "end", "")], ["safety_questions:1 any_event 0"]),
    ("event_denied", [("safety_questions", 0, "any_event", "0"), (EVENT, 0, "start", "2020-02-06"), (EVENT, 0, "end", "")], []),
    ("event_denied", [("safety_questions", 0, "any_event", "0"), (EVENT, 0, "start", "2020-01-06")], ["safety_questions:1 any_event 0"]),
    ("event_denied", [("safety_questions", 0, "any_event", "0"), (EVENT, 0, "start", "2020-01-05")], []),
    # Laboratory results. Creatinine: odd below 20 and above 1500 umol/L, impossible below 8 and above 7000.
    ("odd_value", [("labs", 3, "value", "20")], []),
    ("odd_value", [("labs", 3, "value", "19.9")], ["labs:4 value 19.9 umol/L"]),
    ("odd_value", [("labs", 3, "value", "1500")], []),
    ("odd_value", [("labs", 3, "value", "1500.1")], ["labs:4 value about 1500 umol/L"]),
    ("value_outside_range", [("labs", 3, "value", "7000")], []),
    ("value_outside_range", [("labs", 3, "value", "7000.1")], ["labs:4 value about 7000 umol/L"]),
    ("value_outside_range", [("labs", 3, "value", "8")], []),
    ("value_outside_range", [("labs", 3, "value", "7.9")], ["labs:4 value 7.9 umol/L"]),
    ("value_outside_range", [("labs", 10, "value", "0")], []),
    ("value_outside_range", [("labs", 10, "value", "-0.1")], ["labs:11 value -0.1 g/24h"]),
    # 24-h protein of nearly nothing: below 0.01 g; nothing at all only of who had more than 0.5 g.
    ("odd_value", [("labs", 10, "value", "0.01")], []),
    ("odd_value", [("labs", 10, "value", "0.009")], ["labs:11 value 0.009 g/24h"]),
    ("odd_value", [("labs", 10, "value", "0")], []),
    ("odd_value", [("labs", 4, "value", "0")], ["labs:5 value 0 g/24h"]),
    ("odd_value", [("labs", 1, "value", "0.5"), ("labs", 4, "value", "0")], []),
    ("odd_value", [("labs", 1, "value", "0.51"), ("labs", 4, "value", "0")], ["labs:5 value 0 g/24h"]),
    ("limits_reversed", [("labs", 0, "low", "44"), ("labs", 0, "high", "44")], []),
    ("limits_reversed", [("labs", 0, "low", "44.1"), ("labs", 0, "high", "44")], ["labs:1 low 44.1"]),
    # Study days that are written beside the date.
    ("day_contradicts_date", [("visits", 1, "day", "30")], []),
    ("day_contradicts_date", [("visits", 1, "day", "29")], HERE),
    ("day_contradicts_date", [("visits", 1, "day", "31")], HERE),
]  # fmt: skip


@pytest.mark.parametrize(("code", "changes", "places"), LIMITS, ids=lambda each: str(each)[:90])
def test_a_check_speaks_beyond_its_limit_and_not_on_it(
    code: str, changes: list[Change], places: list[str]
) -> None:
    if places is HERE:
        table, row, column, text = changes[-1]
        places = [f"{table}:{row + 1} {column} {text}"]
    found = [each for each in find(*changes) if each.code == code]
    assert [f"{each.table}:{each.line} {each.column} {each.value}".strip() for each in found] == places
    for each in found:
        assert each.line is not None
        # Who and when it was is read from the row that is named.
        rows = TABLES.get(each.table, [])
        named = rows[each.line - 1] if each.line <= len(rows) else {"subject": "S1"}
        assert (each.subject, each.visit) == (named.get("subject", ""), named.get("visit", ""))


PRODUCT = STUDY.product.model_copy(update={"release": ("sterility = 'negative'",)})
STERILE = STUDY.model_copy(update={"product": PRODUCT})


@pytest.mark.parametrize(
    ("decision", "viability", "told"),
    [
        ("released", "79.9", [("error", "release", "released")]),
        ("conditional", "79.9", [("error", "release", "conditional")]),
        ("quarantine", "79.9", [("warning", "viability_percent", "79.9")]),
        ("rejected", "79.9", [("warning", "viability_percent", "79.9")]),
        ("", "79.9", [("warning", "viability_percent", "79.9")]),
        ("released", "80", []),
    ],
)
def test_a_lot_released_against_a_criterion_is_an_error_of_the_decision(
    decision: str, viability: str, told: list[tuple[str, str, str]]
) -> None:
    found = find(("lots", 0, "release", decision), ("lots", 0, "viability_percent", viability))
    failed = [each for each in found if each.code == "release_failed"]
    assert [(each.level, each.column, each.value) for each in failed] == told
    if told and told[0][0] == "error":
        assert "viability_percent >= 80; viability_percent is 79.9" in failed[0].message


@pytest.mark.parametrize(
    ("sterility", "level", "words"),
    [
        ("positive", "error", "was released against"),
        ("pending", "warning", "without a result"),
        ("not_done", "warning", "without a result"),
    ],
)
def test_a_lot_whose_result_is_awaited_was_not_released_against_it(
    sterility: str, level: str, words: str
) -> None:
    found = find(("lots", 0, "sterility", sterility), study=STERILE)
    failed = [each for each in found if each.code == "release_failed"]
    assert [each.level for each in failed] == [level]
    assert words in failed[0].message


def test_a_lot_that_was_not_released_and_has_no_result_is_told_as_failing() -> None:
    found = find(("lots", 0, "sterility", "pending"), ("lots", 0, "release", "quarantine"), study=STERILE)
    assert [
        "fails a release criterion" in each.message for each in found if each.code == "release_failed"
    ] == [True]


def test_day_0_is_written_nowhere_in_the_clean_trial() -> None:
    assert find() == ()


@pytest.mark.parametrize(("cells", "is_told"), [("9999999", True), ("10000000", False)])
def test_a_dose_of_few_cells_is_told_as_one_per_kilogram(cells: str, *, is_told: bool) -> None:
    found = find(("infusions", 0, "cells", cells))
    assert ["per kilogram" in finding.fix for finding in found] == [is_told]


@pytest.mark.parametrize(
    ("day", "is_missed"),
    # Month 1 may be as late as day 44, 2020-02-19: who left the day before was not to be seen any more.
    [("2020-02-19", True), ("2020-02-18", False)],
)
def test_a_visit_is_missed_by_who_was_still_there_on_its_last_day(day: str, *, is_missed: bool) -> None:
    changes = [("disposition", 0, "status", "withdrew"), ("disposition", 0, "date", day)]
    gone = tuple((name, "visit", "month_1") for name in ("visits", "sledai_2k", "labs", "safety_questions"))
    # Without any visit of month 1 both subjects lack it; S2 completed the study.
    found = find(*changes, without=gone)
    missed = {finding.subject for finding in found if finding.code == "missing_visit"}
    assert missed == ({"S1", "S2"} if is_missed else {"S2"})


@pytest.mark.parametrize(
    ("last", "left", "is_missing"),
    [
        # Infusion 2 may be as late as day 8, 2020-01-14.
        ("2020-01-14", "", True),
        ("2020-01-13", "", False),
        ("2020-02-05", "2020-01-14", True),
        ("2020-02-05", "2020-01-13", False),
    ],
)
def test_an_infusion_is_missing_of_who_was_there_on_its_last_day(
    last: str, left: str, *, is_missing: bool
) -> None:
    status = "withdrew" if left else "ongoing"
    changes = [("disposition", 0, "status", status), ("disposition", 0, "date", left)]
    changes += [(name, 1, "date", last) for name in ("visits", "sledai_2k")]
    changes += [("labs", row, "date", last) for row in (3, 4, 5)] + [("safety_questions", 0, "date", last)]
    found = find(*changes, without=(("infusions", "date", "2020-01-13"),))
    assert ("missing_infusion" in {finding.code for finding in found}) is is_missing
    # That the subject had none at all is no answer to where the second one is.
    denied = find(
        *changes, ("subjects", 0, "received_cells", "0"), without=(("infusions", "date", "2020-01-13"),)
    )
    assert ("missing_infusion" in {finding.code for finding in denied}) is is_missing


@pytest.mark.parametrize(("said", "count"), [("", 2), ("1", 2), ("0", 0)])
def test_no_infusion_is_asked_for_of_who_is_said_to_have_had_none(said: str, count: int) -> None:
    found = find(("subjects", 0, "received_cells", said), without=(("infusions", "subject", "S1"),))
    assert [finding.code for finding in found].count("missing_infusion") == count


def test_an_event_of_the_day_of_a_question_belongs_to_that_question() -> None:
    # S1 was also asked on 2020-01-20 (day 14), and again on day 30; the event began on day 14, then on day 15.
    asked = [("safety_questions", 2, column, text) for column, text in
             (("visit", "unscheduled"), ("date", "2020-01-20"), ("asked", "1"), ("any_event", "1"))]  # fmt: skip
    on = [finding for finding in find(*asked) if finding.code == "event_not_listed"]
    assert [finding.visit for finding in on] == ["month_1"]
    after = [("adverse_events", 0, "start", "2020-01-21")]
    late = [finding for finding in find(*asked, *after) if finding.code == "event_not_listed"]
    assert [finding.visit for finding in late] == ["unscheduled"]


def test_a_test_without_any_result_is_missed_once_where_more_than_three_are_due() -> None:
    gone = (("labs", "test", "platelets"),)
    four = [finding for finding in find(without=gone) if finding.code == "missing_labs"]
    assert [(finding.table, finding.value) for finding in four] == [("labs", "platelets")]
    missed = [("visits", 3, "attended", "0")]
    seen = tuple((name, "date", "2020-03-06") for name in ("sledai_2k", "labs", "safety_questions"))
    three = [finding for finding in find(*missed, without=(*gone, *seen)) if finding.code == "missing_labs"]
    assert [(finding.table, finding.subject, finding.visit) for finding in three] == [
        ("visits", "S1", "baseline"),
        ("visits", "S1", "month_1"),
        ("visits", "S2", "baseline"),
    ]


@pytest.mark.parametrize(("blank", "findings"), [(8, 8), (9, 1)])
def test_many_empty_items_of_a_row_are_said_once(blank: int, findings: int) -> None:
    # Items that no laboratory test of the study can fill.
    items = [name for name in TABLES["sledai_2k"][0] if name not in {"subject", "visit", "date"}][:blank]
    found = find(*(("sledai_2k", 1, name, "") for name in items))
    assert [finding.code for finding in found] == ["missing_item"] * findings


@pytest.mark.parametrize(
    ("minimum", "maximum", "is_outside"),
    [(0.4, None, False), (0.41, None, True), (None, 1.2, False), (None, 1.19, True)],
)
def test_limits_of_the_study_file_are_allowed_values(
    minimum: float | None, maximum: float | None, *, is_outside: bool
) -> None:
    # 24-h protein of the clean trial is 1.2, 0.4, 0.1 and 0.1; S2 has its two below the lower limit.
    labs = tuple(
        lab.model_copy(update={"minimum": minimum, "maximum": maximum})
        if lab.test == "proteinuria_24h"
        else lab
        for lab in STUDY.labs
    )
    found = find(study=STUDY.model_copy(update={"labs": labs}))
    outside = [
        finding for finding in found if finding.code == "value_outside_range" and finding.subject == "S1"
    ]
    assert bool(outside) is is_outside


def test_a_birth_date_is_left_out_and_never_shown() -> None:
    for text, code in (("1867-05-01", "date_too_early"), ("1900-01-01", "age_not_possible")):
        changes = [("subjects", 0, "birth_date", text), ("subjects", 0, "consent_date", "2020-01-03")]
        found = [each for each in find(*changes) if each.code == code]
        assert [(each.level, each.value) for each in found] == [("error", "")]
        assert text not in str(found)


def test_without_the_tables_of_cells_their_criteria_are_missed() -> None:
    def told(study: Study, tables: Mapping[str, object]) -> dict[str, tuple[str, str, str]]:
        found = tables_from_frames(study, tables, today=TODAY).findings
        named = ("lots", "donors")
        return {each.table: (each.level, each.code, each.message) for each in found if each.table in named}

    rest = {name: rows for name, rows in TABLES.items() if name not in {"lots", "donors"}}
    lots = "The table 'lots' is missing; the {} of release cannot be judged."
    donors = "The table 'donors' is missing; no donor can be judged."
    # Two criteria and one test of sterility.
    assert told(STUDY, rest) == {
        "lots": ("error", "missing_table", lots.format("3 criteria")),
        "donors": ("error", "missing_table", donors),
    }
    empty = told(STUDY, {**rest, "lots": [], "donors": []})
    assert {name: each[:2] for name, each in empty.items()} == {
        "lots": ("warning", "empty_table"), "donors": ("warning", "empty_table"),
    }  # fmt: skip

    def ask(release: int, tests: int, *, donor: bool) -> dict[str, str]:
        product = {"release": STUDY.product.release[:release], "tests": STUDY.product.tests[:tests]}
        changes: dict[str, object] = {"product": STUDY.product.model_copy(update=product)}
        changes |= {} if donor else {"donor": None}
        return {name: each[2] for name, each in told(STUDY.model_copy(update=changes), rest).items()}

    assert ask(1, 0, donor=False) == {"lots": lots.format("criterion")}
    assert ask(0, 1, donor=False) == {"lots": lots.format("criterion")}
    assert ask(0, 0, donor=True) == {"lots": "The table 'lots' is missing.", "donors": donors}
    assert ask(0, 0, donor=False) == {}


def test_the_unit_that_an_impossible_value_fits_is_asked_about() -> None:
    """In labs by the unit of the study, in the table of an instrument by the unit of its item."""
    (result,) = (one for one in find(("labs", 3, "value", "1.2")) if one.code == "value_outside_range")
    assert result.fix == (
        "Is it mg/dL, labelled umol/L? Possible is 8 to 7000 umol/L. It would fit mg/dL or mmol/L: is it in that unit?"
    )
    (limit,) = (one for one in find(("labs", 0, "high", "-3")) if one.code == "value_outside_range")
    assert (limit.column, limit.fix) == ("high", "Possible is 0 to 7000 umol/L.")


def test_a_dose_outside_is_told_with_the_limits_of_that_weight() -> None:
    """80 % and 120 % of 1e6 cells per kg of 60 kg; a bound of 1 / 1.2 and 1 / 0.8 is another rule."""
    found = find(("infusions", 0, "cells", "47999990"))
    (told,) = [each for each in found if each.code == "dose_outside_tolerance"]
    assert "4.8e+07 to 7.2e+07 cells" in told.fix
