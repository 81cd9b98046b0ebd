"""Reads response definitions: TOML a clinician can read beside the paper.

A phrase, `measure(column) <= limit`, belongs to a closed grammar: it is parsed when the file is loaded,
never evaluated as code, and every finding of a file is reported at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from funis.catalogue.check_response import (
    check_classes,
    check_criteria,
    check_parameters,
    check_printed,
)
from funis.catalogue.response_parts import (
    COMMON_PARAMETERS,
    MEASURES,
    Criterion,
    Failure,
    Parameter,
    ParameterValue,
    Phrase,
    ResponseDefinition,
    Rule,
)
from funis.errors import DefinitionError, Finding, UnknownNameError
from funis.responses.timeline import EVENT_COLUMNS

_PHRASE: Final = re.compile(
    r"(?:(?P<measure>[a-z_]+)\((?P<given>[a-z0-9_, ]+)\)|(?P<name>[a-z][a-z0-9_]*))"
    r" (?P<symbol><=|>=|<|>) (?P<limit>-?\d+(?:\.\d+)?|[a-z][a-z0-9_]*)"
)
_ARITY: Final[Mapping[str, tuple[int, ...]]] = {
    "percent_below": (2,),
    "per_kg": (2,),
    "items_present": (1, 2),
    "new_items": (1, 2),
}
"""How many names a measure takes, where that is not one."""
_EXAMPLE: Final = "Write it like 'fall(sledai_2k) >= 4' or 'pga <= 1'."
_TOP_KEYS: Final = frozenset(
    {
        "name",
        "title",
        "version",
        "kind",
        "source",
        "certainty",
        "licence",
        "notes",
        "rules_of",
        "otherwise",
        "relapse",
        "parameters",
        "sets",
        "criteria",
        "rules",
        "failures",
        "needs",
        "family",
    }
)
_CRITERION_KEYS: Final = frozenset(
    {
        "id",
        "label",
        "when",
        "any",
        "any_collected",
        "points",
        "optional",
        "only_if",
        "source",
    }
)
_RULE_KEYS: Final = frozenset({"class", "rule", "all", "count", "points", "missing", "responder", "also"})


def _folder() -> Any:
    return files("funis.catalogue").joinpath("definitions")


@cache
def _read_texts() -> dict[str, str]:
    """Read every definition file that says it is a response, without parsing it."""
    texts = {}
    for entry in _folder().iterdir():
        if entry.name.endswith(".toml"):
            text = entry.read_text(encoding="utf-8")
            # Instruments stand in the same folder.
            if re.search(r'^kind\s*=\s*"response"', text, re.MULTILINE):
                texts[entry.name.removesuffix(".toml")] = text
    return texts


def _read_content(name: str, where: str) -> dict[str, Any]:
    texts = _read_texts()
    if name not in texts:
        raise UnknownNameError("response", name, texts, where=where)
    return tomllib.loads(texts[name], parse_float=Decimal)


def responses() -> tuple[str, ...]:
    """Return the names of all response definitions.

    Examples
    --------
    >>> "ucmsc_bilag_response" in responses()
    True
    """
    return tuple(sorted(_read_texts()))


@cache
def response_definition(name: str) -> ResponseDefinition:
    """Return one response definition.

    Parameters
    ----------
    name : one of `responses`

    Raises
    ------
    UnknownNameError : there is no such response
    DefinitionError : its file cannot be used; holds every finding

    Examples
    --------
    >>> response_definition("ucmsc_bilag_response").classes
    ('MCR', 'PCR', 'none')
    """
    content = _read_content(name, "")
    parent = content.get("rules_of")
    if parent is not None:
        above = _read_content(parent, f"{name}.toml, key 'rules_of'")
        inherited = {key: value for key, value in above.items() if key != "name"}
        merged = {**inherited.get("parameters", {}), **content.get("parameters", {})}
        content = {**inherited, **content, "parameters": merged}
    return parse_response(content, f"{name}.toml")


def parse_response(content: Mapping[str, Any], file: str) -> ResponseDefinition:
    """Turn the content of a definition file into a definition, or refuse it with all its findings.

    Parameters
    ----------
    content : parsed TOML
    file : name for messages

    Raises
    ------
    DefinitionError : an unknown key, a phrase outside the grammar, a name that nothing defines
    """
    reader = DefinitionReader(file)
    reader.check_keys("", content, _TOP_KEYS)
    for key in ("name", "title", "version", "source", "otherwise", "criteria", "rules"):
        if key not in content:
            reader.refuse(key, "", "The definition lacks this key.", "Add it.")
    sets = {name: tuple(columns) for name, columns in content.get("sets", {}).items()}
    parameters = reader.read_parameters(content.get("parameters", {}))
    criteria = tuple(reader.read_criterion(row) for row in content.get("criteria", ()))
    rules = tuple(reader.read_rule(row, criteria) for row in content.get("rules", ()))
    needs = tuple(
        (reader.read_phrase("needs", str(row.get("when", ""))), str(row.get("otherwise", "")))
        for row in content.get("needs", ())
    )
    failures = tuple(reader.read_failure(row) for row in content.get("failures", ()))
    phrases = (*(p for row in criteria for p in row.phrases), *(p for p, _ in needs))
    reader.check_limits(phrases, parameters)
    reader.check_sets(phrases, sets)
    reader.check_gates(criteria, parameters)
    reader.check_used(criteria, rules)
    check_printed(reader, content)
    check_criteria(reader, criteria, parameters)
    check_parameters(reader, content.get("parameters", {}), parameters)
    check_classes(reader, rules, failures, str(content.get("otherwise", "")))
    if reader.findings:
        raise DefinitionError(f"response definition {file}", reader.findings)
    return ResponseDefinition(
        name=content["name"],
        title=content["title"],
        version=str(content["version"]),
        source=content["source"],
        certainty=content.get("certainty", ""),
        family=content.get("family", ""),
        otherwise=content["otherwise"],
        criteria=criteria,
        rules=rules,
        failures=failures,
        needs=needs,
        sets=sets,
        parameters=parameters,
        has_relapse=bool(content.get("relapse", False)),
        notes=tuple(content.get("notes", ())),
    )


class DefinitionReader:
    """Collects every finding of one file while its rows are read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def refuse(self, place: str, found: object, message: str, fix: str) -> None:
        """Keep one finding."""
        value = "" if found == "" else str(found)
        self.findings.append(
            Finding("error", "definition", "response", self.file, None, place, value, message, fix)
        )

    def check_keys(self, place: str, row: Mapping[str, Any], known: frozenset[str]) -> None:
        """Refuse keys that mean nothing."""
        for key in row:
            if key not in known:
                self.refuse(
                    place or key, key, "This key is not known.", f"Known: {', '.join(sorted(known))}."
                )

    def read_parameters(self, rows: Mapping[str, Any]) -> dict[str, Parameter]:
        """Read the named choices, the common ones first."""
        made: dict[str, Parameter] = {}
        for name, row in {**COMMON_PARAMETERS, **rows}.items():
            if "default" not in row:
                self.refuse(f"parameters.{name}", "", "The parameter has no default.", "Add one.")
                continue
            allowed = tuple(_plain(value) for value in row.get("allowed", ()))
            default = _plain(row["default"])
            if allowed and default not in allowed:
                self.refuse(
                    f"parameters.{name}", default, "The default is not allowed.", f"Allowed: {allowed}."
                )
            made[name] = Parameter(name, default, row.get("note", ""), allowed)
        return made

    def read_phrase(self, place: str, text: str) -> Phrase:
        """Parse one comparison of the closed grammar."""
        parsed = _PHRASE.fullmatch(text)
        if parsed is None:
            self.refuse(place, text, "This is not a comparison of the closed grammar.", _EXAMPLE)
            return Phrase(text, "now", (), "<", Decimal(0))
        measure = parsed["measure"] or "now"
        if measure not in MEASURES:
            self.refuse(place, measure, "There is no such measure.", f"Known: {', '.join(sorted(MEASURES))}.")
        names = parsed["name"] or parsed["given"]
        given = tuple(part.strip() for part in names.split(","))
        if len(given) not in _ARITY.get(measure, (1,)):
            wanted = " or ".join(map(str, _ARITY.get(measure, (1,))))
            self.refuse(place, text, f"{measure} takes {wanted} names.", _EXAMPLE)
        limit = parsed["limit"]
        number = Decimal(limit) if limit.lstrip("-")[0].isdigit() else limit
        return Phrase(text, measure, given, parsed["symbol"], number)

    def read_criterion(self, row: Mapping[str, Any]) -> Criterion:
        """Read one printed row."""
        place = f"criteria.{row.get('id', '?')}"
        self.check_keys(place, row, _CRITERION_KEYS)
        forms = [key for key in ("when", "any", "any_collected") if key in row]
        if len(forms) != 1:
            self.refuse(place, "", "A criterion has one of 'when', 'any', 'any_collected'.", _EXAMPLE)
        groups = [row.get("when", [])] if forms in (["when"], []) else row[forms[0]]
        listed = [[group] if isinstance(group, str) else group for group in groups]
        alternatives = tuple(tuple(self.read_phrase(place, text) for text in group) for group in listed)
        if not all(alternatives):
            self.refuse(place, "", "An alternative has no phrase.", _EXAMPLE)
        return Criterion(
            id=str(row.get("id", "")),
            label=str(row.get("label", "")),
            alternatives=alternatives,
            points=int(row.get("points", 1)),
            absent_means=self._read_absent(place, row.get("optional", "")),
            only_if=self._read_gate(place, row.get("only_if")),
            only_collected="any_collected" in row,
            source=str(row.get("source", "")),
        )

    def _read_absent(self, place: str, value: str) -> Literal["", "met", "not_met"]:
        if value in {"met", "not_met"}:
            return "met" if value == "met" else "not_met"
        if value:
            self.refuse(
                place, value, "'optional' says what a criterion never collected is.", "met or not_met."
            )
        return ""

    def _read_gate(self, place: str, row: Mapping[str, Any] | None) -> tuple[str, ParameterValue] | None:
        if row is None:
            return None
        if set(row) != {"parameter", "is"}:
            self.refuse(place, dict(row), "'only_if' has the keys 'parameter' and 'is'.", "Write both.")
            return None
        return str(row["parameter"]), _plain(row["is"])

    def read_rule(self, row: Mapping[str, Any], criteria: tuple[Criterion, ...]) -> Rule:
        """Read what makes one class."""
        place = f"rules.{row.get('class', '?')}"
        self.check_keys(place, row, _RULE_KEYS)
        known = {criterion.id for criterion in criteria}
        also = tuple(row.get("also", ()))
        named = tuple(row.get("all", [criterion.id for criterion in criteria if criterion.id not in also]))
        for name in (*named, *also):
            if name not in known:
                self.refuse(place, name, "No criterion has this id.", f"Known: {', '.join(sorted(known))}.")
        counted: Literal["all", "count", "points"] = "all"
        if "count" in row:
            counted = "count"
        elif "points" in row:
            counted = "points"
        return Rule(
            response=str(row.get("class", "")),
            number=str(row.get("rule", "")),
            criteria=named,
            counted=counted,
            least=int(row.get(counted, 0)) if counted != "all" else 0,
            missing_is_not_met=row.get("missing", "cannot_tell") == "not_met",
            is_response=bool(row.get("responder", True)),
            also=also,
        )

    def read_failure(self, row: Mapping[str, Any]) -> Failure:
        """Read an event that decides the class whatever was measured."""
        event, before = str(row.get("event", "")), row.get("before", "")
        known = [column.removesuffix("_day") for column in EVENT_COLUMNS]
        if event not in known:
            self.refuse("failures", event, "There is no such event.", f"Known: {', '.join(known)}.")
        if before not in {"response", "horizon"}:
            self.refuse("failures", before, "'before' is response or horizon.", "Write one of them.")
        return Failure(event, "horizon" if before == "horizon" else "response", str(row.get("label", event)))

    def check_limits(self, phrases: tuple[Phrase, ...], parameters: Mapping[str, Parameter]) -> None:
        """Refuse a limit that names no numeric parameter."""
        for phrase in phrases:
            if isinstance(phrase.limit, str) and phrase.limit not in parameters:
                self.refuse(phrase.text, phrase.limit, "The limit names no parameter.", "Add the parameter.")

    def check_gates(self, criteria: tuple[Criterion, ...], parameters: Mapping[str, Parameter]) -> None:
        """Refuse a criterion that waits for a parameter which is not there or never has the value."""
        for row in criteria:
            if row.only_if is None:
                continue
            name, value = row.only_if
            if name not in parameters or (parameters[name].allowed and value not in parameters[name].allowed):
                self.refuse(
                    f"criteria.{row.id}", f"{name} = {value}", "No parameter has this.", "Correct it."
                )

    def check_sets(self, phrases: tuple[Phrase, ...], sets: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse a phrase that counts items of a set nobody wrote down."""
        for phrase in phrases:
            if phrase.measure in {"items_present", "new_items"} and phrase.given[0] not in sets:
                self.refuse(
                    phrase.text, phrase.given[0], "There is no such set.", f"Known: {', '.join(sets)}."
                )

    def check_used(self, criteria: tuple[Criterion, ...], rules: tuple[Rule, ...]) -> None:
        """Refuse criteria that no rule uses and ids that stand twice."""
        used = {name for rule in rules for name in (*rule.criteria, *rule.also)}
        seen: set[str] = set()
        for row in criteria:
            if row.id in seen:
                self.refuse(f"criteria.{row.id}", row.id, "Two criteria have this id.", "Rename one.")
            seen.add(row.id)
            if row.id not in used:
                self.refuse(f"criteria.{row.id}", row.id, "No rule uses this criterion.", "Use or remove it.")


def _plain(value: Any) -> ParameterValue:
    """Return a TOML value as a plain parameter: decimals become floats, which users write."""
    if isinstance(value, Decimal):
        return float(value)
    plain: ParameterValue = value
    return plain
