"""A real cohort from deposit to report: what is wrong in it is found, and nothing else is changed.

Expected values are counted here from the deposited table with the csv module alone.
"""

import csv
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.run_demo import GSE_FILE, GSE_NAME, import_deposit
from funis.errors import Finding
from funis.results import Results
from funis.study.read import read_study

Row = dict[str, str]
# Columns of the deposit that hold the points of an item.
ITEMS = [
    "seizure",
    "psychosis",
    "organic_brain_syndrome",
    "visual_disturbance",
    "cranial_nerve_disorder",
    "lupus_headache",
    "cva",
    "vasculitis",
    "arthritis",
    "myositis",
    "urinary_casts",
    "hematuria",
    "proteinuria",
    "pyuria",
    "new_rash",
    "alopecia",
    "mucosal_ulcers",
    "pleurisy",
    "pericarditis",
    "low_complement",
    "increased_dna_binding",
    "fever",
    "thrombocytopenia",
    "leukopenia",
]


@pytest.fixture(scope="module")
def deposit(reference_data: Path) -> Path:
    return reference_data / GSE_NAME / GSE_FILE


@pytest.fixture(scope="module")
def rows(deposit: Path) -> list[Row]:
    with deposit.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results(deposit: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = import_deposit(deposit, tmp_path_factory.mktemp("gse65391"))
    study = read_study(folder)
    return analyse(study, read_tables(folder, study))


def findings(results: Results, code: str, column: str = "") -> list[Finding]:
    return [each for each in results.findings if each.code == code and column in ("", each.column)]


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def test_every_subject_and_visit_is_carried_over(results: Results, rows: list[Row]) -> None:
    scores = results.listings["scores"]
    assert scores["subject"].n_unique() == len({row["subject"] for row in rows}) == 158
    assert scores.filter(variable="sledai_2k").height == len(rows) == 924


def test_activity_over_time_is_that_of_the_deposit(results: Results, rows: list[Row]) -> None:
    totals: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        totals[row["visit"]].append(sum(int(row[item]) for item in ITEMS))
    for visit in ("1", "2", "3", "10"):
        key = f"summary.cohort.visit_{visit}.sledai_2k"
        assert results.value(f"{key}.n") == len(totals[visit])
        assert results.value(f"{key}.mean") == pytest.approx(fmean(totals[visit]), abs=1e-12)


def test_totals_that_are_not_the_sum_of_their_items_are_listed(results: Results, rows: list[Row]) -> None:
    wrong = {
        (row["subject"], f"visit_{row['visit']}")
        for row in rows
        if sum(int(row[item]) for item in ITEMS) != int(row["sledai"])
    }
    assert len(wrong) == 5
    assert {(each.subject, each.visit) for each in findings(results, "recorded_total_differs")} == wrong


@pytest.mark.parametrize(
    ("item", "test", "limit"), [("leukopenia", "wbc", 3.0), ("thrombocytopenia", "platelet_count", 100.0)]
)
def test_laboratory_values_that_contradict_an_item_are_listed(
    results: Results, rows: list[Row], item: str, test: str, limit: float
) -> None:
    wrong = Counter(
        row["subject"]
        for row in rows
        if (value := number(row[test])) is not None and (value < limit) != (row[item] != "0")
    )
    found = findings(results, "lab_contradicts_item", item)
    assert Counter(each.subject for each in found) == wrong
    assert sum(wrong.values()) == {"leukopenia": 14, "thrombocytopenia": 9}[item]


def test_low_complement_that_was_not_scored_is_listed(results: Results, rows: list[Row]) -> None:
    """Limits of the study file, in the deposit's mg/dL; a scored item may rest on CH50."""
    wrong = 0
    for row in rows:
        c3, c4 = number(row["c3"]), number(row["c4"])
        is_low = (c3 is not None and c3 < 83) or (c4 is not None and c4 < 15)
        wrong += is_low and row["low_complement"] == "0"
    found = findings(results, "lab_contradicts_item", "low_complement")
    assert sum(each.value == "0" for each in found) == wrong
    assert wrong > 0


def test_antibody_values_that_became_times_are_errors_and_left_out(results: Results, rows: list[Row]) -> None:
    times = [value for row in rows if (value := number(row["ds_dna"])) is not None and 0 < value < 1]
    found = findings(results, "time_of_day")
    assert len(found) == len(times) == 40
    # Numbers with more digits than a person's data may show are shortened.
    shown = sorted(float(each.value.removeprefix("about ").split()[0]) for each in found)
    assert shown == pytest.approx(sorted(times), rel=0.01)
    least = results.numbers.filter(variable="anti_dsdna", statistic="min")["value"].min()
    assert least is None or float(str(least)) >= 1


def test_gaps_in_the_numbering_of_visits_are_queried(results: Results, rows: list[Row]) -> None:
    numbered: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row["visit"].isdigit():
            numbered[row["subject"]].add(int(row["visit"]))
    gaps = sum(number - 1 not in seen for seen in numbered.values() for number in seen if number > 1)
    assert len(findings(results, "visit_gap")) == gaps


def test_text_in_a_number_column_is_an_error(results: Results) -> None:
    (finding,) = findings(results, "not_a_number")
    assert (finding.level, finding.file) == ("error", "labs.csv")
