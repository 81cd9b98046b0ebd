"""Reasons for leaving a trial early that a report prints: a fixed list, each with the ways it is written.

A reason is typed as free text, and such a text may say who somebody is ("moved to ..."). What stands in the
list is printed by the list's own words; any other text is counted as another reason and stays in the data.
The reasons are those that disposition tables of trials commonly have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Of somebody who left and of whom no reason is recorded, or one that is not in the list.
NO_REASON: Final = "no reason recorded"
OTHER_REASON: Final = "another reason"
#: Who died left by death: what the reason of a death holds is its cause.
DEATH: Final = "death"

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "adverse event": ("adverse events", "ae", "sae", "side effect", "toxicity", "intolerance"),
    "lack of efficacy": ("lack of effect", "no effect", "not effective", "inefficacy", "treatment failure"),
    "relapse or progression of the disease": (
        "relapse",
        "flare",
        "disease relapse",
        "disease progression",
        "progressive disease",
        "worsening of the disease",
    ),
    "withdrawal by the subject": (
        "withdrawal by subject",
        "withdrew consent",
        "consent withdrawn",
        "withdrawal of consent",
        "patient request",
        "patient's wish",
        "subject's decision",
        "patient's decision",
    ),
    "decision of the physician": (
        "physician decision",
        "physician's decision",
        "investigator decision",
        "investigator's decision",
    ),
    "lost to follow-up": ("lost", "lost to follow up", "ltfu"),
    "moved away": ("moved", "relocation", "relocated"),
    "deviation from the protocol": ("protocol deviation", "protocol violation"),
    "does not follow the treatment": ("non-compliance", "noncompliance", "non-adherence"),
    "pregnancy": ("pregnant",),
    "study ended by the sponsor": ("study terminated by sponsor", "study terminated", "sponsor decision"),
    OTHER_REASON: ("other", "other reason"),
}
_NAMES: Final = {way: name for name, ways in REASONS.items() for way in (name, *ways)}


def name_reason(reason: str) -> str:
    """Give the name that a recorded reason is printed by.

    Parameters
    ----------
    reason : as it was typed; capitals and spaces do not matter

    Returns
    -------
    str : a name of the list, "another reason" for any other text, "no reason recorded" for none

    Examples
    --------
    >>> [name_reason(reason) for reason in ("Withdrew  consent", "went to live with family", " ")]
    ['withdrawal by the subject', 'another reason', 'no reason recorded']
    """
    plain = " ".join(reason.split()).lower()
    return _NAMES.get(plain, OTHER_REASON) if plain else NO_REASON
