"""The command: every design as text, as JSON and as a page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from typer.testing import CliRunner

from funis.cli import app

CALLS = {
    "simon": "--p0 0.2 --p1 0.4 --alpha 0.05 --power 0.8",
    "exact": "--p0 0.2 --p1 0.4",
    "paired": "--change -4 --sd-before 5 --sd-after 4 --correlation 0.5",
    "means": "--difference 3 --sd 4.5",
    "rates": "--p1 0.6 --p2 0.35",
    "mmrm": "--difference 0.5 --sd 1 --retention 1,0.9,0.8,0.7 --correlation 0.25",
    "sequential": "--times 0.5,1 --futility-gamma -2",
    "logrank": "--hazard-ratio 0.5 --median 12 --accrual 12 --follow-up 12",
    "map": "--responders 23,12,19 --treated 107,44,51 --new-responders 5 --new-treated 20",
    "safety": "--acceptable 0.163 --unacceptable 0.35 --looks 10,20,30,40",
    "monitor": "--limit-rate 0.1 --looks 5,10,15",
    "boin": "--target 0.25",
    "bryant-day": "--p0 0.1 --p1 0.5 --toxic0 0.5 --toxic1 0.1 --power 0.8",
    "two-endpoints": "--null 0.15,0.30,0.15,0.40 --better 0.18,0.42,0.02,0.38 --looks 5,10,15 --level 0.7",
    "after-two-stages": "--responses 14 --r1 5 --n1 24 --n 45 --p0 0.2",
    "smart": "--relapse 0.3 --p1 0.6 --p2 0.2 --lost-after 0.05 --other 0.5,0.7,0.2",
    "crm": "--target 0.25 --skeleton 0.05,0.1,0.25 --treated 3,3,0 --toxic 0,1,0",
}


def run(text: str) -> Any:
    return CliRunner().invoke(app, ["design", *text.split()])


@pytest.mark.parametrize("name", CALLS)
def test_every_design_is_told_and_drawn(name: str, tmp_path: Path) -> None:
    page = tmp_path / "design.html"
    answer = run(f"{name} {CALLS[name]} --html {page}")
    assert answer.exit_code == 0, answer.output
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    book = json.loads(text.split('id="numbers">')[1].split("</script>")[0])
    again = book["columns"].index("again")
    assert {book["strings"][cells[again + 1]] for cells in book["numbers"].values()} == {
        f"funis design {name} {CALLS[name]}"
    }
    assert set(re.findall(r'<button class="n" data-id="([^"]+)"', text)) == set(book["numbers"])
    paragraph = answer.output.split("\n\n")[1]
    assert len(paragraph) > 80
    record = json.loads(run(f"{name} {CALLS[name]} --json").output)
    assert record["paragraph"] == paragraph
    assert record["cautions"]


def test_one_first_treatment_is_not_told_as_two() -> None:
    alike = json.loads(run("smart --relapse 0.4 --p1 0.6 --p2 0.3 --json").output)["paragraph"]
    other = json.loads(run(f"smart {CALLS['smart']} --json").output)["paragraph"]
    assert "of one of them" not in alike
    assert other.count("The arms at relapse of one of them") == 1


def test_the_object_of_simon_has_the_promised_keys() -> None:
    record = json.loads(run(f"simon {CALLS['simon']} --json").output)
    for which, design in (("optimal", (3, 13, 12, 43)), ("minimax", (4, 18, 10, 33))):
        found = record[which]
        assert (found["r1"], found["n1"], found["r"], found["n"]) == design
    # Simon 1989, table 1: expected 20.6 and 22.3, early stop 0.75 and 0.72.
    assert round(record["optimal"]["expected_n"], 1) == 20.6
    assert round(record["optimal"]["early_stop"], 2) == 0.75
    assert round(record["minimax"]["expected_n"], 2) == 22.25


def test_a_bound_that_is_not_there_is_null_in_json() -> None:
    record = json.loads(run("sequential --times 0.5,1 --json").output)
    assert record["looks"][0]["lower"] is None


def test_relapses_among_responders_are_told_by_the_number_who_responded() -> None:
    answer = run("two-endpoints --null 0.16,0.24,0,0.6 --better 0.12,0.48,0,0.4 --looks 10,40 --level 0.625 "
                 "--among-responders")  # fmt: skip
    assert answer.exit_code == 0, answer.output
    # Cut-off at 10 of 40 patients: 0.625 / 4. Three relapses stop among 4 responders, and not among 5.
    assert stats.beta(3.16, 1.24).cdf(0.4) < 0.15625 <= stats.beta(3.16, 2.24).cdf(0.4)
    assert "  3 of 4; 4 of " in answer.output


def test_too_few_shares_of_the_other_strategy_are_refused() -> None:
    answer = run("smart --relapse 0.3 --p1 0.6 --p2 0.2 --other 0.5,0.7")
    assert answer.exit_code != 0
    assert "relapse, kept, again" in str(answer.exception)


def test_words_among_numbers_are_refused() -> None:
    answer = run("sequential --times 0.5,end")
    assert answer.exit_code != 0
    assert "numbers with commas" in str(answer.exception)


def test_designs_are_public() -> None:
    import funis

    assert funis.design.simon(0.2, 0.4).optimal.n == 43
    assert {"simon", "sequential", "crm", "borrow"} <= set(dir(funis.design))
    with pytest.raises(AttributeError, match="simon"):
        _ = funis.design.simmon
