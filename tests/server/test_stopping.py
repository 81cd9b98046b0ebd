"""Stopping rules watched by the server, and the board's counts: who was asked, what cannot be told, what pauses."""

from datetime import timedelta
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter

from funis.capture.configuration import Configuration
from funis.errors import UnknownNameError, ValueRangeError
from funis.study.event_groups import EventGroup
from funis.study.stopping import StoppingRule

# Other tests of this server have events of their own: these alone are counted here.
TERM = "event of the stopping rule"
RULE = StoppingRule(id="harm", counts=f"term = '{TERM}' AND grade >= 3", rule="subjects >= 2", action="pause")


@pytest.fixture
def rule(
    server: Configuration, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> StoppingRule:
    """Put a rule in force, with a name and a term of the test alone."""
    from funis.capture.safety import stopping

    name = f"harm_{abs(hash(request.node.nodeid)) % 10**8}"
    made = RULE.model_copy(update={"id": name, "counts": f"term = '{name}' AND grade >= 3"})
    monkeypatch.setattr(stopping, "rules_in_force", lambda: (made,))
    return made


def new_subject(site: str = "01", *, infused: int | None = 10, asked: str = "") -> Any:
    """Screen a subject who consented, was infused so many days ago, and was asked at a visit of today."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import add_row, screen_subject
    from funis.capture.conduct.visits import add_form, record_visit
    from funis.capture.study_in_force import today

    def make() -> Any:
        subject = screen_subject(site)
        record_consent(subject, Given("2.0", today()), "coordinator")
        rows = [add_row(subject, "infusions")] if infused is not None else []
        visit = record_visit(subject, "unscheduled", today()) if asked else None
        return subject, rows, add_form(visit, "safety_questions") if visit else None

    subject, rows, question = act("coordinator", make)
    for row in rows:
        enter(row, {"date": (None, (today() - timedelta(days=infused or 0)).isoformat())})
    if question is not None and asked != "never":
        enter(question, {"asked": (None, 1), "any_event": (None, int(asked == "event"))})
    return subject


def new_event(subject: Any, rule: StoppingRule, grade: int | None = 3, days_ago: int | None = 5) -> Any:
    from funis.capture.conduct.screening import add_row
    from funis.capture.study_in_force import today

    made = act("coordinator", lambda: add_row(subject, "adverse_events"))
    start = None if days_ago is None else (today() - timedelta(days=days_ago)).isoformat()
    values = {"term": rule.id, "grade": grade, "start": start}
    enter(made, {name: (None, value) for name, value in values.items() if value is not None})
    return made


def watch_of(rule: StoppingRule) -> Any:
    from funis.capture.models import StoppingWatch

    return StoppingWatch.objects.get(rule=rule.id)


def crossings(rule: StoppingRule) -> list[dict[str, Any]]:
    from funis.capture.trail.rows import read_rows

    found = [row.said for row in read_rows("system") if row.said["kind"] == "stopping rule crossed"]
    return [said["changes"] for said in found if said["changes"]["rule"] == rule.id]


def is_paused(rule: StoppingRule) -> bool:
    from funis.capture.safety.stopping import pausing_rules

    return rule.printed in act("funis", pausing_rules)


def decide(rule: StoppingRule, decision: str, seen: tuple[int, int], reason: str = "reviewed") -> Any:
    from funis.capture.safety.stopping import decide_on_rule

    return act("safety_board", lambda: decide_on_rule(rule.id, decision, seen, reason))


def test_the_save_that_crosses_a_rule_writes_it_down_and_pauses_the_infusions(rule: StoppingRule) -> None:
    first, second = new_subject("01"), new_subject("02")
    new_event(first, rule)
    new_event(first, rule)
    assert (watch_of(rule).answer, crossings(rule), is_paused(rule)) == ("not_crossed", [], False)
    event = new_event(second, rule)
    watch = watch_of(rule)
    assert (watch.answer, watch.events, watch.subjects) == ("crossed", 3, 2)
    assert [(each["events"], each["subjects"]) for each in crossings(rule)] == [(3, 2)]
    assert is_paused(rule)
    enter(event, {"grade": (3, 2)}, "the letter of the hospital")
    assert (watch_of(rule).answer, is_paused(rule)) == ("not_crossed", False)


def test_a_rule_counts_the_events_of_the_group_it_names(
    rule: StoppingRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two subjects with a grade 3 event each; the group wants it within 3 days: the infusion was 10 days ago."""
    from funis.capture.safety import stopping

    named = StoppingRule(id=rule.id, event_group="named", rule="subjects >= 2")
    group = EventGroup(id="named", terms=(rule.id,), counts="grade >= 3", within_days=3)
    monkeypatch.setattr(stopping, "rules_in_force", lambda: (named,))
    monkeypatch.setattr(stopping, "group_of", lambda _: group)
    for days_ago in (5, 6):
        new_event(new_subject(), rule, days_ago=days_ago)
    new_event(new_subject(), rule, grade=2, days_ago=8)
    new_event(new_subject(), rule, days_ago=8)
    assert watch_of(rule).answer == "not_crossed"
    new_event(new_subject(), rule, days_ago=10)
    assert (watch_of(rule).answer, watch_of(rule).events, watch_of(rule).subjects) == ("crossed", 2, 2)


def test_a_rule_that_only_tells_pauses_nothing(rule: StoppingRule, monkeypatch: pytest.MonkeyPatch) -> None:
    from funis.capture.safety import stopping

    told = rule.model_copy(update={"action": "notify"})
    monkeypatch.setattr(stopping, "rules_in_force", lambda: (told,))
    for site in ("01", "02"):
        new_event(new_subject(site), told)
    assert (watch_of(told).answer, len(crossings(told)), is_paused(told)) == ("crossed", 1, False)


@pytest.mark.parametrize(
    ("infused", "grade", "days_ago", "answer"),
    [
        (10, None, 5, "cannot_tell"),  # the grade is not recorded
        (10, 3, None, "cannot_tell"),  # nor when it began
        (10, 2, None, "not_crossed"),
        (10, 3, 11, "not_crossed"),  # before the first infusion
        (10, 3, 10, "crossed"),  # on its day
        (None, 3, 5, "not_crossed"),  # never infused
    ],
)
def test_what_is_not_recorded_is_not_counted_as_no_event(
    rule: StoppingRule, infused: int | None, grade: int | None, days_ago: int | None, answer: str
) -> None:
    new_event(new_subject(), rule)
    new_event(new_subject(infused=infused), rule, grade, days_ago)
    assert watch_of(rule).answer == answer


def test_days_after_an_infusion_are_counted_from_the_last_one_before_the_event(
    rule: StoppingRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.safety import stopping

    within = rule.model_copy(update={"within_days": 5})
    monkeypatch.setattr(stopping, "rules_in_force", lambda: (within,))
    new_event(new_subject(), within)
    other = new_subject()
    new_event(other, within, days_ago=4)  # six days after the infusion
    assert watch_of(within).answer == "not_crossed"
    new_event(other, within, days_ago=5)
    assert watch_of(within).answer == "crossed"


def test_the_board_lets_the_infusions_go_on_until_more_happens(rule: StoppingRule) -> None:
    for site in ("01", "02"):
        new_event(new_subject(site), rule)
    with pytest.raises(ValueRangeError, match="reason"):
        decide(rule, "go_on", (2, 2), " ")
    with pytest.raises(ValueRangeError, match="as you saw"):
        decide(rule, "go_on", (1, 1))
    with pytest.raises(UnknownNameError):
        decide(rule, "carry_on", (2, 2))
    decide(rule, "go_on", (2, 2))
    assert not is_paused(rule)
    new_event(new_subject(), rule)
    assert is_paused(rule)
    assert [each["subjects"] for each in crossings(rule)] == [2, 3]
    decide(rule, "go_on", (3, 3))
    decide(rule, "stop", (3, 3), "two deaths elsewhere")
    assert is_paused(rule)
    decide(rule, "go_on", (3, 3))
    assert not is_paused(rule)


def test_nothing_goes_on_that_was_not_stopped_and_the_board_can_stop_before(rule: StoppingRule) -> None:
    new_event(new_subject(), rule)
    with pytest.raises(ValueRangeError, match="not crossed"):
        decide(rule, "go_on", (1, 1))
    decide(rule, "stop", (1, 1))
    assert is_paused(rule)


def test_the_board_sees_who_was_asked_and_what_cannot_be_told(rule: StoppingRule) -> None:
    from funis.capture.safety.board import read_board
    from funis.capture.safety.counting import CountedSubject

    subjects = [
        new_subject(asked="no event"),
        new_subject(asked="event"),
        new_subject("02", asked="never"),
        new_subject("02", infused=None, asked="no event"),
    ]
    new_event(subjects[1], rule, 2)
    new_event(subjects[1], rule, 4)
    new_event(subjects[2], rule, None)
    serious = new_event(subjects[3], rule, 5, None)
    board = act(
        "safety_board",
        lambda: read_board({each.pk: CountedSubject(each.pk, each.number, each.site) for each in subjects}),
    )
    assert (board.subjects, board.treated, board.asked, board.with_event, board.undated) == (4, 3, 2, 2, 0)
    assert [tuple(each) for each in board.questions] == [("01", 2, 1, 1, 0), ("02", 2, 0, 1, 1)]
    assert [(each.is_class, each.subjects, each.by_grade) for each in board.terms] == [
        (True, 2, (0, 0, 0, 1, 0, 1)),
        (False, 2, (0, 0, 0, 1, 0, 1)),
    ]
    assert [each.key for each in board.serious] == [serious.pk]
    assert [tuple(each) for each in board.given] == [(1, 3), (2, 0)]  # the study plans two


def test_the_pages_tell_it_and_the_board_alone_decides(rule: StoppingRule) -> None:
    unasked = new_subject(asked="never")
    for subject in (unasked, new_subject("02")):
        new_event(subject, rule)
    board = browser_of(person_with("safety_board", ""))
    page = board.get("/safety/board").content.decode()
    assert "No infusion begins now." in page
    assert rule.printed in page
    given = {"decision": "go_on", "events": "2", "subjects": "2", "reason": "reviewed"}
    address = f"/safety/board/{rule.id}"
    for role, site in (("safety_board", "01"), ("data_manager", ""), ("investigator", "")):
        assert browser_of(person_with(role, site)).post(address, given).status_code == 404
    assert browser_of(person_with("investigator", "")).get("/safety/board").status_code == 404
    assert board.post(address, given).status_code == 302
    assert "No infusion begins now." not in board.get("/safety/board").content.decode()
    assert unasked.number in browser_of(person_with("coordinator", "01")).get("/safety").content.decode()
    assert unasked.number not in browser_of(person_with("coordinator", "02")).get("/safety").content.decode()


def test_a_rule_counts_by_the_astct_grade_of_the_event(
    rule: StoppingRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.conduct.screening import add_row
    from funis.capture.safety import stopping
    from funis.capture.study_in_force import today

    by_crs = rule.model_copy(
        update={"counts": f"term = '{rule.id}' AND crs_grade >= 3", "rule": "events >= 1"}
    )
    monkeypatch.setattr(stopping, "rules_in_force", lambda: (by_crs,))
    began = (today() - timedelta(days=5)).isoformat()
    form = act("coordinator", lambda: add_row(new_subject(), "adverse_events"))
    enter(form, {"term": (None, rule.id), "start": (None, began), "grade": (None, 4)})
    assert watch_of(rule).answer == "cannot_tell", "the CTCAE grade says nothing of the ASTCT grade"
    enter(form, {"crs_grade": (None, 2)})
    assert watch_of(rule).answer == "not_crossed"
    enter(form, {"crs_grade": (2, 3)}, "graded again")
    assert watch_of(rule).answer == "crossed"
