"""The read API: what a token's role reads at its sites and nothing else, every request in the trail."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter

from funis.capture.configuration import Configuration
from funis.capture.people.permissions import ACTIONS
from funis.errors import FunisError

READING = sorted(ACTIONS["read by program"])


def token_for(role: str, site: str = "", days: int = 30) -> tuple[Any, str]:
    from funis.capture.people.tokens import issue_token
    from funis.capture.study_in_force import today

    found: tuple[Any, str] = act(
        "administrator", lambda: issue_token("nightly review", role, site, today() + timedelta(days=days))
    )
    return found


def get(shown: str, address: str, **headers: str) -> Any:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    return client.get(f"/api{address}", headers={"Authorization": f"Bearer {shown}", **headers})


def resources() -> dict[str, str]:
    """Give every address of the API with the action it asks for."""
    from funis.capture.api.application import api

    return {
        path: getattr(operation.view_func, "action", "")
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    }


def filled(address: str, form: Any) -> str:
    return address.replace("{key}", form.subject_id if "/subjects" in address else form.pk)


@pytest.mark.parametrize("role", READING)
def test_each_resource_is_read_where_the_role_may_and_nowhere_else(sledai: Any, role: str) -> None:
    _, here = token_for(role, "01")
    _, elsewhere = token_for(role, "02")
    assert len(resources()) >= 12
    for address, action in resources().items():
        answer = get(here, filled(address, sledai))
        assert answer.status_code == (200 if role in ACTIONS[action] else 404), address
        other = get(elsewhere, filled(address, sledai))
        assert sledai.subject_id not in other.content.decode(), address
        if "{key}" in address:
            assert other.status_code == 404


def test_values_keep_their_digits_and_scores_stand_beside_them(sledai: Any) -> None:
    from decimal import Decimal

    enter(sledai, {"rash": (None, 1), "proteinuria_24h": (None, Decimal("0.620"))})
    answer = get(token_for("monitor", "01")[1], f"/forms/{sledai.pk}")
    assert '"proteinuria_24h":0.620' in answer.content.decode()
    found = json.loads(answer.content)
    sledai.refresh_from_db()
    assert found["values"]["rash"] == 1
    assert found["scores"]["sledai_2k_lower"] == sledai.scores["sledai_2k_lower"]


def test_since_a_moment_only_what_was_written_then_or_later_is_read(sledai: Any) -> None:
    from funis.capture.context import moment
    from funis.capture.monitoring.queries import ask_query, take_step
    from funis.capture.monitoring.verification import verify_items

    enter(sledai, {"rash": (None, 1), "fever": (None, 0)})
    query = act("monitor", lambda: ask_query(sledai, "rash", "Please look again."))
    shown = token_for("monitor", "01")[1]

    def read(resource: str, since: str) -> set[str]:
        found = json.loads(get(shown, f"/{resource}?subject={sledai.subject_id}&since={since}").content)
        return {each.get("id", each.get("form")) for each in found["items"]}

    everything = {each: read(each, "") for each in ("forms", "visits", "queries", "verification")}
    assert sledai.pk in everything["forms"]
    assert len(everything["forms"]) > 1
    begun = moment()
    assert {each: read(each, begun) for each in everything} == {each: set() for each in everything}
    enter(sledai, {"rash": (1, 0)}, "typed beside it")
    assert read("forms", begun) == {sledai.pk}
    # To the second, as most programs write it, it is the beginning of that second.
    assert sledai.pk in read("forms", f"{begun[:19]}Z")
    before_the_mark = moment()
    sledai.refresh_from_db()
    act("monitor", lambda: verify_items(sledai, ["rash"], sledai.revision))
    assert read("verification", before_the_mark) == {sledai.pk}
    before_the_answer = moment()
    act("coordinator", lambda: take_step(query, "answer", "It was typed beside it."))
    assert read("queries", before_the_answer) == {query.pk}
    assert read("visits", begun) == set()
    assert json.loads(get(shown, f"/subjects?since={before_the_answer}").content)["items"] == []


@pytest.mark.parametrize(
    "since", ["yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00+08:00"]
)
def test_a_moment_that_is_none_is_refused(sledai: Any, since: str) -> None:
    answer = get(token_for("monitor", "01")[1], f"/forms?since={since.replace('+', '%2B')}")
    assert answer.status_code == 422
    assert "since" in answer.content.decode()


def test_history_of_an_item_has_who_when_why_old_and_new(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1), "fever": (None, 0)})
    enter(sledai, {"rash": (1, 0)}, "typed beside it")
    shown = token_for("auditor", "01")[1]
    found = json.loads(get(shown, f"/forms/{sledai.pk}/trail?item=rash").content)["items"]
    assert [each["items"]["rash"] for each in found] == [[None, 1], [1, 0]]
    assert (found[-1]["actor"], found[-1]["reason"]) == ("coordinator", "typed beside it")


def test_lists_are_paged_without_losing_or_doubling_a_row(sledai: Any) -> None:
    shown = token_for("data_manager", "01")[1]
    address = f"/forms?subject={sledai.subject_id}"
    whole = [each["id"] for each in json.loads(get(shown, f"{address}&limit=200").content)["items"]]
    paged, after = [], ""
    while True:
        page = json.loads(get(shown, f"{address}&limit=7&after={after}").content)
        paged += [each["id"] for each in page["items"]]
        after = page["next"]
        if not after:
            break
    assert paged == whole
    assert len(whole) > 7


def test_who_has_the_answer_already_is_told_so_until_something_changes(sledai: Any) -> None:
    shown = token_for("statistician", "01")[1]
    tag = get(shown, f"/forms/{sledai.pk}")["ETag"]
    again = get(shown, f"/forms/{sledai.pk}", **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    enter(sledai, {"rash": (None, 1)})
    assert get(shown, f"/forms/{sledai.pk}", **{"If-None-Match": tag}).status_code == 200


def test_every_request_is_a_line_of_the_trail_and_the_token_is_nowhere(sledai: Any) -> None:
    from funis.capture.models import ApiToken
    from funis.capture.trail.rows import read_rows

    row, shown = token_for("monitor", "01")
    get(shown, f"/forms/{sledai.pk}")
    get(shown, "/subjects?limit=1")
    said = [each.said for each in read_rows(f"token:{row.pk}")]
    assert [(each["kind"], each["actor"]) for each in said[1:]] == [
        ("read by program", f"token {row.pk}")
    ] * 2
    assert said[1]["changes"]["path"] == f"/api/forms/{sledai.pk}"
    kept = ApiToken.objects.filter(pk=row.pk).values().get()
    everything = json.dumps([str(kept), *(each.payload for each in read_rows())])
    assert shown not in everything
    assert kept["digest"] not in "".join(each.payload for each in read_rows())


def test_a_token_that_is_wrong_revoked_or_past_its_day_opens_nothing(
    sledai: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.people import tokens
    from funis.capture.study_in_force import today

    row, shown = token_for("monitor", "01", days=3)
    for wrong in ("", "x", "funis_" + "a" * 43, shown[:-1]):
        answer = get(wrong, "/subjects")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    day = today()
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "today", lambda: day + timedelta(days=4))
        assert get(shown, "/subjects").status_code == 401
    act("administrator", lambda: tokens.revoke_token(row, "the review has ended"))
    assert get(shown, "/subjects").status_code == 401


def test_a_session_of_a_browser_is_no_token(sledai: Any) -> None:
    assert browser_of(person_with("monitor", "01")).get("/api/subjects").status_code == 401


def test_no_arm_stands_in_any_answer(sledai: Any) -> None:
    """An arm that found its way into a form, as by loaded data, is told to no program."""
    from funis.capture.context import because
    from funis.capture.models import Form

    own = Form.objects.get(subject=sledai.subject_id, name="subjects")

    def write() -> None:
        with because("loaded"):
            own.data = {**own.data, "arm": "placebo-for-a-test"}
            own.save()

    act("coordinator", write)
    for role in READING:
        shown = token_for(role, "01")[1]
        for address in resources():
            found = get(shown, filled(address, own) + ("?limit=200" if "{" not in address else ""))
            assert "placebo-for-a-test" not in found.content.decode(), address


def test_a_blinded_token_sees_nothing_that_gives_an_arm_away(
    sledai: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a blinded person does not find on pages: infusions, their history, their verification, their queries."""
    from funis.capture.conduct.screening import add_row
    from funis.capture.monitoring.queries import ask_query
    from funis.capture.people import tokens

    form = act("coordinator", lambda: add_row(sledai.subject, "infusions"))
    enter(form, {"lot": (None, "LOT-TELLS-ALL")})
    query = act("monitor", lambda: ask_query(form, "lot", "Which lot?"))
    shown = token_for("monitor", "01")[1]
    subject = f"?subject={sledai.subject_id}"
    told = [f"/forms/{form.pk}", f"/forms/{form.pk}/trail"]
    lists = [f"/{name}{subject}&limit=200" for name in ("forms", "infusions", "verification", "queries")]
    open_ones = [get(shown, each) for each in (*told, *lists)]
    assert all(form.pk in each.content.decode() for each in open_ones)
    monkeypatch.setattr(tokens, "blinded_roles", lambda: frozenset({"monitor"}))
    assert [get(shown, each).status_code for each in told] == [404, 404]
    for each in lists:
        found = get(shown, each)
        assert found.status_code == 200
        assert not any(word in found.content.decode() for word in (form.pk, query.pk, "LOT-TELLS-ALL")), each


