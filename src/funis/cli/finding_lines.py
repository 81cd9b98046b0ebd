"""Findings as lines for a reader, as JSON and as CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from funis.errors import LEVELS, Finding

FINDING_COLUMNS = (
    "code", "level", "table", "file", "line", "column", "value", "subject", "visit", "message", "fix",
)  # fmt: skip
FINDING_FORMATS = ("text", "json", "csv")
SAME_SLIP = 4
"""So many findings that differ only in their line are printed as one."""


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
        lines += _finding_lines(of_level)
    counts = ", ".join(_counted(findings, level) for level in LEVELS)
    return "\n".join([*lines, counts])


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Print each finding; a mistake repeated in many rows is printed once, with its lines."""
    rows: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        value = "" if finding.value == finding.subject else finding.value
        message = finding.message.replace(f" of subject '{finding.subject}'", "")
        same = (finding.code, finding.file, finding.column, value, message, finding.fix)
        rows.setdefault(same if finding.line is not None else (*same, str(len(rows))), []).append(finding)
    printed: list[str] = []
    for group in rows.values():
        if len(group) < SAME_SLIP:
            printed += map(str, group)
            continue
        places = _ranges(sorted({finding.line or 0 for finding in group}))
        first = group[0]
        message = first.message.replace(f" of subject '{first.subject}'", "")
        values = dict.fromkeys(finding.value for finding in group)
        text = str(replace(first, message=message, value="" if len(values) > 1 else first.value))
        if len(values) > 1:
            found = f" Found {', '.join(map(repr, values))}. {first.fix}"
            text = text.replace(f" {first.fix}", found, 1)
        printed.append(text.replace(f", line {first.line}", f", lines {places} ({len(group)} findings)", 1))
    return printed


def _ranges(lines: Sequence[int]) -> str:
    """Print line numbers, neighbours as a range."""
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _counted(findings: Sequence[Finding], level: str) -> str:
    count = sum(finding.level == level for finding in findings)
    plural = {"query": "queries"}.get(level, f"{level}s")
    return f"{count} {level if count == 1 else plural}"


def _render_csv(rows: list[dict[str, Any]]) -> str:
    import polars as pl

    from funis.spreadsheets import render_csv

    schema = {name: pl.Int64 if name == "line" else pl.String for name in FINDING_COLUMNS}
    return render_csv(pl.DataFrame(rows, schema=schema)).rstrip("\n")
