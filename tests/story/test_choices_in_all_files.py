"""What a study file chooses of its report, in every kind of file: page, Word file, PDF and RTF."""

import html
import io
import re
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.document import Box, Document
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.reporting.report import print_document, write_report_set
from funis.study.read import read_study

from .small_trial import write_small_trial

pytest.importorskip("docx")
pytest.importorskip("typst")
pypdf = pytest.importorskip("pypdf")
etree = pytest.importorskip("lxml.etree")
sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
read_rtf = import_module("rtf_reader").read_rtf

CHOICES = """
[report]
style = "lancet"
main = ["key_results", "safety", "activity", "quality", "limits"]

[report.titles]
safety = "Harms"
table-baseline = "Patients before the cells"

[report.footnotes]
table-baseline = ["Weight as the patients told it.", "Ages in whole years."]

[report.decimals]
sledai_2k = 1
"""
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WHOLE = ("html", "docx", "pdf")


class Written(NamedTuple):
    """Text of each whole file without its spaces, the RTF files by name, and the document behind them."""

    texts: dict[str, str]
    rtf: dict[str, str]
    document: Document


def packed(text: str) -> str:
    return re.sub(r"\s+", "", html.unescape(text))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = write_small_trial(tmp_path_factory.mktemp("choices") / "trial")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(CHOICES)
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    report = folder / "report"
    write_report_set(study, results, report, (*WHOLE, "rtf"))
    page = re.sub(
        r"<(script|style).*?</\1>", "", (report / "report.html").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    with zipfile.ZipFile(io.BytesIO((report / "report.docx").read_bytes())) as file:
        body = etree.fromstring(file.read("word/document.xml"))
    pages = pypdf.PdfReader(report / "report.pdf").pages
    texts = {
        "html": re.sub(r"<[^>]*>", "", page),
        "docx": "".join(each.text or "" for each in body.iter(f"{W}t")),
        "pdf": "".join(page.extract_text() for page in pages),
    }
    rtf = {}
    for path in sorted((report / "tables").iterdir()):
        read = read_rtf(path.read_text(encoding="ascii"))
        cells = (cell for sheet in read.pages for row in sheet.rows for cell in row)
        lines = (line for sheet in read.pages for line in sheet.paragraphs)
        rtf[path.stem] = packed(" ".join((*lines, *cells)))
    return Written({name: packed(text) for name, text in texts.items()}, rtf, print_document(study, results))


def label_of(written: Written, name: str) -> str:
    return written.document.register.labels[name]


def test_the_choices_are_those_of_the_document(written: Written) -> None:
    main = [section.id for section in written.document.main]
    assert main == ["key-results", "safety", "activity", "quality", "limits"]
    # The baseline table is left out of the main part, so it is counted among those of the supplement.
    assert label_of(written, "table-baseline").startswith("Table S")


@pytest.mark.parametrize("form", WHOLE)
def test_sections_stand_in_the_order_of_the_study_file(written: Written, form: str) -> None:
    text = written.texts[form]
    shown = [section for section in written.document.sections if section.blocks or section.parts]
    captions = [
        packed(f"{block.label}. {block.title}")
        for section in shown
        for block in section.all_blocks
        if isinstance(block, Box | TableSpec | FigureSpec | FlowChart)
    ]
    place = 0
    for caption in captions:
        found = text.find(caption, place)
        assert found >= 0, caption
        place = found
    assert "Harms" in text


@pytest.mark.parametrize("form", WHOLE)
def test_titles_and_footnotes_are_printed(written: Written, form: str) -> None:
    text, label = written.texts[form], label_of(written, "table-baseline")
    assert packed(f"{label}. Patients before the cells") in text
    for note in ("Weight as the patients told it.", "Ages in whole years."):
        assert packed(note) in text


def test_titles_and_footnotes_stand_in_the_rtf_file_of_the_table(written: Written) -> None:
    label = label_of(written, "table-baseline")
    text = written.rtf[label.lower().replace(" ", "-")]
    for words in (
        label,
        "Patients before the cells",
        "Weight as the patients told it.",
        "Ages in whole years.",
    ):
        assert packed(words) in text


def test_decimals_and_style_are_those_chosen_in_every_file(written: Written) -> None:
    # 6, 8 and 8 at month 3: mean 22/3, SD 1.1547; one decimal, raised point, SD in brackets.
    rtf = "".join(written.rtf.values())
    for text in (*written.texts.values(), rtf):
        assert "7·3(1·2)" in text
        assert "7.33" not in text
        assert "7·3±1·2" not in text
    assert "TheLancetanditsfamily" in written.texts["html"]
