"""The trail in words: what was written, which field, which choice; ids, hashes and keys stand apart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from funis.capture.casebook.values import item_label, item_value, plain_number
from funis.capture.casebook.wording import BookWords
from funis.capture.conduct.criteria import ANSWERS
from funis.capture.conduct.eligibility import FAILURES, OUTCOMES
from funis.capture.conduct.infusion_rules import OUTCOMES as RULE_OUTCOMES
from funis.capture.conduct.infusion_rules import RULE_BY_NAME
from funis.capture.conduct.locks import STATES as LOCK_STATES
from funis.capture.conduct.screening import STATUSES
from funis.capture.forms.plan_parts import FormPlan, StudyPlan, Words
from funis.capture.models import Form
from funis.capture.models.infusions import CHECK_OUTCOMES
from funis.capture.monitoring.query_steps import STATES as QUERY_STATES
from funis.capture.monitoring.query_steps import STEPS
from funis.capture.pages.forms import label_of, title_of
from funis.capture.people.permissions import ROLES
from funis.capture.safety.notices import KINDS as NOTICE_KINDS
from funis.capture.safety.reports import KINDS as REPORT_KINDS
from funis.capture.signing.content import MEANINGS
from funis.capture.study_in_force import plan_of
from funis.capture.trail.history import Change
from funis.capture.trail.redaction import STATES as REDACTION_STATES

_FILE: Final = Path(__file__).with_suffix(".toml")
_PREFIX: Final = "capture_"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
CODES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("bedsidecheck", "outcome"): CHECK_OUTCOMES,
    ("query", "state"): QUERY_STATES,
    ("query", "kind"): {"automatic": "Automatic", "manual": "Manual"},
    ("querymessage", "step"): {name: step.words for name, step in STEPS.items()},
    ("redaction", "state"): REDACTION_STATES,
    ("safetynotice", "kind"): NOTICE_KINDS,
    ("safetyreport", "kind"): REPORT_KINDS,
    ("screening", "outcome"): OUTCOMES,
    ("screening", "reason"): FAILURES,
    ("signature", "meaning"): {name: words for name, (words, _) in MEANINGS.items()},
    ("signature", "method"): {"passkey": "by passkey", "password and code": "by password and code"},
    ("signature", "role"): ROLES,
    ("signature", "scope"): {"form": "Form", "visit": "Visit", "subject": "Subject"},
    ("subject", "status"): STATUSES,
    ("subjectlock", "scope"): {"form": "Form", "visit": "Visit", "subject": "Subject"},
    ("subjectlock", "state"): LOCK_STATES,
}
"""Words of coded columns, by table and column."""
_RULES: Final = {str(name): words for name, words in RULE_OUTCOMES.items()}


class LineShown(NamedTuple):
    """One column or item of a row of the trail: its words, the old and the new value; None: none."""

    label: str
    old: str | None
    new: str | None


class ChangeShown(NamedTuple):
    """A row of the trail as a page shows it.

    Attributes
    ----------
    change : the row
    what : what was written, in words
    address : of the page of it, empty where it has none
    reason : in words, where the server gave it
    lines : what has words
    stored : what has none, as the database has it: ids, hashes, columns that were left empty
    """

    change: Change
    what: str
    address: str
    reason: str
    lines: tuple[LineShown, ...]
    stored: tuple[LineShown, ...]


@cache
def trail_words(section: str) -> Mapping[str, Words]:
    """Give a section of the words by name.

    Parameters
    ----------
    section : ``kinds``, ``tables``, ``columns``, or ``reasons``

    Examples
    --------
    >>> trail_words("tables")["bedsidecheck"].en
    'Check at the bedside'
    """
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {key: Words(text["en"], text["zh"]) for key, text in content[section].items()}


@dataclass(frozen=True, slots=True)
class TrailReader:
    """Puts rows of the trail of one subject into words.

    Attributes
    ----------
    t : words and language
    plan : of the newest version, for the labels of visits
    forms : of the subject, by id
    form_of_marks : id of the form that a row of verification is about, by the id of that row
    """

    t: BookWords
    plan: StudyPlan
    forms: Mapping[str, Form]
    form_of_marks: Mapping[str, str]

    def show(self, changes: Iterable[Change]) -> Iterator[ChangeShown]:
        """Put rows of the trail into words."""
        for change in changes:
            table = change.table.removeprefix(_PREFIX)
            form = self._form_of(change, table)
            said = {
                name: self._line(change, table, form, name) for name in change.items if _says(change, name)
            }
            stored = tuple(
                LineShown(name, _raw(old), _raw(new))
                for name, (old, new) in change.items.items()
                if said.get(name) is None
            )
            yield ChangeShown(
                change, self._what(change, table, form), _address(change, table), self._reason(change),
                tuple(each for each in said.values() if each), stored,
            )  # fmt: skip

    def _form_of(self, change: Change, table: str) -> Form | None:
        key = change.row if table == "form" else self.form_of_marks.get(change.row, "")
        return self.forms.get(key)

    def _what(self, change: Change, table: str, form: Form | None) -> str:
        kind = self._word("kinds", change.kind)
        if not table:
            return kind
        what = self._word("tables", table)
        if form is not None:
            named = title_of(form, _form_plan(form), self.t.language)
            place = f", {label_of(form.visit, self.plan, self.t.language)}" if form.visit else ""
            numbered = f" {form.number}" if form.number > 1 and form.name != "labs" else ""
            what = f"{named}{numbered}{place}" if table == "form" else f"{what}, {named}{place}"
        return f"{kind}: {what}"

    def _reason(self, change: Change) -> str:
        if any(change.reason == step.words for step in STEPS.values()):
            return self.t(change.reason)
        return self._word("reasons", change.reason)

    def _word(self, section: str, name: str) -> str:
        found = trail_words(section).get(name)
        return self.t.label(found) if found else name

    def _line(self, change: Change, table: str, form: Form | None, name: str) -> LineShown | None:
        """Give a column or an item in words; None where it has none."""
        pair = change.items[name]
        if form is not None and table == "form" and name in (plan := _form_plan(form)).keys:
            old, new = (item_value(plan, name, value, self.t) for value in pair)
            return LineShown(item_label(plan, name, self.t), old, new)
        if form is not None and table == "formverification" and name in (plan := _form_plan(form)).by_name:
            return LineShown(self.t.label(plan.field(name).label), *(self._mark(value) for value in pair))
        if table == "screening" and (words := self._criterion(name)):
            return LineShown(words, *(self._coded(ANSWERS, value) for value in pair))
        if table == "bedsidecheck" and name in RULE_BY_NAME:
            return LineShown(self.t(RULE_BY_NAME[name].words), *(self._coded(_RULES, each) for each in pair))
        column = trail_words("columns").get(name)
        if column is None:
            return None
        codes = CODES.get((table, name)) or self._names(change, table, name)
        return LineShown(self.t.label(column), *(self._coded(codes, value) for value in pair))

    def _names(self, change: Change, table: str, name: str) -> Mapping[str, str]:
        """Give the words of names of the study file: forms, visits, items."""
        if (table, name) in {("form", "name"), ("query", "form_name")}:
            return {each.name: self.t.label(each.title) for each in self.plan.forms}
        if (table, name) in {("query", "visit"), ("subjectvisit", "name")}:
            return {each.name: self.t.visit(each.label) for each in self.plan.visits}
        if (table, name) == ("query", "item"):
            asked = self.plan.by_name.get(str(change.items.get("form_name", (None, ""))[1]))
            return {each.name: self.t.label(each.label) for each in asked.fields} if asked else {}
        return {}

    def _criterion(self, name: str) -> str:
        """Name a criterion of the study file; empty where the column is none."""
        if name.endswith("_by_rule") or name in trail_words("columns"):
            return ""
        number = name.removesuffix("_seen_in")
        if number != name:
            return f"{number}, {self.t('Seen in')}"
        return number if re.fullmatch(r"[A-Z]\w{0,3}", number) else ""

    def _mark(self, value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return None if value is None else _raw(value)
        return self.t("changed since verified" if value.get("fallen") else "verified")

    def _coded(self, codes: Mapping[str, str], value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, bool):
            return self.t("yes") if value else self.t("no")
        text = plain_number(value)
        if _MOMENT.fullmatch(text):
            return f"{text[:19].replace('T', ' ')} UTC"
        return self.t(codes[text]) if text in codes else text


def _form_plan(form: Form) -> FormPlan:
    return plan_of(form.version).form(form.name)


def _says(change: Change, name: str) -> bool:
    """Tell whether a column says something: one that was left empty at the first entry does not."""
    return change.items[name] not in ((None, None), (None, ""))


def _raw(value: Any) -> str | None:
    return None if value is None else plain_number(value)


def _address(change: Change, table: str) -> str:
    """Give the address of what was written, where it has a page."""
    if table == "form":
        return f"/forms/{change.row}"
    if table == "query":
        return f"/queries/{change.row}"
    _, asked = change.items.get("query_id", (None, None))
    return f"/queries/{asked}" if asked else ""
