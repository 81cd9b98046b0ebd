"""The check of redactions: every text is what was hashed, or two people took words out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from funis.capture.database.audited_tables import REDACTION
from funis.capture.database.hidden_texts import commitment, commitments_of, reveal
from funis.capture.document import read_document
from funis.capture.trail.rows import Row

REDACTED: Final = "redacted"
"""Kind of the row that the database writes into the chain for each text of which words were taken out."""


@dataclass(frozen=True, slots=True)
class RedactionRecord:
    """One redaction as the trail tells it.

    Attributes
    ----------
    id, chain : of the redaction
    asked_by, confirmed_by : the two people
    at : when it was confirmed, in UTC
    reason : of the first person
    texts : how many texts of the trail words were taken out of
    """

    id: str
    chain: str
    asked_by: str
    confirmed_by: str
    at: str
    reason: str
    texts: int


@dataclass(slots=True)
class _Told:
    """What the trail tells of one redaction: who asked, who confirmed, what was replaced by what."""

    chain: str
    asked_by: str = ""
    confirmed_by: str = ""
    at: str = ""
    reason: str = ""
    texts: int = 0

    @property
    def has_two(self) -> bool:
        return bool(self.asked_by and self.confirmed_by) and self.asked_by != self.confirmed_by


def read_redactions(rows: Iterable[Row]) -> Iterator[RedactionRecord]:
    """Give the redactions that took words out, as the trail tells them, the oldest first.

    Parameters
    ----------
    rows : the trail, each chain in its order
    """
    told, _ = _read_told(rows)
    for key, each in sorted(told.items(), key=lambda item: item[1].at):
        if each.texts:
            yield RedactionRecord(
                key, each.chain, each.asked_by, each.confirmed_by, each.at, each.reason, each.texts
            )


def check_texts(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """Check every text against its commitment; give each place and what is wrong there.

    Parameters
    ----------
    rows : the trail, each chain in its order
    """
    rows = list(rows)
    told, replaced = _read_told(rows)
    for key, each in told.items():
        if each.texts and not each.has_two:
            yield f"{each.chain} redaction {key}", "was not asked for by one person and confirmed by another"
    for row in rows:
        try:
            hashed, texts = read_document(row.payload), json.loads(row.texts or "{}")
        except ValueError:
            continue  # the check of the chain names it
        for what in _check_row(row, hashed, texts, replaced):
            yield f"{row.chain} {row.seq}", what


_Replaced = dict[tuple[str, int, str], tuple[str, str]]
"""By chain, number and commitment: the redaction, and the commitment of what is left."""


def _check_row(
    row: Row, hashed: Mapping[str, Any], texts: Mapping[str, list[str]], replaced: _Replaced
) -> Iterator[str]:
    known = set(commitments_of(hashed))
    if texts.keys() - known:
        yield "has a text beside it that it does not name"
    for committed in sorted(known):
        entry = texts.get(committed)
        by, left = replaced.get((row.chain, row.seq, committed), ("", ""))
        if entry is None:
            yield "a text of it is gone"
        elif commitment(entry[0], entry[1]) == (left or committed) and entry[2:] == ([by] if by else []):
            continue
        elif by and commitment(entry[0], entry[1]) == committed:
            yield "a text of it stands again from which words were taken out"
        elif by:
            yield "what a redaction left of a text of it is another text"
        else:
            yield "a text of it is another one, and no redaction says so"


def _read_told(rows: Iterable[Row]) -> tuple[dict[str, _Told], _Replaced]:
    told: dict[str, _Told] = {}
    replaced: _Replaced = {}
    for row in rows:
        if f'"{REDACTION}"' not in row.payload:
            continue
        try:
            said = reveal(read_document(row.payload), row.texts)
        except ValueError:
            continue
        if said["table"] == REDACTION:
            _read_one(said, told.setdefault(str(said["row"]), _Told(row.chain)), replaced)
    return told, replaced


def _read_one(said: Mapping[str, Any], each: _Told, replaced: _Replaced) -> None:
    """Read one row of the trail about a redaction; who acted is what counts, not what the row says of it."""
    changes = said["changes"]
    if said["kind"] == "inserted" and changes["asked_by"] == said["actor"]:
        each.asked_by, each.reason = said["actor"], str(changes["asked_reason"])
    elif said["kind"] == "changed" and changes.get("state") == ["asked", "confirmed"]:
        each.confirmed_by, each.at = said["actor"], said["at"]
    elif said["kind"] == REDACTED:
        place = said["chain"], int(changes["seq"]), str(changes["from"])
        replaced[place] = str(said["row"]), str(changes["to"])
        each.texts += 1
