"""Whatever figures are given, the audit answers: no crash, no memory for huge numbers, no finding without words."""

import random
from typing import Any

import pytest
from tests.audit.printed import BINARY, WHOLE, figure, only

from funis.audit.audit import audit
from funis.audit.figures import (
    INTERVAL_MEASURES,
    INTERVAL_METHODS,
    NAMED_TESTS,
    RELATIONS,
    OutcomeScale,
    PrintedFigure,
)
from funis.audit.read_figures import FiguresError, parse_figures

COUNTS = ("0", "1", "2", "3", "5", "11", "40", "1,683", "100000", "1000000000")
VALUES = (
    "0",
    "0.00",
    "1",
    "-1",
    "0.5",
    "7.50",
    "35.0",
    "100",
    "100.1",
    "99.999999",
    "0.000000001",
    "123456789.987654321",
    "6",
)
POSITIVE = tuple(each for each in VALUES if not each.startswith("-"))
SCALES = (
    WHOLE,
    BINARY,
    OutcomeScale(),
    OutcomeScale(WHOLE.step, WHOLE.step, WHOLE.step, 3),
    OutcomeScale(minimum=WHOLE.step),
)


def drawn(seed: int) -> list[PrintedFigure]:
    draw = random.Random(seed)  # noqa: S311

    def maybe(key: str, values: tuple[str, ...]) -> dict[str, str]:
        return {key: draw.choice(values)} if draw.random() < 0.7 else {}

    keys: dict[str, Any] = {"outcome": "X", "scale": draw.choice(SCALES), "unit": draw.choice(("", "mg", "g/24h", "km")),
            "analyte": draw.choice(("", "proteinuria_24h", "temperature"))}  # fmt: skip
    figures: list[PrintedFigure] = []
    for number, group in enumerate(("a", "b")):
        figures.append(figure("size", f"size {number}", group=group, n=draw.choice(COUNTS)))
        figures += [
            figure("mean", f"mean {number} {time}", group=group, time=time, mean=draw.choice(VALUES),
                   **maybe("spread", POSITIVE), **maybe("n", COUNTS), **keys)
            for time in ("baseline", "month 3")
        ]  # fmt: skip
        figures += [
            figure("count", f"count {number}", group=group, **maybe("count", COUNTS), **maybe("denominator", COUNTS),
                   percent=draw.choice(POSITIVE), only_after=("X",), outcome=draw.choice(("X", "Y"))),
            figure("median", f"median {number}", median=draw.choice(VALUES), **maybe("low", VALUES), **maybe("high", VALUES), **keys),
            figure("limit", f"limit {number}", value=draw.choice(VALUES), relation=draw.choice(RELATIONS), **keys),
            figure("total", f"total {number}", total=draw.choice(COUNTS), parts=tuple(draw.choices(COUNTS, k=2))),
        ]  # fmt: skip
    for number, group in enumerate(("a", "b")):
        figures.append(figure("interval", f"interval {number}", group=group, low=draw.choice(VALUES), high=draw.choice(VALUES),
                              measure=draw.choice(INTERVAL_MEASURES), method=draw.choice(INTERVAL_METHODS), p_value="p 0",
                              against_group=draw.choice(("", "b")), **maybe("estimate", VALUES),
                              level=draw.choice(("95", "90", "99.999999", "0.000001")), **keys))  # fmt: skip
    for number in range(4):
        against = {"against_time": "baseline"} if draw.random() < 0.5 else {"against_group": "b"}
        figures.append(figure("p", f"p {number}", group="a", time="month 3", p=draw.choice(POSITIVE), relation=draw.choice(RELATIONS),
                              test=draw.choice(NAMED_TESTS), is_two_sided=draw.random() < 0.8, **maybe("n", COUNTS), **against))  # fmt: skip
    return figures


@pytest.mark.parametrize("seed", range(60))
def test_any_figures_get_an_answer(seed: int) -> None:
    figures = drawn(seed)
    for each in audit(figures):
        assert each.statement
        assert each.arithmetic
        assert len(each.arithmetic) < 900
        assert "None" not in each.statement + each.arithmetic
        if each.level != "note":
            assert each.ask


def test_a_p_above_one_is_no_probability() -> None:
    assert only("p_value", figure("p", p="1.2")).classification == "inconsistent as printed"
    assert not [each for each in audit([figure("p", p="1.00")]) if each.check == "p_value"]


@pytest.mark.parametrize(
    "row", ['[[means]]\nmean = "1"\nspread = "-1"', '[[p_values]]\np = "-0.1"', '[[counts]]\npercent = "-3"']
)
def test_what_cannot_be_negative_is_refused(row: str) -> None:
    with pytest.raises(FiguresError, match="below 0"):
        parse_figures(row, "a.toml")
