"""What [[stopping]] must agree on: one kind of limit, looks that rise, conditions over what they may name."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.model import Study
from funis.study.rules import check_rule
from funis.study.stopping import ALLOWED_TEXTS, COUNTS, EVENT_COLUMNS, StoppingRule, do_rise
from funis.study.study_finding import StudyFinding


def check_stopping(study: Study) -> Iterator[StudyFinding]:
    """Find stopping rules that cannot be watched.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    groups = [group.id for group in study.event_groups]
    for index, rule in enumerate(study.stopping):
        if rule.counts or not rule.event_group:
            for finding in check_rule(rule.counts, EVENT_COLUMNS, allowed=ALLOWED_TEXTS):
                yield StudyFinding(("stopping", index, "counts"), rule.counts, finding.message, finding.fix)
        if rule.event_group and rule.event_group not in groups:
            fix = f"Known: {', '.join(groups)}." if groups else "Add it to [[event_groups]]."
            key = ("stopping", index, "event_group")
            yield StudyFinding(key, rule.event_group, "There is no such group of events.", fix)
        yield from _check_limits(index, rule)


def _check_limits(index: int, rule: StoppingRule) -> Iterator[StudyFinding]:
    key = ("stopping", index)
    if bool(rule.rule) == bool(rule.looks or rule.limits):
        message = "A rule has a condition, or looks with limits."
        yield StudyFinding(
            (*key, "rule"), rule.rule, message, "Give one of the two: rule, or looks and limits."
        )
        return
    if rule.rule:
        for finding in check_rule(rule.rule, COUNTS):
            yield StudyFinding((*key, "rule"), rule.rule, finding.message, finding.fix)
        return
    shown = f"looks {list(rule.looks)}, limits {list(rule.limits)}"
    if len(rule.looks) != len(rule.limits):
        yield StudyFinding((*key, "limits"), shown, "Each look has one limit.", "Give as many as looks.")
    elif not do_rise(rule.looks, strictly=True) or not do_rise(rule.limits, strictly=False):
        yield StudyFinding(
            (*key, "looks"),
            shown,
            "Looks rise, and limits do not fall.",
            "Write them in the order of the looks.",
        )
