"""Checks of the trail, of what the database refuses, and of copies: each does it and says what it found."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.db import connection, transaction

from funis.capture.backups import back_up
from funis.capture.casebook.book import make_case_book
from funis.capture.casebook.wording import BookWords
from funis.capture.database import postgresql_triggers, sqlite_triggers
from funis.capture.database.audited_tables import audited_tables
from funis.capture.database.fingerprint import read_fingerprint
from funis.capture.exchange.export import export_study
from funis.capture.exchange.manifest import FILE as MANIFEST
from funis.capture.exchange.sealed import make_key
from funis.capture.qualification.scratch import (
    ACTOR,
    CheckNotRunError,
    ScratchTrial,
    act,
    enter,
    expect,
    is_refused,
)
from funis.capture.safe_start import refuse_unsafe
from funis.capture.study_in_force import started_with
from funis.capture.trail.history import read_history
from funis.capture.trail.rows import Row, read_head, read_heads, read_rows
from funis.capture.trail.verify import check_chains, last_schema, verify_trail

_PAST: Final = {
    "sqlite": (
        "UPDATE capture_trail SET payload = '{}'",
        "DELETE FROM capture_trail",
        "INSERT OR REPLACE INTO capture_trail SELECT chain, seq, '{}', hash FROM capture_trail LIMIT 1",
        "DELETE FROM capture_chain",
    ),
    "postgresql": (
        "UPDATE capture_trail SET payload = '{}'",
        "DELETE FROM capture_trail",
        "TRUNCATE capture_trail",
        "INSERT INTO capture_trail VALUES ('system', 999, '{}', '')",
        "UPDATE capture_chain SET seq = 0",
        "ALTER TABLE capture_form DISABLE TRIGGER ALL",
        "DROP TRIGGER capture_form_recorded ON capture_form",
        "CREATE OR REPLACE FUNCTION capture_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN; END'",
        "SET session_replication_role = replica",
        "COPY capture_form TO PROGRAM 'cat'",
        "SELECT capture_append('changed', 'system', '', '', 0, '{}', '{}')",
        "ALTER TABLE capture_trail OWNER TO CURRENT_USER",
        "TRUNCATE capture_form CASCADE",
    ),
}


def triggers_of_every_table(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Find every trigger of every audited table, switched on."""
    tables = audited_tables()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            wanted = {name for _, name, _ in postgresql_triggers.make_triggers(tables)}
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")
        else:
            wanted = {name for name, _ in sqlite_triggers.make_triggers(tables, "")}
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {row[0] for row in cursor.fetchall()}
    expect(wanted <= found, f"missing: {', '.join(sorted(wanted - found))}")
    return f"{len(wanted)} triggers of {len(tables)} tables"


def change_leaves_old_and_new(trial: ScratchTrial) -> str:
    """Enter a value and change it: the trail has who, when, why, old and new."""
    first, second = trial.values
    name = trial.field.name
    enter(trial, None, first)
    enter(trial, first, second, "qualification: changed")
    last = act(lambda: list(read_history(f"subject:{trial.subject.pk}", trial.form.pk)))[-1]
    told = (last.actor, last.reason, last.items.get(name))
    expect(told == (ACTOR, "qualification: changed", (first, second)), f"the trail tells {told}")
    expect(last.at.endswith("Z"), f"time {last.at}")
    enter(trial, second, None, "qualification: emptied")
    return f"{name}: {first} → {second}, by {last.actor}, {last.at}, {last.reason}"


def change_without_reason_is_refused(trial: ScratchTrial) -> str:
    """Change a row by a statement without a reason."""
    statement = f"UPDATE capture_form SET revision = revision + 1 WHERE id = '{trial.form.pk}'"  # noqa: S608
    expect(is_refused(statement, reason=""), "the database took a change without a reason")
    return "refused by the database"


def deletion_is_refused(trial: ScratchTrial) -> str:
    """Delete a form, a subject and its consent."""
    key = trial.subject.pk
    statements = (
        f"DELETE FROM capture_form WHERE id = '{trial.form.pk}'",  # noqa: S608
        f"DELETE FROM capture_consent WHERE subject_id = '{key}'",  # noqa: S608
        f"DELETE FROM capture_subject WHERE id = '{key}'",  # noqa: S608
    )
    taken = [each for each in statements if not is_refused(each)]
    expect(not taken, f"the database took: {'; '.join(taken)}")
    return f"{len(statements)} of {len(statements)} statements refused"


def data_keep_their_version(trial: ScratchTrial) -> str:
    """Move a form to another version of the study, and to another subject's site."""
    begin = "UPDATE capture_form SET revision = revision + 1,"
    statements = [
        f"{begin} {moved} WHERE id = '{trial.form.pk}'" for moved in ("version_id = 'x'", "site = '?'")
    ]
    taken = [each for each in statements if not is_refused(each)]
    expect(not taken, f"the database took: {'; '.join(taken)}")
    return f"{len(statements)} of {len(statements)} statements refused"


def trail_is_not_written_past_the_server(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Write, change and remove rows of the trail as the role of the server."""
    statements = _PAST[connection.vendor]
    taken = [each for each in statements if not is_refused(each)]
    expect(not taken, f"the database took: {'; '.join(taken)}")
    return f"{len(statements)} of {len(statements)} statements refused"


def schema_is_as_made(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Compare the schema with its fingerprint in the trail; without one trigger it is another."""
    prepared: str = act(lambda: last_schema(read_rows("system")))
    expect(prepared == read_fingerprint(), "the schema is not as it was made")
    if connection.vendor == "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER capture_form_changed")
            without = read_fingerprint()
            transaction.set_rollback(True)
        expect(without != prepared, "a trigger that is gone is not seen")
    return f"SHA-256 {prepared}"


