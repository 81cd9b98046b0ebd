"""The example of a randomised re-infusion at relapse: designed, captured, exported, checked, reported, abstracted.

Four subjects, worked out by hand. All have active arthritis at first (BILAG A, SLEDAI-2K 8). Of the first three it
is gone at months 3 and 6: three responses of four. It comes back at month 9 in the first two: two relapses of three
responders, who are allocated, one to each arm. The one in the arm "again" is infused, once.
"""

import io
import json
import os
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.server.infusion_parts import eligible, form_of, thawed_bag
from tests.server.people import browser_of, person_with
from tests.server.product_parts import DONOR, LOT, acts
from tests.server.test_eligibility import fill
from typer.testing import CliRunner

import funis
from funis.capture.configuration import Configuration
from funis.cli import app
from funis.errors import ValueRangeError

DAYS = {"month_3": 90, "month_6": 180, "month_9": 270}
#: Whether the arthritis is there at each visit after the baseline.
COURSES = ((0, 0, 1), (0, 0, 1), (0, 0, 0), (1, 1, 1))
LABS = {
    "creatinine": 70, "albumin": 42, "proteinuria_24h": Decimal("0.1"), "haemoglobin": 130, "platelets": 220, "wbc": 6,
    "neutrophils": 4, "lymphocytes": Decimal("1.5"),
}  # fmt: skip


SEEN = {"stratum_site": "01", "before": "no"}
"""What is sent to allocate a subject: the stratum that was shown, and that the person is new."""
UNITS = {
    "creatinine": "umol/L", "albumin": "g/L", "proteinuria_24h": "g/24h", "haemoglobin": "g/L",
    "platelets": "10^9/L", "wbc": "10^9/L", "neutrophils": "10^9/L", "lymphocytes": "10^9/L",
}  # fmt: skip


def put(form: Any, data: dict[str, Any]) -> None:
    from funis.capture.context import because

    form.data = form.data | data
    with because("entered"):
        form.save()


def enter_visit(subject: Any, visit: str, *, arthritis: int) -> None:
    """Enter everything that is due at a visit: findings by hand, the laboratory as of a healthy person."""
    from funis.capture.models import Form

    for form in Form.objects.filter(subject=subject, visit__name=visit):
        if form.name == "sledai_2k" and visit == "baseline":
            continue  # `eligible` enters it, as its page does: the criterion reads its score
        if form.name == "sledai_2k":
            items = dict.fromkeys((each.name for each in funis.definition("sledai_2k").items), 0)
            put(form, items | {"arthritis": arthritis, "rash": 1, "low_complement": 1})
        elif form.name == "bilag_2004":
            put(form, bilag(arthritis=arthritis, is_first=visit == "baseline"))
        elif form.name == "labs":
            put(form, {"value": LABS[form.data["test"]], "unit": UNITS[form.data["test"]]})
        else:
            put(form, {"asked": 1, "any_event": 0})


def bilag(*, arthritis: int, is_first: bool) -> dict[str, Any]:
    """Severe arthritis that is new (4) at first and at relapse: grade A; gone: D, since it was there before."""
    found = funis.definition("bilag_2004")
    items: dict[str, Any] = {each.name: 0 for each in found.items if each.values}
    items.pop("urine_dipstick")
    items |= {"arthritis_severe": 4 if arthritis else 0, "systolic_bp": 120, "diastolic_bp": 76}
    return items | {f"{system}_ever": int(system == "musculoskeletal") for system in found.systems}


def infused_on_paper(subject: Any, number: int, day: date) -> None:
    from funis.capture.models import Form
    from funis.capture.study_in_force import today, version_at

    data: Any = {
        "date": day.isoformat(),
        "lot": "P0001",
        "cells": 48_000_000,
        "weight_kg": "48",
        "reaction": "none",
    }
    version = version_at(subject.site, today())
    Form(subject=subject, site="01", name="infusions", number=number, version=version, data=data).save()


