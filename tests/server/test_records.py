"""The ledger, consents, queries and marks go out and in again to the byte, and the trail goes with them."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.server.infusion_parts import eligible, form_of, thawed_bag
from tests.server.people import browser_of, person_with
from tests.server.product_parts import acts
from tests.server.test_exchange import prepared, run

from funis.capture.configuration import Configuration

STUDY = "UCMSC-SLE"


@pytest.fixture
def conducted(server: Configuration, subject: Any, tmp_path: Path) -> Path:
    """A subject who was given a bag by a check at the bedside, asked about and verified; exported."""
    from funis.capture.exchange.export import export_study
    from funis.capture.models import Form, InfusionRecord
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.monitoring.queries import ask_query
    from funis.capture.monitoring.verification import marks_of, verify_items

    for role in ("coordinator", "investigator"):
        person_with(role, "01")
    eligible(subject)
    bag = thawed_bag(subject)
    coordinator = browser_of(person_with("coordinator", "01"))
    check = coordinator.post(f"/subjects/{subject.pk}/bedside", form_of(subject, bag)).url
    begun = coordinator.post(f"{check}/begin").url
    coordinator.post(f"{begun}/end", {"volume_ml": "48.5", "reaction": "", "interruption": ""})
    record = InfusionRecord.objects.get(subject=subject)
    with acts("monitor"):
        form = Form.objects.select_related("version", "subject").get(pk=record.form_id)
        ask_query(form, "weight_kg", "Which scale?\nThe one of the ward?")
        verify_items(form, [marks_of(form)[0].field.name], form.revision)
        check_everything()
        export_study(tmp_path / "one")
    return tmp_path / "one"


def again(folder: Path, tmp_path: Path) -> Path:
    """Load a folder into an empty server and export it again, each in a process of its own."""
    server = prepared(tmp_path / "server", (folder / "study.toml").read_text(encoding="utf-8"))
    run("load", str(server), str(folder))
    run("export", str(server), str(tmp_path / "two"))
    assert "nothing altered" in run("audit-trail", "verify", str(server))
    return tmp_path / "two"


def files(folder: Path, part: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / part).iterdir()}


def test_what_is_loaded_and_exported_again_has_the_same_bytes(conducted: Path, tmp_path: Path) -> None:
    two = again(conducted, tmp_path)
    records = files(conducted, "records")
    assert {"unit", "productevent", "unitlabel", "lotdecision", "bedsidecheck", "infusionrecord"} <= {
        name.removesuffix(".ndjson") for name in records
    }
    assert {"consent", "screening", "query", "querymessage", "formverification"} <= {
        name.removesuffix(".ndjson") for name in records
    }
    assert files(two, "records") == records
    assert files(two, "data") == files(conducted, "data")


def test_rows_are_named_as_the_tables_show_them(conducted: Path, subject: Any) -> None:
    """No id of a form or a subject of this server stands in the files: line and number name them."""
    import csv

    (given,) = [
        json.loads(line)
        for line in (conducted / "records" / "infusionrecord.ndjson").read_text(encoding="utf-8").splitlines()
        if json.loads(line)["subject_id"] == subject.number
    ]
    table, _, number = given["form_id"].partition("/")
    rows = list(
        csv.DictReader((conducted / "data" / f"{table}.csv").read_text(encoding="utf-8").splitlines())
    )
    row = rows[int(number) - 1]
    assert (table, row["subject"], row["number"]) == ("infusions", subject.number, "1")
    assert (given["volume_ml"], given["cells_given"]) == (48.5, 43_650_000)
    assert subject.pk not in "".join(text.decode() for text in files(conducted, "records").values())


def test_the_trail_of_an_export_is_verified_by_hashes_alone(conducted: Path) -> None:
    """As the documentation says it, with hashlib and json: links, and every text by its commitment."""
    heads: dict[str, str] = {}
    texts = 0
    for line in (conducted / "trail.ndjson").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        head = heads.get(row["chain"]) or hashlib.sha256(f"funis{STUDY}{row['chain']}".encode()).hexdigest()
        heads[row["chain"]] = hashlib.sha256(f"{head}{row['payload']}".encode()).hexdigest()
        assert heads[row["chain"]] == row["hash"]
        for committed, (salt, text, *redaction) in row["texts"].items():
            assert committed in row["payload"]
            assert redaction or hashlib.sha256(f"{salt}{text}".encode()).hexdigest() == committed
            texts += 1
    manifest = json.loads((conducted / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["trail"]["chains"] == len(heads)
    assert texts > 20
    told = hashlib.sha256((conducted / "trail.ndjson").read_bytes()).hexdigest()
    assert manifest["sha256"]["trail.ndjson"] == told


ALTERED = (
    ("infusionrecord", '"form_id":"infusions/', '"form_id":"infusions/9', "line 1"),
    ("unit", '"state":"infused"', '"state":"available"', "Load the folder as it was exported"),
    ("productevent", '"kind":"harvest"', '"kind":"thaw"', "A rule of this table is broken"),
    ("query", '"kind":', '"sort":', "line 1"),
)


def test_records_that_were_altered_are_refused_whole(conducted: Path, tmp_path: Path) -> None:
    """One server refuses them one after the other; at the end it has no row of any."""
    server = prepared(tmp_path / "server", (conducted / "study.toml").read_text(encoding="utf-8"))
    for file, old, new, said in ALTERED:
        source = Path(shutil.copytree(conducted, tmp_path / file))
        path = source / "records" / f"{file}.ndjson"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        assert said in run("load", str(server), str(source), expected=2), file
    run("export", str(server), str(tmp_path / "out"))
    assert not (tmp_path / "out" / "records" / "unit.ndjson").exists()
    assert (tmp_path / "out" / "data" / "infusions.csv").read_text(encoding="utf-8").count("\n") == 1
