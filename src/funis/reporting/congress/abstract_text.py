"""An abstract as plain text, to be pasted into a form; below a line, what is no part of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.reporting.congress.abstract import CongressAbstract
from funis.reporting.congress.abstract_document import BEHIND, left_out_words, length_words, rule_words
from funis.reporting.congress.sentence import text_of

#: Stands between the abstract and what is no part of it.
LINE: Final = f"--- {BEHIND} ---"


def render_abstract_text(abstract: CongressAbstract) -> str:
    """Write an abstract as plain text.

    Parameters
    ----------
    abstract : what is written

    Returns
    -------
    str : warnings, title and parts, each part one line; below a line length, places to fill in, what was left
        out, items that are missing
    """
    return "\n".join(_lines(abstract)) + "\n"


def _lines(abstract: CongressAbstract) -> Iterator[str]:
    for notice in abstract.notices:
        yield f"[{notice.title} {notice.text}]"
        yield ""
    yield abstract.title
    for _, head, said in abstract.parts:
        yield ""
        yield f"{head}: {text_of(said)}"
    yield ""
    yield LINE
    yield ""
    yield f"Length: {length_words(abstract)}"
    yield from rule_words(abstract)
    if abstract.gaps:
        yield f"To be filled in: {'; '.join(gap.what for gap in abstract.gaps)}."
    yield from left_out_words(abstract)
    missing = [f"{each.number} {each.item}" for each in abstract.missing_items]
    if missing:
        yield f"Items of CONSORT for abstracts that nothing speaks to: {'; '.join(missing)}."
