"""Which criteria are judged before and after the scores are there, and categories of the baseline; by hand."""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis import summary
from funis.data.check.eligibility import check_eligibility, columns_in_criteria
from funis.study.model import Study

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

STUDY = Study.model_validate(
    {
        "study": {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"},
        "visits": ({"name": "baseline", "day": 0, "forms": ("sledai_2k",)},),
        "eligibility": {
            "inclusion": (
                {"id": "I1", "text": "Adult", "rule": "age >= 18"},
                {"id": "I2", "text": "Active", "rule": "baseline_sledai_2k > 6"},
                {"id": "I3", "text": "Willing"},
            ),
            "exclusion": ({"id": "E1", "text": "Heavy", "rule": "weight_kg > 100"},),
        },
    }
)
# One who meets nothing and is excluded.
FRAME = pl.DataFrame(
    {
        "subject": ["S1"], "age": [17.0], "baseline_sledai_2k": [4.0], "weight_kg": [120.0],
        "_file": ["subjects.csv"], "_line": [2],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("needs_scores", "expected"), [(None, ["I1", "I2", "E1"]), (True, ["I2"]), (False, ["I1", "E1"])]
)
def test_rules_are_judged_when_what_they_read_is_there(
    *, needs_scores: bool | None, expected: list[str]
) -> None:
    """A criterion without a rule is judged by nobody here."""
    found = list(check_eligibility(STUDY, FRAME, needs_scores=needs_scores))
    assert [finding.message.split()[1] for finding in found] == expected
    assert {(finding.level, finding.code) for finding in found} == {("warning", "not_eligible")}


def test_columns_that_the_rules_read() -> None:
    assert columns_in_criteria(STUDY, needs_scores=True) == frozenset({"baseline_sledai_2k"})
    assert columns_in_criteria(STUDY, needs_scores=False) == frozenset({"age", "weight_kg"})
    none = STUDY.model_copy(update={"eligibility": STUDY.eligibility.model_copy(update={"inclusion": ()})})
    assert columns_in_criteria(none, needs_scores=True) is None


def test_categories_are_counted_over_those_known_without_an_interval() -> None:
    """Two women and a man of three whose sex is recorded."""
    run = analysis.make_run({"x": {"baseline": [1.0] * 4}}, sex=["female", "female", "male", None])
    summary._count_categories(run, run.populations.cohort(), "sex", "baseline", of_all=False)
    rows = run.numbers.frame().select("category", "statistic", "text").rows()
    assert [row for row in rows if row[1] != "asked"] == [
        ("female", "count", "2/3 (66.7%)"),
        ("female", "percent", "66.7%"),
        ("male", "count", "1/3 (33.3%)"),
        ("male", "percent", "33.3%"),
    ]


def test_a_column_of_which_nothing_is_known_has_no_category() -> None:
    run = analysis.make_run({"x": {"baseline": [1.0]}}, sex=pl.Series([None], dtype=pl.String))
    summary._count_categories(run, run.populations.cohort(), "sex", "baseline", of_all=False)
    assert run.numbers.frame().is_empty()
