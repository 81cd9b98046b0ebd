"""Each check on figures worked by hand: what is inconsistent, what is only unexplained, what is sound."""

from fractions import Fraction
from typing import Any

import pytest
from tests.audit.printed import BINARY, WHOLE, figure, found, only

from funis.audit.audit import audit
from funis.audit.figures import OutcomeScale, PrintedFigure

INCONSISTENT, UNEXPLAINED = "inconsistent as printed", "unexplained"
CONSISTENT, NOT_CHECKABLE = "consistent", "not checkable"


# --- means and spreads -----------------------------------------------------------------------------------


def test_a_mean_with_its_own_n_is_inconsistent_and_with_the_size_of_the_group_unexplained() -> None:
    # 5.19 of 28: 145/28 = 5.1786, 146/28 = 5.2143.
    own = only("mean_granularity", figure("mean", mean="5.19", n="28", scale=WHOLE))
    assert own.classification == INCONSISTENT
    assert "145/28 = 5.1786 and 146/28 = 5.2143" in own.arithmetic
    size = figure("size", n="28")
    inherited = only("mean_granularity", figure("mean", mean="5.19", scale=WHOLE), size)
    assert inherited.classification == UNEXPLAINED
    # Of 14 to 27 whole subjects: 5.19 = 83/16 (5.1875), 109/21 (5.1905), 135/26 (5.1923), 140/27 (5.1852).
    assert "16, 21, 26 or 27" in inherited.arithmetic
    assert inherited.figures[1] == size.id


def test_a_mean_is_not_judged_where_every_mean_is_possible_or_nothing_is_known() -> None:
    assert (
        only("mean_granularity", figure("mean", mean="5.2", n="10", scale=WHOLE)).classification
        == NOT_CHECKABLE
    )
    assert only("mean_granularity", figure("mean", mean="5.19", n="28")).classification == NOT_CHECKABLE
    lacking = only("mean_granularity", figure("mean", mean="5.19", scale=WHOLE))
    assert lacking.classification == NOT_CHECKABLE
    assert lacking.ask
    assert (
        only("mean_granularity", figure("mean", mean="5.19", n="0", scale=WHOLE)).classification
        == NOT_CHECKABLE
    )


def test_a_sd_is_judged_with_both_divisors() -> None:
    # pigs5: 5.23 with 2.55 of 35 fits only where the sum of squares is divided by 35 (see test_granularity).
    by_n = only("spread", figure("mean", mean="5.23", spread="2.55", spread_kind="sd", n="35", scale=WHOLE))
    assert by_n.classification == UNEXPLAINED
    assert "Divided by n = 35 instead of 34 it is possible" in by_n.arithmetic
    # 1, 1, 2, 2, 2 would give 1.6 and 0.55; 0.60 is neither sqrt(1.2/4) = 0.548 nor sqrt(1.2/5) = 0.490, nor of the
    # next sum of squares 16 (4, 1, 1, 1, 1: sqrt(3.2/4) = 0.894, sqrt(3.2/5) = 0.8).
    neither = only("spread", figure("mean", mean="1.6", spread="0.60", spread_kind="sd", n="5", scale=WHOLE))
    assert neither.classification == INCONSISTENT


def test_a_binary_sd_is_debit() -> None:
    # pigs3: 0.19 of 1683 has an SD of sqrt(0.19 * 0.81) = 0.392, not 0.35.
    wrong = only(
        "binary_spread", figure("mean", mean="0.19", spread="0.35", spread_kind="sd", n="1683", scale=BINARY)
    )
    assert wrong.classification == INCONSISTENT
    right = only(
        "binary_spread", figure("mean", mean="0.53", spread="0.50", spread_kind="sd", n="1683", scale=BINARY)
    )
    assert right.classification == CONSISTENT


def test_a_sd_beyond_the_bounds_of_the_scale() -> None:
    scale = OutcomeScale(None, Fraction(0), Fraction(10))
    # Mean 5.0 (4.95 to 5.05) of 4 on 0 to 10: at most sqrt(4/3 * 25) = 5.77.
    assert (
        only(
            "spread", figure("mean", mean="5.0", spread="5.7", spread_kind="sd", n="4", scale=scale)
        ).classification
        == CONSISTENT
    )
    beyond = only("spread", figure("mean", mean="5.0", spread="5.9", spread_kind="sd", n="4", scale=scale))
    assert beyond.classification == INCONSISTENT
    assert "above 5.77" in beyond.arithmetic


