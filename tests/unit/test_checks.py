"""Each broken data folder says what is wrong with it, where, and at which level."""

import csv
import shutil
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.data.check.eligibility import check_eligibility
from funis.data.tables import Tables, read_tables
from funis.errors import Finding
from funis.study.days import derive_subject_frame
from funis.study.read import read_study

FINDINGS = Path(__file__).parents[1] / "fault"
CLEAN = FINDINGS / "clean"
TODAY = date(2026, 1, 1)
ROWS = list(csv.DictReader((FINDINGS / "data" / "expected.csv").read_text(encoding="utf-8").splitlines()))
#: All that is told of each broken folder: the finding that names the slip, then what follows from it.
CASES = {name: list(rows) for name, rows in groupby(ROWS, key=lambda row: row["case"])}


Reader = Callable[[str], Tables]


@pytest.fixture(scope="module")
def read_case(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Give the clean folder with the files of one case laid over it; each is read once."""
    place = tmp_path_factory.mktemp("findings")

    @cache
    def read(name: str) -> Tables:
        shutil.copytree(CLEAN, place / name)
        if name != "clean":
            shutil.copytree(FINDINGS / "data" / name, place / name / "data", dirs_exist_ok=True)
        return read_tables(place / name, read_study(place / name), today=TODAY)

    return read


PLACE = ("level", "code", "file", "line", "column", "value", "subject", "visit")


def place_of(finding: Finding) -> tuple[str, ...]:
    return tuple("" if (part := getattr(finding, name)) is None else str(part) for name in PLACE)


def test_the_clean_folder_has_no_finding(read_case: Reader) -> None:
    assert read_case("clean").findings == ()


def test_every_case_has_its_folder() -> None:
    folders = {path.name for path in (FINDINGS / "data").iterdir() if path.is_dir()}
    assert folders == CASES.keys()


@pytest.mark.parametrize("case", CASES)
def test_each_broken_folder_is_told(case: str, read_case: Reader) -> None:
    findings = read_case(case).findings
    expected = [tuple(row[name] for name in PLACE) for row in CASES[case]]
    assert sorted(map(place_of, findings)) == sorted(expected), "\n".join(map(str, findings))
    # One slip may have consequences, but it must not be buried under them.
    assert len(findings) <= 8
    words = {place_of(finding): f"{finding.message} {finding.fix}" for finding in findings}
    for row, place in zip(CASES[case], expected, strict=True):
        assert row["says"] in words[place]


@pytest.mark.parametrize("case", CASES)
def test_every_finding_says_what_would_be_right(case: str, read_case: Reader) -> None:
    for finding in read_case(case).findings:
        assert finding.message.endswith((".", "?")), finding
        assert finding.fix, finding


@pytest.mark.parametrize(
    ("name", "code", "fix"),
    [
        ("date_month_in_letters", "not_a_date", "Write 2020-02-05"),
        ("cells_as_power", "not_a_number", "Write 6e7."),
        ("thousands", "not_a_number", "between thousands: 60000000."),
        ("visit_in_capitals", "unknown_visit", "The nearest is 'month_1'."),
        ("lab_repeated", "duplicate_row", "or call the visit of the repeat 'unscheduled'"),
    ],
)
def test_remedies_can_be_typed_in(name: str, code: str, fix: str, read_case: Reader) -> None:
    found = [finding for finding in read_case(name).findings if finding.code == code]
    assert len(found) == 1
    assert fix in found[0].fix


def test_a_result_that_no_item_can_hold_fills_none(tmp_path: Path) -> None:
    # Creatinine is possible from 8 umol/L on; 0.7 is mg/dL. The result is left out, the visit is still scored.
    shutil.copytree(CLEAN, tmp_path / "trial")
    study = tmp_path / "trial" / "study.toml"
    text = study.read_text(encoding="utf-8").replace(
        '"sledai_2k", "labs"', '"sledai_2k", "bilag_2004", "labs"'
    )
    study.write_text(text, encoding="utf-8")
    labs = tmp_path / "trial" / "data" / "labs.csv"
    labs.write_text(
        labs.read_text(encoding="utf-8").replace("creatinine,80", "creatinine,0.7"), encoding="utf-8"
    )
    items = [item.name for item in definition("bilag_2004").items]
    row = ",".join("" if name == "creatinine" else "ND" for name in items)
    sheet = f"subject,visit,date,{','.join(items)}\nS1,baseline,2020-01-05,{row}\n"
    (tmp_path / "trial" / "data" / "bilag_2004.csv").write_text(sheet, encoding="utf-8")
    tables = read_tables(tmp_path / "trial", read_study(tmp_path / "trial"), today=TODAY)
    assert tables.frames["bilag_2004"]["creatinine"].to_list() == [None]
    assert ("value_outside_range", "labs", 2) in [
        (each.code, each.table, each.line) for each in tables.findings
    ]


@pytest.mark.parametrize("case", CASES)
def test_no_message_shows_a_birth_date(case: str, read_case: Reader) -> None:
    for finding in read_case(case).findings:
        assert "1980-05-01" not in str(finding)
        assert "2020-06-01" not in str(finding)


def test_a_row_after_death_is_left_out_and_others_stay(read_case: Reader) -> None:
    tables = read_case("visit_after_death")
    left = tables.frames["sledai_2k"].filter(pl.col("subject") == "S1")["visit"].to_list()
    assert left == ["baseline"]


def test_values_at_error_level_are_left_out(read_case: Reader) -> None:
    tables = read_case("protein_in_mg")
    row = tables.frames["labs"].row(1, named=True)
    assert (row["value"], row["value_recorded"], row["_line"]) == (None, 1200.0, 3)


def test_a_queried_value_is_used(read_case: Reader) -> None:
    labs = read_case("protein_high").frames["labs"]
    assert labs["value"][1] == 12.0


def test_the_dose_on_the_limit_is_inside_it(tmp_path: Path) -> None:
    # 60 kg x 1e6 cells/kg x 1.2 = 72 million; one cell more is outside.
    shutil.copytree(CLEAN, tmp_path / "trial")
    path = tmp_path / "trial" / "data" / "infusions.csv"
    text = path.read_text(encoding="utf-8")
    for cells, findings in (("72000000", 0), ("72000001", 1), ("48000000", 0), ("47999999", 1)):
        path.write_text(text.replace("60000000", cells, 1), encoding="utf-8")
        tables = read_tables(tmp_path / "trial", read_study(tmp_path / "trial"), today=TODAY)
        assert len(tables.findings) == findings, cells


def test_the_control_arm_gets_no_cells(tmp_path: Path) -> None:
    shutil.copytree(CLEAN, tmp_path / "trial")
    study, data = tmp_path / "trial" / "study.toml", tmp_path / "trial" / "data"
    arms = (
        '[[arms]]\nid = "cells"\nname = "Cells"\n\n[[arms]]\nid = "sham"\nname = "Sham"\ncontrol = true\n\n'
    )
    text = study.read_text(encoding="utf-8").replace('"single_arm"', '"parallel"')
    study.write_text(text.replace("[[sites]]", f"{arms}[[sites]]", 1), encoding="utf-8")
    rows = (data / "subjects.csv").read_text(encoding="utf-8").splitlines()
    subjects = [f"{row},{arm}" for row, arm in zip(rows, ("arm", "cells", "sham"), strict=True)]
    (data / "subjects.csv").write_text("\n".join(subjects) + "\n", encoding="utf-8")
    given = (data / "infusions.csv").read_text(encoding="utf-8")
    for infusions in (given.replace("70000000", "0"), "\n".join(given.splitlines()[:3]) + "\n"):
        (data / "infusions.csv").write_text(infusions, encoding="utf-8")
        tables = read_tables(tmp_path / "trial", read_study(tmp_path / "trial"), today=TODAY)
        assert [str(each) for each in tables.findings if each.table in {"infusions", "subjects"}] == []


def test_a_test_without_any_result_is_missed_once(tmp_path: Path) -> None:
    shutil.copytree(CLEAN, tmp_path / "trial")
    path = tmp_path / "trial" / "data" / "labs.csv"
    rows = [row for row in path.read_text(encoding="utf-8").splitlines() if ",platelets," not in row]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    findings = read_tables(tmp_path / "trial", read_study(tmp_path / "trial"), today=TODAY).findings
    # It was due at four visits.
    assert [(each.level, each.code, each.file, each.value) for each in findings] == [
        ("query", "missing_labs", "labs.csv", "platelets")
    ]


def test_the_laboratory_fills_a_blank_item(tmp_path: Path) -> None:
    shutil.copytree(CLEAN, tmp_path / "trial")
    path = tmp_path / "trial" / "data" / "sledai_2k.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    column = rows[0].index("proteinuria")
    for row in rows[1:]:
        row[column] = ""
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    tables = read_tables(tmp_path / "trial", read_study(tmp_path / "trial"), today=TODAY)
    # Protein 1.2, 0.4, 0.1, 0.1 g in 24 h: present above 0.5 g only.
    assert tables.frames["sledai_2k"]["proteinuria"].to_list() == [1.0, 0.0, 0.0, 0.0]
    assert tables.findings == ()


def test_not_eligible_is_a_warning_and_cannot_tell_a_query(tmp_path: Path) -> None:
    shutil.copytree(CLEAN, tmp_path / "trial")
    path = tmp_path / "trial" / "data" / "subjects.csv"
    text = path.read_text(encoding="utf-8")
    # S1 is 15 on the day of consent, by one day; the birth date of S2 is not known.
    path.write_text(text.replace("1980-05-01", "2004-01-02").replace("1990-07-15", ""), encoding="utf-8")
    study = read_study(tmp_path / "trial")
    tables = read_tables(tmp_path / "trial", study, today=TODAY)
    frame = derive_subject_frame(study, tables.frames)
    findings = list(check_eligibility(study, frame))
    assert [(finding.level, finding.subject, finding.code) for finding in findings] == [
        ("warning", "S1", "not_eligible"),
        ("query", "S2", "eligibility_unknown"),
    ]
    # The age stands in subjects: no value of that table is shown.
    assert findings[0].fix == "The rule is age >= 16; check the data, or report the deviation."
