"""The two abstracts of 2012 and the paper of 2014 as a careful reviewer reads them."""

from pathlib import Path

import pytest

import funis
from funis.audit.findings import AuditFinding

TRIALS = Path(__file__).parent / "trials"


def told(*names: str) -> list[AuditFinding]:
    figures = [each for name in names for each in funis.read_figures(TRIALS / name).figures]
    return list(funis.audit(figures))


def told_of(findings: list[AuditFinding], classification: str) -> set[tuple[str, tuple[str, ...]]]:
    return {(each.check, each.figures) for each in findings if each.classification == classification}


def lines(findings: list[AuditFinding], classification: str) -> set[tuple[str, str]]:
    return {(each.check, each.figures[0]) for each in findings if each.classification == classification}


def test_the_lupus_abstract() -> None:
    findings = told("sle_2012.toml")
    assert told_of(findings, "inconsistent as printed") == {
        ("unit", ("protein_0", "protein_9", "protein_12")),
    }
    (relapses,) = [each for each in findings if each.classification == "unexplained"]
    assert (relapses.check, relapses.figures[:2]) == ("at_risk", ("relapse_9", "relapse_12"))
    words = " ".join(each.statement + each.arithmetic for each in findings)
    assert "n = 40 is the only number of subjects that fits all 5 means of SLEDAI" in words
    assert "month 9: 20, 25, 30, 35 or 40" in words
    assert "of the 26 without it before, 15.4%" in words


def test_the_sjogren_abstract() -> None:
    findings = told("sjogren_2012.toml")
    assert not lines(findings, "inconsistent as printed")
    assert lines(findings, "unexplained") == {
        ("paired_p", "flow_p_half"), ("exact_test", "anti_ssa_p"),
    }  # fmt: skip
    words = " ".join(each.statement + each.arithmetic for each in findings)
    for wanted in ("0.939", "0.917", "0.063", "3.85 times", "n = 24 is the only number", "-0.81"):
        assert wanted in words


def test_the_abstract_and_the_paper_of_the_lupus_trial() -> None:
    """Responders, denominators and percentages of relapse differ; relapses agree in number."""
    findings = [each for each in told("sle_2012.toml", "sle_2014.toml") if each.check == "two_reports"]
    assert {(each.figures[0], each.classification) for each in findings} == {
        ("relapse_9", "unexplained"), ("mcr_paper", "unexplained"), ("n", "consistent"),
    }  # fmt: skip
    together = {each.figures[0]: set(each.figures) for each in findings}
    assert together["relapse_9"] == {"relapse_9", "relapse_12", "relapse_9_paper", "relapse_12_paper"}
    assert {"mcr_paper", "pcr_paper"} < together["mcr_paper"]


@pytest.mark.parametrize("name", ["sle_2012.toml", "sjogren_2012.toml", "sle_2014.toml"])
def test_the_figures_are_those_that_are_printed(name: str) -> None:
    """No figure is asked about twice by one check, and the order of the file does not matter."""
    figures = list(funis.read_figures(TRIALS / name).figures)
    once = {(each.check, frozenset(each.figures), each.classification) for each in funis.audit(figures)}
    again = {
        (each.check, frozenset(each.figures), each.classification)
        for each in funis.audit(figures[::-1])
        if each.check != "mean_granularity"
    }
    kept = {
        each
        for each in once
        if each[0] not in {"mean_granularity", "spread", "number_of_subjects", "at_risk"}
    }
    assert kept <= again


def test_other_reports() -> None:
    """By hand: 8 + 4 = 12, not 10; 125 + 92 = 217, not 218. Everything else fits, 28/81 = 34.57 as 34 cut off."""
    findings = told("literature.toml")
    assert lines(findings, "inconsistent as printed") == {("sum_of_parts", "zhou")}
    # As standard errors 1323.9 and 800.7 of 12 would be deviations of 4586 and 2774, below the m sqrt(n) = 8678 and
    # 2972 that the means allow: which of the two they are stays open.
    assert lines(findings, "unexplained") == {("sum_of_parts", "bliss_sum"), ("spread", "liang_0")}
    words = {each.figures[0]: each.arithmetic for each in findings}
    assert "cut off" in words["wang_2018"]
    assert words["bliss_52"].startswith("125 of 287")
    assert words["bliss_76"].startswith("92 of 275")
