"""What a blinded role sees of two subjects, one in each arm, one of them infused: `test_allocation.py` runs this.

Every page that has an address is asked for of both, whatever else there is of each: what is answered has to be the same
but for the names of things. A page whose address is new fails here until it is known what its key is of.
"""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.server.arms_of_a_trial import NAMES, allocated, infuse, mask
from tests.server.as_prepared import AsPrepared
from tests.server.infusion_parts import eligible
from tests.server.people import browser_of, person_with
from tests.server.product_parts import acts
from tests.server.test_eligibility import fill

ROLES = ("investigator", "coordinator", "monitor")
SITE = "02"
LISTS = {
    "calendar", "calendar/subjects", "activity",
    "overview", "subjects", "screening", "allocations", "locks", "verification", "queries", "notices", "safety", "study",
}  # fmt: skip
"""Pages of several subjects: each of their rows is compared."""
_DRAWN = r'data-get="[^"]*"|name="nonce" value="[^"]*"|content="[A-Za-z0-9]{64}"|<b>nonce</b>: <ins>[^<]*'
OF_NO_SUBJECT = re.compile(
    r"health|login|account|password|language|logout|scores|blank-forms|export|roles|tokens|redactions/|product/|^product$|^$"
)


@pytest.fixture(scope="module")
def pair(as_prepared: AsPrepared) -> Iterator[dict[str, Any]]:
    """Make two subjects alike but for the arm, with everything that pages show of somebody."""
    from django.db import connections

    from funis.capture.monitoring.automatic import check_everything

    as_prepared.put_back()
    for role in ROLES:
        person_with(role, SITE)
    found: dict[str, Any] = {}
    while len(found) < 2:
        subject = entered()
        found.setdefault(allocated(subject), subject)
    infuse(found["cells"])
    for subject in found.values():
        follow(subject)
    with acts():
        check_everything()
    yield found
    connections.close_all()


