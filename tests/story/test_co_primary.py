"""Several primary endpoints judged by the rule of the study file, from the study file to the page; P by hand.

Ten subjects. Pain falls by 1 to 5 (twice each): the paired t test has P far below 0.001. Fatigue changes by
-1 and +1 in turn: its mean is 0 and its P is 1. Well-being changes by 1, 1, 1, 1, 1, 1, 1, 1, 1, -1 by the exact sign
test: P = 2 x (1 + 10) / 1024 = 0.0215.
"""

import re
from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.analysis.co_primary import FAILED, NOT_REACHED, PASSED, succeed
from funis.data.tables import tables_from_frames
from funis.reporting.key_results import build_key_box
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.reporting.report_tables import build_tables
from funis.reporting.withheld import WITHHELD, withhold
from funis.results import Results
from funis.study.model import Study

PEOPLE = [f"S{place}" for place in range(10)]
CHANGES = {
    "vas_patient": [-1, -1, -2, -2, -3, -3, -4, -4, -5, -5],
    "vas_physician": [-1, 1] * 5,
    "unstimulated_flow": [1] * 9 + [-1],
}
ENDS: dict[str, dict[str, Any]] = {
    "pain": {"variable": "vas_patient", "methods": ("paired_t",)},
    "fatigue": {"variable": "vas_physician", "methods": ("paired_t",)},
    "flow": {"variable": "unstimulated_flow", "methods": ("sign_test",)},
}
READING = {"vas_patient": "reading_mm", "vas_physician": "reading_mm", "unstimulated_flow": "volume_ml"}
LABELS = {"pain": "Pain", "fatigue": "Fatigue", "flow": "Flow"}


def make_study(order: str, rule: str | None, **more: Any) -> Study:
    ends = [
        {"id": name, "kind": "change", "role": "primary", "at": ("month_6",)}
        | ENDS[name]
        | more.get(name, {})
        for name in order.split()
    ]
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "Together", "condition": "sjogren", "design": "single_arm"},
        "visits": tuple({"name": name, "day": day, "window": (-30, 0) if not day else (-30, 30)}
                        for name, day in (("baseline", 0), ("month_6", 180))),
        "instruments": {name: {} for name in CHANGES},
        "endpoints": tuple(ends),
    }  # fmt: skip
    return Study.model_validate(raw | ({"co_primary": {"success": rule}} if rule else {}))


def make_frames() -> dict[str, list[dict[str, Any]]]:
    frames: dict[str, list[dict[str, Any]]] = {
        "subjects": [
            {"subject": each, "sex": "female", "age": 40, "consent_date": "2019-12-20"} for each in PEOPLE
        ],
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in PEOPLE],
    }
    for name, changes in CHANGES.items():
        scale = 1 if name.startswith("vas") else 0.01
        frames[name] = [
            {"subject": who, "visit": visit, "date": day, READING[name]: round((50 + extra) * scale, 2)}
            | ({} if scale == 1 else {"minutes": 15})
            for who, change in zip(PEOPLE, changes, strict=True)
            for visit, day, extra in (("baseline", "2020-01-01", 0), ("month_6", "2020-06-29", change))
        ]
    return frames


def run(study: Study) -> Results:
    return analyse(study, tables_from_frames(study, make_frames()))


def verdicts(results: Results) -> dict[str, str]:
    rows = results.numbers.filter(
        (results.numbers["analysis"] == "co_primary") & (results.numbers["statistic"] == "passed")
    )
    return {row["endpoint"] or "together": row["text"] for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("order", "expected", "together"),
    [
        ("pain flow fatigue", [PASSED, PASSED, FAILED], ("success", "2 of 3")),
        ("pain fatigue flow", [PASSED, FAILED, NOT_REACHED], ("success", "1 of 3")),
        ("fatigue pain flow", [FAILED, NOT_REACHED, NOT_REACHED], ("no success", "0 of 3")),
        ("flow pain", [PASSED, PASSED], ("success", "2 of 2")),
    ],
)
def test_in_order_the_first_that_fails_ends_the_judgement(
    order: str, expected: list[str], together: tuple[str, str]
) -> None:
    study = make_study(order, "in_order")
    results = run(study)
    found = verdicts(results)
    assert [found[name] for name in order.split()] == expected
    verdict, count = together
    assert found["together"] == verdict
    assert results.value("co_primary.enrolled.primary_endpoints.count") == int(count[0])
    # The page says the verdict and the words of the rule, on the first page and in a table.
    primary = "".join(
        each.text for each in build_key_box(study, read_numbers(results.numbers))[0].entries[1].text
    )
    assert primary.startswith(f"Primary endpoints together: {verdict}: {count} passed. ")
    rule = "They are judged in this order, each at 0.05; the first that fails ends it."
    assert rule in primary
    table = next(each for each in build_tables(study, results) if each.id == "table-co-primary")
    assert [row.cells[-1].text for row in table.rows] == [*expected, f"{verdict}: {count} passed"]
    assert rule in table.footnotes[0]
    page = re.sub(r"<[^>]*>", " ", render_html(study, results))
    assert verdict in page


