"""What one changed value does to a report: which printed numbers and which findings are others then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import polars as pl

from funis.errors import Finding
from funis.reporting.labels import Labels
from funis.reporting.number_book import Number, read_numbers
from funis.reporting.number_words import name_number
from funis.reporting.printed_places import NOWHERE, Printed, find_printed
from funis.reporting.report import print_document
from funis.reporting.withheld import withhold
from funis.results import ABSENT, Results
from funis.study.model import Study

#: How a number hangs on the value.
DATUM, SUBJECT, RULE = "datum", "subject", "rule"
HOW: Final = {
    DATUM: "the changed cell's own row stands behind it",
    SUBJECT: "other values of the subject stand behind it, which follow from the changed one",
    RULE: "no value of the subject stands behind it: it follows by a rule, such as an adjustment for "
    "multiplicity, the decimals of a variable, or a count of findings",
}
#: Differences that the printed text need not show.
_SILENT: Final = frozenset({"value", "delta"})
#: No part of what a number says.
_ASIDE: Final = frozenset({"id", "source"})


class NumberChange(NamedTuple):
    """A number that is another one with the changed value.

    Attributes
    ----------
    id, words : which number
    old, new : its text in results.csv, or where that is the same in the report; empty where it is not there
    old_value, new_value : unrounded; None where there is none
    places : tables, boxes and sections of the report that print it
    is_main : whether one of them stands in the main part
    how : ``datum``, ``subject`` or ``rule``, see `HOW`
    """

    id: str
    words: str
    old: str
    new: str
    old_value: float | None
    new_value: float | None
    places: tuple[str, ...]
    is_main: bool
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one changed value does.

    Attributes
    ----------
    changed : numbers whose printed text, n, denominator, method or status differs
    appeared, vanished : numbers that are there only with, or only without the change
    unrounded : numbers that differ below the printed digits only
    new_findings, gone_findings : what `funis check` says only with, or only without the change
    numbers : how many numbers the report has in all
    """

    changed: tuple[NumberChange, ...]
    appeared: tuple[NumberChange, ...]
    vanished: tuple[NumberChange, ...]
    unrounded: tuple[NumberChange, ...]
    new_findings: tuple[Finding, ...]
    gone_findings: tuple[Finding, ...]
    numbers: int

    @property
    def is_error(self) -> bool:
        """Tell whether the change brings a finding at level error."""
        return any(each.level == "error" for each in self.new_findings)


def find_impact(study: Study, before: Results, after: Results, subject: str, cell: tuple[str, int]) -> Impact:
    """Compare two analyses of one study whose data differ in one cell.

    Parameters
    ----------
    study : the study
    before, after : everything computed without and with the change
    subject : whose value it is; empty where the row has no subject
    cell : file and line of the changed cell

    Returns
    -------
    Impact : every number that differs; a value that errors withhold is compared as it is printed
    """
    both = tuple(withhold(study, each) for each in (before, after))
    rows = tuple({row["id"]: row for row in each.numbers.iter_rows(named=True)} for each in both)
    printed = tuple(find_printed(print_document(study, each)) for each in (before, after))
    numbers = tuple({number.id: number for number in _all_numbers(each.numbers)} for each in both)
    labels = Labels(study)
    kinds: dict[str, list[NumberChange]] = {"changed": [], "appeared": [], "vanished": [], "unrounded": []}
    hangs = tuple(_hangs(each, subject, cell) for each in both)
    for name in dict.fromkeys((*rows[0], *rows[1])):
        old, new = rows[0].get(name), rows[1].get(name)
        shown = tuple(each.get(name, NOWHERE) for each in printed)
        kind = _kind(old, new, shown)
        if kind:
            number = numbers[1].get(name) or numbers[0][name]
            words = name_number(labels, number)
            kinds[kind].append(_change(name, words, (old, new), shown, hangs))
    was, now = (Counter(each.findings) for each in both)
    return Impact(
        **{kind: tuple(found) for kind, found in kinds.items()},
        new_findings=tuple((now - was).elements()),
        gone_findings=tuple((was - now).elements()),
        numbers=len(rows[0]),
    )


def _all_numbers(numbers: pl.DataFrame) -> Iterable[Number]:
    """Give every number, those that are withheld too."""
    return read_numbers(numbers.with_columns(pl.lit("ok").alias("status"))).numbers


def _kind(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, shown: tuple[Printed, ...]) -> str:
    """Say what has happened to a number; empty where nothing has."""
    if old is None or new is None:
        return "appeared" if old is None else "vanished"
    others = {name for name in old if name not in _ASIDE and old[name] != new[name]}
    if not others:
        return ""
    return "unrounded" if others <= _SILENT and shown[0].texts == shown[1].texts else "changed"


def _change(
    name: str,
    words: str,
    rows: tuple[Mapping[str, Any] | None, ...],
    shown: tuple[Printed, ...],
    hangs: tuple[Mapping[str, str], ...],
) -> NumberChange:
    texts = ["" if row is None else str(row["text"]) for row in rows]
    if texts[0] == texts[1] and shown[0].texts != shown[1].texts:
        texts = [" | ".join(each.texts) for each in shown]
    elif texts[0] == texts[1] and None not in rows:
        texts = [f"{text}{_counts(row)}" for text, row in zip(texts, rows, strict=True) if row is not None]
    values = [None if row is None else row["value"] for row in rows]
    places = tuple(dict.fromkeys((*shown[0].places, *shown[1].places)))
    # Who is not in a number is a part of its trace, too.
    reached = {
        each.get(f"{row['source']}{end}", RULE)
        for row, each in zip(rows, hangs, strict=True)
        if row is not None and row["source"]
        for end in ("", ABSENT)
    }
    how = next((each for each in (DATUM, SUBJECT) if each in reached), RULE)
    is_main = any(each.is_main for each in shown)
    return NumberChange(name, words, texts[0], texts[1], values[0], values[1], places, is_main, how)


def _counts(row: Mapping[str, Any]) -> str:
    """Give n and denominator, where the text of a number does not say how it differs."""
    over = "" if row["denominator"] is None else f" of {row['denominator']}"
    return f" (n = {row['n']}{over})" if row["n"] is not None else ""


def _hangs(results: Results, subject: str, cell: tuple[str, int]) -> dict[str, str]:
    """Say by source whether the row of a cell, or another value of its subject, stands behind it."""
    behind = results.behind.frame()
    own = behind.filter(pl.col("subject") == subject)
    at_cell = behind.filter(pl.col("file") == cell[0], pl.col("line") == cell[1])
    found = dict.fromkeys(own["source"].unique().to_list(), SUBJECT)
    return found | dict.fromkeys(at_cell["source"].unique().to_list(), DATUM)
