"""An abstract put together: its sentences within the limit, what was left out, what is to be filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from funis.catalogue.abstract_items import AbstractItem, abstract_items
from funis.catalogue.congress_rules import AbstractPart, CongressRule
from funis.catalogue.house_styles import house_style
from funis.documents.document import Notice, Prose
from funis.documents.table import Inline
from funis.errors import ShapeError
from funis.published.compare import ComparedText
from funis.reporting.banners import build_notices
from funis.reporting.congress.closing_sentences import closing_sentences
from funis.reporting.congress.fitting import Fitted, fit
from funis.reporting.congress.gaps import Gap, find_gaps
from funis.reporting.congress.plan_sentences import plan_sentences
from funis.reporting.congress.result_sentences import result_sentences
from funis.reporting.congress.sentence import result_ids, text_of
from funis.reporting.congress.telling import Telling
from funis.reporting.house_style import apply_house_style
from funis.reporting.labels import Labels
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.withheld import withhold
from funis.results import Results
from funis.study.model import Study

#: Words of a title that say that a trial is randomised.
_RANDOMISED = ("randomised", "randomized")


@dataclass(frozen=True, slots=True)
class CongressAbstract:
    """An abstract for one congress.

    Attributes
    ----------
    study, book, rule : what it was written from, and the rule of the congress
    limit : characters at most
    fitted : its sentences
    gaps : places to be filled in
    notices : what must be in sight above it
    assumed : what of rebuilt data was left out, as no figure of it is published
    untold : endpoints of kinds that an abstract has no sentence for
    statuses : of rebuilt data, how far the published text carries each number
    """

    study: Study
    book: NumberBook
    rule: CongressRule
    limit: int
    fitted: Fitted
    gaps: tuple[Gap, ...]
    notices: tuple[Notice, ...]
    assumed: tuple[str, ...]
    untold: tuple[str, ...]
    statuses: Mapping[str, str]

    @property
    def title(self) -> str:
        """Give the title, as the study file has it."""
        return self.study.trial.title

    @property
    def parts(self) -> tuple[tuple[AbstractPart, str, Prose], ...]:
        """Give each part with its heading and its text."""
        return parts_of(self.fitted, self.rule)

    @property
    def characters(self) -> int:
        """Give the length by the rule of the congress."""
        return count_characters(self.parts, self.rule) + self.author_characters

    @property
    def author_characters(self) -> int:
        """Give the characters of the names in the study file, where names count."""
        if not self.rule.counts_authors:
            return 0
        return sum(_length(each.name, self.rule) for each in self.study.people)

    @property
    def kept_free(self) -> int:
        """Give the characters kept free for what is to be filled in."""
        return sum(gap.kept_free for gap in self.gaps)

    @property
    def over(self) -> int:
        """Give how many characters it is over the limit, with what is kept free; 0 where it keeps it."""
        return max(0, self.characters + self.kept_free - self.limit)

    @property
    def title_fault(self) -> str:
        """Say what is wrong with the length of the title; empty where nothing is."""
        length, rule = len(self.title), self.rule
        if length < rule.title_least or (rule.title_most and length > rule.title_most):
            most = f" to {rule.title_most}" if rule.title_most else " or more"
            return f"The title has {length} characters; allowed are {rule.title_least}{most}."
        return ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of every result that the abstract prints, in reading order."""
        names = (name for _, _, said in self.parts for part in said for name in _names(part))
        return tuple(dict.fromkeys(names))

    @property
    def missing_items(self) -> tuple[AbstractItem, ...]:
        """Give the items of the statement on abstracts that nothing speaks to."""
        return tuple(each for each in asked_items(self.study) if not self.speaks_to(each))

    def speaks_to(self, item: AbstractItem) -> bool:
        """Tell whether a sentence, or the title, speaks to an item."""
        if "title" in item.topics:
            return any(word in self.title.lower() for word in _RANDOMISED)
        told = {topic for sentence, _ in self.fitted.told for topic in sentence.topics}
        return bool(told & set(item.topics))


def _names(inline: Inline) -> tuple[str, ...]:
    return (inline.id, *inline.also) if inline.id else ()


