"""Intervals in sentences and tables as papers print them: their estimate, their P value, whom they compare."""

import pytest
from tests.audit.test_extraction import extracted, text
from tests.audit.test_table_figures import extracted as extracted_table

from funis.audit.audit import audit
from funis.audit.extraction.extract import ExtractedFigures
from funis.audit.figures import PrintedInterval
from funis.audit.findings import CONSISTENT, UNEXPLAINED

ARMS = "Patients were randomised to MSC (n = 20) or placebo (n = 20)."


def intervals(found: ExtractedFigures) -> list[PrintedInterval]:
    return [each for each in found.figures if isinstance(each, PrintedInterval)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It was lower (OR 0.26, 95% CI 0.07 to 0.89).", ("odds ratio", "0.26", "0.07", "0.89", "95")),
        ("It was lower (OR = 0.26 [95%CI: 0.07; 0.89]).", ("odds ratio", "0.26", "0.07", "0.89", "95")),
        ("It was lower (aHR 0·80, CI 95% 0·73–0·87).", ("hazard ratio", "0.80", "0.73", "0.87", "95")),
        ("It fell (hazard ratio for death, 0.80; 95% confidence interval [CI], 0.73 to 0.87).",
         ("hazard ratio", "0.80", "0.73", "0.87", "95")),
        ("The relative risk of death was 0.81 (90% CI, 0.70-0.94).", ("risk ratio", "0.81", "0.70", "0.94", "90")),
        ("The mean difference was −2.9 points (95% CI −5.0 to −0.8).", ("mean difference", "-2.9", "-5.0", "-0.8", "95")),
        ("The difference in SLEDAI at 6 months was −2.9 (95% CI −5.0, −0.8).",
         ("mean difference", "-2.9", "-5.0", "-0.8", "95")),
        ("The median difference was 2 (95% CI 1 to 5).", ("", "2", "1", "5", "95")),
        ("Response was 35.0% (14/40; 95% CI 20.6–51.7).", ("proportion", "35.0", "20.6", "51.7", "95")),
        ("The mean SLEDAI was 5.6 ± 1.4 (95% CI 5.15–6.05).", ("mean", "5.6", "5.15", "6.05", "95")),
        ("Median survival was 12 months (95% CI, 8 to 15).", ("median", "12", "8", "15", "95")),
        # Behind the second of two figures the interval may be of their difference.
        ("SLEDAI fell from 10.8 to 6.3 (95% CI 3.2 to 5.8).", ("", None, "3.2", "5.8", "95")),
        ("Response was 45% vs 20% (95% CI 5 to 45).", ("", None, "5", "45", "95")),
        ("SLEDAI was 10.8 ± 2.0 versus 6.3 ± 2.0 (95% CI 3.2 to 5.8).", ("", None, "3.2", "5.8", "95")),
    ],
)  # fmt: skip
def test_an_interval_has_its_estimate(sentence: str, expected: tuple[str | None, ...]) -> None:
    (found,) = intervals(extracted(sentence))
    assert (
        found.measure,
        text(found.estimate),
        text(found.low),
        text(found.high),
        text(found.level),
    ) == expected


@pytest.mark.parametrize(
    ("sentence", "has_p"),
    [
        ("It was lower (OR 0.26, 95% CI 0.07 to 0.89; P = 0.03).", True),
        ("It was lower (OR 0.26, 95% CI 0.07 to 0.89), P=.03.", True),
        ("It was higher (difference 12%, 95% CI -3.4% to 28%), P=.115.", True),
        ("It was lower (OR 0.26; P = 0.03; 95% CI 0.07 to 0.89).", True),
        ("It was no worse (HR 0.95, 95% CI 0.80 to 1.13; P < 0.001 for noninferiority).", False),
        ("It was alike (HR 0.95, 95% CI 0.80 to 1.13; P for interaction = 0.03).", False),
        ("It was lower (OR 0.26, 95% CI 0.07 to 0.89). Others differed (P = 0.03).", False),
    ],
)
def test_an_interval_has_its_p_value(sentence: str, *, has_p: bool) -> None:
    found = intervals(extracted(sentence))[0]
    assert bool(found.p_value) == has_p
    assert text(found.estimate) in {"0.26", "0.95", "12"}


def test_two_groups_are_recomputed_from_their_counts() -> None:
    """Woolf by hand: ln(14 · 14 / 36) ± 1.96 √(1/14 + 1/6 + 1/6 + 1/14) gives 5.44 (1.41 to 21.05)."""
    share = "Remission occurred in 14/20 (70%) in the MSC group and 6/20 (30%) in the placebo group"
    for ends, expected in (("1.41 to 21.1", CONSISTENT), ("1.91 to 15.5", UNEXPLAINED)):
        found = extracted(ARMS, f"{share} (OR 5.44, 95% CI {ends}).")
        (interval,) = intervals(found)
        assert (interval.about.group, interval.against_group) == ("MSC", "placebo")
        told = [each for each in audit(list(found.figures)) if each.check == "interval_of_counts"]
        assert [each.classification for each in told] == [expected]


def test_a_difference_of_two_shares_is_one_of_risks() -> None:
    share = "Response was 9/20 (45%) in the MSC group and 4/20 (20%) in the placebo group"
    (found,) = intervals(extracted(ARMS, f"{share} (difference, 25%; 95% CI, −4 to 49)."))
    assert (found.measure, found.about.unit) == ("risk difference", "%")


def test_a_model_is_not_recomputed() -> None:
    share = "Remission occurred in 14/20 (70%) in the MSC group and 6/20 (30%) in the placebo group"
    (found,) = intervals(extracted(ARMS, f"{share} (adjusted OR 3.1, 95% CI 1.2 to 8.0)."))
    assert found.is_adjusted


def test_a_cell_may_hold_a_p_value_behind_its_interval() -> None:
    rows = "| | MMF (n=88) |\n|---|---|\n| Response, n (%) | 15 (17.0) |\n| OR (95% CI), p value | 3.24 (1.68, 6.25), p<0.001 |"
    (found,) = intervals(extracted_table(rows))
    assert (found.measure, text(found.estimate), text(found.high)) == ("odds ratio", "3.24", "6.25")


TABLE = """
| Outcome, n (%) | MSC (n = 20) | Placebo (n = 20) | OR (95% CI) | P value |
|---|---|---|---|---|
| Remission | 14 (70.0) | 6 (30.0) | 5.44 (1.41–21.1) | 0.011 |
| Relapse | 2 (10.0) | 8 (40.0) | 0.17 (0.10–0.93) | 0.028 |
"""


def test_a_table_has_an_interval_beside_its_counts() -> None:
    """By hand: 2 · 12 / (18 · 8) = 0.167; its error √(1/2 + 1/18 + 1/8 + 1/12) = 0.874 gives 0.030 to 0.924."""
    found = extracted_table(TABLE)
    made = intervals(found)
    assert [(each.measure, each.against_group, bool(each.p_value)) for each in made] == [
        ("odds ratio", "Placebo", True)
    ] * 2
    told = [each for each in audit(list(found.figures)) if each.check == "interval_of_counts"]
    assert [each.classification for each in told] == [CONSISTENT, UNEXPLAINED]
