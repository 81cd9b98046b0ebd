"""KDIGO 2012 relapse of lupus nephritis: each limit below, on and above; both units; what is missing."""

from typing import Any

import polars as pl
import pytest

from funis.responses.respond import respond

# A kidney in remission, in the units the table prints: creatinine mg/dL, protein mg/g.
QUIET: dict[str, Any] = {
    "creatinine": 1.0,
    "upcr": 200,
    "urine_red_cells": 2,
    "acanthocytes": 0,
    "red_cell_casts": 0,
    "white_cell_casts": 0,
}
PRINTED = {"creatinine_unit": "mg/dL", "upcr_unit": "mg/g"}


def ask(*visits: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    rows = [
        {"subject": "1", "visit": name, **values}
        for name, values in zip(("baseline", "month_6", "month_9"), visits, strict=False)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return respond(frame, "kdigo_2012_relapse", parameters={**PRINTED, **parameters}).row(0, named=True)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (1.0, 1.19, "none"),
        (1.0, 1.20, "moderate"),  # 0.20
        (1.0, 2.00, "moderate"),  # 1.0, not more
        (1.0, 2.01, "severe"),
        (1.99, 2.19, "moderate"),  # below 2.0: 0.20 is enough
        (2.0, 2.39, "none"),  # 2.0 or more: 0.40 is needed
        (2.0, 2.40, "moderate"),
        (2.0, 3.50, "moderate"),  # 1.5, not more
        (2.0, 3.51, "severe"),
        (1.9, 3.0, "severe"),  # 1.1 from below 2.0
        (2.1, 3.2, "moderate"),  # 1.1 from 2.0 or more
        (1.5, 0.9, "none"),
    ],
)
def test_creatinine(before: float, now: float, expected: str) -> None:
    start = QUIET | {"creatinine": before}
    assert ask(start, start | {"creatinine": now})["response"] == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (499, 999, "none"),
        (499, 1000, "moderate"),
        (500, 1000, "none"),  # from 500 on it takes 2000
        (500, 1999, "none"),
        (500, 2000, "moderate"),
        (1000, 1999, "none"),
        (1000, 2000, "moderate"),
        (1001, 2001, "none"),  # not doubled
        (1001, 2002, "moderate"),
        (2000, 4000, "moderate"),
        (200, 5200, "moderate"),  # rise of exactly 5000
        (200, 5201, "severe"),
        (6000, 11000, "none"),  # rise of exactly 5000, not doubled
        (6000, 11001, "severe"),
        (3000, 7000, "moderate"),  # doubled, rise of 4000: the table's gap
    ],
)
def test_protein(before: float, now: float, expected: str) -> None:
    start = QUIET | {"upcr": before}
    assert ask(start, start | {"upcr": now})["response"] == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [(2000, 4999, "moderate"), (2000, 5000, "none"), (3000, 7000, "none"), (200, 5200, "moderate")],
)
def test_doubled_protein_by_its_level(before: float, now: float, expected: str) -> None:
    start = QUIET | {"upcr": before}
    assert ask(start, start | {"upcr": now}, protein_limit="level")["response"] == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {"urine_red_cells": 16, "acanthocytes": 2}, "mild"),
        ({}, {"urine_red_cells": 15, "acanthocytes": 2}, "none"),
        ({}, {"urine_red_cells": 16, "acanthocytes": 1}, "none"),
        ({"urine_red_cells": 4.9}, {"urine_red_cells": 16, "acanthocytes": 2}, "mild"),
        ({"urine_red_cells": 5}, {"urine_red_cells": 40, "acanthocytes": 9}, "none"),  # from fewer than 5
        ({}, {"red_cell_casts": 1}, "mild"),
        ({"red_cell_casts": 1}, {"red_cell_casts": 1}, "none"),  # never gone, so not come back
        ({}, {"white_cell_casts": 2}, "mild"),
        ({}, {"red_cell_casts": 1, "creatinine": 1.2}, "moderate"),  # the worst counts
        ({}, {"red_cell_casts": 1, "creatinine": 1.2, "upcr": 5300}, "severe"),
    ],
)
def test_sediment(before: dict[str, Any], now: dict[str, Any], expected: str) -> None:
    start = QUIET | before
    assert ask(start, start | now)["response"] == expected


