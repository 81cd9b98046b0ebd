"""The rebuilt subjects have primary Sjogren's syndrome by the criteria of 2002, and breaking an item is told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import funis
from funis.demo.cohort import Row
from funis.demo.reconstruct import build_cohort, reconstruct
from funis.study.read import read_study

from .rebuilt_cohorts import cohort, each_seed

SEEDS = (2012, 1, 7)
ITEMS = (
    "ocular_symptoms",
    "oral_symptoms",
    "ocular_signs",
    "histopathology",
    "salivary_signs",
    "autoantibodies",
)
OBJECTIVE = ITEMS[2:]
EXCLUSIONS = (
    "head_neck_irradiation", "hepatitis_c", "aids", "lymphoma_before", "sarcoidosis", "graft_versus_host",
    "anticholinergic_drugs",
)  # fmt: skip


def subjects(seed: int) -> list[Row]:
    return list(cohort("sjogren", seed).tables["subjects"])


@each_seed(*SEEDS)
def test_everybody_meets_the_criteria_by_hand(seed: int) -> None:
    """4 of the 6 with the biopsy or an antibody, or 3 of the 4 objective items; none of the exclusions."""
    rows = subjects(seed)
    assert len(rows) == 24
    for row in rows:
        met = [item for item in ITEMS if row[item] == 1]
        has_proof = row["histopathology"] == 1 or row["autoantibodies"] == 1
        assert (len(met) >= 4 and has_proof) or sum(item in met for item in OBJECTIVE) >= 3
        assert [row[name] for name in EXCLUSIONS] == [0] * len(EXCLUSIONS)
        assert row["histopathology"] is not None or row["autoantibodies"] == 1
    shown = {item: sum(row[item] == 1 for row in rows) for item in ITEMS}
    assert all(12 <= count <= 24 for count in shown.values()), shown


@each_seed(*SEEDS)
def test_whose_antibodies_and_glands_were_measured_has_them(seed: int) -> None:
    tables = cohort("sjogren", seed).tables
    by_subject = {row["subject"]: row for row in tables["subjects"]}
    above = [
        row["subject"]
        for row in tables["labs"]
        if (row["test"], row["visit"]) == ("anti_ssa", "baseline") and row["value"] != "ND"
    ]
    assert len(above) == 5
    assert {by_subject[name]["autoantibodies"] for name in above} == {1}
    assert {by_subject[row["subject"]]["salivary_signs"] for row in tables["unstimulated_flow"]} == {1}


def test_the_same_seed_gives_the_same_items() -> None:
    assert list(build_cohort("sjogren", seed=2012).tables["subjects"]) == subjects(2012)
    assert [row["ocular_signs"] for row in subjects(1)] != [row["ocular_signs"] for row in subjects(7)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return reconstruct("sjogren", tmp_path / "sjogren")


def write_cells(folder: Path, table: str, subject: str, **cells: str) -> None:
    place = folder / "data" / f"{table}.csv"
    with place.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["subject"] == subject:
            row.update(cells)
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def eligibility(folder: Path) -> dict[str, tuple[float | None, ...]]:
    study = read_study(folder)
    results = funis.analyse(study, funis.read_tables(folder, study))
    said = ("count", "not_met", "cannot_tell")
    return {
        name: tuple(results.value(f"eligibility.enrolled.{name}.{each}") for each in said)
        for name in ("I2", "I1", "eligible")
    }


def test_all_24_are_primary_and_refractory(folder: Path) -> None:
    assert eligibility(folder) == dict.fromkeys(("I2", "I1", "eligible"), (24.0, 0.0, 0.0))


def test_hepatitis_c_makes_one_not_primary(folder: Path) -> None:
    write_cells(folder, "subjects", "RECON-03", hepatitis_c="1")
    assert eligibility(folder)["I1"] == (23.0, 1.0, 0.0)


def test_items_that_are_missing_leave_it_open(folder: Path) -> None:
    write_cells(folder, "subjects", "RECON-03", **dict.fromkeys(ITEMS, ""))
    assert eligibility(folder)["I1"][0] == 23.0


def test_drugs_that_worked_make_one_not_refractory(folder: Path) -> None:
    write_cells(folder, "medications", "RECON-03", response="complete")
    assert eligibility(folder)["I2"] == (23.0, 1.0, 0.0)


def test_a_response_that_is_not_recorded_leaves_it_open(folder: Path) -> None:
    write_cells(folder, "medications", "RECON-03", response="")
    found = eligibility(folder)
    assert found["I2"] == found["eligible"] == (23.0, 0.0, 1.0)


def test_a_consent_after_the_cells_is_not_one_before_them(folder: Path) -> None:
    write_cells(folder, "subjects", "RECON-03", consent_date="2011-12-31")
    study = read_study(folder)
    results = funis.analyse(study, funis.read_tables(folder, study))
    assert results.value("eligibility.enrolled.I3.not_met") == 1.0
