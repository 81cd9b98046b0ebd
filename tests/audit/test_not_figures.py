"""Numbers that are no figures: none of them becomes one."""

import pytest

from funis.audit.extraction.extract import extract_figures
from funis.audit.reading.sentences import build_source
from funis.audit.reading.source import TextLine


@pytest.mark.parametrize(
    "sentence",
    [
        "The trial ran from March 2010 to 12 May 2012 in 4 clinical centres.",
        "It is registered as NCT01741857 and ChiCTR-TRC-12002000 (doi 10.1186/ar4520).",
        "CD34, CD4+ and CD25 cells, IL-17, IL-10, Th17, TGF-β1, C3 and complements 3 and 4 were measured.",
        "Cells (1 × 10^6/kg, 2×106 cells/kg) were infused on days 0 and 7.",
        "As reported before [3, 5-7], SLEDAI-2K and SRI-4 were used (Table 2, Fig. 3).",
        "Analyses used SAS 9.4 and R version 4.3.1.",
        "Prednisone 10 mg/day was allowed; mycophenolate 1.5 g/day was given.",
        "Visits were at 1, 3, 6, 9 and 12 months and at week 52.",
        "Patients had class III or IV nephritis (grade 2) in this phase 2 trial.",
        "Wang et al. 2014 and (Sun, 2010) described a 12-month, 4-centre study.",
        "See https://example.org/2012/40 or write to trial40@example.org.",
        "Ann Rheum Dis 2017;76(8):1436-1439.",
    ],
)
def test_none_of_these_becomes_a_figure(sentence: str) -> None:
    found = extract_figures(build_source("a.txt", [TextLine(sentence)]))
    printed = [found.source.text[each.place.start : each.place.end] for each in found.figures]
    missed = [
        found.source.text[m.passage.start + a : m.passage.start + b]
        for m in found.not_understood
        for a, b in m.pieces
    ]
    assert printed == []
    assert missed == []


def test_what_is_not_understood_is_listed_with_its_place() -> None:
    found = extract_figures(
        build_source("a.txt", [TextLine("The seven relapses cost 7,300 dollars and 12 tears.")])
    )
    assert found.figures == ()
    (missed,) = found.not_understood
    assert [found.source.text[a:b] for a, b in missed.pieces] == ["7,300", "12"]


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "a-b-",
        "3, 6, ",
        "1,2,3,",
        "1.2 ± ",
        "14 of ",
        "(",
        "the group ",
        "5% ",
        "median ",
        "P ",
        "1.1.1.",
    ],
)
def test_a_long_chain_of_one_piece_is_read_to_its_end(piece: str) -> None:
    """A pattern that could read such a chain in many ways would not come back."""
    found = extract_figures(build_source("a.txt", [TextLine(piece * (1500 // len(piece)))]))
    assert len(found.figures) <= 1500
