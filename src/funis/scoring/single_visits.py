"""Score the few visits of one subject at once: on a form while it is filled in, in a simulated trial.

Scoring a frame costs milliseconds before the first row is looked at, because its rules are built anew as
expressions each time. Here they are traced once (`visit_program`) and compiled. The rules are those of every
frame; what cannot be traced, and what has to be refused, is scored as a frame of a few rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

import narwhals as nw
import polars as pl

from funis.arguments import Anything, ByName, OrNone, Text, takes
from funis.catalogue.known_columns import is_known_column
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import definition
from funis.described import describe
from funis.errors import ColumnError, ShapeError, UnitError, ValueRangeError
from funis.frames.scales import Scale, scale_cell
from funis.frames.under_way import close_frame
from funis.near_names import refuse_misspelt
from funis.scoring.bits.traced import UntraceableError
from funis.scoring.items import ScoringLayout, check_columns, item_columns
from funis.scoring.score import POLICIES, Missing, prepare_layout, score_working
from funis.scoring.script.make_script import make_script, name_script
from funis.scoring.visit_cells import (
    Shape,
    UnusualVisitsError,
    Visit,
    VisitReader,
    find_windows,
    measure_columns,
    order_visits,
    plain_cell,
)
from funis.scoring.visit_program import VisitProgram, can_be_traced, compile_visits, trace_visits
from funis.units.columns import columns_of_instrument
from funis.units.declared import settle_scales_of_cells

SUBJECT: Final = "subject"
#: Keys that order the visits, the first that a visit has.
ORDERS: Final = ("day", "date")
#: Scorers that are kept, and programs that one of them keeps: visits differ in what stands beside the items.
MOST_SCORERS: Final = 64
MOST_PROGRAMS: Final = 32


@takes(name=Text(), missing=Text(), parameters=OrNone(ByName(Anything())), units=OrNone(ByName(Text())))
def scorer(
    name: str,
    *,
    missing: Missing = "strict",
    parameters: Mapping[str, Any] | None = None,
    units: Mapping[str, str] | None = None,
) -> VisitScorer:
    """Give a function that scores the visits of one subject with one instrument, fast.

    It is made once for an instrument, a policy and parameters, and kept. For a frame, however large, use
    `funis.score`.

    Parameters
    ----------
    name : one of ``funis.definitions()``
    missing : ``strict`` (a score only where it cannot vary), ``absent`` (missing counts as absent), ``worst``
        (missing counts as present) or ``locf`` (the last recorded value of the item)
    parameters : choices the sources leave open, see ``funis.definition(name).parameters``
    units : unit of each column that is not in the unit of the definition, as for `funis.score`

    Returns
    -------
    VisitScorer : takes a list of dictionaries, one per visit, with the keys that are columns in
        `funis.score`, among them ``subject`` and ``day`` or ``date``; gives a list of dictionaries with the
        columns that `funis.score` adds

    Raises
    ------
    UnknownNameError : no such instrument or parameter
    ValueRangeError : no such policy, or a parameter has a value that is not allowed
    UnitError : a unit is not known for a column, or nothing converts it

    Examples
    --------
    >>> score_visits = scorer("sledai_2k", missing="absent")
    >>> baseline = {"subject": "01", "day": 0, "arthritis": 1, "rash": 1}
    >>> week_4 = {"subject": "01", "day": 28, "arthritis": 0, "rash": 1}
    >>> [found["sledai_2k"] for found in score_visits([baseline, week_4])]
    [6, 2]
    """
    if missing not in POLICIES:
        raise ValueRangeError("missing", missing, ", ".join(POLICIES))
    chosen = definition(name).parameter_values(parameters)
    # True and 1 are equal but not the same choice.
    choices = tuple((key, type(value), value) for key, value in chosen.items())
    return _make_scorer(name, missing, choices, tuple(sorted((units or {}).items())))


@lru_cache(maxsize=MOST_SCORERS)
def _make_scorer(
    name: str,
    missing: Missing,
    parameters: tuple[tuple[str, type, Any], ...],
    units: tuple[tuple[str, str], ...] = (),
) -> VisitScorer:
    return VisitScorer(definition(name), missing, {key: value for key, _, value in parameters}, dict(units))


class VisitScorer:
    """Scores the visits of one subject with one instrument; made by `scorer`.

    Attributes
    ----------
    definition, missing, parameters : what is scored, and how; every parameter with its value
    units : of the columns that are not in the unit of the definition
    """

    def __init__(
        self,
        instrument: Definition,
        missing: Missing,
        parameters: Mapping[str, Any],
        units: Mapping[str, str] | None = None,
    ) -> None:
        self.definition, self.missing, self.parameters = instrument, missing, dict(parameters)
        self.units = dict(units or {})
        read, what = columns_of_instrument(instrument.name), f"the instrument {instrument.name!r}"
        self._scales = settle_scales_of_cells(self.units, read, what)
        self._reader = VisitReader(instrument, parameters) if can_be_traced(instrument) else None
        self._find_program = lru_cache(maxsize=MOST_PROGRAMS)(self._make_program)
        # The usual case is compiled now, so that the first visit does not wait for it.
        if self._find_program(Shape()) is None:
            self._reader = None
        self._read = {SUBJECT, *ORDERS, *item_columns(instrument), *measure_columns(instrument)}
        self._scorable = {name for item in instrument.items for name in (item.name, *item.measures)}

    @property
    def is_compiled(self) -> bool:
        """Tell whether the rules run as a compiled function, or as those of a frame."""
        return self._reader is not None

    def __repr__(self) -> str:
        """Name the instrument and the policy."""
        return f"<scorer of {self.definition.name!r}, missing={self.missing!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Send what it was made of to another process: a compiled function cannot be sent."""
        values = tuple((key, type(value), value) for key, value in self.parameters.items())
        return _make_scorer, (self.definition.name, self.missing, values, tuple(sorted(self.units.items())))

    def __call__(self, visits: Sequence[Visit]) -> list[dict[str, Any]]:
        """Score the visits of one subject.

        Parameters
        ----------
        visits : one dictionary per visit. A key that is not there is an empty cell; one that no visit has is
            an absent column.

        Returns
        -------
        list of dict : per visit, in the order given, exactly the columns that `funis.score` adds

        Raises
        ------
        ShapeError : these are not the visits of one subject, each at a time of its own
        ColumnError : ``subject``, both ``day`` and ``date``, or every item is lacking
        ValueRangeError : a value is outside what the item allows
        """
        present = _find_keys(visits)
        if not visits:
            return []
        order = self._check_keys(visits, present)
        if self._scales:
            visits = [_convert(visit, self._scales) for visit in visits]
        if self._reader is not None:
            try:
                return self._score_compiled(self._reader, visits, present, order)
            except UnusualVisitsError:
                # Nothing is guessed here: whoever scores frames can read it, or says what is wrong with it.
                pass
        return self._score_as_frame(visits, present, order)

    def make_script(self, columns: Collection[str] | None = None) -> tuple[str, str]:
        """Write the same rules as a JavaScript module, for a form that scores while it is filled in.

        Parameters
        ----------
        columns : names of the columns that visits have, of those that the instrument reads; None for the
            items alone

        Returns
        -------
        file name, which changes with the content, and text; see `funis.scoring.script.make_script`

        Raises
        ------
        ScriptError : the rules ask for something that a script cannot tell
        UnknownNameError : a column that the instrument does not know
        UnitError : the scorer was made for other units than those of the definition

        Examples
        --------
        >>> name, script = scorer("sledai_2k").make_script(["arthritis", "rash"])
        >>> name.startswith("sledai_2k."), "export function score(visits)" in script
        (True, True)
        """
        if self.units:
            raise UnitError(
                f"A script of {self.definition.name!r} takes values in the units of the definition, found "
                f"units of {', '.join(sorted(self.units))}. Convert the values before the script is called."
            )
        script = make_script(self.definition, self.parameters, self.missing, columns)
        return name_script(self.definition, script), script

    def _check_keys(self, visits: Sequence[Visit], present: set[str]) -> str:
        """Name the key that orders the visits; refuse visits that lack a key or are of several subjects."""
        what = f"The history of {self.definition.name!r}"
        if SUBJECT not in present:
            raise ColumnError(what, [SUBJECT], sorted(present), "Name the subject of each visit.")
        order = next((name for name in ORDERS if name in present), None)
        if order is None:
            raise ColumnError(what, ORDERS[:1], sorted(present), "Give each visit its 'day' or its 'date'.")
        subject = visits[0].get(SUBJECT)
        others = [visit.get(SUBJECT) for visit in visits if visit.get(SUBJECT) != subject]
        if others:
            raise ShapeError(
                f"A scorer takes the visits of one subject, found {subject!r} and {others[0]!r}. "
                "Call it once per subject, or score a frame with funis.score."
            )
        if not present <= self._read:
            strange = tuple(sorted(present - self._read))
            what = f"Scoring {self.definition.name!r}"
            wanted = tuple(name for name in self._read if name not in present)
            refuse_misspelt(what, strange, wanted, known=is_known_column)
        if present.isdisjoint(self._scorable):
            kinds = dict.fromkeys(sorted(present), nw.Unknown())
            check_columns(ScoringLayout(self.definition, self.parameters, kinds))
        return order

    def _score_compiled(
        self, reader: VisitReader, visits: Sequence[Visit], present: set[str], order: str
    ) -> list[dict[str, Any]]:
        times = [plain_cell(visit.get(order)) for visit in visits]
        places = order_visits(times)
        if places is not None:
            visits, times = [visits[place] for place in places], [times[place] for place in places]
        cells = reader.read(visits, present)
        program = self._find_program(cells.shape)
        if program is None or visits[0].get(SUBJECT) is None:
            raise UnusualVisitsError
        windows = find_windows(reader.windows, times)
        rows = program.run(cells.bits, cells.numbers, windows, (1 << len(visits)) - 1, range(len(visits)))
        found = [program.name_numbers(row) for row in rows]
        # Back into the order in which they were given.
        return found if places is None else [found[places.index(place)] for place in range(len(places))]

    def _make_program(self, shape: Shape) -> VisitProgram | None:
        """Trace and compile the rules for some columns; None where they cannot be traced."""
        if self._reader is None:
            return None
        try:
            traced = trace_visits(self.definition, self.parameters, self.missing, shape)
            return compile_visits(traced, self._reader.places)
        except UntraceableError:
            return None

    def _score_as_frame(self, visits: Sequence[Visit], present: set[str], order: str) -> list[dict[str, Any]]:
        """Score the visits as a frame; refuses what `funis.score` refuses, in the same words."""
        names = [SUBJECT, order, *item_columns(self.definition), *measure_columns(self.definition)]
        cells = {
            name: [visit.get(name) for visit in visits] for name in dict.fromkeys(names) if name in present
        }
        frame = pl.DataFrame([_make_column(name, column) for name, column in cells.items()])
        working, layout = prepare_layout(
            frame, self.definition, subject=SUBJECT, order=order, parameters=self.parameters
        )
        outputs = score_working(working, layout, self.missing)
        scored: pl.DataFrame = close_frame(working, outputs, compact=False)
        return scored.select(outputs).to_dicts()


