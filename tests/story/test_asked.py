"""No zero without a question: every count of safety has somebody behind it who was asked.

Studies are drawn in which each table is missing, empty, half filled or complete. What the page may say is
worked out here from the drawn rows alone, by counting subjects with Python's sets.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.documents.flow_chart import draw_flow_chart
from funis.reporting.flow_figure import build_flow
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.results import Results
from funis.study.model import Study

VISITS = (("baseline", 0), ("month_1", 30), ("month_3", 90))
#: Rows about the cells, over those who were given some.
OF_CELLS = ("related", "related_serious", "no_further_infusion")
SUBJECTS = ("S1", "S2", "S3", "S4", "S5")
Rows = list[dict[str, Any]]
Frames = dict[str, Rows]
MISSING = None


def make_study(*, cells: bool, population: str = "") -> Study:
    """Make a trial of cells with two planned infusions, or a cohort without any."""
    forms = ("vas_physician", "safety_questions")
    raw: dict[str, Any] = {
        "study": {
            "id": "A",
            "title": "Asked",
            "condition": "sle",
            "design": "single_arm" if cells else "observational",
        },
        "visits": tuple(
            {"name": name, "day": day, "window": (-10, 0) if not day else (-10, 10), "forms": forms}
            for name, day in VISITS
        ),
        "endpoints": (
            {"id": "pain", "kind": "change", "variable": "vas_physician", "at": ("month_3",)},
            {"id": "events", "kind": "adverse_events"} | ({"population": population} if population else {}),
        ),
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
    }
    if cells:
        raw["infusions"] = ({"day": 0, "cells_per_kg": 1e6}, {"day": 7, "cells_per_kg": 1e6})
    return Study.model_validate(raw)


def base_frames() -> Frames:
    """Give five subjects seen at every visit, and nothing about safety."""
    days = {"baseline": "2020-01-01", "month_1": "2020-01-31", "month_3": "2020-03-31"}
    seen = [
        {"subject": subject, "visit": visit, "date": days[visit], "reading_mm": 50 - 3 * place - number}
        for place, (visit, _) in enumerate(VISITS)
        for number, subject in enumerate(SUBJECTS)
    ]
    people = [
        {"subject": each, "sex": "female", "age": 30, "consent_date": "2019-12-20"} for each in SUBJECTS
    ]
    return {"subjects": people, "vas_physician": seen}


def run(study: Study, frames: Mapping[str, Rows]) -> Results:
    return analyse(study, tables_from_frames(study, frames))


def page_of(study: Study, results: Results) -> str:
    page = render_html(study, results)
    page = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def count_of(results: Results, key: str) -> tuple[float | None, int | None, str]:
    row = results.numbers.filter(results.numbers["id"] == key).row(0, named=True)
    return row["value"], row["denominator"], row["status"]


def optional(rows: st.SearchStrategy[Rows]) -> st.SearchStrategy[Rows | None]:
    """Draw a table that was not given, one without rows, or one with the rows drawn."""
    return st.one_of(st.just(MISSING), st.just([]), rows)


some = st.lists(st.sampled_from(SUBJECTS), unique=True, max_size=5)
flag = st.sampled_from((0, 1, None))


@st.composite
def questions(draw: st.DrawFn) -> Rows:
    asked = draw(some)
    days = {"month_1": "2020-01-31", "month_3": "2020-03-31"}
    return [
        {"subject": each, "visit": visit, "date": days[visit], "asked": draw(flag), "any_event": 0}
        for each in asked
        for visit in draw(st.sampled_from((["month_1"], ["month_3"], ["month_1", "month_3"])))
    ]


@st.composite
def events(draw: st.DrawFn) -> Rows:
    return [
        {
            "subject": each,
            "term": draw(st.sampled_from(("Headache", "Zoster"))),
            "start": "2020-02-01",
            "grade": draw(st.sampled_from((1, 2, 3, 4, None))),
            "serious": draw(flag),
            "related": draw(flag),
            "outcome": draw(st.sampled_from(("recovered", "unknown", None))),
        }
        for each in draw(some)
    ]


@st.composite
def infusions(draw: st.DrawFn) -> Rows:
    reactions = st.sampled_from(("none", "fever", None))
    return [
        {"subject": each, "number": 1, "date": "2020-01-01", "cells": draw(st.sampled_from((5e7, None))),
         "weight_kg": 50, "reaction": draw(reactions)}
        for each in draw(some)
    ]  # fmt: skip


@st.composite
def ends(draw: st.DrawFn) -> Rows:
    status = st.sampled_from(("completed", "withdrew", "died", "ongoing"))
    return [{"subject": each, "status": draw(status), "date": "2020-04-01"} for each in draw(some)]


def expected_event_rows(rows: Rows, asked: set[str], infused: set[str] | None) -> dict[str, Any]:
    """Count what each row of the table of adverse events may say: count and denominator, or why not."""

    def told(yes: set[str], among: set[str]) -> tuple[int | None, int | None]:
        return (len(yes & among), len(among)) if among else (None, None)

    whole = set(SUBJECTS)
    kinds = {
        "any": {each["subject"] for each in rows},
        "serious": {each["subject"] for each in rows if each["serious"] == 1},
        "related": {each["subject"] for each in rows if each["related"] == 1},
        "related_serious": {
            each["subject"] for each in rows if each["related"] == 1 and each["serious"] == 1
        },
        "no_further_infusion": set(),
        "grade_3_or_more": {each["subject"] for each in rows if (each["grade"] or 0) >= 3},
        "fatal": set(),
    }
    if not asked:
        return {name: (len(yes) or None, None) for name, yes in kinds.items()}
    among = (asked | kinds["any"]) & whole
    found = {name: told(yes, among) for name, yes in kinds.items()}
    for name in OF_CELLS:
        found[name] = (None, None) if infused is None else told(kinds[name], among & infused)
    # The drawn events have no action taken.
    if rows:
        found["no_further_infusion"] = (None, None)
    return found


@settings(max_examples=60)
@given(
    asked_rows=optional(questions()),
    event_rows=optional(events()),
    infusion_rows=optional(infusions()),
    end_rows=optional(ends()),
    cells=st.booleans(),
)
def test_every_count_of_safety_is_over_those_who_were_asked(
    asked_rows: Rows | None, event_rows: Rows | None, infusion_rows: Rows | None, end_rows: Rows | None,
    *, cells: bool,
) -> None:  # fmt: skip
    given_rows = {
        "safety_questions": asked_rows, "adverse_events": event_rows, "infusions": infusion_rows,
        "disposition": end_rows,
    }  # fmt: skip
    study = make_study(cells=cells, population="enrolled")
    results = run(
        study, base_frames() | {name: rows for name, rows in given_rows.items() if rows is not None}
    )

    # Adverse events.
    asked = {each["subject"] for each in asked_rows or [] if each["asked"] == 1}
    infused = {each["subject"] for each in infusion_rows} if infusion_rows else None
    # A reaction on the day of the infusion, a month before the events listed, is an event of its own.
    reactions = [each["subject"] for each in infusion_rows or [] if each["reaction"] == "fever"]
    unlisted = {"serious": None, "related": 1, "grade": None}
    all_events = [*(event_rows or []), *({"subject": each, **unlisted} for each in reactions)]
    for name, (count, over) in expected_event_rows(all_events, asked, infused).items():
        key = f"adverse_events.enrolled.{name}.count"
        if name in OF_CELLS and not cells and not infused:
            assert key not in set(results.numbers["id"])  # a question about cells that nobody got
            continue
        assert count_of(results, key)[:2] == (count, over), name

    # Ends of participation: of the treated where infusions are known, else of everybody.
    known = {each["subject"]: each["status"] for each in end_rows or []}
    base, name = (infused, "treated") if infused is not None else (set(SUBJECTS), "enrolled")
    for status in ("completed", "died"):
        count, over, why = count_of(results, f"disposition.{name}.{status}.count")
        of_whom = base & set(known)
        wanted = sum(known[each] == status for each in of_whom) if of_whom else None
        assert (count, over) == (wanted, len(of_whom) or None)
        assert why == ("ok" if of_whom else "not_collected")

    # Reactions to the infusion, over those of whom one or none was written down.
    said = [each for each in infusion_rows or [] if each["reaction"] is not None]
    if infused:
        count, over, _ = count_of(results, "exposure.treated.infusion_1.reaction.count")
        wanted = sum(each["reaction"] == "fever" for each in said) if said else None
        assert (count, over) == (wanted, len(said) or None)
    check_rates(results)


def check_rates(results: Results) -> None:
    """Hold what is true of every share: nothing over nobody, nothing beyond its denominator."""
    for row in results.numbers.iter_rows(named=True):
        if row["value"] is None:
            continue
        if row["statistic"] in {"count", "percent"} and row["analysis"] != "findings":
            assert row["denominator"] != 0, row["id"]
        if row["statistic"] == "count" and row["denominator"] is not None:
            assert 0 <= row["value"] <= row["denominator"], row["id"]
        if row["statistic"] == "percent":
            assert row["denominator"], row["id"]


@pytest.mark.parametrize("study", [make_study(cells=True), make_study(cells=False)], ids=["cells", "cohort"])
def test_with_the_empty_tables_of_a_new_study_no_zero_is_printed(study: Study) -> None:
    names = ("safety_questions", "adverse_events", "infusions", "disposition", "medications", "labs")
    page = page_of(study, run(study, base_frames() | {name: [] for name in names}))
    assert not re.search(r"(?<!\d)0\.0\s*%", page)
    assert not re.search(r"\b0\s*/\s*\d", page)
    # The banner, word for word, and the sentences where tables would stand.
    assert "Adverse events were not collected." in page
    assert "This report cannot say whether any occurred." in page
    assert "Doses of glucocorticoid and other drugs were not collected" in page
    key = re.search(r"Harms Adverse events were not collected\.", page)
    assert key, page[:3000]
    assert study.infusions == () or re.search(r"Treated Population [\w ]+ – 5 ", page)
    # That all values due were there is 100.0 %, and no zero.
    assert not re.search(r"(?<![\d.])0 %", page)
    for words in ("Any adverse event", "Related to the cells", "Fatal"):
        assert words not in page


def test_who_was_never_treated_has_not_completed_the_treatment() -> None:
    """Five enrolled, three treated, all five followed to the end: 3 of 3 completed, not 5 of 3."""
    study = make_study(cells=True)
    given_rows: Frames = {
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in SUBJECTS[:3]],
        "disposition": [{"subject": each, "status": "completed", "date": "2020-04-01"} for each in SUBJECTS],
    }
    frames = base_frames() | given_rows
    for each in frames["subjects"][3:]:
        each["received_cells"] = 0
    results = run(study, frames)
    assert count_of(results, "disposition.treated.completed.count")[:2] == (3, 3)
    assert count_of(results, "disposition.enrolled.completed_not_treated.count")[:2] == (2, 2)
    page = page_of(study, results)
    assert "Not treated: completed follow-up 2/2" in page
    assert "3 patients were treated; 3 were followed to" in re.sub(r"\s+(?=[ ;])", "", page)
    assert dict(results.listings["flow"].select("stage", "count").rows())["completed"] == 3


def test_who_was_not_treated_leaves_the_flow_before_the_treated() -> None:
    study = make_study(cells=True)
    given_rows: Frames = {
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in SUBJECTS[:3]],
        "disposition": [{"subject": "S1", "status": "withdrew", "date": "2020-02-01"}],
    }
    frames = base_frames() | given_rows
    for each in frames["subjects"][3:]:
        each["received_cells"] = 0
    results = run(study, frames)
    flow = build_flow(study, read_numbers(results.numbers))[0]
    counts = {box.title: int(box.count[-1].text) for box in flow.boxes}
    assert [step.box.title for step in flow.steps] == [
        "Consented, enrolled",
        "Treated",
        "Completed follow-up",
    ]
    assert [box.title for box in flow.steps[0].left] == ["Not treated"]
    # Every arrow adds up: 5 = 2 + 3, and 3 = 1 + 2 of whom nothing is recorded. Nobody died: there is no line.
    assert counts["Consented, enrolled"] == counts["Not treated"] + counts["Treated"]
    ends = ("Withdrew", "End of participation not recorded", "Completed follow-up")
    assert counts["Treated"] == sum(counts[name] for name in ends)
    drawn = draw_flow_chart(flow)
    places = [float(each) for each in re.findall(r'<rect x="364" y="([\d.]+)"', drawn)]
    heights = [
        float(each) for each in re.findall(r'<rect x="364" y="[\d.]+" width="352" height="([\d.]+)"', drawn)
    ]
    assert len(places) == 2
    assert places[0] + heights[0] < places[1]
    assert places[1] + heights[1] < float(re.findall(r'viewBox="0 0 720 (\d+)"', drawn)[0])


def test_that_no_infusion_is_there_does_not_say_that_none_was_given() -> None:
    """Three have an infusion; S4 is recorded to have had none, of S5 nothing is written down."""
    study = make_study(cells=True)
    frames = base_frames() | {
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in SUBJECTS[:3]],
        "disposition": [{"subject": each, "status": "completed", "date": "2020-04-01"} for each in SUBJECTS],
    }
    frames["subjects"][3]["received_cells"] = 0
    results = run(study, frames)
    found = {
        name: count_of(results, f"disposition.enrolled.{name}.count")[:2]
        for name in ("treated", "not_treated", "treatment_not_recorded", "completed_not_treated",
                     "completed_treatment_not_recorded")
    }  # fmt: skip
    assert found == {
        "treated": (3, 4), "not_treated": (1, 4), "treatment_not_recorded": (1, 5),
        "completed_not_treated": (1, 1), "completed_treatment_not_recorded": (1, 1),
    }  # fmt: skip
    assert count_of(results, "disposition.enrolled.treated.asked")[:2] == (4, 5)
    # A rule that asks for the day of the infusion cannot tell of S5, and says no of S4.
    assert results.value("population.treated.subjects.n") == 3
    assert results.value("population.treated.subjects.cannot_tell") == 1
    flow = build_flow(study, read_numbers(results.numbers))[0]
    early = {box.title: box.count[-1].text for box in flow.steps[0].left}
    assert early == {"Not treated": "1", "Not recorded whether treated": "1"}
    page = page_of(study, results)
    assert "Not recorded whether treated 1/5" in page
    assert "Treated 3/4 ; recorded for 4/5" in page


def test_infusions_are_counted_over_those_of_whom_they_are_recorded() -> None:
    raw = make_study(cells=True).model_dump(by_alias=True)
    raw["endpoints"] = ({"id": "given", "kind": "exposure", "population": "enrolled"},)
    study = Study.model_validate(raw)
    frames = base_frames() | {"infusions": [{"subject": "S1", "number": 1, "date": "2020-01-01"}]}
    frames["subjects"][1]["received_cells"] = 0
    key = "exposure.enrolled.infusion_1.infused.count"
    assert count_of(run(study, frames), key)[:2] == (1, 2)
    # Without any infusion S2 had none, and of the others nothing is known.
    frames["infusions"] = []
    assert count_of(run(study, frames), key) == (0, 1, "ok")
    del frames["subjects"][1]["received_cells"]
    assert count_of(run(study, frames), key)[2] == "not_collected"


def test_a_category_is_counted_over_those_of_whom_it_is_recorded() -> None:
    frames = base_frames()
    for each in frames["subjects"][3:]:
        each["sex"] = ""
    frames["subjects"][0]["sex"] = "male"
    results = run(make_study(cells=False), frames)
    assert count_of(results, "baseline.enrolled.baseline.sex_female.count")[:2] == (2, 3)
    assert count_of(results, "baseline.enrolled.baseline.sex_female.asked")[:2] == (3, 5)
    assert "2/3 ; recorded for 3/5" in page_of(make_study(cells=False), results)


@pytest.mark.parametrize(
    ("given_rows", "expected"),
    [
        ({}, dict.fromkeys(("death", "rescue_medication", "reinfusion", "adverse_event"), (None, None))),
        # S1 took the drug and S2 another one: of the other three nothing is known, until S3 is asked.
        ({"medications": [{"subject": "S1", "drug": "Rituximab", "start": "2020-02-01"},
                          {"subject": "S2", "drug": "Aspirin", "start": "2020-02-01"}]},
         {"rescue_medication": (1, None), "death": (None, None)}),
        # A drug that is no rescue, and no question: none of it is recorded, which is no zero.
        ({"medications": [{"subject": "S2", "drug": "Aspirin", "start": "2020-02-01"}]},
         {"rescue_medication": (None, None)}),
        ({"medications": [{"subject": "S1", "drug": "Rituximab", "start": "2020-02-01"}],
          "safety_questions": [{"subject": each, "visit": "month_1", "date": "2020-01-31", "asked": 0,
                                "any_event": None, "asked_drugs": answer}
                               for each, answer in (("S3", 1), ("S4", 0), ("S5", None))]},
         {"rescue_medication": (1, 2), "adverse_event": (None, None)}),
        ({"infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in SUBJECTS]},
         {"reinfusion": (0, 5), "rescue_medication": (None, None)}),
        ({"infusions": [{"subject": "S1", "number": 1, "date": "2020-01-01"}],
          "subjects": [{"subject": each, "sex": "female", "age": 30, "consent_date": "2019-12-20",
                        "received_cells": answer}
                       for each, answer in zip(SUBJECTS, (None, 0, 1, None, None), strict=True)]},
         {"reinfusion": (0, 2)}),
        ({"disposition": [{"subject": each, "status": "died", "date": "2020-02-01"} for each in SUBJECTS[:2]]},
         {"death": (2, 2), "reinfusion": (None, None)}),
        ({"safety_questions": [{"subject": each, "visit": "month_1", "date": "2020-01-31", "asked": 1,
                                "any_event": 0} for each in SUBJECTS[:3]],
          "adverse_events": [{"subject": "S5", "term": "Flare", "start": "2020-02-01"}]},
         {"adverse_event": (1, 4)}),
        ({"adverse_events": [{"subject": "S5", "term": "Flare", "start": "2020-02-01"}]},
         {"adverse_event": (1, None)}),
    ],
    ids=["nothing", "drugs", "other_drug", "asked_drugs", "infusions", "no_infusion", "ends", "events", "events_unasked"],
)  # fmt: skip
def test_an_intercurrent_event_that_was_not_recorded_is_no_zero(
    given_rows: Frames, expected: dict[str, tuple[int | None, int | None]]
) -> None:
    names = ("death", "rescue_medication", "reinfusion", "adverse_event")
    rows = tuple({"event": name, "strategy": "treatment_policy"} for name in names)
    raw = make_study(cells=True).model_dump(by_alias=True)
    raw["endpoints"] = ({"id": "pain", "kind": "change", "variable": "vas_physician", "at": ("month_3",),
                         "methods": ("paired_t",)},)  # fmt: skip
    raw["estimands"] = ({"id": "main", "endpoint": "pain", "treatment": "cells", "summary": "mean change",
                         "intercurrent_events": rows},)  # fmt: skip
    raw["intercurrent_events"] = {"rescue_medication": ("Rituximab",), "adverse_event": ("Flare",)}
    study = Study.model_validate(raw)
    results = run(study, base_frames() | given_rows)
    counted = results.select(analysis="estimand", statistic="count", arm="all")
    found = {
        name: (value, over) for name, value, over in counted.select("variable", "value", "denominator").rows()
    }
    assert {name: found[name] for name in expected} == expected
    page = page_of(study, results)
    for name, (count, over) in expected.items():
        words = {"rescue_medication": "Rescue medication", "adverse_event": "A listed adverse event"}.get(
            name
        )
        if words and count is not None:
            shown = f"{count}/{over} ; known of {over}/5" if over else f"{count} "
            assert f"{words} {shown}" in page
    assert ("A number without N: nobody was asked" in page) == any(
        count is not None and over is None for count, over in expected.values()
    )


def test_a_zero_says_at_how_many_visits_it_was_asked() -> None:
    study = make_study(cells=True, population="enrolled")
    asked = [
        {"subject": each, "visit": "month_1", "date": "2020-01-31", "asked": 1, "any_event": 0}
        for each in SUBJECTS[:3]
    ]
    results = run(study, base_frames() | {"safety_questions": asked, "adverse_events": []})
    page = page_of(study, results)
    # Three of five were asked, at 3 of the 15 visits of which the plan has the question on its form.
    assert "0/3 ; asked 3/5 ; asked at 3/15 visits due" in page
    assert "Adverse events were asked about at 3 of 15 visits due. Counts are lowest possible values." in page


def test_an_event_without_its_attributes_is_no_answer_to_them() -> None:
    study = make_study(cells=True, population="enrolled")
    asked = [
        {"subject": each, "visit": "month_1", "date": "2020-01-31", "asked": 1, "any_event": 0}
        for each in SUBJECTS
    ]
    given_rows = [{"subject": "S2", "term": "Fever", "start": "2020-02-01"}]
    results = run(study, base_frames() | {"safety_questions": asked, "adverse_events": given_rows})
    assert count_of(results, "adverse_events.enrolled.any.count")[:2] == (1, 5)
    for name in ("serious", "grade_3_or_more", "fatal"):
        assert count_of(results, f"adverse_events.enrolled.{name}.count")[:2] == (0, 5)
        assert count_of(results, f"adverse_events.enrolled.{name}.cannot_tell")[:2] == (1, 5)
    # An interval would take the open answer for a no.
    assert "adverse_events.enrolled.serious.upper.clopper_pearson" not in set(results.numbers["id"])
    assert count_of(results, "adverse_events.enrolled.grade_not_graded.count")[:2] == (1, 5)
    assert "0/5 ; cannot tell 1" in page_of(study, results)


ASKED: Rows = [
    {"subject": each, "visit": "month_1", "date": "2020-01-31", "asked": 1, "any_event": 0}
    for each in SUBJECTS
]


def keys_of(results: Results) -> set[str]:
    return set(results.numbers["id"])


def test_over_nobody_a_count_is_not_called_uncollected() -> None:
    raw = make_study(cells=True, population="oldest").model_dump(by_alias=True)
    raw["populations"] = {"oldest": "age > 99"}
    study = Study.model_validate(raw)
    results = run(study, base_frames() | {"safety_questions": ASKED})
    for name in ("any", "serious", "related"):
        assert count_of(results, f"adverse_events.oldest.{name}.count") == (None, 0, "nobody")
    nothing = run(study, {"subjects": []})
    assert count_of(nothing, "disposition.enrolled.enrolled.count")[2] == "nobody"


def test_stages_that_nobody_recorded_have_no_row() -> None:
    study = make_study(cells=True)
    everybody: Rows = [{"subject": each, "number": 1, "date": "2020-01-01"} for each in SUBJECTS]
    treated = run(study, base_frames() | {"infusions": everybody})
    assert "disposition.enrolled.not_treated.count" not in keys_of(treated)
    # Of no end anything is recorded: two rows say so, and a third one would say it again.
    assert not [key for key in keys_of(treated) if "not_recorded" in key]
    assert "disposition.enrolled.not_treated.count" not in keys_of(run(study, base_frames()))


def test_a_term_has_no_row_where_nobody_was_asked_and_none_had_it() -> None:
    study = make_study(cells=True, population="treated")
    frames: Frames = {
        "infusions": [{"subject": "S1", "number": 1, "date": "2020-01-01"}],
        "adverse_events": [{"subject": "S5", "term": "Fever", "start": "2020-02-01"}],
    }
    results = run(study, base_frames() | frames)
    assert count_of(results, "adverse_events.enrolled.term_fever.count")[:2] == (1, None)
    assert not [key for key in keys_of(results) if key.startswith("adverse_events.treated.term_fever")]
    assert count_of(results, "adverse_events.treated.any.count")[2] == "not_collected"


def test_an_event_without_grade_counts_once_and_not_beside_a_graded_one() -> None:
    """S1 has a graded and an ungraded event, S2 an ungraded one of unknown outcome."""
    study = make_study(cells=True, population="enrolled")
    event = {"start": "2020-02-01", "serious": 0, "related": 0}
    rows: Rows = [
        {"subject": "S1", "term": "Fever", "grade": 2, "outcome": "recovered"} | event,
        {"subject": "S1", "term": "Rash", "grade": None, "outcome": "recovered"} | event,
        {"subject": "S2", "term": "Cough", "grade": None, "outcome": "unknown"} | event,
    ]
    results = run(study, base_frames() | {"safety_questions": ASKED, "adverse_events": rows})
    assert count_of(results, "adverse_events.enrolled.grade_not_graded.count")[:2] == (1, 5)
    assert count_of(results, "adverse_events.enrolled.grade_not_graded.events")[0] == 2
    assert count_of(results, "adverse_events.enrolled.fatal.cannot_tell")[:2] == (1, 5)
    # S1 may have had a rash of grade 3: the grade of one event does not answer for the other.
    assert count_of(results, "adverse_events.enrolled.grade_3_or_more.cannot_tell")[:2] == (2, 5)


def test_interim_data_say_who_has_not_reached_the_last_visit() -> None:
    """S1 is in follow-up and was not seen at month 3; S2 is too and was; S3 withdrew before it."""
    frames = base_frames()
    unseen = {"S1", "S3"}
    frames["vas_physician"] = [
        each
        for each in frames["vas_physician"]
        if each["visit"] != "month_3" or each["subject"] not in unseen
    ]
    status = {"S1": "ongoing", "S2": "ongoing", "S3": "withdrew", "S4": "completed", "S5": "completed"}
    frames["disposition"] = [
        {"subject": name, "status": each, "date": "2020-02-10" if name in unseen else "2020-03-31"}
        for name, each in status.items()
    ]
    study = make_study(cells=False)
    results = run(study, frames)
    assert count_of(results, "disposition.enrolled.not_reached.count")[:2] == (1, 5)
    page = page_of(study, results)
    assert "Data cut 2020-03-31; 1 of 5 patients have not reached month 3. Percentages will change." in page
    frames["disposition"] = [each | {"status": "completed"} for each in frames["disposition"]]
    assert "Percentages will change" not in page_of(study, run(study, frames))
