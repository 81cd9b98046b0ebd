"""The columns of every table that crosses a border: name, kind, unit, allowed values, meaning.

The data folder, the empty tables of ``funis new``, the checks and the page of the documentation are
all made from what stands here, so that one thing has one name everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from funis.column_kinds import MOST_DAYS
from funis.safety_words import ACTION_WORDS, ASTCT_MEANINGS, CAUSALITY_LEVELS, GRADES, SERIOUS_CRITERIA

Kind = Literal["text", "date", "number", "integer", "flag", "time"]

NOT_DONE = "ND"
"""What a cell says when a measure was not done: a statement, neither missing nor zero."""

DTYPES: dict[Kind, pl.DataType] = {
    "text": pl.String(),
    "date": pl.Date(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "flag": pl.Float64(),
    "time": pl.String(),
}
"""Polars type of each kind. A flag is 0 or 1, kept as a number so that null stays *cannot tell*."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a data table.

    Attributes
    ----------
    name : snake-case name, the same in every file
    kind : ``text``, ``date`` (ISO 8601), ``number``, ``integer``, ``flag`` (0 or 1), ``time`` (hh:mm)
    meaning : one sentence for the documentation and the forms
    required : the column must stand in the file
    filled : each row must have a value
    allowed : the printed levels of a text or number; empty means any
    unit : unit of a number, empty where the number has none
    low, high : smallest and largest possible value; outside is an error
    not_done : ``ND`` may be written
    spellings : allowed words, each with the others that are read as it
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    filled: bool = False
    allowed: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    not_done: bool = False
    spellings: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the data folder.

    Attributes
    ----------
    name : file or sheet name without suffix
    row : what one row stands for
    key : columns that name one row; two rows with one key are duplicates
    columns : the columns in printed order
    dated : the row has a date, or a study day where the data carry no dates
    needed : the folder is not complete without it
    one_of : columns of which one, at least, must stand in the file
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    dated: bool = False
    needed: bool = False
    one_of: tuple[str, ...] = ()
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        # A table is a key of what is kept for it, and an instrument has a hundred columns.
        object.__setattr__(self, "_hash", hash((self.name, self.key, self.columns)))

    def __hash__(self) -> int:
        """Give the hash worked out once."""
        return self._hash

    @property
    def names(self) -> tuple[str, ...]:
        """Give the column names in printed order."""
        return tuple(self.by_name)


def _day_column(name: str, meaning: str) -> Column:
    """Describe a column of study days; none is a hundred years from the first infusion."""
    return Column(name, "integer", meaning, low=-MOST_DAYS, high=MOST_DAYS, unit="days")


SUBJECT = Column("subject", "text", "Study number of the subject; never a name.", required=True, filled=True)
VISIT = Column(
    "visit", "text", "Name of the visit as in the study file, or unscheduled.", required=True, filled=True
)
DATE = Column("date", "date", "Date of the assessment, YYYY-MM-DD.")
DAY = _day_column("day", "Study day (day 0 is the first infusion), where the data carry no dates.")
WINDOW_DAYS = Column(
    "window_days", "integer", "Days the assessment looks back.", low=1, high=400, unit="days"
)
RATER = Column("rater", "text", "Code of the person who rated.")
DATED: tuple[Column, ...] = (DATE, DAY)

_TEST_RESULTS = ("negative", "positive", "pending", "not_done")


def _marker(name: str, meaning: str) -> Column:
    """One share of cells in percent."""
    return Column(name, "number", meaning, unit="%", low=0.0, high=100.0)


DONOR_TESTS = {
    "hiv": "HIV 1 and 2", "hbv": "hepatitis B", "hcv": "hepatitis C",
    "syphilis": "syphilis", "htlv": "HTLV 1 and 2", "cmv": "cytomegalovirus",
}  # fmt: skip
"""Tests of a donor's blood, each with its printed words."""

