"""P values between two arms: which two they compare, and what the printed figures leave possible."""

from fractions import Fraction

import pytest
from scipy.stats import ttest_ind_from_stats
from tests.audit.test_extraction import extracted
from tests.audit.test_table_figures import extracted as extracted_table

from funis.audit.audit import audit
from funis.audit.extraction.extract import ExtractedFigures
from funis.audit.figures import PrintedCount, PrintedP, RoundingInterval
from funis.audit.findings import CONSISTENT, UNEXPLAINED
from funis.audit.p_ranges import SampleSummary, independent_range

ARMS = "Patients were randomised to MSC (n = 20) or placebo (n = 22)."


def compared(found: ExtractedFigures) -> list[tuple[str, str, str, str]]:
    return [
        (each.about.outcome, each.about.group, each.against_group, str(each.p))
        for each in found.figures
        if isinstance(each, PrintedP)
    ]


def told(found: ExtractedFigures, check: str) -> list[str]:
    return [each.classification for each in audit(list(found.figures)) if each.check == check]


def test_a_sentence_names_the_two_groups() -> None:
    """By hand: the standard error is the root of 0.16/20 + 0.09/22 = 0.110; 0.3/0.110 = 2.73, P about 0.01."""
    flow = "Salivary flow was 1.2 ± 0.4 mL/min in the MSC group versus 0.9 ± 0.3 mL/min in the placebo group"
    found = extracted(ARMS, f"{flow} (P = 0.009).")
    assert [each[1:] for each in compared(found)] == [("MSC", "placebo", "0.009")]
    assert told(found, "independent_p") == [CONSISTENT]
    assert told(extracted(ARMS, f"{flow} (P = 0.45)."), "independent_p") == [UNEXPLAINED]


def test_counts_of_two_groups_are_compared() -> None:
    """R: fisher.test(matrix(c(12, 8, 2, 20), 2)) gives P = 0.0007917."""
    share = "Response was 60% (12/20) and 9% (2/22) in the MSC and placebo groups, respectively"
    found = extracted(ARMS, f"{share} (P = 0.001).")
    assert [each[1:] for each in compared(found)] == [("MSC", "placebo", "0.001")]
    assert told(found, "two_proportions") == [CONSISTENT]
    assert told(extracted(ARMS, f"{share} (P = 0.04)."), "two_proportions") == [UNEXPLAINED]


def test_versus_in_a_bracket_follows_the_order_of_the_groups() -> None:
    text = "Response was more frequent in the MSC group than in the placebo group (12 of 20 patients vs 2 of 22 patients; P = 0.001)."
    assert [each[1:] for each in compared(extracted(ARMS, text))] == [("MSC", "placebo", "0.001")]


def test_the_word_group_is_no_name() -> None:
    text = (
        "Overall, 12 patients (60%) in the MSC group and 2 patients (9%) in the usual care group responded."
    )
    counts = [each for each in extracted(ARMS, text).figures if isinstance(each, PrintedCount)]
    assert [each.about.group for each in counts] == ["MSC", "usual care"]


def test_another_outcome_stands_behind_a_semicolon() -> None:
    text = "Relapse was seen in 4 (20%) in the MSC group and 8 (36%) in the placebo group; 1 (5%) and 2 (9%), respectively, died."
    counts = [each for each in extracted(ARMS, text).figures if isinstance(each, PrintedCount)]
    assert [each.about.outcome for each in counts][:2] == ["Relapse", "Relapse"]
    assert "Relapse" not in [each.about.outcome for each in counts][2:]


def test_what_is_compared_with_a_named_group_is_of_the_others() -> None:
    """R: fisher.test(matrix(c(7, 6, 2, 10), 2)) gives P = 0.0968, the chi-square test without correction 0.0524."""
    text = "Treatment with cells resulted in 53.85% (7/13) complete remission, compared with 16.67% (2/12) in the placebo group (P=0.036)."
    found = extracted(ARMS, text)
    assert [each[1:] for each in compared(found)] == [("compared with placebo", "placebo", "0.036")]
    assert told(found, "two_proportions") == [UNEXPLAINED]
    assert told(extracted(ARMS, text.replace("0.036", "0.097")), "two_proportions") == [CONSISTENT]