def _convert(visit: Visit, scales: Mapping[str, Scale]) -> Visit:
    """Bring the cells of a visit to the units of the definition."""
    return {
        **visit,
        **{name: scale_cell(visit[name], scale) for name, scale in scales.items() if name in visit},
    }


def _find_keys(visits: Sequence[Visit]) -> set[str]:
    """Give the keys that at least one visit has."""
    if not isinstance(visits, Sequence) or isinstance(visits, str | bytes):
        raise ShapeError(
            f"A scorer takes a list of dictionaries, one per visit, found {type(visits).__name__}. "
            "Give the visits as a list, also where there is only one."
        )
    present: set[str] = set()
    for visit in visits:
        if not isinstance(visit, Mapping):
            raise ShapeError(
                f"A scorer takes a list of dictionaries, one per visit, found {type(visit).__name__} in "
                f"{type(visits).__name__}. Give the visits as a list, also where there is only one."
            )
        present.update(visit)
    return present


def _make_column(name: str, given: Sequence[Any]) -> pl.Series:
    """Give the cells of some visits as a column; numbers beside texts become text, as on every engine."""
    cells = [plain_cell(cell) for cell in given]
    kinds = {type(cell) for cell in cells if cell is not None}
    for cell in cells:
        if cell is not None and not isinstance(cell, bool | int | float | str | date):
            allowed = "a number, a text, a truth value, a date or nothing"
            raise ValueRangeError(f"The cell {name!r} of a visit", describe(cell), allowed)
    if str in kinds:
        cells = [
            None if cell is None else str(int(cell) if isinstance(cell, bool) else cell) for cell in cells
        ]
    return pl.Series(name, cells, strict=False)
