"""Where a key stands in a TOML text: the standard reader gives values without their lines.

A light scan of headers, keys and the entries of lists that run over several lines. It never decides
what a file means; it only makes a message say where to look.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_NAME = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=\s*(.*)$")
_PART = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^.\s]+")
_STRING = re.compile(r"\"\"\"|'''|\"(?:[^\"\\]|\\.)*\"|'[^']*'")


def find_lines(text: str) -> dict[Path, int]:
    r"""Find the line of every key of a TOML text.

    Parameters
    ----------
    text : the text of a TOML file

    Returns
    -------
    dict
        Key path (with the index of a list entry) and its line, from 1.

    Examples
    --------
    >>> find_lines("[study]\nid = 1\n[[visits]]\nname = 'x'\n")[("visits", 0, "name")]
    4
    """
    lines: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    section: Path = ()
    open_list: Path | None = None
    depth = entry = 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = _STRING.sub(lambda match: "s" * len(match.group()), line).partition("#")[0]
        if open_list is not None:
            depth, entry = _scan(lines, open_list, (bare, number), (depth, entry))
            open_list = open_list if depth > 0 else None
            continue
        header = _HEADER.match(bare)
        if header and "=" not in bare:
            section = _section(_parts(line[header.start(2) : header.end(2)]), header.group(1), counts)
            lines.setdefault(section, number)
            continue
        key = _KEY.match(line)
        if key is None:
            continue
        path = (*section, *_parts(key.group(1)))
        lines.setdefault(path, number)
        value = bare[key.start(2) :]
        depth, entry = _scan(lines, path, (value, number), (0, 0))
        open_list = path if depth > 0 else None
    return lines


def nearest_line(lines: dict[Path, int], path: Path) -> int | None:
    """Give the line of a key, or of the closest thing around it.

    Parameters
    ----------
    lines : what :func:`find_lines` gave
    path : key path that is looked for

    Returns
    -------
    int or None

    Examples
    --------
    >>> nearest_line({("visits", 0): 3}, ("visits", 0, "window", 1))
    3
    """
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _parts(dotted: str) -> tuple[str, ...]:
    """Give the parts of a dotted key; dots and escapes inside quotes belong to the name."""
    return tuple(map(_plain, _PART.findall(dotted)))


def _plain(part: str) -> str:
    """Give one part without its quotes; a line of a longer text may only look like a key."""
    try:
        return str(tomllib.loads(f"name = {part}")["name"]) if part[0] in "\"'" else part
    except tomllib.TOMLDecodeError:
        return part.strip("\"'")


def _section(parts: tuple[str, ...], bracket: str, counts: Counter[Path]) -> Path:
    """Turn a header into a path; ``[[visits]]`` counts its entries, ``[visits.x]`` is inside the last one."""
    path: Path = ()
    for part in parts[:-1]:
        path = (*path, part)
        if counts[path]:
            path = (*path, counts[path] - 1)
    path = (*path, parts[-1])
    if bracket == "[[":
        counts[path] += 1
        return (*path, counts[path] - 1)
    return path


def _scan(
    lines: dict[Path, int], path: Path, piece: tuple[str, int], state: tuple[int, int]
) -> tuple[int, int]:
    """Follow the brackets of a list over its lines and note where each entry begins."""
    (text, number), (depth, entry) = piece, state
    fresh = depth == 1
    for sign in text:
        if depth == 1 and fresh and not sign.isspace() and sign not in ",]":
            lines.setdefault((*path, entry), number)
            fresh = False
        if sign in "[{":
            depth += 1
            fresh = fresh or depth == 1
        elif sign in "]}":
            depth -= 1
        elif sign == "," and depth == 1:
            entry += 1
            fresh = True
    return depth, entry
