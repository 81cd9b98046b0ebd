"""The words that close the main part: how sound the data are, and what the results cannot show."""

from __future__ import annotations

from collections.abc import Iterator

from funis.documents.document import Prose, plain
from funis.documents.register import reference
from funis.documents.table import Inline
from funis.reporting.completeness_tables import values_due
from funis.reporting.definition_words import is_proposed
from funis.reporting.finding_tables import finding_words, use_of_values
from funis.reporting.number_book import Number, NumberBook, bound
from funis.reporting.safety_tables import not_collected_words
from funis.reporting.title_block import size_of
from funis.results import ALL, Results, format_number
from funis.study.courses import WITHOUT_DAY, name_course
from funis.study.model import Study

#: By design, what every change or difference holds beside the treatment.
_DESIGN_LIMITS: dict[str, str] = {
    "single_arm": "No control group: natural course, other drugs and closer care are part of every change.",
    "parallel": "Differences between arms hold whatever else differed between them.",
    "observational": (
        "No treatment was assigned: results are associations, and what was not recorded may explain them."
    ),
}
_RANDOMISED_LIMITS = (
    "Arms were formed at random: they can still differ by chance, the more the smaller they are."
)
_KINDS = {"made": "rebuilt from published figures", "real": "as the input files hold them"}


def quality_words(study: Study, results: Results, book: NumberBook) -> tuple[Prose, ...]:
    """Say how complete and how sound the data are.

    Parameters
    ----------
    study, results : as for the report
    book : the numbers of `results`

    Returns
    -------
    tuple of Prose : one paragraph each; a number carries the id of its result
    """
    found = (*finding_words(results, book), Inline(f": {reference('findings')}. "))
    present = values_due(book)
    is_rebuilt = study.trial.reconstructed or results.provenance.reconstructed
    kind = f"The data are {_KINDS['made' if is_rebuilt else 'real']}: {reference('provenance')}."
    used = (*found, Inline(use_of_values(results.findings)))
    left_out = any(each.is_left_out for each in results.findings)
    there = _present_words(*present, are_left_out=left_out) if present else ()
    return (*there, used, *_unclassified(book), plain(kind))


def _present_words(count: Number, percent: Number, *, are_left_out: bool) -> Iterator[Prose]:
    """Say how many of the values due are there, and that others were recorded and cannot be used."""
    left_out = (
        f" A score is present where it can be told without what was left out as an error: "
        f"{reference('findings')}."
        if are_left_out
        else ""
    )
    behind = f"): {reference('completeness')}.{left_out}"
    yield _sentence(_of_all(count), " values due were present (", _in_percent(percent), behind)


def _in_percent(share: Number) -> Inline:
    """Print a share with its sign, both bound to the result."""
    return Inline(f"{format_number(share.value or 0.0, 1)}%", share.id)


def _of_all(count: Number) -> Inline:
    """Print a count with its denominator, both bound to the result."""
    return Inline(f"{format_number(count.value or 0.0, 0)} of {count.denominator}", count.id)


def findings_lead(results: Results, book: NumberBook) -> Prose:
    """Say over the listing of findings how many there are and what becomes of them.

    Parameters
    ----------
    results : with the findings
    book : the numbers of `results`
    """
    return (*finding_words(results, book), Inline(f". {use_of_values(results.findings)}"))


def _unclassified(book: NumberBook) -> Iterator[Prose]:
    """Count those whose response cannot be told, at the visit where most cannot."""
    unclear = [
        number
        for group in book.of("response")
        if group.category == "cannot tell" and group.subgroup == ALL and group.arm == ALL
        for number in book.all(group)
        if number.statistic == "count" and number.value is not None
    ]
    if unclear:
        most = max(unclear, key=lambda each: each.value or 0.0)
        if not most.value:
            whole = Inline(str(most.denominator), most.id)
            noun = " patient" if most.denominator == 1 else " patients"
            yield _sentence("A response could be judged in all ", whole, f"{noun}.")
            return
        where = ", at the visit with the most of them" if len({each.visit for each in unclear}) > 1 else ""
        yield _sentence("A response could not be judged in ", _of_all(most), f" patients{where}.")


def limit_words(study: Study, book: NumberBook) -> tuple[Prose, ...]:
    """Say what the results cannot show; only what is true of the study.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of Prose : one sentence each; a number carries the id of its result
    """
    return tuple(_limits(study, book))


def _limits(study: Study, book: NumberBook) -> Iterator[Prose]:
    yield plain(_DESIGN_LIMITS[study.trial.design] if study.randomisation is None else _RANDOMISED_LIMITS)
    if any(book.of("regression_to_mean")) and not study.arms:
        yield plain(
            "Entry selected patients who were ill: they are on average better at the next visit (regression "
            "to the mean); what is expected of that, or why it could not be estimated: "
            f"{reference('regression-to-mean')}."
        )
    yield from _infused_again(book)
    size, share, tests = size_of(book), _of_size(book, "upper"), _of_size(book, "count")
    # Where nobody was asked no harm was looked for, and none could be missed for want of patients.
    if size is not None and share is not None and not not_collected_words(book):
        seen = _in_percent(share)
        yield _sentence(
            "With ",
            bound(size, 0),
            " patients a harm in fewer than ",
            seen,
            " can be missed: the upper Clopper-Pearson limit where none is seen, as beside other counts of "
            "none.",
        )
    if tests is not None:
        counted = " P value was calculated" if tests.value == 1 else " P values were calculated"
        kept = "; those of withheld results are not printed" if book.withholds_tests else ""
        yield _sentence("", bound(tests, 0), counted, f"{kept}.")
    if any(is_proposed(each.definition) for each in study.endpoints if each.definition):
        yield plain("A response definition is a proposal of funis, as the trial's own could not be found.")


def count_infused_again(book: NumberBook) -> Number | None:
    """Find how many had a second course, of all treated; None where nobody had."""
    retreated = [
        book.find(group, name_course(2), "count")
        for group in book.of("exposure")
        if group.variable == "infused" and group.arm == ALL
    ]
    return next((each for each in reversed(retreated) if each is not None and each.value), None)


def count_without_day(book: NumberBook) -> Number | None:
    """Find of how many the day of the second course is not recorded, None where it is of all."""
    found = (
        book.find(group, ALL, "count")
        for group in book.of("course")
        if (group.variable, group.subgroup, group.arm) == (WITHOUT_DAY, ALL, ALL)
    )
    return next((each for each in found if each is not None and each.value), None)


def _infused_again(book: NumberBook) -> Iterator[Prose]:
    """Say how many were infused again: what followed is in their values of the first treatment."""
    count = count_infused_again(book)
    if count is not None:
        yield _sentence(
            "Infused again: ",
            _of_all(count),
            ". They were chosen by what happened before: a second course is not comparable with the first, "
            "and what followed it is part of their later values.",
        )
    undated = count_without_day(book)
    if undated is not None:
        yield _sentence(
            "The day of the second course is not recorded of ",
            _of_all(undated),
            ": they are in no result by course, and are not counted as infused again before a visit.",
        )


def _of_size(book: NumberBook, statistic: str) -> Number | None:
    """Find what the size of the study limits: a share of patients, or a count of tests."""
    found = (number for group in book.of("size") for number in book.all(group))
    return next((number for number in found if number.statistic == statistic), None)


def _sentence(*parts: Inline | str | None) -> Prose:
    """Put words and numbers into a line; empty words are left out."""
    return tuple(Inline(part) if isinstance(part, str) else part for part in parts if part)
