"""A form as a page: every field with its value, what stood before, what was said; nothing that runs by itself."""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from funis.capture.forms.page import FormView, render_blank, render_form
from funis.capture.forms.page_fields import GradeNote, QueryNote
from funis.capture.forms.plan_parts import LANGUAGES, Language, StudyPlan
from funis.capture.forms.refusals import Remark


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(page))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def having(self, name: str, value: str | None = None) -> list[dict[str, str | None]]:
        return [each for _, each in self.found if name in each and value in (None, each[name])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_makes_a_page_and_a_blank_form(whole_catalogue: StudyPlan, language: Language) -> None:
    for plan in whole_catalogue.forms:
        page = Elements(render_form(FormView(plan, form="1"), language))
        shown = [field.name for field in plan.fields if field.role != "key" and field.is_shown]
        assert [each["data-item"] for each in page.having("data-item")] == shown
        ids = [each["id"] for each in page.having("id")]
        assert len(ids) == len(set(ids))
        named = {
            reference
            for name in ("aria-describedby", "aria-labelledby", "for")
            for each in page.having(name)
            for reference in str(each[name]).split()
        }
        assert named <= set(ids)
        blank = render_blank(plan, language, stylesheet="form.css")
        assert blank.startswith("<!doctype html>")
        assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in blank


def test_nothing_runs_and_nothing_is_styled_in_a_page(whole_catalogue: StudyPlan) -> None:
    for plan in whole_catalogue.forms:
        page = Elements(render_form(FormView(plan, form="1")))
        assert not [tag for tag, _ in page.found if tag in {"script", "style", "link", "iframe", "img"}]
        assert not [
            name for _, each in page.found for name in each if name.startswith("on") or name == "style"
        ]


def test_what_was_typed_is_shown_as_text(sle: StudyPlan) -> None:
    evil = "\"><script>alert(1)</script><b onclick=x>'"
    view = FormView(
        sle.form("adverse_events"),
        {"term": evil},
        {"term": evil},
        queries={"term": [QueryNote(evil)]},
        remarks=[Remark("term", "term", "not_a_number", evil, evil)],
        form=evil,
    )
    page = Elements(render_form(view))
    assert not [tag for tag, each in page.found if tag == "script" or "onclick" in each]
    assert [each["value"] for each in page.having("name", "term")] == [evil]
    assert page.text.count("<script>alert(1)</script>") == 2


def test_values_of_this_visit_and_of_the_one_before(sle: StudyPlan) -> None:
    view = FormView(
        sle.form("bilag_2004"),
        {
            "pyrexia": 2,
            "proteinuria_24h": Decimal("0.620"),
            "acr_not_done": True,
            "acr_not_done_reason": "lost",
        },
        {"pyrexia": 4, "proteinuria_24h": Decimal("1.10"), "weight_loss_not_done": True},
        "f1",
        7,
    )
    page = Elements(render_form(view))
    checked = {(each["name"], each["value"]) for each in page.having("checked")}
    assert checked == {("pyrexia", "2"), ("acr_not_done", "ND")}
    assert page.having("name", "proteinuria_24h")[0]["value"] == "0.620"
    assert page.having("name", "acr_not_done_reason")[0]["value"] == "lost"
    (form,) = page.having("data-form", "f1")
    assert form["data-revision"] == "7"
    (fever,) = page.having("data-item", "pyrexia")
    assert json.loads(fever["data-seen"] or "") == {
        "pyrexia": 2, "pyrexia_not_done": None, "pyrexia_not_done_reason": None, "pyrexia_attributed": None,
    }  # fmt: skip
    assert json.loads(fever["data-previous"] or "") == 4
    assert (
        json.loads(page.having("data-item", "proteinuria_24h")[0]["data-seen"] or "")["proteinuria_24h"]
        == "0.620"
    )
    before = re.sub(r"\s+", " ", page.text)
    assert "Before: 4 New" in before
    assert "Before: 1.10 g/24h" in before
    assert "Before: Not done" in before


def test_a_first_visit_has_no_value_before(sle: StudyPlan) -> None:
    assert "Before" not in Elements(render_form(FormView(sle.form("sledai_2k")))).text


def test_the_panel_shows_the_score_its_bounds_and_the_rule_of_each_system(sle: StudyPlan) -> None:
    scores = {
        "bilag_2004": None, "bilag_2004_lower": 9, "bilag_2004_upper": 20,
        "bilag_2004_renal": "B", "bilag_2004_renal_rule": "B: moderate proteinuria",
    }  # fmt: skip
    html = render_form(FormView(sle.form("bilag_2004"), scores=scores))
    page = Elements(html)
    (panel,) = page.having("data-score", "bilag_2004")
    assert panel["role"] == "status"
    assert "between 9 and 20" in page.text
    assert "B: moderate proteinuria" in page.text
    assert len(page.having("data-column", "bilag_2004_renal")) == 2
    whole = Elements(render_form(FormView(sle.form("bilag_2004"), scores={"bilag_2004": 12})))
    assert "between" not in whole.text


def test_what_is_said_of_a_field_stands_in_it(sle: StudyPlan) -> None:
    remarks = [
        Remark("rash", "rash", "not_a_choice", "7", "0, 1"),
        Remark("rash_not_done_reason", "rash", "reason_lacking"),
    ]
    view = FormView(sle.form("sledai_2k"), remarks=remarks, queries={"rash": [QueryNote("Is it new?")]})
    text = " ".join(Elements(render_form(view)).text.split())
    assert "Not saved: 0, 1 Choose one of the values." in text
    assert "Please check: not done, without a reason Say why it was not done." in text
    assert "Query: Is it new?" in text
    chinese = " ".join(Elements(render_form(view, "zh-hans")).text.split())
    assert "未保存: 0, 1 请选择其中一个值。" in chinese


def test_a_result_shows_its_test_its_units_and_its_limits(sle: StudyPlan) -> None:
    page = Elements(render_form(FormView(sle.form("labs"), {"test": "creatinine"})))
    assert not page.having("name", "test")
    assert "Serum creatinine" in page.text
    assert "normal 44–106 · possible 8–7000" in page.text
    options = [each["value"] for tag, each in page.found if tag == "option"]
    assert options[:4] == ["umol/L", "mg/dL", "mg/L", "mmol/L"]
    # The unit that is shown as chosen is sent with a first value.
    assert json.loads(page.having("data-item", "value")[0]["data-with"] or "") == {"unit": "umol/L"}
    before = {"test": "creatinine", "unit": "umol/L", "value": Decimal("85")}
    other = Elements(render_form(FormView(sle.form("labs"), {"test": "creatinine", "unit": "mg/dL"}, before)))
    # Each result in its own unit, that of the visit before too.
    assert "Before: 85 umol/L" in " ".join(other.text.split())
    assert "possible 0.09047–79.17" in other.text
    assert "normal 44" not in other.text
    assert not other.having("data-with")


def test_a_page_without_the_right_to_enter_takes_nothing(sle: StudyPlan) -> None:
    page = Elements(render_form(FormView(sle.form("sledai_2k"), {"rash": 1}, may_enter=False)))
    assert [tag for tag, each in page.found if "disabled" in each] == ["fieldset"]
    assert not [tag for tag, _ in page.found if tag == "button"]


def test_what_is_not_translated_is_marked_as_english(sle: StudyPlan) -> None:
    page = Elements(render_form(FormView(sle.form("sledai_2k")), "zh-hans"))
    assert "未做" in page.text
    english = [each for tag, each in page.found if tag == "span" and each.get("lang") == "en"]
    assert english  # the window of the definition, at least
    assert not Elements(render_form(FormView(sle.form("sledai_2k")))).having("lang", "zh-Hans")


def test_what_is_asked_with_yes_or_no_is_not_worded_by_its_codes(sle: StudyPlan) -> None:
    """The page shows yes and no; "1 when serious" beside them would be a riddle."""
    for plan in sle.forms:
        said = [field.help.en for field in plan.fields if field.kind == "flag" and field.is_shown]
        assert not [text for text in said if text.startswith(("0 ", "1 "))], plan.name
    grades = sle.form("adverse_events").field("grade")
    assert [str(choice.label) for choice in grades.choices][:3] == ["mild", "moderate", "severe"]
    assert grades.help.en == ""


def test_an_event_offers_the_terms_of_the_ctcae_without_a_script(sle: StudyPlan) -> None:
    plan = sle.form("adverse_events")
    page = Elements(render_form(FormView(plan, {"term": "Fever"}, form="1")))
    terms = [str(each["value"]) for tag, each in page.found if tag == "option"]
    assert len(terms) == 837, "terms of CTCAE 5.0"
    assert {"Cytokine release syndrome", "Fever", "Infusion related reaction"} <= set(terms)
    (listed,) = [each["id"] for tag, each in page.found if tag == "datalist"]
    assert [each["name"] for each in page.having("list", listed)] == ["term", "preferred_term"]
    assert "datalist" not in render_blank(plan, stylesheet="form.css")
    assert "datalist" not in str(render_form(FormView(sle.form("medications"), form="1")))


def graded_event(plan: StudyPlan, data: dict[str, object], grade: str, language: Language = "en") -> str:
    graded = {"crs_grade": GradeNote(grade, "CRS grade, 2026-03-02", "/forms/1")}
    return render_form(FormView(plan.form("adverse_events"), data, graded=graded), language)


def test_the_grade_of_an_instrument_is_offered_where_none_was_recorded(whole_catalogue: StudyPlan) -> None:
    page = graded_event(whole_catalogue, {"term": "Cytokine release syndrome"}, "2")
    assert 'data-take="2" data-taken="taken from the form of the instrument"' in page
    assert "CRS grade, 2026-03-02: grade 2" in page
    assert "Correct one of the two" not in page
    assert "采用该表单的分级" in graded_event(
        whole_catalogue, {"term": "Cytokine release syndrome"}, "2", "zh-hans"
    )
    # An event has no grade 0: what the instrument found is said, and nothing is offered.
    none = graded_event(whole_catalogue, {"term": "Cytokine release syndrome"}, "0")
    assert "data-take" not in none
    assert "CRS grade, 2026-03-02: grade 0" in none


def test_another_grade_than_that_of_the_instrument_is_told_and_kept(whole_catalogue: StudyPlan) -> None:
    page = graded_event(whole_catalogue, {"term": "Cytokine release syndrome", "crs_grade": 3}, "2")
    assert '<a href="/forms/1">Please check</a>:</strong> CRS grade, 2026-03-02 gives grade 2.' in page
    assert "data-take" not in page
    for same in (2, 5):  # of a death the instrument has no grade
        assert "gives grade" not in graded_event(whole_catalogue, {"crs_grade": same}, "2")
