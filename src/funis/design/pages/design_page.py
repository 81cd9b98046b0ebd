"""The page of a design: the paragraph for a protocol, the picture, the figures, each of which opens."""

from __future__ import annotations

from typing import Final

from funis.design.pages.opened import open_tables
from funis.design.pages.told import ToldDesign, table_rows
from funis.documents.document import Document, Guidance, ItemList, Paragraph, Section, plain
from funis.documents.numbering import number_sections
from funis.documents.table import TableSpec
from funis.version import VERSION

#: How a number of a computed page is opened.
OPEN: Final = plain(
    "Every number in a table opens what it is, what was asked, and the command that gives it again. Choose a "
    "number with the mouse or with Tab and Enter."
)


def build_document(told: ToldDesign) -> Document:
    """Put a page of a design together, for any renderer."""
    opened, numbers = open_tables(told.tables, told.asked, told.command)
    tables = tuple(
        TableSpec(
            f"table-{number}", "figures", table.title, table.heads, table_rows(table), table.notes,
            is_text=False, is_stacked=True,
        )
        for number, table in enumerate(opened, 1)
    )  # fmt: skip
    sections = (
        Section("answer", "For the protocol", (Paragraph(plain(told.paragraph), is_lead=True), told.figure)),
        Section("figures", "The figures", tables),
        Section("beware", "What to beware of", (ItemList(tuple(map(plain, told.cautions))),)),
    )
    numbered, register = number_sections(sections)
    return Document(
        title=told.title,
        sections=numbered,
        register=register,
        kicker="funis design",
        facts=tuple((name, plain(value)) for name, value in told.asked.items()),
        closing=f"funis {VERSION}",
        running_head=told.title,
        generator=f"funis {VERSION}",
        guidance=Guidance(contents="Contents", skip="Skip to the answer", close="Close", open_numbers=OPEN),
        numbers=numbers,
    )
