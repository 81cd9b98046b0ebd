"""What a committee found of each subject: its readings, the consensus, and what follows from both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from funis.adjudication_table import ADJUDICATIONS, CONSENSUS, READINGS
from funis.study.adjudications import Adjudication


@dataclass(frozen=True, slots=True)
class JudgedOutcome:
    """What was found of one outcome of one subject.

    Attributes
    ----------
    said : of each planned reading the outcome; None where there is none
    consensus : what the readers agreed on, None where nothing is recorded
    """

    said: tuple[str | None, ...]
    consensus: str | None

    @property
    def by_all(self) -> bool:
        """Tell whether every planned reading has an outcome."""
        return None not in self.said

    @property
    def agreed(self) -> bool:
        """Tell whether all readers found the same."""
        return self.by_all and len(set(self.said)) == 1

    @property
    def outcome(self) -> str | None:
        """Give the consensus, else what all readers found; None where neither is there."""
        return self.consensus or (self.said[0] if self.agreed else None)

    @property
    def in_words(self) -> str:
        """Say every reading."""
        named = [f"{name} {said or 'not judged'}" for name, said in zip(READINGS, self.said, strict=False)]
        return ", ".join([*named, *([f"{CONSENSUS} {self.consensus}"] if self.consensus else [])])


def judged_outcomes(
    question: Adjudication, frames: Mapping[str, pl.DataFrame]
) -> dict[tuple[str, str], JudgedOutcome]:
    """Gather the readings of one outcome by subject and visit (empty where it is of no visit).

    Parameters
    ----------
    question : of the study file
    frames : the checked tables by name

    Examples
    --------
    >>> rows = [("1", None, "q", "first", "good"), ("1", None, "q", "second", "good")]
    >>> names = ["subject", "visit", "question", "reading", "outcome"]
    >>> frame = pl.DataFrame(rows, dict.fromkeys(names, pl.String), orient="row")
    >>> found = judged_outcomes(Adjudication(id="q", outcomes=("good", "bad")), {"adjudications": frame})
    >>> found["1", ""].outcome
    'good'
    """
    read: dict[tuple[str, str], dict[str, str | None]] = {}
    table = frames.get(ADJUDICATIONS.name)
    for row in () if table is None else table.iter_rows(named=True):
        if row["question"] == question.id and row["subject"] is not None and row["reading"] is not None:
            read.setdefault((row["subject"], row["visit"] or ""), {})[row["reading"]] = row["outcome"]
    planned = READINGS[: question.readings]
    return {
        key: JudgedOutcome(tuple(said.get(name) for name in planned), said.get(CONSENSUS))
        for key, said in read.items()
    }
