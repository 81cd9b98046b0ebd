"""What the list of serious events shows of many subjects: read from their summaries, or from every row anew.

Both give the same, and a test holds them together: `overview.summaries` makes the summaries of what stands
here, of some subjects at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from django.db.models import Q, QuerySet

from funis.capture.models import Form, Subject, SubjectSummary, SubjectVisit, UnaskedVisit
from funis.capture.models.screening import SCREEN_FAILURE
from funis.capture.safety.clock import EVENTS, is_serious, without_clock
from funis.capture.safety.counting import NOT_ASKED, QUESTION, answer_of, batched
from funis.capture.study_in_force import newest_version, plan_of


def find_unasked(subjects: Collection[str]) -> Iterator[UnaskedVisit]:
    """Give the visits of subjects that took place and at which nobody answered the question on safety.

    Parameters
    ----------
    subjects : ids
    """
    forms = {
        each.visit_id: each.data
        for each in Form.objects.filter(subject__in=subjects, name=QUESTION, visit__isnull=False)
    }
    visits = SubjectVisit.objects.filter(subject__in=subjects).exclude(subject__status=SCREEN_FAILURE)
    for visit in visits.select_related("subject"):
        if visit.data.get("attended") != 0 and answer_of(forms.get(visit.pk, {})) == NOT_ASKED:
            yield UnaskedVisit(
                subject=visit.subject, site=visit.site, number=visit.subject.number, visit=visit,
                name=visit.name, day=visit.date, has_form=visit.pk in forms,
            )  # fmt: skip


def count_unclocked(subjects: Collection[str]) -> Counter[str]:
    """Count the serious events of subjects that have no clock, by subject."""
    found = Form.objects.filter(subject__in=subjects, name=EVENTS, clocks__isnull=True)
    return Counter(each.subject_id for each in found if is_serious(each.data))


def unasked_visits(
    sites: Collection[str] | None, most: int, *, is_counted: bool = True
) -> list[UnaskedVisit]:
    """Give visits at which the question was to be asked and was not, by subject and date.

    Parameters
    ----------
    sites : codes; none: all
    most : visits at most
    is_counted : the summaries are of now; otherwise every visit is read
    """
    planned = _planned()
    if is_counted:
        found = _of(UnaskedVisit.objects.order_by("number", "day", "name"), sites)
        # Each by an index of its own: most visits without a form are none at which anybody was to ask.
        counted = [
            *found.filter(has_form=True)[:most],
            *found.filter(has_form=False, name__in=planned)[:most],
        ]
        return sorted(counted, key=_in_order)[:most]
    subjects = _of(Subject.objects.exclude(status=SCREEN_FAILURE), sites)
    unasked = list[UnaskedVisit]()
    # By some subjects at a time, in the order of the list: what is not shown is not read.
    for keys in batched(subjects.order_by("number").values_list("pk", flat=True)):
        own = [each for each in find_unasked(keys) if each.name in planned or each.has_form]
        unasked += sorted(own, key=_in_order)
        if len(unasked) >= most:
            break
    return unasked[:most]


def unclocked_events(sites: Collection[str] | None, most: int, *, is_counted: bool = True) -> list[Form]:
    """Give serious events that have no clock; see `safety.clock.without_clock`.

    Parameters
    ----------
    sites, most : of the list
    is_counted : the summaries are of now; otherwise every event is read
    """
    counted = SubjectSummary.objects.filter(unclocked__gt=0)
    only = Q(subject__in=_of(counted, sites).values("pk")) if is_counted else None
    return without_clock(sites, most, only)


def _of(found: QuerySet, sites: Collection[str] | None) -> QuerySet:  # type: ignore[type-arg]
    return found if sites is None else found.filter(site__in=sites)


def _in_order(visit: UnaskedVisit) -> tuple[str, str, str]:
    return visit.number, visit.day, visit.name


def _planned() -> set[str]:
    """Name the visits at which the newest version of the study asks the question."""
    return {each.name for each in plan_of(newest_version()).visits if QUESTION in each.forms}
