"""Checks that every key of a definition file holds the form of value it must: a text, a number, a list, rows.

It runs before anything is read, so that a mistake such as ``points = "3"`` is reported with its line and no
reader has to look at types. A key holds the same form everywhere; where it does not, it stands below with its
table, or with the kind of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile, DefinitionFinding

Place = tuple[str, int | None, str]
_NAMES: Final = (
    "item",
    "feature",
    "id",
    "class",
    "analyte",
    "drug",
    "preset",
    "grid",
    "test",
    "event",
    "name",
    "system",
    "unit",
)
"""Keys that name a row, to tell where a finding is."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | Decimal)


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _some_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: bool(value) and _list_of(fits)(value)


def _either(*forms: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: any(fits(value) for fits in forms)


def _table_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


_texts = _list_of(_is_text)
_phrases = _either(_is_text, _texts)
_rows = _list_of(_is_table)
_FORMS: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("a text", _is_text, """
        name title label version kind source certainty family window summary missing not_done
        unit within reversed_by applies items_of rules_of others_as otherwise item system by lab
        feature features.clause with_level per how status evidence id class event before note
        preset grid domain term measure reading side drug analyte doses_of hint_low hint_high test route words
        reason score
        toxicity.if rules.grade
    """),
    ("a number", _is_number, """
        lowest highest minimum maximum weight per_minutes only_above over at_most routes.factor intercept
        factors.at_least power base times constant equals_5_mg mg_per_day mean sd
        correlation
    """),
    ("a whole number", _is_whole, """
        digits row within_months count rules.clause rules.at_least rules.points criteria.points
        subjects toxicity.grade
    """),
    ("true or false", lambda value: isinstance(value, bool), """
        per_system less_is_worse relapse responder laboratory proposal yes_no
        toxicity state
    """),
    ("a text, a number, true or false", _is_plain, "rule default first_visit previous_missing is"),
    ("a text or a number", _either(_is_text, _is_number), "limit conversions.factor offset"),
    ("a list of texts", _texts, """
        systems notes criteria.at_least without of_items only_without excludes level_labels all
        none also groups names of instruments
    """),
    ("a list of whole numbers", _list_of(_is_whole), "clinical"),
    ("a list of numbers", _some_of(_is_number), "means sds possible usual"),
    ("a list of values", _list_of(_is_plain), "values allowed parameters.factors"),
    ("a list of lists of texts", _list_of(_texts), "alternatives"),
    ("a phrase or a list of phrases", _phrases, "when"),
    ("a list of phrases, each alone or in a list", _list_of(_phrases), "any any_collected levels"),
    ("a number or a list of numbers", _either(_is_number, _some_of(_is_number)), "points"),
        ("true, false or a text", _either(_is_text, lambda value: isinstance(value, bool)), "optional"),
    ("a table of values", _table_of(_is_plain), "if where only_if items.spellings"),
    ("a table of texts", _table_of(_is_text), "licence"),
    ("a table of numbers", _table_of(_is_number), "grade_points items.curve"),
    ("a table of lists of texts", _table_of(_texts), "sets"),
    ("a table or a list of two numbers", _either(_table_of(_is_number), _list_of(_is_number)), "range"),
    ("a table of tables", _table_of(_is_table), "response.parameters quantities"),
    ("a list of rows", _rows, """
        items replace features rules routes flags factors summaries measures criteria classes
        failures needs terms grades drugs units routes analytes conversions parameters spellings
        grids presets limits
    """),
)  # fmt: skip
_FORM_OF: Final = {key: (words, fits) for words, fits, keys in _FORMS for key in keys.split()}


def check_forms(file: DefinitionFile) -> Iterator[DefinitionFinding]:
    """Find values of the wrong form, in the file and in every row of its tables.

    Parameters
    ----------
    file : an opened file of any kind

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well; keys that nobody knows are left to the readers
    """
    kind = str(file.content.get("kind", ""))
    yield from _check_row(NO_PLACE, file.content, kind)
    for table, value in file.content.items():
        if isinstance(value, list):
            for number, row in enumerate(value, 1):
                if isinstance(row, dict):
                    yield from _check_row((table, number, _name_of(row)), row, kind)
        elif table in ("parameters", "quantities") and isinstance(value, dict):
            for name, row in value.items():
                if isinstance(row, dict):
                    yield from _check_row((table, None, name), row, kind)


def _check_row(place: Place, row: Content, kind: str) -> Iterator[DefinitionFinding]:
    for key, value in row.items():
        names = (f"{kind}.{key}", f"{place[0]}.{key}", key)
        words, fits = next((_FORM_OF[name] for name in names if name in _FORM_OF), ("", None))
        if fits is not None and not fits(value):
            yield DefinitionFinding(*place, key, value, f"must be {words}", "Correct the value.")


def _name_of(row: Content) -> str:
    return next((str(row[key]) for key in _NAMES if isinstance(row.get(key), str)), "")
