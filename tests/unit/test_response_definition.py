"""Response definitions: every file loads, and findings put into one are refused with their place."""

import copy
import tomllib
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.model_response import MEASURES, ResponseDefinition
from funis.catalogue.registry import read_definition, response_definition, responses
from funis.errors import DefinitionError
from funis.responses.decide import MEASURE_FUNCTIONS

SRI = tomllib.loads(
    files("funis.catalogue").joinpath("definitions", "sri_4.toml").read_text(encoding="utf-8"),
    parse_float=Decimal,
)


def faulty(**changes: Any) -> str:
    """Return what is said of SRI-4 with something changed."""
    content = copy.deepcopy(SRI) | changes
    with pytest.raises(DefinitionError) as raised:
        read_definition(DefinitionFile("sri_4.toml", content))
    return str(raised.value)


def with_row(**changes: Any) -> list[dict[str, Any]]:
    rows = copy.deepcopy(SRI["criteria"])
    rows[0] = {key: value for key, value in (rows[0] | changes).items() if value is not None}
    return list(rows)


@pytest.mark.parametrize("name", responses())
def test_every_definition_loads(name: str) -> None:
    found = response_definition(name)
    assert found.name == name
    assert found.title
    assert found.source
    assert found.rules
    assert all(row.label and row.alternatives for row in found.criteria)
    assert all(parameter.label for parameter in found.parameters.values())


def test_every_measure_has_a_function() -> None:
    assert set(MEASURE_FUNCTIONS) == MEASURES


def test_every_measure_is_used() -> None:
    used = {
        phrase.measure
        for name in responses()
        for row in response_definition(name).criteria
        for phrase in row.phrases
    }
    needed = {phrase.measure for name in responses() for phrase, _ in response_definition(name).needs}
    assert used | needed == MEASURES


def test_points_of_the_sri_family() -> None:
    limits = [response_definition(f"sri_{points}").parameters["points"].default for points in range(4, 9)]
    assert limits == [4, 5, 6, 7, 8]
    assert response_definition("sri_8").criteria == response_definition("sri_4").criteria


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"colour": "red"}, "'colour'"),
        ({"criteria": with_row(when="fall(sledai) at least 4")}, "closed grammar"),
        ({"criteria": with_row(when="fall(sledai) = 4")}, "closed grammar"),
        ({"criteria": with_row(when="__import__('os') >= 4")}, "closed grammar"),
        ({"criteria": with_row(when="drop(sledai) >= 4")}, "no such measure"),
        ({"criteria": with_row(when="percent_below(sledai) >= 4")}, "takes 2 names"),
        ({"criteria": with_row(when="fall(sledai) >= pointz")}, "names no parameter"),
        ({"criteria": with_row(when="items_present(organs) >= 1")}, "no such set"),
        ({"criteria": with_row(when=None)}, "one of 'when', 'any'"),
        ({"criteria": with_row(any=[["fall(sledai) >= 4"]])}, "one of 'when', 'any'"),
        ({"criteria": with_row(when=None, any=[[]])}, "no phrase"),
        ({"criteria": with_row(id="no_new_a")}, "Two criteria have this id"),
        ({"criteria": with_row(optional="perhaps")}, "met or not_met"),
        ({"criteria": with_row(only_if={"parameter": "hue", "is": 1})}, "No parameter has this"),
        ({"criteria": with_row(only_if={"parameter": "points"})}, "'parameter' and 'is'"),
        ({"criteria": with_row(weight=3)}, "weight"),
        ({"rules": [{"class": "yes", "all": ["sledai_rise"]}]}, "No criterion has this id"),
        ({"rules": [{"class": "yes", "all": ["sledai_fall"]}]}, "No rule uses this criterion"),
        ({"rules": [{"class": "yes", "some": ["sledai_fall"]}]}, "some"),
        ({"parameters": SRI["parameters"] | {"points": {"note": "x"}}}, "no default"),
        (
            {"parameters": SRI["parameters"] | {"pga_scale": {"default": 7, "allowed": [3]}}},
            "default is not allowed",
        ),
        ({"failures": [{"event": "deth", "before": "response", "label": "x"}]}, "no such event"),
        ({"failures": [{"event": "death", "before": "supper", "label": "x"}]}, "response or horizon"),
    ],
)
def test_findings_are_refused(changes: dict[str, Any], told: str) -> None:
    assert told in faulty(**changes)


def test_all_findings_are_told_at_once() -> None:
    message = faulty(
        colour="red", criteria=with_row(when="fall(sledai) >= pointz"), rules=[{"class": "yes", "x": 1}]
    )
    assert "3 findings" in message


def test_lacking_keys_are_told() -> None:
    with pytest.raises(DefinitionError, match="the key 'otherwise' is missing"):
        read_definition(DefinitionFile("x.toml", {"name": "x", "kind": "response"}))


def test_what_must_hold_besides_a_count_is_a_known_criterion() -> None:
    rules = [{"class": "yes", "count": 2, "also": ["rescue"]}]
    assert "No criterion has this id" in faulty(rules=rules)
    rules = [{"class": "yes", "count": 2, "also": ["rescue_medication"]}]
    file = DefinitionFile("sri_4.toml", copy.deepcopy(SRI) | {"rules": rules})
    definition = read_definition(file)
    assert isinstance(definition, ResponseDefinition)
    found = definition.rules[0]
    assert "rescue_medication" not in found.criteria
    assert found.also == ("rescue_medication",)
