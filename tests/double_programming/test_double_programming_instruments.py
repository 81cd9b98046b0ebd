"""What stands around the items of every instrument typed a second time: limits, choices, cut-offs, routes, origins."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import funis
from funis.catalogue.model_instrument import Definition, Feature
from funis.catalogue.model_parameter import Parameter

from .typed_tables import rows_of

FOLDER = Path(__file__).parent / "instruments"
NAMES = funis.definitions()
# These take their measures, and where nothing else is typed their excluded causes, from another definition.
FAMILY = {name: "sledai_2k" for name in NAMES if "sledai" in name} | {"clinessdai": "essdai"}
# What only rows that a shorter version leaves out would compare.
NOT_ASKED = {
    "clinical_sledai": "c3 c4 ch50 anti_dsdna",
    "clinessdai": "clonal_component cryoglobulins c3 c4 ch50 igg igg_fell_recently",
}
EXCLUDED_AS = FAMILY | {"selena_sledai": "selena_sledai", "selena_sledai_2k_proteinuria": "selena_sledai"}


def typed(file: str, name: str) -> list[dict[str, str]]:
    rows = [row for row in rows_of(FOLDER / file) if row["instrument"] == name]
    return [{key: value for key, value in row.items() if key != "instrument"} for row in rows]


def spell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return value if isinstance(value, str) else f"{value:g}"


def number(value: float | None) -> str:
    """Give every digit of a bound, which may be larger than six digits."""
    return "" if value is None else f"{value:.12g}"


def outline(definition: Definition) -> Iterable[dict[str, str]]:
    extra = [str(definition.applies)] if definition.applies else []
    extra += ["not done counts as absent"] if definition.not_done == "absent" else []
    extra += ["not done is left out"] if definition.not_done == "left_out" else []
    extra += ["less is worse"] if definition.less_is_worse else []
    extra += ["grades a toxicity"] if definition.is_toxicity else []
    extra += ["each eye"] if definition.per_system else []
    extra += [f"{definition.within} within a system"] if definition.within != "sum" else []
    extra += [f"{one.name} is the {one.how}" for one in definition.summaries]
    extra += [f"begins at {definition.intercept:g}"] if definition.intercept else []
    extra += [f"turned round by {definition.reversed_by}"] if definition.reversed_by else []
    ends = {"lowest": spell(definition.range.lowest), "highest": spell(definition.range.highest)}
    found = {"kind": definition.kind} | ends | {"unit": definition.unit, "digits": str(definition.digits)}
    yield found | {"extra": "; ".join(extra)}


def allowed_words(parameter: Parameter) -> str:
    if parameter.allowed:
        return " ".join(map(spell, parameter.allowed))
    return f"{spell(parameter.minimum)} to {spell(parameter.maximum)}"


def parameters(definition: Definition) -> Iterable[dict[str, str]]:
    for one in definition.parameters:
        yield {"parameter": one.name, "taken": spell(one.default), "allowed": allowed_words(one)}


def flags(definition: Definition) -> Iterable[dict[str, str]]:
    for flag in definition.flags:
        yield {"flag": flag.name, "where": str(flag.when)}


def routes(definition: Definition) -> Iterable[dict[str, str]]:
    for route in definition.routes:
        assert not route.per or route.per_minutes == 1
        over = route.per or spell(route.per_minutes)
        found = {"from": route.item, "times": spell(route.factor), "over": over}
        yield found | {"only above": spell(route.only_above)}


def alternatives(definition: Definition) -> Iterable[dict[str, str]]:
    for group in dict.fromkeys(item.alternatives for item in definition.items if item.alternatives):
        assert [item.name for item in definition.items if item.alternatives == group] == [
            item.name for item in definition.items if item.name in group
        ]
        yield {"one of": " ".join(group)}


def recorded_by(definition: Definition) -> Iterable[dict[str, str]]:
    for who in dict.fromkeys(item.by for item in definition.items if item.by != "clinician"):
        rows = " ".join(str(item.row) for item in definition.items if item.by == who)
        yield {"by": who, "rows": rows}


def labs(definition: Definition) -> Iterable[dict[str, str]]:
    filled = [item for item in definition.items if item.lab]
    assert all(item.lab == item.name for item in filled)
    if filled:
        key = "rows filled from the laboratory test of the same name"
        yield {key: " ".join(str(item.row) for item in filled)}


def curves(definition: Definition) -> Iterable[dict[str, str]]:
    for item in definition.items:
        curve = item.curve
        if curve is not None:
            assert (curve.above is None) != (curve.below is None)
            found = {"row": str(item.row), "from": f"{'below' if curve.falls else 'above'} {curve.limit:g}"}
            found |= {"over": spell(curve.over), "held at": spell(curve.at_least)}
            numbers = {"constant": curve.constant, "times": curve.times, "ln": curve.ln}
            yield found | {key: spell(value) for key, value in numbers.items()}


def spell_feature(feature: Feature) -> dict[str, str]:
    found = {"feature": feature.name, "clause": feature.clause, "when": str(feature.when)}
    found["only if"] = " ".join(f"{name} {spell(value)}" for name, value in feature.choice)
    found["first visit"] = spell(feature.first_visit)
    found["earlier value missing"] = spell(feature.previous_missing)
    found["only without"] = " ".join(feature.only_without)
    found["months"] = spell(feature.within_months or None)
    return found | {"days": spell(feature.within_days or None)}


def renal_features(definition: Definition) -> Iterable[dict[str, str]]:
    assert {feature.system for feature in definition.features} <= {"renal"}
    yield from map(spell_feature, definition.features)


PARTS: dict[str, Callable[[Definition], Iterable[dict[str, str]]]] = {
    "outline": outline,
    "parameters": parameters,
    "flags": flags,
    "routes": routes,
    "alternatives": alternatives,
    "recorded_by": recorded_by,
    "labs": labs,
    "renal_features": renal_features,
    "curves": curves,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", PARTS)
def test_part_agrees_with_the_double_programming(part: str, name: str) -> None:
    assert list(PARTS[part](funis.definition(name))) == typed(f"{part}.csv", name)


@pytest.mark.parametrize("name", NAMES)
def test_measures_agree(name: str) -> None:
    found = [
        {"measure": one.name, "unit": one.unit, "from": number(one.minimum), "to": number(one.maximum)}
        | {"if there": "yes" if one.optional else ""}
        for one in funis.definition(name).measures
    ]
    wanted = typed("measures.csv", FAMILY.get(name, name))
    assert found == [row for row in wanted if row["measure"] not in NOT_ASKED.get(name, "").split()]


@pytest.mark.parametrize("name", NAMES)
def test_excluded_causes_agree(name: str) -> None:
    items = funis.definition(name).items
    rows = {str(item.row) for item in items}
    wanted = typed("excluded_causes.csv", EXCLUDED_AS.get(name, name))
    found = [
        {"row": str(item.row), "not when due to": "; ".join(item.excludes)} for item in items if item.excludes
    ]
    assert found == [row for row in wanted if row["row"] in rows]


def test_classic_renal_rules_agree() -> None:
    definition = funis.definition("bilag_classic_renal")
    numbers = {item.name: str(item.row) for item in definition.items}
    found = []
    for rule in definition.rules:
        assert rule.system == "renal"
        assert rule.when is None
        of = " ".join(numbers.get(name, name) for name in rule.of_items)
        entry = {"grade": rule.grade, "clause": str(rule.clause), "at_least": str(rule.at_least)}
        found.append(entry | {"level": rule.with_level, "of": of})
    assert found == rows_of(FOLDER / "bilag_classic_rules.csv")


def test_systems_stand_in_printed_order() -> None:
    assert " ".join(funis.definition("bilag_2004").systems) == (
        "constitutional mucocutaneous neuropsychiatric musculoskeletal cardiorespiratory gastrointestinal "
        "ophthalmic renal haematological"
    )
    for name in NAMES:
        definition = funis.definition(name)
        assert list(definition.systems) == list(dict.fromkeys(i.system for i in definition.items if i.system))


def test_sex_may_be_written_with_one_letter() -> None:
    for name in NAMES:
        for item in funis.definition(name).items:
            wanted = {"f": "female", "m": "male"} if item.name == "sex" else {}
            assert dict(item.spellings) == wanted, (name, item.name)
            assert item.name != "sex" or set(item.points) == {0}


def test_points_within_a_system_are_added() -> None:
    assert {
        name: funis.definition(name).within for name in NAMES if funis.definition(name).within != "sum"
    } == {"lupusqol": "mean"}


@pytest.mark.parametrize("part", [*PARTS, "measures", "excluded_causes"])
def test_no_line_is_left_of_what_is_gone(part: str) -> None:
    assert {row["instrument"] for row in rows_of(FOLDER / f"{part}.csv")} <= set(NAMES)
