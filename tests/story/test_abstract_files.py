"""The files of an abstract: the same text in all, one set with the report, nothing of a user lost."""

import json
import re
import zipfile
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from funis.cli.application import app
from funis.reporting.document_check import check_document

from .report_kinds import make_study

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_study("sjogren", tmp_path_factory.mktemp("abstract") / "trial")
    assert RUNNER.invoke(app, ["report", str(folder)]).exit_code == 0
    return folder


def run(folder: Path, *arguments: str) -> dict[str, object]:
    found = RUNNER.invoke(app, ["abstract", str(folder), *arguments, "--json"])
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert isinstance(answer, dict)
    return answer


def docx_text(path: Path) -> str:
    with zipfile.ZipFile(path) as file:
        xml = file.read("word/document.xml").decode("utf-8")
    lines = re.findall(r"<w:p>.*?</w:p>", xml, flags=re.DOTALL)
    return "\n".join(unescape("".join(re.findall(r"<w:t [^>]*>([^<]*)</w:t>", line))) for line in lines)


def test_the_text_and_its_length_are_the_same_in_all_three_files(trial: Path) -> None:
    answer = run(trial, "--style", "acr")
    report = trial / "report"
    assert answer["files"] == [str(report / f"abstract.{form}") for form in ("md", "docx", "txt")]
    parts = answer["parts"]
    assert isinstance(parts, dict)
    plain = (report / "abstract.txt").read_text(encoding="utf-8")
    marked = re.sub(r"\\(.)", r"\1", (report / "abstract.md").read_text(encoding="utf-8"))
    word = docx_text(report / "abstract.docx")
    counted = {"txt": 0, "md": 0, "docx": 0}
    for head, said in parts.items():
        assert f"\n{head}: {said}\n" in plain
        assert f"## {head}\n\n{said}\n" in marked
        assert f"\n{head}\n{said}\n" in word
        if head != "Disclosure":
            for name in counted:
                counted[name] += len(f"{head}: {said}")
    assert set(counted.values()) == {answer["characters"]}
    for text in (plain, marked, word):
        assert f"{answer['characters']} of 2750 characters (headings and text, spaces included" in text
        assert "Reconstructed from published figures; not patient data." in text
        for gap in answer["to_be_filled_in"]:  # type: ignore[attr-defined]
            assert f"[to be filled in: {gap}]" in text


def test_every_number_of_the_word_file_is_one_of_the_results(trial: Path) -> None:
    run(trial, "--style", "eular")
    report = trial / "report"
    found = check_document(report / "abstract.docx", pl.read_parquet(report / "results.parquet"))
    assert not found.differences
    assert not found.lost
    assert found.compared > 100


def test_the_report_beside_it_stays_and_an_earlier_abstract_in_another_kind_goes(trial: Path) -> None:
    report = trial / "report"
    before = {
        path.name: path.read_bytes()
        for path in report.iterdir()
        if not path.name.startswith(("abstract.", "."))
    }
    page = (report / "abstract.html").read_bytes()
    run(trial, "--style", "acr")
    run(trial, "--style", "eular", "--format", "txt")
    assert {path.name for path in report.glob("abstract.*")} == {"abstract.html", "abstract.txt"}
    assert (report / "abstract.html").read_bytes() == page
    assert all((report / name).read_bytes() == content for name, content in before.items())
    assert "Conclusions: " in (report / "abstract.txt").read_text(encoding="utf-8")


def test_an_abstract_that_somebody_changed_is_kept(trial: Path) -> None:
    report = trial / "report"
    run(trial, "--style", "acr", "--format", "txt")
    (report / "abstract.txt").write_text("My own words", encoding="utf-8")
    run(trial, "--style", "acr", "--format", "txt")
    assert (report / "abstract.before.txt").read_text(encoding="utf-8") == "My own words"
    assert "Background/Purpose: " in (report / "abstract.txt").read_text(encoding="utf-8")
    (report / "abstract.before.txt").unlink()


def test_a_report_of_other_numbers_is_not_joined(trial: Path) -> None:
    table = trial / "report" / "results.csv"
    content = table.read_bytes()
    table.write_bytes(content + b"\n")
    try:
        found = RUNNER.invoke(app, ["abstract", str(trial), "--style", "acr", "--format", "txt"])
        assert found.exit_code != 0
        assert "Run: funis report" in str(found.exception)
        assert table.read_bytes() == content + b"\n"
    finally:
        table.write_bytes(content)


def test_without_a_report_the_results_come_with_it(tmp_path: Path) -> None:
    folder = make_study("one_subject", tmp_path / "trial")
    found = RUNNER.invoke(app, ["abstract", str(folder), "--style", "acr", "--format", "md"])
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("# Umbilical-cord")
    assert "1 patient was treated" in found.stdout
    # The table of ids is in the file, not on the screen.
    assert "population.treated.subjects.n" not in found.stdout
    report = folder / "report"
    assert {path.name for path in report.iterdir() if path.name[0] != "."} == {
        "abstract.md", "provenance.json", "results.csv", "results.parquet", "sources.parquet",
    }  # fmt: skip
    assert "`population.treated.subjects.n`" in (report / "abstract.md").read_text(encoding="utf-8")


def test_too_long_a_text_is_written_and_ends_with_1(trial: Path) -> None:
    found = RUNNER.invoke(
        app, ["abstract", str(trial), "--style", "acr", "--characters", "900", "--format", "txt"]
    )
    assert found.exit_code == 1
    assert "too many: nothing more may be left out" in found.output
    text = (trial / "report" / "abstract.txt").read_text(encoding="utf-8")
    assert "0/24 had an adverse event" in text
    assert "of 900 characters" in text
    assert "The limit was set to 900 by --characters." in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--style", "eullar"), "eular"),
        (("--style", "acr", "--format", "md,pdff"), "docx"),
        (("--style", "acr", "--format", ""), "md"),
    ],
)
def test_a_wrong_word_is_refused_with_the_right_ones(
    trial: Path, arguments: tuple[str, ...], said: str
) -> None:
    found = RUNNER.invoke(app, ["abstract", str(trial), *arguments])
    assert found.exit_code != 0
    assert said in str(found.exception)


def test_errors_in_the_data_end_it_with_1(tmp_path: Path) -> None:
    folder = make_study("wrecked", tmp_path / "trial")
    found = RUNNER.invoke(app, ["abstract", str(folder), "--style", "acr", "--format", "txt", "--json"])
    assert found.exit_code == 1
    answer = json.loads(found.stdout)
    assert answer["notices"][0].startswith("Do not use: ")
    assert [each["code"] for each in answer["findings"] if each["level"] == "error"]
    assert "is withheld for errors in the data" in answer["parts"]["Conclusion"]
