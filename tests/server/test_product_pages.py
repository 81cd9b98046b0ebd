"""Pages of the cell product: the way from a donor to a bag in a browser, who may do what, and at which site."""

import re
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.product_parts import DONOR, LOT, acts, give, new_culture, new_donor, new_lot, released_bags

from funis.capture.configuration import Configuration
from funis.capture.people.permissions import ACTIONS, ROLES


@pytest.fixture
def laboratory(server: Configuration) -> Any:
    return browser_of(person_with("cell_laboratory", ""))


def sent(browser: Any, address: str, **given: str) -> str:
    """Send a form; give the address that it leads to."""
    answer = browser.post(address, given)
    assert answer.status_code == 302, answer.content.decode()[-800:]
    return str(answer["Location"])


def code_on(browser: Any, address: str) -> str:
    found = re.search(r"<h1>[^<]*?([A-Z]\d{5})</h1>", browser.get(address).content.decode())
    assert found is not None
    return found[1]


def test_from_a_donor_to_a_thawed_bag_by_the_forms_of_the_pages(laboratory: Any) -> None:
    from funis.capture.conduct.product.reconciling import verify_ledger
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.models import Unit

    with acts("coordinator"):
        subject = screen_subject("01")
    donor = sent(laboratory, "/product/donors/new", code="CORD-P-1", **DONOR)
    assert "Found eligible" in laboratory.get(donor).content.decode()
    cord = sent(laboratory, "/product/cords/new", donor="CORD-P-1", container="bag")
    for event in ("receive", "process"):
        sent(laboratory, f"{cord}/steps", event=event)
    sent(laboratory, f"{cord}/steps", event="derive", cells="1000000")
    culture = f"/product/units/{Unit.objects.get(parent__pk=cord.rsplit('/', 1)[1]).pk}"
    sent(laboratory, f"{culture}/steps", event="harvest", cells="400000000", viable_cells="390000000")
    sent(laboratory, f"{culture}/steps", event="bank", count="2", cells="5000000", viable_cells="4900000",
         volume_ml="1.5", place="tank 1")  # fmt: skip
    code = code_on(laboratory, culture)
    basis = {name: value for name, value in LOT.items() if name in {"manufactured", "expiry"}}
    lot = sent(
        laboratory, "/product/lots/new", code="LOT-P-1", sources=code.lower(), release="released", **basis
    )
    assert "In quarantine" in laboratory.get(lot).content.decode()  # a decision is not typed into a column
    sent(laboratory, f"{lot}/bags", source=code, count="2", cells="60000000", viable_cells="58000000",
         volume_ml="50", expires_at="2099-01-01 08:30")  # fmt: skip
    for test in sorted(set(LOT) - set(basis)):
        sent(laboratory, f"{lot}/results", test=test, value=LOT[test])
    sent(laboratory, f"{lot}/decisions", decision="release", reason="every rule is met")
    bag = f"/product/units/{Unit.objects.filter(lot__code='LOT-P-1').order_by('code')[0].pk}"
    sent(laboratory, f"{bag}/steps", event="reserve", subject=subject.number, infusion="1")
    sent(laboratory, f"{bag}/steps", event="issue", temperature_c="-152.5")
    coordinator = browser_of(person_with("coordinator", "01"))
    sent(coordinator, f"{bag}/handling", event="receive", unbroken="1", lowest_c="-160")
    sent(coordinator, f"{bag}/handling", event="thaw", viable_cells="55000000", volume_ml="50")
    page = coordinator.get(bag).content.decode()
    assert "55 000 000" in page
    # 08:30 in Shanghai, the zone of the study, stands as typed, and in UTC eight hours before.
    assert "2099-01-01 08:30" in page
    assert Unit.objects.get(pk=bag.rsplit("/", 1)[1]).expires_at == "2099-01-01T00:30:00.000000Z"
    assert verify_ledger()[2] == []
    print_of = sent(laboratory, f"{bag}/label")
    text = re.search(r'class="text">([^<]+)<', laboratory.get(print_of).content.decode())
    assert text is not None
    assert sent(laboratory, "/product/scan", scan=text[1]) == bag


