"""Data of few rows have the findings of the same data in a register: every text, in the same order."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funis
from funis.analysis.every_finding import find_findings
from funis.data.tables import few_tables, tables_from_frames
from funis.demo.reconstruct import reconstruct
from funis.errors import Finding
from funis.frames.few_rows import FewRows
from funis.study.model import Study
from funis.study.read import read_study

from .damaged_tables import Rows, Slip, damage, texts

FAULTS = Path(__file__).parents[1] / "fault"
CASES = sorted(path.name for path in (FAULTS / "data").iterdir() if path.is_dir())
TODAY = date(2026, 1, 1)
CELLS = ("", "ND", "n/a", "0", "1", "2", "-3", "-0", "7.5", "1e9", "1e300", "1,2", "12 000", "<5", "> 3", "yes", " 1 ", "NaN",
         "1:80", "0.0972222222222222", "2020-01-05", "2020-02-30", "0000-01-01", "31/12/2024", "43866", "2030-01-01",
         "1979-01-01", "S1", "RECON-02", "month_1", "Month 1", "unscheduled", "fatal", "died", "withdrew", "g/24h", "mg/24h",
         "mg/dL", "creatinine", "L9", "rejected", "male", "M", "02", "99", "#DIV/0!", "fe\x01ver", "25:00", "prednisone")  # fmt: skip


def same_findings(study: Study, frames: dict[str, Any], *, also_few: bool = True) -> list[Finding]:
    """Check frames in both ways; give what was found."""
    many = list(find_findings(study, tables_from_frames(study, frames, today=TODAY)))
    if also_few:
        assert isinstance(few_tables(study, frames, today=TODAY).frames["subjects"], FewRows)
    few = funis.check_frames(study, frames, today=TODAY)
    assert [repr(each) for each in few] == [repr(each) for each in many]
    return few


def read_texts(folder: Path) -> dict[str, pl.DataFrame]:
    """Read the tables of a folder that can be read plainly, every cell a text."""
    tables = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            tables[path.stem] = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
        except pl.exceptions.PolarsError:
            continue  # what cannot be read has no cells
    return tables


@pytest.mark.parametrize("case", ["clean", *CASES])
def test_each_broken_folder_is_told_alike(case: str, tmp_path: Path) -> None:
    shutil.copytree(FAULTS / "clean", tmp_path / "trial")
    if case != "clean":
        shutil.copytree(FAULTS / "data" / case, tmp_path / "trial" / "data", dirs_exist_ok=True)
    study = read_study(tmp_path / "trial")
    frames = read_texts(tmp_path / "trial" / "data")
    same_findings(study, frames, also_few=bool(set(frames) & {"subjects", "visits"}))


@cache
def demonstration(name: str) -> tuple[Study, dict[str, pl.DataFrame]]:
    with tempfile.TemporaryDirectory() as place:
        folder = reconstruct(name, Path(place) / name, seed=5)
        return read_study(folder), read_texts(folder / "data")


def of_subjects(tables: dict[str, pl.DataFrame], names: list[str]) -> dict[str, pl.DataFrame]:
    return {
        name: frame.filter(pl.col("subject").is_in(names)) if "subject" in frame.columns else frame
        for name, frame in tables.items()
    }


@pytest.mark.parametrize("name", ["sle", "sjogren"])
def test_each_subject_of_the_demonstrations_is_checked_alike(name: str) -> None:
    study, tables = demonstration(name)
    for subject in tables["subjects"]["subject"]:
        same_findings(study, of_subjects(tables, [subject]))


numbers = st.integers(0, 10_000)
slips = st.lists(
    st.tuples(
        st.sampled_from(
            ["cell"] * 8 + ["column of cells", "no column", "other column", "twice", "no row", "no table"]
        ),
        *(numbers, numbers, numbers),
        st.sampled_from(CELLS),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, derandomize=True)
@given(
    name=st.sampled_from(["sle", "sjogren"]), chosen=st.lists(numbers, min_size=1, max_size=3), slips=slips
)
def test_damaged_data_are_told_alike(name: str, chosen: list[int], slips: list[Slip]) -> None:
    study, tables = demonstration(name)
    subjects = tables["subjects"]["subject"].to_list()
    names = [subjects[number % len(subjects)] for number in chosen]
    rows = {key: frame.to_dicts() for key, frame in of_subjects(tables, names).items() if frame.height}
    frames = {key: texts(each) for key, each in damage(rows, slips, kept={"subjects"}).items()}
    try:
        same_findings(study, frames, also_few="0000-01-01" not in {slip[-1] for slip in slips})
    except (ValueError, OverflowError) as error:
        # A year 0 is no date of Python: both ways end alike.
        with pytest.raises(type(error)):
            find_findings(study, tables_from_frames(study, frames, today=TODAY))
        with pytest.raises(type(error)):
            funis.check_frames(study, frames, today=TODAY)


def test_many_rows_are_held_by_polars_and_few_are_not() -> None:
    study, tables = demonstration("sle")
    subjects = tables["subjects"]["subject"].to_list()
    assert isinstance(few_tables(study, of_subjects(tables, subjects[:1])).frames["labs"], FewRows)
    assert isinstance(few_tables(study, tables).frames["labs"], pl.DataFrame)


def kinds_of_frames(rows: Rows) -> Iterator[Any]:
    yield rows
    yield texts(rows)
    yield texts(rows).to_pandas()


def test_lists_of_rows_and_other_frames_are_told_alike() -> None:
    study, tables = demonstration("sjogren")
    rows = {name: each.to_dicts() for name, each in of_subjects(tables, ["RECON-03"]).items() if each.height}
    rows = damage(rows, [("cell", 0, 0, 2, "yes"), ("cell", 1, 1, 3, " 7 "), ("twice", 2, 0, 0, "")])
    found = [
        same_findings(study, dict(zip(rows, kinds, strict=True)))
        for kinds in zip(*(list(kinds_of_frames(each)) for each in rows.values()), strict=True)
    ]
    assert found[0]
    assert found[0] == found[1] == found[2]
