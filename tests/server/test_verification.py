"""Verification: a mark falls in the transaction of the change, is asked for by the study file, and stops at a lock."""

import hashlib
import re
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter, new_sledai, write

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError
from funis.study.monitoring import Monitoring


def verify(form: Any, *items: str) -> None:
    from funis.capture.monitoring.verification import verify_items

    form.refresh_from_db()
    act("monitor", lambda: verify_items(form, items, form.revision))


def states(form: Any) -> dict[str, str]:
    from funis.capture.monitoring.verification import marks_of

    form.refresh_from_db()
    return {mark.field.name: mark.state for mark in marks_of(form)}


def fallen(form: Any) -> int:
    from funis.capture.monitoring.verification import fallen_forms

    return sum(row.fallen for row in fallen_forms(None) if row.form_id == form.pk)


def test_a_change_lets_the_mark_fall_and_no_other(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1), "alopecia": (None, 0)})
    assert states(sledai) == {"date": "due", "rash": "due", "alopecia": "due"}
    verify(sledai, "rash", "alopecia")
    assert states(sledai) == {"date": "due", "rash": "verified", "alopecia": "verified"}
    enter(sledai, {"rash": (1, 0)}, "typing error")
    assert states(sledai) == {"date": "due", "rash": "fallen", "alopecia": "verified"}
    assert fallen(sledai) == 1
    verify(sledai, "rash")
    assert states(sledai)["rash"] == "verified"
    assert fallen(sledai) == 0


