"""The application: its commands by name, and what every command has in common."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
import traceback
from contextlib import suppress
from difflib import get_close_matches
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from funis.cli import (
    audit_commands,
    backup_commands,
    correction_commands,
    design_commands,
    document_commands,
    instrument_commands,
    number_commands,
    pool_commands,
    printing_commands,
    product_commands,
    serve_commands,
    simulate_commands,
    study_commands,
    study_version_commands,
)
from funis.cli.abstract_command import abstract
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
design_app = typer.Typer(
    cls=NearestGroup,
    help="How many patients, when to look, when to stop.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(design_app, name="design")
for find in (
    design_commands.simon, design_commands.exact, design_commands.paired, design_commands.means,
    design_commands.rates, design_commands.mmrm, design_commands.sequential, design_commands.logrank,
    design_commands.safety, design_commands.monitor, design_commands.boin, design_commands.crm,
    design_commands.bryant_day, design_commands.two_endpoints, design_commands.after_two_stages,
    design_commands.smart,
):  # fmt: skip
    design_app.command()(find)
design_app.command("map")(design_commands.map_)

for command in (study_commands.new, study_commands.check, study_commands.report, study_commands.multiverse):
    app.command()(command)
app.command()(correction_commands.correct)
app.command()(number_commands.trace)
app.command()(number_commands.text)
app.command()(number_commands.impact)
app.command()(abstract)
app.command("check-document")(document_commands.check_document)
app.command()(audit_commands.audit)
app.command("study-schema")(study_commands.study_schema)
app.command()(pool_commands.pool)
app.command()(simulate_commands.calibrate)
app.command()(simulate_commands.simulate)
app.command()(simulate_commands.reinfuse)
app.command()(demo)
app.command()(docs)
app.command()(serve_commands.serve)
app.command("serve-admin")(serve_commands.serve_admin)
app.command()(serve_commands.export)
app.command()(serve_commands.load)
app.command("case-book")(printing_commands.case_book)
app.command("blank-forms")(printing_commands.blank_forms)
app.add_typer(serve_commands.trail_app, name="audit-trail")
app.command()(backup_commands.backup)
app.command("backup-key")(backup_commands.backup_key)
app.command()(backup_commands.restore)
app.add_typer(product_commands.product_app, name="product")
app.add_typer(study_version_commands.version_app, name="study-version")
app.command()(instrument_commands.score)
app.command()(instrument_commands.explain)
instruments_app.callback(invoke_without_command=True)(instrument_commands.instruments)
instruments_app.command()(instrument_commands.show)


def main() -> NoReturn:
    """Run the command line; what the user can correct is one message, not a traceback.

    The process ends with 0 (done), 1 (the data have errors, or a published figure differs), 2 (the command
    cannot be carried out) or 130 (interrupted from the keyboard).
    """
    # A command ends soon: searching everything it has read for dead cycles costs more than it frees.
    gc.set_threshold(1_000_000, 20, 50)
    # The interpreter searches once more as it ends; what is frozen it leaves to the system.
    atexit.register(gc.freeze)
    try:
        _run()
    except FunisError as error:
        _say(str(error))
    except OSError as error:
        place = f"'{error.filename}': " if error.filename is not None else ""
        _say(f"{place}{error.strerror or type(error).__name__}.")
    except MemoryError:
        _say("There is not enough memory for this. What stood on the disk is as it was.")
    except Exception:  # noqa: BLE001 - Python would end with 1, which says that the data have errors
        with suppress(OSError):
            traceback.print_exc()
        _say("this is a fault of funis, not of the data. Please report it with the lines above.")
    sys.exit(2)


def _run() -> None:
    """Run a command; a reader of its answer that has seen enough (such as head) is no error."""
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        _stop_writing()
    except BrokenPipeError:
        _stop_writing()


def _stop_writing() -> NoReturn:
    # The interpreter would try again to write what is left, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(0)


def _say(message: str) -> None:
    with suppress(OSError):
        typer.echo(f"funis: {message}", err=True)


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