SUBJECTS = Table(
    "subjects",
    "subject",
    ("subject",),
    (
        SUBJECT,
        Column("site", "text", "Site, as in the study file."),
        Column("sex", "text", "Sex.", allowed=("female", "male")),
        Column("birth_date", "date", "Date of birth; or give age."),
        Column(
            "age",
            "number",
            "Age in years at consent, where the birth date is not carried.",
            unit="years",
            low=0,
            high=120,
        ),
        Column("consent_date", "date", "Date of informed consent."),
        Column("weight_kg", "number", "Body weight at baseline.", unit="kg", low=1, high=400),
        Column("height_cm", "number", "Body height at baseline.", unit="cm", low=30, high=250),
        Column("diagnosis_date", "date", "Date of diagnosis of the disease."),
        Column("arm", "text", "Arm of a parallel trial."),
        Column(
            "received_cells",
            "flag",
            "0 when the subject was given no infusion; who has neither this nor an infusion is not known.",
        ),
    ),
    needed=True,
)

VISITS = Table(
    "visits",
    "subject and visit",
    ("subject", "visit", "date", "day"),
    (
        SUBJECT,
        VISIT,
        *DATED,
        Column("attended", "flag", "1 attended, 0 missed; empty means attended."),
        Column("reason", "text", "Why the visit was missed or unscheduled."),
    ),
    dated=True,
)

LABS = Table(
    "labs",
    "result",
    ("subject", "visit", "date", "day", "test"),
    (
        SUBJECT,
        VISIT,
        *DATED,
        Column("test", "text", "Test, as in the study file.", required=True, filled=True),
        Column("value", "number", "Result; a titre as its reciprocal.", required=True, not_done=True),
        Column(
            "comparator",
            "text",
            "< or > where the result is beyond what the assay can measure.",
            allowed=("<", ">", "<=", ">="),
        ),
        Column("unit", "text", "Unit of the result."),
        Column("low", "number", "The laboratory's own lower limit of normal, in the same unit."),
        Column("high", "number", "The laboratory's own upper limit of normal, in the same unit."),
        Column("assay", "text", "Assay or method, where several are in use."),
    ),
    dated=True,
)

INFUSIONS = Table(
    "infusions",
    "infusion",
    ("subject", "number"),
    (
        SUBJECT,
        Column(
            "number",
            "integer",
            "Which infusion of the subject, from 1.",
            required=True,
            filled=True,
            low=1,
            high=100,
        ),
        *DATED,
        Column(
            "course",
            "integer",
            "Course of treatment, 1 the first; only where the plan and the days do not tell it.",
            low=1,
            high=20,
        ),
        Column("lot", "text", "Lot of the cell product."),
        Column("cells", "number", "Number of cells infused.", unit="cells", low=0),
        Column("weight_kg", "number", "Body weight on the day.", unit="kg", low=1, high=400),
        Column("start", "time", "Start of the infusion, hh:mm."),
        Column("end", "time", "End of the infusion, hh:mm."),
        Column("reaction", "text", "Infusion reaction, or none."),
    ),
    dated=True,
)

LOTS = Table(
    "lots",
    "lot of cells",
    ("lot",),
    (
        Column("lot", "text", "Number of the lot.", required=True, filled=True),
        Column("donor", "text", "Donor code, as in donors."),
        Column("passage", "integer", "Passage number.", low=0, high=30),
        Column("cells", "number", "Cells that the lot holds, counted as in infusions.", low=0),
        _marker("viability_percent", "Viable cells."),
        _marker("cd73_percent", "Cells positive for CD73."),
        _marker("cd90_percent", "Cells positive for CD90."),
        _marker("cd105_percent", "Cells positive for CD105."),
        _marker("cd34_percent", "Cells positive for CD34."),
        _marker("cd45_percent", "Cells positive for CD45."),
        _marker("cd14_percent", "Cells positive for CD14 or CD11b."),
        _marker("cd19_percent", "Cells positive for CD19 or CD79a."),
        _marker("hla_dr_percent", "Cells positive for HLA-DR."),
        Column("sterility", "text", "Sterility test.", allowed=_TEST_RESULTS),
        Column("mycoplasma", "text", "Mycoplasma test.", allowed=_TEST_RESULTS),
        Column("endotoxin_eu_per_ml", "number", "Endotoxin.", unit="EU/mL", low=0),
        Column("karyotype", "text", "Karyotype.", allowed=("normal", "abnormal", "pending", "not_done")),
        Column("manufactured", "date", "Date of manufacture or thaw."),
        Column("expiry", "date", "Last date on which the lot may be infused."),
        Column(
            "release",
            "text",
            "Release decision.",
            allowed=("released", "conditional", "quarantine", "rejected"),
        ),
        Column("release_date", "date", "Date of the release decision."),
    ),
)