def test_units_of_the_laboratory() -> None:
    # 0.20 mg/dL are 17.684 umol/L, 1.0 are 88.42; 2.0 are 176.84
    units = {"creatinine_unit": "umol/L", "upcr_unit": "mg/mmol"}
    start = QUIET | {"creatinine": 80, "upcr": 20}
    for rise, expected in ((17.68, "none"), (17.684, "moderate"), (88.42, "moderate"), (88.43, "severe")):
        assert ask(start, start | {"creatinine": 80 + rise}, **units)["response"] == expected
    high = start | {"creatinine": 176.84}
    assert ask(high, high | {"creatinine": 176.84 + 35.36}, **units)["response"] == "none"
    assert ask(high, high | {"creatinine": 176.84 + 35.368}, **units)["response"] == "moderate"
    # 1000 mg/g are 113.1 mg/mmol; the table prints 100 beside it
    assert ask(start, start | {"upcr": 113}, **units)["response"] == "none"
    assert ask(start, start | {"upcr": 113.2}, **units)["response"] == "moderate"
    rounded = units | {"upcr_unit": "mg/mmol (10 mg/g)"}
    assert ask(start, start | {"upcr": 99.9}, **rounded)["response"] == "none"
    assert ask(start, start | {"upcr": 100}, **rounded)["response"] == "moderate"
    assert ask(start, start | {"upcr": 520}, **rounded)["response"] == "moderate"
    assert ask(start, start | {"upcr": 521}, **rounded)["response"] == "severe"


def test_where_the_increase_starts() -> None:
    # active at day 0, in remission at month 6, worse at month 9
    visits = (QUIET | {"upcr": 4000}, QUIET, QUIET | {"upcr": 1500})
    assert ask(*visits)["response"] == "none"
    assert ask(*visits, baseline_visit="month_6")["response"] == "moderate"
    assert ask(*visits, compared_with="previous")["response"] == "moderate"
    # a slow rise shows against the baseline only
    slow = [QUIET | {"creatinine": value} for value in (1.0, 1.15, 1.3)]
    assert ask(*slow)["response"] == "moderate"
    assert ask(*slow, compared_with="previous")["response"] == "none"


@pytest.mark.parametrize(
    ("before", "now", "possible"),
    [
        ({}, {"creatinine": None}, "severe or moderate or none"),
        ({}, {"upcr": None}, "severe or moderate or none"),
        ({"upcr": None}, {}, "severe or moderate or none"),
        ({}, {"urine_red_cells": 20, "acanthocytes": None}, "mild or none"),
        ({}, {"urine_red_cells": None, "acanthocytes": 0}, "none"),
        ({}, {"creatinine": None, "upcr": 1500}, "severe or moderate"),
        ({}, {"creatinine": None, "upcr": 9000}, "severe"),
        ({}, {"red_cell_casts": None}, "mild or none"),
    ],
)
def test_what_is_missing(before: dict[str, Any], now: dict[str, Any], possible: str) -> None:
    start = QUIET | before
    row = ask(start, start | now)
    settled = " or " not in possible
    assert row["possible"] == possible
    assert row["response"] == (possible if settled else "cannot tell")
    if not settled:
        assert "not recorded" in row["reason"]


def test_casts_never_recorded_are_said_to_be_taken_as_none() -> None:
    quiet = {key: value for key, value in QUIET.items() if "casts" not in key}
    row = ask(quiet, quiet)
    assert row["response"] == "none"
    assert row["new_red_cell_casts"] == "not recorded"
    assert "taken as none" in row["reason"]


def test_no_visit_to_compare_with() -> None:
    assert ask(QUIET, compared_with="previous")["response"] == "cannot tell"
