"""The cells that were given: their donors, their lots, and how many infusions are traced to both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate, add_not_collected, concerns_cells, is_infusion_known
from funis.analysis.panel import Booleans
from funis.analysis.run import Run
from funis.analysis.summary import add_summary
from funis.data.check.cell_chain import BREAKS, RELEASED, CellChain, Row, collected_on, join_cells
from funis.errors import Finding
from funis.nine_decimals import round_array
from funis.results import Place, format_number
from funis.schema import DONOR_TESTS, INFUSIONS, LOTS

ANALYSIS: Final = "product"
#: Columns of lots whose values are described.
MEASURED: Final = tuple(each.name for each in LOTS.columns if each.kind in {"number", "integer"})
#: Columns of lots whose results are counted, with the result that is wanted.
TESTED: Final = {"sterility": "negative", "mycoplasma": "negative", "karyotype": "normal"}
_Answer = Callable[[Row], bool | None]


@dataclass(frozen=True)
class _Given:
    """The infusions of cells with the lots and donors behind them.

    Attributes
    ----------
    run : the analysis on its way
    chain : donors, lots and infusions joined
    """

    run: Run
    chain: CellChain

    @cached_property
    def lots(self) -> Sequence[Row]:
        """Give the lots that were given."""
        return [lot for lot in self.chain.lots if lot["lot"] in self.chain.given]

    @cached_property
    def donors(self) -> Sequence[Row]:
        """Give the donors of the lots that were given."""
        named = {lot["donor"] for lot in self.lots}
        return [donor for donor in self.chain.donors if donor["donor"] in named]

    def infusions_of(self, rows: Iterable[Row]) -> list[Row]:
        """Give the infusions behind lots, donors or infusions."""
        found: list[Row] = []
        for row in rows:
            if "number" in row:
                found.append(row)
            elif "lot" in row:
                found += self.chain.given.get(row["lot"], [])
            else:
                found += self.infusions_of(lot for lot in self.lots if lot["donor"] == row["donor"])
        return found

    def place(self, variable: str, rows: Sequence[Row], category: str = "") -> Place:
        """Give the place of a number; the infusions of the cells stand behind it."""
        behind = np.array([row["_row"] for row in self.infusions_of(rows)], dtype=np.int64)
        cohort = self.run.populations.cohort()
        source = self.run.source(cohort, f"product {variable} {category}".rstrip(), INFUSIONS.name, behind)
        return Place(
            analysis=ANALYSIS,
            variable=variable,
            measure=variable,
            category=category,
            source=source if behind.size else "",
        )

    def count(self, variable: str, rows: Sequence[Row], answer: _Answer, category: str = "") -> None:
        """Count the rows of which the answer is yes, over those of which it is known."""
        answers = [answer(row) for row in rows]
        yes = [row for row, each in zip(rows, answers, strict=True) if each]
        place = self.place(variable, yes, category)
        counted, known = _array(bool(each) for each in answers), _array(each is not None for each in answers)
        everything = np.ones(len(rows), dtype=np.bool_)
        add_asked_rate(self.run, place, counted, known, everything, level=self.run.level, limits=False)

    def number(self, variable: str, rows: Sequence[Row]) -> None:
        """Say how many there are."""
        place = replace(self.place(variable, rows), n=len(rows))
        self.run.numbers.add(place, "count", len(rows), text=format_number(float(len(rows)), 0))


def describe_product(run: Run, findings: Sequence[Finding]) -> None:
    """Describe the donors and lots of the cells that were given, and how many infusions are traced to them.

    Parameters
    ----------
    run : the analysis on its way
    findings : everything found in the data

    Notes
    -----
    Where a study gives cells and nothing tells of which lots they are, or of which donors, these are "not
    collected": none is an answer only where no cells were given.
    """
    given = _Given(run, join_cells(run.study, run.frames))
    if not concerns_cells(run) and not given.chain.lots and not given.chain.donors:
        return
    _describe_donors(given)
    _describe_lots(given)
    _describe_infusions(given, findings)
    run.listings["lots"] = _list_lots(given)


def _describe_donors(given: _Given) -> None:
    if not given.chain.donors or (given.chain.infusions and not given.donors):
        add_not_collected(given.run, Place(analysis=ANALYSIS, variable="donors", measure="donors"))
        return
    donors = given.donors
    given.number("donors", donors)
    given.count("donor_consent", donors, _consented)
    for way in sorted({donor["delivery"] for donor in donors} - {None}):
        given.count("donor_delivery", donors, _is("delivery", (way,)), way)
    given.count("donor_healthy", donors, _is("healthy", (1,)))
    for test in DONOR_TESTS:
        given.count(f"donor_{test}", donors, _is(test, ("negative",)), "negative")
    given.count("donor_eligible", donors, _is("eligible", (1,)))


def _describe_lots(given: _Given) -> None:
    if not given.chain.lots or (given.chain.infusions and not given.lots):
        add_not_collected(given.run, Place(analysis=ANALYSIS, variable="lots", measure="lots"))
        return
    lots = given.lots
    given.number("lots", lots)
    for name in MEASURED:
        known = [lot for lot in lots if lot[name] is not None]
        if known:
            place = replace(given.place(f"lot_{name}", known), n=len(known))
            values = round_array(np.array([lot[name] for lot in known], dtype=np.float64))
            add_summary(given.run, place, values, interval=False)
    for name, wanted in TESTED.items():
        given.count(f"lot_{name}", lots, _is(name, (wanted,)), wanted)
    given.count("lot_released", lots, lambda lot: _was_released(lot, given.chain.given[lot["lot"]]))
    given.count("lot_in_date", lots, lambda lot: _was_in_date(lot, given.chain.given[lot["lot"]]))


def _describe_infusions(given: _Given, findings: Sequence[Finding]) -> None:
    """Count the infusions whose lot, and whose donor, is known, and those without a break in the chain."""
    chain = given.chain
    rows = chain.infusions
    broken = {(each.file, each.line) for each in findings if each.code in BREAKS}
    has_lots, has_donors = bool(chain.lots), bool(chain.donors)
    if not rows and not is_infusion_known(given.run).any():
        add_not_collected(given.run, Place(analysis=ANALYSIS, variable="infusions", measure="infusions"))
        return
    given.number("infusions", rows)
    given.count("traced_to_lot", rows, lambda row: row["lot"] in chain.lot_rows if has_lots else None)
    given.count(
        "traced_to_donor", rows, lambda row: _has_donor(chain, row) if has_lots and has_donors else None
    )
    given.count(
        "unbroken",
        rows,
        lambda row: (
            (row["_file"], row["_line"]) not in broken and _has_donor(chain, row)
            if has_lots and has_donors
            else None
        ),
    )
    for lot in given.lots:
        own = chain.given[lot["lot"]]
        for variable, count in (("infusions_of_lot", len(own)), ("subjects_of_lot", _subjects(own))):
            place = replace(given.place(variable, own, lot["lot"]), n=count)
            given.run.numbers.add(place, "count", count, text=str(count))


def _list_lots(given: _Given) -> pl.DataFrame:
    """List the lots that were given, each with its donor."""
    names = ("lot", "donor", "release", *MEASURED)
    schema = {name: LOTS.by_name[name].kind for name in names}
    rows = [{name: lot[name] for name in names} for lot in given.lots]
    dtypes = {name: pl.String if kind == "text" else pl.Float64 for name, kind in schema.items()}
    return pl.DataFrame(rows, schema=dtypes)


def _array(answers: Iterable[bool]) -> Booleans:
    return np.fromiter(answers, dtype=np.bool_)


def _is(column: str, wanted: Sequence[object]) -> _Answer:
    """Ask whether a column has one of some values; null is not known."""
    return lambda row: None if row[column] is None else row[column] in wanted


def _consented(donor: Row) -> bool | None:
    """Tell whether a donor agreed no later than the collection; who has no date of it has not."""
    collected = collected_on(donor)
    if donor["consent_date"] is None:
        return False
    return None if collected is None else bool(donor["consent_date"] <= collected)


def _was_released(lot: Row, infusions: Sequence[Row]) -> bool | None:
    """Tell whether a lot was released before it was first given."""
    if lot["release"] is None or lot["release"] not in RELEASED:
        return False
    days = [row["date"] for row in infusions if row["date"] is not None]
    return None if lot["release_date"] is None or not days else bool(lot["release_date"] <= min(days))


def _was_in_date(lot: Row, infusions: Sequence[Row]) -> bool | None:
    """Tell whether a lot was last given before it expired."""
    days = [row["date"] for row in infusions if row["date"] is not None]
    return None if lot["expiry"] is None or not days else bool(max(days) <= lot["expiry"])


def _has_donor(chain: CellChain, row: Row) -> bool:
    lot = chain.lot_rows.get(row["lot"])
    return lot is not None and lot["donor"] in chain.donor_rows


def _subjects(infusions: Sequence[Row]) -> int:
    return len({row["subject"] for row in infusions})
