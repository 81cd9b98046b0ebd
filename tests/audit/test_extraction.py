"""Sentences in the manner of papers and the figures that a reader finds in them, typed by hand."""

from fractions import Fraction

import pytest

from funis.audit.extraction.extract import ExtractedFigures, extract_figures
from funis.audit.figures import (
    PrintedCount,
    PrintedGroupSize,
    PrintedLimit,
    PrintedMean,
    PrintedMedian,
    PrintedP,
    PrintedTotal,
)
from funis.audit.reading.sentences import build_source
from funis.audit.reading.source import TextLine


def extracted(*paragraphs: str) -> ExtractedFigures:
    return extract_figures(
        build_source("a.txt", [TextLine(each, ends_paragraph=True) for each in paragraphs])
    )


def text(number: object) -> str | None:
    return None if number is None else str(number)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Of all, 14/40 (35.0%) responded.", [("14", "40", "35.0")]),
        ("Response was seen in 14 of 40 patients (35%).", [("14", "40", "35")]),
        ("Fourteen of forty patients (35%) responded.", [("14", "40", "35")]),
        ("The rate was 35.0% (14/40).", [("14", "40", "35.0")]),
        ("The rate was 92.5% (37 of 40 patients).", [("37", "40", "92.5")]),
        ("It was met by 73 [41%] of 179 patients.", [("73", "179", "41")]),
        ("Events occurred in 37 patients (21%) of 178.", [("37", "178", "21")]),
        ("Three patients (7.5%) relapsed.", [("3", None, "7.5")]),
        ("Relapse occurred in 12 (60.0%).", [("12", None, "60.0")]),
        ("It was met in 14/40 patients.", [("14", "40", None)]),
        ("Response (14/40) was common.", [("14", "40", None)]),
        ("Of 1,683 people, 1,010 of 1,683 (60%) answered.", [("1,010", "1,683", "60")]),
        ("n = 14 (35%) and 65% (n = 26).", [("14", None, "35"), ("26", None, "65")]),
        ("Twenty-four of thirty patients (80·0%) finished.", [("24", "30", "80.0")]),
        (
            "Flare was seen in 24 of 101 patients with cells and 19 of 73 patients in the control arm (23.8% with cells vs 26.0%).",
            [("24", "101", None), ("19", "73", None)],
        ),
        ("Response rates were 35% and 40%.", []),
        ("About 14 of 40 patients (35%) responded.", []),
        ("Patients who had relapsed (36%) left.", []),
        ("Almost 1 in 6 (16%) trials changed.", []),
        ("SLEDAI was 12 at week 24 (60% lower).", []),
    ],
)
def test_counts(sentence: str, expected: list[tuple[str | None, ...]]) -> None:
    found = [each for each in extracted(sentence).figures if isinstance(each, PrintedCount)]
    assert [(text(each.count), text(each.denominator), text(each.percent)) for each in found] == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("SLEDAI was 10.83 ± 4.63.", [("10.83", "4.63", "not said")]),
        ("SLEDAI was 10.83±4.63 (mean ± SD).", [("10.83", "4.63", "sd")]),
        ("SLEDAI was 10.83 +/- 4.63.", [("10.83", "4.63", "not said")]),
        ("SLEDAI was 10.8 (SD 4.6).", [("10.8", "4.6", "sd")]),
        ("SLEDAI was 10.8 (standard deviation, 4.6).", [("10.8", "4.6", "sd")]),
        ("SLEDAI was 10.8 (SE = 0.7).", [("10.8", "0.7", "se")]),
        ("The mean (SD) SLEDAI was 10.8 (4.6).", [("10.8", "4.6", "sd")]),
        ("Mean (SD) pain fell from 6.4 (2.1) to 5.9 (2.6).", [("6.4", "2.1", "sd"), ("5.9", "2.6", "sd")]),
        ("The mean change was −4.5 ± 3.1.", [("-4.5", "3.1", "not said")]),
        ("The mean age was 45 years.", [("45", None, "not said")]),
        ("The mean difference was −2.9 (95% CI −5.0 to −0.8).", []),
    ],
)
def test_means(sentence: str, expected: list[tuple[str | None, ...]]) -> None:
    found = [each for each in extracted(sentence).figures if isinstance(each, PrintedMean)]
    assert [(text(each.mean), text(each.spread), each.spread_kind) for each in found] == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It fell (P < 0.05).", [("<", "0.05")]),
        ("It fell (p=.03).", [("=", ".03")]),
        ("It fell (P ≤ 0.001).", [("<=", "0.001")]),
        ("The P value was 0.02.", [("=", "0.02")]),
        ("It fell (𝑃 = 0·04).", [("=", "0.04")]),
        ("CP 0.5 and pH 7.4 were kept.", []),
        ("It fell (P = NS).", []),
    ],
)
def test_p_values(sentence: str, expected: list[tuple[str, str]]) -> None:
    found = [each for each in extracted(sentence).figures if isinstance(each, PrintedP)]
    assert [(each.relation, text(each.p)) for each in found] == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The median was 5 (range 2 to 9).", ("5", "2", "9", "range")),
        ("Median (IQR) SLEDAI was 5 (2–9).", ("5", "2", "9", "iqr")),
        ("The median SLEDAI was 5 [interquartile range, 2–9].", ("5", "2", "9", "iqr")),
        ("The median SLEDAI was 5.", ("5", None, None, "not said")),
    ],
)
def test_medians(sentence: str, expected: tuple[str | None, ...]) -> None:
    (found,) = [each for each in extracted(sentence).figures if isinstance(each, PrintedMedian)]
    assert (text(found.median), text(found.low), text(found.high), found.spread_kind) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Relapse occurred in 7/40 (17.5%) within 12 months.", True),
        ("During the first 24 months, death occurred in 3/40 (7.5%).", True),
        ("Relapse occurred in 4/40 (10.0%) at 12 months.", False),
        ("Response occurred in 24/40 (60.0%) within 12 months.", False),
    ],
)
def test_events_within_a_time_are_counted_since_the_start(sentence: str, *, expected: bool) -> None:
    (found,) = [each for each in extracted(sentence).figures if isinstance(each, PrintedCount)]
    assert found.is_cumulative == expected


