"""The cells that were given, counted by hand in the clean trial: two donors, two lots, four infusions.

S1 is given L1 twice (of D1), S2 is given L2 twice (of D2). A third lot of a third donor was refused.
"""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import funis
from funis.data.tables import tables_from_frames
from funis.documents.table import TableSpec
from funis.reporting.banners import build_notices
from funis.reporting.labels import Labels
from funis.reporting.number_book import read_numbers
from funis.reporting.product_words import describe_cells, rules_of_cells
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.product import Donor, DonorTest, ProductTest
from funis.study.read import read_study

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)
STUDY = read_study(CLEAN)
Change = tuple[str, int, str, str]
"""Table, row from 0, column, text."""


def trial(*changes: Change, without: tuple[str, ...] = (), study: Study = STUDY) -> Results:
    tables: dict[str, list[dict[str, str]]] = {
        path.stem: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in sorted((CLEAN / "data").glob("*.csv"))
    }
    tables["donors"] += [{**tables["donors"][0], "donor": name} for name in ("D2", "D3")]
    tables["donors"][2]["hiv"] = "positive"
    first = tables["lots"][0]
    tables["lots"].append({**first, "lot": "L2", "donor": "D2", "passage": "4", "viability_percent": "88.5"})
    tables["lots"].append({**first, "lot": "L3", "donor": "D3", "passage": "9", "release": "rejected"})
    for infusion in tables["infusions"][2:]:
        infusion["lot"] = "L2"
    for name, row, column, text in changes:
        tables[name][row][column] = text
    given = {name: rows for name, rows in tables.items() if name not in without}
    return funis.analyse(study, tables_from_frames(study, given, today=TODAY))


def numbers(results: Results) -> dict[tuple[str, str, str], tuple[Any, Any, str]]:
    found = results.numbers.filter(pl.col("analysis") == "product")
    columns = ("variable", "category", "statistic", "value", "denominator", "status")
    return {row[:3]: row[3:] for row in found.select(columns).iter_rows()}


def counts(results: Results) -> dict[str, tuple[Any, Any]]:
    named = numbers(results).items()
    return {
        f"{variable} {category}".rstrip(): found[:2]
        for (variable, category, statistic), found in named
        if statistic == "count"
    }


def test_what_was_given_is_counted_and_what_was_refused_is_not() -> None:
    found = counts(trial())
    assert found == {
        "donors": (2, None),
        "donor_consent": (2, 2),
        "donor_delivery vaginal": (2, 2),
        "donor_healthy": (2, 2),
        "donor_hiv negative": (2, 2),
        "donor_hbv negative": (2, 2),
        "donor_hcv negative": (2, 2),
        "donor_syphilis negative": (2, 2),
        "donor_htlv negative": (None, None),
        "donor_cmv negative": (None, None),
        "donor_eligible": (2, 2),
        "lots": (2, None),
        "lot_sterility negative": (2, 2),
        "lot_mycoplasma negative": (None, None),
        "lot_karyotype normal": (None, None),
        "lot_released": (2, 2),
        "lot_in_date": (2, 2),
        "infusions": (4, None),
        "traced_to_lot": (4, 4),
        "traced_to_donor": (4, 4),
        "unbroken": (4, 4),
        "infusions_of_lot L1": (2, None),
        "subjects_of_lot L1": (1, None),
        "infusions_of_lot L2": (2, None),
        "subjects_of_lot L2": (1, None),
    }
    measured = numbers(trial())
    assert [measured["lot_passage", "", name][0] for name in ("n", "median", "min", "max")] == [2, 3.5, 3, 4]
    spread = [measured["lot_viability_percent", "", name][0] for name in ("median", "min", "max")]
    assert spread == [90.25, 88.5, 92]
    assert measured["donor_cmv", "negative", "count"][2] == "not_collected"


