"""Data quality and limits of a report: what they say, and that every number in them opens its result."""

import re
from functools import cache
from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.documents.document import Paragraph, Section
from funis.reporting.closing_words import limit_words
from funis.reporting.number_book import read_numbers
from funis.reporting.trial_document import build_document
from funis.reporting.withheld import withhold
from funis.results import NumberList, Place, Results
from funis.study.model import Study

from .report_kinds import analysed


@cache
def withheld(kind: str) -> tuple[Study, Results]:
    study, results = analysed(kind)
    return study, withhold(study, results)


@cache
def section(kind: str, name: str) -> Section:
    return next(each for each in build_document(*withheld(kind)).sections if each.id == name)


def lines(kind: str, name: str) -> list[str]:
    blocks = section(kind, name).blocks
    return ["".join(part.text for part in each.text) for each in blocks if isinstance(each, Paragraph)]


def bound_numbers(kind: str, name: str) -> dict[str, str]:
    blocks = section(kind, name).blocks
    parts = [part for each in blocks if isinstance(each, Paragraph) for part in each.text]
    return {part.id: part.text for part in parts if part.id}


@pytest.mark.parametrize("kind", ["sle", "wrecked", "no_response_known", "two_arms"])
@pytest.mark.parametrize("name", ["quality", "limits", "findings"])
def test_no_number_of_the_closing_words_is_without_its_result(kind: str, name: str) -> None:
    loose = [
        part.text
        for each in section(kind, name).blocks
        if isinstance(each, Paragraph)
        for part in each.text
        # The number of a section (S13) is no result.
        if not part.id and re.search(r"(?<![S\d])\d", part.text)
    ]
    assert loose == []
    known = set(withheld(kind)[1].numbers["id"])
    assert set(bound_numbers(kind, name)) <= known


def test_the_limits_say_what_forty_patients_can_miss_and_how_many_tests_were_made() -> None:
    # 1 - 0.025^(1 / 40), as beside the count of none in Box 1.
    _, results = withheld("sle")
    tests = results.numbers.filter(pl.col("statistic") == "p").height
    found = lines("sle", "limits")
    assert (
        "With 40 patients a harm in fewer than 8.8% can be missed: the upper Clopper-Pearson limit where none is "
        "seen, as beside other counts of none." in found
    )
    assert f"{tests} P values were calculated." in found
    assert bound_numbers("sle", "limits") == {
        "population.treated.subjects.n": "40",
        "size.treated.harm_missed.upper.clopper_pearson": "8.8%",
        "size.enrolled.tests.count": str(tests),
    }
    assert results.value("size.treated.harm_missed.percent") == 7.5
    upper = results.value("size.treated.harm_missed.upper.clopper_pearson")
    assert upper == results.value("adverse_events.treated.any.upper.clopper_pearson")
    assert upper == pytest.approx(100 * (1 - 0.025 ** (1 / 40)), abs=1e-9)


def test_findings_are_counted_by_level_in_words_and_numbers() -> None:
    _, results = withheld("wrecked")
    counts = {
        level: sum(each.level == level for each in results.findings)
        for level in ("error", "warning", "query")
    }
    plural = {"error": "errors", "warning": "warnings", "query": "queries"}
    said = [f"{count} {level if count == 1 else plural[level]}" for level, count in counts.items()]
    start = f"The checks found {said[0]}, {said[1]} and {said[2]}"
    assert lines("wrecked", "quality")[1].startswith(f"{start}: S13. Values at error level are left out")
    assert lines("wrecked", "findings")[0].startswith(f"{start}. Values at error level are left out")
    assert bound_numbers("wrecked", "quality")["findings.enrolled.error.count"] == str(counts["error"])


def test_those_of_whom_a_response_cannot_be_told_open_their_result() -> None:
    assert any(
        line.startswith("A response could not be judged in 5 of 40 patients")
        for line in lines("no_response_known", "quality")
    )
    assert "A response could be judged in all 40 patients." in lines("sle", "quality")
    assert "5 of 40" in bound_numbers("no_response_known", "quality").values()


def test_clean_data_say_so_and_end_with_what_they_are() -> None:
    study, results = withheld("sle")
    found = lines("sle", "quality")
    assert found[-1] == "The data are rebuilt from published figures: S17."
    clean = Results(
        numbers=results.numbers,
        sources=results.sources,
        provenance=results.provenance,
        listings=results.listings,
    )
    words = next(each for each in build_document(study, clean).sections if each.id == "quality").blocks[1]
    assert isinstance(words, Paragraph)
    assert "".join(part.text for part in words.text).startswith("The checks found nothing in the data: S13.")


def sizes(subjects: int, infused: int) -> dict[str, float | None]:
    """Give the numbers of size of an observational study, of whom some had an infusion."""
    raw: dict[str, Any] = {
        "study": {"id": "B", "title": "B", "condition": "sle", "design": "observational"},
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
    }
    study = Study.model_validate(raw)
    names = [f"S{number}" for number in range(subjects)]
    frames: dict[str, Any] = {"subjects": [{"subject": name, "age": 30} for name in names]}
    frames["infusions"] = [{"subject": name, "number": 1, "date": "2020-01-01"} for name in names[:infused]]
    numbers = analyse(study, tables_from_frames(study, frames)).numbers.filter(pl.col("analysis") == "size")
    return dict(zip(numbers["id"], numbers["value"], strict=True))


def test_a_share_is_named_from_three_subjects_on_of_the_treated_or_of_everybody() -> None:
    assert sizes(2, 0) == {}
    # Of three none are harmed with a probability of (1 - x)^3; 0.05 at x = 0.632. Of four at 0.527.
    # At 0.025, as the report prints it, these are 0.708 and 0.602.
    limit = "upper.clopper_pearson"
    assert sizes(3, 0) == {
        "size.enrolled.harm_missed.percent": pytest.approx(63.16, abs=0.01),
        f"size.enrolled.harm_missed.{limit}": pytest.approx(70.76, abs=0.01),
    }
    assert sizes(6, 4) == {
        "size.treated.harm_missed.percent": pytest.approx(52.71, abs=0.01),
        f"size.treated.harm_missed.{limit}": pytest.approx(60.24, abs=0.01),
    }
    assert sizes(6, 2) == {}


def test_one_test_is_one_test() -> None:
    numbers = NumberList()
    numbers.add(Place(analysis="size", variable="tests"), "count", 1)
    study, _ = withheld("sle")
    said = ["".join(part.text for part in line) for line in limit_words(study, read_numbers(numbers.frame()))]
    assert "1 P value was calculated." in said
    assert not any("can be missed" in line for line in said)


def test_only_the_statistic_asked_for_is_counted() -> None:
    numbers = NumberList()
    place = Place(analysis="test", variable="sledai_2k_change")
    for statistic in ("p", "p_adjusted", "estimate"):
        numbers.add(place, statistic, 0.5)
    assert (numbers.count_of("p"), numbers.count_of("lower")) == (1, 0)


def test_a_p_that_was_not_calculated_or_stands_elsewhere_does_not_count() -> None:
    numbers = NumberList()
    numbers.add(Place(analysis="test", variable="a"), "p", 0.5)
    numbers.add(Place(analysis="test", variable="b"), "p", None, text="too few")
    numbers.add(Place(analysis="multiplicity", variable="a"), "p", 0.5)
    numbers.add(Place(analysis="sensitivity", variable="a", delta=2.0), "p", 0.6)
    numbers.add(Place(analysis="sensitivity", variable="b", delta=0.0), "p", 0.5)
    assert numbers.count_of("p", apart_from={"multiplicity"}) == 2
