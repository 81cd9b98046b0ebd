"""Rows of a response as they are read: the row and the key of every finding, and what each key becomes."""

from decimal import Decimal
from typing import Any

import pytest

from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.read_response import read_response
from funis.catalogue.registry import analyte_table
from funis.errors import DefinitionError

LOW = {"id": "low", "label": "Low", "when": "x <= 3"}
FALLEN = {"id": "fallen", "label": "Fallen", "when": ["fall(x) >= 4", "y > -0.5"]}
SOUND: dict[str, Any] = {
    "name": "r", "title": "T", "version": "1", "kind": "response", "source": "S", "otherwise": "none",
    "classes": [
        {"class": "full", "label": "Full", "extent": "full"}, {"class": "part", "label": "Part"},
        {"class": "none", "label": "No"},
    ],
    "criteria": [LOW, FALLEN],
    "rules": [{"class": "full"}, {"class": "part", "all": ["fallen"]}],
}  # fmt: skip


def read(**parts: Any) -> ResponseDefinition:
    file = DefinitionFile("r.toml", SOUND | parts)
    return read_response(file, lambda _: dict(SOUND), analyte_table)


def found(**parts: Any) -> list[tuple[str, str, str]]:
    """Give table, start of the message (which has the number of the row) and key of every finding."""
    try:
        read(**parts)
    except DefinitionError as error:
        return [(each.table, each.message.partition(": ")[0], each.column) for each in error.findings]
    return []


def second(row: dict[str, Any], **parts: Any) -> list[tuple[str, str, str]]:
    return found(criteria=[LOW, row], **parts)


def test_phrases_become_measures_names_and_exact_limits() -> None:
    low, fallen = read().criteria
    assert [
        (each.measure, each.given, each.symbol, each.limit) for each in (*low.phrases, *fallen.phrases)
    ] == [
        ("now", ("x",), "<=", Decimal(3)),
        ("fall", ("x",), ">=", Decimal(4)),
        ("now", ("y",), ">", Decimal("-0.5")),
    ]
    assert (low.points, low.absent_means, low.only_if, low.only_collected) == (1, "", None, False)


def test_alternatives_gates_and_points_of_a_criterion() -> None:
    row = {
        "id": "fallen", "label": "F", "any_collected": [["fall(x) >= 4"], "y < z"], "points": 3,
        "optional": "not_met", "only_if": {"parameter": "z", "is": Decimal("1.5")}, "source": "p. 2",
    }  # fmt: skip
    one = read(criteria=[LOW, row], parameters={"z": {"default": Decimal("1.5"), "note": "limit"}}).criteria[
        1
    ]
    assert [len(group) for group in one.alternatives] == [1, 1]
    assert (one.alternatives[1][0].limit, one.points, one.absent_means) == ("z", 3, "not_met")
    assert (one.only_if, one.only_collected, one.source) == (("z", 1.5), True, "p. 2")
    assert read(criteria=[LOW, FALLEN | {"optional": "met"}]).criteria[1].absent_means == "met"


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"when": "x ~ 3"}, "when"), ({"when": "X < 3"}, "when"), ({"when": "twice(x) < 3"}, "when"),
        ({"when": "fall(x, y) >= 4"}, "when"), ({"when": "percent_below(x) >= 4"}, "when"),
        ({"when": "x < 3", "any": ["x < 3"]}, "when"), ({"when": []}, "when"), ({"optional": "sometimes"}, "optional"),
        ({"only_if": {"parameter": "unscheduled"}}, "only_if"), ({"odd": 1}, "odd"),
    ],
)  # fmt: skip
def test_a_criterion_that_cannot_be_read_is_told_by_its_row(changed: dict[str, Any], key: str) -> None:
    assert ("criteria", "row 2", key) in second(FALLEN | changed)
    assert ("criteria", "row 1", key) not in second(FALLEN | changed)


def test_measures_take_as_many_names_as_they_do() -> None:
    assert second(FALLEN | {"when": "percent_below(x, y) >= 4"}) == []
    sets = {"s": ["a", "b"]}
    assert second(FALLEN | {"when": "items_present(s) >= 1"}, sets=sets) == []
    assert second(FALLEN | {"when": "items_present(s, total) >= 1"}, sets=sets) == []
    assert second(FALLEN | {"when": "items_present(s, total, x) >= 1"}, sets=sets) == [
        ("criteria", "row 2", "when")
    ]


def test_rules_ask_for_every_criterion_unless_they_name_some() -> None:
    full, part = read().rules
    assert (full.criteria, full.counted, full.least, full.missing_is_not_met, full.is_response) == (
        ("low", "fallen"), "all", 0, False, True,
    )  # fmt: skip
    assert part.criteria == ("fallen",)
    rules = [
        {"class": "full", "count": 2, "also": ["low"], "missing": "not_met", "rule": "1a"},
        {"class": "part", "points": 1, "responder": False},
    ]
    counted, summed = read(rules=rules).rules
    assert (counted.criteria, counted.also, counted.counted, counted.least) == (
        ("fallen",),
        ("low",),
        "count",
        2,
    )
    assert (counted.missing_is_not_met, counted.number) == (True, "1a")
    assert (summed.counted, summed.least, summed.is_response) == ("points", 1, False)
    assert found(rules=[*SOUND["rules"][:1], SOUND["rules"][1] | {"odd": 1}]) == [("rules", "row 2", "odd")]


