"""Builds a set of classification criteria from its file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from funis.catalogue.check_response import check_criteria, check_printed
from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile, DefinitionFinding
from funis.catalogue.model_criteria import ClassificationRow, ClassificationRule, CriteriaSet, Demand
from funis.catalogue.read_response import read_criterion, read_quantities

_REQUIRED: Final = ("name", "title", "version", "kind", "source", "criteria", "rules")
_OPTIONAL: Final = ("licence", "notes", "parameters", "quantities")
_ROW_KEYS: Final = ("id", "label", "points", "domain", "groups", "when", "any", "source")
_RULE_KEYS: Final = ("name", "all", "none", "at_least")
_DEMAND: Final = re.compile(r"(?P<what>count|points)\((?P<group>[a-z_]+)\) >= (?P<least>\d+)")


def read_criteria(file: DefinitionFile) -> CriteriaSet:
    """Build one set of criteria, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of kind ``criteria``

    Raises
    ------
    DefinitionError : an unknown key, a phrase outside the grammar, a name that nothing defines; holds
        every finding
    """
    content = file.content
    file.refuse_unknown_keys(NO_PLACE, content, _REQUIRED, _OPTIONAL)
    check_printed(file)
    rows = tuple(_read_row(file, row, number) for number, row in enumerate(file.rows("criteria"), 1))
    groups = {group for row in rows for group in row.groups}
    rules = tuple(_read_rule(file, row, n, groups) for n, row in enumerate(file.rows("rules"), 1))
    name, title, version, source = (
        str(content.get(key, "")) for key in ("name", "title", "version", "source")
    )
    notes, quantities = tuple(content.get("notes", ())), read_quantities(file)
    found = CriteriaSet(name, title, version, source, rows, rules, notes, quantities)
    file.keep(check_criteria([row.criterion for row in rows], {}))
    file.keep(_check_rows_count(found))
    file.stop_at_findings()
    return found


def _read_row(file: DefinitionFile, row: Content, number: int) -> ClassificationRow:
    file.refuse_unknown_keys(("criteria", number, str(row.get("id", ""))), row, (), _ROW_KEYS)
    plain = {key: row[key] for key in ("id", "label", "points", "source") if key in row}
    if "any" in row:
        plain["any_collected"] = row["any"]
    else:
        plain["when"] = row.get("when", f"{row.get('id', '')} > 0")
    criterion = read_criterion(file, {**plain, "optional": "not_met"}, number)
    return ClassificationRow(criterion, str(row.get("domain", criterion.id)), tuple(row.get("groups", ())))


def _read_rule(file: DefinitionFile, rule: Content, number: int, groups: Iterable[str]) -> ClassificationRule:
    place = ("rules", number, str(rule.get("name", "")))
    file.refuse_unknown_keys(place, rule, (), _RULE_KEYS)
    demands = []
    for text in rule.get("at_least", ()):
        parsed = _DEMAND.fullmatch(text)
        if parsed is None or parsed["group"] not in groups:
            message = "This is not a demand on a known group."
            file.refuse(place, "at_least", text, message, "Like 'count(clinical) >= 1'.")
            continue
        what: Literal["count", "points"] = "count" if parsed["what"] == "count" else "points"
        demands.append(Demand(what, parsed["group"], int(parsed["least"])))
    needed, barred = tuple(rule.get("all", ())), tuple(rule.get("none", ()))
    return ClassificationRule(str(rule.get("name", "")), needed, barred, tuple(demands))


def _check_rows_count(found: CriteriaSet) -> Iterator[DefinitionFinding]:
    """Find criteria that belong nowhere, and rules that ask for nothing, for what is not there or twice."""
    names = [row.criterion.id for row in found.rows]
    for number, row in enumerate(found.rows, 1):
        if not row.groups:
            message = "The criterion is in no group."
            yield DefinitionFinding(
                "criteria", number, row.criterion.id, "groups", "", message, "Give it a group."
            )
    for number, rule in enumerate(found.rules, 1):
        place = ("rules", number, rule.name)
        for name in (*rule.all, *rule.none):
            if name not in names:
                fix = f"Known: {', '.join(names)}."
                yield DefinitionFinding(*place, "all", name, "No criterion has this id.", fix)
        if not rule.name.strip() or not (rule.all or rule.demands):
            message = "A rule needs a name and asks for something."
            yield DefinitionFinding(*place, "name", rule.name, message, "Write both.")
        if rule in found.rules[: number - 1]:
            yield DefinitionFinding(*place, "", rule.name, "The rule stands twice.", "Remove one.")
