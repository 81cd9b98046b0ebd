"""Response definitions: TOML a clinician can read beside the paper, as one frozen object.

A criterion is one printed row with one or more phrases, `measure(column) <= limit`, from a closed
grammar: parsed when the file is loaded, never evaluated as code. A rule names the criteria that must
all hold for a class; rules of one class are alternatives; classes stand best first.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from funis.errors import DefinitionError, Fault, UnknownNameError, ValueRangeError

ParameterValue = float | int | str | bool

NUMBER_MEASURES: Final = frozenset(
    {
        "now", "baseline", "previous", "rise", "fall", "rise_since_previous", "fall_since_previous",
        "percent_fall", "percent_rise", "percent_of_baseline", "percent_of", "percent_below", "ever",
        "items_present", "new_items", "clinical",
    }
)  # fmt: skip
GRADE_MEASURES: Final = frozenset(
    {
        "with_a", "with_b", "baseline_a", "baseline_b", "baseline_active", "new_a", "new_b", "unimproved",
        "severe_flares_before", "flares_after", "flare_free_days", "severe_flare_systems",
        "moderate_flare_systems", "mild_flare_systems", "new_a_since_previous", "new_b_since_previous",
    }
)  # fmt: skip
MEASURES: Final = NUMBER_MEASURES | GRADE_MEASURES

_PHRASE: Final = re.compile(
    r"(?:(?P<measure>[a-z_]+)\((?P<given>[a-z0-9_, ]+)\)|(?P<name>[a-z][a-z0-9_]*))"
    r" (?P<symbol><=|>=|<|>) (?P<limit>-?\d+(?:\.\d+)?|[a-z][a-z0-9_]*)"
)
_EXAMPLE: Final = "Write it like 'fall(sledai_2k) >= 4' or 'pga <= 1'."
_TOP_KEYS: Final = frozenset(
    {
        "name", "title", "version", "kind", "source", "certainty", "licence", "notes", "rules_of",
        "otherwise",
        "relapse", "parameters", "sets", "criteria", "rules", "failures", "needs", "treatment_note", "family",
    }
)  # fmt: skip
_CRITERION_KEYS: Final = frozenset(
    {"id", "label", "when", "any", "any_collected", "points", "optional", "source"}
)
_RULE_KEYS: Final = frozenset({"class", "rule", "all", "count", "points", "missing", "responder"})

COMMON_PARAMETERS: Final[Mapping[str, dict[str, Any]]] = {
    "response_visit": {"default": "", "note": "visit judged; empty takes the day, else the last visit"},
    "response_day": {"default": 0, "note": "day judged when no visit is named; 0 takes the last visit"},
    "response_window": {"default": 30, "note": "days either side of response_day"},
    "baseline_visit": {"default": "", "note": "visit compared with; empty takes the last on or before day 0"},
    "missing_response": {
        "default": "cannot_tell",
        "allowed": ["cannot_tell", "nonresponder"],
        "note": "what a subject is who has no measurement at the visit judged",
    },
    "unscheduled": {"default": True, "note": "unscheduled visits count"},
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One closed comparison: a measure of named columns against a limit."""

    text: str
    measure: str
    given: tuple[str, ...]
    symbol: str
    limit: Decimal | str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One printed row: alternatives, each of phrases that must all hold.

    With `only_collected`, the alternatives are different measures of one thing, and one that the trial
    did not collect is left out; otherwise what is not collected stays unknown. An `optional` criterion
    that the trial did not collect is taken as met and said in the reason.
    """

    id: str
    label: str
    alternatives: tuple[tuple[Phrase, ...], ...]
    points: int = 1
    optional: bool = False
    only_collected: bool = False
    source: str = ""

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Every phrase of the row."""
        return tuple(phrase for group in self.alternatives for phrase in group)


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes one class: criteria that must all hold, or a count or sum of points of them."""

    response: str
    number: str
    criteria: tuple[str, ...]
    counted: Literal["all", "count", "points"] = "all"
    least: int = 0
    missing_is_not_met: bool = False
    is_response: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that decides the class whatever was measured."""

    event: str
    before: Literal["response", "horizon"]
    label: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One choice the source leaves open, with what is taken when nobody says otherwise."""

    name: str
    default: ParameterValue
    note: str = ""
    allowed: tuple[ParameterValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseDefinition:
    """A published response as data.

    Attributes
    ----------
    name, title, version, source : what it is and where it was printed
    certainty : how sure the text is, where the paper could not be read
    family : condition or organ it belongs to, for choosing the responses that apply
    otherwise : class when no rule holds
    criteria, rules, failures, needs : the decision table
    sets : named lists of columns, for phrases that count items
    parameters : named choices
    has_relapse : whether loss of the response afterwards is defined
    """

    name: str
    title: str
    version: str
    source: str
    certainty: str
    family: str
    otherwise: str
    criteria: tuple[Criterion, ...]
    rules: tuple[Rule, ...]
    failures: tuple[Failure, ...]
    needs: tuple[tuple[Phrase, str], ...]
    sets: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Parameter]
    has_relapse: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that rules can give, best first, then the one left over."""
        return (*dict.fromkeys(rule.response for rule in self.rules), self.otherwise)

    @property
    def measures(self) -> frozenset[str]:
        """Names of every measure the phrases use."""
        return frozenset(phrase.measure for row in self.criteria for phrase in row.phrases)

    def criterion(self, name: str) -> Criterion:
        """Return the criterion of that id."""
        return next(row for row in self.criteria if row.id == name)

    def settle(self, chosen: Mapping[str, ParameterValue] | None) -> dict[str, ParameterValue]:
        """Return every parameter's value: the chosen one, else its default.

        Raises
        ------
        UnknownNameError : no such parameter
        ValueRangeError : not an allowed value
        """
        settled = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, value in (chosen or {}).items():
            if name not in settled:
                raise UnknownNameError("parameter", name, settled, where=f"response {self.name}")
            settled[name] = _check_choice(self.name, self.parameters[name], value)
        return settled


