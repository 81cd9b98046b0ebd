"""A study file on disk: ``study.toml`` read into one frozen Study, every finding reported at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from funis.arguments import PathName, takes
from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.errors import Finding, StudyError, UnknownNameError
from funis.letters import find_forbidden, name_letter
from funis.shown import scrub, show_expression, show_identifier
from funis.study.check import check_study
from funis.study.model import (
    InstrumentChoice,
    Study,
)
from funis.study.sections import SECTION_MODELS
from funis.study.study_finding import StudyFinding
from funis.toml_places import find_lines, nearest_line

__all__ = ["Study", "read_study", "study_schema", "template_path"]

FILE_NAME = "study.toml"
#: The largest study files have some hundred kilobytes.
_LIMITS = Limits(megabytes=5)
TEMPLATES = {"sle": "sle_ucmsc", "sjogren": "sjogren_ucmsc", "observational": "observational"}
"""Short name of each template, as ``funis new`` takes it, and its file."""

_Key = tuple[str | int, ...]
# What stands in for a broken [study] key while the rest of the file is checked; never leaves this module.
_STAND_IN = {"id": "x", "title": "x", "condition": "sle", "design": "single_arm"}
_TYPES = {
    "string_type": "a text in quotes",
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number without quotes",
    "bool_type": "true or false without quotes",
    "tuple_type": "a list in [ ]",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
    "model_attributes_type": "a section of keys",
    "finite_number": "a finite number",
}


@takes(path=PathName())
def read_study(path: Path | str) -> Study:
    """Read a study file and check all of it.

    Parameters
    ----------
    path : the file, or the folder that holds ``study.toml``

    Returns
    -------
    Study
        Frozen; every name in it exists.

    Raises
    ------
    StudyError
        With every finding of the file at once, each with its key, its line and what would be right.

    Examples
    --------
    >>> read_study(template_path("sle")).visit_names[-1]
    'month_12'
    """
    folder = Path(path)
    place = folder / FILE_NAME if folder.is_dir() else folder
    text = _read_text(place, folder if folder.is_dir() else None)
    try:
        return _read_toml(place, text)
    except RecursionError as error:
        message, fix = "Sections or lists stand inside each other too deeply.", "Write them side by side."
        finding = Finding("error", "too_deep", "", place.name, None, "", "", message, fix)
        raise StudyError(place.name, [finding]) from error


def _read_toml(place: Path, text: str) -> Study:
    """Turn the text of a study file into a study, or report every finding at once."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(place.name, [_syntax_finding(place.name, error, text)]) from error
    refused = list(_forbidden_letters(raw))
    if refused:
        lines = find_lines(text)
        raise StudyError(place.name, [_placed(place.name, finding, lines) for finding in refused])
    study, findings, repair = _validate(_tuples(raw))
    if study is not None:
        names = _names(_tuples(raw)) if findings else frozenset()
        findings += [replace(each, key=repair.original(each.key)) for each in check_study(study, names)]
    if findings:
        lines = find_lines(text)
        placed = [_placed(place.name, finding, lines) for finding in findings]
        raise StudyError(place.name, sorted(placed, key=lambda finding: finding.line or 0))
    assert study is not None  # noqa: S101 - no finding means that the models were built
    return study


def template_path(name: str) -> Path:
    """Give the study file that ``funis new`` starts from.

    Parameters
    ----------
    name : ``sle``, ``sjogren`` or ``observational``

    Returns
    -------
    Path

    Raises
    ------
    UnknownNameError
        There is no such template.

    Examples
    --------
    >>> template_path("sle").name
    'sle_ucmsc.toml'
    """
    stems = {**TEMPLATES, **{stem: stem for stem in TEMPLATES.values()}}
    if name not in stems:
        raise UnknownNameError("template", name, TEMPLATES)
    return Path(__file__).parent / "templates" / f"{stems[name]}.toml"


def study_schema() -> dict[str, Any]:
    """Give the JSON Schema of study files, so that editors complete and check them.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12; unknown keys are refused.

    Examples
    --------
    >>> sorted(study_schema()["required"])
    ['study']
    """
    schema = Study.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "funis study file"
    return schema


