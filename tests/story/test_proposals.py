"""Wherever a result stands whose definition is a proposal of funis, the page says so: every table, every figure.

The rebuilt lupus trial judges response and relapse by a proposal, and the EXPLORER response by a printed definition;
the rebuilt Sjogren trial uses a proposed list of symptoms (the modified TESS).
"""

from __future__ import annotations

import re

import pytest

from funis.documents.document import Box, ItemList, Paragraph, Section
from funis.documents.table import TableSpec
from funis.reporting.report_figures import build_figures
from funis.reporting.report_tables import build_tables
from funis.reporting.sections import describe_provenance
from funis.reporting.trial_document import build_document
from funis.results import Results
from funis.study.model import Study

from .report_kinds import analysed

Report = tuple[Study, Results]
RESPONSE = "The definition of UC-MSC BILAG response is a proposal of funis: the trial's own definition is not printed"
SYMPTOMS = (
    "is a proposal of funis: the modified TESS of published cell-therapy trials is not described in print."
)
WITH_RESPONSE = {
    "table-response-ucmsc_bilag_response", "table-relapse", "table-time-to-event", "table-influence", "table-sensitivity",
    "table-listing-response-ucmsc_bilag_response", "figure-response-ucmsc_bilag_response", "figure-time_to_relapse",
    "figure-swimmer", "figure-influence",
}  # fmt: skip
WITHOUT = {
    "table-response-explorer_response", "table-sledai_change", "table-baseline", "table-adverse-events", "figure-sledai_change",
    "table-listing-response-explorer_response", "figure-response-explorer_response", "table-disposition", "table-exposure",
}  # fmt: skip
WITH_SYMPTOMS = {
    "table-tess_change",
    "figure-tess_change",
    "table-influence",
    "figure-influence",
    "figure-swimmer",
}


@pytest.fixture(scope="module", params=["sle", "sjogren"])
def report(request: pytest.FixtureRequest) -> tuple[str, Report]:
    return request.param, analysed(request.param)


def said(report: Report) -> dict[str, list[str]]:
    notes = {table.id: list(table.footnotes) for table in build_tables(*report)}
    return notes | {figure.id: list(figure.footnotes) for figure in build_figures(*report)}


def test_every_table_and_figure_says_what_is_proposed(report: tuple[str, Report]) -> None:
    name, made = report
    notes = said(made)
    wanted, words = (WITH_RESPONSE, RESPONSE) if name == "sle" else (WITH_SYMPTOMS, SYMPTOMS)
    present = {each for each, lines in notes.items() if any(words in line for line in lines)}
    assert wanted & set(notes) <= present
    assert len(wanted & set(notes)) >= len(wanted) - 1
    if name == "sle":
        assert not present & WITHOUT
    for each in present:
        assert sum(words in line for line in notes[each]) == 1, each


def test_every_number_that_rests_on_a_proposal_stands_under_the_words(report: tuple[str, Report]) -> None:
    name, made = report
    proposed = {"sle": "ucmsc_bilag_response", "sjogren": "tess_modified"}[name]
    rests = set(made[1].numbers.filter(made[1].numbers["measure"] == proposed)["id"])
    words = RESPONSE if name == "sle" else SYMPTOMS
    seen = 0
    for table in build_tables(*made):
        printed = {part.id for row in table.rows for cell in row.cells for part in cell.parts} & rests
        seen += len(printed)
        assert not printed or any(words in note for note in table.footnotes), table.id
    assert seen > 10


def words_of(section: Section) -> list[str]:
    """Give every word that a reader of a section sees: headings, paragraphs, lists, tables, captions."""
    found = [section.title, *(part.title for part in section.parts)]
    for block in (*section.blocks, *(each for part in section.parts for each in part.blocks)):
        if isinstance(block, TableSpec):
            cells = [cell.text for row in block.rows for cell in (row.stub, *row.cells)]
            found += [block.title, *block.heads, *block.footnotes, *cells]
        elif isinstance(block, Paragraph):
            found.append("".join(part.text for part in block.text))
        elif isinstance(block, ItemList):
            found += ["".join(part.text for part in item) for item in block.items]
        elif isinstance(block, Box):
            found += ["".join(part.text for part in text) for text in block.texts]
        else:
            found += [block.title, *getattr(block, "footnotes", ()), getattr(block, "alt", "")]
    return found


def test_no_rule_text_and_no_id_is_in_a_readers_way(report: tuple[str, Report]) -> None:
    document = build_document(*report[1])
    # Rules as they ran, names of files and ids are looked up under provenance.
    read = (section for section in document.sections if section.id != "provenance")
    text = " ".join(word for section in read for word in words_of(section))
    assert len(text) > 20_000
    assert re.findall(r"\w+_\w+", text) == []
    assert not any(word in text for word in ("IS NOT NULL", "IS NULL", " IN (", ">="))


def test_the_rules_as_executed_stand_in_the_provenance(report: tuple[str, Report]) -> None:
    lines = list(describe_provenance(*report[1]))
    assert "Rule of the population treated: first_infusion_date IS NOT NULL." in lines
    if report[0] == "sle":
        assert "Rule of the subgroup lupus_nephritis: baseline_proteinuria_24h > 0.5." in lines
        assert "Rule of the criterion I2: baseline_sledai_2k > 6." in lines
