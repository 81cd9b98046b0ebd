"""The P value that decides about a response endpoint: against a known rate, or between two arms; by hand."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import multiplicity
from funis.analysis.multiplicity import Hypothesis, _response_hypothesis, decisive_method
from funis.study.model import Arm, Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

NAN = np.nan
ARMS = (Arm(id="cells", name="Cells"), Arm(id="usual", name="Usual", control=True))


def hypothesis(
    monkeypatch: pytest.MonkeyPatch, codes: list[float], *, arms: list[str] | None = None, **more: Any
) -> Hypothesis:
    """Judge subjects of whom 1 responds, 0 does not, and NaN cannot be told."""
    study = analysis.make_study(arms=ARMS if arms else ())
    run = analysis.make_run({"x": {"baseline": [1.0] * len(codes)}}, study, **({"arm": arms} if arms else {}))
    monkeypatch.setattr(multiplicity, "responder_codes", lambda *_: np.array(codes))
    endpoint = Endpoint.model_validate(
        {"id": "r", "kind": "response", "definition": "sri_4", "at": ("month_6",), **more}
    )
    return _response_hypothesis(run, pl.DataFrame(), endpoint, "month_6")


@pytest.mark.parametrize(
    ("rule", "responders", "n", "p"),
    [
        # Against one half. 4 of 5: 2 x 6/32; 4 of 6: 2 x 22/64; 5 of 6 would be 2 x 7/64.
        ("observed", 4, 5, 12 / 32),
        ("nonresponder", 4, 6, 44 / 64),
        # The worst for one arm alone is no response.
        ("worst", 4, 6, 44 / 64),
    ],
)
def test_one_arm_against_a_known_rate(
    monkeypatch: pytest.MonkeyPatch, rule: str, responders: int, n: int, p: float
) -> None:
    codes = [1, 1, 1, 1, 0, NAN]
    assert sum(code == 1 for code in codes) == responders
    found = hypothesis(monkeypatch, codes, missing_outcome=rule, null_rate=0.5)
    assert (found.method, found.place.n, found.place.denominator) == ("binomial", n, n)
    assert found.p == pytest.approx(p)
    assert (found.place.visit, found.place.missing_outcome) == ("month_6", rule)


def test_without_a_known_rate_or_a_response_there_is_no_p(monkeypatch: pytest.MonkeyPatch) -> None:
    for codes, rate in (([1.0, 0.0], None), ([NAN, NAN], 0.5)):
        found = hypothesis(monkeypatch, codes, null_rate=rate, missing_outcome="observed")
        assert (found.method, found.p, found.why) == ("binomial", None, "no response can be determined")


TWO_ARMS = ["cells"] * 4 + ["usual"] * 4


@pytest.mark.parametrize(
    ("rule", "p"),
    [
        # Known: 3 of 3 against 0 of 3, two of the 20 tables are as extreme.
        ("observed", 2 / 20),
        # 3 of 4 against 0 of 4: tables 3:0 and 0:3 of C(8, 3) = 56, 4 each.
        ("nonresponder", 8 / 56),
        # 3 of 4 against 1 of 4: of C(8, 4) = 70 tables 16 + 1 on each side.
        ("worst", 34 / 70),
    ],
)
def test_two_arms_by_fishers_exact_test(monkeypatch: pytest.MonkeyPatch, rule: str, p: float) -> None:
    """Under the worst rule the unknown of the control arm responds, that of the other arm does not."""
    codes = [1, 1, 1, NAN, 0, 0, 0, NAN]
    found = hypothesis(monkeypatch, codes, arms=TWO_ARMS, missing_outcome=rule)
    assert found.method == "fisher"
    assert found.p == pytest.approx(p)
    assert (found.place.arm, found.place.contrast) == ("cells", "usual")
    assert found.place.n == (6 if rule == "observed" else 8)


def test_an_arm_without_a_known_response_has_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [1, 1, 1, 1, NAN, NAN, NAN, NAN]
    found = hypothesis(monkeypatch, codes, arms=TWO_ARMS, missing_outcome="observed")
    assert (found.p, found.why) == (None, "an arm is empty")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"methods": ("wilcoxon", "paired_t")}, "wilcoxon"),
        ({"methods": ("bootstrap", "paired_t")}, "paired_t"),
        ({"methods": ("paired_t", "mmrm")}, "mmrm"),
        ({"methods": ("paired_t",), "missing_outcome": "j2r"}, "j2r"),
        ({"methods": ("bootstrap",)}, ""),
    ],
)
def test_which_test_decides(more: dict[str, Any], expected: str) -> None:
    endpoint = Endpoint.model_validate({"id": "e", "kind": "change", "variable": "x", **more})
    assert decisive_method(endpoint) == expected


@pytest.mark.parametrize(("codes", "higher"), [([1, 1, 0], True), ([1, 0, 0], False), ([1, 1, 0, 0], False)])
def test_a_rate_is_higher_than_the_known_one_or_it_is_not(
    monkeypatch: pytest.MonkeyPatch, codes: list[float], *, higher: bool
) -> None:
    found = hypothesis(monkeypatch, codes, null_rate=0.5, missing_outcome="observed")
    assert found.is_higher is higher


@pytest.mark.parametrize(
    ("codes", "higher"),
    [([1, 1, 0, 0, 1, 0, 0, 0], True), ([1, 0, 0, 0, 1, 0, 0, 0], False), ([0, 0, 0, 0, 1, 0, 0, 0], False)],
)
def test_a_rate_is_higher_than_that_of_the_control_arm_or_it_is_not(
    monkeypatch: pytest.MonkeyPatch, codes: list[float], *, higher: bool
) -> None:
    found = hypothesis(monkeypatch, codes, arms=TWO_ARMS, missing_outcome="observed")
    assert found.is_higher is higher
