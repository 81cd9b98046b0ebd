"""The database as of a moment: what was exported then is exported again, whatever was entered since."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError
from funis.study.today import read_clock


def change(form: Any, reason: str, **values: Any) -> None:
    from funis.capture.context import Acting, acting

    with acting(Acting("coordinator", reason, sites=None)):
        form.data = {name: value for name, value in (form.data | values).items() if value is not None}
        form.save()


def tables(as_of: str = "") -> dict[str, str]:
    """Export the tables, without the manifest, which says when."""
    from funis.capture.context import Acting, acting
    from funis.capture.exchange.export import export_files

    with acting(Acting("data_manager", sites=None)):
        files, _ = export_files(as_of)
    return {name: text for name, text in files.items() if name != "manifest.json"}


def test_as_of_now_is_now(sledai: Any) -> None:
    from funis.capture.context import moment

    change(sledai, "first entry", rash=1, arthritis=1)
    change(sledai, "typing error", rash=0)
    assert tables(moment()) == tables()


def test_what_was_exported_then_is_exported_again_whatever_was_entered_since(
    subject: Any, sledai: Any
) -> None:
    from funis.capture.conduct.consent import consent_in_force, withdraw_consent
    from funis.capture.conduct.screening import add_row, screen_subject
    from funis.capture.context import Acting, acting, moment
    from funis.capture.study_in_force import today

    change(sledai, "first entry", rash=1, arthritis=1)
    then, exported = moment(), tables()
    change(sledai, "typing error", rash=0, arthritis=None)
    with acting(Acting("coordinator", "later", sites=None)):
        screen_subject("01")
        add_row(sledai.subject, "adverse_events")
        consent = consent_in_force(sledai.subject)
        assert consent is not None
        withdraw_consent(consent, today(), "moved away")
    assert tables() != exported
    assert tables(then) == exported


def test_before_the_study_was_loaded_there_is_nothing_to_export(server: Configuration) -> None:
    with pytest.raises(ValueRangeError, match="at which the study was loaded"):
        tables("2001-01-01T00:00:00.000000Z")


def test_a_moment_is_read_in_the_time_zone_of_the_study(server: Configuration) -> None:
    """The lupus template is of China: UTC+8, no summer time."""
    from funis.capture.study_in_force import read_moment, started_with

    assert started_with().trial.timezone == "Asia/Shanghai"
    assert read_moment("2026-03-01 14:30") == "2026-03-01T06:30:00.000000Z"
    assert read_moment("2026-03-01") == "2026-03-01T15:59:59.999999Z"
    assert read_moment("2026-03-01T14:30+00:00") == "2026-03-01T14:30:00.000000Z"
    ahead = (read_clock() + timedelta(days=3)).date().isoformat()
    for wrong in ("yesterday", ahead, "2026-13-01", f"{ahead} 10:00"):
        with pytest.raises(ValueRangeError, match="moment"):
            read_moment(wrong)


def test_the_page_of_a_subject_shows_what_stood_there_then(sledai: Any) -> None:
    from funis.capture.context import moment

    browser = browser_of(person_with("monitor", "01"))
    address = f"/subjects/{sledai.subject_id}/as-of"
    change(sledai, "first entry", rash=1)
    before = moment()
    change(sledai, "typing error", rash=0)

    def rash(at: str) -> list[str]:
        page = browser.get(address, {"at": at}).content.decode()
        return [line for line in page.split("<tr>") if "Inflammatory rash, new or ongoing" in line]

    assert ["<td>1 (present)</td>" in each for each in rash(before)] == [True]
    assert ["<td>0 (absent)</td>" in each for each in rash("")] == [True]
    assert "not in the database then" in browser.get(address, {"at": "2001-01-01"}).content.decode()
    assert browser.get(address, {"at": "some day"}).status_code == 422
    assert browser_of(person_with("monitor", "02")).get(address).status_code == 404
    assert browser_of(person_with("safety_board", "")).get(address).status_code == 404


def test_the_history_of_an_item_stands_beside_it(sledai: Any) -> None:
    change(sledai, "first entry", rash=1, arthritis=1)
    change(sledai, "seen <again>", rash=0)
    page = browser_of(person_with("coordinator", "01")).get(f"/forms/{sledai.pk}").content.decode()
    fields = {part.split('"')[0]: part for part in page.split('data-item="')[1:]}
    assert "coordinator: 1 (present) → 0 (absent) (seen &lt;again&gt;)" in fields["rash"]
    assert "<details" not in fields["arthritis"]
    board = browser_of(person_with("safety_board", "01")).get(f"/forms/{sledai.pk}").content.decode()
    assert "(present) → 0" not in board


def test_the_export_page_takes_a_moment_and_the_trail_says_which(sledai: Any) -> None:
    from funis.capture.context import moment
    from funis.capture.trail.rows import read_rows

    change(sledai, "first entry", rash=1)
    then = moment()
    change(sledai, "typing error", rash=0)
    browser = browser_of(person_with("data_manager", ""))
    packed = zipfile.ZipFile(io.BytesIO(browser.post("/export", {"as_of": then}).content))
    assert json.loads(packed.read("manifest.json"))["as_of"] == then
    assert {
        name: packed.read(name).decode() for name in packed.namelist() if name != "manifest.json"
    } == tables(then)
    assert [row.said for row in read_rows("system")][-1]["changes"]["as_of"] == then
    assert browser.post("/export", {"as_of": "then"}).status_code == 422


def test_the_command_writes_the_folder_of_a_moment(
    server: Configuration, sledai: Any, tmp_path: Path
) -> None:
    from funis.capture.context import moment
    from funis.capture.serve import export_data

    change(sledai, "first entry", rash=1)
    then, exported = moment(), tables()
    change(sledai, "typing error", rash=0)
    export_data(server, tmp_path / "out", then)
    written = {
        str(path.relative_to(tmp_path / "out")): path.read_text(encoding="utf-8")
        for path in (tmp_path / "out").rglob("*.*")
    }
    assert json.loads(written.pop("manifest.json"))["as_of"] == then
    assert written == exported
