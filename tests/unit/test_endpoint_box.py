"""Box 2: every measured endpoint is a whole sentence, with names of variables as the field writes them."""

from __future__ import annotations

from typing import Any

import pytest

from funis.reporting.endpoint_box import build_endpoint_box
from funis.study.model import Study

LABS = tuple(
    {"test": test, "unit": unit}
    for test, unit in (("th17", "%"), ("treg", "%"), ("anti_ssa", "U/mL"), ("creatinine", "umol/L"))
)


def words_of(endpoint: dict[str, Any], **more: Any) -> str:
    """Give the text of the one entry of the box."""
    raw: dict[str, Any] = {
        "study": {"id": "C", "title": "C", "condition": "sle", "design": "single_arm"},
        "visits": (
            {"name": "baseline", "day": 0},
            {"name": "month_1", "day": 30},
            {"name": "month_6", "day": 180},
        ),
        "labs": LABS,
        "subgroups": {"lupus_nephritis": "age > 1", "no_nephritis": "age > 2"},
        "endpoints": ({"id": "x", "kind": "change"} | endpoint,),
    }
    (box,) = build_endpoint_box(Study.model_validate(raw | more))
    (entry,) = box.entries
    return "".join(part.text for part in entry.text)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (
            {"variables": ("th17", "treg", "anti_ssa", "creatinine"), "at": ("month_1", "month_6")},
            (
                "Mean changes from baseline in Th17 cells, Treg cells, anti-SSA/Ro and creatinine at month 1 and "
                "month 6."
            ),
        ),
        ({"variable": "th17"}, "Mean change from baseline in Th17 cells at every visit."),
        (
            {
                "variable": "creatinine",
                "kind": "summary",
                "subgroups": ("lupus_nephritis",),
                "subgroup_only": True,
            },
            "Mean level of creatinine at every visit, only in the subgroup lupus nephritis.",
        ),
        (
            {
                "variables": ("creatinine", "treg"),
                "kind": "summary",
                "at": ("month_6",),
                "subgroups": ("lupus_nephritis", "no_nephritis"),
                "subgroup_only": True,
            },
            (
                "Mean levels of creatinine and Treg cells at month 6, only in the subgroups lupus nephritis and no "
                "nephritis."
            ),
        ),
    ],
)
def test_a_measured_endpoint_is_a_sentence(endpoint: dict[str, Any], said: str) -> None:
    assert words_of(endpoint) == said


def test_a_score_with_a_name_of_the_study_says_what_it_is_scored_by() -> None:
    own = {
        "instruments": {
            "sledai_2k": {"label": "SLEDAI (version not stated)"},
            "bilag_2004": {"label": "BILAG"},
        }
    }
    assert words_of({"variable": "sledai_2k", "at": ("month_1",)}, **own) == (
        "Mean change from baseline in SLEDAI (version not stated) at month 1. It is scored by SLEDAI-2K."
    )
    assert words_of({"variable": "bilag_2004", "kind": "systems", "at": ("month_6",)}, **own) == (
        "Grades of each organ system by BILAG, compared with baseline, as numbers of patients, at month 6. It is "
        "scored by BILAG-2004."
    )
    assert words_of({"variable": "sledai_2k"}) == "Mean change from baseline in SLEDAI-2K at every visit."
