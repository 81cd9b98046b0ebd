"""Control characters and what XML leaves out: refused where data are read, shown as escapes, never printed."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from funis.data.new_study import new_study
from funis.data.tables import Tables, read_tables, tables_from_frames
from funis.documents.document import Document, Paragraph, Section
from funis.documents.html import render_page
from funis.documents.markdown import render_markdown
from funis.documents.table import Inline
from funis.errors import Finding, StudyError
from funis.letters import (
    FORBIDDEN_PATTERN,
    find_forbidden,
    name_letter,
    replace_forbidden,
    show_forbidden,
)
from funis.study.model import Study
from funis.study.read import read_study, template_path

# The production Char of XML 1.0 (fifth edition), section 2.2, and what it discourages.
XML_CHAR = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DISCOURAGED = re.compile("[\x7f-\x9f\ufdd0-\ufdef]")
EVERY = [chr(code) for code in range(0x110000)]


def test_the_letters_refused_are_those_of_the_standard() -> None:
    for letter in EVERY:
        is_last_of_plane = ord(letter) & 0xFFFE == 0xFFFE
        expected = not XML_CHAR.match(letter) or bool(DISCOURAGED.match(letter)) or is_last_of_plane
        assert bool(find_forbidden(letter)) == expected, hex(ord(letter))


def test_polars_refuses_the_same_letters() -> None:
    letters = [letter for letter in EVERY if not "\ud800" <= letter <= "\udfff"]
    frame = pl.DataFrame({"letter": letters})
    found = frame.filter(pl.col("letter").str.contains(FORBIDDEN_PATTERN))["letter"].to_list()
    assert found == [letter for letter in letters if find_forbidden(letter)]


def test_first_letter_is_found_wherever_it_stands() -> None:
    assert find_forbidden("ab\nc\x02\x01") == "\x02"
    assert name_letter("\x02") == "U+0002"
    assert name_letter("\U0001fffe") == "U+1FFFE"
    assert show_forbidden("a\x1b[31m\n\ud800") == "a\\x1b[31m\n\\ud800"
    assert replace_forbidden("a\x1b\n\ufffe") == "a\ufffd\n\ufffd"


def test_a_finding_quotes_them_as_escapes() -> None:
    bad = "x\x1b[2J\x07"
    finding = Finding("error", "code", bad, bad, 2, bad, bad, bad, bad, bad, bad)
    assert not find_forbidden(str(finding))
    assert not find_forbidden(repr(asdict(finding).values()))
    assert finding.subject == "x\\x1b[2J\\x07"


@pytest.fixture(scope="module")
def study() -> Study:
    return read_study(template_path("observational"))


def found_letters(tables: Tables) -> list[tuple[str, int | None, str, str]]:
    return [
        (each.table, each.line, each.column, each.value)
        for each in tables.findings
        if each.code == "control_character"
    ]


SUBJECTS = {"subject": ["S1", "S2", "S\x013"], "site": ["01", "0\ufffe1", "02"], "age": ["31", "32", "33"]}


def test_cells_of_frames_are_left_out(study: Study) -> None:
    tables = tables_from_frames(study, {"subjects": pl.DataFrame(SUBJECTS)})
    assert found_letters(tables) == [("subjects", 2, "site", "U+FFFE"), ("subjects", 3, "subject", "U+0001")]
    assert tables.frames["subjects"]["subject"].to_list() == ["S1", "S2"]
    assert tables.frames["subjects"]["site"].to_list() == ["01", None]
    rows = [{"subject": "S1", "age": 31, "site": "\x7f"}, {"subject": "S2", "age": 32, "site": "01"}]
    assert found_letters(tables_from_frames(study, {"subjects": rows})) == [("subjects", 1, "site", "U+007F")]


def test_half_letters_of_a_program_are_refused(study: Study) -> None:
    tables = tables_from_frames(study, {"subjects": [{"subject": "S\ud800", "age": 3}]})
    (finding,) = [each for each in tables.findings if each.code == "control_character"]
    assert "U+D800" in finding.message
    assert "subjects" not in tables.present


ERRORS = [
    "#DIV/0!",
    "#N/A",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#VALUE!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
]
FOREIGN_ERRORS = ["#WERT!", "#BEZUG!", "#NV", "#N/D", "#¡DIV/0!", "#¿NOMBRE?", "Err:502", " #DIV/0! ", "####"]
NO_ERRORS = ["#1", "# joints", "no. #7", "#", "Err:12", "wow!", "#N"]


def test_spreadsheet_errors_of_any_column_are_left_out(study: Study) -> None:
    texts = [*ERRORS, *FOREIGN_ERRORS, *NO_ERRORS]
    rows = [{"subject": f"S{number}", "site": text, "age": 31} for number, text in enumerate(texts)]
    tables = tables_from_frames(study, {"subjects": rows})
    found = [each for each in tables.findings if each.code == "spreadsheet_error"]
    assert [each.line for each in found] == list(range(1, len(ERRORS) + len(FOREIGN_ERRORS) + 1))
    assert {each.level for each in found} == {"error"}
    assert tables.frames["subjects"]["site"].to_list()[len(found) :] == NO_ERRORS


def test_errors_of_a_workbook_are_no_empty_cells(tmp_path: Path, study: Study) -> None:
    book = xlsxwriter.Workbook(tmp_path / "data.xlsx")
    sheet = book.add_worksheet("subjects")
    # The table begins in C2, so that the places of cells are counted from where they stand.
    for row, line in enumerate([["subject", "age", "site"], ["S1", "31", "01"], ["S2", "32", "02"]], start=1):
        sheet.write_row(row, 2, line)
    sheet.write_formula(2, 3, "=1/0", None, "#DIV/0!")
    sheet.write_formula(3, 4, "=A1", None, "")
    book.close()
    tables = read_tables(tmp_path, study)
    found = [
        (each.line, each.column, each.value) for each in tables.findings if each.code == "spreadsheet_error"
    ]
    # No cell of the subjects stands in a finding, not even an error.
    assert found == [(3, "age", ""), (4, "site", "")]
    assert tables.frames["subjects"]["age"].to_list() == [None, 32.0]
    assert tables.frames["subjects"]["site"].to_list() == ["01", None]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_cells_of_files_are_left_out(kind: str, tmp_path: Path, study: Study) -> None:
    frame = pl.DataFrame(SUBJECTS)
    if kind == "csv":
        frame.write_csv(tmp_path / "subjects.csv")
    else:
        frame.write_parquet(tmp_path / "subjects.parquet")
    tables = read_tables(tmp_path, study)
    assert found_letters(tables) == [("subjects", 3, "site", "U+FFFE"), ("subjects", 4, "subject", "U+0001")]
    assert tables.frames["subjects"]["subject"].to_list() == ["S1", "S2"]


def test_cells_of_workbooks_are_left_out(tmp_path: Path, study: Study) -> None:
    book = xlsxwriter.Workbook(tmp_path / "data.xlsx")
    sheet = book.add_worksheet("subjects")
    for column, (name, cells) in enumerate(SUBJECTS.items()):
        sheet.write_column(0, column, [name, *cells])
    sheet.write_string(1, 0, "S\x7f1")
    book.close()
    tables = read_tables(tmp_path, study)
    assert ("subjects", 2, "subject", "U+007F") in found_letters(tables)


def test_a_column_with_such_a_name_is_not_read(study: Study) -> None:
    tables = tables_from_frames(
        study, {"subjects": pl.DataFrame({"subject": ["S1"], "age": [3], "si\x0bte": ["01"]})}
    )
    assert found_letters(tables) == [("subjects", 1, "", "U+000B")]
    assert not find_forbidden(" ".join(map(str, tables.findings)))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"LUPUS-COHORT"', '"LUPUS\\u0001"', "study.id"),
        ("[study]", '[study]\n"ke\\u007fy" = 1', "study.…"),
    ],
)
def test_a_study_file_with_such_a_letter_is_refused(old: str, new: str, key: str, tmp_path: Path) -> None:
    folder = new_study("observational", tmp_path / "trial")
    file = folder / "study.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    (finding,) = caught.value.findings
    assert (finding.code, finding.column) == ("control_character", key)
    assert not find_forbidden(str(caught.value))


def test_no_page_holds_one() -> None:
    text = (Inline("a\x01b\ufffe"),)
    document = Document(
        "T\x02", sections=(Section("s", "S\x0c", (Paragraph(text),)),), numbers={"n\x7f": "\x9f"}
    )
    for page in (render_page(document), render_markdown(document)):
        assert not find_forbidden(page)
        assert "a\ufffdb\ufffd" in page
