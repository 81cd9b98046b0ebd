"""The command that rebuilds the published trials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demonstrations.")] = Path("demo"),
    gse65391: Annotated[Path | None, typer.Option(help="Table of the real cohort GSE65391.")] = None,
) -> None:
    """Rebuild both published trials, analyse them and print published beside computed."""
    from funis.demo.run_demo import run_demo

    raise typer.Exit(run_demo(out, gse65391=gse65391, echo=typer.echo))
