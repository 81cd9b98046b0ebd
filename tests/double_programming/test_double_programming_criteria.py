"""Classification criteria typed a second time: points, domains, what shows a criterion, and the counts asked for."""

from pathlib import Path

import pytest

from funis.catalogue.model_criteria import ClassificationRow, ClassificationRule
from funis.catalogue.model_response import Phrase
from funis.catalogue.registry import criteria_set, criteria_sets

from .typed_tables import rows_of, spell_possible

FOLDER = Path(__file__).parent / "criteria"
SIGNS = {"<=": "at most", "<": "below", ">=": "at least", ">": "above"}


def typed(file: str, name: str) -> list[dict[str, str]]:
    rows = [row for row in rows_of(FOLDER / file) if row["set"] == name]
    return [{key: value for key, value in row.items() if key != "set"} for row in rows]


def spell_phrase(phrase: Phrase, criterion: str) -> str:
    """Spell one comparison; a finding that is more than 0 is simply there."""
    assert phrase.measure == "now"
    name = "itself" if phrase.given == (criterion,) else " ".join(phrase.given)
    is_there = (phrase.symbol, str(phrase.limit)) == (">", "0")
    return name if is_there else f"{name} {SIGNS[phrase.symbol]} {phrase.limit}"


def spell_row(row: ClassificationRow) -> dict[str, str]:
    criterion = row.criterion
    groups = [" and ".join(spell_phrase(p, criterion.id) for p in group) for group in criterion.alternatives]
    domain = "" if row.domain == criterion.id else row.domain
    found = {"criterion": criterion.id, "points": str(criterion.points), "domain": domain}
    return found | {"counted in": " ".join(row.groups), "shown by": " or ".join(groups)}


def spell_rule(rule: ClassificationRule) -> dict[str, str]:
    counts = [f"{d.least} {'points ' if d.what == 'points' else ''}{d.group}" for d in rule.demands]
    found = {"needs": " ".join(rule.all), "bars": " ".join(rule.none), "counts": "; ".join(counts)}
    return found | {"printed as": rule.name.replace(",", ";")}


@pytest.mark.parametrize("name", criteria_sets())
def test_rows(name: str) -> None:
    wanted = typed("rows.csv", name)
    for row in wanted:
        if row["domain"] == row["criterion"]:
            row["domain"] = ""
    assert [spell_row(row) for row in criteria_set(name).rows] == wanted


@pytest.mark.parametrize("name", criteria_sets())
def test_rules(name: str) -> None:
    assert [spell_rule(rule) for rule in criteria_set(name).rules] == typed("rules.csv", name)


@pytest.mark.parametrize("name", criteria_sets())
def test_quantities(name: str) -> None:
    found = [
        {"quantity": key, "can be": spell_possible(one)} for key, one in criteria_set(name).quantities.items()
    ]
    assert found == typed("quantities.csv", name)


def test_every_set_was_typed_twice() -> None:
    for file in ("rows.csv", "rules.csv"):
        assert {row["set"] for row in rows_of(FOLDER / file)} == set(criteria_sets()), file