@pytest.mark.parametrize(
    ("address", "given", "words"),
    [
        (
            "{bag}/steps",
            {"event": "reserve", "subject": "99-999", "infusion": "1"},
            "the number of a subject",
        ),
        ("{bag}/steps", {"event": "discard"}, ""),
        ("{lot}/bags", {"source": "K99999", "count": "1"}, "the code of a unit"),
        ("{lot}/decisions", {"decision": "release", "reason": "again"}, "allowed is recall"),
        ("{lot}/results", {"test": "viability_percent", "value": "92,5", "reason": "x"}, "viability_percent"),
        ("/product/scan", {"scan": "<script>"}, "a label of this server"),
        ("/product/donors/new", {"code": " "}, "printable letters"),
        ("/product/donors/new", {"code": "X1", "hiv": "maybe"}, "hiv"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_written(
    laboratory: Any, address: str, given: dict[str, str], words: str
) -> None:
    from funis.capture.models import ProductEvent, StudyForm

    with acts():
        lot, (bag, *_) = released_bags(1)
    before = ProductEvent.objects.count(), StudyForm.objects.count()
    to = address.format(bag=f"/product/units/{bag.pk}", lot=f"/product/lots/{lot.pk}")
    answer = laboratory.post(to, given)
    assert answer.status_code == (422 if words else 404)
    assert words in answer.content.decode()
    assert (ProductEvent.objects.count(), StudyForm.objects.count()) == before


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_and_does_what_the_table_says(server: Configuration, role: str) -> None:
    """At its own site, at another, and at all: a bag of a subject of site 01."""
    from funis.capture.conduct.product.bags import issue, reserve
    from funis.capture.conduct.screening import screen_subject

    with acts():
        subject = screen_subject("01")
        lot, (bag,) = released_bags(1)
        reserve(bag, subject, 1)
        issue(bag)
    unit, at = f"/product/units/{bag.pk}", f"/product/lots/{lot.pk}"
    own, other, every = (browser_of(person_with(role, site)) for site in ("01", "02", ""))
    sees = 200 if role in ACTIONS["see product"] else 404
    assert [browser.get(unit).status_code for browser in (own, other, every)] == [sees, 404, sees]
    assert [browser.get(at).status_code for browser in (own, other, every)] == [sees, sees, sees]
    assert subject.number not in other.get(at).content.decode() + other.get("/product").content.decode()
    enters = 302 if role in ACTIONS["enter product"] else 404
    label = [browser.post(f"{unit}/label").status_code for browser in (own, other, every)]
    assert label == [404, 404, enters]
    decides = 422 if role in ACTIONS["decide lot"] else 404  # the lot is released already
    given = {"decision": "release", "reason": "again"}
    said = [browser.post(f"{at}/decisions", given).status_code for browser in (own, other, every)]
    assert said == [404, 404, decides]
    handles = 302 if role in ACTIONS["handle bag"] else 404
    received = {"event": "receive", "unbroken": "1"}
    assert other.post(f"{unit}/handling", received).status_code == 404
    assert own.post(f"{unit}/handling", received).status_code == handles


def test_a_release_with_pending_results_is_confirmed_by_another_person(laboratory: Any) -> None:
    from funis.capture.conduct.product.lots import lot_state
    from funis.capture.models import LotDecision

    with acts():
        lot = new_lot([new_culture(new_donor())], sterility="pending")
    at = f"/product/lots/{lot.pk}"
    sent(
        laboratory, f"{at}/decisions", decision="release_pending", reason="fresh", rapid_test="Gram: negative"
    )
    second = f"/product/decisions/{LotDecision.objects.get(lot=lot).pk}/second"
    assert "Release as the second person" not in laboratory.get(at).content.decode()
    assert laboratory.post(second).status_code == 422
    other = browser_of(person_with("cell_laboratory", "", "another-of-the-laboratory"))
    assert lot.code in other.get("/product").content.decode()
    assert "Release as the second person" in other.get(at).content.decode()
    assert sent(other, second) == at
    assert lot_state(lot) == "conditional"


def test_recipients_and_donors_are_codes_and_a_subject_shows_its_cells(server: Configuration) -> None:
    """C16: no page of the product holds a name; the page of a subject leads to donor and lot."""
    from funis.capture.conduct.screening import screen_subject

    with acts():
        subject = screen_subject("01")
        donor = new_donor()
        lot, (bag,) = released_bags(1, donor)
        give(bag, subject)
    investigator = browser_of(person_with("investigator", "01"))
    page = investigator.get(f"/subjects/{subject.pk}/product").content.decode()
    assert all(code in page for code in (donor.code, lot.code, bag.code))
    assert (
        browser_of(person_with("investigator", "02")).get(f"/subjects/{subject.pk}/product").status_code
        == 404
    )
    back = browser_of(person_with("cell_laboratory", "")).get(f"/product/donors/{donor.pk}").content.decode()
    assert subject.number in back
    elsewhere = (
        browser_of(person_with("investigator", "02")).get(f"/product/donors/{donor.pk}").content.decode()
    )
    assert subject.number not in elsewhere
    assert "Only subjects of your own sites are shown." in elsewhere


def test_the_pages_are_there_in_chinese(server: Configuration) -> None:
    from funis.capture.context import because

    person = person_with("cell_laboratory", "", "laboratory-in-chinese")
    with acts(), because("language"):
        person.language = "zh-hans"
        person.save()
    with acts():
        lot, (bag,) = released_bags(1)
    browser = browser_of(person)
    assert "放行规则" in browser.get(f"/product/lots/{lot.pk}").content.decode()
    assert "细胞袋" in browser.get(f"/product/units/{bag.pk}").content.decode()
    assert "库存细胞袋" in browser.get("/product").content.decode()
