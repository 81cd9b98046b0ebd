"""Where a subject stands in the trial: by screening, consent and the form of the end of participation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from funis.capture.conduct.consent import consent_in_force
from funis.capture.context import because
from funis.capture.models import Form, Screening, Subject
from funis.capture.models.screening import ELIGIBLE, SCREEN_FAILURE

END_FORM: Final = "disposition"
ENDED: Final[Mapping[str, str]] = {
    "completed": "completed",
    "withdrew": "left",
    "lost": "left",
    "died": "left",
}
"""Status of a subject by how the form says that participation ended."""


def status_by_end(data: Mapping[str, Any]) -> str | None:
    """Give the status that an end of participation means; none where it does not say that it ended.

    Examples
    --------
    >>> status_by_end({"status": "lost"}), status_by_end({"status": "ongoing"})
    ('left', None)
    """
    return ENDED.get(str(data.get("status") or ""))


def status_before_end(subject: Subject) -> str:
    """Give the status of a subject whose participation did not end."""
    screening = Screening.objects.filter(subject=subject).order_by("number").last()
    if screening is not None and screening.outcome:
        return ELIGIBLE if screening.outcome == ELIGIBLE else SCREEN_FAILURE
    return "screening" if consent_in_force(subject) is None else "consented"


def settle_status(form: Form) -> None:
    """Let the status of a subject follow its form of the end of participation, within its save."""
    if form.name != END_FORM:
        return
    subject = Subject.objects.select_for_update().get(pk=form.subject_id)
    status = status_by_end(form.data) or status_before_end(subject)
    if status != subject.status:
        with because("as the end of participation says"):
            subject.status = status
            subject.save()
