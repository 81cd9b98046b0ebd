"""The fingerprint of a definition: what it says, whatever the layout of its file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Any

from funis.catalogue.model_instrument import Definition


@lru_cache(maxsize=256)
def definition_digest(found: Definition) -> str:
    """Give the SHA-256 of all that a definition says, limits of its measured quantities included.

    A later version of funis that adds a key to the model leaves the fingerprint: what has its default value
    is not part of it.

    Parameters
    ----------
    found : the definition of an instrument

    Examples
    --------
    >>> from dataclasses import replace
    >>> from funis.catalogue.registry import definition
    >>> one = definition("ssdai")
    >>> len(definition_digest(one)), definition_digest(replace(one, version="2")) == definition_digest(one)
    (64, False)
    """
    text = json.dumps(_content(found), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _content(value: Any) -> Any:
    """Give a value as JSON can write it; dataclasses without what has its default."""
    if is_dataclass(value):
        said = {each.name: getattr(value, each.name) for each in fields(value) if each.compare}
        left = {each.name for each in fields(value) if _is_default(each.default, said.get(each.name))}
        return {name: _content(held) for name, held in said.items() if name not in left}
    if isinstance(value, tuple | list):
        return [_content(each) for each in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return str(value)


def _is_default(default: Any, value: Any) -> bool:
    return default is not MISSING and type(default) is type(value) and bool(default == value)
