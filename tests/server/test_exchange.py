"""Data out and in: the data folder exactly as the report reads it, and the same again after a round."""

import csv
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.server.empty_database import read_empty_database
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration

LOW_DOSE = """
[[visit_columns]]
name = "prednisone"
kind = "glucocorticoid_dose"

[[endpoints]]
id         = "low_dose"
kind       = "response"
definition = "measured_response"
parameters = {measured = "prednisone", compare = "at_most", limit = 10}
at         = ["month_6"]
"""
"""A column of the visits that no table holds, and the share of those at 10 mg a day or less."""


def run(*arguments: str, expected: int = 0) -> str:
    """Run a command of funis in a process of its own: one process knows one server."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "funis.cli", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def prepared(folder: Path, study: str) -> Path:
    """Prepare a server in a folder, in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(study, encoding="utf-8")
    Configuration(folder).sqlite_file.write_bytes(read_empty_database())
    code = (
        "import sys; from pathlib import Path; from funis.capture.configuration import Configuration; "
        "from funis.capture.serve import prepare; prepare(Configuration(Path(sys.argv[1])))"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lupus trial, rebuilt from its published figures."""
    from funis.demo.reconstruct import reconstruct

    return reconstruct("sle", tmp_path_factory.mktemp("rebuilt") / "sle")


@pytest.fixture(scope="module")
def loaded(rebuilt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = (rebuilt / "study.toml").read_text(encoding="utf-8") + LOW_DOSE
    folder = prepared(tmp_path_factory.mktemp("served") / "trial", study)
    shutil.copy(rebuilt / "statements.toml", folder)
    run("load", str(folder), str(rebuilt))
    return folder


def read(folder: Path) -> dict[str, list[list[str]]]:
    """Read each table: header and sorted rows, without columns that are empty throughout."""
    found = {}
    for path in sorted((folder / "data").glob("*.csv")):
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        held = [n for n, _ in enumerate(rows[0]) if any(row[n] for row in rows[1:])]
        order = sorted(held, key=lambda n: rows[0][n])
        if len(rows) > 1:
            found[path.stem] = [[row[n] for n in order] for row in (rows[0], *sorted(rows[1:]))]
    return found


def test_every_cell_of_the_rebuilt_trial_comes_out_as_it_went_in(
    loaded: Path, rebuilt: Path, tmp_path: Path
) -> None:
    run("export", str(loaded), str(tmp_path / "out"))
    given, taken = read(rebuilt), read(tmp_path / "out")
    assert sorted(taken) == sorted(given)
    for name in given:
        assert sorted(map(tuple, taken[name])) == sorted(map(tuple, given[name])), name


def test_export_load_and_export_give_the_same_bytes(loaded: Path, tmp_path: Path) -> None:
    run("export", str(loaded), str(tmp_path / "one"))
    again = prepared(tmp_path / "again", (loaded / "study.toml").read_text(encoding="utf-8"))
    run("load", str(again), str(tmp_path / "one"))
    run("export", str(again), str(tmp_path / "two"))
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "data").iterdir()}
        for name in ("one", "two")
    )
    assert one == two


def test_the_export_has_the_findings_of_the_data_that_went_in(
    loaded: Path, rebuilt: Path, tmp_path: Path
) -> None:
    from funis.data.tables import read_tables
    from funis.study.read import read_study

    run("export", str(loaded), str(tmp_path / "out"))
    study = read_study(rebuilt)
    found = [
        sorted(
            (each.level, each.code, each.table, each.subject, each.visit)
            for each in read_tables(folder, study).findings
        )
        for folder in (rebuilt, tmp_path / "out")
    ]
    assert found[0] == found[1]


def test_a_column_of_the_visits_is_reported_from_the_export(
    loaded: Path, rebuilt: Path, tmp_path: Path
) -> None:
    """Counted beside funis: of the subjects with a visit at month 6, whose courses of that day add up to 10 or less."""

    def rows(path: Path) -> list[dict[str, str]]:
        return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))

    taken = [row for row in rows(rebuilt / "data" / "medications.csv") if row["drug"] == "prednisone"]
    doses = {
        row["subject"]: sum(
            float(each["dose"])
            for each in taken
            if each["subject"] == row["subject"] and each["start"] <= row["date"] <= (each["end"] or "9999")
        )
        for row in rows(rebuilt / "data" / "visits.csv")
        if row["visit"] == "month_6"
    }
    low = sum(dose <= 10 for dose in doses.values())
    assert 0 < low < len(doses) == 40
    run("export", str(loaded), str(tmp_path / "out"))
    # The sentences of the abstract are a file beside the study, which the database does not hold: it goes along.
    assert (tmp_path / "out" / "statements.toml").read_bytes() == (rebuilt / "statements.toml").read_bytes()
    run("report", str(tmp_path / "out"))
    printed = {row["id"]: row["text"] for row in rows(tmp_path / "out" / "report" / "results.csv")}
    found = printed["response.low_dose.enrolled.month_6.measured_response_responder.count"]
    assert found == f"{low}/40 ({100 * low / 40:.1f}%)"


def test_the_trail_of_a_loaded_trial_is_whole(loaded: Path) -> None:
    assert "nothing altered" in run("audit-trail", "verify", str(loaded))


def test_an_altered_database_ends_with_1(loaded: Path, tmp_path: Path) -> None:
    import sqlite3

    folder = shutil.copytree(loaded, tmp_path / "altered")
    owned = sqlite3.connect(folder / "capture.sqlite")
    for (name,) in owned.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        owned.execute(f"DROP TRIGGER {name}")
    owned.execute("UPDATE capture_form SET data = json_set(data, '$.rash', 5) WHERE name = 'sledai_2k'")
    owned.commit()
    owned.close()
    said = run("audit-trail", "verify", str(folder), expected=1)
    assert "data is not what the trail says" in said
    assert "240" not in said.splitlines()[-1] or said.count("data is not what the trail says") == 240


def test_a_second_load_is_refused_and_an_export_into_a_full_folder(loaded: Path, rebuilt: Path) -> None:
    assert "without subjects" in run("load", str(loaded), str(rebuilt), expected=2)
    assert "empty" in run("export", str(loaded), str(rebuilt), expected=2)


def test_cells_that_no_form_takes_are_named_all_at_once_and_nothing_is_loaded(
    rebuilt: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(rebuilt, tmp_path / "source")
    table = source / "data" / "sledai_2k.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    for number, line in ((1, 4), (2, 5)):
        cells = lines[number].split(",")
        cells[line] = "9"
        lines[number] = ",".join(cells)
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = prepared(tmp_path / "trial", (rebuilt / "study.toml").read_text(encoding="utf-8"))
    said = run("load", str(folder), str(source), expected=2)
    assert "line 2" in said
    assert "line 3" in said
    assert said.count("Found '9'") == 2
    run("export", str(folder), str(tmp_path / "out"))
    assert len((tmp_path / "out" / "data" / "subjects.csv").read_text(encoding="utf-8").splitlines()) == 1


def test_the_page_gives_the_same_folder_and_says_so_in_the_trail(server: Configuration, subject: Any) -> None:
    from funis.capture.exchange.export import export_tables, render_tables
    from funis.capture.trail.rows import read_rows

    answer = browser_of(person_with("data_manager", "")).post("/export")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    wanted = {f"data/{name}.csv" for name in render_tables(export_tables())}
    wanted |= {"study.toml", "manifest.json", "trail.ndjson"}
    assert {name for name in packed.namelist() if not name.startswith("records/")} == wanted
    assert "records/consent.ndjson" in packed.namelist()
    assert subject.number in packed.read("data/subjects.csv").decode()
    assert [row.said["kind"] for row in read_rows("system")][-1] == "exported"


def test_a_total_that_somebody_wrote_down_is_read_from_the_export(
    server: Configuration, sledai: Any, tmp_path: Path
) -> None:
    from tests.server.test_queries import act, enter

    from funis.capture.exchange.export import export_study
    from funis.data.tables import read_tables
    from funis.study.read import read_study

    enter(sledai, {"sledai_2k_recorded": (None, 12)})
    act("data_manager", lambda: export_study(tmp_path / "out"))
    study = read_study(tmp_path / "out")
    table = read_tables(tmp_path / "out", study).frames["sledai_2k"]
    own = table.filter(table["subject"] == sledai.subject.number)
    assert own["sledai_2k_recorded"].to_list() == [12]
    # The total alone was written down: no item of it is a zero that nobody found.
    assert own["rash"].to_list() == [None]


def test_what_a_spreadsheet_would_run_leaves_as_text(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import Acting, acting, because
    from funis.capture.exchange.export import export_tables, render_tables

    with acting(Acting("coordinator", sites=None)):
        event = add_row(subject, "adverse_events")
        with because("first entry"):
            event.data = {"term": "=1+1"}
            event.save()
    assert ",'=1+1" in render_tables(export_tables())["adverse_events"]
