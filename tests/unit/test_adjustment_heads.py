"""A column of P values says in its head how they are adjusted, and in a note where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from funis.documents.table import TableSpec
from funis.reporting.footnotes import say_unadjusted
from funis.reporting.main_measures import build_main_measures
from funis.reporting.main_words import methods_words
from funis.reporting.number_book import Number, read_numbers
from funis.results import NumberList, Place
from funis.study.model import Study

LABS = ("creatinine", "albumin")


def table_of(*adjusted: str, variables: tuple[str, ...] = LABS) -> TableSpec:
    """Make the table of two measures, of which some have an adjusted P beside the unadjusted one."""
    numbers = NumberList()
    for name in variables:
        for visit in ("baseline", "month_6"):
            level = Place(analysis="summary", variable=name, population="treated", visit=visit, n=30)
            numbers.add(level, "mean", 80.0)
        place = Place(
            analysis="test", variable=f"{name}_change", measure=name, population="treated", visit="month_6", n=30,
            endpoint=name,
        )  # fmt: skip
        numbers.add(replace(place, analysis="change", endpoint=""), "mean", -5.0)
        numbers.add(place, "p", 0.012, method="paired_t")
        if name in adjusted:
            numbers.add(replace(place, adjustment="holm"), "p_adjusted", 0.024, method="paired_t")
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "C", "condition": "sle", "design": "single_arm"},
        "visits": ({"name": "baseline", "day": 0}, {"name": "month_6", "day": 180}),
        "labs": tuple({"test": name, "unit": "g/L" if name == "albumin" else "umol/L"} for name in LABS),
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
        "endpoints": tuple(
            {"id": name, "kind": "change", "variable": name, "population": "treated",
             "adjust": "holm" if name in adjusted else "none", "methods": ("paired_t",)}
            for name in variables
        ),
    }  # fmt: skip
    (table,) = build_main_measures(Study.model_validate(raw), read_numbers(numbers.frame()))
    return table


def rows_of_change(*, levels: int, changes: int) -> TableSpec:
    """Make the table of one laboratory test whose change nobody tested."""
    numbers = NumberList()
    for visit in ("baseline", "month_6"):
        level = Place(analysis="summary", variable="albumin", population="treated", visit=visit, n=levels)
        numbers.add(level, "n", levels)
        numbers.add(level, "mean", 40.0)
        numbers.add(level, "sd", 3.0)
    change = Place(
        analysis="change", variable="albumin_change", measure="albumin", population="treated", visit="month_6",
        n=changes,
    )  # fmt: skip
    numbers.add(change, "n", changes)
    numbers.add(change, "mean", -5.0)
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "C", "condition": "sle", "design": "observational"},
        "visits": ({"name": "baseline", "day": 0}, {"name": "month_6", "day": 180}),
        "labs": ({"test": "albumin", "unit": "g/L"},),
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
        "endpoints": ({"id": "albumin", "kind": "change", "variable": "albumin", "population": "treated"},),
    }  # fmt: skip
    (table,) = build_main_measures(Study.model_validate(raw), read_numbers(numbers.frame()))
    return table


def test_where_nothing_was_tested_there_is_no_column_of_p_values() -> None:
    table = rows_of_change(levels=30, changes=30)
    assert table.heads[-1].startswith("Last change")
    assert [cell.text for cell in table.rows[0].cells[1:3]] == ["40.00 ± 3.00", "40.00 ± 3.00"]


def test_a_mean_of_others_than_the_row_says_has_its_own_n() -> None:
    cells = rows_of_change(levels=22, changes=3).rows[0].cells
    assert [cell.text for cell in cells[:3]] == ["3", "40.00 ± 3.00 (n = 22)", "40.00 ± 3.00 (n = 22)"]


def test_one_adjustment_of_every_row_stands_in_the_head() -> None:
    table = table_of(*LABS)
    assert table.heads[-1] == "P (Holm)"
    assert [row.cells[-1].text for row in table.rows] == ["0.024", "0.024"]
    assert table.footnotes[1].startswith(
        "P: paired t test, adjusted by Holm over the visits; it tests a change"
    )


def test_without_an_adjustment_the_note_says_so() -> None:
    table = table_of()
    assert table.heads[-1] == "P"
    assert [row.cells[-1].text for row in table.rows] == ["0.012", "0.012"]
    assert table.footnotes[1].startswith("P: paired t test, not adjusted; it tests a change")


def test_where_rows_differ_the_head_points_to_the_note_and_the_note_names_them() -> None:
    table = table_of("creatinine")
    assert table.heads[-1] == "P (adjusted as noted)"
    assert [row.cells[-1].text for row in table.rows] == ["0.024", "0.012"]
    assert table.footnotes[1].startswith(
        "P: paired t test; adjusted by Holm over the visits: creatinine; not adjusted: albumin; it tests a change"
    )


def test_unadjusted_p_values_are_said_to_be_so_and_adjusted_ones_are_not() -> None:
    def numbers(*statistics: str) -> tuple[Number, ...]:
        found = NumberList()
        for name in statistics:
            found.add(Place(analysis="test", variable="x", n=30), name, 0.02, method="paired_t")
        return read_numbers(found.frame()).numbers

    assert say_unadjusted(numbers("estimate", "p")) == ("P: not adjusted for the number of tests.",)
    assert say_unadjusted(numbers("p", "p_adjusted")) == ()
    assert say_unadjusted(numbers("estimate")) == ()


@pytest.mark.parametrize(
    ("methods", "adjust", "said"),
    [
        (
            ("paired_t",),
            "none",
            "P values were not adjusted for the number of visits, variables and endpoints.",
        ),
        (("paired_t",), "holm", "P values of one endpoint were adjusted by Holm over its visits"),
        ((), "none", ""),
    ],
)
def test_the_methods_of_the_main_part_say_how_p_is_adjusted(
    methods: tuple[str, ...], adjust: str, said: str
) -> None:
    end = {"id": "a", "kind": "change", "variable": "creatinine", "methods": methods, "adjust": adjust}
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "C", "condition": "sle", "design": "single_arm"},
        "visits": ({"name": "baseline", "day": 0}, {"name": "month_6", "day": 180}),
        "labs": ({"test": "creatinine", "unit": "umol/L"},),
        "endpoints": (end,),
    }
    text = " ".join(methods_words(Study.model_validate(raw)))
    assert (said in text) if said else ("adjusted" not in text)
