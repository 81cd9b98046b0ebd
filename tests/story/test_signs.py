"""What stands in a table and is no word is explained once, and nothing is explained that stands nowhere."""

import re

import pytest

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableRow, TableSpec, joined, words
from funis.reporting.number_book import read_numbers
from funis.reporting.report_tables import with_needed_notes
from funis.reporting.single_patient import ONE_SUBJECT
from funis.reporting.small_samples import limit_notes
from funis.results import NumberList, Place

from .report_kinds import KINDS
from .test_report_statements import report

#: Signs and abbreviations that a reader of another field would have to look up.
SIGNS = ("–", "NA", "±", "CI", "SD", "SE", "IQR", "Q1", "df", "CTCAE")


def tables_of(kind: str) -> list[TableSpec]:
    return [
        block
        for section in report(kind).sections
        for block in section.all_blocks
        if isinstance(block, TableSpec)
    ]


def texts_of(table: TableSpec) -> list[str]:
    cells = [cell.text for row in table.rows for cell in (row.stub, *row.cells)]
    return [table.title, *table.heads, *cells]


def stands_in(sign: str, texts: list[str]) -> bool:
    if sign == "–":
        return sign in texts
    if sign == "±":
        return any(" ± " in text for text in texts)
    return any(re.search(rf"\b{sign}\b", text) for text in texts)


@pytest.mark.parametrize("kind", KINDS)
def test_each_sign_of_a_table_is_explained_once_and_no_other(kind: str) -> None:
    said = [
        "".join(part.text for part in block.text)
        for section in report(kind).main
        for block in section.all_blocks
        if isinstance(block, Paragraph)
    ]
    lists = [line for line in said if line.startswith("Signs and abbreviations in tables: ")]
    assert len(lists) == 1
    entries = lists[0].removeprefix("Signs and abbreviations in tables: ").rstrip(".").split("; ")
    texts = [text for table in tables_of(kind) for text in texts_of(table)]
    used = [sign for sign in SIGNS if stands_in(sign, texts)]
    assert sorted(entry.split(",")[0].split(" and ")[0] for entry in entries) == sorted(used)


@pytest.mark.parametrize("kind", KINDS)
def test_a_note_on_what_was_too_few_stands_where_it_is_and_nowhere_else(kind: str) -> None:
    for table in tables_of(kind):
        has_mark = any("n/c" in cell.text for row in table.rows for cell in row.cells)
        assert any(note.startswith("n/c:") for note in table.footnotes) is has_mark, table.id


def test_a_note_says_only_what_is_too_few_in_the_cells_of_its_table() -> None:
    """The interval of four is not printed, their quartiles stand in no cell, and nobody is alone."""
    numbers = NumberList()
    place = Place(analysis="change", variable="c3_change", measure="c3", n=4)
    for statistic, method in (("mean", ""), ("lower", "student_t"), ("q1", "")):
        numbers.add(place, statistic, 1.0, method=method)
    book = read_numbers(numbers.frame())
    ids = {number.statistic: number.id for number in book.numbers}
    notes = ("N: all.", ONE_SUBJECT, *limit_notes(book.numbers))
    assert "quartiles need 5; the interval of a mean needs 5" in notes[-1]

    def notes_with(*statistics: str) -> tuple[str, ...]:
        cells = tuple(joined(Inline("n/c", ids[name])) for name in statistics)
        heads = ("", *statistics)
        table = TableSpec("t", "activity", "Change", heads, (TableRow(words("C3"), cells),), notes)
        return next(with_needed_notes((table,), book)).footnotes

    assert notes_with("mean") == ("N: all.",)
    said = "n/c: too few subjects to print it: the interval of a mean needs 5."
    assert notes_with("mean", "lower") == ("N: all.", said)


def test_notes_of_one_subject_explain_no_n_that_its_tables_do_not_print() -> None:
    for table in tables_of("one_subject"):
        heads = {head.split(",")[0] for head in table.heads}
        # Donors, lots and infusions are counted however few the subjects are.
        has_share = any(re.search(r"\d/\d", cell.text) for row in table.rows for cell in row.cells)
        for sign in ("N", "n"):
            if any(note.startswith(f"{sign}: ") for note in table.footnotes):
                assert sign in heads or has_share, table.id
        assert not any(note.startswith("At risk: ") for note in table.footnotes), table.id


def test_where_nobody_was_asked_no_harm_is_missed_for_want_of_patients() -> None:
    def limits(kind: str) -> str:
        section = next(each for each in report(kind).main if each.id == "limits")
        lines = [block for block in section.all_blocks if isinstance(block, Paragraph)]
        return " ".join("".join(part.text for part in block.text) for block in lines)

    assert "a harm in fewer than" in limits("sle")
    assert "a harm in fewer than" not in limits("nobody_asked")


def test_missing_responses_and_missing_changes_have_each_its_rule_in_the_methods() -> None:
    """One rule for “missing values” contradicted the table of responses, whose rule is another one."""
    section = next(each for each in report("sle").main if each.id == "methods")
    said = " ".join(
        "".join(part.text for part in block.text)
        for block in section.all_blocks
        if isinstance(block, Paragraph)
    )
    assert "Missing responses: a subject without the outcome counts as a non-responder." in said
    assert "Missing changes: subjects without the outcome at a visit are left out of that visit." in said
