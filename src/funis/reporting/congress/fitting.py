"""Making an abstract fit: whole sentences are shortened or left out in a stated order, until it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from funis.documents.document import Prose
from funis.reporting.congress.sentence import AbstractSentence, Reduction


@dataclass(frozen=True, slots=True)
class Fitted:
    """An abstract that was made to fit, as far as that goes.

    Attributes
    ----------
    sentences : all of them, in reading order
    taken : of each sentence, how many reductions were taken
    """

    sentences: tuple[AbstractSentence, ...]
    taken: tuple[int, ...]

    @property
    def told(self) -> tuple[tuple[AbstractSentence, Prose], ...]:
        """Give the sentences that stand, each with its wording."""
        pairs = zip(self.sentences, self.taken, strict=True)
        return tuple((each, each.after(taken)) for each, taken in pairs if each.after(taken))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Name the sentences that were left out."""
        pairs = zip(self.sentences, self.taken, strict=True)
        return tuple(each.name for each, taken in pairs if not each.after(taken))

    @property
    def shortened(self) -> tuple[str, ...]:
        """Name the sentences that stand in a shorter wording."""
        pairs = zip(self.sentences, self.taken, strict=True)
        return tuple(each.name for each, taken in pairs if taken and each.after(taken))


def fit(sentences: Sequence[AbstractSentence], limit: int, count: Callable[[Fitted], int]) -> Fitted:
    """Shorten or leave out sentences until they keep a limit.

    Parameters
    ----------
    sentences : in reading order
    limit : characters at most
    count : counts the characters of an abstract

    Returns
    -------
    Fitted : reductions are taken in their order, of one kind the last sentence first; then those that turned
        out not to be needed are given back, the gravest first. It is over the limit where all are taken
    """
    steps = _steps(sentences)
    taken = [0] * len(sentences)
    done: list[int] = []

    def current() -> Fitted:
        return Fitted(tuple(sentences), tuple(taken))

    for place in steps:
        if count(current()) <= limit:
            break
        taken[place] += 1
        done.append(place)
    if count(current()) > limit:
        return current()
    for place in reversed(done):
        taken[place] -= 1
        if count(current()) > limit:
            taken[place] += 1
    return current()


def _steps(sentences: Sequence[AbstractSentence]) -> list[int]:
    """Give the place of the sentence that each reduction is taken from, in the order they are taken."""
    found: list[tuple[Reduction, int, int]] = []
    for place, sentence in enumerate(sentences):
        found += [(kind, -place, turn) for turn, kind in enumerate(sentence.reductions)]
    return [-place for _, place, _ in sorted(found)]
