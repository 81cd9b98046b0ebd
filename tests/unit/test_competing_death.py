"""Death as a competing event by hand: what ends each time, and the share that has had the event."""

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funis.analysis import time_to_event
from funis.analysis.competing_events import compete_with_death
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.errors import StudyError
from funis.reporting.methods_text import build_methods
from funis.reporting.number_book import read_numbers
from funis.reporting.response_tables import build_survival_tables
from funis.study.model import Endpoint, Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")
times = import_module("test_time_to_event")

LEAVING = Endpoint(id="t", kind="time_to_event", event="withdrawal", competing="death")
# Two withdraw, one dies between them, one completes the study.
FOUR: dict[str, Any] = {
    "death_day": [None, 60, None, None],
    "disposition_day": [30, 60, 80, 180],
    "disposition_status": ["withdrew", "died", "lost", "completed"],
    "last_visit_day": [25, 50, 75, 180],
}


def estimate(run: Run, endpoint: Endpoint = LEAVING, judged: tuple[Answers, ...] = ()) -> None:
    time_to_event.estimate_time_to_event(run, endpoint, judged)


def found(run: Run, visit: str, statistic: str) -> tuple[float | None, str]:
    frame = run.numbers.frame()
    of_competing = frame["method"] == "aalen_johansen"
    rows = frame.filter(
        (frame["visit"] == visit)
        & (frame["statistic"] == statistic)
        & (of_competing | (frame["statistic"] == "competing_events"))
    )
    value, text = rows.select("value", "text").row(0)
    return value, text


def test_what_ends_each_time() -> None:
    day = np.array([30.0, 60.0, 60.0, 60.0, 60.0, np.nan])
    happened = np.array([True, False, False, False, False, False])
    died = np.array([True, True, True, True, False, True])
    to_death = np.array([90.0, 75.0, np.nan, 45.0, np.nan, 10.0])
    days, causes = compete_with_death(day, happened, died, to_death)
    # The event came first; death after the last day seen; without a day; before the last day seen; no death.
    assert days[:5].tolist() == [30.0, 75.0, 60.0, 60.0, 60.0]
    assert math.isnan(days[5])
    assert causes.tolist() == [1, 2, 2, 2, 0, 0]


def test_share_that_has_had_the_event() -> None:
    """A quarter leaves on day 30; on day 80 half is free of both events, of whom one of two leaves: 1/4 + 1/4."""
    run = times.run_of(4, **FOUR)
    estimate(run)
    assert found(run, "month_3", "incidence") == (0.5, "0.500")
    assert found(run, "month_3", "competing_events") == (1, "1")
    assert found(run, "month_6", "incidence") == (0.5, "0.500")
    # By Kaplan and Meier, with death as the end of observation: 1 - 3/4 * 1/2.
    assert times.point(run, "month_3", "withdrawal")[0] == 0.375
    lower, upper = (found(run, "month_3", name)[0] for name in ("lower", "upper"))
    assert lower is not None
    assert upper is not None
    assert 0 < lower < 0.5 < upper < 1


def test_deaths_are_counted_to_the_end_of_the_window() -> None:
    for last, deaths in ((-30, 1), (-31, 0)):
        run = times.run_of(4, times.make_study(window=(-60, last)), **FOUR)
        estimate(run)
        assert found(run, "month_3", "competing_events")[0] == deaths


def test_where_the_curve_is_not_known() -> None:
    two: dict[str, Any] = {
        "disposition_day": [30, 60], "last_visit_day": [25, 60], "disposition_status": ["withdrew", "completed"],
    }  # fmt: skip
    run = times.run_of(2, **two)
    estimate(run)
    assert found(run, "month_3", "incidence") == (None, "–")
    # The last one died: nothing can change after that.
    run = times.run_of(2, **two | {"disposition_status": ["withdrew", "died"], "death_day": [None, 60]})
    estimate(run)
    assert found(run, "month_3", "incidence")[0] == 0.5
    assert found(run, "month_6", "incidence")[0] == 0.5
    # A window that opens on the last day seen is not beyond it.
    run = times.run_of(2, **two | {"disposition_day": [30, 90], "last_visit_day": [25, 90]})
    estimate(run)
    assert found(run, "month_3", "incidence")[0] == 0.5


