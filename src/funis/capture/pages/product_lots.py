"""Pages of lots and donors: results, the decision with each rule, recall, look-back, reconciliation."""

from __future__ import annotations

from typing import NamedTuple

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.conduct.product import lots, release
from funis.capture.conduct.product.recall import recall_donor, recall_lot
from funis.capture.conduct.product.reconciling import reconcile
from funis.capture.conduct.product.tracing import (
    GivenCells,
    donors_of_lot,
    donors_of_subject,
    subjects_of_donor,
    subjects_of_lot,
)
from funis.capture.forms.plan_parts import FormPlan, Language
from funis.capture.forms.words import unit_words, window_words
from funis.capture.models import LotDecision, LotTest, StudyForm, Unit
from funis.capture.models.product import DECISIONS, TEST_STATES
from funis.capture.models.product_moves import BAG, KINDS, STATES
from funis.capture.pages.product_typed import TypedFields, shown_moment
from funis.capture.pages.product_units import site_of
from funis.capture.pages.rule_words import column_words, rule_words, value_words
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import newest_version, plan_of
from funis.errors import ValueRangeError

_BY_DECISION = frozenset({"release", "release_date"})


def find_row(table: str, key: str) -> StudyForm:
    """Find a row of donors or lots."""
    found = StudyForm.objects.filter(name=table, pk=key).first()
    if found is None:
        raise Http404
    return found


def language_of(asked: PageRequest) -> Language:
    """Give the language of a person as the words of forms know it."""
    return "zh-hans" if asked.language == "zh-hans" else "en"


def plan_of_table(name: str) -> FormPlan:
    """Give the plan of a table of donors or lots."""
    return plan_of(newest_version()).form(name)


def seen_given(asked: PageRequest, given: list[GivenCells]) -> list[GivenCells]:
    """Give what was given to subjects of the sites that the person may see; the page says so."""
    return [each for each in given if asked.allows(each.subject.site)]


def is_seen(asked: PageRequest, unit: Unit) -> bool:
    """Tell whether a person sees a unit: what is in the cell laboratory, and what is at the own sites."""
    return not site_of(unit) or asked.allows(site_of(unit))


class OutcomeShown(NamedTuple):
    """A release rule in the words of the forms.

    Attributes
    ----------
    outcome : as it was judged
    rule, value, limit : in the language of the page
    is_code : the limit stands as the study file has it
    """

    outcome: release.RuleOutcome
    rule: str
    value: str
    limit: str
    is_code: bool


def show_outcome(outcome: release.RuleOutcome, language: Language) -> OutcomeShown:
    """Put what was found for a release rule into the words of the forms."""
    table = "donors" if outcome.donor else "lots"
    plan, form = plan_of(newest_version()), plan_of_table(table)
    names = [column_words(plan, name, language, table) for name in outcome.column.split(", ")]
    said = ", ".join(names)
    value = value_words(form, outcome.column, outcome.value, language)
    simple = rule_words(form, outcome.limit, outcome.column, language)
    told = simple or window_words(outcome.limit, language)
    is_code = not simple and _is_rule(outcome.limit)
    return OutcomeShown(outcome, f"{outcome.donor}: {said}" if outcome.donor else said, value, told, is_code)


def _is_rule(limit: str) -> bool:
    """Tell whether a limit is a rule of the study file, and not a sentence."""
    return any(sign in limit for sign in "<>=(")


@asks("see product")
def show_lot(asked: PageRequest, key: str) -> HttpResponse:
    """Show a lot: its rules with what was found, its bags, and who was given them."""
    lot = find_row("lots", key)
    outcomes = release.evaluate_release(lot)
    decisions = list(LotDecision.objects.filter(lot=lot).order_by("number"))
    newest = decisions[-1] if decisions else None
    bags = list(Unit.objects.filter(lot=lot, kind=BAG).select_related("subject").order_by("code"))
    plan = plan_of_table("lots")
    return draw(
        asked,
        "product_lot.html",
        lot=lot,
        state=lots.LOT_STATES[lots.lot_state(lot)],
        outcomes=[show_outcome(each, language_of(asked)) for each in outcomes],
        labels={field.name: field.label.shown(language_of(asked))[0] for field in plan.fields},
        values=[field for field in plan.fields if field.name in lot.data],
        tests=[field for field in plan.fields if field.name in release.lot_tests()],
        results=list(LotTest.objects.filter(lot=lot).order_by("at")),
        decisions=decisions,
        waits=newest if newest is not None and not newest.stands else None,
        may_decide=release.possible_decisions(lot, outcomes),
        is_open=lots.lot_state(lot) in {"in_process", "quarantine"},
        bags=[(bag, is_seen(asked, bag)) for bag in bags],
        sources=[each.unit for each in lot.sources.select_related("unit").order_by("unit__code")],
        donors=donors_of_lot(lot),
        given=seen_given(asked, subjects_of_lot(lot)),
        reconciled=reconcile(lot),
        enters=asked.rights.may("enter product"),
        decides=asked.rights.may("decide lot"),
        decision_words=DECISIONS,
        test_words=TEST_STATES,
        value_words=lambda name, value: value_words(plan, name, str(value), language_of(asked)),
        unit_words=unit_words,
        kinds=KINDS,
        states=STATES,
        shown_moment=shown_moment,
    )