def enrolled(start: date) -> Any:
    """Screen a subject through consent, baseline and eligibility, and infuse it twice."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit

    with acts("coordinator"):
        made = screen_subject("01")
        record_consent(made, Given("2.0", start), "coordinator")
        record_visit(made, "baseline", start)
        enter_visit(made, "baseline", arthritis=1)
    fill(made, "subjects", {"sex": "female"})
    eligible(made)
    with acts("coordinator"):
        for number, day in ((1, 0), (2, 7)):
            infused_on_paper(made, number, start + timedelta(days=day))
    return made


def run(*command: str) -> str:
    """Run a command of funis that succeeds, and give what it prints."""
    done = CliRunner().invoke(app, list(command))
    assert done.exit_code == 0, done.output
    return done.output


def test_the_allocation_at_relapse_is_simulated(tmp_path: Path) -> None:
    """From the first patient to the test between the arms, with cells for one second course in each trial."""
    text = Path(os.environ["FUNIS_TEST_STUDY"]).read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    out = tmp_path / "simulation"
    asked = ("--trials", "2", "--patients", "30", "--endpoint", "response", "--seed", "3", "--out", str(out))
    run("simulate", str(tmp_path), *asked, "--cells-for", "1")
    told = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    means = {
        each["where"]["variable"]: each["value"]
        for each in told["characteristics"]
        if each["kind"] == "mean" and each["where"]["variable"].startswith("later courses")
    }
    begun = means["later courses: begun by what was found"]
    arms = [means[f"later courses: allocated to {arm}"] for arm in ("again", "standard")]
    assert 0 < begun < 30
    assert sum(arms) == begun
    assert means["later courses: given"] == 1
    assert "again minus standard" in (out / "report.html").read_text(encoding="utf-8")


def due(browser: Any, subject: Any) -> str:
    return str(browser.get(f"/subjects/{subject.pk}/infusions").content.decode())


def test_from_the_design_to_the_abstract(server: Configuration, tmp_path: Path) -> None:
    from funis.capture.conduct.allocation.act import allocate
    from funis.capture.conduct.product.lots import register_row
    from funis.capture.conduct.visits import record_visit
    from funis.capture.models import BedsideCheck, InfusionRecord
    from funis.capture.study_in_force import today

    # Designed: 60% respond to standard care and cells, 20% without: (1.95996 sqrt(2 x 0.4 x 0.6) + 0.84162
    # sqrt(0.6 x 0.4 + 0.2 x 0.8))^2 / 0.4^2 = 22.33 an arm by the normal approximation.
    assert funis.design.rates(0.6, 0.2).n == (23, 23)
    start = today() - timedelta(days=290)
    made = start - timedelta(days=20)
    with acts():
        register_row("donors", "PD001", DONOR)
        release = {"release": "released", "release_date": (start - timedelta(days=2)).isoformat()}
        register_row(
            "lots",
            "P0001",
            LOT | release | {"donor": "PD001", "manufactured": made.isoformat(), "passage": "4"},
        )
    subjects = [enrolled(start) for _ in COURSES]
    browser = browser_of(person_with("coordinator", "01"))
    person_with("investigator", "01")
    for place, (name, days) in enumerate(DAYS.items()):
        with acts("coordinator"):
            for subject, course in zip(subjects, COURSES, strict=True):
                record_visit(subject, name, start + timedelta(days=days))
                enter_visit(subject, name, arthritis=course[place])
        if name == "month_6":
            # Nobody has relapsed: nothing is due, and nobody may be allocated.
            assert "Not due so far: what is entered leaves open" in due(browser, subjects[0])
            with pytest.raises(ValueRangeError, match="a subject who relapsed"), acts("coordinator"):
                allocate(subjects[0], {}, "coordinator-01")
    one, two, three, four = subjects
    assert "Not due before the allocation at relapse" in due(browser, one)
    # The third may relapse yet; the fourth never responded, so that there is nothing to lose.
    assert "Not due so far: what is entered leaves open" in due(browser, three)
    assert "Not due: what it is planned for was not found" in due(browser, four)
    for subject in (one, two):
        assert browser.post(f"/subjects/{subject.pk}/allocate", SEEN).status_code == 302
    assert browser.post(f"/subjects/{three.pk}/allocate", SEEN).status_code == 422
    pages = {subject.pk: due(browser, subject) for subject in (one, two)}
    (again,) = [each for each in (one, two) if "Due now" in pages[each.pk]]
    (other,) = [each for each in (one, two) if each.pk != again.pk]
    assert "Not due: allocated to the arm without it" in pages[other.pk]
    # At the bedside a bag of cells is refused for the arm without it, and passed for the other.
    refused = browser.post(f"/subjects/{other.pk}/bedside", form_of(other, thawed_bag(other, 3)))
    assert refused.status_code == 302
    assert BedsideCheck.objects.get(subject=other).outcome == "refused"
    browser.post(f"/subjects/{again.pk}/bedside", form_of(again, thawed_bag(again, 3)))
    check = BedsideCheck.objects.get(subject=again)
    assert check.outcome == "passed", check.rules
    assert browser.post(f"/checks/{check.pk}/begin").status_code == 302
    record = InfusionRecord.objects.get(subject=again)
    assert browser.post(f"/infusions/{record.pk}/end", {"volume_ml": "48"}).status_code == 302
    # Exported, with the arms, and read back as any data folder.
    packed = zipfile.ZipFile(io.BytesIO(browser_of(person_with("data_manager", "")).post("/export").content))
    packed.extractall(tmp_path)
    assert "0 errors, 0 warnings, 0 queries" in run("check", str(tmp_path))
    study = funis.read_study(tmp_path)
    tables = funis.read_tables(tmp_path, study)
    results = funis.analyse(study, tables)
    serious = [each for each in results.findings if each.level != "query"]
    assert serious == [], [str(each) for each in serious]
    arms = dict(tables.frames["subjects"].select("subject", "arm").iter_rows())
    assert arms == {each.number: None for each in subjects} | {
        again.number: "again",
        other.number: "standard",
    }
    texts = dict(results.numbers.select("id", "text").iter_rows())
    names = (
        "condition_met_relapse", "condition_cannot_tell_relapse", "retreated_when_met_relapse",
        "allocated_at_relapse_again", "allocated_at_relapse_standard", "retreated_in_arm_again",
        "retreated_in_arm_standard",
    )  # fmt: skip
    counted = {name: texts[f"course.treated.{name}.count"] for name in names}
    assert counted == {
        "condition_met_relapse": "2/3 (66.7%)", "condition_cannot_tell_relapse": "1/4 (25.0%)",
        "allocated_at_relapse_again": "1/2 (50.0%)", "allocated_at_relapse_standard": "1/2 (50.0%)",
        "retreated_in_arm_again": "1/1 (100.0%)", "retreated_in_arm_standard": "0/1 (0.0%)",
        "retreated_when_met_relapse": "1/2 (50.0%)",
    }  # fmt: skip
    assert texts["response.response.treated.month_6.ucmsc_bilag_response_responder.count"] == "3/4 (75.0%)"
    funis.write_report(study, results, tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "Who was to be infused again, and who was" in page
    assert "allocated to it at random (by minimisation" in page
    said = run("abstract", str(tmp_path), "--style", "eular", "--format", "md")
    assert "4 patients were treated; 1 was infused again." in said
    # Of the third responder the records end at month 9.
    assert "of responders, 2/2 by month 24 (1 cannot be told: lowest 2/3, highest 3/3)" in said
