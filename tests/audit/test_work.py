"""What reading a text costs: counted, never timed. Twice the letters may take about twice the work, not four times."""

import re
import sys
from importlib import import_module
from types import FrameType
from typing import Any

import pytest

from funis.audit.extraction.extract import extract_figures
from funis.audit.reading.sentences import LONGEST, build_source
from funis.audit.reading.source import TextLine

ROOM = "funis.audit.extraction"
HOSTILE = {
    "means": "5 ± 3 ",
    "p values": "P = 0.05 ",
    "percentages": "12% ",
    "sizes": "n = 5 ",
    "opening brackets": "(5 ± 3 ",
    "intervals": "OR 0.5 (95% CI 0.2 to 0.9) ",
    "medians": "median 5 (2-9) ",
}


def lines_of_work(text: str) -> int:
    """Count the lines of the extraction that are executed."""
    count = 0

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if ROOM in str(frame.f_globals.get("__name__")) else None

    source, before = build_source("a.txt", [TextLine(text)]), sys.gettrace()
    sys.settrace(on_call)
    try:
        extract_figures(source)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_letters_are_about_twice_the_work(name: str) -> None:
    piece = HOSTILE[name]
    times = LONGEST // 2 // len(piece)
    short, long = lines_of_work(piece * times), lines_of_work(piece * times * 2)
    assert long < 2.7 * short


def widest(pattern: re.Pattern[str]) -> int:
    """Give how many letters a pattern can span, by the parser of the standard library."""
    parser = import_module("re._parser")
    return int(parser.parse(pattern.pattern, pattern.flags).getwidth()[1])


@pytest.mark.parametrize("name", ["_LIST", "NUMBER"])
def test_no_list_of_numbers_looks_through_a_whole_text(name: str) -> None:
    """Each place where a list may begin is tried: without a bound a list of n numbers is read n times."""
    room = import_module(f"{ROOM}.not_figures")
    assert widest(re.compile(getattr(room, name))) < 1_000
