"""What was said of the forms of a subject: marks, queries, signatures, corrections; read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from funis.capture.casebook.values import NEVER_PRINTED
from funis.capture.casebook.wording import BookWords
from funis.capture.forms.plan_parts import FormPlan
from funis.capture.models import Form, Query, Subject
from funis.capture.monitoring.query_steps import WAITING
from funis.capture.monitoring.verification import FALLEN, VERIFIED, marks_of
from funis.capture.signing.status import SignatureRead, read_signatures
from funis.capture.study_in_force import plan_of
from funis.capture.trail.history import Change, read_history

FORM_TABLE = Form._meta.db_table


@dataclass(frozen=True, slots=True)
class CorrectedValue:
    """One value of a form that was changed after it was entered.

    Attributes
    ----------
    change : the row of the trail
    form, item : where
    old, new : values
    """

    change: Change
    form: Form
    item: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was said of the forms of a subject.

    Attributes
    ----------
    history : every row of the chain of the subject, the oldest first
    corrections : values that were changed after they were entered, the oldest first
    queries : with their messages, the oldest first
    signatures : with their status, the newest first
    """

    history: Sequence[Change]
    corrections: Sequence[CorrectedValue]
    queries: Sequence[Query]
    signatures: Sequence[SignatureRead]

    def of_field(self, form: Form, t: BookWords) -> dict[str, str]:
        """Give in words by field of a form what was verified, is asked, or was corrected."""
        plan = plan_of(form.version).form(form.name)
        found = {
            mark.field.name: [t("verified" if mark.state == VERIFIED else "changed since verified")]
            for mark in marks_of(form)
            if mark.state in {VERIFIED, FALLEN}
        }
        asked = Counter(
            query.item for query in self.queries if query.row_key == form.pk and query.state in WAITING
        )
        for item, count in asked.items():
            found.setdefault(item, []).append(f"{t('open queries')}: {count}")
        changed = Counter(field_of(plan, each.item) for each in self.corrections if each.form.pk == form.pk)
        for item, count in changed.items():
            found.setdefault(item, []).append(f"{t('corrections')}: {count}")
        return {item: "; ".join(said) for item, said in found.items()}

    def signed(self, form: Form) -> list[SignatureRead]:
        """Give the signatures that cover a form."""
        return [each for each in self.signatures if form.pk in each.forms]


def field_of(plan: FormPlan, item: str) -> str:
    """Give the field that a key of a document belongs to."""
    return plan.keys[item][0].name if item in plan.keys else item


def read_reviewed(subject: Subject, forms: Sequence[Form]) -> Reviewed:
    """Read what was said of the forms of a subject.

    Parameters
    ----------
    subject : the subject
    forms : all of them, with their versions
    """
    by_key = {form.pk: form for form in forms}
    history = list(read_history(f"subject:{subject.pk}"))
    corrections = [
        CorrectedValue(change, by_key[change.row], item, old, new)
        for change in history
        if change.table == FORM_TABLE and change.row in by_key
        for item, (old, new) in change.items.items()
        if old is not None and (by_key[change.row].name, item) not in NEVER_PRINTED
    ]
    queries = Query.objects.filter(subject=subject).prefetch_related("messages").order_by("opened_at", "pk")
    return Reviewed(history, corrections, list(queries), read_signatures(subject.pk))
