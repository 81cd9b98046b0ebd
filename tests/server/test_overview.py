"""The overview, the visit calendar, the course of the scores: counted by hand beside what they show."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.study.read import read_study, template_path


@pytest.fixture
def passing(server: Configuration) -> Iterator[None]:
    """Take back whatever the test wrote: other tests count the same sites."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def acts() -> Any:
    from funis.capture.context import Acting, acting

    return acting(Acting("coordinator", sites=None))


def infused_subject(site: str, days_ago: int) -> Any:
    """Enter a subject whose first infusion was so many days ago."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import add_row, screen_subject
    from funis.capture.context import because
    from funis.capture.study_in_force import today

    day = today() - timedelta(days=days_ago)
    with acts():
        subject = screen_subject(site)
        record_consent(subject, Given("2.0", day - timedelta(days=5)), "coordinator")
        row = add_row(subject, "infusions")
        with because("first entry"):
            row.data = {"date": day.isoformat()}
            row.save()
    return subject


def record(subject: Any, name: str, days_ago: int) -> Any:
    from funis.capture.conduct.visits import record_visit
    from funis.capture.study_in_force import today

    with acts():
        return record_visit(subject, name, today() - timedelta(days=days_ago))


def enter(visit: Any, name: str, **data: Any) -> None:
    from funis.capture.context import because
    from funis.capture.models import Form

    form = Form.objects.filter(visit=visit, name=name).order_by("number").first()
    assert form is not None
    with acts(), because("first entry"):
        form.data = form.data | data
        form.save()


def test_a_planned_visit_stands_where_its_window_says(server: Configuration) -> None:
    """Windows of the template by hand: month 1 day 16 to 44, month 3 day 60 to 120, month 6 day 150 to 210."""
    from funis.capture.forms.plan import make_study_plan
    from funis.capture.overview.calendar import SubjectFacts, make_calendar

    plan = make_study_plan(read_study(template_path("sle")))
    facts = SubjectFacts(date(2026, 1, 10), date(2026, 1, 5), has_ended=False, visits={}, infusions=1)
    states = {
        day: [cell.state for cell in make_calendar(plan, facts, date(2026, 1, 10) + timedelta(days=day))][1:4]
        for day in (15, 16, 44, 45, 60, 121, 150)
    }
    assert states == {
        15: ["upcoming", "upcoming", "upcoming"],
        16: ["due now", "upcoming", "upcoming"],
        44: ["due now", "upcoming", "upcoming"],
        45: ["overdue", "upcoming", "upcoming"],
        60: ["overdue", "due now", "upcoming"],
        121: ["overdue", "overdue", "upcoming"],
        150: ["overdue", "overdue", "due now"],
    }
    ended = replace(facts, has_ended=True)
    assert {cell.state for cell in make_calendar(plan, ended, date(2026, 5, 1))} == {"ended before"}
    before = replace(facts, began_on=None)
    assert {cell.state for cell in make_calendar(plan, before, date(2026, 5, 1))} == {"day 0 not known"}


def test_counts_of_a_site_are_those_counted_by_hand(passing: None) -> None:
    from funis.capture.conduct.visits import miss_visit
    from funis.capture.models import Form
    from funis.capture.overview.counts import SiteCounts, count_sites
    from funis.capture.overview.summaries import refresh_all
    from funis.capture.study_in_force import today

    with acts():
        refresh_all()
        before = count_sites(("03",), today()).get("03", SiteCounts({}))
    one, two = infused_subject("03", 100), infused_subject("03", 100)
    baseline = record(one, "baseline", 100)
    late = record(one, "month_1", 50)  # day 50: six days after its window
    enter(baseline, "sledai_2k", rash=0)
    enter(baseline, "labs", value_not_done=True)
    enter(late, "bilag_2004", rash=1)
    with acts():
        miss_visit(two, "month_1", "did not come")
        refresh_all()
        after = count_sites(("03",), today())["03"]

    def grown(name: str) -> int:
        number: int = getattr(after, name) - getattr(before, name)
        return number

    # Baseline of the first done (day 0), month 1 of it outside, that of the second missed; month 3 (day 60 to
    # 120) is due now for both; baseline of the second (day -28 to 0) is overdue.
    assert [grown(name) for name in ("done", "outside", "missed", "due", "overdue")] == [1, 1, 1, 2, 1]
    labs = Form.objects.filter(visit=baseline, name="labs").count()
    # Two instruments and the laboratory at baseline, the questions of safety beside them at month 1.
    assert grown("forms") == (2 + labs) * 2 + (3 + labs) * 2
    assert (grown("entered"), grown("not_done")) == (2, 1 + 3 + labs)
    assert (grown("begun"), grown("infusions"), grown("enrolled")) == (2, 2, 2)
    assert after.missing == after.forms - after.entered - after.not_done


def test_a_summary_follows_what_is_written_and_is_made_anew_alike(passing: None) -> None:
    from funis.capture.models import AwaitedVisit, SubjectSummary
    from funis.capture.overview.summaries import refresh_all, refresh_summaries

    def read() -> list[Any]:
        own = SubjectSummary.objects.filter(subject=subject).values(
            "forms_entered", "visits_done", "began_on"
        )
        awaited = AwaitedVisit.objects.filter(subject=subject).order_by("place")
        return [*own, *awaited.values("name", "opens", "closes", "forms")]

    subject = infused_subject("04", 3)
    with acts():
        refresh_all()
    first = read()
    assert [each["name"] for each in first[1:]][:2] == ["baseline", "month_1"]
    visit = record(subject, "baseline", 3)
    enter(visit, "sledai_2k", rash=0)
    with acts():
        assert refresh_summaries() == 0
    second = read()
    assert (second[0]["visits_done"], second[0]["forms_entered"], len(second)) == (1, 1, len(first) - 1)
    SubjectSummary.objects.all().delete()
    AwaitedVisit.objects.all().delete()
    with acts():
        refresh_all()
    assert read() == second


def test_who_ended_is_not_waited_for(passing: None) -> None:
    from funis.capture.conduct.consent import consent_in_force, withdraw_consent
    from funis.capture.models import AwaitedVisit
    from funis.capture.overview.summaries import refresh_all
    from funis.capture.study_in_force import today

    subject = infused_subject("04", 70)
    with acts():
        refresh_all()
        assert AwaitedVisit.objects.filter(subject=subject).exists()
        withdraw_consent(consent_in_force(subject), today(), "moved away")  # type: ignore[arg-type]
        refresh_all()
    assert not AwaitedVisit.objects.filter(subject=subject).exists()


def test_the_pages_show_numbers_with_their_lists(passing: None) -> None:
    from funis.capture.overview.summaries import refresh_all

    subject = infused_subject("02", 70)
    record(subject, "baseline", 70)
    with acts():
        refresh_all()
    coordinator = browser_of(person_with("coordinator", "02"))
    page = coordinator.get("/overview").content.decode()
    assert "/calendar?state=due+now&amp;site=02" in page
    assert "no plan" in page
    assert "/calendar?state=due+now&amp;site=01" not in page
    listed = coordinator.get("/calendar?site=02&state=overdue").content.decode()
    # Month 1 closed on day 44: 26 days ago.
    own = listed.split(subject.number)[1].split("</li>")[0]
    assert "Month 1" in own
    assert "26 days since the window closed" in own
    assert subject.number in coordinator.get("/calendar?state=due+now").content.decode()
    other = browser_of(person_with("coordinator", "01"))
    assert subject.number not in other.get("/calendar?site=02&days=90").content.decode()
    assert subject.number not in other.get("/calendar/subjects?site=02").content.decode()
    after = f"&after={subject.number[:-1]}"
    grid = coordinator.get(f"/calendar/subjects?site=02{after}").content.decode().split(subject.number)[1]
    states = [part.split('"')[0] for part in grid.split('<td class="cell-')[1:7]]
    assert states == ["done", "overdue", "due-now", "upcoming", "upcoming", "upcoming"]
    for address in ("/calendar?state=x", "/calendar?days=9999"):
        assert coordinator.get(address).status_code == 422
    laboratory = browser_of(person_with("cell_laboratory", "")).get("/overview").content.decode()
    assert "Bags by lot" in laboratory
    assert "/calendar?" not in laboratory


def test_courses_show_what_was_scored(passing: None) -> None:
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.forms.plan_parts import FieldPlan
    from funis.capture.models import Form
    from funis.capture.study_in_force import plan_of

    subject = infused_subject("02", 70)
    for name, days, rash in (("baseline", 70, 1), ("month_1", 40, 0)):
        visit = record(subject, name, days)
        form = Form.objects.select_related("version").get(visit=visit, name="sledai_2k")
        items: tuple[FieldPlan, ...] = plan_of(form.version).form("sledai_2k").items
        changes = {each.name: (None, rash if each.name == "rash" else 0) for each in items}
        with acts():
            save_entry(FormEntry(f"course of {name}", form.pk, changes), form, "x")
    page = (
        browser_of(person_with("monitor", "02"))
        .get(f"/activity?after={subject.number[:-1]}")
        .content.decode()
    )
    own = page.split(subject.number)[1].split("</tr>")[0]
    # A rash counts 2 in SLEDAI-2K (Gladman et al., J Rheumatol 2002), everything else is absent.
    assert "2 → 0" in own
    assert "2 of 2" in own
    assert own.count("<circle") == 2


def test_enrolment_is_added_up_and_drawn_against_its_plan(server: Configuration) -> None:
    from funis.capture.overview.counts import add_up
    from funis.capture.pages.overview import _planned
    from funis.documents.line_chart import ChartLine, draw_lines
    from funis.study.site import Site

    months = ["2026-01", "2026-02", "2026-03", "2026-04"]
    site = Site(id="01", name="Centre 1", planned=12, enrols_from="2026-01", enrols_until="2026-03")
    assert _planned(site, months, []) == [4, 8, 12, 12]
    assert add_up({"2026-02": 2}, months) == [0, 2, 2, 2]
    drawn = draw_lines(months, [ChartLine("Planned", (4, 8, 12, 12), is_plan=True)], "<words>")
    assert 'aria-label="&lt;words&gt;"' in drawn
    assert "style=" not in drawn
    assert draw_lines([], [], "nothing") == ""


def test_words_at_the_ends_of_lines_stand_apart_and_around_their_lines() -> None:
    from funis.documents.line_chart import _spread

    # 100 and 104 are 13 apart around 102; 50 stays; three that meet stand around their middle.
    assert _spread([104, 50, 100]) == [108.5, 50, 95.5]
    assert _spread([10, 10, 10]) == [-3, 10, 23]
    # A word that is pushed takes the next one with it: 100, 106 and 118 around 108.
    assert _spread([100, 106, 118]) == [95, 108, 121]
    assert _spread([0, 13, 26]) == [0, 13, 26]


def test_what_is_to_be_done_is_of_the_own_site_alone(passing: None) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.models import Form
    from funis.capture.monitoring.queries import ask_query

    def to_do(site: str) -> str:
        page = str(browser_of(person_with("coordinator", site)).get("/overview").content.decode())
        return page.partition('<ul class="todo">')[2].partition("</ul>")[0]

    before = {site: to_do(site) for site in ("01", "02")}
    late = infused_subject("02", 60)
    form = Form.objects.get(subject=late, name="subjects")
    with acting(Acting("monitor", sites=None)):
        ask_query(form, "age", "Is it the age at consent?")
    assert to_do("01") == before["01"]
    after = to_do("02")
    assert after != before["02"]
    assert "Visits overdue" in after
    assert "Open queries" in after
    # Who sees the same and has nothing to do about it is told of nothing that waits for them.
    page = browser_of(person_with("safety_board", "02")).get("/overview").content.decode()
    assert 'class="todo"' not in page
