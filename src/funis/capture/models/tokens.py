"""Tokens with which programs read: for a named purpose, at a site or all, with a role and a last day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.people import OfTwoPeople

PURPOSE_LENGTH = 120


class ApiToken(OfTwoPeople):
    """One token; what was shown once is not kept, only its hash.

    Attributes
    ----------
    purpose : what it is for, in words
    role : whose rights to read it has, one of those of the action ``read by program``
    site : code of the site; empty: all
    digest : SHA-256 of the token
    issued_by : login
    since, until : first and last day
    revoked_on : day from which it opens nothing; none as long as it stands
    """

    purpose = models.CharField(max_length=PURPOSE_LENGTH)
    role = models.CharField(max_length=30)
    site = models.CharField(max_length=30, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    issued_by = models.CharField(max_length=60)
    since = models.DateField()
    until = models.DateField()
    revoked_on = models.DateField(null=True, blank=True)

    fixed = ("id", "purpose", "role", "site", "digest", "issued_by", "since", "until", "needs_second")
    secret = ("digest",)
    chained_by = ("id", "token")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("since")), name="a_token_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by="")
                | (models.Q(needs_second=True) & ~models.Q(confirmed_by=models.F("issued_by"))),
                name="a_token_is_confirmed_by_another",
            ),
        ]
