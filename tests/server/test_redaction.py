"""Words that two people take out: gone from everything that is kept, and the chain still holds."""

import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.server.owner import Owner, altered
from tests.server.people import PASSWORD, browser_of, person_with

from funis.capture.configuration import Configuration
from funis.capture.people.permissions import ACTIONS, ROLES
from funis.errors import ValueRangeError

STUDY = "UCMSC-SLE"


def name_of(subject: Any) -> str:
    """Give a name of its own to a subject: the tests share one database, and look for the name in all of it."""
    return "Janet " + "".join(chr(97 + int(figure, 16)) for figure in subject.pk[-12:])


def verify() -> Any:
    from funis.capture.trail.verify import verify_trail

    return verify_trail(STUDY)


def altered_places() -> list[str]:
    return [f"{each.place}: {each.what}" for each in verify().alterations]


def everything() -> str:
    """Give every value of every table that the server writes as one text."""
    from django.db import connection

    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if not table.startswith(("capture_", "django_session")):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found)


def write_name(subject: Any) -> Any:
    """Type the name into an item, a reason, a query and its answer, an event, and correct the item once."""
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.identifiers import new_id
    from funis.capture.monitoring.queries import ask_query
    from funis.capture.trail.events import record_event

    name = name_of(subject)
    with acting(Acting("coordinator", sites=None)):
        event = add_row(subject, "adverse_events")
        for old, new in ((None, f"{name}: rash"), (f"{name}: rash", f"Rash of {name.upper()}, left arm")):
            entry = FormEntry(new_id(), event.pk, {"term": (old, new)}, f"as {name} said")
            save_entry(entry, event, "person")
        event.refresh_from_db()
        ask_query(event, "term", f"Is {name} a term?")
        record_event("scan refused", f"subject:{subject.pk}", {"bag": name})
    return event


def redact(subject: Any) -> Any:
    from funis.capture.context import Acting, acting
    from funis.capture.trail.redaction import ask_for_redaction, confirm_redaction

    with acting(Acting("coordinator", sites=None)):
        words = name_of(subject)
        asked = ask_for_redaction(subject, words, f"the name {words} was typed")
    with acting(Acting("manager", sites=None)):
        return confirm_redaction(asked, "seen in the trail")


@pytest.fixture
def named(subject: Any) -> Any:
    return write_name(subject)


def mark() -> str:
    from funis.capture.study_in_force import today

    return f"[redacted on {today().isoformat()}]"


def test_the_words_are_gone_from_every_table_and_the_rest_of_each_text_stays(
    subject: Any, named: Any
) -> None:
    assert name_of(subject) in everything()
    before = verify().rows
    done = redact(subject)
    kept = everything()
    assert name_of(subject).lower() not in kept.lower()
    named.refresh_from_db()
    assert named.data["term"] == f"Rash of {mark()}, left arm"
    # The form, the message of the query and the request itself; twice old or new of the item, its last change,
    # the reasons of two saves, the message, the event, the request with its reason, and the changes that took out.
    assert (done.state, done.rows) == ("done", 3)
    assert done.texts_taken > 8
    found = verify()
    assert found.alterations == ()
    assert found.rows > before
    (record,) = [each for each in found.redactions if each.chain == f"subject:{subject.pk}"]
    assert (record.asked_by, record.confirmed_by, record.texts) == (
        "coordinator",
        "manager",
        done.texts_taken,
    )
    assert record.reason == f"the name {mark()} was typed"


def test_the_chain_is_the_one_of_before_for_who_checks_it_with_hashes_alone(subject: Any, named: Any) -> None:
    from django.db import connection

    chain = f"subject:{subject.pk}"

    def stored() -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT payload, hash FROM capture_trail WHERE chain = %s ORDER BY seq", [chain])
            return list(cursor.fetchall())

    before = stored()
    redact(subject)
    after = stored()
    assert after[: len(before)] == before
    head = hashlib.sha256(f"funis{STUDY}{chain}".encode()).hexdigest()
    for payload, link in after:
        head = hashlib.sha256(f"{head}{payload}".encode()).hexdigest()
        assert head == link
    assert name_of(subject) not in "".join(payload for payload, _ in after)


