"""The cell product: every physical thing with a code, what happened to it, and what was decided on a lot.

Donors and lots themselves are rows of the tables ``donors`` and ``lots`` of the data folder (`StudyForm`).
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

from funis.capture.models.audited import Audited, DocumentField
from funis.capture.models.product_moves import BAG, CORD, KINDS, MOVES, OF_A_SUBJECT, OF_NOBODY
from funis.capture.models.subjects import StudyForm, Subject

MOMENT: Final = 27
"""Letters of a moment as the trail writes it: UTC with microseconds."""

DECISIONS: Final = {
    "release": "Released",
    "release_pending": "Released with pending results",
    "reject": "Rejected",
    "recall": "Recalled",
}
"""Every decision on a lot, with its printed words."""

TEST_STATES: Final = {
    "pending": "Pending",
    "final": "Within the limit",
    "out_of_limits": "Out of limits",
    "not_done": "Not done",
}
"""What a recorded result of a lot says, with its printed words."""


def _move_stands() -> Q:
    """Give the condition that an event is a line of the table of states."""
    lines = [
        Q(unit_kind=move.unit, kind=move.event, from_state__in=list(move.before), to_state=move.after)
        for move in MOVES
    ]
    return reduce(or_, lines)


class Unit(Audited):
    """One physical thing of the cell product: a cord, a culture, a bank vial, a bag.

    Attributes
    ----------
    kind : one of `product_moves.KINDS`
    code : the unit's own, never used again; says nothing about donor or subject
    donor : of a cord, the row of ``donors``; everything else comes from its parent
    parent : the unit it was made from
    lot : of a bag, the row of ``lots``
    passage : of a culture
    cells : when it was made (of a culture: seeded)
    harvested_cells : of a culture at its harvest; over `cells` it is the recorded expansion
    drawn_cells : of the units and bags made from it; never more than there were
    viable_cells : of a bag, those at the fill; of a thawed bag, those at the thaw
    volume_ml, container, medium, external_ids : as the cell laboratory names them, identifiers as plain text
    location, place : code of the site where it is, empty: the cell laboratory; shelf or freezer there
    expires_at : moment in UTC after which it is not given; empty: none is set
    state : what its events lead to, kept beside them for speed
    subject, infusion : whom a bag is reserved for, and for which infusion
    excursion : empty, ``open`` (temperature was left in transport, not decided), ``accepted``
    """

    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=20, unique=True)
    donor = models.ForeignKey(StudyForm, models.PROTECT, related_name="cords", null=True, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, related_name="children", null=True, blank=True)
    lot = models.ForeignKey(StudyForm, models.PROTECT, related_name="bags", null=True, blank=True)
    passage = models.PositiveSmallIntegerField(null=True, blank=True)
    cells = models.BigIntegerField(null=True, blank=True)
    harvested_cells = models.BigIntegerField(null=True, blank=True)
    drawn_cells = models.BigIntegerField(default=0)
    viable_cells = models.BigIntegerField(null=True, blank=True)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    container = models.CharField(max_length=60, blank=True)
    medium = models.CharField(max_length=60, blank=True)
    external_ids = models.CharField(max_length=200, blank=True)
    location = models.CharField(max_length=30, blank=True)
    place = models.CharField(max_length=60, blank=True)
    expires_at = models.CharField(max_length=MOMENT, blank=True)
    state = models.CharField(max_length=20, blank=True)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="bags", null=True, blank=True)
    infusion = models.PositiveSmallIntegerField(null=True, blank=True)
    excursion = models.CharField(max_length=10, blank=True)

    fixed = ("id", "kind", "code", "donor_id", "parent_id", "lot_id", "passage", "cells")
    texts = ("container", "medium", "external_ids", "place")
    chained_by = ("id", "unit")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="unit_kind"),
            models.CheckConstraint(
                condition=Q(kind=CORD, donor__isnull=False, parent__isnull=True)
                | Q(~Q(kind=CORD), donor__isnull=True, parent__isnull=False),
                name="unit_has_one_origin",
            ),
            models.CheckConstraint(
                condition=Q(kind=BAG, lot__isnull=False) | Q(~Q(kind=BAG), lot__isnull=True),
                name="bags_have_a_lot",
            ),
            models.CheckConstraint(
                condition=Q(drawn_cells=0)
                | Q(harvested_cells__isnull=False, drawn_cells__lte=F("harvested_cells"))
                | Q(harvested_cells__isnull=True, drawn_cells__lte=F("cells")),
                name="no_more_cells_drawn_than_there_are",
            ),
            models.CheckConstraint(
                condition=Q(cells__isnull=True) | Q(cells__gte=0), name="cells_are_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(kind=BAG, state__in=list(OF_A_SUBJECT))
                | Q(subject__isnull=False, infusion__isnull=False),
                name="a_bag_on_its_way_belongs_to_one_infusion",
            ),
            models.CheckConstraint(
                condition=~Q(kind=BAG, state__in=list(OF_NOBODY))
                | Q(subject__isnull=True, infusion__isnull=True),
                name="a_bag_in_stock_belongs_to_nobody",
            ),
            models.CheckConstraint(
                condition=Q(kind=BAG) | Q(subject__isnull=True), name="bags_alone_are_reserved"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["kind", "state"], name="unit_by_state")]


class ProductEvent(Audited):
    """One step of a unit; never changed, never removed.

    Attributes
    ----------
    unit, seq : whose step, 1, 2, ... without a gap
    kind : of the step, as in `product_moves.MOVES`
    from_state, to_state : before and after it
    at : moment in UTC by the clock of the server
    by, second : logins of who did it and of the other person, where two are asked for
    place : where
    temperature_c : degrees Celsius, where it was read
    scan : the label as it was scanned, raw; empty where nothing was
    details : what else is known
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="events")
    unit_kind = models.CharField(max_length=10)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    at = models.CharField(max_length=MOMENT)
    by = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=60, blank=True)
    temperature_c = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    scan = models.CharField(max_length=120, blank=True)
    details = DocumentField(default=dict)

    texts = ("place", "scan")
    document = "details"
    chained_by = ("unit_id", "unit")
    append_only = True

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["unit", "seq"], name="one_event_at_a_time"),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(kind="infuse"), name="a_bag_is_infused_once"
            ),
            models.CheckConstraint(condition=_move_stands(), name="event_is_a_line_of_the_table"),
            models.CheckConstraint(
                condition=Q(second="") | ~Q(second=F("by")), name="the_second_of_an_event_is_another"
            ),
        ]


