"""Every definition of the catalogue is put into words that hold all of it: limits, windows, source, certainty.

The numbers are read from the files themselves, so that words made from a wrong reading are found; and each limit
is changed once, so that words that were typed beside a definition are found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from funis.catalogue.conditions import Condition, Term
from funis.catalogue.model_instrument import Definition
from funis.catalogue.model_response import GRADE_MEASURES, Phrase, ResponseDefinition
from funis.catalogue.registry import (
    DEFINITIONS,
    definition,
    definitions,
    names_of_kind,
    responder_index,
    response_definition,
    responses,
)
from funis.catalogue.wording.basis import READ
from funis.catalogue.wording.indices import index_words
from funis.catalogue.wording.instruments import instrument_words
from funis.catalogue.wording.responses import response_words
from funis.nine_decimals import Operator

COMMON = {"response_window": 30, "response_day": 0}


def content_of(name: str) -> dict[str, Any]:
    found = tomllib.loads((DEFINITIONS / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    if "rules_of" in found:
        parent = content_of(found["rules_of"])
        found = parent | found | {"parameters": parent["parameters"] | found.get("parameters", {})}
    return found


def numbers_in(text: str) -> set[Decimal]:
    return {Decimal(each) for each in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text.replace("−", ""))}


def choices_of(name: str) -> Iterator[dict[str, Any]]:
    """Give the default choices, then each value of a choice that puts criteria in force."""
    yield {}
    for row in content_of(name)["criteria"]:
        if "only_if" in row:
            yield {row["only_if"]["parameter"]: row["only_if"]["is"]}


def words_of_all_choices(name: str) -> str:
    found = response_definition(name)
    return " ".join(str(response_words(found, chosen)) for chosen in choices_of(name))


def conditions_of(row: dict[str, Any]) -> Iterator[str]:
    for key in ("when", "any", "any_collected"):
        listed = row.get(key, [])
        for part in [listed] if isinstance(listed, str) else listed:
            yield from [part] if isinstance(part, str) else part


@pytest.mark.parametrize("name", responses())
def test_every_limit_of_a_response_stands_in_its_words(name: str) -> None:
    content, text = content_of(name), words_of_all_choices(name)
    found = numbers_in(text)
    for row in content["criteria"]:
        for phrase in conditions_of(row):
            limit = phrase.rsplit(" ", 1)[1]
            if limit in content["parameters"]:
                limit = str(content["parameters"][limit]["default"])
            if Decimal(limit) == 0 or _is_presence(content, phrase):
                continue
            assert Decimal(limit) in found, phrase
    for rule in content["rules"]:
        least = rule.get("count", rule.get("points"))
        assert least is None or Decimal(least) in found


def _is_presence(content: dict[str, Any], phrase: str) -> bool:
    """What is there or not is named, without a number."""
    name = re.sub(r".*\(|[,)].*| .*", "", phrase)
    return bool(content.get("quantities", {}).get(name, {}).get("yes_no"))


WINDOWS = {
    "ucmsc_bilag_response": {180, 30, 360},
    "explorer_response": {180, 30, 360, 112},
    "bliss_ln_crr": {168, 10},
    "bliss_ln_perr": {168, 10},
    "aurora_renal_response": {44, 52, 10, 3, 7},
}


@pytest.mark.parametrize(("name", "wanted"), WINDOWS.items())
def test_windows_and_days_stand_in_the_words(name: str, wanted: set[int]) -> None:
    assert {Decimal(each) for each in wanted} <= numbers_in(words_of_all_choices(name))


@pytest.mark.parametrize("name", responses())
def test_a_response_names_source_certainty_classes_and_versions(name: str) -> None:
    content, found = content_of(name), response_definition(name)
    text = str(response_words(found))
    assert "_" not in text
    assert f"Source: {content['source'].rstrip('.')}." in text
    assert content.get("certainty", READ).rstrip(".") in text.rsplit("Certainty: ", maxsplit=1)[-1]
    for row in content["classes"]:
        assert row["label"].lower() in text.lower(), row["class"]
    read = {value["default"] for value in content["parameters"].values()} & set(definitions())
    grades_read = any(phrase.measure in GRADE_MEASURES for row in found.criteria for phrase in row.phrases)
    for instrument in read:
        if instrument.startswith("bilag") and not grades_read:
            continue
        if instrument in {"bilag_2004"} and name == "lldas":
            continue  # read only by a choice that is not in force
        assert f"{definition(instrument).title} ({definition(instrument).version})" in text


def test_lldas_by_bilag_names_its_instrument() -> None:
    text = str(response_words(response_definition("lldas"), {"new_feature_rule": "bilag"}))
    assert "BILAG-2004 (form revision 1 Sep 2009)" in text


def test_only_what_no_source_prints_is_a_proposal() -> None:
    proposals = {name for name in responses() if response_definition(name).is_proposal}
    assert proposals == {"ucmsc_bilag_response"}
    assert {name for name in definitions() if definition(name).is_proposal} == {"tess_modified"}
    for name in (*responses(), *definitions()):
        is_said = content_of(name).get("proposal", False)
        words = (
            response_words(response_definition(name))
            if name in responses()
            else instrument_words(definition(name))
        )
        assert ("proposal of funis" in str(words)) == is_said


def test_a_response_by_an_index_says_what_the_index_is() -> None:
    text = str(response_words(response_definition("s2k_ri_50_response")))
    assert index_words(responder_index("s2k_ri_50")) in text
    assert text.count("Responder Index-50") == 1


# --- a changed definition changes its words -----------------------------------------------------------


def changed_phrases(found: ResponseDefinition) -> Iterator[tuple[str, ResponseDefinition, dict[str, Any]]]:
    """Give the definition with one limit, then one sign, changed at a time, and the choices that ask for it."""
    for place, row in enumerate(found.criteria):
        chosen = {} if row.only_if is None else {row.only_if[0]: row.only_if[1]}
        for group, phrases in enumerate(row.alternatives):
            for number, phrase in enumerate(phrases):
                for other in _changed(found, phrase):
                    groups = list(row.alternatives)
                    groups[group] = (*phrases[:number], other, *phrases[number + 1 :])
                    rows = list(found.criteria)
                    rows[place] = replace(row, alternatives=tuple(groups))
                    yield f"{row.id}: {phrase.text} -> {other}", replace(found, criteria=tuple(rows)), chosen


def _changed(found: ResponseDefinition, phrase: Phrase) -> Iterator[Phrase]:
    quantity = found.quantities.get(phrase.given[0])
    is_presence = quantity is not None and quantity.is_yes_no
    if isinstance(phrase.limit, Decimal) and not is_presence:
        yield replace(phrase, limit=phrase.limit + 1)
    turned = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[phrase.symbol]
    yield replace(phrase, symbol=turned)
    if not is_presence and phrase.limit not in (0, 1):
        yield replace(phrase, symbol={"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[phrase.symbol])


@pytest.mark.parametrize("name", responses())
def test_a_changed_limit_changes_the_words_of_a_response(name: str) -> None:
    found = response_definition(name)
    for what, other, chosen in changed_phrases(found):
        assert str(response_words(other, chosen)) != str(response_words(found, chosen)), what


@pytest.mark.parametrize("name", responses())
def test_a_changed_rule_changes_the_words_of_a_response(name: str) -> None:
    found = response_definition(name)
    before = str(response_words(found))
    for place, rule in enumerate(found.rules):
        others = [replace(rule, least=rule.least + 1)] if rule.counted != "all" else []
        active = [row.id for row in found.active(found.settle({}))]
        others += [
            replace(rule, criteria=tuple(name for name in rule.criteria if name != left_out))
            for left_out in rule.criteria
            if left_out in active
        ]
        for other in others:
            rules = (*found.rules[:place], other, *found.rules[place + 1 :])
            assert str(response_words(replace(found, rules=rules))) != before, (rule, other)
    for event in found.failures:
        rest = tuple(one for one in found.failures if one is not event)
        assert str(response_words(replace(found, failures=rest))) != before


# Columns and units that phrases read, and choices that belong to criteria which are not in force, change nothing.
SILENT = ("_unit", "_scale", "_upper_limit")


@pytest.mark.parametrize("name", responses())
def test_a_changed_number_of_a_study_changes_the_words_of_a_response(name: str) -> None:
    found = response_definition(name)
    for key, parameter in found.parameters.items():
        value = parameter.default
        if isinstance(value, bool) or not isinstance(value, int | float) or key.endswith(SILENT):
            continue
        chosen = {"response_day": 90} if key == "response_window" else {}
        chosen |= (
            {"steroid_rise_fails": True} if key == "prednisone_rise_limit" and name.startswith("sri") else {}
        )
        chosen |= {"steroid_counts": True} if name == "regency_crr" else {}
        other = next((one for one in parameter.allowed if one != value), value + 1)
        before = str(response_words(found, chosen))
        assert str(response_words(found, chosen | {key: other})) != before, key


# --- instruments --------------------------------------------------------------------------------------


def file_numbers(content: dict[str, Any], chosen: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Give the limits and weights that a file states and the choices ask for, with the place of each."""
    for table in ("items", "replace", "features", "rules", "flags"):
        for row in content.get(table, []):
            if any(chosen.get(key) != value for key, value in row.get("if", {}).items()):
                continue
            listed = [row.get("when", []), row.get("levels", [])]
            for text in _texts(listed):
                for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text):
                    yield f"{table}: {text}", Decimal(number)
            points = row.get("points", [])
            for value in points if isinstance(points, list) else [points]:
                yield f"{table}: points of {row}", abs(Decimal(value))
            for key, value in row.get("curve", {}).items():
                yield f"{table}: {key} of the curve of {row['item']}", abs(Decimal(value))
    for row in content.get("routes", []):
        yield from (
            (f"routes: {key}", Decimal(value)) for key, value in row.items() if not isinstance(value, str)
        )
    # Words are read without their signs.
    # An end of the range is told with three decimals at most.
    thousandth = Decimal("0.001")
    ends = [abs(Decimal(value)).quantize(thousandth, ROUND_HALF_UP) for value in content["range"].values()]
    yield from (("range", end) for end in ends)
    yield from (("grade_points", Decimal(value)) for value in content.get("grade_points", {}).values())
    yield from (("constant", Decimal(content[key])) for key in ("constant", "intercept") if key in content)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


