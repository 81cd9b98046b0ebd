"""Commands about documents that were written and are edited elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funis.cli.answers import Json, print_answer
from funis.cli.arguments import Folder, existing_folder
from funis.documents.formats import require_library
from funis.errors import ValueRangeError

WordFile = Annotated[Path, typer.Argument(help="A report.docx of the study, edited or not.", metavar="FILE")]


def check_document(folder: Folder, file: WordFile, json_: Json = False) -> None:
    """Compare every number of a Word file with the results in DIR/report; exit 1 when one differs.

    A number may be set otherwise or rounded to fewer decimals. What was typed by hand is not compared.
    """
    require_library("funis check-document", "docx")
    from funis.reporting.document_check import check_document as check
    from funis.results.read import read_number_list

    # The list of numbers alone is compared: its report may have been sent without the files beside it.
    numbers = read_number_list(existing_folder(folder) / "report")
    if not file.is_file():
        raise ValueRangeError("Word file", str(file), "a file that exists")
    found = check(file, numbers)
    answer = {
        "compared": found.compared,
        "differences": [each._asdict() for each in found.differences],
        "lost": list(found.lost),
    }
    print_answer(found.text, answer, as_json=json_)
    raise typer.Exit(int(bool(found.differences)))
