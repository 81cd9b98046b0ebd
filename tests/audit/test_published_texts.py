"""The two published abstracts: every figure that a reader finds there, read from the folder of reference data."""

import os
from pathlib import Path

import pytest

from funis.audit.extraction.extract import ExtractedFigures, extract_figures
from funis.audit.figures import (
    PrintedCount,
    PrintedGroupSize,
    PrintedLimit,
    PrintedMean,
    PrintedP,
    PrintedTotal,
)
from funis.audit.reading.read import read_source

FOLDER = os.environ.get("FUNIS_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="the published texts are not carried: set FUNIS_REFERENCE_DATA"
)


def found_in(name: str) -> ExtractedFigures:
    return extract_figures(read_source(Path(FOLDER or ".") / "published" / name))


def test_the_lupus_abstract() -> None:
    found = found_in("sle-2012.txt")
    means = [
        (
            each.about.outcome,
            each.about.group,
            each.about.time,
            str(each.mean),
            str(each.spread),
            each.about.unit,
        )
        for each in found.figures
        if isinstance(each, PrintedMean)
    ]
    kidney = ("24-h proteinuria", "with lupus nephritis")
    assert means == [
        ("SLEDAI", "", "3 months", "7.43", "3.93", ""),
        ("SLEDAI", "", "6 months", "6.30", "3.63", ""),
        ("SLEDAI", "", "9 months", "6.40", "3.84", ""),
        ("SLEDAI", "", "12 months", "6.48", "3.52", ""),
        ("SLEDAI", "", "baseline", "10.83", "4.63", ""),
        (*kidney, "9 months", "1.24", "1.09", "mg"),
        (*kidney, "12 months", "1.41", "1.33", "mg"),
        (*kidney, "baseline", "2.24", "1.43", "mg"),
    ]
    counts = [
        (each.about.outcome, each.about.time, str(each.count), str(each.denominator), str(each.percent))
        for each in found.figures
        if isinstance(each, PrintedCount)
    ]
    assert counts == [
        ("major clinical response", "6 months", "14", "40", "35.0"),
        ("partial clinical response", "6 months", "15", "40", "37.5"),
        ("disease relapse", "9 months", "3", "None", "7.5"),
        ("disease relapse", "12 months", "4", "None", "10"),
    ]
    relapses = [each for each in found.figures if isinstance(each, PrintedCount) and each.denominator is None]
    assert {each.only_after for each in relapses} == {
        ("major clinical response", "partial clinical response")
    }
    values = [
        (each.about.outcome, each.about.time, each.relation, str(each.p), each.against_time)
        for each in found.figures
        if isinstance(each, PrintedP)
    ]
    assert values == [
        *(("SLEDAI", f"{month} months", "<", "0.05", "baseline") for month in (3, 6, 9, 12)),
        ("24-h proteinuria", "12 months", "<", "0.05", "baseline"),
    ]
    limits = [
        (each.about.outcome, each.relation, str(each.value))
        for each in found.figures
        if isinstance(each, PrintedLimit)
    ]
    assert limits == [("age", ">=", "16"), ("SLEDAI", ">", "6")]
    assert [str(each.n) for each in found.figures if isinstance(each, PrintedGroupSize)] == ["40"]
    # The seven relapsed cases are counted in words of no figure.
    missed = [
        found.source.text[m.passage.start + a : m.passage.start + b]
        for m in found.not_understood
        for a, b in m.pieces
    ]
    assert missed == ["7"]


def test_the_sjogren_abstract() -> None:
    found = found_in("sjogren-2012.txt")
    scores = [
        (each.about.time, str(each.mean), str(each.spread))
        for each in found.figures
        if isinstance(each, PrintedMean) and each.about.outcome == "SSDAI"
    ]
    assert scores == [
        ("baseline", "5.63", "1.44"),
        ("1 month", "4.33", "1.79"),
        ("3 months", "4.08", "1.44"),
        ("6 months", "3.46", "1.18"),
        ("12 months", "3.08", "1.21"),
    ]
    flow = [
        (each.about.time, str(each.mean), str(each.n))
        for each in found.figures
        if isinstance(each, PrintedMean) and each.about.outcome == "unstimulated salivary flow"
    ]
    assert flow == [("2 weeks", "1.00", "11"), ("baseline", "0.63", "11"), ("1 month", "1.26", "11")]
    stimulated = [
        (each.about.time, str(each.p), str(each.n), each.against_time)
        for each in found.figures
        if isinstance(each, PrintedP) and each.about.outcome == "stimulated salivary flow"
    ]
    assert stimulated == [
        ("2 weeks", "0.008", "11", "baseline"),
        ("1 month", "0.043", "11", "baseline"),
        ("3 months", "0.016", "11", "baseline"),
        ("6 months", "0.017", "11", "baseline"),
        ("12 months", "0.016", "11", "baseline"),
    ]
    antibodies = [
        each
        for each in found.figures
        if isinstance(each, PrintedP) and each.n is not None and str(each.n) == "5"
    ]
    assert [(each.relation, str(each.p)) for each in antibodies] == [("<", "0.001")]
    (total,) = [each for each in found.figures if isinstance(each, PrintedTotal)]
    assert (str(total.total), [str(each) for each in total.parts]) == ("24", ["23", "1"])
    assert [str(each.n) for each in found.figures if isinstance(each, PrintedGroupSize)] == ["24"]
    assert not found.not_understood
