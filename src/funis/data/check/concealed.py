"""Findings without what could say who somebody is: the last thing done before anybody sees them.

No cell of the table subjects is ever shown, nor a date older than ten years, nor free text. Study numbers,
lots and donors stand in a finding where they read as codes: the study chose them so that they name nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property

from funis.data.check.date_forms import first_shown, may_show
from funis.data.known_tables import study_tables
from funis.errors import Finding
from funis.schema import SUBJECTS, Table, is_unscheduled
from funis.shown import is_identity, show_code, show_name, show_text, words_of
from funis.study.kept import once_a_study
from funis.study.model import Study

_SLIP = 0.85
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
_OF_BYTES = frozenset({"encoding", "control_character"})
"""Findings whose value names a byte or a letter, not what stands in a cell."""
_CODES = frozenset({"subject", "lot", "donor"})


@dataclass(frozen=True)
class Concealment:
    """What may be shown in the findings of one data set.

    Attributes
    ----------
    study : the study; names that it defines may be shown
    tables : the tables of the study
    subjects : the study numbers of the data, without those that read or may read as something else
    today : the study's day
    """

    study: Study
    tables: Mapping[str, Table]
    subjects: Collection[str]
    today: date

    @cached_property
    def words(self) -> frozenset[str]:
        """Give the words that the study file and its tables define, in small letters."""
        return _words(self.study)

    @cached_property
    def columns(self) -> frozenset[str]:
        """Give the names of the columns of all tables."""
        return frozenset(column for table in self.tables.values() for column in table.by_name)

    def conceal(self, finding: Finding) -> Finding:
        """Give a finding without what could say who somebody is."""
        known = finding.table in self.tables and finding.column in self.tables[finding.table].by_name
        shown = (
            self._value(finding, known=known) if finding.value else "",
            self._code(finding.subject),
            self._visit(finding.visit),
            finding.column if known or not finding.column else self._name(finding.column),
        )
        if shown == (finding.value, finding.subject, finding.visit, finding.column):
            return finding
        value, subject, visit, column = shown
        return replace(finding, value=value, subject=subject, visit=visit, column=column)

    def _value(self, finding: Finding, *, known: bool) -> str:
        if finding.code in _OF_BYTES:
            return finding.value
        if finding.column in _CODES:
            return self._code(finding.value)
        if finding.table == SUBJECTS.name:
            return ""
        if finding.column == "visit":
            return self._visit(finding.value)
        if known and self.tables[finding.table].by_name[finding.column].kind == "date":
            return finding.value if may_show(finding.value, first_shown(self.today)) else ""
        return show_text(finding.value) or show_text(finding.value, self.words)

    def _code(self, code: str) -> str:
        plain = code.strip().strip(_UNSEEN).strip()
        return code if not code or plain in self.subjects or show_code(plain) else ""

    def _name(self, name: str) -> str:
        return name if name in self.columns else show_name(name, self.words)

    def _visit(self, visit: str) -> str:
        if not visit or visit in self.study.visit_names:
            return visit
        if self.study.has_open_visits or is_unscheduled(visit):
            return "" if is_identity(visit) else visit
        is_slip = get_close_matches(visit, self.study.visit_names, n=1, cutoff=_SLIP)
        return visit if is_slip else show_text(visit, self.words)


@once_a_study
def _words(study: Study) -> frozenset[str]:
    tables = study_tables(study)
    named = (*study.visit_names, *study.lab_names, *study.populations, *(lab.unit for lab in study.labs))
    columns = [column for table in tables.values() for column in table.columns]
    allowed = (each for column in columns for each in column.allowed)
    return words_of((*tables, *(column.name for column in columns), *named, *allowed, *study.imported.words))