def test_what_the_text_calls_a_sd_may_be_a_se() -> None:
    scale = OutcomeScale(None, Fraction(0), Fraction(10))
    # A standard error of 1.0 of 100 is a standard deviation of 10: impossible on 0 to 10 with mean 5 (at most 5.03).
    error = only("spread", figure("mean", mean="5.0", spread="1.0", spread_kind="se", n="100", scale=scale))
    assert error.classification == INCONSISTENT
    assert "As a standard deviation it is possible" in error.arithmetic


def test_an_unnamed_spread_is_told_by_all_times_together() -> None:
    scale = OutcomeScale(None, Fraction(0), Fraction(10))
    times = [
        figure("mean", time="day 0", mean="5.0", spread="1.0", n="100", scale=scale),
        figure("mean", time="day 9", mean="5.0", spread="0.2", n="100", scale=scale),
    ]
    told = only("spread", *times)
    assert (told.classification, "only be a standard deviation" in told.statement) == (CONSISTENT, True)
    either = only("spread", times[1])
    assert either.classification == UNEXPLAINED
    assert either.ask == "Are these standard deviations or standard errors?"


def test_one_number_of_subjects_for_all_times() -> None:
    # 2.50 needs an even n, 2.33 a multiple of three (of 2 to 6): six fits both, of 5 none.
    means = [
        figure("mean", time=time, mean=mean, scale=WHOLE)
        for time, mean in (("week 1", "2.50"), ("week 2", "2.33"))
    ]
    fits = only("number_of_subjects", *means, figure("size", n="6"))
    assert (fits.classification, "the only number" in fits.statement) == (CONSISTENT, True)
    five = only("number_of_subjects", *means, figure("size", n="5"))
    assert five.classification == UNEXPLAINED
    assert "week 1: 2 or 4; week 2: 3. All: none." in five.arithmetic


# --- limits ------------------------------------------------------------------------------------------------


def test_a_mean_cannot_lie_beyond_an_entry_criterion() -> None:
    limit = figure("limit", value="6", relation=">")
    # On whole numbers above 6 is from 7: 6.8 is too low at baseline and allowed at month 6.
    low = only("stated_limits", limit, figure("mean", time="baseline", mean="6.8", scale=WHOLE))
    assert low.classification == INCONSISTENT
    assert not found("stated_limits", limit, figure("mean", time="month 6", mean="5.0", scale=WHOLE))
    kept = only("stated_limits", limit, figure("mean", time="baseline", mean="7.0", scale=WHOLE))
    assert kept.classification == CONSISTENT
    # Continuous: 6.0 stands for up to 6.05, which is above 6.
    assert (
        only("stated_limits", limit, figure("mean", time="baseline", mean="6.0")).classification == CONSISTENT
    )
    assert (
        only("stated_limits", limit, figure("mean", time="baseline", mean="5.9")).classification
        == INCONSISTENT
    )


def test_a_criterion_bounds_the_spread_as_well() -> None:
    # All from 7 to 8 with mean 7.5: the SD of 10 is at most sqrt(10/9) * 0.5 = 0.527.
    scale = OutcomeScale(Fraction(1), Fraction(0), Fraction(8))
    figures = [
        figure("limit", value="6", relation=">"),
        figure("mean", time="baseline", mean="7.5", spread="0.9", spread_kind="sd", n="10", scale=scale),
    ]
    told = only("spread", *figures)
    assert told.classification == INCONSISTENT
    assert "from 7 to 8" in told.arithmetic
    assert figures[0].id in told.figures


def test_a_mean_beyond_its_scale_and_a_median_beyond_its_quartiles() -> None:
    scale = OutcomeScale(Fraction(1), Fraction(0), Fraction(10))
    assert only("stated_limits", figure("mean", mean="10.2", scale=scale)).classification == INCONSISTENT
    assert not found("stated_limits", figure("mean", mean="10.0", scale=scale))
    assert (
        only("stated_limits", figure("median", median="4", low="6", high="9")).classification == INCONSISTENT
    )
    assert (
        only("stated_limits", figure("median", median="11", low="6", high="9")).classification == INCONSISTENT
    )
    assert not found("stated_limits", figure("median", median="6", low="6", high="9"))


# --- counts --------------------------------------------------------------------------------------------------


