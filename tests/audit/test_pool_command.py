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
