"""Informed consent: before any procedure of the study; what was withdrawn stays visible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from funis.capture.conduct.locks import refuse_closed, scope_of
from funis.capture.context import because
from funis.capture.models import Consent, Subject
from funis.capture.study_in_force import today
from funis.errors import ValueRangeError


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as it was given.

    Attributes
    ----------
    document_version : of the information sheet that was signed
    given_on : day of the signature
    abroad, future_use : whether data may leave the country, and be used for later research
    """

    document_version: str
    given_on: date
    abroad: bool = False
    future_use: bool = False


def record_consent(subject: Subject, given: Given, obtained_by: str) -> Consent:
    """Record the consent of a subject.

    Parameters
    ----------
    subject : the subject
    given : what was signed, and when
    obtained_by : login of who obtained it

    Raises
    ------
    ValueRangeError : the day lies ahead, or one is in force already, or the subject is closed to entry
    """
    refuse_closed(scope_of(subject), changes_subject=True)
    if given.given_on > today():
        raise ValueRangeError("day of consent", given.given_on.isoformat(), f"up to {today().isoformat()}")
    if not given.document_version.strip():
        raise ValueRangeError("version of the information sheet", "nothing", "the version that was signed")
    if consent_in_force(subject) is not None:
        raise ValueRangeError(
            "consent", "one is in force", "a subject without one, or whose consent was withdrawn"
        )
    consent = Consent(
        subject=subject,
        site=subject.site,
        document_version=given.document_version.strip(),
        given_on=given.given_on,
        obtained_by=obtained_by,
        abroad=given.abroad,
        future_use=given.future_use,
    )
    consent.save()
    if subject.status == "screening":
        with because("consent given"):
            subject.status = "consented"
            subject.save()
    return consent


def withdraw_consent(consent: Consent, day: date, reason: str) -> None:
    """Record that a consent was withdrawn; nothing that was entered is removed.

    Raises
    ------
    ValueRangeError : the day lies before the consent or ahead, no reason is given, or the subject is closed
    """
    if not consent.given_on <= day <= today():
        allowed = f"{consent.given_on.isoformat()} to {today().isoformat()}"
        raise ValueRangeError("day of withdrawal", day.isoformat(), allowed)
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why, or that no reason was given by the subject")
    with because(reason.strip()):
        consent.withdrawn_on = day
        consent.save()


def consent_in_force(subject: Subject) -> Consent | None:
    """Give the consent that is in force, none where there is none or it was withdrawn."""
    return Consent.objects.filter(subject=subject, withdrawn_on=None).order_by("given_on").last()


def consents_of(subject: Subject) -> list[Consent]:
    """Give all consents of a subject, the oldest first."""
    return list(Consent.objects.filter(subject=subject).order_by("given_on", "pk"))