@pytest.mark.parametrize(
    ("purpose", "role", "site", "days"),
    [
        ("", "monitor", "", 1),
        ("a", "coordinator", "", 1),
        ("a", "administrator", "", 1),
        ("a", "monitor", "99", 1),
    ]
    + [("a", "monitor", "", days) for days in (-1, 367)],
)
def test_what_no_token_may_be_is_refused(
    server: Configuration, purpose: str, role: str, site: str, days: int
) -> None:
    from funis.capture.people.tokens import issue_token
    from funis.capture.study_in_force import today

    with pytest.raises(FunisError):
        act("administrator", lambda: issue_token(purpose, role, site, today() + timedelta(days=days)))


def test_an_administrator_issues_and_revokes_on_the_page(server: Configuration) -> None:
    from funis.capture.models import ApiToken
    from funis.capture.study_in_force import today

    browser = browser_of(person_with("administrator", ""))
    given = {
        "purpose": "report of the board",
        "role": "safety_board",
        "site": "",
        "until": today().isoformat(),
    }
    page = browser.post("/tokens/new", given).content.decode()
    shown = page.split("<code>")[1].split("</code>")[0]
    assert get(shown, "/subjects").status_code == 200
    assert get(shown, "/queries").status_code == 404
    assert shown not in browser.get("/tokens").content.decode()
    row = ApiToken.objects.get(purpose="report of the board")
    assert browser.post(f"/tokens/{row.pk}/revoke", {"reason": ""}).status_code == 422
    assert browser.post(f"/tokens/{row.pk}/revoke", {"reason": "done"}).status_code == 302
    assert get(shown, "/subjects").status_code == 401
    assert browser_of(person_with("auditor", "")).post("/tokens/new", given).status_code == 404


