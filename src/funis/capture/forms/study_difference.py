"""What differs between two study files beside their plans: sites, rules, endpoints, the analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from funis.capture.forms.difference import Part, PlanChange
from funis.study.model import Study

_IN_THE_PLAN: Final = frozenset({"visits", "infusions", "labs", "instruments"})
"""Sections whose difference is that of the plans."""
_IN_THE_PLAN_OF_TRIAL: Final = frozenset({"id", "title", "condition", "design", "timezone"})
_PARTS: Final[Mapping[str, Part]] = {
    "sites": "site",
    "eligibility": "rule",
    "product": "rule",
    "donor": "rule",
    "populations": "rule",
    "subgroups": "rule",
    "endpoints": "endpoint",
}
"""What a section is called; the others are of the study."""
_NAMES: Final = ("id", "name", "test", "endpoint")
"""Keys by which one of several is known, the first that it has."""


def compare_studies(before: Study, after: Study) -> tuple[PlanChange, ...]:
    """Name every difference between two study files that their plans do not tell.

    Parameters
    ----------
    before, after : the study of the version in force, and of the one that is to come into force

    Returns
    -------
    tuple of PlanChange
        In the order of the study file; nothing for files that say the same.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> study = read_study(template_path("sle"))
    >>> product = study.product.model_copy(update={"max_hold_minutes": 90})
    >>> later = study.model_copy(update={"product": product})
    >>> [(each.part, each.name, each.before, each.after) for each in compare_studies(study, later)]
    [('rule', 'product.max_hold_minutes', '120', '90')]
    """
    old, new = (study.model_dump(mode="json", by_alias=False) for study in (before, after))
    found: list[PlanChange] = []
    for section in Study.model_fields:
        if section in _IN_THE_PLAN:
            continue
        was, now = old[section], new[section]
        if section == "trial":
            section = "study"  # noqa: PLW2901 - its name in the file
            was, now = (_without_the_plan(each) for each in (was, now))
        found += _changes(_PARTS.get(section, "study"), section, was, now)
    return tuple(found)


def _without_the_plan(trial: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in trial.items() if key not in _IN_THE_PLAN_OF_TRIAL}


def _changes(part: Part, name: str, was: Any, now: Any) -> Iterator[PlanChange]:
    """Name what differs below one key: of what has names the difference of each, of the rest old and new."""
    if was == now:
        return
    old, new = _named(was), _named(now)
    if old is None or new is None:
        yield _change(part, name, was, now)
        return
    for key in dict.fromkeys([*new, *old]):
        yield from _changes(part, f"{name}.{key}" if key else name, old.get(key), new.get(key))


def _named(value: Any) -> dict[str, Any] | None:
    """Give the members of a table or a list by name; none for what is one value."""
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, list):
        return None
    if all(isinstance(each, Mapping) for each in value):
        return {_name_of(each, number): each for number, each in enumerate(value, start=1)}
    return None if any(isinstance(each, list) for each in value) else {str(each): each for each in value}


def _name_of(member: Mapping[str, Any], number: int) -> str:
    return next((str(member[key]) for key in _NAMES if member.get(key)), str(number))


def _change(part: Part, name: str, was: Any, now: Any) -> PlanChange:
    if was is None:
        return PlanChange(part, "", name, "added", "", _said(now))
    if now is None:
        return PlanChange(part, "", name, "removed", _said(was))
    return PlanChange(part, "", name, "value", _said(was), _said(now))


def _said(value: Any) -> str:
    """Put a value of the file into words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        told = {key: _said(each) for key, each in value.items()}
        return "; ".join(f"{key} {words}" for key, words in told.items() if words)
    if isinstance(value, list):
        return ", ".join(filter(None, map(_said, value)))
    return "" if value is None else str(value)
