"""Checks a Word file as a package (ISO/IEC 29500): parts, relationships, ids, bookmarks, fields, grids.

It knows nothing of what wrote the file.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

etree: Any = import_module("lxml.etree")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
#: Relationships that need not be named in the text: a program finds them by their kind.
_BY_KIND = {"styles", "settings", "numbering", "theme", "fontTable", "customXml", "customXmlProps"}
_LONGEST = 40
_NEEDED = ("[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/styles.xml", "docProps/core.xml")


def find_faults(content: bytes) -> list[str]:
    """List what is wrong with a Word file; nothing where it is sound."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = file.namelist()
        parts = {name: file.read(name) for name in names}
    faults = [f"{name}: twice in the package" for name, n in Counter(names).items() if n > 1]
    faults += [f"{name} is lacking" for name in _NEEDED if name not in parts]
    trees = {name: etree.fromstring(blob) for name, blob in parts.items() if name.endswith((".xml", ".rels"))}
    faults += _types(parts, trees["[Content_Types].xml"])
    for name, tree in trees.items():
        if name.endswith(".rels"):
            faults += _relations(name, tree, parts, trees)
    body = trees["word/document.xml"]
    return [*faults, *_ids(body), *_bookmarks(body), *_fields(body), *_grids(body)]


def _types(parts: dict[str, bytes], tree: Any) -> Iterator[str]:
    endings = {each.get("Extension").lower() for each in tree.iter(f"{_TYPES}Default")}
    named = {each.get("PartName") for each in tree.iter(f"{_TYPES}Override")}
    for name in parts:
        is_named = name == "[Content_Types].xml" or f"/{name}" in named
        if not is_named and name.rpartition(".")[2].lower() not in endings:
            yield f"{name} has no content type"
    yield from (f"{name} is typed and lacking" for name in named if name[1:] not in parts)


def _relations(name: str, tree: Any, parts: dict[str, bytes], trees: dict[str, Any]) -> Iterator[str]:
    folder, file = posixpath.split(posixpath.dirname(name)), posixpath.basename(name)
    owner = posixpath.join(folder[0], file.removesuffix(".rels")) if file != ".rels" else ""
    relations = {each.get("Id"): each for each in tree.iter(f"{_PACKAGE}Relationship")}
    if len(relations) != len(list(tree)):
        yield f"{name}: an id twice"
    for each in relations.values():
        target = each.get("Target")
        if each.get("TargetMode") != "External":
            path = (
                target[1:]
                if target.startswith("/")
                else posixpath.normpath(posixpath.join(folder[0], target))
            )
            if path not in parts:
                yield f"{name}: {target} is lacking"
    if owner in trees:
        used = {
            value
            for element in trees[owner].iter()
            for key, value in element.attrib.items()
            if key.startswith(_R)
        }
        yield from (f"{owner}: {each} is no relationship" for each in used - set(relations))
        spare = {
            key for key, each in relations.items() if each.get("Type").rpartition("/")[2] not in _BY_KIND
        }
        yield from (f"{owner}: {each} is never used" for each in spare - used)


def _ids(body: Any) -> Iterator[str]:
    seen = Counter(each.get("id") for each in body.iter(f"{_WP}docPr"))
    yield from (f"drawing {name}: {n} times" for name, n in seen.items() if n > 1)
    controls = Counter(each.get(f"{W}val") for each in body.iterfind(f".//{W}sdtPr/{W}id"))
    yield from (f"control {name}: {n} times" for name, n in controls.items() if n > 1)


def _bookmarks(body: Any) -> Iterator[str]:
    starts = list(body.iter(f"{W}bookmarkStart"))
    ends = Counter(each.get(f"{W}id") for each in body.iter(f"{W}bookmarkEnd"))
    if Counter(each.get(f"{W}id") for each in starts) != ends or any(n > 1 for n in ends.values()):
        yield "bookmarks that begin are not those that end, each once"
    names = Counter(each.get(f"{W}name") for each in starts)
    yield from (f"bookmark {name}: {n} times" for name, n in names.items() if n > 1)
    yield from (f"bookmark {name} is too long" for name in names if len(name) > _LONGEST)
    asked = {each.get(f"{W}anchor") for each in body.iter(f"{W}hyperlink")} - {None}
    words = " ".join(each.text or "" for each in body.iter(f"{W}instrText"))
    asked |= set(re.findall(r"\b(?:REF|PAGEREF|TOC [^{}]*?\\b) (\w+)", words))
    yield from (f"no bookmark {name}" for name in asked - set(names))


def _fields(body: Any) -> Iterator[str]:
    stack: list[str] = []
    for each in body.iter(f"{W}fldChar"):
        kind = each.get(f"{W}fldCharType")
        if kind == "begin":
            stack.append("begin")
        elif not stack or (kind == "separate" and stack[-1] != "begin"):
            yield f"a field's {kind} without its begin"
        elif kind == "separate":
            stack[-1] = "separate"
        else:
            stack.pop()
    if stack:
        yield "a field that never ends"


def _grids(body: Any) -> Iterator[str]:
    for number, table in enumerate(body.iter(f"{W}tbl"), start=1):
        columns = len(list(table.iterfind(f"{W}tblGrid/{W}gridCol")))
        for row in table.iter(f"{W}tr"):
            spans = [cell.find(f"{W}tcPr/{W}gridSpan") for cell in row.iter(f"{W}tc")]
            wide = sum(1 if span is None else int(span.get(f"{W}val")) for span in spans)
            if wide != columns:
                yield f"table {number}: a row of {wide} for {columns} columns"
            if any(cell[-1].tag != f"{W}p" for cell in row.iter(f"{W}tc")):
                yield f"table {number}: a cell that does not end with a paragraph"
