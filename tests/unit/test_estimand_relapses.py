"""Relapse under an estimand, of hand-made answers: who is a responder, who relapses, what is not known.

The response is judged at month 6 (day 180), relapse is looked for at months 9 and 12 (days 270 and 360).
"""

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from funis.analysis.estimand_relapses import _add_share, relapse_codes
from funis.results import ALL
from funis.study.choices import MissingRelapse
from funis.study.estimand import Estimand
from funis.study.model import Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")
responder, NONE, UNKNOWN = analysis._responder, analysis.NONE, analysis.UNKNOWN
LOST = float("nan")


def endpoint_of(rule: str = "left_out") -> Endpoint:
    return Endpoint.model_validate(
        {"id": "r", "kind": "relapse", "definition": "ucmsc_bilag_response", "at": ("month_9", "month_12"),
         "missing_relapse": rule}
    )  # fmt: skip


def codes_of(rows: list[dict[str, Any]], **days: list[float]) -> list[float]:
    run = analysis.make_run({"x": {visit: [1.0] * len(rows) for visit in analysis.VISITS}})
    answers = analysis._answers(run, rows)
    given = {name: np.array(values) for name, values in days.items()}
    return [float(code) for code in relapse_codes(run, endpoint_of(), answers, given)]


def same(found: list[float], wanted: list[float]) -> bool:
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(found, wanted, strict=True))


def test_without_events_a_relapse_is_what_was_recorded() -> None:
    rows = [
        responder("MCR"),
        responder("MCR", "month_9", 270.0),
        responder("PCR", followed=290.0),
        NONE,
        UNKNOWN,
    ]
    # The third was not followed to month 12; the last may be a responder, and is none by the records.
    assert same(codes_of(rows), [0, 1, LOST, -1, -1])


@pytest.mark.parametrize(
    ("event", "code"),
    # Day 180 is that of the response: from it on the subject has failed, and is no responder.
    [(179.0, -1), (180.0, -1), (181.0, 1), (360.0, 1), (361.0, 0), (LOST, 0)],
)
def test_after_a_composite_event_a_responder_counts_as_relapsed(event: float, code: float) -> None:
    assert codes_of([responder("MCR")], composite=[event]) == [code]


@pytest.mark.parametrize(
    ("event", "code"),
    # The relapse was found on day 270; treatment that ended before the response leaves no responder.
    [(179.0, -1), (180.0, 0), (269.0, 0), (270.0, 1), (300.0, 1), (360.0, 1), (361.0, 1), (LOST, 1)],
)
def test_on_treatment_a_relapse_counts_up_to_the_day_of_the_event(event: float, code: float) -> None:
    assert codes_of([responder("MCR", "month_9", 270.0)], while_on_treatment=[event]) == [code]


def test_what_comes_after_treatment_need_not_be_known() -> None:
    # Followed to day 290: until then free of relapse; whether the subject relapsed on day 300 was not seen.
    rows = [responder("MCR", followed=290.0)] * 3
    assert same(codes_of(rows, while_on_treatment=[290.0, 291.0, LOST]), [0, LOST, LOST])
    # A relapse without a day may have been before the event, one that cannot be told too.
    undated = responder("MCR", "month_9", None)
    open_relapse = responder("MCR") | {"relapse": "cannot tell"}
    assert same(codes_of([undated, open_relapse], while_on_treatment=[300.0, 300.0]), [LOST, LOST])
    assert same(codes_of([undated, open_relapse]), [1, LOST])


def test_a_composite_event_decides_before_the_end_of_treatment() -> None:
    rows = [responder("MCR")] * 2
    assert codes_of(rows, composite=[300.0, LOST], while_on_treatment=[200.0, 200.0]) == [1, 0]


@pytest.mark.parametrize(
    ("rule", "counted", "over", "imputed", "left_out"),
    [("left_out", 2, 4, None, 2), ("none", 2, 6, 2, None), ("relapse", 4, 6, 2, None)],
)
def test_what_is_not_known_counts_by_the_rule(
    rule: str, counted: int, over: int, imputed: int | None, left_out: int | None
) -> None:
    """Two relapses, two without, two not known, one who did not respond."""
    assert rule in get_args(MissingRelapse)
    codes = np.array([1.0, 1, 0, 0, LOST, LOST, -1])
    run = analysis.make_run({"x": {"baseline": [1.0] * 7}})
    estimand = Estimand(id="e", endpoint="r", treatment="cells", summary="relapse rate")
    rows = run.observe("e: relapse", [""] * 7)
    pair = _add_share(run, estimand, endpoint_of(rule), run.populations.cohort(), (codes, rows))
    assert pair == (counted, over)
    found = run.numbers.frame()
    assert set(found["visit"]) == {ALL}
    told = {row["statistic"]: row["value"] for row in found.iter_rows(named=True)}
    assert told["estimate"] == pytest.approx(100 * counted / over)
    assert (told.get("imputed"), told.get("cannot_tell")) == (imputed, left_out)
    text = next(row["text"] for row in found.iter_rows(named=True) if row["statistic"] == "estimate")
    assert text.startswith(f"{counted}/{over} ")
