"""Conditions as a definition prints them: closed phrases, parsed once, never run as code.

A condition is one or more terms joined by ``and``. A term compares one measured quantity:

====================================  =====================================================
``platelets < 100``                   the value with a limit
``c3 < LLN``, ``anti_dsdna > ULN``    the value with the limit of the laboratory itself
``creatine_kinase > 2 ULN``           the value with so many times that limit
``creatinine > 130 % of previous``    the value with a share of the previous visit's value
``rise of systolic_bp >= 30``         the difference to the previous visit's value
``previous gfr > 50``                 the previous visit's value with a limit
====================================  =====================================================

A limit may be the name of a parameter of the definition (``inflamed_joints >= arthritis_min_joints``).
Comparisons are exact to nine decimals: values closer than that to a limit are equal to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from funis.nine_decimals import Operator

Form = Literal["value", "share", "rise", "previous"]
Limit = Decimal | str

_NAME = r"[a-z][a-z0-9_]*"
_OPERATOR = r"<=|>=|<|>"
_NUMBER = r"\d+(?:\.\d+)?"
_LIMIT = rf"{_NUMBER}|LLN|ULN|{_NAME}"
_PATTERNS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    (
        "share",
        re.compile(rf"(?P<name>{_NAME}) (?P<operator>{_OPERATOR}) (?P<limit>{_NUMBER}) ?% of previous"),
    ),
    ("rise", re.compile(rf"rise of (?P<name>{_NAME}) (?P<operator>{_OPERATOR}) (?P<limit>{_LIMIT})")),
    ("previous", re.compile(rf"previous (?P<name>{_NAME}) (?P<operator>{_OPERATOR}) (?P<limit>{_LIMIT})")),
    (
        "value",
        re.compile(
            rf"(?P<name>{_NAME}) (?P<operator>{_OPERATOR}) "
            rf"(?:(?P<times>{_NUMBER}) (?=[LU]LN))?(?P<limit>{_LIMIT})"
        ),
    ),
)
EXAMPLE = "'platelets < 100', 'rise of systolic_bp >= 30' or 'creatinine > 130 % of previous'"


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison of one measured quantity.

    Attributes
    ----------
    form : what is compared: the ``value``, its ``share`` of or ``rise`` over the last, or the ``previous``
    name : the quantity, an item or a measure of the definition
    operator : ``<``, ``<=``, ``>`` or ``>=``
    limit : an exact decimal (for ``share`` in percent), ``LLN``, ``ULN`` or the name of a parameter
    times : how many times the limit of the laboratory itself; 1 for every other limit
    """

    form: Form
    name: str
    operator: Operator
    limit: Limit
    times: Decimal = Decimal(1)

    @property
    def looks_back(self) -> bool:
        """Whether the term needs the previous visit."""
        return self.form != "value"

    @property
    def parameter(self) -> str:
        """Name of the parameter that holds the limit, or nothing."""
        return self.limit if isinstance(self.limit, str) and self.limit not in ("LLN", "ULN") else ""

    def __str__(self) -> str:
        """Print the term as the definition does."""
        prefix = {"rise": "rise of ", "previous": "previous "}.get(self.form, "")
        suffix = " % of previous" if self.form == "share" else ""
        times = f"{self.times} " if self.times != 1 else ""
        return f"{prefix}{self.name} {self.operator} {times}{self.limit}{suffix}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Terms that must all hold."""

    terms: tuple[Term, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Quantities the condition compares, each once, in printed order."""
        return tuple(dict.fromkeys(term.name for term in self.terms))

    @property
    def looks_back(self) -> bool:
        """Whether any term needs the previous visit."""
        return any(term.looks_back for term in self.terms)

    def __str__(self) -> str:
        """Print the condition as the definition does."""
        return " and ".join(map(str, self.terms))


def parse_condition(text: str) -> Condition:
    """Parse one condition.

    Parameters
    ----------
    text : the phrase, for example ``systolic_bp > 140 and rise of systolic_bp >= 30``

    Returns
    -------
    Condition : its terms in printed order

    Raises
    ------
    ValueError : the phrase is not of the closed grammar; the message quotes it and gives an example

    Examples
    --------
    >>> parse_condition("platelets < 100").terms[0].limit
    Decimal('100')
    >>> str(parse_condition("creatine_kinase > 2 ULN"))
    'creatine_kinase > 2 ULN'
    """
    return Condition(tuple(_parse_term(part) for part in text.strip().split(" and ")))


def _parse_term(text: str) -> Term:
    for form, pattern in _PATTERNS:
        found = pattern.fullmatch(" ".join(text.split()))
        if found:
            limit: Limit = found["limit"]
            if re.fullmatch(_NUMBER, found["limit"]):
                limit = Decimal(found["limit"])
            operator: Any = found["operator"]
            times = Decimal(found.groupdict().get("times") or 1)
            return Term(form, found["name"], operator, limit, times)
    raise ValueError(f"the condition {text!r} is not understood; write it like {EXAMPLE}")


def find_limit(term: Term, parameters: Mapping[str, Any]) -> float:
    """Give the number a term compares with, parameters put in; not for LLN and ULN."""
    if isinstance(term.limit, Decimal):
        return float(term.limit)
    return float(parameters[term.limit])
