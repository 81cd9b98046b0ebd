"""funis pool from outside: exit codes, JSON alone on standard output, a page that is whole."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from funis.audit.pool.study_table import PoolError
from funis.cli import app

SLEDAI = Path(__file__).parent / "data" / "sledai.csv"
ASKED = ["--measure", "mean_change", "--outcome", "SLEDAI", "--arm", "MSC", "--correlation", "0.5"]
EVENTS = "study,arm,outcome,time,n,events\nA,cells,remission,,40,13\nB,cells,remission,,12,9\n"


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["pool", *arguments], catch_exceptions=True)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.stdout


def test_a_study_left_out_for_its_figures_ends_with_one(tmp_path: Path) -> None:
    page = tmp_path / "pool.html"
    code, out = run(str(SLEDAI), *ASKED, "--time", "6 months", "--html", str(page), "--json")
    assert code == 1
    answer = json.loads(out)
    assert answer["studies_in_table"] == 6
    assert {each["study"] for each in answer["left_out"] if each["is_fault"]} == {"Liu 2011", "Ranjbar 2022"}
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_nothing_amiss_ends_with_zero(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(EVENTS, encoding="utf-8")
    code, out = run(str(table), "--measure", "proportion")
    assert code == 0
    assert "2 of 2 studies in the table take part." in out


def test_what_cannot_be_carried_out_writes_nothing(tmp_path: Path) -> None:
    page = tmp_path / "pool.html"
    with pytest.raises(PoolError, match="--time"):
        run(str(SLEDAI), *ASKED, "--html", str(page))
    assert not page.exists()


def test_figures_of_a_paper_go_from_the_audit_to_the_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("doe.txt").write_text("Of forty patients, 14/40 (35.0%) responded.", encoding="utf-8")
    found = CliRunner().invoke(app, ["audit", "doe.txt", "--export", "t.csv"])
    assert found.exit_code == 0
    assert "t.csv: 1 row;" in found.stderr
    code, out = run("t.csv", "--measure", "proportion")
    assert code == 0
    # 14/40: 20.6 to 51.7 (Clopper and Pearson, R 4.2.2).
    assert "35.0 (20.6 to 51.7)" in out


def test_the_paper_itself_is_never_written_over(tmp_path: Path) -> None:
    paper = tmp_path / "doe.txt"
    paper.write_text("Of forty patients, 14/40 (35.0%) responded.", encoding="utf-8")
    found = CliRunner().invoke(app, ["audit", str(paper), "--export", str(paper)])
    assert "another file than those that are read" in str(found.exception)
    assert paper.read_text(encoding="utf-8").startswith("Of forty")
