"""The page on reconstructed cohorts and the examples of its modules run as they are printed."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    ["cohort", "integer_samples", "manifest", "reconstruct", "sjogren_scores", "sle_courses"],
)
def test_docstring_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"funis.simulate.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_page_examples() -> None:
    page = ROOT / "docs" / "methods" / "reconstructed_cohorts.md"
    found = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert found.attempted > 0
    assert found.failed == 0
