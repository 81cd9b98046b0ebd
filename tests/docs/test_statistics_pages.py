"""The examples of the statistics run as they are printed, and what they cite exists."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = (
    "adjust", "cluster", "compare", "competing", "contingency", "describe", "impute", "permutation",
    "pooling", "proportion", "regression_to_mean", "resample", "survival",
)  # fmt: skip
PAGES = (
    "bootstrap", "cumulative_incidence", "exact_tests_of_counts", "kaplan_meier", "log_rank",
    "mcnemar_and_cochran", "missing_responses", "multiple_imputation", "multiplicity", "paired_ordinal",
    "permutation", "pooling_and_tipping_point", "proportions", "rank_sum", "regression_to_mean",
    "restricted_mean", "sign_test", "signed_rank", "site_effects", "summary", "t_tests",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"funis.stats.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", PAGES)
def test_page_examples(name: str) -> None:
    found = doctest.testfile(
        str(ROOT / "docs" / "methods" / f"{name}.md"), module_relative=False, encoding="utf-8"
    )
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", PAGES)
def test_page_cites_folders_that_exist(name: str) -> None:
    text = (ROOT / "docs" / "methods" / f"{name}.md").read_text(encoding="utf-8")
    for cited in re.findall(r"tests/[a-z_/]+(?:\.py)?", text):
        assert (ROOT / cited).exists(), cited


@pytest.mark.parametrize("name", MODULES)
def test_checked_against_names_a_folder(name: str) -> None:
    text = (ROOT / "src" / "funis" / "stats" / f"{name}.py").read_text(encoding="utf-8")
    for cited in re.findall(r"tests/reference/[a-z_]+", text):
        assert (ROOT / cited / "README.md").exists(), cited
