"""What is said of subgroups that an outcome forms, and how a rule about an outcome is put into words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from funis.reporting.labels import Labels, in_sentence, listed
from funis.study.outcomes import Outcome, outcome_subgroups, outcomes_of
from funis.study.rule_nodes import Compare, NamedColumn, Value

_CAUTION: Final = (
    "{names}: formed by an outcome that was known only after treatment. To be in it a subject had to stay "
    "and be seen until then (immortal time), and what is measured may be part of the outcome, its cause or "
    "its consequence. The values are described; a difference between such groups is no effect of anything."
)


def caution_of_subgroups(labels: Labels, names: Iterable[str]) -> tuple[str, ...]:
    """Say of subgroups that are formed by an outcome what they cannot show; nothing where none is.

    Parameters
    ----------
    labels : printed words of the study
    names : subgroups that are shown

    Returns
    -------
    tuple of str : one sentence for all of them, or none

    Examples
    --------
    >>> from funis.study.model import Study
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> pain = {"id": "pain", "kind": "response", "definition": "esspri_mcii", "at": "month_6"}
    >>> raw = {"study": trial, "endpoints": (pain,), "subgroups": {"better": "pain_responder = 1"}}
    >>> labels = Labels(Study.model_validate(raw))
    >>> caution_of_subgroups(labels, ["better"])[0][:44]
    'Better: formed by an outcome that was known '
    >>> caution_of_subgroups(labels, ["all"])
    ()
    """
    formed = outcome_subgroups(labels.study)
    own = [labels.population(name) for name in dict.fromkeys(names) if name in formed]
    return (_CAUTION.format(names=listed([own[0], *map(in_sentence, own[1:])])),) if own else ()


def outcome_phrase(labels: Labels, outcome: Outcome) -> str:
    """Name an outcome as a sentence goes on, with the visit it is found at."""
    at = f" at {in_sentence(labels.visit(outcome.visit))}" if outcome.visit else ""
    endpoint = labels.study.endpoint(outcome.endpoint)
    if outcome.kind == "relapse":
        return f"{in_sentence(endpoint.printed)}{at}"
    what = "responder" if outcome.kind == "responder" else "class of response"
    return f"{what}{at} ({in_sentence(endpoint.printed)})"


def compared_outcome(labels: Labels, node: Compare) -> str:
    """Word the comparison of a yes or no outcome with 1 or 0; empty for anything else."""
    left, right = node.left, node.right
    if isinstance(left, Value):
        left, right = right, left
    if not (isinstance(left, NamedColumn) and isinstance(right, Value)) or node.comparator != "=":
        return ""
    outcome = outcomes_of(labels.study).get(left.name)
    if outcome is None or outcome.values or right.value not in {0, 1}:
        return ""
    denied = "not a " if outcome.kind == "responder" else "no "
    return f"{'' if right.value == 1 else denied}{outcome_phrase(labels, outcome)}"
