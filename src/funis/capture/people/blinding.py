"""What a blinded person is not shown: whatever of the data gives the arm of a subject away.

Cells, lots and bags tell the arm as well as its name does, and so does whatever is counted from the day of
the first infusion. Pages of them ask for an action that a blinded person does not have
(`permissions.GIVES_ARM_AWAY`); here stand the rows of them among others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from django.db.models import QuerySet

WITHHELD_FORMS: Final = frozenset({"infusions", "lots", "donors"})
"""Forms whose values, queries and history a blinded person does not see."""
OF_ARMS: Final = frozenset({"missing_infusion", "ratio_not_kept", "one_block_size"})
"""Findings that the arms decide or that help to guess one, whatever form they are about."""
_OF_INFUSIONS: Final = frozenset(
    {
        *("consent_after_infusion", "infusion_denied", "missing_consent"),
        *("retreated_without_relapse", "retreated_without_rule", "retreated_against_arm"),
    }
)
"""Findings of other forms that say whether, or when, a subject was infused."""
_OF_STUDY_DAYS: Final = frozenset(
    {
        *("visit_outside_window", "missing_visit", "day_contradicts_date", "visit_without_place"),
        *("event_denied", "event_not_listed", "after_death", "after_leaving"),
        *("not_eligible", "eligibility_unknown", "intercurrent_event"),
    }
)
"""Findings that are counted from day 0, the first infusion: of somebody without one they are others."""
WITHHELD_CODES: Final = OF_ARMS | _OF_INFUSIONS | _OF_STUDY_DAYS
"""Findings that a blinded person does not see, whatever form they are about."""
WITHHELD_TABLES: Final = frozenset(
    {"capture_bedsidecheck", "capture_infusionrecord", "capture_unit", "capture_productevent"}
)
"""Tables whose rows in the trail a blinded person does not see."""
WITHHELD_ITEMS: Final = frozenset({("capture_signature", "content")})
"""Items of other tables that name forms which a blinded person does not see: what was signed names each."""
WITHHELD_EVENTS: Final = frozenset({"scan refused"})
"""Kinds of events that name a bag."""


def is_withheld(form_name: str, code: str = "") -> bool:
    """Tell whether a form, or a query about it, gives the arm away.

    Examples
    --------
    >>> is_withheld("infusions"), is_withheld("sledai_2k"), is_withheld("subjects", "missing_infusion")
    (True, False, True)
    """
    return form_name in WITHHELD_FORMS or code in WITHHELD_CODES


def shown_queries(found: QuerySet[Any], *, is_blinded: bool) -> QuerySet[Any]:
    """Leave out of queries, for a blinded person, those that give the arm away."""
    if not is_blinded:
        return found
    return found.exclude(form_name__in=WITHHELD_FORMS).exclude(code__in=WITHHELD_CODES)
