"""Reading of what was typed a second time."""

import csv
from pathlib import Path

import funis
from funis.catalogue.model_response import PrintedQuantity


def rows_of(path: Path) -> list[dict[str, str]]:
    """Give the rows of a typed table; lines that start with # are remarks."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def features_in_force(name: str) -> set[tuple[str, ...]]:
    """Give the features of an instrument under the default choices, as they are typed."""
    definition = funis.definition(name)
    defaults = definition.parameter_values()
    found = set()
    for feature in definition.features:
        if any(defaults[name] != value for name, value in feature.choice):
            continue
        answers = [
            defaults[a] if isinstance(a, str) else a for a in (feature.first_visit, feature.previous_missing)
        ]
        found.add((feature.clause, str(feature.when), *("yes" if answer else "no" for answer in answers)))
    return found


def spell_possible(quantity: PrintedQuantity) -> str:
    """Spell what a quantity can be as it is typed: two ends, or the score or analyte it is; often nothing."""
    if quantity.possible is not None:
        assert len(quantity.reason.split()) > 2
        return "{:g} to {:g}".format(*quantity.possible)
    return quantity.score or quantity.analyte
