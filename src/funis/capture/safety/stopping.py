"""The stopping rules of the study file, watched: judged in the transaction of every save that can cross one.

The row of a rule is held while it is judged, so that two saves at once that it may count are judged one after
the other and neither overlooks the other's event. It is held by these alone, and last of all that a save
holds: whatever the rule does not count waits for nobody. The server judges over all sites, whoever saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from funis.capture.context import because, moment, server_acts, who_acts
from funis.capture.models import StoppingWatch
from funis.capture.safety.clock import EVENTS
from funis.capture.safety.counting import (
    asks_of_events,
    count_events,
    counted_subjects,
    read_events,
    read_treated,
)
from funis.capture.safety.notices import CROSSED as RULE_CROSSED
from funis.capture.safety.notices import PAUSED, News, tell
from funis.capture.study_in_force import newest_version, study_of
from funis.capture.trail.events import record_event
from funis.errors import UnknownNameError, ValueRangeError
from funis.study.event_groups import EventGroup
from funis.study.stopping import EVENT_COLUMNS, StoppingRule, StoppingState, judge_stopping

CROSSED, PAUSE = "crossed", "pause"
ANSWERS: Final[Mapping[str, str]] = {
    CROSSED: "Crossed",
    "not_crossed": "Not crossed",
    "cannot_tell": "Cannot tell",
}
"""Every answer of a rule, with the printed words."""
DECISIONS: Final[Mapping[str, str]] = {"go_on": "Go on", "stop": "Stop the infusions"}
"""What the safety board decides, with the printed words."""
_OF_EVENT: Final = frozenset({*EVENT_COLUMNS, "start"})
"""What of an adverse event decides whether a rule counts it, and when it began."""


class RuleRead(NamedTuple):
    """A rule of the study file, where it stands now, its row (none before it was judged), and its events."""

    rule: StoppingRule
    state: StoppingState
    watch: StoppingWatch | None
    group: EventGroup | None = None

    @property
    def is_pausing(self) -> bool:
        """Tell whether no infusion may begin because of it."""
        return self.watch is not None and _is_pausing(self.rule, self.watch)


def rules_in_force() -> tuple[StoppingRule, ...]:
    """Give the stopping rules of the newest version of the study."""
    return study_of(newest_version()).stopping


def group_of(rule: StoppingRule) -> EventGroup | None:
    """Give the group of events that a rule names, as the newest version of the study says it; none: all."""
    if not rule.event_group:
        return None
    groups = {group.id: group for group in study_of(newest_version()).event_groups}
    return groups[rule.event_group]


def judge_rules(rules: Iterable[StoppingRule]) -> dict[str, StoppingState]:
    """Judge rules by the rows that whoever acts may see: of the whole trial where that is everything."""
    subjects = counted_subjects()
    treated = read_treated(subjects)
    events = read_events(subjects, treated)
    return {
        rule.id: judge_stopping(rule, count_events(rule, treated, events, group_of(rule))) for rule in rules
    }


def rules_touched(
    form_name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[StoppingRule, ...]:
    """Give the rules whose counts a change of a form can change: no other is held, and nobody waits for it.

    An infusion bears on the rules by its day, and by being there. An adverse event that a rule surely does
    not count, as it was and as it is, adds nothing to it before and after, whatever else is recorded.

    Parameters
    ----------
    form_name : of the form
    before, after : its document as it was and as it is
    """
    if form_name == "infusions":
        is_other = bool(before) != bool(after) or before.get("date") != after.get("date")
        return rules_in_force() if is_other else ()
    if form_name != EVENTS or not any(before.get(name) != after.get(name) for name in _OF_EVENT):
        return ()
    events = [each for each in (before, after) if each]
    return tuple(
        rule
        for rule in rules_in_force()
        if any(counts is not False for counts in asks_of_events(rule, events, group_of(rule)))
    )


def watch_rules(touched: Iterable[StoppingRule] | None = None) -> list[StoppingRule]:
    """Judge rules after a save, as the last thing of its transaction; give those that were crossed by it.

    Parameters
    ----------
    touched : the rules whose counts the save can have changed; None: every rule
    """
    rules = rules_in_force() if touched is None else tuple(touched)
    if not rules:
        return []
    with server_acts("stopping rule judged"):
        held = _hold(rules)
        states = judge_rules(rules)
        return [rule for rule in rules if _note(rule, states[rule.id], held[rule.id])]


def _hold(rules: Iterable[StoppingRule]) -> dict[str, StoppingWatch]:
    wanted = [rule.id for rule in rules]
    held = {
        each.rule: each
        for each in StoppingWatch.objects.select_for_update().filter(rule__in=wanted).order_by("rule")
    }
    for name in sorted(set(wanted) - held.keys()):
        held[name] = StoppingWatch(rule=name)
        held[name].save()
    return held


def make_watches() -> None:
    """Make the row of each rule where it is missing, so that saves have what they hold."""
    known = set(StoppingWatch.objects.values_list("rule", flat=True))
    for rule in rules_in_force():
        if rule.id not in known:
            StoppingWatch(rule=rule.id).save()


def _note(rule: StoppingRule, state: StoppingState, watch: StoppingWatch) -> bool:
    """Write where a rule stands, if it is another; tell whether it was crossed now, or crossed farther."""
    counts = (state.events[0], state.subjects[0])
    is_farther = state.answer == CROSSED and (watch.events, watch.subjects) != counts
    if state.answer == watch.answer and not is_farther:
        return False
    is_new = state.answer == CROSSED and (
        watch.answer != CROSSED or counts[0] > watch.events or counts[1] > watch.subjects
    )
    watch.answer, watch.judged_at = state.answer, moment()
    watch.events, watch.subjects, watch.infused = *counts, state.infused
    watch.save()
    if is_new:
        told = {"rule": rule.id, "events": counts[0], "subjects": counts[1], "infused": state.infused}
        record_event("stopping rule crossed", "system", told | {"action": rule.action})
        _tell_crossed(rule, watch)
    return is_new


def _tell_crossed(rule: StoppingRule, watch: StoppingWatch) -> None:
    about = f"{rule.id}:{watch.events}:{watch.subjects}"
    tell(News(RULE_CROSSED, about, "/safety/board"))
    if _is_pausing(rule, watch):
        tell(News(PAUSED, about, "/safety"))


def read_rules() -> list[RuleRead]:
    """Give every rule as it stands by the rows that whoever acts may see."""
    rules = rules_in_force()
    if not rules:
        return []
    watches = {each.rule: each for each in StoppingWatch.objects.all()}
    states = judge_rules(rules)
    return [RuleRead(rule, states[rule.id], watches.get(rule.id), group_of(rule)) for rule in rules]


def pausing_rules() -> tuple[str, ...]:
    """Name the rules that let no infusion begin now, as printed."""
    watches = {each.rule: each for each in StoppingWatch.objects.all()}
    return tuple(
        rule.printed
        for rule in rules_in_force()
        if rule.id in watches and _is_pausing(rule, watches[rule.id])
    )


def _is_pausing(rule: StoppingRule, watch: StoppingWatch) -> bool:
    """Tell whether a rule pauses: a decision to go on holds for the counts that the board knew."""
    if watch.decision == "stop":
        return True
    is_known = (
        watch.decision == "go_on"
        and watch.events <= watch.decided_events
        and watch.subjects <= watch.decided_subjects
    )
    return rule.action == PAUSE and watch.answer == CROSSED and not is_known


def decide_on_rule(name: str, decision: str, seen: tuple[int, int], reason: str) -> StoppingWatch:
    """Record what the safety board decides on a rule, within a transaction in which a member acts.

    Parameters
    ----------
    name : id of the rule
    decision : one of `DECISIONS`
    seen : events and subjects that surely count, as the board saw them
    reason : of the decision

    Raises
    ------
    UnknownNameError : no such rule or decision
    ValueRangeError : no reason, other counts by now, or going on where nothing is crossed or stopped
    """
    if decision not in DECISIONS:
        raise UnknownNameError("decision", decision, DECISIONS)
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the board decides so")
    rules = rules_in_force()
    if name not in [rule.id for rule in rules]:
        raise UnknownNameError("stopping rule", name, [rule.id for rule in rules])
    watch_rules()
    held = StoppingWatch.objects.select_for_update().get(rule=name)
    if held.answer == CROSSED and (held.events, held.subjects) != seen:
        raise ValueRangeError(
            "counts", f"{held.events} events in {held.subjects} subjects",
            f"{seen[0]} in {seen[1]}, as you saw",
            "Look at the page again.",
        )  # fmt: skip
    if decision == "go_on" and held.answer != CROSSED and held.decision != "stop":
        raise ValueRangeError("stopping rule", "not crossed", "one that is crossed, or was stopped")
    who = who_acts()
    held.decision, held.decided_by, held.decided_at = decision, who.actor if who else "", moment()
    held.decided_reason = reason.strip()
    held.decided_events, held.decided_subjects = held.events, held.subjects
    with because(reason.strip()):
        held.save()
    return held
