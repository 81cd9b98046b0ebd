"""Builds an instrument from its file: each row of the file becomes one row of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from funis.catalogue.analyte_limits import possible_in
from funis.catalogue.check_instrument import check_instrument
from funis.catalogue.conditions import Condition, parse_condition
from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_analytes import AnalyteTable
from funis.catalogue.model_instrument import (
    Definition,
    EquationFactor,
    Feature,
    Flag,
    GradeRule,
    Item,
    MeasuredQuantity,
    PartSummary,
    Range,
    Route,
)
from funis.catalogue.model_parameter import Parameter
from funis.catalogue.read_curve import read_curve

FindInstrument = Callable[[str], Definition]
FindAnalytes = Callable[[], AnalyteTable]

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
                "intercept",
                "factors",
                "per_system",
                "summaries",
                "less_is_worse",
                "toxicity",
                "label",
                "certainty",
                "proposal",
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
                "analyte",
                "reversed",
                "curve",
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
    "measures": (
        frozenset({"name", "unit", "label"}),
        frozenset({"minimum", "maximum", "optional", "analyte"}),
    ),
    "features": (
        frozenset({"feature", "system", "label", "when"}),
        frozenset(
            {
                "clause",
                "if",
                "only_without",
                "first_visit",
                "previous_missing",
                "within_months",
                "within_days",
            }
        ),
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


def read_instrument(file: DefinitionFile, find: FindInstrument, find_analytes: FindAnalytes) -> Definition:
    """Build one instrument, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of ``definitions`` whose kind says how items become a score
    find : gives the instrument whose rows a file takes over (``items_of``)
    find_analytes : gives the table of analytes, which says what a measured value can be

    Returns
    -------
    Definition : frozen

    Raises
    ------
    DefinitionError : holds every finding, each with file, line, row, key, what was found and what to do
    """
    _check_keys(file)
    file.stop_at_findings()
    parent = find(file.content["items_of"]) if "items_of" in file.content else None
    found = _build_definition(file, parent, find_analytes)
    file.stop_at_findings()
    file.keep(check_instrument(found))
    file.stop_at_findings()
    return found


def _check_keys(file: DefinitionFile) -> None:
    table = file.content
    file.refuse_unknown_keys(NO_PLACE, table, *KEYS["file"])
    for name in (name for name in KEYS if name not in ("file", "licence", "range")):
        for number, row in enumerate(file.rows(name), 1):
            place = (name, row.get("row", number), str(row.get(_ROW_NAME.get(name, "name"), "")))
            file.refuse_unknown_keys(place, row, *KEYS[name])
    for name in ("licence", "range"):
        if isinstance(table.get(name), dict):
            file.refuse_unknown_keys((name, None, ""), table[name], *KEYS[name])
        elif name in table:
            file.refuse((name, None, ""), "", table[name], "must be a table", "Write {key = value}.")
    if table.get("name") != file.stem:
        fix = f"Write {file.stem!r}."
        file.refuse(NO_PLACE, "name", table.get("name"), "the name is not the file's", fix)
    if ("items" in table) == ("items_of" in table):
        file.refuse(NO_PLACE, "items", "", "needs either items or items_of", "Write one of the two.")


def _build_definition(
    file: DefinitionFile, parent: Definition | None, find_analytes: FindAnalytes
) -> Definition:
    table, analytes = file.content, find_analytes()
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
        certainty=table.get("certainty", ""),
        is_proposal=table.get("proposal", False),
        items=_build_items(file, parent, analytes),
        range=Range(float(table["range"]["lowest"]), float(table["range"]["highest"])),
        systems=tuple(table.get("systems", ())),
        parameters=tuple(_build_parameter(row) for row in table.get("parameters", ())),
        measures=_build_measures(file, parent, analytes),
        features=tuple(_build_feature(file, row, n) for n, row in enumerate(table.get("features", ()), 1)),
        rules=tuple(_build_rule(file, row, n) for n, row in enumerate(table.get("rules", ()), 1)),
        routes=tuple(_build_route(row) for row in table.get("routes", ())),
        flags=tuple(
            Flag(row["name"], row["label"], _parse(file, "flags", row["when"], n), row.get("source", ""))
            for n, row in enumerate(table.get("flags", ()), 1)
        ),
        grade_points=tuple((grade, int(points)) for grade, points in table.get("grade_points", {}).items()),
        notes=tuple(table.get("notes", ())),
        unit=table.get("unit", ""),
        digits=table.get("digits", 0),
        not_done=table.get("not_done", "missing"),
        within=table.get("within", "sum"),
        reversed_by=table.get("reversed_by", ""),
        applies=_parse(file, "file", table["applies"], None) if "applies" in table else None,
        constant=float(table.get("constant", 1)),
        intercept=float(table.get("intercept", 0)),
        factors=tuple(_build_factor(row) for row in table.get("factors", ())),
        per_system=table.get("per_system", False),
        summaries=tuple(map(_build_summary, table.get("summaries", ()))),
        less_is_worse=table.get("less_is_worse", False),
        is_toxicity=table.get("toxicity", False),
        label=table.get("label", table["title"]),
        file=file.name,
    )


def _parse(file: DefinitionFile, table: str, text: object, row: int | None, name: str = "") -> Condition:
    try:
        return parse_condition(str(text))
    except ValueError as error:
        file.refuse((table, row, name), "when", text, str(error), "See the closed grammar of conditions.")
        return Condition(())


def _number(value: Any) -> Any:
    """Make the exact decimals of the file plain numbers where they only bound or weigh."""
    return float(value) if isinstance(value, Decimal) else value


def _build_summary(row: Content) -> PartSummary:
    return PartSummary(row["name"], row["how"], row["label"])


def _build_route(row: Content) -> Route:
    return Route(
        row["item"],
        float(row.get("factor", 1)),
        row.get("per", ""),
        float(row.get("per_minutes", 1)),
        _number(row.get("only_above")),
    )


def _build_factor(row: Content) -> EquationFactor:
    return EquationFactor(
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


def _build_parameter(row: Content) -> Parameter:
    return Parameter(
        row["name"],
        _number(row["default"]),
        tuple(_number(value) for value in row.get("allowed", ())),
        row["label"],
        row.get("source", ""),
        _number(row.get("minimum")),
        _number(row.get("maximum")),
    )


def _find_limits(
    file: DefinitionFile, place: tuple[str, int | None, str], row: Content, analytes: AnalyteTable
) -> dict[str, Any]:
    """Give the limits of a measured value and its analyte; those of an analyte stand in its table alone."""
    name = str(row.get("analyte") or row.get("lab") or place[2])
    stated = {key: _number(row.get(key)) for key in ("minimum", "maximum")}
    analyte = analytes.find(name)
    if analyte is None:
        if "analyte" in row:
            known = ", ".join(analytes.analytes)
            file.refuse(place, "analyte", name, "there is no such analyte", f"Known: {known}.")
        return stated
    found = possible_in(analyte, str(row.get("unit", "")))
    if found is None:
        fix = f"Known: {', '.join(analyte.units)}."
        file.refuse(place, "unit", row.get("unit"), f"is no unit of {analyte.name}", fix)
        return stated
    for key, limit in stated.items():
        if limit is not None:
            file.refuse(place, key, limit, "the table of analytes says what is possible", "Remove it.")
    return {"minimum": found[0], "maximum": found[1], "analyte": analyte.name}


def _build_measures(
    file: DefinitionFile, parent: Definition | None, analytes: AnalyteTable
) -> tuple[MeasuredQuantity, ...]:
    without = set(file.content.get("without", ()))
    own = tuple(
        MeasuredQuantity(
            row["name"],
            row["unit"],
            row["label"],
            optional=row.get("optional", False),
            **_find_limits(file, ("measures", number, row["name"]), row, analytes),
        )
        for number, row in enumerate(file.content.get("measures", ()), 1)
    )
    if parent is None:
        return own
    taken = {measure.name for measure in own}
    left_out = {name for item in parent.items if item.name in without for name in item.measures}
    kept = {name for item in parent.items if item.name not in without for name in item.measures}
    return own + tuple(one for one in parent.measures if one.name not in taken | (left_out - kept))


def _build_items(file: DefinitionFile, parent: Definition | None, analytes: AnalyteTable) -> tuple[Item, ...]:
    table = file.content
    groups = [tuple(group) for group in table.get("alternatives", ())]
    if parent is None:
        rows = table["items"]
        if "values" in table and all("values" in row or "unit" in row for row in rows):
            file.refuse(NO_PLACE, "values", table["values"], "no row takes these values", "Remove them.")
        return tuple(_build_item(file, row, groups, analytes) for row in rows)
    items = {item.name: item for item in parent.items if item.name not in table.get("without", ())}
    replaced = [row["item"] for row in table.get("replace", ())]
    for number, row in enumerate(table.get("replace", ()), 1):
        name = row["item"]
        if replaced.index(name) != number - 1:
            file.refuse(("replace", number, name), "item", name, "the row stands twice", "Remove one.")
        if name not in items:
            fix = f"Known: {', '.join(items)}."
            file.refuse(("replace", number, name), "item", name, "there is no such item", fix)
            continue
        items[name] = _replace_item(file, items[name], row)
    return tuple(items.values())


def _build_item(
    file: DefinitionFile, row: Content, groups: Iterable[tuple[str, ...]], analytes: AnalyteTable
) -> Item:
    table = file.content
    shared = {key: table[key] for key in ("values", "points") if key in table and "unit" not in row}
    values, points = _build_values(file, {**shared, **row})
    name = row["item"]
    place = ("items", row["row"], name)
    limits = {} if values else _find_limits(file, place, row, analytes)
    if row.get("reversed", False):
        values = _turn_round(file, row, values)
    return Item(
        row=row["row"],
        name=name,
        label=row["label"],
        values=values,
        points=points,
        system=row.get("system", ""),
        by=row.get("by", "clinician"),
        unit=row.get("unit", ""),
        **limits,
        when=_build_levels(file, row),
        lab=row.get("lab", ""),
        excludes=tuple(row.get("excludes", ())),
        level_labels=tuple(row.get("level_labels", ())),
        spellings=tuple(row.get("spellings", {}).items()),
        alternatives=next((group for group in groups if name in group), ()),
        curve=read_curve(file, place, row),
    )


def _turn_round(file: DefinitionFile, row: Content, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put the values of an item that counts the other way round in the order of their points."""
    place = ("items", row["row"], row["item"])
    if len(values) < 3 or isinstance(values[0], str):
        fix = "Remove it; name a yes/no item by its opposite."
        file.refuse(
            place, "reversed", "true", "only an item of several numbers counts the other way round", fix
        )
    if {"when", "levels"} & set(row):
        fix = "Remove one of the two."
        file.refuse(place, "reversed", "true", "measured values cannot fill an item that is reversed", fix)
    return values[::-1]


