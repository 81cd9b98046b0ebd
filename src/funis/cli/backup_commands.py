"""Commands that back up a served study and restore it beside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from funis.cli.answers import Json, print_answer
from funis.cli.arguments import existing_folder
from funis.cli.serve_commands import Served, require_server
from funis.errors import ValueRangeError

if TYPE_CHECKING:
    from funis.capture.backups import Restored

LISTED = 200
"""So many younger saves are listed; the count is of all."""


def backup_key(
    file: Annotated[Path, typer.Argument(help="File of the secret key, to be made.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="Name of the person who keeps the key.")] = "",
) -> None:
    """Make a key that opens backups; its public half goes into DIR/capture.recipients."""
    require_server("funis backup-key")
    from funis.capture.exchange.sealed import make_key

    public = make_key(file)
    typer.echo(f"The secret key is in {file}: keep it away from the server.", err=True)
    typer.echo(f"# {name}\n{public}" if name else public)


def backup(
    folder: Served,
    to: Annotated[Path, typer.Option("--to", help="File to be made.", metavar="FILE")],
    recipients: Annotated[
        Path | None,
        typer.Option(
            help="Public keys of who can open it; by default DIR/capture.recipients.", metavar="FILE"
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Back up a served study, running or not, sealed to the keys of its recipients (age format)."""
    require_server("funis backup")
    from funis.capture.backups import back_up
    from funis.capture.serve import existing_server

    configuration = existing_server(existing_folder(folder).resolve())
    made, names = back_up(configuration, to, recipients or configuration.folder / "capture.recipients")
    rows = sum(made.rows.values())
    text = (
        f"Wrote {to}: {rows} rows of {len(made.rows)} tables, {len(made.ends)} chains, {made.at}\n"
        f"root {made.root}\nIt can be opened by: {', '.join(names)}."
    )
    if len(names) == 1:
        text += "\nOne person alone can open it: name a second one, so that a lost key loses nothing."
    answer = {"file": str(to), "at": made.at, "root": made.root, "rows": made.rows, "recipients": names}
    print_answer(text, answer, as_json=json_)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", metavar="FILE")],
    to: Annotated[Path, typer.Option("--to", help="Folder to be made.", metavar="DIR")],
    key: Annotated[Path, typer.Option(help="File with the secret key of a recipient.", metavar="FILE")],
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Check trail, schema, counts and anchors; exit 1 where they differ."),
    ] = False,
    receipts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Receipts of the server as they are now: names the younger saves."),
    ] = None,
    json_: Json = False,
) -> None:
    """Restore a backup beside what is there; with receipts, name the saves that are younger than it."""
    require_server("funis restore")
    from funis.capture.backups import restore as restore_beside

    if receipts is not None and not receipts.is_file():
        raise ValueRangeError("--receipts", str(receipts), "a file")
    found = restore_beside(file, to.resolve(), key, receipts, verifies=verify)
    print_answer("\n".join(_lines(found, to)), _describe(found, to), as_json=json_)
    raise typer.Exit(int(bool(found.alterations)))


def _lines(found: Restored, to: Path) -> list[str]:
    made = found.backup
    lines = [f"Restored {to}: backup of {made.at}, {sum(made.rows.values())} rows, {len(made.ends)} chains."]
    lines += [f"{each.place}: {each.what}." for each in found.alterations]
    if found.verified is not None:
        looked = f"{found.verified.rows} rows of the trail, {found.verified.anchors} anchors"
        lines.append(f"{looked}: {len(found.alterations) or 'nothing'} altered.")
    if found.younger is None:
        lines.append("No receipts were given: which saves are younger than the backup is not known.")
    else:
        saves = found.younger.receipts
        lines.append(f"{len(saves) or 'No'} acknowledged saves are younger than the backup.")
        lines += [f"{each.at} {each.chain} {each.seq}" for each in saves[:LISTED]]
    return lines


def _describe(found: Restored, to: Path) -> dict[str, object]:
    younger = None
    if found.younger is not None:
        younger = [each.answer for each in found.younger.receipts]
    return {
        "folder": str(to),
        "at": found.backup.at,
        "root": found.backup.root,
        "rows": found.backup.rows,
        "verified": found.verified is not None,
        "alterations": [{"place": each.place, "what": each.what} for each in found.alterations],
        "younger": younger,
    }
