"""Pages of who somebody is: entered, opened with a reason, erased. Each shows one person and no other."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect

from funis.capture.pages.product_lots import find_row
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw
from funis.capture.people import identity as identities
from funis.capture.people.access import PageRequest, asks


@asks("open identity", "GET", "POST")
def subject_identity(asked: PageRequest, key: str) -> HttpResponse:
    """Say whether it is known who a subject is; a post with a reason opens it."""
    subject = find_subject(asked, key)
    row = identities.identity_of(subject)
    opened = None
    if asked.request.method == "POST":
        opened = identities.open_identity(subject, asked.request.POST.get("reason", ""))
    return draw(
        asked,
        "identity.html",
        title=subject.number,
        back=f"/subjects/{subject.pk}",
        address=f"/subjects/{subject.pk}/identity",
        is_kept=row is not None,
        is_erased=row is not None and not row.sealed_key,
        opened=opened,
        may_erase=asked.rights.may("erase identity", subject.site),
    )


@asks("open identity", "POST")
def keep_subject_identity(asked: PageRequest, key: str) -> HttpResponse:
    """Enter who a subject is."""
    subject, given = find_subject(asked, key), asked.request.POST
    identities.keep_identity(subject, identities.read_identity(given.dict()), given.get("reason", ""))
    return HttpResponseRedirect(f"/subjects/{subject.pk}/identity")


@asks("erase identity", "POST")
def erase_subject_identity(asked: PageRequest, key: str) -> HttpResponse:
    """Erase who a subject is, for good."""
    subject = find_subject(asked, key)
    identities.destroy_identity(subject, asked.request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/subjects/{subject.pk}")


@asks("open donor identity", "GET", "POST")
def donor_identity(asked: PageRequest, key: str) -> HttpResponse:
    """Say whether it is known who a donor is; a post with a reason opens it."""
    donor = find_row("donors", key)
    row = identities.identity_of_donor(donor)
    opened = None
    if asked.request.method == "POST":
        opened = identities.open_donor_identity(donor, asked.request.POST.get("reason", ""))
    return draw(
        asked,
        "identity.html",
        title=donor.code,
        back=f"/product/donors/{donor.pk}",
        address=f"/product/donors/{donor.pk}/identity",
        is_kept=row is not None,
        is_erased=False,
        opened=opened,
        may_erase=False,
    )


@asks("open donor identity", "POST")
def keep_donor_identity(asked: PageRequest, key: str) -> HttpResponse:
    """Enter who a donor is."""
    donor, given = find_row("donors", key), asked.request.POST
    identities.keep_donor_identity(donor, identities.read_identity(given.dict()), given.get("reason", ""))
    return HttpResponseRedirect(f"/product/donors/{donor.pk}/identity")
