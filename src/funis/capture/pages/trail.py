"""Pages of the trail: everything that was done to a subject, and the history of one form."""

from __future__ import annotations

from django.http import HttpResponse

from funis.capture.pages.forms import find_form
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.trail.history import read_history


@asks("see trail")
def show_subject_trail(asked: PageRequest, key: str) -> HttpResponse:
    """Show everything that was done to a subject, the newest first."""
    subject = find_subject(asked, key)
    changes = list(read_history(f"subject:{subject.pk}"))[::-1]
    return draw(asked, "trail.html", title=subject.number, back=f"/subjects/{subject.pk}", changes=changes)


@asks("see trail")
def show_form_trail(asked: PageRequest, key: str) -> HttpResponse:
    """Show everything that was done to a form, the newest first."""
    form = find_form(asked, key)
    changes = list(read_history(f"subject:{form.subject_id}", form.pk))[::-1]
    title = f"{form.subject.number}, {form.name}"
    return draw(asked, "trail.html", title=title, back=f"/forms/{form.pk}", changes=changes)
