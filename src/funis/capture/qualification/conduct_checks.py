"""Checks of people, pages and the order of steps: each does it and says what it found."""

from __future__ import annotations

import os
import re
import stat
from datetime import timedelta
from typing import Final

from django.conf import settings

from funis.capture.conduct import locks
from funis.capture.conduct.consent import Given, consents_of, record_consent, withdraw_consent
from funis.capture.conduct.screening import screen_subject
from funis.capture.conduct.visits import UNSCHEDULED, record_visit
from funis.capture.configuration import factors_file, secret_file
from funis.capture.identifiers import new_id
from funis.capture.pages.addresses import PAGES
from funis.capture.people.access import OPEN
from funis.capture.people.accounts import MOST_FAILURES, AccountBackend, add_person, end_role
from funis.capture.people.permissions import (
    ACTIONS,
    AUDITOR,
    BOARD,
    INVESTIGATOR,
    MANAGER,
    MONITOR,
    ROLES,
    STATISTICIAN,
)
from funis.capture.qualification.scratch import (
    PASSWORD,
    CheckNotRunError,
    ScratchTrial,
    act,
    browser_of,
    enter,
    expect,
    expect_refusal,
    person_with,
)
from funis.capture.study_in_force import newest_version, put_in_force, started_with, today
from funis.capture.trail.history import read_history
from funis.capture.trail.rows import read_rows

_CLINICAL: Final = (
    "screen subject", "record consent", "confirm eligibility", "record visit", "enter data", "sign data",
    "check at bedside", "answer query",
)  # fmt: skip
_SPONSOR: Final = frozenset({MONITOR, MANAGER, STATISTICIAN, BOARD, AUDITOR})


