"""The study as it is in force: every version of the study file that was loaded, and where it is used."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import Audited


class StudyVersion(Audited):
    """One study file as it was loaded; its forms stay as they were on that day.

    Attributes
    ----------
    number : 1, 2, ...
    text, sha256 : the file, and the hash of its bytes
    plan : forms, fields and visits made from it (see `forms.plan`)
    since : first day on which a site works with it; none as long as none does. It stands here and not only in
        `VersionInForce`, because what the whole trial is checked by is the same whoever asks
    """

    number = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    plan = models.TextField()
    since = models.DateField(null=True, blank=True)

    fixed = ("id", "number", "text", "sha256", "plan")


class VersionInForce(Audited):
    """From when a site works with a version: not before it was approved there.

    Attributes
    ----------
    approved_on : day of the approval at the site
    since : first day on which new forms are of this version
    """

    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="in_force")
    site = models.CharField(max_length=30)
    approved_on = models.DateField()
    since = models.DateField()

    fixed = ("id", "version_id", "site")
    chained_by = ("site", "site")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version", "site"], name="a_version_comes_into_force_once")
        ]
