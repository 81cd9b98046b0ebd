"""Which eligibility rules select on a baseline value, and where their limit lies.

A mean that was selected for being high falls by itself: who entered by ``baseline_sledai_2k > 6`` has to be
known before a fall is called an effect.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from funis.nine_decimals import round_array, round_exactly
from funis.study.model import Study

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RULE: Final = re.compile(rf"\(*\s*baseline_(\w+)\s*(>=|>|<=|<)\s*({_NUMBER})\s*\)*")
_TURNED_RULE: Final = re.compile(rf"\(*\s*({_NUMBER})\s*(>=|>|<=|<)\s*baseline_(\w+)\s*\)*")
_BETWEEN: Final = re.compile(rf"baseline_(\w+)\s+BETWEEN\s+({_NUMBER})\s+AND\s+({_NUMBER})", re.IGNORECASE)
_MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_OPPOSITE: Final = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What an eligibility rule asks of a baseline value.

    Attributes
    ----------
    variable : score or laboratory test
    sign : ``>``, ``>=``, ``<`` or ``<=``
    limit : as written in the rule
    criterion : id of the criterion
    """

    variable: str
    sign: str
    limit: float
    criterion: str

    @property
    def direction(self) -> int:
        """Give 1 where high values are let in, -1 where low ones are."""
        return 1 if self.sign.startswith(">") else -1

    def limit_for(self, values: Floats) -> float:
        """Give the limit of a continuous score: for whole numbers the middle of the step.

        Examples
        --------
        >>> Selection("x", ">", 6, "I1").limit_for(np.array([7.0, 8.0]))
        6.5
        >>> Selection("x", ">=", 6, "I1").limit_for(np.array([7.0, 8.0]))
        5.5
        >>> Selection("x", "<", 1.5, "I1").limit_for(np.array([0.3, 1.2]))
        1.5
        """
        if not np.array_equal(values, np.rint(values)):
            return self.limit
        turned = self.direction * self.limit
        lowest = math.ceil(turned) if self.sign.endswith("=") else math.floor(turned) + 1
        return self.direction * (lowest - 0.5)

    def is_met_by(self, values: Floats) -> Bools:
        """Tell which values the rule lets in; a value on the limit is in where the rule says so.

        Examples
        --------
        >>> Selection("x", ">=", 1.5, "I1").is_met_by(np.array([1.4, 1.5, 0.1 * 15])).tolist()
        [False, True, True]
        >>> Selection("x", "<", 1.5, "I1").is_met_by(np.array([1.4, 1.5])).tolist()
        [True, False]
        """
        turned = self.direction * round_array(np.asarray(values, dtype=np.float64))
        limit = self.direction * round_exactly(float(self.limit))
        return turned >= limit if self.sign.endswith("=") else turned > limit


def find_selections(study: Study) -> dict[str, Selection]:
    """Find the eligibility rules that select on a baseline value, one a variable (the first).

    Rules joined by AND count each for itself; a rule with OR or NOT selects in no single direction and is
    left alone. An exclusion turns the comparison round.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> rule = {"id": "I1", "text": "Active", "rule": "age >= 16 AND baseline_sledai_2k > 6"}
    >>> study = Study.model_validate({"study": trial, "eligibility": {"inclusion": (rule,)}})
    >>> find_selections(study)["sledai_2k"]
    Selection(variable='sledai_2k', sign='>', limit=6.0, criterion='I1')
    """
    found: dict[str, Selection] = {}
    criteria = [(each, False) for each in study.eligibility.inclusion]
    criteria += [(each, True) for each in study.eligibility.exclusion]
    for criterion, excludes in criteria:
        if re.search(r"\b(OR|NOT|CASE)\b", criterion.rule, re.IGNORECASE):
            continue
        rule = _BETWEEN.sub(r"baseline_\1 >= \2 AND baseline_\1 <= \3", criterion.rule)
        parts = re.split(r"\bAND\b", rule, flags=re.IGNORECASE)
        # Excluding "a and b" leaves in who lacks either: it selects on neither alone.
        if excludes and len(parts) > 1:
            continue
        for part in parts:
            one = _read_part(part.strip(), criterion.id)
            if one is not None:
                sign = _OPPOSITE[one.sign] if excludes else one.sign
                found.setdefault(one.variable, replace(one, sign=sign))
    return found


def _read_part(part: str, criterion: str) -> Selection | None:
    plain, turned = _RULE.fullmatch(part), _TURNED_RULE.fullmatch(part)
    if plain:
        return Selection(plain[1], plain[2], float(plain[3]), criterion)
    if turned:
        return Selection(turned[3], _MIRRORED[turned[2]], float(turned[1]), criterion)
    return None