SERIES = [
    "SLEDAI fell from 10.83 ± 4.63 at baseline to 7.43 ± 3.93, 6.30 ± 3.63, 6.40 ± 3.84 and 6.48 ± 3.52 at 3, 6, 9 and 12 months, respectively (all P < 0.05).",
    "SLEDAI fell at 3 (7.43±3.93), 6 (6.30±3.63), 9 (6.40±3.84) and 12 months (6.48±3.52) (P all <0.05 vs. baseline 10.83±4.63).",
    "SLEDAI fell from 10.83 ± 4.63 (baseline) to 7.43 ± 3.93 at 3 months, 6.30 ± 3.63 at 6 months, 6.40 ± 3.84 at 9 months, and 6.48 ± 3.52 at 12 months (all P<0.05).",
]


@pytest.mark.parametrize("sentence", SERIES)
def test_a_series_is_matched_to_its_times(sentence: str) -> None:
    figures = extracted(sentence).figures
    means = {each.about.time: str(each.mean) for each in figures if isinstance(each, PrintedMean)}
    assert means == {
        "baseline": "10.83", "3 months": "7.43", "6 months": "6.30", "9 months": "6.40", "12 months": "6.48",
    }  # fmt: skip
    values = [(each.about.time, each.against_time) for each in figures if isinstance(each, PrintedP)]
    assert sorted(values) == sorted((f"{month} months", "baseline") for month in (3, 6, 9, 12))
    assert {each.about.outcome for each in figures} == {"SLEDAI"}
    assert not extracted(sentence).not_understood


def test_counts_in_words_are_matched_to_percentages() -> None:
    sentence = "Three and four patients experienced relapse at 9 (7.5%) and 12 (10%) months, respectively, after a prior clinical response."
    first, second = (each for each in extracted(sentence).figures if isinstance(each, PrintedCount))
    assert (text(first.count), text(first.percent), first.about.time) == ("3", "7.5", "9 months")
    assert (text(second.count), text(second.percent), second.about.time) == ("4", "10", "12 months")
    assert {first.about.outcome, second.about.outcome} == {"relapse"}


def test_a_relapse_after_a_response_names_the_responses() -> None:
    found = extracted(
        "Forty patients were enrolled to see major clinical response (MCR) and partial clinical response (PCR).",
        "MCR (14/40, 35.0%) and PCR (15/40, 37.5%) were reached. Relapse after a clinical response was seen in 3/40 (7.5%).",
    ).figures
    relapse = next(
        each for each in found if isinstance(each, PrintedCount) and "elapse" in each.about.outcome
    )
    assert relapse.only_after == ("major clinical response", "partial clinical response")