def _replace_item(file: DefinitionFile, item: Item, row: Content) -> Item:
    changed: dict[str, Any] = {}
    if "label" in row:
        changed["label"] = row["label"]
    if "lab" in row:
        changed["lab"] = row["lab"]
    if "excludes" in row:
        changed["excludes"] = tuple(row["excludes"])
    if {"points", "values", "weight"} & set(row):
        values, points = _build_values(file, {"values": item.values, **row})
        changed |= {"values": values, "points": points}
    if {"when", "levels"} & set(row):
        changed["when"] = _build_levels(file, row)
    return replace(item, **changed)


def _build_values(file: DefinitionFile, row: Content) -> tuple[tuple[Any, ...], tuple[float, ...]]:
    """Give the allowed values and their points: ``points = 8`` is short for 0 -> 0, 1 -> 8."""
    points = row.get("points")
    if "unit" in row and "values" not in row:
        return (), ()
    values = tuple(row.get("values", (0, 1)))
    if "weight" in row and any(isinstance(value, str) for value in values):
        place = ("items", row.get("row"), row["item"])
        file.refuse(place, "weight", row["weight"], "only numbers can be weighed", "Write points instead.")
        return values, ()
    if "weight" in row:
        return values, tuple(float(value) * float(row["weight"]) for value in values)
    if isinstance(points, Sequence):
        return values, tuple(float(point) for point in points)
    if points is not None:
        return values, tuple(float(points) if value == values[-1] else 0.0 for value in values)
    return values, tuple(float(n) for n, _ in enumerate(values))