def test_events_say_before_what_they_decide() -> None:
    death = {"event": "death", "before": "response", "label": "died"}
    lost = {"event": "lost", "before": "horizon"}
    first, last = read(failures=[death, lost]).failures
    assert (first.before, first.label, last.before, last.label) == ("response", "died", "horizon", "lost")
    assert found(failures=[death, lost | {"event": "gone"}]) == [("failures", "row 2", "event")]
    assert found(failures=[death, lost | {"before": "ever"}]) == [("failures", "row 2", "before")]
    assert found(failures=[death, lost | {"odd": 1}]) == [("failures", "row 2", "odd")]


def test_classes_and_needs_are_told_by_their_rows() -> None:
    odd = [*SOUND["classes"][:1], SOUND["classes"][1] | {"extent": "half"}, SOUND["classes"][2]]
    assert ("classes", "row 2", "extent") in found(classes=odd)
    need = {"when": "x > 1", "otherwise": "part"}
    assert read(needs=[need]).needs[0][1] == "part"
    assert ("needs", "row 2", "when") in found(needs=[need, need | {"when": "x is 1"}])


@pytest.mark.parametrize(
    ("possible", "reason", "keys"),
    [
        ([0, 10], "why", []), ([-1, 0], "why", []), ([0, 0], "why", ["possible"]), ([1, 0], "why", ["possible"]),
        ([0], "why", ["possible"]), ([0, 1, 2], "why", ["possible"]), ([0, 10], None, ["reason"]),
    ],
)  # fmt: skip
def test_limits_of_a_quantity_rise_and_have_a_reason(
    possible: list[int], reason: str | None, keys: list[str]
) -> None:
    row = {"words": "x", "possible": possible} | ({} if reason is None else {"reason": reason})
    assert [key for _, _, key in found(quantities={"x": row})] == keys
    if not keys:
        assert read(quantities={"x": row}).quantities["x"].possible == (possible[0], possible[1])


def test_what_is_said_of_a_quantity_holds_words() -> None:
    one = read(quantities={"x": {"words": "x", "unit": "g", "yes_no": True}}).quantities["x"]
    assert (one.words, one.unit, one.is_yes_no, one.possible) == ("x", "g", True, None)
    assert read(quantities={"x": {"words": "x"}}).quantities["x"].is_yes_no is False
    for key in ("words", "reason", "score", "analyte"):
        assert ("quantities", "x", key) in found(quantities={"x": {key: " "}})


def test_choices_have_a_default_that_is_allowed() -> None:
    def choices(**row: Any) -> list[tuple[str, str, str]]:
        return found(parameters={"z": {"note": "choice"} | row})

    assert choices(default=1, allowed=[1, 2]) == choices(default=3) == []
    assert choices(allowed=[1, 2]) == [("parameters", "z", "default")]
    assert choices(default=3, allowed=[1, 2]) == [("parameters", "z", "default")]


def test_factors_of_a_unit_are_those_of_the_table_of_analytes() -> None:
    """One mg/dL of creatinine is 88.42 umol/L by the table; so limits in mg/dL divide by it."""
    unit = {"default": "mg/dL", "allowed": ["mg/dL", "umol/L"], "note": "unit"}
    names = {"creatinine": {"default": "creatinine", "note": "column"}, "creatinine_unit": unit}
    criteria = [LOW, FALLEN | {"when": "creatinine <= 1.2"}]
    quantity = {"creatinine": {"words": "creatinine", "unit": "mg/dL"}}
    factors = (
        read(criteria=criteria, parameters=names, quantities=quantity).parameters["creatinine_unit"].factors
    )
    assert factors[0] == 1
    assert float(factors[1]) == pytest.approx(1 / 88.42, rel=1e-4)
    taken = names | {"creatinine_unit": unit | {"taken_as": {"umol/L": "1/88.4"}}}
    made = read(criteria=criteria, parameters=taken, quantities=quantity).parameters["creatinine_unit"]
    assert made.factors == (Decimal(1), Decimal(1) / Decimal("88.4"))
    stone = names | {"creatinine_unit": unit | {"allowed": ["mg/dL", "stone"]}}
    assert ("parameters", "creatinine_unit", "allowed") in found(
        criteria=criteria, parameters=stone, quantities=quantity
    )


@pytest.mark.parametrize(
    ("factor", "is_one"),
    [("1/4", True), (0.5, True), (0, False), (-1, False), ("1/0", False), ("x", False), ("Infinity", False)],
)
def test_a_factor_is_a_number_above_zero(factor: object, *, is_one: bool) -> None:
    names = {
        "x": {"default": "x", "note": "column"},
        "x_scale": {"default": 3, "allowed": [3], "factors": [factor], "note": "scale"},
    }
    assert (found(parameters=names) == []) is is_one


def test_rules_are_taken_over_without_name_and_label() -> None:
    own = {"name": "q", "rules_of": "r", "version": "2", "parameters": {"z": {"default": 1, "note": "n"}}}
    base = SOUND | {"label": "short", "parameters": {"w": {"default": 2, "note": "n"}}}
    made = read_response(DefinitionFile("q.toml", own), lambda _: base, analyte_table)
    assert (made.name, made.title, made.label, made.version) == ("q", "T", "T", "2")
    assert {"z", "w"} <= set(made.parameters)
    assert read(relapse=True, proposal=True).has_relapse
    assert (read().has_relapse, read().is_proposal) == (False, False)
