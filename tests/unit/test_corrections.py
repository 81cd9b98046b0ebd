"""Proposed corrections, and the sheets that approved ones are written into: whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from funis.bounded.limits import Limits, RefusedFileError
from funis.bounded.workbook_cells import find_xml_cells, replace_workbook_cells
from funis.data.corrections.apply import Applied, apply_corrections, write_proposals
from funis.data.corrections.correction import COLUMNS, CellPlace, Correction
from funis.data.corrections.correction_table import CorrectionError, read_corrections, write_corrections
from funis.data.corrections.csv_cells import find_spans, replace_cells
from funis.data.tables import read_tables
from funis.errors import OutputError, ValueRangeError
from funis.files import write_whole
from funis.study.read import read_study

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)
Row = dict[str, str]


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    shutil.copytree(CLEAN, tmp_path / "trial")
    return tmp_path / "trial"


def change(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / "data" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def propose(folder: Path, name: str = "corrections.csv") -> tuple[Path, list[Row]]:
    path = folder.parent / name
    write_proposals(read_study(folder), folder, path, today=TODAY)
    return path, [dict(zip(COLUMNS, each.row, strict=True)) for each in read_corrections(path)]


def approve(path: Path, **proposed: str) -> None:
    """Say yes to every row with a proposal, and to those of the given places with another one."""
    rows = []
    for each in read_corrections(path):
        other = next((new for key, new in proposed.items() if key in str(each.place)), each.proposed)
        rows.append(Correction(each.place, each.found, other, each.why, "yes" if other else ""))
    path.unlink()
    write_corrections(path, rows)


def correct(folder: Path, path: Path) -> Applied:
    return apply_corrections(read_study(folder), folder, path, today=TODAY)


def spoil(folder: Path) -> None:
    change(folder, "labs", "creatinine,80,", 'creatinine,"80,5",')
    change(folder, "labs", "S1,month_1,2020-02-05,creatinine", "S1,Month 1,13.02.2020,Creatinine")
    change(folder, "labs", "platelets,200,10^9/L", "platelets,55.000.000,10^9/L")
    change(folder, "labs", "platelets,180,", "platelets,N/A,")
    change(folder, "subjects", "S2,01,male", "S2,1,Male")
    change(folder, "sledai_2k", "seizure", "sezure")


def test_each_cell_with_one_reading_is_proposed_and_the_others_are_asked(trial: Path) -> None:
    spoil(trial)
    _, rows = propose(trial)
    assert {(row["place"], row["found"], row["proposed"]) for row in rows} == {
        ("labs.csv, line 2, column 'value'", "80,5", "80.5"),
        ("labs.csv, line 4, column 'value'", "55.000.000", ""),
        ("labs.csv, line 5, column 'visit'", "Month 1", "month_1"),
        ("labs.csv, line 5, column 'date'", "13.02.2020", "2020-02-13"),
        ("labs.csv, line 5, column 'test'", "Creatinine", "creatinine"),
        # Not done and missing are two things here, and N/A may be either.
        ("labs.csv, line 10, column 'value'", "N/A", ""),
        ("subjects.csv, line 3, column 'site'", "1", "01"),
        ("subjects.csv, line 3, column 'sex'", "Male", "male"),
        ("sledai_2k.csv, line 1, column 'sezure'", "sezure", "seizure"),
    }
    why = {row["place"]: row["why"] for row in rows}
    assert why["labs.csv, line 2, column 'value'"].startswith("S1, baseline: ")
    assert "Ask what the points stand for" in why["labs.csv, line 4, column 'value'"]
    assert {row["approve"] for row in rows} == {""}


def test_a_study_without_a_finding_gives_a_table_without_a_row(trial: Path) -> None:
    path, rows = propose(trial)
    assert rows == []
    assert path.read_bytes() == b"\xef\xbb\xbf" + b"place,found,proposed,why,approve\n"


@pytest.mark.parametrize("name", ["corrections.csv", "corrections.xlsx"])
def test_what_is_approved_is_applied_and_the_originals_are_kept(trial: Path, name: str) -> None:
    spoil(trial)
    before = {path.name: path.read_bytes() for path in (trial / "data").iterdir()}
    path, _ = propose(trial, name)
    approve(path, **{"line 4, column 'value'": "200", "line 10, column 'value'": "(empty)"})
    applied = correct(trial, path)
    assert len(applied.corrections) == 9
    kept = {each.name for each in (trial / "data" / "before").iterdir()}
    assert kept == {"labs.1.csv", "subjects.1.csv", "sledai_2k.1.csv", f"corrections.1{path.suffix}"}
    for changed, original in zip(applied.files, applied.originals, strict=True):
        assert original.read_bytes() == before[changed.name]
    assert sorted(each.name for each in (trial / "data").iterdir()) == sorted([*before, "before"])
    found = read_tables(trial, read_study(trial), today=TODAY).findings
    assert [each.code for each in found if each.level == "error"] == []
    text = (trial / "data" / "labs.csv").read_text(encoding="utf-8")
    assert 'S1,baseline,2020-01-05,creatinine,"80.5",umol/L\n' in text
    assert "platelets,,10^9/L" in text
    # Nothing else of the file is touched.
    assert len(text.splitlines()) == 13


def test_only_approved_rows_are_applied(trial: Path) -> None:
    spoil(trial)
    path, _ = propose(trial)
    rows = [
        Correction(each.place, each.found, each.proposed, each.why, "Yes " if each.found == "80,5" else "no")
        for each in read_corrections(path)
    ]
    path.unlink()
    write_corrections(path, rows)
    assert len(correct(trial, path).corrections) == 1
    assert "Month 1" in (trial / "data" / "labs.csv").read_text(encoding="utf-8")


def test_nothing_approved_changes_nothing(trial: Path) -> None:
    spoil(trial)
    path, _ = propose(trial)
    assert correct(trial, path) == Applied((), (), ())
    assert not (trial / "data" / "before").exists()


def test_a_second_round_keeps_its_own_originals(trial: Path) -> None:
    change(trial, "labs", "creatinine,80,", 'creatinine,"80,5",')
    path, _ = propose(trial)
    approve(path)
    correct(trial, path)
    change(trial, "labs", "creatinine,78,", 'creatinine,"78,5",')
    path, _ = propose(trial)
    approve(path)
    correct(trial, path)
    before = trial / "data" / "before"
    assert "80,5" in (before / "labs.1.csv").read_text(encoding="utf-8")
    assert "78,5" in (before / "labs.2.csv").read_text(encoding="utf-8")
    assert "80,5" not in (before / "labs.2.csv").read_text(encoding="utf-8")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def refused(folder: Path, path: Path) -> tuple[str, ...]:
    """Give why nothing is changed, and see that nothing is."""
    before = snapshot(folder)
    with pytest.raises(CorrectionError) as caught:
        correct(folder, path)
    assert snapshot(folder) == before
    assert [each.name for each in folder.iterdir() if each.name.startswith(".")] == []
    return caught.value.said


def test_a_cell_that_changed_since_stops_everything(trial: Path) -> None:
    spoil(trial)
    path, _ = propose(trial)
    approve(path)
    change(trial, "labs", '"80,5"', "81")
    change(trial, "subjects", "S2,1,", "S2,,")
    said = refused(trial, path)
    assert len(said) == 2
    assert "labs.csv, line 2, column 'value': the cell holds '81', no longer '80,5'." in " ".join(said)
    assert "subjects.csv, line 3, column 'site': the cell is empty, no longer '1'." in " ".join(said)


def test_applying_twice_is_refused(trial: Path) -> None:
    spoil(trial)
    path, _ = propose(trial)
    approve(path)
    correct(trial, path)
    assert any("no longer '80,5'" in each for each in refused(trial, path))


def test_a_value_that_could_not_be_read_is_not_written(trial: Path) -> None:
    """A spreadsheet program may have turned what was proposed into its own way to write dates."""
    spoil(trial)
    path, _ = propose(trial)
    approve(path, **{"column 'date'": "13.02.2020 "})
    said = refused(trial, path)
    assert len(said) == 1
    assert said[0].startswith("labs.csv, line 5, column 'date': '13.02.2020' cannot be read there.")


def rewrite(path: Path, change: Callable[[list[Correction]], list[Correction]]) -> None:
    rows = change(read_corrections(path))
    path.unlink()
    write_corrections(path, rows)


def test_rows_that_contradict_or_say_nothing_are_refused(trial: Path) -> None:
    spoil(trial)
    path, _ = propose(trial)

    def twice(rows: list[Correction]) -> list[Correction]:
        first = next(each for each in rows if each.found == "80,5")
        blank = next(each for each in rows if each.found == "55.000.000")
        gone = CellPlace("labs.csv", 2, "valeur"), CellPlace("nowhere.csv", 2, "value")
        decided = [
            (first.place, "80.5"),
            (first.place, "805"),
            (blank.place, ""),
            (gone[0], "1"),
            (gone[1], "1"),
        ]
        return [Correction(place, "80,5", new, "", "yes") for place, new in decided]

    rewrite(path, twice)
    said = refused(trial, path)
    assert [each.partition(": ")[2][:28] for each in said] == [
        "it is approved twice.",
        "nothing is proposed; write w",
        "there is no such cell in the",
        "there is no such cell in the",
        "the cell holds '55.000.000',",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place,found,proposed,why\n", "The table has no column 'approve'."),
        (
            "place,found,proposed,why,approve\nA7,1,2,,yes\n",
            "line 2: 'place' is not as funis check wrote it.",
        ),
        (
            "place,found,proposed,why,approve\n\"labs.csv, line 2, column 'value'\",1,2,,maybe\n",
            "line 2: 'approve' is neither yes, no nor empty.",
        ),
        (
            "place,found,proposed,why,approve\na,b\n",
            "line 2: The row has 2 cells, the header 5; the row is left out.",
        ),
        ("", "The file is empty; it has not even a header. Write the header."),
    ],
)
def test_a_table_that_is_none_is_refused(trial: Path, text: str, said: str) -> None:
    path = trial.parent / "corrections.csv"
    path.write_text(text, encoding="utf-8")
    assert refused(trial, path) == (said,)


def test_a_table_saved_with_semicolons_is_read(trial: Path) -> None:
    """Where decimals have commas, spreadsheet programs divide the cells of CSV files by semicolons."""
    spoil(trial)
    path, _ = propose(trial)
    approve(path)
    rows = [each.row for each in read_corrections(path)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([COLUMNS, *rows])
    assert len(correct(trial, path).corrections) == 7


def test_an_ending_that_is_neither_is_refused(trial: Path) -> None:
    for name in ("corrections.txt", "corrections"):
        with pytest.raises(ValueRangeError):
            propose(trial, name)
        with pytest.raises(ValueRangeError):
            correct(trial, trial / name)


def test_decisions_are_never_written_over(trial: Path) -> None:
    spoil(trial)
    path, _ = propose(trial)
    first = write_proposals(read_study(trial), trial, path, today=TODAY)
    assert first == (7, 2, None)
    approve(path)
    decided = path.read_bytes()
    kept = write_proposals(read_study(trial), trial, path, today=TODAY)[2]
    assert kept == path.with_name("corrections.1.csv")
    assert kept.read_bytes() == decided
    path.write_text("somebody's own", encoding="utf-8")
    kept = write_proposals(read_study(trial), trial, path, today=TODAY)[2]
    assert kept is not None
    assert kept.read_text(encoding="utf-8") == "somebody's own"


@pytest.mark.parametrize("name", ["corrections.csv", "corrections.xlsx"])
def test_what_a_spreadsheet_would_run_is_text_and_comes_back(trial: Path, name: str) -> None:
    change(trial, "labs", "creatinine,80,", "creatinine,=1+1,")
    path, rows = propose(trial, name)
    assert [row["found"] for row in rows] == ["=1+1"]
    if name.endswith("csv"):
        assert ",'=1+1," in path.read_text(encoding="utf-8-sig")
    else:
        cell = openpyxl.load_workbook(path).active["B2"]
        assert (cell.value, cell.data_type, cell.number_format) == ("'=1+1", "s", "@")
    approve(path, **{"column 'value'": "80"})
    correct(trial, path)
    assert "creatinine,80,umol/L" in (trial / "data" / "labs.csv").read_text(encoding="utf-8")


def test_the_sheet_of_a_german_clinic_is_corrected_in_its_own_way(trial: Path) -> None:
    rules = '\n[import]\ndecimal = ","\nseparator = ";"\nencoding = "windows-1252"\n[import.columns.labs]\nvalue = "Größe"\n'
    with (trial / "study.toml").open("a", encoding="utf-8") as file:
        file.write(rules)
    for table in (trial / "data").glob("*.csv"):
        text = table.read_text(encoding="utf-8").replace(".", "§").replace(",", ";").replace("§", ",")
        table.write_bytes(text.replace("\n", "\r\n").encode("windows-1252"))
    labs = trial / "data" / "labs.csv"
    text = labs.read_bytes().decode("windows-1252").replace("value", "Größe", 1)
    labs.write_bytes(text.replace("creatinine;80;", "creatinine;80.5;").encode("windows-1252"))
    path, rows = propose(trial)
    assert [(row["place"], row["found"], row["proposed"]) for row in rows] == [
        ("labs.csv, line 2, column 'Größe'", "80.5", "80,5")
    ]
    approve(path)
    correct(trial, path)
    assert labs.read_bytes() == text.replace("creatinine;80;", "creatinine;80,5;").encode("windows-1252")


def write_workbook(folder: Path) -> Path:
    """Write the data as a workbook with a chart, a formula, colours and a sheet that is none of ours."""
    path = folder / "data" / "trial.xlsx"
    with xlsxwriter.Workbook(path) as book:
        red = book.add_format({"bg_color": "red", "num_format": "0.0"})
        for table in sorted((folder / "data").glob("*.csv")):
            sheet = book.add_worksheet(table.stem.title())
            with table.open(encoding="utf-8", newline="") as file:
                for line, row in enumerate(csv.reader(file)):
                    for place, cell in enumerate(row):
                        if (
                            cell.replace(".", "", 1).isdigit()
                            and not cell.startswith("0")
                            and cell != "1.200"
                        ):
                            sheet.write_number(line, place, float(cell), red)
                        else:
                            sheet.write_string(line, place, cell, red)
            table.unlink()
        legend = book.add_worksheet("Legend")
        legend.write_formula("A1", "=1+1", value=2)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Labs!$E$2:$E$5"})
        legend.insert_chart("C3", chart)
    return path


def test_a_workbook_keeps_everything_else(trial: Path) -> None:
    spoil(trial)
    path = write_workbook(trial)
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    table, rows = propose(trial, "corrections.xlsx")
    assert ("trial.xlsx[Labs], line 2, column 'value'", "80,5", "80.5") in {
        (row["place"], row["found"], row["proposed"]) for row in rows
    }
    approve(table)
    correct(trial, table)
    new = zipfile.ZipFile(path)
    changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
    sheets = {"labs", "subjects", "sledai_2k"}
    assert new.namelist() == old.namelist()
    assert len(changed) == len(sheets)
    assert all(name.startswith("xl/worksheets/") for name in changed)
    book = openpyxl.load_workbook(path)
    cell = book["Labs"]["E2"]
    assert (cell.value, cell.fill.start_color.rgb, cell.number_format) == (80.5, "FFFF0000", "0.0")
    assert book["Labs"]["C5"].value == "2020-02-13"
    # A number would lose the zero of site 01.
    assert book["Subjects"]["B3"].value == "01"
    assert book["Sledai_2K"]["D1"].value == "seizure"
    assert openpyxl.load_workbook(path, data_only=True)["Legend"]["A1"].value == 2
    kept = trial / "data" / "before" / "trial.1.xlsx"
    assert zipfile.ZipFile(kept).read("xl/workbook.xml") == old.read("xl/workbook.xml")
    found = read_tables(trial, read_study(trial), today=TODAY).findings
    assert {each.code for each in found if each.level == "error"} == {"not_a_number"}


def workbook(write: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        write(book)
    return content.getvalue()


def test_cells_of_a_workbook_are_written_as_what_they_are() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("A & B")
        for line in range(6):
            sheet.write_string(line, 27, "old")
        sheet.write_blank(6, 27, None, book.add_format({"bold": True}))
        sheet.write_datetime(7, 27, date(2024, 3, 4), book.add_format({"num_format": "dd.mm.yyyy"}))

    values = {1: "-1.5", 2: "1e3", 3: "007", 4: 'a < b & "c"', 5: "", 6: "0.5", 7: "new", 8: "0"}
    changes = {(line, 28): value for line, value in values.items()}
    book = openpyxl.load_workbook(
        io.BytesIO(replace_workbook_cells(workbook(write), {"A & B": changes}, Limits()))
    )
    read = [book["A & B"].cell(line, 28).value for line in values]
    assert read[:7] == [-1.5, 1000, "007", 'a < b & "c"', None, 0.5, "new"]
    assert book["A & B"]["AB7"].font.bold
    assert book["A & B"]["AB8"].number_format == "dd.mm.yyyy"


def test_a_formula_is_never_replaced_nor_a_cell_made() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("s").write_formula("A1", "=1+1", value=2)

    for sheet, place, said in (
        ("s", (1, 1), "holds a formula"),
        ("s", (2, 1), "is not in the file"),
        ("t", (1, 1), "no sheet 't'"),
    ):
        with pytest.raises(RefusedFileError) as caught:
            replace_workbook_cells(workbook(write), {sheet: {place: "3"}}, Limits())
        assert said in caught.value.message


def test_cells_are_found_whatever_their_prefix() -> None:
    xml = b'<x:sheet xmlns:x="u"><x:row r="1"><x:c r="A1"/><x:c r="B1" s="3"><x:f>1</x:f><x:v>1</x:v></x:c ></x:row></x:sheet>'
    found = find_xml_cells(xml, [(1, 1), (1, 2), (1, 3)])
    assert xml[found[1, 1].start : found[1, 1].end] == b'<x:c r="A1"/>'
    assert xml[found[1, 2].start : found[1, 2].end].startswith(b'<x:c r="B1"')
    assert xml[found[1, 2].start : found[1, 2].end].endswith(b"</x:c >")
    assert (found[1, 2].style, found[1, 2].has_formula, found[1, 1].has_formula) == ("3", True, False)
    assert (1, 3) not in found


TRICKY = 'a;b;c\r\n"x;\r\ny";"q""q";\r\n;;\rlast;"";"z"'


def test_cells_of_csv_files_are_found_as_the_reader_reads_them() -> None:
    """The same cells, on the same lines, as Python's own reader gives."""
    rows = find_spans(TRICKY, ";")
    reader = csv.reader(io.StringIO(TRICKY, newline=""), strict=True, delimiter=";")
    begin, expected = 1, {}
    for record in reader:
        expected[begin] = record
        begin = reader.line_num + 1
    assert {line: [span.text for span in spans] for line, spans in rows.items()} == expected
    assert list(rows) == [1, 2, 4, 5]
    assert find_spans("a,", ",")[1][1].text == ""
    assert find_spans("", ",") == {}


