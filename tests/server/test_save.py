"""A save: merged by item, never last wins; sent twice, saved once; scored at once, as the frame is scored."""

import json
from decimal import Decimal
from typing import Any

import pytest

import funis
from funis.capture.configuration import Configuration


def send(form: Any, key: str, changes: dict[str, tuple[Any, Any]], reason: str = "") -> dict[str, Any]:
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry

    with acting(Acting("coordinator", sites=None)):
        answer: dict[str, Any] = json.loads(
            save_entry(FormEntry(key, form.pk, changes, reason), form, "person-1")
        )
    form.refresh_from_db()
    return answer


def test_a_first_entry_needs_no_reason_and_is_scored(sledai: Any) -> None:
    answer = send(sledai, "key-0001", {"rash": (None, 1), "arthritis": (None, "1")})
    assert sledai.data["rash"] == 1
    assert sledai.data["arthritis"] == 1
    # SLEDAI-2K: arthritis 4, rash 2; 22 items of weights 8 x 8, 4 x 5, 2 x 7, 1 x 3 less these two may be present.
    assert (answer["scores"]["sledai_2k_lower"], answer["scores"]["sledai_2k_upper"]) == (6, 105)
    assert answer["scores"]["sledai_2k"] is None
    assert answer["revision"] == 2
    assert answer["receipt"]["chain"] == f"subject:{sledai.subject_id}"


def test_the_same_entry_sent_again_gets_the_same_answer_and_is_saved_once(sledai: Any) -> None:
    first = send(sledai, "key-0002", {"rash": (None, 1)})
    again = send(sledai, "key-0002", {"rash": (None, 1)})
    assert again == first
    assert sledai.revision == 2


def test_a_value_that_stood_there_is_not_replaced_without_a_reason(sledai: Any) -> None:
    send(sledai, "key-0003", {"rash": (None, 1)})
    answer = send(sledai, "key-0004", {"rash": (1, 0)})
    assert [(each["item"], each["found"]) for each in answer["refused"]] == [("rash", "no reason")]
    assert sledai.data["rash"] == 1
    answer = send(sledai, "key-0005", {"rash": (1, 0)}, "typing error")
    assert answer["refused"] == []
    assert sledai.data["rash"] == 0


def test_two_people_on_one_form_are_merged_by_item_and_shown_the_conflict(sledai: Any) -> None:
    send(sledai, "key-0006", {"rash": (None, 1)})
    answer = send(sledai, "key-0007", {"rash": (None, 0), "alopecia": (None, 1)}, "seen at the visit")
    assert [(each["item"], each["yours"], each["theirs"]) for each in answer["conflicts"]] == [("rash", 0, 1)]
    assert answer["conflicts"][0]["by"] == "coordinator"
    assert sledai.data["rash"] == 1
    assert sledai.data["alopecia"] == 1


def test_what_is_refused_leaves_the_rest_saved(sledai: Any) -> None:
    answer = send(sledai, "key-0008", {"rash": (None, 7), "alopecia": (None, 1), "site": (None, "02")})
    assert {each["item"] for each in answer["refused"]} == {"rash", "site"}
    assert sledai.data["alopecia"] == 1
    assert "rash" not in sledai.data
    assert "site" not in sledai.data


def test_not_done_and_a_value_exclude_each_other(sledai: Any) -> None:
    send(sledai, "key-0009", {"rash_not_done": (None, True), "rash_not_done_reason": (None, "no time")})
    assert sledai.data["rash_not_done"] is True
    answer = send(sledai, "key-0010", {"rash": (None, 1)})
    assert [each["item"] for each in answer["refused"]] == ["rash"]


def test_a_change_of_an_earlier_visit_scores_the_later_ones_again(server: Configuration) -> None:
    """BILAG-2004: a system without a finding is E where it never had one, and D where it had."""
    from datetime import timedelta

    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.models import Form
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", sites=None)):
        subject = screen_subject("02")
        record_consent(subject, Given("2.0", today() - timedelta(days=60)), "coordinator")
        record_visit(subject, "baseline", today() - timedelta(days=40))
        record_visit(subject, "month_1", today())
    early, late = Form.objects.filter(subject=subject, name="bilag_2004").order_by("visit__name")
    items = [each.name for each in funis.definition("bilag_2004").items if each.system == "musculoskeletal"]
    absent = dict.fromkeys([*items, "musculoskeletal_ever"], (None, 0))
    send(early, "key-0011", absent)
    send(late, "key-0012", absent)
    grade = "bilag_2004_musculoskeletal"
    assert late.scores[grade] == "E"
    answer = send(early, "key-0013", {"arthritis_severe": (0, 3)}, "seen in the notes")
    late.refresh_from_db()
    assert (early.scores[grade], late.scores[grade]) == ("A", "D")
    assert answer["later"] == [late.pk]


def test_a_decimal_is_kept_as_it_was_typed(server: Configuration, subject: Any) -> None:
    from funis.capture.models import Form

    rows = Form.objects.filter(subject=subject, name="labs")
    form = next(each for each in rows if each.data["test"] == "proteinuria_24h")
    send(form, "key-0014", {"value": (None, "1.50")})
    assert form.data["value"] == Decimal("1.50")
    assert str(form.data["value"]) == "1.50"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"key": "12345678", "form": "other", "changes": {}}',
        b'{"key": "1", "form": "FORM", "changes": {}}',
        b'{"key": "12345678", "form": "FORM", "changes": {"rash": 1}}',
        b'{"key": "12345678", "form": "FORM", "changes": {"rash": {"old": 0, "new": [1]}}}',
        b'{"key": "12345678", "form": "FORM", "changes": {"rash": {"old": 0}}}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_entry_is_refused_in_words(server: Configuration, body: bytes) -> None:
    from funis.capture.pages.forms import read_entry
    from funis.errors import ValueRangeError

    with pytest.raises(ValueRangeError, match="entry"):
        read_entry(body.replace(b"FORM", b"f-1"), "f-1")


def test_the_end_of_participation_moves_the_subject_and_back(subject: Any) -> None:
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import Acting, acting

    def standing() -> str:
        subject.refresh_from_db()
        return str(subject.status)

    with acting(Acting("coordinator", sites=None)):
        end = add_row(subject, "disposition")
    assert standing() == "consented"
    send(end, "key-end-1", {"status": (None, "ongoing")})
    assert standing() == "consented"
    for number, (before, after, status) in enumerate(
        [
            ("ongoing", "lost", "left"),
            ("lost", "completed", "completed"),
            ("completed", "ongoing", "consented"),
        ]
    ):
        send(end, f"key-end-{number + 2}", {"status": (before, after)}, "asked again")
        assert standing() == status
