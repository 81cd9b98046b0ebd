"""Laboratory values of a study reach scores and responses in the unit that each of them reads."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.analysis.specifications import try_choices
from funis.data.tables import tables_from_frames
from funis.study.check import check_study
from funis.study.model import Study

TODAY = date(2026, 1, 1)
DAYS = {"baseline": (0, "2020-01-01"), "month_6": (180, "2020-06-29")}


def study_of(labs: Mapping[str, str], **more: Any) -> Study:
    given: dict[str, Any] = {
        "study": {"id": "X", "title": "X", "condition": "sle", "design": "observational"},
        "visits": tuple({"name": name, "day": day, "forms": ("labs",)} for name, (day, _) in DAYS.items()),
        "labs": tuple({"test": test, "unit": unit} for test, unit in labs.items()),
    }
    return Study.model_validate(given | more)


def rows(
    subject: str, test: str, values: Mapping[str, object], unit: str, **more: Any
) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            "visit": visit,
            "date": DAYS[visit][1],
            "test": test,
            "value": value,
            "unit": unit,
            **more,
        }
        for visit, value in values.items()
    ]


RESPONSE = {
    "endpoints": (
        {"id": "r", "kind": "response", "definition": "eular_2012_renal_response", "at": ("month_6",)},
    )
}


@pytest.mark.parametrize(
    ("unit", "one"), [("mg/mmol", 113.1), ("mg/mg", 1.0), ("mg/g", 1000.0), ("g/g", 1.0)]
)
def test_a_response_reads_the_ratio_in_the_unit_of_the_study(unit: str, one: float) -> None:
    # 3.0 and then 0.4 mg/mg are 45.24 mg/mmol: below 50, complete. 0.5 mg/mg are 56.55: halved, partial.
    study = study_of({"upcr": unit, "gfr": "mL/min/1.73m2"}, **RESPONSE)
    labs = [
        *rows("S1", "upcr", {"baseline": 3.0, "month_6": 0.4}, "mg/mg"),
        *rows("S2", "upcr", {"baseline": 3.0 * one, "month_6": 0.5 * one}, unit),
        *rows("S1", "gfr", dict.fromkeys(DAYS, 90.0), "mL/min/{1.73_m2}"),
        *rows("S2", "gfr", dict.fromkeys(DAYS, 90.0), "mL/min/1.73 m²"),
    ]
    tables = tables_from_frames(
        study, {"subjects": [{"subject": "S1"}, {"subject": "S2"}], "labs": labs}, today=TODAY
    )
    found = analyse(study, tables)
    counts = {
        row["category"]: row["value"]
        for row in found.numbers.filter(statistic="count").iter_rows(named=True)
        if row["variable"] == "eular_2012_renal_response"
    }
    assert (counts["complete"], counts["partial"]) == (1, 1)
    ways = try_choices(study, tables).filter(definition="eular_2012_renal_response", missing="left_out")
    assert ways["responders"].to_list()[0] == 2


def test_a_cohort_in_units_of_the_laboratory_is_scored_by_its_own_limits() -> None:
    study = study_of({"anti_dsdna": "U/L"}, instruments={"sledai_2k": {}})
    assert not list(check_study(study))
    visit = {"subject": "S1", "visit": "baseline", "date": "2020-01-01"}
    labs = rows("S1", "anti_dsdna", {"baseline": 50, "month_6": 20}, "u/l", low=0, high=30)
    sledai = [visit, {**visit, "visit": "month_6", "date": "2020-06-29"}]
    frames = {"subjects": [{"subject": "S1"}], "labs": labs, "sledai_2k": sledai}
    tables = tables_from_frames(study, frames, today=TODAY)
    assert not [each for each in tables.findings if each.code == "unknown_unit"]
    assert tables.frames["sledai_2k"]["increased_dna_binding"].to_list() == [1, 0]
    # In a study that measures in IU/mL they are no values, and nothing near is proposed.
    other = study_of({"anti_dsdna": "[IU]/mL"}, instruments={"sledai_2k": {}})
    assert other.labs[0].unit == "IU/mL"
    told = [
        each
        for each in tables_from_frames(other, frames, today=TODAY).findings
        if each.code == "unknown_unit"
    ]
    assert len(told) == 2
    assert "a unit of the laboratory's own, which nothing converts to IU/mL" in told[0].message
    assert "kU/L" not in f"{told[0].message} {told[0].fix}"


def test_units_as_ucum_writes_them_in_study_and_tables() -> None:
    study = study_of({"proteinuria_24h": "g/(24.h)", "platelets": "10*9/L"})
    assert [lab.unit for lab in study.labs] == ["g/24h", "10^9/L"]
    labs = [
        *rows("S1", "proteinuria_24h", {"baseline": 2, "month_6": 500}, "g/24.h"),
        *rows("S1", "platelets", {"baseline": 200, "month_6": 210}, "K/uL"),
    ]
    labs[1]["unit"] = "MG/(24.H)"
    tables = tables_from_frames(study, {"subjects": [{"subject": "S1"}], "labs": labs}, today=TODAY)
    assert [each.code for each in tables.findings if each.table == "labs"] == []
    found = tables.frames["labs"].sort("test", "date")
    assert found["value"].to_list() == [200, 210, 2, 0.5]
    assert set(found["unit"]) == {"g/24h", "10^9/L"}
    assert found["unit_recorded"].to_list() == ["K/uL", "K/uL", "g/24.h", "MG/(24.H)"]


def test_a_unit_that_is_none_of_the_test_is_told() -> None:
    study = study_of({"platelets": "g/kg"})
    told = [str(each) for each in check_study(study)]
    assert any("unit for platelets" in each for each in told)
    known = study_of({"platelets": "10^9/L"})
    labs = rows("S1", "platelets", {"baseline": 200}, "10^8/L")
    tables = tables_from_frames(known, {"subjects": [{"subject": "S1"}], "labs": labs}, today=TODAY)
    (finding,) = [each for each in tables.findings if each.code == "unknown_unit"]
    assert "The nearest is '10^9/L'" in finding.fix
