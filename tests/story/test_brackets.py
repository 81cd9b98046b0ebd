"""No two brackets in a row, in any report and any house style: what belongs together stands in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from funis.catalogue.house_styles import house_styles
from funis.documents.document import Document
from funis.documents.table import Inline, TableCell
from funis.reporting.as_recorded import mark_recorded
from funis.reporting.house_style import apply_house_style
from funis.reporting.number_book import read_numbers
from funis.reporting.trial_document import build_document
from funis.reporting.withheld import withhold

from .report_kinds import KINDS, analysed

#: Behind a closed bracket, nothing but a blank before the next one.
IN_A_ROW = re.compile(r".{0,40}[)\]] ?[(\[].{0,40}")
#: The first point of the first case: "(1) (a)", which counts and adds nothing in brackets.
POINTS = re.compile(r"\(\d\) \(a\)")
#: A number in brackets in brackets.
WITHIN = re.compile(r"\([^()]*\d[^()]*\(-?−?[\d.·]+\)")


def lines_of(part: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Give every line of a document as it is read, with the id of the part it stands in."""
    match part:
        case str():
            yield name, part
        case TableCell():
            yield name, part.text
        case tuple() if part and all(isinstance(each, Inline) for each in part):
            yield name, "".join(each.text for each in part)
        case tuple() | list():
            for each in part:
                yield from lines_of(each, name)
        case _ if is_dataclass(part):
            own = getattr(part, "id", "") or name
            for each in fields(part):
                if each.name not in {"spec", "register", "records"}:
                    yield from lines_of(getattr(part, each.name), own)


def in_a_row(document: Document) -> list[tuple[str, str]]:
    return [
        (name, found.group())
        for name, line in lines_of(document)
        for found in (*IN_A_ROW.finditer(line), *WITHIN.finditer(line))
        if not POINTS.search(found.group()) and "IS NOT NULL" not in line
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_brackets_stand_in_a_row(kind: str) -> None:
    study, results = analysed(kind)
    book = read_numbers(withhold(study, results).numbers)
    document = build_document(mark_recorded(study, results), withhold(study, results))
    assert len(list(lines_of(document))) > 500
    assert in_a_row(document) == []
    for style in house_styles().values():
        assert in_a_row(apply_house_style(document, book, style)) == [], style.name
