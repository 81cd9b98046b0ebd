"""Commands about printed numbers: where one comes from, how it is written, which hang on a value."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, list_findings, print_answer
from funis.cli.arguments import Folder, Limit, existing_folder
from funis.errors import ValueRangeError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from funis.data.cells import RawData
    from funis.reporting.impact import Impact
    from funis.reporting.number_trace import Inputs, NumberTrace
    from funis.results.read import PrintedResults
    from funis.study.model import Study

NumberId = Annotated[
    str,
    typer.Argument(
        help="Id of a number (results.csv, the panel of report.html), or its key in a Word or PDF file.",
        metavar="ID",
    ),
]


def trace(folder: Folder, number: NumberId, json_: Json = False, limit: Limit = None) -> None:
    """Follow a printed number of DIR/report back to the lines of the data that it rests on.

    Prints which number it is, method, n and denominator, what was done about missing values, each subject's
    value with file and line, the scores and rules behind it, version and hashes. Exit 1 when study file or
    data have changed since the report was written.
    """
    from funis.reporting.number_trace import trace_number

    study, printed, raw, inputs = _read_printed(folder, limit)
    found = trace_number(study, printed, number, inputs, lambda values: _work_out(study, raw, values))
    print_answer(str(found), _describe(found), as_json=json_)
    raise typer.Exit(int(bool(inputs.changed)))


def text(folder: Folder, number: NumberId, json_: Json = False, limit: Limit = None) -> None:
    """Print one number of DIR/report as it stands in a manuscript, in the house style of the study file.

    A mean comes with SD, interval and n, a share with its count, an estimate with interval, P and n; a limit
    or a P brings the estimate it belongs to. Exit 1 when study file or data have changed since the report
    was written.
    """
    from funis.reporting.labels import Labels
    from funis.reporting.number_book import read_numbers
    from funis.reporting.number_text import write_number
    from funis.reporting.number_trace import find_number, say_older
    from funis.reporting.number_words import name_number

    study, printed, _, inputs = _read_printed(folder, limit)
    book = read_numbers(printed.numbers)
    asked = find_number(book, number)
    parts = write_number(study, book, asked)
    if inputs.changed:
        typer.echo(say_older(inputs), err=True)
    written = "".join(part.text for part in parts)
    answer = {
        "id": asked.id,
        "text": written,
        "words": name_number(Labels(study), asked),
        "style": study.report.style or "funis",
        "numbers": list(dict.fromkeys(part.id for part in parts if part.id)),
        "changed": inputs.changed,
    }
    print_answer(written, answer, as_json=json_)
    raise typer.Exit(int(bool(inputs.changed)))


def impact(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    folder: Folder,
    subject: Annotated[str, typer.Option(help="Whose value.")] = "",
    item: Annotated[
        str,
        typer.Option(
            help="Item or laboratory test; TABLE.COLUMN or labs.TEST.COLUMN where that is not enough."
        ),
    ] = "",
    value: Annotated[
        str | None, typer.Option(help="The value instead, as the tables are described; '' for none.")
    ] = None,
    visit: Annotated[
        str, typer.Option(help="At which visit; left out for a table with one row a subject.")
    ] = "",
    table: Annotated[
        str,
        typer.Option(
            help="Table of the row, where subject and visit do not name it: infusions, medications, "
            "adverse_events, lots, donors."
        ),
    ] = "",
    line: Annotated[
        int | None,
        typer.Option(help="With --table: line of the file, or row of the sheet, as funis check names it."),
    ] = None,
    json_: Json = False,
    limit: Limit = None,
) -> None:
    """List the printed numbers and the findings that differ if one value of the data were another.

    The data are read, checked, scored and analysed twice in memory, as they are and with the one value; no
    file is touched. Exit 1 when the value brings a finding at level error.
    """
    from funis.analysis.analyse import analyse
    from funis.data.changed_value import Datum, change_value
    from funis.data.tables import read_cells
    from funis.reporting.impact import find_impact
    from funis.reporting.impact_lines import say_impact
    from funis.study.read import read_study

    needed = {"--item": item, "--value": value} | (
        {} if table or line is not None else {"--subject": subject}
    )
    for option, given in needed.items():
        if given is None or (not given and option != "--value"):
            raise ValueRangeError(option, given or "", f"a text; {option} is needed")
    limits = read_limits(limit or ())
    study = read_study(existing_folder(folder))
    raw = read_cells(folder, study, limits=limits)
    changed = change_value(study, raw, Datum(subject, visit, item, value or "", table, line))
    before, after = analyse(study, changed.before), analyse(study, changed.after)
    found = find_impact(study, before, after, changed.subject, (changed.file, changed.line))
    place = f"{changed.file} line {changed.line}, {changed.column}"
    cell = {name: getattr(changed, name) for name in ("table", "file", "line", "column", "was", "now")}
    answer = {"cell": cell, **_describe_impact(found)}
    print_answer(say_impact(found, place, changed.was, changed.now), answer, as_json=json_)
    raise typer.Exit(int(found.is_error))


def _describe_impact(found: Impact) -> dict[str, Any]:
    """Give an impact with the keys of its parts."""
    kinds = ("changed", "appeared", "vanished", "unrounded")
    numbers = {kind: [each._asdict() for each in getattr(found, kind)] for kind in kinds}
    return {
        "numbers": found.numbers,
        **numbers,
        "new_findings": list_findings(found.new_findings),
        "gone_findings": list_findings(found.gone_findings),
    }


def _read_printed(folder: Path, limit: list[str] | None) -> tuple[Study, PrintedResults, RawData, Inputs]:
    """Read the report of a study, its data as they are now, and what has changed between the two."""
    from funis.data.tables import read_cells
    from funis.reporting.number_trace import compare_inputs
    from funis.results.read import read_results
    from funis.study.digest import study_digest
    from funis.study.read import read_study

    limits = read_limits(limit or ())
    study = read_study(existing_folder(folder))
    printed = read_results(folder / "report")
    raw = read_cells(folder, study, limits=limits)
    now = {each.name: each.sha256 for each in raw.files}
    return study, printed, raw, compare_inputs(printed, study_digest(study), now)


def _work_out(study: Study, raw: RawData, values: pl.DataFrame) -> list[str]:
    from funis.analysis.values_behind import work_out_values
    from funis.data.tables import check_cells
    from funis.reporting.number_trace import say_working

    worked = work_out_values(study, raw, check_cells(study, raw), values)
    return ["" if each is None else say_working(each.rule, map(astuple, each.fillings)) for each in worked]


def _describe(found: NumberTrace) -> dict[str, Any]:
    """Give a trace with the keys of its parts."""
    inputs = found.inputs
    return asdict(found) | {
        "places": None
        if found.places is None
        else [{"place": place, "is_main": is_main} for place, is_main in found.places],
        "values": [each._asdict() for each in found.values],
        "absent": [each._asdict() for each in found.absent],
        "inputs": [each._asdict() for each in (inputs.study_file, *inputs.files)],
        "changed": inputs.changed,
    }
