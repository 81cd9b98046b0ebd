"""The case book of a subject: all that was entered, computed, asked, signed and changed, as one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.capture.casebook.allocated import allocated_sections
from funis.capture.casebook.forms import form_parts
from funis.capture.casebook.record import record_sections
from funis.capture.casebook.reviewed import Reviewed, read_reviewed
from funis.capture.casebook.wording import BookWords
from funis.capture.conduct.consent import consents_of
from funis.capture.conduct.criteria import ANSWERS
from funis.capture.conduct.eligibility import FAILURES, OUTCOMES
from funis.capture.conduct.screening import STATUSES
from funis.capture.conduct.visits import planned_visits, visits_of
from funis.capture.context import moment
from funis.capture.forms.plan_parts import StudyPlan
from funis.capture.models import Form, Screening, Subject, SubjectVisit
from funis.capture.study_in_force import plan_of, started_with, today, version_at
from funis.capture.trail.rows import read_head
from funis.documents.document import Block, Document, Paragraph, Section, plain
from funis.documents.table import TableSpec, text_rows
from funis.version import VERSION

#: Order of what belongs to no visit.
_OWN: Final = ("infusions", "medications", "adverse_events", "adjudications", "disposition")


def make_case_book(subject: Subject, t: BookWords, by: str) -> Document:
    """Make the case book of a subject, within a transaction in which somebody acts.

    No name, birth date or address stands in it: the server keeps them elsewhere. What people wrote in free
    text stands as they wrote it.

    Parameters
    ----------
    subject : the subject
    t : the language
    by : login of who asked for it

    Returns
    -------
    Document : for every renderer
    """
    plan = plan_of(version_at(subject.site, today()))
    forms = _ordered(subject, plan)
    reviewed = read_reviewed(subject, forms)
    head = read_head(f"subject:{subject.pk}")
    sections = [_subject_section(subject, plan, forms, reviewed, t)]
    sections += [
        _visit_section(visit, plan, [form for form in forms if form.visit_id == visit.pk], reviewed, t)
        for visit in visits_of(subject)
    ]
    own = [form for form in forms if form.visit_id is None and form.name != "subjects"]
    sections.append(
        Section(
            "own",
            t("What the subject has beside visits"),
            () if own else (Paragraph(plain(t("Not collected yet"))),),
            tuple(form_parts("own", own, reviewed, t)),
        )
    )
    visits = {each.name: t.visit(each.label) for each in plan.visits}
    sections += [*allocated_sections(subject, t), *record_sections(subject, forms, reviewed, visits, t)]
    at = f"{moment()[:19].replace('T', ' ')} UTC"
    return Document(
        f"{t('Case book')}: {subject.number}",
        tuple(sections),
        kicker=f"{started_with().trial.id} · {started_with().trial.title}",
        facts=(
            (t("Site"), plain(subject.site)),
            (t("Status"), plain(t(STATUSES[subject.status]))),
            (t("Made"), plain(f"{at}, {by}")),
            (t("Rows of the trail"), plain(str(head.seq))),
            (t("Last hash"), plain(head.hash)),
        ),
        running_head=f"{started_with().trial.id} · {t('Case book')} · {t('Subject')} {subject.number}",
        running_foot=at,
        generator=f"funis {VERSION}",
        language=t.tag,
    )


def _ordered(subject: Subject, plan: StudyPlan) -> list[Form]:
    """Give the forms of a subject in printed order."""
    order = {form.name: number for number, form in enumerate(plan.forms)}
    order |= {name: len(order) + number for number, name in enumerate(_OWN)}
    forms = Form.objects.filter(subject=subject).with_version().select_related("subject", "visit")
    return sorted(forms, key=lambda form: (order.get(form.name, len(order)), form.number, form.pk))


def _subject_section(
    subject: Subject, plan: StudyPlan, forms: list[Form], reviewed: Reviewed, t: BookWords
) -> Section:
    own = [form for form in forms if form.name == "subjects"]
    return Section(
        "subject",
        t("Subject"),
        (*_consents(subject, t), *_screenings(subject, t), _calendar(subject, plan, t)),
        tuple(form_parts("subject", own, reviewed, t)),
    )


def _consents(subject: Subject, t: BookWords) -> Iterator[Block]:
    rows = [
        (
            each.document_version,
            each.given_on.isoformat(),
            each.obtained_by,
            t("yes") if each.abroad else t("no"),
            t("yes") if each.future_use else t("no"),
            each.withdrawn_on.isoformat() if each.withdrawn_on else "–",
        )
        for each in consents_of(subject)
    ]
    if not rows:
        yield Paragraph(plain(f"{t('Consent')}: {t('Not collected yet')}"))
        return
    heads = t.all(
        "Version of the information sheet", "Given on", "Obtained by", "Data abroad", "Later research",
        "Withdrawn on",
    )  # fmt: skip
    yield TableSpec(
        "consents", "subject", "", heads, text_rows(rows), is_text=True, is_upright=True,
        label=t("Consent"),
    )  # fmt: skip


def _screenings(subject: Subject, t: BookWords) -> Iterator[Block]:
    found = list(Screening.objects.filter(subject=subject).order_by("number"))
    rows = [
        (
            str(each.number),
            each.screened_on.isoformat() if each.screened_on else "–",
            t(OUTCOMES[each.outcome]),
            each.decided_by or "–",
            each.decided_on.isoformat() if each.decided_on else "–",
            " ".join(filter(None, (t(FAILURES[each.reason]) if each.reason else "", each.words))),
        )
        for each in found
    ]
    heads = t.all("Number", "Screened on", "Outcome", "Decided by", "Decided on", "Reason")
    if rows:
        yield TableSpec(
            "screenings", "subject", "", heads, text_rows(rows), is_text=True,
            is_upright=True, label=t("Screening"),
        )  # fmt: skip
    answers = [
        (
            f"{each.number} {name}",
            t(ANSWERS.get(value, str(value))),
            str(each.data.get(f"{name}_seen_in", "–")),
        )
        for each in found
        for name, value in each.data.items()
        if not name.endswith(("_seen_in", "_by_rule"))
    ]
    if answers:
        yield TableSpec(
            "criteria", "subject", "", (t("Criterion"), t("Answer"), t("Seen in")), text_rows(answers),
            is_text=True, is_upright=True, label=t("Criteria"),
        )  # fmt: skip


def _calendar(subject: Subject, plan: StudyPlan, t: BookWords) -> Block:
    day = today()
    rows = [
        (
            t.visit(each.plan.label),
            str(each.plan.day),
            f"{each.opens.isoformat()} – {each.closes.isoformat()}" if each.opens and each.closes else "–",
            (each.visit.date if each.visit else "") or "–",
            t(each.standing(day)),
        )
        for each in planned_visits(subject, plan)
    ]
    heads = t.all("Visit", "Study day", "Window", "Date", "Status")
    return TableSpec(
        "calendar", "subject", "", heads, text_rows(rows), is_text=True, is_upright=True,
        label=t("Visits"),
    )  # fmt: skip


def _visit_section(
    visit: SubjectVisit, plan: StudyPlan, forms: list[Form], reviewed: Reviewed, t: BookWords
) -> Section:
    label = t.visit(
        next((each.label for each in plan.visits if each.name == visit.name), "Unscheduled visit")
    )
    said = visit.date or f"{t('missed')}: {visit.data.get('reason') or t('Not entered')}"
    numbered = f" {visit.number}" if visit.number > 1 else ""
    return Section(
        f"visit-{visit.name}-{visit.number}",
        f"{label}{numbered}, {said}",
        () if forms else (Paragraph(plain(t("No form here yet."))),),
        tuple(form_parts(f"{visit.name}-{visit.number}", forms, reviewed, t)),
    )
