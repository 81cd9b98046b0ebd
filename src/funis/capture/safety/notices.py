"""Notices without clinical data: made in the transaction of what they tell, mailed afterwards, retried.

A mail says which study, what kind of thing, which site and subject number, and where to look. Who is told is
one table of kinds and roles; a role at one site hears of that site alone. A notice stands on the page of
notices of its person whether a mail goes out or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from funis.capture.context import SERVER, Acting, acting, because, moment, moment_at, server_acts
from funis.capture.models import Account, RoleHeld, SafetyNotice, Subject
from funis.capture.people.permissions import (
    BOARD,
    COORDINATOR,
    INVESTIGATOR,
    LABORATORY,
    MANAGER,
    MONITOR,
    Held,
)
from funis.capture.study_in_force import blinded_roles, started_with, today

SERIOUS, OVERDUE, CROSSED, PAUSED = "serious_event", "report_overdue", "rule_crossed", "infusions_paused"
ARM_OPENED = "arm_opened"
KINDS: Final[Mapping[str, str]] = {
    SERIOUS: "A serious event was entered",
    OVERDUE: "The report of a serious event is overdue",
    CROSSED: "A stopping rule is crossed",
    PAUSED: "A stopping rule pauses the infusions",
    ARM_OPENED: "A subject was unblinded",
}
"""Every kind of notice, with the printed words."""
_CHINESE: Final[Mapping[str, str]] = {
    SERIOUS: "录入了严重事件",
    OVERDUE: "严重事件报告逾期",
    CROSSED: "停止规则已越界",
    PAUSED: "停止规则暂停输注",
    ARM_OPENED: "有受试者被揭盲",
    "study": "研究",
    "site": "中心",
    "subject": "受试者",
    "look": "查看",
    "last": "本邮件不含临床数据。请登录查看详情。",
}
_ENGLISH: Final[Mapping[str, str]] = {
    **KINDS,
    "study": "Study",
    "site": "Site",
    "subject": "Subject",
    "look": "Look at",
    "last": "This mail holds no clinical data. Log in to see what it is about.",
}
TOLD: Final[Mapping[str, frozenset[str]]] = {
    SERIOUS: frozenset({INVESTIGATOR, MONITOR, MANAGER}),
    OVERDUE: frozenset({INVESTIGATOR, COORDINATOR, MONITOR, MANAGER}),
    CROSSED: frozenset({BOARD, MANAGER}),
    PAUSED: frozenset({INVESTIGATOR, COORDINATOR, LABORATORY, MONITOR}),
    ARM_OPENED: frozenset({INVESTIGATOR, MONITOR, MANAGER, BOARD}),
}
"""Who is told of each kind, where the role is held; what belongs to no site, wherever it is held."""
NOT_TOLD_TO_BLINDED: Final = frozenset({CROSSED, PAUSED})
"""Rules count events of the infused alone: who entered the event that crossed one would learn the arm."""
WAITING, SENT, NO_ADDRESS = "waiting", "sent", "no_address"
NOTICE_STATES: Final[Mapping[str, str]] = {
    WAITING: "The mail waits",
    SENT: "Mailed",
    NO_ADDRESS: "No address is known",
}
"""Every state of a notice, with the printed words."""
_MOST_AT_ONCE: Final = 50
_LONGEST_WAIT: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told.

    Attributes
    ----------
    kind : one of `KINDS`
    about : what it is about; each person is told of it once
    link : address of the page, within the server
    subject : of it; none where it belongs to no subject
    """

    kind: str
    about: str
    link: str
    subject: Subject | None = None


def tell(news: News) -> int:
    """Make the notices of something, within the transaction in which it happens.

    Parameters
    ----------
    news : what is told

    Returns
    -------
    int : how many persons are told now, and were not before
    """
    site = news.subject.site if news.subject else ""
    with server_acts("notice"):
        people = _people_to_tell(news.kind, site)
        known = set(
            SafetyNotice.objects.filter(kind=news.kind, about=news.about).values_list("person_id", flat=True)
        )
        new = [each for each in people if each.pk not in known]
        for person in new:
            SafetyNotice(
                person=person, kind=news.kind, about=news.about, subject=news.subject, site=site,
                link=news.link, created_at=moment(), state=WAITING if person.email else NO_ADDRESS,
            ).save()  # fmt: skip
    return len(new)


