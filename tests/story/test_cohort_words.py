"""A cohort is not told as a trial: nobody was enrolled to be treated, and no protocol asked about harms."""

from __future__ import annotations

import pytest

from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.reporting.time_axis import unit_of

from .report_kinds import KINDS
from .test_report_statements import report


def test_the_flow_of_a_cohort_names_what_its_records_hold() -> None:
    def titles(kind: str) -> str:
        blocks = [block for section in report(kind).main for block in section.all_blocks]
        chart = next(block for block in blocks if isinstance(block, FlowChart))
        return "; ".join(step.box.title for step in chart.steps)

    cohort = titles("observational")
    assert "in the cohort" in cohort
    assert "nrolled" not in cohort
    assert "enrolled" in titles("sle")


def test_harms_of_a_cohort_were_noted_in_routine_and_not_asked_for_by_a_protocol() -> None:
    names = {kind: {s.id: s.title for s in report(kind).main} for kind in ("observational", "sle")}
    assert names["observational"]["safety"] == "Harms recorded in routine notes"
    assert names["sle"]["safety"] == "Safety"


@pytest.mark.parametrize("kind", KINDS)
def test_a_section_and_a_table_in_it_have_names_of_their_own(kind: str) -> None:
    """The cells of a cohort stood in a table "Cells given" of a section "Cells given"."""
    same = [
        block.title
        for section in report(kind).sections
        for block in section.all_blocks
        if isinstance(block, TableSpec | FigureSpec | FlowChart)
        and block.title.casefold() == section.title.casefold()
    ]
    assert same == []


@pytest.mark.parametrize("kind", ["sle", "sjogren"])
def test_sites_are_described_at_baseline_where_there_are_several(kind: str) -> None:
    (table,) = [
        block
        for section in report(kind).main
        for block in section.all_blocks
        if isinstance(block, TableSpec) and block.id == "table-baseline"
    ]
    stubs = [row.stub.text for row in table.rows]
    # The lupus trial has four centres, the Sjogren trial one.
    assert stubs.count("Site") == (kind == "sle")
    assert len([stub for stub in stubs if "Centre" in stub]) == (4 if kind == "sle" else 0)


@pytest.mark.parametrize(
    ("last", "unit", "ticks"),
    [
        # By hand: 42 days in weeks; 360 days are 11.8 months; 10 years in years.
        (42.0, "Days", [0, 7, 14, 21, 28, 35, 42]),
        (365.25, "Months", [30.4375 * month for month in range(13)]),
        (3652.5, "Years", [365.25 * year for year in range(11)]),
    ],
)
def test_an_axis_of_time_counts_in_the_unit_that_fits(last: float, unit: str, ticks: list[float]) -> None:
    assert unit_of(last).name == unit
    assert unit_of(last).ticks(last) == pytest.approx(ticks, abs=1e-3)
