"""Checks of the lots and of the infusions of their cells: donor, dates, tests, release."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from funis.data.check.cell_chain import (
    AWAITED,
    NO_RESULT,
    RELEASED,
    CellChain,
    Row,
    collected_on,
    days_of,
    join_cells,
    judge_result,
    judge_row,
)
from funis.data.check.checked_data import Data
from funis.data.check.donors import check_donors
from funis.data.check.row_findings import row_finding, show_value
from funis.errors import Finding, Level
from funis.nine_decimals import compare_exactly
from funis.schema import DONORS, INFUSIONS, LOTS
from funis.shown import show_code
from funis.study.product import Donor, ProductTest
from funis.study.rules import rule_columns

_AFTER_MANUFACTURE = (
    ("release_before_made", "release_date", "was released"),
    ("expiry_before_made", "expiry", "expired"),
)
_UNDATED = (
    ("manufacture_undated", "manufactured", "the day on which it was made"),
    ("release_undated", "release_date", "the day of its release"),
    ("expiry_undated", "expiry", "its expiry"),
)
_REPORT = "Check the lot and both dates; report the deviation."


def check_lots(data: Data) -> Iterator[Finding]:
    """Follow the cells from the donor over the lot to each infusion; every break is an error.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
        Those of donors and lots, then those of the infusions, each told once more that its cells should not
        have been given where the donor or the lot breaks a rule.
    """
    if data.frames[LOTS.name].is_empty() and data.frames[DONORS.name].is_empty():
        return
    chain = join_cells(data.study, data.frames)
    product = data.study.product
    found = [
        *check_donors(data.study.donor or Donor(), chain),
        *_check_origin(data, chain),
        *_check_tests(product.tests, chain),
        *_check_dates(chain),
        *_check_cells(chain),
        *_check_release(product.release, chain),
    ]
    yield from found
    if data.is_checked(LOTS.name):
        known = ", ".join(filter(None, map(show_code, list(chain.lot_rows)[:12])))
        may_await = any(each.result == "after_release" for each in product.tests)
        for row in chain.infusions:
            lot = chain.lot_rows.get(row["lot"])
            if lot is None:
                yield _lot_not_found(row, known)
            else:
                yield from _check_infusion(row, lot, may_await=may_await)
                yield from _check_collected(row, chain.donor_rows.get(lot["donor"]))
        yield from _check_fitness(chain, found)


def _of_lot(code: str, row: Row, column: str, message: str, fix: str, *, level: Level = "error") -> Finding:
    return row_finding(level, code, LOTS.name, row, column=column, message=message, fix=fix)


def _of_infusion(
    code: str, row: Row, column: str, message: str, fix: str, *, level: Level = "error"
) -> Finding:
    return row_finding(level, code, INFUSIONS.name, row, column=column, message=message, fix=fix)


def _check_origin(data: Data, chain: CellChain) -> Iterator[Finding]:
    """Ask for the recorded donor of each lot that was used, where the study records donors."""
    if not data.is_checked(DONORS.name):
        return
    known = ", ".join(filter(None, map(show_code, list(chain.donor_rows)[:12])))
    for lot in filter(chain.is_used, chain.lots):
        if lot["donor"] is None:
            message = "A lot was used of which no donor is recorded."
            yield _of_lot("missing_donor", lot, "donor", message, f"Write the donor. Known: {known}.")
        elif lot["donor"] not in chain.donor_rows:
            message = "A lot was used whose donor is not in the table donors."
            yield _of_lot("unknown_donor", lot, "donor", message, f"Add the donor. Known: {known}.")


def _check_tests(tests: Sequence[ProductTest], chain: CellChain) -> Iterator[Finding]:
    """Ask of each lot that was used for its tests; only a result declared so may be awaited."""
    for test in tests:
        for lot in filter(chain.is_used, chain.lots):
            yield from _check_test(lot, test)


def _check_test(lot: Row, test: ProductTest) -> Iterator[Finding]:
    passed = judge_result(lot, LOTS, test.test, test.rule)
    if test.result == "after_release" and lot[test.test] in AWAITED:
        message = "The lot was released before the result of this test is known."
        yield _of_lot("result_awaited", lot, test.test, message, "Add it as soon as it is.", level="query")
    elif passed is None:
        message = "The lot was used without a result of this test."
        fix = f"Allowed is {test.rule}; add the result. Without one, a lot is not given."
        yield _of_lot("lot_test_missing", lot, test.test, message, fix)
    elif not passed:
        message = "The lot was used and fails this test."
        fix = (
            f"Allowed is {test.rule}. If it is so, block what is left of the lot, and tell who was given it."
        )
        yield _of_lot("lot_test_failed", lot, test.test, message, fix)


def _check_dates(chain: CellChain) -> Iterator[Finding]:
    """Ask for collection, manufacture, release and expiry in this order."""
    for lot in chain.lots:
        made = lot["manufactured"]
        donor = chain.donor_rows.get(lot["donor"])
        collected = None if donor is None else collected_on(donor)
        if made is not None and collected is not None and made < collected:
            early = days_of(collected - made)
            message = f"The lot was made {early} before its cells were collected; the date is left out."
            yield _of_lot("lot_before_collection", lot, "manufactured", message, "Check both dates.")
        for code, column, what in _AFTER_MANUFACTURE:
            if made is not None and lot[column] is not None and lot[column] < made:
                early = days_of(made - lot[column])
                message = f"The lot {what} {early} before it was made; the date is left out."
                yield _of_lot(code, lot, column, message, "Check both dates.")
        if lot["lot"] in chain.given:
            yield from _check_undated(lot)
        yield from _check_release_by_expiry(lot)


def _check_release_by_expiry(lot: Row) -> Iterator[Finding]:
    """Ask for a release before the expiry; one before the manufacture is told as that."""
    made, released, expiry = lot["manufactured"], lot["release_date"], lot["expiry"]
    if released is None or expiry is None or lot["release"] not in RELEASED:
        return
    if released > expiry and (made is None or expiry >= made):
        message = f"The lot was released {days_of(released - expiry)} after it had expired."
        yield _of_lot("release_after_expiry", lot, "release_date", message, _REPORT)


def _check_undated(lot: Row) -> Iterator[Finding]:
    """Ask for the days of a lot that was given; without them nobody can tell whether it was fit to be."""
    for code, column, what in _UNDATED:
        if lot[column] is None and (column != "release_date" or lot["release"] in RELEASED):
            message = f"The lot was given, and {what} is not recorded."
            yield _of_lot(code, lot, column, message, "Write the date.", level="query")


def _check_cells(chain: CellChain) -> Iterator[Finding]:
    """Ask that no more cells of a lot were given than it holds; infusions without a number add none."""
    for lot in chain.lots:
        given = [row["cells"] for row in chain.given.get(lot["lot"], []) if row["cells"] is not None]
        if lot["cells"] is not None and compare_exactly(math.fsum(given), ">", lot["cells"]):
            message = (
                f"{len(given)} infusions of this lot gave {math.fsum(given):.0f} cells, "
                f"and it holds {lot['cells']:.0f}."
            )
            fix = "Check the lot of each of these infusions, their cells, and those of the lot."
            yield _of_lot("lot_overdrawn", lot, "cells", message, fix)


def _lot_not_found(row: Row, known: str) -> Finding:
    """Say that the lot of an infusion is not written, or not in the table of lots."""
    if row["lot"] is None:
        return _of_infusion(
            "missing_lot", row, "lot", "The lot is not recorded.", "Write the lot of the cells."
        )
    message = "The lot is not in the table lots."
    return _of_infusion("unknown_lot", row, "lot", message, f"Add it, or correct the number. Known: {known}.")


def _check_infusion(row: Row, lot: Row, *, may_await: bool) -> Iterator[Finding]:
    """Ask for a lot that was made and released, and had not expired, when it was given."""
    given, released = row["date"], lot["release_date"] if lot["release"] in RELEASED else None
    if given is not None and lot["expiry"] is not None and given > lot["expiry"]:
        message = f"The lot had expired {days_of(given - lot['expiry'])} before."
        yield _of_infusion("lot_expired", row, "date", message, _REPORT)
    if given is not None and lot["manufactured"] is not None and given < lot["manufactured"]:
        message = f"The lot was made {days_of(lot['manufactured'] - given)} later."
        yield _of_infusion("lot_not_made", row, "date", message, _REPORT)
    if given is not None and released is not None and given < released:
        message = f"The lot was released {days_of(released - given)} later."
        yield _of_infusion("lot_released_later", row, "date", message, _REPORT)
    if given is None and row["day"] is not None and any(lot[column] for _, column, _ in _UNDATED):
        message = "The infusion has no date: whether its lot was made, released and in date cannot be told."
        yield _of_infusion("infusion_undated", row, "date", message, "Write the date.", level="query")
    decision = lot["release"]
    if decision is None:
        message, fix = "Nothing says whether the lot was released.", "Write the decision in lots."
        yield _of_infusion("lot_not_decided", row, "lot", message, fix)
    elif decision not in RELEASED:
        message = f"The lot is not released but '{decision}'."
        yield _of_infusion("lot_not_released", row, "lot", message, "Allowed is released. " + _REPORT)
    elif decision == "conditional" and not may_await:
        message = "The lot was released conditionally, and no test of the study may be awaited."
        fix = "Allowed is released, or a test of [[product.tests]] with result = 'after_release'."
        yield _of_infusion("lot_conditional", row, "lot", message, fix)


def _check_collected(row: Row, donor: Row | None) -> Iterator[Finding]:
    """Ask for cells that were collected before they were given."""
    given, collected = row["date"], None if donor is None else collected_on(donor)
    if given is not None and collected is not None and given < collected:
        message = f"The cells were collected from their donor {days_of(collected - given)} later."
        yield _of_infusion("given_before_collection", row, "date", message, _REPORT)


def _check_fitness(chain: CellChain, found: Iterable[Finding]) -> Iterator[Finding]:
    """Tell of each infusion whose lot or donor breaks a rule, and which."""
    broken: dict[tuple[str, str, int | None], list[str]] = {}
    for each in found:
        if each.is_deviation:
            broken.setdefault((each.table, each.file, each.line), []).append(each.column)
    for row in chain.infusions if broken else ():
        lot = chain.lot_rows.get(row["lot"])
        donor = None if lot is None else chain.donor_rows.get(lot["donor"])
        named = ((LOTS.name, lot), (DONORS.name, donor))
        places = [
            (table, each, broken.get((table, each["_file"], each["_line"]))) for table, each in named if each
        ]
        said = [
            f"{table} line {each['_line']} ({', '.join(dict.fromkeys(columns))})"
            for table, each, columns in places
            if columns
        ]
        if said:
            message = "The cells of this infusion break a rule of their lot or donor."
            fix = f"See {' and '.join(said)}; if it is so, follow the subject up, and report the deviation."
            yield _of_infusion("unfit_cells", row, "lot", message, fix)


def _check_release(rules: Sequence[str], chain: CellChain) -> Iterator[Finding]:
    """Judge each lot by the release criteria; a test that is missing is never a pass."""
    for rule in rules:
        column = next(iter(rule_columns(rule)), "lot")
        for row in chain.lots:
            passed = judge_row(row, LOTS, rule)
            if passed is None:
                message = f"The release criterion cannot be judged: {rule}."
                fix = "Add the test's result."
                yield _of_lot("release_unknown", row, column, message, fix, level="query")
            elif not passed:
                yield _failed_release(row, rule, column)


def _failed_release(row: Mapping[str, Any], rule: str, column: str) -> Finding:
    """Tell that a lot fails a criterion: an error of the decision, where that was to release it."""
    fix = "Check the result; a lot that fails is not infused."
    message = f"The lot fails a release criterion: {rule}."
    if row["release"] in RELEASED:
        if not any(row.get(name) in NO_RESULT for name in rule_columns(rule)):
            found = ", ".join(f"{name} is {show_value(row.get(name))}" for name in rule_columns(rule))
            message = f"The lot was released against a release criterion: {rule}; {found}."
            fix = "Check the result and the decision; a lot that fails is not infused."
            return _of_lot("release_failed", row, "release", message, fix)
        message = f"The lot was released without a result that a release criterion asks for: {rule}."
    return _of_lot("release_failed", row, column, message, fix, level="warning")