def accounts_and_refused_logins_are_logged(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Make an account with a role, and knock at the door under a name that nobody has."""
    person = person_with(MONITOR, started_with().site_ids[0])
    made = [each.table for each in act(lambda: list(read_history(f"person:{person.pk}")))]
    expect({"capture_account", "capture_roleheld"} <= set(made), f"the trail tells {made}")
    AccountBackend().authenticate(None, f"nobody-{new_id()}", PASSWORD)
    last = act(lambda: list(read_rows("system")))[-1].said["kind"]
    expect(last == "login refused", f"the last event is {last}")
    return "account, role and refused login stand in the trail"


def wrong_passwords_lock(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Give wrong passwords until the account is locked; the right one opens it no more."""
    person = person_with(MONITOR, started_with().site_ids[0])
    for _ in range(MOST_FAILURES):
        AccountBackend().authenticate(None, person.login, "wrong")
    person.refresh_from_db()
    expect(person.locked, "the account is open")
    expect(AccountBackend().authenticate(None, person.login, PASSWORD) is None, "the password opens it")
    return f"locked after {MOST_FAILURES} wrong passwords"


def logins_are_used_once(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Make a second account of a name."""
    person = person_with(MONITOR, started_with().site_ids[0])
    expect_refusal(lambda: add_person(person.login, "Another", PASSWORD), "a second account of one name")
    return "refused"


def ended_role_opens_nothing(trial: ScratchTrial) -> str:
    """End a role and ask for the subject again in the open session."""
    person = person_with(INVESTIGATOR, trial.subject.site)
    browser, address = browser_of(person), f"/subjects/{trial.subject.pk}"
    before = browser.get(address).status_code
    act(lambda: end_role(person.memberships.get(), today() - timedelta(days=1), "qualification"))
    after = browser.get(address).status_code
    expect((before, after) == (200, 404), f"{before} before, {after} after")
    return "200 before, 404 after"


def other_sites_are_not_there(trial: ScratchTrial) -> str:
    """Ask for a subject's pages by every role held at another site."""
    others = [site for site in started_with().site_ids if site != trial.subject.site]
    if not others:
        raise CheckNotRunError("the study has one site")
    key, form = trial.subject.pk, trial.form.pk
    addresses = (
        f"/subjects/{key}", f"/subjects/{key}/trail", f"/subjects/{key}/case-book", f"/forms/{form}",
        f"/forms/{form}/trail",
    )  # fmt: skip
    seen = [
        f"{role} {address}"
        for role in ROLES
        for browser in [browser_of(person_with(role, others[0]))]
        for address in addresses
        if browser.get(address).status_code != 404
    ]
    expect(not seen, f"seen: {', '.join(seen)}")
    return f"{len(ROLES)} roles x {len(addresses)} pages: 404"


def nobody_passes_the_door(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Ask for every page without a login."""
    addresses = [str(page.pattern) for page in PAGES if getattr(page.callback, "action", OPEN) != OPEN]
    asked = ["/" + re.sub(r"<[^>]+>", new_id(), each) for each in addresses]
    given = [each for each in asked if browser_of(None).get(each).status_code == 200]
    expect(not given, f"shown: {', '.join(given)}")
    return f"{len(asked)} pages: none shown"


def every_page_names_its_action(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Read the action of every page from the one table."""
    named = [getattr(page.callback, "action", "") for page in PAGES]
    expect(all(each in {*ACTIONS, OPEN} for each in named), "a page names no action")
    return f"{len(named)} pages, {len(ACTIONS)} actions"


def sessions_end(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Read how long a session lasts in which nothing is done."""
    seconds = settings.SESSION_COOKIE_AGE
    expect(0 < seconds <= 1800, f"{seconds} s")
    return f"after {seconds} s, kept in the database"


def secrets_are_of_their_owner(trial: ScratchTrial) -> str:
    """Look who may read the files of keys."""
    if os.name != "posix":
        raise CheckNotRunError("rights of files are not those of POSIX here")
    files = [secret_file(trial.configuration.folder), factors_file(trial.configuration.folder)]
    open_ones = [each.name for each in files if stat.S_IMODE(each.stat().st_mode) & 0o077]
    expect(not open_ones, f"others may read {', '.join(open_ones)}")
    return f"{len(files)} files of their owner alone"


def pages_answer(trial: ScratchTrial) -> str:
    """Open the trail of the subject and of the form as an auditor."""
    browser = browser_of(person_with(AUDITOR, trial.subject.site))
    addresses = (f"/subjects/{trial.subject.pk}/trail", f"/forms/{trial.form.pk}/trail")
    found = [browser.get(each).status_code for each in addresses]
    expect(found == [200, 200], f"answers {found}")
    return "the trail of a subject and of a form is shown"


def pages_call_nobody(trial: ScratchTrial) -> str:
    """Look in pages for addresses of other machines, and at the policy that forbids them."""
    browser = browser_of(person_with(INVESTIGATOR, trial.subject.site))
    addresses = ("/subjects", f"/subjects/{trial.subject.pk}", f"/forms/{trial.form.pk}")
    answers = [browser.get(each) for each in addresses]
    outside = [
        word
        for each in answers
        for word in re.findall(r'(?:src|href)="(?:https?:)?//[^"]+', each.content.decode())
    ]
    expect(not outside, f"found {outside[:3]}")
    policies = {each.headers.get("Content-Security-Policy", "") for each in answers}
    expect(all("default-src 'self'" in each for each in policies), "no policy")
    return f"{len(answers)} pages, no address of another machine"


def sponsor_writes_nothing_clinical(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Read the table of roles and actions."""
    both = [f"{role}: {action}" for action in _CLINICAL for role in sorted(ACTIONS[action] & _SPONSOR)]
    expect(not both, "; ".join(both))
    return f"{len(_SPONSOR)} roles x {len(_CLINICAL)} actions: none"


def locked_data_take_no_entry(trial: ScratchTrial) -> str:
    """Lock the subject, enter a value, open the subject again."""
    scope = locks.scope_of(trial.subject)
    act(lambda: locks.set_state(scope, locks.LOCKED, "qualification"))
    try:
        expect_refusal(lambda: enter(trial, None, trial.values[0]), "an entry into a locked subject")
    finally:
        act(lambda: locks.set_state(scope, locks.OPEN, "qualification"))
    return "refused"


def investigator_reads_what_is_locked(trial: ScratchTrial) -> str:
    """Lock the subject and open its pages as the investigator of the site."""
    scope, browser = locks.scope_of(trial.subject), browser_of(person_with(INVESTIGATOR, trial.subject.site))
    act(lambda: locks.set_state(scope, locks.LOCKED, "qualification"))
    addresses = (
        f"/subjects/{trial.subject.pk}",
        f"/forms/{trial.form.pk}",
        f"/subjects/{trial.subject.pk}/case-book",
    )
    found = [browser.get(each).status_code for each in addresses]
    act(lambda: locks.set_state(scope, locks.OPEN, "qualification"))
    expect(found == [200] * len(addresses), f"answers {found}")
    return f"{len(addresses)} pages shown while locked"


def database_lock_needs_two_people(trial: ScratchTrial) -> str:  # noqa: ARG001
    """Ask for the lock of the database, and confirm it as the same person."""
    act(lambda: locks.ask_for_database(locks.LOCKED, "qualification"))
    try:
        expect_refusal(lambda: locks.confirm_for_database("qualification"), "the same person")
    finally:
        act(lambda: locks.take_back_for_database("qualification"))
    return "the same person is refused"


def no_version_before_its_approval(trial: ScratchTrial) -> str:
    """Put a version in force before its approval."""
    day = today()
    before = day - timedelta(days=1)
    expect_refusal(
        lambda: put_in_force(newest_version(), trial.subject.site, day, before), "a version without approval"
    )
    return "refused"


def no_visit_without_consent(trial: ScratchTrial) -> str:
    """Record a visit of a subject without a consent."""
    subject = act(lambda: screen_subject(trial.subject.site))
    expect_refusal(lambda: record_visit(subject, UNSCHEDULED, today()), "a visit without consent")
    return "refused"


def no_visit_after_withdrawal(trial: ScratchTrial) -> str:
    """Withdraw a consent and record a visit."""
    subject = act(lambda: screen_subject(trial.subject.site))
    act(lambda: record_consent(subject, Given("1", today()), "qualification"))
    act(lambda: withdraw_consent(consents_of(subject)[0], today(), "qualification"))
    expect_refusal(lambda: record_visit(subject, UNSCHEDULED, today()), "a visit after the withdrawal")
    return "refused; the withdrawn consent stays"


def impossible_value_is_refused(trial: ScratchTrial) -> str:
    """Enter a value that cannot be chosen."""
    answer = enter(trial, None, "no value of this field")
    expect(answer["refused"] and trial.field.name not in trial.form.data, "the value was taken")
    return f"{trial.field.name}: refused, nothing stored"


def blank_forms_are_made(trial: ScratchTrial) -> str:
    """Open the blank forms."""
    answer = browser_of(person_with(INVESTIGATOR, trial.subject.site)).get("/blank-forms")
    expect(answer.status_code == 200, f"answer {answer.status_code}")
    return "blank forms of every planned visit"


CONDUCT_CHECKS = (
    accounts_and_refused_logins_are_logged, wrong_passwords_lock, logins_are_used_once,
    ended_role_opens_nothing, other_sites_are_not_there, nobody_passes_the_door, every_page_names_its_action,
    sessions_end, secrets_are_of_their_owner, pages_answer, pages_call_nobody,
    sponsor_writes_nothing_clinical, locked_data_take_no_entry, investigator_reads_what_is_locked,
    database_lock_needs_two_people, no_version_before_its_approval, no_visit_without_consent,
    no_visit_after_withdrawal, impossible_value_is_refused, blank_forms_are_made,
)  # fmt: skip
