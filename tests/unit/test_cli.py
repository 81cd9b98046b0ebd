"""The commands: what they print, where, and with which exit code."""

import json
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis import __version__
from funis.catalogue.registry import definition
from funis.cli import main

sys.path.insert(0, str(Path(__file__).parents[1] / "story"))
write_small_trial = import_module("small_trial").write_small_trial


class Done:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Runner = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["funis", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0 if code is None else 1, printed.out, printed.err)

    return call


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = write_small_trial(tmp_path_factory.mktemp("cli") / "trial")
    return folder


@pytest.fixture
def trial(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "trial"))


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    names = [item.name for item in definition("sledai_2k").items]
    rows = {"subject": ["S1", "S1", "S2"], "visit": ["baseline", "month_3", "baseline"], "day": [0, 90, 0]}
    items = {name: [int(name in {"arthritis", "rash"}), 0, int(name == "fever")] for name in names}
    file = tmp_path / "visits.csv"
    pl.DataFrame(rows | items).write_csv(file)
    return file


def test_version(run: Runner) -> None:
    assert run("--version").out.strip() == __version__


def test_without_a_command_help_is_printed(run: Runner) -> None:
    done = run()
    assert "report" in done.out + done.err


def test_multiverse_prints_what_lacks_and_writes_the_rows(run: Runner, trial: Path) -> None:
    # The small trial has neither grades nor a physician's global assessment: nothing can be counted.
    done = run("multiverse", trial)
    assert done.code == 0
    assert done.out.startswith("No response can be counted on these records.")
    assert "sri_4: lacks pga" in done.out.replace("bilag_2004_<system>, ", "")
    assert pl.read_csv(trial / "report" / "multiverse.csv")["status"].unique().to_list() == ["not applicable"]
    assert run("multiverse", trial, "--threshold", "120").code == 2


def test_an_unknown_command_names_the_nearest(run: Runner) -> None:
    done = run("reprot")
    assert done.code == 2
    assert "Did you mean 'report'?" in done.err


def test_new_writes_a_study_that_is_read_and_is_never_written_over(run: Runner, tmp_path: Path) -> None:
    assert run("new", "sle", tmp_path / "mine").code == 0
    assert (tmp_path / "mine" / "study.toml").is_file()
    again = run("new", "sle", tmp_path / "mine")
    assert again.code == 2
    assert "not empty" in again.err
    unknown = run("new", "slee", tmp_path / "other")
    assert unknown.code == 2
    assert "'sle'" in unknown.err


def test_check_of_warnings_alone_ends_with_0(run: Runner, trial: Path) -> None:
    done = run("check", trial)
    assert done.code == 0
    assert "sledai_2k.csv, line 4, column 'sledai_2k_recorded'" in done.out
    assert "0 errors" in done.out


def test_check_of_an_error_ends_with_1_in_every_format(run: Runner, trial: Path) -> None:
    file = trial / "data" / "infusions.csv"
    file.write_text(file.read_text(encoding="utf-8") + "S9,1,2020-01-01,5e7,50,none\n", encoding="utf-8")
    done = run("check", trial)
    assert done.code == 1
    assert "infusions.csv, line 6" in done.out
    answer = run("check", trial, "--json")
    assert answer.code == 1
    assert answer.err == ""
    listed = json.loads(answer.out)
    keys = "code level table file line column value subject visit message fix"
    assert all(list(finding) == keys.split() for finding in listed)
    assert [finding["line"] for finding in listed if finding["level"] == "error"] == [6]
    assert run("check", trial, "--format", "json").out == answer.out
    table = run("check", trial, "--format", "csv")
    assert table.code == 1
    assert table.out.splitlines()[0].startswith("code,level,table,file,line")
    assert run("check", trial, "--format", "xml").code == 2


