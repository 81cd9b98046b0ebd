"""The rebuilt lupus trial as page, PDF, Word file and RTF files: the same numbers, those of results.csv, one numbering."""

import csv
import html
import io
import re
import sys
import zipfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.documents.document import Document
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableRow, TableSpec
from funis.reporting.document_check import check_document
from funis.reporting.report import write_report_set
from funis.reporting.trial_document import build_document
from funis.study.read import read_study

from .test_printed_alike import WORDS, agrees

pytest.importorskip("docx")
pytest.importorskip("typst")
pypdf = pytest.importorskip("pypdf")
etree = pytest.importorskip("lxml.etree")
sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
read_rtf = import_module("rtf_reader").read_rtf
find_faults = import_module("docx_package").find_faults

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
KEYS = "{urn:funis:numbers:1}"


class Written(NamedTuple):
    """What was written of the trial, and the document it was written from."""

    folder: Path
    document: Document
    rows: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = reconstruct("sle", tmp_path_factory.mktemp("sle") / "trial")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    write_report_set(study, results, folder / "report", ("html", "docx", "pdf", "rtf"))
    rows = pl.read_csv(folder / "report" / "results.csv", infer_schema_length=None).to_dicts()
    return Written(folder / "report", build_document(study, results), {row["id"]: row for row in rows})


def is_of(row: dict[str, Any], text: str) -> bool:
    """Tell whether a text prints a row of results.csv: as it is, its n, a count, a share, millions of cells."""
    value, plain = row["value"], text.replace("−", "-")
    if plain in {row["text"], str(row["n"]), "the same reading", *WORDS} or value is None:
        return True
    counted = {f"{int(value)}{word}{row['denominator']}" for word in ("/", " of ")}
    scaled = {"exposure": value / 1e6, "time_to_event": 100 * value}.get(row["analysis"], value)
    return plain in counted or any(agrees(plain.removesuffix("%"), each) for each in (value, scaled))


def page_numbers(written: Written) -> list[tuple[str, str]]:
    page = (written.folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    found = re.findall(r'<button[^>]*data-id="([^"]+)"[^>]*>([^<]*)<', page)
    return [(html.unescape(name), html.unescape(text)) for name, text in found]


def word_parts(written: Written) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO((written.folder / "report.docx").read_bytes())) as file:
        return {name: file.read(name) for name in file.namelist()}


def word_numbers(parts: dict[str, bytes]) -> list[tuple[str, str]]:
    """Give id and text of each number: of the controls in the main part, of the rows behind it."""
    listed = etree.fromstring(parts["customXml/item1.xml"])
    ids = {each.get("key"): each.get("id") for each in listed.iter(f"{KEYS}number")}
    rows = {each.get("key"): each.get("numbers").split() for each in listed.iter(f"{KEYS}row")}
    found: list[tuple[str, str]] = []
    for control in etree.fromstring(parts["word/document.xml"]).iter(f"{W}sdt"):
        key = control.find(f"{W}sdtPr/{W}tag").get(f"{W}val")
        texts = [
            "".join(each.text or "" for each in run.iter(f"{W}t")).replace("\u00a0", " ")
            for run in control.iter(f"{W}r")
            if run.find(f"{W}rPr/{W}rStyle") is not None
            and run.find(f"{W}rPr/{W}rStyle").get(f"{W}val") == "FunisNumber"
        ]
        found += zip([ids[name] for name in rows.get(key, [key])], texts, strict=True)
    return found


def test_page_and_word_file_print_the_same_numbers_and_they_are_those_of_the_results(
    written: Written,
) -> None:
    page, word = page_numbers(written), word_numbers(word_parts(written))
    assert Counter(page) == Counter(word)
    assert len(word) > 3000
    assert [(name, text) for name, text in word if not is_of(written.rows[name], text)] == []


def test_word_file_is_a_sound_package_and_goes_through_mail(written: Written) -> None:
    content = (written.folder / "report.docx").read_bytes()
    assert find_faults(content) == []
    assert len(content) < 3_000_000


def cells(row: TableRow) -> list[str]:
    return [cell.text for cell in (row.stub, *row.cells)]


def test_every_number_of_every_rtf_file_is_that_of_its_result(written: Written) -> None:
    compared = 0
    for section in written.document.sections:
        for block in section.all_blocks:
            if not isinstance(block, TableSpec):
                continue
            name = f"{block.label.lower().replace(' ', '-')}.rtf"
            read = read_rtf((written.folder / "tables" / name).read_text(encoding="ascii"))
            assert read.pages[0].paragraphs[0] == block.label
            # Where a line may not break is no part of a number.
            rows = [
                [cell.replace("\u00a0", " ") for cell in row]
                for page in read.pages
                for row in page.rows[page.heads :]
            ]
            # A heading over rows that go on stands again on the next page.
            assert [row for row in rows if len(row) > 1] == [cells(row) for row in block.rows if row.cells]
            headings = list(dict.fromkeys(row[0] for row in rows if len(row) == 1))
            assert headings == list(dict.fromkeys(row.stub.text for row in block.rows if not row.cells))
            instead = ["".join(inline.text for inline in line) for line in block.instead]
            for page in read.pages:
                assert [each for each in page.paragraphs if each][2:] == [*instead, *block.footnotes]
            lines = [cell.parts for row in block.rows for cell in (row.stub, *row.cells)]
            inlines = [inline for line in (*lines, *block.instead) for inline in line if inline.id]
            assert [each for each in inlines if not is_of(written.rows[each.id], each.text)] == []
            compared += len(inlines)
    assert compared > 3000


