"""What may be written into a form: changes are read, checked and joined with what stands in it.

A plan is compiled once into one reader a key; a save then looks at its changes alone, in microseconds. What
needs other forms or other visits is the work of ``funis.check_frames``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from funis.capture.forms.event_remarks import mark_event
from funis.capture.forms.plan_parts import FieldPlan, FormPlan, KeyPart
from funis.capture.forms.read_values import (
    NotTakenError,
    NumberLimits,
    Reader,
    Stored,
    choice_reader,
    limits_of,
    read_statement,
    read_text,
    reader_of,
)
from funis.capture.forms.refusals import Remark

Document = Mapping[str, Any]
_MOST_PLANS: Final = 512
#: A key is shown in a refusal so far: it may be anything that was sent.
_LONGEST_KEY: Final = 60


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of changes to a form.

    Attributes
    ----------
    accepted : the changes to write, by key: the value as it is stored, None where the key goes. What is no
        change is left out
    refusals : the changes that are not taken, each with what was found, what is allowed and what to do
    warnings : what is taken and asked about: unusual values, *not done* without a reason, answers that
        nobody asked for
    consequences : keys of `accepted` that were not sent: the reason of a *not done* that was taken back, the
        attribution of a finding that was removed
    document : what stands in the form with the accepted changes
    """

    accepted: dict[str, Stored | None]
    refusals: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    consequences: tuple[str, ...]
    document: dict[str, Any]


def check_changes(plan: FormPlan, current: Document, changes: Document, *, today: date) -> Checked:
    """Check changes to a form and join them with what stands in it.

    Parameters
    ----------
    plan : of the form, in the version that it belongs to
    current : the document as it stands; a key that is absent is missing
    changes : new values by key; None or an empty text removes a key. Numbers come as whole numbers, decimals
        or the text that was typed, never as floats: read JSON by `funis.capture.document.read_document`
    today : the study's day, see `funis.study.today.study_today`

    Returns
    -------
    Checked
        A change that is refused leaves the others standing; a caller that wants all or nothing looks at
        `refusals` first.

    Raises
    ------
    ValueRangeError : a number came as a float

    Examples
    --------
    >>> from datetime import date
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> form = make_study_plan(read_study(template_path("sle"))).form("bilag_2004")
    >>> now = {"arthritis_severe": 2, "acr_not_done": True}
    >>> sent = {"arthritis_severe": "3", "creatinine": "0,9", "acr": "4", "site": "02"}
    >>> found = check_changes(form, now, sent, today=date(2026, 5, 1))
    >>> found.accepted
    {'arthritis_severe': 3}
    >>> [(each.key, each.code) for each in found.refusals]
    [('creatinine', 'decimal_comma'), ('site', 'unknown_key'), ('acr', 'value_and_not_done')]
    """
    return compile_form(plan).check(current, changes, today)


@lru_cache(maxsize=_MOST_PLANS)
def compile_form(plan: FormPlan) -> CompiledForm:
    """Compile a plan into the readers of its keys; kept, so that a save does not wait for it."""
    return CompiledForm(plan)


