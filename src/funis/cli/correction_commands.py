"""Commands that correct the sheets of a study by what a person approved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, print_answer
from funis.cli.arguments import Folder, Limit, existing_folder

if TYPE_CHECKING:
    from funis.study.model import Study

Corrections = Annotated[
    Path, typer.Argument(help="Table that funis check --corrections wrote.", metavar="FILE")
]


def correct(folder: Folder, file: Corrections, json_: Json = False, limit: Limit = None) -> None:
    """Write approved corrections into the tables of a study: the rows of FILE whose approve is yes.

    All of them are applied or none: a cell that no longer holds what was found stops everything. The tables
    as they were are kept in data/before/.
    """
    from funis.data.corrections.apply import apply_corrections
    from funis.study.read import read_study

    limits = read_limits(limit or ())
    study = read_study(existing_folder(folder))
    applied = apply_corrections(study, folder, file, limits=limits)
    count = len(applied.corrections)
    cells = "1 cell" if count == 1 else f"{count} cells"
    lines = [f"{cells} corrected. Next: funis check {folder}"] if count else []
    lines += [
        f"{path}, as it was: {kept}" for path, kept in zip(applied.files, applied.originals, strict=True)
    ]
    answer = {
        "corrected": [
            {"place": str(each.place), "found": each.found, "proposed": each.proposed}
            for each in applied.corrections
        ],
        "files": list(map(str, applied.files)),
        "originals": list(map(str, applied.originals)),
    }
    text = "\n".join(lines) or "Nothing is approved: write yes into approve and run the command again."
    print_answer(text, answer, as_json=json_)


def write_corrections_of(study: Study, folder: Path, file: Path, limit: list[str] | None) -> None:
    """Write the table of proposed corrections, and say so on standard error."""
    from funis.data.corrections.apply import write_proposals

    proposed, asked, kept = write_proposals(study, folder, file, limits=read_limits(limit or ()))
    typer.echo(f"Wrote {file}: {proposed} proposed, {asked} to ask about.", err=True)
    if kept is not None:
        typer.echo(f"The earlier table with decisions is kept as {kept}.", err=True)
    if proposed:
        typer.echo(f"Write yes into approve, then: funis correct {folder} {file}", err=True)
