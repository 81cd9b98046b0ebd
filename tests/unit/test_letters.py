"""Letters that no document can hold are found and replaced wherever they stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.letters import FORBIDDEN_RANGES, find_forbidden, replace_forbidden

ANY = st.text(st.characters() | st.sampled_from("\x00\x1b\x7f\x85\ud800\udfff\ufdd0\uffff\U0001ffff\t\n"))


def is_forbidden(letter: str) -> bool:
    return any(low <= ord(letter) <= high for low, high in FORBIDDEN_RANGES)


@given(ANY)
def test_each_letter_is_kept_or_replaced_by_itself(text: str) -> None:
    wanted = "".join("\ufffd" if is_forbidden(letter) else letter for letter in text)
    assert replace_forbidden(text) == wanted
    assert find_forbidden(text) == next(filter(is_forbidden, text), "")


@pytest.mark.parametrize(("low", "high"), FORBIDDEN_RANGES)
def test_the_ends_of_each_range_are_found_in_a_long_page(low: int, high: int) -> None:
    for code in (low, high):
        page = "Sjögren 5\u00a0mg 患者\n" * 50
        assert replace_forbidden(page + chr(code) + page) == page + "\ufffd" + page
        assert replace_forbidden(page) == page
