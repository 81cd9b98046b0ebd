"""Commands that take an instrument: score a file, explain one score, list and show instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from funis.cli.arguments import MISSING, Instrument, Table
from funis.errors import UnknownNameError

if TYPE_CHECKING:
    from funis.catalogue.model_instrument import Definition
from pathlib import Path


def score(
    instrument: Instrument,
    file: Table,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .csv, .parquet or .xlsx.")],
    subject: Annotated[str, typer.Option(help="Column of the subject, where the visit before counts.")] = "",
    order: Annotated[str, typer.Option(help="Column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="strict, absent, worst or locf.")] = "strict",
) -> None:
    """Score every row of FILE and write it with the columns of the score added."""
    from funis.scoring.score_file import score_file

    if missing not in MISSING:
        raise UnknownNameError("missing-data policy", missing, MISSING, "--missing")
    path = score_file(instrument, file, out, subject=subject or None, order=order or None, missing=missing)
    typer.echo(str(path))


def explain(
    instrument: Instrument,
    file: Table,
    subject: Annotated[str, typer.Option(help="Subject.")],
    visit: Annotated[str, typer.Option(help="Visit.")],
    order: Annotated[str, typer.Option(help="Column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="strict, absent, worst or locf.")] = "strict",
) -> None:
    """Print how one score of one visit came about, row by row."""
    from funis.scoring.score_file import explain_file

    if missing not in MISSING:
        raise UnknownNameError("missing-data policy", missing, MISSING, "--missing")
    place = {"subject": subject, "visit": visit}
    typer.echo(explain_file(instrument, file, place=place, order=order or None, missing=missing))


def instruments(ctx: typer.Context) -> None:
    """List every instrument with its version and source."""
    if ctx.invoked_subcommand is not None:
        return
    from funis.catalogue.registry import definition, definitions

    found = [definition(name) for name in definitions()]
    width = max(len(each.name) for each in found)
    for each in found:
        version = f" ({each.version})" if each.version else ""
        typer.echo(f"{each.name:<{width}}  {each.title}{version}")
        typer.echo(f"{'':<{width}}  {each.source}")


def show(name: Instrument) -> None:
    """Print the rows of one instrument with their values, range, parameters and source."""
    from funis.catalogue.registry import definition

    typer.echo(_render_definition(definition(name)))


def _render_definition(found: Definition) -> str:
    lines = [found.title, f"version: {found.version}", f"source: {found.source}", f"licence: {found.licence}"]
    lines.append(f"range: {found.range.lowest:g} to {found.range.highest:g} {found.unit}".rstrip())
    if found.window:
        lines.append(f"looks back: {found.window}")
    for each in found.parameters:
        allowed = ", ".join(map(str, each.allowed))
        choice = f" (one of {allowed})" if allowed else ""
        lines.append(f"parameter {each.name} = {each.default}{choice}: {each.label}")
    for item in found.items:
        values = ", ".join(map(str, item.values)) if item.values else item.unit
        lines.append(f"{item.row:>3}  {item.name}  [{values}]  {item.label}")
    return "\n".join(lines)
