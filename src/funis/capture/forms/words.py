"""The words of the forms, read from ``words.toml``: every text in both languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from funis.capture.forms.plan_parts import Language, Words

_FILE: Final = Path(__file__).with_suffix(".toml")


@cache
def form_words(section: str) -> Mapping[str, Words]:
    """Give a section of the words by key.

    Parameters
    ----------
    section : of the file; where its keys are the English texts, as in ``windows``, they stand once

    Examples
    --------
    >>> form_words("allowed")["not_whole"].en
    'a whole number'
    """
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {key: Words(text.get("en", key), text["zh"]) for key, text in content[section].items()}


def unit_words(unit: str, language: Language) -> str:
    """Give a unit as a page or a paper shows it: a word in the language, a sign as it is.

    Parameters
    ----------
    unit : as the data folder has it
    language : of the page

    Examples
    --------
    >>> unit_words("years", "zh-hans"), unit_words("years", "en"), unit_words("g/L", "zh-hans")
    ('岁', 'years', 'g/L')
    """
    found = form_words("units").get(unit)
    return found.shown(language)[0] if found else unit


def window_words(window: str, language: Language) -> str:
    """Give the look-back of an instrument in a language; its numbers stand where they stood.

    Parameters
    ----------
    window : as the definition says it
    language : of the page

    Examples
    --------
    >>> window_words("the last 4 weeks", "zh-hans")
    '最近 4 周'
    """
    if language == "en":
        return window
    found = form_words("windows").get(re.sub(r"\d+", "{n}", window))
    if found is None:
        return window
    numbers = iter(re.findall(r"\d+", window))
    return re.sub(r"\{n\}", lambda _: next(numbers), found.zh)
