"""Results as a file of the Analysis Results Standard: by the published model, each once, as results.csv has it."""

import copy
import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from funis.cli.application import app
from funis.documents.document import Document
from funis.reporting.ars_file import render_ars
from funis.results import NumberList, Place, Provenance, Results
from funis.study.model import Study

from .ars_model import find_faults, read_results
from .report_kinds import make_study

BASIS = {"basis_n": "n", "basis_denominator": "denominator"}
#: Columns that say which result it is, and what divides nothing in each.
KEYS = {
    "analysis": "", "endpoint": "", "estimand": "", "population": "", "subgroup": "all", "arm": "all",
    "contrast": "", "visit": "all", "variable": "", "measure": "", "category": "", "parameter": "",
    "cluster": "", "statistic": "", "method": "", "adjustment": "", "missing": "", "missing_outcome": "",
}  # fmt: skip


class Written(NamedTuple):
    """What stands in a folder of a report."""

    event: dict[str, Any]
    rows: list[dict[str, str]]
    files: list[str]


@cache
def written(kind: str) -> Written:
    with TemporaryDirectory() as place:
        folder = make_study(kind, Path(place) / kind)
        answer = CliRunner().invoke(app, ["report", str(folder), "--format", "rtf,ars"])
        assert answer.exit_code in {0, 1}, answer.output
        report = folder / "report"
        event = json.loads((report / "ars.json").read_text(encoding="utf-8"))
        with (report / "results.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        files = [path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file()]
        return Written(event, rows, files)


def key_of(row: dict[str, str]) -> frozenset[tuple[str, str]]:
    key = {name: row[name] for name, undivided in KEYS.items() if row[name] != undivided}
    if row["delta"]:
        key["delta"] = f"{float(row['delta']):g}"
    return frozenset(key.items())


def assert_same(event: dict[str, Any], rows: list[dict[str, str]]) -> None:
    """Each row of the results stands in the file once, unrounded and printed; nothing else does but its basis."""
    found = read_results(event)
    own = {each.columns: each for each in found if not is_basis(each.columns)}
    assert Counter(each.columns for each in found).most_common(1)[0][1] == 1
    assert set(own) == {key_of(row) for row in rows}
    assert len(own) == len(rows)
    for row in rows:
        result = own[key_of(row)]
        assert result.formatted == row["text"]
        assert (result.raw is None) == (row["value"] == "")
        assert result.raw is None or float(result.raw) == float(row["value"])
    assert_basis(found, rows)


def is_basis(columns: frozenset[tuple[str, str]]) -> bool:
    return dict(columns)["statistic"].endswith(tuple(BASIS))


def assert_basis(found: list[Any], rows: list[dict[str, str]]) -> None:
    """Of every row its n and denominator are found: those of its statistic, else those of its group."""
    basis = {each.columns: each.raw for each in found if is_basis(each.columns)}
    used = set()
    for row in rows:
        for name, column in BASIS.items():
            base = dict(key_of(row))
            own = frozenset((base | {"statistic": f"{row['statistic']}_{name}"}).items())
            whole = frozenset((base | {"statistic": name}).items())
            if row[column]:
                used.add(own if own in basis else whole)
                assert basis[own if own in basis else whole] == row[column]
    assert used == set(basis)


@pytest.mark.parametrize("kind", ["sle", "two_arms", "wrecked", "one_subject"])
def test_file_keeps_the_model_and_holds_every_result_once(kind: str) -> None:
    found = written(kind)
    assert find_faults(found.event) == []
    assert_same(found.event, found.rows)


def test_a_percentage_is_the_ratio_of_the_results_it_names() -> None:
    event = written("sle").event
    relations = {
        each["id"]: (operation["id"], each["referencedOperationRole"]["controlledTerm"], each["operationId"])
        for method in event["methods"]
        for operation in method["operations"]
        for each in operation.get("referencedOperationRelationships", ())
    }
    checked = 0
    for analysis in event["analyses"]:
        parts: dict[str, str] = {}
        for each in analysis.get("referencedAnalysisOperations", ()):
            assert each["analysisId"] == analysis["id"]
            percent, role, operation = relations[each["referencedOperationRelationshipId"]]
            parts |= {"PERCENT": percent, role: operation}
        by_group: dict[str, dict[str, str]] = {}
        for result in analysis["results"]:
            groups = json.dumps(result.get("resultGroups", ()))
            by_group.setdefault(groups, {})[result["operationId"]] = result.get("rawValue", "")
        for values in by_group.values() if parts else ():
            if {*parts.values()} <= {*values} and values[parts["PERCENT"]]:
                top, bottom = (float(values[parts[role]]) for role in ("NUMERATOR", "DENOMINATOR"))
                assert float(values[parts["PERCENT"]]) == pytest.approx(100 * top / bottom)
                checked += 1
    assert checked > 300


def test_every_endpoint_has_the_purpose_its_role_gives_and_no_plan_is_claimed() -> None:
    event = written("sle").event
    seen = {
        next(p["value"][0] for p in each["programmingCode"]["parameters"] if p["name"] == "endpoint"): each
        for each in event["analyses"]
        if any(p["name"] == "endpoint" for p in each["programmingCode"]["parameters"])
    }
    assert seen["response"]["purpose"] == {"controlledTerm": "PRIMARY OUTCOME MEASURE"}
    assert seen["sledai_change"]["purpose"] == {"controlledTerm": "SECONDARY OUTCOME MEASURE"}
    assert seen["antibodies"]["purpose"] == {"controlledTerm": "EXPLORATORY OUTCOME MEASURE"}
    # The study file states no protocol: the file must not say that the analysis stands in one.
    assert {json.dumps(each["reason"]) for each in event["analyses"]} == {
        '{"sponsorTermId": "R.study_file"}',
        '{"sponsorTermId": "R.every_study"}',
    }
    assert event["description"].startswith("Reconstructed from published figures")


def test_every_table_and_figure_is_an_output_of_the_contents_with_its_file() -> None:
    found = written("sle")
    listed = [
        item["outputId"]
        for section in found.event["mainListOfContents"]["contentsList"]["listItems"]
        for item in section["sublist"]["listItems"]
        if "outputId" in item
    ]
    assert listed == [each["id"] for each in found.event["outputs"]]
    located = {file["location"] for each in found.event["outputs"] for file in each["fileSpecifications"]}
    assert located == {name for name in found.files if name.startswith("tables/")}
    responders = next(each for each in found.event["outputs"] if each["id"] == "O.table-main-response")
    assert responders["displays"][0]["display"]["name"] == "Table 2"


def analyses_listed(items: list[dict[str, Any]]) -> set[str]:
    found = {each["analysisId"] for each in items if "analysisId" in each}
    return found.union(
        *(analyses_listed(each["sublist"]["listItems"]) for each in items if "sublist" in each)
    )


def test_every_analysis_stands_in_the_contents() -> None:
    event = written("two_arms").event
    items = event["mainListOfContents"]["contentsList"]["listItems"]
    assert analyses_listed(items) == {each["id"] for each in event["analyses"]}


def test_a_rule_becomes_a_condition_where_the_standard_can_say_it() -> None:
    event = written("sle").event
    subsets = {each["name"]: each for each in event["dataSubsets"]}
    assert subsets["lupus_nephritis"]["condition"] == {
        "dataset": "subjects",
        "variable": "baseline_proteinuria_24h",
        "comparator": "GT",
        "value": ["0.5"],
    }
    assert subsets["haematological"]["condition"]["value"] == ["A", "B"]
    joined = subsets["responders_without_relapse"]["compoundExpression"]
    assert [each["condition"]["variable"] for each in joined["whereClauses"]] == [
        "response_month_6_responder",
        "relapse",
    ]
    # Criteria joined to one rule, with a calculation in it: said in words only.
    eligible = next(each for each in event["analysisSets"] if each["name"] == "eligible")
    assert "condition" not in eligible
    assert "compoundExpression" not in eligible
    assert "Rule: (age >= 16) AND" in eligible["description"]


def test_arms_of_a_trial_are_groups_with_their_names() -> None:
    event = written("two_arms").event
    arms = next(each for each in event["analysisGroupings"] if each["id"] == "GF.arm")
    assert [(each["name"], each["label"]) for each in arms["groups"]] == [("A", "cells"), ("B", "placebo")]
    assert any(each["id"] == "GF.contrast" for each in event["analysisGroupings"])


def test_without_the_format_no_file_is_written() -> None:
    with TemporaryDirectory() as place:
        folder = make_study("one_subject", Path(place) / "x")
        CliRunner().invoke(app, ["report", str(folder), "--format", "md"])
        assert not (folder / "report" / "ars.json").exists()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda e: e["analyses"][0].pop("reason"), "reason is lacking"),
        (lambda e: e["analyses"][0].update(methodId="M.none"), "no AnalysisMethod has the id M.none"),
        (lambda e: e["analyses"].append(e["analyses"][0]), "2 times"),
        (lambda e: e["outputs"][0].update(kind="table"), "Output has no kind"),
        (lambda e: e["analyses"][0]["results"][0].update(rawValue=40), "40 is no text"),
        (
            lambda e: e["analyses"][0]["purpose"].update(controlledTerm="FUN"),
            "AnalysisPurpose|SponsorTerm|FUN",
        ),
        (lambda e: e["dataSubsets"][0]["condition"]["value"].append("1"), "2 values for GT"),
    ],
)
def test_the_check_finds_what_is_wrong(change: Any, fault: str) -> None:
    event = copy.deepcopy(written("sle").event)
    change(event)
    faults = find_faults_safely(event)
    assert any(word in each for each in faults for word in fault.split("|"))


