"""What follows a subject's timeline gives the same answers on every engine, in the caller's kind of frame.

The rows of a subject stand in several partitions of Spark, where each subject is judged in a worker.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ColumnError, UnknownNameError, ValueRangeError

pytestmark = pytest.mark.filterwarnings("ignore")

ENGINES = [
    "polars",
    "polars lazy",
    "pandas",
    "pyarrow",
    "duckdb",
    pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.slow]),
]
BILAG = funis.definition("bilag_2004")
SYSTEMS = ("renal", "haematological", "mucocutaneous", "musculoskeletal")
VISITS = {"baseline": 0, "month_3": 90, "month_6": 180, "month_9": 270, "month_12": 360}
Convert = Callable[[pl.DataFrame], Any]


@pytest.fixture
def convert(request: pytest.FixtureRequest) -> Iterator[Convert]:
    """Give the way from Polars to the engine of the test."""
    engine = request.param
    if engine == "spark":
        session = request.getfixturevalue("spark")
        yield lambda frame: session.createDataFrame(frame.to_arrow()).repartition(3)
        return
    if engine == "duckdb":
        connection = pytest.importorskip("duckdb").connect()
        yield lambda frame: connection.from_arrow(frame.to_arrow())
        connection.close()
        return
    ways: dict[str, Convert] = {
        "polars": lambda frame: frame,
        "polars lazy": lambda frame: frame.lazy(),
        "pandas": lambda frame: frame.to_pandas(),
        "pyarrow": lambda frame: frame.to_arrow(),
    }
    yield ways[engine]


def rows_of(frame: Any, *keys: str) -> list[dict[str, Any]]:
    """Bring the rows of any engine to Polars, in order of keys; NaN is no value."""
    kind = type(frame).__module__.partition(".")[0].lstrip("_")
    if kind == "pyspark":
        frame = pl.DataFrame(frame.toArrow())
    elif kind == "duckdb":
        frame = frame.pl()
    elif kind == "pandas":
        frame = pl.from_pandas(frame)
    elif kind == "pyarrow":
        frame = pl.DataFrame(frame)
    rows: pl.DataFrame = frame.lazy().collect().fill_nan(None)
    return (rows.sort(*keys) if keys else rows).rows(named=True)


def check_same(found: Any, given: Any, wanted: pl.DataFrame, *keys: str) -> None:
    """The caller's kind of frame, the columns in their order, the same rows."""
    assert type(found) is type(given)
    rows, expected = rows_of(found, *keys), rows_of(wanted, *keys)
    assert len(rows) == len(expected) > 0
    assert list(rows[0]) == list(expected[0])
    assert rows == expected


def make_register(n_subjects: int = 40) -> pl.DataFrame:
    """Visits on scattered days, some of them missing or unscheduled, with grades and numbers that may be missing."""
    drawn = random.Random(20)  # noqa: S311
    rows = []
    for number in range(n_subjects):
        for visit, day in VISITS.items():
            if visit != "baseline" and drawn.random() < 0.12:
                continue
            rows.append(make_visit(drawn, number, visit, day + (drawn.randint(-6, 6) if day else 0)))
        if number % 5 == 0:
            rows.append(make_visit(drawn, number, "unscheduled_1", 200))
    drawn.shuffle(rows)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(never_recorded=pl.lit(None, pl.Float64))


def make_visit(drawn: random.Random, number: int, visit: str, day: int) -> dict[str, Any]:
    first = visit == "baseline"
    row: dict[str, Any] = {"subject": f"{number:03d}", "visit": visit, "day": day}
    row |= {f"bilag_2004_{system}": "E" for system in BILAG.systems}
    for system in SYSTEMS:
        row[f"bilag_2004_{system}"] = drawn.choice("AABE" if first else ["A", "B", *"CCCDDDEE", None])
        row[f"bilag_2004_{system}_upper"] = "B"
    row["sledai_2k"] = drawn.choice([8.0, 10.0] if first else [0.0, 2.0, 4.0, 6.0, float("nan")])
    row["pga"] = drawn.choice([1.5, 2.0] if first else [0.3, 1.0, 2.2, None])
    row["prednisone"] = drawn.choice([5.0, 7.5, 10.0])
    row["essdai"] = drawn.choice([9.0, 14.0] if first else [3.0, 4.0, 12.0, None])
    return row


