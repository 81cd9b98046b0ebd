"""Visits without grades after a response: which leave the answer open, and whether two stand side by side."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from funis.responses import bilag_timeline
from funis.responses.bilag_timeline import _open_gaps

NAMES = ["a", "b", "c", "d"]


def gaps(monkeypatch: pytest.MonkeyPatch, rule: str, seen: str, *, closed: bool) -> tuple[list[str], bool]:
    monkeypatch.setattr(bilag_timeline, "_observed", lambda _, name: name in seen)
    assessment = cast("Any", SimpleNamespace(text=lambda _: rule))
    return _open_gaps(assessment, NAMES, closed=closed)


@pytest.mark.parametrize(
    ("rule", "seen", "closed", "expected"),
    [
        ("count", "abcd", False, ([], False)),
        ("count", "ac", False, (["b", "d"], False)),
        ("count", "ad", True, (["b", "c"], True)),
        # A single gap is closed by the visits beside it; at the end only what follows can close it.
        ("neighbours", "acd", False, ([], False)),
        ("neighbours", "bcd", False, ([], False)),
        ("neighbours", "abc", False, (["d"], False)),
        ("neighbours", "abc", True, ([], False)),
        ("neighbours", "ad", True, (["b", "c"], True)),
        ("neighbours", "cd", True, (["a", "b"], True)),
        ("neighbours", "ab", True, (["c", "d"], True)),
        # Where gaps are ignored, two of them are no lapse either.
        ("ignore", "a", False, ([], False)),
    ],
)
def test_gaps_by_rule(
    monkeypatch: pytest.MonkeyPatch, rule: str, seen: str, expected: tuple[list[str], bool], *, closed: bool
) -> None:
    assert gaps(monkeypatch, rule, seen, closed=closed) == expected


def test_without_visits_to_expect_nothing_is_open() -> None:
    assert _open_gaps(cast("Any", SimpleNamespace(text=lambda _: "count")), [], closed=False) == ([], False)
