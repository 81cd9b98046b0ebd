"""Donor, lot, infusion: each rule on its limit and beyond, and what follows for who was given the cells.

The clean trial has one donor (consent 2019-11-01, delivery 2019-11-20, specimens of 2019-11-19, which may lie 7
days before or after the delivery), one lot (made 2019-12-20, released 2020-01-03, expiry 2020-12-31) and four
infusions of it (S1 on 2020-01-06 and 13, S2 on 2020-02-06 and 13). Release asks for a passage of at most 5.
"""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import funis
from funis.data.tables import tables_from_frames
from funis.errors import Finding
from funis.study.model import Arm, Study
from funis.study.product import Donor, DonorTest, ProductTest
from funis.study.read import read_study

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)
STUDY = read_study(CLEAN)
TABLES = {
    path.stem: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    for path in sorted((CLEAN / "data").glob("*.csv"))
}
Change = tuple[str, int, str, str]
"""Table, row from 0, column, text."""


def tables_with(*changes: Change) -> dict[str, list[dict[str, str]]]:
    tables = {name: [dict(row) for row in rows] for name, rows in TABLES.items()}
    for name, row, column, text in changes:
        tables[name][row][column] = text
    return tables


def check(tables: dict[str, Any], study: Study = STUDY) -> tuple[Finding, ...]:
    return tables_from_frames(study, tables, today=TODAY).findings


def codes(*changes: Change, study: Study = STUDY) -> list[str]:
    return sorted({each.code for each in check(tables_with(*changes), study)})


def donor(column: str, text: str) -> Change:
    return ("donors", 0, column, text)


def lot(column: str, text: str) -> Change:
    return ("lots", 0, column, text)


def collected(day: str) -> list[Change]:
    """Move the delivery to a day, with specimens of 2020-01-06, and leave out when the lot was made and released."""
    tests = [donor(f"{agent}_date", "2020-01-06") for agent in ("hiv", "hbv", "hcv", "syphilis")]
    return [donor("delivery_date", day), *tests, lot("manufactured", ""), lot("release_date", "")]


