"""Tables of one row a test: a titre as its geometric mean, and no column that rests on a few of many patients."""

from __future__ import annotations

from typing import Any

import pytest

from funis.documents.table import TableSpec
from funis.reporting.carried_visits import choose_ends, fewest_patients
from funis.reporting.main_measures import build_main_measures
from funis.reporting.number_book import read_numbers
from funis.results import NumberList, Place
from funis.study.model import Study

DAYS = {"baseline": 0, "month_3": 90, "month_6": 180, "month_12": 360}


def table_of(sizes: dict[str, int], *, is_titre: bool = False) -> TableSpec:
    """Make the table of one laboratory test, known of so many patients at each visit."""
    numbers = NumberList()
    for visit, size in sizes.items():
        level = Place(analysis="summary", variable="ana", population="treated", visit=visit, n=size)
        numbers.add(level, "n", size)
        numbers.add(level, "mean", 5.0)
        numbers.add(level, "sd", 1.0)
        if is_titre:
            # 2 to the 5th times the first dilution of 10.
            numbers.add(level, "geometric_mean", 320.0)
        if visit != "baseline":
            change = Place(
                analysis="change",
                variable="ana_change",
                measure="ana",
                population="treated",
                visit=visit,
                n=size,
            )
            numbers.add(change, "n", size)
            numbers.add(change, "mean", float(-size))
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "C", "condition": "sle", "design": "observational"},
        "visits": tuple({"name": name, "day": day} for name, day in DAYS.items()),
        "labs": ({"test": "ana", "unit": "titre" if is_titre else "1", "scale": "log2" if is_titre else "linear"},),
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
        "endpoints": ({"id": "ana", "kind": "change", "variable": "ana", "population": "treated"},),
    }  # fmt: skip
    (table,) = build_main_measures(Study.model_validate(raw), read_numbers(numbers.frame()))
    return table


def test_a_titre_is_printed_as_its_geometric_mean_and_its_change_in_steps_of_dilution() -> None:
    table = table_of(dict.fromkeys(DAYS, 40), is_titre=True)
    assert table.rows[0].stub.text.endswith("(titre, geometric mean)")
    assert [cell.text for cell in table.rows[0].cells[:4]] == ["40", "320", "320", "320"]
    assert any("−1 is half the titre" in str(note) for note in table.footnotes)
    usual = table_of(dict.fromkeys(DAYS, 40))
    assert usual.rows[0].cells[1].text.startswith("5.0")
    assert not any("titre" in str(note) for note in usual.footnotes)


def test_a_visit_that_rests_on_a_few_of_many_has_no_column_and_is_named() -> None:
    """A tenth of 138 is 13.8: 3 and 12 patients do not carry a visit, 22 do."""
    table = table_of({"baseline": 138, "month_3": 22, "month_6": 12, "month_12": 3})
    assert [head.partition(",")[0] for head in table.heads[2:4]] == ["Baseline", "Month 3"]
    assert table.heads[4].startswith("Last change")
    assert table.rows[0].cells[3].text.startswith("−22")
    assert any("month 6 and month 12" in str(note) for note in table.footnotes)


def test_where_the_last_visit_is_as_full_as_the_first_nothing_is_left_out() -> None:
    table = table_of({"baseline": 40, "month_3": 40, "month_6": 39, "month_12": 38})
    assert [head.partition(",")[0] for head in table.heads[2:5]] == ["Baseline", "Month 6", "Month 12"]
    assert table.rows[0].cells[4].text.startswith("−38")
    assert not any("Too few patients" in str(note) for note in table.footnotes)


@pytest.mark.parametrize(
    ("sizes", "least"), [([50, 3], 5), ([51, 3], 5.1), ([5, 1], 5), ([4, 1], 0), ([], 0)]
)
def test_the_fewest_patients_are_five_and_a_tenth_unless_no_visit_has_five(
    sizes: list[int], least: float
) -> None:
    assert fewest_patients(sizes) == pytest.approx(least)


def test_one_visit_after_the_first_is_the_last_one() -> None:
    assert choose_ends(("baseline", "month_3"), "baseline") == ("baseline", "month_3")
    assert choose_ends((), "") == ()
