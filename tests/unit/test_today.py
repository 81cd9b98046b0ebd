"""Today is the study's day, by a clock that stands still: neither UTC nor the machine's own zone counts."""

import ast
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

import funis
from funis.cli import app
from funis.data.tables import tables_from_frames
from funis.errors import StudyError
from funis.study import today
from funis.study.model import Study
from funis.study.read import read_study
from funis.study.today import study_today

ROOT = Path(__file__).resolve().parents[2]
CLEAN = (ROOT / "tests" / "fault" / "clean" / "study.toml").read_text(encoding="utf-8")
# 07:30 of the 10th in Shanghai (UTC+8); still 19:30 of the 9th in New York (UTC-4, summer time);
# 13:30 of the 10th on Kiritimati (UTC+14).
MOMENT = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(today, "read_clock", lambda: MOMENT)


@pytest.fixture(params=["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def machine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Put the machine into another zone than the study."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def study_of(folder: Path, zone: str) -> Study:
    key = f'timezone  = "{zone}"\n' if zone else ""
    text = CLEAN.replace('condition = "sle"\n', f'condition = "sle"\n{key}')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return read_study(folder)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Shanghai", date(2026, 3, 10)),
        ("America/New_York", date(2026, 3, 9)),
        ("UTC", date(2026, 3, 9)),
        ("", date(2026, 3, 10)),
    ],
)
def test_today_is_the_day_in_the_study_s_zone(tmp_path: Path, machine: str, zone: str, day: date) -> None:
    assert study_today(study_of(tmp_path, zone)) == day, machine


# Every column of dates that is compared with today; a row of the other tables needs its subject.
DATED = [
    ("visits", "date", {"visit": "month_1"}),
    ("sledai_2k", "date", {"visit": "month_1"}),
    ("labs", "date", {"visit": "month_1", "test": "creatinine", "value": 80, "unit": "umol/L"}),
    ("infusions", "date", {"number": 1}),
    ("disposition", "date", {"status": "completed"}),
    ("safety_questions", "date", {"visit": "month_1", "asked": 1, "any_event": 0}),
    ("adverse_events", "start", {"term": "headache"}),
    ("adverse_events", "end", {"term": "headache"}),
    ("medications", "start", {"drug": "prednisone"}),
    ("subjects", "birth_date", {}),
    ("subjects", "consent_date", {}),
    ("subjects", "diagnosis_date", {}),
]


@pytest.mark.parametrize(("table", "column", "rest"), DATED, ids=lambda each: str(each)[:20])
@pytest.mark.parametrize(("day", "is_future"), [("2026-03-10", False), ("2026-03-11", True)])
def test_this_morning_is_not_in_the_future(
    tmp_path: Path, table: str, column: str, rest: dict[str, object], day: str, *, is_future: bool
) -> None:
    row = {"subject": "S1", **rest, column: day}
    tables = {"subjects": [{"subject": "S1"}], table: [row]}
    found = funis.check_frames(study_of(tmp_path, "Asia/Shanghai"), tables)
    future = [each for each in found if each.code == "date_in_future" and each.table == table]
    assert bool(future) is is_future
    for each in future:
        assert each.column == column
        assert each.fix == "Today is 2026-03-10 (Asia/Shanghai); check the year."


def test_the_command_line_asks_the_same_clock(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "subjects.csv").write_text("subject\nS1\n", encoding="utf-8")
    visits = "subject,visit,date\nS1,baseline,2026-03-10\nS1,month_1,2026-03-11\n"
    (tmp_path / "data" / "visits.csv").write_text(visits, encoding="utf-8")
    study_of(tmp_path, "Asia/Shanghai")
    told = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert (
        "visits.csv, line 3, column 'date' (subject S1, visit month_1): The date lies in the future"
        in told.output
    )
    assert (
        "visits.csv, line 2, column 'date' (subject S1, visit baseline): The date lies in the future"
        not in told.output
    )


@pytest.mark.parametrize(
    "zone", ["Asia/Shangai", "localtime", "posix/Asia/Shanghai", "/etc/localtime", "../x", "+08:00", "CST8"]
)
def test_a_zone_that_is_none_is_refused_with_the_nearest(tmp_path: Path, zone: str) -> None:
    with pytest.raises(StudyError, match="There is no time zone of this name") as error:
        study_of(tmp_path, zone)
    (finding,) = error.value.findings
    assert (finding.column, finding.line) == ("study.timezone", 6)
    if zone == "Asia/Shangai":
        assert finding.fix.startswith("The nearest is 'Asia/Shanghai'.")


def asks_the_clock(path: Path) -> list[int]:
    """Give the lines on which a file asks what time or day it is."""
    asking = {"now", "today", "utcnow", "localtime", "gmtime", "ctime", "asctime"}
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    return [
        node.lineno
        for node in calls
        if isinstance(node.func, ast.Attribute)
        and (
            node.func.attr in asking
            or ast.unparse(node.func) in {"time.time", "time.time_ns", "time.strftime"}
        )
    ]


def test_only_one_function_asks_the_clock() -> None:
    sources = sorted((ROOT / "src").rglob("*.py"))
    asking = {str(path.relative_to(ROOT)): lines for path in sources if (lines := asks_the_clock(path))}
    assert list(asking) == ["src/funis/study/today.py"]
    assert len(asking["src/funis/study/today.py"]) == 1


def test_a_call_of_the_clock_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("import time, datetime\ntime.time()\ndatetime.date.today()\n", encoding="utf-8")
    assert asks_the_clock(path) == [2, 3]


def test_lots_and_donors_have_no_future_but_their_expiry(tmp_path: Path) -> None:
    lot = {
        "lot": "L1",
        "donor": "D1",
        "manufactured": "2026-03-11",
        "release_date": "2026-03-11",
        "expiry": "2027-01-01",
    }
    donor = {"donor": "D1", "consent_date": "2026-03-11", "delivery_date": "2026-03-11"}
    tables = {"subjects": [{"subject": "S1"}], "lots": [lot], "donors": [donor]}
    found = funis.check_frames(study_of(tmp_path, "Asia/Shanghai"), tables)
    assert {(each.table, each.column) for each in found if each.code == "date_in_future"} == {
        ("lots", "manufactured"), ("lots", "release_date"), ("donors", "consent_date"), ("donors", "delivery_date"),
    }  # fmt: skip


def test_no_day_is_counted_from_a_date_in_the_future(tmp_path: Path) -> None:
    # Day 0 is the first infusion: one of tomorrow would put the visit of March 1 on day -10. Without it the
    # baseline itself is day 0.
    tables = {
        "subjects": [{"subject": "S1"}],
        "infusions": [{"subject": "S1", "number": 1, "date": "2026-03-11"}],
        "visits": [{"subject": "S1", "visit": "baseline", "date": "2026-03-01"}],
    }
    checked = tables_from_frames(study_of(tmp_path, "Asia/Shanghai"), tables)
    assert checked.frames["infusions"]["date"].to_list() == [None]
    assert checked.frames["visits"]["day"].to_list() == [0]
