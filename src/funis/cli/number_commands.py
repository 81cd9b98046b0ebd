"""Commands about one printed number: where it comes from."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, print_answer
from funis.cli.arguments import Folder, Limit, existing_folder

if TYPE_CHECKING:
    import polars as pl

    from funis.data.cells import RawData
    from funis.reporting.number_trace import NumberTrace
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
    from funis.data.tables import read_cells
    from funis.reporting.number_trace import compare_inputs, trace_number
    from funis.results.read import read_results
    from funis.study.digest import study_digest
    from funis.study.read import read_study

    study = read_study(existing_folder(folder))
    printed = read_results(folder / "report")
    raw = read_cells(folder, study, limits=read_limits(limit or ()))
    inputs = compare_inputs(printed, study_digest(study), {each.name: each.sha256 for each in raw.files})
    found = trace_number(study, printed, number, inputs, lambda values: _work_out(study, raw, values))
    print_answer(str(found), _describe(found), as_json=json_)
    raise typer.Exit(int(bool(inputs.changed)))


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
        "values": [each._asdict() for each in found.values],
        "absent": [each._asdict() for each in found.absent],
        "inputs": [each._asdict() for each in (inputs.study_file, *inputs.files)],
        "changed": inputs.changed,
    }
