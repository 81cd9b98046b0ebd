"""What the rows of an instrument and of a set of criteria must agree on: each finding told by its row."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from funis.catalogue.check_instrument import check_instrument, reachable_range
from funis.catalogue.conditions import Condition, Term
from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.model_instrument import Item, Range
from funis.catalogue.model_parameter import Parameter
from funis.catalogue.read_criteria import read_criteria
from funis.catalogue.registry import definition
from funis.errors import DefinitionError

SLEDAI = definition("sledai_2k")
SSDAI = definition("ssdai")
BILAG = definition("bilag_2004")
EYES = definition("schirmer")


def told(found: Any) -> set[tuple[str, int | None, str]]:
    return {(each.table, each.row, each.column) for each in check_instrument(found)}


def with_item(place: int, **changed: Any) -> set[tuple[str, int | None, str]]:
    """Change one item of SLEDAI-2K."""
    items = list(SLEDAI.items)
    items[place] = replace(items[place], **changed)
    return told(replace(SLEDAI, items=tuple(items)))


def test_published_instruments_have_no_finding() -> None:
    for found in (SLEDAI, SSDAI, BILAG, EYES):
        assert told(found) == set()


def test_rows_rise_from_one_and_have_names_of_their_own() -> None:
    assert ("items", 2, "row") in with_item(2, row=2)
    assert ("items", 1, "row") in with_item(1, row=1)
    later = tuple(replace(item, row=item.row + 1) for item in SLEDAI.items)
    # Rows that begin beyond 1 were taken from another definition, whose numbers they keep.
    assert told(replace(SLEDAI, items=later)) == set()
    first = (replace(SLEDAI.items[0], row=0), *SLEDAI.items[1:])
    assert ("items", 0, "row") in told(replace(SLEDAI, items=first))
    name = SLEDAI.items[0].name
    assert {("items", 1, "item"), ("items", 2, "item")} <= with_item(1, name=name)
    assert ("items", 3, "item") in with_item(2, name="Seizure")
    assert ("items", 3, "system") in with_item(2, system="renal")


def test_values_and_points_are_of_one_number_and_rise() -> None:
    assert ("items", 1, "points") in with_item(0, points=(0.0, 8.0, 9.0))
    assert ("items", 1, "points") in with_item(0, points=(8.0, 0.0))
    assert ("items", 1, "points") not in with_item(0, points=(8.0, 8.0))
    level = next(item for item in SLEDAI.items if item.when)
    place = SLEDAI.items.index(level)
    assert ("items", level.row, "when") in with_item(place, when=level.when * 2)
    assert ("items", level.row, "when") not in with_item(place, when=())


@pytest.mark.parametrize(
    ("changed", "is_sound"),
    [
        ({"minimum": 0.0, "maximum": 9.0}, True), ({"minimum": 9.0, "maximum": 9.0}, False),
        ({"minimum": 10.0, "maximum": 9.0}, False), ({"minimum": None, "maximum": 9.0}, False),
        ({"minimum": 0.0, "maximum": None}, False), ({"minimum": 0.0, "maximum": 9.0, "unit": ""}, False),
    ],
)  # fmt: skip
def test_a_measured_row_has_a_unit_and_limits_that_rise(changed: dict[str, Any], *, is_sound: bool) -> None:
    measured = Item(1, "x", "x", (), (), unit="mm")
    items = (replace(measured, **changed),)
    bare = replace(
        EYES,
        items=items,
        systems=(),
        per_system=False,
        summaries=(),
        flags=(),
        kind="sum",
        range=Range(0.0, 9.0),
    )
    assert (("items", 1, "unit") in told(bare)) is not is_sound


def test_conditions_compare_what_is_there() -> None:
    level = next(item for item in SLEDAI.items if item.when)
    place = SLEDAI.items.index(level)
    odd = ((Condition((Term("value", "no_such", ">", Decimal(1)),)),),)
    assert ("items", level.row, "when") in with_item(place, when=odd)
    named = ((Condition((Term("value", "platelets", ">", "no_such"),)),),)
    assert ("items", level.row, "when") in with_item(place, when=named)
    feature = replace(BILAG.features[1], when=odd[0][0])
    assert ("features", 2, "when") in told(
        replace(BILAG, features=(BILAG.features[0], feature, *BILAG.features[2:]))
    )


def test_choices_are_allowed() -> None:
    wide = Parameter("p", 3, (1, 2), "choice", minimum=0.0)
    assert ("parameters", None, "default") in told(replace(SLEDAI, parameters=(*SLEDAI.parameters, wide)))
    free = replace(wide, allowed=())
    assert ("parameters", None, "default") not in told(replace(SLEDAI, parameters=(*SLEDAI.parameters, free)))
    loose = replace(free, minimum=None)
    assert ("parameters", None, "default") in told(replace(SLEDAI, parameters=(*SLEDAI.parameters, loose)))
    feature = replace(BILAG.features[1], choice=(("no_such", True),))
    features = (BILAG.features[0], feature, *BILAG.features[2:])
    assert ("features", 2, "if") in told(replace(BILAG, features=features))
    asked = replace(BILAG.features[1], first_visit="no_such")
    features = (BILAG.features[0], asked, *BILAG.features[2:])
    assert ("features", 2, "first_visit") in told(replace(BILAG, features=features))


def rule(**changed: Any) -> set[tuple[str, int | None, str]]:
    """Change the second rule of BILAG-2004."""
    rules = (BILAG.rules[0], replace(BILAG.rules[1], **changed), *BILAG.rules[2:])
    return {each for each in told(replace(BILAG, rules=rules)) if each[:2] == ("rules", 2)}


def test_rules_of_grades_ask_for_what_can_be_recorded() -> None:
    second = BILAG.rules[1]
    assert rule() == set()
    assert ("rules", 2, "system") in rule(system="no_such")
    assert ("rules", 2, "grade") in rule(grade="D")
    assert ("rules", 2, "of_items") in rule(of_items=("no_such",))
    assert ("rules", 2, "of_items") in rule(of_items=(), when=None)
    assert ("rules", 2, "at_least") in rule(at_least=0)
    assert ("rules", 2, "at_least") in rule(at_least=len(second.of_items) + 1)
    assert ("rules", 2, "at_least") not in rule(at_least=len(second.of_items))
    assert ("rules", 2, "with_level") in rule(with_level="sometimes")


def test_a_system_has_the_grades_a_and_b() -> None:
    system = BILAG.systems[0]
    for grade in "AB":
        rules = tuple(each for each in BILAG.rules if (each.system, each.grade) != (system, grade))
        assert ("rules", None, "grade") in told(replace(BILAG, rules=rules))


def test_the_range_is_what_the_rows_reach() -> None:
    assert reachable_range(SLEDAI) == (0.0, 105.0)
    assert reachable_range(replace(SLEDAI, kind="maximum")) == (0.0, 8.0)
    assert reachable_range(replace(SLEDAI, kind="value")) is None
    assert ("range", None, "range") in told(replace(SLEDAI, range=Range(0.0, 104.0)))
    assert ("range", None, "range") in told(replace(SLEDAI, range=Range(1.0, 105.0)))
    # Nine systems of BILAG-2004, each 12 points at most.
    assert reachable_range(BILAG) == (0.0, 12.0 * 9)
    assert reachable_range(replace(BILAG, grade_points=())) == (0.0, 0.0)
    # The mean of two eyes, 0 to 35 mm each, and their sum.
    highest = EYES.items[0].maximum
    assert highest is not None
    assert reachable_range(EYES) == (0.0, highest)
    assert reachable_range(replace(EYES, kind="sum")) == (0.0, 2 * highest)


def test_a_row_stands_once_in_its_table() -> None:
    first = SLEDAI.parameters[0]
    assert ("parameters", len(SLEDAI.parameters) + 1, "") in told(
        replace(SLEDAI, parameters=(*SLEDAI.parameters, first))
    )
    features = (*BILAG.features, BILAG.features[0])
    assert ("features", len(features), "") in told(replace(BILAG, features=features))
    rules = (*BILAG.rules, BILAG.rules[0])
    assert ("rules", len(rules), "") in told(replace(BILAG, rules=rules))
    assert ("flags", 3, "") in told(replace(EYES, flags=(*EYES.flags, EYES.flags[0])))


def test_items_are_told_apart_and_recorded_by_somebody() -> None:
    assert ("items", 3, "label") in with_item(2, label=SLEDAI.items[0].label)
    assert ("items", 3, "by") in with_item(2, by="nobody")
    assert ("items", 3, "level_labels") in with_item(2, level_labels=("one", "two"))
    assert ("items", 3, "level_labels") in with_item(2, level_labels=("",))
    assert ("items", 3, "level_labels") not in with_item(2, level_labels=("one",))
    assert ("items", 3, "excludes") in with_item(2, excludes=("drugs", " "))


def test_measures_have_a_unit_and_limits_and_something_compares_them() -> None:
    def second(**changed: Any) -> set[tuple[str, int | None, str]]:
        measures = (SLEDAI.measures[0], replace(SLEDAI.measures[1], **changed), *SLEDAI.measures[2:])
        return {each for each in told(replace(SLEDAI, measures=measures)) if each[0] == "measures"}

    assert second() == set()
    assert ("measures", 2, "minimum") in second(minimum=5.0, maximum=5.0)
    assert ("measures", 2, "minimum") in second(minimum=None)
    assert ("measures", 2, "minimum") in second(maximum=None)
    assert ("measures", 2, "minimum") not in second(minimum=5.0, maximum=5.1)
    assert ("measures", 2, "unit") in second(unit="")
    assert ("measures", 2, "name") in second(name="other")


def test_what_is_printed_can_be_printed() -> None:
    for digits, is_told in ((0, False), (-1, True), (99, True)):
        assert (("file", None, "digits") in told(replace(SLEDAI, digits=digits))) is is_told
    assert ("systems", None, "systems") in told(replace(BILAG, systems=(*BILAG.systems, "hair")))
    assert ("file", None, "systems") in told(replace(EYES, kind="value"))
    assert ("file", None, "reversed_by") in told(replace(SLEDAI, reversed_by="window_days"))


@pytest.mark.parametrize(
    ("months", "days", "keys"),
    [
        (1, 30, set()), (0, 0, set()), (0, 30, {"within_days"}), (1, 0, {"within_days"}),
        (-1, 30, {"within_months"}), (1, -30, {"within_days"}), (1, "no_such", {"within_days"}),
    ],
)  # fmt: skip
def test_a_lookback_window_is_given_in_months_and_days(months: int, days: Any, keys: set[str]) -> None:
    feature = replace(BILAG.features[1], within_months=months, within_days=days)
    features = (BILAG.features[0], feature, *BILAG.features[2:])
    found = told(replace(BILAG, features=features))
    assert {key for table, row, key in found if (table, row) == ("features", 2)} == keys


def test_grades_fall_and_clauses_begin_at_one() -> None:
    rising = tuple((grade, 4 - value) for value, grade in enumerate("EDCBA"))
    assert ("grade_points", None, "grade_points") in told(replace(BILAG, grade_points=rising))
    uneven = (("A", 12), ("B", 13), ("C", 1), ("D", 0), ("E", 0))
    assert ("grade_points", None, "grade_points") in told(replace(BILAG, grade_points=uneven))
    for clause, is_told in ((0, True), (-1, True), (1, False)):
        rules = (replace(BILAG.rules[0], clause=clause), *BILAG.rules[1:])
        found = {each for each in told(replace(BILAG, rules=rules)) if each[2] == "clause"}
        assert bool(found) is is_told
    feature = replace(BILAG.features[1], only_without=("no_such",))
    features = (BILAG.features[0], feature, *BILAG.features[2:])
    assert ("features", 2, "only_without") in told(replace(BILAG, features=features))
    elsewhere = replace(BILAG.features[1], system="no_such")
    assert {("features", 2, "system"), ("features", 2, "feature")} <= told(
        replace(BILAG, features=(BILAG.features[0], elsewhere, *BILAG.features[2:]))
    )


# --- sets of criteria --------------------------------------------------------------------------------


def criteria(**parts: Any) -> list[tuple[str, str, str]]:
    content: dict[str, Any] = {
        "name": "c", "title": "T", "version": "1", "kind": "criteria", "source": "S",
        "criteria": [
            {"id": "a", "label": "A", "groups": ["g"]}, {"id": "b", "label": "B", "points": 2, "groups": ["g"]},
        ],
        "rules": [{"name": "first", "all": ["a"]}, {"name": "second", "at_least": ["count(g) >= 1", "points(g) >= 2"]}],
    }  # fmt: skip
    try:
        read_criteria(DefinitionFile("c.toml", content | parts))
    except DefinitionError as error:
        return [(each.table, each.message.partition(": ")[0], each.column) for each in error.findings]
    return []


def test_criteria_are_in_a_group_and_rules_ask_for_something() -> None:
    one, two = {"id": "a", "label": "A", "groups": ["g"]}, {"id": "b", "label": "B", "groups": ["g"]}
    first, second = {"name": "first", "all": ["a"]}, {"name": "second", "all": ["b"]}
    assert criteria() == criteria(rules=[first, second]) == []
    assert criteria(criteria=[one, two | {"groups": []}], rules=[first]) == [("criteria", "row 2", "groups")]
    assert criteria(rules=[first, second | {"all": ["c"]}]) == [("rules", "row 2", "all")]
    assert criteria(rules=[first, second | {"none": ["c"]}]) == [("rules", "row 2", "all")]
    assert criteria(rules=[first, second | {"name": " "}]) == [("rules", "row 2", "name")]
    assert criteria(rules=[first, {"name": "second"}]) == [("rules", "row 2", "name")]
    assert criteria(rules=[first, {"name": "second", "at_least": ["count(g) >= 1"]}]) == []
    assert criteria(rules=[first, first]) == [("rules", "row 2", "")]
    assert ("rules", "row 2", "at_least") in criteria(rules=[first, second | {"at_least": ["count(h) >= 1"]}])
    assert ("rules", "row 2", "at_least") in criteria(rules=[first, second | {"at_least": ["sum(g) >= 1"]}])
    assert ("criteria", "row 2", "odd") in criteria(criteria=[one, two | {"odd": 1}])
