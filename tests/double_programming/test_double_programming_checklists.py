"""The items of the reporting statements, typed a second time: number and topic of each, in the statement's order.

CONSORT 2025 was read in Table 1 of PLoS Med 2025;22:e1004587; of its 30 items those with parts a and b are one.
"""

import csv
from pathlib import Path

import pytest

from funis.catalogue.reporting_checklists import reporting_checklists

SECOND = Path(__file__).with_name("reporting_checklists.csv")


def typed(statement: str) -> list[tuple[int, str]]:
    with SECOND.open(encoding="utf-8", newline="") as file:
        return [
            (int(row["number"]), row["topic"])
            for row in csv.DictReader(file)
            if row["statement"] == statement
        ]


@pytest.mark.parametrize(("statement", "items"), [("trend", 22), ("strobe", 22), ("consort", 30)])
def test_items_are_the_same_in_both_entries(statement: str, items: int) -> None:
    found, wanted = reporting_checklists()[statement].items, typed(statement)
    assert [each.number for each in found] == [number for number, _ in wanted] == list(range(1, items + 1))
    for each, (_, topic) in zip(found, wanted, strict=True):
        missing = [word for word in topic.split() if word not in each.item.lower()]
        assert not missing, (each.number, each.item, topic)


def test_no_statement_was_typed_once_only() -> None:
    with SECOND.open(encoding="utf-8", newline="") as file:
        assert {row["statement"] for row in csv.DictReader(file)} == set(reporting_checklists())
