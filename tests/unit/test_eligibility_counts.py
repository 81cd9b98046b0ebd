"""Who is eligible: every criterion met, one not met, or not known; an exclusion counts the other way round."""

import polars as pl

import funis
from funis.study.model import Study

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
STUDY = Study.model_validate(
    {
        "study": TRIAL,
        "sites": ({"id": "01", "name": "One"},),
        "visits": ({"name": "baseline", "day": 0},),
        "eligibility": {
            "inclusion": ({"id": "I1", "text": "Adult", "rule": "age >= 18"},),
            "exclusion": ({"id": "E1", "text": "Heavy", "rule": "weight_kg > 100"},),
        },
    }
)


def test_an_exclusion_that_is_not_known_makes_nobody_eligible_and_refuses_nobody() -> None:
    """S1 may enter; S2 is a minor; S3 has no age; S4 is excluded; S5 has no weight; S6 is a minor too."""
    subjects = pl.DataFrame(
        {
            "subject": ["S1", "S2", "S3", "S4", "S5", "S6"],
            "site": ["01"] * 6,
            "age": [30, 16, None, 40, 40, 17],
            "weight_kg": [60.0, 60.0, 60.0, 120.0, None, 60.0],
        }
    )
    results = funis.analyse(STUDY, funis.tables_from_frames(STUDY, {"subjects": subjects}))
    counted = {
        name: [
            results.value(f"eligibility.enrolled.{name}.{each}")
            for each in ("count", "not_met", "cannot_tell")
        ]
        for name in ("I1", "E1", "eligible")
    }
    assert counted == {"I1": [3, 2, 1], "E1": [1, 4, 1], "eligible": [1, 3, 2]}
