"""The language of a printed document: its own words, and the labels of the forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from funis.capture.forms.plan_parts import Language, Words
from funis.capture.forms.words import unit_words


def _nothing(code: str) -> str:  # noqa: ARG001 - an English text needs nothing beside it
    return ""


@dataclass(frozen=True, slots=True)
class BookWords:
    """Puts the words of a document into its language.

    Attributes
    ----------
    put : gives an English word of ours in the language
    language : of the labels of the forms
    name_visit : gives the label of a visit in the language
    name_finding : gives the kind of fault of an automatic query by its code, empty where its text says it

    Examples
    --------
    >>> BookWords(str, "zh-hans").label(Words("rash", "皮疹")), BookWords(str, "zh-hans").unit("years")
    ('皮疹', '岁')
    """

    put: Callable[[str], str]
    language: Language
    name_visit: Callable[[str], str] = str
    name_finding: Callable[[str], str] = _nothing

    def __call__(self, words: str) -> str:
        """Give a word of ours."""
        return self.put(words)

    def all(self, *words: str) -> tuple[str, ...]:
        """Give several words of ours, such as the heads of a table."""
        return tuple(map(self.put, words))

    def label(self, words: Words) -> str:
        """Give a label of a form."""
        return words.shown(self.language)[0]

    def visit(self, label: str) -> str:
        """Give the label of a visit of the study file."""
        return self.name_visit(label)

    def unit(self, unit: str) -> str:
        """Give a unit as it is printed."""
        return unit_words(unit, self.language)

    @property
    def tag(self) -> str:
        """Give the tag of the language for a file."""
        return "zh" if self.language == "zh-hans" else "en"
