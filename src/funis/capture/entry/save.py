"""A save: the one way in which a form changes, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from funis.capture.conduct.infusions import is_made_from_record
from funis.capture.conduct.participation import settle_status
from funis.capture.configuration import read_configuration
from funis.capture.context import because, moment
from funis.capture.document import read_document, write_document
from funis.capture.entry.scores import score_by_version
from funis.capture.forms.plan_parts import FormPlan, Language
from funis.capture.forms.refusals import Remark
from funis.capture.forms.validation import check_changes
from funis.capture.models import Form, RequestKey
from funis.capture.monitoring.queries import note_changes
from funis.capture.monitoring.verification import let_fall
from funis.capture.safety.clock import follow_seriousness
from funis.capture.safety.stopping import watch_rules
from funis.capture.study_in_force import plan_of, today
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
    receipt : of the last row of the trail; none where nothing was saved
    """

    revision: int
    scores: Mapping[str, Any]
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unexplained: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    receipt: Receipt | None = None

    def as_document(self, language: Language) -> dict[str, Any]:
        """Give the answer as the browser reads it."""
        return {
            "revision": self.revision,
            "scores": dict(self.scores),
            "later": list(self.later),
            "refused": [
                *(_said(each, language) for each in self.refused),
                *({"item": item} | UNEXPLAINED[language] for item in self.unexplained),
            ],
            "warnings": [_said(each, language) for each in self.warnings],
            "conflicts": [
                {"item": each.item, "yours": each.yours, "theirs": each.theirs, "by": each.by, "at": each.at}
                for each in self.conflicts
            ],
            "receipt": self.receipt.answer if self.receipt else None,
        }


def _said(remark: Remark, language: Language) -> dict[str, str]:
    said = remark.as_json(language)
    return {"item": said["key"], "found": said["found"], "allowed": said["allowed"], "fix": said["do"]}


def save_entry(entry: FormEntry, form: Form, person: str, language: Language = "en") -> str:
    """Save an entry, within a transaction in which its person acts.

    Parameters
    ----------
    entry : what was typed
    form : the form; the page has checked that the person may enter it
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
    if is_made_from_record(form):
        raise ValueRangeError(
            "form",
            "made from the record of an infusion",
            "another form",
            "Correct the record of the infusion.",
        )
    forms = list(
        Form.objects.select_for_update()
        .with_version()
        .filter(subject=form.subject_id, name=form.name)
        .order_by("pk")
    )
    # PageRequest after the lock: the same entry sent twice at once waits for the first, and gets its answer.
    answered = RequestKey.objects.filter(key=entry.key, person=person).first()
    if answered is not None:
        return answered.answer
    present = next(each for each in forms if each.pk == form.pk)
    saved = _apply(entry, present, forms, plan_of(present.version).form(form.name))
    answer = write_document(saved.as_document(language))
    RequestKey(key=entry.key, person=person, answer=answer).save(force_insert=True)
    return answer


def _apply(entry: FormEntry, form: Form, forms: list[Form], plan: FormPlan) -> Saved:
    conflicts = tuple(_find_conflicts(entry, form))
    standing = {each.item for each in conflicts}
    wanted = {item: new for item, (_, new) in entry.changes.items() if item not in standing}
    reason = entry.reason.strip()
    unexplained = () if reason else tuple(_replaced(form.data, wanted))
    checked = check_changes(
        plan,
        form.data,
        {item: new for item, new in wanted.items() if item not in unexplained},
        today=today(),
    )
    told = (checked.refusals, checked.warnings, conflicts, unexplained)
    if checked.document == form.data:
        return Saved(form.revision, form.scores, *told)
    changed = changed_fields(plan, form.data, checked.document)
    form.data = checked.document
    later = _score_all(form, forms)
    with because(reason or FIRST_ENTRY):
        form.save()
    note_changes(form, changed)
    let_fall(form, changed)
    follow_seriousness(form, reason)
    watch_rules(form.name)
    settle_status(form)
    with because(RESCORED):
        for each in later:
            each.save()
    receipt = make_receipt(read_head(f"subject:{form.subject_id}"), moment())
    return Saved(form.revision, form.scores, *told, tuple(each.pk for each in later), receipt)


def changed_fields(plan: FormPlan, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the fields of which something was changed, in printed order."""
    return tuple(
        field.name for field in plan.fields if any(before.get(key) != after.get(key) for key, _ in field.keys)
    )


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


def _score_all(form: Form, forms: list[Form]) -> list[Form]:
    """Score every visit; give the other forms whose scores are others now."""
    changed = []
    for each, scores in zip(forms, score_by_version(forms), strict=True):
        if each.scores != scores:
            each.scores = scores
            if each.pk != form.pk:
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


def without_place(answer: str) -> str:
    """Leave the place in the chain out of a receipt: it counts what a blinded person is not shown.

    Parameters
    ----------
    answer : of `save_entry`

    Examples
    --------
    >>> without_place('{"receipt":{"hash":"ab","seq":7},"revision":2}')
    '{"receipt":{"hash":"ab"},"revision":2}'
    """
    told = read_document(answer)
    if told.get("receipt"):
        told["receipt"] = {name: each for name, each in told["receipt"].items() if name != "seq"}
    return write_document(told)


def acknowledge(answer: str) -> None:
    """Add the receipt of an answer to the file, after the transaction stands."""
    told = read_document(answer).get("receipt")
    if told:
        receipt = Receipt(told["time"], told["chain"], told["seq"], told["hash"])
        add_receipt(read_configuration().receipts_file, receipt)
