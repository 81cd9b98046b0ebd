"""What is combined, how, and which studies of the table take part: each with its rows, or with why not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final, Literal, TypeAlias

from funis.audit.pool.conversion import MEDIANS, convert_medians, say_why_no_mean
from funis.audit.pool.study_table import KINDS, PoolError, StudyRow, make_finding
from funis.errors import Finding, UnknownNameError, ValueRangeError
from funis.results.text import format_number, format_shortest
from funis.stats.meta.combine import INTERVALS, PREDICTIONS
from funis.stats.meta.counts import ZERO_CELLS
from funis.stats.meta.heterogeneity import ESTIMATORS

Measure: TypeAlias = Literal[
    "mean", "mean_change", "mean_difference", "standardised_mean_difference", "proportion", "risk_ratio",
    "odds_ratio", "risk_difference",
]  # fmt: skip
MEASURES: Final[tuple[str, ...]] = (
    "mean", "mean_change", "mean_difference", "standardised_mean_difference", "proportion", "risk_ratio",
    "odds_ratio", "risk_difference",
)  # fmt: skip
OF_MEANS: Final = MEASURES[:4]
OF_TWO_ARMS: Final = (
    "mean_difference",
    "standardised_mean_difference",
    "risk_ratio",
    "odds_ratio",
    "risk_difference",
)
MODELS: Final = ("random", "fixed", "mantel_haenszel")
SCALES: Final = ("binomial_normal", "logit", "double_arcsine")
UNDOINGS: Final = ("harmonic_mean", "pooled_variance")


@dataclass(frozen=True, slots=True)
class PoolChoice:
    """What is asked: names as in the table, empty where the table leaves no choice.

    Attributes
    ----------
    measure : one of `MEASURES`
    outcome, time : which rows
    arm, against : the arm; of two arms the first and the one that is taken from it
    before : time of the values a change starts from
    correlation : of the values before and after, for changes that are not printed; None where none is assumed
    kind : ``value`` or ``change``, where the table has both
    model, estimator, interval, prediction, zero_cells : as in `funis.stats.meta`
    scale, undoing : of a proportion; how a combined double arcsine is turned back
    level : coverage
    leave_out : studies that are not to take part
    correlations : others that the answer is printed with beside it, of changes that are not printed
    medians : what is done with a median where a mean is needed: one of `MEDIANS`
    """

    measure: str
    outcome: str = ""
    time: str = ""
    arm: str = ""
    against: str = ""
    before: str = ""
    correlation: float | None = None
    kind: str = ""
    model: str = "random"
    estimator: str = "reml"
    interval: str = "hartung_knapp"
    prediction: str = "k_minus_2"
    zero_cells: str = "half_if_zero"
    scale: str = "binomial_normal"
    undoing: str = "harmonic_mean"
    level: float = 0.95
    leave_out: tuple[str, ...] = ()
    medians: str = "left_out"
    correlations: tuple[float, ...] = (0.3, 0.5, 0.7, 0.9)

    def __post_init__(self) -> None:
        allowed: dict[str, Sequence[str]] = {
            "measure": MEASURES, "model": MODELS, "estimator": ESTIMATORS, "interval": INTERVALS,
            "prediction": PREDICTIONS, "zero_cells": ZERO_CELLS, "scale": SCALES, "undoing": UNDOINGS,
            "medians": MEDIANS, "kind": ("", "value", "change"),
        }  # fmt: skip
        for name, names in allowed.items():
            if getattr(self, name) not in names:
                raise UnknownNameError(name.replace("_", " "), str(getattr(self, name)), filter(None, names))
        if not 0 < self.level < 1:
            raise ValueRangeError("level", self.level, "between 0 and 1, both excluded", "95 % is 0.95.")
        for correlation in (self.correlation, *self.correlations):
            if correlation is not None and not -1 <= correlation <= 1:
                raise ValueRangeError("correlation", correlation, "-1 to 1")
        if self.model == "mantel_haenszel" and self.measure not in {
            "risk_ratio",
            "odds_ratio",
            "risk_difference",
        }:
            raise ValueRangeError("model", self.model, "fixed or random for this measure")

    @property
    def needs_two_arms(self) -> bool:
        """Tell whether the measure compares two arms."""
        return self.measure in OF_TWO_ARMS

    @property
    def is_of_means(self) -> bool:
        """Tell whether the measure is made of means."""
        return self.measure in OF_MEANS


@dataclass(frozen=True, slots=True)
class TakenStudy:
    """A study that takes part: its row, that of the other arm, that before; None where there is none."""

    row: StudyRow
    other: StudyRow | None = None
    earlier: StudyRow | None = None

    @property
    def rows(self) -> tuple[StudyRow, ...]:
        """Give every row that is used."""
        return tuple(row for row in (self.row, self.other, self.earlier) if row is not None)

    @property
    def subjects(self) -> int:
        """Give the subjects of the arms that are used."""
        return sum(row.n or 0 for row in (self.row, self.other) if row is not None)


@dataclass(frozen=True, slots=True)
class StudyLeftOut:
    """A study that does not take part, and why.

    Attributes
    ----------
    study : its name
    why : one sentence
    lines : of the rows it is about
    is_fault : whether its figures are the reason; False where the table has none for the question, or the
        user left it out
    """

    study: str
    why: str
    lines: tuple[int, ...] = ()
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class ChosenStudies:
    """The studies of a table, divided, and the question with every name it was asked by."""

    choice: PoolChoice
    taken: tuple[TakenStudy, ...]
    left_out: tuple[StudyLeftOut, ...]

    @property
    def in_table(self) -> int:
        """Give the number of studies in the table."""
        return len(self.taken) + len(self.left_out)


def spread_of(row: StudyRow) -> float:
    """Give the standard deviation of a row with a spread and subjects; a standard error is turned into one.

    Examples
    --------
    >>> spread_of(StudyRow("A", "", "SLEDAI", "", 16, 7.0, 0.5, sd_is="se"))
    2.0
    """
    sd = row.sd or math.nan
    return sd * math.sqrt(row.n or math.nan) if row.sd_is == "se" else sd


def choose_studies(rows: Sequence[StudyRow], choice: PoolChoice, file: str = "table") -> ChosenStudies:
    """Divide the studies of a table into those that take part and those that do not.

    Parameters
    ----------
    rows : of the table
    choice : what is asked
    file : name of the table, for findings

    Returns
    -------
    ChosenStudies : each study of the table once

    Raises
    ------
    PoolError : what is asked leaves a choice open (several outcomes, times, arms or kinds of figures, studies
        of the same patients), or names what the table does not have; every finding at once

    Examples
    --------
    >>> rows = [StudyRow("A", "cells", "remission", "", 12, events=9),
    ...         StudyRow("B", "cells", "death", "", 40, events=3)]
    >>> found = choose_studies(rows, PoolChoice("proportion", outcome="remission"))
    >>> [each.row.study for each in found.taken], found.left_out[0].why
    (['A'], 'No row with this outcome and time.')
    """
    chooser = _Chooser(convert_medians(rows, choice.medians) if choice.is_of_means else rows, choice, file)
    return chooser.choose()


class _Chooser:
    def __init__(self, rows: Sequence[StudyRow], choice: PoolChoice, file: str) -> None:
        self.rows, self.choice, self.file = rows, choice, file
        self.findings: list[Finding] = []

    def choose(self) -> ChosenStudies:
        choice = self.choice
        outcome = self._settle("outcome", choice.outcome, self.rows, lambda row: row.outcome)
        of_outcome = [row for row in self.rows if _same(row.outcome, outcome)]
        before = choice.before or "baseline"
        candidates = [row for row in of_outcome if not self._is_before(row, before)]
        time = self._settle("time", choice.time, candidates, lambda row: row.time)
        at_time = [row for row in candidates if _same(row.time, time)]
        self._check_left_out()
        named = {name.casefold() for name in choice.leave_out}
        asked = [row for row in at_time if row.study.casefold() not in named]
        if choice.measure != "mean_change" and choice.is_of_means:
            kind = self._settle("kind", choice.kind, asked, lambda row: row.kind)
        else:
            kind = choice.kind
        asked = [row for row in asked if not kind or row.kind == kind]
        arm, against = self._settle_arms(asked)
        if self.findings:
            raise PoolError(f"{self.file}: the studies cannot be combined as asked", self.findings)
        settled = replace(
            choice, outcome=outcome, time=time, arm=arm, against=against, before=before, kind=kind
        )
        return self._divide(settled, asked, of_outcome)

    def _is_before(self, row: StudyRow, before: str) -> bool:
        return self.choice.measure == "mean_change" and row.kind == "value" and _same(row.time, before)

    def _say(self, message: str, fix: str, value: str = "", column: str = "") -> None:
        self.findings.append(make_finding(self.file, None, column, value, message, fix))

    def _settle(self, what: str, given: str, rows: Sequence[StudyRow], get: Callable[[StudyRow], str]) -> str:
        """Give the name that is asked for, or the only one there is; find where neither holds."""
        names = list({get(row).casefold(): get(row) for row in rows}.values())
        found = next((name for name in names if _same(name, given)), None)
        listed = _list_names(names)
        if given and found is None:
            self._say(f"The table has no such {what}.", f"It has: {listed}.", given, what)
        if not given and len(names) > 1:
            message = f"The rows have {len(names)} entries in '{what}', which are not combined."
            self._say(message, f"Choose one with --{what}: {listed}.", "", what)
        if found is not None:
            return found
        return names[0] if len(names) == 1 else given

    def _check_left_out(self) -> None:
        known = {row.study.casefold() for row in self.rows}
        for name in self.choice.leave_out:
            if name.casefold() not in known:
                self._say(
                    "The table has no such study to leave out.", "Write it as in the table.", name, "study"
                )

    def _settle_arms(self, rows: Sequence[StudyRow]) -> tuple[str, str]:
        choice = self.choice
        names = list({row.arm.casefold(): row.arm for row in rows}.values())
        arm = self._name_of(choice.arm, names)
        against = self._name_of(choice.against, names)
        if choice.needs_two_arms:
            if not choice.arm or not choice.against:
                message = "Two arms are compared, and it is not said which is taken from which."
                self._say(message, f"Name both with --arm and --against: {_list_names(names)}.", "", "arm")
            elif _same(arm, against):
                self._say("An arm is not compared with itself.", "Name two arms.", arm, "arm")
            return arm, against
        if choice.against:
            self._say("This measure is of one arm.", "Leave --against out.", choice.against, "arm")
        if not choice.arm:
            arms: dict[str, set[str]] = {}
            for row in rows:
                arms.setdefault(row.study, set()).add(row.arm.casefold())
            many = [study for study, held in arms.items() if len(held) > 1]
            if many:
                message = f"More than one arm is printed by {_list_names(many)}."
                self._say(message, f"Choose one with --arm: {_list_names(names)}.", "", "arm")
        return arm, ""

    def _name_of(self, given: str, names: Sequence[str]) -> str:
        found = next((name for name in names if _same(name, given)), None)
        if given and found is None and names:
            self._say("No row asked for has such an arm.", f"There are: {_list_names(names)}.", given, "arm")
        return found or given

    def _divide(
        self, choice: PoolChoice, asked: Sequence[StudyRow], of_outcome: Sequence[StudyRow]
    ) -> ChosenStudies:
        taken: list[TakenStudy] = []
        left: list[StudyLeftOut] = []
        named = {name.casefold() for name in choice.leave_out}
        suspected: dict[int, str] = {}
        for kind in KINDS if choice.is_of_means else ():
            suspected |= _suspect_errors([row for row in of_outcome if row.kind == kind])
        asked_of, all_of = _by_study(asked), _by_study(of_outcome)
        for study in dict.fromkeys(row.study for row in self.rows):
            if study.casefold() in named:
                left.append(StudyLeftOut(study, "Left out as asked."))
                continue
            found = _gather(study, choice, asked_of.get(study, []), all_of.get(study, []))
            if isinstance(found, StudyLeftOut):
                left.append(found)
                continue
            doubts = [suspected[id(row)] for row in found.rows if id(row) in suspected]
            if doubts:
                left.append(StudyLeftOut(study, doubts[0], _lines(found.rows), is_fault=True))
            else:
                taken.append(found)
        self._refuse_same_patients(taken)
        return ChosenStudies(choice, tuple(taken), tuple(left))

    def _refuse_same_patients(self, taken: Sequence[TakenStudy]) -> None:
        cohorts: dict[str, list[str]] = {}
        for each in taken:
            if each.row.cohort:
                cohorts.setdefault(each.row.cohort.casefold(), []).append(each.row.study)
        for studies in cohorts.values():
            if len(studies) > 1:
                message = (
                    f"The same patients stand in {_list_names(studies)}: they would count more than once."
                )
                self._say(message, "Keep one of them: leave the others out with --leave-out.", "", "cohort")
        if self.findings:
            raise PoolError(f"{self.file}: the studies cannot be combined as asked", self.findings)


def _same(first: str, second: str) -> bool:
    return first.strip().casefold() == second.strip().casefold()


def _list_names(names: Sequence[str]) -> str:
    shown = [f"'{name}'" if name else "(empty)" for name in names[:8]]
    return ", ".join(shown) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _by_study(rows: Sequence[StudyRow]) -> dict[str, list[StudyRow]]:
    held: dict[str, list[StudyRow]] = {}
    for row in rows:
        held.setdefault(row.study, []).append(row)
    return held


def _lines(rows: Sequence[StudyRow]) -> tuple[int, ...]:
    return tuple(sorted(row.line for row in rows if row.line))


def _gather(
    study: str, choice: PoolChoice, own: Sequence[StudyRow], of_outcome: Sequence[StudyRow]
) -> TakenStudy | StudyLeftOut:
    """Give the rows of one study that the measure needs, or why it cannot take part."""
    if not own:
        printed = f" that is a {choice.kind}" if choice.kind else ""
        return StudyLeftOut(study, f"No row with this outcome and time{printed}.")
    rows = [row for row in own if not choice.arm or _same(row.arm, choice.arm)]
    if not rows:
        return StudyLeftOut(study, f"No arm '{choice.arm}'.", _lines(own))
    changes = [row for row in rows if row.kind == "change"]
    row = changes[0] if choice.measure == "mean_change" and changes else rows[0]
    other = None
    if choice.needs_two_arms:
        other = next((each for each in own if _same(each.arm, choice.against)), None)
        if other is None:
            return StudyLeftOut(study, f"No arm '{choice.against}' to compare with.", _lines(own))
    earlier = None
    if choice.measure == "mean_change" and row.kind == "value":
        earlier = next(
            (each for each in of_outcome if _same(each.arm, row.arm)
             and each.kind == "value" and _same(each.time, choice.before)), None,
        )  # fmt: skip
        if earlier is None:
            faults = [*_find_faults(TakenStudy(row), choice)]
            why = " ".join([f"No row at '{choice.before}' and no printed change.", *faults])
            return StudyLeftOut(study, why, _lines([row]), is_fault=bool(faults))
    taken = TakenStudy(row, other, earlier)
    faults = [*_find_faults(taken, choice)]
    return StudyLeftOut(study, " ".join(faults), _lines(taken.rows), is_fault=True) if faults else taken


def _find_faults(study: TakenStudy, choice: PoolChoice) -> Iterator[str]:
    """Give what a study lacks for the measure, each a sentence."""
    least = 2 if choice.is_of_means else 1
    for row in study.rows:
        where = f" ({row.arm or 'all'}, {row.time or 'no time'})" if len(study.rows) > 1 else ""
        if row.n is None:
            yield f"n is not given{where}."
        elif row.n < least:
            yield f"n is {row.n}{where}; a spread needs two subjects."
        if choice.is_of_means and row.mean is None:
            has_median = row.median is not None
            yield f"{say_why_no_mean(row, choice.medians) if has_median else 'No mean is given'}{where}."
        if choice.is_of_means and row.sd is None and (row.mean is not None or row.median is None):
            yield f"No standard deviation is given{where}; none is made up."
        if not choice.is_of_means and row.events is None:
            yield f"No events are given{where}."
    if study.earlier is not None:
        first, last = study.earlier.n, study.row.n
        if first is not None and last is not None and first != last:
            yield f"n is {first} before and {last} after: they are not the same subjects."
        if choice.correlation is None:
            yield "The change is not printed, and no correlation is assumed: give --correlation."


def _suspect_errors(rows: Sequence[StudyRow]) -> dict[int, str]:
    """Find spreads that look like standard errors, by the identity of their row, with what is said of each.

    A spread that the table does not name is suspected where it is below half the median of the other studies'
    and times the root of n comes nearer to that median than it is itself. Two other studies are needed.
    """
    named = _by_study([row for row in rows if row.sd and row.n])
    usual_of = {study: median(map(spread_of, held)) for study, held in named.items()}
    found: dict[int, str] = {}
    for row in (row for held in named.values() for row in held):
        others = [spread for study, spread in usual_of.items() if study != row.study]
        if row.sd_is or len(others) < 2 or not row.sd or not row.n:
            continue
        usual = median(others)
        as_error = row.sd * math.sqrt(row.n)
        if row.sd < usual / 2 and abs(math.log(as_error / usual)) < abs(math.log(row.sd / usual)):
            found[id(row)] = (
                f"Its spread, {format_shortest(row.sd)}, looks like a standard error: others have about "
                f"{format_number(usual, 2)}, and {format_shortest(row.sd)} times the root of {row.n} is "
                f"{format_number(as_error, 2)}. Write se or sd in the column sd_is."
            )
    return found
