"""What every page of a simulation is made of: a lead, figures, tables, cautions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from funis.design.pages.design_page import OPEN as OPEN_COMPUTED
from funis.design.pages.opened import open_tables
from funis.design.pages.told import DesignTable, join_text, table_rows
from funis.documents.document import (
    Block,
    Document,
    Guidance,
    ItemList,
    Paragraph,
    Prose,
    Section,
    plain,
)  # fmt: skip
from funis.documents.figure import FigureSpec
from funis.documents.numbering import number_sections
from funis.documents.table import TableSpec
from funis.results.text import format_number
from funis.version import VERSION

OPEN: Final = plain(
    "Every result in a table opens what it was made of: scenario, seed, counts, Monte Carlo error, and the "
    "command that runs one of its trials again alone. Choose a number with the mouse or with Tab and Enter."
)
CLOSED: Final = plain(
    "Scenario, seed and the numbers of the trials stand under each table; funis simulate with --trial "
    "runs one of them again."
)


@dataclass(frozen=True, slots=True)
class ToldSimulation:
    """A simulation in words.

    Attributes
    ----------
    title, kicker : of the page; the kicker names the command
    asked : what was asked, by name
    paragraphs : the answer, the first as its lead
    figures, tables : in reading order
    assumptions : what was assumed, a row each
    cautions : what to beware of, a sentence each
    numbers : what the page shows when a number is opened, by its address
    opened : the paragraphs with the numbers that open; empty where none does
    command : that gives the page again; empty where no command made it
    """

    title: str
    kicker: str
    asked: Mapping[str, str]
    paragraphs: tuple[str, ...]
    figures: tuple[FigureSpec, ...]
    tables: tuple[DesignTable, ...]
    assumptions: DesignTable
    cautions: tuple[str, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    opened: tuple[Prose, ...] = ()
    command: str = ""


def build_page(told: ToldSimulation) -> Document:
    """Put the page of a simulation together, for any renderer."""
    figures = tuple(
        replace(each, id=f"figure-{number}", section="answer") for number, each in enumerate(told.figures, 1)
    )
    opened, numbers, how = told.tables, told.numbers, OPEN
    if not numbers:
        opened, numbers = open_tables(told.tables, told.asked, told.command)
        how = OPEN_COMPUTED
    tables = tuple(_table(f"table-{number}", "figures", each) for number, each in enumerate(opened, 1))
    words: tuple[Block, ...] = tuple(
        Paragraph(each, is_lead=not place)
        for place, each in enumerate(told.opened or tuple(map(plain, told.paragraphs)))
    )
    sections = (
        Section("answer", "The answer", (*words, *figures)),
        Section("figures", "The figures", tables),
        Section(
            "assumptions", "Assumptions", (_table("table-assumptions", "assumptions", told.assumptions),)
        ),
        Section("beware", "What to beware of", (ItemList(tuple(map(plain, told.cautions))),)),
    )
    numbered, register = number_sections(sections)
    return Document(
        title=told.title,
        sections=numbered,
        register=register,
        kicker=told.kicker,
        facts=tuple((name, plain(value)) for name, value in told.asked.items()),
        closing=f"funis {VERSION}",
        running_head=told.title,
        generator=f"funis {VERSION}",
        guidance=Guidance(
            contents="Contents",
            skip="Skip to the answer",
            close="Close",
            open_numbers=how,
            closed_numbers=CLOSED if told.numbers else (),
        ),
        numbers=numbers,
    )


def _table(name: str, section: str, table: DesignTable) -> TableSpec:
    return TableSpec(
        name, section, table.title, table.heads, table_rows(table), table.notes,
        is_text=section == "assumptions", is_stacked=True,
    )  # fmt: skip


def write_page_text(told: ToldSimulation) -> str:
    """Write the page of a simulation for a terminal."""
    return join_text([told.title, *told.paragraphs], told.tables, told.cautions)


def say_months(months: float) -> str:
    """Print a length of time; what never ends is said.

    Examples
    --------
    >>> say_months(6.58), say_months(math.inf)
    ('6.6 months', 'for ever')
    """
    return "for ever" if math.isinf(months) else f"{format_number(months, 1)} months"


def say_interval(median: float, lower: float, upper: float, digits: int = 2) -> str:
    """Print a median with its interval.

    Examples
    --------
    >>> say_interval(1.816, 0.455, 3.401)
    '1.82 (0.46 to 3.40)'
    """
    middle, low, high = (format_number(each, digits) for each in (median, lower, upper))
    return f"{middle} ({low} to {high})"
