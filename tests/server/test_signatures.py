"""Signatures: what they prove, that they break visibly, that nothing takes one away."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.server.people import PASSWORD, browser_of, person_with
from tests.server.soft_passkey import PRESENT, SoftPasskey

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError

SECRET = b"12345678901234567890"


class Signer:
    """An investigator of site 01 with a passkey in software and an app for codes, and a browser."""

    def __init__(self) -> None:
        from funis.capture.context import Acting, acting
        from funis.capture.identifiers import new_id
        from funis.capture.people.factors import add_codes, add_passkey
        from funis.capture.people.one_time_codes import code_at
        from funis.capture.people.passkeys import PasskeyRelyingParty
        from funis.study.today import read_clock

        self.person = person_with("investigator", "01", f"investigator-{new_id()[-12:]}")
        self.passkey = SoftPasskey()
        party = PasskeyRelyingParty("localhost", "UCMSC-SLE", is_secure=False)
        question, state = party.ask_new(self.person, [])
        with acting(Acting(self.person.login)):
            add_passkey(self.person, "phone", party.read_new(state, self.passkey.make(question)))
            # The code of the step before: the present one is left for the signature.
            self.step = int(read_clock().timestamp() // 30)
            add_codes(self.person, SECRET, code_at(SECRET, self.step - 1))
        self.browser = browser_of(self.person)

    def offer(self, address: str) -> tuple[str, str]:
        """Open the page; give the nonce and the question to the passkey."""
        page = self.browser.get(address).content.decode()
        found = [re.findall(rf'{name}="([^"]+)"', page)[0] for name in ('name="nonce" value', "data-get")]
        return found[0], html.unescape(found[1])

    def sign(self, address: str) -> Any:
        nonce, question = self.offer(address)
        return self.browser.post(address, {"nonce": nonce, "credential": self.passkey.sign(question)})


@pytest.fixture
def signer(server: Configuration) -> Signer:
    return Signer()


def read(subject: str) -> list[Any]:
    from funis.capture.signing.status import read_signatures

    return read_signatures(subject)


def change(form: Any, item: str, old: Any, new: Any, reason: str = "seen in the notes") -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.identifiers import new_id

    with acting(Acting("coordinator-who-corrects", sites=None)):
        save_entry(FormEntry(new_id(), form.pk, {item: (old, new)}, reason), form, "person")
    form.refresh_from_db()


def test_the_hash_is_that_of_the_text_as_anybody_computes_it() -> None:
    """Written by hand from the description: keys in order, no blanks, forms sorted by id."""
    from funis.capture.signing.content import SignedContent, SignedForm, hash_data

    forms = (SignedForm("f-2", 1, "b" * 64, "v" * 64, ""), SignedForm("f-1", 3, "a" * 64, "v" * 64, "d" * 64))
    content = SignedContent(
        "I have reviewed.", "review", "li", "Li", "investigator", "form", "f-1", "s-1", "n-1", forms
    )
    text = (
        '{"forms":[{"data":"' + "a" * 64 + '","definition":"' + "d" * 64 + '","form":"f-1","revision":3,"version":"'
        + "v" * 64 + '"},{"data":"' + "b" * 64 + '","definition":"","form":"f-2","revision":1,"version":"' + "v" * 64
        + '"}],"meaning":"review","nonce":"n-1","printed_name":"Li","role":"investigator","scope":"form",'
        '"signer":"li","statement":"I have reviewed.","subject":"s-1","target":"f-1","v":1}'
    )  # fmt: skip
    assert content.write() == text
    assert content.hash == sha256(text.encode()).hexdigest()
    # printf '{"a":1,"b":"x"}' | sha256sum
    assert hash_data({"b": "x", "a": 1}) == sha256(b'{"a":1,"b":"x"}').hexdigest()


def test_a_form_is_signed_by_a_passkey_and_shown_where_it_stands(signer: Signer, sledai: Any) -> None:
    change(sledai, "rash", None, 1)
    assert signer.sign(f"/sign/form/{sledai.pk}").status_code == 302
    (found,) = read(sledai.subject_id)
    assert (found.status, found.faults, found.changes) == ("valid", (), ())
    assert found.forms == {sledai.pk: 2}
    for address in (
        f"/forms/{sledai.pk}", f"/visits/{sledai.visit_id}", f"/subjects/{sledai.subject_id}/signatures",
    ):  # fmt: skip
        page = browser_of(person_with("monitor", "01")).get(address).content.decode()
        assert "Somebody as investigator" in page
        assert "Reviewed" in page
        assert "UTC+0800 (Asia/Shanghai)" in page
        assert "I have reviewed these data" in page


def test_a_change_breaks_it_visibly_and_nothing_removes_it(signer: Signer, sledai: Any) -> None:
    from funis.capture.conduct.locks import scope_of, set_state
    from funis.capture.context import Acting, acting

    change(sledai, "rash", None, 1)
    signer.sign(f"/sign/visit/{sledai.visit_id}")
    change(sledai, "rash", 1, 0)
    (found,) = read(sledai.subject_id)
    assert found.status == "broken"
    (item,) = found.changes
    assert (item.form, item.item, item.old, item.new) == (sledai.pk, "rash", 1, 0)
    assert (item.by, item.reason) == ("coordinator-who-corrects", "seen in the notes")
    with acting(Acting("manager", sites=None)):
        set_state(scope_of(sledai.visit), "locked", "clean")
        set_state(scope_of(sledai.visit), "open", "one value is wrong")
    assert [each.status for each in read(sledai.subject_id)] == ["broken"]
    page = browser_of(person_with("monitor", "01")).get(f"/subjects/{sledai.subject_id}/signatures")
    assert "Broken: changed since" in page.content.decode()
    assert "coordinator-who-corrects" in page.content.decode()
    # The value as it was signed does not make it valid again: what was signed is that revision.
    change(sledai, "rash", 0, 1)
    assert [each.status for each in read(sledai.subject_id)] == ["broken"]
    signer.sign(f"/sign/visit/{sledai.visit_id}")
    assert [each.status for each in read(sledai.subject_id)] == ["valid", "broken"]


def test_one_act_signs_a_whole_subject_and_tells_what_was_added_since(signer: Signer, sledai: Any) -> None:
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import Acting, acting
    from funis.capture.models import Form

    number = Form.objects.filter(subject=sledai.subject_id).count()
    signer.sign(f"/sign/subject/{sledai.subject_id}")
    (found,) = read(sledai.subject_id)
    assert (len(found.forms), found.added, found.status) == (number, 0, "valid")
    with acting(Acting("coordinator", sites=None)):
        add_row(sledai.subject, "adverse_events")
    (found,) = read(sledai.subject_id)
    assert (found.added, found.status) == (1, "valid")


def test_password_and_code_sign_in_one_request(signer: Signer, sledai: Any) -> None:
    from funis.capture.people.one_time_codes import code_at

    address = f"/sign/form/{sledai.pk}"
    code = code_at(SECRET, signer.step + 1)
    nonce, _ = signer.offer(address)
    for given in (
        {"password": PASSWORD}, {"code": code}, {"password": "wrong", "code": code},
        {"password": PASSWORD, "code": "000000"},
    ):  # fmt: skip
        refused = signer.browser.post(address, {"nonce": nonce} | given)
        assert refused.status_code == 403
        # Who has just logged in by a code types it again: the page says to wait for the next one.
        assert "wait until the app shows the next one" in refused.content.decode()
    assert read(sledai.subject_id) == []
    signer.person.refresh_from_db()
    assert signer.person.failures == 4
    assert signer.browser.post(
        address, {"nonce": nonce, "password": PASSWORD, "code": code}
    ).status_code == 302  # fmt: skip
    (found,) = read(sledai.subject_id)
    assert (found.status, found.row.method) == ("valid", "password and code")
    # The code counts once, in another act, too.
    nonce, _ = signer.offer(address)
    again = signer.browser.post(address, {"nonce": nonce, "password": PASSWORD, "code": code})
    assert again.status_code == 403
    assert len(read(sledai.subject_id)) == 1


def test_what_was_sent_is_not_sent_again(signer: Signer, sledai: Any) -> None:
    address = f"/sign/form/{sledai.pk}"
    nonce, question = signer.offer(address)
    sent = {"nonce": nonce, "credential": signer.passkey.sign(question)}
    assert signer.browser.post(address, sent).status_code == 302
    assert signer.browser.post(address, sent).status_code == 422
    assert len(read(sledai.subject_id)) == 1


def test_an_offer_lasts_five_minutes(signer: Signer, sledai: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from funis.capture.signing import acts
    from funis.study.today import read_clock

    begun: datetime = read_clock()
    now = [begun]
    monkeypatch.setattr(acts, "read_clock", lambda: now[0])
    address = f"/sign/form/{sledai.pk}"
    nonce, question = signer.offer(address)
    now[0] = begun + timedelta(seconds=301)
    late = {"nonce": nonce, "credential": signer.passkey.sign(question)}
    assert signer.browser.post(address, late).status_code == 422
    nonce, question = signer.offer(address)
    now[0] += timedelta(seconds=299)
    assert signer.browser.post(
        address, {"nonce": nonce, "credential": signer.passkey.sign(question)}
    ).status_code == 302  # fmt: skip


def test_what_changed_after_the_page_was_opened_is_not_signed(signer: Signer, sledai: Any) -> None:
    address = f"/sign/form/{sledai.pk}"
    nonce, question = signer.offer(address)
    change(sledai, "rash", None, 1)
    answer = signer.browser.post(address, {"nonce": nonce, "credential": signer.passkey.sign(question)})
    assert answer.status_code == 422
    assert "changed since the page was opened" in answer.content.decode()
    assert read(sledai.subject_id) == []


@pytest.mark.parametrize("fault", ["another question", "no verification", "a stranger", "elsewhere"])
def test_a_passkey_that_does_not_hold_signs_nothing(signer: Signer, sledai: Any, fault: str) -> None:
    address = f"/sign/form/{sledai.pk}"
    _, other = signer.offer(f"/sign/visit/{sledai.visit_id}")
    nonce, question = signer.offer(address)
    passkey = signer.passkey
    if fault == "no verification":
        passkey.flags = PRESENT
    elif fault == "elsewhere":
        passkey.origin = "https://localhost.example"
    elif fault == "a stranger":
        passkey = SoftPasskey()
    credential = passkey.sign(other if fault == "another question" else question)
    assert signer.browser.post(address, {"nonce": nonce, "credential": credential}).status_code == 403
    assert read(sledai.subject_id) == []


def test_who_signs_where(signer: Signer, sledai: Any) -> None:
    address = f"/sign/form/{sledai.pk}"
    for role in ("coordinator", "monitor", "data_manager", "administrator", "statistician"):
        assert browser_of(person_with(role, "01")).get(address).status_code == 404
    assert browser_of(person_with("investigator", "02")).get(address).status_code == 404
    nonce, question = signer.offer(address)
    sent = {"nonce": nonce, "credential": signer.passkey.sign(question)}
    assert browser_of(person_with("investigator", "01")).post(address, sent).status_code == 422
    assert signer.browser.post(f"/sign/visit/{sledai.visit_id}", sent).status_code == 422
    page = browser_of(person_with("investigator", "01")).get(address).content.decode()
    assert "To sign you need a passkey" in page


def test_who_signed_withdraws_with_a_reason_and_nobody_else(signer: Signer, sledai: Any) -> None:
    signer.sign(f"/sign/form/{sledai.pk}")
    (found,) = read(sledai.subject_id)
    address = f"/signatures/{found.row.pk}/withdraw"
    given = {"password": PASSWORD, "reason": "signed the wrong form"}
    assert browser_of(person_with("investigator", "01")).post(address, given).status_code == 422
    assert signer.browser.post(address, given | {"password": "wrong"}).status_code == 403
    assert signer.browser.post(address, given | {"reason": " "}).status_code == 422
    assert read(sledai.subject_id)[0].status == "valid"
    assert signer.browser.post(address, given).status_code == 302
    (found,) = read(sledai.subject_id)
    assert (found.status, found.row.withdrawn_reason) == ("withdrawn", "signed the wrong form")
    assert signer.browser.post(address, given).status_code == 422


def test_the_database_refuses_to_alter_or_remove_a_signature(signer: Signer, sledai: Any) -> None:
    from django.db import Error, connection

    from funis.capture.context import Acting, acting
    from funis.capture.models import Signature

    signer.sign(f"/sign/form/{sledai.pk}")
    row = Signature.objects.get(subject=sledai.subject_id)
    for statement in (
        "DELETE FROM capture_signature WHERE id = %s",
        "UPDATE capture_signature SET printed_name = 'x', revision = revision + 1 WHERE id = %s",
        "UPDATE capture_signature SET content = '{}', revision = revision + 1 WHERE id = %s",
    ):
        with (
            pytest.raises(Error),
            acting(Acting("manager", "a reason", sites=None)),
            connection.cursor() as on,
        ):
            on.execute(statement, [row.pk])
    row.refresh_from_db()
    assert row.printed_name == "Somebody as investigator"


@pytest.fixture
def stored(signer: Signer, sledai: Any) -> Any:
    """Give what is stored of a signature by passkey."""
    from funis.capture.models import Signature
    from funis.capture.signing.status import stored_signature

    signer.sign(f"/sign/form/{sledai.pk}")
    return stored_signature(Signature.objects.get(subject=sledai.subject_id))


def other_letter(text: str) -> str:
    return ("B" if text[40] != "B" else "C").join((text[:40], text[41:]))


ALTERED: dict[str, Callable[[Any], Any]] = {
    "content": lambda kept: replace(kept, content=kept.content.replace('"revision":1', '"revision":2')),
    "content and hash": lambda kept: replace(
        kept,
        content=kept.content.replace('"revision":1', '"revision":2'),
        content_hash=sha256(kept.content.replace('"revision":1', '"revision":2').encode()).hexdigest(),
    ),
    "signer": lambda kept: replace(kept, signer="somebody else"),
    "printed name": lambda kept: replace(kept, printed_name="Somebody Else"),
    "meaning": lambda kept: replace(kept, meaning="approval"),
    "target": lambda kept: replace(kept, target="another form"),
    "subject": lambda kept: replace(kept, subject="another subject"),
    "assertion": lambda kept: replace(kept, signature=other_letter(kept.signature)),
    "authenticator data": lambda kept: replace(
        kept, authenticator_data=other_letter(kept.authenticator_data)
    ),
    "relying party": lambda kept: replace(kept, relying_party="example.org"),
    "credential": lambda kept: replace(kept, credential_id=other_letter(kept.credential_id)),
    "public key": lambda kept: replace(kept, public_key=kept.public_key[:-8]),
    "client data": lambda kept: replace(kept, client_data=other_letter(kept.client_data)),
    "method": lambda kept: replace(kept, method="by hand"),
    "no content": lambda kept: replace(kept, content="[]"),
}


def test_a_signature_is_verified_from_its_stored_bytes(stored: Any) -> None:
    """With cryptography alone, as somebody without this program does; and by the function."""
    import base64

    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from fido2 import cbor

    from funis.capture.signing.proof import verify_signature

    def decode(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    public = decode(stored.public_key)
    key: Any = cbor.decode(public[18 + int.from_bytes(public[16:18], "big") :])
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(key[-2], "big"), int.from_bytes(key[-3], "big"), ec.SECP256R1()
    )
    signed = decode(stored.authenticator_data) + sha256(decode(stored.client_data)).digest()
    numbers.public_key().verify(decode(stored.signature), signed, ec.ECDSA(SHA256()))
    challenge = re.findall(rb'"challenge": ?"([^"]+)"', decode(stored.client_data))[0].decode()
    assert decode(challenge).hex() == sha256(stored.content.encode()).hexdigest()
    assert verify_signature(stored) == ()


@pytest.mark.parametrize("altered", ALTERED)
def test_a_signature_that_was_altered_or_moved_does_not_hold(stored: Any, altered: str) -> None:
    from funis.capture.signing.proof import verify_signature

    assert verify_signature(ALTERED[altered](stored)) != ()


class SignaturesAgainstAModel(RuleBasedStateMachine):
    """Valid while nothing that it lists has changed and its signer stands by it; the number never falls."""

    @initialize()
    def screen(self) -> None:
        from funis.capture.conduct.consent import Given, record_consent
        from funis.capture.conduct.screening import add_row, screen_subject
        from funis.capture.context import Acting, acting
        from funis.capture.models import Form
        from funis.capture.study_in_force import today

        self.signer = Signer()
        with acting(Acting("coordinator", sites=None)):
            self.subject = screen_subject("01")
            record_consent(self.subject, Given("2.0", today()), "coordinator")
            self.event = add_row(self.subject, "adverse_events")
        self.own = Form.objects.get(subject=self.subject, name="subjects")
        self.ages = [40, 41]
        self.model: list[dict[str, Any]] = []

    @rule(scope=st.sampled_from(["own", "event", "subject"]))
    def sign(self, scope: str) -> None:
        row = {"own": self.own, "event": self.event, "subject": self.subject}[scope]
        kind = "subject" if scope == "subject" else "form"
        assert self.signer.sign(f"/sign/{kind}/{row.pk}").status_code == 302
        forms = {"own", "event"} if scope == "subject" else {scope}
        self.model.append({"forms": forms, "status": "valid"})

    @rule(form=st.sampled_from(["own", "event"]))
    def edit(self, form: str) -> None:
        row = self.own if form == "own" else self.event
        item = "age" if form == "own" else "term"
        old = row.data.get(item)
        new = (41 if old == 40 else 40) if form == "own" else ("fever" if old == "cough" else "cough")
        change(row, item, old, new)
        for each in self.model:
            if form in each["forms"] and each["status"] == "valid":
                each["status"] = "broken"

    @rule(number=st.integers(0, 5))
    def withdraw(self, number: int) -> None:
        from funis.capture.context import Acting, acting
        from funis.capture.models import Signature
        from funis.capture.signing.acts import withdraw

        rows = list(Signature.objects.filter(subject=self.subject).order_by("pk"))
        if number >= len(rows):
            return
        is_gone = self.model[number]["status"] == "withdrawn"
        try:
            with acting(Acting(self.signer.person.login, sites=None)):
                withdraw(rows[number], self.signer.person.login, "a reason")
        except ValueRangeError:
            assert is_gone
        else:
            assert not is_gone
            self.model[number]["status"] = "withdrawn"

    @rule()
    def look(self) -> None:
        found = sorted(read(self.subject.pk), key=lambda each: each.row.pk)
        assert [each.status for each in found] == [each["status"] for each in self.model]


def test_signatures_do_what_a_simple_model_does(server: Configuration) -> None:
    run_state_machine_as_test(
        SignaturesAgainstAModel,
        settings=settings(max_examples=8, stateful_step_count=15, suppress_health_check=list(HealthCheck)),
    )
