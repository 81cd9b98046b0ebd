"""The import script of the example, on a table made up here with the deposit's columns and its odd cells."""

import csv
import runpy
from pathlib import Path
from typing import Any

import polars as pl
import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "gse65391" / "import_gse65391.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def write_deposit(script: dict[str, Any], path: Path, rows: list[dict[str, str]]) -> Path:
    usual = dict.fromkeys(script["REQUIRED"], "0")
    usual |= {"subject": "SLE-X", "visit": "1", "age": "14", "sex": "female", "ds_dna": "12.5"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(usual))
        writer.writeheader()
        writer.writerows(usual | row for row in rows)
    return path


def test_cells_become_tables(script: dict[str, Any], tmp_path: Path) -> None:
    rows = [
        {"visit": "3", "cumulative_time": "91", "sledai": "6", "arthritis": "4", "increased_dna_binding": "2",
         "c3": "Data Not Available", "ds_dna": "0.097222222"},
        {"visit": "1", "cumulative_time": "0", "ds_dna": "(-)", "c3": "103", "sledai": "0"},
        {"visit": "Data Not Available", "cumulative_time": "200", "ds_dna": "1:40", "new_rash": "2"},
        {"visit": "4", "cumulative_time": "260", "ds_dna": "Verify at TSRH"},
    ]  # fmt: skip
    script["write_cohort"](write_deposit(script, tmp_path / "deposit.csv", rows), tmp_path / "cohort")
    data = tmp_path / "cohort" / "data"
    visits = pl.read_csv(data / "visits.csv")
    assert visits.rows() == [
        ("SLE-X", "visit_1", 0), ("SLE-X", "visit_3", 91),
        ("SLE-X", "unscheduled", 200), ("SLE-X", "visit_4", 260),
    ]  # fmt: skip
    scores = pl.read_csv(data / "sledai_2k.csv")
    assert scores["arthritis"].to_list() == [0, 1, 0, 0]
    assert scores["rash"].to_list() == [0, 0, 1, 0]
    assert scores["sledai_2k_recorded"].to_list()[:2] == [0, 6]
    labs = pl.read_csv(data / "labs.csv", infer_schema_length=0).fill_null("")
    antibodies = labs.filter(pl.col("test").str.starts_with("anti_dsdna"))
    assert antibodies.select("test", "value", "comparator", "unit").rows() == [
        ("anti_dsdna_titre", "10", "<", "titre"),
        ("anti_dsdna", "0.097222222", "", "IU/mL"),
        ("anti_dsdna_titre", "40", "", "titre"),
        ("anti_dsdna", "Verify at TSRH", "", "IU/mL"),
    ]
    c3 = labs.filter(pl.col("test") == "c3")
    assert c3.select("visit", "value", "unit").rows()[0] == ("visit_1", "103", "mg/dL")
    assert "visit_3" not in c3["visit"].to_list()


def test_another_table_is_refused_with_what_it_lacks(script: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("subject,visit\nS1,1\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"has no column 'cumulative_time'.*is it the table of GSE65391"):
        script["write_cohort"](path, tmp_path / "cohort")


@pytest.mark.parametrize("column", ["cumulative_time", "sledai", "seizure", "leukopenia", "age"])
def test_a_cell_that_holds_no_number_is_named_by_its_line_and_not_shown(
    column: str, script: dict[str, Any], tmp_path: Path
) -> None:
    rows = [{"visit": "1"}, {"visit": "2", column: "Okonkwo"}, {"visit": "3", column: "Wang"}]
    path = write_deposit(script, tmp_path / "deposit.csv", rows)
    with pytest.raises(SystemExit) as caught:
        script["write_cohort"](path, tmp_path / "cohort")
    assert str(caught.value) == (
        f"deposit.csv, line 3: '{column}' holds no number: is it the table of GSE65391?"
    )
    assert not (tmp_path / "cohort").exists()


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"a,b\n1,2,3\n", b'subject,"visit\n'])
def test_what_is_no_csv_is_refused(content: bytes, script: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "deposit.csv"
    path.write_bytes(content)
    with pytest.raises(SystemExit, match="is it the table of GSE65391"):
        script["write_cohort"](path, tmp_path / "cohort")


def test_empty_cells_are_no_results(script: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"ds_dna": "", "c3": "", "sledai": "", "age": ""}]
    script["write_cohort"](write_deposit(script, tmp_path / "deposit.csv", rows), tmp_path / "cohort")
    labs = pl.read_csv(tmp_path / "cohort" / "data" / "labs.csv")
    assert {"c3", "anti_dsdna"} & set(labs["test"]) == set()
    assert labs.height == len(script["LABS"]) - 1


def test_a_folder_that_holds_something_is_left_alone(script: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(SystemExit, match="is not empty"):
        script["write_cohort"](tmp_path / "deposit.csv", tmp_path)
