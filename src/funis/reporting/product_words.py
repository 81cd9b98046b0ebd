"""What the study file asks of the cells, in words: tests of a lot, rules and tests of a donor."""

from __future__ import annotations

from collections.abc import Iterator

from funis.reporting.labels import Labels, listed
from funis.reporting.rule_words import rule_words
from funis.schema import DONOR_TESTS, LOTS
from funis.study.model import Study
from funis.study.product import DonorTest


def describe_cells(labels: Labels) -> Iterator[str]:
    """Say what is asked of lots beyond the criteria of release, and of donors, one sentence each.

    Parameters
    ----------
    labels : the printed words of the study
    """
    product, donor = labels.study.product, labels.study.donor
    if product.tests:
        tests: dict[str, list[str]] = {}
        for test in product.tests:
            late = "; it may come after the release" if test.result == "after_release" else ""
            name = LOTS.by_name[test.test].meaning[:-1].lower()
            tests.setdefault(f"{rule_words(labels, test.rule)}{late}", []).append(name)
        yield f"Required of each lot: {_grouped(tests)}."
    if donor is None:
        return
    if donor.rules:
        yield f"Required of each donor: {listed([rule_words(labels, rule) for rule in donor.rules])}."
    if donor.tests:
        asked: dict[str, list[str]] = {}
        for each in donor.tests:
            said = f"{rule_words(labels, each.rule)}{_window(each)}"
            asked.setdefault(said, []).append(DONOR_TESTS.get(each.test, each.test))
        yield f"Required tests of each donor: {_grouped(asked)}."


def rules_of_cells(study: Study) -> Iterator[str]:
    """Give each rule of lots and donors as the study file has it, one sentence each."""
    for number, rule in enumerate(study.product.release, 1):
        yield f"Rule of release {number}: {rule}."
    for test in study.product.tests:
        yield f"Rule of the lot's {test.test}: {test.rule}."
    if study.donor is not None:
        for number, rule in enumerate(study.donor.rules, 1):
            yield f"Rule of the donor {number}: {rule}."
        for each in study.donor.tests:
            yield f"Rule of the donor's {each.test}: {each.rule}{_window(each)}."


def _grouped(tests: dict[str, list[str]]) -> str:
    return "; ".join(f"{listed(names)} ({said})" for said, names in tests.items())


def _window(test: DonorTest) -> str:
    days = test.window_words
    return f"; specimen {days}" if days else ""
