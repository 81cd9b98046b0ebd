"""Every method that a study file can ask for has a printed name and a line under its table."""

from typing import get_args

import pytest

from funis.reporting.footnotes import _method_notes
from funis.reporting.labels import method_label
from funis.reporting.method_words import METHODS
from funis.study.choices import Adjustment, Method


@pytest.mark.parametrize("name", get_args(Method))
def test_a_method_of_the_study_file_has_words(name: str) -> None:
    assert METHODS[name].label
    assert METHODS[name].note


def test_every_adjustment_but_none_has_a_name() -> None:
    assert {name for name in get_args(Adjustment) if name not in METHODS} == {"none"}


def test_words_are_those_of_the_method() -> None:
    assert method_label("welch") == "Welch two-sample t test"
    # A name without words is printed as it reads.
    assert method_label("some_method") == "Some method"


def test_a_note_stands_once_and_only_where_there_is_one() -> None:
    class Named:
        statistic = "p"
        value = 0.5

        def __init__(self, method: str) -> None:
            self.method = method

    used = [Named(name) for name in ("sign_test", "welch", "some_method", "sign_test")]
    assert list(_method_notes(used)) == ["Sign test: two-sided, exact binomial, ties dropped."]  # type: ignore[arg-type]
