"""What followed a second course of cells, in a sentence of an abstract: not comparable with the first."""

from __future__ import annotations

from collections.abc import Iterator

from funis.documents.document import Prose
from funis.documents.table import Inline
from funis.reporting.congress.sentence import prose
from funis.reporting.congress.telling import Telling
from funis.reporting.definition_words import with_unit
from funis.reporting.key_measures import main_change
from funis.reporting.labels import in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, bound, decimals_for, interval, level_text
from funis.reporting.small_samples import NOT_CALCULATED
from funis.results import ALL, format_number, name_change
from funis.study.courses import name_course


def course_words(telling: Telling) -> Prose:
    """Say how the main score changed after the second course, in those who had one.

    Parameters
    ----------
    telling : the study and its numbers

    Returns
    -------
    Prose : empty where nobody had a second course, or nobody has both values
    """
    study, book, labels = telling.study, telling.book, telling.labels
    endpoint = main_change(study, set())
    if endpoint is None:
        return ()
    measure = endpoint.all_variables[0]
    second = name_course(2)
    for group in book.of("course"):
        is_own = (group.variable, group.measure, group.arm) == (name_change(measure), measure, ALL)
        if not is_own or (group.subgroup, group.category) != (second, second):
            continue
        sizes = list(_sizes(book, group))
        if not sizes:
            return ()
        most = max(number.value or 0 for _, number in sizes)
        visit, size = next(pair for pair in reversed(sizes) if pair[1].value == most)
        mean = book.find(group, visit, "mean")
        digits = decimals_for(book, measure, [mean.value if mean is not None else None])
        ends = [bound(book.find(group, visit, name), digits) for name in ("lower", "upper")]
        has_ends = all(each is not None and each.text != NOT_CALCULATED for each in ends)
        limits = (f"; {level_text(study)} CI ", *interval(*ends)) if has_ends else ()
        over = Inline(f"{format_number(size.value, 0)}/{size.denominator}", size.id)
        return prose(
            f"{in_sentence(labels.visit(visit)).capitalize()} after a second course, the change of ",
            f"{with_unit(labels, measure)} from before it was ", bound(mean, digits),
            " (n = ", over, *limits, "); the courses are not comparable.",
        )  # fmt: skip
    return ()


def _sizes(book: NumberBook, group: Group) -> Iterator[tuple[str, Number]]:
    """Give each visit of a course at which somebody has both values, with their number."""
    for visit in book.visits(group):
        number = book.find(group, visit, "n")
        if number is not None and number.value:
            yield visit, number