class LotSource(Audited):
    """One unit that a lot was made from; the donors of all of them are the lot's donors."""

    lot = models.ForeignKey(StudyForm, models.PROTECT, related_name="sources")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="lots")

    chained_by = ("lot_id", "lot")
    append_only = True

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lot", "unit"], name="one_source_once")
        ]


class LotTest(Audited):
    """One result of a test of a lot as it was recorded; a later one of the same test replaces it in force.

    Attributes
    ----------
    test : column of ``lots``
    number : 1, 2, ... of this test of this lot
    value : as it was recorded; empty while it is pending
    state : one of `TEST_STATES`, judged by the rule of the study in force
    rule : the rule it was judged by; empty where the study has none for it
    method, laboratory : how and where it was done
    specimen_on, result_on : days
    by, at : who recorded it, and when
    """

    lot = models.ForeignKey(StudyForm, models.PROTECT, related_name="results")
    test = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    value = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=20)
    rule = models.CharField(max_length=400, blank=True)
    method = models.CharField(max_length=120, blank=True)
    laboratory = models.CharField(max_length=120, blank=True)
    specimen_on = models.DateField(null=True, blank=True)
    result_on = models.DateField(null=True, blank=True)
    by = models.CharField(max_length=60)
    at = models.CharField(max_length=MOMENT)

    texts = ("value", "method", "laboratory")
    chained_by = ("lot_id", "lot")
    append_only = True

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lot", "test", "number"], name="one_result_at_a_time"),
            models.CheckConstraint(condition=Q(state__in=list(TEST_STATES)), name="state_of_a_result"),
        ]


class LotDecision(Audited):
    """One decision on a lot; the newest that stands is the lot's.

    Attributes
    ----------
    number : 1, 2, ... of this lot
    decision : one of `DECISIONS`
    rules : each release rule with what was found, frozen at the decision
    reason : why
    decided_by, at : who decided, and when
    second, seconded_at : the other person, where results are pending; it stands from then on
    """

    lot = models.ForeignKey(StudyForm, models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    decision = models.CharField(max_length=20)
    rules = DocumentField(default=dict)
    reason = models.CharField(max_length=400)
    decided_by = models.CharField(max_length=60)
    at = models.CharField(max_length=MOMENT)
    second = models.CharField(max_length=60, blank=True)
    seconded_at = models.CharField(max_length=MOMENT, blank=True)

    fixed = ("id", "lot_id", "number", "decision", "rules", "reason", "decided_by", "at")
    texts = ("reason",)
    document = "rules"
    chained_by = ("lot_id", "lot")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lot", "number"], name="one_decision_at_a_time"),
            models.CheckConstraint(condition=Q(decision__in=list(DECISIONS)), name="kind_of_decision"),
            models.CheckConstraint(
                condition=Q(second="") | ~Q(second=F("decided_by")), name="the_second_who_decides_is_another"
            ),
            models.CheckConstraint(
                condition=Q(second="", seconded_at="") | ~(Q(second="") | Q(seconded_at="")),
                name="the_second_decides_at_a_moment",
            ),
        ]

    @property
    def stands(self) -> bool:
        """Tell whether it is in force: one with pending results waits for the second person."""
        return self.decision != "release_pending" or bool(self.second)


class UnitLabel(Audited):
    """One print of a label; a later print of the same unit voids it.

    Attributes
    ----------
    unit, number : whose label, 1 for the first print
    by, at : who printed it, and when
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="labels")
    number = models.PositiveIntegerField()
    by = models.CharField(max_length=60)
    at = models.CharField(max_length=MOMENT)

    chained_by = ("unit_id", "unit")
    append_only = True

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["unit", "number"], name="one_print_at_a_time")
        ]
