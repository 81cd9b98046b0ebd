"""The text of a manifest of published statements to a frozen Manifest, every finding reported at once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from funis.errors import Finding, FindingsError
from funis.letters import find_forbidden
from funis.published.manifest import (
    ASSUMED,
    AT_A_VISIT,
    DIRECTIONS,
    RELATIONS,
    SELECTORS,
    STATUSES,
    Claim,
    Figure,
    Manifest,
    OtherReport,
    Sentence,
)
from funis.toml_places import find_lines, nearest_line

#: Each list of the file, and what one of its rows is.
_LISTS: Final[Mapping[str, type]] = {
    "sentences": Sentence, "figures": Figure, "claims": Claim, "elsewhere": OtherReport,
}  # fmt: skip
_TOP: Final = ("title", "source", "select", *_LISTS)
_MARK: Final = re.compile(r"\{([^{}]*)\}")
_WANTED: Final = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    tuple: "a list of texts in [ ]",
    bool: "true or false",
}
#: Keys that hold something else than a text.
_KIND_OF: Final = {
    "number": int, "sentence": int, "factor": float, "derived": bool, "visits": tuple, "results": tuple,
}  # fmt: skip


class ManifestError(FindingsError):
    """A file of published statements cannot be used; holds every finding found in it."""

    code = "manifest"


@dataclass(slots=True)
class _Reading:
    """One file being read, and what was found wrong in it."""

    name: str
    lines: dict[tuple[str | int, ...], int]
    findings: list[Finding] = field(default_factory=list)

    def find(self, place: tuple[str | int, ...], code: str, found: str, message: str, fix: str) -> None:
        """Note a finding at its line."""
        line = nearest_line(self.lines, place)
        column = place[-1] if isinstance(place[-1], str) else ""
        self.findings.append(
            Finding("error", code, str(place[0]), self.name, line, column, found, message, fix)
        )


def parse_manifest(text: str, name: str) -> Manifest:
    """Parse the text of a manifest of published statements.

    Parameters
    ----------
    text : TOML
    name : of the file, for messages

    Returns
    -------
    Manifest : every sentence has a row and every row a sentence

    Raises
    ------
    ManifestError : with every finding of the text at once

    Examples
    --------
    >>> found = parse_manifest('''
    ... sentences = [{number = 1, part = "Results", text = "{n} took part."}]
    ... figures = [{id = "n", sentence = 1, printed = "40", results = ["population.treated.subjects.n"]}]
    ... ''', "statements.toml")
    >>> found.figures[0].relation, found.figures[0].printed
    ('=', '40')
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        line = int(match.group(1)) if match else None
        message = f"The file is not TOML: {str(error).partition(' (at')[0]}."
        fix = "Correct the line; texts stand in quotes, lists in [ ], and each key once in its row."
        raise ManifestError(
            name, [Finding("error", "syntax", "", name, line, "", "", message, fix)]
        ) from error
    reading = _Reading(name, find_lines(text))
    common = _read_top(reading, content)
    rows = {key: _read_rows(reading, key, content.get(key, []), common) for key in _LISTS}
    manifest = Manifest(
        name=name,
        title=str(content.get("title", name)),
        source=str(content.get("source", "")),
        sentences=tuple(each for _, each in rows["sentences"]),
        figures=tuple(each for _, each in rows["figures"]),
        claims=tuple(each for _, each in rows["claims"]),
        elsewhere=tuple(each for _, each in rows["elsewhere"]),
    )
    _check_rows(reading, rows)
    _check_sentences(reading, rows, manifest)
    if reading.findings:
        raise ManifestError(name, sorted(reading.findings, key=lambda each: each.line or 0))
    return manifest


