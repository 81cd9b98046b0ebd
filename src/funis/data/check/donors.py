"""Checks of the donors whose cells were released or given: consent, collection, tests, rules of the study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from funis.data.check.cell_chain import (
    NO_RESULT,
    CellChain,
    Row,
    collected_on,
    days_of,
    judge_result,
    judge_row,
)
from funis.data.check.row_findings import row_finding
from funis.errors import Finding, Level
from funis.schema import DONORS
from funis.study.product import Donor, DonorTest
from funis.study.rules import rule_columns

_BLOCK = "If it is so, block every lot of this donor, and tell who was given one."


def check_donors(plan: Donor, chain: CellChain) -> Iterator[Finding]:
    """Check each donor whose cells were released or given by the rules of the study.

    Parameters
    ----------
    plan : what a donor must meet
    chain : donors, lots and infusions

    Returns
    -------
    iterator of Finding
        An error for whatever a donor lacks. A donor of whom no cells were used may lack anything.
    """
    for donor in filter(chain.needs_donor, chain.donors):
        yield from _check_consent(donor)
        yield from _check_decision(donor)
        yield from _check_rules(donor, plan.rules)
        if collected_on(donor) is None:
            yield _without_collection(donor, is_dated=any(each.window_words for each in plan.tests))
        for each in plan.tests:
            yield from _check_result(donor, each)
            yield from _check_specimen(donor, each, chain.first_use(donor))


def _finding(
    code: str, donor: Row, column: str, message: str, fix: str, *, level: Level = "error"
) -> Finding:
    return row_finding(level, code, DONORS.name, donor, column=column, message=message, fix=fix)


def _without_collection(donor: Row, *, is_dated: bool) -> Finding:
    """Tell what cannot be judged without the day of collection: an error where tests are dated by it."""
    message = (
        "The day of collection is not recorded, so whether the donor's consent came first cannot be told."
    )
    if is_dated:
        message = "The day of collection is not recorded, so no test can be dated by it."
    fix = "Write the date of the delivery or of the collection."
    level: Level = "error" if is_dated else "query"
    return _finding("donor_without_collection", donor, "delivery_date", message, fix, level=level)


def _check_consent(donor: Row) -> Iterator[Finding]:
    """Ask for a consent before the collection, and for a cord that was collected after the delivery."""
    consent, collected = donor["consent_date"], collected_on(donor)
    if consent is None:
        message, fix = "Cells of a donor were used without a recorded consent.", "Write its date. " + _BLOCK
        yield _finding("donor_without_consent", donor, "consent_date", message, fix)
    elif collected is not None and consent > collected:
        message = f"The donor's consent is dated {days_of(consent - collected)} after the collection."
        fix = f"The consent comes first; check both dates. {_BLOCK}"
        yield _finding("donor_consent_late", donor, "consent_date", message, fix)
    own, delivery = donor["collection_date"], donor["delivery_date"]
    if own is not None and delivery is not None and own < delivery:
        message = f"The collection is dated {days_of(delivery - own)} before the delivery; it is left out."
        yield _finding("collection_before_delivery", donor, "collection_date", message, "Check both dates.")


def _check_decision(donor: Row) -> Iterator[Finding]:
    """Ask whether the donor was found eligible."""
    if donor["eligible"] is None:
        message, fix = "It is not recorded whether the donor was found eligible.", "Write 1 or 0."
        yield _finding("donor_not_judged", donor, "eligible", message, fix, level="query")
    elif not donor["eligible"]:
        message = "Cells were used of a donor who was found not eligible."
        yield _finding("donor_not_eligible", donor, "eligible", message, f"Allowed is 1. {_BLOCK}")


def _check_rules(donor: Row, rules: Sequence[str]) -> Iterator[Finding]:
    for rule in rules:
        answer = judge_row(donor, DONORS, rule)
        column = next(iter(rule_columns(rule)), "donor")
        if answer is None:
            message, fix = f"The donor's rule cannot be judged: {rule}.", "Fill what is missing."
            yield _finding("donor_rule_unknown", donor, column, message, fix, level="query")
        elif not answer:
            message = f"Cells were used of a donor who does not meet a rule: {rule}."
            yield _finding("donor_rule_failed", donor, column, message, f"Check the value. {_BLOCK}")


def _check_result(donor: Row, test: DonorTest) -> Iterator[Finding]:
    """Ask for a result that passes."""
    passed = judge_result(donor, DONORS, test.test, test.rule)
    if passed is None:
        message = "Cells were used of a donor without a result of this test."
        fix = f"Allowed is {test.rule}; add the result. Without one, block every lot of this donor."
        yield _finding("donor_test_missing", donor, test.test, message, fix)
    elif not passed:
        message = "Cells were used of a donor who fails this test."
        yield _finding("donor_test_failed", donor, test.test, message, f"Allowed is {test.rule}. {_BLOCK}")


def _check_specimen(donor: Row, test: DonorTest, used: date | None) -> Iterator[Finding]:
    """Ask for a specimen within its days around the collection, and before the cells were used."""
    column = f"{test.test}_date"
    taken, collected = donor[column], collected_on(donor)
    if taken is None:
        if test.window_words and donor[test.test] not in NO_RESULT:
            message, fix = "The specimen of this test has no date.", f"Write it: {test.window_words}."
            yield _finding("donor_test_undated", donor, column, message, fix)
        return
    if used is not None and taken > used:
        late = days_of(taken - used)
        message = f"The specimen was taken {late} after cells of the donor were first released or given."
        fix = f"Allowed is a result known before; check both dates. {_BLOCK}"
        yield _finding("donor_test_late", donor, column, message, fix)
    before, after = test.max_days_before_collection, test.max_days_after_collection
    if collected is not None and (
        (before is not None and taken < collected - timedelta(days=before))
        or (after is not None and taken > collected + timedelta(days=after))
    ):
        side = "before" if taken < collected else "after"
        message = f"The specimen was taken {days_of(taken - collected)} {side} the collection."
        yield _finding("donor_test_date", donor, column, message, f"Allowed is {test.window_words}. {_BLOCK}")
