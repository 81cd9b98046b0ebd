"""House styles: how journals and agencies print percentages, P values, intervals and means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Literal

from pydantic import Field

from funis.catalogue.table_file import TablePart, read_table_file
from funis.errors import UnknownNameError

Aspect = Literal["p", "interval", "percent", "mean_sd", "quartiles", "decimal_mark"]


class DecimalsBelow(TablePart):
    """Decimals below a limit; of the last step without one."""

    decimals: int = Field(ge=0, le=6)
    below: float | None = None


class HouseStyle(TablePart):
    """How one house prints numbers; the words of each field stand in the table of styles."""

    name: str
    percent: tuple[DecimalsBelow, ...]
    p: tuple[DecimalsBelow, ...]
    p_least: float
    p_letter: Literal["P", "p"]
    leading_zero: bool
    p_spaces: bool
    interval: str
    quartiles: str
    mean_sd: Literal["plus_minus", "brackets"]
    decimal_mark: str
    percent_sign: bool
    certainty: dict[Aspect, Literal["read", "usual"]]

    def percent_decimals(self, subjects: int) -> int:
        """Give the decimals of a percentage of so many subjects."""
        return _decimals(self.percent, subjects)

    def p_decimals(self, p: float) -> int:
        """Give the decimals of a P value."""
        return _decimals(self.p, p)

    @property
    def is_usual(self) -> tuple[Aspect, ...]:
        """Name what was not read in the house's own guide."""
        return tuple(name for name, how in self.certainty.items() if how == "usual")


class _Table(TablePart):
    checked: date
    styles: dict[str, HouseStyle]


def _decimals(steps: tuple[DecimalsBelow, ...], value: float) -> int:
    return next(step.decimals for step in steps if step.below is None or value < step.below)


@cache
def _table() -> _Table:
    return _Table.model_validate(read_table_file("house_styles"))


def house_styles() -> Mapping[str, HouseStyle]:
    """Give every house style by its name in the study file.

    Examples
    --------
    >>> list(house_styles())
    ['nejm', 'jama', 'lancet', 'ard', 'acr', 'agency']
    >>> house_styles()["lancet"].decimal_mark
    '·'
    """
    return _table().styles


def house_style(name: str) -> HouseStyle:
    """Give one house style.

    Raises
    ------
    UnknownNameError : there is no such style; the nearest is named

    Examples
    --------
    >>> house_style("nejm").interval
    ' to '
    """
    if name not in house_styles():
        raise UnknownNameError("house style", name, house_styles())
    return house_styles()[name]


def styles_checked() -> date:
    """Give the day on which the styles were looked up last."""
    return _table().checked
