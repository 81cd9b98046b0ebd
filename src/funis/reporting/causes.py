"""Findings of one cause read once: a subject who is not in the table of subjects is missing in every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from funis.errors import Finding


def group_by_cause(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Put findings together that say the same of the same value in the same column, whatever file and line.

    Parameters
    ----------
    findings : in the order they were found

    Returns
    -------
    list of list of Finding : one a cause, in the order of its first finding

    Examples
    --------
    >>> from dataclasses import replace
    >>> said = ("There is no subject of this name.", "Add it.")
    >>> one = Finding("error", "unknown_subject", "labs", "labs.csv", 2, "subject", "S9", *said, "S9")
    >>> other = replace(one, line=7, value="S8", subject="S8")
    >>> [len(each) for each in group_by_cause([one, other, replace(one, table="visits", line=3)])]
    [2, 1]
    """
    causes: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        key = (each.level, each.code, each.column, each.value, each.message, each.fix, each.subject)
        causes.setdefault(key if each.value else (*key, each.file, str(each.line)), []).append(each)
    return list(causes.values())


def group_by_file(cause: Sequence[Finding]) -> list[list[Finding]]:
    """Divide the findings of one cause by their file.

    Parameters
    ----------
    cause : in the order they were found
    """
    files: dict[str, list[Finding]] = {}
    for each in cause:
        files.setdefault(each.file, []).append(each)
    return list(files.values())


def lines_words(findings: Sequence[Finding]) -> str:
    """Print the lines of findings of one file, neighbours as a range; empty where whole files are meant.

    Examples
    --------
    >>> found = [
    ...     Finding("error", "c", "labs", "labs.csv", line, "value", "x", "", "") for line in (2, 3, 4, 9)
    ... ]
    >>> lines_words(found)
    '2-4, 9'
    """
    lines = sorted({each.line for each in findings if each.line is not None})
    ranges = []
    for _, run in groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0]):
        numbers = [line for _, line in run]
        ranges.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return ", ".join(ranges)


def rows_words(findings: Sequence[Finding]) -> str:
    """Say how many rows several findings of few causes stand in; empty where each has its own cause.

    Examples
    --------
    >>> one = Finding("error", "unknown_subject", "labs", "labs.csv", 2, "subject", "S9", "", "", "S9")
    >>> rows_words([one]), rows_words([one, one])
    ('', '2 rows')
    """
    return f"{len(findings)} rows" if len(group_by_cause(findings)) < len(findings) else ""
