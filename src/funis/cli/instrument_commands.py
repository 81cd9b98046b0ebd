"""Commands that take an instrument: score a file, explain one score, list and show instruments."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, print_answer
from funis.cli.arguments import Entry, Instrument, Limit, Table, Unit, check_policy, read_units
from funis.errors import UnknownNameError, ValueRangeError

if TYPE_CHECKING:
    from funis.analysis.response_working import ResponseExplanation
    from funis.bounded.limits import Limits
    from funis.scoring.working import Explanation

_UNITS_OF_STUDY = "A study folder gives the unit of each test in [[labs]] and in its table of results."


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
    instrument: Annotated[
        str, typer.Option(help="Instrument, response or endpoint, where the first word is a place.")
    ] = "",
    order: Annotated[str, typer.Option(help="Of a file: column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="Of a file: strict, absent, worst or locf.")] = "strict",
    json_: Json = False,
    limit: Limit = None,
    unit: Unit = None,
) -> None:
    """Print how one score of one visit came about, row by row, or a response, criterion by criterion.

    In a study folder the study file says how missing items count; in a file --missing does. A response is
    explained in a study folder alone, by its name or that of an endpoint.
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
    # The workbook of a study belongs to its laboratory results and to the choices of the study file.
    if source.suffix.lower() == ".xlsx" and (source.parent.parent / "study.toml").is_file():
        source = source.parent.parent
    found: Explanation | ResponseExplanation
    if source.is_dir():
        if units:
            raise ValueRangeError(
                "--unit", ", ".join(unit or ()), "the unit of a column of a file", _UNITS_OF_STUDY
            )
        found = _explain_in_study(source, name, subject=subject, visit=visit, limits=limits)
    else:
        from funis.scoring.score_file import explain_file

        words = {"subject": subject, "visit": visit}
        found = explain_file(
            name, source, place=words, order=order or None, missing=missing, limits=limits, units=units
        )
    print_answer(str(found), asdict(found), as_json=json_)


def _explain_in_study(
    folder: Path, name: str, *, subject: str, visit: str, limits: Limits | None
) -> Explanation | ResponseExplanation:
    """Explain an instrument, or the response of an endpoint, with the choices of the study file."""
    from funis.data.tables import read_tables
    from funis.study.read import read_study

    study = read_study(folder)
    tables = read_tables(folder, study, limits=limits)
    if name in study.instrument_names:
        from funis.analysis.observations import explain_visit

        return explain_visit(study, tables, name, subject=subject, visit=visit)
    from funis.analysis.response_working import explain_response, responses_of

    if name not in responses_of(study):
        raise UnknownNameError(
            "instrument or response", name, [*study.instrument_names, *responses_of(study)]
        )
    return explain_response(study, tables, name, subject=subject, visit=visit)


def instruments(ctx: typer.Context, json_: Json = False) -> None:
    """List every instrument, response and set of criteria with its version and source."""
    if ctx.invoked_subcommand is not None:
        return
    from funis.catalogue.wording.listing import list_entries

    groups = list_entries()
    width = max(len(each["name"]) for group in groups.values() for each in group)
    lines: list[str] = []
    for group, entries in groups.items():
        lines += [*([""] if lines else []), f"{group[:1].upper()}{group[1:]}:"]
        for each in entries:
            version = f" ({each['version']})" if each["version"] else ""
            lines += [
                f"{each['name']:<{width}}  {each['title']}{version}",
                f"{'':<{width}}  {each['source']}",
            ]
    answer = [each for entries in groups.values() for each in entries]
    print_answer("\n".join(lines), answer, as_json=json_)


def show(name: Entry, json_: Json = False) -> None:
    """Print one instrument, response or set of criteria: rows, weights, levels, limits, choices, rules."""
    from funis.catalogue.wording.listing import show_entry

    found = show_entry(name)
    print_answer("\n".join(found.lines), found.answer, as_json=json_)
