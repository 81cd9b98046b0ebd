"""Exact tests of counts against R."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funis.stats.tests import contingency

HERE = Path(__file__).parent
SIDES: dict[str, Any] = {"two.sided": "two-sided", "less": "less", "greater": "greater"}


def _rows() -> list[dict[str, str]]:
    with (HERE / "expected.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["value"] != "NA"]


def _table(name: str) -> np.ndarray[Any, Any]:
    with (HERE / "input.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == name]
    table = np.zeros((max(int(r["subject"]) for r in rows), max(int(r["visit"]) for r in rows)))
    for row in rows:
        table[int(row["subject"]) - 1, int(row["visit"]) - 1] = float(row["answer"])
    return table


def _pairs(gained: int, lost: int) -> tuple[list[int], list[int]]:
    return [0] * gained + [1] * lost + [1, 0], [1] * gained + [0] * lost + [1, 0]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row['test']} {row['case']} {row['alternative']}")
def test_agrees_with_r(row: dict[str, str]) -> None:
    test, case, side = row["test"], row["case"], SIDES[row["alternative"]]
    if test == "binomial":
        k, n, rate = case.split()
        found = contingency.binomial_test(int(k), int(n), float(rate), alternative=side)
    elif test == "fisher":
        k1, n1, k2, n2 = map(int, case.split())
        found = contingency.fisher_exact(k1, n1, k2, n2, alternative=side)
    elif test.startswith("mcnemar"):
        gained, lost = map(int, case.split())
        found = contingency.mcnemar(*_pairs(gained, lost), mid=test == "mcnemar_mid")
    else:
        found = contingency.cochran_q(_table(case), exact=test == "cochran_exact")
    assert math.isclose(getattr(found, row["quantity"]), float(row["value"]), rel_tol=1e-10)
