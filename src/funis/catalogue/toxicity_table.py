"""Published laboratory limits of the CTCAE, one file per version, read into frozen rows and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from funis.errors import DefinitionError, Finding, UnknownNameError

FOLDER = Path(__file__).parent / "tables"
Whom = Literal["", "baseline above ULN", "baseline not above ULN", "baseline below LLN"]
Against = Literal["", "LLN", "ULN", "baseline"]
_WHOM = ("", "baseline above ULN", "baseline not above ULN", "baseline below LLN")
_CONDITION = re.compile(
    r"value (?P<operator><=|>=|<|>) "
    r"(?:(?P<number>\d+(?:\.\d+)?)(?: x (?P<of>ULN|LLN|baseline))?|(?P<bare>ULN|LLN))"
)
_KEYS = {
    "file": {"version", "others_as", "source", "licence", "terms", "grades"},
    "terms": {"test", "term", "unit", "clinical"},
    "grades": {"test", "grade", "when", "if"},
}


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One condition that gives a grade: the value against `factor` times `against`, or against a number.

    Attributes
    ----------
    grade : 1 to 4
    operator : ``<``, ``<=``, ``>`` or ``>=``
    factor, against : the limit; `against` empty for a plain number in the unit of the term
    whom : for which baseline the row is meant, empty for all
    text : the condition as printed
    """

    grade: int
    operator: str
    factor: float
    against: Against
    whom: Whom
    text: str


@dataclass(frozen=True, slots=True)
class ToxicityTerm:
    """One laboratory test with its term, its unit and the conditions of its grades, lowest grade first.

    `clinical` holds the grades that follow from the course of the subject and never from the number.
    """

    test: str
    term: str
    unit: str
    rows: tuple[GradeRow, ...]
    clinical: tuple[int, ...] = ()

    def uses(self, what: str) -> bool:
        """Tell whether a condition needs LLN, ULN or the baseline value."""
        return any(what in (row.against, *row.whom.split()) for row in self.rows)


@dataclass(frozen=True, slots=True)
class ToxicityTable:
    """All terms of one version, by test."""

    version: str
    source: str
    licence: str
    terms: Mapping[str, ToxicityTerm]


def toxicity_versions() -> tuple[str, ...]:
    """Name the versions whose limits are carried.

    Examples
    --------
    >>> toxicity_versions()
    ('5.0', '6.0')
    """
    return tuple(f"{path.stem.removeprefix('ctcae_')}.0" for path in sorted(FOLDER.glob("ctcae_*.toml")))


@cache
def toxicity_table(version: str = "5.0") -> ToxicityTable:
    """Give the limits of one version of the CTCAE.

    Parameters
    ----------
    version : one of `toxicity_versions()`

    Returns
    -------
    ToxicityTable : frozen

    Raises
    ------
    UnknownNameError : there is no such version
    DefinitionError : the file has findings; holds all of them

    Examples
    --------
    >>> toxicity_table("5.0").terms["platelets"].rows[3].text
    'value < 25'
    """
    if version not in toxicity_versions():
        raise UnknownNameError("CTCAE version", str(version), toxicity_versions())
    return read_toxicity_table(FOLDER / f"ctcae_{version.split('.', maxsplit=1)[0]}.toml")


