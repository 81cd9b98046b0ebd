"""The whole answer for a terminal."""

from __future__ import annotations

from funis.audit.pool.funnel import tell_asymmetry
from funis.audit.pool.result import PoolResult
from funis.audit.pool.words import list_cautions, write_answer


def write_text(result: PoolResult) -> str:
    """Write the answer, what the funnel plot says, and what to beware of.

    Examples
    --------
    >>> from funis.audit.pool.choice import PoolChoice
    >>> from funis.audit.pool.pooled import pool_studies
    >>> from funis.audit.pool.study_table import StudyRow
    >>> rows = [StudyRow("A", "", "death", "", 40, events=3)]
    >>> print(write_text(pool_studies(rows, PoolChoice("proportion"))).splitlines()[4])
      A  7.5 (1.6 to 20.4)  [3/40]
    """
    aside = [*tell_asymmetry(result), *list_cautions(result)] if result.main is not None else []
    return "\n".join([write_answer(result), "", *(aside or list_cautions(result))]).rstrip()
