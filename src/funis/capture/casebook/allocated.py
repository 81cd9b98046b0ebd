"""Allocation and redactions in a case book: how it was allocated, and that two people took words out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.capture.casebook.wording import BookWords
from funis.capture.conduct.allocation.arms import allocation_of, open_arm
from funis.capture.models import AllocationEvent, Redaction, Subject
from funis.capture.models.allocations import UNBLINDED
from funis.capture.study_in_force import blinded_roles, study_of
from funis.documents.document import Block, Paragraph, Section, plain
from funis.documents.table import TableSpec, text_rows


def allocated_sections(subject: Subject, t: BookWords) -> Iterator[Section]:
    """Give the sections of allocation, where the trial allocates, and of redactions, where there is one.

    In a blinded trial no arm is printed, whoever asks: a document lies where others read it.

    Parameters
    ----------
    subject : the subject
    t : the language
    """
    allocation = tuple(_allocation(subject, t))
    if allocation:
        yield Section("allocation", t("Allocation"), allocation)
    redactions = tuple(_redactions(subject, t))
    if redactions:
        yield Section("redactions", t("Words that were taken out"), redactions)


def _when(at: str) -> str:
    return f"{at[:19].replace('T', ' ')} UTC" if at else "–"


def _allocation(subject: Subject, t: BookWords) -> Iterator[Block]:
    found = allocation_of(subject)
    if found is None:
        return
    names = {each.id: each.name for each in study_of(found.version).arms}
    is_blinded = bool(blinded_roles())
    arm = "" if is_blinded else open_arm(found)
    rows = [
        (t("Allocated"), f"{_when(found.at)}, {found.by}"),
        *((f"{t('Stratum')}: {name}", str(value)) for name, value in found.data.items()),
        (t("Arm"), t("The arm is not printed: the trial is blinded.") if is_blinded else names.get(arm, arm)),
    ]
    yield _table("allocation", t.all("What", "Answer"), rows, t("Allocation"))
    events = [
        (
            _when(each.at), each.by, t("Unblinded") if each.kind == UNBLINDED else t("Wrong stratum"),
            "; ".join([each.reason, *(f"{name}: {words}" for name, words in each.data.items())]),
        )
        for each in AllocationEvent.objects.filter(subject=subject).order_by("at", "pk")
    ]  # fmt: skip
    if events:
        heads = t.all("Time (UTC)", "By", "What was done", "Reason")
        yield _table("allocation-events", heads, events, t("Review"))


def _redactions(subject: Subject, t: BookWords) -> Iterator[Block]:
    rows = [
        (
            _when(each.confirmed_at), f"{each.asked_by}, {each.confirmed_by}",
            "; ".join(filter(None, (each.asked_reason, each.confirmed_reason))),
            str(each.rows), str(each.texts_taken),
        )
        for each in Redaction.objects.filter(subject=subject, state="done").order_by("confirmed_at", "pk")
    ]  # fmt: skip
    if rows:
        yield Paragraph(
            plain(t("Two people took words out that name somebody. [redacted on] and the day stand there."))
        )
        heads = t.all("Time (UTC)", "By", "Reason", "Rows of today", "Texts of the trail")
        yield _table("redactions", heads, rows, t("Number of rows"))


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> TableSpec:
    return TableSpec(
        f"all-{name}",
        name,
        f"{len(rows)}",
        tuple(heads),
        text_rows(rows),
        is_text=True,
        is_upright=True,
        label=label,
    )
