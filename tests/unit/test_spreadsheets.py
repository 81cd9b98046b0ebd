"""What leaves for a spreadsheet runs nothing; numbers stay numbers; every writer goes through one place."""

from __future__ import annotations

import ast
import csv
import io
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.cli.finding_lines import render_findings
from funis.errors import Finding
from funis.files import write_frame
from funis.scoring.score_file import write_scores
from funis.spreadsheets import as_plain, neutralise, render_csv, render_rows, render_workbook

ROOT = Path(__file__).resolve().parents[2]

# The forms that OWASP's page "CSV Injection" lists, and those of semicolons, new lines and wide signs.
RUNNING = [
    "=1+1",
    "+1+1",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "-abc",
    "+abc",
    "-A1",
    '=HYPERLINK("http://x","y")',
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1+1",
    "\uff20SUM(1)",
    "a;=1+1",
    "a; @x",
    "a\n=1+1",
    "a\t-cmd",
    "a\r+x",
    "-3.4;=1",
    "--1",
    "-1-1",
    "-1*2",
    "-(1)",
    "-2.18 (S18) ;=1",
    "-1(A1)",
    "-1 (A1+1)",
    "-1 (A1)*2",
]
PLAIN = [
    "-3.4", "+5", "-.5", "-1e-7", "-12,345.6", "-3 %", "-3.4 (-5.6 to -1.2)", "-7.43 ± 3.93 (n = 40)",
    "-10.00 ± – (n = 1)", "-3.4, -1.2", "-5 to 5", "[-1, 1]", "++", "+", "-", "+/-", "--", "=", "", "a=b", "x@y",
    "a - b", "1-2", "mild; severe", "a;-3.4", "0.5", "−3", "n = 3", "'=1", "-2.18 (RECON-18)", "-1 (A1)",
]  # fmt: skip


@pytest.mark.parametrize("text", RUNNING)
def test_what_would_run_becomes_text(text: str) -> None:
    plain = as_plain(text)
    assert plain != text
    assert plain.replace("'", "") == text.replace("'", "")
    assert not runs(plain)
    assert as_plain(plain) == plain


@pytest.mark.parametrize("text", PLAIN)
def test_numbers_and_plain_words_stay(text: str) -> None:
    assert as_plain(text) == text


def runs(text: str) -> bool:
    """Say whether a spreadsheet would run a cell: read letter by letter, not by the patterns of the code."""
    for piece in text.replace("\r", ";").replace("\n", ";").replace("\t", ";").split(";"):
        first = piece.lstrip()[:1]
        if first in set("=@\uff1d\uff0b\uff0d\uff20") and piece.strip().strip("=+-/±"):
            return True
        bare = re.sub(r" \(n = (?=\d)| \([\w.-]+\)$", "", piece.strip())
        letters = set(bare.strip()[1:]) - set("0123456789.,;%()[]±–neE to=and+- ")
        if first in {"+", "-"} and letters - set("/"):
            return True
    return text[:1] in {"\t", "\r", "\n"}


@given(st.text(alphabet="=+-@;\t\r\n 'a1(.,\uff1d", max_size=12))
def test_no_text_runs_afterwards(text: str) -> None:
    assert not runs(as_plain(text))
    assert as_plain(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("part", ["1,111", ",1", " to 1", "(1", ") ", "1 ", "–", "1e1", ";", "+", "-1 to "])
def test_long_texts_are_read_once(part: str) -> None:
    """Read in every way that the patterns allow, one of these would take longer than the suite lives."""
    text = "-1" + part * 2_000
    assert as_plain(f"{text}x;=1").endswith(";'=1")


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers())
def test_every_number_stays(real: float, whole: int) -> None:
    for text in (repr(real), f"{real:+.3f}", f"{real:e}", str(whole), f"{whole:,}"):
        assert as_plain(text) == text


def test_texts_categories_and_names_of_columns() -> None:
    texts = ["=1", "b", None]
    frame = pl.DataFrame(
        {
            "@text": texts,
            "category": pl.Series(texts, dtype=pl.Categorical),
            "enum": pl.Series(texts, dtype=pl.Enum(["=1", "b"])),
            "number": [-1.5, 2.0, None],
            "=a": [1, 2, 3],
            "'=a": [4, 5, 6],
        }
    )
    plain = neutralise(frame)
    assert plain.columns == ["'@text", "category", "enum", "number", "''=a", "'=a"]
    for name in ("'@text", "category", "enum"):
        assert plain[name].to_list() == ["'=1", "b", None]
    assert plain["number"].to_list() == [-1.5, 2.0, None]
    assert neutralise(pl.DataFrame()).is_empty()
    assert neutralise(pl.DataFrame({"n": [1]})).rows() == [(1,)]


def test_a_workbook_holds_texts_alone() -> None:
    frame = pl.DataFrame({"=head": [*RUNNING, "http://example.org", "mailto:a@b.c"]})
    archive = zipfile.ZipFile(io.BytesIO(render_workbook(frame)))
    sheets = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]
    assert not [sheet for sheet in sheets if "<f>" in sheet or "<f " in sheet or "hyperlink" in sheet]
    assert not [
        name
        for name in archive.namelist()
        if "externalLink" in name or (name.endswith("sheet1.xml.rels") and b"hyperlink" in archive.read(name))
    ]
    back = pl.read_excel(io.BytesIO(render_workbook(pl.DataFrame({"n": [-3.4], "t": ["mild"]}))))
    assert back.rows() == [(-3.4, "mild")]


def cells_of(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def test_every_file_that_is_written_is_harmless(tmp_path: Path) -> None:
    frame = pl.DataFrame({"=head": RUNNING, "enum": pl.Series(RUNNING, dtype=pl.Categorical)})
    finding = Finding("error", "=code", "@t", "-f", 1, "+c", "=v", "=m", "\t=fix", "-S", "=V")
    written = [
        render_csv(frame),
        render_rows([RUNNING, RUNNING]),
        write_frame(frame, tmp_path / "a.csv").read_text(encoding="utf-8"),
        write_scores(frame, tmp_path / "b.csv").read_text(encoding="utf-8"),
        render_findings([finding], "csv"),
    ]
    for text in written:
        assert not [cell for cell in cells_of(text) if runs(cell)]
    assert pl.read_excel(write_scores(frame, tmp_path / "c.xlsx")).columns == ["'=head", "enum"]
    assert pl.read_parquet(write_scores(frame, tmp_path / "d.parquet")).columns == ["=head", "enum"]


WRITERS = {
    "write_csv", "write_excel", "to_csv", "to_excel", "sink_csv", "writer", "DictWriter", "Workbook",
    "write_database", "write_ods",
}  # fmt: skip
HOME = ROOT / "src" / "funis" / "spreadsheets.py"


def calls_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found.add(str(name))
    return found


def test_every_writer_of_tables_is_in_one_file() -> None:
    assert calls_of(HOME) & WRITERS == {"write_csv", "write_excel", "writer", "Workbook"}
    others = [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "examples").rglob("*.py"),
        *(ROOT / "scripts").rglob("*.py"),
    ]
    found = {str(path.relative_to(ROOT)): calls_of(path) & WRITERS for path in others if path != HOME}
    assert {path: names for path, names in found.items() if names} == {}
