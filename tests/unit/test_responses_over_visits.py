"""Responses of the same subjects at several visits: who changed is counted by hand, and so is each P value."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from funis.analysis.repeated_responses import compare_responses_over_visits
from funis.analysis.run import Run
from funis.errors import StudyError
from funis.study.model import Endpoint
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

# Seven adults and a child; y a responder, n none, ? not known.
SAID = {"month_6": "yyyynn?y", "month_9": "nnnnnyyy", "month_12": "nynnn?yn"}
Found = dict[tuple[str, str, str], tuple[float | None, str, int | None]]


def compare(methods: tuple[str, ...], said: dict[str, str], population: str = "adults") -> Found:
    endpoint = Endpoint.model_validate(
        {
            "id": "r", "kind": "response", "definition": "ucmsc_bilag_response", "at": tuple(said),
            "methods": methods, "population": population,
        }
    )  # fmt: skip
    study = analysis.make_study(endpoint, populations={"adults": "age >= 18"})
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 8}}, study, age=[30] * 7 + [12])
    words = {"y": analysis._responder("MCR"), "n": analysis.NONE, "?": analysis.UNKNOWN}
    judged = [
        replace(analysis._answers(run, [words[each] for each in letters]), visit=visit)
        for visit, letters in said.items()
    ]
    compare_responses_over_visits(run, endpoint, judged)
    rows = run.numbers.frame().select("visit", "method", "statistic", "value", "text", "n").rows()
    return {(visit, method, statistic): (value, text, n) for visit, method, statistic, value, text, n in rows}


def test_each_later_visit_is_compared_with_the_first() -> None:
    found = compare(("mcnemar", "mcnemar_mid"), SAID)
    # Month 9: of the adults but the seventh, 4 lost and 1 gained: P 2 (1 + 5) / 32, mid-P takes off 5 / 32.
    assert found["month_9", "", "gained"] == (1, "1", 6)
    assert found["month_9", "", "lost"] == (4, "4", 6)
    assert found["month_9", "newcombe_paired", "estimate"][:2] == (-50.0, "-50.0")
    assert found["month_9", "mcnemar", "p"][0] == pytest.approx(12 / 32)
    assert found["month_9", "mcnemar_mid", "p"][0] == pytest.approx(7 / 32)
    # Month 12: the sixth is not known there; 3 of 5 lost, none gained: 2 / 8, and 2 / 8 - 1 / 8.
    assert found["month_12", "", "lost"] == (3, "3", 5)
    assert found["month_12", "", "gained"] == (0, "0", 5)
    assert found["month_12", "newcombe_paired", "estimate"][0] == -60.0
    assert found["month_12", "mcnemar", "p"][0] == pytest.approx(1 / 4)
    assert found["month_12", "mcnemar_mid", "p"][0] == pytest.approx(1 / 8)
    lower, upper = (found["month_12", "newcombe_paired", name][0] for name in ("lower", "upper"))
    assert lower is not None
    assert upper is not None
    assert -100 < lower < -60 < upper < 10
    assert {visit for visit, _, _ in found} == {"month_9", "month_12"}


def test_all_visits_are_compared_at_once() -> None:
    found = compare(("cochran_q",), SAID)
    # The first five adults: ynn yny ynn ynn nnn. Columns 4 0 1 with mean 5/3, rows 1 2 1 1 0:
    # Q = 3 * 2 * (49 + 25 + 4) / 9 / (2 + 2 + 2 + 2) = 6.5 with 2 degrees of freedom.
    assert found["all", "cochran_q", "statistic"][0] == pytest.approx(6.5)
    assert found["all", "cochran_q", "df"] == (2.0, "2", 5)
    # Totals at least as uneven, squares of 17: the three single answers in one of the two visits of the pair,
    # 2 of 27 ways whichever visits the pair has.
    assert found["all", "cochran_q", "p"][0] == pytest.approx(2 / 27)
    assert len(found) == 3


def test_the_child_counts_among_everybody() -> None:
    assert compare(("mcnemar",), SAID, "")["month_12", "", "lost"] == (4, "4", 6)


def test_nobody_known_at_both_visits_leaves_no_test() -> None:
    found = compare(("mcnemar", "cochran_q"), {"month_6": "????????", "month_9": "yyyyyyyy"})
    assert found["month_9", "", "lost"] == (0, "0", 0)
    for place in (("month_9", "mcnemar", "p"), ("all", "cochran_q", "p")):
        value, text, n = found[place]
        assert (value, n) == (None, 0)
        assert "nobody has a known response at all of these visits" in text


STUDY = """
[study]
id = "X"
title = "X"
condition = "sle"
design = "single_arm"

[[visits]]
name = "baseline"
day = 0
forms = ["sledai_2k", "bilag_2004"]

[[visits]]
name = "month_6"
day = 180
forms = ["sledai_2k", "bilag_2004"]

[[visits]]
name = "month_12"
day = 360
forms = ["sledai_2k", "bilag_2004"]

[[endpoints]]
id = "x"
{endpoint}
"""
RESPONSE = 'kind = "response"\ndefinition = "explorer_response"\n'
BOTH = 'at = ["month_6", "month_12"]\n'


@pytest.mark.parametrize("method", ["mcnemar", "mcnemar_mid", "cochran_q"])
def test_a_response_at_two_visits_may_ask_for_each(tmp_path: Path, method: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(endpoint=f'{RESPONSE}{BOTH}methods = ["{method}"]'), encoding="utf-8")
    assert read_study(path).endpoints[0].methods == (method,)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (f'{RESPONSE}at = "month_6"\nmethods = ["mcnemar"]', "fewer than two are named"),
        (f'{RESPONSE}at = ["month_6", "month_6"]\nmethods = ["cochran_q"]', "fewer than two are named"),
        (f'{RESPONSE}{BOTH}methods = ["paired_t"]', "choose of: cochran_q, mcnemar, mcnemar_mid"),
        (
            f'kind = "change"\nvariable = "sledai_2k"\n{BOTH}methods = ["mcnemar"]',
            "compares the visits of a response",
        ),
        (f'{RESPONSE}{BOTH}methods = ["chi_square"]', "chi_square"),
    ],
)
def test_what_a_method_does_not_fit_is_a_finding(tmp_path: Path, endpoint: str, said: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(endpoint=endpoint), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert said in str(caught.value)
