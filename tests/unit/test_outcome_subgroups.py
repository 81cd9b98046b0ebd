"""Subgroups formed by an outcome: who is in them is worked out from six timelines by hand."""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis.outcome_subgroups import form_outcome_subgroups
from funis.analysis.run import Run
from funis.catalogue.registry import definition
from funis.errors import StudyError
from funis.reporting.labels import Labels
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.rule_words import rule_words
from funis.study.model import Endpoint, Study
from funis.study.outcomes import outcomes_of
from funis.study.read import read_study
from funis.study.sources import sources_of

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

DAYS = {"baseline": 0, "month_6": 180, "month_9": 270, "month_12": 360}
# The renal grade at baseline, month 6, 9 and 12; a dot where nothing was recorded.
TIMELINES = {
    "S01": "ACCB",  # major response, relapse at month 12
    "S02": "ACBC",  # major response, relapse at month 9
    "S03": "ACCC",  # major response, kept
    "S04": "ABBB",  # partial response, kept: B is not new
    "S05": "AAAA",  # no response
    "S06": "AC..",  # major response, then not seen: a relapse cannot be told
    "S07": "A.CC",  # no month 6: nothing can be told
}
RESPONSE: Mapping[str, Any] = {"id": "response", "kind": "response", "definition": "ucmsc_bilag_response"}
RELAPSE: Mapping[str, Any] = {"id": "relapse", "kind": "relapse", "definition": "ucmsc_bilag_response"}


def _visits() -> pl.DataFrame:
    rows: list[dict[str, object]] = [
        {
            "subject": subject, "visit": visit, "day": float(day),
            **{f"bilag_2004_{system}": "E" for system in definition("bilag_2004").systems},
            "bilag_2004_renal": grade,
        }
        for subject, grades in TIMELINES.items()
        for (visit, day), grade in zip(DAYS.items(), grades, strict=True)
        if grade != "."
    ]  # fmt: skip
    return pl.DataFrame(rows)


def _study(subgroups: Mapping[str, str], at: tuple[str, ...] = ("month_6",), **relapse: Any) -> Study:
    response = Endpoint.model_validate({**RESPONSE, "at": at})
    lost = Endpoint.model_validate({**RELAPSE, "at": ("month_9", "month_12"), **relapse})
    found: Study = analysis.make_study(response, lost, subgroups=dict(subgroups))
    return found


def _form(study: Study) -> Run:
    names = list(TIMELINES)
    unknown: dict[str, Any] = {
        "disposition_status": [None] * len(names),
        "disposition_day": [None] * len(names),
    }
    run: Run = analysis.make_run(
        {"x": {"baseline": [1.0] * len(names)}}, study, age=[30.0] * 6 + [70.0], **unknown
    )
    assert list(run.panel.subjects) == names
    return form_outcome_subgroups(run, _visits())


def _members(study: Study, name: str) -> tuple[list[str], list[str]]:
    found = _form(study).populations.subgroups[name]
    names = np.array(list(TIMELINES))
    return names[found.members].tolist(), names[found.cannot_tell].tolist()


@pytest.mark.parametrize(
    ("rule", "members", "cannot_tell"),
    [
        ("relapse = 1", ["S01", "S02"], ["S06", "S07"]),
        ("relapse = 0", ["S03", "S04", "S05"], ["S06", "S07"]),
        ("relapse_month_9 = 1", ["S02"], ["S06", "S07"]),
        ("relapse_month_9 = 0", ["S01", "S03", "S04", "S05"], ["S06", "S07"]),
        ("relapse_month_12 = 1", ["S01"], ["S06", "S07"]),
        ("response = 'MCR'", ["S01", "S02", "S03", "S06"], ["S07"]),
        ("response IN ('PCR', 'none')", ["S04", "S05"], ["S07"]),
        ("response_responder = 1", ["S01", "S02", "S03", "S04", "S06"], ["S07"]),
        ("response_responder = 0", ["S05"], ["S07"]),
        ("relapse = 1 OR age > 60", ["S01", "S02", "S07"], ["S06"]),
    ],
)
def test_who_is_in_a_subgroup_by_outcome(rule: str, members: list[str], cannot_tell: list[str]) -> None:
    assert _members(_study({"group": rule}), "group") == (members, cannot_tell)


def test_what_is_not_known_counts_as_the_endpoint_counts_it() -> None:
    # A responder of whom a relapse is not known relapses at the first such visit, month 9; or never.
    worst = _study({"group": "relapse_month_9 = 1", "free": "relapse = 0"}, missing_relapse="relapse")
    assert _members(worst, "group") == (["S02", "S06"], ["S07"])
    assert _members(worst, "free") == (["S03", "S04", "S05"], ["S07"])
    best = _study({"free": "relapse = 0"}, missing_relapse="none")
    assert _members(best, "free") == (["S03", "S04", "S05", "S06"], ["S07"])


def test_at_several_visits_the_visit_is_part_of_the_name() -> None:
    study = _study({"later": "response_month_12_responder = 1"}, at=("month_6", "month_12"))
    assert "response" not in outcomes_of(study)
    assert outcomes_of(study)["response_month_6"].values == ("MCR", "PCR", "none")
    assert "S03" in _members(study, "later")[0]


def test_subgroups_stay_in_the_order_of_the_file_and_others_untouched() -> None:
    study = _study({"relapsed": "relapse = 1", "old": "age > 60", "kept": "relapse = 0"})
    run = _form(study)
    assert list(run.populations.subgroups) == ["relapsed", "old", "kept"]
    assert run.populations.subgroups["old"].members.tolist() == [False] * 6 + [True]


