"""Back up a served study, and restore it beside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from funis.capture.configuration import Configuration, configuration_of
from funis.capture.serve import configure

if TYPE_CHECKING:
    from funis.capture.exchange.backup import Backup
    from funis.capture.exchange.restore import Younger
    from funis.capture.trail.verify import Alteration, Verified


def back_up(configuration: Configuration, target: Path, recipients: Path) -> tuple[Backup, list[str]]:
    """Write a backup of a server, and an event that says so; give it with the names of who can open it.

    Raises
    ------
    ValueRangeError : no recipients, a file that is there, or on PostgreSQL no owner's address
    funis.errors.OutputError : it cannot be written; nothing is left behind
    """
    configure(configuration)
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.exchange.backup import make_backup
    from funis.capture.exchange.sealed import read_recipients
    from funis.capture.study_in_force import started_with
    from funis.capture.trail.events import record_event

    found = read_recipients(recipients)
    made = make_backup(configuration, started_with().trial.id, target, found)
    names = [each.name or each.key for each in found]
    with acting(Acting(SERVER, "backup", sites=None)):
        record_event("backed up", "system", {"at": made.at, "root": made.root, "recipients": names})
    return made, names


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    Attributes
    ----------
    backup : its manifest
    verified : outcome of the check of the trail; None where none was asked for
    alterations : what is not as the manifest, the trail or the receipts say
    younger : acknowledged saves that came after the backup; None where no receipts were given
    """

    backup: Backup
    verified: Verified | None
    alterations: tuple[Alteration, ...]
    younger: Younger | None


def restore(source: Path, folder: Path, key: Path, receipts: Path | None, *, verifies: bool) -> Restored:
    """Restore a backup beside, verify it, and name the acknowledged saves that are younger than it.

    Parameters
    ----------
    source : the backup
    folder : to be made
    key : file with the secret key of a recipient
    receipts : of the server that was backed up, as they are now
    verifies : check chains, replay, schema and anchors of what was restored
    """
    from funis.capture.exchange.restore import restore_backup, younger_than
    from funis.capture.trail.receipts import read_receipts

    asked = configuration_of(folder)
    given = list(read_receipts(receipts)) if receipts else []
    made = restore_backup(source, folder, key, asked.owner)
    younger = younger_than(made, given) if receipts else None
    if not verifies:
        return Restored(made, None, (), younger)
    configure(replace(asked, database=asked.owner if made.kind == "postgresql" else ""))
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.exchange.restore import differing_ends, older_than
    from funis.capture.trail.make_anchor import present_ends
    from funis.capture.trail.rows import read_rows
    from funis.capture.trail.verify import Alteration, Witnesses, check_receipts, verify_trail

    anchors = asked.anchors_file if asked.anchors_file.is_file() else None
    verified = verify_trail(made.study, Witnesses(anchors=anchors))
    with acting(Acting(SERVER, sites=None), is_snapshot=True):
        moved = differing_ends(made, present_ends())
        gone = list(check_receipts(read_rows(), older_than(made, given)))
    ends = [Alteration(chain, "does not end as the manifest of the backup says") for chain in moved]
    return Restored(made, verified, (*verified.alterations, *ends, *gone), younger)