UNFIT = "unfit_cells"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        # Consent on the day of the collection is before it.
        ([donor("consent_date", "2019-11-20")], []),
        ([donor("consent_date", "2019-11-21")], ["donor_consent_late", UNFIT]),
        ([donor("consent_date", "")], ["donor_without_consent", UNFIT]),
        # A collection of its own takes the place of the delivery, and is not before it.
        ([donor("collection_date", "2019-11-20")], []),
        ([donor("collection_date", "2019-11-19")], ["collection_before_delivery"]),
        ([donor("collection_date", "2019-11-25"), donor("consent_date", "2019-11-25")], []),
        # Seven days before and after the delivery of 2019-11-20 are 11-13 and 11-27.
        ([donor("hiv_date", "2019-11-13")], []),
        ([donor("hiv_date", "2019-11-12")], ["donor_test_date", UNFIT]),
        ([donor("hiv_date", "2019-11-27")], []),
        ([donor("hiv_date", "2019-11-28")], ["donor_test_date", UNFIT]),
        ([donor("hiv_date", "")], ["donor_test_undated", UNFIT]),
        ([donor("hiv", ""), donor("hiv_date", "")], ["donor_test_missing", UNFIT]),
        ([donor("hiv", "pending")], ["donor_test_missing", UNFIT]),
        ([donor("hiv", "not_done")], ["donor_test_missing", UNFIT]),
        ([donor("hiv", "positive")], ["donor_test_failed", UNFIT]),
        ([donor("syphilis", "positive")], ["donor_test_failed", UNFIT]),
        # Nobody asked for CMV; it is positive in most adults.
        ([donor("cmv", "positive")], []),
        ([donor("eligible", "0")], ["donor_not_eligible", UNFIT]),
        ([donor("eligible", "")], ["donor_not_judged"]),
        ([donor("healthy", "0")], ["donor_rule_failed", UNFIT]),
        ([donor("healthy", "")], ["donor_rule_unknown"]),
        ([donor("delivery", "caesarean")], ["donor_rule_failed", UNFIT]),
        ([donor("delivery_date", "")], ["donor_without_collection", UNFIT]),
        # The lot.
        ([lot("manufactured", "2019-11-20")], []),
        ([lot("manufactured", "2019-11-19")], ["lot_before_collection"]),
        ([lot("release_date", "2019-12-20")], []),
        ([lot("release_date", "2019-12-19")], ["release_before_made"]),
        ([lot("expiry", "2020-02-13")], []),
        ([lot("expiry", "2020-02-12")], ["lot_expired"]),
        ([lot("expiry", "2019-12-19")], ["expiry_before_made", "lot_expired"]),
        ([lot("release_date", "2020-01-06")], []),
        ([lot("release_date", "2020-01-07")], ["lot_released_later"]),
        ([lot("release_date", "")], ["release_undated"]),
        ([lot("expiry", "")], ["expiry_undated"]),
        ([lot("manufactured", "")], ["manufacture_undated"]),
        ([lot("expiry", ""), lot("release_date", ""), lot("manufactured", "")], ["expiry_undated", "manufacture_undated", "release_undated"]),
        # Of a lot that was not released no day of release is asked.
        ([lot("release", "rejected"), lot("release_date", ""), lot("expiry", "")], ["expiry_undated", "lot_not_released"]),
        ([lot("release_date", "2020-01-06"), lot("expiry", "2020-01-06")], ["lot_expired"]),
        ([lot("release_date", "2020-01-06"), lot("expiry", "2020-01-05")], ["lot_expired", "release_after_expiry", UNFIT]),
        # Infusions of 6e7 cells twice and of 7e7 cells twice are 2.6e8; without the last, 1.9e8.
        ([lot("cells", "260000000")], []),
        ([lot("cells", "259999999")], ["lot_overdrawn", UNFIT]),
        ([lot("cells", "190000000"), ("infusions", 3, "cells", "")], ["missing_dose"]),
        ([lot("release", "quarantine"), lot("release_date", "2020-01-07")], ["lot_not_released"]),
        ([lot("release", "rejected")], ["lot_not_released"]),
        ([lot("release", ""), lot("release_date", "")], ["lot_not_decided"]),
        ([lot("passage", "5")], []),
        ([lot("passage", "6")], ["release_failed", UNFIT]),
        ([lot("sterility", "positive")], ["lot_test_failed", UNFIT]),
        ([lot("sterility", "not_done")], ["lot_test_missing", UNFIT]),
        ([lot("sterility", "")], ["result_awaited"]),
        ([lot("sterility", "pending")], ["result_awaited"]),
        # The only test of the study may be awaited, so a conditional release is one.
        ([lot("release", "conditional"), lot("sterility", "pending")], ["result_awaited"]),
        ([lot("release", "conditional")], []),
        ([lot("donor", "")], ["missing_donor", UNFIT]),
        ([lot("donor", "D2")], ["unknown_donor", UNFIT]),
        # The infusion.
        ([("infusions", 0, "lot", "")], ["missing_lot"]),
        ([("infusions", 0, "lot", "L2")], ["unknown_lot"]),
        ([("infusions", 1, "date", ""), ("infusions", 1, "day", "7")], ["infusion_undated"]),
        # Given on the day of the collection, and the day before it.
        (collected("2020-01-06"), ["manufacture_undated", "release_undated"]),
        (collected("2020-01-07"), ["given_before_collection", "manufacture_undated", "release_undated"]),
        ([lot("manufactured", "2020-01-06"), lot("release_date", "2020-01-06")], []),
        ([lot("manufactured", "2020-01-07"), lot("release_date", "2020-01-07")], ["lot_not_made", "lot_released_later"]),
    ],
    ids=str,
)  # fmt: skip
def test_the_chain_breaks_beyond_each_limit_and_not_on_it(changes: list[Change], told: list[str]) -> None:
    assert codes(*changes) == sorted(told)


@pytest.mark.parametrize("level_of", [("result_awaited", lot("sterility", "")), ("donor_not_judged", donor("eligible", "")),
                                      ("donor_rule_unknown", donor("healthy", "")), ("release_undated", lot("release_date", "")),
                                      ("expiry_undated", lot("expiry", "")), ("manufacture_undated", lot("manufactured", ""))])  # fmt: skip
def test_what_is_only_not_known_yet_is_a_query(level_of: tuple[str, Change]) -> None:
    code, change = level_of
    assert {each.level for each in check(tables_with(change))} == {"query"}
    assert code in codes(change)


def test_every_break_is_an_error_that_names_place_found_allowed_and_what_to_do() -> None:
    found = check(tables_with(donor("hiv", "positive")))
    assert {each.level for each in found} == {"error"}
    (own,) = (each for each in found if each.code == "donor_test_failed")
    assert (own.table, own.file, own.line, own.column, own.value) == (
        "donors",
        "donors",
        1,
        "hiv",
        "positive",
    )
    assert own.fix == (
        "Allowed is result = 'negative'. If it is so, block every lot of this donor, and tell who was given one."
    )
    given = [each for each in found if each.code == UNFIT]
    assert [(each.subject, each.line, each.value) for each in given] == [
        ("S1", 1, "L1"), ("S1", 2, "L1"), ("S2", 3, "L1"), ("S2", 4, "L1"),
    ]  # fmt: skip
    assert {each.fix for each in given} == {
        "See donors line 1 (hiv); if it is so, follow the subject up, and report the deviation."
    }


