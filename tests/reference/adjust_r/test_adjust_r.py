"""Adjusted P values against R's p.adjust."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from funis.stats.tests import adjust

METHODS = {
    "bonferroni": adjust.bonferroni,
    "holm": adjust.holm,
    "hochberg": adjust.hochberg,
    "hommel": adjust.hommel,
    "BH": adjust.benjamini_hochberg,
}


def _families() -> dict[tuple[str, str], tuple[list[float], list[float]]]:
    families: dict[tuple[str, str], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    with (Path(__file__).parent / "expected.csv").open() as file:
        for row in csv.DictReader(file):
            given, adjusted = families[row["family"], row["method"]]
            given.append(float(row["p"]))
            adjusted.append(float(row["adjusted"]))
    return families


@pytest.mark.parametrize(("key", "numbers"), _families().items())
def test_agrees_with_r(key: tuple[str, str], numbers: tuple[list[float], list[float]]) -> None:
    given, expected = numbers
    assert METHODS[key[1]](given).tolist() == pytest.approx(expected, rel=1e-12)
