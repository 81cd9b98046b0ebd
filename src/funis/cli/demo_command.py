"""The command that rebuilds the published trials."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from funis.cli.answers import Json, print_answer
from funis.demo import SEED


class Scenario(StrEnum):
    """Invented scenarios that the demonstration can make."""

    RETREATMENT = "retreatment"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demonstrations.")] = Path("demo"),
    gse65391: Annotated[Path | None, typer.Option(help="Table of the real cohort GSE65391.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all draws: other patients, the same figures.")] = SEED,
    scenario: Annotated[
        Scenario | None, typer.Option(help="An invented scenario in place of both trials.")
    ] = None,
    json_: Json = False,
) -> None:
    """Rebuild both published trials, analyse them and print published beside computed."""
    from funis.demo.run_demo import describe_runs, find_differing, run_demonstrations, run_scenario

    echo = _be_silent if json_ else typer.echo
    if scenario is not None:
        runs = run_scenario(out, seed=seed, echo=echo)
    else:
        runs = run_demonstrations(out, gse65391=gse65391, seed=seed, echo=echo)
    if json_:
        print_answer("", describe_runs(runs), as_json=True)
    raise typer.Exit(int(bool(find_differing(runs))))


def _be_silent(line: str) -> None:
    """Take a line that the JSON answer has in its own form."""
