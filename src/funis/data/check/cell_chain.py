"""Donor, lot and infusion joined: which cells came from whom, and who was given them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import polars as pl

from funis.frames.verbs import verbs_of
from funis.study.model import Study
from funis.study.rules import apply_rule

Row = Mapping[str, Any]

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


def judge_test(frame: pl.DataFrame, test: str, rule: str) -> list[bool | None]:
    """Judge one test of every row by its rule.

    Parameters
    ----------
    frame : lots or donors
    test : column of the result
    rule : expression over `result`

    Returns
    -------
    list of bool or None
        None where the result is not known.

    Examples
    --------
    >>> lots = pl.DataFrame({"sterility": ["negative", "positive", None]})
    >>> judge_test(lots, "sterility", "result = 'negative'")
    [True, False, None]
    """
    ops = verbs_of(frame)
    answers: list[bool | None] = apply_rule(frame.select(ops.col(test).alias("result")), rule).to_list()
    return answers


def days_of(span: timedelta) -> str:
    """Say how many days lie between two dates; the dates themselves could say who somebody is.

    Examples
    --------
    >>> days_of(timedelta(-1)), days_of(timedelta(12))
    ('1 day', '12 days')
    """
    number = abs(span.days)
    return f"{number} day" if number == 1 else f"{number} days"
