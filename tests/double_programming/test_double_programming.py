"""Every table typed a second time, in another format and away from the definition, compared cell by cell."""

from pathlib import Path

import pytest

import funis

from .typed_tables import features_in_force, rows_of

FOLDER = Path(__file__).parent
TYPED = sorted(FOLDER.glob("*.csv"))
ITEM_FILES = [path for path in TYPED if path.stem in funis.definitions()]


@pytest.mark.parametrize("path", ITEM_FILES, ids=[path.stem for path in ITEM_FILES])
def test_items_agree_with_the_double_programming(path: Path) -> None:
    definition = funis.definition(path.stem)
    typed = rows_of(path)
    found = []
    for item in definition.items:
        values = " ".join(map(str, item.values)) or f"{item.minimum:g}-{item.maximum:g} {item.unit}"
        points = " ".join(f"{point:g}" for point in item.points)
        when = " | ".join(" or ".join(map(str, level)) for level in item.when)
        entry = {"row": str(item.row), "system": item.system, "item": item.name}
        entry |= {"values": values, "points": points, "when": when}
        found.append({key: entry[key] for key in typed[0]})
    assert found == typed


def test_every_instrument_was_typed_twice() -> None:
    assert {path.stem for path in ITEM_FILES} == set(funis.definitions())


def test_bilag_rules_agree_with_the_double_programming() -> None:
    """The double programming writes the decision tables with row numbers, as the printed index does."""
    definition = funis.definition("bilag_2004")
    number = {item.name: str(item.row) for item in definition.items}
    found = set()
    for rule in definition.rules:
        items = " ".join(number.get(name, name) for name in rule.of_items)
        text = (
            str(rule.when).replace(rule.when.terms[0].name, number[rule.when.terms[0].name])
            if rule.when
            else ""
        )
        level = rule.with_level if rule.of_items else ""
        found.add((rule.system, rule.grade, str(rule.clause), str(rule.at_least), level, items, text))
    typed = {tuple(row.values()) for row in rows_of(FOLDER / "bilag_2004_rules.csv")}
    assert found == typed


def test_bilag_features_agree_with_the_double_programming() -> None:
    typed = {tuple(row.values()) for row in rows_of(FOLDER / "bilag_2004_features_rules.csv")}
    assert features_in_force("bilag_2004") == typed


def test_parameters_have_the_printed_defaults() -> None:
    assert funis.definition("sledai_2k").parameter_values() == {"arthritis_min_joints": 2, "window_days": 10}
    assert funis.definition("bilag_2004").parameter_values() == {
        "fall_of_exactly_25_percent": "improved",
        "first_visit_proteinuria": True,
        "previous_proteinuria_missing": True,
        "first_visit_dipstick_severe": False,
        "first_visit_dipstick_moderate": False,
        "previous_dipstick_missing": False,
        "first_visit_renal_function": False,
        "previous_creatinine_missing": False,
        "creatinine_ratio_of_exactly_130": "moderate",
        "mild_proteinuria_must_not_have_fallen": False,
        "moderate_proteinuria_limits": "printed",
        "first_visit_blood_pressure": False,
        "biopsy_window_days": 91,
        "previous_assessment": "preceding",
    }


def test_numeric_schemes_agree() -> None:
    assert dict(funis.definition("bilag_2004").grade_points) == {"A": 12, "B": 8, "C": 1, "D": 0, "E": 0}
