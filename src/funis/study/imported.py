"""The section ``[import]`` of a study file: how the sheets of a clinic are written."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import Field

from funis.study.part import Names, StudyPart, Text

DateOrder = Literal["dmy", "mdy", "ymd"]
Encoding = Literal["utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc_kr", "windows-1252", "iso-8859-15"]


class Import(StudyPart):
    """How the sheets of a clinic are written: the section ``[import]``.

    Cells are translated as they are read and the files stay as they are; findings quote what stands in them.
    Nothing is translated that is not declared here.
    """

    date_order: DateOrder | None = Field(
        default=None,
        description="Order of day, month and year in dates such as 03.04.2024. Absent: such a date is a "
        "finding. A date that begins with its year, or names its month, is then read as well.",
    )
    years_from: int | None = Field(
        default=None,
        ge=1900,
        le=2000,
        description="First of the hundred years that years of two digits mean: with 1930, 29 is 2029 and 30 "
        "is 1930. Absent: a year of two digits is a finding.",
    )
    day_numbers: Literal[1900, 1904] | None = Field(
        default=None,
        description="Year from which a spreadsheet counts days, where dates stand as numbers such as 45355. "
        "Absent: such a number is a finding.",
    )
    decimal: Literal[".", ","] = Field(default=".", description="Sign before the decimals of a number.")
    separator: Literal[",", ";", "\t", "|"] = Field(
        default=",", description="Sign between the cells of CSV files."
    )
    encoding: Encoding = Field(
        default="utf-8", description="Encoding of CSV files; one with a byte order mark is read by it."
    )
    present: Names = Field(default=(), description="Words for 1 in columns of 0 and 1, and for positive.")
    absent: Names = Field(default=(), description="Words for 0 in columns of 0 and 1, and for negative.")
    not_done: Names = Field(default=(), description="Words for not done, besides ND.")
    missing: Names = Field(default=(), description="Words for a missing value, besides an empty cell.")
    tables: dict[str, Text] = Field(
        default_factory=dict,
        description="Sheet or file (without its ending) of a table, by the name of the table; two tables may "
        "stand in one sheet. Capitals do not matter.",
    )
    header_rows: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description="Row that holds the names of the columns, by the name of the table; absent: the first "
        "row that is not empty. What stands above it is not read.",
    )
    columns: dict[str, dict[str, Text]] = Field(
        default_factory=dict,
        description="Name of a column in the sheet, by table and by the name of the column here: "
        '`[import.columns.subjects]`, `subject = "Patient ID"`.',
    )
    codes: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="What the codes of a column mean, by the name of the column, in every table: "
        '`[import.codes.sex]`, `"1" = "male"`. An empty meaning is a missing value.',
    )

    @property
    def is_declared(self) -> bool:
        """Say whether the study file has such a section with anything in it."""
        return bool(self.model_fields_set)

    @property
    def words(self) -> tuple[str, ...]:
        """Give every text that the section declares: none of them can name a person."""
        columns = (header for table in self.columns.values() for header in table.values())
        codes = (text for codes in self.codes.values() for pair in codes.items() for text in pair)
        return (*self.tables.values(), *columns, *codes, *self.declared_words)

    @property
    def declared_words(self) -> tuple[str, ...]:
        """Give the words for present, absent, not done and missing."""
        return (*self.present, *self.absent, *self.not_done, *self.missing)


def plain_form(text: str) -> str:
    r"""Give what is compared of a name or a word: usual width, single spaces, small letters.

    Examples
    --------
    >>> plain_form(" Patient\n ID "), plain_form("ＰＬＴ（１）")
    ('patient id', 'plt(1)')
    """
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def plain_name(text: str) -> str:
    """Give the name of a table or a column that a text spells with capitals, spaces or hyphens.

    Examples
    --------
    >>> plain_name("Adverse Events"), plain_name("SLEDAI-2K")
    ('adverse_events', 'sledai_2k')
    """
    return plain_form(text).replace(" ", "_").replace("-", "_")