def read_toxicity_table(path: Path) -> ToxicityTable:
    """Read one file of limits and refuse what is not understood, all findings at once.

    Parameters
    ----------
    path : a TOML file as in ``src/funis/catalogue/tables``

    Returns
    -------
    ToxicityTable : frozen

    Raises
    ------
    DefinitionError : holds every finding
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    findings: list[Finding] = []
    _check_keys(path, table, findings)
    rows: dict[str, list[GradeRow]] = {}
    for number, row in enumerate(table.get("grades", ()), 1):
        found = _read_row(path, row, number, findings)
        if found is not None:
            rows.setdefault(row["test"], []).append(found)
    for test, found_rows in rows.items():
        _check_order(path, test, found_rows, findings)
    if findings:
        raise DefinitionError(f"limits {path.name}", findings)
    others = dict(toxicity_table(table["others_as"]).terms) if "others_as" in table else {}
    return ToxicityTable(
        table["version"], table["source"], table["licence"]["status"], _join_terms(path, table, rows, others)
    )


def _finding(path: Path, row: int | None, column: str, value: object, message: str, fix: str) -> Finding:
    where = f"row {row}: " if row is not None else ""
    return Finding("error", "definition", "grades", path.name, None, column, str(value), where + message, fix)


def _check_keys(path: Path, table: Mapping[str, Any], findings: list[Finding]) -> None:
    pairs: list[tuple[str, int | None, Mapping[str, Any]]] = [("file", None, table)]
    for name in ("terms", "grades"):
        pairs += [(name, number, row) for number, row in enumerate(table.get(name, ()), 1)]
    for name, number, row in pairs:
        for key in sorted(set(row) - _KEYS[name]):
            known = ", ".join(sorted(_KEYS[name]))
            findings.append(
                _finding(path, number, key, row[key], f"there is no key {key!r}", f"Known: {known}.")
            )
    _check_terms(path, table, findings)


def _check_terms(path: Path, table: Mapping[str, Any], findings: list[Finding]) -> None:
    """Refuse a term that stands twice or lacks what is printed with its grades."""
    for key, found in (("source", table.get("source")), ("licence", table.get("licence", {}).get("status"))):
        if not str(found or "").strip():
            findings.append(_finding(path, None, key, "", "is printed and holds no words", "Write it."))
    seen: set[str] = set()
    for number, row in enumerate(table.get("terms", ()), 1):
        lacking = [key for key in ("test", "term", "unit") if not str(row.get(key, "")).strip()]
        findings += [_finding(path, number, key, "", f"a term needs {key!r}", "Write it.") for key in lacking]
        if row.get("test") in seen:
            findings.append(
                _finding(path, number, "test", row["test"], "the term stands twice", "Remove one.")
            )
        seen.add(row.get("test", ""))


def _read_row(path: Path, row: Mapping[str, Any], number: int, findings: list[Finding]) -> GradeRow | None:
    text = str(row.get("when", ""))
    found = _CONDITION.fullmatch(text)
    if found is None:
        fix = "Write it like 'value < 75', 'value < LLN' or 'value > 1.5 x ULN'."
        findings.append(_finding(path, number, "when", text, "the condition is not understood", fix))
    if row.get("grade") not in (1, 2, 3, 4) or "test" not in row:
        findings.append(
            _finding(path, number, "grade", row.get("grade"), "needs a test and a grade", "1 to 4.")
        )
    if row.get("if", "") not in _WHOM:
        findings.append(_finding(path, number, "if", row["if"], "no such baseline", f"Known: {_WHOM[1:]}."))
    if found is None or findings:
        return None
    against: Any = found["of"] or found["bare"] or ""
    factor = float(found["number"]) if found["number"] else 1.0
    return GradeRow(row["grade"], found["operator"], factor, against, row.get("if", ""), text)


def _check_order(path: Path, test: str, rows: list[GradeRow], findings: list[Finding]) -> None:
    """Refuse limits that do not become stricter with the grade: it would be easier to meet a higher one."""
    for kind in {(row.against, row.whom) for row in rows}:
        same = [row for row in rows if (row.against, row.whom) == kind]
        grades = [row.grade for row in same]
        limits = [row.factor if row.operator.startswith(">") else -row.factor for row in same]
        directions = {row.operator[0] for row in same}
        is_rising = all(a < b for a, b in pairwise(limits)) and len(directions) == 1
        if grades != sorted(set(grades)) or not is_rising:
            message = f"the limits of {test} do not become stricter with the grade"
            findings.append(
                _finding(path, None, "when", [row.text for row in same], message, "Compare them.")
            )


def _join_terms(
    path: Path,
    table: Mapping[str, Any],
    rows: Mapping[str, list[GradeRow]],
    others: Mapping[str, ToxicityTerm],
) -> dict[str, ToxicityTerm]:
    named = {row["test"]: row for row in table.get("terms", ())}
    terms = dict(others)
    for test, found in rows.items():
        row = named.get(test)
        if row is None and test not in others:
            finding = _finding(path, None, "test", test, "has grades but no term", "Add a row to terms.")
            raise DefinitionError(f"limits {path.name}", [finding])
        known = others.get(test)
        terms[test] = ToxicityTerm(
            test,
            row["term"] if row else known.term if known else test,
            row["unit"] if row else known.unit if known else "",
            tuple(sorted(found, key=lambda one: one.grade)),
            tuple(row.get("clinical", ())) if row else known.clinical if known else (),
        )
    return terms
