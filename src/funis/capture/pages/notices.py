"""The page of notices: what a person was told, and for who manages, the mails that did not go out."""

from __future__ import annotations

from django.http import HttpResponse

from funis.capture.context import seeing
from funis.capture.models import SafetyNotice
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.safety.notices import KINDS, NOT_TOLD_TO_BLINDED, NOTICE_STATES, SENT

LONGEST_LIST = 200


@asks("see notices")
def list_notices(asked: PageRequest) -> HttpResponse:
    """List what the person was told, the newest first."""
    own = SafetyNotice.objects.filter(person=asked.request.user.pk).select_related("subject").order_by("-pk")
    manages = asked.rights.may("check data") or asked.rights.may("manage accounts")
    unsent: list[SafetyNotice] = []
    if manages:
        # Kind, person and failure alone: who manages accounts sees no subject.
        with seeing(None):
            found = SafetyNotice.objects.exclude(state=SENT).select_related("person").order_by("-pk")
            found = found.exclude(kind__in=NOT_TOLD_TO_BLINDED) if asked.rights.is_blinded else found
            unsent = list(found[:LONGEST_LIST])
    return draw(
        asked,
        "notices.html",
        own=list(own[:LONGEST_LIST]),
        unsent=unsent,
        manages=manages,
        kinds=KINDS,
        states=NOTICE_STATES,
    )
