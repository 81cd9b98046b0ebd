"""Results in the unit of the study stay as they are; those of a test that the study does not have go."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.data.check.labs import derive_lab_values
from funis.data.tables import tables_from_frames
from funis.frames.verbs import as_few
from funis.study.model import LabTest, Study, Trial

STUDY = Study(
    trial=Trial(id="X", title="X", condition="sle", design="single_arm"),
    labs=(LabTest(test="c3", unit="g/L"), LabTest(test="platelets", unit="10*9/L")),
)


def labs(*rows: tuple[str, float, str]) -> pl.DataFrame:
    columns: dict[str, Any] = {
        "subject": ["S1"] * len(rows),
        "visit": ["baseline"] * len(rows),
        "date": [date(2024, 1, 5)] * len(rows),
        "test": [test for test, _, _ in rows],
        "value": [value for _, value, _ in rows],
        "unit": [unit for _, _, unit in rows],
        "comparator": pl.Series([None] * len(rows), dtype=pl.String),
        "low": pl.Series([None] * len(rows), dtype=pl.Float64),
        "high": pl.Series([None] * len(rows), dtype=pl.Float64),
        "_file": ["labs"] * len(rows),
        # As they stand in a file that was put together from two.
        "_line": list(range(len(rows) + 1, 1, -1)),
    }
    return pl.DataFrame(columns)


def as_kind(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    return as_few(frame) if kind == "few rows" else frame


@pytest.mark.parametrize("kind", ["few rows", "Polars"])
def test_results_in_the_unit_of_the_study_stay(kind: str) -> None:
    given = labs(("platelets", 200.0, "10*9/L"), ("c3", 1.0, "g/L"))
    derived, findings = derive_lab_values(STUDY, as_kind(given, kind))
    assert derived.select("_line", "test", "value", "value_recorded", "unit_recorded").rows() == [
        (2, "c3", 1.0, 1.0, "g/L"),
        (3, "platelets", 200.0, 200.0, "10*9/L"),
    ]
    assert findings == []


@pytest.mark.parametrize("kind", ["few rows", "Polars"])
def test_one_result_in_another_unit_leaves_the_others_alone(kind: str) -> None:
    # 90 mg/dL are 0.9 g/L.
    given = labs(("platelets", 200.0, "10*9/L"), ("c3", 90.0, "mg/dL"))
    derived, _ = derive_lab_values(STUDY, as_kind(given, kind))
    assert derived.select("test", "value", "unit", "value_recorded").rows() == [
        ("c3", 0.9, "g/L", 90.0),
        ("platelets", 200.0, "10^9/L", 200.0),
    ]


@pytest.mark.parametrize("kind", ["few rows", "Polars"])
def test_a_test_that_the_study_does_not_have_goes(kind: str) -> None:
    given = labs(("c4", 0.2, "g/L"), ("c3", 1.0, "g/L"))
    derived, _ = derive_lab_values(STUDY, as_kind(given, kind))
    assert derived["test"].to_list() == ["c3"]


def test_a_measured_item_is_not_done_where_the_laboratory_says_so_and_blank_where_it_says_nothing() -> None:
    items = {item.name: "ND" for item in definition("bilag_2004").items} | {"platelets": ""}
    study = Study.model_validate(
        {
            "study": {"id": "X", "title": "X", "condition": "sle", "design": "observational"},
            "instruments": {"bilag_2004": {}},
            "labs": ({"test": "platelets", "unit": "10^9/L"},),
        }
    )
    labs = {"first": "ND", "second": "200", "fourth": "ND"}
    tables = {
        "subjects": [{"subject": "A", "age": 30, "sex": "female"}],
        "bilag_2004": [
            {"subject": "A", "visit": visit, "day": day, **items, "platelets": own}
            for visit, day, own in (
                ("first", 0, ""),
                ("second", 30, ""),
                ("third", 60, ""),
                ("fourth", 90, "150"),
            )
        ],
        "labs": [
            {"subject": "A", "visit": visit, "test": "platelets", "value": value, "unit": "10^9/L"}
            for visit, value in labs.items()
        ],
    }
    found = tables_from_frames(study, tables)
    kept = found.frames["bilag_2004"].sort("day").select("platelets", "platelets_not_done")
    # What the form says of the fourth visit stands, whatever the laboratory says.
    assert kept.rows() == [(None, True), (200.0, False), (None, False), (150.0, False)]
    blank = [(each.line, each.column) for each in found.findings if each.code == "missing_item"]
    assert blank == [(3, "platelets")]