def _people_to_tell(kind: str, site: str) -> list[Account]:
    """Give the persons with an open account who hold a role today that is told, at the site or at all."""
    held = RoleHeld.objects.filter(role__in=TOLD[kind], person__is_active=True).select_related("person")
    if site:
        held = held.filter(site__in=("", site))
    hidden = _blinded_people() if kind in NOT_TOLD_TO_BLINDED else frozenset()
    found = {
        each.person_id: each.person
        for each in held
        if each.is_confirmed
        and Held(each.role, each.site, each.since, each.until).is_in_force(today())
        and each.person_id not in hidden
    }
    return sorted(found.values(), key=lambda each: each.login)


def _blinded_people() -> frozenset[str]:
    """Give the ids of those who hold or held a blinded role, wherever that was."""
    begun = RoleHeld.objects.filter(role__in=blinded_roles(), since__lte=today())
    return frozenset(begun.values_list("person_id", flat=True))


def send_waiting() -> tuple[int, int]:
    """Mail the notices that wait; no transaction is open while a mail goes out.

    A notice is taken before it is mailed, with the time of its next try: where the server dies in between it
    is mailed again, never lost.

    Returns
    -------
    int, int : mailed, and failed
    """
    sent, failed = 0, 0
    for notice in _take():
        error = _mail(notice)
        with acting(Acting(SERVER, "notice mailed" if not error else "notice not mailed", sites=None)):
            held = SafetyNotice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
            held.error = error
            if error:
                failed += 1
            else:
                sent += 1
                held.state, held.sent_at, held.next_at = SENT, moment(), ""
            held.save()
    return sent, failed


def _take() -> list[SafetyNotice]:
    """Take the notices that are due, each with its next try: after 5 minutes, twice as long each time."""
    now = moment()
    with acting(Acting(SERVER, "notice taken", sites=None)):
        due = SafetyNotice.objects.filter(state=WAITING, next_at__lte=now)
        taken = list(
            due.select_for_update(of=("self",))
            .select_related("person", "subject")
            .order_by("pk")[:_MOST_AT_ONCE]
        )
        for notice in taken:
            wait = min(timedelta(minutes=5) * 2 ** min(notice.tries, 20), _LONGEST_WAIT)
            notice.tries += 1
            notice.next_at = (moment_at(now) + wait).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            notice.save()
    return taken


def _mail(notice: SafetyNotice) -> str:
    """Mail a notice; give the kind of the failure, empty where it went out. No address is repeated."""
    try:
        mail = EmailMessage(*words_of(notice), settings.DEFAULT_FROM_EMAIL, [notice.person.email])
        mail.send(fail_silently=False)
    except Exception as error:  # noqa: BLE001 - whatever a mail server does, the notice waits for its next try
        return type(error).__name__[:60]
    return ""


def words_of(notice: SafetyNotice) -> tuple[str, str]:
    """Give the subject line and the text of the mail of a notice, in the language of who is told.

    Who has not chosen a language is told in both.

    Parameters
    ----------
    notice : with its person and subject
    """
    study = started_with().trial.id
    both = {"en": (_ENGLISH,), "zh-hans": (_CHINESE,)}.get(notice.person.language, (_ENGLISH, _CHINESE))
    text = "\n".join(_text_in(said, notice, study) for said in both)
    return f"{study}: {' / '.join(said[notice.kind] for said in both)}", text


def _text_in(said: Mapping[str, str], notice: SafetyNotice, study: str) -> str:
    where = [f"{said['site']}: {notice.site}"] if notice.site else []
    where += [f"{said['subject']}: {notice.subject.number}"] if notice.subject else []
    lines = [
        f"{said[notice.kind]}{'。' if said is _CHINESE else '.'}",
        "",
        f"{said['study']}: {study}",
        *where,
        f"{said['look']}: {settings.PUBLIC_ADDRESS}{notice.link}",
        "",
        said["last"],
    ]
    return "\n".join(lines) + "\n"


def set_address(person: Account, address: str, reason: str) -> Account:
    """Set the mail address of a person, empty for none; notices made from now on are mailed to it.

    Parameters
    ----------
    person : who is told
    address : checked by who asks for it
    reason : why it is another now
    """
    with because(reason):
        person.email = address
        person.save()
        if not address:
            for notice in SafetyNotice.objects.select_for_update().filter(person=person, state=WAITING):
                notice.state, notice.next_at = NO_ADDRESS, ""
                notice.save()
    return person
