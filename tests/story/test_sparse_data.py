"""A report can always be made: from a folder without rows, from interim data, from one subject."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.new_study import new_study
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.results import Results
from funis.study.read import read_study


def _analyse(folder: Path) -> Results:
    study = read_study(folder)
    return analyse(study, read_tables(folder, study))


def _keep(folder: Path, column: str, kept: set[str]) -> None:
    """Keep the rows of every table that has the column where it holds one of the values."""
    for file in (folder / "data").glob("*.csv"):
        table = pl.read_csv(file, infer_schema=False)
        if column in table.columns:
            table.filter(pl.col(column).is_in(kept)).write_csv(file)


@pytest.mark.parametrize("template", ["sle", "sjogren", "observational"])
def test_a_new_study_without_data_is_analysed(template: str, tmp_path: Path) -> None:
    results = _analyse(new_study(template, tmp_path / "trial"))
    assert results.value("population.enrolled.subjects.n") == 0
    assert [(finding.level, finding.code) for finding in results.findings] == [("warning", "no_subject")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reconstruct("sle", tmp_path_factory.mktemp("sparse") / "sle")


@pytest.fixture
def lupus(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "sle"))


def test_interim_data_say_that_the_response_cannot_be_told_yet(lupus: Path) -> None:
    _keep(lupus, "visit", {"baseline", "month_1", "month_3"})
    results = _analyse(lupus)
    found = results.select(analysis="response", statistic="count", endpoint="response", visit="month_6")
    told = found.filter(pl.col("category") == "cannot tell")["value"].to_list()
    assert told == [40.0]
    assert "month_6" in results.listings["responses"]["reason"][0]
    assert results.value("summary.enrolled.month_3.sledai_2k.n") == 40


def test_one_subject_gives_numbers_without_spread(lupus: Path) -> None:
    subject = pl.read_csv(lupus / "data" / "subjects.csv", infer_schema=False)["subject"][0]
    _keep(lupus, "subject", {subject})
    results = _analyse(lupus)
    assert results.value("summary.enrolled.baseline.sledai_2k.n") == 1
    assert results.value("summary.enrolled.baseline.sledai_2k.sd") is None
    failed = results.numbers.filter(pl.col("status") == "failed")
    assert failed["value"].null_count() == failed.height