def _read_text(place: Path, folder: Path | None) -> str:
    """Read the file as UTF-8, or say why it cannot be; in a folder it is no link that leads out of it."""
    if not place.exists():
        message, fix = "There is no study file here.", "Make one with funis new, or give the right folder."
        raise StudyError(
            str(place), [Finding("error", "study_missing", "", place.name, None, "", "", message, fix)]
        )
    try:
        data = read_regular(place, _LIMITS, inside=folder)
    except BeyondLimitError as error:
        fix = "A study file is never larger; take out what does not belong into it."
        finding = Finding("error", "beyond_limit", "", place.name, None, "", "", error.message, fix)
        raise StudyError(place.name, [finding]) from error
    except RefusedFileError as error:
        finding = Finding("error", "refused_file", "", place.name, None, "", "", error.message, error.fix)
        raise StudyError(place.name, [finding]) from error
    except OSError as error:
        message, fix = f"The file cannot be opened: {error.strerror}.", "Check that you may read it."
        finding = Finding("error", "file_closed", "", place.name, None, "", "", message, fix)
        raise StudyError(place.name, [finding]) from error
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte {data[error.start]:#04x}"
        message, fix = "The file is not UTF-8 text.", "Save it as UTF-8."
        finding = Finding("error", "encoding", "", place.name, line, "", found, message, fix)
        raise StudyError(place.name, [finding]) from error


def _syntax_finding(file: str, error: tomllib.TOMLDecodeError, text: str) -> Finding:
    """Turn a syntax error of TOML into a finding with its line."""
    match = re.search(r"at line (\d+)", str(error))
    line = int(match.group(1)) if match else None
    # TOML counts line feeds alone; other signs that end a line may stand inside a text.
    found = text.split("\n")[line - 1].strip() if line else ""
    message = f"The file is not TOML: {str(error).partition(' (at')[0]}."
    fix = "Correct the line; texts stand in quotes, lists in [ ], and each key once in its section."
    return Finding("error", "syntax", "", file, line, "", show_expression(found[:60]), scrub(message), fix)


def _forbidden_letters(value: Any, key: _Key = ()) -> Iterator[StudyFinding]:
    """Find texts and keys with a letter that no page can hold; TOML writes them as escapes."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _forbidden_letters(each, (*key, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _forbidden_letters(each, (*key, number))
    names = [part for part in key[-1:] if isinstance(part, str)]
    for text in (*names, *([value] if isinstance(value, str) else [])):
        letter = find_forbidden(text)
        if letter:
            message = f"The text holds the control character {name_letter(letter)}."
            yield StudyFinding(key, name_letter(letter), message, "Take it out.", "control_character")


def _tuples(value: Any) -> Any:
    """Turn the lists of TOML into tuples: the models convert nothing on their own."""
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@dataclass(slots=True)
class _Repair:
    """The file with what is broken left out, so that the rest can be checked in the same run.

    Attributes
    ----------
    rest : what is left of the file
    gone : keys already reported and left out, in the numbering of the file
    entries : for each list, the numbers of the entries left out
    """

    rest: Any
    gone: set[_Key] = field(default_factory=set)
    entries: dict[_Key, list[int]] = field(default_factory=dict)

    def original(self, key: _Key) -> _Key:
        """Give a key in the numbering of the file: entries left out before it count too."""
        restored: list[str | int] = []
        for part in key:
            number = part
            if isinstance(number, int):
                for left_out in sorted(self.entries.get(tuple(restored), [])):
                    number += left_out <= number
            restored.append(number)
        return tuple(restored)

    def is_reported(self, key: _Key) -> bool:
        """Say whether a key, or something around it, was reported before."""
        return any(key[: len(gone)] == gone for gone in self.gone)

    def leave_out(self, key: _Key) -> None:
        """Leave a key out; where it is needed and already gone, the entry it belongs to."""
        original = self.original(key)
        if key[:1] == ("study",) or not key:
            known = self.rest.get("study") if key else None
            section = dict(known) if isinstance(known, dict) and len(key) > 1 else dict(_STAND_IN)
            section |= {name: value for name, value in _STAND_IN.items() if name == key[-1]} if key else {}
            if key and key[-1] not in _STAND_IN:
                section.pop(str(key[-1]), None)
            self.rest = {**self.rest, "study": section} if key else {"study": section}
        elif self.holds(key):
            self.rest = _without(self.rest, key)
        else:
            key, original = key[:-1], original[:-1]
            self.rest = _without(self.rest, key)
        self.gone.add(original)
        if key and isinstance(key[-1], int):
            self.entries.setdefault(original[:-1], []).append(int(original[-1]))

    def holds(self, key: _Key) -> bool:
        """Say whether a key still stands in the file."""
        return _reach(self.rest, key) == key


def _validate(raw: dict[str, Any]) -> tuple[Study | None, list[StudyFinding], _Repair]:
    """Build the models; broken keys are reported and left out, so that the rest can be checked too."""
    findings: list[StudyFinding] = []
    repair = _Repair(raw)
    for _ in range(20):
        try:
            return Study.model_validate(repair.rest), findings, repair
        except ValidationError as error:
            details = error.errors(include_url=False)
        keys: dict[_Key, None] = {}
        for detail in details:
            key = _existing(repair.rest, detail)
            keys[key] = None
            if not repair.is_reported(repair.original(key)):
                findings.append(_finding(repair.original(key), detail))
        # The last entry of a list goes first, so that the numbers of the others stay true.
        for key in sorted(keys, key=_list_order, reverse=True):
            repair.leave_out(key)
    return None, findings, repair


def _names(raw: Any) -> frozenset[str]:
    """Collect every name that the file defines, broken entries included: naming them is no second finding."""
    if isinstance(raw, tuple):
        return frozenset().union(*map(_names, raw))
    if not isinstance(raw, dict):
        return frozenset()
    own = {value for key, value in raw.items() if key in {"name", "test", "id"} and isinstance(value, str)}
    # Instruments are not defined here: a wrong name of one stays a finding of its own.
    sections = (raw.get(name) for name in ("populations", "subgroups"))
    keyed = {key for section in sections if isinstance(section, dict) for key in section}
    return frozenset(own | keyed).union(*map(_names, raw.values()))


def _list_order(key: _Key) -> tuple[tuple[int, str], ...]:
    return tuple((part, "") if isinstance(part, int) else (-1, part) for part in key)


def _existing(raw: Any, detail: ErrorDetails) -> _Key:
    """Give the key path of an error, without the parts that only pydantic knows."""
    loc: _Key = detail["loc"]
    path = _reach(raw, loc)
    if len(path) < len(loc) and detail["type"] == "missing" and isinstance(loc[len(path)], str):
        return (*path, loc[len(path)])
    return path


def _reach(raw: Any, key: _Key) -> _Key:
    """Give how much of a key path stands in the file."""
    here = raw
    for length, part in enumerate(key):
        keyed = isinstance(here, dict) and part in here
        listed = isinstance(here, tuple) and isinstance(part, int) and part < len(here)
        if not keyed and not listed:
            return key[:length]
        here = here[part]
    return key


def _without(raw: Any, key: _Key) -> Any:
    """Copy a part of the file without one key."""
    head, *tail = key
    if isinstance(raw, tuple):
        index = int(head)
        inner = (_without(raw[index], tuple(tail)),) if tail else ()
        return raw[:index] + inner + raw[index + 1 :]
    if tail:
        return {**raw, head: _without(raw[head], tuple(tail))}
    return {name: value for name, value in raw.items() if name != head}


def _finding(key: _Key, detail: ErrorDetails) -> StudyFinding:
    """Say what is wrong with a key and what would be right."""
    kind, value, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    name = next((part for part in reversed(key) if isinstance(part, str)), "study file")
    match kind:
        case "extra_forbidden":
            found, message, fix = (
                "",
                f"There is no key '{name}' here.",
                _nearest(name, _known_keys(key[:-1])),
            )
        case "missing" if key and isinstance(detail["loc"][-1], int):
            found, message = "", f"'{name}' has too few entries."
            fix = _meaning(key)
        case "missing":
            found, message, fix = "", f"The key '{name}' is missing.", _meaning(key)
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            found, message = _shown(value), f"'{name}' does not take this value."
            fix = _nearest(str(value), allowed) or f"Known: {context.get('expected', '')}."
        case "string_pattern_mismatch":
            found, message = _shown(value), f"'{name}' is not a name."
            fix = "Use small letters, digits and _ only, a letter first, for example month_6."
        case "too_short" | "too_long":
            found, message = _shown(value), f"'{name}' has the wrong number of entries."
            fix = _meaning(key)
        case _:
            said = _TYPES.get(kind) or detail["msg"].removeprefix("Input should be").strip()
            if not isinstance(value, str):
                said = said.removesuffix(" without quotes")
            found, message, fix = _shown(value), f"'{name}' must be {said}.", _meaning(key)
    return StudyFinding(key, found, message, fix)


def _known_keys(section: _Key) -> Sequence[str]:
    """Name the keys that a section may have."""
    model = _model(section)
    if model is None:
        return ()
    return [field.alias or name for name, field in model.model_fields.items()]


def _model(section: _Key) -> type[BaseModel] | None:
    names = tuple(part for part in section if isinstance(part, str))
    if len(names) == 2 and names[0] == "instruments":
        return InstrumentChoice
    return SECTION_MODELS.get(names)


def _meaning(key: _Key) -> str:
    """Quote what the documentation says of a key."""
    names = [part for part in key if isinstance(part, str)]
    model = _model(tuple(names[:-1]))
    field = None
    if model is not None and names:
        wanted = {each.alias or name: each for name, each in model.model_fields.items()}
        field = wanted.get(names[-1])
    return field.description or "" if field is not None else ""


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"The nearest is '{near[0]}'. " if near else ""
    return f"{hint}Known: {', '.join(known)}." if known else hint.strip()


def _shown(value: object) -> str:
    text = str(list(value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _placed(file: str, finding: StudyFinding, lines: dict[_Key, int]) -> Finding:
    """Give a finding its place in the file."""
    # What somebody wrote into the file may be meant for the data: a name, a date of birth.
    parts = [part if isinstance(part, int) else show_identifier(part) or "…" for part in finding.key]
    dotted = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(
        "."
    )
    return Finding(
        "error",
        finding.code,
        str(parts[0]) if parts else "",
        file,
        nearest_line(lines, finding.key),
        dotted,
        show_expression(finding.value),
        scrub(finding.message),
        scrub(finding.fix),
    )