def response_run(window: tuple[int, int] | None = (-21, 21), **columns: Any) -> Run:
    """One responds at month 3, one dies on day 85 in its window, one is seen to month 6."""
    given: dict[str, Any] = {
        "death_day": [None, 85, None],
        "disposition_day": [180, 85, 180],
        "disposition_status": ["completed", "died", "completed"],
        "last_visit_day": [180, 20, 180],
        **columns,
    }
    run: Run = times.run_of(3, times.make_study(window=window), **given)
    endpoint = Endpoint(
        id="t", kind="time_to_event", event="response", definition="ucmsc_bilag_response", competing="death"
    )
    frame = [analysis._responder("MCR"), analysis.UNKNOWN, analysis.NONE]
    answers = analysis._answers(run, frame)
    estimate(
        run,
        endpoint,
        (
            Answers(
                "ucmsc_bilag_response", "month_3", answers.answers, ("MCR", "none"), "none", run.subject_rows
            ),
        ),
    )
    return run  # fmt: skip


def test_a_death_in_the_window_of_a_visit_counts_on_its_planned_day() -> None:
    run = response_run()
    assert found(run, "month_3", "incidence")[0] == pytest.approx(1 / 3)
    assert found(run, "month_3", "competing_events")[0] == 1
    early = response_run(death_day=[None, 60, None], disposition_day=[180, 60, 180])
    # Death before the window stands on its own day: 2 of 3 are free and at risk on day 90, one of them responds.
    assert found(early, "month_3", "incidence")[0] == pytest.approx(2 / 3 * 1 / 2)


def test_a_visit_without_a_window_is_told_on_its_planned_day() -> None:
    """A death on day 91 is beyond month 3, on day 90; who was seen up to day 90 is known there."""
    for day, deaths in ((90, 1), (91, 0)):
        late = response_run(None, death_day=[None, day, None], disposition_day=[180, day, 180])
        assert found(late, "month_3", "competing_events")[0] == deaths
    left = {"disposition_day": [90, 85, 90], "last_visit_day": [90, 20, 90]}
    assert found(response_run(None, **left), "month_3", "incidence")[0] is not None
    assert found(response_run(None, **left), "month_6", "incidence")[0] is None


def test_deaths_that_nobody_looked_for_are_not_none() -> None:
    run = response_run(death_day=[None] * 3, disposition_day=[None] * 3, disposition_status=[None] * 3)
    assert found(run, "month_3", "incidence") == (None, "not collected")
    assert run.numbers.frame().filter(run.numbers.frame()["statistic"] == "competing_events").is_empty()


def test_the_table_and_methods_say_it() -> None:
    run = times.run_of(4, **FOUR)
    estimate(run)
    study: Study = times.make_study().model_copy(update={"endpoints": (LEAVING,)})
    table = build_survival_tables(study, read_numbers(run.numbers.frame()))[0]
    rows = [[cell.text for cell in (row.stub, *row.cells)] for row in table.rows]
    shown = [row for row in rows if row[0].startswith("Had the event, with death competing")]
    assert len(shown) == 2
    assert shown[0][3] == "1"
    assert shown[0][4].startswith("50.0% (")
    assert any("Cumulative incidence (Aalen-Johansen)" in note for note in table.footnotes)
    passages = build_methods(study)
    text = " ".join(words for passage in passages for words in (*passage.paragraphs, *passage.items))
    assert "Death is a competing event" in text
    assert "by Aalen and Johansen" in text


STUDY = (
    '[study]\nid = "X"\ntitle = "X"\ncondition = "sle"\ndesign = "single_arm"\n'
    '[[visits]]\nname = "baseline"\nday = 0\nforms = ["sledai_2k"]\n[[endpoints]]\nid = "x"\n'
)


def test_an_event_other_than_death_may_compete_with_it(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        STUDY + 'kind = "time_to_event"\nevent = "withdrawal"\ncompeting = "death"\n', encoding="utf-8"
    )
    assert read_study(path).endpoints[0].competing == "death"


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ('kind = "time_to_event"\nevent = "death"\ncompeting = "death"', "Death is the event itself"),
        ('kind = "time_to_event"\nevent = "withdrawal"\ncompeting = "relapse"', "competing"),
        ('kind = "disposition"\ncompeting = "death"', "'competing' has no meaning"),
    ],
)
def test_what_cannot_compete_is_a_finding(tmp_path: Path, endpoint: str, said: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f"{STUDY}{endpoint}\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert said in str(caught.value)
