"""The check of a bag at the bedside, and the infusion that follows it."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

from funis.capture.models.audited import DocumentField
from funis.capture.models.product import MOMENT, Unit
from funis.capture.models.subjects import Form, OfSubject

PASSED, REFUSED, OVERRIDDEN = "passed", "refused", "overridden"
CHECK_OUTCOMES: Final = {PASSED: "Every rule is met", REFUSED: "Refused", OVERRIDDEN: "Overridden"}
"""How a check at the bedside ends, with the printed words."""


class BedsideCheck(OfSubject):
    """One check of a subject and a bag by two people, with every rule as it was judged.

    Attributes
    ----------
    number : of the infusion of the subject, 1, 2, ...
    unit : the bag that was scanned
    scan_subject, scan_bag : as the scanner gave them, or as they were typed
    typed, typed_reason : which was typed (``subject``, ``bag``, ``subject,bag``; empty: none), and why
    first, second : logins of the two people, both of whom logged in for this check
    at : moment by the clock of the server
    given_ml : volume that is to be given
    weight_kg, weighed_on : from which the dose is computed
    rules : of each rule its outcome by name, its fact by ``<name>_fact``, its limit by ``<name>_limit``
    outcome : one of `CHECK_OUTCOMES`
    override_reason, approver, overridden_at : why rules that are not met do not hold it, and who says so
    """

    number = models.PositiveIntegerField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    scan_subject = models.CharField(max_length=120)
    scan_bag = models.CharField(max_length=120)
    typed = models.CharField(max_length=20, blank=True)
    typed_reason = models.CharField(max_length=300, blank=True)
    first = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    at = models.CharField(max_length=MOMENT)
    given_ml = models.DecimalField(max_digits=9, decimal_places=3)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    weighed_on = models.DateField(null=True, blank=True)
    rules = DocumentField(default=dict)
    outcome = models.CharField(max_length=20)
    override_reason = models.CharField(max_length=400, blank=True)
    approver = models.CharField(max_length=60, blank=True)
    overridden_at = models.CharField(max_length=MOMENT, blank=True)

    fixed = (
        *OfSubject.fixed, "number", "unit_id", "scan_subject", "scan_bag", "typed", "typed_reason", "first",
        "second", "at", "given_ml", "weight_kg", "weighed_on", "rules",
    )  # fmt: skip
    texts = ("scan_subject", "scan_bag", "typed_reason", "override_reason")
    document = "rules"

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(first=F("second")) & ~Q(first="") & ~Q(second=""), name="two_people_check_a_bag"
            ),
            models.CheckConstraint(
                condition=Q(typed="") | ~Q(typed_reason=""), name="a_typed_code_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(outcome="overridden")
                & ~Q(approver="")
                & ~Q(approver=F("first"))
                & ~Q(override_reason="")
                | Q(outcome__in=("passed", "refused"), approver="", override_reason=""),
                name="another_person_overrides_with_a_reason",
            ),
        ]


class InfusionRecord(OfSubject):
    """One infusion: begun after a check, one bag, once; the row of ``infusions`` is made from it.

    Attributes
    ----------
    number : 1, 2, ... of the subject
    check_passed : the check that it was begun after
    unit : the bag
    form : the row of the table ``infusions``
    started_at, ended_at : moments by the clock of the server
    started_by, ended_by : logins
    volume_ml : given; known at the end
    cells_given : computed from viable cells at the thaw and the volume
    interruption, reaction : in words; ``none`` where there was none
    """

    number = models.PositiveIntegerField()
    check_passed = models.OneToOneField(BedsideCheck, models.PROTECT, related_name="+")
    unit = models.OneToOneField(Unit, models.PROTECT, related_name="+")
    form = models.OneToOneField(Form, models.PROTECT, related_name="+")
    started_at = models.CharField(max_length=MOMENT)
    started_by = models.CharField(max_length=60)
    ended_at = models.CharField(max_length=MOMENT, blank=True)
    ended_by = models.CharField(max_length=60, blank=True)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    cells_given = models.BigIntegerField(null=True, blank=True)
    interruption = models.CharField(max_length=400, blank=True)
    reaction = models.CharField(max_length=400, blank=True)

    fixed = (
        *OfSubject.fixed, "number", "check_passed_id", "unit_id", "form_id", "started_at", "started_by",
    )  # fmt: skip
    texts = ("interruption", "reaction")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "number"], name="one_infusion_of_a_number"),
            models.CheckConstraint(
                condition=Q(ended_at="", volume_ml__isnull=True, cells_given__isnull=True)
                | ~Q(ended_at="") & Q(volume_ml__gte=0, cells_given__gte=0),
                name="an_infusion_ends_with_what_was_given",
            ),
        ]