def test_an_infusion_names_lot_and_donor_where_both_break_a_rule() -> None:
    changes = (lot("passage", "6"), donor("hiv", "positive"), donor("eligible", "0"))
    (fix,) = {each.fix for each in check(tables_with(*changes)) if each.code == UNFIT}
    assert fix == (
        "See lots line 1 (release) and donors line 1 (eligible, hiv); if it is so, follow the subject up, "
        "and report the deviation."
    )


def test_nothing_is_left_out_for_a_break_in_the_chain() -> None:
    changed = tables_with(donor("hiv", "positive"), lot("passage", "6"), lot("release", "conditional"))
    frames = tables_from_frames(STUDY, changed, today=TODAY).frames
    assert frames["donors"]["hiv"].to_list() == ["positive"]
    assert frames["lots"].select("passage", "release").rows() == [(6, "conditional")]
    assert frames["infusions"]["lot"].to_list() == ["L1"] * 4


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        # Who was refused may be positive: none of the cells was used.
        ([("lots", 1, "donor", "D2"), ("lots", 1, "release", "rejected")], []),
        ([("lots", 1, "donor", "D2"), ("lots", 1, "release", "quarantine")], []),
        ([("lots", 1, "donor", "D2"), ("lots", 1, "release", "")], []),
        ([("lots", 1, "donor", "D2"), ("lots", 1, "release", "released")], ["donor_test_failed"]),
        ([("lots", 1, "donor", "D2"), ("lots", 1, "release", "conditional")], ["donor_test_failed"]),
        ([("lots", 1, "donor", "D9"), ("lots", 1, "release", "released")], ["unknown_donor"]),
        ([("lots", 1, "donor", "D9"), ("lots", 1, "release", "rejected")], []),
        ([("lots", 1, "donor", ""), ("lots", 1, "release", "released")], ["missing_donor"]),
        ([("lots", 1, "donor", "D1"), ("lots", 1, "release", "rejected"), ("lots", 1, "sterility", "positive")], []),
    ],
    ids=str,
)  # fmt: skip
def test_what_was_not_used_may_lack_anything(changes: list[Change], told: list[str]) -> None:
    tables = tables_with()
    tables["donors"].append({**tables["donors"][0], "donor": "D2", "hiv": "positive"})
    tables["lots"].append({**tables["lots"][0], "lot": "L2"})
    for name, row, column, text in changes:
        tables[name][row][column] = text
    assert sorted({each.code for each in check(tables)}) == told


def test_without_a_table_of_lots_every_donor_counts() -> None:
    study = STUDY.model_copy(
        update={"product": STUDY.product.model_copy(update={"release": (), "tests": ()})}
    )
    tables = {name: rows for name, rows in tables_with(donor("hiv", "positive")).items() if name != "lots"}
    found = {each.code for each in check(tables, study)}
    assert "donor_test_failed" in found
    assert UNFIT not in found


def test_a_specimen_of_the_day_of_first_use_is_known_before() -> None:
    free = Donor(tests=(DonorTest(test="hiv", rule="result = 'negative'"),))
    study = STUDY.model_copy(update={"donor": free})
    # The first use is the release of 2020-01-03; without its date the infusion of 2020-01-06.
    assert codes(donor("hiv_date", "2020-01-03"), study=study) == []
    assert codes(donor("hiv_date", "2020-01-04"), study=study) == ["donor_test_late", UNFIT]
    without = lot("release_date", "")
    assert codes(donor("hiv_date", "2020-01-06"), without, study=study) == ["release_undated"]
    assert codes(donor("hiv_date", "2020-01-07"), without, study=study) == [
        "donor_test_late", "release_undated", UNFIT,
    ]  # fmt: skip
    # The day on which a lot was refused is not one of use.
    refused = (lot("release", "quarantine"), donor("hiv_date", "2020-01-06"))
    assert codes(*refused, study=study) == ["lot_not_released"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (7, None, "at most 7 days before the collection"),
        (None, 1, "at most 1 day after the collection"),
        (7, 0, "at most 7 days before and 0 days after the collection"),
    ],
)
def test_one_side_of_the_window_may_be_open(before: int | None, after: int | None, told: str) -> None:
    test = DonorTest(
        test="hiv", rule="result = 'negative'",
        max_days_before_collection=before, max_days_after_collection=after,
    )  # fmt: skip
    study = STUDY.model_copy(update={"donor": Donor(tests=(test,))})
    early = check(tables_with(donor("hiv_date", "2019-11-12")), study)  # 8 days before
    late = check(tables_with(donor("hiv_date", "2019-11-22")), study)  # 2 days after
    said = {each.message: each.fix for each in (*early, *late) if each.code == "donor_test_date"}
    expected = {"The specimen was taken 8 days before the collection."} if before else set()
    expected |= {"The specimen was taken 2 days after the collection."} if after is not None else set()
    assert set(said) == expected
    assert all(f"Allowed is {told}." in fix for fix in said.values())
    (undated,) = (each for each in check(tables_with(donor("hiv_date", "")), study) if each.code != UNFIT)
    assert (undated.code, undated.fix) == ("donor_test_undated", f"Write it: {told}.")


