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
    """

    row: int
    item: str
    label: str
    system: str
    recorded: str
    previous: str
    points: float | None
    note: str


@dataclass(frozen=True, slots=True)
class WorkingClause:
    """One clause of a decision table at one visit: ``yes``, ``no`` or ``cannot tell``, and what it tested."""

    system: str
    grade: str
    clause: int
    label: str
    answer: str
    tested: tuple[str, ...] = ()


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
        note = "; ".join(part for part in (before, row.note) if part)
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
    for clause in found.clauses:
        if clause.system != system:
            continue
        lines.append(f"  {clause.grade}{clause.clause} {clause.label}: {clause.answer}")
        if clause.answer != "no" or len(clause.tested) > 1 or not clause.tested[0].startswith("at least"):
            lines += [f"       {line}" for line in clause.tested]
    return lines
