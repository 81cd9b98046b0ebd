"""What must not change a number: who else is in the study, the order of lines, the calendar, names of sites.

No number is typed here and none is computed a second time. Each test tells the same trial in another way, and
both tellings must give the same results: a number of an arm that moves when the other arm leaves counts people
who do not belong to it.
"""

import csv
import random
import sys
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct_scenario
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
make_two_arms = import_module("report_kinds").make_two_arms

Row = dict[str, str]
Tables = dict[str, list[Row]]

#: What one number is: everything but its value, its text and its sources.
KEY = (
    "analysis", "endpoint", "estimand", "population", "subgroup", "arm", "contrast", "visit", "variable",
    "measure", "category", "parameter", "cluster", "statistic", "adjustment", "delta", "missing",
    "missing_outcome", "method",
)  # fmt: skip
#: Numbers that belong to one arm and are made of both: differences, and models with one covariance.
OF_BOTH_ARMS = (
    pl.col("analysis").is_in(["comparison", "mmrm"])
    | (pl.col("contrast") != "")
    | ((pl.col("analysis") == "influence") & (pl.col("method") == "mmrm"))
)
#: Endpoints beside those of the trial: the other ways to fill what is missing, and to test.
MORE = """
[populations]
treated = "first_infusion_date IS NOT NULL"
older = "age >= 30"

[[endpoints]]
id = "carried"
kind = "change"
variable = "sledai_2k"
at = ["month_3", "month_12"]
population = "older"
methods = ["paired_t", "sign_test", "bootstrap"]
missing_outcome = "locf"

[[endpoints]]
id = "response_of_older"
kind = "response"
definition = "ucmsc_bilag_response"
at = ["month_6", "month_12"]
population = "older"
missing_outcome = "observed"
"""