@pytest.fixture(scope="module")
def pdf_text(written: Written) -> str:
    """Give the words of the PDF in reading order, without spaces."""
    pages = pypdf.PdfReader(written.folder / "report.pdf").pages
    return packed("".join(page.extract_text() for page in pages))


def packed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_every_row_of_every_table_stands_whole_in_the_pdf_and_its_numbers_are_those_of_the_results(
    written: Written, pdf_text: str
) -> None:
    compared, place = 0, 0
    for section in written.document.sections:
        for block in section.all_blocks:
            if not isinstance(block, TableSpec):
                continue
            place = pdf_text.find(packed(f"{block.label}. {block.title}"), place)
            assert place >= 0, block.label
            for row in block.rows:
                words = packed("".join(cells(row)))
                found = pdf_text.find(words, place)
                assert found >= 0, (block.label, cells(row))
                place = found + len(words)
                inlines = [inline for cell in (row.stub, *row.cells) for inline in cell.parts if inline.id]
                assert [each for each in inlines if not is_of(written.rows[each.id], each.text)] == []
                compared += len(inlines)
    assert compared > 3000


def test_attached_list_of_the_pdf_holds_the_numbers_of_the_page_with_their_values(written: Written) -> None:
    ((content,),) = pypdf.PdfReader(written.folder / "report.pdf").attachments.values()
    listed = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    assert {row["id"] for row in listed} >= {name for name, _ in page_numbers(written)}
    assert [row for row in listed if not is_listed(row, written.rows[row["id"]])] == []


def is_listed(row: dict[str, str], result: dict[str, Any]) -> bool:
    value = float(row["value"]) if row["value"] else None
    return value == result["value"] and row["n"] == ("" if result["n"] is None else str(result["n"]))


def test_tables_and_figures_have_one_number_in_all_files(written: Written, pdf_text: str) -> None:
    labels = [
        entry.label
        for entry in written.document.register.entries
        if entry.label.startswith(("Table", "Figure", "Box"))
    ]
    page = (written.folder / "report.html").read_text(encoding="utf-8")
    # A table that is folded away has its number on the fold too.
    shown = re.findall(r'<span class="label">([^<]*)\.</span>', page)
    assert list(dict.fromkeys(shown)) == labels
    body = etree.fromstring(word_parts(written)["word/document.xml"])
    captions = [
        "".join(each.text or "" for each in paragraph.iter(f"{W}t"))
        for paragraph in body.iter(f"{W}p")
        if (style := paragraph.find(f"{W}pPr/{W}pStyle")) is not None and style.get(f"{W}val") == "Caption"
    ]
    assert [caption.partition(".")[0] for caption in captions] == labels
    # Titles stand in the order of the register; a table may be named before, in words.
    place = 0
    for entry in (entry for entry in written.document.register.entries if entry.label in labels):
        place = pdf_text.find(packed(f"{entry.label}. {entry.title}"), place)
        assert place >= 0, entry.label
    files = {path.stem for path in (written.folder / "tables").iterdir()}
    assert files == {label.lower().replace(" ", "-") for label in labels if not label.startswith("Box")}


def test_statement_13_each_reference_leads_to_what_the_document_holds(written: Written) -> None:
    """Page, PDF and RTF files; of the Word file the fields are followed where it is written."""
    register = written.document.register
    known = {entry.label for entry in register.entries} | {entry.code for entry in register.entries}
    page = (written.folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    pdf = " ".join(each.extract_text() for each in pypdf.PdfReader(written.folder / "report.pdf").pages)
    files = sorted((written.folder / "tables").iterdir())
    notes = [
        line for file in files for each in read_rtf(file.read_text("ascii")).pages for line in each.paragraphs
    ]
    for text in (html.unescape(page), pdf, " ".join(notes)):
        flat = re.sub(r"\s+", " ", text)
        named = set(re.findall(r"\b(?:Table|Figure|Box) S?\d+\b", flat)) | set(
            re.findall(r": (S\d+)[.,;]", flat)
        )
        assert len(named) > 20
        assert named <= known
        # What was not written as its number would be a letter that no text of a study holds.
        assert not re.search("[\ufdd0-\ufdef]", text)


def test_counts_of_the_flow_stand_in_words_where_it_is_a_picture(written: Written) -> None:
    (chart,) = (
        block
        for section in written.document.sections
        for block in section.all_blocks
        if isinstance(block, FlowChart)
    )
    assert set(chart.ids) <= {name for name, _ in word_numbers(word_parts(written))}


def test_edited_word_file_is_compared_with_the_results(written: Written, tmp_path: Path) -> None:
    numbers = pl.read_parquet(written.folder / "results.parquet")
    whole = check_document(written.folder / "report.docx", numbers)
    assert whole.differences == ()
    assert whole.lost == ()
    assert whole.compared == len(word_numbers(word_parts(written)))
    changed = numbers.with_columns(
        value=pl.when(pl.col("id") == "summary.treated.month_12.sledai_2k.mean")
        .then(pl.lit(7.125))
        .otherwise(pl.col("value"))
    )
    later = check_document(written.folder / "report.docx", changed)
    assert {(each.id, each.found, each.expected, each.why) for each in later.differences} == {
        ("summary.treated.month_12.sledai_2k.mean", "6.48", "7.13", "results changed")
    }
