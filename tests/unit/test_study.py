"""The study file: templates that read, and every finding told at once with key, line and fix."""

import csv
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from funis.errors import StudyError, UnknownNameError
from funis.study.check_estimands import check_imputation
from funis.study.read import Study, read_study, study_schema, template_path
from funis.toml_places import find_lines, nearest_line

FINDINGS = Path(__file__).parents[1] / "fault"
CASES = list(csv.DictReader((FINDINGS / "study" / "expected.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("name", ["sle", "sjogren", "observational"])
def test_templates_read_without_a_finding(name: str) -> None:
    assert isinstance(read_study(template_path(name)), Study)


def test_the_lupus_template_is_the_trial() -> None:
    study = read_study(template_path("sle"))
    assert len(study.sites) == 4
    assert [rule.rule for rule in study.eligibility.inclusion][:2] == ["age >= 16", "baseline_sledai_2k > 6"]
    assert [(each.day, each.cells_per_kg) for each in study.infusions] == [(0, 1e6), (7, 1e6)]
    assert study.visit_names == ("baseline", "month_1", "month_3", "month_6", "month_9", "month_12")
    assert study.lab("proteinuria_24h").unit == "g/24h"
    assert study.endpoint("sledai_change").at == ("month_3", "month_6", "month_9", "month_12")
    assert study.endpoint("sledai_change").adjust == "holm"
    assert set(study.subgroups) == {"lupus_nephritis", "haematological"}
    assert study.baseline_visit == "baseline"


def test_the_sjogren_template_is_the_trial() -> None:
    study = read_study(template_path("sjogren"))
    assert [(each.day, each.cells_per_kg) for each in study.infusions] == [(0, 1e6)]
    assert study.visit_names == ("baseline", "week_2", "month_1", "month_3", "month_6", "month_12")
    assert {"ssdai", "vas_patient", "unstimulated_flow", "stimulated_flow"} <= set(study.instrument_names)
    assert study.lab_names == ("anti_ssa", "anti_ssb", "th17", "treg", "tgf_beta", "il_17")


def test_a_cohort_may_have_open_visits() -> None:
    study = read_study(template_path("observational"))
    assert study.has_open_visits
    assert study.follow_up_visits == ()


def test_a_study_cannot_be_changed() -> None:
    study = read_study(template_path("sle"))
    with pytest.raises(ValidationError):
        study.trial.alpha = 0.1  # type: ignore[misc]


def findings_of(folder: Path, text: str) -> list[tuple[int | None, str, str]]:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    return [(finding.line, finding.column, finding.message) for finding in caught.value.findings]


def test_sections_of_another_kind_are_findings(tmp_path: Path) -> None:
    sections = ["study", "sites", "visits", "instruments", "populations", "subgroups", "endpoints"]
    found = findings_of(tmp_path, "\n".join(f"{name} = {number}" for number, name in enumerate(sections)))
    assert {(line, key) for line, key, _ in found} >= {(n, name) for n, name in enumerate(sections, start=1)}


def test_an_unknown_instrument_is_told_beside_other_findings(tmp_path: Path) -> None:
    text = template_path("sle").read_text(encoding="utf-8")
    text += '\n[instruments.sledia_2k]\nmissing = "strict"\n\n[instruments.ssdai]\nmissing = "maybe"\n'
    keys = [key for _, key, _ in findings_of(tmp_path, text)]
    assert keys == ["instruments.sledia_2k", "instruments.ssdai.missing"]


def test_a_parallel_trial_needs_its_arms(tmp_path: Path) -> None:
    text = template_path("sle").read_text(encoding="utf-8").replace('"single_arm"', '"parallel"')
    assert [key for _, key, _ in findings_of(tmp_path, text)] == ["study.design"]


def test_a_window_of_one_day_has_too_few_entries(tmp_path: Path) -> None:
    text = template_path("sle").read_text(encoding="utf-8").replace("window = [-28, 0]", "window = [-28]")
    assert [(key, said) for _, key, said in findings_of(tmp_path, text)] == [
        ("visits[1].window", "'window' has too few entries.")
    ]


def test_every_case_is_listed() -> None:
    assert {path.stem for path in (FINDINGS / "study").glob("*.toml")} == {case["case"] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_each_finding_of_a_study_file_is_told(case: dict[str, str]) -> None:
    with pytest.raises(StudyError) as caught:
        read_study(FINDINGS / "study" / f"{case['case']}.toml")
    findings = [finding for finding in caught.value.findings if finding.column == case["key"]]
    assert findings, str(caught.value)
    told = [finding for finding in findings if case["said"] in finding.message]
    assert told, str(caught.value)
    assert case["fix"] in told[0].fix
    assert str(told[0].line) == case["line"]
    assert told[0].level == "error"
    # One wrong key makes at most one more: what was missing under its right name.
    assert len(caught.value.findings) <= 2, str(caught.value)


def test_all_findings_come_at_once(tmp_path: Path) -> None:
    text = (FINDINGS / "clean" / "study.toml").read_text(encoding="utf-8")
    changes = {
        "title     =": "titel     =",
        "day    = 30": 'day    = "30"',
        "age >= 16": "agee >= 16",
        '["paired_t"]': '["t_test"]',
        'population = "treated"': 'population = "treatd"',
        '"umol/L"': '"umol"',
    }
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path)
    keys = [finding.column for finding in caught.value.findings]
    assert sorted(keys) == [
        "eligibility.inclusion[1].rule",
        "endpoints[1].methods[1]",
        "endpoints[1].population",
        "labs[1].unit",
        "study.titel",
        "study.title",
        "visits[2].day",
    ]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"[study\nid = 1\n", "syntax", 1),
        (b"[study]\nid = 'a'\nid = 'b'\n", "syntax", 3),
        (b"[study]\ntitle = '\xff'\n", "encoding", 2),
        (b"", "study_file", None),
    ],
)
def test_a_file_that_is_not_toml_says_where(tmp_path: Path, data: bytes, code: str, line: int | None) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(data)
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert (caught.value.findings[0].code, caught.value.findings[0].line) == (code, line)