def test_a_percentage_without_its_count() -> None:
    # pigs2: of 150, 101/150 = 67.33 and 102/150 = 68.0; 54.0 = 81/150.
    assert (
        only("denominator", figure("count", percent="67.4", denominator="150")).classification == INCONSISTENT
    )
    assert (
        only("denominator", figure("count", percent="54.0", denominator="150")).classification == CONSISTENT
    )
    # 100/150 = 66.667 may be cut off to 66.6.
    assert (
        only("denominator", figure("count", percent="66.6", denominator="150")).classification == CONSISTENT
    )


def test_a_percentage_without_its_denominator() -> None:
    alone = only("denominator", figure("count", count="3", percent="7.5"))
    assert alone.arithmetic == "3 is 7.5% of 40."
    assert (
        only("denominator", figure("count", count="3", percent="7.5"), figure("size", n="40")).classification
        == CONSISTENT
    )
    # 3/40 = 7.5, but 3 of 24 is 12.5.
    other = only("denominator", figure("count", count="3", percent="12.5"), figure("size", n="40"))
    assert other.classification == UNEXPLAINED
    assert "of 24" in other.arithmetic
    # 7 is 99% of 7.03 to 7.11.
    assert only("denominator", figure("count", count="7", percent="99")).classification == INCONSISTENT
    assert only("denominator", figure("count", count="0", percent="0")).classification == CONSISTENT


def test_a_percentage_alone_is_held_against_the_group() -> None:
    size = figure("size", n="7")
    # 3/7 = 42.86; 45 is none of sevenths, but 5/11.
    assert only("denominator", figure("count", percent="43"), size).classification == CONSISTENT
    assert only("denominator", figure("count", percent="45"), size).classification == UNEXPLAINED
    assert only("denominator", figure("count", percent="45")).classification == NOT_CHECKABLE


def test_events_are_counted_among_those_at_risk() -> None:
    response = figure("count", outcome="response", count="29", denominator="40")
    first = figure(
        "count", outcome="relapse", time="month 9", count="3", denominator="40", only_after=("response",)
    )
    later = figure(
        "count", outcome="relapse", time="month 12", count="4", denominator="40", only_after=("response",)
    )
    told = only("at_risk", response, first, later)
    assert told.classification == UNEXPLAINED
    # By hand: 3/29 = 10.34, 4/29 = 13.79, and of the 26 who had not relapsed 15.38.
    assert "At month 9 3/29 = 10.3%" in told.arithmetic
    assert "At month 12 4/29 = 13.8%; of the 26 without it before, 15.4%" in told.arithmetic
    right = figure(
        "count", outcome="relapse", time="month 9", count="3", denominator="29", only_after=("response",)
    )
    assert only("at_risk", response, right).classification == CONSISTENT
    many = figure("count", outcome="relapse", count="30", denominator="40", only_after=("response",))
    assert only("at_risk", response, many).classification == INCONSISTENT
    assert not found("at_risk", first)


@pytest.mark.parametrize(
    ("total", "parts", "exclusive", "classification"),
    [
        ("24", ("23", "1"), True, CONSISTENT),
        ("24", ("23", "2"), True, INCONSISTENT),
        ("24", ("23", "2"), False, CONSISTENT),
        ("24", ("20", "1"), True, UNEXPLAINED),
        ("24", ("25",), False, INCONSISTENT),
    ],
)
def test_categories_add_up(
    total: str, parts: tuple[str, ...], classification: str, *, exclusive: bool
) -> None:
    assert (
        only("sum_of_parts", figure("total", total=total, parts=parts, is_exclusive=exclusive)).classification
        == classification
    )


# --- P values --------------------------------------------------------------------------------------------------


def changed(
    p: str,
    relation: str,
    *,
    test: str = "paired_t",
    n: str = "40",
    spreads: tuple[str, str] = ("4.63", "3.93"),
    **keys: Any,
) -> list[PrintedFigure]:
    return [
        figure("mean", time="baseline", mean="10.83", spread=spreads[0], spread_kind="sd", n=n),
        figure("mean", time="month 3", mean="7.43", spread=spreads[1], spread_kind="sd", n=n),
        figure("p", time="month 3", against_time="baseline", p=p, relation=relation, test=test, **keys),
    ]


