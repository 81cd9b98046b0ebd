"""Rows of tables: heads say the group, the first cell what the figures are; what neither says is not guessed."""

from funis.audit.extraction.extract import ExtractedFigures, extract_figures
from funis.audit.extraction.row_labels import group_of, read_label
from funis.audit.figures import PrintedCount, PrintedGroupSize, PrintedMean, PrintedMedian, PrintedP
from funis.audit.reading.plain_text import read_markdown
from funis.audit.reading.sentences import build_source

TABLE = """
| Characteristic | MSC (n = 20) | Placebo (n=22) | P value |
|---|---|---|---|
| Age, years, mean ± SD | 34.5 ± 10.2 | 36.1 ± 9.8 | 0.61 |
| Women, n (%) | 18 (90.0) | 19 (86.4) | 1.00 |
| SLEDAI, median (IQR) | 10 (8–13) | 11 (8–14) | .53 |
| Creatinine at 6 months, µmol/L (SD) | 59 (9) | 63 (18) | <0.001 |
| Responders at week 24 | 12/20 (60.0) | 2/22 (9.1) | |
| Hazard ratio (95% CI) | 0.8 (0.5–1.2) | | |
| Dose | 7 | 8 | |
"""


def extracted(text: str) -> ExtractedFigures:
    return extract_figures(build_source("a.md", read_markdown(text)))


def test_a_table_of_characteristics() -> None:
    found = extracted(TABLE)
    sizes = {each.about.group: str(each.n) for each in found.figures if isinstance(each, PrintedGroupSize)}
    assert sizes == {"MSC": "20", "Placebo": "22"}
    means = [each for each in found.figures if isinstance(each, PrintedMean)]
    assert [
        (each.about.outcome, each.about.group, str(each.mean), str(each.spread), each.spread_kind)
        for each in means
    ] == [
        ("age", "MSC", "34.5", "10.2", "sd"),
        ("age", "Placebo", "36.1", "9.8", "sd"),
        ("creatinine", "MSC", "59", "9", "sd"),
        ("creatinine", "Placebo", "63", "18", "sd"),
    ]
    assert (means[2].about.unit, means[2].about.time) == ("µmol/L", "6 months")
    counts = [each for each in found.figures if isinstance(each, PrintedCount)]
    assert [
        (each.about.outcome, str(each.count), str(each.denominator), str(each.percent)) for each in counts
    ] == [
        ("Women", "18", "None", "90.0"),
        ("Women", "19", "None", "86.4"),
        ("Responders", "12", "20", "60.0"),
        ("Responders", "2", "22", "9.1"),
    ]
    (first, second) = [each for each in found.figures if isinstance(each, PrintedMedian)]
    assert (str(first.low), str(second.high), first.spread_kind) == ("8", "14", "iqr")
    values = [(each.relation, str(each.p)) for each in found.figures if isinstance(each, PrintedP)]
    assert values == [("=", "0.61"), ("=", "1.00"), ("=", ".53"), ("<", "0.001")]


def test_what_no_label_explains_is_listed() -> None:
    found = extracted(TABLE)
    missed = [
        found.source.text[m.passage.start + a : m.passage.start + b]
        for m in found.not_understood
        for a, b in m.pieces
    ]
    assert missed == ["7", "8"]


def test_a_note_says_what_unlabelled_figures_are() -> None:
    rows = "| | All (n = 9) |\n|---|---|\n| Age, years | 51.2 (12.3) |\n\n"
    assert not [each for each in extracted(rows).figures if isinstance(each, PrintedMean)]
    (mean,) = [
        each
        for each in extracted(rows + "Data are mean (SD) unless stated.").figures
        if isinstance(each, PrintedMean)
    ]
    assert (str(mean.mean), mean.spread_kind, mean.about.group) == ("51.2", "sd", "all patients")


def test_a_row_of_a_visit_belongs_to_the_row_above() -> None:
    found = extracted("| n (%) | Cells (n = 71) |\n|---|---|\n| ACR20 | |\n| Week 12 | 36 (51) |\n")
    (count,) = [each for each in found.figures if isinstance(each, PrintedCount)]
    assert (count.about.outcome, count.about.time) == ("ACR20", "12 weeks")


def test_labels_and_heads() -> None:
    assert group_of("MSC, n (%)") == "MSC"
    assert group_of("6 months") == ""
    change = read_label("Mean change in SLEDAI score (SD)")
    assert (change.outcome, change.kind) == ("change in SLEDAI score", "mean")
    share = read_label("SLEDAI score >8 at 6 months, no (%)")
    assert (share.outcome, share.kind, share.time) == ("SLEDAI score >8", "count", "6 months")
