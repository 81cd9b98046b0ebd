"""Intercurrent events on the very day of a visit, worked out by hand on the small trial of test_estimands.py.

Visits are on days 0, 90 (2020-03-31) and 180 (2020-06-29). Changes of S1: -4, -6; S2: -4, -4; S3: 0, -6; S4 withdrew
on day 60 (2020-03-01). A value of the event's own day is the last one before the event takes effect; a composite
event fails from its own day on.
"""

import math
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from funis.analysis.estimands import apply_strategies
from funis.analysis.panel import Matrix

sys.path.insert(0, str(Path(__file__).parent))
estimands = import_module("test_estimands")
HEAD = "subject,drug,start\n"
ON_MONTH_3 = f"{HEAD}S1,methylprednisolone,2020-03-31\n"
WITHDRAWAL = "withdrawal treatment_policy"


def month_3_and_6(folder: Path, medications: str, *events: str, more: str = "") -> tuple[float, float]:
    text = estimands.RESCUE + estimands.estimand(*events, more=more)
    _, results = estimands.run_small(folder, text, medications)
    return estimands.estimate(results, "month_3"), estimands.estimate(results, "month_6")


def test_while_on_treatment_uses_the_value_of_the_day(tmp_path: Path) -> None:
    """S1 keeps -4 at month 3 and carries it to month 6: (-4 - 4 + 0) / 3 and (-4 - 4 - 6) / 3."""
    found = month_3_and_6(tmp_path / "t", ON_MONTH_3, WITHDRAWAL, "rescue_medication while_on_treatment")
    assert found == pytest.approx((-8 / 3, -14 / 3))


def test_a_composite_event_fails_on_its_day(tmp_path: Path) -> None:
    """S1 has the declared 2 at both visits: (2 - 4 + 0) / 3 and (2 - 4 - 6) / 3."""
    events = (WITHDRAWAL, "rescue_medication composite")
    found = month_3_and_6(tmp_path / "t", ON_MONTH_3, *events, more="composite_value = 2.0")
    assert found == pytest.approx((-2 / 3, -8 / 3))


def changes_used(**days: list[float]) -> list[list[float]]:
    """One follow-up visit on day 90 and one on day 180; changes -4 and -6 of each subject."""
    n = len(next(iter(days.values())))
    values = np.tile([0.0, -4.0, -6.0], (n, 1))
    matrix = Matrix(values, np.zeros((n, 3), dtype=np.int64), np.zeros((n, 3), dtype=np.int8))
    base = Matrix(np.full(n, 10.0), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int8))
    panel = SimpleNamespace(
        changes={"score": matrix},
        baselines={"score": base},
        visits=("baseline", "month_3", "month_6"),
        layout=SimpleNamespace(baseline="baseline", planned=(0.0, 90.0, 180.0)),
        days=np.tile([0.0, 90.0, 180.0], (n, 1)),
    )
    strategies = {name: np.array(each) for name, each in days.items()}
    plan = SimpleNamespace(composite_value=None)
    found: Any = apply_strategies(
        cast("Any", SimpleNamespace(panel=panel)), cast("Any", plan), "score", strategies
    )
    used: list[list[float]] = found.values[:, 1:].tolist()
    return used


def test_hypothetical_uses_the_value_of_the_day() -> None:
    """Events on day 90, a day earlier and a day later: the value of day 90 stands unless the event came before."""
    found = changes_used(hypothetical=[90.0, 89.0, 91.0, math.nan])
    assert found == pytest.approx(
        np.array([[-4.0, math.nan], [math.nan, math.nan], [-4.0, math.nan], [-4.0, -6.0]]), nan_ok=True
    )


@pytest.mark.parametrize("day", [60.0, 90.0])
def test_of_two_events_on_one_day_the_end_of_treatment_decides(day: float) -> None:
    """The last change on or before the day stands: 0 before the first, -4 on day 90; nothing is set missing."""
    last = 0.0 if day < 90 else -4.0
    assert changes_used(hypothetical=[day], while_on_treatment=[day]) == [[last, last]]


def test_of_two_events_the_earlier_one_decides() -> None:
    found = changes_used(hypothetical=[60.0, 91.0], while_on_treatment=[61.0, 90.0])
    assert found == pytest.approx(np.array([[math.nan, math.nan], [-4.0, -4.0]]), nan_ok=True)


@pytest.mark.parametrize(("day", "told"), [("2020-06-29", 1), ("2020-06-30", 0)])
def test_an_event_without_a_strategy_counts_until_the_last_visit(tmp_path: Path, day: str, told: int) -> None:
    """Month 6 of S1 is 2020-06-29: an event of that day needs a strategy, one of the next day does not."""
    text = estimands.RESCUE + estimands.estimand(WITHDRAWAL)
    _, results = estimands.run_small(tmp_path / "t", text, f"{HEAD}S1,methylprednisolone,{day}\n")
    found = [finding for finding in results.findings if finding.code == "intercurrent_event"]
    assert len(found) == told


# Nobody was asked about drugs: what is recorded has no denominator, and that nothing is, is no zero.
@pytest.mark.parametrize(("day", "share"), [("2020-06-29", "1"), ("2020-06-30", "not collected")])
def test_events_are_counted_until_the_last_visit(tmp_path: Path, day: str, share: str) -> None:
    text = estimands.RESCUE + estimands.estimand(WITHDRAWAL, "rescue_medication treatment_policy")
    _, results = estimands.run_small(tmp_path / "t", text, f"{HEAD}S1,methylprednisolone,{day}\n")
    counted = results.numbers.filter(variable="rescue_medication", estimand="main")
    assert counted["text"].to_list() == [share]