def find_faults_safely(event: dict[str, Any]) -> list[str]:
    try:
        return find_faults(event)
    except KeyError as error:
        return [f"no AnalysisMethod has the id {error.args[0]}"]


NAMES = st.sampled_from(
    ["a", "a b", "a_b", "A", "é", "UC-MSC (high)", "UC-MSC high", "x.y", "all", "中", '"<']
)
PLACES = st.builds(
    Place,
    analysis=st.sampled_from(["summary", "response", "summary.x"]),
    variable=NAMES,
    category=NAMES | st.just(""),
    population=NAMES,
    subgroup=NAMES,
    arm=NAMES,
    contrast=NAMES | st.just(""),
    visit=NAMES,
    endpoint=st.sampled_from(["", "a", "a.b"]),
    n=st.none() | st.integers(0, 3),
    denominator=st.none() | st.integers(0, 3),
    delta=st.none() | st.sampled_from([0.5, 1.0]),
    adjustment=st.sampled_from(["", "holm"]),
)


@given(
    st.lists(
        st.tuples(
            PLACES,
            st.sampled_from(["mean", "p", "count", "percent", "basis"]),
            st.sampled_from(["", "m", "m.n"]),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_list_of_results_is_read_back_as_it_was(
    drawn: list[tuple[Place, str, str, float | None]],
) -> None:
    numbers = NumberList()
    # The list of numbers takes each place, statistic and method once.
    seen = set()
    for place, statistic, method, value in drawn:
        key = (place.analysis, place.variable, place.category, place.population, place.subgroup, place.arm)
        whole = (*key, place.contrast, place.visit, place.endpoint, statistic)
        if whole not in seen:
            seen.add(whole)
            numbers.add(place, statistic, value, method=method)
    trial = {"id": "X (1)", "title": "X", "condition": "sle", "design": "single_arm"}
    origin = Provenance(version="0", study="X", title="X")
    results = Results(numbers=numbers.frame(), sources=pl.DataFrame(), provenance=origin)
    event = json.loads(render_ars(Study.model_validate({"study": trial}), results, Document("X")))
    assert find_faults(event) == []
    rows = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in results.numbers.to_dicts()
    ]
    assert_same(event, rows)