@pytest.mark.parametrize("name", definitions())
def test_every_limit_of_an_instrument_stands_in_its_words(name: str) -> None:
    content, defaults = content_of(name), definition(name).parameter_values()
    text = str(instrument_words(definition(name)))
    for chosen in [row["if"] for row in content.get("features", []) if "if" in row]:
        other = str(instrument_words(definition(name), chosen))
        numbers = {number for _, number in file_numbers(content, defaults | chosen)}
        assert numbers - {Decimal(1)} <= numbers_in(other), chosen
    found = numbers_in(text)
    for place, number in file_numbers(content, defaults):
        is_presence = number == 1 and " >= 1" in place
        assert number in found or is_presence or (number in (0, 1) and "points of" in place), place
    for row in content.get("parameters", []):
        if type(row["default"]) is int:
            assert Decimal(row["default"]) in found, row["name"]
    for number in re.findall(r"\d+", content.get("window", "")):
        assert Decimal(number) in found
    for factor in content.get("factors", []):  # one of 1 divides by nothing; race is off unless chosen
        for key in ("over", "at_most", "at_least", "power", "base", "times"):
            if key in factor and factor[key] != 1 and "Black" not in factor["label"]:
                assert abs(Decimal(factor[key])) in found, factor


@pytest.mark.parametrize("name", definitions())
def test_an_instrument_names_version_source_and_certainty(name: str) -> None:
    content, text = content_of(name), str(instrument_words(definition(name)))
    assert "_" not in text
    assert f"{content['title']} ({content['version']})" in text
    assert f"Source: {content['source'].rstrip('.')}." in text
    assert content.get("certainty", READ) in text.rsplit("Certainty: ", maxsplit=1)[-1]
    if "items" in content:
        assert all(row["label"] in text for row in content["items"])