def _build_levels(file: DefinitionFile, row: Content) -> tuple[tuple[Condition, ...], ...]:
    """Give one tuple of conditions per level: ``when`` serves the only level, ``levels`` several."""
    when = row.get("when", [])
    levels = row.get("levels", [[when] if isinstance(when, str) else when] if when else [])
    number, name = row.get("row", 0), row["item"]
    return tuple(
        tuple(
            _parse(file, "items", text, number, name)
            for text in ([level] if isinstance(level, str) else level)
        )
        for level in levels
    )


def _build_feature(file: DefinitionFile, row: Content, number: int) -> Feature:
    return Feature(
        name=row["feature"],
        system=row["system"],
        label=row["label"],
        clause=row.get("clause", ""),
        when=_parse(file, "features", row["when"], number, row["feature"]),
        choice=tuple(row.get("if", {}).items()),
        only_without=tuple(row.get("only_without", ())),
        first_visit=row.get("first_visit", False),
        previous_missing=row.get("previous_missing", False),
        within_months=row.get("within_months", 0),
        within_days=row.get("within_days", 0),
    )


def _build_rule(file: DefinitionFile, row: Content, number: int) -> GradeRule:
    when = _parse(file, "rules", row["when"], number, row["system"]) if "when" in row else None
    return GradeRule(
        system=row["system"],
        grade=row["grade"],
        clause=row["clause"],
        label=row["label"],
        at_least=row.get("at_least", 1),
        of_items=tuple(row.get("of_items", ())),
        with_level=row.get("with_level", "yes"),
        when=when,
    )