def asked_items(study: Study) -> tuple[AbstractItem, ...]:
    """Give the items that a study of this design is asked."""
    is_randomised = study.randomisation is not None
    return tuple(each for each in abstract_items().items if is_randomised or not each.randomised)


def build_congress_abstract(
    study: Study,
    results: Results,
    rule: CongressRule,
    *,
    limit: int | None = None,
    text: ComparedText | None = None,
) -> CongressAbstract:
    """Write the abstract of a study for a congress.

    Parameters
    ----------
    study : the study file
    results : everything computed
    rule : of the congress
    limit : characters at most; None: that of the rule
    text : the published text that the study rebuilds, beside the numbers

    Returns
    -------
    CongressAbstract : within the limit, where leaving out what may be left out suffices; numbers are printed
        in the house style of the study file, whose length counts

    Raises
    ------
    ShapeError : a number of it is not among the results
    """
    results = withhold(study, results)
    book = read_numbers(results.numbers)
    telling = Telling(Labels(study), book, text)
    sentences = (*plan_sentences(telling, rule), *result_sentences(telling), *closing_sentences(telling))
    if study.report.style:
        sentences = apply_house_style(sentences, book, house_style(study.report.style))
    gaps, most = find_gaps(study), rule.limit if limit is None else limit
    abstract = CongressAbstract(
        study, book, rule, most, Fitted(sentences, (0,) * len(sentences)), gaps,
        build_notices(study, results, book), tuple(dict.fromkeys(telling.assumed)),
        tuple(dict.fromkeys(telling.untold)), telling.statuses if telling.tells_published_only else {},
    )  # fmt: skip
    _check_numbers(abstract, {number.id for number in book.numbers})
    apart = abstract.author_characters + abstract.kept_free

    def count(fitted: Fitted) -> int:
        return count_characters(parts_of(fitted, rule), rule) + apart

    return replace(abstract, fitted=fit(sentences, most, count))


def _check_numbers(abstract: CongressAbstract, known: set[str]) -> None:
    """Refuse a text that prints a number which is not among the results."""
    every = {
        name
        for sentence in abstract.fitted.sentences
        for said in sentence.wordings
        for name in result_ids(said)
    }
    unresolved = sorted(every - known)
    if unresolved:
        raise ShapeError(
            f"The abstract prints numbers that are not among the results: {', '.join(unresolved)}. "
            "This is a fault of funis: please report it."
        )


def parts_of(fitted: Fitted, rule: CongressRule) -> tuple[tuple[AbstractPart, str, Prose], ...]:
    """Give the parts of an abstract, each with its heading and its text.

    Parameters
    ----------
    fitted : its sentences
    rule : gives the headings and their order
    """
    told = fitted.told
    return tuple(
        (part, head, _join([said for sentence, said in told if sentence.part == part]))
        for part, head in rule.heads.items()
    )


def _join(sentences: Sequence[Prose]) -> Prose:
    return tuple(_joined(sentences))


def _joined(sentences: Sequence[Prose]) -> Iterator[Inline]:
    for place, said in enumerate(sentences):
        if place:
            yield Inline(" ")
        yield from said


def count_characters(parts: Sequence[tuple[AbstractPart, str, Prose]], rule: CongressRule) -> int:
    """Count the characters by the rule of a congress: heading, colon, space and text of each part.

    Parameters
    ----------
    parts : with heading and text
    rule : says which parts count, and whether spaces do

    Examples
    --------
    >>> from funis.catalogue.congress_rules import congress_rule
    >>> parts = [("methods", "Methods", (Inline("A b."),)), ("disclosure", "Disclosure", (Inline("None."),))]
    >>> [count_characters(parts, congress_rule(name)) for name in ("acr", "eular")]
    [13, 11]
    """
    return sum(
        _length(f"{head}: {text_of(said)}", rule) for part, head, said in parts if part not in rule.uncounted
    )


def _length(text: str, rule: CongressRule) -> int:
    return len(text) if rule.counts_spaces else sum(not letter.isspace() for letter in text)
