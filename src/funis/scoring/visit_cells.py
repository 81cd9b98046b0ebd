"""From the visits of one subject, as dictionaries, to the bits and numbers that a compiled scorer reads.

Every cell is looked up or compared at once; what follows from it is what `items` derives from the cells of a
frame. A cell that is neither empty nor one of the ways a value is usually written is left to that module,
which knows how to refuse it: `UnusualVisitsError` says so.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from math import floor, inf, nan
from typing import Any, Final

import numpy as np

from funis.answer_words import says_not_done
from funis.catalogue.model_instrument import Definition, Item
from funis.scoring.bits.straight_line import Input
from funis.scoring.bits.tracer import FIRST, digit_name
from funis.scoring.check_values import checked_items
from funis.scoring.history import visit_key_names
from funis.scoring.items import YES_NO, is_uncollected

Visit = Mapping[str, Any]
# Signs at the ends of a text that every library takes for space.
_SPACE: Final = " \t\n\r\x0b\x0c"
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_DONE: Final = "ND"
ANSWERS: Final = {"1": 1, "1.0": 1, "0": 0, "0.0": 0, **dict(YES_NO)}
# Beyond this not every whole number is a number of its own among floating ones.
_LARGEST_WHOLE: Final = 2**53


class UnusualVisitsError(ValueError):
    """A cell, or the order of the visits, is to be looked at by those who score frames."""


class Lookup(dict[Any, tuple[int, ...]]):
    """Which bits a cell sets; what is not listed is brought to a listed way of writing it first."""

    def __init__(self, listed: Mapping[Any, tuple[int, ...]], read: Callable[[Any], Any]) -> None:
        super().__init__(listed)
        self.read = read

    def __missing__(self, cell: Any) -> tuple[int, ...]:
        known = self.read(cell)
        if known not in self:
            raise UnusualVisitsError
        return self[known]


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Where a measured value goes, and between which limits it must be; NaN stands for an empty one."""

    name: str
    values: int
    gap: int
    not_done: int | None = None
    lowest: float = -inf
    highest: float = inf

    def read(self, cell: Any) -> tuple[float, bool]:
        """Give the value, and whether it was stated that it was not done."""
        if isinstance(cell, str):
            # The text of a column that is no item is never cleaned.
            text = cell.strip(_SPACE) if self.not_done is not None else ""
            if says_not_done(text):
                return nan, True
            cell = None if text == "" and self.not_done is not None else _read_number(text)
        value = plain_cell(cell)
        if value is None:
            return nan, False
        if not isinstance(value, int | float) or not self.lowest <= value <= self.highest:
            raise UnusualVisitsError
        if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
            raise UnusualVisitsError
        return float(value), False


@dataclass(frozen=True, slots=True)
class Shape:
    """Which of the columns that may stand beside items say something, and so must be asked.

    Attributes
    ----------
    measures : columns that fill items, with the limits of the laboratory
    has_not_done : something was not done
    has_denied : some finding is not due to the disease
    has_ever : systems are said to have been affected before
    uncollected : items without a column because another measure of the same thing has one
    """

    measures: frozenset[str] = frozenset()
    has_not_done: bool = False
    has_denied: bool = False
    has_ever: bool = False
    uncollected: frozenset[str] = frozenset()


@dataclass(slots=True)
class VisitCells:
    """Cells of some visits.

    Attributes
    ----------
    bits : one whole number per place, with one bit per visit
    numbers : one list per place, with one number per visit
    shape : what must be asked
    """

    bits: list[int]
    numbers: list[list[float]]
    shape: Shape


