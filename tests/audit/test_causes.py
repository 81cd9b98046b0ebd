"""One slip is one finding: figures that one cause explains are told together, others apart."""

from fractions import Fraction
from typing import Any

from tests.audit.printed import WHOLE, figure, found, only

from funis.audit.figures import OutcomeScale, PrintedFigure
from funis.audit.findings import INCONSISTENT, UNEXPLAINED, AuditFinding


def protein(name: str, mean: str, unit: str = "mg", **keys: str) -> PrintedFigure:
    return figure(
        "mean", name, outcome="proteinuria", mean=mean, unit=unit, analyte="proteinuria_24h", **keys
    )


def ids(findings: list[AuditFinding], classification: str) -> list[tuple[str, ...]]:
    return [each.figures for each in findings if each.classification == classification]


def test_one_unit_printed_amiss_in_three_places_is_one_finding() -> None:
    held = [
        protein("a", "2.24", time="baseline"),
        protein("b", "1.24", time="month 9"),
        protein("c", "1.41", time="month 12"),
    ]
    told = only("unit", *held)
    assert told.figures == ("a", "b", "c")
    assert len(told.places) == 3
    assert told.statement == (
        "proteinuria: 2.24 mg at baseline, 1.24 mg at month 9 and 1.41 mg at month 12 are outside of what "
        "people have."
    )
    assert told.as_record()["figures"] == ["a", "b", "c"]
    # By hand: a milligram is a thousandth of a gram.
    for working in ("2.24 mg is 0.00224 g/24h.", "1.24 mg is 0.00124 g/24h.", "1.41 mg is 0.00141 g/24h."):
        assert working in told.arithmetic


def test_another_unit_another_report_and_a_unit_that_fits_stay_apart() -> None:
    held = [
        protein("a", "2.24", time="baseline"),
        protein("g", "1.24", "g", time="month 9"),
        protein("mg/d", "1.41", "mg/24h", time="month 12"),
        protein("other", "1.30", time="month 12", file="b.txt"),
    ]
    assert ids(found("unit", *held), INCONSISTENT) == [("a",), ("mg/d",), ("other",)]


def test_arms_are_named_where_they_differ() -> None:
    held = [protein("a", "2.24", group="cells"), protein("b", "2.10", group="placebo")]
    assert "2.24 mg (cells) and 2.10 mg (placebo) are" in only("unit", *held).statement
    alike = [protein("a", "2.24", group="cells"), protein("b", "2.10", group="cells", time="month 1")]
    assert "2.24 mg and 2.10 mg at month 1 (cells) are" in only("unit", *alike).statement


def test_percentages_of_one_other_number_are_one_finding() -> None:
    """By hand: 3/24 = 12.5, 4/24 = 16.67, 9/24 = 37.5; 5/31 = 16.13 is of no 24 and of no 40."""
    size = figure("size", "n", n="40")
    held = [
        figure("count", "a", outcome="relapse", count="3", percent="12.5"),
        figure("count", "b", outcome="death", count="4", percent="16.7"),
        figure("count", "c", outcome="fever", count="9", percent="37.5"),
        figure("count", "d", outcome="rash", count="5", percent="16.1"),
        figure("count", "e", outcome="cough", count="20", percent="50.0"),
    ]
    told = found("denominator", size, *held)
    assert ids(told, UNEXPLAINED) == [("a", "b", "c", "n"), ("d", "n")]
    together = told[0]
    assert together.statement == (
        "3 (12.5%) relapse, 4 (16.7%) death and 9 (37.5%) fever are not of the 40 subjects of the group; of 24 "
        "all can be."
    )
    assert "3/40 = 7.500%" in together.arithmetic


def test_means_that_one_other_number_explains_are_one_finding() -> None:
    """By hand: 8/3 = 2.67 and 7/3 = 2.33 are sums over 3, 6, 9, ... and none over 10; 2.50 is both ways."""
    size = figure("size", "n", n="10")
    keys: dict[str, Any] = {"outcome": "score", "scale": WHOLE}
    held = [
        figure("mean", "a", time="month 1", mean="2.67", **keys),
        figure("mean", "b", time="month 2", mean="2.33", **keys),
        figure("mean", "c", time="month 3", mean="2.50", **keys),
    ]
    told = found("mean_granularity", size, *held)
    assert ids(told, UNEXPLAINED) == [("a", "b", "n")]
    assert (
        "2.67 at month 1 and 2.33 at month 2 cannot be means of 10 subjects; of 6 or 9 all"
        in told[0].statement
    )


def test_what_differs_alike_between_two_reports_is_one_finding() -> None:
    def relapse(name: str, time: str, percent: str, file: str) -> PrintedFigure:
        return figure("count", name, outcome="relapse", time=time, percent=percent, file=file)

    held = [
        relapse("a9", "month 9", "7.5", "abstract"),
        relapse("a12", "month 12", "10.0", "abstract"),
        relapse("p9", "month 9", "12.5", "paper"),
        relapse("p12", "month 12", "16.7", "paper"),
    ]
    told = only("two_reports", *held)
    assert set(told.figures) == {"a9", "a12", "p9", "p12"}
    assert told.statement == "relapse: percentage differ between abstract and paper at month 9 and month 12."


def test_a_correlation_that_two_times_need_is_one_finding() -> None:
    keys: dict[str, Any] = {"outcome": "flow", "n": "11"}
    held = [
        figure("mean", "m0", time="baseline", mean="0.63", spread="0.73", spread_kind="sd", **keys),
        figure("mean", "m1", time="week 2", mean="1.00", spread="0.78", spread_kind="sd", **keys),
        figure("mean", "m2", time="month 1", mean="1.26", spread="1.02", spread_kind="sd", **keys),
        *(
            figure("p", name, time=time, against_time="baseline", p="0.001", relation="<", **keys)
            for name, time in (("p1", "week 2"), ("p2", "month 1"))
        ),
    ]
    told = only("paired_p", *held)
    assert told.figures[:2] == ("p1", "p2")
    assert (
        "P < 0.001 at week 2 (r of 0.939 or more) and P < 0.001 at month 1 (r of 0.917 or more)"
        in told.statement
    )


def test_spreads_that_fit_under_the_other_name_are_one_finding() -> None:
    """By hand: 124/25 with a sum of squares of 722 has an SD of 2.111, 126/25 with 762 one of 2.300.

    As standard errors they would be deviations of 10.5 and 11.5, and of values from 0 to 10 none is above 5.2.
    """
    scale = OutcomeScale(Fraction(1), Fraction(0), Fraction(10))
    keys: dict[str, Any] = {"outcome": "score", "n": "25", "spread_kind": "se", "scale": scale}
    held = [
        figure("mean", "a", time="month 1", mean="4.96", spread="2.11", **keys),
        figure("mean", "b", time="month 2", mean="5.04", spread="2.30", **keys),
    ]
    told = only("spread", *held)
    assert set(told.figures) == {"a", "b"}
    assert told.statement.endswith("As a standard deviation they are possible.")
