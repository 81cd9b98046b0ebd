"""Emergency unblinding: an investigator opens the arm of one subject with a reason; that it was is seen."""

from __future__ import annotations

import re

from funis.capture.conduct.allocation.arms import allocation_of, open_arm
from funis.capture.context import moment
from funis.capture.models import AllocationEvent, Subject
from funis.capture.models.allocations import UNBLINDED
from funis.capture.safety.notices import ARM_OPENED, News, tell
from funis.capture.study_in_force import newest_version, study_of
from funis.errors import ValueRangeError


def unblind(subject: Subject, reason: str, login: str) -> str:
    """Open the arm of a subject, within a transaction in which the investigator acts.

    The arm is given to the caller and stands nowhere: whoever needs it again gives a reason again. That it
    was opened is told to the site and to the sponsor, without the arm.

    Parameters
    ----------
    subject : allocated
    reason : why the arm must be known
    login : of the investigator, who has shown in this request who he is

    Returns
    -------
    str : id of the arm

    Raises
    ------
    ValueRangeError : no reason is given, it names an arm, or the subject was not allocated
    """
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the arm must be known")
    _refuse_arm(reason)
    allocation = allocation_of(subject)
    if allocation is None:
        raise ValueRangeError("allocation", "none", "a subject who was allocated")
    arm = open_arm(allocation)
    event = AllocationEvent(
        subject=subject, site=subject.site, kind=UNBLINDED, by=login, at=moment(), reason=reason.strip()
    )
    event.save()
    tell(News(ARM_OPENED, event.pk, f"/subjects/{subject.pk}/allocation", subject))
    return arm


def _refuse_arm(reason: str) -> None:
    """Refuse a reason that names an arm, whichever it is: everybody reads the reason."""
    arms = study_of(newest_version()).arms
    words = sorted({word for arm in arms for word in (arm.id, arm.name)}, key=len, reverse=True)
    named = [each for each in words if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", reason, re.IGNORECASE)]
    if named:
        raise ValueRangeError(
            "reason", "the name of an arm", "words that name none", "Everybody who sees the subject reads it."
        )
