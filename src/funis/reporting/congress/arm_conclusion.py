"""What a trial of arms concludes: by how much the arms differed in the primary endpoints, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.documents.document import Prose
from funis.documents.table import Inline
from funis.reporting.arm_differences import (
    POINTS,
    Difference,
    find_control,
    find_difference,
    find_risk_difference,
)
from funis.reporting.congress.rate_sentences import responding
from funis.reporting.congress.sentence import prose
from funis.reporting.congress.telling import Telling
from funis.reporting.definition_words import with_unit
from funis.reporting.labels import in_sentence
from funis.reporting.number_book import bound, decimals_for, interval, level_text
from funis.results import ALL
from funis.study.model import Arm, Endpoint


def differences(telling: Telling, primary: Sequence[Endpoint]) -> Prose:
    """Say by how much each arm differed from the control arm in each primary endpoint, or that it was not shown.

    Parameters
    ----------
    telling : the study and its numbers
    primary : the primary endpoints

    Returns
    -------
    Prose : empty where no difference was computed, or none has an interval
    """  # noqa: E501 - one line of purpose
    clauses = [said for endpoint in primary for said in _of_endpoint(telling, endpoint)]
    parts: list[Inline | str | None] = []
    for place, said in enumerate(clauses):
        parts += [" " if place else "", *said]
    return prose(*parts)


def _of_endpoint(telling: Telling, endpoint: Endpoint) -> Iterator[Prose]:
    study, book, labels = telling.study, telling.book, telling.labels
    arms = [arm for arm in study.arms if arm is not find_control(study)]
    if endpoint.kind == "response":
        for whole, visit in responding(book, endpoint):
            when = "By the last visit" if visit == ALL else f"At {in_sentence(labels.visit(visit))}"
            for arm in arms:
                row = whole._replace(arm=arm.id)
                found = find_risk_difference(study, book, row, endpoint, visit)
                yield from _clause(telling, endpoint, arm, found, f"{when} the share of responders")
    elif endpoint.kind == "change" and endpoint.at:
        name, visit = endpoint.all_variables[0], endpoint.at[-1]
        what = f"At {in_sentence(labels.visit(visit))} the change of {with_unit(labels, name)}"
        for arm in arms:
            found = find_difference(study, book, endpoint, name, ALL, arm.id, visit)
            yield from _clause(telling, endpoint, arm, found, what)


def _clause(
    telling: Telling, endpoint: Endpoint, arm: Arm, found: Difference | None, what: str
) -> Iterator[Prose]:
    """Say that a difference was not shown where its interval holds 0; else how large it is."""
    control = find_control(telling.study)
    if control is None or found is None:
        return
    estimate, lower, upper = found.values
    if estimate is None or lower is None or upper is None:
        return
    level, pair = level_text(telling.study, endpoint.id), f"{arm.name} minus {control.name}"
    if lower <= 0 <= upper:
        yield prose(f"{what} was not shown to differ (the {level} CI of {pair} includes 0).")
        return
    is_share = endpoint.kind == "response"
    digits = POINTS if is_share else decimals_for(telling.book, endpoint.all_variables[0], found.values)
    ends = (bound(found.lower, digits), bound(found.upper, digits))
    unit = " percentage points" if is_share else ""
    yield prose(
        f"{what} differed by ", bound(found.estimate, digits), f"{unit} ({level} CI ", *interval(*ends),
        f"; {pair}).",
    )  # fmt: skip
