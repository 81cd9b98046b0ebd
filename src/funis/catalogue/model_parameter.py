"""A choice that a source leaves open, in instruments and responses alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from funis.errors import ValueRangeError

ParameterValue = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A choice that sources leave open; frozen in the study file and printed under every table.

    Attributes
    ----------
    name, default, allowed : the choice; where `allowed` is empty, anything of the default's type is taken
    label : what is chosen, one phrase
    source : who leaves it open, and what each side says
    minimum, maximum : limits of a number, None where there is none
    factors : of a unit or the length of a scale, one for each of `allowed`: what a value is multiplied by to
        reach the unit or scale in which the limits are printed
    """

    name: str
    default: ParameterValue
    allowed: tuple[ParameterValue, ...]
    label: str
    source: str = ""
    minimum: float | None = None
    maximum: float | None = None
    factors: tuple[Decimal, ...] = ()

    def factor_of(self, value: ParameterValue) -> Decimal:
        """Give what a recorded value is multiplied by where this was chosen: 1 for a choice that is no unit.

        Examples
        --------
        >>> factors = (Decimal(1), Decimal("0.3"))
        >>> Parameter("pga_scale", 3, (3, 10), "length of its scale", factors=factors).factor_of(10)
        Decimal('0.3')
        """
        return dict(zip(self.allowed, self.factors, strict=False)).get(value, Decimal(1))

    def check_value(self, owner: str, value: ParameterValue) -> ParameterValue:
        """Give the value as the definition writes it.

        Parameters
        ----------
        owner : whose parameter it is, for the message, for example ``sledai_2k`` or ``response sri_4``
        value : the value chosen

        Raises
        ------
        ValueRangeError : the value is not among the allowed, outside the limits or of another type

        Examples
        --------
        >>> Parameter("days", 30, (10, 30), "look-back").check_value("sledai_2k", 10.0)
        10
        """
        if self.allowed:
            for one in self.allowed:
                if one == value and isinstance(one, bool) == isinstance(value, bool):
                    return one
        elif self._is_of_its_type(value):
            return value
        raise ValueRangeError(f"parameter {self.name!r} of {owner}", value, self._allowed_words())

    @property
    def _is_number(self) -> bool:
        return isinstance(self.default, int | float) and not isinstance(self.default, bool)

    def _is_of_its_type(self, value: ParameterValue) -> bool:
        if not self._is_number:
            return type(value) is type(self.default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return False
        is_low = self.minimum is not None and value < self.minimum
        is_high = self.maximum is not None and value > self.maximum
        return not (is_low or is_high)

    def _allowed_words(self) -> str:
        if self.allowed:
            return ", ".join(map(repr, self.allowed))
        if isinstance(self.default, bool):
            return "true or false"
        if not self._is_number:
            return "a text"
        if self.minimum is None and self.maximum is None:
            return "a number"
        return f"a number from {self.minimum} to {self.maximum}"
