"""The benchmarks run, on a few visits, and what they compare gives the same answers; nothing here asks for a time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

import funis

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def paths() -> Iterator[None]:
    own = [str(BENCHMARKS), str(BENCHMARKS / "scoring"), str(BENCHMARKS / "growth")]
    sys.path[:0] = own
    yield
    for path in own:
        sys.path.remove(path)


@pytest.fixture(scope="module")
def scoring(paths: None) -> ModuleType:
    return importlib.import_module("bench_scoring")


@pytest.fixture(scope="module")
def rows(paths: None) -> ModuleType:
    return importlib.import_module("row_by_row")


@pytest.fixture(scope="module")
def visits(scoring: ModuleType) -> pl.DataFrame:
    drawn: pl.DataFrame = scoring.draw_visits(4000, 0, np.random.default_rng(7))
    return drawn


def test_row_by_row_grades_are_those_of_the_engine(
    rows: ModuleType, scoring: ModuleType, visits: pl.DataFrame
) -> None:
    # Before the first visit nobody was affected: without that statement a quiet system could be D or E.
    systems = funis.definition("bilag_2004").systems
    never = visits.with_columns(pl.lit(0).alias(f"{system}_ever") for system in systems)
    scored = funis.score(never, "bilag_2004", subject="subject", order="day")
    plain = list(rows.grade_rows(visits.iter_rows(named=True)))
    compared = [pair for pair in zip(plain, scored.select(scoring.GRADES).rows(), strict=True) if pair[0]]
    assert len(compared) > 1000
    assert {letter for grades, _ in compared for letter in grades} == set("ABCDE")
    assert all(own == theirs for own, theirs in compared)


def test_row_by_row_sledai_is_that_of_the_engine(
    rows: ModuleType, scoring: ModuleType, visits: pl.DataFrame
) -> None:
    items = visits.select(pl.col(scoring.PREFIX + name).alias(name) for name in scoring.SLEDAI)
    plain = list(rows.score_sledai_rows(items.iter_rows(named=True)))
    assert plain == funis.score(items, "sledai_2k")["sledai_2k"].to_list()
    assert None in plain
    assert max(score for score in plain if score is not None) > 8


def test_every_scoring_task_runs_and_is_printed(scoring: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "visits"
    scoring.write_visits(folder, 2000)
    tasks = (*scoring.TASKS, *scoring.SAMPLES)
    found = {task: scoring.measure_here(task, folder, 400) for task in tasks}
    assert {task: found[task]["rows"] for task in scoring.TASKS} == dict.fromkeys(scoring.TASKS, 2000)
    assert {task: found[task]["rows"] for task in scoring.SAMPLES} == dict.fromkeys(scoring.SAMPLES, 400)
    table = scoring.format_table(found, 2000)
    assert table.count("\n| ") == 1 + len(tasks) + 3
    assert "| scan both |" in table


def test_lazy_scores_of_the_benchmark_are_the_plain_ones(scoring: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "visits"
    scoring.write_visits(folder, 1000)
    lazy = scoring.TASKS["score BILAG-2004"](folder).collect()
    whole = funis.score(scoring.read_bilag(folder).collect(), "bilag_2004", subject="subject", order="day")
    assert lazy["bilag_2004"].to_list() == whole["bilag_2004"].to_list()
    assert [lazy[name].to_list() for name in scoring.GRADES] == [
        whole[name].to_list() for name in scoring.GRADES
    ]


def test_single_visits_of_the_benchmark_are_scored_alike(
    paths: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    single = importlib.import_module("bench_single_visits")
    monkeypatch.setattr(single, "clock", lambda task, *_: 2.0 if isinstance(task(), list) else 50.0)
    table = single.format_table(single.measure())
    assert table.count("| 2.000 | 50.0 | 25 |") == len(single.CASES)
    for name, number, beside, missing, _ in single.CASES:
        visits = single.draw_visits(name, number, beside)
        frame = pl.DataFrame(visits, infer_schema_length=None)
        expected = funis.score(frame, name, missing=missing, subject="subject", order="day")
        assert [row[name] for row in funis.scorer(name, missing=missing)(visits)] == expected[name].to_list()


def test_a_large_study_is_whole_and_its_subjects_differ(paths: None, tmp_path: Path) -> None:
    write = importlib.import_module("large_study").write_large_study
    folder = write(tmp_path / "study", 90)
    study = funis.read_study(folder)
    tables = funis.read_tables(folder, study)
    assert [finding for finding in tables.findings if finding.level == "error"] == []
    # 40 subjects twice and ten of them once more, each under a number of its own.
    assert tables.frames["subjects"]["subject"].n_unique() == 90
    visits = tables.frames["visits"]
    left = 90 - visits.filter(visit="month_12").height
    assert visits.height == 90 * 6 - left
    assert 0 < left < 15
    labs = tables.frames["labs"].filter(test="albumin", visit="baseline")["value"]
    assert labs.n_unique() > 60
    again = write(tmp_path / "again", 90)
    same = [
        (again / "data" / path.name).read_bytes() == path.read_bytes() for path in (folder / "data").iterdir()
    ]
    assert all(same)


def test_growth_is_printed(paths: None) -> None:
    growth = importlib.import_module("bench_growth")
    found = [
        growth.Grown(1200, "report", 10.0, 12.0, 500.0, 2.4, None),
        growth.Grown(40, "check", 1, 2, 3, 0.0, 0.51),
    ]
    lines = growth.format_table(found).splitlines()
    assert lines[-2:] == [
        "| 1,200 | report | 10.0 | 12.0 | 10.0 | 500 | 2.4 |  |",
        "| 40 | check | 1.0 | 2.0 | 50.0 | 3 | 0.0 | 0.5 |",
    ]


def test_command_clock_counts_whole_processes(paths: None) -> None:
    run = importlib.import_module("run")
    elapsed, processor = run.clock_command([sys.executable, "-c", "pass"], 1)
    assert elapsed > 0
    assert processor > 0


def test_all_parts_can_be_left_out(paths: None, capsys: pytest.CaptureFixture[str]) -> None:
    run = importlib.import_module("run")
    run.main(["--quick", "--skip", *run.PARTS])
    assert "load before" in capsys.readouterr().out


def test_mmrm_benchmark_times_the_compiled_engine_of_a_small_trial(paths: None) -> None:
    mmrm = importlib.import_module("bench_mmrm")
    result, coefficients = mmrm.fit_frame(pl.read_csv(mmrm.DATA / "s40x5.csv"), "satterthwaite")
    assert result.status == "converged"
    assert coefficients.height > 0
    assert mmrm.large_trial(200, 6, 5).observed.shape == (200, 6)
