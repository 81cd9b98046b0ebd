"""Labels of items, levels, columns and systems in other languages: own words, a TOML file a definition.

The words were written for the forms of the capture server and not reviewed by clinicians; each file says so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
CHINESE: Final = "zh_Hans"


@cache
def translation_of(name: str, language: str = CHINESE) -> Mapping[str, Any]:
    """Read what is translated of a definition, of ``tables`` or of ``analytes``; nothing where no file is.

    Parameters
    ----------
    name : of the definition
    language : folder of the language

    Examples
    --------
    >>> translation_of("no_such_definition")
    {}
    """
    path = FOLDER / language / f"{name}.toml"
    if not path.is_file():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def translated(name: str, *path: str, language: str = CHINESE) -> str:
    """Give one text of a translation, empty where it is not translated.

    Parameters
    ----------
    name : of the definition
    path : sections and the key, for example ``items``, ``rash``
    language : folder of the language

    Examples
    --------
    >>> translated("sledai_2k", "items", "no_such_item")
    ''
    """
    found: Any = translation_of(name, language)
    for part in path:
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return found if isinstance(found, str) else ""


def translated_all(name: str, *path: str, language: str = CHINESE) -> dict[str, str]:
    """Give a section of a translation as texts by key, empty where it is not translated.

    Examples
    --------
    >>> translated_all("sledai_2k", "levels", "no_such_item")
    {}
    """
    found: Any = translation_of(name, language)
    for part in path:
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return {key: text for key, text in found.items() if isinstance(text, str)}
