"""What a form plan is made of: fields, choices, groups, the definition that is pinned, planned visits.

All of it is frozen and made of texts, numbers and tuples, so that it is stored with a version of the study
and read again without loss: a form of an old version is shown and checked as on its day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from funis.errors import UnknownNameError

FieldKind: TypeAlias = Literal["choice", "flag", "number", "integer", "text", "date", "time"]
Role: TypeAlias = Literal["key", "context", "item", "measure", "history", "recorded", "column"]
Scope: TypeAlias = Literal["subject", "visit", "study"]
KeyPart: TypeAlias = Literal["value", "not_done", "not_done_reason", "attributed"]
Code: TypeAlias = int | str
Language: TypeAlias = Literal["en", "zh-hans"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-hans")


@dataclass(frozen=True)
class Words:
    """One text in the languages of the forms; an empty Chinese one is shown in English, marked as such.

    Examples
    --------
    >>> Words("rash", "皮疹").shown("zh-hans"), Words("rash").shown("zh-hans")
    (('皮疹', 'zh-hans'), ('rash', 'en'))
    """

    en: str
    zh: str = ""

    def __str__(self) -> str:
        """Give the English text."""
        return self.en

    def shown(self, language: Language) -> tuple[str, Language]:
        """Give the text in a language, and the language that it really is in."""
        return (self.zh, "zh-hans") if language == "zh-hans" and self.zh else (self.en, "en")


@dataclass(frozen=True)
class ChoicePlan:
    """One value that may be chosen, as it is stored, and what it means."""

    value: Code
    label: Words


@dataclass(frozen=True)
class GroupPlan:
    """A group of fields that stand together: an organ system, a domain, what belongs to the form itself."""

    name: str
    label: Words


@dataclass(frozen=True)
class FieldPlan:
    """One field of a form.

    Attributes
    ----------
    name : exactly the column of the data folder, and the key of the document
    label, help : our own short words; a sentence more, empty where nothing is to be said
    kind : ``choice`` (one of `choices`), ``flag`` (0 or 1), ``number``, ``integer``, ``text``, ``date``
        (ISO 8601), ``time`` (hh:mm)
    role : ``key`` (subject, visit and the like: stands with the form, never in its document), ``context``
        (date, look-back days, rater), ``item``, ``measure`` (a quantity that can fill items), ``history``
        (``<system>_ever``), ``recorded`` (a total that somebody wrote down), ``column`` (of a table)
    group : name of its group
    row : number of the printed row of an instrument, 0 for what is none
    choices : values in printed order, lowest first
    unit : of a number
    low, high : smallest and largest possible value; outside is refused
    usual_low, usual_high : outside is asked about, not refused
    required : a form without it is incomplete; of `alternatives` one is enough
    not_done : ``<name>_not_done`` (true) with ``<name>_not_done_reason`` may stand in place of a value
    attributed : ``<name>_attributed`` may be said (0: present, but not due to the disease)
    filled_by : laboratory test of the study that fills the field where it is empty
    alternatives : items that measure the same thing, this one included
    asked_if : field and the values of it for which this one is asked; empty: always
    is_shown : whether a page shows it also where it is empty
    may_lie_ahead : a date after today is possible, as of an expiry
    terms : version of the CTCAE whose terms are offered while one types; empty: nothing is offered
    offers : words of the study file that are offered while one types; another one is taken as well
    """

    name: str
    label: Words
    kind: FieldKind
    role: Role
    group: str = ""
    row: int = 0
    help: Words = Words("")
    choices: tuple[ChoicePlan, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    usual_low: float | None = None
    usual_high: float | None = None
    required: bool = False
    not_done: bool = False
    attributed: bool = False
    filled_by: str = ""
    alternatives: tuple[str, ...] = ()
    asked_if: tuple[str, tuple[Code, ...]] | None = None
    is_shown: bool = True
    may_lie_ahead: bool = False
    terms: str = ""
    offers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold limits as floating numbers, so that a plan that was stored is the same to the letter."""
        for name in ("low", "high", "usual_low", "usual_high"):
            limit = getattr(self, name)
            object.__setattr__(self, name, None if limit is None else float(limit))

    @property
    def keys(self) -> tuple[tuple[str, KeyPart], ...]:
        """Give the keys of the document that belong to the field, each with what it says.

        Examples
        --------
        >>> FieldPlan("acr", Words("albumin"), "number", "item", not_done=True).keys[1:]
        (('acr_not_done', 'not_done'), ('acr_not_done_reason', 'not_done_reason'))
        """
        if self.role == "key":
            return ()
        found: list[tuple[str, KeyPart]] = [(self.name, "value")]
        if self.not_done:
            found += [
                (f"{self.name}_not_done", "not_done"),
                (f"{self.name}_not_done_reason", "not_done_reason"),
            ]
        if self.attributed:
            found.append((f"{self.name}_attributed", "attributed"))
        return tuple(found)


@dataclass(frozen=True)
class UnitPlan:
    """A unit in which a laboratory test may be reported, with what a value can be in it."""

    unit: str
    low: float | None = None
    high: float | None = None
    usual_low: float | None = None
    usual_high: float | None = None