@pytest.mark.parametrize(
    ("change", "variable", "told"),
    [
        # The delivery was on 2019-11-20; of who has no date of it, it is not known.
        (("donors", 1, "consent_date", "2019-11-20"), "donor_consent", (2, 2)),
        (("donors", 1, "consent_date", "2019-11-21"), "donor_consent", (1, 2)),
        (("donors", 1, "consent_date", ""), "donor_consent", (1, 2)),
        (("donors", 1, "delivery_date", ""), "donor_consent", (1, 1)),
        (("donors", 1, "delivery", "caesarean"), "donor_delivery vaginal", (1, 2)),
        (("donors", 1, "delivery", "caesarean"), "donor_delivery caesarean", (1, 2)),
        (("donors", 1, "healthy", "0"), "donor_healthy", (1, 2)),
        (("donors", 1, "eligible", ""), "donor_eligible", (1, 1)),
        (("donors", 1, "hiv", "positive"), "donor_hiv negative", (1, 2)),
        (("donors", 1, "hiv", "positive"), "unbroken", (2, 4)),
        (("lots", 1, "sterility", "pending"), "lot_sterility negative", (1, 2)),
        # L2 is given on 2020-02-06 and 13.
        (("lots", 1, "release_date", "2020-02-06"), "lot_released", (2, 2)),
        (("lots", 1, "release_date", "2020-02-07"), "lot_released", (1, 2)),
        (("lots", 1, "release_date", "2020-02-07"), "unbroken", (3, 4)),
        (("lots", 1, "release_date", ""), "lot_released", (1, 1)),
        (("lots", 1, "release", "quarantine"), "lot_released", (1, 2)),
        (("lots", 1, "release", "conditional"), "lot_released", (2, 2)),
        (("lots", 1, "release", ""), "lot_released", (1, 2)),
        (("lots", 1, "expiry", "2020-02-13"), "lot_in_date", (2, 2)),
        (("lots", 1, "expiry", "2020-02-12"), "lot_in_date", (1, 2)),
        (("lots", 1, "expiry", ""), "lot_in_date", (1, 1)),
        (("lots", 1, "donor", "D9"), "traced_to_donor", (2, 4)),
        (("lots", 1, "donor", "D9"), "traced_to_lot", (4, 4)),
        (("lots", 1, "donor", "D9"), "donors", (1, None)),
        (("infusions", 3, "lot", "L9"), "traced_to_lot", (3, 4)),
        (("infusions", 3, "lot", "L9"), "traced_to_donor", (3, 4)),
        (("infusions", 3, "lot", ""), "unbroken", (3, 4)),
        (("infusions", 3, "lot", "L1"), "subjects_of_lot L1", (2, None)),
    ],
)
def test_each_number_follows_its_cell(change: Change, variable: str, told: tuple[Any, Any]) -> None:
    assert counts(trial(change))[variable] == told


@pytest.mark.parametrize(
    ("without", "variable", "told"),
    [
        (("donors",), "donors", "not_collected"),
        (("donors",), "traced_to_donor", "not_collected"),
        (("donors",), "unbroken", "not_collected"),
        (("lots",), "lots", "not_collected"),
        (("lots",), "traced_to_lot", "not_collected"),
        (("lots",), "unbroken", "not_collected"),
        (("donors", "lots"), "infusions", "ok"),
    ],
)
def test_a_table_that_the_study_has_not_is_said(without: tuple[str, ...], variable: str, told: str) -> None:
    found = numbers(trial(without=without))
    assert found[variable, "", "count"][2] == told
    assert (found[variable, "", "count"][0] is None) == (told == "not_collected")


def test_without_donors_lots_are_traced_all_the_same() -> None:
    assert counts(trial(without=("donors",)))["traced_to_lot"] == (4, 4)


def test_a_study_without_cells_has_no_such_table() -> None:
    study = STUDY.model_copy(update={"infusions": (), "product": STUDY.product.model_copy(update={"release": (), "tests": ()}), "donor": None})  # fmt: skip
    results = trial(without=("donors", "lots", "infusions"), study=study)
    assert not numbers(results)
    assert not [table for table in build_tables(study, results) if "product" in table.id]
    assert numbers(trial(without=("infusions", "donors"), study=study))


def test_the_infusions_of_the_cells_stand_behind_a_number() -> None:
    results = trial(("donors", 1, "hiv", "positive"))
    for name, lines in (("donor_hiv.negative", [1, 2]), ("unbroken", [1, 2]), ("lots", [1, 2, 3, 4])):
        (source,) = (
            row["source"]
            for row in results.numbers.filter(pl.col("analysis") == "product").iter_rows(named=True)
            if row["statistic"] == "count" and f"{row['variable']}.{row['category']}".rstrip(".") == name
        )
        behind = results.sources.filter(pl.col("source") == source)
        assert sorted(set(behind["line"].to_list())) == lines
        assert set(behind["file"].to_list()) == {"infusions"}


@pytest.fixture
def shown() -> Callable[[Results], dict[str, TableSpec]]:
    return lambda results: {table.id: table for table in build_tables(STUDY, results)}


def test_the_report_shows_the_chain(shown: Callable[[Results], dict[str, TableSpec]]) -> None:
    tables = shown(trial())
    rows = {row.stub.text: [cell.text for cell in row.cells] for row in tables["table-main-product"].rows}
    assert rows["Donors of the cells given"] == ["2"]
    assert rows["HIV 1 and 2: negative"] == ["2/2"]
    assert rows["Cytomegalovirus: negative"] == ["not collected"]
    assert rows["Passage number"] == ["3.5 (3.0 to 4.0)"]
    assert rows["Viable cells, %"] == ["90.25 (88.50 to 92.00)"]
    assert rows["Without a break from donor to infusion"] == ["4/4"]
    assert [row.stub.text for row in tables["table-main-product"].rows if row.is_heading] == [
        "Donors", "Lots", "Infusions",
    ]  # fmt: skip
    assert "infusions_of_lot" not in str(rows)
    lots = [[row.stub.text, *(cell.text for cell in row.cells)] for row in tables["table-product-lots"].rows]
    assert lots == [
        ["L1", "D1", "3", "92.0", "released", "2", "1"],
        ["L2", "D2", "4", "88.5", "released", "2", "1"],
    ]
    printed = [part.id for row in tables["table-main-product"].rows for cell in row.cells for part in cell.parts if part.id]  # fmt: skip
    assert set(printed) <= set(trial().numbers["id"].to_list())


