"""The difference of an arm from the control arm, as the analysis computed it, in the tables of an outcome.

Of a change the adjusted mean difference of the mixed model comes first, where the endpoint has one; else the
first planned test between arms. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from funis.documents.table import EMPTY, TableCell, joined
from funis.reporting.labels import Labels, in_sentence, method_label
from funis.reporting.number_book import Group, Number, NumberBook, bound, bound_p, interval
from funis.reporting.small_samples import limit_missed
from funis.results import name_change
from funis.study.model import Arm, Endpoint, Study

#: Where differences stand, the adjusted one first.
_ANALYSES: Final = ("mmrm", "comparison")
#: Decimals of percentage points.
POINTS: Final = 1
#: What is estimated by each method.
_ESTIMATES: Final[dict[str, str]] = {
    "mmrm": "adjusted mean difference of the mixed model",
    "welch": "difference of mean changes, Welch’s t test",
    "rank_sum": "Hodges-Lehmann shift of changes, rank-sum test",
    "permutation": "difference of mean changes, permutation test, without an interval",
    "newcombe": "percentage points, Newcombe’s interval; P by Fisher’s exact test",
}


class Difference(NamedTuple):
    """One difference between arms: its estimate with interval and P."""

    estimate: Number
    lower: Number | None
    upper: Number | None
    p: Number | None

    @property
    def values(self) -> tuple[float | None, ...]:
        """Give estimate and limits as numbers."""
        return tuple(each.value if each is not None else None for each in self[:3])


def find_control(study: Study) -> Arm | None:
    """Give the arm that others are compared with: the one marked, else the first; None without two arms."""
    if len(study.arms) < 2:
        return None
    return next((arm for arm in study.arms if arm.control), study.arms[0])


def find_difference(
    study: Study, book: NumberBook, endpoint: Endpoint, measure: str, subgroup: str, arm: str, visit: str
) -> Difference | None:
    """Find how an arm differed from the control arm in its change of a measure.

    Parameters
    ----------
    study, book : the study file and the numbers of a run
    endpoint : of kind change or summary; the numbers made for it come before general ones
    measure : the variable that changed
    subgroup, arm, visit : where

    Returns
    -------
    Difference or None : None for the control arm, and where none was computed
    """
    control = find_control(study)
    if control is None or arm == control.id:
        return None
    for analysis in _ANALYSES:
        for group in book.of(analysis):
            is_own = group.variable == name_change(measure) and group.endpoint in {endpoint.id, ""}
            if is_own and (group.subgroup, group.arm, group.contrast) == (subgroup, arm, control.id):
                found = _read(book, group, visit)
                if found is not None:
                    return found
    return None


def find_risk_difference(
    study: Study, book: NumberBook, group: Group, endpoint: Endpoint, visit: str
) -> Difference | None:
    """Find how the share of a row of responses differed from that of the control arm.

    Parameters
    ----------
    study, book : the study file and the numbers of a run
    group : the row, in one arm
    endpoint : the response
    visit : when
    """
    control = find_control(study)
    if control is None or group.arm == control.id:
        return None
    wanted = group._replace(analysis="comparison", contrast=control.id, endpoint=endpoint.id)
    return _read(book, wanted, visit)


def _read(book: NumberBook, group: Group, visit: str) -> Difference | None:
    estimate = book.find(group, visit, "estimate")
    # What too few subjects are there for is not printed: the next analysis may need fewer.
    if estimate is None or limit_missed(estimate) is not None:
        return None
    test = "fisher" if estimate.method == "newcombe" else estimate.method
    p = book.beside(estimate, "p_adjusted", test) or book.beside(estimate, "p", test)
    return Difference(estimate, book.beside(estimate, "lower"), book.beside(estimate, "upper"), p)


def difference_cells(found: Difference | None, digits: int) -> tuple[TableCell, TableCell]:
    """Make the cells of a difference with its interval, and of its P; dashes where there is none."""
    if found is None:
        return EMPTY, EMPTY
    estimate, lower, upper = (bound(each, digits) for each in found[:3])
    limits = (" (", *interval(lower, upper), ")") if lower is not None and upper is not None else ()
    return joined(estimate, *limits), joined(bound_p(found.p))


def difference_heads(level: str, found: Iterable[Difference]) -> tuple[str, ...]:
    """Give the heads of the cells of differences; none where none was computed."""
    known = list(found)
    if not known:
        return ()
    ways = {each.p.adjustment for each in known if each.p is not None}
    name = next(iter(ways)) if len(ways) == 1 else ""
    return f"Difference ({level} CI)", f"P ({method_label(name)})" if name else "P"


def difference_notes(labels: Labels, found: Iterable[Difference | None]) -> Iterator[str]:
    """Say what is subtracted from what, by which method, and whether P is adjusted."""
    known = [each for each in found if each is not None]
    control = find_control(labels.study)
    if not known or control is None:
        return
    arms = [arm.name for arm in labels.study.arms if arm.id != control.id]
    whom = arms[0] if len(arms) == 1 else "the arm"
    for method in dict.fromkeys(each.estimate.method for each in known):
        own = [each.p for each in known if each.estimate.method == method and each.p is not None]
        ways = dict.fromkeys(each.adjustment for each in own if each.adjustment)
        adjusted = (
            f"; P adjusted by {in_sentence(method_label(next(iter(ways))))} over the visits"
            if ways
            else "; P not adjusted"
            if own
            else ""
        )
        said = _ESTIMATES.get(method, in_sentence(method_label(method)))
        yield f"Difference: {whom} minus {in_sentence(control.name)}, {said}{adjusted}."
