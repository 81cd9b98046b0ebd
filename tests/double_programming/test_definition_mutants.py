"""Faults put into every definition, one at a time: each is refused at loading or differs from the double programming.

A definition without a double programming cannot pass: its mutants would load and agree with nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import funis
from funis.catalogue import registry
from funis.catalogue.registry import DEFINITIONS, TABLES, read_definition_file
from funis.errors import FunisError

from . import (
    test_double_programming,
    test_double_programming_analytes,
    test_double_programming_criteria,
    test_double_programming_doses,
    test_double_programming_equations,
    test_double_programming_instruments,
    test_double_programming_populations,
    test_double_programming_responder_index,
    test_double_programming_responses,
    test_double_programming_toxicity,
    test_labels,
    test_responses,
)
from .definition_mutants import mutants, write_file

COUNT = 24
SEED = 20260101
Checks = list[Callable[[], None]]
RULED = {"bilag_2004", "bilag_classic_renal"}


def parse(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def instrument_checks(name: str) -> Checks:
    entry, around = test_double_programming, test_double_programming_instruments
    checks: Checks = [
        partial(entry.test_items_agree_with_the_double_programming, entry.FOLDER / f"{name}.csv")
    ]
    checks += [
        partial(around.test_part_agrees_with_the_double_programming, part, name) for part in around.PARTS
    ]
    checks += [partial(around.test_measures_agree, name), partial(around.test_excluded_causes_agree, name)]
    checks += [partial(test_labels.test_items, name), partial(test_labels.test_proposals, name)]
    checks += [partial(test_labels.test_factors_flags_and_changes_say_what_they_are, name)]
    checks += [partial(test_labels.test_levels_are_worded_in_their_order, name)]
    if name in test_labels.FAMILY:
        checks += [partial(test_labels.test_rows_that_a_version_words_otherwise, name)]
    if name in RULED:
        checks += [partial(test_labels.test_rules_say_what_they_ask, name)]
        checks += [entry.test_bilag_rules_agree_with_the_double_programming, entry.test_numeric_schemes_agree]
        checks += [around.test_classic_renal_rules_agree]
        checks += [
            test_double_programming_equations.test_classic_renal_features_agree_with_the_double_programming
        ]
    if funis.definition(name).factors:
        checks += [test_double_programming_equations.test_equations_agree_with_the_double_programming]
        checks += [test_double_programming_equations.test_factors_of_race_are_off_unless_chosen]
    checks += [around.test_sex_may_be_written_with_one_letter, around.test_systems_stand_in_printed_order]
    return [*checks, around.test_points_within_a_system_are_added]


def response_checks(name: str) -> Checks:
    entry = test_double_programming_responses
    checks: Checks = [
        partial(entry.test_choices, name),
        partial(entry.test_columns_can_be_named_otherwise, name),
    ]
    if name in entry.REPEATED:
        checks += [partial(entry.test_repeated_rows_are_those_of_the_parent, name, entry.REPEATED[name])]
    else:
        whole = (
            entry.test_words_of_classes,
            entry.test_criteria,
            entry.test_treatment_rows_are_the_same_everywhere,
            entry.test_classes,
            entry.test_quantities,
        )
        checks += [partial(check, name) for check in (*whole, entry.test_outline, entry.test_sets)]
    if name in test_responses.typed():
        checks += [partial(test_responses.test_limits_agree, name)]
    checks += [partial(test_labels.test_events_that_decide, name)]
    checks += [partial(entry.test_everything_a_phrase_reads_has_words, name)]
    return [*checks, partial(test_labels.test_responses_print_what_they_compare, name)]


def criteria_checks(name: str) -> Checks:
    entry = test_double_programming_criteria
    return [
        partial(entry.test_rows, name),
        partial(entry.test_rules, name),
        partial(entry.test_quantities, name),
        partial(test_labels.test_criteria, name),
    ]


def toxicity_checks() -> Checks:
    entry = test_double_programming_toxicity
    limits = [
        entry.test_limits_agree_with_the_double_programming,
        entry.test_low_terms_fall_and_high_terms_rise,
    ]
    limits += [entry.test_version_6_differs_where_it_was_typed_and_nowhere_else]
    return [*limits, entry.test_terms_and_units_agree_with_the_double_programming]


def load_instrument(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found, name, original = read_definition_file(path), path.stem, funis.definition
    monkeypatch.setattr(funis, "definition", lambda asked: found if asked == name else original(asked))


def load_response(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found, name, original = read_definition_file(path), path.stem, registry.response_definition
    for module in (test_responses, test_double_programming_responses, test_labels):
        monkeypatch.setattr(
            module, "response_definition", lambda asked: found if asked == name else original(asked)
        )


def load_criteria(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found, name, original = read_definition_file(path), path.stem, registry.criteria_set
    for module in (test_double_programming_criteria, test_labels):
        monkeypatch.setattr(module, "criteria_set", lambda asked: found if asked == name else original(asked))


def load_toxicity(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found, original = read_definition_file(path), registry.toxicity_table
    version = path.stem.removeprefix("ctcae_") + ".0"
    monkeypatch.setattr(
        test_double_programming_toxicity,
        "toxicity_table",
        lambda asked: found if asked == version else original(asked),
    )


def load_index(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found = read_definition_file(path)
    monkeypatch.setattr(test_double_programming_responder_index, "responder_index", lambda _: found)


def load_doses(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found = read_definition_file(path)
    for module in (test_double_programming_doses, test_double_programming_toxicity):
        monkeypatch.setattr(module, "glucocorticoid_table", lambda: found)


def load_analytes(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found = read_definition_file(path)
    monkeypatch.setattr(test_double_programming_analytes, "analyte_table", lambda: found)


def load_populations(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    found = read_definition_file(path)
    monkeypatch.setattr(test_double_programming_populations, "population_table", lambda: found)


Loader = Callable[[pytest.MonkeyPatch, Path], None]
ONE_OF_A_KIND: dict[str, tuple[Loader, Checks]] = {
    "glucocorticoids": (
        load_doses,
        [
            test_double_programming_doses.test_units,
            test_double_programming_doses.test_routes,
            test_double_programming_doses.test_names,
            test_double_programming_doses.test_only_betamethasone_has_a_range,
            test_double_programming_toxicity.test_equivalent_doses_typed_twice,
        ],
    ),
    "analytes": (
        load_analytes,
        [
            test_double_programming_analytes.test_every_analyte_its_unit_and_conversions,
            test_double_programming_analytes.test_only_degrees_have_an_offset,
            test_double_programming_analytes.test_what_a_value_can_be,
            test_double_programming_analytes.test_usual_laboratory_tests,
            test_double_programming_analytes.test_spellings,
            test_double_programming_analytes.test_units_of_the_laboratory_s_own_and_other_columns,
            test_double_programming_analytes.test_codes,
            test_double_programming_analytes.test_below_what_a_unit_is_not_sure,
        ],
    ),
    "populations": (
        load_populations,
        [
            test_double_programming_populations.test_grids,
            test_double_programming_populations.test_presets,
            test_double_programming_populations.test_words,
            test_double_programming_populations.test_limits_that_no_source_was_read_for_are_named,
        ],
    ),
    "s2k_ri_50": (
        load_index,
        [
            test_double_programming_responder_index.test_measures,
            test_double_programming_responder_index.test_points,
        ],
    ),
}


def how(path: Path) -> tuple[Loader, Checks]:
    """Tell how a file is loaded and what it must agree with, by the kind it declares."""
    if path.stem in ONE_OF_A_KIND:
        return ONE_OF_A_KIND[path.stem]
    if path.parent == TABLES:
        return load_toxicity, toxicity_checks()
    if path.stem in funis.definitions():
        return load_instrument, instrument_checks(path.stem)
    if path.stem in registry.criteria_sets():
        return load_criteria, criteria_checks(path.stem)
    return load_response, response_checks(path.stem)


def is_caught(path: Path, load: Loader, checks: Checks) -> bool:
    with pytest.MonkeyPatch.context() as monkeypatch:
        try:
            load(monkeypatch, path)
        except FunisError:
            return True
        for check in checks:
            try:
                check()
            except AssertionError:
                return True
            except (KeyError, StopIteration):  # a name the double programming does not know
                return True
    return False


FILES = [*sorted(DEFINITIONS.glob("*.toml")), *sorted(TABLES.glob("*.toml"))]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_fault_is_caught(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    load, checks = how(path)
    faulty = tmp_path / path.name
    faulty.write_text(write_file(parse(text)), encoding="utf-8")
    assert not is_caught(faulty, load, checks), "the definition itself must agree with its double programming"
    missed = []
    for kind, what, changed in mutants(text, COUNT, SEED):
        faulty.write_text(changed, encoding="utf-8")
        if not is_caught(faulty, load, checks):
            missed.append(f"{kind}: {what}")
    assert missed == []
