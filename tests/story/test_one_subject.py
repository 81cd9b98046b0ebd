"""A report of one subject, and of one subject who is lacking: what a reader must not be told of either."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from funis.analysis.analyse import analyse
from funis.catalogue.congress_rules import congress_rule
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.documents.document import Box, Document, Section
from funis.documents.figure import FigureSpec
from funis.documents.table import TableSpec
from funis.reporting.congress.abstract import build_congress_abstract
from funis.reporting.congress.sentence import text_of
from funis.reporting.trial_document import build_document
from funis.reporting.withheld import withhold
from funis.study.read import read_study

from .report_kinds import analysed, make_study
from .test_report_statements import item, report, words_of


def tables_of(document: Document) -> list[TableSpec]:
    return [
        block for section in document.sections for block in section.all_blocks if isinstance(block, TableSpec)
    ]


def rows_of(table: str) -> dict[str, list[str]]:
    found = next(each for each in tables_of(report("one_subject")) if each.id == table)
    return {row.stub.text: [cell.text for cell in row.cells] for row in found.rows if not row.is_heading}


def recorded(table: str) -> list[dict[str, str]]:
    with TemporaryDirectory() as place:
        folder = make_study("one_subject", Path(place) / "trial")
        with (folder / "data" / f"{table}.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))


def test_a_count_over_one_subject_is_an_answer() -> None:
    """Of the first subject the listing says: major response at both visits, no relapse, no event."""
    assert rows_of("table-main-response")["Major clinical response"] == ["yes", "yes"]
    assert rows_of("table-main-response")["No response"] == ["no", "no"]
    assert rows_of("table-main-relapse")["By month 12"] == ["no"]
    assert rows_of("table-adverse-events")["Any adverse event"] == ["no", "0"]
    for table in (each for each in tables_of(report("one_subject")) if not each.is_text):
        assert "n" not in {*table.heads, *(row.stub.text for row in table.rows)}, table.id
        for row in table.rows:
            assert not [cell.text for cell in row.cells if cell.text in {"0/1", "1/1"}], (table.id, row)


def test_an_infusion_of_one_subject_has_its_values_and_no_spread() -> None:
    """Cells are the weight, 46.2 kg, times a million a kilogram, and twice that in all."""
    assert recorded("subjects")[0]["weight_kg"] == "46.2"
    table = next(each for each in tables_of(report("one_subject")) if each.id == "table-exposure")
    lines = [(row.stub.text, *(cell.text for cell in row.cells)) for row in table.rows if not row.is_heading]
    assert ("Value, × 10⁶", "46.2", "46.2", "92.4") in lines
    assert ("Value", "0", "7", "") in lines
    assert not [line for line in lines if line[0].startswith(("Range", "Median"))]


def test_an_organ_system_of_one_subject_has_its_grade() -> None:
    """Letters, not counts: those of the listing of grades, day by day."""
    _, results = analysed("one_subject")
    listed = results.listings["grades"].filter(system="haematological").sort("day")["grade"].to_list()
    assert rows_of("table-grades")["Haematological"] == listed
    assert set(listed) > {"B"}
    assert rows_of("table-systems")["Haematological"] == ["improved"] * 4


def test_visits_and_infusions_of_one_subject_stand_with_their_dates() -> None:
    days = sorted(
        [(row["date"], f"Visit: {row['visit'].replace('_', ' ')}") for row in recorded("visits")]
        + [(row["date"], f"Infusion {row['number']}") for row in recorded("infusions")]
    )
    table = next(each for each in tables_of(report("one_subject")) if each.id == "table-dates-of-one")
    assert [(row.stub.text, row.cells[0].text) for row in table.rows] == days
    assert "table-dates-of-one" not in {each.id for each in tables_of(report("sle"))}


def every_word() -> str:
    return "\n".join(word for section in report("one_subject").sections for word in words_of(section))


def test_a_report_of_one_subject_says_so_first() -> None:
    assert "Single-patient report" in report("one_subject").kicker
    assert "Single-patient report" not in report("sle").kicker
    facts = {name: "".join(part.text for part in value) for name, value in report("one_subject").facts}
    # The first subject is of the second of four centres.
    assert facts["Centres"] == "4 planned, 1 with patients in the data"
    assert {name: value[0].text for name, value in report("sle").facts}["Centres"] == "4"


def test_one_value_has_no_spread_interval_percentage_or_p() -> None:
    for table in tables_of(report("one_subject")):
        heads = [*table.heads, *(words for words, _ in table.spanners)]
        assert not re.search(r"\bP\b|SD|CI\b|\(%", " ".join(heads)), (table.id, heads)
        for row in table.rows:
            cells = [cell.text for cell in row.cells]
            assert not any("±" in text or "(–)" in text or "n/c" in text for text in cells), (table.id, cells)
    assert "P values were calculated" not in every_word()
    assert "tested by" not in every_word()


def passage(title: str) -> str:
    definitions = next(section for section in report("one_subject").sections if section.id == "definitions")
    return "\n".join(
        word
        for part in definitions.parts
        if part.title == title
        for word in words_of(Section("", "", part.blocks))
    )


def test_no_statistics_of_groups_are_described_for_one_subject() -> None:
    """What the study file plans for groups was done for nobody: it is not told as if it had been."""
    titles = [
        part.title
        for section in report("one_subject").sections
        if section.id == "definitions"
        for part in section.parts
    ]
    assert "Estimands" not in titles
    assert "nothing is estimated or tested" in passage("Statistics")
    planned = ("Methods:", "Missing outcome:", "covariance", "Clopper-Pearson", "Wilcoxon", "mean change")
    said = "\n".join((passage("Statistics"), passage("Endpoints"), *box_of_endpoints()))
    assert not [word for word in planned if word in said]
    assert "planned for more subjects" not in every_word()


def box_of_endpoints() -> list[str]:
    section = next(each for each in report("one_subject").sections if each.id == "endpoints")
    return [
        f"{entry.name}: {''.join(part.text for part in entry.text)}"
        for block in section.blocks
        if isinstance(block, Box)
        for entry in block.entries
    ]


def test_centres_are_counted_alike_wherever_they_are_named() -> None:
    """Four are planned; the one subject is of one of them, as the title block says."""
    counted = "1 centre with patients in the data (4 planned)"
    methods = next(each for each in report("one_subject").sections if each.id == "methods")
    assert f"lupus erythematosus, at {counted}." in "\n".join(words_of(methods))
    assert f"lupus erythematosus, at {counted}." in passage("Design and subjects")
    study, results = analysed("one_subject")
    design = build_congress_abstract(study, results, congress_rule("acr")).fitted.sentences
    assert [f" at {counted}." in text_of(each.wordings[0]) for each in design if each.name == "design"] == [
        True
    ]


def test_the_value_of_one_subject_is_printed_as_it_was_recorded() -> None:
    with TemporaryDirectory() as place:
        folder = make_study("one_subject", Path(place) / "trial")
        with (folder / "data" / "subjects.csv").open(encoding="utf-8") as file:
            recorded = next(csv.DictReader(file))["weight_kg"]
    table = next(each for each in tables_of(report("one_subject")) if each.id == "table-baseline")
    assert table.heads == ("", "Value")
    row = next(row for row in table.rows if row.stub.text.startswith("Weight"))
    assert [cell.text for cell in row.cells] == [recorded]
    measured = next(each for each in tables_of(report("one_subject")) if each.id == "table-main-measure-1")
    assert [cell.text for cell in measured.rows[0].cells] == ["7", "–", "16", "–"]
    assert measured.heads == ("Visit", "Value", "Change", "Value", "Change")
    assert sum(width for _, width in measured.spanners) == 5


def test_each_drug_of_one_subject_is_listed() -> None:
    """A row "any of these drugs" that names no drug would say nothing."""
    with TemporaryDirectory() as place:
        folder = make_study("one_subject", Path(place) / "trial")
        with (folder / "data" / "medications.csv").open(encoding="utf-8") as file:
            recorded = {row["drug"].casefold() for row in csv.DictReader(file)}
    table = next(each for each in tables_of(report("one_subject")) if each.id == "table-concomitant")
    drugs = {row.stub.text.casefold() for row in table.rows[2:]}
    assert len(drugs) >= 2
    assert drugs <= recorded
    assert not any("of few subjects" in note for note in table.footnotes)


def test_the_titre_of_one_subject_is_a_whole_number_and_no_mean() -> None:
    rows = [row for table in tables_of(report("one_subject")) for row in table.rows]
    titres = [row for row in rows if "titre" in row.stub.text.lower() and row.cells]
    own = [row for row in titres if row.stub.text == "Titre"]
    assert own
    assert all(cell.text.replace(",", "").isdigit() for row in own for cell in row.cells if cell.ids)
    assert not [row for row in titres if "mean" in row.stub.text]


def test_one_subject_has_no_curve_and_no_bars() -> None:
    figures = [
        block
        for section in report("one_subject").sections
        for block in section.all_blocks
        if isinstance(block, FigureSpec)
    ]
    assert figures
    assert not [each.id for each in figures if each.section == "time-to-event" or "response" in each.id]
    assert not [each.title for each in figures if "mean" in each.title or "every subject:" in each.title]
    assert "Kaplan-Meier" not in item("one_subject", "Durability")
    assert "1 responder relapsed" in item("one_subject", "Durability")


@cache
def lacking() -> Document:
    """Make the report of the lupus demonstration without the row of its first subject."""
    with TemporaryDirectory() as place:
        folder = reconstruct("sle", Path(place) / "trial")
        path = folder / "data" / "subjects.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
        study = read_study(folder)
        return build_document(study, withhold(study, analyse(study, read_tables(folder, study))))


def test_a_subject_who_is_not_listed_is_one_cause_with_the_count_of_its_rows() -> None:
    """Each of 112 rows of eight tables was an error of its own on the first page."""
    with TemporaryDirectory() as place:
        folder = reconstruct("sle", Path(place) / "trial")
        rows = 0
        for path in (folder / "data").glob("*.csv"):
            with path.open(encoding="utf-8") as file:
                rows += sum(row.get("subject") == "RECON-01" for row in csv.DictReader(file))
    notices = " ".join(f"{each.title} {each.text}" for each in lacking().notices)
    counted = [int(found) for found in re.findall(r"1 error in (\d+) rows of the data affects", notices)]
    assert sum(counted) == rows - 1  # its row in the table of subjects is gone
    assert notices.count("unknown subject (") == len(counted)
    listing = next(each for each in tables_of(lacking()) if each.id == "table-findings-error")
    listed = [row for row in listing.rows if not row.is_heading]
    assert len(listed) == 8
    assert listed[0].stub.text == "visits.csv:2-7, subject"
    assert listed[0].cells[0].text == "RECON-01, 6 visits"
    said = "\n".join(word for section in lacking().sections for word in words_of(section))
    assert f"{rows - 1} errors, 0 warnings and 0 queries, of 1 cause" in said
