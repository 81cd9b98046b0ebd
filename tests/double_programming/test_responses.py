"""Limits of responses, entered a third time in words, against what the definition files hold.

The second time is `responses/criteria.csv`, which every response needs; a new one needs no row here.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from funis.catalogue.model_response import GRADE_MEASURES
from funis.catalogue.registry import response_definition

Entry = tuple[str, str, str, Decimal]

QUANTITIES = {
    "now": "value now",
    "baseline": "value at baseline",
    "rise": "points gained",
    "fall": "points lost",
    "rise_since_previous": "points gained since the visit before",
    "fall_since_previous": "points lost since the visit before",
    "percent_fall": "percent lost",
    "percent_fall_confirmed": "percent lost at two visits",
    "percent_rise": "percent gained",
    "percent_rise_since_previous": "percent gained since the visit before",
    "percent_of_baseline": "percent of baseline",
    "percent_below": "percent below the reference",
    "of_upper_limit": "parts of the upper limit",
    "baseline_of_upper_limit": "parts of the upper limit at baseline",
    "items_present": "items present",
    "new_items": "new items",
    "clinical": "value without serology",
    "per_kg": "value per kg",
    "highest_since_start": "highest value since the start",
    "over_window": "days in the weeks before",
    "with_a": "systems at A now",
    "with_b": "systems at B now",
    "baseline_a": "systems at A at baseline",
    "baseline_b": "systems at B at baseline",
    "new_a": "new A",
    "new_b": "new B",
    "unimproved": "A or B not improved",
    "new_a_since_previous": "new A since the visit before",
    "new_b_since_previous": "new B since the visit before",
    "new_c_since_previous": "new C since the visit before",
    "severe_flares_before": "severe flares before",
    "flares_after": "new A or B after",
    "flare_free_days": "days without new A or B",
    "relapses_before": "relapses before",
}
SIGNS = {"<=": "at most", "<": "below", ">=": "at least", ">": "above"}
# Treatment failure is the same three rows in every trial response and has no limit to mistype.
TREATMENT = {"treatment_failure", "rescue_medication", "new_immunosuppressant"}


def typed() -> dict[str, set[Entry]]:
    found: dict[str, set[Entry]] = {}
    with (Path(__file__).parent / "responses" / "limits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            entry = (row["quantity"], row["of"], row["sign"], Decimal(row["limit"]))
            found.setdefault(row["definition"], set()).add(entry)
    return found


def held(name: str) -> set[Entry]:
    definition = response_definition(name)
    defaults = {key: parameter.default for key, parameter in definition.parameters.items()}
    entries = set()
    for row in definition.criteria:
        if row.id in TREATMENT:
            continue
        for phrase in row.phrases:
            limit = (
                phrase.limit if isinstance(phrase.limit, Decimal) else Decimal(str(defaults[phrase.limit]))
            )
            of = (
                "grades"
                if phrase.measure in GRADE_MEASURES
                else str(defaults.get(phrase.given[0]) or phrase.given[0])
            )
            entries.add((QUANTITIES[phrase.measure], of, SIGNS[phrase.symbol], limit))
    return entries


@pytest.mark.parametrize("name", sorted(typed()))
def test_limits_agree(name: str) -> None:
    assert held(name) == typed()[name]
