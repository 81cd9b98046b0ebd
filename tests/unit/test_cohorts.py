"""Populations: yes makes a member, cannot tell is counted, null never excludes silently."""

from typing import Any

import polars as pl

from funis.analysis.cohorts import derive_populations
from funis.results import ALL
from funis.study.model import Arm, Criterion, Eligibility, Endpoint, Study, Trial

FRAME = pl.DataFrame({"subject": ["S1", "S2", "S3"], "age": [20.0, 15.0, None], "arm": ["a", "b", "a"]})
TRIAL = Trial(id="X", title="X", condition="sle", design="parallel")
STUDY = Study(
    trial=TRIAL,
    arms=(Arm(id="a", name="A"), Arm(id="b", name="B", control=True)),
    populations={"adults": "age >= 16"},
    subgroups={"old": "age >= 60"},
)


def test_only_yes_makes_a_member_and_cannot_tell_is_counted() -> None:
    found = derive_populations(STUDY, FRAME)
    assert found.populations["adults"].members.tolist() == [True, False, False]
    assert found.populations["adults"].cannot_tell.tolist() == [False, False, True]
    assert found.populations["enrolled"].members.all()


def test_cohorts_of_an_endpoint_are_whole_then_subgroups_each_by_arm() -> None:
    found = derive_populations(STUDY, FRAME)
    endpoint = Endpoint(id="e", kind="change", population="adults", subgroups=("old",))
    names = [(each.subgroup, each.arm, each.size) for each in found.of_endpoint(endpoint)]
    assert names == [
        (ALL, ALL, 1),
        (ALL, "a", 1),
        (ALL, "b", 0),
        ("old", ALL, 0),
        ("old", "a", 0),
        ("old", "b", 0),
    ]


def test_an_endpoint_may_ask_for_its_subgroups_only() -> None:
    found = derive_populations(Study(trial=TRIAL, subgroups={"old": "age >= 18"}), FRAME)
    endpoint = Endpoint(id="e", kind="change", subgroups=("old",), subgroup_only=True)
    assert [(each.population, each.subgroup, each.size) for each in found.of_endpoint(endpoint)] == [
        ("enrolled", "old", 1)
    ]


def test_a_place_counts_over_all_members() -> None:
    place = derive_populations(STUDY, FRAME).cohort("adults").place("summary", "x")
    assert (place.population, place.n, place.denominator) == ("adults", 1, 1)


def test_the_eligible_are_a_subgroup_of_their_own_where_somebody_is_not() -> None:
    criteria = Eligibility(inclusion=(Criterion(id="adult", text="Adult", rule="age >= 16"),))
    study = Study(trial=TRIAL, arms=STUDY.arms, eligibility=criteria)
    found = derive_populations(study, FRAME)
    assert found.subgroups["eligible"].members.tolist() == [True, False, False]
    adults = derive_populations(study, FRAME.with_columns(age=20.0))
    assert adults.populations["eligible"].members.all()
    assert "eligible" not in adults.subgroups

    def asked(**about: Any) -> list[str]:
        return [each.subgroup for each in found.of_endpoint(Endpoint(id="e", kind="change", **about))][::3]

    # A primary result is given without those who did not meet the criteria too, each by two arms.
    assert asked(role="primary") == [ALL, "eligible"]
    assert asked(role="primary", population="eligible") == [ALL]
    assert asked(role="secondary") == [ALL]