def test_a_study_without_one_is_left_as_it_is() -> None:
    study = _study({"old": "age > 60"})
    run = analysis.make_run({"x": {"baseline": [1.0]}}, study, age=[30.0])
    assert form_outcome_subgroups(run, _visits()) is run


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("relapse = 1", "relapse"),
        ("relapse = 0", "no relapse"),
        ("0 = relapse_month_9", "no relapse at month 9"),
        ("relapse <> 1", "relapse is not 1"),
        ("response_responder = 1", "responder at month 6 (response)"),
        ("response_responder = 0", "not a responder at month 6 (response)"),
        ("response = 'MCR'", "class of response at month 6 (response) is MCR"),
        ("relapse = 2", "relapse is 2"),
        ("age = 1", "age is 1 years"),
    ],
)
def test_rules_about_outcomes_in_words(rule: str, said: str) -> None:
    assert rule_words(Labels(_study({"group": rule})), rule) == said


def test_the_caution_names_the_subgroups_that_an_outcome_forms_and_no_others() -> None:
    labels = Labels(_study({"relapsed": "relapse = 1", "old": "age > 60", "kept": "relapse = 0"}))
    (said,) = caution_of_subgroups(labels, ["relapsed", "old", "kept", "relapsed", "all"])
    assert said.startswith("Relapsed and kept: formed by an outcome")
    assert "immortal time" in said
    assert caution_of_subgroups(labels, ["old", "all"]) == ()


# --- what the study file may say -----------------------------------------------------------------

FILE = """
[study]
id = "X"
title = "X"
condition = "sle"
design = "single_arm"

[[visits]]
name = "baseline"
day = 0
forms = ["sledai_2k", "bilag_2004"]

[[visits]]
name = "month_6"
day = 180
forms = ["sledai_2k", "bilag_2004"]

[[visits]]
name = "month_12"
day = 360
forms = ["sledai_2k", "bilag_2004"]

[populations]
{populations}

[subgroups]
{subgroups}

[[endpoints]]
id = "{id}"
kind = "response"
definition = "ucmsc_bilag_response"
at = "month_6"

[[endpoints]]
id = "relapse"
kind = "relapse"
definition = "ucmsc_bilag_response"
at = "month_12"
{relapse}

[[endpoints]]
id = "change"
kind = "change"
variable = "sledai_2k"
at = ["month_6", "month_12"]
subgroups = {asked}
"""


def _file(folder: Path, **parts: str) -> Study:
    given = {"populations": "", "subgroups": "", "id": "response", "relapse": "", "asked": "[]"} | parts
    (folder / "study.toml").write_text(FILE.format(**given), encoding="utf-8")
    return read_study(folder)


@pytest.mark.parametrize(
    ("parts", "place", "message", "fix"),
    [
        ({"subgroups": 'g = "relaps = 1"'}, "subgroups.g", "There is no column 'relaps' here.",
         "The nearest column is 'relapse'. Outcomes of this study: response, response_responder, relapse."),
        ({"subgroups": "g = \"response = 'CR'\""}, "subgroups.g", "Column 'response' never holds '…'.",
         "It holds: MCR, PCR, none."),
        ({"subgroups": "g = \"relapse = 'yes'\""}, "subgroups.g", "A number is compared with a text.",
         "A number stands without quotes, a text in single quotes."),
        ({"populations": 'g = "relapse = 1"'}, "populations.g",
         "'relapse' is an outcome; who is analysed may not depend on it.",
         "Form a subgroup by it, in [subgroups]."),
        ({"subgroups": 'g = "relapse = 1"', "relapse": 'subgroups = ["g"]'}, "endpoints[2].subgroups",
         "The subgroup 'g' is formed by this endpoint itself.",
         "Name subgroups that are formed by something else."),
        ({"subgroups": "g = \"site = 'PCR'\"", "id": "site"}, "subgroups.g",
         "'site' is a column of the subjects and an outcome of the endpoints.",
         "Give the endpoint 'site' another id."),
    ],
)  # fmt: skip
def test_what_a_study_file_may_not_say(
    tmp_path: Path, parts: dict[str, str], place: str, message: str, fix: str
) -> None:
    with pytest.raises(StudyError) as refused:
        _file(tmp_path, **parts)
    (finding,) = refused.value.findings
    assert finding.message == message
    assert finding.fix.endswith(fix)
    assert place in str(refused.value)


def test_without_a_response_there_is_no_outcome(tmp_path: Path) -> None:
    text = FILE.format(populations="", subgroups='g = "relapse = 1"', id="response", relapse="", asked="[]")
    start, end = text.index('[[endpoints]]\nid = "response"'), text.index('[[endpoints]]\nid = "change"')
    (tmp_path / "study.toml").write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        read_study(tmp_path)
    (finding,) = refused.value.findings
    assert finding.fix.endswith("Outcomes of this study: none, for no endpoint is a response or a relapse.")


def test_an_endpoint_within_a_subgroup_by_outcome_rests_on_what_the_outcome_rests_on(tmp_path: Path) -> None:
    plain = _file(tmp_path)
    assert sources_of(plain, plain.endpoint("change")).every == {"sledai_2k"}
    assert not sources_of(plain, plain.endpoint("change")).has_ends
    study = _file(tmp_path, subgroups='g = "relapse = 1"', asked='["g"]')
    assert sources_of(study, study.endpoint("change")).every == {"sledai_2k", "bilag_2004"}
    assert sources_of(study, study.endpoint("change")).has_ends
