"""What differs between two plans of a study, as rows that a person reads before one comes into force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

from funis.capture.forms.plan_parts import (
    ChoicePlan,
    DefinitionPin,
    FieldPlan,
    FormPlan,
    InfusionPlan,
    LabTestPlan,
    StudyPlan,
    UnitPlan,
    VisitPlan,
    Words,
)
from funis.capture.forms.read_values import range_words

Part: TypeAlias = Literal[
    "study", "visit", "infusion", "form", "field", "definition", "laboratory test", "site", "rule", "endpoint"
]
#: What a field says, and the words for it; ranges, choices and alternatives are worded apart.
_OF_A_FIELD: Final = {
    "label": "label",
    "help": "help",
    "kind": "kind",
    "group": "group",
    "unit": "unit",
    "required": "required",
    "not_done": "may be not done",
    "attributed": "may be not due to the disease",
    "filled_by": "filled by the laboratory test",
    "is_shown": "shown",
    "may_lie_ahead": "may lie ahead",
    "terms": "offers the terms of the CTCAE",
}
_Named = TypeVar("_Named", VisitPlan, FormPlan, FieldPlan, LabTestPlan)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One difference between two plans.

    Attributes
    ----------
    part : what it is of; sites, rules and endpoints are compared by `study_difference.compare_studies`
    form : name of the form, empty for what is of no form
    name : of the visit, field, test or key
    what : ``added``, ``removed``, or what changed, in words: window, forms due, range, choices and so on
    before, after : in words, empty for what was added or removed
    """

    part: Part
    form: str
    name: str
    what: str
    before: str = ""
    after: str = ""


def compare_plans(before: StudyPlan, after: StudyPlan) -> tuple[PlanChange, ...]:
    """Name every difference between two plans of a study.

    Parameters
    ----------
    before, after : the version in force, and the one that is to come into force

    Returns
    -------
    tuple of PlanChange
        In the order study, visits, infusions, forms; nothing for plans that ask for the same. Forms and
        fields touched are in ``form`` and ``name``.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sle")))
    >>> later = replace(plan, visits=(replace(plan.visits[0], opens=-14), *plan.visits[1:]))
    >>> [(each.name, each.what, each.before, each.after) for each in compare_plans(plan, later)]
    [('baseline', 'window', 'day -28 to 0', 'day -14 to 0')]
    """
    return tuple(_changes(before, after))


def _changes(before: StudyPlan, after: StudyPlan) -> Iterator[PlanChange]:
    for key in ("study", "title", "condition", "design", "timezone", "baseline"):
        yield from _value("study", "", key, key, getattr(before, key), getattr(after, key))
    for name, visits in _pairs(before.visits, after.visits).items():
        yield from _visit_changes(name, *visits)
    yield from _order("study", "", "order of visits", before.visits, after.visits)
    yield from _infusion_changes(before.infusions, after.infusions)
    for name, forms in _pairs(before.forms, after.forms).items():
        yield from _form_changes(name, *forms)


def _visit_changes(name: str, old: VisitPlan | None, new: VisitPlan | None) -> Iterator[PlanChange]:
    if old is None or new is None:
        yield _appeared("visit", "", name, old)
        return
    yield from _value("visit", "", name, "label", old.label, new.label)
    yield from _value("visit", "", name, "planned day", old.day, new.day)
    yield from _value("visit", "", name, "window", _window(old), _window(new))
    yield from _value("visit", "", name, "forms due", _listed(old.forms), _listed(new.forms))
    yield from _value("visit", "", name, "laboratory tests due", _listed(old.labs), _listed(new.labs))


def _window(visit: VisitPlan) -> str:
    return "any day" if visit.opens is None else f"day {visit.opens} to {visit.closes}"


def _infusion_changes(old: Sequence[InfusionPlan], new: Sequence[InfusionPlan]) -> Iterator[PlanChange]:
    for place in range(max(len(old), len(new))):
        name = f"infusion {place + 1}"
        pair = [plans[place] if place < len(plans) else None for plans in (old, new)]
        was, now = pair
        if was is None or now is None:
            yield _appeared("infusion", "", name, was)
            continue
        yield from _value("infusion", "", name, "planned day", was.day, now.day)
        windows = [f"day {each.opens} to {each.closes}" for each in (was, now)]
        yield from _value("infusion", "", name, "window", *windows)
        yield from _value("infusion", "", name, "course", was.when, now.when)
        yield from _value("infusion", "", name, "cells per kg", was.cells_per_kg, now.cells_per_kg)
        yield from _value(
            "infusion",
            "",
            name,
            "tolerated deviation in percent",
            was.tolerance_percent,
            now.tolerance_percent,
        )


