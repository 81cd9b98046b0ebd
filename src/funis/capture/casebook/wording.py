"""The language of a printed document: its own words, and the labels of the forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from funis.capture.forms.plan_parts import Language, Words


@dataclass(frozen=True, slots=True)
class BookWords:
    """Puts the words of a document into its language.

    Attributes
    ----------
    put : gives an English word of ours in the language
    language : of the labels of the forms

    Examples
    --------
    >>> BookWords(str, "zh-hans").label(Words("rash", "皮疹"))
    '皮疹'
    """

    put: Callable[[str], str]
    language: Language

    def __call__(self, words: str) -> str:
        """Give a word of ours."""
        return self.put(words)

    def all(self, *words: str) -> tuple[str, ...]:
        """Give several words of ours, such as the heads of a table."""
        return tuple(map(self.put, words))

    def label(self, words: Words) -> str:
        """Give a label of a form."""
        return words.shown(self.language)[0]

    @property
    def tag(self) -> str:
        """Give the tag of the language for a file."""
        return "zh" if self.language == "zh-hans" else "en"
