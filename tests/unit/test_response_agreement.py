"""What the parts of a response must agree on: the table, the number of the row and the key of every finding."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from funis.catalogue.check_response import check_criteria, check_printed, check_response
from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.model_parameter import Parameter
from funis.catalogue.model_response import (
    ClassRule,
    Failure,
    Phrase,
    PrintedCriterion,
    PrintedQuantity,
    ResponseClass,
    ResponseDefinition,
)


def phrase(measure: str, name: str, symbol: str, limit: Decimal | str | int) -> Phrase:
    limit = Decimal(limit) if isinstance(limit, int) else limit
    return Phrase(f"{measure}({name}) {symbol} {limit}", measure, (name,), symbol, limit)


LOW = phrase("now", "x", "<=", 3)
FALLEN = phrase("fall", "x", ">=", 4)
SOUND = ResponseDefinition(
    "r", "Response", "1", "Paper", "", "sle", "none",
    (ResponseClass("full", "Full", "full"), ResponseClass("part", "Part", "partial"), ResponseClass("none", "No", "none")),
    (PrintedCriterion("low", "Low", ((LOW,),)), PrintedCriterion("fallen", "Fallen", ((FALLEN,),))),
    (ClassRule("full", "1", ("low", "fallen")), ClassRule("part", "2", ("fallen",))),
    (Failure("death", "response", "died"), Failure("lost", "response", "was lost")),
    (), {"s": ("a", "b")}, {},
)  # fmt: skip


def found(definition: ResponseDefinition = SOUND, **parts: Any) -> list[tuple[str, int | None, str, Any]]:
    findings = check_response(replace(definition, **parts))
    return [(each.table, each.row, each.column, each.value) for each in findings]


def with_second(criterion: PrintedCriterion, **parts: Any) -> list[tuple[str, int | None, str, Any]]:
    return found(criteria=(SOUND.criteria[0], criterion), **parts)


FALL = SOUND.criteria[1]


def test_a_sound_response_has_no_finding() -> None:
    assert found() == []


def test_criteria_have_an_id_words_and_points_of_their_own() -> None:
    assert with_second(replace(FALL, label=" ")) == [("criteria", 2, "label", "")]
    assert ("criteria", 2, "label", "") in with_second(replace(FALL, id=" "))
    assert with_second(replace(FALL, points=-1)) == [("criteria", 2, "points", -1)]
    assert with_second(replace(FALL, points=0)) == []
    three = (*SOUND.criteria, SOUND.criteria[0])
    assert found(criteria=three) == [("criteria", 3, "id", "low")]
    assert with_second(replace(FALL, alternatives=((FALLEN,), (LOW,)))) == []
    assert with_second(replace(FALL, alternatives=((FALLEN,), (FALLEN,)))) == [("criteria", 2, "any", "")]


@pytest.mark.parametrize(
    ("symbol", "limit", "count"),
    [
        ("<", 0, 1), ("<", -1, 1), ("<", 1, 0), ("<=", -1, 1), ("<=", 0, 0),
        (">=", 0, 1), (">=", -1, 1), (">=", 1, 0), (">", -1, 1), (">", 0, 0), ("=", 0, 0), ("=", -1, 0),
    ],
)  # fmt: skip
def test_a_count_is_never_below_zero(symbol: str, limit: int, count: int) -> None:
    asked = phrase("new_items", "s", symbol, limit)
    assert (
        with_second(replace(FALL, alternatives=((asked,),))) == [("criteria", 2, "when", asked.text)] * count
    )
    # Other numbers may be negative, and a limit that is a parameter is not known here.
    other = phrase("fall", "x", symbol, limit)
    assert with_second(replace(FALL, alternatives=((other,),))) == []
    named = {"p": Parameter("p", 0, (), "limit")}
    chosen = phrase("new_items", "s", symbol, "p")
    assert with_second(replace(FALL, alternatives=((chosen,),)), parameters=named) == []


def test_names_in_phrases_exist() -> None:
    limit = replace(FALL, alternatives=((phrase("fall", "x", ">=", "p"),),))
    assert with_second(limit) == [("criteria", 2, "when", "p")]
    assert with_second(limit, parameters={"p": Parameter("p", 0, (), "limit")}) == []
    of_set = replace(FALL, alternatives=((phrase("items_present", "t", ">=", 1),),))
    assert with_second(of_set) == [("criteria", 2, "when", "t")]
    needs = ((LOW, "part"), (phrase("now", "x", "<", "q"), "part"))
    assert ("needs", 2, "when", "q") in found(needs=needs)
    grades = replace(FALL, alternatives=((phrase("new_a", "instrument", ">=", 1),),))
    assert with_second(grades) == [("criteria", 2, "when", "instrument")]
    known = {"instrument": Parameter("instrument", "bilag_2004", (), "index")}
    assert with_second(grades, parameters=known) == []


def test_every_quantity_is_read() -> None:
    assert found(quantities={"x": PrintedQuantity("x")}) == []
    assert found(quantities={"x": PrintedQuantity("x"), "y": PrintedQuantity("y")}) == [
        ("quantities", None, "quantities", "y")
    ]


def test_a_criterion_waits_for_a_value_that_is_possible() -> None:
    choice = {"p": Parameter("p", "a", ("a", "b"), "choice")}
    free = {"p": Parameter("p", "a", (), "choice")}
    for value, wanted in (("b", []), ("c", [("criteria", 2, "only_if", "p = c")])):
        assert with_second(replace(FALL, only_if=("p", value)), parameters=choice) == wanted
        assert with_second(replace(FALL, only_if=("p", value)), parameters=free) == []
    assert with_second(replace(FALL, only_if=("q", "a")), parameters=choice) == [
        ("criteria", 2, "only_if", "q = a")
    ]


def test_every_criterion_is_used_and_every_used_one_is_there() -> None:
    rules = SOUND.rules
    assert found(
        rules=(replace(rules[0], criteria=("fallen",)), replace(rules[1], criteria=("fallen",)))
    ) == [("criteria", 1, "id", "low")]
    also = (replace(rules[0], criteria=("fallen",), also=("low",)), rules[1])
    assert found(rules=also) == []
    assert found(rules=(rules[0], replace(rules[1], also=("high",)))) == [("rules", 2, "all", "high")]


def test_parameters_have_words_and_scales_have_factors() -> None:
    assert found(parameters={"p": Parameter("p", 1, (), " ")}) == [("parameters", None, "note", "")]
    column = Parameter("x", "x", (), "column")
    unit = Parameter("x_unit", "g", ("g", "mg"), "unit", factors=(Decimal(1), Decimal("0.001")))
    assert found(parameters={"x": column, "x_unit": unit}) == []
    assert found(parameters={"x_unit": unit}) == [("parameters", None, "", "x_unit")]
    short = replace(unit, factors=(Decimal(1),))
    assert found(parameters={"x": column, "x_unit": short}) == [("parameters", None, "factors", "1")]
    none = replace(unit, allowed=(), factors=())
    assert found(parameters={"x": column, "x_unit": none}) == [("parameters", None, "allowed", "")]
    odd = replace(column, factors=(Decimal(2), Decimal(3)))
    assert found(parameters={"x": odd}) == [("parameters", None, "factors", "2, 3")]
    assert found(parameters={"x": column, "x_unit": replace(unit, factors=())}) == [
        ("parameters", None, "factors", "none")
    ]


def test_rules_make_classes_in_order() -> None:
    full, part = SOUND.rules
    assert ("rules", 2, "class", "") in found(rules=(full, replace(part, response=" ")))
    assert found(rules=(full, part, part)) == [("rules", 3, "", "part")]
    left = (full, replace(part, response="none"))
    assert ("rules", 2, "class", "none") in found(rules=left)
    again = replace(full, criteria=("low",))
    assert found(rules=(full, again, part)) == []
    assert found(rules=(full, part, again)) == [("rules", 3, "class", "full")]
    assert found(
        otherwise=" ", printed_classes=(*SOUND.printed_classes[:2], ResponseClass(" ", "No", "none"))
    ) == [("file", None, "otherwise", "")]


@pytest.mark.parametrize("counted", ["count", "points"])
def test_something_is_asked_for(counted: Any) -> None:
    full, part = SOUND.rules
    assert found(rules=(full, replace(part, counted=counted, least=1))) == []
    assert found(rules=(full, replace(part, counted=counted, least=0))) == [("rules", 2, counted, 0)]
    assert found(rules=(full, replace(part, counted="all", least=0))) == []


def test_classes_are_printed_once_in_order_with_words_of_their_own() -> None:
    full, part, none = SOUND.printed_classes
    assert found(printed_classes=(part, full, none)) == [("classes", None, "class", "part, full, none")]
    assert found(printed_classes=(full, none)) == [("classes", None, "class", "full, none")]
    assert found(printed_classes=(full, replace(part, label=" "), none)) == [("classes", 2, "label", "")]
    assert found(printed_classes=(full, replace(part, label="Full"), none)) == [
        ("classes", None, "label", "Full, Full, No")
    ]


def test_only_those_who_respond_respond_in_part() -> None:
    full, part, none = SOUND.printed_classes
    assert found(printed_classes=(full, replace(part, extent="none"), none)) == [
        ("classes", 2, "extent", "none")
    ]
    assert found(printed_classes=(full, part, replace(none, extent="partial"))) == [
        ("classes", 3, "extent", "partial")
    ]
    assert found(printed_classes=(full, replace(part, extent=""), replace(none, extent=""))) == []
    quiet = (SOUND.rules[0], replace(SOUND.rules[1], is_response=False))
    assert found(rules=quiet) == [("classes", 2, "extent", "partial")]
    assert found(rules=quiet, printed_classes=(full, replace(part, extent="none"), none)) == []


def test_events_stand_once_and_have_words() -> None:
    death, lost = SOUND.failures
    assert found(failures=(death, lost, death)) == [
        ("failures", 1, "event", "death"),
        ("failures", 3, "event", "death"),
    ]
    assert found(failures=(death, replace(lost, label=" "))) == [("failures", 2, "label", "")]


def test_criteria_of_a_set_are_checked_alike() -> None:
    rows = (SOUND.criteria[0], replace(FALL, points=-2))
    assert [(each.row, each.name) for each in check_criteria(rows, {})] == [(2, "fallen")]


def printed(**content: Any) -> list[tuple[str, Any]]:
    file = DefinitionFile("r.toml", {"name": "r", "title": "T", "version": "1", "source": "S"} | content)
    check_printed(file)
    return [(each.column, each.value) for each in file.findings]


def test_what_is_printed_holds_words() -> None:
    assert printed() == printed(certainty="sure", licence={"status": "none needed"}, notes=["a"]) == []
    assert printed(name="q") == [("name", "q")]
    for key in ("title", "version", "source", "certainty", "family", "label"):
        assert printed(**{key: " "}) == [(key, "")]
    assert printed(licence={}) == printed(licence={"status": " "}) == [("licence", "")]
    assert printed(notes=["a", " "]) == [("notes", "")]
