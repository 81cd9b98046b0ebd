"""A value of the wrong form anywhere in any definition file is reported as a finding, never as a crash."""

import copy
import random
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.registry import DEFINITIONS, TABLES, read_definition, read_definition_file
from funis.errors import DefinitionError, FunisError

FILES = [*sorted(DEFINITIONS.glob("*.toml")), *sorted(TABLES.glob("*.toml"))]
OTHERS: tuple[Any, ...] = ("x", 7, True, [], {}, ["x"], [7], {"a": 1})
PLACES = 12


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Give every value of a file with its path."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))
    if path:
        yield path, value


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_form_of_value_crashes_the_reader(path: Path) -> None:
    tree = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    every = list(places(tree))
    refused = 0
    for place, value in random.Random(20260101).sample(every, min(PLACES, len(every))):  # noqa: S311
        for other in OTHERS:
            if type(other) is type(value):
                continue
            changed = copy.deepcopy(tree)
            node: Any = changed
            for step in place[:-1]:
                node = node[step]
            node[place[-1]] = other
            try:
                read_definition(DefinitionFile(path.name, changed))
            except FunisError:
                refused += 1
    assert refused > PLACES  # most of them; a flag for a number may pass


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("highest = 21", 'highest = "21"', "must be a table or a list of two numbers"),
        ('unit = "degC"', "unit = 37", "line 21, column 'unit': row 1: must be a text"),
        ("{row = 1,", '{row = "1",', "column 'row': row 1: must be a whole number"),
        ('when = "ssdai >= 5"', "when = 5", "line 17, column 'when': row 1: must be a phrase or a list"),
        ("summary = ", "notes_of = 1\nsummary = ", "there is no key 'notes_of'"),
    ],
)
def test_the_place_and_the_form_are_told(old: str, new: str, told: str, tmp_path: Path) -> None:
    text = (DEFINITIONS / "ssdai.toml").read_text(encoding="utf-8")
    assert old in re.sub(r" +", " ", text)
    path = tmp_path / "ssdai.toml"
    path.write_text(re.sub(r" +", " ", text).replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_definition_file(path)
    assert told in str(caught.value)
