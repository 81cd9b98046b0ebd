"""The way back of one printed number: what it is, how it was made, and the lines it was recorded on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, repeat
from typing import ClassVar, Final, NamedTuple

import polars as pl

from funis.catalogue.registry import definition, definitions, response_definition, responses
from funis.documents.docx_keys import short_key
from funis.errors import FunisError
from funis.reporting.labels import MISSING, MISSING_OUTCOME, Labels, method_label
from funis.reporting.limits import ROWS_KEPT, SUBJECTS_DRAWN
from funis.reporting.number_book import Number, NumberBook, read_numbers
from funis.reporting.number_words import key_in_words, name_number
from funis.reporting.payload import print_value
from funis.results import ABSENT, format_shortest
from funis.results.read import PrintedResults
from funis.study.model import Study
from funis.study.sources import source_of_variable

_NEAREST: Final = 5
#: What the study file is called beside the input files.
STUDY_FILE: Final = "study.toml"


class UnknownNumberError(FunisError):
    """There is no number with this id; names the nearest ids."""

    code: ClassVar[str] = "unknown_number"

    def __init__(self, asked: str, nearest: Iterable[str]) -> None:
        self.nearest = tuple(nearest)
        hint = f" The nearest: {', '.join(self.nearest)}." if self.nearest else ""
        super().__init__(
            f"The report holds no number with the id or key {asked[:200]!r}.{hint} "
            "Every id stands in report/results.csv and in the panel behind a number of report.html."
        )


class TracedValue(NamedTuple):
    """A recorded value behind a number.

    Attributes
    ----------
    subject, visit, variable : whose, when, what; by the names of the data
    value : what was recorded or judged, as text
    file, line : where; line 1 is the header, of a workbook the row of the sheet
    working : how it came about: the rule that decided a grade, results that fill a blank item
    """

    subject: str
    visit: str
    variable: str
    value: str
    file: str
    line: int | None
    working: str = ""


class InputNow(NamedTuple):
    """A file the report was made from: its hash then, and now; empty where it was or is not there."""

    name: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a report was made from, then and now: what the study file says, and each input file."""

    study_file: InputNow
    files: tuple[InputNow, ...]

    @property
    def changed(self) -> tuple[str, ...]:
        """Say what is no longer as it was when the report was written; nothing where all is."""
        return tuple(_changes((self.study_file, *self.files)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTrace:
    """What can be said of one printed number; `str` prints it.

    Attributes
    ----------
    id, key : of the number; the key is what Word and PDF files carry
    text, value : as in the results, and unrounded
    words : the number named in one line
    parts : each part of its key in words
    method, adjustment, missing, missing_outcome : how it was made, in words; empty where it does not apply
    n, denominator : counts; None where there is none
    denominator_name : whom the denominator counts
    status : ``ok``, or why there is no value
    values : the recorded values behind it, those of the first subjects where they are many
    values_behind, subjects_behind : how many there are in all
    absent : who is not in it, with the reason as value
    rules : what scores and judgements behind it were made by, one sentence each
    source : key of the values in sources.parquet
    places : tables, boxes and sections of the report that print it, with whether they stand in the main part;
        None where that is not known
    version, study : of funis, and id of the study
    inputs : the study file and each input file
    """

    id: str
    key: str
    text: str
    value: float | None
    words: str
    parts: dict[str, str]
    method: str
    adjustment: str
    missing: str
    missing_outcome: str
    n: int | None
    denominator: int | None
    denominator_name: str
    status: str
    values: tuple[TracedValue, ...]
    values_behind: int
    subjects_behind: int
    absent: tuple[TracedValue, ...]
    rules: tuple[str, ...]
    source: str
    places: tuple[tuple[str, bool], ...] | None
    version: str
    study: str
    inputs: Inputs

    def __str__(self) -> str:
        """Print the trace for a reader."""
        return "\n".join(_print(self))


def find_number(book: NumberBook, asked: str) -> Number:
    """Find a number by its id, or by the key that a Word or PDF file has for it.

    Raises
    ------
    UnknownNumberError : there is none; the nearest ids are named
    """
    by_id = {number.id: number for number in book.numbers}
    if asked in by_id:
        return by_id[asked]
    keyed = next((number for name, number in by_id.items() if short_key(name) == asked), None)
    if keyed is None:
        raise UnknownNumberError(asked, get_close_matches(asked[:200], list(by_id), n=_NEAREST, cutoff=0.5))
    return keyed


def compare_inputs(printed: PrintedResults, study_sha256: str, files: Mapping[str, str]) -> Inputs:
    """Set the hashes that a report was made from beside those of now.

    Parameters
    ----------
    printed : the results as the report was written with them
    study_sha256 : fingerprint of what the study file says now
    files : SHA-256 of each input file by its name, now
    """
    then = {each.name: each.sha256 for each in printed.origin.files}
    return Inputs(
        InputNow(STUDY_FILE, printed.origin.study_sha256, study_sha256),
        tuple(InputNow(name, then.get(name, ""), files.get(name, "")) for name in {**then, **files}),
    )


def trace_number(
    study: Study,
    printed: PrintedResults,
    asked: str,
    inputs: Inputs,
    work_out: Callable[[pl.DataFrame], Sequence[str]],
) -> NumberTrace:
    """Follow a printed number back.

    Parameters
    ----------
    study : the study file as it is now
    printed : the results as the report was written with them
    asked : id or key of the number
    inputs : hashes then and now
    work_out : says how each value came about, given rows of the sources; not asked of data that have changed

    Raises
    ------
    UnknownNumberError : there is no such number
    """
    number = _find(printed.numbers, asked)
    labels = Labels(study)
    behind = printed.values_behind(number.source)
    shown, subjects = _cut(behind)
    return NumberTrace(
        id=number.id,
        key=short_key(number.id),
        text=number.text,
        value=number.value,
        words=name_number(labels, number),
        parts=key_in_words(labels, number),
        method=method_label(number.method) if number.method else "",
        adjustment=method_label(number.adjustment) if number.adjustment else "",
        missing=MISSING.get(number.missing, number.missing),
        missing_outcome=MISSING_OUTCOME.get(number.missing_outcome, number.missing_outcome),
        n=number.n,
        denominator=number.denominator,
        denominator_name=_name_denominator(labels, number),
        status=number.status,
        values=tuple(_values(shown, () if inputs.changed else work_out(shown))),
        values_behind=behind.height,
        subjects_behind=subjects,
        absent=tuple(_values(printed.values_behind(f"{number.source}{ABSENT}" if number.source else ""))),
        rules=tuple(_rules(study, labels, number, behind)),
        source=number.source,
        places=printed.places_of(number.id),
        version=printed.origin.version,
        study=printed.origin.study,
        inputs=inputs,
    )


def _find(numbers: pl.DataFrame, asked: str) -> Number:
    """Find a number by its id alone; for a key, or to say what is near, the others are read too."""
    own = read_numbers(numbers.filter(pl.col("id") == asked))
    return find_number(own if own.numbers else read_numbers(numbers), asked)


def _name_denominator(labels: Labels, number: Number) -> str:
    if number.denominator is None:
        return ""
    return ", ".join((labels.population(number.population), *labels.within(number.subgroup, number.arm)))


def _cut(behind: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Keep the values of the first subjects where there are too many to read."""
    ordered = behind.unique(maintain_order=True).sort("subject", maintain_order=True)
    names = ordered["subject"].unique(maintain_order=True)
    if len(names) <= SUBJECTS_DRAWN:
        return ordered, len(names)
    return ordered.filter(pl.col("subject").is_in(names.head(ROWS_KEPT).to_list())), len(names)


def _values(rows: pl.DataFrame, workings: Sequence[str] = ()) -> Iterator[TracedValue]:
    said = chain(workings, repeat(""))
    for row, working in zip(rows.iter_rows(named=True), said, strict=False):
        text = print_value(row["value"], row["text"])
        who, when, what, file = (row[name] or "" for name in ("subject", "visit", "variable", "file"))
        yield TracedValue(who, when, what, text, file, row["line"], working)


def _rules(study: Study, labels: Labels, number: Number, behind: pl.DataFrame) -> Iterator[str]:
    """Say by what scores and judgements the values were made."""
    measures = dict.fromkeys([*behind["measure"].to_list(), number.measure])
    for name in dict.fromkeys(source_of_variable(study, each) for each in measures if each):
        if name in definitions():
            found = definition(name)
            choice = study.choice(name)
            kept = ", ".join(f"{key} = {value}" for key, value in choice.parameters.items())
            yield (
                f"{found.title} ({found.version}), {found.source}. Missing items: {choice.missing}; "
                f"parameters: {kept or 'as published'}. Row by row: funis explain DIR "
                f"--subject SUBJECT --visit VISIT --instrument {name}"
            )
        elif name in responses():
            judged = response_definition(name)
            yield (
                f"{judged.title}{f' ({judged.version})' if judged.version else ''}, {judged.source}. "
                f"Criterion by criterion: funis explain DIR --subject SUBJECT --visit VISIT "
                f"--instrument {name}"
            )
        elif name in study.lab_names:
            yield f"{labels.variable_with_unit(name)}: results of the laboratory, as recorded."


def _changes(inputs: Iterable[InputNow]) -> Iterator[str]:
    for each in inputs:
        if each.then == each.now:
            continue
        if not each.now:
            yield f"{each.name} is gone"
        elif not each.then:
            yield f"{each.name} is new"
        else:
            yield f"{each.name} has changed (SHA-256 was {each.then[:12]}…, is {each.now[:12]}…)"


def say_older(inputs: Inputs) -> str:
    """Say in one line what has changed since a report was written."""
    return f"The report is older than the data: {'; '.join(inputs.changed)}."


def _print(trace: NumberTrace) -> Iterator[str]:
    yield trace.text or "no text"
    yield f"{trace.words}"
    if trace.inputs.changed:
        yield ""
        yield say_older(trace.inputs)
        yield "What follows is as the report was written; places may name other lines now."
    yield ""
    facts = {**trace.parts, **_facts(trace)}
    width = max(map(len, facts))
    yield from (f"{name.ljust(width)}  {words}" for name, words in facts.items())
    yield ""
    yield from _print_values(trace)
    if trace.absent:
        yield f"Not in this number: {len(trace.absent)}"
        yield from _columns(trace.absent)
        yield ""
    if trace.rules:
        yield "Made by"
        yield from (f"  {rule}" for rule in trace.rules)
        yield ""
    yield f"Made with funis {trace.version} from study {trace.study}"
    every = (trace.inputs.study_file, *trace.inputs.files)
    yield from (f"  {(each.then or 'not there').ljust(64)}  {each.name}" for each in every)


def _facts(trace: NumberTrace) -> dict[str, str]:
    found = {
        "printed in": _name_places(trace.places),
        "n": "" if trace.n is None else str(trace.n),
        "denominator": "" if trace.denominator is None else f"{trace.denominator}: {trace.denominator_name}",
        "method": trace.method,
        "adjustment": trace.adjustment,
        "missing items": trace.missing,
        "missing outcome": trace.missing_outcome,
        "unrounded": "no value" if trace.value is None else repr(trace.value),
        "status": "" if trace.status == "ok" else trace.status,
        "id": trace.id,
        "key": trace.key,
    }
    return {name: words for name, words in found.items() if words}


def _name_places(places: tuple[tuple[str, bool], ...] | None) -> str:
    """Say which parts of the report print a number.

    Examples
    --------
    >>> _name_places((("Table 2", True), ("Table S4", False)))
    'Table 2, Table S4 (supplement)'
    """
    if places is None:
        return "not known: no report was written with these results; run funis report"
    if not places:
        return "results.csv alone; figures are drawn from the same values"
    return ", ".join(place if is_main else f"{place} (supplement)" for place, is_main in places)


def _print_values(trace: NumberTrace) -> Iterator[str]:
    if not trace.values:
        yield "No single recorded values stand behind this number."
        yield ""
        return
    yield f"Recorded values behind it: {trace.values_behind} of {trace.subjects_behind} subjects"
    yield from _columns(trace.values)
    if len(trace.values) < trace.values_behind:
        left = trace.subjects_behind - len({each.subject for each in trace.values})
        yield (
            f"  and {trace.values_behind - len(trace.values)} values of {left} further subjects: "
            f"rows of report/sources.parquet whose source is {trace.source!r}"
        )
    yield ""


def _columns(values: Sequence[TracedValue]) -> Iterator[str]:
    rows = [(each.subject, each.visit, each.variable, each.value, _place(each)) for each in values]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    for each, row in zip(values, rows, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
        if each.working:
            yield f"      {each.working}"


def _place(value: TracedValue) -> str:
    if not value.file or value.line is None:
        return value.file
    return f"{value.file} {'row' if value.file[-1] == ']' else 'line'} {value.line}"


def say_working(rule: str, fillings: Iterable[tuple[str, str, float, str, int]]) -> str:
    """Say in words how a score or a grade came about.

    Parameters
    ----------
    rule : that decided a grade
    fillings : item, test, value, file and line of each result that stands for a blank item

    Examples
    --------
    >>> say_working("A: proteinuria", [("low_complement", "c3", 0.5, "labs.csv", 7)])
    'A: proteinuria; filled by the laboratory: low_complement from c3 0.5 (labs.csv line 7)'
    """
    parts = [rule] if rule else []
    filled = [
        f"{item if item == test else f'{item} from {test}'} {format_shortest(value)} ({file} line {line})"
        for item, test, value, file, line in fillings
    ]
    parts += [f"filled by the laboratory: {', '.join(filled)}"] if filled else []
    return "; ".join(parts)
