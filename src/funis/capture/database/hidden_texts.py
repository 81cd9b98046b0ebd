"""Texts of the trail: the hashed payload holds a commitment of each, the text itself stands beside it.

The payload is hashed and never changes. A name that was typed by mistake must be removable, so the payload
(format 2) holds ``{"sha256": ...}`` where a text was: the SHA-256 of a salt and the JSON text of the value.
Salt and text stand in a table beside the trail. Without them nobody can guess the text from its hash; with
them everybody can check it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from funis.capture.document import read_document, write_document

FORMAT: Final = 2
"""Of payloads whose texts stand beside them; those of format 1 hold them."""
KEY: Final = "sha256"
MISSING: Final = "[a text that is gone]"
"""What is shown of a text that no redaction removed and that is not there: `verify` names it."""

Texts = dict[str, list[str]]
"""By commitment: salt and JSON text; of a redacted one also the id of the redaction."""


def commitment(salt: str, text: str) -> str:
    """Give the commitment to a JSON text.

    Examples
    --------
    >>> commitment("", "abc")[:8]
    'ba7816bf'
    """
    return hashlib.sha256((salt + text).encode()).hexdigest()


def new_salt() -> str:
    """Draw a salt: 128 bits."""
    return secrets.token_hex(16)


def hide_texts(kind: str, changes: str, data: str, names: str, reason: str) -> str:
    """Put commitments in place of texts, for SQLite's trigger; PostgreSQL does the same in its own words.

    Parameters
    ----------
    kind : ``inserted`` (each value stands alone), ``changed`` (old and new), or that of an event
    changes, data : of the row, as JSON
    names : columns of `changes` that hold what somebody typed, with commas between them; ``*``: all
    reason : why

    Returns
    -------
    str : JSON: ``changes``, ``data``, ``reason`` as the payload holds them, and ``texts``
    """
    texts: Texts = {}
    told = read_document(changes)
    typed = {name: told[name] for name in (told if names == "*" else names.split(",")) if name in told}
    is_pair = kind == "changed"
    hidden = {
        "changes": told | _hide(typed, texts, is_pair=is_pair),
        "data": _hide(read_document(data), texts, is_pair=is_pair),
        "reason": _commit(reason, texts),
    }
    return write_document(hidden | {"texts": texts})


def _hide(told: Mapping[str, Any], texts: Texts, *, is_pair: bool) -> dict[str, Any]:
    if is_pair:
        return {name: [_commit(each, texts) for each in pair] for name, pair in told.items()}
    return {name: _commit(value, texts) for name, value in told.items()}


def _commit(value: Any, texts: Texts) -> Any:
    """Commit to a text, or to what may hold one; numbers, truth, null and empty text stand as they are."""
    if not isinstance(value, str | Mapping | list) or value == "":
        return value
    text, salt = write_value(value), new_salt()
    found = commitment(salt, text)
    texts[found] = [salt, text]
    return {KEY: found}


def commitments_of(payload: Mapping[str, Any]) -> list[str]:
    """Give the commitments that a payload holds, in no order; one of format 1 has none."""
    found: list[str] = []
    _map_commitments(payload, found.append)
    return found


def reveal(payload: Mapping[str, Any], texts: str) -> dict[str, Any]:
    """Put the texts back in their places.

    Parameters
    ----------
    payload : as it was read
    texts : of the row, as they are stored; empty: none
    """
    known: Texts = json.loads(texts) if texts else {}
    return _map_commitments(payload, lambda each: _read(known[each][1]) if each in known else MISSING)


def _read(text: str) -> Any:
    return read_document(f'{{"":{text}}}')[""]


def _map_commitments(payload: Mapping[str, Any], put: Callable[[str], Any]) -> dict[str, Any]:
    """Put something in place of each commitment; whatever else stands in a payload of format 2 stays."""
    if payload.get("v") != FORMAT:
        return dict(payload)

    def of(value: Any) -> Any:
        if isinstance(value, Mapping):
            return put(str(value[KEY])) if value.keys() == {KEY} else value
        return [of(each) for each in value] if isinstance(value, list) else value

    found = dict(payload)
    for part in ("changes", "data"):
        found[part] = {name: of(value) for name, value in payload[part].items()}
    return found | {"reason": of(payload["reason"])}


def strings_in(value: Any) -> Iterator[str]:
    """Give every text inside a value: of a document, its values, not its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings_in(each)


def replace_strings(value: Any, put: Callable[[str], str]) -> Any:
    """Put something in place of every text inside a value."""
    if isinstance(value, str):
        return put(value)
    if isinstance(value, Mapping):
        return {name: replace_strings(each, put) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [replace_strings(each, put) for each in value]
    return value


def write_value(value: Any) -> str:
    """Write a value as the JSON text that a commitment covers, its decimals as they were typed.

    Examples
    --------
    >>> write_value("seen")
    '"seen"'
    """
    return write_document({"": value})[4:-1]
