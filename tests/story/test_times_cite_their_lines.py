"""Each line that a time to event cites holds the date that the time was derived from."""

import csv
import datetime as dt
import re
import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.reporting.report_tables import build_tables
from funis.reporting.survival_figures import build_survival_figures
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial
ENDPOINTS = """
[[endpoints]]
id = "dying"
kind = "time_to_event"
event = "death"
origin = "consent"
"""
RESPONDING = """
[[endpoints]]
id = "responding"
kind = "time_to_event"
event = "response"
definition = "ucmsc_bilag_response"
"""


def cited_days(folder: Path, results: Results, endpoint: str) -> list[tuple[str, str, float, float]]:
    """Read the lines behind every number of an endpoint: subject, words, day cited, day of the line's date."""
    keys = results.numbers.filter(pl.col("analysis") == "time_to_event", pl.col("endpoint") == endpoint)
    assert keys["source"].is_not_null().all()
    atoms = results.sources.filter(pl.col("source").is_in(keys["source"].unique().to_list()))
    infused: dict[str, dt.date] = {}
    for row in csv.DictReader((folder / "data" / "infusions.csv").read_text().splitlines()):
        infused.setdefault(row["subject"], dt.date.fromisoformat(row["date"]))
    found = []
    for atom in atoms.iter_rows(named=True):
        lines = list(csv.reader((folder / "data" / atom["file"]).read_text().splitlines()))
        row = dict(zip(lines[0], lines[atom["line"] - 1], strict=False))
        assert row["subject"] == atom["subject"]
        date = row["consent_date"] if atom["file"] == "subjects.csv" else row["date"]
        day = (dt.date.fromisoformat(date) - infused[atom["subject"]]).days
        found.append((atom["subject"], atom["text"], atom["value"], float(day)))
    return found


@pytest.fixture(scope="module")
def lupus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Results]:
    folder = reconstruct("sle", tmp_path_factory.mktemp("sle") / "sle")
    (folder / "study.toml").write_text((folder / "study.toml").read_text() + RESPONDING)
    study = read_study(folder)
    return folder, study, analyse(study, read_tables(folder, study))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Results]:
    """Four subjects; S2 came six days early to month 6, S3 died on day 170."""
    folder: Path = write_small_trial(tmp_path_factory.mktemp("small") / "t")
    (folder / "study.toml").write_text((folder / "study.toml").read_text() + ENDPOINTS)
    for name, old, new in (
        ("sledai_2k", "S2,month_6,2020-06-29", "S2,month_6,2020-06-23"),
        ("safety_questions", "S2,month_6,2020-06-29", "S2,month_6,2020-06-23"),
        ("disposition", "S3,completed,2020-06-29", "S3,died,2020-06-19"),
        ("sledai_2k", "S3,month_6,2020-06-29", "S3,month_6,2020-06-15"),
        ("safety_questions", "S3,month_6,2020-06-29", "S3,month_6,2020-06-15"),
    ):
        path = folder / "data" / f"{name}.csv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    study = read_study(folder)
    return folder, study, analyse(study, read_tables(folder, study))


def test_relapses_cite_the_visits_they_run_between(lupus: tuple[Path, Study, Results]) -> None:
    folder, _, results = lupus
    found = cited_days(folder, results, "time_to_relapse")
    assert found
    for _, _, cited, of_line in found:
        assert cited == of_line
    front = "time_to_event.time_to_relapse.treated"
    # origin and end of 29 responders; of the 3 and 7 relapses; of the 26 still at risk at month 12
    for number, subjects in (
        ("relapse.n", 29), ("relapse.events", 7), ("month_9.relapse.events", 3), ("month_12.relapse.events", 7),
        ("month_9.relapse.at_risk", 29), ("month_12.relapse.at_risk", 26), ("month_12.relapse.survival", 29),
    ):  # fmt: skip
        row = results.numbers.filter(pl.col("id") == f"{front}.{number}").row(0, named=True)
        atoms = results.sources.filter(pl.col("source") == row["source"])
        assert atoms["subject"].n_unique() == subjects, number
        assert atoms.height == 2 * subjects
        assert set(atoms["variable"]) == {"origin of time_to_relapse", "end of time_to_relapse"}
    # judged by BILAG: its lines come before those of other tables with the same date
    assert set(atoms["file"]) == {"bilag_2004.csv"}


