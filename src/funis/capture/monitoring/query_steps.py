"""The states of a query and the steps between them, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OPEN, ANSWERED, ANSWERED_BY_CHANGE = "open", "answered", "answered_by_change"
REOPENED, CLOSED, CORRECTED = "reopened", "closed", "closed_by_correction"
AUTOMATIC, MANUAL = "automatic", "manual"

STATES: Final[Mapping[str, str]] = {
    OPEN: "Unanswered",
    REOPENED: "Reopened",
    ANSWERED: "Answered",
    ANSWERED_BY_CHANGE: "Answered by change",
    CLOSED: "Closed",
    CORRECTED: "Closed by correction",
}
"""Every state, with the printed words."""

WAITS_FOR_SITE: Final = frozenset({OPEN, REOPENED})
WAITS_FOR_REVIEW: Final = frozenset({ANSWERED, ANSWERED_BY_CHANGE})
WAITING: Final = WAITS_FOR_SITE | WAITS_FOR_REVIEW
"""States in which somebody has something to do."""

OWNERS: Final[Mapping[str, str]] = (
    dict.fromkeys(sorted(WAITS_FOR_SITE), "Site")
    | dict.fromkeys(sorted(WAITS_FOR_REVIEW), "Data management")
    | dict.fromkeys((CLOSED, CORRECTED), "Nobody")
)
"""Who has to do the next step in a state."""


@dataclass(frozen=True, slots=True)
class QueryStep:
    """One step.

    Attributes
    ----------
    words : what stands beside it in the thread
    sources : states in which it can be done; none: the query begins with it
    target : state after it; empty: the state stays
    kinds : of queries that it is for
    action : right of who does it; empty: the server itself does it
    needs_text : something must be said with it
    """

    words: str
    sources: frozenset[str]
    target: str
    kinds: frozenset[str]
    action: str = ""
    needs_text: bool = False


_BOTH: Final = frozenset({AUTOMATIC, MANUAL})

STEPS: Final[Mapping[str, QueryStep]] = {
    "ask": QueryStep("Asked", frozenset(), OPEN, frozenset({MANUAL}), "ask query", needs_text=True),
    "find": QueryStep("Found by the checks", frozenset(), OPEN, frozenset({AUTOMATIC})),
    "answer": QueryStep(
        "Answered",
        frozenset({OPEN, REOPENED, ANSWERED_BY_CHANGE}),
        ANSWERED,
        _BOTH,
        "answer query",
        needs_text=True,
    ),
    "change": QueryStep("The value was changed", WAITS_FOR_SITE, ANSWERED_BY_CHANGE, frozenset({MANUAL})),
    "close": QueryStep("Closed", WAITING, CLOSED, _BOTH, "close query"),
    "reopen": QueryStep(
        "Reopened", WAITS_FOR_REVIEW | {CLOSED}, REOPENED, _BOTH, "close query", needs_text=True
    ),
    "correct": QueryStep(
        "The checks find it no more", frozenset({OPEN, REOPENED, ANSWERED}), CORRECTED, frozenset({AUTOMATIC})
    ),
    "return": QueryStep(
        "The checks find it again", frozenset({CORRECTED, CLOSED}), REOPENED, frozenset({AUTOMATIC})
    ),
}
"""Every step. What is not here is refused."""


def steps_from(state: str, kind: str) -> tuple[str, ...]:
    """Name the steps that people can do in a state.

    Examples
    --------
    >>> steps_from("open", "manual"), steps_from("closed_by_correction", "automatic")
    (('answer', 'close'), ())
    """
    return tuple(
        name for name, step in STEPS.items() if step.action and state in step.sources and kind in step.kinds
    )