def test_a_p_no_correlation_can_give() -> None:
    # By hand: t = 3.40 / (4.63 + 3.93) * sqrt(40) = 2.51 at r = -1, P = 0.016 (39 df): 0.2 is out of reach.
    assert only("paired_p", *changed("0.20", "=")).classification == INCONSISTENT
    assert only("paired_p", *changed("0.20", "=", test="")).classification == UNEXPLAINED
    every = only("paired_p", *changed("0.05", "<"))
    assert (every.classification, "every correlation" in every.statement) == (CONSISTENT, True)
    assert only("paired_p", *changed("0.01", "=")).classification == CONSISTENT
    # Half of 0.0163 is 0.008, which a larger one-sided P of 0.0163 is not; 0.03 two-sided is not, but nor is half.
    assert only("paired_p", *changed("0.03", "=")).classification == INCONSISTENT
    assert only("paired_p", *changed("0.03", "=", is_two_sided=False)).classification == INCONSISTENT


def test_a_p_below_what_equal_changes_give() -> None:
    # Spreads of 9.0 and 1.0: the changes have an SD of at least 7.9 (rounding), t at most 3.41 / 7.9 * sqrt(10) = 1.365:
    # P of 9 df is at least 0.205.
    figures = changed("0.05", "<", n="10", spreads=("9.0", "1.0"))
    told = only("paired_p", *figures)
    assert told.classification == INCONSISTENT
    assert "0.20" in told.arithmetic


def test_a_p_that_needs_a_high_correlation_is_asked_about() -> None:
    saliva = [
        figure("mean", time="baseline", mean="0.63", spread="0.73", spread_kind="sd", n="11"),
        figure("mean", time="week 2", mean="1.00", spread="0.78", spread_kind="sd", n="11"),
        figure("p", time="week 2", against_time="baseline", p="0.001", relation="<"),
    ]
    told = only("paired_p", *saliva)
    # By hand: t of 10 df for 0.001 is 4.587; 0.37 sqrt(11) / 4.587 = 0.2675; (0.73^2 + 0.78^2 - 0.2675^2) / (2 * 0.73 * 0.78)
    # = (0.5329 + 0.6084 - 0.0716) / 1.1388 = 0.939.
    assert told.classification == UNEXPLAINED
    assert "0.939" in told.statement


def test_the_number_of_subjects_a_p_needs() -> None:
    protein = [
        figure("mean", time="baseline", mean="2.24", spread="1.43"),
        figure("mean", time="month 12", mean="1.41", spread="1.33"),
        figure("p", time="month 12", against_time="baseline", p="0.05", relation="<"),
    ]
    told = only("paired_p", *protein)
    assert told.classification == NOT_CHECKABLE
    assert "n = 24 at r = 0.0 and n = 14 at r = 0.5" in told.arithmetic


def arms(
    p: str, *, test: str = "independent_t", kind: str = "sd", relation: str = "="
) -> list[PrintedFigure]:
    return [
        figure("mean", group="a", mean="10.000", spread="2.000", spread_kind=kind, n="20"),
        figure("mean", group="b", mean="12.000", spread="2.000", spread_kind=kind, n="20"),
        figure("p", group="a", against_group="b", p=p, test=test, relation=relation),
    ]


def test_a_p_of_two_groups() -> None:
    # t = 2 / (2 sqrt(2/20)) = 3.162, P of 38 df = 0.0031; as standard errors t = 2 / sqrt(8) = 0.707, P = 0.48.
    assert only("independent_p", *arms("0.003")).classification == CONSISTENT
    wrong = only("independent_p", *arms("0.48"))
    assert wrong.classification == INCONSISTENT
    assert "As standard errors" in wrong.arithmetic
    assert only("independent_p", *arms("0.48", kind="se")).classification == CONSISTENT
    assert only("independent_p", *arms("0.48", test="")).classification == UNEXPLAINED
    # Half of 0.00308 is 0.00154, which prints as 0.0015: one-sided.
    assert only("independent_p", *arms("0.0015")).classification == UNEXPLAINED


