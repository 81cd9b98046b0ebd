"""What a blinded person is not shown: whatever of the data gives the arm of a subject away.

Cells, lots and bags tell the arm as well as its name does. Pages of them ask for an action that a blinded
person does not have (`permissions.GIVES_ARM_AWAY`); here stand the rows of them among others.
"""

from __future__ import annotations

from typing import Final

WITHHELD_FORMS: Final = frozenset({"infusions", "lots", "donors"})
"""Forms whose values, queries and history a blinded person does not see."""
SHOWN_OF_INFUSIONS: Final = frozenset(
    {"subject", "number", "date", "day", "start", "end", "weight_kg", "reaction", "course"}
)
"""Columns of infusions that stand in a blinded export: when, not what."""
WITHHELD_CODES: Final = frozenset({"missing_infusion", "ratio_not_kept"})
"""Findings that the arms decide, whatever form they are about."""
WITHHELD_TABLES: Final = frozenset(
    {"capture_bedsidecheck", "capture_infusionrecord", "capture_unit", "capture_productevent"}
)
"""Tables whose rows in the trail a blinded person does not see."""


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