def test_a_study_that_says_nothing_of_donors_asks_for_four_tests() -> None:
    study = STUDY.model_copy(update={"donor": None})
    for agent in ("hiv", "hbv", "hcv", "syphilis"):
        assert codes(donor(agent, "positive"), study=study) == ["donor_test_failed", UNFIT]
    # No day is asked of a specimen, nor a healthy donor.
    assert codes(donor("hiv_date", ""), donor("healthy", ""), study=study) == []
    # Without the day of collection nobody can tell whether the consent came first.
    (asked,) = check(tables_with(donor("delivery_date", "")), study)
    assert (asked.level, asked.code) == ("query", "donor_without_collection")
    tables = {name: rows for name, rows in TABLES.items() if name != "donors"}
    assert check(tables, study) == ()


@pytest.mark.parametrize(
    ("result", "may_await", "told"),
    [
        ("pending", "before_release", ["lot_test_missing", UNFIT]),
        ("", "before_release", ["lot_test_missing", UNFIT]),
        ("positive", "before_release", ["lot_test_failed", UNFIT]),
        ("negative", "before_release", []),
        ("negative", "after_release", []),
    ],
)
def test_only_a_test_declared_so_may_be_awaited(result: str, may_await: Any, told: list[str]) -> None:
    test = ProductTest(test="mycoplasma", rule="result = 'negative'", result=may_await)
    product = STUDY.product.model_copy(update={"tests": (test,)})
    study = STUDY.model_copy(update={"product": product})
    assert codes(lot("mycoplasma", result), study=study) == told
    conditional = codes(lot("mycoplasma", result), lot("release", "conditional"), study=study)
    assert conditional == sorted([*told, *(["lot_conditional"] if may_await == "before_release" else [])])


def test_a_measured_quantity_is_a_test_too() -> None:
    test = ProductTest(test="endotoxin_eu_per_ml", rule="result <= 0.5")
    study = STUDY.model_copy(update={"product": STUDY.product.model_copy(update={"tests": (test,)})})
    assert codes(lot("endotoxin_eu_per_ml", "0.5"), study=study) == []
    assert codes(lot("endotoxin_eu_per_ml", "0.6"), study=study) == ["lot_test_failed", UNFIT]
    assert codes(lot("endotoxin_eu_per_ml", ""), study=study) == ["lot_test_missing", UNFIT]


def test_the_control_arm_needs_no_lot() -> None:
    arms = (Arm(id="cells", name="Cells"), Arm(id="sham", name="Sham", control=True))
    study = STUDY.model_copy(update={"arms": arms})
    tables = tables_with(("subjects", 0, "arm", "sham"), ("subjects", 1, "arm", "cells"))
    for row in tables["infusions"][:3]:
        row["lot"] = ""
    for row in tables["infusions"][:2]:
        row["cells"] = "0"
    missing = [(each.subject, each.line) for each in check(tables, study) if each.code == "missing_lot"]
    assert missing == [("S2", 3)]
    # Whoever of the control arm was given cells is asked for their lot all the same, and so is a lot that is named.
    tables["infusions"][0]["cells"] = "60000000"
    tables["infusions"][1]["lot"] = "L8"
    told = [(each.code, each.line) for each in check(tables, study) if each.code.endswith("_lot")]
    assert told == [("missing_lot", 1), ("unknown_lot", 2), ("missing_lot", 3)]


def test_frames_without_a_disk_give_the_same_findings() -> None:
    tables = tables_with(donor("hiv", "positive"), lot("expiry", "2020-01-10"))
    few = funis.check_frames(STUDY, tables)
    many = funis.check_frames(STUDY, {name: pl.DataFrame(rows) for name, rows in tables.items()})
    register = check(tables)
    named = [
        [(each.code, each.level, each.table, each.line, each.column, each.value, each.message, each.fix) for each in found]
        for found in (few, many, register)
    ]  # fmt: skip
    assert named[0] == named[1] == named[2]
    assert {"donor_test_failed", "lot_expired", UNFIT} <= {each.code for each in few}