class CompiledForm:
    """The readers and rules of a form; made by `compile_form`."""

    def __init__(self, plan: FormPlan) -> None:
        self.plan = plan
        self._readers = {key: _reader(field, part) for key, (field, part) in plan.keys.items()}
        self._fields = {key: field.name for key, (field, _) in plan.keys.items()}
        self._statements = {key for key, (_, part) in plan.keys.items() if part == "not_done"}
        self._keys_of_form = {field.name for field in plan.fields if field.role == "key"}
        self._usual = {
            field.name: limits
            for field in plan.fields
            if (limits := _limits(field)) is not None and limits.usual
        }
        self._asked_if = {field.name: field.asked_if for field in plan.fields if field.asked_if is not None}
        self._units = {
            (test.test, unit.unit): limits_of(unit.low, unit.high, unit.usual_low, unit.usual_high, unit.unit)
            for test in plan.tests
            for unit in test.units
        }
        self._own_unit = {test.test: test.unit for test in plan.tests}

    def check(self, current: Document, changes: Document, today: date) -> Checked:
        """Check changes; see `check_changes`."""
        read: dict[str, Stored | None] = {}
        refusals: list[Remark] = []
        for key, value in changes.items():
            try:
                new = self._read(key, value, today)
            except NotTakenError as error:
                refusals.append(self._refuse(key, error))
            else:
                if not _is_same(current.get(key), new):
                    read[key] = new
        merged = _merge(current, read)
        # What is refused may have held up something else: a reason stands only beside its statement.
        while contradictions := self._contradictions(merged, read):
            for key, code in contradictions:
                refusals.append(Remark(key, self._fields[key], code))
                del read[key]
            merged = _merge(current, read)
        for remark in self._check_result(merged, read) if self._units else ():
            refusals.append(remark)
            read.pop(remark.key, None)
            merged = _merge(current, read)
        consequences = self._follow(merged, read)
        return Checked(read, tuple(refusals), tuple(self._warn(merged, read)), consequences, merged)

    def find_warnings(self, document: Document) -> tuple[Remark, ...]:
        """Give the warnings of a whole document, as of an import."""
        return tuple(self._warn(document, dict.fromkeys(document)))

    def _read(self, key: str, value: Any, today: date) -> Stored | None:
        reader = self._readers.get(key)
        if reader is None:
            raise NotTakenError("key_of_form" if key in self._keys_of_form else "unknown_key")
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        return reader(value, today)

    def _refuse(self, key: str, error: NotTakenError) -> Remark:
        shown = key if key in self._fields or key in self._keys_of_form else str(key)[:_LONGEST_KEY]
        field = self._fields.get(key, key if key in self._keys_of_form else "")
        return Remark(shown, field, error.code, error.found, error.allowed, error.suggested)

    def _contradictions(self, merged: Document, read: Mapping[str, Stored | None]) -> list[tuple[str, str]]:
        """Find what excludes each other: a value and *not done*; a reason without *not done*."""
        found: list[tuple[str, str]] = []
        for key in read:
            field, part = self.plan.keys[key]
            if not field.not_done or read[key] is None:
                continue
            is_not_done = bool(merged.get(f"{field.name}_not_done"))
            if part in {"value", "not_done"} and is_not_done and merged.get(field.name) is not None:
                found.append((key, "value_and_not_done"))
            elif part == "not_done_reason" and not is_not_done:
                found.append((key, "reason_alone"))
        return found

    def _check_result(self, merged: Document, read: Mapping[str, Stored | None]) -> list[Remark]:
        """Check a laboratory result against what its test can be in its unit."""
        test, value = merged.get("test"), merged.get("value")
        unit = merged.get("unit") or self._own_unit.get(str(test))
        limits = self._units.get((str(test), str(unit)))
        if limits is None:
            known = [each for name, each in self._units if name == test]
            # A value without its unit would be read in the study's.
            sent = [key for key in ("unit", "value") if read.get(key) is not None]
            is_known = test in self._own_unit and "unit" in merged
            return [Remark(key, key, "unit_of_test", "", ", ".join(known)) for key in sent if is_known]
        if isinstance(value, int | Decimal) and not limits.is_possible(value):
            key = next((name for name in ("value", "unit", "test") if read.get(name) is not None), "")
            if key:
                return [Remark(key, key, "out_of_range", str(value), limits.allowed)]
        return []

    def _follow(self, merged: dict[str, Any], read: dict[str, Stored | None]) -> tuple[str, ...]:
        """Remove what says something about a statement that is gone; changes `merged` and `read`."""
        followed: list[str] = []
        for key in [key for key, value in read.items() if value is None]:
            field, part = self.plan.keys[key]
            name = field.name
            gone = {"not_done": f"{name}_not_done_reason", "value": f"{name}_attributed"}.get(part, "")
            if gone in merged:
                del merged[gone]
                read[gone] = None
                followed.append(gone)
        return tuple(followed)

    def _warn(self, merged: Document, read: Mapping[str, Any]) -> list[Remark]:
        """Say what is unusual in what was read, and in the whole form what lacks its reason."""
        found = [
            Remark(key, key, "unusual", str(value), limits.usual)
            for key in read
            if (limits := self._usual_limits(key, merged)) is not None
            and isinstance(value := merged.get(key), int | Decimal)
            and not isinstance(value, bool)
            and not limits.is_usual(value)
        ]
        found += [
            Remark(f"{key}_reason", self._fields[key], "reason_lacking")
            for key in sorted(self._statements.intersection(merged))
            if merged[key] and not merged.get(f"{key}_reason")
        ]
        found += [
            Remark(name, name, "not_asked")
            for name, (other, values) in self._asked_if.items()
            if merged.get(name) is not None and merged.get(other) not in (*values, None)
        ]
        return found + mark_event(self.plan, merged, frozenset(read))

    def _usual_limits(self, key: str, merged: Document) -> NumberLimits | None:
        if key == "value" and self._units:
            if merged.get("comparator"):
                return None
            test = str(merged.get("test"))
            return self._units.get((test, str(merged.get("unit") or self._own_unit.get(test))))
        return self._usual.get(key)


def _merge(current: Document, read: Mapping[str, Stored | None]) -> dict[str, Any]:
    merged = dict(current)
    for key, value in read.items():
        if value is not None:
            merged[key] = value
        else:
            merged.pop(key, None)
    return merged


def _is_same(old: Any, new: Stored | None) -> bool:
    """Tell whether a value stands already: 0.5 typed as 0.50 is no change, and 1 is not true."""
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _reader(field: FieldPlan, part: KeyPart) -> Reader:
    match part:
        case "value":
            return reader_of(field)
        case "not_done":
            return read_statement
        case "not_done_reason":
            return read_text
        case "attributed":
            return choice_reader((0, 1))


def _limits(field: FieldPlan) -> NumberLimits | None:
    if field.kind not in {"number", "integer"}:
        return None
    return limits_of(field.low, field.high, field.usual_low, field.usual_high, field.unit)
