"""Each number on the page of virtual trials opens: what it was made of, and the command that runs a trial again."""

import json
import re
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from funis.cli import app
from funis.documents.document import Document
from funis.documents.html import render_page
from funis.simulate.pages.one_trial_page import write_one_trial
from funis.simulate.pages.opened_numbers import WORDS
from funis.simulate.pages.simulation_page import build_page
from funis.simulate.pages.trials_page import tell_trials
from funis.simulate.trials.characteristics import summarise
from funis.simulate.trials.one_trial import KEY, TrialPlan, run_some_trials
from funis.simulate.trials.simulated import SimulatedTrials, plan_trials
from funis.study.read import read_study, template_path

WHERE = dict.fromkeys(KEY, "") | {
    "analysis": "test", "endpoint": "sledai_change", "population": "treated", "visit": "month_6",
    "variable": "sledai_2k", "method": "paired_t",
}  # fmt: skip
P_VALUES = {3: 0.20, 4: 0.01, 5: 0.03, 7: 0.60}


@pytest.fixture(scope="module")
def plan() -> TrialPlan:
    study = read_study(template_path("sle"))
    return plan_trials(study, scenario="null", patients=8, seed=9, endpoints=("sledai_change",))


@pytest.fixture(scope="module")
def page(plan: TrialPlan) -> Document:
    """Build the page of four trials whose numbers are typed in: the test was below 0.05 in two of them."""
    rows = [WHERE | {"trial": trial, "statistic": "p", "value": p} for trial, p in P_VALUES.items()]
    for trial, middle in ((3, -1.0), (4, -3.0), (5, -2.0), (7, 0.0)):
        for name, value in (("estimate", middle), ("lower", middle - 0.5), ("upper", middle + 1.5)):
            rows.append(WHERE | {"trial": trial, "statistic": name, "value": value})
    truth = pl.DataFrame([WHERE | {"statistic": "estimate", "value": -1.0}])
    counted = dict.fromkeys(KEY, "") | {"analysis": "conduct", "variable": "visits", "statistic": "n"}
    rows += [counted | {"trial": trial, "value": 10.0 + trial} for trial in P_VALUES]
    found = summarise(pl.DataFrame(rows), truth, 0.05)
    return build_page(tell_trials(SimulatedTrials(plan, "fingerprint", 8, found)))


def opened(page: Document, name: str) -> dict[str, object]:
    """Read a number as the script of the page does."""
    book = page.numbers
    place, *own = book["numbers"][name]
    cells = [*book["places"][place], *own]
    return {
        column: cell if cell is None or column in book["numeric"] else book["strings"][cell]
        for column, cell in zip(book["columns"], cells, strict=True)
    }


POWER = "power.test.sledai_change.treated.month_6.sledai_2k.paired_t"


def test_a_share_opens_to_its_counts_and_a_trial_that_counts(page: Document) -> None:
    found = opened(page, POWER)
    assert (found["numerator"], found["denominator"], found["value"]) == (2, 4, 0.5)
    # Root of 0.5 * 0.5 / 4.
    assert found["error"] == 0.25
    assert found["scenario"] == "null: cells do nothing"
    assert (found["seed"], found["patients"], found["drawn"]) == (9, 8, 8)
    # Trials 4 and 5 were below the level.
    assert found["again"] == (
        "funis simulate DIR --scenario null --patients 8 --seed 9 --endpoint sledai_change --trial 4"
    )


def test_an_estimate_opens_to_its_parts(page: Document) -> None:
    bias = POWER.replace("power", "bias")
    # Mean -1.5 against -1; the intervals of trials 3 and 5 hold -1, those of 4 and 7 do not.
    assert opened(page, bias)["value"] == pytest.approx(-0.5)
    assert opened(page, f"{bias}.truth")["value"] == -1.0
    coverage = opened(page, POWER.replace("power", "coverage"))
    assert (coverage["numerator"], coverage["denominator"]) == (2, 4)
    assert str(coverage["again"]).endswith("--trial 3")


def test_every_number_of_every_table_opens(page: Document) -> None:
    for section in page.sections:
        for table in section.all_blocks:
            if not hasattr(table, "rows") or section.id == "assumptions":
                continue
            for row in table.rows:
                for cell in row.cells:
                    assert cell.ids or not re.search(r"\d", cell.text), cell.text
    assert set(page.ids) <= set(page.numbers["numbers"])
    assert page.ids


def test_the_words_of_the_answer_open_as_their_row_does(page: Document) -> None:
    lead = next(section for section in page.sections if section.id == "answer")
    ids = [part.id for block in lead.blocks for part in getattr(block, "text", ()) if part.id]
    assert ids == [POWER, f"{POWER}.interval"]


def test_the_page_is_one_file_with_buttons_and_words_for_every_fact(page: Document) -> None:
    html = render_page(page)
    assert f'<button class="n" data-id="{POWER}">50.0%</button>' in html
    book = json.loads(unescape(re.search(r'id="numbers">(.*?)</script>', html, re.DOTALL)[1]))  # type: ignore[index]
    assert set(book["further"]) <= set(book["words"]) == set(WORDS)
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org/", "")


def test_the_command_runs_one_trial_alone_and_writes_nothing(tmp_path: Path, plan: TrialPlan) -> None:
    folder = f"{tmp_path}/trial"
    assert CliRunner().invoke(app, ["new", "sle", folder]).exit_code == 0
    asked = f"simulate {folder} --scenario null --patients 8 --seed 9 --endpoint sledai_change --trial 1"
    done = CliRunner().invoke(app, [*asked.split(), "--json"])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    run = run_some_trials(plan, [0, 1]).filter(pl.col("trial") == 1)
    assert [each["value"] for each in record["numbers"]] == run["value"].to_list()
    assert not (tmp_path / "trial" / "simulation").exists()
    told = write_one_trial(plan, 1, run)
    assert "Trial 1 of scenario null, seed 9, with 8 patients." in told
