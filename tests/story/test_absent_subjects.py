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


@pytest.mark.parametrize(("most", "listed"), [(1, ["S2", ""]), (2, ["S2", "S4"])])
def test_a_long_list_is_cut_and_says_so(
    most: int, listed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absent_values, "MOST", most)
    folder = write_small_trial(tmp_path / "t")
    path = folder / "data" / "sledai_2k.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("S2,month_6")]
    path.write_text("\n".join(lines) + "\n")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    found = absent(results, "summary.enrolled.month_6.sledai_2k.mean")
    assert [row[0] for row in found] == listed
    assert found[0][1] == "not seen at the visit"
    assert found[1][1] == ("and 1 more" if most == 1 else "withdrew on day 60")


def test_who_left_on_the_day_of_a_visit_was_not_gone_before_it(tmp_path: Path) -> None:
    """S4 withdraws on day 90, the planned day of month 3: not before it, but before month 6."""
    folder = write_small_trial(tmp_path / "t")
    path = folder / "data" / "disposition.csv"
    path.write_text(path.read_text().replace("S4,withdrew,2020-03-01", "S4,withdrew,2020-03-31"))
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    for visit, reason in (("month_3", "not seen at the visit"), ("month_6", "withdrew on day 90")):
        assert absent(results, f"summary.enrolled.{visit}.sledai_2k.mean") == [("S4", reason, "", None)]


def test_a_band_of_time_has_no_visit_to_be_absent_from(tmp_path: Path) -> None:
    """A cohort without planned visits is summarised by bands of time; S4 is seen in the first alone."""
    folder = write_small_trial(tmp_path / "t")
    head = (folder / "study.toml").read_text().split("[eligibility]")[0]
    labs = '[instruments.sledai_2k]\nmissing = "strict"\n'
    (folder / "study.toml").write_text(head.replace("single_arm", "observational") + labs)
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    means = results.numbers.filter(
        pl.col("analysis") == "summary", pl.col("variable") == "sledai_2k", pl.col("statistic") == "n",
        pl.col("value") == 3, pl.col("visit").str.starts_with("month_").not_(),
    )  # fmt: skip
    assert means.height
    for number in means["id"]:
        assert absent(results, number) == [("S4", "no value then", "", None)]


@pytest.mark.parametrize(
    ("emptied", "said"),
    [
        # nothing else was present: at most 8 + 8 + 4 points, and 2 + 1 more
        (
            ("seizure", "psychosis", "arthritis"),
            "seizure, psychosis, arthritis; the score lies between 0 and 20",
        ),
        (
            ("seizure", "psychosis", "arthritis", "rash", "fever"),
            "seizure, psychosis, arthritis and 2 more; the score lies between 0 and 23",
        ),
    ],
)
def test_many_items_are_named_in_part(emptied: tuple[str, ...], said: str, tmp_path: Path) -> None:
    folder = write_small_trial(tmp_path / "t")
    path = folder / "data" / "sledai_2k.csv"
    lines = path.read_text().splitlines()
    names = lines[0].split(",")
    places = [names.index(name) for name in emptied]
    for number, line in enumerate(lines):
        if line.startswith("S2,month_3"):
            lines[number] = ",".join(
                "" if place in places else cell for place, cell in enumerate(line.split(","))
            )
    path.write_text("\n".join(lines) + "\n")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    reason = absent(results, "summary.enrolled.month_3.sledai_2k.mean")[0][1]
    assert reason == f"without an answer: {said}"
