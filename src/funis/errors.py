"""Every exception of funis and how its message is composed; every finding found in data.

A message says what is wrong, where, what was found, what is allowed and what to do.
Subjects are named by their study number only; names and birth dates never stand in a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar, Literal

from funis.described import shorten
from funis.letters import show_forbidden
from funis.shown import show_names

Level = Literal["error", "warning", "query"]
LEVELS: tuple[Level, ...] = ("error", "warning", "query")
_TEXTS = ("table", "file", "column", "value", "message", "fix", "subject", "visit")


DEVIATIONS: frozenset[str] = frozenset(
    {
        "consent_after_infusion",
        "reaction_without_event",
        *("missing_lot", "unknown_lot", "lot_expired", "lot_not_made", "lot_released_later", "unfit_cells"),
        *("given_before_collection", "release_after_expiry", "lot_overdrawn"),
        *("lot_not_decided", "lot_not_released", "lot_conditional", "release_failed"),
        *("lot_test_missing", "lot_test_failed", "missing_donor", "unknown_donor"),
        *("donor_without_consent", "donor_consent_late", "donor_without_collection", "donor_not_eligible"),
        *("donor_rule_failed", "donor_test_missing", "donor_test_failed"),
        *("donor_test_undated", "donor_test_late", "donor_test_date"),
    }
)
"""Codes of errors about what was done, not about how it was written: nothing is left out for them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found wrong in a study file or a data folder, with its place.

    Attributes
    ----------
    level : ``error`` (the value is left out of the analysis, but for `DEVIATIONS`), ``warning`` or ``query``
    code : stable snake-case name of the check, for example ``visit_outside_window``
    table : table or section the finding stands in
    file : file name, with the sheet for a workbook (``trial.xlsx[labs]``)
    line : line of the file (header is line 1) or row of the sheet; None when the whole file is meant
    column : column or key, empty when the whole row is meant
    value : what was found, as text
    message : what is wrong, one sentence
    fix : what would be right, one sentence
    subject, visit : study number and visit name, empty where not applicable
    test : laboratory test of a row of ``labs`` as it is written there, empty where not applicable; it says
        whose results lose a value, and is not printed
    """

    level: Level
    code: str
    table: str
    file: str
    line: int | None
    column: str
    value: str
    message: str
    fix: str
    subject: str = ""
    visit: str = ""
    test: str = field(default="", repr=False)

    @property
    def is_deviation(self) -> bool:
        """Tell whether it is an error about what was done; the data stay."""
        return self.level == "error" and self.code in DEVIATIONS

    @property
    def is_left_out(self) -> bool:
        """Tell whether it is an error for which a value or a row is left out."""
        return self.level == "error" and self.code not in DEVIATIONS

    def __post_init__(self) -> None:
        # What was found may hold letters that a terminal obeys; a finding quotes them as escapes.
        for name in _TEXTS:
            text = getattr(self, name)
            if not text.isprintable():
                object.__setattr__(self, name, show_forbidden(text))

    def __str__(self) -> str:
        """Compose the one-line form that the command line prints."""
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        if self.column:
            place += f", column '{self.column}'"
        # What the message or the value says of them already is not said again.
        named = {"subject": self.subject, "visit": self.visit}
        whose = [
            f"{what} {name}"
            for what, name in named.items()
            if name not in {"", self.value} and f"'{name}'" not in self.message
        ]
        place += f" ({', '.join(whose)})" if whose else ""
        found = f" Found {self.value!r}." if self.value else ""
        return f"{self.level}: {place}: {self.message}{found} {self.fix}".rstrip()


class FunisError(Exception):
    """Root of all exceptions that funis raises on purpose."""

    code: ClassVar[str] = "funis"


class UnknownNameError(FunisError):
    """A name is not among those that exist; lists them, the nearest first."""

    code: ClassVar[str] = "unknown_name"

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        names = sorted(known)
        self.name = name
        found = shorten(name)
        self.nearest = get_close_matches(name, names, n=3, cutoff=0.5) if found == name else []
        place = f"{where}: " if where else ""
        hint = f" Did you mean {self.nearest[0]!r}?" if self.nearest else ""
        listed = f"Known: {', '.join(names)}." if names else "None is known here."
        super().__init__(f"{place}there is no {kind} {found!r}.{hint} {listed}")


class FindingsError(FunisError):
    """Several findings at once; each keeps its place."""

    code: ClassVar[str] = "findings"

    def __init__(self, what: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        plural = "finding" if len(self.findings) == 1 else "findings"
        super().__init__(f"{what}: {len(self.findings)} {plural}.\n{lines}")


class StudyError(FindingsError):
    """A study file cannot be used; holds every finding found in it."""

    code: ClassVar[str] = "study"


class DefinitionError(FindingsError):
    """An instrument definition cannot be used; holds every finding found in it."""

    code: ClassVar[str] = "definition"


class ColumnError(FunisError):
    """A frame lacks columns that are needed."""

    code: ClassVar[str] = "column"

    def __init__(self, what: str, lacking: Sequence[str], present: Sequence[str], fix: str) -> None:
        self.lacking = tuple(lacking)
        named = ", ".join(repr(shorten(each)) for each in lacking)
        super().__init__(
            f"{what} needs {named}, which the frame does not have. "
            f"It has: {', '.join(show_names(present)) or 'no column'}. {fix}"
        )


class MisspeltColumnError(FunisError):
    """A frame has a column whose name is nearly one that is read, and lacks that one."""

    code: ClassVar[str] = "misspelt_column"

    def __init__(self, what: str, found: Mapping[str, str]) -> None:
        self.found = dict(found)
        pairs = "; ".join(f"found {name!r}, read is {meant!r}" for name, meant in self.found.items())
        super().__init__(
            f"{what}: {pairs}. Rename the column; if it is something else, give it another name or drop it."
        )


class TakenColumnError(FunisError):
    """A frame has a column already that would be added to it."""

    code: ClassVar[str] = "taken_column"

    def __init__(self, what: str, taken: Sequence[str], fix: str = "") -> None:
        self.taken = tuple(taken)
        super().__init__(
            f"{what} adds {', '.join(map(repr, taken))}, which the frame has already. "
            f"Rename the column or leave it out. {fix}".rstrip()
        )


class ValueRangeError(FunisError):
    """A value is outside what is allowed.

    Attributes
    ----------
    what : what was given a value
    found : the value, shortened; none where nothing is shown
    allowed, fix : what is allowed, and what to do; empty where nothing is said
    """

    code: ClassVar[str] = "value_range"

    def __init__(self, what: str, found: object = None, allowed: str = "", fix: str = "") -> None:
        found = shorten(found) if isinstance(found, str) else found
        self.what, self.found, self.allowed, self.fix = what, found, allowed, fix
        # Polars rebuilds an error raised inside a lazy query from its text alone.
        whole = f"{what}: found {found!r}; allowed is {allowed}. {fix}".rstrip() if allowed else what
        super().__init__(whole)


class ShapeError(FunisError):
    """Arrays do not have the shapes they must have."""

    code: ClassVar[str] = "shape"


class UnitError(FunisError):
    """A unit is unknown for an analyte."""

    code: ClassVar[str] = "unit"


class UnitWarning(UserWarning):
    """What the caller says of a unit and what the frame carries disagree; the caller is followed."""


class ScriptError(FunisError):
    """An instrument cannot be scored by a script in a browser; says why, and which instruments can."""

    code: ClassVar[str] = "script"

    def __init__(self, name: str, why: str, known: Iterable[str]) -> None:
        super().__init__(
            f"{name!r} cannot be scored by a script in a browser: {why}. Score it with funis.scorer or "
            f"funis.score. Instruments with a script: {', '.join(known)}."
        )


class DrawingError(FunisError):
    """A figure cannot be drawn; the report leaves a box in its place that says so."""

    code: ClassVar[str] = "drawing"


class MissingExtraError(FunisError):
    """Something needs libraries that only come with an extra of the package, which is not installed."""

    code: ClassVar[str] = "missing_extra"

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(
            f'{what} needs the library {library!r}, which is not installed: pip install "funis[{extra}]".'
        )


class TypesettingError(FunisError):
    """A document cannot be set as pages: a letter is in no typeface, or a figure has no alternative text."""

    code: ClassVar[str] = "typesetting"


class OutputError(FunisError):
    """Something cannot be written where it was asked for; what stands there is as it was."""

    code: ClassVar[str] = "output"


class BlockError(FunisError):
    """A document holds a block that a renderer cannot draw."""

    code: ClassVar[str] = "block"

    def __init__(self, renderer: str, kind: str, known: Iterable[str]) -> None:
        super().__init__(
            f"The {renderer} renderer cannot draw a block of kind {kind!r}. It draws: {', '.join(known)}. "
            f"Add a drawing of {kind} to the renderer, or leave the block out of the document."
        )
