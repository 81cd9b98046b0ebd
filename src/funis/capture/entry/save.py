"""A save: the one way in which a form changes, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from funis.capture.conduct.infusions import is_made_from_record
from funis.capture.conduct.locks import refuse_closed, scope_of
from funis.capture.conduct.participation import END_FORM, settle_status
from funis.capture.configuration import read_configuration
from funis.capture.context import because, moment, telling
from funis.capture.document import read_document, write_document
from funis.capture.entry.held_forms import AnswerParts, HeldForms, hold_forms, write_form
from funis.capture.entry.scores import score_by_version
from funis.capture.forms.plan_parts import FormPlan, Language
from funis.capture.forms.refusals import Remark
from funis.capture.forms.validation import check_changes
from funis.capture.models import Form, RequestKey
from funis.capture.monitoring.queries import note_changes
from funis.capture.monitoring.verification import let_fall
from funis.capture.safety.clock import EVENTS, follow_seriousness
from funis.capture.safety.stopping import rules_touched, watch_rules
from funis.capture.study_in_force import plan_by_key, today
from funis.capture.trail.history import last_change
from funis.capture.trail.receipts import Receipt, add_receipt, make_receipt
from funis.capture.trail.rows import read_head
from funis.errors import ValueRangeError

UNEXPLAINED: Final[dict[Language, dict[str, str]]] = {
    "en": {"found": "no reason", "allowed": "why the value is another now", "fix": "Give the reason."},
    "zh-hans": {"found": "无原因", "allowed": "修改该数值的原因", "fix": "请填写原因。"},
}
"""What is said of a value that stood there and was changed without a reason."""
FIRST_ENTRY: Final = "first entry"
RESCORED: Final = "scored again after a change of an earlier visit"


@dataclass(frozen=True, slots=True)
class FormEntry:
    """What was typed, as the browser sends it.

    Attributes
    ----------
    key : made once for the entry; the same entry sent again has the same key
    form : id of the form
    changes : of each changed item the value that was seen before, and the new one (null: emptied)
    reason : why a value that stood there is another now; a first entry needs none
    """

    key: str
    form: str
    changes: Mapping[str, tuple[Any, Any]]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An item that somebody else changed since it was seen: both values, nothing overwritten."""

    item: str
    yours: Any
    theirs: Any
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Saved:
    """The answer to a save.

    Attributes
    ----------
    revision : of the form after it
    scores : of the form
    later : ids of other forms of the subject whose scores changed with it
    refused, warnings : of items that were not saved, and of those that were and are asked about
    conflicts : items that somebody else changed meanwhile
    unexplained : items that were not saved because a value stood there and no reason was given
    """

    revision: int
    scores: Mapping[str, Any]
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unexplained: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    def as_parts(self, key: str, person: str, language: Language) -> AnswerParts:
        """Give the answer as the browser reads it, its keys in order, with the place for the receipt."""
        before = {
            "conflicts": [
                {"item": each.item, "yours": each.yours, "theirs": each.theirs, "by": each.by, "at": each.at}
                for each in self.conflicts
            ],
            "later": list(self.later),
        }
        after = {
            "refused": [
                *(_said(each, language) for each in self.refused),
                *({"item": item} | UNEXPLAINED[language] for item in self.unexplained),
            ],
            "revision": self.revision,
            "scores": dict(self.scores),
            "warnings": [_said(each, language) for each in self.warnings],
        }
        opened, closed = write_document(before)[:-1], write_document(after)[1:]
        return AnswerParts(key, person, f'{opened},"receipt":', f",{closed}")


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """What is answered to an entry.

    Attributes
    ----------
    text : as JSON
    receipt : of the last row of the trail; none where nothing was saved
    """

    text: str
    receipt: Receipt | None = None

    @property
    def without_place(self) -> str:
        """Give the text without the place in the chain: it counts what a blinded person is not shown."""
        if self.receipt is None:
            return self.text
        whole = self.receipt.answer
        shown = {name: each for name, each in whole.items() if name != "seq"}
        before, found, after = self.text.partition(write_document(whole))
        if not found:
            raise RuntimeError("an answer without its receipt")
        return f"{before}{write_document(shown)}{after}"


def _said(remark: Remark, language: Language) -> dict[str, str]:
    said = remark.as_json(language)
    return {"item": said["key"], "found": said["found"], "allowed": said["allowed"], "fix": said["do"]}


def save_entry(entry: FormEntry, form: Form, person: str, language: Language = "en") -> str:
    """Save an entry, within a transaction in which its person acts.

    Parameters
    ----------
    entry : what was typed
    form : the form; whoever calls has checked that the person may enter it
    person : id of the person
    language : of the words in the answer

    Returns
    -------
    str : the answer as JSON; for a key that was answered before, that answer

    Raises
    ------
    ValueRangeError : the form, or a later one whose score would be another, is closed to entry; or the form
        is made from the record of an infusion
    """
    held = hold_forms(form.pk, entry.key, person)
    if held is None:
        raise ValueRangeError("form", "none", "a form that is there")
    return save_held(entry, held, person, language).text


