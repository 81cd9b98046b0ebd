"""Read one ``definitions/*.toml`` into a Definition; refuse what is not understood, all findings at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from funis.catalogue.check_definition import check_definition
from funis.catalogue.conditions import Condition, parse_condition
from funis.catalogue.definition import (
    SCORED_KINDS,
    Definition,
    Factor,
    Feature,
    Flag,
    Item,
    Measure,
    Parameter,
    Range,
    Route,
    Rule,
    Summary,
)
from funis.errors import DefinitionError, Finding

# Keys of each table of a definition file: required ones first, then optional ones.
KEYS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "file": (
        frozenset({"name", "title", "version", "kind", "source", "licence", "range"}),
        frozenset(
            [
                "reversed_by",
                "window",
                "summary",
                "missing",
                "not_done",
                "unit",
                "digits",
                "systems",
                "within",
                "values",
                "points",
                "parameters",
                "measures",
                "items",
                "items_of",
                "without",
                "replace",
                "alternatives",
                "features",
                "rules",
                "routes",
                "flags",
                "grade_points",
                "notes",
                "applies",
                "constant",
                "factors",
                "per_system",
                "summaries",
                "less_is_worse",
            ]
        ),
    ),
    "items": (
        frozenset({"row", "item", "label"}),
        frozenset(
            [
                "system",
                "points",
                "values",
                "weight",
                "by",
                "unit",
                "minimum",
                "maximum",
                "when",
                "levels",
                "lab",
                "excludes",
                "level_labels",
                "spellings",
            ],
        ),
    ),
    "replace": (
        frozenset({"item"}),
        frozenset(["label", "points", "values", "weight", "when", "levels", "excludes", "lab"]),
    ),
    "parameters": (
        frozenset({"name", "default", "label"}),
        frozenset({"allowed", "source", "minimum", "maximum"}),
    ),
    "measures": (frozenset({"name", "unit", "label"}), frozenset({"minimum", "maximum", "optional"})),
    "features": (
        frozenset({"feature", "system", "label", "when"}),
        frozenset({"clause", "if", "only_without", "first_visit", "previous_missing", "within_months"}),
    ),
    "rules": (
        frozenset({"system", "grade", "clause", "label"}),
        frozenset({"at_least", "of_items", "with_level", "when"}),
    ),
    "routes": (frozenset({"item"}), frozenset({"factor", "per", "per_minutes", "only_above"})),
    "factors": (
        frozenset({"label"}),
        frozenset({"item", "over", "at_most", "at_least", "power", "base", "times", "if", "where"}),
    ),
    "summaries": (frozenset({"name", "how", "label"}), frozenset()),
    "flags": (frozenset({"name", "label", "when"}), frozenset({"source"})),
    "licence": (frozenset({"status"}), frozenset({"evidence"})),
    "range": (frozenset({"lowest", "highest"}), frozenset()),
}
_ROW_NAME = {"items": "item", "replace": "item", "features": "feature", "rules": "system", "routes": "item"}


@dataclass(slots=True)
class _Reader:
    """What is being read and the findings found so far."""

    path: Path
    text: str
    findings: list[Finding] = field(default_factory=list)

    def finding(self, table: str, column: str, value: object, message: str, fix: str, **place: Any) -> None:
        row = place.get("row")
        where = f"row {row}: " if row is not None else ""
        self.findings.append(
            Finding(
                "error",
                "definition",
                table,
                self.path.name,
                self._line(place.get("name", "")),
                column,
                str(value),
                where + message,
                fix,
            )
        )

    def _line(self, name: str) -> int | None:
        if not name:
            return None
        lines = self.text.splitlines()
        return next((n for n, line in enumerate(lines, 1) if f'"{name}"' in line), None)


@cache
def read_kind(path: Path) -> str:
    """Give the kind a definition file declares, without reading the rest into a Definition."""
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "kind":
            return value.split("#")[0].strip().strip('"')
    return ""


def read_definition(path: Path) -> Definition:
    """Read one definition file.

    Parameters
    ----------
    path : a TOML file; see ``docs/howto/add-an-instrument.md`` for its keys

    Returns
    -------
    Definition : frozen

    Raises
    ------
    DefinitionError : holds every finding, each with file, row, key, what was found and what to do

    Examples
    --------
    >>> from funis.catalogue.definition import FOLDER
    >>> read_definition(FOLDER / "ssdai.toml").range.highest
    21.0
    """
    text = path.read_text(encoding="utf-8")
    reader = _Reader(path, text)
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        reader.finding("file", "", "", f"the file is not TOML: {error}", "Correct the line named.")
        raise DefinitionError(f"definition {path.name}", reader.findings) from error
    _check_keys(reader, table)
    if reader.findings:
        raise DefinitionError(f"definition {path.name}", reader.findings)
    found = _build_definition(reader, table)
    if not reader.findings:
        for finding in check_definition(found):
            reader.finding(
                finding.table,
                finding.column,
                finding.value,
                finding.message,
                finding.fix,
                row=finding.row,
                name=finding.name,
            )
    if reader.findings:
        raise DefinitionError(f"definition {path.name}", reader.findings)
    return found


def _check_keys(reader: _Reader, table: Mapping[str, Any]) -> None:
    _check_table(reader, "file", table, None)
    for name in (name for name in KEYS if name not in ("file", "licence", "range")):
        rows = table.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            reader.finding(name, "", rows, "must be a list of tables", "Write one {...} per printed row.")
            continue
        for number, row in enumerate(rows, 1):
            _check_table(reader, name, row, row.get("row", number))
    for name in ("licence", "range"):
        if isinstance(table.get(name), dict):
            _check_table(reader, name, table[name], None)
        elif name in table:
            reader.finding(name, "", table[name], "must be a table", "Write {key = value}.")
    if table.get("kind") not in SCORED_KINDS:
        fix = f"Write one of {', '.join(SCORED_KINDS)}."
        reader.finding("file", "kind", table.get("kind"), "there is no such kind", fix)
    if table.get("name") != reader.path.stem:
        reader.finding(
            "file", "name", table.get("name"), "the name is not the file's", f"Write {reader.path.stem!r}."
        )
    if ("items" in table) == ("items_of" in table):
        reader.finding("file", "items", "", "needs either items or items_of", "Write one of the two.")


def _check_table(reader: _Reader, name: str, row: Mapping[str, Any], number: int | None) -> None:
    required, optional = KEYS[name]
    label = str(row.get(_ROW_NAME.get(name, "name"), ""))
    for key in sorted(set(row) - required - optional):
        near = get_close_matches(key, sorted(required | optional), n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(required | optional))}."
        reader.finding(name, key, row[key], f"there is no key {key!r}", hint, row=number, name=label)
    for key in sorted(required - set(row)):
        reader.finding(name, key, "", f"the key {key!r} is missing", "Write it.", row=number, name=label)


def _build_definition(reader: _Reader, table: Mapping[str, Any]) -> Definition:
    licence = table["licence"]
    return Definition(
        name=table["name"],
        title=table["title"],
        version=str(table["version"]),
        kind=table["kind"],
        source=table["source"],
        licence=licence["status"],
        licence_note=licence.get("evidence", ""),
        window=table.get("window", ""),
        summary=table.get("summary", ""),
        missing=table.get("missing", ""),
        items=_build_items(reader, table),
        range=Range(float(table["range"]["lowest"]), float(table["range"]["highest"])),
        systems=tuple(table.get("systems", ())),
        parameters=tuple(_build_parameter(row) for row in table.get("parameters", ())),
        measures=_build_measures(table),
        features=tuple(_build_feature(reader, row, n) for n, row in enumerate(table.get("features", ()), 1)),
        rules=tuple(_build_rule(reader, row, n) for n, row in enumerate(table.get("rules", ()), 1)),
        routes=tuple(_build_route(row) for row in table.get("routes", ())),
        flags=tuple(
            Flag(row["name"], row["label"], _parse(reader, "flags", row["when"], n), row.get("source", ""))
            for n, row in enumerate(table.get("flags", ()), 1)
        ),
        grade_points=tuple((grade, int(points)) for grade, points in table.get("grade_points", {}).items()),
        notes=tuple(table.get("notes", ())),
        unit=table.get("unit", ""),
        digits=table.get("digits", 0),
        not_done=table.get("not_done", "missing"),
        within=table.get("within", "sum"),
        reversed_by=table.get("reversed_by", ""),
        applies=_parse(reader, "file", table["applies"], 0) if "applies" in table else None,
        constant=float(table.get("constant", 1)),
        factors=tuple(_build_factor(row) for row in table.get("factors", ())),
        per_system=table.get("per_system", False),
        summaries=tuple(Summary(row["name"], row["how"], row["label"]) for row in table.get("summaries", ())),
        less_is_worse=table.get("less_is_worse", False),
        file=reader.path.name,
    )


def _parse(reader: _Reader, table: str, text: object, row: int, name: str = "") -> Condition:
    try:
        return parse_condition(str(text))
    except ValueError as error:
        reader.finding(
            table, "when", text, str(error), "See the closed grammar of conditions.", row=row, name=name
        )
        return Condition(())


def _number(value: Any) -> Any:
    """Make the exact decimals of the file plain numbers where they only bound or weigh."""
    return float(value) if isinstance(value, Decimal) else value


def _build_route(row: Mapping[str, Any]) -> Route:
    return Route(
        row["item"],
        float(row.get("factor", 1)),
        row.get("per", ""),
        float(row.get("per_minutes", 1)),
        _number(row.get("only_above")),
    )


def _build_factor(row: Mapping[str, Any]) -> Factor:
    return Factor(
        label=row["label"],
        item=row.get("item", ""),
        over=float(row.get("over", 1)),
        at_most=_number(row.get("at_most")),
        at_least=_number(row.get("at_least")),
        power=_number(row.get("power")),
        base=_number(row.get("base")),
        times=_number(row.get("times")),
        when_item=tuple(row.get("if", {}).items()),
        choice=tuple(row.get("where", {}).items()),
    )


def _build_parameter(row: Mapping[str, Any]) -> Parameter:
    return Parameter(
        row["name"],
        _number(row["default"]),
        tuple(_number(value) for value in row.get("allowed", ())),
        row["label"],
        row.get("source", ""),
        _number(row.get("minimum")),
        _number(row.get("maximum")),
    )


def _build_measures(table: Mapping[str, Any]) -> tuple[Measure, ...]:
    own = tuple(
        Measure(
            row["name"],
            row["unit"],
            row["label"],
            _number(row.get("minimum")),
            _number(row.get("maximum")),
            row.get("optional", False),
        )
        for row in table.get("measures", ())
    )
    if "items_of" not in table:
        return own
    taken = {measure.name for measure in own}
    return own + tuple(one for one in _parent(table).measures if one.name not in taken)


def _parent(table: Mapping[str, Any]) -> Definition:
    from funis.catalogue.definition import definition

    return definition(table["items_of"])


def _build_items(reader: _Reader, table: Mapping[str, Any]) -> tuple[Item, ...]:
    groups = [tuple(group) for group in table.get("alternatives", ())]
    if "items_of" not in table:
        rows = table["items"]
        if "values" in table and all("values" in row or "unit" in row for row in rows):
            reader.finding("file", "values", table["values"], "no row takes these values", "Remove them.")
        return tuple(_build_item(reader, table, row, groups) for row in rows)
    items = {item.name: item for item in _parent(table).items if item.name not in table.get("without", ())}
    replaced = [row["item"] for row in table.get("replace", ())]
    for number, row in enumerate(table.get("replace", ()), 1):
        if replaced.index(row["item"]) != number - 1:
            reader.finding("replace", "item", row["item"], "the row stands twice", "Remove one.", row=number)
        if row["item"] not in items:
            names = ", ".join(items)
            reader.finding(
                "replace", "item", row["item"], "there is no such item", f"Known: {names}.", row=number
            )
            continue
        items[row["item"]] = _replace_item(reader, items[row["item"]], row)
    return tuple(items.values())


def _build_item(
    reader: _Reader, table: Mapping[str, Any], row: Mapping[str, Any], groups: Iterable[tuple[str, ...]]
) -> Item:
    shared = {key: table[key] for key in ("values", "points") if key in table and "unit" not in row}
    values, points = _build_values({**shared, **row})
    name = row["item"]
    return Item(
        row=row["row"],
        name=name,
        label=row["label"],
        values=values,
        points=points,
        system=row.get("system", ""),
        by=row.get("by", "clinician"),
        unit=row.get("unit", ""),
        minimum=_number(row.get("minimum")),
        maximum=_number(row.get("maximum")),
        when=_build_levels(reader, row),
        lab=row.get("lab", ""),
        excludes=tuple(row.get("excludes", ())),
        level_labels=tuple(row.get("level_labels", ())),
        spellings=tuple(row.get("spellings", {}).items()),
        alternatives=next((group for group in groups if name in group), ()),
    )


def _replace_item(reader: _Reader, item: Item, row: Mapping[str, Any]) -> Item:
    changed: dict[str, Any] = {}
    if "label" in row:
        changed["label"] = row["label"]
    if "lab" in row:
        changed["lab"] = row["lab"]
    if "excludes" in row:
        changed["excludes"] = tuple(row["excludes"])
    if {"points", "values", "weight"} & set(row):
        values, points = _build_values({"values": item.values, **row})
        changed |= {"values": values, "points": points}
    if {"when", "levels"} & set(row):
        changed["when"] = _build_levels(reader, row)
    return replace(item, **changed)


def _build_values(row: Mapping[str, Any]) -> tuple[tuple[Any, ...], tuple[float, ...]]:
    """Give the allowed values and their points: ``points = 8`` is short for 0 -> 0, 1 -> 8."""
    points = row.get("points")
    if "unit" in row and "values" not in row:
        return (), ()
    values = tuple(row.get("values", (0, 1)))
    if "weight" in row:
        return values, tuple(float(value) * float(row["weight"]) for value in values)
    if isinstance(points, Sequence):
        return values, tuple(float(point) for point in points)
    if points is not None:
        return values, tuple(float(points) if value == values[-1] else 0.0 for value in values)
    return values, tuple(float(n) for n, _ in enumerate(values))


def _build_levels(reader: _Reader, row: Mapping[str, Any]) -> tuple[tuple[Condition, ...], ...]:
    """Give one tuple of conditions per level: ``when`` serves the only level, ``levels`` several."""
    when = row.get("when", [])
    levels = row.get("levels", [[when] if isinstance(when, str) else when] if when else [])
    number, name = row.get("row", 0), row["item"]
    return tuple(
        tuple(
            _parse(reader, "items", text, number, name)
            for text in ([level] if isinstance(level, str) else level)
        )
        for level in levels
    )


def _build_feature(reader: _Reader, row: Mapping[str, Any], number: int) -> Feature:
    return Feature(
        name=row["feature"],
        system=row["system"],
        label=row["label"],
        clause=row.get("clause", ""),
        when=_parse(reader, "features", row["when"], number, row["feature"]),
        choice=tuple(row.get("if", {}).items()),
        only_without=tuple(row.get("only_without", ())),
        first_visit=row.get("first_visit", False),
        previous_missing=row.get("previous_missing", False),
        within_months=row.get("within_months", 0),
    )


def _build_rule(reader: _Reader, row: Mapping[str, Any], number: int) -> Rule:
    when = _parse(reader, "rules", row["when"], number, row["system"]) if "when" in row else None
    return Rule(
        system=row["system"],
        grade=row["grade"],
        clause=row["clause"],
        label=row["label"],
        at_least=row.get("at_least", 1),
        of_items=tuple(row.get("of_items", ())),
        with_level=row.get("with_level", "yes"),
        when=when,
    )
