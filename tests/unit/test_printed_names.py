"""Names of tables and figures of a report: of every study, by number, and those that an endpoint gives."""

from typing import Any

import pytest

from funis.study.model import Study
from funis.study.printed_names import FIXED, NUMBERED, is_printed, printed_names

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}


def study(**parts: Any) -> Study:
    return Study.model_validate({"study": TRIAL, **parts})


def test_a_kind_has_its_first_number_where_no_name_without_one_stands() -> None:
    names = printed_names(study())
    assert set(NUMBERED) & set(FIXED)
    assert set(NUMBERED) - set(FIXED)
    for start in NUMBERED:
        assert (f"{start}-1" in names) is (start not in FIXED)
    assert len(names) == len(set(names)) == len(FIXED) + len(set(NUMBERED) - set(FIXED))


@pytest.mark.parametrize(
    ("number", "with_a_name", "without"),
    [
        ("0", False, False),
        ("1", False, True),
        ("2", True, True),
        ("12", True, True),
        ("02", False, False),
        ("x", False, False),
    ],
)
def test_further_ones_have_a_number(number: str, *, with_a_name: bool, without: bool) -> None:
    named = next(start for start in NUMBERED if start in FIXED)
    bare = next(start for start in NUMBERED if start not in FIXED)
    assert is_printed(study(), f"{named}-{number}") is with_a_name
    assert is_printed(study(), f"{bare}-{number}") is without


def test_endpoints_definitions_and_estimands_give_names() -> None:
    change = {"id": "e", "kind": "change", "variable": "sledai_2k", "subgroups": ("women",)}
    response = {"id": "r", "kind": "response", "definition": "doris_2021", "at": ("m",)}
    estimand = {"id": "main", "endpoint": "e", "treatment": "cells", "summary": "mean change"}
    names = set(printed_names(study(endpoints=(change, response), estimands=(estimand,))))
    added = names - set(printed_names(study()))
    assert {
        "table-e",
        "figure-e",
        "table-r",
        "figure-r",
        "figure-waterfall-e",
        "figure-forest-e",
        "figure-estimands-e",
    } <= added
    assert {"table-response-doris_2021", "figure-response-doris_2021"} <= added
    assert "table-listing-response-doris_2021" in added
    assert "table-estimand-main" in added
    assert "table-response-" not in names
