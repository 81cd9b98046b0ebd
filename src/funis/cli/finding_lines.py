"""Findings as lines for a reader, one for each cause; as JSON and as CSV, one for each finding."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from funis.errors import LEVELS, Finding

FINDING_COLUMNS = (
    "code", "level", "table", "file", "line", "column", "value", "subject", "visit", "message", "fix",
)  # fmt: skip
FINDING_FORMATS = ("text", "json", "csv")

_NUMBER = re.compile(r"(?<![\w'.-])[+-]?\d[\w.,:/+-]*(?<![.,:])")
_OF_SHEET = re.compile(r" \(column '(?:[^'\\]|\\.)*' of the sheet\)")
_NEAREST = re.compile(r"The nearest is '([^']*)'\.")
_DIGITS = re.compile(r"\d+")
_ADVISED = re.compile(r"Write '[^']*'")
_OF_WRITING = frozenset({"not_a_number", "not_a_date"})
"""Findings of how something is written: one habit goes through the columns of a sheet."""
_OF_FILES = frozenset(
    {
        "unknown_table",
        "unused_table",
        "missing_table",
        "delimiter",
        "encoding",
        "title_above_header",
        "header_below",
    }
)
"""Findings of whole files that are told together."""
_PLACE = re.compile(r"Column (\d+) of")
_MOST = 12
"""So many places, values or columns of one cause are listed; JSON and CSV have them all."""


def render_findings(findings: Sequence[Finding], form: str) -> str:
    """Render findings as ``text``, ``json`` or ``csv``."""
    rows = [{name: getattr(finding, name) for name in FINDING_COLUMNS} for finding in findings]
    if form == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False)
    if form == "csv":
        return _render_csv(rows)
    lines: list[str] = []
    for level in LEVELS:
        of_level = [finding for finding in findings if finding.level == level]
        lines += list_causes(of_level)
    counts = ", ".join(_counted(findings, level) for level in LEVELS)
    return "\n".join([*lines, counts])


def list_causes(findings: Sequence[Finding]) -> list[str]:
    """Print each cause once, with its lines: what was found differs, what is wrong and what to do does not.

    Parameters
    ----------
    findings : of one level

    Returns
    -------
    list of str

    Examples
    --------
    >>> from dataclasses import replace
    >>> said = ("'value' is not a number.", "Write the decimal with a point: 5.5.")
    >>> one = Finding("error", "not_a_number", "labs", "labs.csv", 3, "value", "5,5", *said, "S1", "week_4")
    >>> two = replace(one, line=4, value="6,5", fix="Write the decimal with a point: 6.5.", subject="S2")
    >>> print(list_causes([one, two])[0])
    error: labs.csv, lines 3-4 (2 findings), column 'value' (2 subjects, visit week_4): \
