"""A blinded trial of two arms on a server of its own: `test_allocation.py` runs this on SQLite, and on PostgreSQL."""

import io
import subprocess
import sys
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from tests.server.infusion_parts import form_of, thawed_bag
from tests.server.people import PASSWORD, browser_of, person_with
from tests.server.product_parts import acts
from tests.server.test_eligibility import fill

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError

NAMES = ("Cells of the umbilical cord", "Placebo")


def screened(site: str = "01", nephritis: int | None = 0) -> Any:
    """Screen a subject with a consent; the decision on eligibility is written as its page writes it."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.eligibility import screening_of
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import because
    from funis.capture.models.screening import ELIGIBLE
    from funis.capture.study_in_force import today

    with acts("coordinator"):
        made = screen_subject(site)
        record_consent(made, Given("2.0", today()), "coordinator")
        screening = screening_of(made)
        assert screening is not None
        with because("eligibility confirmed"):
            screening.outcome, screening.decided_by, screening.decided_on = ELIGIBLE, "investigator", today()
            screening.save()
    if nephritis is not None:
        fill(made, "subjects", {"nephritis": nephritis})
    return made


def one_in_each_arm(site: str, nephritis: int) -> dict[str, Any]:
    """Allocate subjects of a stratum until there is one in each arm: three at most, by blocks of two."""
    found: dict[str, Any] = {}
    for _ in range(3):
        subject = screened(site, nephritis)
        found.setdefault(allocated(subject), subject)
        if len(found) == 2:
            break
    return found


def stratum_of(subject: Any) -> dict[str, str]:
    from funis.capture.conduct.allocation.act import plan_at
    from funis.capture.conduct.allocation.strata import known_strata, read_strata

    return dict(known_strata(read_strata(plan_at(subject.site)[0], subject)))


def allocated(subject: Any) -> str:
    """Allocate a subject, and open the arm as only the server can."""
    from funis.capture.conduct.allocation.act import allocate
    from funis.capture.conduct.allocation.arms import open_arm

    with acts("coordinator-01"):
        return open_arm(allocate(subject, stratum_of(subject), "coordinator-01"))


def arm_of(subject: Any) -> str:
    from funis.capture.conduct.allocation.arms import allocation_of, open_arm

    with acts():
        found = allocation_of(subject)
        assert found is not None
        return open_arm(found)


def page(role: str, address: str, site: str = "01") -> str:
    return str(browser_of(person_with(role, site)).get(address).content.decode())


def test_the_page_shows_the_strata_and_allocates_by_them(server: Configuration) -> None:
    subject = screened()
    browser, address = browser_of(person_with("coordinator", "01")), f"/subjects/{subject.pk}"
    shown = browser.get(f"{address}/allocation").content.decode()
    assert 'name="stratum_site" value="01"' in shown
    assert 'name="stratum_nephritis" value="no"' in shown
    wrong = browser.post(f"{address}/allocate", {"stratum_site": "01", "stratum_nephritis": "yes"})
    assert wrong.status_code == 422
    assert "whether this person was allocated before" in wrong.content.decode()
    wrong = browser.post(
        f"{address}/allocate", {"stratum_site": "01", "stratum_nephritis": "yes", "before": "no"}
    )
    assert "look at the strata again" in wrong.content.decode()
    given = {"stratum_site": "01", "stratum_nephritis": "no", "before": "yes"}
    assert browser.post(f"{address}/allocate", given).status_code == 422
    given["before"] = "no"
    assert browser.post(f"{address}/allocate", given).status_code == 302
    first = arm_of(subject)
    assert browser.post(f"{address}/allocate", given).status_code == 302
    assert arm_of(subject) == first
    from funis.capture.models import Allocation

    row = Allocation.objects.get(subject=subject)
    assert (row.by, row.data) == ("coordinator-01", {"site": "01", "nephritis": "no"})


def test_each_block_of_two_holds_both_arms_within_its_stratum(server: Configuration) -> None:
    """At site 03 nobody else allocates: of every two subjects of a stratum one is in each arm."""
    made = [(nephritis, allocated(screened("03", nephritis))) for nephritis in (1, 0, 1, 1, 0, 1)]
    for value, count in ((1, 2), (0, 1)):
        arms = [arm for nephritis, arm in made if nephritis == value]
        assert Counter(arms) == {"cells": count, "placebo": count}
        assert {*arms[:2]} == {"cells", "placebo"}


@pytest.mark.parametrize("lacking", ["consent", "eligibility", "stratum"])
def test_nobody_is_allocated_before(server: Configuration, subject: Any, lacking: str) -> None:
    from funis.capture.conduct.allocation.act import allocate, open_questions
    from funis.capture.conduct.consent import consent_in_force, withdraw_consent
    from funis.capture.study_in_force import today

    if lacking != "eligibility":
        subject = screened(nephritis=None if lacking == "stratum" else 0)
    if lacking == "consent":
        given = consent_in_force(subject)
        assert given is not None
        with acts("coordinator"):
            withdraw_consent(given, today(), "said so")
    words = {"consent": "consent", "eligibility": "eligibility", "stratum": "not known: nephritis"}
    with acts("coordinator"):
        assert open_questions(subject)
    with pytest.raises(ValueRangeError, match=words[lacking]), acts("coordinator"):
        allocate(subject, {}, "coordinator")
    shown = page("coordinator", f"/subjects/{subject.pk}/allocation")
    assert "Allocate by these strata" not in shown


def test_an_allocation_is_never_undone(server: Configuration) -> None:
    from django.db import DatabaseError

    from funis.capture.conduct.allocation.act import allocate
    from funis.capture.conduct.eligibility import take_decision_back
    from funis.capture.context import because
    from funis.capture.models import Allocation

    subject = screened()
    allocated(subject)
    with pytest.raises(ValueRangeError, match="one that stands"), acts("coordinator"):
        allocate(subject, stratum_of(subject), "coordinator")
    with pytest.raises(ValueRangeError, match="one who was allocated"), acts("investigator"):
        take_decision_back(subject, "a mistake")
    row = Allocation.objects.get(subject=subject)
    with pytest.raises(DatabaseError), acts("coordinator"), because("again"):
        row.save()
    with pytest.raises(DatabaseError), acts("coordinator"):
        row.delete()


def test_two_coordinators_at_the_same_moment_make_one_allocation_each_and_no_more(
    server: Configuration,
) -> None:
    """One subject from two browsers at once is allocated once; two subjects get two numbers of one list."""
    from django.db import connections

    from funis.capture.conduct.allocation.act import allocate
    from funis.capture.models import Allocation

    one, two, both = screened("04", 1), screened("04", 1), screened("04", 0)
    tasks = [
        (one, stratum_of(one)),
        (two, stratum_of(two)),
        (both, stratum_of(both)),
        (both, stratum_of(both)),
    ]
    together = Barrier(len(tasks))

    def act(task: tuple[Any, dict[str, str]]) -> str:
        together.wait()
        try:
            with acts("coordinator"):
                allocate(*task, "coordinator")
        except ValueRangeError as error:
            return str(error)
        finally:
            connections.close_all()
        return "allocated"

    with ThreadPoolExecutor(len(tasks)) as pool:
        answers = list(pool.map(act, tasks))
    assert sorted(answers[2:])[0] == "allocated"
    assert "one that stands" in sorted(answers[2:])[1]
    assert answers[:2] == ["allocated", "allocated"]
    assert {arm_of(one), arm_of(two)} == {"cells", "placebo"}
    numbers = list(Allocation.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


# --- who knows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["investigator", "coordinator", "monitor"])
def test_a_blinded_role_sees_no_arm_anywhere(server: Configuration, role: str) -> None:
    """Every page that the role can open of two subjects, one in each arm, says the same of both."""
    pair = one_in_each_arm("02", 1)
    addresses = ("", "/allocation", "/trail", "/as-of", "/eligibility", "/signatures", "/verification")
    pages = {
        arm: [mask(page(role, f"/subjects/{each.pk}{end}", "02"), each) for end in addresses]
        for arm, each in pair.items()
    }
    assert pages["cells"] == pages["placebo"]
    for text in (*pages["cells"], page(role, "/allocations", "02"), page(role, "/overview", "02")):
        assert not [name for name in (*NAMES, "placebo") if name in text]
    hidden = (
        "/product",
        "/safety/board",
        *(f"/subjects/{each.pk}/{end}" for each in pair.values() for end in ("infusions", "case-book")),
    )
    for address in hidden:
        assert browser_of(person_with(role, "02")).get(address).status_code == 404


def mask(text: str, subject: Any) -> str:
    """Take out of a page what differs between any two subjects: ids, numbers, hashes, times, tokens."""
    import re

    text = text.replace(subject.number, "NUMBER")
    text = re.sub(r'value="[A-Za-z0-9]{64}"', "TOKEN", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|[0-9a-f]{16}…?", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+Z?)?)?", "TIME", text)
    return re.sub(r"(<b>[Nn]umber</b>: <ins>)\d+", r"\1N", text)


def test_who_also_holds_a_blinded_role_is_blinded(server: Configuration) -> None:
    from funis.capture.people.accounts import grant_role
    from funis.capture.study_in_force import today

    allocated(screened())
    person = person_with("cell_laboratory", "", "laboratory-and-monitor")
    assert any(name in browser_of(person).get("/allocations").content.decode() for name in NAMES)
    with acts("funis"):
        grant_role(person, "monitor", "04", today())
    after = browser_of(person).get("/allocations").content.decode()
    assert not any(name in after for name in NAMES)
    assert "You are blinded" in after


def test_the_cell_laboratory_sees_what_to_prepare(server: Configuration) -> None:
    subject = screened()
    name = {"cells": NAMES[0], "placebo": NAMES[1]}[allocated(subject)]
    assert name in page("cell_laboratory", f"/subjects/{subject.pk}/allocation", "")
    assert name in page("data_manager", "/allocations", "")


def test_neither_trail_nor_database_holds_an_arm_in_plain(server: Configuration) -> None:
    from django.db import connection

    from funis.capture.models import Allocation, AllocationSeed
    from funis.capture.trail.rows import read_rows

    pair = list(one_in_each_arm("02", 0).values())
    assert len(pair) == 2
    with acts():
        payloads = [row.payload for each in pair for row in read_rows(f"subject:{each.pk}")]
        rows = list(Allocation.objects.filter(subject__in=pair))
        seed = AllocationSeed.objects.get()
    assert not [text for text in payloads if "placebo" in text or '"cells"' in text]
    assert len({len(row.sealed) for row in rows}) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM capture_allocation")
        assert not [row for row in cursor.fetchall() if "placebo" in str(row) or "cells" in str(row)]
    assert seed.commitment not in seed.sealed


def test_a_sealed_arm_of_another_subject_does_not_open(server: Configuration) -> None:
    import hashlib

    from funis.capture.conduct.allocation.arms import open_arm
    from funis.capture.models import Allocation

    one, two = screened(), screened()
    allocated(one)
    allocated(two)
    mine, other = (Allocation.objects.get(subject=each) for each in (one, two))
    mine.sealed = other.sealed
    with pytest.raises(ValueRangeError, match="as it was sealed"), acts():
        open_arm(mine)
    mine.fingerprint = hashlib.sha256(mine.sealed.encode()).hexdigest()
    with pytest.raises(ValueRangeError, match="as it was sealed"), acts():
        open_arm(mine)


# --- emergencies and wrong strata ---------------------------------------------------------------------


def test_an_investigator_unblinds_one_subject_once_and_everybody_sees_that_it_was_done(
    server: Configuration,
) -> None:
    subject, other = screened(), screened()
    name = {"cells": NAMES[0], "placebo": NAMES[1]}[allocated(subject)]
    allocated(other)
    browser, address = browser_of(person_with("investigator", "01")), f"/subjects/{subject.pk}/unblind"
    refused = browser.post(address, {"why": "anaphylaxis", "password": "wrong password"})
    assert refused.status_code == 403
    assert name not in refused.content.decode()
    assert browser.post(address, {"why": " ", "password": PASSWORD}).status_code == 422
    assert "Unblinded" not in page("monitor", f"/subjects/{subject.pk}")
    opened = browser.post(address, {"why": "anaphylaxis", "password": PASSWORD})
    assert opened.status_code == 200
    assert f"<strong>{name}</strong>" in opened.content.decode()
    for role, site in (("monitor", "01"), ("coordinator", "01"), ("investigator", "01"), ("monitor", "")):
        for place in (f"/subjects/{subject.pk}", f"/subjects/{subject.pk}/allocation", "/allocations"):
            text = page(role, place, site)
            assert "Unblinded" in text
            assert not [each for each in NAMES if each in text]
    assert "Unblinded" not in page("monitor", f"/subjects/{other.pk}")
    notices = page("monitor", "/notices")
    assert "A subject was unblinded" in notices
    assert subject.number in notices
    assert not [each for each in NAMES if each in notices]
    assert "A subject was unblinded" not in page("monitor", "/notices", "02")
    trail = page("monitor", f"/subjects/{subject.pk}/trail")
    assert "anaphylaxis" in trail
    assert not [each for each in NAMES if each in trail]
    assert "Subjects who were unblinded" in page("monitor", "/overview", "")


def test_who_may_not_unblind_finds_no_such_page(server: Configuration) -> None:
    subject = screened()
    allocated(subject)
    for role, site in (
        ("coordinator", "01"),
        ("monitor", "01"),
        ("investigator", "02"),
        ("data_manager", ""),
    ):
        answer = browser_of(person_with(role, site)).post(
            f"/subjects/{subject.pk}/unblind", {"why": "curious", "password": PASSWORD}
        )
        assert answer.status_code == 404
    assert "Unblinded" not in page("monitor", f"/subjects/{subject.pk}")


def test_a_wrong_stratum_is_recorded_and_nobody_is_allocated_again(server: Configuration) -> None:
    from funis.capture.conduct.allocation.act import record_wrong_stratum

    subject, unchanged = screened(), screened()
    before = allocated(subject)
    allocated(unchanged)
    with pytest.raises(ValueRangeError, match="as in the data"), acts("coordinator"):
        record_wrong_stratum(subject, "none", "coordinator")
    fill(subject, "subjects", {"nephritis": 1})
    address = f"/subjects/{subject.pk}/allocation"
    assert "nephritis: no → yes" in page("monitor", address)
    rows = page("monitor", "/allocations").split("<tr>")
    marked = [row for row in rows if "A stratum is another in the data now" in row]
    assert [row for row in marked if subject.number in row]
    assert not [row for row in marked if unchanged.number in row]
    browser = browser_of(person_with("coordinator", "01"))
    assert browser.post(f"{address}/stratum", {"why": ""}).status_code == 422
    assert browser.post(f"{address}/stratum", {"why": "biopsy read late"}).status_code == 302
    assert "biopsy read late" in page("monitor", address)
    assert arm_of(subject) == before


def test_a_wrong_stratum_of_a_locked_subject_waits(server: Configuration) -> None:
    from funis.capture.conduct.allocation.act import record_wrong_stratum
    from funis.capture.conduct.locks import LOCKED, OPEN, scope_of, set_state

    subject = screened()
    allocated(subject)
    fill(subject, "subjects", {"nephritis": 1})
    with acts("data_manager"):
        set_state(scope_of(subject), LOCKED, "clean")
    with pytest.raises(ValueRangeError, match="locked"), acts("coordinator"):
        record_wrong_stratum(subject, "biopsy read late", "coordinator")
    with acts("data_manager"):
        set_state(scope_of(subject), OPEN, "a stratum is wrong")


@pytest.mark.parametrize("why", ["gave Placebo", "CELLS were given", "cells of the umbilical cord?"])
def test_the_reason_of_an_unblinding_names_no_arm(server: Configuration, why: str) -> None:
    subject = screened()
    allocated(subject)
    browser, address = browser_of(person_with("investigator", "01")), f"/subjects/{subject.pk}/unblind"
    refused = browser.post(address, {"why": why, "password": PASSWORD})
    assert refused.status_code == 422
    assert not [name for name in NAMES if name in refused.content.decode()]
    assert "Unblinded" not in page("monitor", f"/subjects/{subject.pk}")


def test_who_has_a_passkey_unblinds_by_it_and_not_by_the_password_alone(server: Configuration) -> None:
    import html
    import re

    from tests.server.soft_passkey import SoftPasskey

    from funis.capture.people.factors import add_passkey
    from funis.capture.people.passkeys import PasskeyRelyingParty

    person, passkey = person_with("investigator", "01", "investigator-with-a-passkey"), SoftPasskey()
    party = PasskeyRelyingParty("localhost", "UCMSC-SLE", is_secure=False)
    with acts(person.login):
        question, state = party.ask_new(person, [])
        add_passkey(person, "phone", party.read_new(state, passkey.make(question)))
    subject = screened()
    allocated(subject)
    browser, address = browser_of(person), f"/subjects/{subject.pk}/unblind"
    assert browser.post(address, {"why": "anaphylaxis", "password": PASSWORD}).status_code == 403
    asked = re.search(r'data-get="([^"]*)"', browser.get(address).content.decode())
    assert asked is not None
    sent = {"why": "anaphylaxis", "credential": passkey.sign(html.unescape(asked[1]))}
    opened = browser.post(address, sent)
    assert opened.status_code == 200
    assert any(f"<strong>{name}</strong>" in opened.content.decode() for name in NAMES)
    assert browser.post(address, sent).status_code == 403


def test_a_blinded_person_is_not_told_that_a_rule_is_crossed(server: Configuration) -> None:
    from funis.capture.people.accounts import grant_role
    from funis.capture.safety.notices import CROSSED, PAUSED, SERIOUS, _people_to_tell
    from funis.capture.study_in_force import today

    for role in ("investigator", "coordinator", "monitor", "cell_laboratory"):
        person_with(role, "03")
    both = person_with("data_manager", "", "manager-and-monitor")
    person_with("data_manager", "")
    with acts("funis"):
        grant_role(both, "monitor", "04", today())
    with acts():
        paused = {each.login for each in _people_to_tell(PAUSED, "")}
        crossed = {each.login for each in _people_to_tell(CROSSED, "")}
        serious = {each.login for each in _people_to_tell(SERIOUS, "03")}
    assert "cell_laboratory-03" in paused
    assert not {"investigator-03", "coordinator-03", "monitor-03"} & paused
    assert "data_manager-all" in crossed
    assert both.login not in crossed
    assert {"investigator-03", "monitor-03", both.login} <= serious


def test_a_role_that_has_ended_still_blinds() -> None:
    from datetime import date

    from funis.capture.people.permissions import Held, read_rights

    ended = Held("monitor", "01", date(2026, 1, 1), date(2026, 1, 31))
    held = [ended, Held("data_manager", "", date(2026, 2, 1))]
    assert read_rights(held, date(2026, 2, 1), ("monitor",)).is_blinded
    assert not read_rights(held[1:], date(2026, 2, 1), ("monitor",)).is_blinded
    assert not read_rights(held, date(2026, 2, 1)).is_blinded


# --- the key of the arms --------------------------------------------------------------------------------


def test_there_is_one_secret_of_the_trial(server: Configuration) -> None:
    from django.db import DatabaseError

    from funis.capture.models import AllocationSeed

    for number in (1, 2):
        with pytest.raises(DatabaseError), acts("funis"):
            AllocationSeed(number=number, sealed="x", commitment="0" * 64, key_name="0" * 16).save()


def test_without_the_key_nothing_is_allocated_or_made_and_the_rest_goes_on(server: Configuration) -> None:
    """As after a restore without the file of keys: forms and queries are answered, and no second key is made."""
    from funis.capture.conduct.allocation.act import allocate
    from funis.capture.conduct.allocation.arms import refuse_other_key
    from funis.capture.configuration import read_configuration
    from funis.capture.models import Form, Query

    subject, waiting = screened(), screened()
    arm = allocated(subject)
    browser = browser_of(person_with("data_manager", ""))
    browser.post("/queries/check")
    form = Form.objects.get(subject=subject, name="subjects")
    before = Query.objects.filter(about=subject.pk, item="arm").count()
    path = read_configuration().identity_keys_file
    kept = path.rename(path.with_suffix(".away"))
    try:
        fill(subject, "subjects", {"age": 41})
        shown = browser.get("/queries")
        assert shown.status_code == 200
        assert "data are checked without arms" in shown.content.decode()
        assert browser.get(f"/forms/{form.pk}").status_code == 200
        assert browser.get(f"/forms/{form.pk}/queries").status_code == 200
        assert Query.objects.filter(about=subject.pk, item="arm").count() == before
        with pytest.raises(ValueRangeError, match="key of the allocation"), acts("coordinator"):
            allocate(waiting, stratum_of(waiting), "coordinator")
        with pytest.raises(ValueRangeError, match="key of the allocation"), acts():
            refuse_other_key()
        assert not path.exists()
    finally:
        kept.rename(path)
    assert arm_of(subject) == arm
    assert "without arms" not in browser.get("/queries").content.decode()


# --- at the bedside -----------------------------------------------------------------------------------


def test_nobody_is_given_cells_before_the_allocation_or_in_the_control_arm(server: Configuration) -> None:
    from funis.capture.conduct.bedside import open_rules
    from funis.capture.models import BedsideCheck

    first = browser_of(person_with("cell_laboratory", "04"))
    person_with("cell_laboratory", "04", "another-laboratory")

    def check(subject: Any, bag: Any, key: str) -> set[str]:
        given = form_of(subject, bag, second="another-laboratory", key=f"{key}-{subject.pk}")
        assert first.post(f"/subjects/{subject.pk}/bedside", given).status_code == 302
        return open_rules(BedsideCheck.objects.filter(subject=subject).latest("at"))

    waiting = screened("04", 0)
    assert {"allocated", "right_arm"} <= check(waiting, thawed_bag(waiting), "before")
    pair = one_in_each_arm("04", 0)
    found = {arm: check(each, thawed_bag(each), "after") for arm, each in pair.items()}
    assert {"right_arm"} & found["placebo"]
    assert not {"right_arm", "allocated"} & found["cells"]
    blinded = browser_of(person_with("coordinator", "04"))
    assert blinded.post(f"/subjects/{waiting.pk}/bedside", {}).status_code == 404


# --- out ----------------------------------------------------------------------------------------------


def exported(role: str) -> dict[str, str]:
    answer = browser_of(person_with(role, "")).post("/export")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    return {name: packed.read(name).decode() for name in packed.namelist()}


def rows_of(text: str) -> dict[str, dict[str, str]]:
    import csv

    return {row["subject"]: row for row in csv.DictReader(io.StringIO(text))}


def test_an_export_holds_the_arms_for_who_may_know_them_alone(server: Configuration) -> None:
    import json

    from funis.capture.people.accounts import grant_role
    from funis.capture.study_in_force import today

    subject = screened()
    arm = allocated(subject)
    files = exported("data_manager")
    assert rows_of(files["data/subjects.csv"])[subject.number]["arm"] == arm
    assert json.loads(files["manifest.json"])["arms"] == "with arms"
    person = person_with("statistician", "", "statistician-and-monitor")
    with acts("funis"):
        grant_role(person, "monitor", "01", today())
    browser = browser_of(person)
    assert "You are blinded" in browser.get("/export").content.decode()
    packed = zipfile.ZipFile(io.BytesIO(browser.post("/export").content))
    blinded = {name: packed.read(name).decode() for name in packed.namelist()}
    assert json.loads(blinded["manifest.json"])["arms"] == "blinded"
    assert {row["arm"] for row in rows_of(blinded["data/subjects.csv"]).values()} == {""}
    assert "data/infusions.csv" not in blinded


def test_an_export_of_before_has_the_arms_of_then(server: Configuration) -> None:
    from funis.capture.context import moment
    from funis.capture.exchange.export import export_files

    one, two = screened(), screened()
    arm = allocated(one)
    then = moment()
    allocated(two)
    with acts():
        files, _ = export_files(then, "with arms")
    found = rows_of(files["data/subjects.csv"])
    assert (found[one.number]["arm"], found[two.number]["arm"]) == (arm, "")


def test_the_trail_of_allocations_replays(server: Configuration) -> None:
    from funis.capture.trail.replay import compare_rows
    from funis.capture.trail.rows import read_rows

    allocated(screened())
    with acts():
        differing = [place for place, _ in compare_rows(read_rows()) if "allocation" in place]
    assert differing == []


def test_a_later_study_file_lifts_no_blinding_and_ends_no_randomisation(server: Configuration) -> None:
    from django.db import transaction
    from tests.server.two_arms import two_arm_study

    from funis.capture.study_in_force import blinded_roles, load_version

    with transaction.atomic():
        with acts():
            load_version(two_arm_study(is_blinded=False))
            assert blinded_roles() == {"investigator", "coordinator", "monitor"}
        with pytest.raises(ValueRangeError, match="stays one"), acts():
            load_version(two_arm_study(is_blinded=True).split("[randomisation]")[0])
        transaction.set_rollback(True)


def truly_eligible(site: str, nephritis: int) -> Any:
    """Screen a subject who meets every criterion by its rule, which an investigator confirms."""
    from tests.server.infusion_parts import eligible

    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.study_in_force import today

    with acts("coordinator"):
        made = screen_subject(site)
        record_consent(made, Given("2.0", today()), "coordinator")
        record_visit(made, "baseline", today())
    fill(made, "subjects", {"nephritis": nephritis, "sex": "female"})
    eligible(made)
    return made


def infuse(subject: Any) -> None:
    """Give a bag of cells to a subject at site 02, by two people of the cell laboratory."""
    from funis.capture.models import BedsideCheck, InfusionRecord

    giver = browser_of(person_with("cell_laboratory", "02"))
    person_with("cell_laboratory", "02", "second-laboratory")
    form = form_of(subject, thawed_bag(subject), second="second-laboratory", key=subject.pk)
    giver.post(f"/subjects/{subject.pk}/bedside", form)
    check = BedsideCheck.objects.get(subject=subject)
    assert check.outcome == "passed"
    assert giver.post(f"/checks/{check.pk}/begin").status_code == 302
    record = InfusionRecord.objects.get(subject=subject)
    assert giver.post(f"/infusions/{record.pk}/end", {"volume_ml": "48"}).status_code == 302


def test_from_the_screening_to_the_report(server: Configuration, tmp_path: Path) -> None:
    """Screened, consented, eligible, allocated, infused, exported; the report compares the arms."""
    given: dict[str, str] = {}
    for _ in range(3):
        subject = truly_eligible("02", 1)
        given[subject.number] = allocated(subject)
        if given[subject.number] == "cells":
            infuse(subject)
        if len(set(given.values())) == 2:
            break
    files = exported("data_manager")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows = rows_of(files["data/subjects.csv"])
    assert {number: rows[number]["arm"] for number in given} == given
    assert set(given.values()) == {"cells", "placebo"}
    command = [sys.executable, "-m", "funis.cli", "report", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    report = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "permuted blocks, stratified by site and" in report
    assert all(name in report for name in NAMES)
