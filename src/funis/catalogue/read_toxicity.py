"""Builds the laboratory limits of one version of the CTCAE from their file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile, DefinitionFinding
from funis.catalogue.model_tables import WHOM, GradeRow, ToxicityTable, ToxicityTerm

_CONDITION: Final = re.compile(
    r"value (?P<operator><=|>=|<|>) "
    r"(?:(?P<number>\d+(?:\.\d+)?)(?: x (?P<of>ULN|LLN|baseline))?|(?P<bare>ULN|LLN))"
)
_FILE_KEYS: Final = (("kind", "version", "source", "licence", "grades"), ("others_as", "terms"))
_TERM_KEYS: Final = ("test", "term", "unit", "clinical")
_GRADE_KEYS: Final = ("test", "grade", "when", "if")


def read_toxicity(file: DefinitionFile, find: Callable[[str], ToxicityTable]) -> ToxicityTable:
    """Build the limits of one version, or keep every finding of their file.

    Parameters
    ----------
    file : an opened file of kind ``toxicity``
    find : gives the version whose other terms stay in force (``others_as``)

    Raises
    ------
    DefinitionError : holds every finding
    """
    table = file.content
    file.refuse_unknown_keys(NO_PLACE, table, *_FILE_KEYS)
    file.keep(_check_terms(file))
    rows: dict[str, list[GradeRow]] = {}
    for number, row in enumerate(file.rows("grades"), 1):
        found = _read_row(file, row, number)
        if found is not None:
            rows.setdefault(row["test"], []).append(found)
    for test, graded in rows.items():
        file.keep(_check_order(test, graded))
    file.stop_at_findings()
    others = dict(find(table["others_as"]).terms) if "others_as" in table else {}
    terms = _join_terms(file, rows, others)
    file.stop_at_findings()
    return ToxicityTable(table["version"], table["source"], table["licence"]["status"], terms)


def _check_terms(file: DefinitionFile) -> Iterator[DefinitionFinding]:
    """Find a term that stands twice or lacks what is printed with its grades."""
    content = file.content
    for key, found in (
        ("source", content.get("source")),
        ("licence", content.get("licence", {}).get("status")),
    ):
        if not str(found or "").strip():
            yield DefinitionFinding(*NO_PLACE, key, "", "is printed and holds no words", "Write it.")
    seen: set[str] = set()
    for number, row in enumerate(file.rows("terms"), 1):
        place = ("terms", number, str(row.get("test", "")))
        file.refuse_unknown_keys(place, row, (), _TERM_KEYS)
        for key in ("test", "term", "unit"):
            if not str(row.get(key, "")).strip():
                yield DefinitionFinding(*place, key, "", f"a term needs {key!r}", "Write it.")
        if row.get("test") in seen:
            yield DefinitionFinding(*place, "test", row["test"], "the term stands twice", "Remove one.")
        seen.add(row.get("test", ""))


def _read_row(file: DefinitionFile, row: Content, number: int) -> GradeRow | None:
    place = ("grades", number, str(row.get("test", "")))
    file.refuse_unknown_keys(place, row, (), _GRADE_KEYS)
    text = str(row.get("when", ""))
    found = _CONDITION.fullmatch(text)
    if found is None:
        fix = "Write it like 'value < 75', 'value < LLN' or 'value > 1.5 x ULN'."
        file.refuse(place, "when", text, "the condition is not understood", fix)
    is_graded = row.get("grade") in (1, 2, 3, 4) and "test" in row
    if not is_graded:
        file.refuse(place, "grade", row.get("grade"), "needs a test and a grade", "1 to 4.")
    if row.get("if", "") not in WHOM:
        file.refuse(place, "if", row["if"], "no such baseline", f"Known: {WHOM[1:]}.")
    if found is None or not is_graded:
        return None
    against: Any = found["of"] or found["bare"] or ""
    factor = float(found["number"]) if found["number"] else 1.0
    return GradeRow(row["grade"], found["operator"], factor, against, row.get("if", ""), text)


def _check_order(test: str, rows: list[GradeRow]) -> Iterator[DefinitionFinding]:
    """Find limits that do not become stricter with the grade: it would be easier to meet a higher one."""
    for kind in sorted({(row.against, row.whom) for row in rows}):
        same = [row for row in rows if (row.against, row.whom) == kind]
        grades = [row.grade for row in same]
        limits = [row.factor if row.operator.startswith(">") else -row.factor for row in same]
        directions = {row.operator[0] for row in same}
        is_rising = all(a < b for a, b in pairwise(limits)) and len(directions) == 1
        if grades != sorted(set(grades)) or not is_rising:
            message = f"the limits of {test} do not become stricter with the grade"
            texts = [row.text for row in same]
            yield DefinitionFinding("grades", None, test, "when", texts, message, "Compare them.")


def _join_terms(
    file: DefinitionFile, rows: Mapping[str, list[GradeRow]], others: Mapping[str, ToxicityTerm]
) -> dict[str, ToxicityTerm]:
    named = {row["test"]: row for row in file.rows("terms")}
    terms = dict(others)
    for test, found in rows.items():
        row, known = named.get(test), others.get(test)
        graded = tuple(sorted(found, key=lambda one: one.grade))
        if row is not None:
            clinical = tuple(row.get("clinical", ()))
            terms[test] = ToxicityTerm(test, row["term"], row["unit"], graded, clinical)
        elif known is not None:
            terms[test] = ToxicityTerm(test, known.term, known.unit, graded, known.clinical)
        else:
            place = ("grades", None, test)
            file.refuse(place, "test", test, "has grades but no term", "Add a row to terms.")
    return terms