def test_two_proportions() -> None:
    # Tea: 3/4 against 1/4: Fisher 34/70 = 0.486; chi-square 8 (9 - 1)^2 / (4^4) = 2, P = 0.157; with Yates 8 (8 - 4)^2 / 256
    # = 0.5, P = 0.480; one-sided Fisher 17/70 = 0.243.
    def tea(p: str, test: str) -> list[PrintedFigure]:
        return [
            figure("count", group="a", count="3", denominator="4"),
            figure("count", group="b", count="1", denominator="4"),
            figure("p", group="a", against_group="b", p=p, test=test),
        ]

    assert only("two_proportions", *tea("0.486", "fisher")).classification == CONSISTENT
    assert only("two_proportions", *tea("0.157", "chi_square")).classification == CONSISTENT
    assert only("two_proportions", *tea("0.157", "fisher")).classification == UNEXPLAINED
    assert only("two_proportions", *tea("0.03", "fisher")).classification == INCONSISTENT
    assert only("two_proportions", *tea("0.03", "")).classification == UNEXPLAINED
    assert only("two_proportions", *tea("0.243", "fisher")).classification == UNEXPLAINED


@pytest.mark.parametrize(
    ("test", "n", "p", "relation", "classification"),
    [
        # 2/2^5 = 0.0625; by the normal approximation 0.043, of equal changes 0.025.
        ("wilcoxon_signed_rank", "5", "0.001", "<", INCONSISTENT),
        ("wilcoxon_signed_rank", "5", "0.05", "<", UNEXPLAINED),
        ("wilcoxon_signed_rank", "5", "0.063", "=", CONSISTENT),
        ("sign", "5", "0.01", "<", INCONSISTENT),
        ("mcnemar", "10", "0.002", "=", CONSISTENT),
        ("", "5", "0.001", "<", UNEXPLAINED),
        # Of 11 without ties 2/2048 = 0.00098 is the least.
        ("wilcoxon_signed_rank", "11", "0.001", "<", CONSISTENT),
    ],
)
def test_the_smallest_p_of_few_subjects(
    test: str, n: str, p: str, relation: str, classification: str
) -> None:
    told = only("exact_test", figure("p", time="t", against_time="s", p=p, relation=relation, test=test, n=n))
    assert told.classification == classification


def test_a_p_with_its_own_n_at_a_later_time_is_one_of_changes() -> None:
    assert (
        only("exact_test", figure("p", time="1 month", p="0.001", relation="<", n="5")).classification
        == UNEXPLAINED
    )
    for keys in ({"time": "baseline"}, {}):
        assert not found("exact_test", figure("p", p="0.001", relation="<", n="5", **keys))


def test_a_signed_rank_p_of_eleven_is_one_of_a_list() -> None:
    # R: psignrank(0:66, 11): two-sided 0.0068, 0.0098 around 0.008 and 0.0420, 0.0537 around 0.043.
    told = only(
        "exact_test", figure("p", time="t", against_time="s", p="0.008", test="wilcoxon_signed_rank", n="11")
    )
    assert told.classification == UNEXPLAINED
    assert "0.007" in told.arithmetic
    assert "0.010" in told.arithmetic
    right = only(
        "exact_test", figure("p", time="t", against_time="s", p="0.042", test="wilcoxon_signed_rank", n="11")
    )
    assert right.classification == CONSISTENT


def test_the_smallest_p_of_two_groups() -> None:
    sizes = [figure("size", group="a", n="3"), figure("size", group="b", n="3")]
    # 2/C(6, 3) = 0.1; by the approximation z = 4.5 / sqrt(9 * 7 / 12) = 1.964, P = 0.0495; tied less still: variance
    # 9/12 (7 - 48/30) = 4.05, z = 2.236, P = 0.0253.
    low = only(
        "exact_test",
        *sizes,
        figure("p", group="a", against_group="b", p="0.01", relation="<", test="wilcoxon_rank_sum"),
    )
    assert low.classification == INCONSISTENT
    high = only(
        "exact_test", *sizes, figure("p", group="a", against_group="b", p="0.1", test="wilcoxon_rank_sum")
    )
    assert high.classification == CONSISTENT


# --- units and two reports ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "unit", "value", "classification"),
    [
        ("proteinuria_24h", "mg", "2.24", INCONSISTENT),
        ("proteinuria_24h", "mg/24h", "2505.0", CONSISTENT),
        ("proteinuria_24h", "g/24h", "2.24", CONSISTENT),
        ("proteinuria_24h", "g/24h", "2240", INCONSISTENT),
        ("haemoglobin", "g/L", "12.1", INCONSISTENT),
        ("haemoglobin", "g/dL", "12.1", CONSISTENT),
        ("creatinine", "umol/L", "15", UNEXPLAINED),
        ("creatinine", "furlong", "15", NOT_CHECKABLE),
        ("creatinine", "", "15", NOT_CHECKABLE),
    ],
)
def test_units(analyte: str, unit: str, value: str, classification: str) -> None:
    told = only("unit", figure("mean", mean=value, unit=unit, analyte=analyte))
    assert told.classification == classification