def test_a_lot_without_donor_passage_or_decision_says_so(
    shown: Callable[[Results], dict[str, TableSpec]],
) -> None:
    nothing: list[Change] = [("lots", 1, name, "") for name in ("donor", "passage", "release")]
    rows = shown(trial(*nothing))["table-product-lots"].rows
    assert [cell.text for cell in rows[1].cells[:4]] == ["not recorded", "", "88.5", "not recorded"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        # S2 was given both infusions of L2, whose donor is D2.
        ([("donors", 1, "hiv", "positive")], "Grave deviations in 1 subject: unfit cells and donor test failed."),
        ([("donors", 0, "hiv", "positive"), ("donors", 1, "hiv", "positive")],
         "Grave deviations in 2 subjects: unfit cells and donor test failed."),
        # A lot that was released and given to nobody.
        ([("lots", 2, "passage", "3"), ("lots", 2, "release", "released")],
         "Grave deviations in no subjects: donor test failed."),
        ([], None),
    ],
)  # fmt: skip
def test_a_banner_counts_the_subjects_who_were_given_such_cells(
    changes: list[Change], told: str | None
) -> None:
    results = trial(*changes)
    notices = build_notices(STUDY, results, read_numbers(results.numbers))
    grave = [each.title for each in notices if each.title.startswith("Grave deviations")]
    assert grave == ([told] if told else [])


def test_no_lot_was_given(shown: Callable[[Results], dict[str, TableSpec]]) -> None:
    tables = shown(trial(*(("infusions", row, "lot", "") for row in range(4))))
    assert "table-product-lots" not in tables
    rows = {row.stub.text: [cell.text for cell in row.cells] for row in tables["table-main-product"].rows}
    assert rows["Lots given"] == ["not collected"]
    assert rows["Donors of the cells given"] == ["not collected"]
    assert rows["Traced to a recorded lot"] == ["0/4"]


def test_the_methods_say_what_is_asked_of_lots_and_donors() -> None:
    assert list(describe_cells(Labels(STUDY))) == [
        "Required of each lot: sterility test (result is negative; it may come after the release).",
        "Required of each donor: delivery is vaginal and found healthy by history and examination.",
        (
            "Required tests of each donor: HIV 1 and 2, hepatitis B, hepatitis C and syphilis (result is "
            "negative; specimen at most 7 days before and 7 days after the collection)."
        ),
    ]
    tests = (ProductTest(test="mycoplasma", rule="result = 'negative'"),)
    product = STUDY.product.model_copy(update={"tests": tests, "release": ("passage <= 5",)})
    own = Donor(rules=("healthy = 1",), tests=(DonorTest(test="hiv", rule="result = 'negative'"),))
    study = STUDY.model_copy(update={"product": product, "donor": own})
    assert list(rules_of_cells(study)) == [
        "Rule of release 1: passage <= 5.",
        "Rule of the lot's mycoplasma: result = 'negative'.",
        "Rule of the donor 1: healthy = 1.",
        "Rule of the donor's hiv: result = 'negative'.",
    ]
    assert (
        next(describe_cells(Labels(study))) == "Required of each lot: mycoplasma test (result is negative)."
    )
    bare = study.model_copy(update={"donor": None, "product": product.model_copy(update={"tests": ()})})
    assert list(describe_cells(Labels(bare))) == []
    assert list(rules_of_cells(bare)) == ["Rule of release 1: passage <= 5."]
    nothing = study.model_copy(update={"donor": Donor(rules=(), tests=())})
    assert [each[:8] for each in describe_cells(Labels(nothing))] == ["Required"]


@pytest.mark.parametrize("table", ["lots", "donors"])
def test_what_no_table_tells_is_not_a_zero(
    shown: Callable[[Results], dict[str, TableSpec]], table: str
) -> None:
    """Without lots nobody knows of which donors the cells are; without donors the lots are known all the same."""
    tables = shown(trial(without=(table,)))
    rows = {row.stub.text: [cell.text for cell in row.cells] for row in tables["table-main-product"].rows}
    assert rows["Donors of the cells given"] == ["not collected"]
    assert rows["Lots given"] == (["not collected"] if table == "lots" else ["2"])
    assert rows["Traced to a recorded donor"] == ["not collected"]


def test_infusions_that_nobody_wrote_down_are_not_none() -> None:
    """Without a row, and without a word that there was none, nobody knows of any."""
    found = numbers(trial(without=("infusions",)))
    assert found["infusions", "", "count"][::2] == (None, "not_collected")
    assert ("traced_to_lot", "", "count") not in found