def test_a_replaced_cell_of_a_csv_file_leaves_every_other_letter() -> None:
    rows = find_spans(TRICKY, ";")
    changed = replace_cells(TRICKY, ";", {rows[2][1]: "n", rows[4][2]: 'm"', rows[1][0]: "A"})
    assert changed == 'A;b;c\r\n"x;\r\ny";"n";\r\n;;"m"""\rlast;"";"z"'


def test_commands_answer_with_codes_and_json(
    trial: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.cli import main

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["funis", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    spoil(trial)
    path = trial.parent / "corrections.xlsx"
    code, out, err = run("check", str(trial), "--corrections", str(path), "--json")
    assert code == 1
    assert {each["code"] for each in json.loads(out)} >= {"not_a_number", "unknown_visit"}
    assert "7 proposed, 2 to ask about" in err
    code, out, _ = run("correct", str(trial), str(path), "--json")
    assert (code, json.loads(out)) == (0, {"corrected": [], "files": [], "originals": []})
    approve(path)
    code, out, _ = run("correct", str(trial), str(path), "--json")
    assert code == 0
    assert {"place", "found", "proposed"} == set(json.loads(out)["corrected"][0])
    assert len(json.loads(out)["files"]) == len(json.loads(out)["originals"]) == 3
    code, out, err = run("correct", str(trial), str(path))
    assert (code, out) == (2, "")
    assert "nothing was changed" in err
    assert run("correct", str(trial), str(trial / "none.csv"))[0] == 2
    assert run("check", str(trial), "--corrections", str(trial / "none.txt"))[0] == 2


def test_a_disk_that_fails_between_two_files_leaves_everything_as_it_was(
    trial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(trial)
    path, _ = propose(trial)
    approve(path)
    written: list[Path] = []

    def fail_at_the_second(target: Path, content: bytes) -> Path:
        written.append(target)
        if len(written) == 2:
            raise OutputError("The disk is full.")
        return write_whole(target, content)

    monkeypatch.setattr("funis.data.corrections.apply.write_whole", fail_at_the_second)
    before = snapshot(trial)
    with pytest.raises(OutputError):
        correct(trial, path)
    assert len(written) == 2
    assert snapshot(trial) == before
    assert sorted(each.name for each in trial.iterdir()) == ["data", "study.toml"]


def test_another_unit_is_asked_about(trial: Path) -> None:
    change(trial, "labs", "creatinine,80,umol/L", "creatinine,80,stone")
    _, rows = propose(trial)
    assert [(row["place"], row["found"], row["proposed"]) for row in rows] == [
        ("labs.csv, line 2, column 'unit'", "stone", "")
    ]


def test_a_word_in_many_cells_is_declared_and_not_asked_cell_by_cell(trial: Path) -> None:
    path = trial / "data" / "labs.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for count, asked in ((5, 5), (6, 0)):
        spoiled = [
            line.replace(",baseline,", ",V0,").replace(",month_1,", ",V0,") for line in lines[: count + 1]
        ]
        path.write_text("\n".join([*spoiled, *lines[count + 1 :]]) + "\n", encoding="utf-8")
        _, rows = propose(trial)
        assert [row["found"] for row in rows] == ["V0"] * asked


def test_a_number_of_a_subject_is_read_by_those_of_the_table_of_subjects(trial: Path) -> None:
    change(trial, "labs", "S1,month_1,2020-02-05,creatinine", "S 1,month_1,2020-02-05,creatinine")
    change(trial, "labs", "S2,month_1,2020-03-06,creatinine", "S9,month_1,2020-03-06,creatinine")
    rows = propose(trial)[1]
    assert {(row["found"], row["proposed"]) for row in rows} >= {("S 1", "S1"), ("S9", "")}


@pytest.mark.parametrize(
    ("table", "old", "new", "proposed"),
    [
        ("subjects", "01-01,60", '01-01,"400,0"', "400.0"),
        ("subjects", "01-01,60", '01-01,"400,1"', ""),
        ("subjects", "01-01,60", '01-01,"1,0"', "1.0"),
        ("subjects", "01-01,60", '01-01,"0,9"', ""),
        ("infusions", "S1,2,", 'S1,"2,0",', "2.0"),
        ("infusions", "S1,2,", 'S1,"2,5",', ""),
        ("adverse_events", "1,0,0,rec", '1,"1,0",0,rec', "1.0"),
        ("adverse_events", "1,0,0,rec", '1,"5,5",0,rec', ""),
    ],
)
def test_a_number_that_cannot_stand_in_its_column_is_no_reading(
    trial: Path, table: str, old: str, new: str, proposed: str
) -> None:
    with (trial / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[import]\ndecimal = "."\n')
    change(trial, table, old, new)
    assert [row["proposed"] for row in propose(trial)[1]] == [proposed]


def test_a_workbook_named_after_a_person_is_corrected_under_the_name_it_has_in_findings(trial: Path) -> None:
    change(trial, "labs", "creatinine,80,", 'creatinine,"80,5",')
    write_workbook(trial).rename(trial / "data" / "Zhang Wei.xlsx")
    (trial / "data" / "Wang.txt").write_text("a file of another kind", encoding="utf-8")
    path, rows = propose(trial)
    assert [row["place"] for row in rows] == ["file 2.xlsx[Labs], line 2, column 'value'"]
    approve(path)
    correct(trial, path)
    assert openpyxl.load_workbook(trial / "data" / "Zhang Wei.xlsx")["Labs"]["E2"].value == 80.5


def test_nothing_that_a_spreadsheet_would_run_is_written_into_a_sheet(trial: Path) -> None:
    change(trial, "adverse_events", "recovered,none", "recoverd,none")
    path, _ = propose(trial)
    approve(path, outcome="=HYPERLINK(1)")
    said = refused(trial, path)
    assert len(said) == 1
    assert "would run '=HYPERLINK(1)'" in said[0]


def test_the_workbook_of_corrections_offers_yes_and_no(trial: Path) -> None:
    spoil(trial)
    path, rows = propose(trial, "corrections.xlsx")
    sheet = openpyxl.load_workbook(path)["corrections"]
    offered = sheet.data_validations.dataValidation
    assert [(str(each.sqref), each.formula1) for each in offered] == [(f"E2:E{len(rows) + 1}", '"yes,no"')]
    assert sheet.freeze_panes == "A2"


def test_a_value_that_can_be_read_is_written_whatever_is_said_of_it_next(trial: Path) -> None:
    """Whether 0.9 is a creatinine in umol/L is for the next check; a person approved that 0,9 is 0.9."""
    change(trial, "labs", "creatinine,80,", 'creatinine,"0,9",')
    path, rows = propose(trial)
    assert [row["proposed"] for row in rows] == ["0.9"]
    approve(path)
    assert len(correct(trial, path).corrections) == 1
    found = read_tables(trial, read_study(trial), today=TODAY).findings
    assert [(each.code, each.line) for each in found if each.level == "error"] == [("value_outside_range", 2)]