def _form_changes(name: str, old: FormPlan | None, new: FormPlan | None) -> Iterator[PlanChange]:
    if old is None or new is None:
        yield _appeared("form", name, name, old)
        return
    yield from _value("form", name, name, "title", old.title, new.title)
    yield from _definition_changes(name, old.definition, new.definition)
    for field, fields in _pairs(old.fields, new.fields).items():
        yield from _field_changes(name, field, *fields)
    yield from _order("form", name, "order of fields", old.fields, new.fields)
    tests = ({each.test: each for each in plan.tests} for plan in (old, new))
    for test, pair in _joined(*tests).items():
        yield from _test_changes(name, test, *pair)


def _definition_changes(
    form: str, old: DefinitionPin | None, new: DefinitionPin | None
) -> Iterator[PlanChange]:
    if old is None or new is None:
        return
    yield from _value("definition", form, form, "edition", old.version, new.version)
    yield from _value("definition", form, form, "content (SHA-256)", old.sha256, new.sha256)
    yield from _value("definition", form, form, "missing items count as", old.missing, new.missing)
    for name, (was, now) in _joined(dict(old.parameters), dict(new.parameters)).items():
        yield from _value("definition", form, form, f"parameter {name}", was, now)


def _field_changes(
    form: str, name: str, old: FieldPlan | None, new: FieldPlan | None
) -> Iterator[PlanChange]:
    if old is None or new is None:
        yield _appeared("field", form, name, old)
        return
    for key, words in _OF_A_FIELD.items():
        yield from _value("field", form, name, words, getattr(old, key), getattr(new, key))
    for words, ends in (("possible range", ("low", "high")), ("usual range", ("usual_low", "usual_high"))):
        low, high = ends
        ranges = [range_words(getattr(plan, low), getattr(plan, high), plan.unit) for plan in (old, new)]
        yield from _value("field", form, name, words, *ranges)
    yield from _value("field", form, name, "choices", _choices(old.choices), _choices(new.choices))
    yield from _value("field", form, name, "words that are offered", _listed(old.offers), _listed(new.offers))
    yield from _value("field", form, name, "one of", _listed(old.alternatives), _listed(new.alternatives))
    yield from _value("field", form, name, "asked if", _asked(old), _asked(new))


def _test_changes(
    form: str, name: str, old: LabTestPlan | None, new: LabTestPlan | None
) -> Iterator[PlanChange]:
    if old is None or new is None:
        yield _appeared("laboratory test", form, name, old)
        return
    yield from _value("laboratory test", form, name, "label", old.label, new.label)
    yield from _value("laboratory test", form, name, "unit", old.unit, new.unit)
    normal = [range_words(each.low, each.high, each.unit) for each in (old, new)]
    yield from _value("laboratory test", form, name, "normal range", *normal)
    for unit, (was, now) in _joined(
        {each.unit: each for each in old.units}, {each.unit: each for each in new.units}
    ).items():
        yield from _value("laboratory test", form, name, f"limits in {unit}", _limits(was), _limits(now))


def _limits(unit: UnitPlan | None) -> str:
    if unit is None:
        return ""
    usual = range_words(unit.usual_low, unit.usual_high)
    return f"{range_words(unit.low, unit.high) or 'any'}{f', usual {usual}' if usual else ''}"


def _choices(choices: Sequence[ChoicePlan]) -> str:
    return "; ".join(f"{each.value} {each.label}" for each in choices)


def _asked(field: FieldPlan) -> str:
    return f"{field.asked_if[0]} is {_listed(field.asked_if[1])}" if field.asked_if else ""


def _listed(names: Sequence[object]) -> str:
    return ", ".join(map(str, names))


def _pairs(
    before: Sequence[_Named], after: Sequence[_Named]
) -> dict[str, tuple[_Named | None, _Named | None]]:
    """Pair what has one name in both plans, in the order of the later plan, what is gone at the end."""
    return _joined({_name(each): each for each in before}, {_name(each): each for each in after})


_Value = TypeVar("_Value")


def _joined(
    before: Mapping[str, _Value], after: Mapping[str, _Value]
) -> dict[str, tuple[_Value | None, _Value | None]]:
    return {name: (before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])}


def _name(plan: Any) -> str:
    return str(plan.name)


def _order(
    part: Part, form: str, what: str, before: Sequence[Any], after: Sequence[Any]
) -> Iterator[PlanChange]:
    """Name another order of what both plans have."""
    old, new = ([_name(each) for each in plans] for plans in (before, after))
    kept, now = [name for name in old if name in set(new)], [name for name in new if name in set(old)]
    if kept != now:
        yield PlanChange(part, form, form, what, _listed(kept), _listed(now))


def _appeared(part: Part, form: str, name: str, old: object) -> PlanChange:
    return PlanChange(part, form, name, "added" if old is None else "removed")


def _value(part: Part, form: str, name: str, what: str, old: object, new: object) -> Iterator[PlanChange]:
    if old != new:
        yield PlanChange(part, form, name, what, _said(old), _said(new))


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Words):
        return " / ".join(filter(None, (value.en, value.zh)))
    if isinstance(value, float):
        return range_words(None, value).removeprefix("≤ ")
    return "" if value is None else str(value)
