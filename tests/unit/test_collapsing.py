"""A table whose rows all say the same becomes a sentence that says no more than they do."""

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.collapsing import collapse_equal, in_words

HEADS = ("Method", "Missing outcome", "n", "Estimate (95% CI)", "P")


def row(rule: str, estimate: str = "29/40", p: str = "") -> TableRow:
    shown = TableCell((Inline(estimate, f"id.{rule}"),))
    return TableRow(words("Proportion"), (words(rule), words("40"), shown, words(p)), indent=1)


def said(*rows: TableRow) -> str:
    found = collapse_equal(TableSpec("t", "sensitivity", "Sensitivity analyses: response", HEADS, rows))
    return "".join(part.text for part in found.text) if isinstance(found, Paragraph) else "table"


def test_equal_rows_of_one_block_are_treatments_of_missing_values() -> None:
    expected = "Sensitivity analyses: response: all 2 treatments of missing values gave 29/40."
    assert said(heading("Month 6; population: treated"), row("observed"), row("worst")) == expected


def test_rows_of_several_populations_are_not_called_treatments_of_missing_values() -> None:
    rows = (row("observed"), row("worst"))
    text = said(
        heading("Month 6; population: treated"), *rows, heading("Month 6; population: enrolled"), *rows
    )
    assert text == "Sensitivity analyses: response: all 4 analyses, over visits and populations, gave 29/40."


def test_an_equal_p_value_is_said_and_a_different_one_keeps_the_table() -> None:
    assert said(row("observed", p="0.04"), row("worst", p="0.04")).endswith("gave 29/40; P 0.04.")
    assert said(row("observed", p="0.04"), row("worst", p="0.05")) == "table"


def test_one_row_or_another_estimate_keeps_the_table() -> None:
    assert said(row("observed")) == "table"
    assert said(row("observed"), row("worst", "28/40")) == "table"


def test_the_number_keeps_its_id() -> None:
    table = TableSpec("t", "sensitivity", "Title", HEADS, (row("observed"), row("worst")))
    found = collapse_equal(table)
    assert isinstance(found, Paragraph)
    assert [part.id for part in found.text if part.id] == ["id.observed"]


def test_each_visit_is_said_where_they_differ_and_each_has_one_answer() -> None:
    first = (heading("Month 6"), row("observed"), row("worst"))
    second = (heading("Month 12"), row("observed", "32/40", "0.04"), row("worst", "32/40", "0.04"))
    assert said(*first, *second) == (
        "Sensitivity analyses: response: whatever was done about missing values, the same came out. "
        "Month 6, 2 treatments: 29/40. Month 12, 2 treatments: 32/40; P 0.04."
    )
    assert said(*first, heading("Month 12"), row("observed", "32/40"), row("worst", "31/40")) == "table"
    assert said(*first, heading("Month 12"), row("observed", "32/40")) == "table"


def counted(name: str, text: str) -> TableRow:
    return TableRow(words(name), (joined(Inline(text, f"id.{name}")),))


def told(table: TableSpec) -> str:
    found = in_words(table)
    return "".join(part.text for part in found.text) if isinstance(found, Paragraph) else "table"


def test_a_table_of_one_number_is_a_sentence_with_its_notes_and_its_id() -> None:
    table = TableSpec(
        "t", "s", "Disposition", ("", "n/N"), (counted("Died", "1/40"),), ("N: treated.", "Day 0.")
    )
    assert told(table) == "Disposition: Died, 1/40. N: treated. Day 0."
    found = in_words(table)
    assert isinstance(found, Paragraph)
    assert [part.id for part in found.text if part.id] == ["id.Died"]
    plain = TableSpec("t", "s", "Fits", ("", "n"), (TableRow(words(""), (words("3"),)),))
    assert told(plain) == "Fits: 3."


def test_two_rows_two_columns_a_listing_or_a_heading_stay_a_table() -> None:
    row = counted("Died", "1/40")
    assert told(TableSpec("t", "s", "D", ("", "n"), (row, counted("Lost", "0/40")))) == "table"
    wide = TableRow(words("Died"), (words("1"), words("40")))
    assert told(TableSpec("t", "s", "D", ("", "n", "N"), (wide,))) == "table"
    assert told(TableSpec("t", "s", "D", ("", "n"), (row,), is_text=True)) == "table"
    assert told(TableSpec("t", "s", "D", ("", "n"), (heading("Ends"),))) == "table"
    assert told(TableSpec("t", "s", "D", ("", "n"), ())) == "table"


def test_a_table_with_a_sentence_of_its_own_is_that_sentence() -> None:
    rows = (counted("Died", "0/40"), counted("Lost", "0/40"))
    table = TableSpec("t", "s", "D", ("", "n"), rows, said=(Inline("Nobody left."),))
    assert told(table) == "Nobody left."
