"""Subjects, their consent, their visits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import KEY_LENGTH, Audited, DocumentField
from funis.capture.models.studies import StudyVersion


class Subject(Audited):
    """One subject, by number; no name stands here.

    Attributes
    ----------
    site : code of the site; never changes
    number : of the subject in the data, ``<site>-<three digits>``
    status : where the subject stands in the trial (see `conduct.screening.STATUSES`)
    """

    site = models.CharField(max_length=30)
    number = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=20, default="screening")

    fixed = ("id", "site", "number")
    closed_to = "entry"
    chained_by = ("id", "subject")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "number"], name="subject_by_site"),
            models.Index(fields=["site", "status"], name="subject_by_status"),
        ]


class OfSubject(Audited):
    """A row of a subject; the site stands in it too, so that the database itself can keep sites apart."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    site = models.CharField(max_length=30)

    fixed: ClassVar[tuple[str, ...]] = ("id", "subject_id", "site")
    closed_to = "entry"
    chained_by = ("subject_id", "subject")

    class Meta:
        abstract = True


class Consent(OfSubject):
    """One informed consent.

    Attributes
    ----------
    document : version of the information sheet that was signed
    given_on : day of consent
    obtained_by : login of who obtained it
    abroad, future_use : whether data may leave the country, and be used for later research
    withdrawn_on : day on which it was withdrawn
    """

    document_version = models.CharField(max_length=60)
    given_on = models.DateField()
    obtained_by = models.CharField(max_length=60)
    abroad = models.BooleanField(default=False)
    future_use = models.BooleanField(default=False)
    withdrawn_on = models.DateField(null=True, blank=True)

    fixed = (*OfSubject.fixed, "document_version", "obtained_by")
    texts = ("document_version",)


class SubjectVisit(OfSubject):
    """A visit that took place, or that was missed.

    Attributes
    ----------
    name : of the planned visit; ``unscheduled`` for another
    number : 1, 2, ... where a visit of that name repeats
    data : date, and what else the table ``visits`` says of it: attended, reason
    """

    name = models.CharField(max_length=60)
    number = models.PositiveIntegerField(default=1)
    data = DocumentField(default=dict)

    fixed = (*OfSubject.fixed, "name", "number")
    document = "data"

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "name", "number"], name="one_visit")
        ]

    @property
    def date(self) -> str:
        """Give the date, empty where none is known."""
        return str(self.data.get("date") or "")


class Forms(models.QuerySet["Form"]):
    """Forms as they are read."""

    def with_version(self) -> Forms:
        """Read the version of each form with it, without its long texts: `plan_of` has what they say."""
        return self.select_related("version").defer("version__text", "version__plan")


class Form(OfSubject):
    """One form of a subject: its values as one document.

    Attributes
    ----------
    visit : the visit, none for what belongs to no visit (an adverse event, a course of a drug)
    name : instrument or table
    number : 1, 2, ... where a form repeats
    version : study version whose plan the form follows for good
    data : the values; a key that is absent is missing
    scores : what was computed from it, with the hash of the definition
    """

    visit = models.ForeignKey(SubjectVisit, models.PROTECT, related_name="forms", null=True, blank=True)
    name = models.CharField(max_length=60)
    number = models.PositiveIntegerField(default=1)
    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="+")
    data = DocumentField(default=dict)
    scores = DocumentField(default=dict)

    objects = Forms.as_manager()

    fixed = (*OfSubject.fixed, "visit_id", "name", "number", "version_id")
    derived = ("scores",)
    document = "data"

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subject", "visit", "name", "number"],
                condition=models.Q(visit__isnull=False),
                name="one_form_of_a_visit",
            ),
            models.UniqueConstraint(
                fields=["subject", "name", "number"],
                condition=models.Q(visit__isnull=True),
                name="one_form_of_a_subject",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject", "name"], name="form_by_subject"),
            models.Index(fields=["name", "subject"], name="form_by_name"),
        ]


class StudyForm(Audited):
    """One row of a table of the trial that belongs to no subject: a donor, a lot.

    Attributes
    ----------
    name : of the table
    code : what names the row: of a donor, of a lot
    version : study version whose plan it follows
    data : the values; a key that is absent is missing
    """

    name = models.CharField(max_length=60)
    code = models.CharField(max_length=80)
    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="+")
    data = DocumentField(default=dict)

    fixed = ("id", "name", "code", "version_id")
    document = "data"
    closed_to = "entry"
    chained_by = ("name", "table")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["name", "code"], name="one_row_of_a_table")
        ]


class RequestKey(models.Model):
    """The answer to a save that was acknowledged, so that the same save sent again gets the same answer.

    Attributes
    ----------
    key : made by the browser, once for an entry
    person : who sent it
    answer : what was answered
    """

    key = models.CharField(primary_key=True, max_length=64)
    person = models.CharField(max_length=KEY_LENGTH)
    at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField()
