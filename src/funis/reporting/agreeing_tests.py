"""Second tests of a change that read as the first one does: one sentence in place of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from funis.documents.table import Inline
from funis.reporting.labels import in_sentence, method_label
from funis.reporting.number_book import Group, Number, NumberBook
from funis.study.model import Endpoint, Study

#: Tests of the same changes that may stand second; drawn and imputed estimates are analyses of their own.
_SECOND: Final = ("wilcoxon", "sign_test")
#: What is printed of such a test.
_STATISTICS: Final = frozenset(
    {"estimate", "lower", "upper", "p", "p_adjusted", "p_exact_least", "zero_changes"}
)


class _Reading(NamedTuple):
    """What one test says of one change: its direction, and whether P, raw and adjusted, is below alpha."""

    direction: int
    is_below: tuple[bool, ...]


def find_agreeing(
    study: Study, book: NumberBook, endpoint: Endpoint, groups: Sequence[Sequence[Group]]
) -> Mapping[str, tuple[Inline, ...]]:
    """Say of each second test of an endpoint that it agrees with the first in every comparison.

    Parameters
    ----------
    study : its alpha is the limit that P is read against
    book : the numbers of a run
    endpoint : its first method leads
    groups : for each variable and group of subjects of the endpoint, the groups of its analyses

    Returns
    -------
    dict : by method the sentence in place of its rows, for those that agree in direction and side of alpha in
        all comparisons, raw and adjusted; a method that differs in one, or has no P in one, is not in it
    """
    methods = [name for name in endpoint.methods if name not in {"mmrm"}]
    # 1 − 0.95 is a little more than 0.05, and a P of 0.05 is not below alpha.
    alpha = round(1.0 - study.level_of(endpoint), 12)
    found: dict[str, tuple[Inline, ...]] = {}
    for second in methods[1:] if methods and methods[0] == "paired_t" else ():
        if second not in _SECOND:
            continue
        pairs = [pair for own in groups for pair in _pairs(book, own, methods[0], second, alpha)]
        if pairs and all(first is not None and first == other for first, other in pairs):
            ids = [number.id for own in groups for number in _printed(book, own, second)]
            found[second] = _sentence(second, methods[0], len(pairs), ids)
    return found


def _sentence(second: str, first: str, comparisons: int, ids: Sequence[str]) -> tuple[Inline, ...]:
    name, lead = method_label(second), in_sentence(method_label(first))
    over = "the one comparison" if comparisons == 1 else f"all {comparisons} comparisons"
    return (
        Inline(f"{name}: it led to "),
        Inline("the same reading", ids[0], also=tuple(ids[1:])),
        Inline(f" as the {lead} (direction, and side of alpha) in {over}."),
    )


def _pairs(
    book: NumberBook, groups: Sequence[Group], first: str, second: str, alpha: float
) -> Iterator[tuple[_Reading | None, _Reading | None]]:
    """Give the readings of both tests at each visit at which either was made."""
    visits = dict.fromkeys(
        number.visit
        for name in (first, second)
        for number in _printed(book, groups, name)
        if number.statistic == "p"
    )
    for visit in visits:
        yield _reading(book, groups, visit, first, alpha), _reading(book, groups, visit, second, alpha)


def _printed(book: NumberBook, groups: Iterable[Group], method: str) -> Iterator[Number]:
    for group in groups:
        if group.analysis in {"test", "change"}:
            yield from (
                each for each in book.all(group) if each.method == method and each.statistic in _STATISTICS
            )


def _reading(
    book: NumberBook, groups: Sequence[Group], visit: str, method: str, alpha: float
) -> _Reading | None:
    own = {each.statistic: each.value for each in _printed(book, groups, method) if each.visit == visit}
    estimate = own.get("estimate")
    if estimate is None and method == "paired_t":
        means = (book.find(group, visit, "mean") for group in groups if group.analysis == "change")
        estimate = next((each.value for each in means if each is not None), None)
    tests = [own[name] for name in ("p", "p_adjusted") if name in own]
    if estimate is None or not tests or any(p is None for p in tests):
        return None
    return _Reading((estimate > 0) - (estimate < 0), tuple(p is not None and p < alpha for p in tests))