class VisitReader:
    """Reads the visits that an instrument may have.

    Parameters
    ----------
    definition : the instrument; its levels are whole numbers from 0
    parameters : every parameter with its value

    Attributes
    ----------
    places : where a program finds each column, as it spells it
    windows : months and days of the lookback windows, in the order in which a program finds them
    """

    def __init__(self, definition: Definition, parameters: Mapping[str, Any]) -> None:
        self.places: dict[Input, str] = {("values", FIRST): "1"}
        self._bits = self._numbers = 0
        names = [item.name for item in definition.items]
        self._alternatives = [item for item in definition.items if item.alternatives]
        # Bits of one kind stand side by side, so that one look tells whether any of them is set.
        self._not_done = {name: self._add_bit("values", f"{name}_not_done") for name in names}
        denied = {name: self._add_bit("values", f"{name}_attributed") for name in names}
        self._flags = {f"{name}_not_done": _flag(yes=(place,)) for name, place in self._not_done.items()}
        self._flags |= {f"{name}_attributed": _flag(no=(place,)) for name, place in denied.items()}
        self._ever = {f"{system}_ever": self._add_ever(f"{system}_ever") for system in definition.systems}
        measured = [item for item in definition.items if item.is_measured]
        levels = [item for item in definition.items if not item.is_measured]
        self._levels = [(item.name, self._add_levels(item)) for item in levels]
        self._numbers_of_items = [self._add_number(item.name, item) for item in measured]
        limits = {item.name: item for item in checked_items(definition)}
        self._measures = {
            name: self._add_number(name, limits.get(name)) for name in measure_columns(definition)
        }
        windows = list_windows(definition, parameters)
        self.windows = tuple(windows.values())
        self.places |= {("window", *names): f"windows[{place}]" for place, names in enumerate(windows)}

    def read(self, visits: Sequence[Visit], present: AbstractSet[str]) -> VisitCells:
        """Read every cell.

        Parameters
        ----------
        visits : of one subject in order
        present : keys that at least one of them has

        Raises
        ------
        UnusualVisitsError : a cell is neither empty nor usual
        """
        bits = [0] * self._bits
        numbers: list[list[float]] = [[] for _ in range(self._numbers)]
        measures = present & self._measures.keys()
        columns = [*self._numbers_of_items, *(self._measures[name] for name in measures)]
        # Where one system has its column, that of another which has none is empty at every visit.
        ever = {} if present.isdisjoint(self._ever) else self._ever
        lookups = [*self._levels, *ever.items()]
        lookups += [(name, self._flags[name]) for name in present & self._flags.keys()]
        try:
            for place, visit in enumerate(visits):
                _read_visit(visit, 1 << place, bits, numbers, lookups, columns)
        except TypeError as error:
            # A list or a dictionary as a cell cannot be looked up.
            if all(isinstance(cell, Hashable) for visit in visits for cell in visit.values()):
                raise
            raise UnusualVisitsError from error
        count = len(self._not_done)
        shape = Shape(
            frozenset(measures),
            any(bits[:count]),
            any(bits[count : 2 * count]),
            bool(ever),
            frozenset(item.name for item in self._alternatives if is_uncollected(item, present)),
        )
        return VisitCells(bits, numbers, shape)

    def _add_bit(self, kind: str, column: str) -> int:
        self.places[kind, column] = f"bits[{self._bits}]"
        self._bits += 1
        return self._bits - 1

    def _add_levels(self, item: Item) -> Lookup:
        highest = int(max(item.values))
        digits = [self._add_bit("values", digit_name(item.name, n)) for n in range(highest.bit_length())]
        gap = self._add_bit("gaps", item.name)
        listed: dict[Any, tuple[int, ...]] = {None: (gap,), _NOT_DONE: (gap, self._not_done[item.name])}
        for value in map(int, item.values):
            places = tuple(digit for place, digit in enumerate(digits) if value >> place & 1)
            listed |= {value: places, str(value): places}
        return Lookup(listed, partial(_read_level, level_spellings(item)))

    def _add_number(self, name: str, item: Item | None) -> NumberColumn:
        self.places["values", name] = f"numbers[{self._numbers}]"
        self._numbers += 1
        place, gap = self._numbers - 1, self._add_bit("gaps", name)
        return NumberColumn(name, place, gap, self._not_done.get(name), *limits_of(item))

    def _add_ever(self, name: str) -> Lookup:
        yes, unknown = self._add_bit("values", name), self._add_bit("gaps", name)
        return _flag(yes=(yes,), empty=(unknown,))


def measure_columns(definition: Definition) -> tuple[str, ...]:
    """Name the columns that may fill items, and the limits of the laboratory that items ask for."""
    found: dict[str, None] = {}
    for item in definition.items:
        for term in (term for level in item.when for condition in level for term in condition.terms):
            limits = {"LLN": [f"{term.name}_low"], "ULN": [f"{term.name}_high"]}
            found |= dict.fromkeys([term.name, *limits.get(str(term.limit), [])])
        found |= dict.fromkeys(() if item.is_measured else item.measures)
    return tuple(found)