def test_a_group_behind_a_figure_is_not_that_of_the_next_clause() -> None:
    text = "It was met by 22 (35%) of those with cells vs 14 (23%) with placebo; at week 104 by 26 (41%) vs 14 (23%)."
    counts = [each for each in extracted(ARMS, text).figures if isinstance(each, PrintedCount)]
    assert counts[1].about.group == "placebo"
    assert counts[2].about.group == "group not said"


@pytest.mark.parametrize(
    "sentence",
    [
        "SLEDAI fell from 10.1 ± 4.0 to 6.2 ± 3.0 in the MSC group and from 11.0 ± 4.1 to 9.1 ± 3.2 in the placebo group (P = 0.02).",
        "SLEDAI was 6.2 ± 3.0 in the MSC group and 9.1 ± 3.2 in the placebo group (P = 0.02 vs. baseline).",
        "The least-squares mean SLEDAI was 6.2 ± 3.0 in the MSC group and 9.1 ± 3.2 in the placebo group (P = 0.02).",
        "SLEDAI was 6.2 ± 3.0 (P = 0.02).",
    ],
)
def test_where_two_groups_are_not_plain_none_is_guessed(sentence: str) -> None:
    assert [each[2] for each in compared(extracted(ARMS, sentence))] == [""]


TABLE = """
| Characteristic | MSC (n = 20) | Placebo (n=22) | P value |
|---|---|---|---|
| Age, years, mean ± SD | 34.5 ± 10.2 | 36.1 ± 9.8 | 0.61 |
| Women, n (%) | 18 (90.0) | 19 (86.4) | 1.00 |
| Weight, kg, mean ± SD | 60.0 ± 5.0 | 70.0 ± 5.0 | 0.30 |
| Height, cm, mean ± SD | 150.0 ± 5.0 | 170.0 ± 5.0 | 0.40 |
"""


def test_a_table_names_the_two_groups_and_one_doubt_is_told_once() -> None:
    """R: t.test from these summaries gives P = 0.607; fisher.test(matrix(c(18, 2, 19, 3), 2)) gives P = 1."""
    found = extracted_table(TABLE)
    assert [each[1:3] for each in compared(found)] == [("MSC", "Placebo")] * 4
    findings = [each for each in audit(list(found.figures)) if each.check == "independent_p"]
    assert [each.classification for each in findings] == [CONSISTENT, UNEXPLAINED]
    assert "P = 0.30 of body weight (MSC) and P = 0.40 of Height" in findings[1].statement
    assert told(found, "two_proportions") == [CONSISTENT]


def test_a_third_group_leaves_open_which_two_are_meant() -> None:
    rows = TABLE.replace("| P value |", "| Control (n = 9) | P value |").replace(
        "9.8 |", "9.8 | 30.0 ± 9.0 |"
    )
    assert compared(extracted_table(rows))[0][2] == ""


def test_no_sample_that_prints_so_is_left_out_of_the_range() -> None:
    """Standard deviations of 2.5 and 0.866 print as 3 and 1; between the ends the degrees of freedom are most."""
    p = float(ttest_ind_from_stats(9, 2.5, 4, 0, 0.866, 2, equal_var=False).pvalue)

    def summary(mean: int, low: str, high: str, n: int) -> SampleSummary:
        ends = RoundingInterval(Fraction(mean), Fraction(mean))
        return SampleSummary(ends, RoundingInterval(Fraction(low) ** 2, Fraction(high) ** 2), n)

    found = independent_range(summary(9, "2.5", "3.5", 4), summary(0, "0.5", "1.5", 2))
    assert found.lowest <= p <= found.highest
