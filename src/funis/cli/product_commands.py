"""Commands of the cell product of a served study."""

from __future__ import annotations

import typer

from funis.cli.answers import Json, print_answer
from funis.cli.arguments import existing_folder
from funis.cli.serve_commands import Served, require_server

product_app = typer.Typer(help="The cell product of a served study.", rich_markup_mode=None)


@product_app.callback()
def product() -> None:
    """Keep the name of the command before its subcommand."""


@product_app.command()
def verify(folder: Served, json_: Json = False) -> None:
    """Replay the events of every unit against its stored state; exit 1 where they differ."""
    require_server("funis product verify")
    from funis.capture.serve import configure, existing_server

    configure(existing_server(existing_folder(folder).resolve()))
    from funis.capture.conduct.product.reconciling import verify_ledger

    units, events, differences = verify_ledger()
    lines = [f"{each.place}: {each.what}." for each in differences]
    text = "\n".join([*lines, f"{events} events of {units} units: {len(lines) or 'nothing'} differs."])
    answer = {
        "units": units,
        "events": events,
        "differences": [{"place": each.place, "what": each.what} for each in differences],
    }
    print_answer(text, answer, as_json=json_)
    raise typer.Exit(int(bool(lines)))
