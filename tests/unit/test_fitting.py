"""Making an abstract fit: what is given up, in which order, and what is never given up."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.documents.table import Inline
from funis.errors import ShapeError
from funis.reporting.congress.fitting import Fitted, fit
from funis.reporting.congress.sentence import REDUCTIONS, AbstractSentence, Reduction, text_of


def sentence(name: str, lengths: Sequence[int], reductions: Sequence[Reduction]) -> AbstractSentence:
    wordings = tuple((Inline("x" * length),) for length in lengths)
    return AbstractSentence("results", (), name, wordings, tuple(reductions))


def count(fitted: Fitted) -> int:
    return sum(len(text_of(said)) for _, said in fitted.told)


@st.composite
def sentences(draw: st.DrawFn) -> list[AbstractSentence]:
    found = []
    for place in range(draw(st.integers(1, 8))):
        lengths = sorted(draw(st.lists(st.integers(1, 30), min_size=1, max_size=3)), reverse=True)
        may_go = draw(st.booleans())
        kinds = st.lists(
            st.sampled_from(list(Reduction)),
            min_size=len(lengths) - 1 + may_go,
            max_size=len(lengths) - 1 + may_go,
        )
        found.append(sentence(str(place), lengths, sorted(draw(kinds))))
    return found


@given(sentences(), st.integers(0, 200))
def test_the_limit_is_kept_whenever_it_can_be_and_nothing_is_given_up_in_vain(
    given_sentences: list[AbstractSentence], limit: int
) -> None:
    found = fit(given_sentences, limit, count)
    shortest = Fitted(tuple(given_sentences), tuple(len(each.reductions) for each in given_sentences))
    assert (count(found) <= limit) == (count(shortest) <= limit)
    for each, taken in zip(found.sentences, found.taken, strict=True):
        assert 0 <= taken <= len(each.reductions)
    if count(found) > limit:
        assert found.taken == shortest.taken
        return
    # Whatever single sentence is told one step longer, it is too long.
    for place, taken in enumerate(found.taken):
        if taken:
            longer = Fitted(found.sentences, (*found.taken[:place], taken - 1, *found.taken[place + 1 :]))
            assert count(longer) > limit


@given(sentences())
def test_without_need_nothing_is_given_up(given_sentences: list[AbstractSentence]) -> None:
    assert fit(given_sentences, 10_000, count).taken == (0,) * len(given_sentences)


def test_the_lesser_goes_first_and_of_one_kind_the_last() -> None:
    given_sentences = [
        sentence("primary", (10,), ()),
        sentence("first secondary", (10,), (Reduction.FIRST_SECONDARY,)),
        sentence("second", (10,), (Reduction.SECONDARY,)),
        sentence("third", (10,), (Reduction.SECONDARY,)),
        sentence("exploratory", (10,), (Reduction.EXPLORATORY,)),
    ]
    told = {
        limit: [each.name for each, _ in fit(given_sentences, limit, count).told]
        for limit in (50, 40, 30, 20, 10, 5)
    }
    assert told[50][-1] == "exploratory"
    assert told[40] == ["primary", "first secondary", "second", "third"]
    assert told[30] == ["primary", "first secondary", "second"]
    assert told[20] == ["primary", "first secondary"]
    assert told[10] == told[5] == ["primary"]


def test_what_was_given_up_for_nothing_is_given_back() -> None:
    """Leaving out the long sentence makes room for the short one that went before it."""
    given_sentences = [
        sentence("primary", (10,), ()),
        sentence("long", (40,), (Reduction.SECONDARY,)),
        sentence("short", (5,), (Reduction.EXPLORATORY,)),
    ]
    found = fit(given_sentences, 20, count)
    assert (found.left_out, found.shortened) == (("long",), ())


def test_each_kind_of_reduction_is_said_in_words() -> None:
    assert list(REDUCTIONS) == sorted(Reduction)


def test_wordings_and_reductions_belong_together() -> None:
    with pytest.raises(ShapeError, match="2 wordings and 0 reductions"):
        sentence("a", (2, 1), ())
    with pytest.raises(ShapeError, match="1 wordings and 2 reductions"):
        sentence("a", (2,), (Reduction.PLAN, Reduction.SECONDARY))