def make_disposition() -> pl.DataFrame:
    """A death, a withdrawal, a loss, and a subject who was never seen."""
    return pl.DataFrame(
        {
            "subject": ["001", "002", "003", "900"],
            "status": ["died", "withdrew", "lost", "withdrew"],
            "day": [200, 150, 300, 3],
        }
    )


def make_course(**grades: str) -> pl.DataFrame:
    """Two subjects with the same renal grades, `?` where there is none."""
    rows = [
        {
            "subject": subject,
            "visit": visit,
            "day": VISITS[visit],
            **dict.fromkeys((f"bilag_2004_{system}" for system in BILAG.systems), "E"),
            "bilag_2004_renal": None if grade == "?" else grade,
        }
        for subject in ("01", "02")
        for visit, grade in grades.items()
    ]
    return pl.DataFrame(rows)


CHOICES: list[tuple[str, dict[str, Any]]] = [
    ("ucmsc_bilag_response", {}),
    ("ucmsc_bilag_response", {"response_visit": "month_3", "schedule": "month_3, month_6, month_12"}),
    ("ucmsc_bilag_response", {"missing_visit": "neighbours", "unscheduled": False, "confirmed": True}),
    ("explorer_response", {"response_day": 185, "response_window": 8}),
    ("sri_4", {"response_visit": "month_6"}),
    ("essdai_mcii", {"missing_response": "nonresponder"}),
]


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_a_worked_course(convert: Convert) -> None:
    # A at baseline, C at month 6: a major response; B at month 12 after C is new and ends it.
    visits = convert(make_course(baseline="A", month_6="C", month_9="C", month_12="B"))
    rows = rows_of(funis.respond(visits, "ucmsc_bilag_response"), "subject")
    assert [row["response"] for row in rows] == ["MCR", "MCR"]
    assert [(row["relapse_visit"], row["relapse_day"]) for row in rows] == [("month_12", 360.0)] * 2


