"""What the rules of ``[product]`` and ``[donor]`` must agree on with the tables of lots and donors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.schema import DONORS, DTYPES, LOTS, Table
from funis.study.model import Study
from funis.study.product import DonorTest, ProductTest
from funis.study.rules import check_rule
from funis.study.study_finding import StudyFinding, unknown_name

_OTHERS = frozenset({"lot", "donor", "passage", "release", "eligible", "delivery", "healthy"})
"""Columns of lots and donors that hold no result of a test; neither do those of dates."""


def check_product(study: Study) -> Iterator[StudyFinding]:
    """Find every rule about lots and donors that cannot be judged by their tables.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    yield from _check_rules(("product", "release"), study.product.release, LOTS)
    yield from _check_tests(("product", "tests"), study.product.tests, LOTS)
    if study.donor is not None:
        yield from _check_rules(("donor", "rules"), study.donor.rules, DONORS)
        yield from _check_tests(("donor", "tests"), study.donor.tests, DONORS)


def _check_rules(key: tuple[str, str], rules: Sequence[str], table: Table) -> Iterator[StudyFinding]:
    schema = {column.name: DTYPES[column.kind] for column in table.columns}
    allowed = {column.name: column.allowed for column in table.columns if column.allowed}
    for index, rule in enumerate(rules):
        for finding in check_rule(rule, schema, allowed=allowed):
            yield StudyFinding((*key, index), rule, finding.message, finding.fix, "rule")


def _check_tests(
    key: tuple[str, str], tests: Sequence[ProductTest | DonorTest], table: Table
) -> Iterator[StudyFinding]:
    results = [each for each in table.columns if each.name not in _OTHERS and each.kind != "date"]
    named = [each.test for each in tests]
    for index, each in enumerate(tests):
        column = next((known for known in results if known.name == each.test), None)
        if column is None:
            what = f"test among the columns of {table.name}"
            yield unknown_name((*key, index, "test"), what, each.test, [known.name for known in results])
            continue
        if each.test in named[:index]:
            fix = "Write its rule once, with AND."
            yield StudyFinding((*key, index, "test"), each.test, "This test is given twice.", fix)
        schema = {"result": DTYPES[column.kind]}
        allowed = {"result": column.allowed} if column.allowed else {}
        for finding in check_rule(each.rule, schema, allowed=allowed):
            yield StudyFinding((*key, index, "rule"), each.rule, finding.message, finding.fix, "rule")
