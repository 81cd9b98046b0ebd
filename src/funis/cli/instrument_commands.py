"""Commands that take an instrument: score a file, explain one score, list and show instruments."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, print_answer
from funis.cli.arguments import Instrument, Limit, Table, Unit, check_policy, read_units
from funis.errors import ValueRangeError

if TYPE_CHECKING:
    from funis.catalogue.model_instrument import Definition

_UNITS_OF_STUDY = "A study folder gives the unit of each test in [[labs]] and in its table of results."
LISTED = ("name", "title", "version", "kind", "source")
"""What a list of instruments says of each."""


def score(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    instrument: Instrument,
    file: Table,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .csv, .parquet or .xlsx.")],
    subject: Annotated[str, typer.Option(help="Column of the subject, where the visit before counts.")] = "",
    order: Annotated[str, typer.Option(help="Column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="strict, absent, worst or locf.")] = "strict",
    json_: Json = False,
    limit: Limit = None,
    unit: Unit = None,
) -> None:
    """Score every row of FILE and write it with the columns of the score added."""
    from funis.scoring.score_file import score_file

    check_policy(missing)
    limits = read_limits(limit) if limit else None
    named = {"subject": subject or None, "order": order or None}
    units = read_units(unit)
    path = score_file(instrument, file, out, **named, missing=missing, limits=limits, units=units)
    print_answer(str(path), {"instrument": instrument, "file": str(path)}, as_json=json_)


def explain(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    place: Annotated[
        str, typer.Argument(help="Study folder or file; or INSTRUMENT FILE.", metavar="DIR|FILE")
    ],
    file: Annotated[Path | None, typer.Argument(help="File, after the instrument.", metavar="[FILE]")] = None,
    subject: Annotated[str, typer.Option(help="Subject.")] = "",
    visit: Annotated[str, typer.Option(help="Visit.")] = "",
    instrument: Annotated[str, typer.Option(help="Instrument, where the first word is a place.")] = "",
    order: Annotated[str, typer.Option(help="Of a file: column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="Of a file: strict, absent, worst or locf.")] = "strict",
    json_: Json = False,
    limit: Limit = None,
    unit: Unit = None,
) -> None:
    """Print how one score of one visit came about, row by row.

    In a study folder the study file says how missing items count; in a file --missing does.
    """
    check_policy(missing)
    limits = read_limits(limit) if limit else None
    # Both ways to write it name the same four things.
    name, source = (place, file) if file is not None else (instrument, Path(place))
    given = {"--instrument": name, "--subject": subject, "--visit": visit}
    for option, value in given.items():
        if not value:
            raise ValueRangeError(option, value, f"a name; {option} is needed")
    units = read_units(unit)
    if source.is_dir():
        if units:
            raise ValueRangeError(
                "--unit", ", ".join(unit or ()), "the unit of a column of a file", _UNITS_OF_STUDY
            )
        from funis.analysis.observations import explain_visit
        from funis.data.tables import read_tables
        from funis.study.read import read_study

        study = read_study(source)
        found = explain_visit(
            study, read_tables(source, study, limits=limits), name, subject=subject, visit=visit
        )
    else:
        from funis.scoring.score_file import explain_file

        words = {"subject": subject, "visit": visit}
        found = explain_file(
            name, source, place=words, order=order or None, missing=missing, limits=limits, units=units
        )
    print_answer(str(found), asdict(found), as_json=json_)


def instruments(ctx: typer.Context, json_: Json = False) -> None:
    """List every instrument with its version and source."""
    if ctx.invoked_subcommand is not None:
        return
    from funis.catalogue.registry import definition, definitions

    found = [definition(name) for name in definitions()]
    width = max(len(each.name) for each in found)
    lines: list[str] = []
    for each in found:
        version = f" ({each.version})" if each.version else ""
        lines += [f"{each.name:<{width}}  {each.title}{version}", f"{'':<{width}}  {each.source}"]
    answer = [{key: getattr(each, key) for key in LISTED} for each in found]
    print_answer("\n".join(lines), answer, as_json=json_)


def show(name: Instrument, json_: Json = False) -> None:
    """Print the rows of one instrument with their values, range, parameters and source."""
    from funis.catalogue.registry import definition

    found = definition(name)
    answer = {key: getattr(found, key) for key in (*LISTED, "licence", "window", "unit")} | {
        "range": [found.range.lowest, found.range.highest],
        "parameters": [asdict(each) for each in found.parameters],
        "items": [
            {
                "row": item.row,
                "name": item.name,
                "label": item.label,
                "values": item.values,
                "unit": item.unit,
            }
            for item in found.items
        ],
    }
    print_answer(_render_definition(found), answer, as_json=json_)


def _render_definition(found: Definition) -> str:
    lines = [found.title, f"version: {found.version}", f"source: {found.source}", f"licence: {found.licence}"]
    lines.append(f"range: {found.range.lowest:g} to {found.range.highest:g} {found.unit}".rstrip())
    if found.window:
        lines.append(f"looks back: {found.window_words()}")
    for each in found.parameters:
        allowed = ", ".join(map(str, each.allowed))
        choice = f" (one of {allowed})" if allowed else ""
        lines.append(f"parameter {each.name} = {each.default}{choice}: {each.label}")
    for item in found.items:
        values = ", ".join(map(str, item.values)) if item.values else item.unit
        lines.append(f"{item.row:>3}  {item.name}  [{values}]  {item.label}")
    return "\n".join(lines)
