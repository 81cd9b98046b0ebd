"""The act of allocation: after consent and eligibility, once for a subject, never undone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from funis.capture.conduct.allocation.arms import allocation_of, hold_seed, open_arm, seal_arm
from funis.capture.conduct.allocation.methods import Before, Stratum, choose_arm, label_of
from funis.capture.conduct.allocation.strata import known_strata, read_strata, read_strata_of
from funis.capture.conduct.consent import consent_in_force
from funis.capture.conduct.course_due import courses_of
from funis.capture.conduct.eligibility import screening_of
from funis.capture.conduct.locks import refuse_closed, scope_of
from funis.capture.context import moment, seeing
from funis.capture.models import Allocation, AllocationEvent, Subject
from funis.capture.models.allocations import WRONG_STRATUM
from funis.capture.models.screening import ELIGIBLE
from funis.capture.people.identity import others_of_same_person
from funis.capture.study_in_force import study_of, today, version_at
from funis.capture.trail.events import record_event
from funis.errors import ValueRangeError
from funis.study.allocated import allocation_plan
from funis.study.model import Study
from funis.study.planned_infusion import RELAPSE
from funis.study.randomisation import Randomisation


def plan_at(site: str) -> tuple[Study, Randomisation | None]:
    """Give the study that is in force at a site, and how it allocates; None: it does not."""
    study = study_of(version_at(site, today()))
    return study, allocation_plan(study)


def open_questions(subject: Subject) -> list[str]:
    """Name in words what keeps a subject from being allocated; nothing: it may be."""
    study, plan = plan_at(subject.site)
    if plan is None:
        return ["The trial does not allocate."]
    found = []
    if consent_in_force(subject) is None:
        found.append("No consent is in force.")
    screening = screening_of(subject)
    if screening is None or screening.outcome != ELIGIBLE:
        found.append("Eligibility is not confirmed.")
    if study.re_randomisation is not None and not _has_relapsed(study, subject):
        found.append("No relapse was found in what was entered.")
    if None in read_strata(study, subject).values():
        found.append("A stratum is not known yet.")
    return found


QUESTIONS = (
    "The trial does not allocate.",
    "No consent is in force.",
    "Eligibility is not confirmed.",
    "No relapse was found in what was entered.",
    "A stratum is not known yet.",
)
"""What may keep a subject from being allocated."""


def allocate(subject: Subject, seen: Mapping[str, str], login: str) -> Allocation:
    """Allocate a subject, within a transaction in which somebody acts.

    Parameters
    ----------
    subject : with a consent in force, eligible
    seen : values of the strata as they were shown to who confirms them
    login : of who allocates

    Raises
    ------
    ValueRangeError : the subject was allocated before, also under another number as the kept identities say,
        no consent is in force, eligibility is not confirmed, a stratum is not known or another than was seen,
        no relapse was found where subjects are allocated at relapse, or the subject is closed to entry
    """
    refuse_closed(scope_of(subject), changes_subject=True)
    seed = hold_seed()
    if allocation_of(subject) is not None:
        raise ValueRangeError("allocation", "one that stands", "a subject who was not allocated yet")
    _refuse_same_person(subject)
    study, plan = plan_at(subject.site)
    stratum = known_strata(_let_in(study, subject))
    if plan is None:
        raise ValueRangeError("study", "no [randomisation]", "a trial that allocates")
    if dict(seen) != dict(stratum):
        raise ValueRangeError(
            "strata", "others than were shown", "those that were confirmed",
            "The data were changed meanwhile: look at the strata again.",
        )  # fmt: skip
    # The list is that of the whole trial, whichever site it is asked from.
    with seeing(None):
        before = list(Allocation.objects.order_by("number"))
    arm = choose_arm(plan, seed, stratum, _those_before(plan, before))
    row = Allocation(
        subject=subject,
        site=subject.site,
        number=before[-1].number + 1 if before else 1,
        version=version_at(subject.site, today()),
        plan=hash_of(plan),
        data=dict(stratum),
        by=login,
        at=moment(),
    )
    row.sealed, row.fingerprint = seal_arm(subject, arm)
    row.save()
    return row


BEFORE: Final = {"no": "No, this person was not", "yes": "Yes, under another number"}
"""What may be stated of an earlier allocation of the same person, with the printed words."""


def state_not_before(subject: Subject, stated: str) -> None:
    """Take the statement that this person was not allocated before; it stands in the trail of the subject.

    Raises
    ------
    ValueRangeError : nothing is stated, or that the person was
    """
    if stated == "yes":
        raise ValueRangeError(
            "person", "one who was allocated under another number", "one who was not", _GO_ON_THERE
        )
    if stated != "no":
        raise ValueRangeError(
            "earlier allocation", "nothing", "whether this person was allocated before, under another number"
        )
    record_event("stated not allocated before", f"subject:{subject.pk}", {})


def _refuse_same_person(subject: Subject) -> None:
    """Refuse who was allocated under another number; the number of another site is not told."""
    for other in others_of_same_person(subject):
        with seeing(None):
            found = allocation_of(other)
        if found is not None:
            place = other.number if other.site == subject.site else "a number of another site"
            raise ValueRangeError(
                "person", f"one who was allocated as {place}", "one who was not", _GO_ON_THERE
            )


_GO_ON_THERE: Final = "That allocation stands: go on under that number, and end the screening of this one."


def _let_in(study: Study, subject: Subject) -> dict[str, str | None]:
    """Give the strata of a subject who may be allocated; asked in the same order as before an infusion."""
    if consent_in_force(subject) is None:
        raise ValueRangeError(
            "consent", "none is in force", "a consent before it", "Record the consent first."
        )
    screening = screening_of(subject)
    if screening is None or screening.outcome != ELIGIBLE:
        raise ValueRangeError(
            "eligibility",
            "not confirmed",
            "a subject who is eligible",
            "Let an investigator confirm it first.",
        )
    if study.re_randomisation is not None and not _has_relapsed(study, subject):
        raise ValueRangeError(
            "relapse", "none was found", "a subject who relapsed", "Enter the visit that finds it first."
        )
    return read_strata(study, subject)


def _has_relapsed(study: Study, subject: Subject) -> bool:
    return any(each.course.when == RELAPSE and each.said == "yes" for each in courses_of(study, subject))


def _those_before(plan: Randomisation, rows: Sequence[Allocation]) -> list[Before]:
    """Give who was allocated before: by blocks, those of the same list; by minimisation everybody.

    Blocks ask for the places of their list alone, so that no arm is opened for them.
    """
    if plan.method == "minimisation":
        return [Before(_stratum(row), open_arm(row)) for row in rows]
    return [Before(_stratum(row), "") for row in rows if row.plan == hash_of(plan)]


def _stratum(row: Allocation) -> Stratum:
    return {name: str(value) for name, value in row.data.items()}


def hash_of(plan: Randomisation) -> str:
    """Give the SHA-256 of all that decides allocations in a plan."""
    return hashlib.sha256(label_of(plan).encode()).hexdigest()


def differing_strata(subject: Subject, allocation: Allocation) -> dict[str, str]:
    """Give the strata whose value in the data is another now than the subject was allocated by.

    Returns
    -------
    dict : by name ``value then → value now``
    """
    study, plan = plan_at(subject.site)
    return {} if plan is None else _differing(allocation, read_strata(study, subject))


def subjects_with_other_strata(allocations: Sequence[Allocation]) -> set[str]:
    """Give the ids of the subjects who were allocated by strata that the data do not say now.

    Parameters
    ----------
    allocations : with their subjects
    """
    by_site: dict[str, list[Allocation]] = {}
    for each in allocations:
        by_site.setdefault(each.site, []).append(each)
    found: set[str] = set()
    for site, rows in by_site.items():
        study, plan = plan_at(site)
        if plan is not None:
            now = read_strata_of(study, [row.subject for row in rows])
            found |= {row.subject_id for row in rows if _differing(row, now[row.subject_id])}
    return found


def _differing(allocation: Allocation, now: Mapping[str, str | None]) -> dict[str, str]:
    if not allocation.plan:
        return {}
    return {
        name: f"{then} → {now[name] or '?'}"
        for name, then in allocation.data.items()
        if name in now and now[name] != then
    }


def record_wrong_stratum(subject: Subject, reason: str, login: str) -> AllocationEvent:
    """Record that a subject was allocated by a stratum that is not the true one; the allocation stands.

    Parameters
    ----------
    subject : allocated, with data that say another value now
    reason : in words how it came
    login : of who records it

    Raises
    ------
    ValueRangeError : the subject was not allocated, no stratum differs, no reason is given, or the subject is
        closed to entry
    """
    refuse_closed(scope_of(subject), changes_subject=True)
    allocation = allocation_of(subject)
    differing = differing_strata(subject, allocation) if allocation else {}
    if not differing:
        raise ValueRangeError(
            "strata", "as in the data", "one that was another at the allocation", "Correct the data first."
        )
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "how it came")
    event = AllocationEvent(
        subject=subject, site=subject.site, kind=WRONG_STRATUM, by=login, at=moment(), reason=reason.strip(),
        data=differing,
    )  # fmt: skip
    event.save()
    return event
