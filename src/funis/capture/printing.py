"""Case books and blank forms as files, without a browser."""

from __future__ import annotations

from pathlib import Path

from funis.capture.casebook.blank import make_blank_forms
from funis.capture.configuration import Configuration
from funis.capture.forms.plan import make_study_plan
from funis.capture.forms.plan_parts import Language
from funis.capture.pages.book_words import book_words
from funis.capture.serve import configure
from funis.documents.pdf_file import render_pdf
from funis.errors import ValueRangeError
from funis.study.read import read_study


def print_case_book(configuration: Configuration, number: str, language: Language) -> bytes:
    """Give the case book of a subject of a prepared server as a PDF; that it was taken stands in the trail.

    Parameters
    ----------
    configuration : of the server
    number : of the subject
    language : of the words

    Raises
    ------
    ValueRangeError : there is no such subject
    """
    configure(configuration)
    from funis.capture.casebook.book import make_case_book
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.models import Subject
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.trail.events import record_event

    with acting(Acting(SERVER, "case book written", sites=None)):
        subject = Subject.objects.filter(number=number).first()
        if subject is None:
            raise ValueRangeError("subject", number, "the number of a subject of this server")
        check_everything()
        printed = render_pdf(make_case_book(subject, book_words(language), SERVER))
        record_event("case book taken", f"subject:{subject.pk}", {"language": language})
    return printed


def print_blank_forms(folder: Path, visit: str, language: Language) -> bytes:
    """Give the blank forms of a study folder as a PDF; no server is needed.

    Parameters
    ----------
    folder : with the study file
    visit : name of a planned visit; empty: all
    language : of the words

    Raises
    ------
    funis.errors.UnknownNameError : there is no such visit
    """
    words = book_words(language)
    return render_pdf(make_blank_forms(make_study_plan(read_study(folder)), words, visit))
