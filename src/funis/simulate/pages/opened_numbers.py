"""What opens behind each number of a page of virtual trials: world, seed, counts, error, one trial again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from funis.design.pages.told import DesignTable
from funis.documents.document import Prose, plain
from funis.documents.number_panel import Cell, PanelColumns, PanelWords, gather_panel
from funis.documents.table import Inline
from funis.simulate.trials.characteristics import Characteristic
from funis.simulate.trials.simulated import AT_FIXED, SimulatedTrials

#: The words of the panel; what a page of recorded data says of subjects has no place here.
WORDS: Final[Mapping[str, str]] = {
    "unrounded": "Unrounded", "printed": "Printed", "id": "Number", "method": "Method",
    "denominator": "Denominator", "numerator": "Numerator", "scenario": "Scenario", "seed": "Seed",
    "patients": "Patients of a trial", "drawn": "Trials drawn", "trials": "Trials that gave it",
    "error": "Monte Carlo standard error", "fingerprint": "Fingerprint", "again": "One of its trials again",
    "no_values": "A trial run again alone gives the numbers it gave among the others.",
    "unknown": "No such number here", "unknown_why": "This page prints no such number. Asked for:",
}  # fmt: skip
_FURTHER: Final = (
    "numerator",
    "trials",
    "error",
    "scenario",
    "seed",
    "patients",
    "drawn",
    "fingerprint",
    "again",
)
_COLUMNS: Final = ("statistic", "value", "method", "denominator", *_FURTHER)
_NUMERIC: Final = (
    "value", "denominator", "numerator", "trials", "error", "seed", "patients", "drawn",
)  # fmt: skip
_SHARES: Final = frozenset({"power", "coverage", AT_FIXED})
_MEANS: Final = "mean over the trials"
_WILSON: Final = "Wilson's method, 95%"


@dataclass(frozen=True, slots=True)
class OpenedNumber:
    """A number of the page.

    Attributes
    ----------
    id : its address on the page
    says : what it is, as the head of the panel
    method : how it was made of the trials
    value : unrounded; None where two stand together
    of : the property of the design that it belongs to
    """

    id: str
    says: str
    method: str
    value: float | None
    of: Characteristic


def name_number(each: Characteristic, part: str = "") -> str:
    """Give a number its address: what it is and where, and which part of it.

    Examples
    --------
    >>> where = {"analysis": "test", "endpoint": "sledai_change", "visit": "month_6"}
    >>> name_number(Characteristic("power", where, 0.9, 0.03, 100), "interval")
    'power.test.sledai_change.month_6.interval'
    """
    parts = (each.kind, *(value for value in each.where.values() if value), part)
    return ".".join(each.replace(" ", "_") for each in parts if each)


def open_rows(
    table: DesignTable, rows: Sequence[Characteristic], columns: Sequence[tuple[int, str, str, str]]
) -> tuple[DesignTable, list[OpenedNumber]]:
    """Give each number of a table its address.

    Parameters
    ----------
    table : with one row for each of `rows`
    rows : the properties behind it
    columns : for each column of numbers its place, the part of the number, what it is, and how it was made
    """
    ids, opened = [], []
    for each, cells in zip(rows, table.rows, strict=True):
        line = [""] * len(cells)
        for place, part, says, method in columns:
            if cells[place]:
                line[place] = name_number(each, part)
                opened.append(
                    OpenedNumber(line[place], f"{says}: {cells[0]}", method, _value(each, part), each)
                )
        ids.append(tuple(line))
    return replace(table, ids=tuple(ids)), opened


def _value(each: Characteristic, part: str) -> float | None:
    known = {
        "": each.value,
        "error": each.error,
        "truth": each.truth,
        "trials": float(each.trials),
        "kept": each.kept,
    }
    return known.get(part)


def shares_of(what: str) -> tuple[tuple[int, str, str, str], ...]:
    """Name the columns of a table of shares of trials."""
    return (
        (1, "", what, "share of the trials that gave it"),
        (2, "interval", f"Interval of the Monte Carlo error, {what[0].lower()}{what[1:]}", _WILSON),
        (3, "trials", f"Trials, {what[0].lower()}{what[1:]}", "count"),
    )


ESTIMATES: Final = (
    (1, "truth", "True value", "the same analysis of much larger trials, the lost counted as the row says"),
    (3, "kept", "True value if nobody were lost", "the same analysis of much larger trials that lose nobody"),
    (4, "", "Bias", f"{_MEANS}, minus the true value"),
    (5, "error", "Monte Carlo standard error of the bias", "SD over the trials / root of their number"),
    (6, "spread", "SD over the trials", "SD of the estimates"),
)
COUNTS: Final = (
    (1, "", "Mean of a trial", _MEANS),
    (2, "error", "Monte Carlo standard error of the mean", "SD over the trials / root of their number"),
)


def build_numbers(found: SimulatedTrials, opened: Iterable[OpenedNumber]) -> dict[str, Any]:
    """Gather what the panel of the page shows, in the form in which it reads the numbers of a report.

    Parameters
    ----------
    found : the run
    opened : its numbers

    Returns
    -------
    dict : columns, strings, places, numbers by id, words
    """
    words = PanelWords()
    numbers = {each.id: [0, *_cells(found, each, words)] for each in opened}
    return gather_panel(PanelColumns(_COLUMNS, _NUMERIC, _FURTHER, code=("again",)), numbers, words, WORDS)


def _cells(found: SimulatedTrials, number: OpenedNumber, words: PanelWords) -> list[Cell]:
    each = number.of
    if each.kind == AT_FIXED and found.at_fixed is not None:
        found = found.at_fixed
    plan = found.plan
    is_share = each.kind in _SHARES
    record: dict[str, Any] = {
        "statistic": number.says, "value": number.value, "method": number.method,
        "denominator": each.trials if is_share else None,
        "numerator": round(each.value * each.trials) if is_share else None,
        "trials": each.trials, "error": each.error,
        "scenario": _name_world(found), "seed": plan.seed,
        "patients": plan.patients, "drawn": found.trials, "fingerprint": found.key,
        "again": write_again(found, each),
    }  # fmt: skip
    return [record[name] if name in _NUMERIC else words.place(record[name]) for name in _COLUMNS]


def _name_world(found: SimulatedTrials) -> str:
    plan = found.plan
    drawn = "; each trial a disease of its own" if plan.worlds else ""
    return f"{plan.scenario.name}: {plan.scenario.label}{drawn}"


def write_again(found: SimulatedTrials, each: Characteristic) -> str:
    """Write the command that runs one of the trials behind a number again, alone."""
    plan = found.plan
    endpoint = f" --endpoint {each.where['endpoint']}" if each.where["endpoint"] else ""
    cells = "" if plan.cells_for is None else f" --cells-for {plan.cells_for}"
    drawn = " --posterior" if plan.worlds else ""
    return (
        f"funis simulate DIR --scenario {plan.scenario.name} --patients {plan.patients} --seed {plan.seed}"
        f"{drawn}{cells}{endpoint} --trial {each.example}"
    )


def open_words(text: str, printed: Iterable[tuple[str, str]]) -> Prose:
    """Turn printed numbers of a sentence into ones that open, each where it stands first.

    Parameters
    ----------
    text : the sentence
    printed : the words of each number, in the order of the sentence, and its address

    Examples
    --------
    >>> [part.id for part in open_words("Of 40 trials 3 failed.", (("40", "all"), ("3", "failed")))]
    ['', 'all', '', 'failed', '']
    """
    parts: list[Inline] = []
    for shown, name in printed:
        before, found, after = text.partition(shown)
        if not found:
            continue
        parts += [Inline(before), Inline(shown, name)]
        text = after
    return (*parts, Inline(text)) if parts else plain(text)
