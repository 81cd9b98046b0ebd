"""A table whose rows all say the same becomes a sentence that says no more than they do."""

from funis.documents.document import Paragraph
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, ids_of, joined, words
from funis.reporting.collapsing import collapse_columns, collapse_equal, in_words

HEADS = ("Method", "Missing outcome", "n", "Estimate (95% CI)", "P")


def row(rule: str, estimate: str = "29/40", p: str = "") -> TableRow:
    shown = TableCell((Inline(estimate, f"id.{rule}"),))
    return TableRow(words("Proportion"), (words(rule), words("40"), shown, words(p)), indent=1)


def said(*rows: TableRow) -> str:
    found = collapse_equal(TableSpec("t", "sensitivity", "Sensitivity analyses: response", HEADS, rows))
    return "".join(part.text for part in found.text) if isinstance(found, Paragraph) else "table"


def test_equal_rows_of_one_block_are_treatments_of_missing_values() -> None:
    expected = (
        "Sensitivity analyses: response, estimate (95% CI): all 2 treatments of missing values gave 29/40."
    )
    assert said(heading("Month 6; population: treated"), row("observed"), row("worst")) == expected


def test_rows_of_several_populations_are_not_called_treatments_of_missing_values() -> None:
    rows = (row("observed"), row("worst"))
    text = said(
        heading("Month 6; population: treated"), *rows, heading("Month 6; population: enrolled"), *rows
    )
    assert (
        text
        == "Sensitivity analyses: response, estimate (95% CI): all 4 analyses, over visits and populations, gave 29/40."
    )


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
        "Sensitivity analyses: response, estimate (95% CI): whatever was done about missing values, the same came out. "
        "Month 6, 2 treatments: 29/40. Month 12, 2 treatments: 32/40; P 0.04."
    )
    assert said(*first, heading("Month 12"), row("observed", "32/40"), row("worst", "31/40")) == "table"
    assert said(*first, heading("Month 12"), row("observed", "32/40")) == "table"


def test_a_method_that_prints_the_same_for_every_rule_stands_once() -> None:
    def tested(method: str, rule: str, estimate: str) -> TableRow:
        shown = TableCell((Inline(estimate, f"id.{method}.{rule}"),))
        return TableRow(words(method), (words(rule), words("24"), shown, words("0.01")), indent=1)

    def visit(mean: str, model: str) -> tuple[TableRow, ...]:
        pairs = [("t test", "observed"), ("ranks", "observed"), ("t test", "locf"), ("ranks", "locf")]
        tests = (tested(name, rule, mean if name == "t test" else "-1.0") for name, rule in pairs)
        return (heading(f"Month {model}"), *tests, tested("model", "missing at random", model))

    rows = (*visit("-1.3", "1"), *visit("-1.5", "3"))
    found = collapse_equal(TableSpec("t", "sensitivity", "Title", HEADS, rows))
    assert isinstance(found, TableSpec)
    assert [(each.stub.text, *(cell.text for cell in each.cells)) for each in found.rows[:4]] == [
        ("Month 1",),
        ("t test", "observed, locf", "24", "-1.3", "0.01"),
        ("ranks", "observed, locf", "24", "-1.0", "0.01"),
        ("model", "missing at random", "24", "1", "0.01"),
    ]
    assert found.rows[1].cells[2].ids == ("id.t test.observed", "id.t test.locf")
    assert "".join(part.text for part in found.instead[0]).endswith(
        "stands for all of them: they printed the same."
    )


def test_a_method_that_differs_by_rule_keeps_its_rows_beside_one_that_does_not() -> None:
    rows = (heading("Month 6"), row("observed"), row("worst", "28/40"), row("best", "29/40"))
    assert said(*rows) == "table"
    found = collapse_equal(TableSpec("t", "sensitivity", "Title", HEADS, rows))
    assert isinstance(found, TableSpec)
    assert found.rows == rows
    assert not found.instead


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