def test_the_other_unit_is_named() -> None:
    assert (
        "In g/24h the number would be usual."
        in only("unit", figure("mean", mean="2.24", unit="mg", analyte="proteinuria_24h")).arithmetic
    )


def test_two_reports_of_one_trial() -> None:
    abstract = figure(
        "count", "a", outcome="relapse", time="month 9", count="3", percent="7.5", file="abstract"
    )
    paper = figure("count", "b", outcome="Relapse", time="9 months", count="3", percent="12.5", file="paper")
    told = only("two_reports", abstract, paper)
    assert told.classification == UNEXPLAINED
    assert "percentage 7.5 and 12.5" in told.arithmetic
    rounded = figure("mean", "c", mean="7.4", file="abstract"), figure("mean", "d", mean="7.43", file="paper")
    assert only("two_reports", *rounded).classification == CONSISTENT
    assert not found("two_reports", rounded[0], figure("mean", "d", mean="7.9", file="abstract"))


def test_a_count_since_the_start_is_not_below_one_before_its_end() -> None:
    at_six = figure(
        "count", "a", outcome="MCR", time="month 6", count="14", denominator="40", file="abstract"
    )
    since = figure(
        "count",
        "b",
        outcome="MCR",
        time="12 months",
        count="13",
        denominator="40",
        is_cumulative=True,
        file="paper",
    )
    told = only("two_reports", at_six, since)
    assert told.classification == UNEXPLAINED
    assert "13 up to 12 months, 14 at month 6" in told.arithmetic
    later = figure(
        "count", "a", outcome="MCR", time="month 18", count="14", denominator="40", file="abstract"
    )
    assert not found("two_reports", later, since)


def since_start(name: str, time: str, count: str, file: str, **keys: str) -> PrintedFigure:
    keys = {"outcome": "death", "group": "cells", **keys}
    return figure("count", name, time=time, count=count, is_cumulative=True, file=file, **keys)


def test_a_count_since_the_start_does_not_fall_from_one_report_to_the_next() -> None:
    """4 deaths by month 12 of an interim report cannot be 3 by month 24 of the final one."""
    interim = since_start("a", "month 12", "4", "interim")
    told = only("two_reports", interim, since_start("b", "2 years", "3", "final"))
    assert told.classification == UNEXPLAINED
    assert "4 up to month 12, 3 up to 2 years" in told.arithmetic
    assert (
        only("two_reports", interim, since_start("b", "2 years", "4", "final")).classification == CONSISTENT
    )
    in_one = only("two_reports", interim, since_start("b", "month 24", "3", "interim"))
    assert in_one.classification == INCONSISTENT


@pytest.mark.parametrize("keys", [{"group": "placebo"}, {"outcome": "relapse"}, {"time": "last visit"}])
def test_counts_of_another_arm_outcome_or_unknown_time_are_not_compared(keys: dict[str, str]) -> None:
    other = since_start("b", **{"time": "month 24", "count": "3", "file": "final", **keys})
    assert not found("two_reports", since_start("a", "month 12", "4", "interim"), other)


def test_every_finding_says_what_a_reader_needs() -> None:
    """Statement, arithmetic and place always; certainty and a question where anything is asked."""
    told = audit([
        figure("mean", mean="5.19", n="28", scale=WHOLE), figure("count", count="3", denominator="40", percent="8.5"),
        figure("total", total="24", parts=("23", "2")), figure("mean", "u", outcome="p", mean="2.24", unit="mg", analyte="proteinuria_24h"),
    ])  # fmt: skip
    for each in told:
        assert each.statement.endswith(".")
        assert each.arithmetic.endswith((".", "?"))
        assert each.sentence == "A sentence."
        if each.level != "note":
            assert each.certainty
            assert each.ask.endswith("?")
        assert not {"fabricat", "fraud", "false", "fake", "error by the authors"} & set(
            " ".join(each.as_record()["statement"]).split()
        )
    assert {each.level for each in told} == {"error", "note"}
