"""Follow-up time and adverse events a patient-year, worked out here from the tables with the csv module alone."""

import csv
import re
from datetime import date
from pathlib import Path
from statistics import fmean, median

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.document import Paragraph
from funis.documents.table import TableSpec
from funis.reporting.trial_document import build_document
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

from .report_kinds import analysed, make_study

YEAR = 365.25
EVENTS = "subject,term,start,end,grade,serious,related,outcome,action\n"


def rows_of(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def years_of(folder: Path) -> dict[str, float]:
    """Give the years of each subject from its first infusion to its last visit or the day it ended."""
    first: dict[str, date] = {}
    for row in rows_of(folder, "infusions"):
        day = date.fromisoformat(row["date"])
        first[row["subject"]] = min(day, first.get(row["subject"], day))
    last = dict(first)
    for table in ("visits", "disposition"):
        for row in rows_of(folder, table):
            if row["date"]:
                last[row["subject"]] = max(last[row["subject"]], date.fromisoformat(row["date"]))
    return {name: (last[name] - first[name]).days / YEAR for name in first}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Results]:
    """Rebuild the trial with four patients never asked, and with four events of three."""
    folder = make_study("sle", tmp_path_factory.mktemp("follow") / "sle")
    names = sorted({row["subject"] for row in rows_of(folder, "subjects")})
    path = folder / "data" / "safety_questions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if not line.startswith(tuple(names[:4]))), encoding="utf-8"
    )
    starts = {row["subject"]: row["date"] for row in rows_of(folder, "infusions") if row["number"] == "1"}
    # Two in the time of one patient asked, one of a patient never asked, one before the first infusion.
    told = [
        f"{names[5]},fever,{starts[names[5]]},,1,0,0,,",
        f"{names[5]},cough,{starts[names[5]]},,1,0,0,,",
        f"{names[0]},rash,{starts[names[0]]},,1,0,0,,",
        f"{names[6]},fall,2005-01-01,,1,0,0,,",
    ]
    (folder / "data" / "adverse_events.csv").write_text(EVENTS + "\n".join(told) + "\n", encoding="utf-8")
    study = read_study(folder)
    return folder, study, analyse(study, read_tables(folder, study))


def test_time_is_that_from_the_first_infusion_to_the_last_day_known(
    made: tuple[Path, Study, Results],
) -> None:
    folder, _, results = made
    years = list(years_of(folder).values())
    own = "follow_up.treated.follow_up_years"
    assert results.value(f"{own}.n") == len(years) == 40
    assert results.value(f"{own}.person_years") == pytest.approx(sum(years), abs=1e-6)
    assert results.value(f"{own}.mean") == pytest.approx(fmean(years), abs=1e-6)
    assert results.value(f"{own}.median") == pytest.approx(median(years), abs=1e-6)
    assert results.value(f"{own}.max") == pytest.approx(max(years), abs=1e-6)


def test_events_a_patient_year_are_of_those_asked_or_with_an_event(made: tuple[Path, Study, Results]) -> None:
    """Garwood's limits of 3 events are 0.6187 and 8.7673 (Poisson tables), here over the time of 37."""
    folder, _, results = made
    years = years_of(folder)
    unasked = sorted(years)[1:4]
    time = sum(value for name, value in years.items() if name not in unasked)
    own = "follow_up.treated.adverse_events"
    assert results.value(f"{own}.events") == 3
    assert results.value(f"{own}.person_years") == pytest.approx(time, abs=1e-6)
    found = [results.value(f"{own}.{name}.exact_poisson") for name in ("estimate", "lower", "upper")]
    assert found == pytest.approx([3 / time, 0.6187 / time, 8.7673 / time], abs=1e-5)


def test_the_main_part_says_time_and_rate_and_the_supplement_has_them_by_arm(
    made: tuple[Path, Study, Results],
) -> None:
    folder, study, results = made
    years = years_of(folder)
    document = build_document(study, results)
    said = " ".join(
        "".join(part.text for part in block.text)
        for section in document.main
        if section.id in {"subjects", "safety"}
        for block in section.all_blocks
        if isinstance(block, Paragraph)
    )
    assert f"is known of 40/40 (treated): {sum(years.values()):.1f} patient-years in all" in said
    assert re.search(r"3 in \d\d\.\d patient-years of the 37/40 patients asked, 0\.08 a patient-year", said)
    tables = [
        block
        for section in document.supplement
        for block in section.all_blocks
        if isinstance(block, TableSpec) and block.id == "table-follow-up"
    ]
    assert [row.stub.text for row in tables[0].rows] == ["Follow-up", "Adverse events"]
    assert tables[0].rows[1].cells[0].text == "37/40"


def test_where_nobody_was_asked_there_is_time_and_no_rate() -> None:
    _, results = analysed("nobody_asked")
    assert results.value("follow_up.treated.follow_up_years.n") == 40
    frame = results.numbers.filter(analysis="follow_up", variable="adverse_events")
    assert frame["status"].to_list() == ["not_collected"]
    assert frame["value"].to_list() == [None]


def test_each_arm_has_its_own_time_and_both_together_are_all() -> None:
    _, results = analysed("two_arms")
    frame = results.numbers.filter(analysis="follow_up", variable="follow_up_years", statistic="person_years")
    time = dict(frame.select("arm", "value").iter_rows())
    assert set(time) == {"all", "A", "B"}
    assert time["A"] + time["B"] == pytest.approx(time["all"], abs=1e-9)
