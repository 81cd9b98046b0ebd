"""RTF files read back by a reader of its own: every row once, title and notes on every page, every letter."""

import struct
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from funis.documents.column_widths import LANDSCAPE, PORTRAIT, count_lines, fit_columns
from funis.documents.document import Block, Document, Notice, Paragraph, Section, plain
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowBox, FlowChart, FlowStep
from funis.documents.rtf_files import render_rtf
from funis.documents.rtf_tables import render_table
from funis.documents.table import Inline, TableRow, TableSpec, heading, joined, text_rows, words
from funis.documents.text_extents import measure
from funis.errors import BlockError

from .rtf_reader import read_rtf

HOSTILE = "{\\b a}\\par b\\u0? \x07 \\'41 %x 王小明 β−😀 é\tx\ny"
DOCUMENT = Document(
    "A trial of 细胞",
    running_head="X-1  A trial of 细胞",
    running_foot="Data cut 2011-02-08",
    notices=(Notice("Made-up data for a test: nothing here was observed.", "", "made up"),),
)


def listing(count: int, **changes: Any) -> TableSpec:
    records = [(f"S{place:05d}", f"Term number {place % 7}", str(place)) for place in range(count)]
    table = TableSpec(
        "table-l", "s", "Events", ("Subject", "Term", "Day"), text_rows(records), ("One.", "Two."),
        is_text=True, label="Table S4",
    )  # fmt: skip
    return replace(table, **changes)


def test_every_row_stands_once_and_each_page_has_title_heads_and_notes() -> None:
    table = listing(1000)
    read = read_rtf(render_table(table, DOCUMENT, "table_s4"))
    assert len(read.pages) > 10
    assert [row for page in read.pages for row in page.rows[1:]] == [
        [row.stub.text, *(cell.text for cell in row.cells)] for row in table.rows
    ]
    for place, page in enumerate(read.pages):
        assert page.rows[0] == list(table.heads)
        assert page.heads == 1
        shown = [each for each in page.paragraphs if each]
        again = " (continued)" if place else ""
        assert shown == [f"Table S4{again}", "Events (made up)", "One.", "Two."]
    assert read.bookmarks == ["table_s4"]
    assert "X-1  A trial of 细胞" in read.header
    assert "Made-up data for a test" in read.header
    assert read.footer.split() == ["Data", "cut", "2011-02-08", "Page", "1", "of", "1"]
    assert read.instructions == ["PAGE", "NUMPAGES"]


def test_heading_stays_with_its_rows_and_stands_again_where_they_go_on() -> None:
    rows = [row for group in range(6) for row in (heading(f"Group {group}"), *listing(20).rows)]
    read = read_rtf(render_table(listing(0, rows=tuple(rows)), DOCUMENT, "t"))
    assert len(read.pages) > 2
    for page in read.pages:
        body = page.rows[1:]
        assert len(body[0]) == 1
        assert len(body[-1]) == 3
    groups = [row[0] for page in read.pages for row in page.rows if len(row) == 1]
    assert sorted(set(groups)) == [f"Group {group}" for group in range(6)]
    # A heading stands a second time exactly where a page begins within its group.
    assert len(groups) == 6 + sum(groups.count(name) - 1 for name in set(groups) if groups.count(name) > 1)
    assert sum(len(row) == 3 for page in read.pages for row in page.rows[1:]) == 120


def test_every_letter_comes_back() -> None:
    table = listing(0, rows=(TableRow(words(HOSTILE), (words(HOSTILE), words(""))),), title=HOSTILE)
    read = read_rtf(render_table(table, DOCUMENT, "t"))
    shown = HOSTILE.replace("\x07", "\ufffd").replace("\t", " ").replace("\n", " ")
    assert read.pages[0].rows[1] == [shown, shown, ""]
    assert read.pages[0].paragraphs[1] == f"{shown} (made up)"


def test_spanning_heads_stand_over_their_columns() -> None:
    table = listing(2, spanners=(("", 1), ("When", 2)), is_text=False)
    read = read_rtf(render_table(table, DOCUMENT, "t"))
    assert [len(row) for row in read.pages[0].rows] == [2, 3, 3, 3]
    assert read.pages[0].rows[0] == ["", "When"]
    assert read.pages[0].heads == 2


def flow() -> FlowChart:
    count = (Inline("n = "), Inline("40", "disposition.treated"))
    steps = (FlowStep(FlowBox("Treated", count)), FlowStep(FlowBox("Completed", count)))
    return FlowChart("figure-flow", "s", "Flow", steps, "Two boxes, 北京.", ("Note.",), label="Figure 1")


