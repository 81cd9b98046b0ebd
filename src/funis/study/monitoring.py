"""Which data a monitor compares with their source: what the study file says of it."""

from __future__ import annotations

import hashlib

from pydantic import Field

from funis.study.part import Names, StudyPart


class Monitoring(StudyPart):
    """Which items are compared with their source: the ``[monitoring]`` section.

    The capture server asks for it; a report says nothing of it.
    """

    critical: Names = Field(
        default=(),
        description="Tables, such as sledai_2k, and single columns, such as subjects.consent_date, that are "
        "compared with their source in every subject.",
    )
    share_percent: float = Field(
        default=100,
        ge=0,
        le=100,
        description="Share of the other items that are compared, in percent: drawn by a hash of seed, "
        "subject and item, so that nobody chooses them and everybody can draw them again.",
    )
    seed: int = Field(default=1, ge=0, description="Begins the hash; another seed draws other items.")

    def asks_for(self, subject: str, table: str, item: str) -> bool:
        """Tell whether an item of a subject is compared with its source.

        The item is drawn where the first 8 bytes of SHA-256 over ``seed:subject:table.item``, as a share of
        2^64, lie below `share_percent`.

        Parameters
        ----------
        subject : study number
        table, item : names of the table and of its column

        Examples
        --------
        >>> plan = Monitoring(critical=("sledai_2k", "subjects.sex"), share_percent=0)
        >>> [plan.asks_for("01-001", *each) for each in (("sledai_2k", "rash"), ("subjects", "age"))]
        [True, False]
        >>> half = Monitoring(share_percent=50)
        >>> drawn = sum(half.asks_for(f"01-{number:03d}", "labs", "value") for number in range(1000))
        >>> 450 <= drawn <= 550
        True
        """
        if table in self.critical or f"{table}.{item}" in self.critical:
            return True
        drawn = hashlib.sha256(f"{self.seed}:{subject}:{table}.{item}".encode()).digest()[:8]
        return int.from_bytes(drawn) * 100 < self.share_percent * 2**64
