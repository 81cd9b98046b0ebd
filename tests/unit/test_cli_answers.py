"""Answers as JSON: one value on standard output and nothing else, the same for every command that answers."""

import json
import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import criteria_sets, responses
from funis.cli import docs_command, main

sys.path.insert(0, str(Path(__file__).parents[1] / "story"))
write_small_trial = import_module("small_trial").write_small_trial
FINDING_KEYS = {
    "code", "level", "table", "file", "line", "column", "value", "subject", "visit", "message", "fix",
}  # fmt: skip


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    folder: Path = write_small_trial(tmp_path / "trial")
    return folder


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["funis", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0), printed.out, printed.err


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*words: object, code: int = 0) -> Any:
        ended, out, err = call(monkeypatch, capsys, *words, "--json")
        assert ended == code, err
        return json.loads(out)

    return ask


def test_check_and_report_list_findings_with_the_keys_of_the_interface(answer: Any, trial: Path) -> None:
    found = answer("check", trial)
    assert found
    assert all(set(each) == FINDING_KEYS for each in found)
    reported = answer("report", trial)
    assert {Path(each).name for each in reported["files"]} >= {"report.html", "results.csv"}
    assert all(Path(each).is_file() for each in reported["files"])
    assert all(set(each) == FINDING_KEYS for each in reported["findings"])


def test_a_report_on_data_with_an_error_is_written_and_ends_with_1(answer: Any, trial: Path) -> None:
    file = trial / "data" / "infusions.csv"
    file.write_text(file.read_text(encoding="utf-8") + "S9,1,2020-01-01,5e7,50,none\n", encoding="utf-8")
    reported = answer("report", trial, code=1)
    assert [each["line"] for each in reported["findings"] if each["level"] == "error"] == [6]
    assert (trial / "report" / "report.html").is_file()


def test_new_and_multiverse_answer(answer: Any, trial: Path, tmp_path: Path) -> None:
    made = answer("new", "sle", tmp_path / "mine")
    assert str(tmp_path / "mine" / "study.toml") in made["files"]
    assert {each["status"] for each in answer("multiverse", trial)} == {"not applicable"}


def test_instruments_answer(answer: Any) -> None:
    names = [each["name"] for each in answer("instruments")]
    assert names == [*funis.definitions(), *responses(), *criteria_sets(), "s2k_ri_50"]
    shown = answer("instruments", "show", "sledai_2k")
    # 24 descriptors, 0 to 105 (Gladman 2002).
    assert (len(shown["items"]), shown["range"]) == (24, [0, 105])


def test_score_and_explain_answer_for_a_file(answer: Any, tmp_path: Path) -> None:
    items = {item.name: [int(item.name == "arthritis")] for item in funis.definition("sledai_2k").items}
    file, out = tmp_path / "visits.csv", tmp_path / "scored.csv"
    pl.DataFrame({"subject": ["S1"], "visit": ["baseline"]} | items).write_csv(file)
    assert answer("score", "sledai_2k", file, "-o", out)["file"] == str(out)
    place = ("--subject", "S1", "--visit", "baseline")
    old = answer("explain", "sledai_2k", file, *place)
    new = answer("explain", file, "--instrument", "sledai_2k", *place)
    assert old == new
    # Arthritis has 4 points.
    assert new["outputs"]["sledai_2k"] == 4


def test_explain_of_a_folder_agrees_with_its_report(answer: Any, trial: Path) -> None:
    tables = funis.read_tables(trial, funis.read_study(trial))
    first = tables.frames["sledai_2k"].row(0, named=True)
    place = ("--subject", first["subject"], "--visit", first["visit"])
    found = answer("explain", trial, *place, "--instrument", "sledai_2k")
    answer("report", trial)
    sources = pl.read_parquet(trial / "report" / "sources.parquet")
    value = sources.filter(
        pl.col("source").str.ends_with(f"/sledai_2k/{first['visit']}"), subject=first["subject"]
    )["value"]
    assert found["outputs"]["sledai_2k"] == value[0]


def test_explain_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trial: Path
) -> None:
    for words, expected in (
        (("--subject", "S1", "--visit", "baseline"), "--instrument"),
        (("--instrument", "sledai_2k", "--visit", "baseline"), "--subject"),
        (("--instrument", "essdai", "--subject", "S1", "--visit", "baseline"), "essdai"),
    ):
        code, out, err = call(monkeypatch, capsys, "explain", trial, *words)
        assert (code, out) == (2, "")
        assert expected in err


def test_docs_name_the_first_place_that_has_them(
    answer: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "manual" / "index.html"
    monkeypatch.setattr(docs_command, "PLACES", (page, tmp_path / "other.html"))
    code, out, err = call(monkeypatch, capsys, "docs")
    assert (code, out) == (2, "")
    assert "make docs" in err
    page.parent.mkdir()
    page.touch()
    assert answer("docs", "--no-open") == {"page": str(page), "opened": False}


def test_verbose_tells_on_standard_error_what_happens_and_names_no_subject(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trial: Path
) -> None:
    logger = logging.getLogger("funis")
    before = (logger.level, list(logger.handlers))
    try:
        _, out, err = call(monkeypatch, capsys, "--verbose", "report", trial)
    finally:
        logger.setLevel(before[0])
        logger.handlers[:] = before[1]
    told = [line for line in err.splitlines() if line.startswith(("read ", "computed ", "wrote "))]
    assert any("subjects.csv" in line for line in told)
    assert any("results.csv" in line for line in told)
    assert "wrote" not in out
    subjects = pl.read_csv(trial / "data" / "subjects.csv")["subject"]
    assert not [line for line in told if any(subject in line for subject in subjects)]


def test_the_library_is_silent_until_somebody_listens() -> None:
    assert any(isinstance(each, logging.NullHandler) for each in logging.getLogger("funis").handlers)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_offered_for_the_shells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    """The script that a shell loads asks funis for the words that may follow."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    code, out, _ = call(monkeypatch, capsys, "--show-completion", shell)
    assert code == 0
    assert f"complete_{shell}" in out
