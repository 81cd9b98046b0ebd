"""What lists and the overview count, kept by subject: made from the rows of the trial, at any time anew."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from funis.capture.models.studies import StudyVersion
from funis.capture.models.subjects import Subject, SubjectVisit


class SubjectSummary(models.Model):
    """What the overview counts of one subject; nothing of it depends on the day it is read.

    Attributes
    ----------
    subject, site : whose
    seq : of the last row of its chain that was read; a subject that went on since is read again
    version : of the study whose windows count, as the site worked with it
    began_on : day 0, of the first infusion; none before it
    enrolled_month : of the first consent, as YYYY-MM; empty without one
    has_ended : participation ended, the screening failed, or no consent is in force any more
    visits_done, visits_outside, visits_missed : planned visits recorded in and outside their window, and
        missed
    forms_due, forms_entered, forms_not_done : at these visits; what is neither entered nor said to be not
        done is missing
    infusions : rows of the infusions that were given
    unclocked : serious events without a clock
    """

    subject = models.OneToOneField(Subject, models.CASCADE, primary_key=True, related_name="summary")
    site = models.CharField(max_length=30)
    seq = models.BigIntegerField()
    version = models.ForeignKey(StudyVersion, models.CASCADE, related_name="+")
    began_on = models.DateField(null=True)
    enrolled_month = models.CharField(max_length=7, blank=True)
    has_ended = models.BooleanField(default=False)
    visits_done = models.PositiveIntegerField(default=0)
    visits_outside = models.PositiveIntegerField(default=0)
    visits_missed = models.PositiveIntegerField(default=0)
    forms_due = models.PositiveIntegerField(default=0)
    forms_entered = models.PositiveIntegerField(default=0)
    forms_not_done = models.PositiveIntegerField(default=0)
    infusions = models.PositiveIntegerField(default=0)
    unclocked = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "enrolled_month"], name="summary_by_site"),
            models.Index(fields=["site", "version", "seq"], name="summary_by_version"),
            models.Index(fields=["site"], condition=models.Q(unclocked__gt=0), name="summary_unclocked"),
        ]


COURSE_PREFIX: Final = "course:"
"""How a course begins among the awaited visits; no visit of a study file can be called so."""


class AwaitedVisit(models.Model):
    """What is awaited of a subject: a planned visit that was neither recorded nor missed, or a later course.

    A course of treatment stands here from the day on which its condition was found, as `course_name` calls
    it, without forms; one without a last day has the latest day there is.

    Attributes
    ----------
    subject, site : whose
    name, place : of the visit, and its place in the plan
    day, opens, closes : planned day, first and last day of its window
    forms : how many are due at it
    """

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="+")
    site = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    place = models.PositiveIntegerField()
    day = models.DateField()
    opens = models.DateField()
    closes = models.DateField()
    forms = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "name"], name="one_awaited_visit")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["closes", "site", "opens", "forms"], name="awaited_by_day"),
            models.Index(fields=["site", "closes", "opens", "forms"], name="awaited_by_site"),
        ]


class UnaskedVisit(models.Model):
    """A visit that took place and at which nobody answered the question on safety, asked or not.

    Whether it was to be asked is said by the version of the study that is the newest when the list is read.
    Of a subject whose screening failed there is none.

    Attributes
    ----------
    subject, site, number : whose
    visit, name, day : of the visit; no day: it is not known
    has_form : there is an empty form of the question, whatever any version plans
    """

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="+")
    site = models.CharField(max_length=30)
    number = models.CharField(max_length=40)
    visit = models.OneToOneField(SubjectVisit, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    day = models.CharField(max_length=30, blank=True)
    has_form = models.BooleanField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["number", "day", "name"], condition=models.Q(has_form=True), name="unasked_by_number"
            ),
            models.Index(
                fields=["site", "number", "day", "name"],
                condition=models.Q(has_form=True),
                name="unasked_by_site",
            ),
            # Of most of these nobody was to ask.
            models.Index(
                fields=["name", "number"], condition=models.Q(has_form=False), name="unasked_without_form"
            ),
        ]
