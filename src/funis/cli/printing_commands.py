"""Commands that write case books and blank forms as PDF."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from funis.cli.arguments import existing_folder
from funis.cli.serve_commands import Served, require_server
from funis.files import write_whole


class PrintedLanguage(StrEnum):
    """Language of what is printed."""

    en = "en"
    zh_hans = "zh-hans"


Out = Annotated[Path, typer.Argument(help="File to be made.", metavar="OUT")]
In = Annotated[PrintedLanguage, typer.Option("--language", help="Language of the words.")]


def case_book(
    folder: Served,
    subject: Annotated[str, typer.Argument(help="Number of the subject.", metavar="SUBJECT")],
    out: Out,
    language: In = PrintedLanguage.en,
) -> None:
    """Write the case book of a subject as PDF: values, scores, queries, signatures, corrections, versions."""
    require_server("funis case-book")
    from funis.capture.printing import print_case_book
    from funis.capture.serve import existing_server

    configuration = existing_server(existing_folder(folder).resolve())
    write_whole(out, print_case_book(configuration, subject, language.value))
    typer.echo(f"Wrote {out}.")


def blank_forms(
    folder: Annotated[Path, typer.Argument(help="Study folder.", metavar="DIR")],
    out: Out,
    visit: Annotated[str, typer.Option(help="One planned visit, by its name in the study file.")] = "",
    language: In = PrintedLanguage.en,
) -> None:
    """Write the blank forms of all visits as PDF, to be filled in by hand where there is no server."""
    from funis.capture.printing import print_blank_forms

    write_whole(out, print_blank_forms(existing_folder(folder), visit, language.value))
    typer.echo(f"Wrote {out}.")