def test_history_and_the_past_show_that_words_were_taken_out(subject: Any, named: Any) -> None:
    from funis.capture.context import moment
    from funis.capture.exchange.export import export_files
    from funis.capture.trail.history import read_history

    past = moment()
    redact(subject)
    terms = [
        change.items["term"]
        for change in read_history(f"subject:{subject.pk}", named.pk)
        if "term" in change.items
    ]
    first, second, last = f"{mark()}: rash", f"Rash of {mark()}, left arm", f"Rash of {mark()}, left arm"
    assert terms == [(None, first), (first, second), (second, last)]
    for moment_ in ("", past):
        files, _ = export_files(moment_)
        assert second in files["data/adverse_events.csv"]
        assert name_of(subject) not in "".join(files.values())


def test_a_text_is_committed_with_a_salt_of_its_own(subject: Any, named: Any) -> None:
    """Of the commitment alone nobody guesses the text: the same words never give the same hash."""
    from funis.capture.trail.rows import read_rows

    salts, committed = set(), []
    for row in read_rows(f"subject:{subject.pk}"):
        for key, (salt, text) in json.loads(row.texts or "{}").items():
            assert hashlib.sha256(f"{salt}{text}".encode()).hexdigest() == key
            assert key in row.payload
            committed.append(key)
            salts.add(salt)
    assert len(salts) == len(committed) > 10
    assert {len(salt) for salt in salts} == {32}


def test_one_person_takes_nothing_out(subject: Any, named: Any) -> None:
    from django.db import DatabaseError, connection

    from funis.capture.context import Acting, acting, redacting
    from funis.capture.trail.redaction import ask_for_redaction, confirm_redaction

    with acting(Acting("coordinator", sites=None)):
        asked = ask_for_redaction(subject, name_of(subject), "a name")
    with pytest.raises(ValueRangeError, match="another person"), acting(Acting("coordinator", sites=None)):
        confirm_redaction(asked, "by myself")
    asked.refresh_from_db()
    update = "UPDATE {} SET {}, revision = revision + 1 WHERE {} = %s"
    statements = (
        (
            update.format("capture_redaction", "state = 'confirmed', confirmed_by = 'coordinator'", "id"),
            asked.pk,
        ),
        (update.format("capture_querymessage", "text = 'x'", "subject_id"), subject.pk),
        ("UPDATE capture_text SET texts = '{}' WHERE chain = %s", f"subject:{subject.pk}"),
        ("DELETE FROM capture_text WHERE chain = %s", f"subject:{subject.pk}"),
    )
    for statement, value in statements:
        with (
            pytest.raises(DatabaseError),
            acting(Acting("coordinator", "alone", sites=None)),
            redacting(asked.pk),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [value])
    assert altered_places() == []
    named.refresh_from_db()
    assert name_of(subject).upper() in named.data["term"]


@pytest.mark.parametrize(
    ("words", "why"),
    [("X", "2 to 200 characters"), ("Nobody Of That Name", "none that stand here"), ('a "b"', "quotation")],
)
def test_words_that_cannot_be_taken_out_are_refused(subject: Any, named: Any, words: str, why: str) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.trail.redaction import ask_for_redaction

    with pytest.raises(ValueRangeError, match=why), acting(Acting("coordinator", sites=None)):
        ask_for_redaction(subject, words, "a name")


def test_words_in_a_locked_form_are_taken_out_once_it_is_open(subject: Any, named: Any) -> None:
    from funis.capture.conduct import locks
    from funis.capture.context import Acting, acting

    scope = locks.scope_of(named)
    with acting(Acting("manager", sites=None)):
        locks.set_state(scope, locks.LOCKED, "clean")
    with pytest.raises(ValueRangeError, match="locked"):
        redact(subject)
    named.refresh_from_db()
    assert name_of(subject).upper() in named.data["term"]
    assert altered_places() == []


