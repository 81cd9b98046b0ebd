"""A number lists who of its population is not in it, why, and between which bounds a score must lie."""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis import absent_values
from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.payload import build_payload
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    """S1 has no answer on rash at month 3, S3 no baseline, S4 withdrew on day 60; three odd results of protein."""
    folder: Path = write_small_trial(tmp_path_factory.mktemp("small") / "t")
    path = folder / "data" / "sledai_2k.csv"
    lines = path.read_text().splitlines()
    place = lines[0].split(",").index("rash")
    for number, line in enumerate(lines):
        if line.startswith("S1,month_3"):
            cells = line.split(",")
            cells[place] = ""
            lines[number] = ",".join(cells)
    lines = [line for line in lines if not line.startswith("S3,baseline")]
    path.write_text("\n".join(lines) + "\n")
    labs = folder / "data" / "labs.csv"
    labs.write_text(
        labs.read_text()
        + "S2,month_6,2020-06-29,proteinuria_24h,0.3,,furlong\n"
        + "S3,month_6,2020-06-29,proteinuria_24h,,,g/24h\n"
    )
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def absent(results: Results, number: str) -> list[tuple[str, str, str, int | None]]:
    key = results.numbers.filter(pl.col("id") == number)["source"].item()
    found = results.sources.filter(pl.col("source") == f"{key}/missing")
    assert found["value"].null_count() == found.height
    return found.select("subject", "text", "file", "line").rows()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        # at month 3 proteinuria 4, and rash 0 or 2; line 3 is his second
        (
            "summary.enrolled.month_3.sledai_2k.mean",
            [
                (
                    "S1",
                    "without an answer: rash; the score lies between 4 and 6",
                    "sledai_2k.csv",
                    3,
                ),
                ("S4", "withdrew on day 60", "", None),
            ],
        ),
        ("summary.enrolled.baseline.sledai_2k.mean", [("S3", "seen at the visit, not measured", "", None)]),
        (
            "change.enrolled.month_6.sledai_2k_change.mean",
            [("S3", "no baseline value", "", None), ("S4", "withdrew on day 60", "", None)],
        ),
        (
            "summary.enrolled.month_6.proteinuria_24h.mean",
            [
                ("S2", "0.3 furlong was left out: see the findings in the data", "labs.csv", 9),
                ("S3", "no result", "labs.csv", 10),
                ("S4", "withdrew on day 60", "", None),
            ],
        ),
        (
            "summary.enrolled.baseline.proteinuria_24h.mean",
            [("S3", "seen at the visit, not measured", "", None)],
        ),
    ],
)
def test_who_is_absent_and_why(
    trial: tuple[Study, Results], number: str, expected: list[tuple[str, str, str, int | None]]
) -> None:
    assert absent(trial[1], number) == expected


def test_those_in_a_number_and_those_absent_are_the_population(trial: tuple[Study, Results]) -> None:
    _, results = trial
    rows = results.numbers.filter(
        pl.col("analysis").is_in(["summary", "change"]),
        pl.col("statistic") == "n",
        pl.col("population") == "enrolled",
        pl.col("subgroup") == "all",
    )
    assert rows.height > 5
    for row in rows.iter_rows(named=True):
        assert int(row["value"]) + len(absent(results, row["id"])) == 4, row["id"]


def test_the_page_holds_them(trial: tuple[Study, Results]) -> None:
    study, results = trial
    number = "summary.enrolled.month_3.sledai_2k.mean"
    payload = build_payload(study, results, read_numbers(results.numbers), [number])
    key = results.numbers.filter(pl.col("id") == number)["source"].item()
    assert payload["sources"][f"{key}/missing"]
    assert "without an answer: rash; the score lies between 4 and 6" in payload["strings"]


def test_a_long_list_is_cut_and_says_so(
    trial: tuple[Study, Results], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absent_values, "MOST", 1)
    folder = write_small_trial(tmp_path / "t")
    path = folder / "data" / "sledai_2k.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("S2,month_6")]
    path.write_text("\n".join(lines) + "\n")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    assert [row[:2] for row in absent(results, "summary.enrolled.month_6.sledai_2k.mean")] == [
        ("S2", "not seen at the visit"),
        ("", "and 1 more"),
    ]


def test_many_items_are_named_in_part(tmp_path: Path) -> None:
    folder = write_small_trial(tmp_path / "t")
    path = folder / "data" / "sledai_2k.csv"
    lines = path.read_text().splitlines()
    names = lines[0].split(",")
    emptied = [names.index(name) for name in ("seizure", "psychosis", "arthritis", "rash", "fever")]
    for number, line in enumerate(lines):
        if line.startswith("S2,month_3"):
            lines[number] = ",".join(
                "" if place in emptied else cell for place, cell in enumerate(line.split(","))
            )
    path.write_text("\n".join(lines) + "\n")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    # without its answers: nothing else was present, at most 8 + 8 + 4 + 2 + 1 points
    assert absent(results, "summary.enrolled.month_3.sledai_2k.mean")[0][1] == (
        "without an answer: seizure, psychosis, arthritis and 2 more; the score lies between 0 and 23"
    )
