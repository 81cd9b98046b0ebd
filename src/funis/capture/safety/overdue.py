"""Reports of serious events that are overdue: told once for each clock."""

from __future__ import annotations

from funis.capture.safety.clock import OVERDUE, read_clocks
from funis.capture.safety.notices import OVERDUE as OVERDUE_NOTICE
from funis.capture.safety.notices import News, tell


def tell_overdue() -> int:
    """Tell of every report that is overdue now, within a transaction in which the server acts.

    Returns
    -------
    int : persons who are told now, and were not before
    """
    late = [each.clock for each in read_clocks(None, is_open=True, most=0) if each.state == OVERDUE]
    return sum(
        tell(News(OVERDUE_NOTICE, each.pk, f"/safety/clocks/{each.pk}", each.subject)) for each in late
    )