'value' is not a number. Found '5,5', '6,5'. For one of them: Write the decimal with a point: 5.5.
    """
    causes: dict[tuple[str, ...], list[Finding]] = {}
    for number, finding in enumerate(findings):
        causes.setdefault(_cause(finding, number), []).append(finding)
    # A slip that goes through many columns or files (n.d. in every item) is one cause as well.
    slips: dict[tuple[str, ...], list[Finding]] = {}
    for cause in causes.values():
        slips.setdefault(_slip(cause), []).extend(cause)
    return [_print_cause(group) for group in slips.values()]


def _cause(finding: Finding, number: int) -> tuple[str, ...]:
    """Say what findings of one cause have in common within a column."""
    if finding.code == "unknown_column":
        return finding.code, finding.file
    if finding.line is None and finding.code not in _OF_FILES:
        return finding.code, str(number)
    message = _NUMBER.sub("#", _general(finding, finding.message))
    return finding.code, finding.file, finding.column, message, _kind(finding)


def _kind(finding: Finding) -> str:
    """Say of which kind what was found is: the numbers in what is to be done may differ."""
    # A date that may not be shown, as of birth, is told apart by what is said of it.
    if finding.code == "not_a_date" and finding.value:
        return _DIGITS.sub("9", finding.value)
    return _ADVISED.sub("Write '…'", _NUMBER.sub("#", finding.fix))


def _slip(cause: Sequence[Finding]) -> tuple[str, ...]:
    """Say what causes have in common that differ in nothing but their column or their file."""
    first = cause[0]
    name = first.table if first.code == "missing_table" else f"'{first.column}'"
    is_any = first.code in _OF_FILES or (first.line is not None and first.column)
    if not is_any or first.code == "unknown_column":
        return (str(id(cause)),)
    message = _OF_SHEET.sub("", _NUMBER.sub("#", _general(first, first.message)))
    # Limits and levels are those of a column; how a number or a date is written goes through all.
    fix = _kind(first) if first.code in _OF_WRITING else first.fix
    if len({each.fix for each in cause}) > 1 and first.code not in _OF_WRITING:
        return (str(id(cause)),)
    has_name = first.column or first.code == "missing_table"
    return first.code, *(each.replace(name, "'…'") if has_name else each for each in (message, fix))


def _general(finding: Finding, text: str) -> str:
    """Give what is said of any subject."""
    return text.replace(f" of subject '{finding.subject}'", "") if finding.subject else text


def _print_cause(group: Sequence[Finding]) -> str:
    """Print the findings of one cause."""
    first = group[0]
    if first.code == "unknown_column":
        return _print_unknown_columns(group)
    if len(group) == 1:
        return str(first)
    columns = list(dict.fromkeys(each.column for each in group))
    files = list(dict.fromkeys(each.file for each in group))
    message, fix = _general(first, first.message), max((each.fix for each in group), key=_says_key)
    if len(files) > 1 and first.code == "missing_table":
        message, fix = (each.replace(first.table, "…") for each in (message, fix))
    if len(columns) > 1:
        message = _OF_SHEET.sub("", message).replace(f"'{first.column}'", "'…'")
        fix = fix.replace(f"'{first.column}'", "'…'")
    values = [f"{each.value!r}" for each in group if each.value and each.value != each.subject]
    found = f" Found {_list(list(dict.fromkeys(values)))}." if values else ""
    is_example = len({each.fix for each in group}) > 1 and len(columns) == 1 and bool(columns[0])
    example = "For one of them: " if is_example else ""
    places = _list([_place([each for each in group if each.file == file]) for file in files], between="; ")
    count = f" ({len(group)} findings)" if len(files) > 1 else ""
    return f"{first.level}: {places}{count}{_whose(group)}: {message}{found} {example}{fix}".rstrip()


def _says_key(fix: str) -> bool:
    """Say whether a fix names the key of the study file that settles all at once."""
    return "[import" in fix


def _place(group: Sequence[Finding]) -> str:
    """Print where in one file findings stand: its lines and columns."""
    first = group[0]
    if first.line is None:
        return first.file
    lines = _lines(group)
    columns = list(dict.fromkeys(each.column for each in group))
    quoted = [f"'{each}'" for each in columns]
    plural = "column" if len(columns) == 1 else "columns"
    return f"{first.file}, {lines}" + (f", {plural} {_list(quoted)}" if columns[0] else "")


def _whose(group: Sequence[Finding]) -> str:
    """Say whose the findings are: the subject and the visit, or how many."""
    said: list[str] = []
    for names, plural in (
        ({each.subject for each in group} - {""}, "subjects"),
        ({each.visit for each in group} - {""}, "visits"),
    ):
        if names:
            said.append(f"{plural[:-1]} {names.pop()}" if len(names) == 1 else f"{len(names)} {plural}")
    return f" ({', '.join(said)})" if said else ""


def _print_unknown_columns(group: Sequence[Finding]) -> str:
    """Name all unknown columns of a file at once, each with the nearest that is known."""
    first = group[0]
    named: list[str] = []
    hidden: list[str] = []
    rest = ""
    for each in group:
        near = _NEAREST.search(each.fix)
        hint = f" (nearest: '{near[1]}')" if near else ""
        rest = rest or ("" if near else f" {each.fix}")
        if each.column:
            named.append(f"'{each.column}'{hint}")
        else:
            place = _PLACE.match(each.message)
            hidden.append(place[1] if place else "?")
    if len(group) == 1:
        return str(first)
    if hidden:
        named.append(
            f"numbers {_list(hidden)} of those with a name, which are not shown: they may name a person"
        )
    said = f"{len(group)} columns are not known and are not read: {', '.join(named)}."
    return f"{first.level}: {first.file}, line {first.line}: {said}{rest}"


def _list(names: Sequence[str], *, between: str = ", ") -> str:
    """List names, many of them shortened."""
    more = len(names) - _MOST
    return between.join(names) if more <= 0 else f"{between.join(names[:_MOST])} and {more} more"


def _lines(group: Sequence[Finding]) -> str:
    """Print line numbers, neighbours as a range, and how many findings stand there."""
    lines = sorted({each.line or 0 for each in group})
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    places = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    plural = "line" if len(lines) == 1 else "lines"
    return f"{plural} {_list(places)}" + (f" ({len(group)} findings)" if len(group) > 1 else "")


def _counted(findings: Sequence[Finding], level: str) -> str:
    count = sum(finding.level == level for finding in findings)
    plural = {"query": "queries"}.get(level, f"{level}s")
    return f"{count} {level if count == 1 else plural}"


def _render_csv(rows: list[dict[str, Any]]) -> str:
    import polars as pl

    from funis.spreadsheets import render_csv

    schema = {name: pl.Int64 if name == "line" else pl.String for name in FINDING_COLUMNS}
    return render_csv(pl.DataFrame(rows, schema=schema)).rstrip("\n")
