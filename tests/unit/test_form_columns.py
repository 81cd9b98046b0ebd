"""What a column of the blank workbook asks for: its words, its kind and its limits."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.clean_trial import STUDY

from funis.data.blank_workbook import _code_words, _form_column
from funis.schema import Column
from funis.spreadsheets import FormColumn


def column(**given: Any) -> Column:
    return Column(**{"name": "x", "kind": "number", "meaning": "A size."} | given)


def asked(**given: Any) -> FormColumn:
    return _form_column(STUDY, "A row is a visit", column(**given))


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({}, "A size."),
        ({"unit": "mm"}, "A size. Unit: mm."),
        ({"low": 0, "high": 2.5}, "A size. From 0 to 2.5."),
        ({"low": 1, "unit": "mm"}, "A size. Unit: mm."),
        ({"high": 9}, "A size."),
        ({"not_done": True}, "A size. ND: not done."),
        ({"low": 0, "high": 9, "unit": "mm", "not_done": True}, "A size. Unit: mm. From 0 to 9. ND: not done."),
        ({"name": "subject", "kind": "text"}, "A size. One row: A row is a visit."),
    ],
)  # fmt: skip
def test_the_note_of_a_column_says_what_it_takes(given: dict[str, Any], note: str) -> None:
    found = asked(**given)
    assert found.note == note
    assert (found.lowest, found.highest) == (given.get("low"), given.get("high"))
    assert found.word == ("ND" if given.get("not_done") else "")
    assert found.listed_in == ("subjects" if given.get("name") == "subject" else "")


@pytest.mark.parametrize(
    ("given", "kind", "choices"),
    [
        ({"kind": "number"}, "number", ()),
        ({"kind": "integer"}, "number", ()),
        ({"kind": "date"}, "date", ()),
        ({"kind": "text"}, "text", ()),
        ({"kind": "time"}, "text", ()),
        ({"kind": "flag"}, "number", ("0", "1")),
        ({"kind": "flag", "not_done": True}, "number", ("0", "1", "ND")),
        ({"kind": "integer", "allowed": ("0", "4")}, "number", ("0", "4")),
        # A code that is no plain number is text, also where others are; 01 would lose its zero.
        ({"kind": "text", "allowed": ("1", "01")}, "text", ("1", "01")),
        ({"kind": "text", "allowed": ("low", "high")}, "text", ("low", "high")),
        ({"kind": "text", "allowed": ("low",), "not_done": True}, "text", ("low", "ND")),
        # Anything may be written: ND is no choice then.
        ({"kind": "number", "not_done": True}, "number", ()),
        ({"name": "site", "kind": "text"}, "text", ("01",)),
        ({"name": "arm", "kind": "text"}, "text", ()),
        ({"name": "visit", "kind": "text"}, "text", ("baseline", "month_1", "unscheduled")),
        ({"name": "test", "kind": "text"}, "text", ("creatinine", "proteinuria_24h", "platelets")),
    ],
)
def test_the_kind_and_the_choices_of_a_column(
    given: dict[str, Any], kind: str, choices: tuple[str, ...]
) -> None:
    found = asked(**given)
    assert (found.kind, found.choices) == (kind, choices)


def item(values: tuple[int, ...], labels: tuple[str, ...] = (), *, is_text: bool = False) -> Any:
    return SimpleNamespace(values=values, level_labels=labels, is_text=is_text)


@pytest.mark.parametrize(
    ("given", "asked_of", "words"),
    [
        ({"kind": "flag"}, None, (("0", "no"), ("1", "yes"))),
        ({"kind": "flag", "not_done": True}, None, (("0", "no"), ("1", "yes"), ("ND", "not done"))),
        ({"kind": "number"}, None, ()),
        # Where only ND may be written beside a number, it is said what it means.
        ({"kind": "number", "not_done": True}, None, (("ND", "not done"),)),
        ({"allowed": ("0", "1")}, item((0, 1)), (("0", "absent"), ("1", "present"))),
        ({"allowed": ("0", "1", "2")}, item((0, 1, 2), ("mild", "severe")), (("0", "absent"), ("1", "mild"), ("2", "severe"))),
        ({"allowed": ("0", "1")}, item((0, 1), ("mild",)), (("0", "absent"), ("1", "mild"))),
        ({"allowed": ("0", "1", "2")}, item((0, 1, 2)), (("0", ""), ("1", ""), ("2", ""))),
        ({"allowed": ("0", "1")}, item((0, 1), is_text=True), (("0", ""), ("1", ""))),
        ({"name": "site", "kind": "text"}, None, (("01", "Centre 1"),)),
        ({"name": "test", "kind": "text"}, None, (("creatinine", "Creatinine, in umol/L"), ("proteinuria_24h", "Proteinuria 24h, in g/24h"), ("platelets", "Platelets, in 10^9/L"))),
    ],
)  # fmt: skip
def test_what_each_code_means(
    given: dict[str, Any], asked_of: Any, words: tuple[tuple[str, str], ...]
) -> None:
    assert _code_words(STUDY, column(**given), asked_of) == words
