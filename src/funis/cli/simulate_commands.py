"""Commands that simulate: the calibrated disease model, virtual trials, policies of infusing again."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funis.cli.answers import Json, print_answer

if TYPE_CHECKING:
    from funis.simulate.pages.simulation_page import ToldSimulation

Html = Annotated[Path | None, typer.Option("--html", help="File to write, with the pictures.")]
Relapses = Annotated[
    str, typer.Option(help="Report of relapse that is believed: abstract, five_year or yearly.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of all draws.")]
Steps = Annotated[int, typer.Option(min=20, help="Of every walker of the chain.")]


def calibrate(
    relapses: Relapses = "yearly",
    seed: Seed = 1,
    steps: Steps = 10_000,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Calibrate the disease model to published figures: what they say about waning, and what not."""
    from funis.simulate.calibration import calibrate as find
    from funis.simulate.pages.calibration_page import tell_calibration

    found = find(relapses, seed=seed, steps=steps)
    _answer(tell_calibration(found), _record(found), html, as_json=json_)
    if not found.is_usable:
        raise typer.Exit(1)


def _answer(told: ToldSimulation, record: Any, html: Path | None, *, as_json: bool) -> None:
    """Print an answer, and write its page where one is asked for."""
    from funis.simulate.pages.simulation_page import build_page, write_page_text

    if html is not None:
        from funis.documents.html import render_page
        from funis.files import write_whole

        write_whole(html, render_page(build_page(told)))
    words = {"paragraphs": list(told.paragraphs), "cautions": list(told.cautions)}
    print_answer(write_page_text(told), {**record, **words}, as_json=as_json)


def _record(value: Any) -> Any:
    """Make a value one that JSON has: no draws, no infinity."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: _record(each) for name, each in named.items() if not hasattr(each, "dtype")}
    if isinstance(value, dict):
        return {key: _record(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_record(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
