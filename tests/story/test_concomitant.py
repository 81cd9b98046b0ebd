"""Other drugs than glucocorticoid by mouth: who was on which when, worked out by hand from four subjects.

Days seen: S1, S2 and S3 on 0, 90 and 180, S4 on day 0 only, of whom no drug is recorded: unknown.

               day 0        day 90         day 180        started      stopped
HCQ   S1       yes          yes            yes            no           no
      S2       no           yes            no             yes (day 30) yes (day 120, seen on 180)
      S3       open (no first day, goes on)               open         no
MMF   S1       yes          yes (dose up)  yes            no           no
      S3       no           no             yes            yes (day 180) no (last day is the last day seen)
Prednisone by mouth is no part; methylprednisolone by vein is. Rituximab of S1 ended on day -10: earlier.
"""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.table import TableSpec
from funis.reporting.listing_tables import find_long_listings
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial

MEDICATIONS = """subject,drug,dose,unit,route,start_day,end_day
S1,Hydroxychloroquine,400,mg/day,oral,-300,
S1,mycophenolate mofetil,1,g/day,oral,-100,60
S1,mycophenolate mofetil,2,g/day,oral,61,
S1,rituximab,1000,mg,intravenous,-20,-10
S1,prednisone,20,mg/day,oral,-300,
S2,hydroxychloroquine,200,mg/day,oral,30,120
S2,methylprednisolone,500,mg/day,intravenous,90,90
S3,hydroxychloroquine,200,mg/day,oral,,
S3,mycophenolate mofetil,,,oral,180,180
"""


