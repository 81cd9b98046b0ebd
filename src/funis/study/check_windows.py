"""Windows and order of planned days, of visits and of infusions alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from funis.study.planned_infusion import Infusion
from funis.study.planned_visit import Visit
from funis.study.study_finding import StudyFinding


def check_window(key: tuple[str | int, ...], window: tuple[int, int]) -> Iterator[StudyFinding]:
    """Find a window that is none: its days fall, or the planned day is not among them.

    Parameters
    ----------
    key : where it stands
    window : first and last day, relative to the planned day

    Returns
    -------
    iterator of StudyFinding
    """
    low, high = window
    if low > high:
        yield StudyFinding(
            key, str([low, high]), "The window ends before it begins.", f"Write [{high}, {low}].", "window"
        )
    elif not low <= 0 <= high:
        yield StudyFinding(
            key,
            str([low, high]),
            "The window does not contain the planned day.",
            "Give the first and last day relative to the planned day, for example [-7, 7].",
            "window",
        )


def check_order(
    section: Literal["infusions", "visits"], planned: Sequence[Infusion | Visit], first: int = 0
) -> Iterator[StudyFinding]:
    """Find planned days that do not rise through the file, and windows that overlap.

    Parameters
    ----------
    section : where they stand
    planned : the visits, or the infusions of one course
    first : place of the first of them in its section

    Returns
    -------
    iterator of StudyFinding
    """
    for index, (earlier, later) in enumerate(pairwise(planned), start=first + 1):
        if later.day <= earlier.day:
            yield StudyFinding(
                (section, index, "day"),
                str(later.day),
                f"Day {later.day} stands after day {earlier.day}.",
                f"Write the {section} in the order of their days, each day once.",
                "order",
            )
        elif earlier.window and later.window:
            closes, opens = earlier.closes, later.opens
            if closes < opens:
                continue
            yield StudyFinding(
                (section, index, "window"),
                str(list(later.window)),
                f"The window opens on day {opens}, and the one before it closes on day {closes}.",
                f"Windows may touch but not overlap: close the earlier on day {opens - 1} or before.",
                "window",
            )
