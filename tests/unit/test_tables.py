"""The data folder in its three forms, cell by cell, and the folder that a new study begins with."""

import errno
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from funis.data.new_study import FolderExistsError, new_study, table_headers, write_empty_tables
from funis.data.tables import Tables, read_tables, study_tables
from funis.errors import OutputError
from funis.study.model import Study
from funis.study.read import read_study, template_path

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)
TITRES = """
[[labs]]
test  = "ana"
unit  = "titre"
scale = "log2"
"""


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    """A clean trial that a test may change."""
    shutil.copytree(CLEAN, tmp_path / "trial")
    return tmp_path / "trial"


def read(folder: Path) -> Tables:
    return read_tables(folder, read_study(folder), today=TODAY)


def change(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / "data" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def same_frames(one: Tables, other: Tables) -> bool:
    """Compare what was read, wherever it stood."""
    return all(
        one.frames[name].drop("_file", "_line").equals(other.frames[name].drop("_file", "_line"))
        for name in one.frames
    )


def test_every_value_keeps_its_file_and_line(trial: Path) -> None:
    labs = read(trial).frames["labs"]
    assert labs.select("_file", "_line").row(0) == ("labs.csv", 2)
    assert labs["_line"].to_list() == list(range(2, 14))


def test_lines_are_those_of_the_file_although_rows_are_empty_or_run_over_lines(trial: Path) -> None:
    path = trial / "data" / "adverse_events.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0]
    rows = [
        "",
        'S1,"head\nache",2020-01-20,2020-01-22,1,0,0,recovered,none',
        ",,,,,,,,",
        "S1,rash,2020-01-21,2020-01-22,1,0,0,recovered,none",
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert read(trial).frames["adverse_events"]["_line"].to_list() == [3, 6]


def test_parquet_is_read_like_csv(trial: Path) -> None:
    before = read(trial)
    for path in sorted((trial / "data").glob("*.csv")):
        pl.read_csv(path, try_parse_dates=True, schema_overrides={"site": pl.String}).write_parquet(
            path.with_suffix(".parquet")
        )
        path.unlink()
    after = read(trial)
    assert [str(finding) for finding in after.findings] == []
    assert same_frames(before, after)
    assert after.frames["labs"]["_file"][0] == "labs.parquet"


def write_workbook(trial: Path, *, first_row: int = 0) -> None:
    """One sheet a table, numbers and dates as a spreadsheet keeps them."""
    book = xlsxwriter.Workbook(trial / "data" / "trial.xlsx")
    iso = book.add_format({"num_format": "yyyy-mm-dd"})
    for path in sorted((trial / "data").glob("*.csv")):
        sheet = book.add_worksheet(path.stem)
        frame = pl.read_csv(path, try_parse_dates=True, schema_overrides={"site": pl.String})
        for column, name in enumerate(frame.columns):
            sheet.write_string(first_row, column, name)
            for row, value in enumerate(frame[name], start=first_row + 1):
                if isinstance(value, date):
                    sheet.write_datetime(row, column, value, iso)
                elif value is not None:
                    sheet.write(row, column, value)
        path.unlink()
    book.close()


def test_a_workbook_is_read_like_csv(trial: Path) -> None:
    before = read(trial)
    write_workbook(trial)
    after = read(trial)
    assert [str(finding) for finding in after.findings] == []
    assert same_frames(before, after)
    assert after.frames["labs"].select("_file", "_line").row(0) == ("trial.xlsx[labs]", 2)


def test_rows_of_a_workbook_are_those_that_the_spreadsheet_shows(trial: Path) -> None:
    write_workbook(trial, first_row=3)
    labs = read(trial).frames["labs"]
    assert labs["_line"][0] == 5


def test_a_byte_order_mark_crlf_and_trailing_commas_change_nothing(trial: Path) -> None:
    before = read(trial)
    for path in (trial / "data").glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_bytes(b"\xef\xbb\xbf" + "".join(f"{line},,\r\n" for line in lines).encode())
    after = read(trial)
    assert after.findings == ()
    assert same_frames(before, after)


def test_the_order_of_rows_and_columns_changes_nothing(trial: Path) -> None:
    before = read(trial)
    for path in (trial / "data").glob("*.csv"):
        frame = pl.read_csv(path, infer_schema=False)
        frame.reverse().select(reversed(frame.columns)).write_csv(path)
    after = read(trial)
    assert after.findings == ()
    for name, frame in before.frames.items():
        columns = [column for column in frame.columns if not column.startswith("_")]
        assert frame.select(columns).sort(columns).equals(after.frames[name].select(columns).sort(columns)), (
            name
        )


def test_not_done_is_a_statement_of_its_own(trial: Path) -> None:
    change(trial, "sledai_2k", "S1,month_1,2020-02-05,0", "S1,month_1,2020-02-05,ND")
    tables = read(trial)
    frame = tables.frames["sledai_2k"]
    assert frame["seizure"].to_list() == [0.0, None, 0.0, 0.0]
    assert frame["seizure_not_done"].to_list() == [False, True, False, False]
    assert tables.findings == ()


def test_a_known_unit_is_converted_without_a_finding(trial: Path) -> None:
    change(trial, "labs", "creatinine,80,umol/L", "creatinine,1,mg/dL")
    tables = read(trial)
    row = tables.frames["labs"].row(0, named=True)
    # 1 mg/dL of creatinine is 88.42 umol/L.
    assert (row["value"], row["unit"]) == (pytest.approx(88.42, abs=1e-9), "umol/L")
    assert (row["value_recorded"], row["unit_recorded"]) == (1.0, "mg/dL")
    assert tables.findings == ()


def test_a_titre_is_its_reciprocal(trial: Path) -> None:
    with (trial / "study.toml").open("a", encoding="utf-8") as file:
        file.write(TITRES)
    with (trial / "data" / "labs.csv").open("a", encoding="utf-8") as file:
        file.write("S1,baseline,2020-01-05,ana,320,titre\nS1,month_1,2020-02-05,ana,1:160,titre\n")
    tables = read(trial)
    assert tables.frames["labs"].filter(pl.col("test") == "ana")["value"].to_list() == [320.0, None]
    finding = next(finding for finding in tables.findings if finding.value == "1:160")
    assert finding.fix == "Write the reciprocal of the titre: 160."


def test_flags_in_words_are_read_and_said_once(trial: Path) -> None:
    change(trial, "safety_questions", "1,1", "yes,Y")
    tables = read(trial)
    assert tables.frames["safety_questions"]["any_event"].to_list() == [1.0, 0.0]
    assert [(finding.level, finding.code, finding.column) for finding in tables.findings] == [
        ("warning", "flag_in_words", "any_event"),
        ("warning", "flag_in_words", "asked"),
    ]


def test_disposition_may_be_told_by_flags(trial: Path) -> None:
    text = "subject,completed,withdrew,lost,died,date\nS1,1,0,0,0,2020-02-05\nS2,0,1,0,0,2020-03-06\n"
    (trial / "data" / "disposition.csv").write_text(text, encoding="utf-8")
    assert read(trial).frames["disposition"]["status"].to_list() == ["completed", "withdrew"]


def test_extra_columns_of_subjects_are_read_where_the_study_names_them(trial: Path) -> None:
    with (trial / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[columns]]\nname = "smoker"\nkind = "flag"\n')
    path = trial / "data" / "subjects.csv"
    first, second, third = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{first},smoker\n{second},1\n{third},2\n", encoding="utf-8")
    tables = read(trial)
    assert tables.frames["subjects"]["smoker"].to_list() == [1.0, None]
    assert [finding.code for finding in tables.findings] == ["not_a_flag"]


def test_unscheduled_visits_are_told_apart_by_their_date(trial: Path) -> None:
    with (trial / "data" / "visits.csv").open("a", encoding="utf-8") as file:
        file.write("S1,unscheduled,2020-01-25\nS1,unscheduled,2020-01-28\nS1,unscheduled,2020-01-28\n")
    tables = read(trial)
    assert [(finding.code, finding.line) for finding in tables.findings] == [("duplicate_row", 8)]
    assert tables.frames["visits"].height == 6


def test_attributions_are_kept_only_where_they_were_asked(trial: Path) -> None:
    assert not [name for name in read(trial).frames["sledai_2k"].columns if name.endswith("_attributed")]
    change(trial, "sledai_2k", "subject,", "rash_attributed,subject,")
    for line in ("S1,baseline", "S1,month_1", "S2,baseline", "S2,month_1"):
        change(trial, "sledai_2k", line, f"0,{line}")
    assert read(trial).frames["sledai_2k"]["rash_attributed"].to_list() == [0.0] * 4


def test_a_cohort_takes_every_visit_of_its_data(tmp_path: Path) -> None:
    folder = new_study("observational", tmp_path / "cohort")
    data = folder / "data"
    (data / "subjects.csv").write_text("subject,sex,age\nA,female,14\n", encoding="utf-8")
    rows = "".join(f"A,visit_{number},{day},c3,0.9,g/L\n" for number, day in ((1, 0), (2, 40), (11, 400)))
    (data / "labs.csv").write_text(f"subject,visit,day,test,value,unit\n{rows}", encoding="utf-8")
    tables = read(folder)
    assert [finding for finding in tables.findings if finding.level == "error"] == []
    assert tables.frames["labs"]["day"].to_list() == [0, 40, 400]


def test_a_file_that_cannot_be_opened_is_a_finding(trial: Path) -> None:
    labs = trial / "data" / "labs.csv"
    labs.unlink()
    labs.symlink_to(trial / "nowhere.csv")
    findings = read(trial).findings
    assert [
        (finding.level, finding.code, finding.file) for finding in findings if finding.table == "labs"
    ] == [("error", "file_closed", "labs.csv")]


def test_files_carry_their_hash(trial: Path) -> None:
    files = {file.name: file for file in read(trial).files}
    # sha256sum tests/fault/clean/data/visits.csv is stable; only the form is fixed here.
    assert files["labs.csv"].rows == 12
    assert all(len(file.sha256) == 64 for file in files.values())


@pytest.mark.parametrize("name", ["sle", "sjogren", "observational"])
def test_a_new_study_reads_and_only_lacks_its_subjects(name: str, tmp_path: Path) -> None:
    folder = new_study(name, tmp_path / "trial")
    findings = read(folder).findings
    assert [finding.code for finding in findings] == ["no_subject"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trial"]


def test_headers_are_columns_of_the_tables() -> None:
    study: Study = read_study(template_path("sle"))
    tables = study_tables(study)
    for name, header in table_headers(study).items():
        assert set(header) <= set(tables[name].by_name)
        required = {column.name for column in tables[name].columns if column.required}
        assert required <= set(header), name


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderExistsError, match="not empty"):
        new_study("sle", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt"]
    with pytest.raises(FolderExistsError):
        write_empty_tables(CLEAN / "data", read_study(CLEAN))


def test_a_new_study_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, study: Study) -> None:
        (Path(folder) / "half.csv").write_text("subject", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("funis.data.new_study.write_empty_tables", fail)
    with pytest.raises(OutputError, match=r"trial' cannot be written: No space left on device\. Make room"):
        new_study("sle", tmp_path / "trial")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        # The third of April or the fourth of March: both stand there, and nobody chooses for the writer.
        (
            "03/04/2022",
            "Write 2022-03-04 or 2022-04-03, whichever is meant (YYYY-MM-DD).",
        ),
        ("13/04/2022", "Write 2022-04-13 (YYYY-MM-DD)."),
    ],
)
def test_a_date_of_two_readings_gives_both(trial: Path, written: str, fix: str) -> None:
    folder = trial / "data" / "visits.csv"
    lines = folder.read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("date")
    cells = lines[1].split(",")
    cells[place] = written
    folder.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    assert fix in [finding.fix for finding in read(trial).findings if finding.file == "visits.csv"]


def test_a_visit_name_near_unscheduled_is_told_so_and_a_site_is_not(trial: Path) -> None:
    change(trial, "visits", ",month_1,", ",unschedulde,")
    change(trial, "subjects", ",01,", ",unschedulde,")
    fixes = {finding.code: finding.fix for finding in read(trial).findings}
    assert "The nearest is 'unscheduled'." in fixes["unknown_visit"]
    assert "nearest" not in fixes["unknown_site"]


def test_a_new_study_goes_into_an_empty_folder_and_not_over_a_file(tmp_path: Path) -> None:
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.write_text("mine", encoding="utf-8")
    assert (new_study("sle", empty) / "study.toml").is_file()
    with pytest.raises(FolderExistsError, match="file"):
        new_study("sle", file)
    assert file.read_text(encoding="utf-8") == "mine"
