"""A backup opens for its recipients alone, comes back whole and verified, and names what is younger than it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.server.owner import ANOTHER_ACTED, altered

from funis.capture.configuration import Configuration
from funis.errors import OutputError, ValueRangeError

RESTORED = "FUNIS_TEST_RESTORED"


def save(server: Configuration, form: Any, **values: Any) -> Any:
    """Save as a page does, with a receipt."""
    from funis.capture.context import Acting, acting, moment
    from funis.capture.trail.receipts import add_receipt, make_receipt
    from funis.capture.trail.rows import read_head

    with acting(Acting("coordinator", "first entry", sites=None)):
        form.data = form.data | values
        form.save()
        receipt = make_receipt(read_head(f"subject:{form.subject_id}"), moment())
    add_receipt(server.receipts_file, receipt)
    return receipt


class Kept:
    """Two people with keys, and the backup of a server."""

    def __init__(self, server: Configuration, folder: Path) -> None:
        from funis.capture.exchange.sealed import make_key

        self.server, self.folder, self.file = server, folder, folder / "backup.age"
        self.keys = [folder / "first.key", folder / "second.key"]
        lines = [f"# person {number}\n{make_key(key)}\n" for number, key in enumerate(self.keys, start=1)]
        self.recipients = folder / "recipients"
        self.recipients.write_text("".join(lines))

    def make(self) -> Any:
        from funis.capture.backups import back_up

        return back_up(self.server, self.file, self.recipients)[0]

    def restore(self, *arguments: str, key: int = 0, expected: int = 0) -> dict[str, Any]:
        """Restore in a process of its own: one process knows one server."""
        done = self.run(*arguments, key=self.keys[key])
        assert done.returncode == expected, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def run(self, *arguments: str, key: Path) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if "DATABASE" not in name}
        if self.server.database:
            environment["DATABASE_OWNER_URL"] = empty_database()
        command = [
            sys.executable, "-m", "funis.cli", "restore", str(self.file), "--to", str(self.folder / "restored"),
            "--key", str(key), "--json", *arguments,
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    def left(self) -> list[str]:
        """Give what a restore left beside what was there."""
        return [
            path.name for path in self.folder.iterdir() if "restored" in path.name or ".funis-" in path.name
        ]


def empty_database() -> str:
    import psycopg

    address = os.environ[RESTORED]
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("CREATE SCHEMA public")
    return address


@pytest.fixture
def kept(server: Configuration, tmp_path: Path) -> Kept:
    server.receipts_file.unlink(missing_ok=True)
    return Kept(server, tmp_path)


def test_a_backup_comes_back_whole_and_names_what_is_younger(kept: Kept, sledai: Any) -> None:
    from funis.capture.trail.make_anchor import make_anchor

    save(kept.server, sledai, rash=1)
    make_anchor("UCMSC-SLE", kept.server.anchors_file, kept.server.anchor_key_file)
    made = kept.make()
    younger = [save(kept.server, sledai, arthritis=1), save(kept.server, sledai, alopecia=1)]
    found = kept.restore("--verify", "--receipts", str(kept.server.receipts_file), key=1)
    assert found["alterations"] == []
    assert found["verified"]
    assert found["root"] == made.root
    assert [(each["chain"], each["seq"], each["hash"]) for each in found["younger"]] == [
        (each.chain, each.seq, each.hash) for each in younger
    ]
    restored = kept.folder / "restored"
    assert (restored / "study.toml").read_bytes() == (kept.server.folder / "study.toml").read_bytes()
    # Keys that are there were made anew, to verify; none is the server's.
    keys = [path for path in restored.iterdir() if path.name.endswith((".key", ".keys"))]
    assert all(path.read_bytes() != (kept.server.folder / path.name).read_bytes() for path in keys)
    assert "capture.anchor.key" not in {path.name for path in keys}
    assert kept.left() == ["restored"]


def test_without_receipts_what_is_younger_is_not_known(kept: Kept, sledai: Any) -> None:
    kept.make()
    found = kept.restore()
    assert found["younger"] is None
    assert not found["verified"]


def test_a_sealed_file_shows_nothing_and_is_of_the_age_format(kept: Kept, sledai: Any) -> None:
    kept.make()
    sealed = kept.file.read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert sealed.split(b"\n--- ")[0].count(b"\n-> X25519 ") == 2
    assert sledai.subject.number.encode() not in sealed
    assert b"capture_trail" not in sealed
    assert kept.file.stat().st_mode & 0o777 == 0o600
    # What was not sealed yet is gone.
    assert [path for path in kept.server.folder.iterdir() if ".funis-" in path.name] == []


def test_another_key_does_not_open_it(kept: Kept, subject: Any) -> None:
    from funis.capture.exchange.sealed import make_key

    kept.make()
    other = kept.folder / "other.key"
    make_key(other)
    done = kept.run(key=other)
    assert done.returncode == 2
    assert "does not open backup.age" in done.stderr
    assert kept.left() == []


@pytest.mark.parametrize(
    "damage", ["a byte in the middle", "a byte of the head", "the end is gone", "another file"]
)
def test_a_damaged_file_is_refused_and_nothing_is_left(kept: Kept, subject: Any, damage: str) -> None:
    from funis.capture.exchange.restore import restore_backup

    kept.make()
    content = bytearray(kept.file.read_bytes())
    match damage:
        case "a byte in the middle":
            content[len(content) // 2] ^= 1
        case "a byte of the head":
            content[60] ^= 1
        case "the end is gone":
            del content[-100:]
        case _:
            content = bytearray(b"no backup")
    kept.file.write_bytes(content)
    with pytest.raises(ValueRangeError, match=r"damaged or no backup|does not open"):
        restore_backup(kept.file, kept.folder / "restored", kept.keys[0], "postgresql://nobody@nowhere/x")
    assert kept.left() == []


def test_a_file_that_was_put_in_is_refused(kept: Kept, subject: Any) -> None:
    """Who has the public keys can seal another archive: the manifest knows the hashes of its own files."""
    import tarfile

    from funis.capture.exchange.restore import restore_backup
    from funis.capture.exchange.sealed import read_recipients, seal, unseal

    kept.make()
    packed, inside = kept.folder / "packed", kept.folder / "inside"
    unseal(kept.file, packed, kept.keys[0])
    with tarfile.open(packed) as archive:
        archive.extractall(inside, filter="data")
    (inside / "study.toml").write_text("another study", encoding="utf-8")
    with tarfile.open(packed, "w") as archive:
        archive.add(inside, arcname=".")
    seal(packed, kept.file, read_recipients(kept.recipients))
    with pytest.raises(ValueRangeError, match=r"study\.toml is not as it was written"):
        restore_backup(kept.file, kept.folder / "restored", kept.keys[0])
    assert kept.left() == []


def test_what_the_owner_altered_before_the_backup_is_found_in_it(
    kept: Kept, sledai: Any, tmp_path: Path
) -> None:
    save(kept.server, sledai, rash=1)

    def attack(owner: Any) -> None:
        owner.run(ANOTHER_ACTED)

    with altered(kept.server, tmp_path, attack):
        kept.make()
    found = kept.restore("--verify", expected=1)
    assert any("its hash is not that of the row before it" in each["what"] for each in found["alterations"])


def test_saves_of_before_that_are_not_in_the_backup_are_alterations(
    kept: Kept, sledai: Any, tmp_path: Path
) -> None:
    """The owner altered an old row and computed the chain again: the receipt of that save knows."""
    save(kept.server, sledai, rash=1)
    chain = f"subject:{sledai.subject_id}"

    def attack(owner: Any) -> None:
        owner.run(f"{ANOTHER_ACTED} WHERE chain = ?", chain)
        owner.compute_again("UCMSC-SLE", chain)

    with altered(kept.server, tmp_path, attack):
        kept.make()
    found = kept.restore("--verify", "--receipts", str(kept.server.receipts_file), expected=1)
    assert [each["place"].split(" ")[0] for each in found["alterations"]] == [chain]
    assert found["younger"] == []


def test_a_full_disk_leaves_nothing(kept: Kept, subject: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from funis.capture.exchange import sealed

    class Full(sealed._KeepsError):
        def write(self, data: Any) -> int:  # noqa: ARG002  # noqa: ARG002  # noqa: ARG002  # noqa: ARG002  # noqa: ARG002
            self.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise self.error

    monkeypatch.setattr(sealed, "_KeepsError", Full)
    with pytest.raises(OutputError, match=r"No space left.*Make room on the disk"):
        kept.make()
    assert not kept.file.exists()
    assert [path for path in kept.folder.iterdir() if ".funis-" in path.name] == []


def test_what_is_there_is_never_written_over(kept: Kept, subject: Any) -> None:
    from funis.capture.exchange.restore import restore_backup
    from funis.capture.exchange.sealed import make_key

    kept.make()
    with pytest.raises(ValueRangeError, match="does not exist yet"):
        kept.make()
    with pytest.raises(ValueRangeError, match="does not exist yet"):
        restore_backup(kept.file, kept.folder, kept.keys[0])
    with pytest.raises(ValueRangeError, match="does not exist yet"):
        make_key(kept.keys[0])
    assert kept.keys[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no key"), ("# nobody\n", "no key"), ("age1abc\n", "age1abc"), (None, "file of public keys")],
)
def test_recipients_that_are_none_are_refused(tmp_path: Path, text: str | None, why: str) -> None:
    from funis.capture.exchange.sealed import read_recipients

    file = tmp_path / "recipients"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ValueRangeError, match=why):
        read_recipients(file)


def test_a_secret_key_among_the_recipients_is_not_repeated(kept: Kept) -> None:
    from funis.capture.exchange.sealed import read_recipients

    secret = kept.keys[0].read_text().split()[-1]
    kept.recipients.write_text(f"{secret}\n")
    with pytest.raises(ValueRangeError) as found:
        read_recipients(kept.recipients)
    assert secret[:25] not in str(found.value)
    assert "a secret key" in str(found.value)


def test_the_backup_stands_in_the_trail_with_who_can_open_it(kept: Kept, subject: Any) -> None:
    from funis.capture.trail.rows import read_rows

    made = kept.make()
    last = [row.said for row in read_rows("system")][-1]
    assert last["kind"] == "backed up"
    assert last["changes"] == {"at": made.at, "root": made.root, "recipients": ["person 1", "person 2"]}


def test_the_programs_of_postgresql_are_asked_for_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from funis.capture.exchange.backup import run_postgresql

    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ValueRangeError, match="Install its client"):
        run_postgresql("postgresql://owner@host/name", "pg_dump")
