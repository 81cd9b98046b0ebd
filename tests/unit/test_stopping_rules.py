"""Stopping rules: counts by hand, the chance of ever stopping against the design's, what is refused in a study file."""

import itertools
import math

import pytest

from funis.design.harm import chance_of_stopping, safety
from funis.errors import StudyError
from funis.study.read import read_study, template_path
from funis.study.stopping import EventCount, StoppingRule, judge_stopping

NONE, ONE, OPEN = EventCount(0, 0), EventCount(1, 1), EventCount(0, 1)


def answer(rule: StoppingRule, *counted: EventCount) -> tuple[str, int | None]:
    found = judge_stopping(rule, counted)
    return found.answer, found.distance


def test_a_condition_is_crossed_surely_perhaps_or_not() -> None:
    rule = StoppingRule(id="a", rule="subjects >= 2")
    assert answer(rule) == ("not_crossed", 2)
    assert answer(rule, ONE, NONE) == ("not_crossed", 1)
    assert answer(rule, ONE, OPEN) == ("cannot_tell", 1)
    assert answer(rule, EventCount(5, 9)) == ("not_crossed", 1)
    assert answer(rule, ONE, ONE, OPEN) == ("crossed", 0)
    events = StoppingRule(id="a", rule="events >= 3")
    assert answer(events, EventCount(2, 2)) == ("not_crossed", 1)
    assert answer(events, EventCount(2, 3)) == ("cannot_tell", 1)
    assert answer(events, EventCount(3, 3)) == ("crossed", 0)


def test_a_share_is_of_the_subjects_infused() -> None:
    rule = StoppingRule(id="a", rule="infused >= 4 AND subjects / infused > 0.25")
    assert answer(rule, ONE, ONE, ONE) == ("not_crossed", 1)
    assert answer(rule, ONE, NONE, NONE, NONE) == ("not_crossed", 1)
    assert answer(rule, ONE, ONE, NONE, NONE) == ("crossed", 0)
    assert answer(StoppingRule(id="a", rule="events < 0"), ONE) == ("not_crossed", None)


def test_a_look_counts_its_first_subjects_alone_and_is_crossed_before_it_is_full() -> None:
    rule = StoppingRule(id="a", looks=(2, 5), limits=(0, 2))
    assert answer(rule, NONE, NONE, ONE, ONE) == ("not_crossed", 1)
    assert answer(rule, ONE) == ("crossed", 0)
    assert answer(rule, NONE, OPEN) == ("cannot_tell", 1)
    assert answer(rule, NONE, NONE, ONE, ONE, ONE) == ("crossed", 0)
    # After the last look nothing is watched but the first five.
    assert answer(rule, NONE, NONE, NONE, ONE, ONE, ONE, ONE) == ("not_crossed", 1)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_the_limits_of_a_design_are_crossed_as_often_as_the_design_says(rate: float) -> None:
    """Every course of eight subjects, weighted by its chance: the exact sum is the design's."""
    found = safety(0.2, 0.5, (3, 5, 8), allowed=0.2).holds
    rule = StoppingRule(id="a", looks=found.looks, limits=found.limits)
    crossed = math.fsum(
        rate ** sum(course) * (1 - rate) ** (8 - sum(course))
        for course in itertools.product((0, 1), repeat=8)
        if judge_stopping(rule, [EventCount(each, each) for each in course]).answer == "crossed"
    )
    assert crossed == pytest.approx(chance_of_stopping(found, rate), rel=1e-12)
    assert 0 < crossed < 1


STUDY = template_path("sle").read_text(encoding="utf-8")


def read(tmp_path: object, section: str) -> list[StoppingRule]:
    path = tmp_path / "study.toml"  # type: ignore[operator]
    path.write_text(f"{STUDY}\n{section}", encoding="utf-8")
    return list(read_study(path).stopping)


def test_a_rule_without_more_counts_serious_events_and_tells(tmp_path: object) -> None:
    (rule,) = read(tmp_path, '[[stopping]]\nid = "serious_infection"\nrule = "events >= 2"\naction = "pause"')
    assert (rule.counts, rule.action, rule.printed, rule.printed_limit) == (
        "serious = 1", "pause", "Serious infection", "events >= 2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('id = "a"', "A rule has a condition, or looks with limits."),
        (
            'id = "a"\nrule = "events > 1"\nlooks = [1]\nlimits = [0]',
            "A rule has a condition, or looks with limits.",
        ),
        ('id = "a"\nrule = "deaths > 1"', "There is no column 'deaths' here."),
        ('id = "a"\nrule = "events > 1"\ncounts = "grade"', "A rule answers yes or no"),
        ('id = "a"\nrule = "events > 1"\ncounts = "causality = \'sure\'"', "never holds 'sure'"),
        ('id = "a"\nlooks = [3, 6]\nlimits = [1]', "Each look has one limit."),
        ('id = "a"\nlooks = [6, 3]\nlimits = [1, 2]', "Looks rise, and limits do not fall."),
        ('id = "a"\nlooks = [3, 6]\nlimits = [2, 1]', "Looks rise, and limits do not fall."),
        ('id = "a"\nrule = "events > 1"\naction = "stop"', "action"),
    ],
)
def test_what_cannot_be_watched_is_refused(tmp_path: object, section: str, said: str) -> None:
    with pytest.raises(StudyError) as refused:
        read(tmp_path, f"[[stopping]]\n{section}")
    assert said in str(refused.value)


def test_two_rules_of_one_name_are_refused(tmp_path: object) -> None:
    rule = '[[stopping]]\nid = "a"\nrule = "events > 1"\n'
    with pytest.raises(StudyError, match="given twice"):
        read(tmp_path, rule * 2)


GROUP = '[[event_groups]]\nid = "infection"\norgan_classes = "Infections and infestations"\n'


def test_a_rule_that_names_a_group_counts_all_of_it_unless_it_says_more(tmp_path: object) -> None:
    named = '[[stopping]]\nid = "a"\nevent_group = "infection"\nrule = "subjects >= 2"\n'
    (rule,) = read(tmp_path, GROUP + named)
    assert (rule.event_group, rule.counts) == ("infection", "")
    (rule,) = read(tmp_path, f'{GROUP}{named}counts = "grade >= 3"')
    assert (rule.event_group, rule.counts) == ("infection", "grade >= 3")


def test_a_group_that_is_not_there_is_refused_with_those_that_are(tmp_path: object) -> None:
    named = '[[stopping]]\nid = "a"\nevent_group = "infections"\nrule = "subjects >= 2"\n'
    with pytest.raises(StudyError, match=r"There is no such group of events.*Known: infection\."):
        read(tmp_path, GROUP + named)
    with pytest.raises(StudyError, match="There is no such group of events"):
        read(tmp_path, named)