def test_what_is_asked_wrongly_is_told_cause_by_cause(server: Configuration) -> None:
    answer = get(token_for("monitor")[1], "/forms?limit=0&site=a%20b&name=%00")
    said = json.loads(answer.content)["errors"]
    assert answer.status_code == 422
    assert [each.partition(":")[0] for each in said] == ["site", "limit", "name"]


def test_the_document_describes_every_resource_and_loads_nothing(server: Configuration) -> None:
    from django.test import Client

    answer = Client(SERVER_NAME="localhost").get("/api/openapi.json")
    document = json.loads(answer.content)
    assert set(document["paths"]) == {f"/api{path}" for path in resources()}
    assert Client(SERVER_NAME="localhost").get("/api/docs").status_code == 404


def test_who_goes_on_from_until_misses_nothing_that_was_written_meanwhile(sledai: Any) -> None:
    shown = token_for("monitor", "01")[1]

    def read(since: str) -> tuple[set[str], str]:
        found = json.loads(get(shown, f"/forms?subject={sledai.subject_id}&since={since}").content)
        return {each["id"] for each in found["items"]}, found["until"]

    _, until = read("")
    assert read(until)[0] == set()
    enter(sledai, {"rash": (None, 1)})
    changed, later = read(until)
    assert changed == {sledai.pk}
    assert later > until
    assert read(later)[0] == set()


def test_what_an_open_transaction_has_written_is_read_after_its_commit(
    server: Configuration, sledai: Any
) -> None:
    """Writes in one transaction, reads and writes in others meanwhile, commits, and reads from `until`."""
    from django.db import connections

    if not server.database:
        pytest.skip("one writer at a time: a reading waits for the commit")
    shown = token_for("monitor", "01")[1]
    address = f"/forms?subject={sledai.subject_id}&since="
    written, go_on, wrong = threading.Event(), threading.Event(), list[BaseException]()

    def write() -> None:
        from funis.capture.context import Acting, acting
        from funis.capture.models import Form

        try:
            with acting(Acting("coordinator", "typed beside it", sites=None)):
                form = Form.objects.get(pk=sledai.pk)
                form.data = {**form.data, "rash": 1}
                form.save()
                written.set()
                assert go_on.wait(timeout=30)
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            wrong.append(error)
        finally:
            written.set()
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(timeout=30)
        before = json.loads(get(shown, f"{address}2026-01-01T00:00:00Z").content)
        again = json.loads(get(shown, f"{address}2026-01-01T00:00:00Z").content)
    finally:
        go_on.set()
        writer.join(timeout=30)
    assert wrong == []
    assert before["until"] == again["until"]  # held back by what is open
    after = json.loads(get(shown, f"{address}{again['until']}").content)
    assert [each["values"].get("rash") for each in after["items"] if each["id"] == sledai.pk] == [1]
    assert after["until"] > again["until"]
