"""The trail in words: tables, columns, fields and choices, with what is stored folded beneath; languages of a person."""

import re
from typing import Any

from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter

from funis.catalogue.translations import translated


def test_every_table_of_a_subject_has_words_and_no_word_is_of_nothing(server: Any) -> None:
    from funis.capture.database.audited_tables import audited_tables
    from funis.capture.pages.trail_words import trail_words

    tables = [each for each in audited_tables() if each.chain_word == "subject"]
    names = {each.name.removeprefix("capture_") for each in tables} | {"redaction"}
    assert names == set(trail_words("tables"))
    columns = {name for each in audited_tables() for name in each.columns}
    # Kept in the document of a visit, and in the details of an event.
    assert set(trail_words("columns")) - columns == {"date"}


def test_a_change_is_told_by_the_words_of_its_form(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1), "fever_not_done": (None, True)})
    enter(sledai, {"rash": (1, 0)}, "typed beside it")
    browser = browser_of(person_with("monitor", "01", "monitor-of-words"))
    for address in (f"/subjects/{sledai.subject_id}/trail", f"/forms/{sledai.pk}/trail"):
        english = browser.get(address, headers={"accept-language": "en"}).content.decode()
        assert re.search(
            r"<b>[^<]*rash[^<]*</b>: <del>1 \(present\)</del> → <ins>0 \(absent\)</ins>", english
        )
        assert f'<a href="/forms/{sledai.pk}">Changed: SLEDAI-2K, Baseline</a>' in english
        assert "typed beside it" in english
        chinese = browser.get(address, headers={"accept-language": "zh-CN"}).content.decode()
        rash = translated("sledai_2k", "items", "rash")
        assert f"<b>{rash}</b>: <del>1 (有)</del> → <ins>0 (无)</ins>" in chinese
        fever = translated("sledai_2k", "items", "fever")
        assert f"<b>{fever}, 未做</b>: <ins>是</ins>" in chinese
        assert f'<a href="/forms/{sledai.pk}">更改: SLEDAI-2K, 基线</a>' in chinese


def test_a_query_and_a_mark_are_told_by_their_states(sledai: Any) -> None:
    from funis.capture.monitoring.queries import ask_query, take_step
    from funis.capture.monitoring.verification import verify_items

    enter(sledai, {"rash": (None, 1)})
    sledai.refresh_from_db()
    act("monitor", lambda: verify_items(sledai, ["rash"], sledai.revision))
    query = act("monitor", lambda: ask_query(sledai, "rash", "Please look again."))
    act("coordinator", lambda: take_step(query, "answer", "It is there."))
    enter(sledai, {"rash": (1, 0)}, "looked again")
    page = (
        browser_of(person_with("monitor", "01", "monitor-of-words"))
        .get(f"/subjects/{sledai.subject_id}/trail")
        .content.decode()
    )
    assert "<del>Unanswered</del> → <ins>Answered</ins>" in page
    assert "<del>verified</del> → <ins>changed since verified</ins>" in page
    assert f'<a href="/queries/{query.pk}">Entered: Query</a>' in page
    # Ids stand folded, and nowhere else.
    unfolded = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    assert f"<ins>{sledai.subject_id}</ins>" not in unfolded


def test_a_long_trail_comes_in_pages_without_a_gap(sledai: Any, monkeypatch: Any) -> None:
    from funis.capture.pages import trail

    monkeypatch.setattr(trail, "LONGEST_PAGE", 3)
    for value in range(4):
        enter(sledai, {"rash": (value % 2 if value else None, (value + 1) % 2)}, "again")
    browser, seen, address = browser_of(person_with("monitor", "01", "monitor-of-words")), [], "?"
    for _ in range(20):
        page = browser.get(f"/subjects/{sledai.subject_id}/trail{address}").content.decode()
        seen += [int(number) for number in re.findall(r'<tr><td class="number">(\d+)</td>', page)]
        older = re.search(r'href="(\?before=\d+)"', page)
        if older is None:
            break
        address = older[1]
    assert seen == list(range(len(seen), 0, -1))
    assert len(seen) > 6


def test_pages_speak_the_language_of_the_browser_until_one_is_chosen(server: Any) -> None:
    from funis.capture.models import Account

    person = person_with("coordinator", "02", "who-chose-none")
    browser = browser_of(person)

    def language(header: str) -> str:
        page = browser.get("/subjects", headers={"accept-language": header}).content.decode()
        return str(re.findall(r'<html lang="([^"]+)"', page)[0])

    assert (language("zh-CN,zh;q=0.9"), language("en-GB,en"), language("de")) == ("zh-Hans", "en", "en")
    # What the page speaks already can be chosen, too.
    browser.post("/language", {"language": "zh-hans"}, headers={"accept-language": "zh-CN"})
    assert Account.objects.get(pk=person.pk).language == "zh-hans"
    assert language("en-GB,en") == "zh-Hans"
    browser.post("/language", {"language": "en"})
    assert language("zh-CN") == "en"
