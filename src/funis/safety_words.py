"""Words of safety tables that mean something to a rule: levels of causality, and what is no reaction."""

from __future__ import annotations

_NO_REACTION = frozenset({"none", "no", "nil", "0", ""})


def is_reaction(text: str | None) -> bool:
    """Tell whether the column ``reaction`` of an infusion says that there was one; empty says nothing.

    Examples
    --------
    >>> is_reaction("fever"), is_reaction(" None "), is_reaction(None)
    (True, False, False)
    """
    return text is not None and text.strip().lower() not in _NO_REACTION


_ENDS_INFUSIONS = frozenset(
    {
        "drug withdrawn", "treatment withdrawn", "drug discontinued", "treatment discontinued",
        "permanently discontinued", "no further infusion", "no further infusions",
    }
)  # fmt: skip
_KEEPS_INFUSIONS = frozenset(
    {
        "none", "no", "no action", "dose not changed", "dose reduced", "dose increased", "drug interrupted",
        "treatment interrupted", "infusion interrupted", "infusion slowed", "infusion delayed",
        "not applicable",
    }
)  # fmt: skip
ACTION_WORDS = (
    "drug withdrawn, drug discontinued or no further infusion ends the infusions; none, dose not changed, "
    "dose reduced, drug interrupted, infusion interrupted, infusion delayed or not applicable does not; "
    "other words leave it open"
)
"""What is said of the column ``action`` to who fills it in."""


def ends_infusions(text: str | None) -> bool | None:
    """Tell whether the column ``action`` of an event says that no further infusion was given for it.

    The words are those of CDISC's codelist of actions taken with study treatment and plain ones beside
    them; capitals, hyphens and underscores do not count. Other words, and none, leave it open.

    Examples
    --------
    >>> ends_infusions("DRUG WITHDRAWN"), ends_infusions("dose not changed"), ends_infusions("see letter")
    (True, False, None)
    """
    plain = " ".join((text or "").casefold().replace("-", " ").replace("_", " ").split())
    if plain in _ENDS_INFUSIONS:
        return True
    return False if plain in _KEEPS_INFUSIONS else None


CAUSALITY_LEVELS: tuple[str, ...] = ("unrelated", "unlikely", "possible", "probable", "definite")
"""Relation of an adverse event to the cells, from none to sure."""
RELATED_LEVELS: tuple[str, ...] = ("possible", "probable", "definite")
"""Of these levels, those that make an event a related one."""

SERIOUS_CRITERIA: dict[str, str] = {
    "serious_death": "It led to death.",
    "serious_life_threatening": "The subject was at risk of death when it happened.",
    "serious_hospital": "It led to admission to a hospital, or prolonged a stay.",
    "serious_disability": "It led to persistent or significant disability or incapacity.",
    "serious_birth_defect": "It is a congenital anomaly or a birth defect.",
    "serious_other": "It is medically important in another way.",
}
"""Columns of adverse events that say why one is serious (ICH E2A 1994, II.B), with what each means."""

GRADES: tuple[str, ...] = ("1", "2", "3", "4", "5")
"""Grades of adverse events, the mildest first; 5 is death."""
ASTCT_MEANINGS: dict[str, str] = {
    "crs_grade": "ASTCT grade of cytokine release syndrome, where the event is one; 5: it was fatal.",
    "icans_grade": "ASTCT grade of neurotoxicity after immune effector cells (ICANS), where the event is "
    "one; 5: it was fatal.",
}
"""Columns of adverse events that hold an ASTCT grade (Lee 2019), with what each means."""
ASTCT_GRADES: dict[str, str] = {"crs_grade": "astct_crs", "icans_grade": "astct_icans"}
"""The same columns, with the instrument that gives the grade."""