def test_check_as_json_ends_with_0_without_an_error_and_with_2_without_a_folder(
    run: Runner, trial: Path
) -> None:
    done = run("check", trial, "--json")
    assert done.code == 0
    assert {finding["level"] for finding in json.loads(done.out)} <= {"warning", "query"}
    missing = run("check", trial / "nowhere", "--json")
    assert missing.code == 2
    assert missing.out == ""


def test_check_as_json_tells_what_is_wrong_in_the_study_file(run: Runner, trial: Path) -> None:
    study = trial / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace("design", "desing", 1), encoding="utf-8")
    done = run("check", trial, "--json")
    assert done.code == 1
    assert "study.toml" in {finding["file"] for finding in json.loads(done.out)}


def test_one_slip_in_many_rows_is_said_once_with_all_its_lines(run: Runner, trial: Path) -> None:
    path = trial / "data" / "sledai_2k.csv"
    text = path.read_text(encoding="utf-8")
    rows = [number for number, line in enumerate(text.splitlines(), start=1) if ",baseline," in line]
    path.write_text(text.replace(",baseline,", ",Baseline,"), encoding="utf-8")
    assert len(rows) >= 4
    lines = [line for line in run("check", trial).out.splitlines() if "There is no visit" in line]
    assert len(lines) == 1
    assert "The nearest is 'baseline'" in lines[0]
    assert f"({len(rows)} findings)" in lines[0]
    # Every line is there, in the text as a number or in a range, in the other forms as a finding of its own.
    found = json.loads(run("check", trial, "--format", "json").out)
    assert [finding["line"] for finding in found if finding["code"] == "unknown_visit"] == rows


def test_check_and_report_judge_criteria_that_read_a_score(run: Runner, trial: Path) -> None:
    study = trial / "study.toml"
    text = study.read_text(encoding="utf-8")
    first = '{id = "I1", text = "Age 16 years or more", rule = "age >= 16"}'
    assert first in text
    active = '{id = "I9", text = "Very active", rule = "baseline_sledai_2k > 90"}'
    study.write_text(text.replace(first, f"{first}, {active}"), encoding="utf-8")
    checked = run("check", trial)
    assert checked.code == 0
    assert "Criterion I9 is not met: Very active." in checked.out
    assert "Criterion I9 is not met" in run("report", trial).err


def test_check_of_a_wrong_study_file_prints_its_findings(run: Runner, trial: Path) -> None:
    file = trial / "study.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("design =", "dezign ="), encoding="utf-8")
    done = run("check", trial)
    assert done.code == 1
    assert "design" in done.out
    report = run("report", trial)
    assert report.code == 2
    assert "study.toml" in report.err


def test_a_folder_that_is_not_there(run: Runner, tmp_path: Path) -> None:
    for command in ("check", "report"):
        done = run(command, tmp_path / "none")
        assert done.code == 2
        assert "study folder" in done.err
        assert "Traceback" not in done.err


def test_report_writes_everything_and_lists_findings(run: Runner, trial: Path) -> None:
    done = run("report", trial)
    assert done.code == 0
    written = {path.name for path in (trial / "report").iterdir() if not path.name.startswith(".")}
    assert {"report.html", "results.csv", "results.parquet", "sources.parquet"} <= written
    assert "recorded total" in done.err
    table = pl.read_csv(trial / "report" / "results.csv", infer_schema_length=None)
    found = table.filter(pl.col("id") == "summary.treated.baseline.sledai_2k.mean")
    assert found["value"].item() == 9.25


def test_report_is_written_in_the_formats_asked_for(run: Runner, trial: Path) -> None:
    done = run("report", trial, "--format", "md")
    assert done.code == 0
    written = {path.name for path in (trial / "report").iterdir() if not path.name.startswith(".")}
    assert written == {
        "report.md", "results.csv", "results.parquet", "sources.parquet", "provenance.json", "places.parquet",
    }  # fmt: skip
    assert done.out.splitlines()[0].endswith("report.md")
    done = run("report", trial, "--format", "rtf")
    assert done.code == 0
    tables = sorted(path.name for path in (trial / "report" / "tables").iterdir())
    assert "table-1.rtf" in tables
    assert {Path(line).name for line in done.out.splitlines()[: len(tables)]} == set(tables)
    assert not (trial / "report" / "report.md").exists()
    refused = run("report", trial, "--format", "html,mdd")
    assert refused.code == 2
    assert (
        "there is no format 'mdd'. Did you mean 'md'? Known: ars, docx, figures, html, md, pdf, rtf."
        in refused.err
    )


