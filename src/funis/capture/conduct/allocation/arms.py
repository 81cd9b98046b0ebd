"""The secret of the trial and the sealed arms: neither the database nor a page of it gives one away.

Seed and arms are sealed by a key of the file of keys, which stands in no database and no backup. An arm is
sealed for its subject and padded, so that neither another row nor the length of the text tells anything.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Final

from django.db import models

from funis.capture.models import Allocation, AllocationSeed, Subject
from funis.capture.people.identity import key_of, known_key, name_of_key
from funis.capture.people.sealing import open_by, seal_by
from funis.errors import ValueRangeError

ARMS_KEY: Final = "allocation"
"""Name of the key that seals seed and arms."""
_SEED_BYTES: Final = 32
#: Longer than the id of any arm; the first two bytes say how long the id is.
_PADDED: Final = 256


class AlteredArmError(ValueRangeError):
    """The sealed arm of a subject is not what was sealed: somebody altered or moved the row."""

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        super().__init__(
            "arm", "one that is not as it was sealed", "the row as it was written",
            "Do not go on with this subject: funis audit-trail verify names what was altered.",
        )  # fmt: skip


def make_seed() -> None:
    """Make the secret of the trial where there is none yet, within a transaction in which the server acts."""
    if AllocationSeed.objects.exists():
        return
    seed, key = secrets.token_bytes(_SEED_BYTES), key_of(ARMS_KEY)
    commitment = hashlib.sha256(seed).hexdigest()
    sealed = seal_by(key, seed, f"seed {commitment}")
    AllocationSeed(sealed=sealed, commitment=commitment, key_name=name_of_key(key)).save()


def hold_seed() -> bytes:
    """Open the secret of the trial and hold its row: whoever allocates next waits until this one has ended.

    Raises
    ------
    ValueRangeError : there is none, it was altered, or the key is another than that of then
    """
    row = _only_seed(AllocationSeed.objects.select_for_update())
    seed = open_by(_key(row), row.sealed, f"seed {row.commitment}", "secret of the allocation")
    if hashlib.sha256(seed).hexdigest() != row.commitment:
        raise ValueRangeError("secret of the allocation", "another one", "the one of the trail")
    return seed


def _only_seed(seeds: models.QuerySet[AllocationSeed]) -> AllocationSeed:
    row = seeds.order_by("pk").first()
    if row is None:
        raise ValueRangeError(
            "allocation",
            "no secret to draw from",
            "one that was made at the start",
            "Start the server again.",
        )
    return row


def refuse_other_key() -> None:
    """Refuse to work where arms are sealed and their key is gone, or another one: as after a restore.

    Raises
    ------
    ValueRangeError : the file of keys holds no key of the allocation, or another than the one that sealed
    """
    row = AllocationSeed.objects.order_by("pk").first()
    if row is not None:
        _key(row)


def can_open_arms() -> bool:
    """Tell whether the key of the arms is there: without it data are checked as if nobody was allocated."""
    try:
        refuse_other_key()
    except ValueRangeError:
        return False
    return True


def _key(row: AllocationSeed) -> bytes:
    key = known_key(ARMS_KEY)
    if key is None or name_of_key(key) != row.key_name:
        raise ValueRangeError(
            "key of the allocation", "none, or another key than the one that sealed", "the key of then",
            "Put the file of keys back that the server had.",
        )  # fmt: skip
    return key


def seal_arm(subject: Subject, arm: str) -> tuple[str, str]:
    """Seal an arm for a subject.

    Returns
    -------
    tuple : the sealed text, and its SHA-256

    Raises
    ------
    ValueRangeError : the id of the arm is longer than can be padded, or the key is another than that of then
    """
    plain = arm.encode()
    if len(plain) > _PADDED - 2:
        raise ValueRangeError("arm", f"an id of {len(plain)} bytes", f"at most {_PADDED - 2}")
    padded = (len(plain).to_bytes(2, "big") + plain).ljust(_PADDED, b"\x00")
    sealed = seal_by(_key(_only_seed(AllocationSeed.objects.all())), padded, _whose(subject.pk))
    return sealed, hashlib.sha256(sealed.encode()).hexdigest()


def open_arm(allocation: Allocation) -> str:
    """Open the arm of an allocation; who may know it is asked by the caller.

    Raises
    ------
    AlteredArmError : the row was altered or moved
    ValueRangeError : the key is another one
    """
    seed = AllocationSeed.objects.order_by("pk").first()
    if seed is None or hashlib.sha256(allocation.sealed.encode()).hexdigest() != allocation.fingerprint:
        raise AlteredArmError(allocation)
    key = _key(seed)
    try:
        padded = open_by(key, allocation.sealed, _whose(allocation.subject_id), "arm")
    except ValueRangeError as error:
        raise AlteredArmError(allocation) from error
    return padded[2 : 2 + int.from_bytes(padded[:2], "big")].decode()


def _whose(subject: str) -> str:
    return f"arm of {subject}"


def allocation_of(subject: Subject) -> Allocation | None:
    """Give the allocation of a subject, None where there is none."""
    return Allocation.objects.filter(subject=subject).first()


def open_arms(allocations: Iterable[Allocation]) -> dict[str, str]:
    """Give the arm of each allocation by the id of its subject."""
    return {each.subject_id: open_arm(each) for each in allocations}