DONORS = Table(
    "donors",
    "donor",
    ("donor",),
    (
        Column("donor", "text", "Donor code; never a name.", required=True, filled=True),
        Column("consent_date", "date", "Date of the donor's consent."),
        Column("delivery_date", "date", "Date of delivery, where the cells come from a cord."),
        Column("collection_date", "date", "Date of collection; empty: the day of delivery, as of a cord."),
        Column("delivery", "text", "How the child was delivered.", allowed=("vaginal", "caesarean")),
        Column("healthy", "flag", "1 when history and examination found the donor healthy, 0 when not."),
        *(
            column
            for name, label in DONOR_TESTS.items()
            for column in (
                Column(name, "text", f"Donor test: {label}.", allowed=_TEST_RESULTS),
                Column(f"{name}_date", "date", f"Date of the specimen of {name}."),
            )
        ),
        Column("eligible", "flag", "1 when the donor was found eligible."),
    ),
)

DRUG_RESPONSES = ("none", "partial", "complete", "intolerance", "not_applicable")
"""What a course of a drug did; without a response, or with a partial one, the drug has failed."""

MEDICATIONS = Table(
    "medications",
    "course of a drug",
    (),
    (
        SUBJECT,
        Column("drug", "text", "Drug, generic name.", required=True, filled=True),
        Column("dose", "number", "Daily dose.", low=0),
        Column("unit", "text", "Unit of the dose."),
        Column("route", "text", "Route of administration."),
        Column("start", "date", "First day."),
        Column("end", "date", "Last day; empty while the course goes on."),
        _day_column("start_day", "First study day, where the data carry no dates."),
        _day_column("end_day", "Last study day, where the data carry no dates."),
        Column("reason", "text", "Why the drug was given."),
        Column(
            "response",
            "text",
            "What the course did against the disease, as the investigator judged it; not_applicable where it "
            "was given for something else. Empty: not known.",
            allowed=DRUG_RESPONSES,
        ),
    ),
)

ADVERSE_EVENTS = Table(
    "adverse_events",
    "adverse event",
    (),
    (
        SUBJECT,
        Column("term", "text", "What happened, as reported.", required=True, filled=True),
        Column("preferred_term", "text", "The coded term, such as MedDRA's; empty: the term as reported."),
        Column("organ_class", "text", "System organ class of the term."),
        Column("start", "date", "First day."),
        Column("end", "date", "Last day; empty while the event goes on."),
        _day_column("start_day", "First study day, where the data carry no dates."),
        _day_column("end_day", "Last study day, where the data carry no dates."),
        Column("grade", "integer", "CTCAE grade.", allowed=GRADES),
        *(Column(name, "integer", meaning, allowed=GRADES) for name, meaning in ASTCT_MEANINGS.items()),
        Column("serious", "flag", "1 when serious."),
        Column("aware_date", "date", "Day on which the site became aware that the event is serious."),
        *(
            Column(name, "flag", f"1 where it holds: {meaning[0].lower()}{meaning[1:]}")
            for name, meaning in SERIOUS_CRITERIA.items()
        ),
        Column("related", "flag", "1 when related to the cells, possibly or surely."),
        Column(
            "causality",
            "text",
            "How sure the relation to the cells is; from possible upwards the event counts as related.",
            allowed=CAUSALITY_LEVELS,
        ),
        Column("expected", "flag", "1 when the reference safety information of the product names the event."),
        Column(
            "outcome",
            "text",
            "Outcome.",
            allowed=(
                "recovered",
                "recovering",
                "not_recovered",
                "recovered_with_sequelae",
                "fatal",
                "unknown",
            ),
        ),
        Column("action", "text", f"Action taken with the cells: {ACTION_WORDS}."),
    ),
)

