"""Equations and the classic renal table typed a second time, away from the definitions."""

from pathlib import Path

import funis
from funis.catalogue.model_instrument import EquationFactor

from .typed_tables import features_in_force, rows_of

FOLDER = Path(__file__).parent


def spell(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def spell_factor(name: str, constant: float, factor: EquationFactor) -> dict[str, str]:
    limits = [
        f"{word} {limit:g}"
        for word, limit in (("at most", factor.at_most), ("at least", factor.at_least))
        if limit is not None
    ]
    return {
        "instrument": name,
        "constant": spell(constant),
        "item": factor.item,
        "over": spell(factor.over),
        "limit": " ".join(limits),
        "power": spell(factor.power),
        "base": spell(factor.base),
        "times": spell(factor.times),
        "for": " ".join(str(value) for _, value in factor.when_item),
    }


def test_equations_agree_with_the_double_programming() -> None:
    typed = rows_of(FOLDER / "equations.csv")
    names = [name for name in funis.definitions() if funis.definition(name).factors]
    assert {row["instrument"] for row in typed} == set(names)
    found = [
        spell_factor(name, funis.definition(name).constant, factor)
        for name in dict.fromkeys(row["instrument"] for row in typed)
        for factor in funis.definition(name).factors
    ]
    assert found == typed


def test_factors_of_race_are_off_unless_chosen() -> None:
    for name in ("egfr_ckd_epi_2009", "egfr_mdrd_bilag"):
        definition = funis.definition(name)
        assert definition.parameter_values() == {"race_coefficient": False}
        by_race = [factor for factor in definition.factors if "is_black" in dict(factor.when_item)]
        assert [factor.choice for factor in by_race] == [(("race_coefficient", True),)]


def test_classic_renal_features_agree_with_the_double_programming() -> None:
    definition = funis.definition("bilag_classic_renal")
    typed = {tuple(row.values()) for row in rows_of(FOLDER / "bilag_classic_features_rules.csv")}
    assert features_in_force("bilag_classic_renal") == typed
    assert dict(definition.grade_points) == {"A": 9, "B": 3, "C": 1, "D": 0, "E": 0}
