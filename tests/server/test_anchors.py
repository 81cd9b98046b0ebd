"""Anchors, and the ten things that the owner of a database may try: what each witness finds, and what it cannot."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.server.owner import ANOTHER_ACTED, Owner, altered
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError

STUDY = "UCMSC-SLE"


# Roots of the reference implementation of certificate transparency (merkletree tests, RFC 6962).
LEAVES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("count", range(9))
def test_the_root_is_that_of_certificate_transparency(count: int) -> None:
    from funis.capture.trail.merkle import merkle_root

    assert merkle_root([bytes.fromhex(leaf) for leaf in LEAVES[:count]]) == ROOTS[count]


def save(form: Any, receipts: Path | None = None, **values: Any) -> None:
    """Save as the coordinator, and keep the receipt."""
    from funis.capture.context import Acting, acting, moment
    from funis.capture.trail.receipts import add_receipt, make_receipt
    from funis.capture.trail.rows import read_head

    with acting(Acting("coordinator", "first entry", sites=None)):
        form.data = form.data | values
        form.save()
        head = read_head(f"subject:{form.subject_id}")
    if receipts:
        add_receipt(receipts, make_receipt(head, moment()))


class Story:
    """A subject with saves before and after an anchor, and receipts of all."""

    def __init__(self, form: Any, folder: Path) -> None:
        self.form, self.folder = form, folder
        self.chain = f"subject:{form.subject_id}"
        self.receipts, self.anchors, self.key = folder / "receipts", folder / "anchors", folder / "key.pem"
        save(form, self.receipts, rash=1)
        save(form, self.receipts, arthritis=1)
        self.before_anchor = self.last()
        self.anchor()
        save(form, self.receipts, alopecia=1)

    def last(self) -> int:
        from funis.capture.trail.rows import read_head

        return read_head(self.chain).seq

    def anchor(self) -> Any:
        from funis.capture.trail.make_anchor import make_anchor

        return make_anchor(STUDY, self.anchors, self.key)

    def found(self, *, anchors: bool = False, receipts: bool = False) -> list[str]:
        from funis.capture.trail.verify import Witnesses, verify_trail

        kept = Witnesses(self.receipts if receipts else None, self.anchors if anchors else None)
        return [f"{each.place}: {each.what}" for each in verify_trail(STUDY, kept).alterations]


@pytest.fixture
def story(sledai: Any, tmp_path: Path) -> Story:
    return Story(sledai, tmp_path)


def form_as(owner: Owner, story: Story, data: dict[str, int], revision: int) -> None:
    """Set the form as it was at a revision; its date stays."""
    text = json.dumps({"date": story.form.data["date"]} | data)
    cast = "?::jsonb" if owner.is_postgresql else "?"
    owner.run(
        f"UPDATE capture_form SET data = {cast}, revision = ? WHERE id = ?", text, revision, story.form.pk
    )


def last_seq(owner: Owner, story: Story) -> int:
    return int(owner.rows("SELECT max(seq) FROM capture_trail WHERE chain = ?", story.chain)[0][0])


def alter_a_text(owner: Owner, story: Story) -> None:
    owner.run(f"{ANOTHER_ACTED} WHERE chain = ?", story.chain)


def remove_a_row(owner: Owner, story: Story) -> None:
    owner.run("DELETE FROM capture_trail WHERE chain = ? AND seq = 3", story.chain)


def insert_a_row(owner: Owner, story: Story) -> None:
    owner.run(
        "INSERT INTO capture_trail SELECT chain, seq + 1, payload, hash FROM capture_trail "
        "WHERE chain = ? AND seq = ?",
        story.chain,
        last_seq(owner, story),
    )


def change_a_value(owner: Owner, story: Story) -> None:
    form_as(owner, story, {"rash": 0, "arthritis": 1, "alopecia": 1}, 4)


def remove_the_newest(owner: Owner, story: Story) -> None:
    owner.run("DELETE FROM capture_trail WHERE chain = ? AND seq = ?", story.chain, last_seq(owner, story))


def remove_the_newest_and_set_the_head_back(owner: Owner, story: Story) -> None:
    owner.set_back(story.chain, last_seq(owner, story) - 1)


def roll_the_newest_save_back(owner: Owner, story: Story) -> None:
    owner.set_back(story.chain, last_seq(owner, story) - 1)
    form_as(owner, story, {"rash": 1, "arthritis": 1}, 3)


def roll_back_past_the_anchor(owner: Owner, story: Story) -> None:
    owner.set_back(story.chain, last_seq(owner, story) - 2)
    form_as(owner, story, {"rash": 1}, 2)


def compute_the_chain_again(owner: Owner, story: Story) -> None:
    alter_a_text(owner, story)
    owner.compute_again(STUDY, story.chain)


def remove_the_subject_with_its_chain(owner: Owner, story: Story) -> None:
    from django.apps import apps

    for model in apps.get_app_config("capture").get_models():
        if "subject_id" in {field.attname for field in model._meta.concrete_fields}:
            owner.run(f"DELETE FROM {model._meta.db_table} WHERE subject_id = ?", story.form.subject_id)
    owner.run("DELETE FROM capture_subject WHERE id = ?", story.form.subject_id)
    for table in ("capture_trail", "capture_text"):
        owner.run(f"DELETE FROM {table} WHERE chain = ?", story.chain)
    owner.run("DELETE FROM capture_chain WHERE id = ?", story.chain)


#: Attack: found by chains, heads and replay; with the anchor; with the receipts.
ATTACKS: dict[str, tuple[Callable[[Owner, Story], None], bool, bool, bool]] = {
    "a row altered": (alter_a_text, True, True, True),
    "a row removed": (remove_a_row, True, True, True),
    "a row inserted": (insert_a_row, True, True, True),
    "a present value changed": (change_a_value, True, True, True),
    "the newest row removed": (remove_the_newest, True, True, True),
    "the newest row removed and the head set back": (
        remove_the_newest_and_set_the_head_back, True, True, True,
    ),
    "the newest save rolled back perfectly": (roll_the_newest_save_back, False, False, True),
    "a subject rolled back past the anchor": (roll_back_past_the_anchor, False, True, True),
    "an old row altered and the chain computed again": (compute_the_chain_again, False, True, True),
    "a subject removed with its chain": (remove_the_subject_with_its_chain, False, True, True),
}  # fmt: skip


def test_nothing_is_found_where_nobody_altered_anything(
    server: Configuration, story: Story, tmp_path: Path
) -> None:
    assert story.found(anchors=True, receipts=True) == []
    with altered(server, tmp_path, lambda _: None):
        assert story.found(anchors=True, receipts=True) == []
    assert story.found(anchors=True, receipts=True) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_owner_alters_is_seen_by_the_witnesses_that_can(
    server: Configuration, story: Story, tmp_path: Path, attack: str
) -> None:
    run, by_chain, by_anchor, by_receipts = ATTACKS[attack]
    with altered(server, tmp_path, lambda owner: run(owner, story)):
        assert bool(story.found()) == by_chain
        assert bool(story.found(anchors=True)) == by_anchor
        assert bool(story.found(receipts=True)) == by_receipts
    assert story.found(anchors=True, receipts=True) == []


def test_each_finding_says_what_is_gone(server: Configuration, story: Story, tmp_path: Path) -> None:
    with altered(server, tmp_path, lambda owner: roll_back_past_the_anchor(owner, story)):
        (anchored,) = story.found(anchors=True)
        acknowledged = story.found(receipts=True)
    assert anchored.startswith(f"{story.chain} {story.before_anchor}: stood at the anchor of ")
    assert anchored.endswith(" and is gone")
    assert [each.partition(": ")[0] for each in acknowledged] == [
        f"{story.chain} {story.before_anchor}",
        f"{story.chain} {story.before_anchor + 1}",
    ]


def test_a_subject_made_and_removed_since_the_anchor_is_found_by_the_receipts(
    server: Configuration, story: Story, tmp_path: Path
) -> None:
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import Acting, acting
    from funis.capture.models import Form

    with acting(Acting("coordinator", sites=None)):
        late = screen_subject("01")
    form = Form.objects.get(subject=late)
    save(form, story.receipts, age=40)
    other = Story.__new__(Story)
    other.form, other.chain = form, f"subject:{late.pk}"
    with altered(server, tmp_path, lambda owner: remove_the_subject_with_its_chain(owner, other)):
        assert story.found(anchors=True) == []
        (gone,) = story.found(anchors=True, receipts=True)
    assert gone.startswith(f"subject:{late.pk} ")


def test_an_owner_who_rewrites_the_list_of_the_anchor_too_is_found(
    server: Configuration, story: Story, tmp_path: Path
) -> None:
    """He rolls a subject back, and tells the trail another list for the root: the signed root is not its root."""

    def attack(owner: Owner) -> None:
        roll_back_past_the_anchor(owner, story)
        seq = last_seq(owner, story)
        (end,) = owner.rows("SELECT head FROM capture_chain WHERE id = ?", story.chain)[0]
        ((at, payload),) = owner.rows(
            "SELECT seq, payload FROM capture_trail WHERE chain = 'system' AND payload LIKE '%anchored%' "
            "ORDER BY seq DESC LIMIT 1"
        )
        said = json.loads(payload)
        said["changes"]["ends"][story.chain] = f"{seq} {end}"
        owner.run(
            "UPDATE capture_trail SET payload = ? WHERE chain = 'system' AND seq = ?", json.dumps(said), at
        )
        owner.compute_again(STUDY, "system")

    with altered(server, tmp_path, attack):
        assert story.found() == []
        (other,) = story.found(anchors=True)
    assert "has another root than the chains that the trail tells" in other


def test_an_owner_who_removes_the_event_is_found(server: Configuration, story: Story, tmp_path: Path) -> None:
    def attack(owner: Owner) -> None:
        ((seq,),) = owner.rows("SELECT max(seq) FROM capture_trail WHERE chain = 'system'")
        owner.set_back("system", seq - 1)

    with altered(server, tmp_path, attack):
        assert story.found() == []
        (gone,) = story.found(anchors=True)
    assert "the trail no longer tells of it" in gone


def test_anchors_go_on_one_after_the_other(story: Story) -> None:
    """Each event has the ends that moved; each root is over all chains."""
    from funis.capture.trail.anchors import read_anchors
    from funis.capture.trail.rows import read_heads, read_rows

    story.anchor()
    save(story.form, story.receipts, mucosal_ulcers=1)
    third = story.anchor()
    told = [row.said["changes"] for row in read_rows("system") if row.said["kind"] == "anchored"][-1]
    assert set(told["ends"]) == {story.chain, "system"}
    assert third.chains == len(read_heads())
    anchors = read_anchors(story.anchors)
    assert len(anchors) == 3
    assert len({each.root for each in anchors}) == 3
    assert all(each.is_signed() for each in anchors)
    assert story.found(anchors=True, receipts=True) == []


def test_one_line_that_somebody_kept_is_enough(server: Configuration, story: Story, tmp_path: Path) -> None:
    """A line from a mail, without the lines before it and without its end of line."""
    line = story.anchors.read_text().strip()
    story.anchor()
    story.anchors.write_text(line)
    assert story.found(anchors=True) == []
    with altered(server, tmp_path, lambda owner: roll_back_past_the_anchor(owner, story)):
        assert story.found(anchors=True) != []


@pytest.mark.parametrize("name", ["at", "root", "study", "signature", "chains"])
def test_a_line_that_was_altered_is_seen(story: Story, name: str) -> None:
    said = json.loads(story.anchors.read_text())
    value = str(said[name])
    said[name] = int(value) + 1 if name == "chains" else ("0" if value[0] != "0" else "1") + value[1:]
    story.anchors.write_text(json.dumps(said) + "\n")
    assert any("its line was altered" in each for each in story.found(anchors=True))


def test_an_anchor_of_another_key_is_seen(story: Story) -> None:
    from funis.capture.trail.make_anchor import public_key
    from funis.capture.trail.verify import Witnesses, verify_trail

    right = public_key(story.key)
    assert verify_trail(STUDY, Witnesses(anchors=story.anchors, key=right)).alterations == ()
    (other,) = verify_trail(STUDY, Witnesses(anchors=story.anchors, key="00" * 32)).alterations
    assert other.what == "is signed by another key"
    story.key.unlink()
    story.anchor()
    assert [each.split(": ")[1] for each in story.found(anchors=True)] == ["is signed by another key"]


def test_a_line_that_is_no_anchor_is_refused_and_a_cut_off_one_passed_over(story: Story) -> None:
    from funis.capture.trail.anchors import last_anchor, read_anchors

    whole = story.anchors.read_text()
    story.anchors.write_text(whole + whole[:50])
    assert len(read_anchors(story.anchors)) == 1
    found = last_anchor(story.anchors)
    assert found is not None
    assert found.line == whole
    story.anchors.write_text("no anchor\n" + whole)
    with pytest.raises(ValueRangeError, match="line 1"):
        read_anchors(story.anchors)


def test_the_key_stands_in_a_file_of_its_owner_alone(story: Story) -> None:
    from funis.capture.trail.make_anchor import read_key

    assert story.key.stat().st_mode & 0o777 == 0o600
    story.key.write_text("no key")
    with pytest.raises(ValueRangeError, match="Ed25519 key as PEM"):
        read_key(story.key)


def test_the_server_anchors_once_a_day(
    server: Configuration, subject: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.daily import anchor_if_due
    from funis.capture.trail import make_anchor
    from funis.study.today import read_clock

    server.anchors_file.unlink(missing_ok=True)
    assert [anchor_if_due(server), anchor_if_due(server)] == [True, False]
    for hours, due in ((23, False), (25, True)):
        later = read_clock() + timedelta(hours=hours)
        monkeypatch.setattr(make_anchor, "read_clock", lambda later=later: later)
        assert anchor_if_due(server) == due


def test_the_overview_shows_the_last_anchor_and_the_export_has_it(
    server: Configuration, subject: Any
) -> None:
    import io
    import zipfile

    from funis.capture.trail.make_anchor import make_anchor

    made = make_anchor(STUDY, server.anchors_file, server.anchor_key_file)
    page = browser_of(person_with("monitor", "01")).get("/overview").content.decode()
    for said in (made.root, made.signature, made.key):
        assert said in page
    answer = browser_of(person_with("data_manager", "")).post("/export")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["anchor"]["root"] == made.root
    assert manifest["trail"]["chains"] >= made.chains
    import hashlib

    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256(packed.read(name)).hexdigest() == digest
    assert {*manifest["sha256"], "manifest.json"} == set(packed.namelist())
    lines = packed.read("data/subjects.csv").decode().count("\n")
    assert manifest["rows"]["subjects"] == lines - 1
