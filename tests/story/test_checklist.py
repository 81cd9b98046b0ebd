"""The checklist names, item by item, the sections that a report has, and nothing that it has not."""

import pytest

from funis.catalogue.reporting_checklists import reporting_checklists
from funis.documents.document import Document, ItemList, Section
from funis.documents.table import TableSpec
from funis.reporting.arrangement import MAIN, SUPPLEMENT
from funis.reporting.checklist import with_checklist
from funis.reporting.trial_document import build_document
from funis.study.report_choices import ReportChoices

from .report_kinds import analysed

#: Names of the items as the two statements print them, in short; which of them were read stands in the table.
TREND = [
    "title abstract",
    "background",
    "participants",
    "interventions",
    "objectives",
    "outcomes",
    "sample size",
    "assignment method",
    "blinding",
    "unit of analysis",
    "statistical methods",
    "participant flow",
    "recruitment",
    "baseline data",
    "baseline equivalence",
    "numbers",
    "outcomes estimation",
    "ancillary analyses",
    "adverse events",
    "interpretation",
    "generali",
    "overall evidence",
]
STROBE = [
    "title abstract",
    "background rationale",
    "objectives",
    "study design",
    "setting",
    "participants",
    "variables",
    "data sources measurement",
    "bias",
    "study size",
    "quantitative variables",
    "statistical methods",
    "participants",
    "descriptive data",
    "outcome data",
    "main results",
    "other analyses",
    "key results",
    "limitations",
    "interpretation",
    "generali",
    "funding",
]


def checklist(page: Document) -> tuple[Section, dict[str, tuple[str, str]]]:
    section = next(each for each in page.sections if each.id == "checklist")
    (table,) = section.all_blocks
    assert isinstance(table, TableSpec)
    said = [(row.stub.text.split(" ", 1), row.cells[0].text) for row in table.rows]
    return section, {number: (item, where) for (number, item), where in said}


def title_of(section: Section) -> str:
    (table,) = section.all_blocks
    assert isinstance(table, TableSpec)
    return table.title


@pytest.mark.parametrize(("name", "words"), [("trend", TREND), ("strobe", STROBE)])
def test_items_are_those_of_the_statement_in_its_order(name: str, words: list[str]) -> None:
    items = reporting_checklists()[name].items
    assert [each.number for each in items] == list(range(1, 23))
    for each, expected in zip(items, words, strict=True):
        assert all(word in each.item.lower() for word in expected.split()), (each.item, expected)


def test_the_table_says_which_items_were_read_and_which_stand_from_memory() -> None:
    section, _ = checklist(build_document(*analysed("sle")))
    (table,) = section.all_blocks
    assert isinstance(table, TableSpec)
    assert "items 1 to 8 in copies of the checklist" in table.footnotes[0]
    assert "items 9 to 22 are from memory" in table.footnotes[0]
    said = reporting_checklists()["strobe"].read
    assert "item 14 (c) asks of a cohort: follow-up time, its average and its total" in said
    assert "memory" not in said
    assert reporting_checklists()["consort"].read == "all 30 items in Table 1 of it"


def test_every_section_an_item_names_is_one_that_a_report_can_have() -> None:
    known = {"title", *MAIN, *SUPPLEMENT}
    for statement in reporting_checklists().values():
        for each in statement.items:
            assert set(each.sections) <= known, each
            assert each.sections or each.authors, each


def test_each_design_has_one_statement() -> None:
    designs = [design for each in reporting_checklists().values() for design in each.designs]
    assert sorted(designs) == ["observational", "parallel", "randomised", "single_arm"]


def test_only_a_trial_that_says_how_it_was_randomised_has_the_items_of_randomised_trials() -> None:
    section, rows = checklist(build_document(*analysed("randomised")))
    assert title_of(section).startswith("CONSORT 2025:")
    assert rows["17"] == (
        "Randomisation: sequence generation",
        "Methods; the rest is for the authors to write",
    )
    assert rows["22"] == ("Participant flow", "Participant flow; S3 Populations and subgroups")
    assert rows["24"][1].startswith("Glucocorticoid and other drugs; Infusions and exposure; S14 ")
    assert len(rows) == 30
    other, _ = checklist(build_document(*analysed("two_arms")))
    assert title_of(other).startswith("TREND:")