def test_what_a_text_says_once() -> None:
    figures = extracted(
        "Twenty-four patients (23 females and 1 male; age from 27 to 68 years) with SLEDAI > 6 were enrolled."
    ).figures
    size = next(each for each in figures if isinstance(each, PrintedGroupSize))
    total = next(each for each in figures if isinstance(each, PrintedTotal))
    limits = [
        (each.about.outcome, each.relation, str(each.value), each.kind)
        for each in figures
        if isinstance(each, PrintedLimit)
    ]
    assert (str(size.n), size.about.group) == ("24", "")
    assert (str(total.total), [str(part) for part in total.parts]) == ("24", ["23", "1"])
    assert limits == [
        ("age", ">=", "27", "observed"),
        ("age", "<=", "68", "observed"),
        ("SLEDAI", ">", "6", "criterion"),
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Patients with a SLEDAI of at least 8 were eligible.", (">=", "8")),
        ("Eligible were those with SLEDAI ≥ 6 and consent.", (">=", "6")),
        ("Inclusion needed a SLEDAI score of 4 or more.", (">=", "4")),
        ("Response was defined as SLEDAI < 4.", None),
        ("Remission (SLEDAI ≤ 2) was seen in patients with nephritis.", None),
    ],
)
def test_entry_criteria_and_definitions_of_response_are_told_apart(
    sentence: str, expected: tuple[str, str] | None
) -> None:
    found = [each for each in extracted(sentence).figures if isinstance(each, PrintedLimit)]
    assert [(each.relation, str(each.value)) for each in found] == ([] if expected is None else [expected])


def test_groups_are_kept_apart() -> None:
    figures = extracted(
        "Patients were randomised to MSC (n = 20) or placebo (n = 22).",
        "Flow was 1.2 ± 0.4 mL/min in the MSC group versus 0.9 ± 0.3 mL/min in the placebo group.",
        "Response was 60% (12/20) and 9% (2/22) in the MSC and placebo groups, respectively.",
        "The score was 5.1 ± 1.2.",
    ).figures
    sizes = {each.about.group: str(each.n) for each in figures if isinstance(each, PrintedGroupSize)}
    means = [(each.about.group, str(each.mean)) for each in figures if isinstance(each, PrintedMean)]
    counts = [(each.about.group, str(each.count)) for each in figures if isinstance(each, PrintedCount)]
    assert sizes == {"MSC": "20", "placebo": "22"}
    assert means == [("MSC", "1.2"), ("placebo", "0.9"), ("group not said", "5.1")]
    assert counts == [("MSC", "12"), ("placebo", "2")]


def test_a_subgroup_is_not_everybody() -> None:
    (mean,) = extracted("For those with lupus nephritis, 24-hour proteinuria was 2.24 ± 1.43 mg.").figures
    assert isinstance(mean, PrintedMean)
    assert (mean.about.group, mean.about.unit, mean.about.analyte) == (
        "with lupus nephritis",
        "mg",
        "proteinuria_24h",
    )


def test_the_number_in_the_bracket_is_that_of_its_figures() -> None:
    figures = extracted(
        "Unstimulated salivary flow rose (1.00 ± 0.78 ml/10 min at 2 weeks vs. 0.63 ± 0.73 ml/10min at baseline, P<0.001, n=11)."
    ).figures
    numbers = [str(each.n) for each in figures if isinstance(each, PrintedMean | PrintedP)]
    units = [each.about.unit for each in figures if isinstance(each, PrintedMean)]
    times = [each.about.time for each in figures if isinstance(each, PrintedMean)]
    assert numbers == ["11", "11", "11"]
    assert units == ["ml/10 min", "ml/10min"]
    assert times == ["2 weeks", "baseline"]


def test_scales_are_those_of_the_definitions() -> None:
    (score,) = extracted("The SLE Disease Activity Index was 6.3 ± 3.6.").figures
    known = score.about.scale
    assert (known.step, known.minimum, known.maximum) == (Fraction(1), Fraction(0), Fraction(105))
    (change,) = extracted("The change in SLEDAI was −4.5 ± 3.1.").figures
    assert (change.about.outcome, change.about.scale.minimum) == ("change in SLEDAI", Fraction(-105))
    (adjusted,) = extracted("The least-squares mean of SLEDAI was 4.51 (SE 0.3).").figures
    assert adjusted.about.scale.step is None, "a mean of a model has no step"


def test_another_measure_does_not_take_the_name_of_the_last_known_one() -> None:
    figures = extracted(
        "They had a mean age of 59.1 years (SD 13.6) and a mean BMI of 28.9 kg/m2 (SD 5.2)."
    ).figures
    outcomes = [each.about.outcome for each in figures]
    assert outcomes[0] == "age"
    assert "age" not in outcomes[1:]
    assert figures[1].about.analyte == ""
