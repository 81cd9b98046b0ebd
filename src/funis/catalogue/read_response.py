"""Builds a response from its file: TOML a clinician can read beside the paper.

A phrase, `measure(column) <= limit`, belongs to a closed grammar: it is parsed when the file is loaded,
never evaluated as code, and every finding of a file is reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from funis.catalogue.check_response import check_printed, check_response
from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_analytes import AnalyteTable
from funis.catalogue.model_parameter import Parameter, ParameterValue
from funis.catalogue.model_response import (
    COMMON_PARAMETERS,
    EVENTS,
    EXTENTS,
    MEASURES,
    ClassRule,
    Failure,
    Phrase,
    PrintedCriterion,
    PrintedQuantity,
    ResponseClass,
    ResponseDefinition,
)

FindContent = Callable[[str], Content]
Place = tuple[str, int | None, str]

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
_REQUIRED: Final = ("name", "title", "version", "kind", "source", "otherwise", "classes", "criteria", "rules")
_OPTIONAL: Final = (
    "certainty", "licence", "notes", "rules_of", "relapse", "parameters", "sets", "failures", "needs",
    "family", "label", "quantities", "proposal", "state",
)  # fmt: skip
_CRITERION_KEYS: Final = (
    "id", "label", "when", "any", "any_collected", "points", "optional", "only_if", "source",
)  # fmt: skip
_CLASS_KEYS: Final = (("class", "label"), ("extent",))
_RULE_KEYS: Final = ("class", "rule", "all", "count", "points", "missing", "responder", "also")
_FAILURE_KEYS: Final = ("event", "before", "label")
_NEED_KEYS: Final = ("when", "otherwise")
_QUANTITY_KEYS: Final = ("words", "unit", "yes_no", "possible", "reason", "score", "analyte")
_PARAMETER_KEYS: Final = ("default", "allowed", "factors", "taken_as", "note")
_UNIT: Final = "_unit"


def read_response(
    file: DefinitionFile, find: FindContent, find_analytes: Callable[[], AnalyteTable]
) -> ResponseDefinition:
    """Build one response, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of kind ``response``
    find : gives the content of the response whose rules a file takes over (``rules_of``)
    find_analytes : gives the table whose factors convert units, so that each stands once

    Raises
    ------
    DefinitionError : an unknown key, a phrase outside the grammar, a name that nothing defines; holds
        every finding
    """
    content = file.content
    if "rules_of" in content:
        inherited = {
            key: value for key, value in find(content["rules_of"]).items() if key not in ("name", "label")
        }
        merged = {**inherited.get("parameters", {}), **content.get("parameters", {})}
        content = file.content = {**inherited, **content, "parameters": merged}
    file.refuse_unknown_keys(NO_PLACE, content, _REQUIRED, _OPTIONAL)
    check_printed(file)
    found = ResponseDefinition(
        name=str(content.get("name", "")),
        title=str(content.get("title", "")),
        version=str(content.get("version", "")),
        source=str(content.get("source", "")),
        certainty=content.get("certainty", ""),
        family=content.get("family", ""),
        otherwise=str(content.get("otherwise", "")),
        label=content.get("label", "") or str(content.get("title", "")),
        printed_classes=tuple(_read_class(file, row, n) for n, row in enumerate(file.rows("classes"), 1)),
        criteria=tuple(read_criterion(file, row, n) for n, row in enumerate(file.rows("criteria"), 1)),
        rules=tuple(_read_rule(file, row, n) for n, row in enumerate(file.rows("rules"), 1)),
        failures=tuple(_read_failure(file, row, n) for n, row in enumerate(file.rows("failures"), 1)),
        needs=tuple(_read_need(file, row, n) for n, row in enumerate(file.rows("needs"), 1)),
        sets={name: tuple(columns) for name, columns in content.get("sets", {}).items()},
        parameters=_read_parameters(file, find_analytes),
        has_relapse=bool(content.get("relapse", False)),
        notes=tuple(content.get("notes", ())),
        quantities=read_quantities(file),
        is_proposal=bool(content.get("proposal", False)),
        is_state=bool(content.get("state", False)),
    )
    file.keep(check_response(found))
    file.stop_at_findings()
    return found


def read_criterion(file: DefinitionFile, row: Content, number: int) -> PrintedCriterion:
    """Read one printed row.

    Parameters
    ----------
    file : keeps the findings
    row : one row of ``criteria``
    number : its number, from 1
    """
    place = ("criteria", number, str(row.get("id", "")))
    file.refuse_unknown_keys(place, row, (), _CRITERION_KEYS)
    forms = [key for key in ("when", "any", "any_collected") if key in row]
    if len(forms) != 1:
        file.refuse(place, "when", "", "A criterion has one of 'when', 'any', 'any_collected'.", _EXAMPLE)
    form = forms[0] if forms else "when"
    groups = [row.get("when", [])] if form == "when" else row[form]
    listed = [[group] if isinstance(group, str) else group for group in groups]
    alternatives = tuple(tuple(_read_phrase(file, place, text) for text in group) for group in listed)
    if not all(alternatives):
        file.refuse(place, form, "", "An alternative has no phrase.", _EXAMPLE)
    return PrintedCriterion(
        id=str(row.get("id", "")),
        label=str(row.get("label", "")),
        alternatives=alternatives,
        points=int(row.get("points", 1)),
        absent_means=_read_absent(file, place, row.get("optional", "")),
        only_if=_read_gate(file, place, row.get("only_if")),
        only_collected="any_collected" in row,
        source=str(row.get("source", "")),
    )


def _read_phrase(file: DefinitionFile, place: Place, text: str) -> Phrase:
    """Parse one comparison of the closed grammar."""
    parsed = _PHRASE.fullmatch(str(text))
    if parsed is None:
        message = "This is not a comparison of the closed grammar."
        file.refuse(place, "when", text, message, _EXAMPLE)
        return Phrase(text, "now", (), "<", Decimal(0))
    measure = parsed["measure"] or "now"
    if measure not in MEASURES:
        known = ", ".join(sorted(MEASURES))
        file.refuse(place, "when", measure, "There is no such measure.", f"Known: {known}.")
    names = parsed["name"] or parsed["given"]
    given = tuple(part.strip() for part in names.split(","))
    if len(given) not in _ARITY.get(measure, (1,)):
        wanted = " or ".join(map(str, _ARITY.get(measure, (1,))))
        file.refuse(place, "when", text, f"{measure} takes {wanted} names.", _EXAMPLE)
    limit = parsed["limit"]
    number = Decimal(limit) if limit.lstrip("-")[0].isdigit() else limit
    return Phrase(text, measure, given, parsed["symbol"], number)


def _read_absent(file: DefinitionFile, place: Place, value: str) -> Literal["", "met", "not_met"]:
    if value in {"met", "not_met"}:
        return "met" if value == "met" else "not_met"
    if value:
        message = "'optional' says what a criterion never collected is."
        file.refuse(place, "optional", value, message, "met or not_met.")
    return ""


def _read_gate(file: DefinitionFile, place: Place, row: Content | None) -> tuple[str, ParameterValue] | None:
    if row is None:
        return None
    if set(row) != {"parameter", "is"}:
        message = "'only_if' has the keys 'parameter' and 'is'."
        file.refuse(place, "only_if", dict(row), message, "Write both.")
        return None
    return str(row["parameter"]), _plain(row["is"])


def _read_class(file: DefinitionFile, row: Content, number: int) -> ResponseClass:
    place = ("classes", number, str(row.get("class", "")))
    file.refuse_unknown_keys(place, row, *_CLASS_KEYS)
    extent: Any = row.get("extent", "")
    if extent not in ("", *EXTENTS):
        file.refuse(place, "extent", extent, "There is no such extent.", f"Known: {', '.join(EXTENTS)}.")
    return ResponseClass(str(row.get("class", "")), str(row.get("label", "")), extent)


def _read_rule(file: DefinitionFile, row: Content, number: int) -> ClassRule:
    """Read what makes one class; a rule without `all` asks for every criterion."""
    file.refuse_unknown_keys(("rules", number, str(row.get("class", ""))), row, (), _RULE_KEYS)
    also = tuple(row.get("also", ()))
    every = [str(one.get("id", "")) for one in file.content.get("criteria", ())]
    counted: Literal["all", "count", "points"] = "all"
    if "count" in row:
        counted = "count"
    elif "points" in row:
        counted = "points"
    return ClassRule(
        response=str(row.get("class", "")),
        number=str(row.get("rule", "")),
        criteria=tuple(row.get("all", [name for name in every if name not in also])),
        counted=counted,
        least=int(row.get(counted, 0)) if counted != "all" else 0,
        missing_is_not_met=row.get("missing", "cannot_tell") == "not_met",
        is_response=bool(row.get("responder", True)),
        also=also,
    )


def _read_failure(file: DefinitionFile, row: Content, number: int) -> Failure:
    """Read an event that decides the class whatever was measured."""
    event, before = str(row.get("event", "")), row.get("before", "")
    place = ("failures", number, event)
    file.refuse_unknown_keys(place, row, (), _FAILURE_KEYS)
    if event not in EVENTS:
        file.refuse(place, "event", event, "There is no such event.", f"Known: {', '.join(EVENTS)}.")
    if before not in {"response", "horizon"}:
        file.refuse(place, "before", before, "'before' is response or horizon.", "Write one of them.")
    return Failure(event, "horizon" if before == "horizon" else "response", str(row.get("label", event)))


def _read_need(file: DefinitionFile, row: Content, number: int) -> tuple[Phrase, str]:
    place = ("needs", number, "")
    file.refuse_unknown_keys(place, row, _NEED_KEYS)
    return _read_phrase(file, place, str(row.get("when", ""))), str(row.get("otherwise", ""))


def read_quantities(file: DefinitionFile) -> dict[str, PrintedQuantity]:
    """Read what a definition says of the quantities that its phrases name."""
    found: Mapping[str, Content] = file.content.get("quantities", {})
    return {name: _read_quantity(file, name, row) for name, row in found.items()}


def _read_quantity(file: DefinitionFile, name: str, row: Content) -> PrintedQuantity:
    """Read the words and the unit of what a phrase reads, and what it can be."""
    place = ("quantities", None, name)
    file.refuse_unknown_keys(place, row, (), _QUANTITY_KEYS)
    for key in ("words", "reason", "score", "analyte"):
        if key in row and not str(row[key]).strip():
            file.refuse(place, key, "", "The key is there and holds no words.", "Write or remove it.")
    return PrintedQuantity(
        str(row.get("words", "")),
        str(row.get("unit", "")),
        bool(row.get("yes_no", False)),
        read_possible(file, place, row),
        str(row.get("reason", "")),
        str(row.get("score", "")),
        str(row.get("analyte", "")),
    )


def read_possible(file: DefinitionFile, place: Place, row: Content) -> tuple[float, float] | None:
    """Read the lowest and highest possible value of a row, which come with their reason."""
    if "possible" not in row:
        return None
    ends = [float(end) for end in row["possible"]]
    if len(ends) != 2 or not ends[0] < ends[1]:
        message = "The limits are the lowest and the highest possible value."
        file.refuse(place, "possible", ends, message, "Write two numbers that rise.")
        return None
    if not str(row.get("reason", "")).strip():
        file.refuse(place, "reason", "", "Limits come with their reason.", "Say what lies beyond.")
    return ends[0], ends[1]


def _read_parameters(file: DefinitionFile, find_analytes: Callable[[], AnalyteTable]) -> dict[str, Parameter]:
    """Read the named choices, the common ones first."""
    made: dict[str, Parameter] = {}
    for name, row in {**COMMON_PARAMETERS, **file.content.get("parameters", {})}.items():
        place = ("parameters", None, name)
        file.refuse_unknown_keys(place, row, (), _PARAMETER_KEYS)
        if "default" not in row:
            file.refuse(place, "default", "", "The parameter has no default.", "Add one.")
            continue
        allowed = tuple(_plain(value) for value in row.get("allowed", ()))
        default = _plain(row["default"])
        if allowed and default not in allowed:
            message = "The default is not allowed."
            file.refuse(place, "default", default, message, f"Allowed: {allowed}.")
        factors = tuple(_read_factor(file, place, value) for value in row.get("factors", ()))
        if name.endswith(_UNIT) and not factors:
            factors = tuple(_factors_of_units(file, name, row, find_analytes()))
        made[name] = Parameter(name, default, allowed, row.get("note", ""), factors=factors)
    return made


def _factors_of_units(
    file: DefinitionFile, name: str, row: Content, table: AnalyteTable
) -> Iterator[Decimal]:
    """Give what brings each allowed unit to that of the limits, by the table of analytes.

    What a paper takes a unit for, where that is not what it is, stands in ``taken_as``.
    """
    quantity = name.removesuffix(_UNIT)
    place, analyte = ("parameters", None, name), table.find(quantity)
    limits = str(file.content.get("quantities", {}).get(quantity, {}).get("unit", ""))
    taken = row.get("taken_as", {})
    end = None if analyte is None else analyte.factor_of(limits)
    for unit in row.get("allowed", ()):
        start = None if analyte is None else analyte.factor_of(str(unit))
        if unit in taken:
            yield _read_factor(file, place, taken[unit])
        elif start is None or end is None:
            message = f"The table of analytes does not convert {quantity!r} from it to {limits!r}."
            file.refuse(place, "allowed", str(unit), message, "Correct the unit, or that of the quantity.")
        else:
            yield Decimal((start / end).numerator) / Decimal((start / end).denominator)


def _read_factor(file: DefinitionFile, place: Place, value: object) -> Decimal:
    """Read a factor between two units: a number, or ``"1/88.42"`` where it has no end of decimals."""
    above, _, below = str(value).partition("/")
    try:
        factor = Decimal(above) / Decimal(below or 1)
    except ArithmeticError:
        factor = Decimal(0)
    if factor.is_finite() and factor > 0:
        return factor
    file.refuse(
        place, "factors", str(value), "A factor is a number above 0.", 'Write it like 0.001 or "1/88.42".'
    )
    return Decimal(1)


def _plain(value: Any) -> ParameterValue:
    """Return a TOML value as a plain parameter: decimals become floats, which users write."""
    if isinstance(value, Decimal):
        return float(value)
    plain: ParameterValue = value
    return plain