def texts_of(owner: Owner, chain: str) -> list[tuple[int, dict[str, list[str]]]]:
    found = owner.rows("SELECT seq, texts FROM capture_text WHERE chain = ? ORDER BY seq", chain)
    return [(seq, json.loads(texts)) for seq, texts in found]


def put_texts(owner: Owner, chain: str, seq: int, texts: dict[str, list[str]]) -> None:
    stored = json.dumps(texts)
    owner.run("UPDATE capture_text SET texts = ? WHERE chain = ? AND seq = ?", stored, chain, seq)


def test_a_text_that_the_owner_removes_changes_or_puts_back_is_found(
    server: Configuration, subject: Any, named: Any, tmp_path: Path
) -> None:
    chain = f"subject:{subject.pk}"

    def remove(owner: Owner) -> None:
        seq, texts = next(each for each in texts_of(owner, chain) if name_of(subject) in str(each[1]))
        put_texts(
            owner, chain, seq, {key: each for key, each in texts.items() if name_of(subject) not in each[1]}
        )

    def change(owner: Owner) -> None:
        seq, texts = next(each for each in texts_of(owner, chain) if name_of(subject) in str(each[1]))
        changed = {
            key: [salt, text.replace(name_of(subject), "Nobody")] for key, (salt, text) in texts.items()
        }
        put_texts(owner, chain, seq, changed)

    def add(owner: Owner) -> None:
        seq, texts = texts_of(owner, chain)[-1]
        put_texts(owner, chain, seq, texts | {"0" * 64: ["", '"a text"']})

    def remove_row(owner: Owner) -> None:
        owner.run(
            "DELETE FROM capture_text WHERE chain = ? AND seq = ?", chain, texts_of(owner, chain)[-1][0]
        )

    for attack, what in (
        (remove, "a text of it is gone"),
        (change, "a text of it is another one, and no redaction says so"),
        (add, "has a text beside it that it does not name"),
        (remove_row, "a text of it is gone"),
    ):
        folder = tmp_path / attack.__name__
        folder.mkdir()
        with altered(server, folder, attack):
            found = altered_places()
            assert any(each.startswith(f"{chain} ") and what in each for each in found), attack.__name__
    assert altered_places() == []


def test_what_a_redaction_left_is_neither_changed_nor_put_back_nor_without_its_people(
    server: Configuration, subject: Any, named: Any, tmp_path: Path
) -> None:
    chain, kept = f"subject:{subject.pk}", []

    def keep(owner: Owner) -> None:
        kept.extend(texts_of(owner, chain))

    (tmp_path / "keep").mkdir()
    with altered(server, tmp_path / "keep", keep):
        pass
    redact(subject)

    def put_back(owner: Owner) -> None:
        for seq, texts in kept:
            put_texts(owner, chain, seq, texts)

    def change(owner: Owner) -> None:
        seq, texts = next(each for each in texts_of(owner, chain) if mark() in str(each[1]))
        put_texts(
            owner,
            chain,
            seq,
            {key: [each[0], each[1].replace("on", "in"), *each[2:]] for key, each in texts.items()},
        )

    def without_people(owner: Owner) -> None:
        """Write the row of the second person as if the first had confirmed, and the whole chain anew."""
        for seq, payload in owner.rows("SELECT seq, payload FROM capture_trail WHERE chain = ?", chain):
            if '"manager"' in payload:
                told = payload.replace('"manager"', '"coordinator"')
                owner.run(
                    "UPDATE capture_trail SET payload = ? WHERE chain = ? AND seq = ?", told, chain, seq
                )
        owner.compute_again(STUDY, chain)

    for attack, what in (
        (put_back, "a text of it stands again from which words were taken out"),
        (change, "what a redaction left of a text of it is another text"),
        (without_people, "was not asked for by one person and confirmed by another"),
    ):
        folder = tmp_path / attack.__name__
        folder.mkdir()
        with altered(server, folder, attack):
            assert any(what in each for each in altered_places()), attack.__name__
    assert altered_places() == []


