"""The command that opens the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funis.cli.answers import Json, print_answer

PACKAGE = Path(__file__).resolve().parents[1]
PLACES = (PACKAGE / "manual" / "index.html", PACKAGE.parents[1] / "build" / "site" / "html" / "index.html")
"""Where the documentation may be: in the installed package; in a working copy, once it was built."""


def docs(
    no_open: Annotated[bool, typer.Option("--no-open", help="Only say where it is.")] = False,
    json_: Json = False,
) -> None:
    """Open the documentation in the browser, or say where it is. It needs no network."""
    page = next((place for place in PLACES if place.is_file()), None)
    if page is None:
        typer.echo(
            "This installation came without the documentation. 'make docs' in the project's folder builds it "
            "into build/site/html; 'make wheel' builds a package that holds it.",
            err=True,
        )
        raise typer.Exit(2)
    opened = not no_open and _open_page(page)
    print_answer(str(page), {"page": str(page), "opened": opened}, as_json=json_)


def _open_page(page: Path) -> bool:
    import webbrowser

    opened = webbrowser.open(page.as_uri())
    if not opened:
        typer.echo("No browser was found; open the page yourself.", err=True)
    return opened
