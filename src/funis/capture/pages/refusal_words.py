"""Refusals and findings in the language of their reader, from tables; what these lack stays English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from funis.errors import FunisError, ValueRangeError

_FILE = Path(__file__).with_name("refusal_words.toml")
_OF_FINDINGS = Path(__file__).with_name("finding_words.toml")


class RefusalPart(NamedTuple):
    """A part of a refusal: the head that says what it is, its words, and their language where it differs."""

    head: str
    text: str
    lang: str


@cache
def refusal_words() -> Mapping[str, str]:
    """Give the Chinese words of parts of refusals, by the English ones."""
    return MappingProxyType(tomllib.loads(_FILE.read_text(encoding="utf-8")))


@cache
def finding_words() -> Mapping[str, str]:
    """Give what an automatic query says in Chinese, by the code of its finding.

    Examples
    --------
    >>> finding_words()["ends_before_start"]
    '结束早于开始。'
    """
    return MappingProxyType(tomllib.loads(_OF_FINDINGS.read_text(encoding="utf-8")))


def refusal_parts(error: FunisError, language: str) -> list[RefusalPart]:
    """Give the parts of a refusal in a language; nothing where the whole sentence is all there is.

    Parameters
    ----------
    error : what was refused
    language : ``en`` or ``zh-hans``; in English the sentence of the error says everything

    Returns
    -------
    list of RefusalPart : what, found, allowed, to do; each as the error holds it, no text is taken apart

    Examples
    --------
    >>> error = ValueRangeError("reason", "nothing", "why the role ends")
    >>> [(each.head, each.text, each.lang) for each in refusal_parts(error, "zh-hans")]
    [('', '原因', ''), ('Found', '空', ''), ('Allowed', '角色结束的原因', '')]
    >>> refusal_parts(error, "en")
    []
    """
    if language != "zh-hans" or not isinstance(error, ValueRangeError) or not error.allowed:
        return []
    given = (
        ("", error.what),
        ("Found", _shown(error.found)),
        ("Allowed", error.allowed),
        ("To do", error.fix),
    )
    return [RefusalPart(head, *_put(text)) for head, text in given if text]


def _shown(found: object) -> str:
    return "" if found is None else str(found)


def _put(text: str) -> tuple[str, str]:
    """Give a text in Chinese, or in English marked as such; figures, dates and codes are of no language."""
    known = refusal_words().get(text)
    if known is not None:
        return known, ""
    return text, "en" if any(each.isalpha() for each in text) else ""
