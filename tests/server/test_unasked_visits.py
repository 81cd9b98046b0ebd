"""The list of serious events from summaries is the one that is read of every row, whatever was done before."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_overview import acts, enter, infused_subject, passing, record

from funis.capture.configuration import Configuration

__all__ = ["passing"]
ANSWERS: dict[str, dict[str, int]] = {
    "nothing": {},
    "asked alone": {"asked": 1},
    "not asked": {"asked": 0},
    "no event": {"asked": 1, "any_event": 0},
    "event": {"asked": 1, "any_event": 1},
}


def both_lists(sites: tuple[str, ...] | None) -> tuple[list[Any], list[Any]]:
    """Give what the list shows, read from summaries and read from every row."""
    from funis.capture.overview.summaries import refresh_summaries
    from funis.capture.safety.listed import unasked_visits, unclocked_events

    def read(*, is_counted: bool) -> list[Any]:
        visits = unasked_visits(sites, 1000, is_counted=is_counted)
        events = unclocked_events(sites, 1000, is_counted=is_counted)
        return [*((each.number, each.day, each.name, each.visit_id) for each in visits), *events]

    with acts():
        assert refresh_summaries() == 0
        return read(is_counted=True), read(is_counted=False)


def change(form: Any, **data: Any) -> None:
    from funis.capture.context import because

    with acts(), because("first entry"):
        form.refresh_from_db()
        form.data = form.data | data
        form.save()


def fail(subject: Any) -> None:
    from funis.capture.context import because
    from funis.capture.models.screening import SCREEN_FAILURE

    with acts(), because("screening failed"):
        subject.refresh_from_db()
        subject.status = SCREEN_FAILURE
        subject.save()


def add_event(subject: Any, **data: Any) -> Any:
    from funis.capture.conduct.screening import add_row

    with acts():
        form = add_row(subject, "adverse_events")
    change(form, term="pneumonia", **data)
    return form


def start_clock(form: Any) -> None:
    from funis.capture.safety.clock import start_for_loaded

    with acts():
        start_for_loaded(form)


def miss(subject: Any, name: str) -> None:
    from funis.capture.conduct.visits import miss_visit

    with acts():
        miss_visit(subject, name, "abroad")


def drawn_acts(random: Random) -> list[Callable[[], Any]]:
    """Draw acts on three subjects at two sites; each visit of a subject is recorded or missed once."""
    subjects = [infused_subject(site, 200) for site in ("01", "01", "02")]
    found: list[Callable[[], Any]] = []
    for subject in subjects:
        record(subject, "baseline", 200)  # nobody is asked there: it is never listed
        for name, days in (("month_1", 170), ("month_3", 110)):
            answer = ANSWERS[random.choice(sorted(ANSWERS))]
            if random.random() < 0.2:
                found.append(lambda s=subject, n=name: miss(s, n))  # type: ignore[misc]
                continue
            visit = record(subject, name, days)
            found.append(lambda v=visit, a=answer: enter(v, "safety_questions", **a))  # type: ignore[misc]
            found.append(lambda v=visit: enter(v, "safety_questions", asked=None))  # type: ignore[misc]
        serious = add_event(subject, serious=random.choice((0, 1)), grade=random.choice((2, 5)))
        if serious.data["serious"] == 1 or serious.data["grade"] == 5:
            found.append(lambda f=serious: start_clock(f))  # type: ignore[misc]
    found.append(lambda: fail(subjects[random.randrange(3)]))
    random.shuffle(found)
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("passing")
def test_the_list_from_summaries_is_the_list_of_every_row(seed: int) -> None:
    seen = set[int]()
    for act in drawn_acts(Random(seed)):  # noqa: S311
        act()
        for sites in (None, ("01",), ("02", "03")):
            counted, whole = both_lists(sites)
            assert counted == whole
        seen.add(len(whole))
    assert len(seen) > 1  # the list did change


@pytest.mark.usefixtures("passing")
def test_a_visit_leaves_the_list_with_its_answer_and_comes_back_with_the_correction() -> None:
    subject = infused_subject("03", 60)
    visit = record(subject, "month_1", 30)

    def listed() -> bool:
        return visit.pk in [each[-1] for each in both_lists(("03",))[0] if isinstance(each, tuple)]

    assert listed()
    enter(visit, "safety_questions", asked=1, any_event=0)
    assert not listed()
    enter(visit, "safety_questions", any_event=None)
    assert listed()


@pytest.mark.usefixtures("passing")
def test_who_waits_to_be_counted_is_on_the_page_all_the_same(
    server: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(person_with("investigator", "03"))
    subject = infused_subject("03", 60)
    visit = record(subject, "month_1", 30)
    monkeypatch.setattr("funis.capture.pages.safety.refresh_summaries", lambda: 1)
    assert f"/visits/{visit.pk}" in client.get("/safety").content.decode()