@dataclass(frozen=True)
class LabTestPlan:
    """One laboratory test of the study.

    Attributes
    ----------
    test : as in the column ``test`` of ``labs``
    label : printed words
    unit : unit of analysis
    units : every unit it may be reported in, that of the study first
    low, high : limits of normal of the study file, where the laboratory gives none
    is_titre : reported as a reciprocal and analysed on log2
    """

    test: str
    label: Words
    unit: str
    units: tuple[UnitPlan, ...]
    low: float | None = None
    high: float | None = None
    is_titre: bool = False


@dataclass(frozen=True)
class DefinitionPin:
    """The definition of an instrument as it was when the version of the study was loaded.

    Attributes
    ----------
    name, version, title, label : of the definition; the label is the short name of its score
    sha256 : of its content, see `funis.catalogue.definition_digest`
    missing : policy for missing items, for `funis.scorer`
    parameters : every parameter with its value, for `funis.scorer`
    systems, grade_columns, flags : names of the systems, of the columns of grades and of the cut-offs
    lowest, highest, unit, digits : of the total
    window : look-back window in words
    """

    name: str
    version: str
    title: str
    label: str
    sha256: str
    missing: Literal["strict", "absent", "worst", "locf"]
    parameters: tuple[tuple[str, bool | int | float | str], ...]
    systems: tuple[str, ...] = ()
    grade_columns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    lowest: float = 0
    highest: float = 0
    unit: str = ""
    digits: int = 0
    window: str = ""


@dataclass(frozen=True)
class FormPlan:
    """One form: an instrument, or a row of a table.

    Attributes
    ----------
    name : of the table of the data folder
    title : printed words
    scope : whose it is: a ``subject``'s, of one ``visit`` of a subject, or the ``study``'s (lots, donors)
    repeats : there are several, numbered: laboratory results, adverse events, courses of drugs, infusions
    row : what one form stands for
    fields, groups : in printed order
    definition : pinned, of an instrument; None for a table
    tests : laboratory tests, of ``labs`` alone
    """

    name: str
    title: Words
    scope: Scope
    repeats: bool
    row: str
    fields: tuple[FieldPlan, ...]
    groups: tuple[GroupPlan, ...]
    definition: DefinitionPin | None = None
    tests: tuple[LabTestPlan, ...] = ()

    def __hash__(self) -> int:
        """Give the hash worked out once: a plan is a key of what is compiled for it."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.scope, self.fields, self.definition))

    @cached_property
    def by_name(self) -> dict[str, FieldPlan]:
        """Give the fields by name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def keys(self) -> dict[str, tuple[FieldPlan, KeyPart]]:
        """Give every key that the document of such a form may have, in order, with its field."""
        return {key: (field, part) for field in self.fields for key, part in field.keys}

    @cached_property
    def items(self) -> tuple[FieldPlan, ...]:
        """Give the items of an instrument in printed order; of a table none."""
        return tuple(field for field in self.fields if field.role == "item")

    def field(self, name: str) -> FieldPlan:
        """Find a field; the nearest is named where there is none."""
        if name not in self.by_name:
            raise UnknownNameError("field", name, self.by_name, self.name)
        return self.by_name[name]


@dataclass(frozen=True)
class VisitPlan:
    """A planned visit.

    Attributes
    ----------
    name, label : as in the study file
    day : planned study day; day 0 is the first infusion
    opens, closes : first and last study day that counts as the visit; None: any day
    forms : forms that are due, by name
    labs : laboratory tests that are due where ``labs`` is among the forms
    """

    name: str
    label: str
    day: int
    opens: int | None
    closes: int | None
    forms: tuple[str, ...]
    labs: tuple[str, ...] = ()


@dataclass(frozen=True)
class InfusionPlan:
    """A planned infusion, as in the study file."""

    day: int
    opens: int
    closes: int
    when: str = ""
    cells_per_kg: float | None = None
    tolerance_percent: float = 0


@dataclass(frozen=True)
class StudyPlan:
    """What a version of a study asks for: visits, forms, infusions; made by `plan.make_study_plan`.

    Attributes
    ----------
    format : of this plan; a plan of another format is refused when it is read
    study, title, condition, design, timezone : of the study file
    sha256 : of what the study file says
    baseline : name of the baseline visit, None where no visit is planned
    visits, infusions : planned, in order
    forms : those of instruments in the order of the visits, then those of tables
    """

    format: int
    study: str
    title: str
    condition: str
    design: str
    timezone: str
    sha256: str
    baseline: str | None
    visits: tuple[VisitPlan, ...]
    infusions: tuple[InfusionPlan, ...]
    forms: tuple[FormPlan, ...]

    @cached_property
    def by_name(self) -> dict[str, FormPlan]:
        """Give the forms by name."""
        return {form.name: form for form in self.forms}

    def form(self, name: str) -> FormPlan:
        """Find a form; the nearest is named where there is none."""
        if name not in self.by_name:
            raise UnknownNameError("form", name, self.by_name, self.study)
        return self.by_name[name]

    def visit(self, name: str) -> VisitPlan:
        """Find a planned visit; the nearest is named where there is none."""
        found = next((visit for visit in self.visits if visit.name == name), None)
        if found is None:
            raise UnknownNameError("visit", name, [visit.name for visit in self.visits], self.study)
        return found

    @property
    def instruments(self) -> tuple[FormPlan, ...]:
        """Give the forms of instruments."""
        return tuple(form for form in self.forms if form.definition is not None)
