"""The items of the reporting statements, typed a second time: number and topic of each, in the statement's order.

CONSORT 2025 was read in Table 1 of PLoS Med 2025;22:e1004587; of its 30 items those with parts a and b are one.
"""

import csv
from pathlib import Path

import pytest

from funis.catalogue.abstract_items import abstract_items
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


def test_items_for_abstracts_are_the_same_in_both_entries() -> None:
    """CONSORT for abstracts, read in a table of J Headache Pain 2011 (doi 10.1007/s10194-011-0361-1)."""
    with SECOND.with_name("abstract_items.csv").open(encoding="utf-8", newline="") as file:
        wanted = [(int(row["number"]), row["words"].split()) for row in csv.DictReader(file)]
    found = abstract_items().items
    assert [each.number for each in found] == [number for number, _ in wanted] == list(range(1, 18))
    for each, (_, words) in zip(found, wanted, strict=True):
        assert all(word in each.item.lower() for word in words), (each.item, words)
        assert each.topics
    assert [each.number for each in found if each.randomised] == [1, 8, 10]


def test_no_statement_was_typed_once_only() -> None:
    with SECOND.open(encoding="utf-8", newline="") as file:
        assert {row["statement"] for row in csv.DictReader(file)} == set(reporting_checklists())