def trail_is_whole(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Verify chains, replay and schema of the scratch trial."""
    found = verify_trail(started_with().trial.id)
    expect(not found.alterations, "; ".join(f"{each.place}: {each.what}" for each in found.alterations))
    return f"{found.rows} rows in {found.chains} chains, nothing altered"


def alterations_are_found(trial: ScratchTrial) -> str:
    """Alter, remove, insert and exchange rows in a copy of a chain, and set its head back."""
    chain = f"subject:{trial.subject.pk}"
    rows, heads = act(lambda: (list(read_rows(chain)), {chain: read_heads()[chain]}))
    middle = len(rows) // 2
    altered = replace(rows[middle], payload=rows[middle].payload.replace(ACTOR, "somebody"))
    short = {chain: replace(heads[chain], seq=heads[chain].seq - 1, hash=rows[-2].hash)}
    attacks: dict[str, tuple[list[Row], object]] = {
        "a row altered": ([*rows[:middle], altered, *rows[middle + 1 :]], heads),
        "a row removed": ([*rows[:middle], *rows[middle + 1 :]], heads),
        "a row put in twice": ([*rows[:middle], rows[middle], *rows[middle:]], heads),
        "two rows exchanged": ([*rows[:-2], rows[-1], rows[-2]], heads),
        "the newest row removed": (rows[:-1], heads),
        "the head set back": (rows, short),
    }
    study = started_with().trial.id
    unseen = [name for name, (given, ends) in attacks.items() if not list(check_chains(given, ends, study))]  # type: ignore[arg-type]
    expect(not unseen, f"not found: {', '.join(unseen)}")
    expect(not list(check_chains(rows, heads, study)), "found where nothing was altered")
    return f"{len(attacks)} of {len(attacks)} found: {', '.join(attacks)}"


def standard_library_verifies(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Compute every hash of the trail by SHA-256 of the standard library alone."""
    study, ends, wrong, count = started_with().trial.id, dict[str, str](), 0, 0
    for row in act(lambda: list(read_rows())):
        before = ends.get(row.chain) or hashlib.sha256(f"funis{study}{row.chain}".encode()).hexdigest()
        ends[row.chain] = hashlib.sha256((before + row.payload).encode()).hexdigest()
        wrong += ends[row.chain] != row.hash
        count += 1
    expect(not wrong, f"{wrong} of {count} hashes differ")
    return f"{count} of {count} hashes agree"


def times_are_utc(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Read the time of every row of the trail."""
    times = [row.said["at"] for row in act(lambda: list(read_rows()))]
    expect(all(each.endswith("Z") and len(each) == 27 for each in times), "a time is not UTC")
    return f"{len(times)} times, all UTC"


def clock_agrees(trial: ScratchTrial) -> str:
    """Compare the clocks, and look for known secrets, as each start does."""
    refuse_unsafe(trial.configuration.folder)
    return "clocks within 2 s, secrets drawn"


def export_agrees_with_its_manifest(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Export the scratch trial and compare each file with its hash in the manifest."""
    with TemporaryDirectory() as place:
        out = Path(place) / "out"
        act(lambda: export_study(out))
        told = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["sha256"]
        wrong = [
            name for name, digest in told.items()
            if hashlib.sha256((out / name).read_bytes()).hexdigest() != digest
        ]  # fmt: skip
    expect(told and not wrong, f"differ: {', '.join(wrong) or 'no file is told'}")
    return f"{len(told)} of {len(told)} files agree"


def case_book_is_made(trial: ScratchTrial) -> str:
    """Make the case book of the subject; it names the end of the chain."""
    book, head = act(
        lambda: (
            make_case_book(trial.subject, BookWords(str, "en"), ACTOR),
            read_head(f"subject:{trial.subject.pk}"),
        )
    )
    facts = {name: text[0].text for name, text in book.facts}
    expect(facts["Last hash"] == head.hash, "it names another hash")
    return f"{len(book.sections)} sections, {head.seq} rows of the trail"


def backup_comes_back(trial: ScratchTrial) -> str:
    """Back the scratch trial up and restore it beside, verified by another process."""
    if connection.vendor == "postgresql":
        raise CheckNotRunError("a restore asks for a second empty database: funis restore --verify")
    with TemporaryDirectory() as place:
        folder = Path(place)
        recipients = folder / "recipients"
        recipients.write_text(make_key(folder / "key") + "\n", encoding="utf-8")
        made, _ = back_up(trial.configuration, folder / "backup", recipients)
        command = [
            *(sys.executable, "-m", "funis.cli", "restore", str(folder / "backup")),
            *("--to", str(folder / "restored"), "--key", str(folder / "key"), "--verify"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    expect(done.returncode == 0, (done.stderr or done.stdout).strip()[:300])
    return f"{sum(made.rows.values())} rows of {len(made.rows)} tables restored and verified"


TRAIL_CHECKS = (
    triggers_of_every_table, change_leaves_old_and_new, change_without_reason_is_refused, deletion_is_refused,
    data_keep_their_version, trail_is_not_written_past_the_server, schema_is_as_made, trail_is_whole,
    alterations_are_found, standard_library_verifies, times_are_utc, clock_agrees,
    export_agrees_with_its_manifest, case_book_is_made, backup_comes_back,
)  # fmt: skip