SAFETY_QUESTIONS = Table(
    "safety_questions",
    "subject and visit",
    ("subject", "visit", "date", "day"),
    (
        SUBJECT,
        VISIT,
        *DATED,
        Column("asked", "flag", "1 when the subject was asked about adverse events.", required=True),
        Column(
            "any_event",
            "flag",
            "1 when any event was reported since the last visit, 0 when none.",
            required=True,
        ),
        Column(
            "asked_drugs",
            "flag",
            "1 when the subject was asked about other drugs taken since the last visit, 0 when not.",
        ),
    ),
    dated=True,
)

STATUS_WORDS: dict[str, tuple[str, ...]] = {
    "completed": ("complete", "finished"),
    "ongoing": ("on study", "in follow-up"),
    "withdrew": ("withdrawn", "withdrawal", "withdrew consent", "withdrawal by subject", "discontinued"),
    "lost": ("lost to follow-up",),
    "died": ("dead", "death", "deceased"),
}
"""How participation ended, and the other words read as each; capitals, ``-`` and ``_`` do not count."""
DISPOSITION_STATUSES = tuple(STATUS_WORDS)
ENDS_BY_FLAG = ("completed", "withdrew", "lost", "died")
"""Ends that may have a column of their own, 1 where it happened."""


def read_status(text: str) -> str | None:
    """Give the status that a word stands for, None where it stands for none.

    Examples
    --------
    >>> read_status("Died"), read_status("Lost_to follow-up"), read_status("moved")
    ('died', 'lost', None)
    """
    return read_word(text, tuple(STATUS_WORDS.items()))


def read_word(text: str, spellings: tuple[tuple[str, tuple[str, ...]], ...]) -> str | None:
    """Give the word that another is a listed spelling of, None where it is of none.

    Parameters
    ----------
    text : what was written; capitals, hyphens and underscores do not count
    spellings : each word with the others that are read as it
    """
    plain = _plain_words(text)
    return next((w for w, others in spellings if plain in map(_plain_words, (w, *others))), None)


def _plain_words(text: str) -> str:
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


DISPOSITION = Table(
    "disposition",
    "subject",
    ("subject",),
    (
        SUBJECT,
        Column(
            "status",
            "text",
            "How the subject's participation ended; other words read: "
            + "; ".join(f"{', '.join(words)} as {status}" for status, words in STATUS_WORDS.items())
            + ".",
            allowed=DISPOSITION_STATUSES,
            spellings=tuple(STATUS_WORDS.items()),
        ),
        Column("date", "date", "Date of completion, withdrawal, last contact or death."),
        _day_column("day", "Study day of it, where the data carry no dates."),
        Column("reason", "text", "Reason for leaving early, or cause of death."),
        *(
            Column(name, "flag", f"1 when the subject {name}; may be given in place of status.")
            for name in ENDS_BY_FLAG
        ),
    ),
    one_of=("status", *ENDS_BY_FLAG),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        SUBJECTS,
        VISITS,
        LABS,
        INFUSIONS,
        LOTS,
        DONORS,
        MEDICATIONS,
        ADVERSE_EVENTS,
        SAFETY_QUESTIONS,
        DISPOSITION,
    )
}
"""The tables that every data folder may have; one more for each instrument."""

PLACE_COLUMNS = ("_file", "_line")
"""Where a row was read: file (with the sheet of a workbook) and line (the header is line 1)."""


def is_unscheduled(visit: str) -> bool:
    """Say whether a visit name is that of an unscheduled visit (``unscheduled``, ``unscheduled_2``).

    Parameters
    ----------
    visit : name of the visit

    Returns
    -------
    bool

    Examples
    --------
    >>> is_unscheduled("unscheduled_2"), is_unscheduled("month_1")
    (True, False)
    """
    return visit == "unscheduled" or visit.startswith("unscheduled_")