@asks("see product")
def show_donor(asked: PageRequest, key: str) -> HttpResponse:
    """Show a donor: what is known, what was made of the cells, and who was given them."""
    donor = find_row("donors", key)
    return draw(
        asked,
        "product_donor.html",
        donor=donor,
        values=[field for field in plan_of_table("donors").fields if field.name in donor.data],
        fields=[field for field in plan_of_table("donors").fields if field.role != "key"],
        cords=list(donor.cords.order_by("code")),
        given=seen_given(asked, subjects_of_donor(donor)),
        enters=asked.rights.may("enter product"),
        decides=asked.rights.may("decide lot"),
        states=STATES,
    )


@asks("see product")
def show_subject_product(asked: PageRequest, key: str) -> HttpResponse:
    """Show what a subject was given, with the donors."""
    subject = find_subject(asked, key)
    given = donors_of_subject(subject)
    codes = {each.code: each.pk for each in StudyForm.objects.filter(name__in=("donors", "lots"))}
    return draw(asked, "product_subject.html", subject=subject, given=given, codes=codes)


@asks("enter product", "POST")
def add_donor(asked: PageRequest) -> HttpResponse:
    """Enter a donor."""
    typed = _typed_row(asked, "donors")
    donor = lots.register_row("donors", asked.request.POST.get("code", ""), typed)
    return HttpResponseRedirect(f"/product/donors/{donor.pk}")


@asks("enter product", "POST")
def change_donor(asked: PageRequest, key: str) -> HttpResponse:
    """Add to or correct what is known of a donor, with a reason."""
    donor = find_row("donors", key)
    lots.change_row(donor, _typed_row(asked, "donors"), asked.request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/product/donors/{donor.pk}")


@asks("enter product", "POST")
def add_lot(asked: PageRequest) -> HttpResponse:
    """Enter a lot that is made from units."""
    post = asked.request.POST
    codes = [code for code in post.get("sources", "").replace(",", " ").upper().split() if code]
    sources = list(Unit.objects.filter(code__in=codes).order_by("code"))
    if unknown := sorted(set(codes) - {unit.code for unit in sources}):
        raise ValueRangeError("source of the lot", unknown[0], "the code of a unit")
    lot = lots.start_lot(post.get("code", ""), sources, _typed_row(asked, "lots"))
    return HttpResponseRedirect(f"/product/lots/{lot.pk}")


@asks("enter product", "POST")
def change_lot(asked: PageRequest, key: str) -> HttpResponse:
    """Add to or correct what is known of a lot beside its tests, with a reason."""
    lot = find_row("lots", key)
    lots.change_row(lot, _typed_row(asked, "lots"), asked.request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/product/lots/{lot.pk}")


def _typed_row(asked: PageRequest, table: str) -> dict[str, str]:
    """Read what was typed into the columns of a table, but for those that a decision or a result sets."""
    kept = {*_BY_DECISION, *release.lot_tests()} if table == "lots" else frozenset()
    post = asked.request.POST
    return {
        field.name: post[field.name].strip()
        for field in plan_of_table(table).fields
        if field.role != "key" and field.name not in kept and post.get(field.name, "").strip()
    }


@asks("enter product", "POST")
def fill(asked: PageRequest, key: str) -> HttpResponse:
    """Fill bags of a lot."""
    lot, typed = find_row("lots", key), TypedFields(asked.request.POST.dict())
    code = typed.text("source").upper()
    source = Unit.objects.filter(code=code).first()
    if source is None:
        raise ValueRangeError("source of the bags", code or "nothing", "the code of a unit")
    lots.fill_bags(lot, source, typed.needed_whole("count"), typed.content())
    return HttpResponseRedirect(f"/product/lots/{lot.pk}")


@asks("enter product", "POST")
def add_result(asked: PageRequest, key: str) -> HttpResponse:
    """Record a result of a lot; one out of limits after the release recalls it at once."""
    lot, typed = find_row("lots", key), TypedFields(asked.request.POST.dict())
    known = {
        "method": typed.text("method", 120),
        "laboratory": typed.text("laboratory", 120),
        "specimen_on": typed.day("specimen_on"),
        "result_on": typed.day("result_on"),
    }
    release.record_result(lot, typed.text("test"), typed.text("value"), known, typed.text("reason", 400))
    return HttpResponseRedirect(f"/product/lots/{lot.pk}")


@asks("decide lot", "POST")
def decide(asked: PageRequest, key: str) -> HttpResponse:
    """Decide on a lot: release, release with pending results, reject, recall."""
    lot, typed = find_row("lots", key), TypedFields(asked.request.POST.dict())
    decision, reason = typed.text("decision"), typed.text("reason", 300)
    if decision == "recall":
        recall_lot(lot, reason)
    else:
        release.decide(lot, decision, reason, typed.text("rapid_test"))
    return HttpResponseRedirect(f"/product/lots/{lot.pk}")


@asks("decide lot", "POST")
def second(asked: PageRequest, key: str) -> HttpResponse:  # noqa: ARG001 - who asks acts
    """Let the second person release a lot with pending results."""
    decision = LotDecision.objects.filter(pk=key).first()
    if decision is None:
        raise Http404
    release.second_decision(decision)
    return HttpResponseRedirect(f"/product/lots/{decision.lot_id}")


@asks("decide lot", "POST")
def recall(asked: PageRequest, key: str) -> HttpResponse:
    """Recall a donor: everything that was made of the cells is blocked."""
    donor = find_row("donors", key)
    recall_donor(donor, asked.request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/product/donors/{donor.pk}")