def test_a_value_that_is_changed_back_has_fallen_all_the_same(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    verify(sledai, "rash")
    enter(sledai, {"rash": (1, 0)}, "typing error")
    enter(sledai, {"rash": (0, 1)}, "it was right")
    assert states(sledai)["rash"] == "fallen"


def test_a_value_that_is_emptied_or_said_to_be_not_done_has_fallen(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    verify(sledai, "rash")
    enter(sledai, {"rash": (1, None)}, "other patient")
    assert states(sledai)["rash"] == "fallen"
    enter(sledai, {"rash_not_done": (None, True), "rash_not_done_reason": (None, "no time")}, "seen")
    verify(sledai, "rash")
    assert states(sledai)["rash"] == "verified"
    enter(sledai, {"rash_not_done_reason": ("no time", "refused")}, "seen")
    assert states(sledai)["rash"] == "fallen"


def test_a_value_that_was_changed_past_the_save_is_not_shown_as_verified(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    verify(sledai, "rash")
    write(sledai, rash=0)
    assert states(sledai)["rash"] == "fallen"


def test_a_change_that_is_refused_leaves_the_mark(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    verify(sledai, "rash")
    enter(sledai, {"rash": (1, 0)})
    assert states(sledai)["rash"] == "verified"


def test_a_form_that_was_changed_since_it_was_seen_is_not_verified(sledai: Any) -> None:
    from funis.capture.monitoring.verification import verify_items

    enter(sledai, {"rash": (None, 1)})
    sledai.refresh_from_db()
    seen = sledai.revision
    enter(sledai, {"rash": (1, 0)}, "typing error")
    with pytest.raises(ValueRangeError, match="which you saw"):
        act("monitor", lambda: verify_items(sledai, ["rash"], seen))
    assert states(sledai)["rash"] == "due"


@pytest.mark.parametrize("items", [(), ("alopecia",), ("site",), ("rash", "no_item")])
def test_what_has_no_value_is_not_verified(sledai: Any, items: tuple[str, ...]) -> None:
    enter(sledai, {"rash": (None, 1)})
    with pytest.raises(ValueRangeError, match="items"):
        verify(sledai, *items)


def test_verification_goes_on_where_entry_is_frozen_and_not_where_it_is_locked(sledai: Any) -> None:
    from funis.capture.conduct.locks import scope_of, set_state

    enter(sledai, {"rash": (None, 1), "alopecia": (None, 0)})
    act("monitor", lambda: set_state(scope_of(sledai), "frozen", "visit of the monitor"))
    verify(sledai, "rash")
    act("manager", lambda: set_state(scope_of(sledai.subject), "locked", "done"))
    with pytest.raises(ValueRangeError, match="locked"):
        verify(sledai, "alopecia")
    assert states(sledai) == {"date": "due", "rash": "verified", "alopecia": "due"}


def test_the_study_file_that_is_in_force_says_what_is_required(
    sledai: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new version asks for more or for less; no mark is touched by it."""
    from funis.capture.monitoring import verification
    from funis.capture.study_in_force import study_of

    enter(sledai, {"rash": (None, 1), "alopecia": (None, 0)})
    verify(sledai, "rash")
    study = study_of(sledai.version)
    plan = Monitoring(critical=("sledai_2k.alopecia",), share_percent=0)
    changed = study.model_copy(update={"monitoring": plan})
    monkeypatch.setattr(verification, "study_of", lambda _: changed)
    assert states(sledai) == {"date": "not_required", "rash": "verified", "alopecia": "due"}
    enter(sledai, {"rash": (1, 0)}, "typing error")
    assert states(sledai)["rash"] == "fallen"


def test_the_share_is_drawn_by_the_hash_that_the_study_file_describes() -> None:
    """By hand: the first 8 bytes of SHA-256 as a share of 2^64."""
    plan = Monitoring(share_percent=30, seed=17)
    for number in range(200):
        text = f"17:01-{number:03d}:labs.value".encode()
        share = int(hashlib.sha256(text).hexdigest()[:16], 16) / 2**64
        assert plan.asks_for(f"01-{number:03d}", "labs", "value") == (share < 0.3)
    assert all(Monitoring().asks_for(f"{number}", "labs", "value") for number in range(200))
    assert not any(
        Monitoring(share_percent=0).asks_for(f"{number}", "labs", "value") for number in range(200)
    )


class Marks(RuleBasedStateMachine):
    """A model of two items beside the server."""

    def __init__(self) -> None:
        super().__init__()
        self.form = new_sledai()
        self.values: dict[str, int | None] = {"rash": None, "alopecia": None}
        self.marks: dict[str, str] = {}

    @rule(item=st.sampled_from(["rash", "alopecia"]), value=st.sampled_from([0, 1, None]))
    def enter(self, item: str, value: int | None) -> None:
        if value == self.values[item]:
            return
        enter(self.form, {item: (self.values[item], value)}, "seen again")
        self.values[item] = value
        if item in self.marks:
            self.marks[item] = "fallen"

    @rule(items=st.sets(st.sampled_from(["rash", "alopecia"]), min_size=1))
    def verify(self, items: set[str]) -> None:
        if all(self.values[item] is not None or item in self.marks for item in items):
            verify(self.form, *items)
            self.marks |= dict.fromkeys(items, "verified")
        else:
            with pytest.raises(ValueRangeError):
                verify(self.form, *items)

    @invariant()
    def server_is_as_the_model(self) -> None:
        wanted = {
            item: self.marks.get(item, "due") for item, value in self.values.items() if value is not None
        }
        found = {item: state for item, state in states(self.form).items() if item != "date"}
        assert found == wanted | self.marks
        assert fallen(self.form) == list(self.marks.values()).count("fallen")


def test_marks_go_as_their_table_says(server: Configuration) -> None:
    settings = hypothesis_settings(max_examples=8, stateful_step_count=12, derandomize=True, database=None)
    run_state_machine_as_test(Marks, settings=settings)


def test_a_monitor_ticks_items_and_finds_what_fell(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    monitor = browser_of(person_with("monitor", "01"))
    address = f"/forms/{sledai.pk}"
    page = monitor.get(f"{address}/verification").content.decode()
    assert 'value="rash"' in page
    sledai.refresh_from_db()
    given = {"item": ["rash"], "revision": str(sledai.revision)}
    assert browser_of(person_with("monitor", "02")).post(f"{address}/verify", given).status_code == 404
    assert browser_of(person_with("coordinator", "01")).post(f"{address}/verify", given).status_code == 404
    assert monitor.post(f"{address}/verify", given | {"revision": "x"}).status_code == 422
    none = monitor.post(f"{address}/verify", {"revision": given["revision"]})
    assert none.status_code == 422
    assert "Tick what you compared with the source" in none.content.decode()
    assert monitor.post(f"{address}/verify", given).status_code == 302
    # The date of the form is still to be verified; the next form is another one, and leads on until nothing waits.
    following = re.search(
        r'class="next".*?href="/forms/([^/"]+)/', monitor.get(f"{address}/verification").content.decode()
    )
    assert following is not None
    assert following[1] != sledai.pk
    enter(sledai, {"rash": (1, 0)}, "typing error")
    listed = monitor.get("/verification").content.decode()
    assert f"{address}/verification" in listed
    assert (
        f"{address}/verification"
        not in browser_of(person_with("monitor", "02")).get("/verification").content.decode()
    )
    beside = monitor.get(address).content.decode().split('data-item="rash"')[1].split("data-item=")[0]
    assert "Changed since verified" in beside
    totals = monitor.get(f"/subjects/{sledai.subject_id}/verification").content.decode()
    assert 'class="overdue"' in totals
    assert 'href="/verification"' in monitor.get("/overview").content.decode()
    # Where nothing was verified nothing can have changed since: that is no zero.
    assert (
        "nothing verified yet" in browser_of(person_with("monitor", "04")).get("/overview").content.decode()
    )