def read_rows(folder: Path) -> Tables:
    found = {}
    for path in sorted((folder / "data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.name] = list(csv.DictReader(file))
    return found


def write_rows(folder: Path, tables: Tables) -> None:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / "data" / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def thin(tables: Tables) -> None:
    """Lose one row of twelve, so that something is missing everywhere, and write down some events."""
    draw = random.Random(20121110)  # noqa: S311 - a fixed choice of rows
    for name, rows in tables.items():
        if name != "subjects.csv" and rows and "subject" in rows[0]:
            rows[:] = [row for row in rows if draw.random() > 1 / 12]
    visits = [row for row in tables["visits.csv"] if row["visit"] in {"month_1", "month_6"}]
    grades = ["1", "2", "3", "4", "5"]
    tables["adverse_events.csv"] = [
        {
            "subject": row["subject"], "term": draw.choice(["fever", "cough", "herpes zoster"]),
            "start": row["date"], "end": row["date"], "grade": draw.choice(grades[:4]),
            "serious": draw.choice("01"), "related": draw.choice("01"), "outcome": "recovered", "action": "",
        }
        for row in draw.sample(visits, 24)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Tables]:
    """Give the study file and the tables of a two-arm trial whose relapsed subjects are infused again."""
    folder = reconstruct_scenario(tmp_path_factory.mktemp("told") / "trial")
    make_two_arms(folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    own, more = MORE.strip().split("\n\n", 1)
    assert text.count('[populations]\ntreated = "first_infusion_date IS NOT NULL"') == 1
    text = text.replace('[populations]\ntreated = "first_infusion_date IS NOT NULL"', own)
    tables = read_rows(folder)
    thin(tables)
    return f"{text}\n{more}\n", tables


Tell = Callable[[str, Tables], pl.DataFrame]


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Tell:
    def analysed(text: str, tables: Tables) -> pl.DataFrame:
        folder = tmp_path_factory.mktemp("invariance") / "trial"
        write_rows(folder, tables)
        (folder / "study.toml").write_text(text, encoding="utf-8")
        study = read_study(folder)
        return analyse(study, read_tables(folder, study)).numbers

    return analysed


@pytest.fixture(scope="module")
def whole(told: tuple[str, Tables], numbers: Tell) -> pl.DataFrame:
    found = numbers(*told)
    assert "course_2" in found["subgroup"].unique().to_list()
    return found


def differing(one: pl.DataFrame, other: pl.DataFrame, told_by: tuple[str, ...]) -> list[dict[str, object]]:
    """Give the numbers that only one telling has, or that differ."""
    assert one.height > 500
    paired = one.join(other, on=KEY, how="full", suffix="_other", nulls_equal=True, coalesce=False)
    apart = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_other")) for name in told_by)
    near = (pl.col("value") - pl.col("value_other")).abs() <= 1e-9 * pl.col("value").abs().clip(1e-6)
    moved = near.fill_null(value=False).not_() & pl.col("value").ne_missing(pl.col("value_other"))
    gone = pl.col("statistic").is_null() | pl.col("statistic_other").is_null()
    return paired.filter(gone | apart | moved).to_dicts()


@pytest.mark.parametrize("arm", ["A", "B"])
def test_an_arm_has_its_numbers_alone(
    told: tuple[str, Tables], numbers: Tell, whole: pl.DataFrame, arm: str
) -> None:
    """Printed decimals and the share of the study follow everybody's data; nothing else does."""
    text, tables = told
    own = {row["subject"] for row in tables["subjects.csv"] if row["arm"] == arm}
    # Lots and donors are nobody's own.
    alone = {
        name: [row for row in rows if "subject" not in row or row["subject"] in own]
        for name, rows in tables.items()
    }
    of_arm = (pl.col("arm") == arm) & ~OF_BOTH_ARMS
    found = differing(whole.filter(of_arm), numbers(text, alone).filter(of_arm), ("n", "status"))
    # A sex, a drug or a reason that the other arm alone has is told as nobody here.
    counted = [row for row in found if row["id_other"] is None and row["statistic"] in {"count", "percent"}]
    nobody = [row for row in counted if row["value"] == 0]
    assert [row for row in found if row not in nobody] == []


def test_the_order_of_lines_tells_nothing(
    told: tuple[str, Tables], numbers: Tell, whole: pl.DataFrame
) -> None:
    text, tables = told
    draw = random.Random(7)  # noqa: S311 - a fixed order of rows
    shuffled = {name: draw.sample(rows, len(rows)) for name, rows in tables.items()}
    assert differing(whole, numbers(text, shuffled), ("text", "n", "denominator", "status")) == []


def test_the_calendar_tells_nothing(told: tuple[str, Tables], numbers: Tell, whole: pl.DataFrame) -> None:
    """All dates are moved by 1,001 days, over two leap days or none: only days between them count."""
    text, tables = told

    def moved(value: str) -> str:
        try:
            return (date.fromisoformat(value) + timedelta(days=1001)).isoformat()
        except ValueError:
            return value

    later = {
        name: [{column: moved(value) for column, value in row.items()} for row in rows]
        for name, rows in tables.items()
    }
    assert later["subjects.csv"] != tables["subjects.csv"]
    assert differing(whole, numbers(text, later), ("text", "n", "denominator", "status")) == []


def twin_of(subject: str) -> str:
    return subject.replace("RECON-", "RECON-9")


def test_everybody_twice_doubles_the_counts(
    told: tuple[str, Tables], numbers: Tell, whole: pl.DataFrame
) -> None:
    """Every subject has a twin with the same values: counts and denominators double, means stay."""
    text, tables = told
    twins = {
        name: [*rows, *({**row, "subject": twin_of(row["subject"])} for row in rows if "subject" in row)]
        for name, rows in tables.items()
    }
    kept = pl.col("statistic").is_in(["count", "mean", "n", "min", "max", "median"])
    # What is modelled, tested or left out is not simply repeated; lots and donors have no twins.
    single = pl.col("analysis").is_in(["mmrm", "comparison", "influence", "sensitivity", "product", "size"])
    plain = kept & ~single & (pl.col("variable") != "lots")
    double = pl.col("statistic").is_in(["count", "n"])
    expected = whole.filter(plain).with_columns(
        pl.col("n", "denominator") * 2,
        pl.when(double).then(pl.col("value") * 2).otherwise(pl.col("value")).alias("value"),
    )
    found = differing(expected, numbers(text, twins).filter(plain), ("n", "denominator"))
    assert found == []
