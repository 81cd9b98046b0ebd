"""Write the rules of an instrument as a script that scores the visits of one subject in a browser.

The script is made from the same steps as the compiled scorer (`single_visits`): only the spelling is another.
It is one module without a dependency, fetches nothing and makes no code from text, so that it runs under a
strict content security policy. The same choices give the same bytes, on any machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from importlib.resources import files
from math import inf
from typing import Any, Final

import narwhals as nw

from funis.answer_words import NOT_DONE_WORDS
from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.registry import definition as find_definition
from funis.catalogue.registry import definitions
from funis.errors import ScriptError, UnknownNameError
from funis.scoring.bits.straight_line import Input, write_program
from funis.scoring.bits.traced import UntraceableError
from funis.scoring.bits.tracer import FIRST, digit_name
from funis.scoring.check_values import checked_items
from funis.scoring.items import ScoringLayout, check_columns, is_uncollected, item_columns
from funis.scoring.score import Missing
from funis.scoring.script.javascript import JAVASCRIPT, spell_data
from funis.scoring.visit_cells import (
    ANSWERS,
    Shape,
    level_spellings,
    limits_of,
    list_windows,
    measure_columns,
)
from funis.scoring.visit_program import TracedScore, can_be_traced, trace_visits

# No slot of that kind.
_NONE: Final = -1
_SIGNS_OF_A_HASH: Final = 16


def make_script(
    definition: Definition,
    parameters: Mapping[str, Any],
    missing: Missing = "strict",
    columns: Collection[str] | None = None,
) -> str:
    """Write the script that scores with one instrument.

    Parameters
    ----------
    definition : the instrument
    parameters : choices the sources leave open; those not named have their defaults
    missing : what a missing value counts as, as for `funis.scorer`
    columns : names of the columns that visits have, of those that the instrument reads; one that is here
        counts as a column of the frame, also where all visits leave it empty. None for the items alone

    Returns
    -------
    str : a module that exports ``score(visits)``: from the visits of one subject, as objects with
        ``subject``, ``day`` (number) or ``date`` (``yyyy-mm-dd``) and the columns, all in the units of the
        definition, to one object per visit with the columns that `funis.score` adds. What `funis.scorer`
        refuses throws a ``RefusedError``, which names key and visit. ``MADE`` says what it was made of

    Raises
    ------
    ScriptError : the rules ask for something that bits cannot tell
    UnknownNameError : a parameter or a column that the instrument does not know
    ValueRangeError : a parameter has a value that is not allowed
    ColumnError : no column is an item, and none fills one

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> script = make_script(definition("sledai_2k"), {}, "absent")
    >>> [line for line in script.splitlines() if line.startswith("export function")]
    ['export function score(visits) {']
    """
    chosen = definition.parameter_values(parameters)
    readable = {*item_columns(definition), *measure_columns(definition)}
    present = {item.name for item in definition.items} if columns is None else set(columns)
    for name in sorted(present - readable):
        raise UnknownNameError("column", name, readable, f"A script of {definition.name!r}")
    check_columns(ScoringLayout(definition, chosen, dict.fromkeys(sorted(present), nw.Unknown())))
    try:
        if not can_be_traced(definition):
            raise UntraceableError("more than levels, limits and whole points")  # noqa: TRY301
        tables = _Tables(definition, chosen, present)
        traced = trace_visits(definition, chosen, missing, tables.shape)
        program = write_program(traced.graph, traced.numbers, tables.places, JAVASCRIPT)
    except UntraceableError as error:
        raise ScriptError(definition.name, f"it asks for {error}", _names_with_script()) from error
    made = {
        "definition": definition.name,
        "missing": missing,
        "parameters": chosen,
        "columns": sorted(present),
    }
    lists = {"UNASKED": sorted(readable - present), **tables.lists(), **_lists_of_columns(traced)}
    data = "".join(f"const {name}={spell_data(value)};\n" for name, value in lists.items())
    return f"export const MADE={spell_data(made)};\n{data}{_read_functions()}{program}"


def name_script(definition: Definition, script: str) -> str:
    """Give the file name of a script, which changes with its content: it may be kept in caches for ever.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> name_script(definition("sledai_2k"), "export const score = 0;")
    'sledai_2k.c206dd2e7a58189d.js'
    """
    return f"{definition.name}.{sha256(script.encode()).hexdigest()[:_SIGNS_OF_A_HASH]}.js"


class _Tables:
    """What the functions of the script look up: which cell sets which bit, and what is asked at all."""

    def __init__(self, definition: Definition, parameters: Mapping[str, Any], present: set[str]) -> None:
        self._slots = 0
        self._kinds: list[Any] = []
        self._levels: list[Any] = []
        self._quantities: list[Any] = []
        self._flags: list[Any] = []
        self.places: dict[Input, str] = {("values", FIRST): "U"}
        names = [item.name for item in definition.items]
        has_ever = any(f"{system}_ever" in present for system in definition.systems)
        self.shape = Shape(
            frozenset(present.intersection(measure_columns(definition))),
            any(f"{name}_not_done" in present for name in names),
            any(f"{name}_attributed" in present for name in names),
            has_ever,
            frozenset(one.name for one in definition.items if is_uncollected(one, present)),
        )
        self._not_done = {
            name: self._add_bit("values", f"{name}_not_done") if self.shape.has_not_done else _NONE
            for name in names
        }
        limits = {item.name: item for item in checked_items(definition)}
        for item in definition.items:
            self._add_item(item)
        for name in sorted(self.shape.measures):
            self._add_quantity(name, limits.get(name), is_item=False)
        self._add_flags(definition, present)
        self._windows = list_windows(definition, parameters)
        for place, keys in enumerate(self._windows):
            self.places["window", *keys] = f"W[{place}]"

    def lists(self) -> dict[str, Any]:
        """Give the tables by the names that the functions know them by."""
        return {
            "KINDS": self._kinds,
            "LEVELS": self._levels,
            "QUANTITIES": self._quantities,
            "FLAGS": self._flags,
            "LOOKBACKS": list(self._windows.values()),
            "ANSWERS": ANSWERS,
            "NOT_DONE_WORDS": NOT_DONE_WORDS,
            "BIT_SLOTS": self._slots,
        }

    def _add_bit(self, kind: str, column: str) -> int:
        self.places[kind, column] = f"B[{self._slots}]"
        self._slots += 1
        return self._slots - 1

    def _add_item(self, item: Item) -> None:
        if item.is_measured:
            self._add_quantity(item.name, item, is_item=True)
            return
        gap = self._add_bit("gaps", item.name)
        # The digits stand behind the gap, the lowest first.
        for place in range(int(max(item.values)).bit_length()):
            self._add_bit("values", digit_name(item.name, place))
        kind = [list(item.values), dict(level_spellings(item))]
        if kind not in self._kinds:
            self._kinds.append(kind)
        self._levels.append([item.name, self._kinds.index(kind), gap, self._not_done[item.name]])

    def _add_quantity(self, name: str, item: Item | None, *, is_item: bool) -> None:
        self.places["values", name] = f"N[{len(self._quantities)}]"
        gap = self._add_bit("gaps", name)
        ends = [None if abs(end) == inf else end for end in limits_of(item)]
        self._quantities.append([name, gap, self._not_done.get(name, _NONE), int(is_item), *ends])

    def _add_flags(self, definition: Definition, present: set[str]) -> None:
        """Add the yes/no columns with what they set where they say yes, where they say no, where empty."""
        for item in definition.items:
            not_done, denied = f"{item.name}_not_done", f"{item.name}_attributed"
            if not_done in present:
                self._flags.append([not_done, self._not_done[item.name], _NONE, _NONE])
            slot = self._add_bit("values", denied) if self.shape.has_denied else _NONE
            if denied in present:
                self._flags.append([denied, _NONE, slot, _NONE])
        for system in definition.systems if self.shape.has_ever else ():
            ever = f"{system}_ever"
            self._flags.append([ever, self._add_bit("values", ever), _NONE, self._add_bit("gaps", ever)])


def _lists_of_columns(traced: TracedScore) -> dict[str, Any]:
    words = list(dict.fromkeys(one for one in traced.words if one is not None))
    # A place that no list has stands for a number as it is.
    places = [len(words) if one is None else words.index(one) for one in traced.words]
    return {"NAMES": list(zip(traced.names, places, strict=True)), "WORDS": words}


def _read_functions() -> str:
    """Give the functions without what is only for those who read them there."""
    text = (files("funis.scoring.script") / "visits.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _names_with_script() -> Iterable[str]:
    return [name for name in definitions() if can_be_traced(find_definition(name))]