def list_windows(
    definition: Definition, parameters: Mapping[str, Any]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Give the months and days of every lookback window, by the columns that a program knows it by."""
    return {
        visit_key_names(feature, parameters): (feature.within_months, feature.days_of_window(parameters))
        for feature in definition.features
        if feature.has_window
    }


def find_windows(windows: Iterable[tuple[int, int]], times: Sequence[Any]) -> list[list[int]]:
    """Give, per lookback window and visit, the bits of the visits up to it that lie inside the window.

    Parameters
    ----------
    windows : their months, for dates, and their days, for numbers of days; see `history`
    times : of the visits in order: numbers of days, or dates
    """
    return [
        [
            sum(1 << earlier for earlier in range(place + 1) if keys[earlier][0] >= since)
            for place, (_, since) in enumerate(keys)
        ]
        for months, days in windows
        for keys in [[_visit_key(time, months, days) for time in times]]
    ]


def _visit_key(time: Any, months: int, days: int) -> tuple[int, int]:
    """Give the key of a visit, and the least key inside its window, as `history` does for a frame.

    A month's last day counts as the 31st: 31 May minus 3 months is the last of February.
    """
    if not isinstance(time, date):
        return floor(time), floor(time) - days
    month = time.year * 12 + time.month
    last = 31 if time.day == monthrange(time.year, time.month)[1] else time.day
    return month * 32 + last, (month - months) * 32 + time.day


def order_visits(times: Sequence[Any]) -> list[int] | None:
    """Give the places of visits in the order of their times, None where they stand in order.

    Raises
    ------
    UnusualVisitsError : a time is empty or occurs twice, or they are neither numbers nor dates
    """
    kinds = {type(time) for time in times}
    if not (kinds <= {int, float} or kinds in ({date}, {datetime})):
        raise UnusualVisitsError
    if kinds == {datetime} and any(time.tzinfo is not None for time in times):
        raise UnusualVisitsError
    if any(time != time for time in times):  # noqa: PLR0124  (NaN is the only one)
        raise UnusualVisitsError
    if all(one < other for one, other in pairwise(times)):
        return None
    order = sorted(range(len(times)), key=times.__getitem__)
    if len(set(times)) < len(times):
        raise UnusualVisitsError
    return order


def _read_visit(
    visit: Visit,
    bit: int,
    bits: list[int],
    numbers: list[list[float]],
    lookups: Sequence[tuple[str, Lookup]],
    columns: Sequence[NumberColumn],
) -> None:
    """AbstractSet the bit of one visit wherever its cells say so, and append its numbers."""
    find = visit.get
    for name, lookup in lookups:
        for slot in lookup[find(name)]:
            bits[slot] |= bit
    for column in columns:
        cell = find(column.name)
        if cell.__class__ is float and column.lowest <= cell <= column.highest:
            numbers[column.values].append(cell)
        else:
            _take(column, cell, bit, bits, numbers)


def _take(column: NumberColumn, cell: Any, bit: int, bits: list[int], numbers: list[list[float]]) -> None:
    """Take a cell of a measured value that is not simply a number within its limits."""
    value, is_not_done = (nan, False) if cell is None else column.read(cell)
    numbers[column.values].append(value)
    if value != value:  # noqa: PLR0124  (NaN is the only one)
        bits[column.gap] |= bit
    if is_not_done and column.not_done is not None:
        bits[column.not_done] |= bit


def plain_cell(cell: Any) -> Any:
    """Give a cell as a value of Python's own: NaN as None, a number of NumPy or a decimal as a number."""
    if isinstance(cell, Decimal):
        cell = float(cell)
    elif isinstance(cell, np.generic):
        cell = cell.item()
    return None if isinstance(cell, float) and cell != cell else cell  # noqa: PLR0124


def limits_of(item: Item | None) -> tuple[float, float]:
    """Give the limits of a measured value; it has none where the definition says nothing of it."""
    lowest = -inf if item is None or item.minimum is None else item.minimum
    return lowest, inf if item is None or item.maximum is None else item.maximum


def _flag(*, yes: tuple[int, ...] = (), no: tuple[int, ...] = (), empty: tuple[int, ...] = ()) -> Lookup:
    return Lookup({None: empty, 1: yes, 0: no}, _read_flag)


def level_spellings(item: Item) -> Mapping[str, Any]:
    """Give the ways, in lower case, in which the values of an item may be written beside their numbers."""
    return dict(YES_NO) if item.values == (0, 1) else dict(item.spellings)


def _read_level(spellings: Mapping[str, Any], cell: Any) -> Any:
    """Give the level that a cell states, None for an empty one."""
    if not isinstance(cell, str):
        return plain_cell(cell)
    text = cell.strip(_SPACE)
    if says_not_done(text):
        return _NOT_DONE
    if not text:
        return None
    return spellings[text.lower()] if text.lower() in spellings else _read_number(text)


def _read_flag(cell: Any) -> Any:
    """Give what a yes/no cell says as 1 or 0, None for an empty one."""
    if not isinstance(cell, str):
        return plain_cell(cell)
    text = cell.strip(_SPACE).lower()
    if text and text not in ANSWERS:
        raise UnusualVisitsError
    return ANSWERS[text] if text else None


def _read_number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise UnusualVisitsError
    return float(text)
