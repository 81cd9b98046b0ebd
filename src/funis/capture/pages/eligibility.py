"""Pages of screening: the log of who was screened, and the criteria of one subject."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse, HttpResponseRedirect

from funis.capture.conduct import criteria, eligibility
from funis.capture.conduct.consent import consent_in_force
from funis.capture.forms.plan_parts import Language
from funis.capture.models import Allocation, Form, Subject
from funis.capture.models.screening import ELIGIBLE
from funis.capture.pages.rule_words import column_words
from funis.capture.pages.subjects import LONGEST_PAGE, find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import plan_of, started_with, today, version_at


@asks("see subjects")
def show_log(asked: PageRequest) -> HttpResponse:
    """Show the screening log: who was screened, when, how it ended, and why not."""
    wanted = asked.request.GET.get("site", "")
    sites = [site for site in started_with().sites if asked.allows(site.id)]
    chosen = (wanted,) if wanted and asked.allows(wanted) else asked.sites
    given = asked.request.GET.get("start", "")
    start = int(given) if given.isascii() and given.isdecimal() and len(given) < 8 else 0
    log = eligibility.read_log(chosen, LONGEST_PAGE + 1, start)
    outcomes, reasons = eligibility.count_log(chosen)
    return draw(
        asked,
        "screening.html",
        log=log[:LONGEST_PAGE],
        more=start + LONGEST_PAGE if len(log) > LONGEST_PAGE else 0,
        screenings=outcomes.total(),
        sites=sites,
        wanted=wanted,
        outcomes=[(words, outcomes[name]) for name, words in eligibility.OUTCOMES.items()],
        reasons=[(words, reasons[name]) for name, words in eligibility.FAILURES.items() if reasons[name]],
        OUTCOMES=eligibility.OUTCOMES,
        FAILURES=eligibility.FAILURES,
    )


@asks("see subjects")
def show_criteria(asked: PageRequest, key: str) -> HttpResponse:
    """Show the criteria of a subject with answers, what the rules say, and what is still open."""
    subject = find_subject(asked, key)
    screening = eligibility.screening_of(subject)
    is_decided = screening is not None and bool(screening.outcome)
    is_blinded = asked.rights.is_blinded
    stays = Allocation.objects.filter(subject=subject).exists()
    # Who may not know whether somebody was infused is told by the allocation alone that a decision stays.
    stays = stays or (not is_blinded and Form.objects.filter(subject=subject, name="infusions").exists())
    return draw(
        asked,
        "eligibility.html",
        subject=subject,
        screening=screening,
        is_decided=is_decided,
        criteria=eligibility.criteria_of(subject, is_blinded=is_blinded),
        has_consent=consent_in_force(subject) is not None,
        may_answer=not is_decided and asked.rights.may("enter data", subject.site),
        may_decide=not is_decided and asked.rights.may("confirm eligibility", subject.site),
        may_take_back=is_decided and not stays and asked.rights.may("confirm eligibility", subject.site),
        may_screen=asked.rights.may("screen subject", subject.site),
        words_of=partial(_words_of, subject, language_of(asked)),
        ANSWERS=criteria.ANSWERS,
        PROBLEMS=criteria.PROBLEMS,
        OUTCOMES=eligibility.OUTCOMES,
        FAILURES=eligibility.FAILURES,
    )


def _words_of(subject: Subject, language: Language, name: str) -> str:
    """Give a column that a criterion reads by the words of the forms of the version in force."""
    return column_words(plan_of(version_at(subject.site, today())), name, language)


@asks("enter data", "POST")
def answer(asked: PageRequest, key: str) -> HttpResponse:
    """Record answers to criteria."""
    subject, given = find_subject(asked, key), asked.request.POST
    answers = {name: str(value) for name, value in given.items() if name not in _NOT_ANSWERS}
    eligibility.answer_criteria(subject, answers, given.get("reason", ""))
    return _back(key)


_NOT_ANSWERS = frozenset({"csrfmiddlewaretoken", "reason"})


@asks("confirm eligibility", "POST")
def decide(asked: PageRequest, key: str) -> HttpResponse:
    """Confirm that a subject is eligible, or record that the screening failed."""
    subject, given = find_subject(asked, key), asked.request.POST
    if given.get("outcome") == ELIGIBLE:
        eligibility.confirm_eligibility(subject, asked.login)
    else:
        failure = eligibility.ScreenFailure(given.get("failure", ""), given.get("words", ""))
        eligibility.fail_screening(subject, failure, asked.login)
    return _back(key)


@asks("confirm eligibility", "POST")
def take_back(asked: PageRequest, key: str) -> HttpResponse:
    """Take a decision back, with a reason."""
    eligibility.take_decision_back(find_subject(asked, key), asked.request.POST.get("reason", ""))
    return _back(key)


@asks("screen subject", "POST")
def screen_again(asked: PageRequest, key: str) -> HttpResponse:
    """Screen somebody again who failed before."""
    eligibility.screen_again(find_subject(asked, key))
    return _back(key)


def _back(key: str) -> HttpResponse:
    return HttpResponseRedirect(f"/subjects/{key}/eligibility")
