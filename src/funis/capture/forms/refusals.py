"""What is said of a value that a form does not take, or takes and asks about: in words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funis.capture.forms.plan_parts import Language, Words
from funis.capture.forms.words import form_words


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a value of a form.

    Attributes
    ----------
    key : of the document
    field : its field; empty where no field has such a key
    code : what is wrong, as a stable word: a key of ``words.toml``
    found : what was given, as text, shortened; empty where it is a free text or no plain value
    allowed : what fills the sentence on what is allowed: values, a range with its unit, a date
    suggested : what was probably meant, only ever shown, never taken
    """

    key: str
    field: str
    code: str
    found: str = ""
    allowed: str = ""
    suggested: str = ""

    @property
    def is_refusal(self) -> bool:
        """Tell whether the value was not taken; else it was taken and is asked about."""
        return self.code in form_words("allowed")

    def allowed_words(self, language: Language = "en") -> str:
        """Say what is allowed, or what a warning says.

        Examples
        --------
        >>> Remark("rash", "rash", "not_a_choice", "2", "0, 1").allowed_words()
        '0, 1'
        """
        words = form_words("allowed" if self.is_refusal else "warned")
        return self._fill(words[self.code], language)

    def to_do(self, language: Language = "en") -> str:
        """Say what to do.

        Examples
        --------
        >>> Remark("c3", "c3", "decimal_comma", "0,62", suggested="0.62").to_do()
        'Is the comma a decimal point? Then write 0.62; otherwise write the number without it.'
        """
        return self._fill(form_words("do")[self.code], language)

    def as_json(self, language: Language = "en") -> Mapping[str, str]:
        """Give the remark for the page: key, field, code, found, allowed, what to do."""
        return {
            "key": self.key,
            "field": self.field,
            "code": self.code,
            "found": self.found,
            "allowed": self.allowed_words(language),
            "do": self.to_do(language),
        }

    def _fill(self, words: Words, language: Language) -> str:
        text = words.shown(language)[0]
        return text.replace("{allowed}", self.allowed).replace("{suggested}", self.suggested)