def entered() -> Any:
    """Screen a subject two weeks ago, and enter what an investigator needs to confirm eligibility."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.study_in_force import today

    before = today() - timedelta(days=14)
    with acts("coordinator"):
        made = screen_subject(SITE)
        record_consent(made, Given("2.0", before), "coordinator")
        record_visit(made, "baseline", before)
    fill(made, "subjects", {"nephritis": 1, "sex": "female"})
    eligible(made)
    return made


def follow(subject: Any) -> None:
    """Record a visit, an event, a signature of somebody who sees all, a freeze and a mark of a monitor, all of today."""
    from funis.capture.conduct.locks import FROZEN, scope_of, set_state
    from funis.capture.conduct.screening import add_row
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import because
    from funis.capture.models import Account, Form
    from funis.capture.monitoring.verification import verify_items
    from funis.capture.signing.acts import prepare, sign
    from funis.capture.study_in_force import today

    with acts("coordinator"):
        record_visit(subject, "month_3", today())
        add_row(subject, "adverse_events")
    event = {"term": "Fever", "start": today().isoformat(), "grade": 3, "serious": 1}
    fill(subject, "adverse_events", event)
    with acts("investigator"):
        signer = Account.objects.get(login=f"investigator-{SITE}")
        sign(subject, prepare(signer, "investigator", subject, "review"), None)
    with acts("monitor"):
        form = Form.objects.get(subject=subject, name="subjects")
        verify_items(form, ["sex"], form.revision)
        for each in Form.objects.filter(subject=subject, name="infusions"):
            verify_items(each, ["cells"], each.revision)
    fill(subject, "subjects", {"sex": "male"})
    with acts("laboratory"), because("counted anew"):
        for each in Form.objects.filter(subject=subject, name="infusions"):
            each.data = {**each.data, "cells": 43_200_000}
            each.save()
            set_state(scope_of(each), FROZEN, "checked")


def rows_of(subject: Any) -> dict[str, list[str]]:
    """Give by the first word of an address the ids that its key may have."""
    from funis.capture import models

    of_subject: dict[str, Any] = {
        "forms": models.Form, "visits": models.SubjectVisit, "queries": models.Query, "checks": models.BedsideCheck,
        "infusions": models.InfusionRecord, "safety": models.SafetyClock,
    }  # fmt: skip
    found = {
        name: list(table.objects.filter(subject=subject).order_by("pk").values_list("pk", flat=True))
        for name, table in of_subject.items()
    }
    # Of the many results of the laboratory, one is enough.
    results = models.Form.objects.filter(subject=subject, name="labs").order_by("visit__name", "number")[1:]
    others = {each.pk for each in results}
    found["forms"] = [each for each in found["forms"] if each not in others]
    return found | {"subjects": [subject.pk]}


def addresses_of(subject: Any) -> Iterator[tuple[str, str]]:
    """Give every address of a subject with the words of its pattern."""
    from funis.capture.pages.addresses import PAGES

    rows = rows_of(subject)
    for page in PAGES:
        words = str(page.pattern)
        first = words.split("/", maxsplit=1)[0]
        if OF_NO_SUBJECT.search(words) or words in LISTS:
            continue
        if (
            "<" not in words
            or first in {"accounts", "consents", "signatures", "locks", "study"}
            or "reports/" in words
        ):
            continue
        if words.startswith("safety/board") or words in {"subjects/new"}:
            continue
        if first == "sign":
            scopes = {"form": "forms", "visit": "visits", "subject": "subjects"}
            yield from (
                (words, f"/sign/{scope}/{key}") for scope, name in scopes.items() for key in rows[name]
            )
        else:
            yield from ((words, "/" + words.replace("<str:key>", key)) for key in rows[first])


def seen_by(browser: Any, subject: Any) -> Counter[tuple[str, str]]:
    """Give what is answered of a subject, each with its pattern; a page that does not exist is not one."""
    found: Counter[tuple[str, str]] = Counter()
    only_posted: set[str] = set()
    for words, address in addresses_of(subject):
        if words in only_posted:
            continue
        answer = browser.get(address)
        if answer.status_code == 405:
            only_posted.add(words)
        elif answer.status_code != 404:
            found[words, plain(answer.content.decode(), subject)] += 1
    return found


def plain(text: str, subject: Any) -> str:
    """Take names of things out of a page, and the order of what was made at one moment: they differ of any two."""
    text = re.sub(_DRAWN, "DRAWN", mask(text, subject))
    # A minute may pass between two pages.
    text = re.sub(r"\d+ h \d\d min", "LEFT", text)
    text = re.sub(r"<ul>.*?</ul>", lambda each: "".join(sorted(re.findall("<li>.*?</li>", each[0]))), text)
    if "<h1>Trail" not in text:
        return text
    numbers = re.findall(r'<tr><td class="number">(\d+)</td>', text)
    rows = re.findall(r'<tr><td class="number">\d+(</td>.*?)</tr>', text, re.DOTALL)
    return "\n".join([*numbers, *sorted(each.replace("\n", " ") for each in rows)])


@pytest.mark.parametrize("role", ROLES)
def test_both_arms_are_the_same_to_a_blinded_role(pair: dict[str, Any], role: str) -> None:
    browser = browser_of(person_with(role, SITE))
    seen = {arm: seen_by(browser, subject) for arm, subject in pair.items()}
    assert len({words for words, _ in seen["placebo"]}) > 10
    if differing := told(seen["cells"] - seen["placebo"], seen["placebo"] - seen["cells"]):
        pytest.fail(differing)
    for name in (*NAMES, "placebo"):
        assert not [words for words, text in seen["cells"] if name in text]


def told(one: Counter[tuple[str, str]], two: Counter[tuple[str, str]]) -> str:
    """Show the first lines that differ, by the pattern of their page; empty: none does."""
    import difflib

    said = []
    for words in sorted({words for words, _ in (*one, *two)}):
        left, right = (
            [
                line
                for (each, text), n in sorted(side.items())
                if each == words
                for line in n * text.splitlines()
            ]
            for side in (one, two)
        )
        lines = list(difflib.unified_diff(left, right, "cells", "placebo", lineterm="", n=0))
        said += [f"--- {words}", *(line[:400] for line in lines[2:14])]
    return "\n".join(said)


@pytest.mark.parametrize("role", ROLES)
def test_lists_say_the_same_of_both_arms(pair: dict[str, Any], role: str) -> None:
    browser = browser_of(person_with(role, SITE))
    for name in sorted(LISTS):
        answer = browser.get(f"/{name}")
        if answer.status_code == 404:
            continue
        rows = re.findall(r"<tr.*?</tr>|<li.*?</li>", answer.content.decode(), re.DOTALL)
        said = {
            arm: sorted(plain(row, subject) for row in rows if subject.number in row or subject.pk in row)
            for arm, subject in pair.items()
        }
        assert said["cells"] == said["placebo"], name


def test_what_counts_infusions_is_not_there(pair: dict[str, Any]) -> None:
    browser = browser_of(person_with("monitor", SITE))
    shown = browser.get("/overview").content.decode()
    assert "Subjects enrolled" in shown
    assert not [
        words
        for words in ("Subjects whose treatment began", "Overdue", "outside the window")
        if words in shown
    ]
    assert browser.get("/calendar").status_code == 404
    whole = browser_of(person_with("data_manager", "")).get("/overview").content.decode()
    assert "Subjects whose treatment began" in whole


def test_a_new_version_shows_a_blinded_role_no_finding_of_infusions(pair: dict[str, Any]) -> None:
    """By the new version a bag of 43.2 million cells is far from its dose: the monitor reads nothing of it."""
    from django.db import transaction
    from tests.server.two_arms import two_arm_study

    from funis.capture.study_in_force import load_version

    with transaction.atomic():
        with acts():
            changed = re.sub(r"cells_per_kg( *)= 1e6", r"cells_per_kg\1= 5e6", two_arm_study(is_blinded=True))
            changed = changed.replace("block_sizes = [2]", "block_sizes = [2, 4]")
            version = load_version(changed)
        address = f"/study/{version.number}?queries=1"
        whole = browser_of(person_with("data_manager", "")).get(address).content.decode()
        blinded = browser_of(person_with("monitor", "", "monitor-of-all")).get(address).content.decode()
        transaction.set_rollback(True)
    assert "dose_outside_tolerance" in whole or "tolerance" in whole
    assert "tolerance" not in blinded
    assert "block_sizes" in whole
    assert "block_sizes" not in blinded


def test_a_program_with_a_blinded_token_reads_the_same_of_both_arms(pair: dict[str, Any]) -> None:
    """Every address of the read API, of each subject alone; not its numbers of rows, which the ids put in order."""
    from tests.server.test_api import get, resources, token_for

    _, token = token_for("monitor", SITE)
    said: dict[str, list[str]] = {}
    for arm, subject in pair.items():
        forms, found = rows_of(subject)["forms"], []
        for address in resources():
            keys = [""] if "{key}" not in address else [subject.pk] if "/subjects" in address else forms
            for key in keys:
                asked = address.replace("{key}", key) + ("" if key else f"?subject={subject.pk}&limit=200")
                answer = get(token, asked)
                if answer.status_code == 200:
                    rows = answer.json().get("items", [answer.json()])
                    found += [f"{address} {plain(json.dumps(in_order(row)), subject)}" for row in rows]
        said[arm] = sorted(found)
    assert len(said["placebo"]) > 30
    assert said["cells"] == said["placebo"]


def in_order(row: Any) -> Any:
    """Give what stands below ids without them, in order: which id is first differs of any two subjects."""
    if isinstance(row, dict) and row and all(re.fullmatch(r"[0-9a-f-]{36}", name) for name in row):
        return sorted(row.values())
    return {name: in_order(each) for name, each in row.items()} if isinstance(row, dict) else row


def test_a_save_is_answered_alike(pair: dict[str, Any]) -> None:
    from funis.capture.models import Form

    browser = browser_of(person_with("coordinator", SITE))
    answers = []
    for subject in pair.values():
        form = Form.objects.get(subject=subject, name="subjects")
        sent = {
            "key": f"walk-{form.pk}",
            "form": form.pk,
            "changes": {"age": {"old": form.data.get("age"), "new": "31"}},
        }
        answer = browser.post(
            f"/forms/{form.pk}/save", json.dumps(sent | {"reason": "typed"}), "application/json"
        )
        assert answer.status_code == 200
        assert answer.json()["receipt"]
        answers.append(plain(answer.content.decode(), subject))
    assert answers[0] == answers[1]


def test_a_blinded_export_says_the_same_of_both_arms(pair: dict[str, Any]) -> None:
    from funis.capture.people.accounts import grant_role
    from funis.capture.study_in_force import today

    person = person_with("statistician", "", "statistician-who-monitored")
    with acts("funis"):
        grant_role(person, "monitor", "01", today())
    packed = zipfile.ZipFile(io.BytesIO(browser_of(person).post("/export").content))
    files = {name: packed.read(name).decode() for name in packed.namelist()}
    assert not {"data/infusions.csv", "data/lots.csv", "data/donors.csv"} & files.keys()
    assert "block_sizes" not in files["study.toml"]
    assert json.loads(files["manifest.json"])["left_out"] == ["donors", "infusions", "lots", "block_sizes"]
    rows = {
        arm: [
            {name: text for name, text in row.items() if name != "subject"}
            for table, text in files.items()
            if table.startswith("data/")
            for row in csv.DictReader(io.StringIO(text))
            if row.get("subject") == subject.number
        ]
        for arm, subject in pair.items()
    }
    assert rows["cells"] == rows["placebo"]
