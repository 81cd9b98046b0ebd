"""Single faults for definition files: a number, an operator, a name, a row, a choice, a unit, a label.

Only faults that change what is computed or printed are made; a fault that leaves both as they were (two
independent rows in another order, a key that repeats its default) is none.
"""

from __future__ import annotations

import copy
import json
import random
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

Tree = dict[str, Any]
Path = tuple[str | int, ...]
CONDITIONS = {"when", "any", "any_collected", "levels", "applies"}
WORDS = {"label", "source", "title", "version", "status", "summary", "window", "missing", "notes"}
SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
REVERSED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
OTHER = {
    "met": "not_met", "not_met": "met", "response": "horizon", "horizon": "response", "death": "withdrawal",
    "withdrawal": "death", "maximum": "minimum", "minimum": "maximum", "active": "present", "present": "active",
    "improving": "active", "A": "B", "B": "C", "C": "A", "clinician": "lab", "lab": "clinician", "subject": "lab",
    "device": "lab", "absent": "missing", "full": "partial", "partial": "full", "none": "full",
}  # fmt: skip
CHOSEN = {"extent", "optional", "before", "event", "how", "with_level", "grade", "by", "not_done"}
# What a paper's source or evidence says beside a row is prose, and a spelling of zero is zero.
PROSE = {"parameters", "flags", "licence", "spellings", "allowed"}


def write(value: Any) -> str:
    """Write a value as TOML; top-level keys stand one a line, which the loaders look for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {write(part)}" for key, part in value.items()) + "}"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def write_file(tree: Tree) -> str:
    return "".join(f"{key} = {write(value)}\n" for key, value in tree.items())


def change(tree: Tree, path: Path, value: Any) -> str:
    changed = copy.deepcopy(tree)
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return write_file(changed)


def nodes(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Give every value of the tree with its path, the branches after their leaves."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from nodes(part, (*path, key))
    if path:
        yield path, value


def is_condition(path: Path) -> bool:
    return not CONDITIONS.isdisjoint(path) or (path[-2:-1] == ("at_least",) and isinstance(path[-1], int))


def condition_faults(text: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"<=|>=|<|>", text):
        for kind, other in (("operator", SWAPPED), ("operator reversed", REVERSED)):
            yield kind, text[: found.start()] + other[found.group()] + text[found.end() :]
    for found in re.finditer(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", text):
        limit = Decimal(found.group())
        for other_limit in {limit + 1, limit - 1, limit * 10} - {limit}:
            yield "limit", text[: found.start()] + format(other_limit, "f") + text[found.end() :]
    for found in re.finditer(r"[a-z][a-z0-9_]{3,}(?= [<>])", text):
        yield "name in a condition", text[: found.end() - 1] + text[found.end() :]


def leaf_faults(path: Path, value: Any) -> Iterator[tuple[str, Any]]:
    key = next(step for step in reversed(path) if isinstance(step, str))
    if isinstance(value, bool):
        yield "yes or no", not value
    elif isinstance(value, int | Decimal):
        yield from (("number", other) for other in {value + 1, value - 1, value * 10} - {value})
    elif is_condition(path):
        yield from condition_faults(value)
    elif key in CHOSEN and value in OTHER:
        yield f"choice of {key}", OTHER[value]
    elif key in WORDS and value and PROSE.isdisjoint(path):
        yield "no words", " "
    elif key == "unit":
        yield "unit", "mg" if value != "mg" else "g"
    elif (
        key in {"item", "id", "feature", "name", "class", "of_items", "all", "per", "measure", "test"}
        and value
    ):
        yield "name", value[:-1] or "x"


def row_faults(path: Path, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], dict):
        return
    key = next((name for name in ("item", "id", "test") if name in value[0]), "")
    # The order of reworded rows says nothing, and neither does which of two equal rows comes first.
    plain = [{name: part for name, part in row.items() if name != key} for row in value]
    for number, row in enumerate(value):
        # A row that only gives a weight may give the one it has anyway.
        if path != ("replace",) or set(row) != {"item", "weight"}:
            yield "row removed", value[:number] + value[number + 1 :]
        yield "row twice", value[: number + 1] + value[number:]
        if number + 1 == len(value) or not key or path == ("grades",):
            continue
        is_same = path == ("replace",) and plain[number] == plain[number + 1]
        if row[key] != value[number + 1].get(key) and not is_same:
            pair = [row | {key: value[number + 1][key]}, value[number + 1] | {key: row[key]}]
            yield "names exchanged", value[:number] + pair + value[number + 2 :]


def mutants(text: str, count: int, seed: int) -> list[tuple[str, str, str]]:
    """Give up to so many faulty files: kind of fault, where and what, text; the same for the same seed.

    Every kind of fault is drawn before any is drawn twice.
    """
    tree = tomllib.loads(text, parse_float=Decimal)
    by_kind: dict[str, list[tuple[Path, int, Any]]] = {}
    for path, value in nodes(tree):
        faults = row_faults(path, value) if isinstance(value, list | dict) else leaf_faults(path, value)
        for number, (kind, other) in enumerate(faults):
            by_kind.setdefault(kind, []).append((path, number, other))
    rng = random.Random(seed)  # noqa: S311
    for listed in by_kind.values():
        rng.shuffle(listed)
    drawn: list[tuple[str, str, str]] = []
    while len(drawn) < count and any(by_kind.values()):
        for kind, listed in by_kind.items():
            if listed:
                path, number, other = listed.pop()
                said = number if isinstance(other, list) else other
                drawn.append((kind, f"{'.'.join(map(str, path))}: {said}", change(tree, path, other)))
    return drawn[:count]
