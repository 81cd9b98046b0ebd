"""On how many pages the main part of a PDF and of a Word file stands: real pages, laid out and counted."""

import os
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

from funis.documents.docx_file import render_docx
from funis.documents.pdf_file import render_pdf
from funis.reporting.report import print_document

from .report_kinds import analysed

pytest.importorskip("docx")
pytest.importorskip("typst")
pypdf = pytest.importorskip("pypdf")
#: The two trials with most in their main part: arms beside each other, and a second course.
LONGEST = ("two_arms", "retreatment")


def first_page_behind(content: bytes, words: str) -> int:
    """Give how many pages stand before the page that opens the supplement."""
    pages = [page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages]
    (found,) = (place for place, text in enumerate(pages) if words in " ".join(text.split()))
    return found


@pytest.mark.parametrize("kind", LONGEST)
def test_the_main_part_of_a_pdf_stands_on_eight_pages(kind: str) -> None:
    document = print_document(*analysed(kind))
    assert 5 <= first_page_behind(render_pdf(document), document.supplement_lead[:40]) <= 8


@pytest.mark.parametrize("kind", LONGEST)
def test_the_main_part_of_a_word_file_stands_on_eight_pages(kind: str, tmp_path: Path) -> None:
    """Laid out by LibreOffice, with a typeface as wide as Arial; without both there is nothing to count."""
    office, fonts = shutil.which("soffice"), shutil.which("fc-list")
    names = (
        subprocess.run([fonts, ":", "family"], capture_output=True, text=True, check=True).stdout
        if fonts
        else ""
    )
    if office is None or not {"Arial", "Liberation Sans"} & {
        name for line in names.splitlines() for name in line.split(",")
    }:
        pytest.skip("no LibreOffice with a typeface as wide as Arial: pages of a Word file are not counted")
    document = print_document(*analysed(kind))
    (tmp_path / "report.docx").write_bytes(render_docx(document))
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "report.docx")],
        check=True,
        capture_output=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    content = (tmp_path / "report.pdf").read_bytes()
    assert 5 <= first_page_behind(content, document.supplement_lead[:40]) <= 8