def changed_conditions(found: Definition) -> Iterator[tuple[str, Definition]]:
    """Give the definition with one limit of one condition changed at a time."""
    yield from _changed_items(found)
    for place, feature in enumerate(found.features):
        is_asked = all(found.parameter_values()[key] == value for key, value in feature.choice)
        for other in _changed_terms(feature.when) if is_asked else ():
            rows = (*found.features[:place], replace(feature, when=other), *found.features[place + 1 :])
            yield str(feature.when), replace(found, features=rows)
    for place, rule in enumerate(found.rules):
        others = [replace(rule, when=other) for other in _changed_terms(rule.when)] if rule.when else []
        others += [replace(rule, at_least=rule.at_least + 1)] if len(rule.of_items) > 1 else []
        for one in others:
            yield rule.label, replace(found, rules=(*found.rules[:place], one, *found.rules[place + 1 :]))
    for place, flag in enumerate(found.flags):
        for other in _changed_terms(flag.when):
            flags = (*found.flags[:place], replace(flag, when=other), *found.flags[place + 1 :])
            yield flag.label, replace(found, flags=flags)


def _changed_items(found: Definition) -> Iterator[tuple[str, Definition]]:
    for place, item in enumerate(found.items):
        for level, conditions in enumerate(item.when):
            for number, condition in enumerate(conditions):
                for other in _changed_terms(condition):
                    row = (*conditions[:number], other, *conditions[number + 1 :])
                    when = (*item.when[:level], row, *item.when[level + 1 :])
                    items = (*found.items[:place], replace(item, when=when), *found.items[place + 1 :])
                    yield str(condition), replace(found, items=items)


def _changed_terms(condition: Condition) -> Iterator[Condition]:
    for place, term in enumerate(condition.terms):
        for other in _changed_term(term):
            yield Condition((*condition.terms[:place], other, *condition.terms[place + 1 :]))


TURNED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _changed_term(term: Term) -> Iterator[Term]:
    if isinstance(term.limit, Decimal) and not (term.limit == 1 and term.operator == ">="):
        yield replace(term, limit=term.limit + 1)
    yield replace(term, operator=TURNED[term.operator])


@pytest.mark.parametrize("name", definitions())
def test_a_changed_limit_changes_the_words_of_an_instrument(name: str) -> None:
    found = definition(name)
    before = str(instrument_words(found))
    for what, other in changed_conditions(found):
        assert str(instrument_words(other)) != before, what


# --- responder indices --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names_of_kind("responder_index"))
def test_words_of_a_responder_index(name: str) -> None:
    content, text = content_of(name), index_words(responder_index(name))
    assert "_" not in text
    assert f"{content['title']} ({content['version']})" in text
    assert content["source"] in text
    assert content["certainty"] in text
    limits = {
        Decimal(row["limit"]) for row in content["measures"] if not isinstance(row.get("limit", ""), str)
    }
    assert limits | {Decimal(50)} <= numbers_in(text)
    for row in content["measures"]:
        assert definition(content["items_of"]).item(row["item"]).label in text