def test_rows_of_the_format_before_are_verified_and_read_and_not_redacted(
    server: Configuration, subject: Any, named: Any, tmp_path: Path
) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.trail.history import read_history
    from funis.capture.trail.redaction import ask_for_redaction
    from funis.capture.trail.rows import read_rows

    chain = f"subject:{subject.pk}"
    from funis.capture.document import write_document

    before = list(read_history(chain))
    old = {row.seq: {**row.said, "v": 1} for row in read_rows(chain)}

    def go_back(owner: Owner) -> None:
        for seq, said in old.items():
            told = write_document({name: value for name, value in said.items() if name != "redaction"})
            owner.run("UPDATE capture_trail SET payload = ? WHERE chain = ? AND seq = ?", told, chain, seq)
        owner.run("DELETE FROM capture_text WHERE chain = ?", chain)
        owner.compute_again(STUDY, chain)

    with altered(server, tmp_path, go_back):
        assert altered_places() == []
        assert list(read_history(chain)) == before
        with (
            pytest.raises(ValueRangeError, match="without free text"),
            acting(Acting("coordinator", sites=None)),
        ):
            ask_for_redaction(subject, name_of(subject), "a name")


def test_a_signature_over_words_that_were_taken_out_stands_as_such(subject: Any, named: Any) -> None:
    """An ordinary change breaks it; the redaction says what it is, and a change after it breaks it again."""
    from tests.server.test_signatures import Signer, change, read

    signer = Signer()
    signer.sign(f"/sign/form/{named.pk}")
    assert [each.status for each in read(subject.pk)] == ["valid"]
    redact(subject)
    (found,) = read(subject.pk)
    assert (found.status, found.faults) == ("redacted", ())
    assert [(each.item, each.reason) for each in found.changes] == [("term", "words taken out by two people")]
    page = signer.browser.get(f"/subjects/{subject.pk}/signatures").content.decode()
    assert "words were taken out since by two people" in page
    named.refresh_from_db()
    change(named, "term", named.data["term"], "Rash")
    assert [each.status for each in read(subject.pk)] == ["broken"]