def test_the_checklist_of_one_arm_names_the_sections_by_number_and_title() -> None:
    section, rows = checklist(build_document(*analysed("sle")))
    assert (section.code, section.title) == ("S18", "Checklist")
    assert rows["1"] == ("Title and abstract", "Title block; the rest is for the authors to write")
    assert rows["2"] == ("Background", "For the authors to write")
    assert rows["3"] == ("Participants", "Methods; S2 Eligibility by criterion")
    assert rows["13"] == ("Recruitment", "Title block")
    # Nobody had an event, so there is no listing of events.
    assert rows["19"] == ("Adverse events", "Safety")
    assert len(rows) == 22


def test_a_section_that_a_report_has_not_is_not_named() -> None:
    study, results = analysed("sle")
    sections = with_checklist(study, (Section("methods", "Methods"),))
    table = sections[1].all_blocks[0]
    assert isinstance(table, TableSpec)
    rows = {row.stub.text.split(" ", 1)[0]: row.cells[0].text for row in table.rows}
    assert rows["3"] == "Methods"
    assert rows["19"] == "Not in this report"
    assert rows["15"] == "Does not apply: there is one group"
    assert rows["10"] == "For the authors to write"
    assert results.numbers.height


def test_a_cohort_has_the_items_of_its_own_statement() -> None:
    _, rows = checklist(build_document(*analysed("observational")))
    assert rows["22"][1].startswith("Title block; S19 People and disclosures")
    assert rows["4"] == ("Study design", "Methods")


def test_the_checklist_stands_between_its_neighbours_and_names_what_was_moved() -> None:
    study, results = analysed("sle")
    choices = ReportChoices(main=("key_results", "response", "quality", "limits"))
    page = build_document(study.model_copy(update={"report": choices}), results)
    names = [each.id for each in page.sections]
    place = names.index("checklist")
    assert names[place - 1] == "provenance"
    assert names[place + 1 : place + 3] == ["people", "subjects"]
    _, rows = checklist(page)
    flow = next(each for each in page.sections if each.id == "subjects")
    assert rows["12"][1].startswith(f"{flow.code} Participant flow; S3 ")


def test_people_stand_behind_the_checklist() -> None:
    study, _ = analysed("sle")
    given = (
        Section("limits", "L"),
        Section("provenance", "P", code="S17"),
        Section("people", "People", code="S19"),
    )
    assert [each.id for each in with_checklist(study, given)] == [
        "limits",
        "provenance",
        "checklist",
        "people",
    ]


def test_no_item_about_groups_is_claimed_for_one_group() -> None:
    """A single arm has nothing that is alike or not at baseline, and nobody was assigned."""
    _, one = checklist(build_document(*analysed("sle")))
    _, two = checklist(build_document(*analysed("two_arms")))
    for number in ("8", "15"):
        assert one[number][1] == "Does not apply: there is one group"
    assert two["15"][1].startswith("Baseline; Comparison between arms")
    assert two["8"][1] == "For the authors to write"


@pytest.mark.parametrize(
    ("kind", "number"),
    # What the report does not do: unit of analysis, those lost compared with those retained; what may confound,
    # estimates adjusted for confounders, objectives, the part of the funders.
    [
        ("sle", "10"),
        ("sle", "14"),
        ("observational", "14"),
        ("observational", "16"),
        ("observational", "18"),
        ("observational", "22"),
    ],
)
def test_what_the_report_does_in_part_is_left_to_the_authors(kind: str, number: str) -> None:
    _, rows = checklist(build_document(*analysed(kind)))
    assert rows[number][1].lower().endswith("for the authors to write")


def test_the_programs_used_are_where_the_item_on_methods_says() -> None:
    page = build_document(*analysed("sle"))
    _, rows = checklist(page)
    assert "S17 Provenance" in rows["11"][1]
    provenance = next(each for each in page.sections if each.id == "provenance")
    assert any(
        "Made by funis" in "".join(part.text for part in item)
        for block in provenance.all_blocks
        if isinstance(block, ItemList)
        for item in block.items
    )


def test_follow_up_time_is_where_the_item_on_descriptive_data_of_a_cohort_says() -> None:
    _, rows = checklist(build_document(*analysed("observational")))
    assert rows["14"][1].startswith("Participant flow; Baseline; S3 ")