def run_trial(folder: Path, medications: str = MEDICATIONS) -> tuple[Study, Results]:
    write_small_trial(folder)
    (folder / "data" / "medications.csv").write_text(medications, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    return run_trial(tmp_path_factory.mktemp("trial") / "small")


def counted(results: Results, variable: str, drug: str, visit: str) -> tuple[float, int] | None:
    rows = results.numbers.filter(
        (pl.col("analysis") == "concomitant") & (pl.col("variable") == variable) & (pl.col("category") == drug)
        & (pl.col("visit") == visit) & (pl.col("statistic") == "count") & (pl.col("arm") == "all")
    )  # fmt: skip
    assert rows.height <= 1
    return None if rows.is_empty() else (rows["value"][0], rows["denominator"][0])


HCQ, MMF, PULSE = "hydroxychloroquine", "mycophenolate mofetil", "methylprednisolone, by vein"


@pytest.mark.parametrize(
    ("variable", "drug", "visit", "wanted"),
    [
        ("known", "", "baseline", (3, 4)),
        ("known", "", "month_3", (3, 3)),
        ("on", HCQ, "baseline", (1, 2)),
        ("on", HCQ, "month_3", (2, 2)),
        ("on", HCQ, "month_6", (1, 2)),
        ("on", MMF, "baseline", (1, 3)),
        ("on", MMF, "month_3", (1, 3)),
        ("on", MMF, "month_6", (2, 3)),
        ("on", PULSE, "month_3", (1, 3)),
        ("on", PULSE, "month_6", (0, 3)),
        # S3 at baseline: hydroxychloroquine is open and nothing else was taken.
        ("on", "", "baseline", (1, 2)),
        ("on", "", "month_6", (2, 3)),
        ("started", HCQ, "all", (1, 2)),
        ("stopped", HCQ, "all", (1, 3)),
        ("started", MMF, "all", (1, 3)),
        ("stopped", MMF, "all", (0, 3)),
        ("started", PULSE, "all", (1, 3)),
        ("stopped", PULSE, "all", (1, 3)),
        ("on", "rituximab", "baseline", None),
        ("on", "prednisone", "baseline", None),
    ],
)
def test_counts(
    found: tuple[Study, Results], variable: str, drug: str, visit: str, wanted: tuple[int, int] | None
) -> None:
    assert counted(found[1], variable, drug, visit) == wanted


def test_a_count_cites_the_courses_of_those_counted(found: tuple[Study, Results]) -> None:
    """Line 1 is the header: the second course of S1 was in force on day 180, not the first; that of S3 too."""
    results = found[1]
    number = results.numbers.filter(
        (pl.col("analysis") == "concomitant") & (pl.col("category") == MMF) & (pl.col("visit") == "month_6")
    ).row(0, named=True)
    cited = results.sources.filter(pl.col("source") == number["source"])
    assert sorted(cited.select("subject", "file", "line").iter_rows()) == [
        ("S1", "medications.csv", 4), ("S3", "medications.csv", 10),
    ]  # fmt: skip


def test_the_first_line_of_a_table_is_cited_too(found: tuple[Study, Results]) -> None:
    number = (
        found[1]
        .numbers.filter(
            (pl.col("analysis") == "concomitant")
            & (pl.col("category") == HCQ)
            & (pl.col("visit") == "month_6")
        )
        .row(0, named=True)
    )
    cited = found[1].sources.filter(pl.col("source") == number["source"])
    assert cited.select("subject", "file", "line").rows() == [("S1", "medications.csv", 2)]


def table_of(found: tuple[Study, Results], name: str) -> TableSpec:
    return next(table for table in build_tables(*found) if table.id == name)


def test_the_table_has_a_row_a_drug_and_says_its_rule(found: tuple[Study, Results]) -> None:
    table = table_of(found, "table-concomitant-all")
    assert table.heads == (
        "", "Baseline", "Month 3", "Month 6", "Started", "Stopped",
    )  # fmt: skip
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    assert printed == {
        "Drugs known, n/N seen": ["3/4", "3/3", "3/3", "–", "–"],
        "Any of these drugs": ["1/2", "2/2", "2", "2/3", "1/3"],
        "Hydroxychloroquine": ["1/2", "2/2", "1/2", "1/2", "1/3"],
        "Mycophenolate mofetil": ["1", "1", "2", "1/3", "0/3"],
        "Methylprednisolone, by vein": ["0", "1", "0", "1/3", "1/3"],
    }
    notes = " ".join(table.footnotes)
    assert "a course had begun by the day of the visit and had not ended before it" in notes
    assert "another dose is no start" in notes
    assert "not coded by a dictionary" in notes
    assert sum(width for _, width in table.spanners) == len(table.heads)


def test_drugs_of_one_subject_alone_stand_in_the_supplement(found: tuple[Study, Results]) -> None:
    table = table_of(found, "table-concomitant")
    assert [row.stub.text for row in table.rows][2:] == ["Hydroxychloroquine", "Mycophenolate mofetil"]
    assert "1 further drug of few subjects: supplement." in table.footnotes


def test_each_subject_has_a_line_with_every_course(found: tuple[Study, Results]) -> None:
    table = table_of(found, "table-listing-drugs")
    assert table.heads == (
        "Subject",
        "Ended before day 0",
        "On day 0",
        "Begun after day 0",
        "Begin not recorded",
    )
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    assert printed == {
        "S1": [
            "rituximab 1000 mg (day −20 to −10)",
            "hydroxychloroquine 400 mg/day (from day −300); mycophenolate mofetil 1 g/day (day −100 to 60)",
            "mycophenolate mofetil 2 g/day (from day 61)",
            "",
        ],
        "S2": [
            "",
            "",
            (
                "hydroxychloroquine 200 mg/day (day 30 to 120); methylprednisolone, by vein 500 mg/day (day 90 "
                "to 90)"
            ),
            "",
        ],
        "S3": [
            "",
            "",
            "mycophenolate mofetil (day 180 to 180)",
            "hydroxychloroquine 200 mg/day (days not recorded)",
        ],
    }


def test_without_any_drug_recorded_there_is_no_table(tmp_path: Path) -> None:
    study, results = run_trial(tmp_path / "small", MEDICATIONS.splitlines()[0] + "\n")
    assert "concomitant" not in set(results.numbers["analysis"])
    assert not [table.id for table in build_tables(study, results) if "concomitant" in table.id]


def test_a_long_list_of_drugs_leads_to_the_file_that_holds_them_all(found: tuple[Study, Results]) -> None:
    study, results = found
    whole = pl.concat([results.listings["concomitant"]] * 101)
    told = replace(results, listings={**results.listings, "concomitant": whole})
    table = table_of((study, told), "table-listing-drugs")
    (line,) = table.instead
    rows = whole.height
    assert rows > 300
    said = f"The first 50 of {rows} rows; all stand in listings/concomitant.csv beside this page."
    assert (len(table.rows), "".join(part.text for part in line)) == (50, said)
    assert [part.target for part in line if part.target] == ["listings/concomitant.csv"]
    assert find_long_listings(told)["concomitant"].height == rows