def test_figure_is_a_picture_of_300_pixels_an_inch_with_its_words() -> None:
    files = render_rtf(Document("A", sections=(Section("s", "S", (flow(),)),)))
    text = files["tables/figure-1.rtf"]
    read = read_rtf(text)
    (png,) = read.pictures
    wide, high = struct.unpack(">II", png[16:24])
    goals = [
        int(text.partition(f"\\{name}")[2].split("\\")[0].split()[0]) for name in ("picwgoal", "pichgoal")
    ]
    assert png.startswith(b"\x89PNG")
    # 174 mm are 9,865 twentieths of a point, and 2,055 pixels.
    assert goals[0] == pytest.approx(9840, abs=30)
    assert wide / (goals[0] / 1440) == pytest.approx(300, abs=1)
    assert high / (goals[1] / 1440) == pytest.approx(300, abs=2)
    assert "Two boxes, \\u21271?\\u20140?." in text
    assert read.pages[0].paragraphs[:2] == ["Figure 1", "Flow"]
    assert read.pages[0].paragraphs[-1] == "Note."


def test_figure_that_cannot_be_drawn_says_so() -> None:
    figure = FigureSpec(
        "figure-x", "s", "Course", {"mark": {"nothing": "known"}}, "A course.", label="Figure 2"
    )
    text = render_rtf(Document("A", sections=(Section("s", "S", (figure,)),)))["tables/figure-2.rtf"]
    assert "could not be drawn" in " ".join(read_rtf(text).pages[0].paragraphs)


@dataclass(frozen=True)
class Hologram:
    """A kind of block that no renderer knows."""

    id: str = "h"


def test_block_that_cannot_be_drawn_is_refused_by_its_name() -> None:
    section = Section("s", "S", (Paragraph(plain("Words.")), cast("Block", Hologram())))
    with pytest.raises(BlockError, match=r"RTF renderer cannot draw a block of kind 'Hologram'.*TableSpec"):
        render_rtf(Document("A", sections=(section,)))


# --- columns -------------------------------------------------------------------------------------------


def test_numbers_do_not_wrap_and_the_table_fits_the_page() -> None:
    cell = joined(Inline("−10.25", "a"), " (", Inline("−12.45", "b"), " to ", Inline("−8.05", "c"), ")")
    table = TableSpec(
        "t", "s", "T", ("Visit", *["Change (95% CI)"] * 4), (TableRow(words("Month 9"), (cell,) * 4),)
    )
    fit = fit_columns(table)
    text = measure("−10.25 (−12.45 to −8.05)", fit.size)
    assert all(width >= text + 7 for width in fit.widths[1:])
    assert fit.width <= PORTRAIT
    assert not fit.is_turned


def test_page_is_turned_only_where_smaller_letters_do_not_help() -> None:
    cell = joined(Inline("−10.25", "a"), " (", Inline("−12.45", "b"), " to ", Inline("−8.05", "c"), ")")

    def fit(columns: int) -> tuple[bool, float]:
        rows = (TableRow(words("Month 12 or later"), (cell,) * columns),)
        found = fit_columns(TableSpec("t", "s", "T", ("Visit", *["Change"] * columns), rows))
        assert found.width <= (LANDSCAPE if found.is_turned else PORTRAIT) + 1e-9
        return found.is_turned, found.size

    # A cell with its padding takes 108 points in letters of 9, 97 in letters of 8; the label 77 and 69. Broken
    # before its bracket a cell takes 70: six of them and the label are 489 wide, seven are 559.
    assert [fit(columns) for columns in (3, 4, 5, 6, 7, 12)] == [
        (False, 9.0), (False, 8.0), (False, 8.0), (False, 8.0), (True, 8.0), (True, 8.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, 1),
        ("abc", 20, 1),
        ("abc def", 20, 2),
        ("m" * 10, 25, 4),
        ("王" * 10, 45, 2),
        ("a b c d", 13, 2),
    ],
)
def test_lines_are_counted(text: str, width: float, expected: int) -> None:
    """In letters of 9 points: ten m of 7.5 points are 75 wide, ten Chinese letters 90; "a b" is 12.5."""
    assert count_lines(text, width, 9) == expected


def test_bracket_below_its_number_is_not_broken_within() -> None:
    cell = joined(Inline("−10.25", "a"), " (", Inline("< 12.45", "b"), ", ", Inline("−8.05", "c"), ")")
    rows = (TableRow(words("Month 12 or later"), (cell,) * 6),)
    made = TableSpec("t", "s", "T", ("Visit", *["Change"] * 6), rows, label="Table 1")
    assert fit_columns(made).is_broken
    read = read_rtf(render_table(made, DOCUMENT, "t"))
    assert read.pages[0].rows[1][1:] == ["−10.25 (<\u00a012.45,\u00a0−8.05)"] * 6
