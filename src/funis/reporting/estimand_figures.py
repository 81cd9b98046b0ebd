"""The estimands of an endpoint under each other: each a row with estimate, interval and subjects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.documents.figure import FigureSpec, finish
from funis.documents.register import reference
from funis.reporting.arm_differences import find_control
from funis.reporting.forest_figures import ForestRow, forest_body
from funis.reporting.labels import Labels, in_sentence, words_of_name
from funis.reporting.number_book import Group, Number, NumberBook, level_text
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.small_samples import has_percent, limit_missed
from funis.results import ALL
from funis.study.estimand import Estimand
from funis.study.model import Endpoint, Study


def build_estimand_forest(study: Study, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify one figure an endpoint with two estimands or more of the same summary.

    Parameters
    ----------
    study : its estimands, in their order, and its arms
    book : the numbers of a run

    Returns
    -------
    tuple of FigureSpec : of endpoints with an estimate and interval in at least two rows
    """
    labels = Labels(study)
    found = []
    for endpoint in study.endpoints:
        own = [each for each in study.estimands if each.endpoint == endpoint.id]
        # A rate and a difference of means are no rows of one axis.
        same = [each for each in own if each.summary == own[0].summary]
        rows = [row for estimand in same for row in _rows(labels, book, estimand)]
        if len({row.name for row in rows}) > 1:
            found.append(_figure(labels, endpoint, same, rows))
    return tuple(found)


def _rows(labels: Labels, book: NumberBook, estimand: Estimand) -> Iterator[ForestRow]:
    """Give the rows of an estimand at its last visit; with arms one for each compared with control."""
    study = labels.study
    control = find_control(study)
    for group in book.of("estimand"):
        is_whole = (
            group.arm == ALL if not study.arms else control is not None and group.contrast == control.id
        )
        if group.estimand != estimand.id or group.subgroup != ALL or not is_whole:
            continue
        visits = [each for each in book.visits(group) if book.find(group, each, "estimate") is not None]
        for visit in visits[-1:]:
            yield from _row(labels, book, estimand, group, visit)


def _row(
    labels: Labels, book: NumberBook, estimand: Estimand, group: Group, visit: str
) -> Iterator[ForestRow]:
    number = book.find(group, visit, "estimate")
    if number is None:
        return
    numbers = [number, *(book.beside(number, name) for name in ("lower", "upper"))]
    known = [each for each in numbers if each is not None and each.value is not None]
    if len(known) < 3 or any(limit_missed(each) is not None or not has_percent(each) for each in known):
        return
    arms = {arm.id: arm.name for arm in labels.study.arms}
    of_arm = f", {in_sentence(arms[group.arm])}" if len(arms) > 2 and group.arm in arms else ""
    when = "" if visit == ALL else f", {in_sentence(labels.visit(visit))}"
    size = "" if number.n is None else f" (n = {number.n})"
    estimate, lower, upper = (each.value or 0.0 for each in known)
    words = "{} ({} to {})".format(*map(_printed, known))
    yield ForestRow(f"{words_of_name(estimand.id)}{of_arm}{when}{size}", estimate, lower, upper, words)


def _printed(number: Number) -> str:
    return number.text.replace("-", "−")


def _figure(
    labels: Labels, endpoint: Endpoint, estimands: Sequence[Estimand], rows: Sequence[ForestRow]
) -> FigureSpec:
    study = labels.study
    control = find_control(study)
    level = level_text(study, endpoint.id)
    summary = estimands[0].summary
    unit = ", percent" if control is None else ", percentage points"
    what = f"{summary[:1].upper()}{summary[1:]}"
    what += unit if endpoint.kind != "change" else f" of {labels.variable(endpoint.all_variables[0])}"
    if control is not None:
        what = f"{what}, against {in_sentence(control.name)}"
    notes = [
        (
            f"Squares: estimate at the last visit of each; lines: {level} confidence interval. Each row is "
            "another question to the same subjects, by what it makes of intercurrent events; n: subjects in "
            f"the estimate. Their events, strategies and methods: {reference('models')}."
        ),
        "Rows of too few subjects for an interval are left out.",
        *caution_of_subgroups(labels, endpoint.subgroups),
    ]
    if control is not None:
        notes.append("The upright line is no difference.")
    told = "; ".join(f"{row.name} {row.words}" for row in rows)
    return FigureSpec(
        id=f"figure-estimands-{endpoint.id}",
        section="estimands",
        title=f"{endpoint.printed}: its estimands",
        spec=finish(forest_body(rows, what, has_line=control is not None)),
        alt=f"{what} with {level} confidence intervals, a row an estimand. {told}.",
        footnotes=tuple(notes),
    )
