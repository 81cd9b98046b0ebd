"""Eligibility: answered by criterion, decided by an investigator; no waiver, no failure without a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet

from funis.capture.conduct.consent import consent_in_force
from funis.capture.conduct.criteria import ANSWERS, PROBLEMS, AnsweredCriterion, answered_criteria
from funis.capture.conduct.locks import refuse_closed, scope_of
from funis.capture.conduct.participation import status_before_end
from funis.capture.conduct.screening import begin_screening
from funis.capture.context import because
from funis.capture.models import Allocation, Form, Screening, Subject
from funis.capture.models.screening import ELIGIBLE, SCREEN_FAILURE
from funis.capture.study_in_force import study_of, today, version_at
from funis.errors import ValueRangeError

NOT_ELIGIBLE: Final = "not_eligible"
OUTCOMES: Final = {"": "Not decided yet", ELIGIBLE: "Eligible", NOT_ELIGIBLE: "Screen failure"}
"""How a screening ended, with the printed words."""

FAILURES: Final = {
    "criterion": "A criterion was not met",
    "declined": "The subject declined",
    "lost": "The subject did not come again",
    "died": "The subject died",
    "closed": "No place was left in the trial",
    "other": "Another reason",
}
"""Why a screening failed, with the printed words."""
FIRST_ANSWER: Final = "criteria answered"


def screening_of(subject: Subject) -> Screening | None:
    """Give the last screening of a subject, None where none was begun."""
    return Screening.objects.filter(subject=subject).order_by("number").last()


def criteria_of(subject: Subject, *, is_blinded: bool = False) -> list[AnsweredCriterion]:
    """Give the criteria of the study that is in force at the subject's site, as they stand for him.

    Parameters
    ----------
    subject : the subject
    is_blinded : as if nobody was infused
    """
    study = study_of(version_at(subject.site, today()))
    return answered_criteria(study, subject, screening_of(subject), is_blinded=is_blinded)


def answer_criteria(subject: Subject, given: Mapping[str, str], reason: str) -> Screening:
    """Record answers to criteria, within a transaction in which somebody acts.

    Parameters
    ----------
    subject : the subject
    given : by the id of a criterion one of `ANSWERS`, by ``<id>_seen_in`` where it was seen; empty: none
    reason : why an answer is another now; first answers need none

    Raises
    ------
    ValueRangeError : the screening is decided, no such criterion or answer, or a change without a reason
    """
    version = version_at(subject.site, today())
    ids = {each.id for each in study_of(version).eligibility.criteria}
    for name, value in given.items():
        if name in ids and value and value not in ANSWERS:
            raise ValueRangeError(f"answer to {name}", value, ", ".join(ANSWERS))
        if name not in ids and name.removesuffix("_seen_in") not in ids:
            raise ValueRangeError("criterion", name, ", ".join(sorted(ids)))
    screening = _open_screening(subject)
    answers = {**screening.data, **{name: value.strip() for name, value in given.items()}}
    answers = {name: value for name, value in answers.items() if value}
    if answers == screening.data:
        return screening
    is_change = any(answers.get(name) != value for name, value in screening.data.items())
    if is_change and not reason.strip():
        raise ValueRangeError("reason", "nothing", "why an answer is another now")
    with because(reason.strip() or FIRST_ANSWER):
        screening.data, screening.version = answers, version
        screening.save()
    return screening


def _open_screening(subject: Subject) -> Screening:
    """Give the screening that is going on; of a subject that was loaded it begins now."""
    refuse_closed(scope_of(subject), changes_subject=True)
    found = Screening.objects.select_for_update().filter(subject=subject).order_by("number").last()
    if found is not None and found.outcome:
        raise ValueRangeError(
            "screening", OUTCOMES[found.outcome].lower(), "one that is not decided",
            "An investigator can take the decision back, or the subject is screened again.",
        )  # fmt: skip
    return found or begin_screening(subject)


def confirm_eligibility(subject: Subject, investigator: str) -> Screening:
    """Confirm that a subject meets every criterion, within a transaction in which the investigator acts.

    Raises
    ------
    ValueRangeError : no consent is in force, or a criterion is not met, not answered, or against its rule
    """
    screening = _open_screening(subject)
    if consent_in_force(subject) is None:
        raise ValueRangeError(
            "consent", "none is in force", "a consent before it", "Record the consent first."
        )
    answered = criteria_of(subject)
    open_ones = [f"{each.criterion.id}: {PROBLEMS[each.problem]}" for each in answered if each.problem]
    if open_ones:
        raise ValueRangeError(
            "criteria", f"{len(open_ones)} open", "every criterion answered and met", " ".join(open_ones)
        )
    with because("eligibility confirmed"):
        _decide(screening, ELIGIBLE, investigator, answered)
        subject.status = ELIGIBLE
        subject.save()
    return screening


@dataclass(frozen=True, slots=True)
class ScreenFailure:
    """Why a screening failed: one of `FAILURES`, and what else is said of it."""

    reason: str
    words: str = ""


def fail_screening(subject: Subject, failure: ScreenFailure, investigator: str) -> Screening:
    """Record that a subject cannot take part, within a transaction in which the investigator acts.

    Raises
    ------
    ValueRangeError : no such reason, no criterion is answered against, or another reason without words
    """
    if failure.reason not in FAILURES:
        raise ValueRangeError("reason", failure.reason, ", ".join(FAILURES))
    if failure.reason == "other" and not failure.words.strip():
        raise ValueRangeError("reason", "nothing", "which other reason it was, in words")
    screening = _open_screening(subject)
    answered = criteria_of(subject)
    if failure.reason == "criterion" and not any(each.problem == "against" for each in answered):
        raise ValueRangeError(
            "criteria", "none is answered against", "the criterion that was not met",
            "Answer the criterion first.",
        )  # fmt: skip
    with because(FAILURES[failure.reason]):
        screening.reason, screening.words = failure.reason, failure.words.strip()
        _decide(screening, NOT_ELIGIBLE, investigator, answered)
        subject.status = SCREEN_FAILURE
        subject.save()
    return screening


def _decide(
    screening: Screening, outcome: str, investigator: str, answered: Sequence[AnsweredCriterion]
) -> None:
    by_rule = {
        f"{each.criterion.id}_by_rule": "unknown" if each.by_rule is None else "yes" if each.by_rule else "no"
        for each in answered
        if each.criterion.rule
    }
    screening.data = {**screening.data, **by_rule}
    screening.outcome, screening.decided_by, screening.decided_on = outcome, investigator, today()
    screening.save()


def take_decision_back(subject: Subject, reason: str) -> Screening:
    """Open a screening that was decided, so that answers can be corrected.

    Raises
    ------
    ValueRangeError : nothing is decided, no reason is given, the subject was allocated, an infusion was
        given, or the subject is closed to entry
    """
    refuse_closed(scope_of(subject), changes_subject=True)
    screening = Screening.objects.select_for_update().filter(subject=subject).order_by("number").last()
    if screening is None or not screening.outcome:
        raise ValueRangeError("screening", "not decided", "one that is decided")
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the decision is taken back")
    if Allocation.objects.filter(subject=subject).exists():
        raise ValueRangeError("subject", "one who was allocated", "one before the allocation")
    if Form.objects.filter(subject=subject, name="infusions").exists():
        raise ValueRangeError("subject", "one who was given an infusion", "one before the first infusion")
    with because(reason.strip()):
        screening.data = {n: v for n, v in screening.data.items() if not n.endswith("_by_rule")}
        screening.outcome = screening.reason = screening.words = screening.decided_by = ""
        screening.decided_on = None
        screening.save()
        _reopen(subject)
    return screening


def screen_again(subject: Subject) -> Screening:
    """Begin a further screening of somebody who failed; the failed one stays.

    Raises
    ------
    ValueRangeError : the last screening did not fail, or the subject is closed to entry
    """
    refuse_closed(scope_of(subject), changes_subject=True)
    last = screening_of(subject)
    if last is None or last.outcome != NOT_ELIGIBLE:
        raise ValueRangeError("screening", "not failed", "one that failed")
    with because("screened again"):
        screening = begin_screening(subject)
        _reopen(subject)
    return screening


def _reopen(subject: Subject) -> None:
    subject.status = status_before_end(subject)
    subject.save()


@dataclass(frozen=True, slots=True)
class Screened:
    """One line of the screening log.

    Attributes
    ----------
    screening : with its subject
    against : ids of the criteria that were answered against
    """

    screening: Screening
    against: tuple[str, ...]


def read_log(sites: tuple[str, ...] | None, most: int, start: int = 0) -> list[Screened]:
    """Give screenings at some sites, the newest first.

    Parameters
    ----------
    sites : codes; None: all
    most : screenings at most
    start : how many newer ones are left out
    """
    rows = _screenings_at(sites).select_related("subject", "version").order_by("-screened_on", "-pk")
    # What a version says is read once, and not with each row.
    rows = rows.defer("version__text", "version__plan")
    return [Screened(each, _against(each)) for each in rows[start : start + most]]


def _screenings_at(sites: tuple[str, ...] | None) -> QuerySet[Screening]:
    found = Screening.objects.all()
    return found if sites is None else found.filter(site__in=sites)


def _against(screening: Screening) -> tuple[str, ...]:
    rules = study_of(screening.version).eligibility
    barred = [each.id for each in rules.inclusion if screening.data.get(each.id) == "no"]
    barred += [each.id for each in rules.exclusion if screening.data.get(each.id) == "yes"]
    return tuple(barred)


def count_log(sites: tuple[str, ...] | None) -> tuple[Counter[str], Counter[str]]:
    """Count all screenings at some sites by outcome, and the failed ones by reason.

    Parameters
    ----------
    sites : codes; None: all
    """
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    counted = _screenings_at(sites).order_by().values_list("outcome", "reason").annotate(Count("pk"))
    for outcome, reason, count in counted:
        outcomes[outcome] += count
        if reason:
            reasons[reason] += count
    return outcomes, reasons
