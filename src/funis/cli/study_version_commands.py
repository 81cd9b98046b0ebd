"""Commands of the versions of a served study: compare its changed file, load it, put it in force."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from funis.cli.answers import Json, print_answer
from funis.cli.arguments import existing_folder
from funis.cli.serve_commands import Served, require_server
from funis.errors import ValueRangeError

version_app = typer.Typer(help="The versions of the study file of a served study.", rich_markup_mode=None)
Reason = Annotated[str, typer.Option(help="Why, such as the amendment and who approved it.")]


@version_app.callback()
def study_version() -> None:
    """Keep the name of the command before its subcommand."""


@version_app.command()
def difference(folder: Served, json_: Json = False) -> None:
    """Compare the study file of DIR with the version in force: what changes, whom it touches."""
    _configure(folder, "funis study-version difference")
    from funis.capture.study_changes import preview_file, tell_preview

    preview = preview_file((folder / "study.toml").read_text(encoding="utf-8"))
    text, answer = tell_preview(preview)
    print_answer(text, answer, as_json=json_)


@version_app.command("load")
def load_version(folder: Served, reason: Reason, json_: Json = False) -> None:
    """Load the study file of DIR as a new version, in force nowhere yet; data keep their version."""
    _configure(folder, "funis study-version load")
    from funis.capture.study_changes import load_file

    version = load_file((folder / "study.toml").read_text(encoding="utf-8"), _read_reason(reason))
    print_answer(
        f"Version {version.number}. Put it in force: funis study-version put-in-force, or the page Study.",
        {"version": version.number, "sha256": version.sha256},
        as_json=json_,
    )


@version_app.command("put-in-force")
def put_version_in_force(
    folder: Served,
    approved: Annotated[str, typer.Option(metavar="DAY", help="Day of the approval at the site.")],
    reason: Reason,
    site: Annotated[
        list[str] | None, typer.Option(metavar="SITE", help="Code of a site, several times; absent: all.")
    ] = None,
    since: Annotated[str, typer.Option(metavar="DAY", help="First day; absent: today.")] = "",
    json_: Json = False,
) -> None:
    """Let sites work with the newest version that was loaded, from a day on."""
    _configure(folder, "funis study-version put-in-force")
    from funis.capture.study_changes import put_newest_in_force

    first = _read_day("--since", since) if since else None
    number, sites = put_newest_in_force(
        site or [], _read_day("--approved", approved), first, _read_reason(reason)
    )
    print_answer(
        f"Version {number} is in force at {', '.join(sites)}.",
        {"version": number, "sites": sites},
        as_json=json_,
    )


def _configure(folder: Path, what: str) -> None:
    require_server(what)
    from funis.capture.serve import configure, existing_server

    configure(existing_server(existing_folder(folder).resolve()))


def _read_day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueRangeError(option, text, "a day as YYYY-MM-DD") from error


def _read_reason(text: str) -> str:
    if not text.strip():
        raise ValueRangeError("--reason", "nothing", "why")
    return text.strip()
