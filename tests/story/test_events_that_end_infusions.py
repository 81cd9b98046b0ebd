"""Events that are related and serious, and events that ended the infusions: counted by hand."""

from __future__ import annotations

import polars as pl
import pytest

from funis.reporting.number_book import read_numbers
from funis.reporting.safety_tables import build_adverse_event_tables

from .report_kinds import analysed
from .test_asked import ASKED, Rows, base_frames, count_of, make_study, run


def test_related_serious_events_and_ends_of_infusions_by_hand() -> None:
    """All five were asked; S5, who was not infused, is in neither row.

    S1  fever, serious, related, drug withdrawn            both rows
    S2  rash, serious, relation not known, dose unchanged  related and serious: open
    S3  cough, not serious, related, action "antibiotic"   no further infusion: open
    S4  no event
    S5  fever, serious, related, action "none"
    """
    study = make_study(cells=True, population="enrolled")
    infused: Rows = [{"subject": f"S{n}", "number": 1, "date": "2020-01-01"} for n in range(1, 5)]
    told: list[tuple[str, int, int | None, str | None]] = [
        ("S1", 1, 1, "Drug withdrawn"), ("S2", 1, None, "dose not changed"), ("S3", 0, 1, "antibiotic"),
        ("S5", 1, 1, "none"),
    ]  # fmt: skip
    events_told: Rows = [
        {"subject": who, "term": "Fever", "start": "2020-02-01", "grade": 2, "serious": serious,
         "related": related, "action": action}
        for who, serious, related, action in told
    ]  # fmt: skip
    frames = base_frames() | {"safety_questions": ASKED, "infusions": infused}
    results = run(study, frames | {"adverse_events": events_told})
    key = "adverse_events.enrolled"
    for name in ("related_serious", "no_further_infusion"):
        assert count_of(results, f"{key}.{name}.count")[:2] == (1, 4)
        assert count_of(results, f"{key}.{name}.events")[0] == 1
        assert count_of(results, f"{key}.{name}.cannot_tell")[:2] == (1, 4)
        row = results.numbers.row(by_predicate=pl.col("id") == f"{key}.{name}.count", named=True)
        behind = results.sources.filter(pl.col("source") == row["source"])
        assert set(behind["subject"]) == {"S1"}
    # Of events without any action it was not collected; it is no zero.
    bare = [{name: value for name, value in each.items() if name != "action"} for each in events_told]
    without = run(study, frames | {"adverse_events": bare})
    assert count_of(without, f"{key}.no_further_infusion.count") == (None, None, "not_collected")
    book = read_numbers(without.numbers)
    table = build_adverse_event_tables(study, book)[0]
    printed = {row.stub.text: row.cells[0].text for row in table.rows if row.cells}
    assert printed["Leading to no further infusion"] == "not collected"
    assert printed["Related and serious"].startswith("1/4; cannot tell 1")
    # Nobody has an event, all were asked: none led to anything.
    none = run(study, frames)
    assert count_of(none, f"{key}.no_further_infusion.count")[:2] == (0, 4)
    assert count_of(none, f"{key}.related_serious.count")[:2] == (0, 4)


@pytest.mark.parametrize(("kind", "treated"), [("sle", 40), ("sjogren", 24)])
def test_in_the_rebuilt_trials_no_event_ended_the_infusions(kind: str, treated: int) -> None:
    _, results = analysed(kind)
    for name in ("related_serious", "no_further_infusion"):
        found = results.numbers.filter(
            pl.col("analysis") == "adverse_events", pl.col("variable") == name, pl.col("arm") == "all",
            pl.col("statistic") == "count",
        )  # fmt: skip
        assert set(zip(found["value"], found["denominator"], strict=True)) == {(0, treated)}
