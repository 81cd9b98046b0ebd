"""Which items of a form were compared with their source."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import DocumentField
from funis.capture.models.subjects import Form, OfSubject


class FormVerification(OfSubject):
    """The marks of one form.

    Attributes
    ----------
    form : the form
    marks : by item: ``revision`` of the form, ``by`` and ``at`` of its last verification, the ``value`` that
        was verified as text, and whether it has ``fallen`` since
    fallen : how many have fallen, for the list of what was changed since
    """

    form = models.OneToOneField(Form, models.PROTECT, related_name="verification")
    marks = DocumentField(default=dict)
    fallen = models.PositiveIntegerField(default=0)

    fixed = (*OfSubject.fixed, "form_id")
    document = "marks"
    closed_to = "review"

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "fallen"], name="verification_by_site")
        ]
