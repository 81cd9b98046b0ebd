"""Commands about the printed figures of papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, print_answer
from funis.cli.arguments import Limit

PrintedFile = Annotated[
    Path,
    typer.Argument(
        help="Plain text, Markdown, HTML or PDF of a paper, or a TOML of its figures.", metavar="FILE"
    ),
]
SecondFile = Annotated[
    Path | None, typer.Argument(help="Another report of the same trial.", metavar="FILE2", show_default=False)
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="OUT", help="Write a page with the text, its figures marked, and the findings."
    ),
]

StudyTable = Annotated[
    Path | None,
    typer.Option(
        "--export", metavar="TABLE", help="Write means, medians and counts as a CSV that funis pool reads."
    ),
]


def audit(
    file: PrintedFile,
    second: SecondFile = None,
    html: Page = None,
    export: StudyTable = None,
    json_: Json = False,
    limit: Limit = None,
) -> None:
    """Check whether the printed figures of a paper fit together; exit 1 when some do not.

    Each finding has the sentence, the arithmetic, how sure it is and what to ask the authors. Two files are
    two reports of one trial.
    """
    from funis.audit.answer_text import write_answer
    from funis.audit.papers import audit_file
    from funis.audit.reading.read import LIMITS
    from funis.files import write_whole

    found = audit_file(file, second, read_limits(limit or (), LIMITS))
    if html is not None:
        from funis.audit.page import render_audit_page

        write_whole(html, render_audit_page(found))
    if export is not None:
        from funis.audit.pool.export import export_papers

        typer.echo(export_papers(found.papers, export, inputs=(file, second)), err=True)
    print_answer(write_answer(found), [each.as_record() for each in found.findings], as_json=json_)
    raise typer.Exit(int(found.has_errors))