def test_two_people_take_words_out_on_the_pages_each_proven_in_the_same_request(
    subject: Any, named: Any
) -> None:
    from tests.server.test_signatures import SECRET, Signer

    from funis.capture.context import Acting, acting
    from funis.capture.models import Redaction
    from funis.capture.people.factors import add_codes
    from funis.capture.people.one_time_codes import code_at
    from funis.study.today import read_clock

    address, name = f"/subjects/{subject.pk}/redactions", name_of(subject)
    first = Signer()
    given = {"words": name, "why": "typed by mistake"}
    refused = first.browser.post(f"{address}/ask", given)
    assert refused.status_code == 403
    question = html.unescape(re.findall(r'data-get="([^"]+)"', refused.content.decode())[0])
    answer = first.browser.post(f"{address}/ask", given | {"credential": first.passkey.sign(question)})
    assert answer.status_code == 302
    asked = Redaction.objects.get(subject=subject)
    assert first.browser.post(f"/redactions/{asked.pk}/confirm", {"why": "alone"}).status_code == 404

    manager = person_with("data_manager", "", f"manager-{subject.pk[-12:]}")
    step = int(read_clock().timestamp() // 30)
    with acting(Acting(manager.login)):
        add_codes(manager, SECRET, code_at(SECRET, step - 1))
    browser, confirm = browser_of(manager), f"/redactions/{asked.pk}/confirm"
    page = browser.get(address).content.decode()
    assert "Where the words stand" in page
    proof = {"why": "seen", "password": PASSWORD, "code": code_at(SECRET, step)}
    assert browser.post(confirm, proof | {"password": "wrong"}).status_code == 403
    assert browser.post(confirm, proof | {"code": "000000"}).status_code == 403
    assert name in everything()
    assert browser.post(confirm, proof).status_code == 302
    assert name.lower() not in everything().lower()
    page = browser.get(address).content.decode()
    assert "Taken out" in page
    assert "backups of before" in page
    assert altered_places() == []


def test_a_request_is_taken_back_and_then_confirmed_by_nobody(subject: Any, named: Any) -> None:
    from tests.server.test_signatures import Signer

    from funis.capture.context import Acting, acting
    from funis.capture.trail.redaction import ask_for_redaction, confirm_redaction

    with acting(Acting("coordinator", sites=None)):
        asked = ask_for_redaction(subject, name_of(subject), "a name")
    answer = Signer().browser.post(f"/redactions/{asked.pk}/back", {"why": "the wrong subject"})
    assert answer.status_code == 302
    asked.refresh_from_db()
    with pytest.raises(ValueRangeError, match="request that waits"), acting(Acting("manager", sites=None)):
        confirm_redaction(asked, "too late")


def test_redactions_are_seen_and_asked_for_and_confirmed_by_their_roles_at_their_site(
    subject: Any, named: Any
) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.trail.redaction import ask_for_redaction

    with acting(Acting("coordinator", sites=None)):
        asked = ask_for_redaction(subject, name_of(subject), "a name")
    for role in ROLES:
        here, there = (browser_of(person_with(role, at, f"{role}-redacts-{at}")) for at in ("01", "02"))
        for action, address in (
            ("ask for redaction", f"/subjects/{subject.pk}/redactions/ask"),
            ("confirm redaction", f"/redactions/{asked.pk}/confirm"),
        ):
            # 403: the right is there, the proof is not.
            wanted = 403 if role in ACTIONS[action] else 404
            assert here.post(address, {"why": "a name"}).status_code == wanted, (role, action)
            assert there.post(address, {"why": "a name"}).status_code == 404, (role, action)
        address = f"/subjects/{subject.pk}/redactions"
        assert here.get(address).status_code == (200 if role in ACTIONS["see redactions"] else 404), role
        assert there.get(address).status_code == 404, role


def test_every_text_that_somebody_types_can_be_taken_out(server: Configuration) -> None:
    """Each column of text is either free text, or one of those in which a code, a key or a login stands."""
    from django.db import models

    from funis.capture.database.audited_tables import audited_models

    shown = {
        f"{model.__name__}.{field.name}"
        for model in audited_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and (field.max_length is None or field.max_length > 64)
        and field.name not in {*model.texts, *model.secret, *model.derived, model.document, "id"}
    }
    assert shown == NO_FREE_TEXT


#: Columns longer than a hash that hold what the server writes itself, or the names of what is no subject: a token's
#: purpose is given by an administrator, who sees none.
NO_FREE_TEXT = {
    "Account.printed_name", "ApiToken.purpose", "Authenticator.credential_id", "Authenticator.public_key", "LotTest.rule",
    "Query.item", "Redaction.chain", "SafetyNotice.about", "SafetyNotice.link", "Signature.assertion", "Signature.authenticator_data",
    "Signature.client_data", "Signature.content", "Signature.credential_id",
    "Signature.printed_name", "Signature.public_key", "Signature.relying_party",
    "Signature.statement", "StudyForm.code", "StudyVersion.plan", "StudyVersion.text",
}  # fmt: skip


def test_the_case_book_says_that_words_were_taken_out(subject: Any, named: Any) -> None:
    from tests.server.test_case_book import ENGLISH, rows
    from tests.server.test_queries import act

    from funis.capture.casebook.book import make_case_book

    before = act("auditor", lambda: make_case_book(subject, ENGLISH, "auditor"))
    assert "redactions" not in [section.id for section in before.sections]
    done = redact(subject)
    book = act("auditor", lambda: make_case_book(subject, ENGLISH, "auditor"))
    (told,) = rows(book, "all-redactions").values()
    reasons = f"the name {mark()} was typed; seen in the trail"
    assert told == ("coordinator, manager", reasons, "3", str(done.texts_taken))
