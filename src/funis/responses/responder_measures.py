"""Whether a recorded measure of a SLEDAI-2K item has improved by half, for S2K RI-50.

What is counted (joints, cells, protein) has improved when it has halved. What leaves a normal range has
improved when half of the way back is gone. Where the paper could not be read, two readings stand side by
side, and the answer is given only where both agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from funis.catalogue.model_responder_index import ImprovementMeasure
from funis.responses.timeline import TimelineVisit
from funis.responses.verdict import Span, Verdict, exactly

_HALF: Final = Decimal(50)
_HUNDRED: Final = Decimal(100)


def has_improved_by_half(
    measures: Sequence[ImprovementMeasure], now: TimelineVisit, before: TimelineVisit
) -> Verdict:
    """Answer whether an item that was active before has improved by half; None where that is not known.

    Several measures of one item (C3, C4) must agree; one that was normal before and is normal now says
    nothing, and one that has newly left the normal range leaves the answer open.

    Parameters
    ----------
    measures : those of the item
    now, before : the visit judged and the one compared with

    Examples
    --------
    >>> joints = [ImprovementMeasure("inflamed_joints")]
    >>> now, before = (TimelineVisit("1", "visit", 0, {"inflamed_joints": number}) for number in (4, 8))
    >>> has_improved_by_half(joints, now, before)
    True
    """
    asked = [_ask(measure, now, before) for measure in measures if not _says_nothing(measure, now, before)]
    return asked[0] if asked and len(set(asked)) == 1 else None


def _says_nothing(measure: ImprovementMeasure, now: TimelineVisit, before: TimelineVisit) -> bool:
    if measure.reading == "halved":
        return False
    gaps = _gap(measure, now), _gap(measure, before)
    if all(gap is not None and gap <= 0 for gap in gaps):
        return True
    # A laboratory value that the trial never took is no second opinion.
    return all(visit.number(measure.column).is_open for visit in (now, before))


def _ask(measure: ImprovementMeasure, now: TimelineVisit, before: TimelineVisit) -> Verdict:
    level = _has_fallen_by_half(_known(before, measure.column), _known(now, measure.column), measure)
    if measure.reading == "halved":
        return level
    start, end = _gap(measure, before), _gap(measure, now)
    if start is None or end is None or start <= 0:
        return None  # not known, or newly abnormal: there was nothing to improve from
    way = _reaches_half(start - end, start)
    return way if measure.reading == "half_way" or way == level else None


def _has_fallen_by_half(before: Decimal | None, now: Decimal | None, measure: ImprovementMeasure) -> Verdict:
    if before is None or now is None or before <= 0:
        return None
    change = now - before if measure.side == "low" else before - now
    return _reaches_half(change, before)


def _reaches_half(part: Decimal, whole: Decimal) -> Verdict:
    return exactly(_HUNDRED * part / whole).compare(">=", _HALF)


def _gap(measure: ImprovementMeasure, visit: TimelineVisit) -> Decimal | None:
    """Return how far a value lies outside normal, in parts of the limit; laboratories differ."""
    value = _known(visit, measure.column)
    limit = measure.limit if isinstance(measure.limit, Decimal) else _known(visit, measure.limit)
    if value is None or limit is None or limit <= 0:
        return None
    outside = limit - value if measure.side == "low" else value - limit
    return outside / limit


def _known(visit: TimelineVisit, column: str) -> Decimal | None:
    span: Span = visit.number(column)
    return span.low if span.is_known else None