def _check_choice(where: str, parameter: Parameter, value: ParameterValue) -> ParameterValue:
    default = parameter.default
    numeric = isinstance(default, int | float) and not isinstance(default, bool)
    if numeric:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = type(value) is type(default)
    if fits and (not parameter.allowed or value in parameter.allowed):
        return value
    kind = "a number" if numeric else ("true or false" if isinstance(default, bool) else "a text")
    allowed = ", ".join(map(str, parameter.allowed)) or kind
    raise ValueRangeError(f"parameter {parameter.name!r} of response {where}", value, allowed)


def _folder() -> Any:
    return files("funis").joinpath("definitions")


@cache
def _read_sources() -> dict[str, dict[str, Any]]:
    """Read every definition file that says it is a response."""
    sources: dict[str, dict[str, Any]] = {}
    for entry in _folder().iterdir():
        if not entry.name.endswith(".toml"):
            continue
        text = entry.read_text(encoding="utf-8")
        # Instruments stand in the same folder: only the head is looked at before the whole is parsed.
        if re.search(r'^kind\s*=\s*"response"', text, re.MULTILINE):
            sources[entry.name.removesuffix(".toml")] = tomllib.loads(text, parse_float=Decimal)
    return sources


def responses() -> tuple[str, ...]:
    """Return the names of all response definitions.

    Examples
    --------
    >>> "ucmsc_bilag_response" in responses()
    True
    """
    return tuple(sorted(_read_sources()))


@cache
def response_definition(name: str) -> ResponseDefinition:
    """Return one response definition.

    Parameters
    ----------
    name : one of `responses`

    Raises
    ------
    UnknownNameError : there is no such response
    DefinitionError : its file cannot be used; holds every fault

    Examples
    --------
    >>> response_definition("ucmsc_bilag_response").classes
    ('MCR', 'PCR', 'none')
    """
    sources = _read_sources()
    if name not in sources:
        raise UnknownNameError("response", name, sources)
    content = sources[name]
    parent = content.get("rules_of")
    if parent is not None:
        inherited = {key: value for key, value in sources[parent].items() if key != "name"}
        merged = {**inherited.get("parameters", {}), **content.get("parameters", {})}
        content = {**inherited, **content, "parameters": merged}
    return parse_response(content, f"{name}.toml")


def parse_response(content: Mapping[str, Any], file: str) -> ResponseDefinition:
    """Turn the content of a definition file into a definition, or refuse it with all its faults.

    Parameters
    ----------
    content : parsed TOML
    file : name for messages

    Raises
    ------
    DefinitionError : an unknown key, a phrase outside the grammar, a name that nothing defines
    """
    reader = _Reader(file)
    reader.check_keys("", content, _TOP_KEYS)
    for key in ("name", "title", "version", "source", "otherwise", "criteria", "rules"):
        if key not in content:
            reader.refuse(key, "", "The definition lacks this key.", "Add it.")
    sets = {name: tuple(columns) for name, columns in content.get("sets", {}).items()}
    parameters = reader.read_parameters(content.get("parameters", {}))
    criteria = tuple(reader.read_criterion(row) for row in content.get("criteria", ()))
    rules = tuple(reader.read_rule(row, criteria) for row in content.get("rules", ()))
    needs = tuple(
        (reader.read_phrase("needs", row["when"]), str(row["otherwise"])) for row in content.get("needs", ())
    )
    failures = tuple(
        Failure(row["event"], row["before"], row["label"]) for row in content.get("failures", ())
    )
    reader.check_limits((*(p for row in criteria for p in row.phrases), *(p for p, _ in needs)), parameters)
    reader.check_used(criteria, rules)
    if reader.faults:
        raise DefinitionError(f"response definition {file}", reader.faults)
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


class _Reader:
    """Collects every fault of one file while its rows are read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def refuse(self, place: str, found: object, message: str, remedy: str) -> None:
        """Keep one fault."""
        value = "" if found == "" else str(found)
        self.faults.append(
            Fault("error", "definition", "response", self.file, None, place, value, message, remedy)
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
            optional=bool(row.get("optional", False)),
            only_collected="any_collected" in row,
            source=str(row.get("source", "")),
        )

    def read_rule(self, row: Mapping[str, Any], criteria: tuple[Criterion, ...]) -> Rule:
        """Read what makes one class."""
        place = f"rules.{row.get('class', '?')}"
        self.check_keys(place, row, _RULE_KEYS)
        known = {criterion.id for criterion in criteria}
        named = tuple(row.get("all", [criterion.id for criterion in criteria]))
        for name in named:
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
        )

    def check_limits(self, phrases: tuple[Phrase, ...], parameters: Mapping[str, Parameter]) -> None:
        """Refuse a limit that names no numeric parameter."""
        for phrase in phrases:
            if isinstance(phrase.limit, str) and phrase.limit not in parameters:
                self.refuse(phrase.text, phrase.limit, "The limit names no parameter.", "Add the parameter.")

    def check_used(self, criteria: tuple[Criterion, ...], rules: tuple[Rule, ...]) -> None:
        """Refuse criteria that no rule uses and ids that stand twice."""
        used = {name for rule in rules for name in rule.criteria}
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
