"""A number stays with its brackets and signs: a browser may break a line beside any button."""

import re

import pytest

from funis.documents.document import Document, Paragraph, Section
from funis.documents.html import render_page
from funis.documents.table import Inline


@pytest.mark.parametrize(
    ("parts", "held"),
    [
        ((Inline("40/40", "a"), Inline(" ("), Inline("100.0%", "b"), Inline(")")), ["(100.0%)"]),
        ((Inline("5.7", "a"), Inline(" to "), Inline("43.7", "b"), Inline("%), by arm")), ["43.7%),"]),
        (
            (Inline("change "), Inline("−3.00", "a"), Inline("; n = "), Inline("1", "b"), Inline(").")),
            ["−3.00;", "1)."],
        ),
        ((Inline("n = "), Inline("7", "a"), Inline(" patients")), []),
    ],
)
def test_no_line_is_broken_between_a_number_and_its_bracket_or_sign(
    parts: tuple[Inline, ...], held: list[str]
) -> None:
    page = render_page(Document("A", sections=(Section("s", "S", blocks=(Paragraph(parts),)),)))
    found = re.findall(r'<span class="held">(.*?)</span>', page)
    assert [re.sub(r"<[^>]+>", "", each) for each in found] == held
    assert ".held { white-space: nowrap; }" in page