def _read_top(reading: _Reading, content: Mapping[str, Any]) -> dict[str, str]:
    """Check the keys beside the lists; give what [select] says for every figure."""
    for key in content:
        if key not in _TOP:
            reading.find((key,), "unknown_key", "", f"There is no key '{key}' here.", _nearest(key, _TOP))
    for key in ("title", "source"):
        if not isinstance(content.get(key, ""), str):
            _refuse_type(reading, (key,), content[key], str)
    select = content.get("select", {})
    if not isinstance(select, dict):
        _refuse_type(reading, ("select",), select, dict)
        return {}
    for key, value in select.items():
        if key not in SELECTORS:
            message, fix = f"There is no key '{key}' here.", _nearest(key, SELECTORS)
            reading.find(("select", key), "unknown_key", "", message, fix)
        elif not isinstance(value, str):
            _refuse_type(reading, ("select", key), value, str)
    return select


def _read_rows(
    reading: _Reading, key: str, entries: object, common: Mapping[str, str]
) -> list[tuple[int, Any]]:
    """Read the rows of one list; a row with a finding is left out."""
    if not isinstance(entries, list):
        _refuse_type(reading, (key,), entries, list)
        return []
    rows = []
    for place, entry in enumerate(entries):
        known = len(reading.findings)
        if not isinstance(entry, dict):
            _refuse_type(reading, (key, place), entry, dict)
            continue
        values = _read_entry(reading, (key, place), entry, common)
        if len(reading.findings) == known:
            rows.append((place, _LISTS[key](**values)))
    return rows


def _read_entry(
    reading: _Reading, place: tuple[str, int], entry: Mapping[str, Any], common: Mapping[str, str]
) -> dict[str, Any]:
    """Check the keys and types of one row; give what its class takes."""
    kind = _LISTS[place[0]]
    own = {each.name: each for each in fields(kind) if each.name != "select"}
    selectors = SELECTORS if kind is Figure else ()
    values: dict[str, Any] = {"relation": "="} if kind is Figure else {}
    select = dict(common)
    for key, value in entry.items():
        wanted = _KIND_OF.get(key, str)
        if key not in own and key not in selectors:
            message, fix = f"There is no key '{key}' here.", _nearest(key, (*own, *selectors))
            reading.find((*place, key), "unknown_key", "", message, fix)
        elif not _is_of(value, wanted):
            _refuse_type(reading, (*place, key), value, wanted)
        elif key in own:
            values[key] = tuple(value) if wanted is tuple else value
        else:
            select[key] = value
    lacking = [
        each for each, about in own.items() if about.default is MISSING and each not in {*values, *entry}
    ]
    for each in lacking:
        message, fix = f"The row lacks '{each}'.", "Add it."
        reading.find(place, "lacking_key", str(entry.get("id", "")), message, fix)
    return {**values, "select": {} if values.get("results") else select} if kind is Figure else values


def _is_of(value: object, wanted: type) -> bool:
    if wanted is tuple:
        return isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is bool:
        return isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) and not find_forbidden(value)


def _refuse_type(reading: _Reading, place: tuple[str | int, ...], value: object, wanted: type) -> None:
    words = {**_WANTED, dict: "a section of keys", list: "a list of rows in [ ]"}[wanted]
    name = next(str(part) for part in reversed(place) if isinstance(part, str))
    reading.find(place, "type", str(value)[:60], f"'{name}' must be {words}.", "Write it so.")


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{hint}Known: {', '.join(known)}."


# --- rows that do not fit together ---------------------------------------------------------------------


def _check_rows(reading: _Reading, rows: Mapping[str, Iterable[tuple[int, Any]]]) -> None:
    """Check each figure and claim by itself, and that each id stands once."""
    for place, figure in rows["figures"]:
        for key, found, message, fix in _figure_findings(figure):
            reading.find(
                ("figures", place, *([key] if key else [])), "figure", found, f"{figure.id}: {message}", fix
            )
    for place, claim in rows["claims"]:
        if claim.status not in STATUSES:
            message = f"{claim.id}: a claim has no such status."
            reading.find(
                ("claims", place, "status"),
                "status",
                claim.status,
                message,
                _nearest(claim.status, STATUSES),
            )
        if not claim.reason:
            message, fix = f"{claim.id}: the reason is empty.", "Say why the claim has this status."
            reading.find(("claims", place, "reason"), "reason", "", message, fix)
    seen: Counter[str] = Counter()
    for key in ("figures", "claims"):
        for place, row in rows[key]:
            seen[row.id] += 1
            if seen[row.id] == 2:
                message, fix = f"The id {row.id!r} stands twice.", "Give each row its own."
                reading.find((key, place, "id"), "id_twice", row.id, message, fix)