def test_the_table_prints_the_deciding_p_and_its_level() -> None:
    study = make_study("pain flow fatigue", "any")
    table = next(each for each in build_tables(study, run(study)) if each.id == "table-co-primary")
    rows = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    # One of three suffices: each is judged at 0.05 / 3 = 0.0167, and 0.0215 is more.
    assert rows["Flow"][:1] + rows["Flow"][2:] == ["Month 6", "0.021", "0.01667", FAILED]
    assert rows["Pain"][3:] == ["0.01667", PASSED]
    assert rows["Together"][-1] == "success: 1 of 3 passed"


def test_all_must_pass_where_all_are_asked_for() -> None:
    assert verdicts(run(make_study("pain flow", "all")))["together"] == "success"
    assert verdicts(run(make_study("pain fatigue flow", "all"))) == {
        "pain": PASSED, "fatigue": FAILED, "flow": PASSED, "together": "no success",
    }  # fmt: skip


def test_nothing_is_judged_without_a_rule_or_with_one_primary_endpoint() -> None:
    for study in (make_study("pain flow", None), make_study("pain", "all")):
        results = run(study)
        assert verdicts(results) == {}
        assert "table-co-primary" not in {table.id for table in build_tables(study, results)}
        box = build_key_box(study, read_numbers(results.numbers))[0]
        assert "together" not in "".join(each.text for each in box.entries[1].text)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"kind": "summary", "methods": ()}, "cannot be judged: no test belongs to kind summary"),
        ({"methods": ()}, "cannot be judged: the test was not made"),
        ({"at": ("baseline", "month_6")}, "cannot be judged: it has several visits"),
        ({"variable": "", "variables": ("vas_patient", "vas_physician")}, "cannot be judged: it has several variables"),
        ({"kind": "response", "definition": "esspri_mcii", "variable": "", "methods": ()},
         "cannot be judged: no rate is named to test it against"),
        ({"kind": "response", "definition": "esspri_mcii", "variable": "", "methods": (), "performance_goal": 0.5},
         "cannot be judged: no response is known"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_says_why_and_opens_nothing(changed: dict[str, Any], why: str) -> None:
    found = verdicts(run(make_study("pain flow", "in_order", pain=changed)))
    assert found == {"pain": why, "flow": NOT_REACHED, "together": "cannot be judged"}


def test_the_visit_of_gatekeeping_decides_where_there_are_several() -> None:
    study = make_study("pain flow", "in_order", pain={"at": ("baseline", "month_6")})
    plan = {"method": "holm", "endpoints": ("pain", "flow"), "visits": {"pain": "month_6"}}
    study = Study.model_validate(study.model_dump(by_alias=True) | {"multiplicity": plan})
    assert verdicts(run(study))["pain"] == PASSED


@pytest.mark.parametrize(
    ("rule", "passed", "expected"),
    [
        ("all", [True, True], True), ("all", [True, False], False), ("all", [True, None], None),
        ("all", [None, False], False), ("any", [False, True], True), ("any", [False, False], False),
        ("any", [False, None], None), ("any", [None, True], True), ("in_order", [True, None], True),
        ("in_order", [None, True], None), ("in_order", [False, True], False),
    ],
)  # fmt: skip
def test_success_by_each_rule(rule: str, passed: list[bool | None], *, expected: bool | None) -> None:
    assert succeed(rule, passed) is expected


def test_errors_in_a_primary_endpoint_withhold_the_verdict() -> None:
    study = make_study("pain flow", "all")
    frames = make_frames()
    frames["vas_patient"][0]["reading_mm"] = "7x"
    results = analyse(study, tables_from_frames(study, frames))
    shown = withhold(study, results).numbers
    together = shown.filter(shown["analysis"] == "co_primary")
    assert together.height
    assert set(together["status"]) == {WITHHELD}
