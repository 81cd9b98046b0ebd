"""Readings of a committee against the study file and each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from funis.adjudication_table import ADJUDICATIONS, CONSENSUS, READINGS
from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding
from funis.errors import Finding
from funis.study.adjudications import Adjudication

_TABLE: Final = ADJUDICATIONS.name
_Row = Mapping[str, Any]


def check_adjudications_read(data: Data) -> Iterator[Finding]:
    """Find readings that answer no question, or another one, and readers who could not be independent.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
        Errors: a question or an outcome that the study file does not name, two readings by one reader.
        Warnings: a reader who knew the treatment. Queries: readers who differ without a consensus.
    """
    if not data.study.adjudications:
        return
    known = {each.id: each for each in data.study.adjudications}
    of_one: dict[tuple[str, str, str], list[_Row]] = {}
    for row in data.frames[_TABLE].iter_rows(named=True):
        question = known.get(row["question"] or "")
        if question is None:
            yield from _unknown_question(row, known)
            continue
        yield from _of_row(row, question)
        of_one.setdefault((row["subject"], row["visit"] or "", question.id), []).append(row)
    for (_, _, name), rows in of_one.items():
        yield from _of_subject(known[name], rows)


def _unknown_question(row: _Row, known: Mapping[str, Adjudication]) -> Iterator[Finding]:
    if row["question"] is not None:
        yield row_finding(
            "error", "unknown_question", _TABLE, row, column="question",
            message="The study file has no adjudication of this name.",
            fix=f"Write one of {', '.join(known)}.",
        )  # fmt: skip


def _of_row(row: _Row, question: Adjudication) -> Iterator[Finding]:
    if row["outcome"] is not None and row["outcome"] not in question.outcomes:
        yield row_finding(
            "error", "unknown_outcome", _TABLE, row, column="outcome",
            message=f"The study file does not name this outcome of {question.id}.",
            fix=f"Write one of {', '.join(question.outcomes)}, or leave it empty.",
        )  # fmt: skip
    if row.get("blinded") == 0:
        yield row_finding(
            "warning", "reader_not_blinded", _TABLE, row, column="blinded",
            message="The reader knew the treatment.",
            fix="Let somebody read who does not, or say so where the result is reported.",
        )  # fmt: skip


def _of_subject(question: Adjudication, rows: Sequence[_Row]) -> Iterator[Finding]:
    """Compare the readings of one outcome of one subject."""
    own = sorted((row for row in rows if row["reading"] in READINGS), key=lambda row: row["reading"])
    readers: set[str] = set()
    for row in sorted(own, key=lambda each: READINGS.index(each["reading"])):
        if row["reader"] is not None and row["reader"] in readers:
            yield row_finding(
                "error", "one_reader", _TABLE, row, column="outcome",
                message="The reader of another reading read this one, too: the two are not independent.",
                fix="Write who read it, or let another person read it.",
            )  # fmt: skip
        readers |= {row["reader"]} - {None}
    said = {row["outcome"] for row in own if row["outcome"] in question.outcomes}
    settled = any(row["reading"] == CONSENSUS and row["outcome"] is not None for row in rows)
    if len(said) > 1 and not settled:
        yield row_finding(
            "query", "no_consensus", _TABLE, own[-1], column="outcome",
            message="The readers differ, and there is no consensus: the outcome cannot be told.",
            fix="Add the row of the consensus.",
        )  # fmt: skip
