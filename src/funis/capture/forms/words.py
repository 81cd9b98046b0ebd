"""The words of the forms, read from ``words.toml``: every text in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from funis.capture.forms.plan_parts import Words

_FILE: Final = Path(__file__).with_suffix(".toml")


@cache
def form_words(section: str) -> Mapping[str, Words]:
    """Give a section of the words by key.

    Parameters
    ----------
    section : ``allowed``, ``warned`` and ``do`` (of a value), or ``page``

    Examples
    --------
    >>> form_words("allowed")["not_whole"].en
    'a whole number'
    """
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {key: Words(text["en"], text["zh"]) for key, text in content[section].items()}
