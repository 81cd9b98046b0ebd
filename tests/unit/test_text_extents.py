"""Widths of words against the font metrics, added up by hand, and lines that are broken where they must be."""

import pytest

from funis.documents.text_extents import fix_lengths, measure, wrap


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        # Thousandths of the size: digits 556, the space 278, A 667, t 278, r 333, i 222, s 500, k 500.
        ("12", 1112),
        ("At risk", 667 + 278 + 278 + 333 + 222 + 500 + 500),
        ("~", 584),
        # An accent makes no letter wider; a Chinese letter fills a square; the minus is as wide as the plus.
        ("é", 556),
        ("月", 1000),
        ("−", 584),
    ],
)
def test_widths(text: str, width: float) -> None:
    assert measure(text, 1000) == pytest.approx(width)
    assert measure(text, 10) == pytest.approx(width / 100)


def test_bold_letters_are_wider() -> None:
    # A 722, b 611 in bold; 667 and 556 in plain.
    assert measure("Ab", 1000, is_bold=True) == pytest.approx(1333)
    assert measure("Ab", 1000) == pytest.approx(1223)


def test_lines_are_broken_between_words_and_cut_where_they_must_be() -> None:
    # "aaa" takes 16.68 at a size of 10, a space 2.78, the ellipsis 10.
    assert wrap("aaa aaa", 36.2, 10) == ["aaa aaa"]
    assert wrap("aaa aaa", 36.1, 10) == ["aaa", "aaa"]
    assert wrap("aaa aaa aaa", 30, 10) == ["aaa", "aaa…"]
    assert wrap("aaaaaaaa", 30, 10) == ["aaa…"]
    assert wrap("", 30, 10) == [""]


def test_each_line_of_a_drawing_says_its_length() -> None:
    svg = (
        '<text font-size="10px"><tspan x="1">At risk</tspan><tspan x="1">n</tspan></text><text>no size</text>'
    )
    fixed = fix_lengths(svg)
    assert 'textLength="27.8" lengthAdjust="spacingAndGlyphs">At risk</tspan>' in fixed
    # One letter has no length to set; without a size nothing is known.
    assert '<tspan x="1">n</tspan>' in fixed
    assert "<text>no size</text>" in fixed


def test_marks_of_markup_count_as_the_letters_they_stand_for() -> None:
    # "a < b": 556 + 278 + 584 + 278 + 556.
    assert 'textLength="22.5"' in fix_lengths('<text font-size="10">a &lt; b</text>')