def test_study_schema_is_json(run: Runner) -> None:
    assert "properties" in json.loads(run("study-schema").out)


def test_instruments_are_listed_with_their_sources(run: Runner) -> None:
    done = run("instruments")
    assert "sledai_2k" in done.out
    assert definition("sledai_2k").source in done.out


def test_one_instrument_is_shown_row_by_row(run: Runner) -> None:
    done = run("instruments", "show", "sledai_2k")
    assert "thrombocytopenia" in done.out
    assert "range: 0 to 105" in done.out
    unknown = run("instruments", "show", "sledai_2000")
    assert unknown.code == 2
    assert "sledai_2k" in unknown.err


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_score_writes_every_kind_of_file(run: Runner, visits: Path, suffix: str) -> None:
    out = visits.parent / f"scored{suffix}"
    assert run("score", "sledai_2k", visits, "-o", out).code == 0
    read: Any = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".xlsx": pl.read_excel}[suffix]
    # Arthritis 4 and rash 2; nothing; fever 1.
    assert read(out)["sledai_2k"].to_list() == [6, 0, 1]


def test_score_refuses_what_it_cannot_do_with_a_word(run: Runner, visits: Path, tmp_path: Path) -> None:
    cases = [
        (("score", "sledai_2x", visits, "-o", tmp_path / "o.csv"), "sledai_2k"),
        (("score", "sledai_2k", tmp_path / "none.csv", "-o", tmp_path / "o.csv"), "no file"),
        (("score", "sledai_2k", visits, "-o", tmp_path / "o.sav"), ".parquet"),
        (("score", "sledai_2k", visits, "-o", tmp_path / "o.csv", "--missing", "zero"), "strict"),
        (("score", "sledai_2k", visits, "-o", tmp_path / "o.csv", "--subject", "pat"), "pat"),
    ]
    for words, expected in cases:
        done = run(*words)
        assert done.code == 2
        assert expected in done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "o.csv").exists()


def test_explain_prints_the_working_of_one_visit(run: Runner, visits: Path) -> None:
    done = run("explain", "sledai_2k", visits, "--subject", "S1", "--visit", "baseline")
    assert done.code == 0
    assert "arthritis" in done.out
    unknown = run("explain", "sledai_2k", visits, "--subject", "S7", "--visit", "baseline")
    assert unknown.code == 2
    assert "S1" in unknown.err


@pytest.mark.parametrize("command", ["check", "report", "multiverse"])
def test_a_limit_is_raised_for_one_run(command: str, run: Runner, trial: Path) -> None:
    done = run(command, trial, "--limit", "cell_letters=3", "--limit", "columns=99")
    said = done.out + done.err
    if command != "multiverse":
        assert done.code == 1
        assert "the limit 'cell_letters' is 3" in said
        assert "--limit cell_letters=" in said
    for wrong in ("rows=0", "cels=3", "rows"):
        refused = run(command, trial, "--limit", wrong)
        assert refused.code == 2
        assert "limit" in refused.err


def test_a_limit_for_a_file_that_is_scored_or_explained(run: Runner, visits: Path, tmp_path: Path) -> None:
    place = ("--subject", "S1", "--visit", "baseline")
    for words in (
        ("score", "sledai_2k", visits, "--out", tmp_path / "out.csv"),
        ("explain", "sledai_2k", visits, *place),
    ):
        assert run(*words, "--limit", "rows=3").code == 0
        refused = run(*words, "--limit", "rows=2")
        assert refused.code == 2
        assert "The table has 3 rows; the limit 'rows' is 2." in refused.err