def _figure_findings(figure: Figure) -> Iterator[tuple[str, str, str, str]]:
    """Give what is wrong with a figure: key, what was found, message, fix."""
    relation, is_direction = figure.relation, figure.relation in DIRECTIONS
    if relation not in RELATIONS:
        yield "relation", relation, "there is no such relation.", _nearest(relation, RELATIONS)
        return
    if is_direction != bool(figure.visits) or (not is_direction and not figure.printed):
        yield "", relation, "a direction needs 'visits', any other relation needs 'printed'.", "Add it."
    elif relation in AT_A_VISIT and figure.printed not in figure.visits:
        yield (
            "printed",
            figure.printed,
            "this is not among the visits.",
            f"Known: {', '.join(figure.visits)}.",
        )
    elif is_direction and relation not in AT_A_VISIT and figure.printed:
        yield "printed", figure.printed, f"'{relation}' prints no figure.", "Take it out."
    elif not is_direction and not _is_number(figure.printed):
        yield "printed", figure.printed, "this is not a number as printed.", "Write it as in 7.50."
    wanted = len(figure.visits) if is_direction else 1
    if figure.results and len(figure.results) != wanted:
        fix = "Name one result a visit for a direction, else one."
        yield "results", ", ".join(figure.results), f"{wanted} results are needed.", fix
    lacking = [key for key in ("analysis", "variable", "statistic") if key not in figure.select]
    if lacking and not figure.results:
        yield (
            "",
            "",
            f"the row lacks '{lacking[0]}'.",
            "Name the result: by its id in 'results', or by its columns.",
        )
    if figure.status not in {"", ASSUMED}:
        fix = f"Leave it out, or write '{ASSUMED}'."
        yield "status", figure.status, "the comparison decides the status.", fix
    if figure.status and not figure.reason:
        yield "reason", "", "the reason is lacking.", "Say why the level is assumed."


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _check_sentences(
    reading: _Reading, rows: Mapping[str, Sequence[tuple[int, Any]]], manifest: Manifest
) -> None:
    """Check that sentences are counted from 1, that each has a row, and each row one of them."""
    numbers = [each.number for each in manifest.sentences]
    for place, sentence in rows["sentences"]:
        if sentence.number != place + 1:
            message, fix = "The sentences are not counted from 1 on.", f"Write {place + 1}."
            reading.find(("sentences", place, "number"), "sentence", str(sentence.number), message, fix)
        of_it = {figure.id for figure in manifest.figures if figure.sentence == sentence.number}
        for name in _MARK.findall(sentence.text):
            if name not in of_it:
                message = f"Sentence {sentence.number} has no figure of this id."
                fix = _nearest(name, sorted(of_it)) if of_it else "Add the figure, or take it out."
                reading.find(("sentences", place, "text"), "sentence", name, message, fix)
    for key in ("figures", "claims", "elsewhere"):
        for place, row in rows[key]:
            if row.sentence not in numbers:
                message, fix = "There is no sentence of this number.", f"Write one of 1 to {len(numbers)}."
                reading.find((key, place, "sentence"), "sentence", str(row.sentence), message, fix)
    having = {row.sentence for row in manifest.rows}
    if reading.findings:
        return  # A row that was left out for a finding may be the one of its sentence.
    for place, sentence in rows["sentences"]:
        if sentence.number not in having:
            message = f"Sentence {sentence.number} has no row."
            fix = "Add a figure, or a claim that says why it has no result."
            reading.find(("sentences", place), "sentence", sentence.text[:60], message, fix)
    if not numbers:
        message, fix = "The file has no sentence.", "Add 'sentences', each with number, part and text."
        reading.find(("sentences",), "sentence", "", message, fix)
