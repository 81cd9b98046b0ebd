"""The flow of subjects, of the whole trial and of its arms; by hand.

Of four, three have consented; three were infused (S1 and S2 of the cells, S3 of usual care). S1 and S3 completed, S2
withdrew, S4 was lost before any infusion.
"""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.analysis.disposition import count_disposition
from funis.analysis.run import Run
from funis.reporting.baseline_tables import stage_label
from funis.results import NumberList
from funis.study.model import Arm

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

ARMS = (Arm(id="cells", name="Cells"), Arm(id="usual", name="Usual", control=True))


def run_of(**changed: Any) -> Run:
    columns: dict[str, Any] = {
        "arm": ["cells", "cells", "usual", "usual"],
        "consent_date": pl.Series(["2020-01-01", "2020-01-01", "2020-01-01", None]).str.to_date(),
        "infusions_received": [1, 1, 1, 0],
        "disposition_status": ["completed", "withdrew", "completed", "lost"],
    } | changed
    study = analysis.make_study(arms=ARMS)
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 4}}, study, **columns)
    infused = [f"S0{number}" for number, count in enumerate(columns["infusions_received"], 1) if count]
    run = replace(run, frames={"infusions": pl.DataFrame({"subject": infused})})
    count_disposition(run, None)
    return run


def counts(run: Run, arm: str) -> dict[str, str]:
    rows = run.numbers.frame().filter(pl.col("statistic") == "count", pl.col("arm") == arm)
    names = pl.concat_str("variable", pl.lit(" "), "category").str.strip_chars()
    return dict(rows.select(names.alias("name"), "text").iter_rows())


def test_the_flow_of_the_whole_trial_is_listed_once() -> None:
    run = run_of()
    flow = dict(run.listings["flow"].select("stage", "count").iter_rows())
    assert {name: flow[name] for name in ("enrolled", "consented", "treated", "completed", "withdrew")} == {
        "enrolled": 4, "consented": 3, "treated": 3, "completed": 2, "withdrew": 1,
    }  # fmt: skip
    assert run.listings["flow"]["stage"].is_unique().all()
    # Who was never treated has an end of another kind, outside of the flow.
    assert "lost" not in flow


def test_each_stage_is_counted_over_those_it_concerns() -> None:
    found = counts(run_of(), "all")
    assert found["consented"] == "3/4 (75.0%)"
    assert found["treated"] == "3/4 (75.0%)"
    assert found["not_treated"] == "1/4 (25.0%)"
    assert found["completed"] == "2/3 (66.7%)"
    assert found["withdrew"] == "1/3 (33.3%)"
    assert found["lost not_treated"] == "1/1 (100.0%)"


def test_arms_have_the_same_stages() -> None:
    cells, usual = counts(run_of(), "cells"), counts(run_of(), "usual")
    assert (cells["enrolled"], usual["enrolled"]) == ("2/2 (100.0%)", "2/2 (100.0%)")
    assert (cells["completed"], usual["completed"]) == ("1/2 (50.0%)", "1/1 (100.0%)")
    assert (cells["withdrew"], usual["withdrew"]) == ("1/2 (50.0%)", "0/1 (0.0%)")
    # All of the cells were treated: nobody of them ended untreated.
    assert "lost not_treated" not in cells
    assert usual["lost not_treated"] == "1/1 (100.0%)"


def test_where_all_were_treated_nobody_was_not() -> None:
    found = counts(run_of(infusions_received=[1, 1, 1, 1]), "all")
    assert "not_treated" not in found
    assert found["completed"] == "2/4 (50.0%)"
    assert found["lost"] == "1/4 (25.0%)"


def test_an_end_that_was_not_recorded_is_no_end() -> None:
    """Of three treated the end of two is known; the third is counted as not recorded."""
    found = counts(run_of(disposition_status=["completed", None, "completed", "lost"]), "all")
    assert found["completed"] == "2/2 (100.0%)"
    assert found["not_recorded"] == "1/3 (33.3%)"
    assert "withdrew" not in found
    # That nobody died is said where it was looked for.
    assert found["died"] == "0/2 (0.0%)"


def test_who_left_early_is_counted_together_and_by_reason() -> None:
    """S2 and S3 withdrew and died among the three treated; S4, never treated, is no part of it."""
    run = run_of(disposition_status=["completed", "withdrew", "died", "lost"])
    assert counts(run, "all")["left_early"] == "2/3 (66.7%)"
    assert not [name for name in counts(run, "all") if name.startswith("left_early ")]
    rows = {"subject": ["S02", "S03", "S04"], "reason": ["Moved  away ", None, "No effect"]}
    frames = {**run.frames, "disposition": pl.DataFrame(rows)}
    told = replace(
        run,
        frames=frames,
        numbers=NumberList(),
        listings={},
    )
    count_disposition(told, None)
    found = counts(told, "all")
    assert found["left_early"] == "2/3 (66.7%)"
    assert found["left_early moved away"] == "1/3 (33.3%)"
    # The reason of a death is its cause: the report says that the subject died.
    assert found["left_early death"] == "1/3 (33.3%)"
    assert "left_early lack of efficacy" not in found
    assert counts(told, "cells")["left_early moved away"] == "1/2 (50.0%)"
    assert counts(told, "cells")["left_early death"] == "0/2 (0.0%)"
    assert counts(told, "usual")["left_early"] == "1/1 (100.0%)"
    assert "left_early" not in dict(told.listings["flow"].select("stage", "count").iter_rows())
    assert stage_label("left_early", "moved away") == "Reason: moved away"


def test_the_reason_of_most_comes_first_and_no_reason_last() -> None:
    """Two for lack of efficacy, one without a word, one adverse event, which the alphabet would have first."""
    left = {"disposition_status": ["withdrew"] * 4, "infusions_received": [1] * 4}
    reasons = ["AE", "No effect", "No effect", None]
    for order in (reasons, reasons[::-1]):
        frame = pl.DataFrame({"subject": ["S01", "S02", "S03", "S04"], "reason": order})
        run = run_of(**left)
        told = replace(run, frames={**run.frames, "disposition": frame}, numbers=NumberList(), listings={})
        count_disposition(told, None)
        found = [name for name in counts(told, "all") if name.startswith("left_early ")]
        assert found == [
            f"left_early {name}" for name in ("lack of efficacy", "adverse event", "no reason recorded")
        ]


@pytest.mark.parametrize(
    ("recorded", "printed"),
    [
        ("No effect", "lack of efficacy"),
        ("lost to follow up", "lost to follow-up"),
        ("AE", "adverse event"),
        ("moved to her sister at 12 Elm Road", "another reason"),
        (" ", "no reason recorded"),
        (None, "no reason recorded"),
    ],
)
def test_a_reason_is_printed_by_its_name_and_never_as_it_was_typed(
    recorded: str | None, printed: str
) -> None:
    """A typed reason may say who somebody is. One of two left for a reason of the list."""
    run = run_of(disposition_status=["completed", "withdrew", "lost", "lost"])
    rows = {"subject": ["S02", "S03"], "reason": ["Flare", recorded]}
    frames = {**run.frames, "disposition": pl.DataFrame(rows)}
    told = replace(run, frames=frames, numbers=NumberList(), listings={})
    count_disposition(told, None)
    found = {name for name in counts(told, "all") if name.startswith("left_early ")}
    assert found == {"left_early relapse or progression of the disease", f"left_early {printed}"}


def test_where_nobody_left_early_there_is_no_row() -> None:
    found = counts(run_of(disposition_status=["completed", "completed", "ongoing", "lost"]), "all")
    assert not [name for name in found if name.startswith("left_early")]
