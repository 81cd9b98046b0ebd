"""A whole report in another style: the same numbers with the same ids, in the same order."""

import re
from pathlib import Path

import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.house_styles import house_styles
from funis.data.tables import read_tables
from funis.errors import StudyError
from funis.reporting.report import render_html
from funis.study.read import read_study

from .small_trial import write_small_trial


def page_of(folder: Path, style: str) -> str:
    """Write the page of the small trial in a style."""
    study = read_study(folder)
    styled = study.model_copy(update={"report": study.report.model_copy(update={"style": style})})
    return render_html(styled, analyse(styled, read_tables(folder, styled)))


def ids_of(page: str) -> list[str]:
    return re.findall(r'data-id="([^"]*)"', page)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_trial(tmp_path_factory.mktemp("style") / "trial")


@pytest.fixture(scope="module")
def plain(folder: Path) -> str:
    return page_of(folder, "")


@pytest.mark.parametrize("style", ["jama", "lancet"])
def test_a_style_changes_no_id_and_no_order(folder: Path, plain: str, style: str) -> None:
    page = page_of(folder, style)
    assert page != plain
    assert ids_of(page) == ids_of(plain)
    assert len(ids_of(plain)) > 200
    assert house_styles()[style].name in page
    assert house_styles()[style].name not in plain


def test_an_unknown_style_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    folder = write_small_trial(tmp_path / "trial")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[report]\nstyle = "nejn"\n')
    with pytest.raises(StudyError, match="nejm"):
        read_study(folder)
