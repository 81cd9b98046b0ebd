"""What would be printed twice is printed once: donors that are their lots, subgroups alike in two populations."""

from dataclasses import replace

import polars as pl
import pytest

from funis.documents.table import TableSpec
from funis.reporting.influence_tables import DONORS_ARE_LOTS, build_influence_figures
from funis.reporting.number_book import read_numbers
from funis.reporting.report_tables import build_tables
from funis.results import NumberList, Place, Provenance, Results
from funis.study.model import Study

STUDY = Study.model_validate(
    {
        "study": {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"},
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
        "subgroups": {"grown_up": "age >= 18"},
    }
)
CHANGE = Place(analysis="influence", variable="sledai_2k_change", measure="sledai_2k", endpoint="e", n=9)


def results_of(numbers: NumberList, **listings: pl.DataFrame) -> Results:
    origin = Provenance(version="0", study="X", title="X")
    return Results(numbers=numbers.frame(), sources=pl.DataFrame(), provenance=origin, listings=listings)


def table(results: Results, name: str) -> TableSpec:
    return next(each for each in build_tables(STUDY, results) if each.id == name)


def left_out(donor: float) -> NumberList:
    """Leave out lots, at most 3.1, and donors."""
    numbers = NumberList()
    for kind, highest, who in (("subject", 3.5, "S1"), ("lot", 3.1, "L1"), ("donor", donor, "D1")):
        place = replace(CHANGE, visit="month_6", cluster=kind)
        for statistic, value in (("estimate", 3.0), ("lower", 2.0), ("upper", highest)):
            numbers.add(place, statistic, value, method="paired_t")
        numbers.add(place, "most_influential", highest, method="paired_t")
        numbers.add(place, "most_influential_label", None, text=who, method="paired_t")
    return numbers


@pytest.mark.parametrize(("donor", "is_once"), [(3.1, True), (3.2, False)])
def test_donors_that_are_their_lots_have_no_columns_of_their_own(donor: float, *, is_once: bool) -> None:
    found = table(results_of(left_out(donor)), "table-influence")
    kinds = [words for words, _ in found.spanners if words]
    assert kinds[:2] == ["Without one subject", "Without one lot"]
    assert ("Without one donor" in kinds) is not is_once
    assert (DONORS_ARE_LOTS in found.footnotes) is is_once
    row = dict(zip(found.heads, ("", *(cell.text for cell in found.rows[-1].cells)), strict=True))
    assert row["Estimate"] == "3.00"


@pytest.mark.parametrize(("donor", "is_once"), [(3.1, True), (3.2, False)])
def test_marks_of_donors_do_not_hide_those_of_lots(donor: float, *, is_once: bool) -> None:
    line = {"endpoint": "e", "variable": "sledai_2k_change", "measure": "sledai_2k", "subgroup": "all"}
    line |= {"arm": "all", "contrast": "", "visit": "month_6", "method": "paired_t"}
    marks = [{**line, "kind": kind, "shift": 0.1} for kind in ("subject", "lot", "donor")]
    results = results_of(left_out(donor), influence=pl.DataFrame(marks))
    (figure,) = build_influence_figures(STUDY, results, read_numbers(results.numbers))
    assert ("donor" in str(figure.spec)) is not is_once
    assert "lot" in str(figure.spec)


@pytest.mark.parametrize(("treated", "kinds"), [
    (7, ["Population", "Population", "Subgroup of enrolled and treated"]),
    (6, ["Population", "Population", "Subgroup of enrolled", "Subgroup of treated"]),
])  # fmt: skip
def test_a_subgroup_as_large_in_two_populations_is_one_row(treated: int, kinds: list[str]) -> None:
    numbers = NumberList()
    for population, subgroup, size in (("enrolled", "all", 9), ("treated", "all", 9),
                                       ("enrolled", "grown_up", 7), ("treated", "grown_up", treated)):  # fmt: skip
        place = Place(analysis="population", variable=population, population=population, subgroup=subgroup)
        numbers.add(place, "n", size)
        numbers.add(place, "cannot_tell", 0)
    found = table(results_of(numbers), "table-populations")
    assert [row.cells[0].text for row in found.rows] == kinds
    assert [row.cells[2].text for row in found.rows] == ["9", "9", "7", *(["6"] if treated == 6 else [])]
    assert len(found.ids) == 8
