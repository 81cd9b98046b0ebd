"""The words of a printed document in a language: those of the pages, of visits and of findings."""

from __future__ import annotations

from functools import partial

from funis.capture.casebook.wording import BookWords
from funis.capture.forms.plan_parts import Language
from funis.capture.forms.visit_words import visit_words
from funis.capture.pages.refusal_words import finding_words
from funis.capture.pages.words import in_language


def book_words(language: Language) -> BookWords:
    """Give the words of a case book or of blank forms in a language.

    Parameters
    ----------
    language : of the document

    Examples
    --------
    >>> words = book_words("zh-hans")
    >>> words("Queries"), words.visit("Month 1"), words.name_finding("ends_before_start")
    ('质疑', '第 1 个月', '结束早于开始。')
    """
    put, name_visit = in_language(language), partial(visit_words, language=language)
    if language == "en":
        return BookWords(put, language, name_visit)
    return BookWords(put, language, name_visit, lambda code: finding_words().get(code, ""))
