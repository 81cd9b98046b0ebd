"""Commands of the capture server: serve a study, its first administrator, data out and in, the trail."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from funis.cli.answers import Json, print_answer
from funis.cli.arguments import existing_folder
from funis.errors import MissingExtraError, ValueRangeError

if TYPE_CHECKING:
    from funis.capture.configuration import Configuration

OptionalFolder = Annotated[
    Path | None, typer.Argument(help="Study folder; with --demo the folder to be made.", metavar="[DIR]")
]
Served = Annotated[Path, typer.Argument(help="Study folder that was served.", metavar="DIR")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of this machine.")]


def serve(
    folder: OptionalFolder = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Fill a lupus trial that runs now: invented patients, users at four sites."
        ),
    ] = False,
    port: Port = 8000,
    accounts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --demo: write its users as JSON.")
    ] = None,
    qualify: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Start nothing: write the report of a qualification into OUT; exit 1 where a check failed.",
        ),
    ] = None,
) -> None:
    """Run the trial in a browser: forms, visits, consent and an audit trail, made from the study file."""
    require_server("funis serve")
    from funis.capture.configuration import configuration_of
    from funis.capture.serve import check_data, prepare, run

    if qualify is not None:
        _qualify(folder, qualify)
    if accounts is not None and not demo:
        raise ValueRangeError("--accounts", str(accounts), "only with --demo")
    if demo:
        configuration = _fill_demo(folder or Path("demo-trial"), accounts)
    else:
        if folder is None:
            raise ValueRangeError("study folder", "none", "a folder with study.toml", "Give DIR, or --demo.")
        configuration = configuration_of(existing_folder(folder).resolve())
        prepare(configuration)
        check_data()
        _tell_waiting(folder)
    run(configuration, port, lambda words: typer.echo(words, err=True))


def _tell_waiting(folder: Path) -> None:
    """Say at which sites a version of the study that was loaded waits for its approval."""
    from funis.capture.study_changes import sites_without_newest

    number, sites = sites_without_newest()
    if sites:
        typer.echo(
            f"Version {number} of the study file is loaded and not in force at {', '.join(sites)}. "
            f"What differs: funis study-version difference {folder}, or the page Study.",
            err=True,
        )


def _qualify(folder: Path | None, out: Path) -> NoReturn:
    """Qualify an installation by the study file of a folder, or of the lupus template, and end."""
    from funis.capture.configuration import DATABASE, configuration_of
    from funis.capture.qualify import qualify_installation
    from funis.study.read import FILE_NAME, template_path

    installed = None
    study_file = template_path("sle")
    if folder is not None:
        folder = existing_folder(folder).resolve()
        study_file = folder / FILE_NAME
        is_served = configuration_of(folder).sqlite_file.is_file() and DATABASE not in os.environ
        installed = folder if is_served else None
    counted = qualify_installation(study_file, out, installed)
    words = ", ".join(f"{name}: {count}" for name, count in counted.items() if count)
    typer.echo(f"Wrote {out / 'qualification.html'} and {out / 'qualification.json'}. Statements: {words}.")
    raise typer.Exit(int(bool(counted.get("failed"))))


def serve_admin(
    folder: Served,
    login: Annotated[str, typer.Option(prompt=True, help="Name typed at the door.")],
    printed_name: Annotated[str, typer.Option(prompt=True, help="Name as it stands beside what is done.")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="At least 12 characters; better typed than given as an option.",
        ),
    ],
) -> None:
    """Make the first administrator of accounts of a study that was served; in a blinded trial two."""
    require_server("funis serve-admin")
    from django.core.exceptions import ValidationError

    from funis.capture.serve import add_administrator, configure, existing_server

    configure(existing_server(existing_folder(folder).resolve()))
    try:
        add_administrator(login, printed_name, password)
    except ValidationError as error:
        raise ValueRangeError("password", "one that is too weak", " ".join(error.messages)) from error
    typer.echo("The administrator may log in and add the accounts of the others.")


def export(
    folder: Served,
    out: Annotated[Path, typer.Argument(help="Folder to be made.", metavar="OUT")],
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="As the data were then: a day (its end), or day and time, in the study's time zone.",
        ),
    ] = "",
    unblinded: Annotated[
        bool,
        typer.Option(
            "--unblinded", help="With the arms of a trial that blinds somebody; this stands in the trail."
        ),
    ] = False,
    json_: Json = False,
) -> None:
    """Write the data folder of a served study, exactly as funis report reads it."""
    require_server("funis export")
    from funis.capture.serve import existing_server, export_data

    server = existing_server(existing_folder(folder).resolve())
    rows = export_data(server, out, as_of, is_unblinded=unblinded)
    words = ", ".join(f"{name} {count}" for name, count in rows.items())
    print_answer(f"Wrote {out}. Rows: {words}.", {"folder": str(out), "rows": rows}, as_json=json_)


def load(
    folder: Served,
    source: Annotated[Path, typer.Argument(help="Study folder with data/.", metavar="FROM")],
    json_: Json = False,
) -> None:
    """Load a data folder into a served study that holds no subjects: whole or not at all."""
    require_server("funis load")
    from funis.capture.serve import existing_server, load_data

    rows = load_data(existing_server(existing_folder(folder).resolve()), existing_folder(source))
    words = ", ".join(f"{name} {count}" for name, count in rows.items())
    print_answer(f"Loaded {source}. Rows: {words}.", {"rows": rows}, as_json=json_)


trail_app = typer.Typer(help="The audit trail of a served study.", rich_markup_mode=None)


@trail_app.callback()
def trail() -> None:
    """Keep the name of the command before its subcommand."""


@trail_app.command()
def verify(
    folder: Served,
    receipts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Receipts of saves; by default those of DIR.")
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Signed anchors; by default those of DIR.")
    ] = None,
    key: Annotated[
        str, typer.Option(metavar="HEX", help="Public key that must have signed the anchors.")
    ] = "",
    json_: Json = False,
) -> None:
    """Verify the audit trail; exit 1 when anything was altered."""
    require_server("funis audit-trail verify")
    from funis.capture.serve import existing_server, verify_server

    found = verify_server(existing_server(existing_folder(folder).resolve()), receipts, anchors, key)
    looked = f"{found.rows} rows in {found.chains} chains, {found.receipts} receipts, {found.anchors} anchors"
    lines = [f"{each.place}: {each.what}." for each in found.alterations]
    taken_out = [
        f"{each.chain}: words taken out of {each.texts} texts, asked for by {each.asked_by}, confirmed by "
        f"{each.confirmed_by} at {each.at}: {each.reason}"
        for each in found.redactions
    ]
    text = "\n".join(
        [*lines, *taken_out, f"{looked}: {len(lines) or 'nothing'} altered, {len(taken_out)} redactions."]
    )
    answer = {
        "rows": found.rows,
        "chains": found.chains,
        "receipts": found.receipts,
        "anchors": found.anchors,
        "alterations": [{"place": each.place, "what": each.what} for each in found.alterations],
        "redactions": [asdict(each) for each in found.redactions],
    }
    print_answer(text, answer, as_json=json_)
    raise typer.Exit(int(bool(lines)))


@trail_app.command()
def anchor(folder: Served, json_: Json = False) -> None:
    """Sign the ends of all chains and add the anchor to its file; keep a copy of each line elsewhere."""
    require_server("funis audit-trail anchor")
    from funis.capture.serve import anchor_server, existing_server

    configuration = existing_server(existing_folder(folder).resolve())
    made = anchor_server(configuration)
    text = (
        f"{made.chains} chains, {made.at}\nroot {made.root}\nkey {made.key}\nsignature {made.signature}\n"
        f"Added to {configuration.anchors_file}. Keep a copy where the owner of the database cannot write."
    )
    answer = {name: getattr(made, name) for name in ("study", "at", "chains", "root", "key", "signature")}
    print_answer(text, answer, as_json=json_)


def _fill_demo(folder: Path, accounts: Path | None) -> Configuration:
    """Make the folder of the demonstration, its users and their file."""
    from funis.capture.serve import fill_demo
    from funis.demo.running import amended_text, reconstruct_running
    from funis.files import write_whole
    from funis.study.today import read_clock

    if folder.exists() and any(folder.iterdir()):
        raise ValueRangeError("folder of the demonstration", str(folder), "an empty folder, or none")
    made = reconstruct_running(folder, read_clock().date())
    configuration, users = fill_demo(made.resolve(), amended_text)
    if accounts is not None:
        write_whole(accounts, json.dumps(users, indent=1) + "\n")
        accounts.chmod(0o600)
    for user in users:
        typer.echo(f"{user['user']}  {user['password']}", err=True)
    return configuration


def require_server(what: str) -> None:
    """Refuse a command where the libraries of the server are not installed."""
    for library in ("django", "granian", "cryptography"):
        if find_spec(library) is None:
            raise MissingExtraError(what, library, "server")
