"""The forms of a save as the database holds them for it, and the form as it is written: two statements.

Their texts, and what they keep, stand in `database.save_statements`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from funis.capture.context import moment, who_acts
from funis.capture.database.connections import run_prepared
from funis.capture.database.save_statements import (
    CALL_HOLD,
    CALL_WRITE,
    FORM_COLUMNS,
    LITE_FORMS,
    LITE_KEEP,
    LITE_STANDING,
    LITE_WRITE,
    LITE_WRITTEN,
)
from funis.capture.document import read_document, write_document
from funis.capture.models import Form
from funis.capture.trail.receipts import Receipt
from funis.study.today import read_clock


@dataclass(frozen=True, slots=True)
class HeldForms:
    """The forms of one instrument that a subject has, held until the transaction ends.

    Attributes
    ----------
    form : the one that is saved
    forms : all of them, in the order of their ids
    answered : the answer that the key of the entry has already; empty: none
    is_open : nothing around the form is closed; otherwise `conduct.locks` judges
    has_marks : the form was verified, or parts of it
    roles : of the person, as `people.standing` reads them, now that the forms are held; empty: the account is
        closed
    """

    form: Form
    forms: tuple[Form, ...]
    answered: str
    is_open: bool
    has_marks: bool
    roles: str


@dataclass(frozen=True, slots=True)
class AnswerParts:
    """What is kept as the answer to an entry: a text with the place for the receipt.

    Attributes
    ----------
    key, person : of the entry
    before, after : the JSON before the receipt and after it
    """

    key: str
    person: str
    before: str
    after: str

    def with_receipt(self, receipt: Receipt | None) -> str:
        """Give the whole text."""
        return f"{self.before}{write_document(receipt.answer) if receipt else 'null'}{self.after}"


def hold_forms(form: str, key: str, person: str) -> HeldForms | None:
    """Hold the forms of a save within a transaction, and tell the database who acts; none: no such form.

    Parameters
    ----------
    form : id of the form
    key : of the entry
    person : id of who saves
    """
    if connection.vendor == "postgresql":
        who = who_acts()
        if who is None:
            raise RuntimeError("nobody acts here: open a transaction by acting()")
        told = (who.actor, who.reason, who.address, who.told_sites)
        rows = run_prepared(CALL_HOLD, (*told, form, key, person))
    else:
        rows = run_prepared(LITE_FORMS, (form,))
    if not rows:
        return None
    forms = tuple(_make_form(row) for row in rows)
    present = next(each for each in forms if each.pk == form)
    standing = rows[0][len(FORM_COLUMNS) :]
    if connection.vendor != "postgresql":
        asked = (key, person, present.site, present.subject_id, form, person)
        standing = run_prepared(LITE_STANDING, asked)[0]
    answered, is_open, has_marks, roles = standing
    return HeldForms(present, forms, answered or "", bool(is_open), bool(has_marks), roles or "")


def _make_form(row: tuple[Any, ...]) -> Form:
    *plain, data, scores = row[: len(FORM_COLUMNS)]
    return Form.from_db("default", FORM_COLUMNS, [*plain, read_document(data), read_document(scores)])


def write_form(form: Form, reason: str, parts: AnswerParts, *, is_all: bool) -> Receipt | None:
    """Write a held form, and where nothing follows from it the answer.

    Parameters
    ----------
    form : with the new values; it counts its revision up
    reason : why
    parts : of the answer
    is_all : nothing else is written in this transaction

    Returns
    -------
    Receipt : of the answer that was kept; none: something follows, queries on the form included, and
        `keep_answer` is called after it
    """
    held, at = form.revision, moment()
    data, scores = write_document(form.data), write_document(form.scores)
    chain = f"subject:{form.subject_id}"
    form.revision += 1
    if connection.vendor == "postgresql":
        told = (reason, parts.key, parts.person, parts.before, parts.after, at, is_all)
        ((seq, head, is_kept),) = run_prepared(CALL_WRITE, (form.pk, held, data, scores, *told))
        return Receipt(at, chain, seq, head) if is_kept else None
    if not run_prepared(LITE_WRITE, (data, scores, form.pk, held)):
        raise RuntimeError("the form is not as it was held")
    ((is_asked, seq, head),) = run_prepared(LITE_WRITTEN, (form.pk, chain))
    if is_asked or not is_all:
        return None
    receipt = Receipt(at, chain, seq, head)
    stored = connection.ops.adapt_datetimefield_value(read_clock())
    run_prepared(LITE_KEEP, (parts.key, parts.person, stored, parts.with_receipt(receipt)))
    return receipt
