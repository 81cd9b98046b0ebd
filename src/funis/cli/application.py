"""The application: its commands by name, and what every command has in common."""

from __future__ import annotations

import gc
import logging
import sys
from difflib import get_close_matches
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from funis.cli import instrument_commands, study_commands
from funis.cli.demo_command import demo
from funis.cli.docs_command import docs
from funis.errors import FunisError


class NearestGroup(TyperGroup):
    """A group of commands that names the nearest one when there is none of the name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find a command, or fail with the nearest name."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            near = get_close_matches(args[0], self.commands, n=1, cutoff=0.5)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"There is no command '{args[0]}'.{hint} Commands: {', '.join(self.commands)}.")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="funis",
    cls=NearestGroup,
    help="Cell-therapy trials in autoimmune disease, from protocol to paper.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
instruments_app = typer.Typer(cls=NearestGroup, help="What funis can score.", rich_markup_mode=None)
app.add_typer(instruments_app, name="instruments")

for command in (study_commands.new, study_commands.check, study_commands.report, study_commands.multiverse):
    app.command()(command)
app.command("study-schema")(study_commands.study_schema)
app.command()(demo)
app.command()(docs)
app.command()(instrument_commands.score)
app.command()(instrument_commands.explain)
instruments_app.callback(invoke_without_command=True)(instrument_commands.instruments)
instruments_app.command()(instrument_commands.show)


def main() -> NoReturn:
    """Run the command line; what the user can correct is one message, not a traceback."""
    # A command ends soon: searching everything it has read for dead cycles costs more than it frees.
    gc.set_threshold(200_000, 20, 50)
    try:
        app()
    except FunisError as error:
        typer.echo(f"funis: {error}", err=True)
    except BrokenPipeError:
        # The reader (such as head) has seen enough.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(2)


@app.callback(invoke_without_command=True)
def _version(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Report on standard error what is read, computed and written.")
    ] = False,
) -> None:
    """Cell-therapy trials in autoimmune disease, from protocol to paper."""
    if verbose:
        logger = logging.getLogger("funis")
        logger.setLevel(logging.INFO)
        logger.addHandler(logging.StreamHandler())
    if version:
        from funis import __version__

        typer.echo(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
