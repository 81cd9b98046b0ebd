"""The document of a form: flat JSON whose numbers stand as they were typed.

A decimal never passes through a binary fraction: ``0.62`` is stored and read as the digits 0.62.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from funis.errors import ValueRangeError

_quote: Final = json.JSONEncoder(ensure_ascii=False).encode
_write_plain: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_TEXT: Final = frozenset({str})
_PLAIN: Final = frozenset({str, int, bool, type(None)})
"""What the library writes as it stands here; a decimal it does not write at all."""
Scalar: TypeAlias = str | int | bool | Decimal | None


def write_document(document: Mapping[str, Any]) -> str:
    """Write a document as JSON, its keys in order, so that one content has one text.

    Parameters
    ----------
    document : text, whole numbers, decimals, truth values, null by name; lists and mappings of these

    Raises
    ------
    ValueRangeError : a value of another kind, such as a binary fraction

    Examples
    --------
    >>> write_document({"rash": 1, "proteinuria_24h": Decimal("0.620")})
    '{"proteinuria_24h":0.620,"rash":1}'
    """
    return _write(document, "document")


def _write_part(value: Any, name: str) -> str:
    """Write a value; those that most forms are made of without looking at every kind that there is."""
    kind = type(value)
    if kind is int:
        return str(value)
    return _quote(value) if kind is str else _write(value, name)


def _write(value: Any, name: str) -> str:
    match value:
        case Decimal() if value.is_finite():
            return format(value, "f")
        case str():
            return _quote(value)
        case None | bool() | int():
            return json.dumps(value)
        case dict() if _TEXT.issuperset(map(type, value)) and _PLAIN.issuperset(map(type, value.values())):
            return _write_plain(value)
        case dict() | Mapping():
            return (
                "{"
                + ",".join([f"{_quote(key)}:{_write_part(value[key], key)}" for key in sorted(value)])
                + "}"
            )
        case list() | tuple():
            return "[" + ",".join(_write(each, name) for each in value) + "]"
        case _:
            raise ValueRangeError(f"value of {name!r}", type(value).__name__, "text, whole numbers, decimals")


def read_document(text: str) -> dict[str, Any]:
    """Read a document; a number with a point or an exponent becomes a decimal.

    Examples
    --------
    >>> read_document('{"proteinuria_24h": 0.620}')
    {'proteinuria_24h': Decimal('0.620')}
    """
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return found
