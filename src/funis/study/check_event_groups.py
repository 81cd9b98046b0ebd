"""What [[event_groups]] must agree on: something that says which events count, a rule that can be asked."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.model import Study
from funis.study.rules import check_rule
from funis.study.stopping import ALLOWED_TEXTS, EVENT_COLUMNS
from funis.study.study_finding import StudyFinding


def check_event_groups(study: Study) -> Iterator[StudyFinding]:
    """Find groups of adverse events that say nothing, or whose rule cannot be asked.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    for index, group in enumerate(study.event_groups):
        key = ("event_groups", index)
        if not (group.terms or group.organ_classes or group.counts or group.within_days is not None):
            message = "Nothing says which events are of this group."
            yield StudyFinding(
                (*key, "id"), group.id, message, "Give terms, organ_classes, counts or within_days."
            )
        if group.counts:
            for finding in check_rule(group.counts, EVENT_COLUMNS, allowed=ALLOWED_TEXTS):
                yield StudyFinding((*key, "counts"), group.counts, finding.message, finding.fix)
