"""Verify the trail: the chains, what they say of the present rows, receipts and anchors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from funis.capture.context import SERVER, Acting, acting
from funis.capture.database.connections import link
from funis.capture.database.fingerprint import read_fingerprint
from funis.capture.models import Allocation
from funis.capture.trail.anchors import check_anchors, read_anchors
from funis.capture.trail.receipts import Receipt, read_receipts
from funis.capture.trail.redaction_check import RedactionRecord, check_texts, read_redactions
from funis.capture.trail.replay import compare_rows
from funis.capture.trail.rows import Head, Row, read_heads, read_lone_texts, read_rows


@dataclass(frozen=True, slots=True)
class Alteration:
    """Something that is not as the trail, its heads or the receipts say.

    Attributes
    ----------
    place : chain and number, or table and row
    what : what was found there
    """

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome: how much was looked at, and what was found.

    Attributes
    ----------
    rows, chains, receipts, anchors : how many were looked at
    alterations : what is not as it should be
    redactions : what two people took out, the oldest first
    """

    rows: int
    chains: int
    receipts: int
    anchors: int
    alterations: tuple[Alteration, ...]
    redactions: tuple[RedactionRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What is kept outside the database.

    Attributes
    ----------
    receipts : file of receipts; without one, a perfect roll-back of the newest rows cannot be seen
    anchors : file of anchors; without it and receipts, a chain that was computed anew cannot be seen
    key : public key that must have signed the anchors, in hexadecimals; empty: that of the first
    """

    receipts: Path | None = None
    anchors: Path | None = None
    key: str = ""


def verify_trail(study: str, kept: Witnesses = Witnesses()) -> Verified:
    """Verify all chains, replay them to the present rows, and look for every receipt and every anchor.

    Parameters
    ----------
    study : id of the study, part of the first link
    kept : what is kept outside the database
    """
    anchors = read_anchors(kept.anchors) if kept.anchors else []
    given = list(read_receipts(kept.receipts)) if kept.receipts else []
    with acting(Acting(SERVER, sites=None), is_snapshot=True):
        rows = list(read_rows())
        heads = read_heads()
        found = [
            *check_chains(rows, heads, study),
            *(Alteration(place, what) for place, what in check_texts(rows)),
            *(Alteration(place, "has a text beside it and is gone") for place in read_lone_texts()),
            *(Alteration(place, what) for place, what in compare_rows(rows)),
            *check_arms(),
            *(Alteration(place, what) for place, what in check_anchors(rows, anchors, study, kept.key)),
            *check_receipts(rows, given),
            *check_schema(last_schema(rows)),
        ]
    return Verified(
        len(rows), len(heads), len(given), len(anchors), tuple(found), tuple(read_redactions(rows))
    )


def check_arms() -> Iterator[Alteration]:
    """Check that each sealed arm is the one whose fingerprint stands in the trail; none is opened for it."""
    for row in Allocation.objects.order_by("number"):
        if sha256(row.sealed.encode()).hexdigest() != row.fingerprint:
            yield Alteration(
                f"{row._meta.db_table} {row.pk}", "the sealed arm is not the one that was sealed"
            )


def last_schema(rows: Iterable[Row]) -> str:
    """Give the fingerprint of the schema as it was last prepared; empty before that."""
    prepared = [each for each in rows if each.chain == "system" and _read(each).get("kind") == "prepared"]
    return str(_read(prepared[-1])["changes"]["schema"]) if prepared else ""


def check_schema(prepared: str) -> Iterator[Alteration]:
    """Check that triggers, functions and tables are as they were when the server last prepared them."""
    if prepared != read_fingerprint():
        what = "triggers, functions or tables are not as this server made them"
        yield Alteration("schema", what)


def check_chains(rows: Iterable[Row], heads: Mapping[str, Head], study: str) -> Iterator[Alteration]:
    """Check the links of every chain: numbers without a gap, hashes, times, the head.

    Parameters
    ----------
    rows : the trail, chain by chain in the order of its numbers
    heads : the end of each chain
    study : id of the study, part of the first link
    """
    ends: dict[str, tuple[int, str, str]] = {}
    for row in rows:
        number, before, moment = ends.get(row.chain, (0, link("funis", study + row.chain), ""))
        place = f"{row.chain} {row.seq}"
        if row.seq != number + 1:
            yield Alteration(place, f"follows number {number}: rows in between are gone, or were put in")
        if link(before, row.payload) != row.hash:
            yield Alteration(place, "its hash is not that of the row before it and its text")
        said = _read(row)
        if (said.get("chain"), said.get("seq")) != (row.chain, row.seq):
            yield Alteration(place, "its text names another place")
        at = str(said.get("at", ""))
        if at < moment:
            yield Alteration(place, "is earlier than the row before it")
        ends[row.chain] = (row.seq, row.hash, at)
    for chain in sorted({*heads, *ends}):
        number, last, _ = ends.get(chain, (0, "", ""))
        head = heads.get(chain)
        if head is None:
            yield Alteration(chain, "has rows and no head")
        elif (head.seq, head.hash) != (number, last):
            yield Alteration(chain, f"ends at number {number}, its head says {head.seq}")


def _read(row: Row) -> Mapping[str, Any]:
    try:
        return row.said
    except ValueError:
        return {}


def check_receipts(rows: Iterable[Row], receipts: Iterable[Receipt]) -> Iterator[Alteration]:
    """Check that every acknowledged save is in the trail, as it was acknowledged."""
    stored = {(row.chain, row.seq): row.hash for row in rows}
    for receipt in receipts:
        found = stored.get((receipt.chain, receipt.seq))
        place = f"{receipt.chain} {receipt.seq}"
        if found is None:
            yield Alteration(place, f"was acknowledged at {receipt.at} and is gone")
        elif found != receipt.hash:
            yield Alteration(place, f"is not what was acknowledged at {receipt.at}")
