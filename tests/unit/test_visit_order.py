"""Every assessment has one place among those of its subject; what has none is said, and all is printed."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.every_finding import check_frames, find_findings
from funis.data.tables import read_tables
from funis.errors import Finding
from funis.reporting.report import render_html
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study
from funis.study.visit_frame import order_visits

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
OPEN = Study.model_validate({
    "study": {"id": "T", "title": "T", "condition": "sle", "design": "observational"},
    "instruments": {"sledai_2k": {}},
})  # fmt: skip
PLANNED = Study.model_validate({
    "study": {"id": "T", "title": "T", "condition": "sle", "design": "single_arm"},
    "instruments": {"sledai_2k": {}},
    "visits": ({"name": "baseline", "day": 0}, {"name": "month_1", "day": 30}),
})  # fmt: skip


def orders(study: Study, rows: list[tuple[str, str, int | None]]) -> dict[str, float]:
    frame = pl.DataFrame(
        [(subject, visit, day, line) for line, (subject, visit, day) in enumerate(rows, start=2)],
        schema={"subject": pl.String, "visit": pl.String, "day": pl.Int64, "_line": pl.Int64},
        orient="row",
    )
    return dict(order_visits(study, frame).select("visit", "_order").iter_rows())


def test_a_visit_without_a_day_has_the_planned_one_and_an_unplanned_one_has_none() -> None:
    rows = [("S1", "month_1", None), ("S1", "unscheduled", None), ("S1", "baseline", -2)]
    assert orders(PLANNED, rows) == {"month_1": 30, "baseline": -2}


def test_the_line_says_the_order_only_where_no_visit_has_a_day() -> None:
    assert orders(OPEN, [("S1", "one", None), ("S1", "two", None)]) == {"one": 2, "two": 3}
    assert orders(OPEN, [("S1", "one", None), ("S1", "two", 40)]) == {"two": 40}


def test_visits_of_one_day_follow_the_file_within_that_day() -> None:
    rows: list[tuple[str, str, int | None]] = [
        ("S1", "month_1", 30),
        ("S2", "b", 30),
        ("S1", "a", 30),
        ("S1", "c", 30),
        ("S1", "later", 31),
        ("S1", "baseline", -1),
    ]
    assert orders(PLANNED, rows) == {
        "month_1": 30, "b": 30, "a": pytest.approx(30 + 1 / 3), "c": pytest.approx(30 + 2 / 3), "later": 31, "baseline": -1,
    }  # fmt: skip


def found_in(study: Study, visits: Sequence[object]) -> list[Finding]:
    people: list[object] = [{"subject": each} for each in ("S1", "S2")]
    frames: dict[str, object] = {"subjects": people, "sledai_2k": visits}
    found = check_frames(study, frames)
    return [each for each in found if each.code in {"visit_without_place", "visits_on_one_day"}]


def test_what_has_no_place_is_an_error_and_what_shares_a_day_a_query() -> None:
    rows: list[dict[str, object]] = [
        {"subject": "S1", "visit": "baseline", "day": 0},
        {"subject": "S1", "visit": "unscheduled", "day": 0},
        {"subject": "S2", "visit": "baseline", "day": 0},
        {"subject": "S2", "visit": "unscheduled"},
        {"subject": "S2", "visit": "month_1"},
    ]
    said = [(each.level, each.code, each.line, each.column, each.subject) for each in found_in(PLANNED, rows)]
    assert sorted(said) == [
        ("error", "visit_without_place", 4, "visit", "S2"),
        ("query", "visits_on_one_day", 2, "date", "S1"),
    ]


def test_of_a_cohort_without_days_nothing_is_asked() -> None:
    rows: list[dict[str, object]] = [{"subject": "S1", "visit": "one"}, {"subject": "S1", "visit": "two"}]
    assert not found_in(OPEN, rows)
    (one,) = found_in(OPEN, [{"subject": "S1", "visit": "one", "day": 4}, rows[1]])
    assert (one.code, one.line) == ("visit_without_place", 2)


EXTRA = {
    "one day": ["S1,unscheduled,2020-02-05", "S2,unscheduled,2020-03-06"],
    "no date": ["S1,unscheduled,", "S1,unscheduled_2,", "S2,unscheduled,"],
    "two planned visits on one day": [],
}


def run(folder: Path) -> tuple[Results, str, list[str]]:
    study = read_study(folder)
    tables = read_tables(folder, study)
    results = analyse(study, tables)
    page = render_html(study, results)
    return results, page, [each.code for each in find_findings(study, tables)]


def copy(folder: Path, sledai: str) -> Path:
    (folder / "data").mkdir(parents=True)
    for path in CLEAN.rglob("*.*"):
        (folder / path.relative_to(CLEAN)).write_bytes(path.read_bytes())
    (folder / "data" / "sledai_2k.csv").write_text(sledai, encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", EXTRA)
def test_a_report_is_printed_and_planned_visits_keep_their_numbers(kind: str, tmp_path: Path) -> None:
    sledai = (CLEAN / "data" / "sledai_2k.csv").read_text(encoding="utf-8")
    zeros = sledai.splitlines()[2].split(",")[3:]
    more = "".join(f"{','.join((place, *zeros))}\n" for place in EXTRA[kind])
    if not more:
        sledai = sledai.replace("S1,month_1,2020-02-05", "S1,month_1,2020-01-05")
    clean, _, _ = run(copy(tmp_path / "clean", sledai))
    results, page, codes = run(copy(tmp_path / "more", sledai.rstrip("\n") + "\n" + more))
    assert "</html>" in page
    assert ("visit_without_place" in codes) == (kind == "no date")
    assert ("visits_on_one_day" in codes) == (kind != "no date")
    wanted = {"endpoint": "activity", "statistic": "estimate"}
    assert clean.select(**wanted).height
    assert results.select(**wanted)["value"].to_list() == clean.select(**wanted)["value"].to_list()
