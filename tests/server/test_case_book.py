"""The case book of a subject and the blank forms: what was entered stands there in words, what was not is said."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter
from typer.testing import CliRunner

from funis.capture.casebook.blank import make_blank_forms
from funis.capture.casebook.wording import BookWords
from funis.capture.configuration import Configuration
from funis.capture.forms.plan import make_study_plan
from funis.documents.document import Document
from funis.documents.table import TableSpec
from funis.study.read import read_study, template_path

ENGLISH = BookWords(str, "en")


def rows(document: Document, table: str) -> dict[str, tuple[str, ...]]:
    """Give the rows of a table by their first cell."""
    blocks = (block for section in document.sections for block in section.all_blocks)
    found = next(each for each in blocks if isinstance(each, TableSpec) and each.id == table)
    return {row.stub.text: tuple(cell.text for cell in row.cells) for row in found.rows if row.cells}


@pytest.fixture
def book(sledai: Any) -> Document:
    """Enter, correct, verify and ask about a form, then make the case book of its subject."""
    from funis.capture.casebook.book import make_case_book
    from funis.capture.monitoring.queries import ask_query
    from funis.capture.monitoring.verification import verify_items

    enter(sledai, {"rash": (None, 1), "alopecia": (None, 0), "fever": (None, 0)})
    enter(sledai, {"rash": (1, 0)}, "typed beside it")
    enter(sledai, {"pleurisy_not_done": (None, True), "pleurisy_not_done_reason": (None, "left early")})
    enter(sledai, {"arthritis": (None, 1), "arthritis_attributed": (None, 0)})
    sledai.refresh_from_db()
    act("monitor", lambda: verify_items(sledai, ["alopecia"], sledai.revision))
    act("monitor", lambda: ask_query(sledai, "fever", "Was it measured?"))
    made: Document = act("auditor", lambda: make_case_book(sledai.subject, ENGLISH, "auditor"))
    return made


def test_each_field_says_its_value_or_why_there_is_none(book: Document) -> None:
    plan = make_study_plan(read_study(template_path("sle"))).form("sledai_2k")
    items = rows(book, "table-baseline-1-sledai_2k-1")
    said = {
        name: items[plan.field(name).label.en]
        for name in ("rash", "alopecia", "fever", "pleurisy", "arthritis")
    }
    assert said == {
        "rash": ("0 (absent)", "corrections: 1"),
        "alopecia": ("0 (absent)", "verified"),
        "fever": ("0 (absent)", "open queries: 1"),
        "pleurisy": ("Not done: left early", ""),
        "arthritis": ("1 (present); not due to the disease", ""),
    }
    # 24 items of the instrument, with date, look-back and rater; 5 items and the date were filled.
    assert len(items) == 27
    assert sum(cells == ("Not entered", "") for cells in items.values()) == 19 + 2


def test_a_correction_stands_with_its_reason_and_a_query_with_its_thread(book: Document) -> None:
    corrected = [
        cells for cells in rows(book, "all-corrections").values() if cells[2] == "1 (present) → 0 (absent)"
    ]
    assert [(cells[0], cells[3]) for cells in corrected] == [("coordinator", "typed beside it")]
    asked = rows(book, "all-queries")
    assert any("Was it measured?" in cells[1] and cells[0] == "Unanswered" for cells in asked.values())


def test_the_trail_is_counted_and_its_end_is_named(book: Document, sledai: Any) -> None:
    from funis.capture.trail.rows import read_head, read_rows

    chain = f"subject:{sledai.subject_id}"
    counted = sum(int(cells[1]) for cells in _trail_rows(book))
    facts = {name: text[0].text for name, text in book.facts}
    assert counted == len(list(read_rows(chain))) == int(facts["Rows of the trail"])
    assert facts["Last hash"] == read_head(chain).hash


def _trail_rows(book: Document) -> list[tuple[str, ...]]:
    blocks = (block for section in book.sections for block in section.all_blocks)
    found = next(each for each in blocks if isinstance(each, TableSpec) and each.id == "all-trail")
    return [tuple(cell.text for cell in row.cells) for row in found.rows]


def test_the_pdf_has_the_subject_in_its_head_and_is_logged(sledai: Any) -> None:
    from funis.capture.trail.rows import read_rows

    enter(sledai, {"rash": (None, 1)})
    browser = browser_of(person_with("monitor", "01"))
    answer = browser.post(f"/subjects/{sledai.subject_id}/case-book")
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        200,
        "application/pdf",
        "no-store",
    )
    text = text_of(answer.content)
    assert all(f"Case book · Subject {sledai.subject.number}" in page.replace("\n", " ") for page in text)
    assert f"Page {len(text)} of {len(text)}" in text[-1].replace("\n", " ")
    last = list(read_rows(f"subject:{sledai.subject_id}"))[-1].said
    assert (last["kind"], last["actor"]) == ("case book taken", "monitor-01")


def text_of(printed: bytes) -> list[str]:
    import io

    import pypdf

    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages]


def test_pages_speak_chinese_and_need_no_script_of_others(sledai: Any) -> None:
    browser = browser_of(person_with("monitor", "01"))
    page = browser.get(f"/subjects/{sledai.subject_id}/case-book").content.decode()
    assert "Not entered" in page
    assert not re.findall(r"<script(?![^>]*src=)|\son\w+=|style=", page)
    browser.post("/language", {"language": "zh-hans", "next": "/"})
    forms = browser.get("/blank-forms?visit=month_1").content.decode()
    browser.post("/language", {"language": "en", "next": "/"})
    assert "空白表格" in forms
    assert "第 1 个月" in forms
    assert not re.search(r"Baseline|Month \d|\byears\b|\bdays\b", forms)
    assert browser.get("/blank-forms?visit=no_visit").status_code == 422


def test_no_arm_is_printed() -> None:
    from funis.capture.casebook.values import printed_fields

    plan = make_study_plan(read_study(template_path("sle")))
    subjects = plan.form("subjects")
    assert "arm" in subjects.by_name
    assert "arm" not in {field.name for field in printed_fields(subjects)}


def test_blank_forms_ask_every_item_of_every_visit_once() -> None:
    plan = make_study_plan(read_study(template_path("sle")))
    document = make_blank_forms(plan, ENGLISH)
    for visit in plan.visits:
        for name in visit.forms:
            table = rows(document, f"table-{visit.name}-{name}")
            if name == "labs":
                assert len(table) == len(visit.labs)
                continue
            asked = [
                field
                for field in plan.form(name).fields
                if field.is_shown and field.role in {"item", "column"}
            ]
            assert [cells for cells in table.values() if not cells[0]] == []
            assert len(table) >= len({field.label.en for field in asked})
    assert [section.id for section in document.sections][-1] == "other"


def test_the_commands_write_what_the_pages_give(server: Configuration, sledai: Any, tmp_path: Path) -> None:
    from funis.cli.application import app

    out = tmp_path / "forms.pdf"
    done = CliRunner().invoke(
        app, ["blank-forms", str(server.folder), str(out), "--visit", "month_1", "--language", "zh-hans"]
    )
    assert done.exit_code == 0, done.output
    assert "第 1 页" in text_of(out.read_bytes())[0].replace("\n", " ")
    book = tmp_path / "book.pdf"
    done = CliRunner().invoke(app, ["case-book", str(server.folder), sledai.subject.number, str(book)])
    assert done.exit_code == 0, done.output
    assert sledai.subject.number in text_of(book.read_bytes())[0]
