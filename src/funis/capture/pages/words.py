"""Words of the pages: English stands in them, Simplified Chinese beside them in the files of ``chinese``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).with_name("chinese")

ENTRY_WORDS: Final = {
    "unsent": "{n} not yet on the server",
    "none": "Everything is on the server",
    "open": "{n} need your answer",
    "kept": "kept here, not yet on the server",
    "saved": "saved",
    "refused": "Not saved",
    "check": "Please check",
    "found": "found",
    "allowed": "allowed",
    "conflict": "Somebody else changed this",
    "yours": "yours",
    "theirs": "theirs",
    "mine": "Save mine",
    "take": "Take theirs",
    "ended": "Your session has ended. What you entered is kept here.",
    "login": "Log in again",
    "broken": "This browser cannot keep entries. Do not go on.",
    "stopped": "The server does not take this entry",
    "leave": "{n} entries are not yet on the server. Delete them and log out?",
    "empty": "empty",
    "to": "to",
}
"""What the page of a form says of entries."""


@cache
def chinese_words() -> Mapping[str, str]:
    """Give the Chinese word of every English one, from a file for each room of pages.

    Raises
    ------
    RuntimeError
        if two files translate one word
    """
    found: dict[str, str] = {}
    for file in sorted(FOLDER.glob("*.toml")):
        words = tomllib.loads(file.read_text(encoding="utf-8"))
        if twice := sorted(found.keys() & words.keys()):
            raise RuntimeError(f"{file.name} translates again: {', '.join(twice)}")
        found |= words
    return MappingProxyType(found)


def in_language(language: str) -> Callable[[str], str]:
    """Give the function that puts a word of the pages into a language.

    Parameters
    ----------
    language : ``en`` or ``zh-hans``

    Examples
    --------
    >>> in_language("zh-hans")("Subjects"), in_language("en")("Subjects")
    ('受试者', 'Subjects')
    """
    return partial(_put, chinese_words() if language == "zh-hans" else {})


def _put(words_by_english: Mapping[str, str], words: str) -> str:
    return words_by_english.get(words, words)
