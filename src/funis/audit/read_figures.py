"""A TOML of printed figures to frozen records; every fault of the file is told in one run.

Figures stand in quotes, as they are printed: 7.50 without quotes would lose its last zero, and with it what
may have been rounded to it. The rows are described in `ROWS` and in ``docs/methods/printed_figures.md``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from funis.arguments import PathName, takes
from funis.audit.figures import (
    INTERVAL_MEASURES,
    INTERVAL_METHODS,
    LIMIT_KINDS,
    MEAN_SPREADS,
    MEDIAN_SPREADS,
    NAMED_TESTS,
    RELATIONS,
    FigureLabels,
    FigurePlace,
    OutcomeScale,
    PrintedCount,
    PrintedFigure,
    PrintedGroupSize,
    PrintedInterval,
    PrintedLimit,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
    PrintedP,
    PrintedTotal,
    ReportFigures,
    plain_number,
)
from funis.audit.scales import ScaleRow, find_scale_fault, make_scale
from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.errors import Finding, FindingsError
from funis.letters import find_forbidden
from funis.toml_places import find_lines, nearest_line

_LIMITS: Final = Limits(megabytes=5)
_Place = tuple[str | int, ...]


class FiguresError(FindingsError):
    """A file of printed figures cannot be used; holds every finding found in it."""

    code = "figures"


class _Key(NamedTuple):
    """What a key holds: its kind, whether a row needs it, and the words it may be."""

    kind: str
    required: bool = False
    words: Sequence[str] = ()


_NUMBER, _TEXT, _OFFSET = _Key("number"), _Key("text"), _Key("offset")
#: Keys every row may have: what the figure is about, and where it is printed.
_ABOUT: Final[Mapping[str, _Key]] = {
    "id": _TEXT, "outcome": _TEXT, "group": _TEXT, "time": _TEXT, "unit": _TEXT, "analyte": _TEXT,
    "sentence": _TEXT, "start": _OFFSET, "end": _OFFSET, "page": _Key("count"),
}  # fmt: skip
#: The lists of a file of figures, and the keys of their rows beside those that every row has.
ROWS: Final[Mapping[str, Mapping[str, _Key]]] = {
    "counts": {
        "count": _NUMBER, "denominator": _NUMBER, "percent": _NUMBER, "denominator_name": _TEXT,
        "only_after": _Key("texts"), "is_cumulative": _Key("yes_no"),
    },
    "means": {
        "mean": _Key("number", required=True), "spread": _NUMBER,
        "spread_kind": _Key("word", words=MEAN_SPREADS), "n": _NUMBER,
    },
    "medians": {
        "median": _Key("number", required=True), "low": _NUMBER, "high": _NUMBER,
        "spread_kind": _Key("word", words=MEDIAN_SPREADS), "n": _NUMBER,
    },
    "p_values": {
        "p": _Key("number", required=True), "relation": _Key("word", words=RELATIONS),
        "test": _Key("word", words=NAMED_TESTS), "against_time": _TEXT, "against_group": _TEXT, "n": _NUMBER,
        "is_two_sided": _Key("yes_no"),
    },
    "intervals": {
        "low": _Key("number", required=True), "high": _Key("number", required=True), "estimate": _NUMBER,
        "level": _NUMBER, "measure": _Key("word", words=INTERVAL_MEASURES),
        "method": _Key("word", words=INTERVAL_METHODS), "against_group": _TEXT, "p_value": _TEXT,
        "is_adjusted": _Key("yes_no"), "is_credible": _Key("yes_no"),
    },
    "group_sizes": {"n": _Key("number", required=True)},
    "limits": {
        "value": _Key("number", required=True), "relation": _Key("word", required=True, words=RELATIONS),
        "kind": _Key("word", words=LIMIT_KINDS),
    },
    "totals": {
        "total": _Key("number", required=True), "parts": _Key("numbers", required=True),
        "part_names": _Key("texts"), "is_exclusive": _Key("yes_no"),
    },
}  # fmt: skip
#: What is known of an outcome, said once for all its figures.
SCALE_KEYS: Final[Mapping[str, _Key]] = {
    "outcome": _Key("text", required=True), "step": _NUMBER, "minimum": _NUMBER, "maximum": _NUMBER,
    "items": _Key("count"), "instrument": _TEXT, "analyte": _TEXT,
}  # fmt: skip
_TOP: Final = ("title", "source", "file", "scales", *ROWS)
_MADE: Final[Mapping[str, Callable[..., PrintedFigure]]] = {
    "counts": PrintedCount, "means": PrintedMean, "medians": PrintedMedian, "p_values": PrintedP,
    "intervals": PrintedInterval, "group_sizes": PrintedGroupSize, "limits": PrintedLimit,
    "totals": PrintedTotal,
}  # fmt: skip
_WANTED: Final[Mapping[str, str]] = {
    "number": 'a number as printed, in quotes: "7.50"',
    "numbers": 'a list of numbers as printed, in quotes: ["23", "1"]',
    "text": "a text in quotes",
    "texts": "a list of texts in [ ]",
    "offset": "a whole number, 0 or more",
    "count": "a whole number, 1 or more",
    "yes_no": "true or false",
}
#: Figures that are not below 0.
_NOT_NEGATIVE: Final = frozenset({"spread", "percent", "p"})
#: Figures that count subjects or events: they are whole and not below 0.
_WHOLE: Final = frozenset({"count", "denominator", "n", "total", "parts"})


@dataclass(slots=True)
class _Reading:
    """One file being read, and what was found wrong in it."""

    name: str
    lines: dict[_Place, int]
    findings: list[Finding] = field(default_factory=list)

    def find(self, place: _Place, code: str, found: object, message: str, fix: str) -> None:
        """Note a finding at its line."""
        column = place[-1] if isinstance(place[-1], str) and len(place) > 1 else ""
        line = nearest_line(self.lines, place)
        value = str(found)[:60]
        self.findings.append(
            Finding("error", code, str(place[0]), self.name, line, column, value, message, fix)
        )


@takes(path=PathName())
def read_figures(path: str | Path) -> ReportFigures:
    """Read a TOML of printed figures.

    Parameters
    ----------
    path : of the file, UTF-8, at most 5 megabytes

    Returns
    -------
    ReportFigures

    Raises
    ------
    FiguresError : with every finding of the file at once, each with its line

    Examples
    --------
    >>> read_figures("no_such_file.toml")
    Traceback (most recent call last):
    ...
    funis.audit.read_figures.FiguresError: figures no_such_file.toml: 1 finding.
      error: no_such_file.toml: There is no file of this name. Name a file that is there.
    """
    place = Path(path)
    try:
        text = read_regular(place, _LIMITS).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(place.name, "encoding", "The file is not UTF-8 text.", "Save it as UTF-8.") from error
    except BeyondLimitError as error:
        raise _refused(place.name, error.finding, error.message, "Take out what is no figure.") from error
    except RefusedFileError as error:
        raise _refused(place.name, error.finding, error.message, error.fix) from error
    except FileNotFoundError as error:
        fix = "Name a file that is there."
        raise _refused(place.name, "file_missing", "There is no file of this name.", fix) from error
    except OSError as error:
        message = f"The file cannot be opened: {error.strerror}."
        raise _refused(place.name, "file_closed", message, "Check that you may read it.") from error
    return parse_figures(text.replace("\r\n", "\n"), place.name)


def parse_figures(text: str, name: str) -> ReportFigures:
    """Parse the text of a TOML of printed figures.

    Parameters
    ----------
    text : TOML
    name : of the file, for messages and as the place of the figures

    Returns
    -------
    ReportFigures

    Raises
    ------
    FiguresError : with every finding of the text at once

    Examples
    --------
    >>> found = parse_figures('''
    ... [[counts]]
    ... outcome = "major clinical response"
    ... count = "14"
    ... denominator = "40"
    ... percent = "35.0"
    ... ''', "figures.toml")
    >>> found.figures[0].percent.decimals, found.figures[0].place.line
    (1, 2)
    """
    content = _load(text, name)
    reading = _Reading(name, find_lines(text))
    for key in content:
        if key not in _TOP:
            reading.find((key,), "unknown_key", "", f"There is no key '{key}' here.", nearest_name(key, _TOP))
    for key in ("title", "source", "file"):
        _check(reading, (key,), content.get(key, ""), _TEXT)
    scales = _read_scales(reading, content.get("scales", []))
    figures = [
        figure
        for key in ROWS
        for figure in _read_list(reading, key, content.get(key, []), str(content.get("file", name)), scales)
    ]
    _refuse_second_ids(reading, figures)
    _refuse_unknown_p(reading, figures)
    if not figures and not reading.findings:
        message, fix = "The file has no figure.", f"Write at least one row of {', '.join(ROWS)}."
        reading.find(("counts",), "no_figure", "", message, fix)
    if reading.findings:
        raise FiguresError(f"figures {name}", sorted(reading.findings, key=lambda each: each.line or 0))
    figures.sort(key=lambda each: each.place.line or 0)
    return ReportFigures(name, str(content.get("title", "")), str(content.get("source", "")), tuple(figures))


def _load(text: str, name: str) -> dict[str, Any]:
    try:
        # A number without quotes is kept as a float, to be refused with its line.
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        message = f"The file is not TOML: {str(error).partition(' (at')[0]}."
        fix = "Correct the line; texts and printed numbers stand in quotes, and each key once in its row."
        line = int(match.group(1)) if match else None
        raise FiguresError(
            f"figures {name}", [Finding("error", "syntax", "", name, line, "", "", message, fix)]
        ) from error


def _refused(name: str, code: str, message: str, fix: str) -> FiguresError:
    return FiguresError(f"figures {name}", [Finding("error", code, "", name, None, "", "", message, fix)])


def nearest_name(name: str, known: Sequence[str]) -> str:
    """Say which known names there are, the nearest first.

    Examples
    --------
    >>> nearest_name("meen", ["mean", "n"])
    "Did you mean 'mean'? Known: mean, n."
    """
    near = get_close_matches(name.casefold(), known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{hint}Known: {', '.join(each or '(empty)' for each in known)}."


# --- rows ----------------------------------------------------------------------------------------------


def _rows(reading: _Reading, key: str, entries: object) -> list[tuple[_Place, dict[str, Any]]]:
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        fix = f"Write [[{key}]] above each row."
        reading.find((key,), "type", entries, f"'{key}' must be a list of rows.", fix)
        return []
    return [((key, number), entry) for number, entry in enumerate(entries)]


def _read_scales(reading: _Reading, entries: object) -> dict[str, ScaleRow]:
    """Read what is known of each outcome."""
    scales: dict[str, ScaleRow] = {}
    for place, entry in _rows(reading, "scales", entries):
        values = _read_row(reading, place, entry, SCALE_KEYS)
        if values is None:
            continue
        outcome = values.pop("outcome")
        for key in {"step", "minimum", "maximum"} & set(values):
            values[key] = values[key].value
        row = ScaleRow(**values)
        fault = find_scale_fault(row)
        if fault is not None:
            reading.find((*place, fault.key), "scale", fault.found, fault.message, fault.fix)
        elif outcome in scales:
            fix = "Say everything about it in one row."
            reading.find((*place, "outcome"), "scale", outcome, "The outcome has two rows of scales.", fix)
        else:
            scales[outcome] = row
    return scales


def _read_list(
    reading: _Reading, key: str, entries: object, file: str, scales: Mapping[str, ScaleRow]
) -> list[PrintedFigure]:
    """Read the rows of one list; a row with a finding is left out."""
    figures = []
    for place, entry in _rows(reading, key, entries):
        values = _read_row(reading, place, entry, {**_ABOUT, **ROWS[key]})
        if values is None or not _fits_together(reading, key, place, values):
            continue
        scale = scales.get(values.get("outcome", ""), ScaleRow())
        about = {each: values.pop(each, "") for each in ("outcome", "group", "time", "unit", "analyte")}
        labels = FigureLabels(**about, scale=make_scale(scale) if scale != ScaleRow() else OutcomeScale())
        labels = replace(labels, analyte=labels.analyte or scale.analyte)
        start, end, sentence = values.pop("start", None), values.pop("end", None), values.pop("sentence", "")
        line, page = nearest_line(reading.lines, place), values.pop("page", None)
        where = FigurePlace(file, sentence, start, end, line, page)
        name = values.pop("id", f"{key}.{int(place[1]) + 1}")
        figures.append(_MADE[key](id=name, about=labels, place=where, **values))
    return figures


def _read_row(
    reading: _Reading, place: _Place, entry: Mapping[str, Any], keys: Mapping[str, _Key]
) -> dict[str, Any] | None:
    """Check the keys and kinds of one row; give its values, None where anything was found."""
    before = len(reading.findings)
    values: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in keys:
            message = f"There is no key '{key}' in a row of {place[0]}."
            reading.find((*place, key), "unknown_key", "", message, nearest_name(key, tuple(keys)))
        elif _check(reading, (*place, key), value, keys[key]):
            values[key] = _convert(value, keys[key].kind)
    for key, about in keys.items():
        if about.required and key not in entry:
            reading.find(place, "lacking_key", "", f"The row of {place[0]} lacks '{key}'.", "Add it.")
    return values if len(reading.findings) == before else None


def _convert(value: Any, kind: str) -> Any:
    if kind == "number":
        return PrintedNumber(str(value))
    if kind == "numbers":
        return tuple(PrintedNumber(str(each)) for each in value)
    return tuple(value) if kind == "texts" else value


def _check(reading: _Reading, place: _Place, value: object, key: _Key) -> bool:
    """Tell whether a value is of its kind; note where it is not."""
    name = str(place[-1])
    if key.kind == "word":
        if value not in key.words:
            fix = nearest_name(str(value), key.words)
            reading.find(place, "unknown_word", value, f"'{name}' cannot be this.", fix)
        return value in key.words
    numbers = value if key.kind == "numbers" and isinstance(value, list) else [value]
    if key.kind in {"number", "numbers"} and any(isinstance(each, float) for each in numbers):
        fix = 'Write it as printed, in quotes: "7.50" and "7.5" are rounded differently.'
        reading.find(place, "not_quoted", value, f"'{name}' stands without quotes.", fix)
    elif not _is_of(value, key.kind):
        reading.find(place, "type", value, f"'{name}' must be {_WANTED[key.kind]}.", "Write it so.")
    elif name in _WHOLE and not all(_is_count(each) for each in numbers):
        fix = "Write the number of subjects or events; a percentage has its own key."
        reading.find(place, "no_count", value, f"'{name}' must be a whole number, 0 or more.", fix)
    elif name in _NOT_NEGATIVE and (plain_number(str(value)) or "").startswith("-"):
        reading.find(place, "negative", value, f"'{name}' cannot be below 0.", "Write it as printed.")
    else:
        return True
    return False


def _is_of(value: object, kind: str) -> bool:
    if kind in {"numbers", "texts"}:
        inner = "number" if kind == "numbers" else "text"
        return isinstance(value, list) and bool(value) and all(_is_of(each, inner) for each in value)
    if kind == "yes_no":
        return isinstance(value, bool)
    if kind in {"offset", "count"}:
        lowest = 0 if kind == "offset" else 1
        return isinstance(value, int) and not isinstance(value, bool) and value >= lowest
    if kind == "number" and isinstance(value, int):
        return not isinstance(value, bool)
    if not isinstance(value, str) or find_forbidden(value):
        return False
    return kind == "text" or (len(value) <= 40 and plain_number(value) is not None)


def _is_count(value: object) -> bool:
    plain = plain_number(str(value)) or "-1"
    return "." not in plain and not plain.startswith("-")


def _fits_together(reading: _Reading, key: str, place: _Place, values: Mapping[str, Any]) -> bool:
    """Check what the keys of one row say together."""
    before = len(reading.findings)
    if key == "counts" and not {"count", "denominator", "percent"} & set(values):
        fix = "Write what is printed."
        reading.find(place, "lacking_key", "", "The row has no count, denominator or percent.", fix)
    if key == "means" and values.get("spread_kind", "not said") != "not said" and "spread" not in values:
        reading.find(place, "lacking_key", "", "The row names a spread and has none.", "Add 'spread'.")
    if key == "p_values" and {"against_time", "against_group"} <= set(values):
        message, fix = "A P value compares times or groups, not both.", "Keep one of the two keys."
        reading.find((*place, "against_group"), "comparison", values["against_group"], message, fix)
    if key == "intervals" and "level" in values and not 0 < values["level"].value < 100:
        message, fix = "A level lies between 0 and 100.", "Write it in percent, such as 95."
        reading.find((*place, "level"), "level", values["level"], message, fix)
    if key == "totals" and len(values.get("part_names", values["parts"])) != len(values["parts"]):
        message, fix = "There are not as many names as parts.", "Name each part, or none."
        reading.find((*place, "part_names"), "length", len(values["part_names"]), message, fix)
    if ("start" in values) != ("end" in values) or values.get("start", 0) > values.get("end", 0):
        message, fix = "An offset lacks its other, or ends before it starts.", "Give both, start first."
        reading.find(place, "offsets", f"{values.get('start')}, {values.get('end')}", message, fix)
    return len(reading.findings) == before


def _refuse_second_ids(reading: _Reading, figures: Sequence[PrintedFigure]) -> None:
    for name, times in Counter(each.id for each in figures).items():
        if times > 1:
            line = [each.place.line for each in figures if each.id == name][1]
            message, fix = f"The id {name!r} stands {times} times.", "Give each figure its own."
            reading.findings.append(
                Finding("error", "id_twice", "", reading.name, line, "id", name[:60], message, fix)
            )


def _refuse_unknown_p(reading: _Reading, figures: Sequence[PrintedFigure]) -> None:
    """Refuse an interval whose P value is no P value of the file."""
    known = [each.id for each in figures if isinstance(each, PrintedP)]
    for each in figures:
        if isinstance(each, PrintedInterval) and each.p_value and each.p_value not in known:
            message = "No P value of the file has this id."
            reading.findings.append(
                Finding(
                    "error", "unknown_p", "intervals", reading.name, each.place.line, "p_value",
                    each.p_value[:60], message, nearest_name(each.p_value, known),
                )
            )  # fmt: skip
