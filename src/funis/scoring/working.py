"""The working of one score as it is printed: rows, clauses, equation, total, bounds, choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funis.catalogue.model_parameter import ParameterValue

Known = float | str | None
"""A cell of a scored row: a number, a truth value or a text; None is empty."""


@dataclass(frozen=True, slots=True)
class WorkingRow:
    """One printed row at one visit.

    Attributes
    ----------
    row, item, label, system : as in the definition
    recorded : what was recorded, as text: a value, ``ND``, ``missing``
    previous : the same at the previous visit, empty where no rule looks back
    points : what the row contributed; None where it is unknown or the instrument has no points
    note : why it counted or not
    level : our own short words of the level that was recorded; empty at the lowest, or where it has none
    """

    row: int
    item: str
    label: str
    system: str
    recorded: str
    previous: str
    points: float | None
    note: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class WorkingClause:
    """One clause of a decision table at one visit: ``yes``, ``no`` or ``cannot tell``, and what it tested.

    With `looks_back` the visit before could decide it.
    """

    system: str
    grade: str
    clause: int
    label: str
    answer: str
    tested: tuple[str, ...] = ()
    looks_back: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """The working of one score at one visit; `str` prints it.

    Attributes
    ----------
    name, title, version, source : the instrument
    subject, visit : what was asked for
    rows : one per printed row, in printed order
    clauses : the decision tables, where there are any
    outputs : every output column with its value
    parameters, missing : the choices in force
    """

    name: str
    title: str
    version: str
    source: str
    subject: str
    visit: str
    rows: tuple[WorkingRow, ...]
    clauses: tuple[WorkingClause, ...]
    outputs: Mapping[str, Known]
    parameters: Mapping[str, ParameterValue]
    missing: str
    systems: tuple[str, ...] = ()
    equation: tuple[str, ...] = ()
    intercept: float = 0.0

    def __str__(self) -> str:
        """Print the working row by row."""
        return "\n".join(_print_explanation(self))


def _print_explanation(found: Explanation) -> list[str]:
    where = ", ".join(
        part
        for part in (found.subject and f"subject {found.subject}", found.visit and f"visit {found.visit}")
        if part
    )
    lines = [f"{found.title} ({found.version}){', ' if where else ''}{where}", f"Source: {found.source}", ""]
    lines += _print_rows(found)
    for system in found.systems:
        lines += _print_system(found, system)
    lines.append("")
    name, outputs = found.name, found.outputs
    total = outputs.get(name)
    if found.intercept:
        lines.append(f"Begins at {found.intercept:g}, to which the points are added")
    if found.equation:
        lines += ["Equation: the product of", *(f"  {line}" for line in found.equation), ""]
    lower, upper = outputs[f"{name}_lower"], outputs[f"{name}_upper"]
    if lower is None or upper is None:
        lines.append("Total: none, the instrument does not apply to this subject")
    else:
        lines.append(f"Total: {'cannot be known' if total is None else f'{total:g}'}")
        lines.append(f"Bounds: {lower:g} to {upper:g}")
    if not found.systems:
        lines += _print_parts(found)
    lines.append(f"Status: {outputs[f'{name}_status']}; missing policy: {found.missing}")
    if found.parameters:
        lines.append(
            "Parameters: " + ", ".join(f"{key} = {value}" for key, value in found.parameters.items())
        )
    return lines


def _print_parts(found: Explanation) -> list[str]:
    """Print the columns beside the score: totals of systems, summaries, cut-offs."""
    own = {found.name, *(f"{found.name}_{end}" for end in ("lower", "upper", "status"))}
    names = [name for name in found.outputs if name not in own and not name.endswith(("_lower", "_upper"))]
    lines = []
    for name in names:
        value = found.outputs[name]
        lines.append(f"{name}: {'cannot be known' if value is None else f'{value:g}'}")
    return lines


def _print_rows(found: Explanation) -> list[str]:
    width = max(len(row.label) for row in found.rows)
    recorded = max(len(row.recorded) for row in found.rows)
    lines = []
    for row in found.rows:
        points = "" if row.points is None else f"{row.points:g}"
        before = f"previous {row.previous}" if row.previous else ""
        note = "; ".join(part for part in (row.level, before, row.note) if part)
        line = f"{row.row:>3}  {row.label:<{width}}  {row.recorded:>{recorded}}  {points:>4}  {note}"
        lines.append(line.rstrip())
    return lines


def _print_system(found: Explanation, system: str) -> list[str]:
    stem = f"{found.name}_{system}"
    grade = found.outputs[stem] or "cannot be known"
    lines = [
        "",
        f"{system}: {grade} (bounds {found.outputs[f'{stem}_lower']} to {found.outputs[f'{stem}_upper']})",
    ]
    if found.outputs[f"{stem}_rule"]:
        lines.append(f"  decided by {found.outputs[f'{stem}_rule']}")
    own = [clause for clause in found.clauses if clause.system == system]
    first = [clause for clause in own if clause.answer == "yes"][:1]
    unknown = [clause for clause in own if clause.answer == "cannot tell"]
    # A change that decides is shown where it speaks against a grade too.
    changed = [clause for clause in own if clause.answer == "no" and clause.looks_back]
    for clause in (*first, *unknown, *changed):
        lines.append(f"  {clause.grade}{clause.clause} {clause.label}: {clause.answer}")
        lines += [f"       {line}" for line in clause.tested]
    refuted = [clause for clause in own if clause.answer == "no" and not clause.looks_back]
    if refuted:
        named = "; ".join(f"{clause.grade}{clause.clause} {clause.label}" for clause in refuted)
        lines.append(f"  not met: {named}")
    return lines