@pytest.mark.parametrize(("name", "parameters"), CHOICES)
@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_responses(convert: Convert, name: str, parameters: dict[str, Any]) -> None:
    visits = convert(make_register())
    events = make_disposition() if parameters else None
    wanted = funis.respond(make_register(), name, parameters=parameters, disposition=events)
    given = None if events is None else convert(events)
    found = funis.respond(visits, name, parameters=parameters, disposition=given)
    check_same(found, visits, wanted, "subject")
    # The register must have something to tell.
    assert len({row["response"] for row in rows_of(found)}) > 1


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_responses_at_every_visit_and_their_relapses(convert: Convert) -> None:
    register, name = make_register(), "ucmsc_bilag_response"
    visits = convert(register)
    events = make_disposition()
    wanted = funis.respond_by_visit(register, name, disposition=events)
    found = funis.respond_by_visit(visits, name, disposition=events)
    check_same(found, visits, wanted, "subject", "response_visit")
    days = {"month_9": 270.0, "month_12": 360.0}
    answers = funis.respond(visits, name, disposition=events)
    expected = funis.count_relapses(funis.respond(register, name, disposition=events), days)
    check_same(funis.count_relapses(answers, days), visits, expected, "visit", "denominator")
    assert expected["count"].sum() > 0


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_all_responses_side_by_side(convert: Convert) -> None:
    register = make_register()
    visits = convert(register)
    events = make_disposition()
    wanted = funis.compare_responses(register, disposition=events)
    assert {"sri_4", "ucmsc_bilag_response", "essdai_mcii"} < set(wanted.columns)
    check_same(funis.compare_responses(visits, disposition=events), visits, wanted, "subject")
    names = ["ucmsc_bilag_response", "sri_4", "cress"]
    expected = funis.multiverse(register, definitions=names, disposition=events)
    found = funis.multiverse(visits, definitions=names, disposition=events)
    # The order of the rows tells which row the others are held against.
    check_same(found, visits, expected)
    assert {"counted", "not applicable"} == set(expected["status"])


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_responder_index(convert: Convert) -> None:
    items = {item.name: [0, 0, 0, 0] for item in funis.definition("sledai_2k").items}
    frame = pl.DataFrame(
        {"person": ["1", "2", "1", "2"], "at": ["baseline"] * 2 + ["month_6"] * 2}
        | items
        | {"arthritis": [1, 1, 1, None], "inflamed_joints": [8, 6, 4, 6], "place": [0, 1, 2, 3]}
    )
    visits = convert(frame)
    found = funis.score_responder_index(visits, subject="person", visit="at")
    assert type(found) is type(visits)
    rows = rows_of(found, "place")
    assert list(rows[0])[: len(frame.columns)] == frame.columns
    # Arthritis has 4 points; half of 8 joints is left, which counts half; unknown arthritis may be absent.
    assert [row["s2k_ri_50"] for row in rows] == [4.0, 4.0, 2.0, None]
    assert [row["s2k_ri_50_upper"] for row in rows] == [4.0, 4.0, 2.0, 4.0]
    assert [row["s2k_ri_50_lower"] for row in rows][3] == 0.0


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_classification(convert: Convert) -> None:
    frame = pl.DataFrame(
        {
            "subject": [12, 3, 7],
            "ana": [160.0, None, 0.0],
            "nephritis_class_3_or_4": [1, 1, 0],
            "fever": [None, None, None],
        },
        schema_overrides={"fever": pl.Int64},
    )
    people = convert(frame)
    found = funis.classify(people, "eular_acr_2019")
    check_same(found, people, funis.classify(frame, "eular_acr_2019"), "subject")
    rows = rows_of(found, "subject")
    # Class III or IV nephritis is 10 points and enough, where antinuclear antibodies are there.
    assert [(row["subject"], row["classified"]) for row in rows] == [
        (3, "cannot tell"),
        (7, "no"),
        (12, "yes"),
    ]
    # Fever was recorded for nobody: that is known only when all subjects have been seen.
    assert all("never recorded" in row["reason"] and "fever" in row["reason"] for row in rows)