def test_counted_relapses_cite_the_visit_of_the_relapse(lupus: tuple[Path, Study, Results]) -> None:
    folder, _, results = lupus
    for visit, count in (("month_9", 3), ("month_12", 4)):
        row = results.numbers.filter(pl.col("id") == f"relapse.relapse.treated.{visit}.relapse.count")
        atoms = results.sources.filter(pl.col("source") == row["source"][0])
        assert atoms.height == count
        lines = list(csv.reader((folder / "data" / atoms["file"][0]).read_text().splitlines()))
        assert [lines[line - 1][1] for line in atoms["line"]] == [visit] * count


def test_words_say_what_was_recorded_and_what_it_counts_as(small: tuple[Path, Study, Results]) -> None:
    folder, _, results = small
    expected = {
        "staying": {
            ("S1", "the first infusion, day 0", 0.0), ("S2", "the first infusion, day 0", 0.0),
            ("S3", "the first infusion, day 0", 0.0), ("S4", "the first infusion, day 0", 0.0),
            ("S1", "last seen, day 180: 180 days from the first infusion", 180.0),
            ("S2", "last seen, day 180: 180 days from the first infusion", 180.0),
            ("S3", "last seen, day 170: 170 days from the first infusion", 170.0),
            ("S4", "withdrawal, day 60: 60 days from the first infusion", 60.0),
        },
        "dying": {
            ("S1", "consent, day -12", -12.0), ("S2", "consent, day -12", -12.0),
            ("S3", "consent, day -12", -12.0), ("S4", "consent, day -12", -12.0),
            ("S1", "last seen, day 180: 192 days from consent", 180.0),
            ("S2", "last seen, day 180: 192 days from consent", 180.0),
            ("S3", "death, day 170: 182 days from consent", 170.0),
            ("S4", "last seen, day 60: 72 days from consent", 60.0),
        },
    }  # fmt: skip
    for endpoint, words in expected.items():
        found = cited_days(folder, results, endpoint)
        assert {(subject, said, day) for subject, said, day, _ in found} == words
        assert all(cited == of_line for _, _, cited, of_line in found)


def test_first_responses_cite_their_visit(lupus: tuple[Path, Study, Results]) -> None:
    folder, _, results = lupus
    found = cited_days(folder, results, "responding")
    assert all(cited == of_line for _, _, cited, of_line in found)
    ends = {said.split(",")[0] for _, said, _, _ in found}
    assert ends == {"the first infusion", "response", "last seen"}
    # whoever responds at month 6 has responded by then: at least 29 of 40
    assert (results.value("time_to_event.responding.enrolled.month_6.response.events") or 0) >= 29


def test_a_visit_without_a_date_says_so(tmp_path: Path) -> None:
    folder = reconstruct("sle", tmp_path / "sle")
    for path in (folder / "data").iterdir():
        lines = path.read_text().splitlines()
        emptied = [re.sub(r"^(RECON-01,month_6),[^,]*", r"\1,", line) for line in lines]
        path.write_text("\n".join(emptied) + "\n")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    atoms = results.sources.filter(
        pl.col("variable") == "origin of time_to_relapse", pl.col("subject") == "RECON-01"
    )
    assert set(atoms["text"]) == {"the visit of the response, day 180 as planned, without a date"}
    lines = (folder / "data" / "bilag_2004.csv").read_text().splitlines()
    assert set(atoms["file"]) == {"bilag_2004.csv"}
    assert {lines[line - 1][:17] for line in atoms["line"]} == {"RECON-01,month_6,"}


@pytest.mark.parametrize("which", ["lupus", "small"])
def test_numbers_at_risk_of_figure_and_table_are_the_same(which: str, request: pytest.FixtureRequest) -> None:
    _, study, results = request.getfixturevalue(which)
    figures = build_survival_figures(study, results)
    assert figures
    table = next(each for each in build_tables(study, results) if each.id == "table-time-to-event")
    printed = [
        (row.cells[0].text, row.cells[1].text) for row in table.rows if row.cells and row.cells[0].text != "–"
    ]
    drawn = []
    for figure in figures:
        rows = figure.spec["vconcat"][-1]["data"]["values"]
        drawn += [(f"{row['time']:g}", row["words"]) for row in rows if row["time"] > 0]
    assert drawn == printed
