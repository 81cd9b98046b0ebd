"""The first page of the cell product: lots, stock by place, what waits, donors, and what is being made."""

from __future__ import annotations

from collections import Counter, defaultdict

from django.http import HttpResponse

from funis.capture.conduct.product import lots
from funis.capture.conduct.product.moving import is_expired
from funis.capture.conduct.product.release import lot_tests
from funis.capture.models import LotDecision, StudyForm, Unit
from funis.capture.models.product_moves import BAG, FINAL, KINDS, STATES
from funis.capture.pages.product_lots import is_seen, language_of, plan_of_table
from funis.capture.pages.product_steps import CORD_FIELDS
from funis.capture.pages.product_typed import shown_moment
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import today

MOST_UNITS = 200


@asks("see product")
def show_product(asked: PageRequest) -> HttpResponse:
    """Show lots with their state, the stock, what waits for a second person or a decision, and donors."""
    every = list(StudyForm.objects.filter(name="lots").order_by("code"))
    units = Unit.objects.exclude(state__in=FINAL).select_related("subject").order_by("kind", "code")
    seen = [unit for unit in units if is_seen(asked, unit)]
    bags = [unit for unit in seen if unit.kind == BAG]
    pending = [name for name in lot_tests() if name in plan_of_table("lots").by_name]
    waiting = LotDecision.objects.filter(decision="release_pending", second="").select_related("lot")
    newest = {each.lot_id: each.pk for each in LotDecision.objects.order_by("number")}
    donor_plan, lot_plan = plan_of_table("donors"), plan_of_table("lots")
    return draw(
        asked,
        "product.html",
        lots=[(lot, lots.LOT_STATES[lots.lot_state(lot)], _waits(lot, pending)) for lot in every],
        lot_labels={field.name: field.label.shown(language_of(asked))[0] for field in lot_plan.fields},
        stock=_stock(bags),
        bags=bags[:MOST_UNITS],
        others=[unit for unit in seen if unit.kind != BAG][:MOST_UNITS],
        waiting=[each for each in waiting if newest[each.lot_id] == each.pk],
        excursions=[bag for bag in bags if bag.excursion == "open"],
        expired=[bag for bag in bags if is_expired(bag)],
        donors=list(StudyForm.objects.filter(name="donors").order_by("code")),
        donor_fields=[field for field in donor_plan.fields if field.role != "key"],
        lot_fields=[
            field
            for field in lot_plan.fields
            if field.role != "key" and field.name not in {*lot_tests(), "release", "release_date"}
        ],
        cord_fields=CORD_FIELDS,
        enters=asked.rights.may("enter product"),
        kinds=KINDS,
        states=STATES,
        today=today().isoformat(),
        shown_moment=shown_moment,
        most=MOST_UNITS,
    )


def _waits(lot: StudyForm, tests: list[str]) -> list[str]:
    """Give the tests of a lot that are said to be pending."""
    return [name for name in tests if lot.data.get(name) == "pending"]


def _stock(bags: list[Unit]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Count bags by where they are and by state; the cell laboratory first."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for bag in bags:
        counted[bag.location][bag.state] += 1
    order = list(STATES)
    return [
        (place, sorted(states.items(), key=lambda each: order.index(each[0])))
        for place, states in sorted(counted.items())
    ]
