"""Pages that are printed: the case book of a subject, and blank forms of the visits."""

from __future__ import annotations

from django.http import HttpResponse

from funis.capture.casebook.blank import make_blank_forms
from funis.capture.casebook.book import make_case_book
from funis.capture.pages.book_words import book_words
from funis.capture.pages.hidden import hidden_readings
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import newest_version, plan_of, started_with
from funis.capture.trail.events import record_event
from funis.documents.document import Document
from funis.documents.pdf_file import render_pdf
from funis.errors import ValueRangeError


@asks("see case book", "GET", "POST")
def case_book(asked: PageRequest, key: str) -> HttpResponse:
    """Show the case book of a subject, or give it as a PDF; that it was taken stands in the trail."""
    subject = find_subject(asked, key)
    if hidden_readings(asked, subject.site, subject.pk):
        raise ValueRangeError(
            "case book",
            "a reading of the committee that you may not see yet",
            "one in which all readers have read",
            "Wait until the other readers have read, or ask a data manager for it.",
        )
    book = make_case_book(subject, book_words(language_of(asked)), asked.login)
    if asked.request.method == "GET":
        back = f"/subjects/{subject.pk}"
        return draw(asked, "printed.html", document=book, back=back, back_words=subject.number, posts=True)
    record_event("case book taken", f"subject:{subject.pk}", {"language": asked.language})
    return _pdf(book, f"case-book-{subject.number}")


@asks("see overview")
def blank_forms(asked: PageRequest) -> HttpResponse:
    """Show the blank forms of every planned visit, or of one."""
    plan, visit = plan_of(newest_version()), asked.request.GET.get("visit", "")
    found = make_blank_forms(plan, book_words(language_of(asked)), visit)
    return draw(
        asked, "printed.html", document=found, back="/", back_words="", posts=False, visits=plan.visits,
        visit=visit,
    )  # fmt: skip


@asks("see overview")
def blank_forms_pdf(asked: PageRequest) -> HttpResponse:
    """Give the blank forms as a PDF."""
    visit = asked.request.GET.get("visit", "")
    found = make_blank_forms(plan_of(newest_version()), book_words(language_of(asked)), visit)
    return _pdf(found, f"blank-forms-{visit}" if visit else "blank-forms")


def _pdf(document: Document, name: str) -> HttpResponse:
    answer = HttpResponse(render_pdf(document), content_type="application/pdf")
    named = "".join(letter if letter.isalnum() else "-" for letter in f"{started_with().trial.id}-{name}")
    answer["Content-Disposition"] = f'attachment; filename="{named}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer
