"""A damaged laboratory result withholds what rests on that test, and nothing that rests on another.

Three subjects, two visits; the primary endpoint is the change of C3. Lines of labs.csv: each subject and visit has
C3, C4 and platelets in this order, from line 1: C3 of S1 at month 6 is the fourth.
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.reporting.report import render_html
from funis.reporting.withheld import find_damage, withhold
from funis.results import Results
from funis.study.model import Study
from funis.study.sources import filling_tests, sources_of, sources_of_response

Rows = list[dict[str, Any]]
PEOPLE = ("S1", "S2", "S3")
DAYS = {"baseline": "2020-01-01", "month_6": "2020-06-29"}
TESTS = {"c3": ("g/L", 0.8), "c4": ("g/L", 0.1), "platelets": ("10^9/L", 90.0)}


def make_study(*endpoints: dict[str, Any], **more: Any) -> Study:
    raw: dict[str, Any] = {
        "study": {"id": "L", "title": "Tests", "condition": "sle", "design": "single_arm"},
        "visits": tuple({"name": name, "day": day, "window": (-30, 0) if not day else (-30, 30)}
                        for name, day in (("baseline", 0), ("month_6", 180))),
        "labs": tuple({"test": name, "unit": unit} for name, (unit, _) in TESTS.items()),
        "endpoints": endpoints,
    }  # fmt: skip
    return Study.model_validate(raw | more)


C3: dict[str, Any] = {"id": "c3", "kind": "change", "role": "primary", "variable": "c3", "at": ("month_6",),
                      "methods": ("paired_t",)}  # fmt: skip
BOTH: dict[str, Any] = {"id": "both", "kind": "change", "variables": ("c3", "c4"), "at": ("month_6",),
                        "methods": ("paired_t",)}  # fmt: skip


def make_frames() -> dict[str, Rows]:
    return {
        "subjects": [{"subject": each, "sex": "female", "age": 30, "consent_date": "2019-12-20"} for each in PEOPLE],
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in PEOPLE],
        "labs": [
            {"subject": who, "visit": visit, "date": day, "test": test, "unit": unit, "value": str(value + place / 50)}
            for place, who in enumerate(PEOPLE) for visit, day in DAYS.items()
            for test, (unit, value) in TESTS.items()
        ],
    }  # fmt: skip


def run(study: Study, frames: dict[str, Rows]) -> Results:
    return analyse(study, tables_from_frames(study, frames))


def damaged(
    study: Study, test: str, frames: dict[str, Rows] | None = None, cell: tuple[str, str] = ("value", "7x")
) -> Results:
    """Damage the result of a test of S1 at month 6."""
    frames = frames or make_frames()
    row = next(each for each in frames["labs"]
               if (each["subject"], each["visit"], each["test"]) == ("S1", "month_6", test))  # fmt: skip
    row[cell[0]] = cell[1]
    return run(study, frames)


def withheld_measures(study: Study, results: Results) -> set[str]:
    numbers = withhold(study, results).numbers
    return set(numbers.filter(numbers["status"] == "withheld")["measure"])


def test_a_damaged_result_of_the_primary_test_withholds_it() -> None:
    study = make_study(C3, BOTH)
    results = damaged(study, "c3")
    damage = find_damage(study, results)
    assert [finding.line for finding in damage.grave] == [4]
    assert damage.measures == {"c3"}
    # Of the endpoint with two tests one stands.
    assert damage.endpoints == {"c3"}
    assert withheld_measures(study, results) == {"c3"}
    shown = withhold(study, results)
    assert shown.value("test.both.enrolled.month_6.c4_change.estimate.paired_t") is not None
    page = render_html(study, results)
    assert "Do not use: 1 error in the data affects laboratory tests." in page


def test_a_damaged_result_of_another_test_withholds_nothing() -> None:
    study = make_study(C3, BOTH)
    for test in ("c4", "platelets"):
        results = damaged(study, test)
        assert [finding.test for finding in results.findings if finding.level == "error"] == [test]
        assert find_damage(study, results).grave == ()
        assert withhold(study, results) is results
        assert "Part of the data was left out: 1 error in the data affects laboratory tests." in render_html(
            study, results
        )


@pytest.mark.parametrize("column", ["subject", "visit", "date", "unit"])
def test_any_cell_of_a_row_belongs_to_its_test(column: str) -> None:
    study = make_study(C3, BOTH)
    for test, is_grave in (("c3", True), ("c4", False)):
        results = damaged(study, test, cell=(column, "2020-13-45" if column == "date" else "S9x"))
        assert any(finding.level == "error" for finding in results.findings)
        assert bool(find_damage(study, results).grave) is is_grave


def test_a_row_whose_test_cannot_be_read_may_be_of_any() -> None:
    study = make_study(C3, BOTH)
    for name in ("c33", ""):
        damage = find_damage(study, damaged(study, "c4", cell=("test", name)))
        assert damage.grave
        assert damage.measures == {"c3", "c4", "platelets"}
        assert damage.endpoints == {"c3", "both"}


def test_an_endpoint_rests_on_the_tests_of_its_population_and_its_response() -> None:
    low = {"low": "baseline_c3 < 0.9"}
    study = make_study(C3 | {"variable": "c4", "population": "low"}, populations=low)
    assert sources_of(study, study.endpoints[0]).shared == {"c3"}
    results = damaged(study, "c3")
    assert find_damage(study, results).endpoints == {"c3"}
    assert withheld_measures(study, results) == {"c3", "c4"}
    # A test whose name begins as another's is another one.
    labs = ({"test": "c3", "unit": "g/L"}, {"test": "c3a", "unit": "ug/L"}, {"test": "c4", "unit": "g/L"})
    longer = {"low": "baseline_c3a < 0.9"}
    study = make_study(C3 | {"variable": "c4", "population": "low"}, populations=longer, labs=labs)
    assert sources_of(study, study.endpoints[0]).every == {"c3a", "c4"}


def test_a_response_names_the_tests_and_instruments_that_it_reads() -> None:
    labs = (
        {"test": "upcr", "unit": "mg/mmol"},
        {"test": "gfr", "unit": "mL/min"},
        {"test": "c3", "unit": "g/L"},
    )
    instruments: dict[str, Any] = {"sledai_2k": {}, "sledai": {}, "bilag_2004": {}, "pga": {}}
    study = make_study(labs=labs, instruments=instruments)

    def read(name: str, **chosen: Any) -> set[str]:
        return set(sources_of_response(study, name, chosen))

    # SLEDAI-2K and SLEDAI: one name begins as the other.
    assert read("sledai_change") == {"sledai_2k"}
    assert read("sledai_change", sledai="sledai") == {"sledai"}
    assert read("ucmsc_bilag_response") == {"bilag_2004"}
    assert read("sri_4") == {"sledai_2k", "bilag_2004", "pga"}
    assert read("sri_4", sledai="sledai") == {"sledai", "bilag_2004", "pga"}
    assert {"upcr", "gfr"} <= read("bliss_ln_crr")
    assert "c3" not in read("bliss_ln_crr")
    # Parameters of another definition are passed over; an endpoint without a response reads none.
    assert read("sledai_change", points=4) == {"sledai_2k"}
    assert read("") == set()
    # What the trial records in columns of its own may stand in any instrument.
    alone = make_study(instruments={"sledai_2k": {}})
    assert sources_of_response(alone, "esspri_mcii", {}) == {"sledai_2k"}


def test_a_criterion_that_does_not_apply_reads_nothing() -> None:
    """Of SRI-4 the dose of prednisone is read only with its rule for steroids."""
    from funis.catalogue.registry import response_definition

    sri = response_definition("sri_4")
    assert "prednisone" not in sri.columns_read()
    assert "prednisone" in sri.columns_read({"steroid_rise_fails": True})
    assert {"sledai_2k", "bilag_2004", "pga"} <= sri.columns_read()
    assert "instrument" not in sri.columns_read()


# --- items that a test fills -----------------------------------------------------------------------------------

ITEMS = [item.name for item in definition("sledai_2k").items]


def with_sledai(blank: str = "", **choice: Any) -> tuple[Study, dict[str, Rows]]:
    """Make SLEDAI-2K the primary endpoint; one item of S1 at month 6 is left to the laboratory."""
    study = make_study(C3 | {"id": "sledai", "variable": "sledai_2k"}, instruments={"sledai_2k": choice})
    frames = make_frames()
    frames["sledai_2k"] = [
        {"subject": who, "visit": visit, "date": day}
        | {item: "" if (item, who, visit) == (blank, "S1", "month_6") else "0" for item in ITEMS}
        for who in PEOPLE for visit, day in DAYS.items()
    ]  # fmt: skip
    return study, frames


def test_a_result_that_fills_an_item_damages_the_score() -> None:
    study, frames = with_sledai("thrombocytopenia")
    assert "platelets" in filling_tests(study, "sledai_2k")
    # The result is there: it fills the item, and nothing is lost.
    assert not find_damage(study, run(study, frames)).grave
    study, frames = with_sledai("thrombocytopenia")
    damage = find_damage(study, damaged(study, "platelets", frames))
    assert damage.endpoints == {"sledai"}
    assert damage.measures == {"sledai_2k", "platelets"}


def test_a_result_beside_a_recorded_item_damages_no_score() -> None:
    study, frames = with_sledai()
    assert find_damage(study, damaged(study, "platelets", frames)).grave == ()
    # Where a missing item counts as absent, the score alone does not tell.
    study, frames = with_sledai(missing="absent")
    assert find_damage(study, damaged(study, "platelets", frames)).endpoints == {"sledai"}


def test_a_result_that_fills_another_item_damages_no_score() -> None:
    study, frames = with_sledai("seizure")
    labs = (
        *({"test": name, "unit": unit} for name, (unit, _) in TESTS.items()),
        {"test": "albumin", "unit": "g/L"},
    )
    study = study.model_copy(update={"labs": make_study(labs=labs).labs})
    assert "albumin" not in filling_tests(study, "sledai_2k")
    frames["labs"].append({"subject": "S1", "visit": "month_6", "date": DAYS["month_6"], "test": "albumin",
                           "unit": "g/L", "value": "40"})  # fmt: skip
    assert find_damage(study, damaged(study, "albumin", frames)).grave == ()
