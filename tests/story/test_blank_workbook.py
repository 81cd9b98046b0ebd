"""The workbook of a new study: filled in as a centre would, it checks clean and scores as CSV files do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from funis.analysis.observations import score_instruments
from funis.cli import main
from funis.data.new_study import new_study, table_headers
from funis.data.tables import read_tables
from funis.study.read import read_study, template_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_study("sle", tmp_path_factory.mktemp("workbook") / "trial", excel=True)


def test_it_has_a_sheet_for_each_table_and_says_what_every_code_means(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "data" / "data.xlsx")
    study = read_study(folder)
    assert book.sheetnames == ["read_me", *table_headers(study), "codes"]
    assert book.security.lockStructure
    for sheet in book:
        assert sheet.protection.sheet
        assert sheet.freeze_panes == ("A2" if sheet.title in {"read_me", "codes"} else "B2")
    # Widths in letters: a sentence for what is read, short columns for codes and units.
    widths = [round(each.width) for each in book["codes"].column_dimensions.values()]
    assert widths == [23, 35, 61, 15, 13, 71]
    assert round(book["read_me"].column_dimensions["A"].width) == 111
    form = book["bilag_2004"]
    headers = [cell.value for cell in form[1]]
    # What the study measures in the laboratory is entered there alone.
    assert "haemoglobin" not in headers
    assert "systolic_bp" in headers
    assert "haemoglobin" in {cell.value for cell in book["codes"]["E"]}  # as a test of the sheet labs
    assert form.cell(1, 1).protection.locked
    assert not form.cell(2, 1).protection.locked or not form.column_dimensions["A"].protection.locked
    legend = {
        (row[0], row[1], row[4]): row[5] for row in book["codes"].iter_rows(min_row=2, values_only=True)
    }
    assert legend["sledai_2k", "arthritis", "1"] == "present"
    assert legend["sledai_2k", "arthritis", "ND"] == "not done"
    assert legend["subjects", "site", "01"] == study.sites[0].name
    haemoglobin = next(lab for lab in study.labs if lab.test == "haemoglobin")
    assert legend["labs", "test", "haemoglobin"] == f"{haemoglobin.printed}, in {haemoglobin.unit}"


def test_cells_take_only_what_the_check_takes(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "data" / "data.xlsx")

    def rule(sheet: str, header: str) -> tuple[str, str]:
        page = book[sheet]
        letter = next(cell.column_letter for cell in page[1] if cell.value == header)
        (found,) = [
            each for each in page.data_validations.dataValidation if str(each.sqref).startswith(f"{letter}2:")
        ]
        return found.type, found.formula1.replace(f"{letter}2", "CELL")

    assert rule("sledai_2k", "arthritis") == ("list", '"0,1,ND"')
    assert rule("subjects", "site") == ("list", '"01,02,03,04"')
    assert rule("sledai_2k", "subject") == ("list", "subjects!$A$2:$A$2001")
    assert rule("visits", "date") == ("custom", "ISNUMBER(CELL)")
    assert rule("subjects", "age") == ("custom", "AND(ISNUMBER(CELL),CELL>=0,CELL<=120)")
    word, limits = rule("bilag_2004", "systolic_bp")[1].split(",", 1)
    assert word == 'OR(UPPER(CELL)="ND"'
    assert limits.startswith("AND(ISNUMBER(CELL),CELL>=")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workbook and fill it in as a centre would."""
    folder = new_study("sle", tmp_path_factory.mktemp("filled") / "trial", excel=True)
    path = folder / "data" / "data.xlsx"
    book = openpyxl.load_workbook(path)

    def fill(sheet: str, **given: object) -> None:
        page = book[sheet]
        row = 2
        while page.cell(row, 1).value is not None:
            row += 1
        for cell in page[1]:
            if cell.value in given:
                page.cell(row, cell.column).value = given[cell.value]

    fill("subjects", subject="S1", site="01", sex="female", age=30)
    zeros = {cell.value: 0 for cell in book["sledai_2k"][1] if cell.value not in {"subject", "visit", "date"}}
    fill(
        "sledai_2k",
        **zeros | {"subject": "S1", "visit": "baseline", "date": date(2024, 3, 1), "arthritis": 1},
    )
    fill(
        "sledai_2k",
        **zeros | {"subject": "S1", "visit": "month_1", "date": date(2024, 4, 1), "thrombocytopenia": None},
    )
    fill(
        "labs", subject="S1", visit="month_1", date=date(2024, 4, 1), test="platelets", value=80, unit="10^9/L",
        low=100, high=300,
    )  # fmt: skip
    book.save(path)
    return folder


def test_filled_in_it_checks_clean_and_the_laboratory_fills_the_instrument(filled: Path) -> None:
    study = read_study(filled)
    tables = read_tables(filled, study)
    about_columns = [
        one for one in tables.findings if one.code in {"missing_column", "unknown_table", "unknown_column"}
    ]
    assert not about_columns
    scored = score_instruments(study, tables, ["sledai_2k"])["sledai_2k"].frame
    # Arthritis 4 points; platelets of 80 are below 100 and give 1 point (Gladman 2002).
    assert dict(scored.select("visit", "sledai_2k").iter_rows()) == {"baseline": 4, "month_1": 1}


@pytest.mark.parametrize("template", ["sle", "sjogren", "observational"])
def test_empty_it_has_the_findings_of_empty_files(template: str, tmp_path: Path) -> None:
    study = read_study(template_path(template))
    found = []
    for name, excel in (("book", True), ("files", False)):
        made = new_study(template, tmp_path / name, excel=excel)
        findings = read_tables(made, study).findings
        found.append(sorted((one.level, one.code, one.table) for one in findings))
    assert found[0] == found[1]
    assert not [level for level, *_ in found[0] if level == "error"]


def test_the_frames_of_a_study_may_lack_what_the_laboratory_measures() -> None:
    from funis.data.known_tables import shared_with_labs, study_tables

    study = read_study(template_path("sle"))
    shared = shared_with_labs(study, "bilag_2004")
    blood = {"haemoglobin", "platelets", "wbc", "neutrophils", "lymphocytes"}
    assert set(shared) == blood | {"creatinine", "proteinuria_24h"}
    table = study_tables(study)["bilag_2004"]
    assert not table.by_name["haemoglobin"].required
    # Of what the study does not measure, the form is the only place.
    assert table.by_name["systolic_bp"].required


def test_a_workbook_is_explained_with_its_laboratory_by_its_own_path_too(
    filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = filled / "data" / "data.xlsx"
    place = ["--subject", "S1", "--visit", "month_1", "--instrument", "sledai_2k"]
    told = []
    for source in (filled, path):
        monkeypatch.setattr("sys.argv", ["funis", "explain", str(source), *place])
        with pytest.raises(SystemExit):
            main()
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "Total: 1\n" in told[0]
    # Away from its study the sheet of the instrument is read, and nothing else.
    alone = tmp_path / "alone.xlsx"
    alone.write_bytes(path.read_bytes())
    monkeypatch.setattr("sys.argv", ["funis", "explain", str(alone), *place])
    with pytest.raises(SystemExit):
        main()
    assert "Total: cannot be known\nBounds: 0 to 1\n" in capsys.readouterr().out