LABS = pl.DataFrame(
    {
        "subject": ["1", "1", "2", "2", "3", "3"],
        "test": ["platelets", "haemoglobin", "platelets", "wbc", "alt_of_nobody", None],
        "value": [49.0, 9.5, float("nan"), 2.5, 40.0, 1.0],
        "unit": ["10^9/L", "g/dL", "10^9/L", None, "U/L", None],
        "lln": [150.0, 12.0, 150.0, 4.0, None, None],
        "place": [0, 1, 2, 3, 4, 5],
    }
)


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_laboratory_grades(convert: Convert) -> None:
    labs = convert(LABS)
    found = funis.grade_toxicity(labs, columns={"low": "lln"})
    assert type(found) is type(labs)
    wanted = rows_of(funis.grade_toxicity(LABS, columns={"low": "lln"}), "place")
    rows = rows_of(found, "place")
    assert rows == wanted
    # Platelets 49: below 50, grade 3. Haemoglobin 95 g/L: 80 to below 100, grade 2. No unit, no grade.
    assert [row["grade"] for row in rows] == [3, 2, None, None, None, None]
    assert [row["grade_reason"] for row in rows][2:4] == ["the value is missing", "the unit is missing"]


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
@pytest.mark.parametrize("kind", [pl.Float64, pl.Int64])
def test_laboratory_shifts(convert: Convert, kind: Any) -> None:
    frame = pl.DataFrame(
        {
            "subject": ["1"] * 3 + ["2"] * 2 + ["3"],
            "test": ["creatinine"] * 6,
            "day": [-7, 0, 30, 0, 60, 30],
            "value": [None, 60, 130, 100, 100, 90],
            "high": [97.0] * 6,
            "place": range(6),
        },
        schema_overrides={"value": kind},
    )
    labs = convert(frame)
    with_baseline = funis.derive_lab_baseline(labs)
    assert type(with_baseline) is type(labs)
    rows = rows_of(with_baseline, "place")
    assert list(rows[0]) == [*frame.columns, "baseline", "baseline_unit"]
    assert [row["baseline"] for row in rows] == [60.0, 60.0, 60.0, 100.0, 100.0, None]
    shifts = funis.derive_toxicity_shifts(funis.grade_toxicity(with_baseline))
    assert type(shifts) is type(labs)
    # 130 is 2.17 times the baseline of 60: above 1.5, grade 2. 100 is 1.03 ULN: grade 1 before and after.
    # 90 after an unknown baseline could be above 3 times of it: nothing is known before, 0 to 3 after.
    wanted = {"1": (0, 2, "yes"), "2": (1, 1, "no"), "3": (None, None, "cannot tell")}
    found = rows_of(shifts, "subject")
    names = ("baseline_grade", "worst_grade", "treatment_emergent")
    assert {row["subject"]: tuple(row[name] for name in names) for row in found} == wanted
    counts = funis.count_toxicity_shifts(shifts)
    assert type(counts) is type(labs)
    cells = {(row["baseline_grade"], row["worst_grade"]): (row["n"], row["of"]) for row in rows_of(counts)}
    assert len(cells) == 36
    filled = {("0", "2"): (1, 3), ("1", "1"): (1, 3), ("unknown", "unknown"): (1, 3)}
    assert {cell: n for cell, n in cells.items() if n[0]} == filled


@pytest.mark.parametrize("convert", ENGINES, indirect=True)
def test_wrong_names_are_refused_at_once(convert: Convert) -> None:
    visits = convert(make_register(2))
    with pytest.raises(ColumnError, match="'person'"):
        funis.respond(visits, "sri_4", subject="person")
    with pytest.raises(UnknownNameError, match="sri_4"):
        funis.respond(visits, "sri4")
    with pytest.raises(UnknownNameError, match="response_visit"):
        funis.respond(visits, "sri_4", parameters={"respons_visit": "month_6"})
    with pytest.raises(ColumnError, match="disposition"):
        funis.respond(visits, "sri_4", disposition=convert(pl.DataFrame({"who": ["000"]})))
    with pytest.raises(ColumnError, match="S2K RI-50"):
        funis.score_responder_index(visits)
    with pytest.raises(ColumnError, match="'test'"):
        funis.grade_toxicity(visits)
    with pytest.raises(ValueRangeError, match="missing_baseline"):
        funis.grade_toxicity(visits, missing_baseline="none")  # type: ignore[arg-type]


def test_a_relation_stays_on_its_connection() -> None:
    """The answer can be joined with tables of the caller, and a table of any name does not stand in its way."""
    with pytest.importorskip("duckdb").connect() as connection:
        connection.execute("create table arms as select '01' as subject, 'cells' as arm")
        connection.execute("create table found as select 1 as x")
        visits = connection.from_arrow(make_course(baseline="A", month_6="C", month_12="B").to_arrow())
        answers = funis.respond(visits, "ucmsc_bilag_response")  # noqa: F841  (DuckDB reads it by its name)
        joined = connection.sql("select arm, response from answers join arms using (subject)")
        assert joined.fetchall() == [("cells", "MCR")]


def test_pandas_rows_keep_their_index() -> None:
    pytest.importorskip("pandas")
    items = {item.name: [0, 0] for item in funis.definition("sledai_2k").items}
    frame = pl.DataFrame({"subject": ["1", "1"], "visit": ["baseline", "month_6"]} | items).to_pandas()
    frame.index = [7, 3]
    assert list(funis.score_responder_index(frame).index) == [7, 3]