def test_a_missing_file_and_a_missing_template_are_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no study file"):
        read_study(tmp_path)
    with pytest.raises(UnknownNameError, match="'sle'"):
        template_path("sl")


def test_a_byte_order_mark_and_crlf_are_read(tmp_path: Path) -> None:
    text = (FINDINGS / "clean" / "study.toml").read_text(encoding="utf-8")
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_study(path).trial.id == "SMALL"


def test_the_schema_is_json_and_refuses_unknown_keys() -> None:
    schema = json.loads(json.dumps(study_schema()))
    assert schema["additionalProperties"] is False
    assert {"study", "visits", "endpoints"} <= set(schema["properties"])
    undescribed = [
        f"{model}.{name}"
        for model, part in schema["$defs"].items()
        for name, key in part.get("properties", {}).items()
        if "description" not in key
    ]
    assert not undescribed


def test_lines_of_inline_lists_are_found() -> None:
    text = 'a = 1\n[b]\nlist = [\n  {x = "]"}, # ]\n  {x = 2},\n]\n[[c.d]]\ny = 1\n[[c.d]]\ny = 2\n'
    lines = find_lines(text)
    assert lines["b", "list", 1] == 5
    assert lines["c", "d", 1, "y"] == 10
    assert nearest_line(lines, ("b", "list", 0, "x")) == 4


@pytest.mark.parametrize(
    ("policy", "found"), [("multiple_imputation", 1), ("observed", 1), ("j2r", 0), ("cr", 0), ("cir", 0)]
)
def test_a_covariance_by_arm_needs_a_reference(policy: str, found: int) -> None:
    change = {"id": "e", "kind": "change", "variable": "sledai_2k", "missing_outcome": policy}
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "parallel"}
    arms = ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "control": True})
    drawn = {"covariance": "by_arm"}
    study = Study.model_validate(
        {"study": trial, "arms": arms, "endpoints": (change | {"imputation": drawn},)}
    )
    keys = [each.key for each in check_imputation(study)]
    assert keys.count(("endpoints", 0, "imputation", "covariance")) == found


@pytest.mark.parametrize(
    ("policy", "strategies", "place"),
    [
        ("by_ending", {}, "missing_outcome"),
        ("by_ending", {"died": "mar"}, "missing_outcome"),
        ("by_ending", {"died": "mar", "lost": "cr"}, None),
        ("j2r", {"died": "cr"}, "strategies"),
        ("observed", {"died": "cr"}, "strategies"),
    ],
)
def test_strategies_by_ending_and_their_rule_need_each_other(
    policy: str, strategies: dict[str, str], place: str | None
) -> None:
    change = {"id": "e", "kind": "change", "variable": "sledai_2k", "missing_outcome": policy}
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "parallel"}
    arms = ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "control": True})
    end = change | {"imputation": {"strategies": strategies}}
    study = Study.model_validate({"study": trial, "arms": arms, "endpoints": (end,)})
    assert [each.key[-1] for each in check_imputation(study)] == ([place] if place else [])


def test_the_line_that_is_not_toml_is_the_one_quoted(tmp_path: Path) -> None:
    """A text may hold a sign that ends a line elsewhere, as copied from a word processor; TOML counts line feeds."""
    wrong = "phase = " + "two" * 30
    text = f'[study]\ntitle = "one\u2028two\u2028three"\n{wrong}\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as told:
        read_study(tmp_path)
    [finding] = told.value.findings
    assert (finding.code, finding.line, finding.value) == ("syntax", 3, wrong[:60])