def test_every_number_behind_an_equal_row_keeps_its_id() -> None:
    def whole(rule: str) -> TableRow:
        estimate = joined(Inline("29/40", f"{rule}.estimate"), " (", Inline("56.1", f"{rule}.lower"), ")")
        size, p = (joined(Inline(text, f"{rule}.{name}")) for text, name in (("40", "n"), ("0.04", "p")))
        return TableRow(words("Proportion"), (words(rule), size, estimate, p), indent=1)

    rows = (whole("observed"), whole("worst"), whole("best"))
    expected = {
        f"{rule}.{name}" for rule in ("observed", "worst", "best") for name in ("estimate", "lower", "n", "p")
    }
    found = collapse_equal(TableSpec("t", "sensitivity", "Title", HEADS, rows))
    assert isinstance(found, Paragraph)
    assert set(ids_of(found.text)) == expected
    several = collapse_equal(
        TableSpec(
            "t", "s", "Title", HEADS, (heading("Month 6"), *rows, heading("Month 9"), row("x"), row("y"))
        )
    )
    assert isinstance(several, Paragraph)
    assert expected <= set(ids_of(several.text))


def test_a_sentence_in_place_of_a_table_keeps_the_ids_of_the_table() -> None:
    rows = (counted("Month 3", "40/40"), counted("Month 6", "40/40"))
    table = TableSpec(
        "t", "s", "D", ("", "n"), rows, said=(Inline("All "), Inline("80", "all"), Inline(" are there."))
    )
    found = in_words(table)
    assert isinstance(found, Paragraph)
    assert set(ids_of(found.text)) == {"all", "id.Month 3", "id.Month 6"}
    assert "".join(part.text for part in found.text) == "All 80 are there."


LOTS = ("Lot", "Infusions", "Viability", "Released")


def lot(name: str, infusions: str, viability: str, released: str = "yes") -> TableRow:
    given = joined(Inline(infusions, f"{name}.infusions"), " (", Inline("5", f"{name}.subjects"), ")")
    return TableRow(words(name), (given, joined(Inline(viability, f"{name}.viability")), words(released)))


def test_a_column_that_is_the_same_in_every_row_is_said_once_with_all_its_ids() -> None:
    rows = (lot("L1", "10", "92"), heading("Donor 2"), lot("L2", "10", "95"), lot("L3", "10", "91"))
    found = collapse_columns(TableSpec("t", "lots", "Lots", LOTS, rows, widths=(10, 20, 30, 40)))
    assert found.heads == ("Lot", "Viability")
    assert found.widths == (10, 30)
    assert [[cell.text for cell in row.cells] for row in found.rows] == [["92"], [], ["95"], ["91"]]
    (line,) = found.instead
    assert "".join(part.text for part in line) == "The same in every row. Infusions: 10 (5); Released: yes."
    assert set(ids_of(line)) == {
        f"L{place}.{name}" for place in (1, 2, 3) for name in ("infusions", "subjects")
    }
    assert set(found.ids) == {
        f"L{place}.{name}" for place in (1, 2, 3) for name in ("infusions", "subjects", "viability")
    }


def test_a_column_with_one_other_cell_stays_and_so_do_few_rows() -> None:
    rows = (lot("L1", "10", "92"), lot("L2", "10", "92"), lot("L3", "11", "92", "no"))
    found = collapse_columns(TableSpec("t", "lots", "Lots", LOTS, rows))
    assert found.heads == ("Lot", "Infusions", "Released")
    two = TableSpec("t", "lots", "Lots", LOTS, rows[:2])
    assert collapse_columns(two) is two
    assert collapse_columns(two, 2).heads == ("Lot", "Infusions")


def test_a_table_whose_columns_are_all_the_same_keeps_the_first() -> None:
    rows = tuple(lot(name, "10", "92") for name in ("L1", "L2", "L3"))
    found = collapse_columns(TableSpec("t", "lots", "Lots", LOTS, rows))
    assert found.heads == ("Lot", "Infusions")
    assert (
        "".join(part.text for part in found.instead[0])
        == "The same in every row. Viability: 92; Released: yes."
    )


def test_numbers_that_look_alike_with_other_parts_are_not_one() -> None:
    """`1` and `0` side by side read like `10`, but they are two results."""
    split = TableRow(words("b"), (joined(Inline("1", "b.1"), Inline("0", "b.2")), words("x")))
    plain = [TableRow(words(name), (joined(Inline("10", name)), words(name))) for name in ("a", "c")]
    table = TableSpec("t", "s", "T", ("", "n", "m"), (plain[0], split, plain[1]))
    assert collapse_columns(table) is table


def test_a_column_without_entries_is_said_to_have_none() -> None:
    rows = tuple(TableRow(words(name), (words(name), words(""))) for name in "abc")
    found = collapse_columns(TableSpec("t", "s", "T", ("", "m", "Relapse"), rows))
    assert "".join(part.text for part in found.instead[0]) == "The same in every row. Relapse: no entry."
