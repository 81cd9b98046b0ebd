"""Sheets of clinics, whole: the same trial in a German, a Chinese and an Excel dress gives the same tables."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib import util
from pathlib import Path

import pytest
import xlsxwriter

from funis.bounded.limits import Limits
from funis.data.tables import Tables, read_tables, tables_from_frames
from funis.errors import Finding, StudyError
from funis.study.imported import Import
from funis.study.read import read_study

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)
GERMAN = """
[import]
date_order = "dmy"
decimal    = ","
separator  = ";"
present    = ["+"]
absent     = ["neg"]
not_done   = ["n.d."]

[import.tables]
subjects = "Patienten"

[import.columns.subjects]
subject    = "Pat.-Nr."
birth_date = "Geb.-Datum"

[import.columns.labs]
value = "Ergebnis"

[import.codes.sex]
w = "female"
m = "male"
"""
CHINESE = """
[import]
date_order = "ymd"
encoding   = "gb18030"
present    = ["阳性"]
absent     = ["阴性"]

[import.tables]
subjects = "受试者"

[import.columns.subjects]
subject = "受试者编号"
sex     = "性别"

[import.codes.sex]
"女" = "female"
"男" = "male"
"""
Cells = list[list[str]]


def load(table: str) -> Cells:
    with (CLEAN / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


TABLES = {path.stem: load(path.stem) for path in sorted((CLEAN / "data").glob("*.csv"))}


def dressed(names: Mapping[str, Mapping[str, str]], change: Callable[[str, str], str]) -> dict[str, Cells]:
    """Give every table with other names of columns and other ways to write its cells."""
    return {
        table: [
            [names.get(table, {}).get(name, name) for name in rows[0]],
            *([change(name, cell) for name, cell in zip(rows[0], row, strict=True)] for row in rows[1:]),
        ]
        for table, rows in TABLES.items()
    }


def german(name: str, cell: str) -> str:
    day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", cell)
    if day:
        return f"{int(day[3])}.{int(day[2])}.{day[1]}"
    if name in {"rash", "fever"}:
        return {"0": "neg", "1": "+"}[cell]
    return {"female": "W", "male": "m"}.get(cell, cell.replace(".", ","))


def chinese(name: str, cell: str) -> str:
    day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", cell)
    if day:
        return f"{day[1]}年{int(day[2])}月{int(day[3])}日"
    if name == "rash":
        return {"0": "阴性", "1": "阳性"}[cell]
    if name == "value":
        return cell.translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
    return {"female": "女", "male": "男"}.get(cell, cell)


GERMAN_NAMES = {
    "subjects": {"subject": "Pat.-Nr.", "birth_date": "Geb.-Datum", "site": "Site"},
    "labs": {"value": "Ergebnis", "test": "TEST"},
}
CHINESE_NAMES = {"subjects": {"subject": "受试者编号", "sex": "性别"}}


def write(folder: Path, tables: Mapping[str, Cells], rules: str, **written: str) -> Path:
    """Write a study folder with CSV files."""
    (folder / "data").mkdir(parents=True)
    text = (CLEAN / "study.toml").read_text(encoding="utf-8") + rules
    (folder / "study.toml").write_text(text, encoding="utf-8")
    for table, rows in tables.items():
        path = folder / "data" / f"{written.get(table, table)}.csv"
        with path.open("w", encoding=written.get("encoding", "utf-8"), newline="") as file:
            csv.writer(file, delimiter=written.get("separator", ",")).writerows(rows)
    return folder


def write_german(folder: Path, tables: Mapping[str, Cells] | None = None, rules: str = GERMAN) -> Path:
    tables = tables or dressed(GERMAN_NAMES, german)
    return write(folder, tables, rules, subjects="Patienten", labs="LABS", separator=";")


def read(folder: Path) -> Tables:
    return read_tables(folder, read_study(folder), today=TODAY)


@pytest.fixture(scope="module")
def clean() -> Tables:
    return read(CLEAN)


def assert_same(one: Tables, other: Tables) -> None:
    assert [str(each) for each in one.findings] == []
    assert one.present == other.present
    for name, frame in other.frames.items():
        assert one.frames[name].drop("_file", "_line").equals(frame.drop("_file", "_line")), name


def test_german_files_give_the_same_tables(tmp_path: Path, clean: Tables) -> None:
    assert_same(read(write_german(tmp_path / "trial")), clean)


def test_chinese_files_give_the_same_tables(tmp_path: Path, clean: Tables) -> None:
    tables = dressed(CHINESE_NAMES, chinese)
    folder = write(tmp_path / "trial", tables, CHINESE, subjects="受试者", encoding="gb18030")
    assert_same(read(folder), clean)


def test_a_workbook_with_numbers_dates_and_a_header_in_two_rows(tmp_path: Path, clean: Tables) -> None:
    """Numbers and dates that Excel holds as such are read, whatever decimal mark its reader sees."""
    folder = tmp_path / "trial"
    shutil.copytree(CLEAN, folder)
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    rules = GERMAN + "\n[import.header_rows]\nsledai_2k = 4\n"
    study = (CLEAN / "study.toml").read_text(encoding="utf-8") + rules
    (folder / "study.toml").write_text(study, encoding="utf-8")
    with xlsxwriter.Workbook(folder / "data" / "trial.xlsx") as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for table, rows in dressed(GERMAN_NAMES, lambda _, cell: cell).items():
            sheet = book.add_worksheet("PATIENTEN" if table == "subjects" else table.title())
            first = 3 if table == "sledai_2k" else 0
            if first:
                sheet.write(0, 0, "Klinik für Rheumatologie")
                sheet.write(2, 0, "subject")
                rows[0][0] = ""
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
                        when = datetime.fromisoformat(cell)
                        sheet.write_datetime(first + number, place, when, day)
                    elif re.fullmatch(r"\d+\.\d+", cell):
                        sheet.write_number(first + number, place, float(cell))
                    else:
                        sheet.write_string(first + number, place, cell)
    assert_same(read(folder), clean)


def test_a_number_typed_as_text_in_a_workbook_keeps_its_two_readings(tmp_path: Path) -> None:
    folder = write(tmp_path / "trial", {}, '\n[import]\ndecimal = ","\nseparator = ";"\n')
    with xlsxwriter.Workbook(folder / "data" / "trial.xlsx") as book:
        subjects = book.add_worksheet("Subjects")
        for number, row in enumerate(TABLES["subjects"]):
            subjects.write_row(number, 0, [cell.replace(".", ",") for cell in row])
        sheet = book.add_worksheet("labs")
        for place, name in enumerate(TABLES["labs"][0]):
            sheet.write_string(0, place, name)
        for line, value in enumerate((1.234, "1.234", "1,5"), start=1):
            for place, cell in enumerate(TABLES["labs"][2]):
                sheet.write(line, place, value if TABLES["labs"][0][place] == "value" else cell)
    tables = read(folder)
    found = [each for each in tables.findings if each.code == "not_a_number"]
    assert [(each.line, each.value, each.subject, each.visit) for each in found] == [
        (3, "1.234", "S1", "baseline")
    ]
    assert 1.234 in tables.frames["labs"]["value"].to_list()


def finding(tables: Tables, code: str) -> Finding:
    return next(each for each in tables.findings if each.code == code)


def test_a_finding_quotes_the_sheet(tmp_path: Path) -> None:
    """File, line, the column's own name and the cell's own text, with subject and visit."""
    tables = dressed(GERMAN_NAMES, german)
    line = next(number for number, row in enumerate(tables["labs"]) if row[3] == "platelets")
    tables["labs"][line][4] = "9000,0"
    found = next(
        each for each in read(write_german(tmp_path / "trial", tables)).findings if each.level == "error"
    )
    row = tables["labs"][line]
    assert (found.file, found.line, found.column) == ("LABS.csv", line + 1, "value")
    assert (found.value, found.subject, found.visit) == ("9000,0 10^9/L", row[0], row[1])
    assert "(column 'Ergebnis' of the sheet)" in found.message


def test_a_sheet_that_is_declared_and_not_there_is_told_and_hides_nothing(tmp_path: Path) -> None:
    tables = dressed(GERMAN_NAMES, german)
    tables["labs"][1][4] = "achtzig"
    rules = GERMAN.replace('subjects = "Patienten"', 'subjects = "Pazienten"')
    found = read(write_german(tmp_path / "trial", tables, rules)).findings
    absent = next(each for each in found if each.code == "source_missing")
    assert "reads 'subjects' from 'Pazienten'" in absent.message
    assert [each.line for each in found if each.code == "not_a_number"] == [2]
    assert {each.table for each in found if each.level == "error"} <= {"subjects", "labs", ""}


@pytest.mark.parametrize(
    ("rules", "key", "said"),
    [
        ('[import]\ndecimal = ","\n', "import.separator", "are the same"),
        ('[import]\ndecimal = ";"\n', "import.decimal", "does not take this value"),
        ('[import]\ndate_order = "dym"\n', "import.date_order", "does not take this value"),
        ("[import]\nyears_from = 1899\n", "import.years_from", "greater than or equal to 1900"),
        ("[import]\nyears_from = 2001\n", "import.years_from", "less than or equal to 2000"),
        ("[import]\nday_numbers = 1901\n", "import.day_numbers", "does not take this value"),
        ('[import]\nencoding = "gbk2"\n', "import.encoding", "does not take this value"),
        ("[import]\nheader = 3\n", "import.header", "There is no key"),
        ('[import]\npresent = ["+"]\nabsent = ["＋"]\n', "import.absent", "stands for 'present' already"),
        ('[import.tables]\nlab = "x"\n', "import.tables.lab", "There is no table"),
        ("[import.header_rows]\nlabs = 0\n", "import.header_rows.labs", "greater than or equal to 1"),
        ('[import.columns.labs]\nresult = "x"\n', "import.columns.labs.result", "There is no column"),
        (
            '[import.columns.labs]\nvalue = "x"\nlow = "X"\n',
            "import.columns.labs.low",
            "already read as 'value'",
        ),
        ('[import.codes.sexes]\nm = "male"\n', "import.codes.sexes", "There is no column"),
        ('[import.codes.sex]\nm = "man"\n', "import.codes.sex.m", "There is no value of 'sex'"),
        ('[import.codes.visit]\nV9 = "month_9"\n', "import.codes.visit", "There is no value of 'visit'"),
        ('[import.codes.serious]\nja = "yes"\n', "import.codes.serious.ja", "There is no value of 'serious'"),
        ('[import.codes.sex]\nm = "male"\nM = "female"\n', "import.codes.sex", "means 'male' already"),
    ],
)
def test_what_import_cannot_mean_is_refused_with_its_key(
    tmp_path: Path, rules: str, key: str, said: str
) -> None:
    folder = write(tmp_path / "trial", {}, "\n" + rules)
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    assert len(caught.value.findings) == 1
    found = caught.value.findings[0]
    assert found.column.startswith(key)
    assert said in found.message


def test_a_code_of_an_empty_meaning_and_unscheduled_visits_are_allowed(tmp_path: Path) -> None:
    rules = '\n[import.codes]\nsex = {"9" = ""}\nvisit = {U = "unscheduled", V0 = "baseline"}\nserious = {x = "1"}\n'
    study = read_study(write(tmp_path / "trial", {}, rules))
    assert study.imported.codes["visit"] == {"U": "unscheduled", "V0": "baseline"}


@pytest.mark.parametrize(
    ("declared", "written", "code"),
    [
        ('[import]\nseparator = ";"\n', {"separator": ","}, "delimiter"),
        ("", {"separator": ";"}, "delimiter"),
        ('[import]\nseparator = "|"\n', {"separator": "\t"}, "delimiter"),
        ("", {"encoding": "utf-16"}, "encoding"),
    ],
)
def test_a_file_written_otherwise_is_told_with_the_key_that_reads_it(
    tmp_path: Path, declared: str, written: dict[str, str], code: str
) -> None:
    folder = write(tmp_path / "trial", {"labs": TABLES["labs"]}, "\n" + declared, **written)
    found = next(each for each in read(folder).findings if each.table == "labs")
    assert found.code == code
    assert f"{'separator' if code == 'delimiter' else 'encoding'} = " in found.fix


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_a_declared_encoding_reads_the_file(tmp_path: Path, encoding: str) -> None:
    declared = "gb18030" if encoding == "utf-8-sig" else encoding
    rows = [[*TABLES["labs"][0], "comment"], [*TABLES["labs"][1], "溶血"]]
    rules = f'\n[import]\nencoding = "{declared}"\n'
    tables = {"labs": rows, "subjects": TABLES["subjects"]}
    found = read(write(tmp_path / "trial", tables, rules, encoding=encoding))
    assert found.frames["labs"].height == 1
    assert not [
        each for each in found.findings if each.code in {"encoding", "unknown_column", "missing_column"}
    ]


def test_a_declared_header_row_that_is_empty_is_told(tmp_path: Path) -> None:
    rules = "\n[import.header_rows]\nlabs = 40\n"
    found = read(write(tmp_path / "trial", {"labs": TABLES["labs"]}, rules))
    assert (finding(found, "header_row").line, finding(found, "header_row").table) == (40, "labs")


def test_two_tables_may_stand_in_one_sheet(tmp_path: Path, clean: Tables) -> None:
    """The columns of one are no unknown columns of the other."""
    tables = {name: [list(row) for row in rows] for name, rows in TABLES.items()}
    adverse = tables.pop("adverse_events")
    joined = tables["disposition"]
    assert adverse[1][0] == joined[1][0] == "S1"
    tables["disposition"] = [
        [*joined[0], *adverse[0][1:]],
        *([*row, *(adverse[1][1:] if row[0] == "S1" else [""] * 8)] for row in joined[1:]),
    ]
    rules = '\n[import.tables]\ndisposition = "disposition"\nadverse_events = "disposition"\n'
    found = read(write(tmp_path / "trial", tables, rules))
    assert (
        found.frames["disposition"]
        .drop("_file", "_line")
        .equals(clean.frames["disposition"].drop("_file", "_line"))
    )
    assert found.frames["adverse_events"].row(0, named=True)["term"] == "headache"
    assert not [each for each in found.findings if each.code == "unknown_column"]


def examples_of_import() -> tuple[tuple[str, str, str], ...]:
    place = Path(__file__).parents[2] / "docs" / "pages_of_the_study_file.py"
    spec = util.spec_from_file_location("pages_of_the_study_file", place)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    examples: tuple[tuple[str, str, str], ...] = module.EXAMPLES_OF_IMPORT
    return examples


def test_each_key_has_an_example_that_is_read_and_one_that_is_refused(tmp_path: Path) -> None:
    examples = examples_of_import()
    keys = {read.partition(" ")[0] for _, read, _ in examples}
    assert keys == set(Import.model_fields)
    for number, (_, accepted, refused) in enumerate(examples):
        # On the page two keys stand on one line.
        rules = re.sub(r'(?<=["\]]), (?=[a-z]+ =)', "\n", accepted)
        read_study(write(tmp_path / f"read{number}", {}, f"\n[import]\n{rules}\n"))
        rules = re.sub(r'(?<=["\]]), (?=[a-z_]+ =)', "\n", refused)
        folder = write(tmp_path / f"refused{number}", {}, f"\n[import]\n{rules}\n")
        with pytest.raises(StudyError) as caught:
            read_study(folder)
        assert {each.table for each in caught.value.findings} == {"import"}, refused


def bad_labs() -> Cells:
    rows = [list(row) for row in TABLES["labs"]]
    rows[1][2], rows[1][4], rows[2][4] = "31.02.2020", "eighty", "twelve"
    return rows


def test_what_hides_behind_a_wrong_name_a_title_or_a_delimiter_is_found_in_the_same_run(
    tmp_path: Path,
) -> None:
    """A bad date hides no bad number of its row, and no first fault hides them; no such value is used."""
    cells = [("not_a_date", 2, "date"), ("not_a_number", 2, "value"), ("not_a_number", 3, "value")]
    tables = {**TABLES, "labs": bad_labs()}
    titled = {**TABLES, "labs": [["Laboratory of the clinic", *[""] * 5], *bad_labs()]}
    folders = {
        "unknown_table": write(tmp_path / "name", tables, "", labs="lab"),
        "title_above_header": write(tmp_path / "title", titled, ""),
        "delimiter": write(tmp_path / "sign", {"labs": bad_labs()}, "", separator=";"),
    }
    for code, folder in folders.items():
        found = read(folder)
        assert found.frames["labs"].is_empty()
        assert finding(found, code).level == "error"
        shift = int(code == "title_above_header")
        told = [
            (each.code, each.line, each.column) for each in found.findings if each.code.startswith("not_a_")
        ]
        assert told == [(what, line + shift, column) for what, line, column in cells], code
        told_of = {(each.subject, each.visit) for each in found.findings if each.code.startswith("not_a_")}
        assert told_of == {("S1", "baseline")}
        assert "missing_table" not in {each.code for each in found.findings if each.table == "labs"}


def test_a_sheet_with_nearly_the_name_is_not_looked_at_where_the_right_one_is_there(tmp_path: Path) -> None:
    folder = write(tmp_path / "trial", {**TABLES, "lab": bad_labs()}, "")
    found = read(folder)
    assert finding(found, "unknown_table").file == "lab.csv"
    assert not [each for each in found.findings if each.code.startswith("not_a_")]
    assert not found.frames["labs"].is_empty()


def test_every_unknown_column_is_told_at_the_line_of_the_header(tmp_path: Path) -> None:
    rows = [
        [""] * 8,
        [*TABLES["labs"][0], "haemolysis", "comparatorr"],
        *([*row, "", ""] for row in TABLES["labs"][1:]),
    ]
    found = read(write(tmp_path / "trial", {**TABLES, "labs": rows}, ""))
    unknown = [each for each in found.findings if each.code == "unknown_column"]
    assert [each.line for each in unknown] == [2, 2]
    assert [each.column for each in unknown if each.column] == ["comparatorr"]
    assert "The nearest is 'comparator'." in {each.fix for each in unknown}


def test_what_cannot_be_read_is_not_told_as_missing_as_well(tmp_path: Path) -> None:
    """One cause, one finding: no result, no age and no subject is missed that another finding speaks of."""
    tables = {name: [list(row) for row in rows] for name, rows in TABLES.items()}
    tables["labs"][1][4], tables["subjects"][1][3] = "eighty", "1.5.1980"
    found = read(write(tmp_path / "cells", tables, ""))
    assert [
        (each.code, each.table) for each in found.findings if each.table in {"subjects", "labs", "visits"}
    ] == [
        ("not_a_date", "subjects"),
        ("not_a_number", "labs"),
    ]
    empty = {
        **tables,
        "labs": [list(row) for row in TABLES["labs"]],
        "subjects": [list(row) for row in TABLES["subjects"]],
    }
    empty["labs"][1][4], empty["subjects"][1][3] = "", ""
    told = {each.code for each in read(write(tmp_path / "empty", empty, "")).findings}
    assert told >= {"missing_labs", "eligibility_unknown"}
    headed = {**TABLES, "subjects": [["Patient", *TABLES["subjects"][0][1:]], *TABLES["subjects"][1:]]}
    codes = [
        each.code
        for each in read(write(tmp_path / "header", headed, "")).findings
        if each.table == "subjects"
    ]
    assert sorted(codes) == ["missing_column", "unknown_column"]


def test_a_row_left_out_for_one_cell_is_looked_at_for_its_others(tmp_path: Path) -> None:
    rows = [list(row) for row in TABLES["labs"]]
    rows[1] = ["S1", "month_7", "2020-01-05", "creatinin", "80", "umol/L"]
    rows[2] = ["S9", "month_8", "2020-01-05", "creatinine", "90000", "umol/L"]
    found = read(write(tmp_path / "trial", {**TABLES, "labs": rows}, "")).findings
    assert [(each.code, each.line) for each in found if each.table == "labs" and each.level == "error"] == [
        ("unknown_test", 2),
        ("unknown_visit", 2),
        ("unknown_subject", 3),
        ("value_outside_range", 3),
        ("unknown_visit", 3),
    ]


def test_headers_in_chinese_are_named(tmp_path: Path) -> None:
    """Words of tables are no names of persons, and a header that may be one is not shown."""
    rows = [[*TABLES["labs"][0], "检验结果", "王小明"], *([*row, "", ""] for row in TABLES["labs"][1:])]
    found = read(write(tmp_path / "trial", {**TABLES, "labs": rows}, "")).findings
    assert [each.column for each in found if each.code == "unknown_column"] == ["", "检验结果"]


def test_frames_and_files_spell_names_alike(tmp_path: Path, clean: Tables) -> None:
    """Capitals, spaces and hyphens of tables and columns do not matter at any door."""
    spelled = {
        name: [[each.replace("_", " ").title() for each in rows[0]], *rows[1:]]
        for name, rows in TABLES.items()
    }
    names = {name: name.replace("_", "-").upper() for name in TABLES}
    study = read_study(CLEAN)
    files = read(write(tmp_path / "trial", spelled, "", **names))
    frames = {
        names[name]: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
        for name, rows in spelled.items()
    }
    given = tables_from_frames(study, frames, today=TODAY)
    assert_same(files, clean)
    assert_same(given, clean)
    # A frame of the very name comes before one that only spells it.
    both = tables_from_frames(study, {**frames, "labs": frames["LABS"][:1]}, today=TODAY)
    assert both.frames["labs"].height == 1
    assert finding(both, "unknown_table").file == "LABS"


def test_a_header_below_another_row_is_told_and_its_cells_are_looked_at(tmp_path: Path) -> None:
    """Groups of columns in merged cells above the names are no header."""
    groups = ["Patient", "", "Visit", "Laboratory", "", ""]
    found = read(write(tmp_path / "trial", {**TABLES, "labs": [groups, *bad_labs()]}, ""))
    told = [(each.code, each.line, each.column) for each in found.findings if each.table == "labs"]
    assert told == [
        ("header_below", 1, ""),
        ("not_a_date", 3, "date"),
        ("not_a_number", 3, "value"),
        ("not_a_number", 4, "value"),
    ]
    assert "name its row, 2, in [import.header_rows]" in finding(found, "header_below").fix
    assert found.frames["labs"].is_empty()
    rules = "\n[import.header_rows]\nlabs = 2\n"
    assert_same(
        read(write(tmp_path / "named", {**TABLES, "labs": [groups, *TABLES["labs"]]}, rules)), read(CLEAN)
    )


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        # One name in a row is a value; as many names as the header has are no better header.
        ([["a", "b", "c"], ["subject", "1", "2"]], "missing_column"),
        ([["subject", "visit", "c"], ["test", "value", "2"]], "missing_column"),
        ([["a", "b", "c"], ["subject", "visit", "2"]], "header_below"),
        ([["a", "b", "c"], *[["1", "2", "3"]] * 4, ["subject", "visit", "2"]], "header_below"),
        ([["a", "b", "c"], *[["1", "2", "3"]] * 5, ["subject", "visit", "2"]], "missing_column"),
    ],
)
def test_only_a_row_with_more_names_is_the_header(tmp_path: Path, rows: Cells, code: str) -> None:
    found = read(write(tmp_path / "trial", {**TABLES, "labs": rows}, ""))
    assert (
        next(each.code for each in found.findings if each.table == "labs" and each.level == "error") == code
    )


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("subject;visit,date", "delimiter"),
        ("subject;visit", "delimiter"),
        ("subject;visit,date,note", "missing_column"),
        ("subject,visit;date", "missing_column"),
    ],
)
def test_a_sign_in_one_name_divides_no_cells(tmp_path: Path, header: str, code: str) -> None:
    folder = write(tmp_path / "trial", dict(TABLES), "")
    (folder / "data" / "visits.csv").write_text(f"{header}\n", encoding="utf-8")
    found = read(folder).findings
    assert next(each.code for each in found if each.table == "visits" and each.level == "error") == code


def test_a_name_that_holds_both_signs_ends_the_search(tmp_path: Path) -> None:
    folder = write(tmp_path / "trial", dict(TABLES), "")
    (folder / "data" / "visits.csv").write_text('"a,b;c"\n1\n', encoding="utf-8")
    assert [each.code for each in read(folder).findings if each.table == "visits" and each.line == 1] == [
        "delimiter"
    ]


def test_a_declared_header_row_is_held_against_the_limit_of_columns(tmp_path: Path) -> None:
    rules = "\n[import.header_rows]\nlabs = 2\n"
    rows = [
        ["title", "", "", ""],
        ["subject", "a", "b", "c"],
        ["S1", "1", "2", "3"],
        ["S1", "1", "2", "3", "5"],
    ]
    folder = write(tmp_path / "trial", {"labs": rows}, rules)
    for columns, is_read in ((3, False), (4, True)):
        tables = read_tables(folder, read_study(folder), today=TODAY, limits=Limits(columns=columns))
        assert ("labs" in tables.present) == is_read


def test_a_title_is_one_cell_above_a_row_of_more_than_two(tmp_path: Path) -> None:
    for number, below in enumerate((["S1", "1", ""], ["S1", "1", "2"])):
        rows = [["subject", "", ""], below, below]
        found = read(write(tmp_path / str(number), {"labs": rows}, "")).findings
        assert ("title_above_header" in {each.code for each in found}) == (number == 1)


def test_the_line_that_tells_excel_the_separator_is_no_header(tmp_path: Path, clean: Tables) -> None:
    folder = write_german(tmp_path / "trial")
    for path in (folder / "data").iterdir():
        path.write_text("sep=;\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert_same(read(folder), clean)
    plain = write(tmp_path / "plain", dict(TABLES), "")
    for path in (plain / "data").iterdir():
        path.write_text("SEP=,\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert_same(read(plain), clean)
    (plain / "data" / "visits.csv").write_text("subject,visit\nsep=,\n", encoding="utf-8")
    assert [each.line for each in read(plain).findings if each.code == "unknown_subject"] == [2]
