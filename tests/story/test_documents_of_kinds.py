"""Two arms, one subject, damaged data as Word file and PDF: both can be written, the package is sound."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.docx_file import render_docx
from funis.documents.pdf_file import render_pdf
from funis.reporting.trial_document import build_document
from funis.study.read import read_study

from .report_kinds import make_study

pytest.importorskip("docx")
pytest.importorskip("typst")
pytest.importorskip("lxml.etree")
sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
find_faults = import_module("docx_package").find_faults


@pytest.mark.parametrize("kind", ["randomised", "one_subject", "wrecked"])
def test_word_file_and_pdf_are_written(kind: str, tmp_path: Path) -> None:
    """A table by arms indented its rows by True, which the typesetter does not know: no PDF was written."""
    folder = make_study(kind, tmp_path / kind)
    study = read_study(folder)
    document = build_document(study, analyse(study, read_tables(folder, study)))
    assert render_pdf(document).startswith(b"%PDF-")
    assert find_faults(render_docx(document)) == []