def save_held(entry: FormEntry, held: HeldForms, person: str, language: Language) -> SaveAnswer:
    """Save an entry into a form that is held already; see `save_entry`."""
    form = held.form
    if is_made_from_record(form):
        raise ValueRangeError(
            "form",
            "made from the record of an infusion",
            "another form",
            "Correct the record of the infusion.",
        )
    if held.answered:
        return _as_answered(held.answered)
    plan = plan_by_key(form.version_id).form(form.name)
    conflicts = tuple(_find_conflicts(entry, form))
    standing = {each.item for each in conflicts}
    wanted = {item: new for item, (_, new) in entry.changes.items() if item not in standing}
    unexplained = () if entry.reason.strip() else tuple(_replaced(form.data, wanted))
    explained = {item: new for item, new in wanted.items() if item not in unexplained}
    checked = check_changes(plan, form.data, explained, today=today())
    told = (checked.refusals, checked.warnings, conflicts, unexplained)
    if checked.document == form.data:
        parts = Saved(form.revision, form.scores, *told).as_parts(entry.key, person, language)
        return _keep(parts)
    changed = changed_fields(plan, form.data, checked.document)
    before, form.data = form.data, checked.document
    later = _score_all(held)
    saved = Saved(form.revision + 1, form.scores, *told, tuple(each.pk for each in later))
    parts = saved.as_parts(entry.key, person, language)
    return _write(_Change(held, before, changed, later), entry.reason.strip(), parts)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a held form that is to be written: its document before, its fields, the later forms."""

    held: HeldForms
    before: Mapping[str, Any]
    fields: tuple[str, ...]
    later: list[Form]

    @property
    def is_all(self) -> bool:
        """Tell whether nothing else follows from it, but for queries on the form."""
        is_watched = self.held.form.name in {EVENTS, "infusions", END_FORM}
        return not (self.later or self.held.has_marks or is_watched)


def _write(change: _Change, reason: str, parts: AnswerParts) -> SaveAnswer:
    """Write the form and what follows from it, and keep the answer."""
    form = change.held.form
    if not change.held.is_open:
        refuse_closed(scope_of(form))
    with telling(reason or FIRST_ENTRY):
        receipt = write_form(form, reason or FIRST_ENTRY, parts, is_all=change.is_all)
    if receipt is not None:
        return SaveAnswer(parts.with_receipt(receipt), receipt)
    note_changes(form, change.fields)
    let_fall(form, change.fields)
    follow_seriousness(form, reason)
    settle_status(form)
    with because(RESCORED):
        for each in change.later:
            each.save()
    # Last: what it holds is held by other subjects' saves, too.
    watch_rules(rules_touched(form.name, change.before, form.data))
    return _keep(parts, make_receipt(read_head(f"subject:{form.subject_id}"), moment()))


def _keep(parts: AnswerParts, receipt: Receipt | None = None) -> SaveAnswer:
    """Keep the answer under its key, so that the same entry sent again gets it."""
    text = parts.with_receipt(receipt)
    RequestKey(key=parts.key, person=parts.person, answer=text).save(force_insert=True)
    return SaveAnswer(text, receipt)


def _as_answered(text: str) -> SaveAnswer:
    """Give the answer that was kept; its receipt is acknowledged once more, whoever died before the first."""
    kept = read_document(text).get("receipt")
    return SaveAnswer(text, Receipt(kept["time"], kept["chain"], kept["seq"], kept["hash"]) if kept else None)


def changed_fields(plan: FormPlan, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the fields of which something was changed, in printed order."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    changed = {plan.keys[key][0].name for key in keys if key in plan.keys}
    return tuple(name for name in plan.by_name if name in changed)


def _find_conflicts(entry: FormEntry, form: Form) -> Iterator[Conflict]:
    """Find the items that are neither as they were seen nor already as they are wanted."""
    for item, (seen, new) in entry.changes.items():
        present = form.data.get(item)
        if not _is_same(present, seen) and not _is_same(present, new):
            change = last_change(form, item)
            yield Conflict(item, new, present, change.actor if change else "", change.at if change else "")


def _replaced(data: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Name the items at which a value stands that would be another, or gone."""
    return (
        item for item, new in wanted.items() if data.get(item) is not None and not _is_same(data[item], new)
    )


def _score_all(held: HeldForms) -> list[Form]:
    """Score every visit; give the other forms whose scores are others now."""
    changed = []
    for each, scores in zip(held.forms, score_by_version(held.forms), strict=True):
        if each.scores != scores:
            each.scores = scores
            if each is not held.form:
                changed.append(each)
    return changed


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same; true is not 1, and empty text is no value."""
    one, other = _plain(one), _plain(other)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _plain(value: Any) -> Any:
    """Give a value as it is stored: what a page typed as figures is the number, empty text is nothing."""
    if not isinstance(value, str) or value == "":
        return None if value == "" else value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return number if number.is_finite() else value


def acknowledge(receipt: Receipt) -> None:
    """Add the receipt of an answer to the file, after the transaction stands."""
    add_receipt(_receipts_file(), receipt)


@lru_cache(maxsize=1)
def _receipts_file() -> Path:
    """Read where the file stands, once: a process serves one folder."""
    return read_configuration().receipts_file
