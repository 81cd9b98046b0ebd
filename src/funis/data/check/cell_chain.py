"""Donor, lot and infusion joined: which cells came from whom, and who was given them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final

import polars as pl

from funis.schema import DTYPES, Kind, Table
from funis.study.model import Study
from funis.study.rules import apply_rule, rule_columns

Row = Mapping[str, Any]

BREAKS: Final = frozenset(
    {
        "missing_lot", "unknown_lot", "lot_expired", "lot_not_made", "lot_released_later", "lot_not_decided",
        "lot_not_released", "lot_conditional", "given_before_collection", "unfit_cells",
    }
)  # fmt: skip
"""Codes of the findings of an infusion whose cells are not traced, or should not have been given."""
RELEASED: Final = ("released", "conditional")
"""Decisions after which a lot may be given."""
AWAITED: Final = (None, "pending")
"""What a test says whose result is not known yet."""
NO_RESULT: Final = (*AWAITED, "not_done")
"""What a test says whose result is not known."""


@dataclass(frozen=True)
class CellChain:
    """The rows of donors, lots and infusions of cells, and how they hang together.

    Attributes
    ----------
    donors, lots : rows of the two tables in their order
    infusions : rows of infusions; those of a control arm that were given without cells are not among them
    """

    donors: Sequence[Row]
    lots: Sequence[Row]
    infusions: Sequence[Row]

    @cached_property
    def lot_rows(self) -> dict[str, Row]:
        """Give each lot's row by its number."""
        return {row["lot"]: row for row in self.lots if row["lot"] is not None}

    @cached_property
    def donor_rows(self) -> dict[str, Row]:
        """Give each donor's row by its code."""
        return {row["donor"]: row for row in self.donors if row["donor"] is not None}

    @cached_property
    def given(self) -> dict[str, list[Row]]:
        """Give the infusions of each lot."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.infusions:
            found[row["lot"]].append(row)
        return found

    @cached_property
    def lots_of(self) -> dict[str, list[Row]]:
        """Give the lots of each donor that were released or given."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.lots:
            if self.is_used(row):
                found[row["donor"]].append(row)
        return found

    def is_used(self, lot: Row) -> bool:
        """Tell whether a lot was released, or given without that."""
        return lot["release"] in RELEASED or lot["lot"] in self.given

    def needs_donor(self, donor: Row) -> bool:
        """Tell whether cells of a donor were released or given; where no lot is recorded, that may be."""
        return not self.lots or donor["donor"] in self.lots_of

    def first_use(self, donor: Row) -> date | None:
        """Give the day on which a lot of a donor was first released or given."""
        lots = self.lots_of.get(donor["donor"], [])
        days = [lot["release_date"] for lot in lots if lot["release"] in RELEASED]
        days += [row["date"] for lot in lots for row in self.given.get(lot["lot"], [])]
        return min((day for day in days if day is not None), default=None)


def join_cells(study: Study, frames: Mapping[str, pl.DataFrame]) -> CellChain:
    """Join donors, lots and infusions.

    Parameters
    ----------
    study : says which arm is the control arm
    frames : checked tables with their study days

    Returns
    -------
    CellChain
    """
    arms: dict[str, str | None] = {}
    if study.control_arm is not None:
        subjects = frames["subjects"]
        arms = dict(zip(subjects["subject"].to_list(), subjects["arm"].to_list(), strict=True))
    return CellChain(
        list(frames["donors"].iter_rows(named=True)),
        list(frames["lots"].iter_rows(named=True)),
        [
            row
            for row in frames["infusions"].iter_rows(named=True)
            if row["cells"] or row["lot"] or not arms or arms.get(row["subject"]) != study.control_arm
        ],
    )


def collected_on(donor: Row) -> date | None:
    """Give the day of collection: its own, or that of the delivery."""
    day: date | None = donor["collection_date"] or donor["delivery_date"]
    return day


def judge_row(row: Row, table: Table, rule: str, *, result: str = "") -> bool | None:
    """Judge one row of lots or donors by a rule.

    Parameters
    ----------
    row : the row
    table : what its columns are
    rule : expression over its columns
    result : column that the rule calls `result`, where it is the rule of a test

    Returns
    -------
    bool or None
        None where it cannot be told.

    Examples
    --------
    >>> from funis.schema import LOTS
    >>> lot = {"sterility": "positive", "passage": None}
    >>> judge_row(lot, LOTS, "result = 'negative'", result="sterility"), judge_row(lot, LOTS, "passage <= 5")
    (False, None)
    """
    names = rule_columns(rule)
    columns = (result,) * len(names) if result else names
    kinds = tuple(table.by_name[column].kind for column in columns)
    return _judge_values(rule, names, kinds, tuple(row[column] for column in columns))


def judge_result(row: Row, table: Table, test: str, rule: str) -> bool | None:
    """Judge the result of a test of a lot or a donor by its rule.

    Parameters
    ----------
    row, table : as for `judge_row`
    test : column of the result
    rule : expression over `result`

    Returns
    -------
    bool or None
        None where no result is known.

    Examples
    --------
    >>> from funis.schema import LOTS
    >>> [judge_result({"sterility": found}, LOTS, "sterility", "result = 'negative'")
    ...  for found in ("negative", "positive", "pending")]
    [True, False, None]
    """
    return None if row[test] in NO_RESULT else judge_row(row, table, rule, result=test)


@lru_cache(maxsize=4096)
def _judge_values(
    rule: str, names: tuple[str, ...], kinds: tuple[Kind, ...], values: tuple[Any, ...]
) -> bool | None:
    """Judge the values that a rule reads; most lots and donors have those of others."""
    columns = [
        pl.Series(name, [value], dtype=DTYPES[kind])
        for name, kind, value in zip(names, kinds, values, strict=True)
    ]
    frame = pl.DataFrame([pl.Series("_row", [0]), *columns])
    answer: bool | None = apply_rule(frame, rule)[0]
    return answer


def days_of(span: timedelta) -> str:
    """Say how many days lie between two dates; the dates themselves could say who somebody is.

    Examples
    --------
    >>> days_of(timedelta(-1)), days_of(timedelta(12))
    ('1 day', '12 days')
    """
    number = abs(span.days)
    return f"{number} day" if number == 1 else f"{number} days"
