"""A response is watched up to a day of its definition: no longer study is taken for a shorter one without a word."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
files = import_module("test_courses")

LATER = '\n[[visits]]\nname = "month_18"\nday = 540\nwindow = [-15, 15]\n'
HORIZON = "\nparameters = {horizon_day = 540}\n"
MESSAGE = "The definition watches a response up to day 390, and later visits are planned."
LATE_RELAPSE = files.RELAPSE.replace('"month_12"]', '"month_12", "month_18"]')


def test_a_study_beyond_the_day_says_up_to_which_day_it_watches(tmp_path: Path) -> None:
    """Month 12 is day 360, and its window of the definition ends on day 390; month 18 begins on day 525."""
    assert files.refused(tmp_path, LATER, files.RELAPSE) == [
        ("endpoints[1].definition", MESSAGE),
        ("endpoints[2].definition", MESSAGE),
    ]
    said = files.RELAPSE.replace('at = "month_6"', f'at = "month_6"{HORIZON}') + HORIZON
    assert files.read(tmp_path, LATER, said).endpoints[0].parameters == {"horizon_day": 540}
    # Without a later visit, and of a definition that watches nothing, nothing is asked.
    assert files.read(tmp_path, files.RELAPSE).endpoints[0].parameters == {}
    other = '\n[[endpoints]]\nid = "sri"\nkind = "response"\ndefinition = "sri_4"\nat = "month_6"\n'
    assert files.read(tmp_path, LATER, "\n[instruments.sledai_2k]\n[instruments.bilag_2004]\n", other)


@pytest.mark.parametrize("day", [360, 494])
def test_a_relapse_is_not_asked_for_after_the_watch(day: int, tmp_path: Path) -> None:
    """494 + 30 is day 524, the last before month 18 opens; the day is given, and is too early all the same."""
    shorter = HORIZON.replace("540", str(day))
    said = LATE_RELAPSE.replace('at = "month_6"', f'at = "month_6"{shorter}') + shorter
    message = f"Relapses are looked for up to day {day + 30}, before this visit."
    assert files.refused(tmp_path, LATER, said) == [("endpoints[2].at", message)]
    enough = said.replace(f"horizon_day = {day}", "horizon_day = 495")
    assert files.read(tmp_path, LATER, enough)


def test_a_time_to_relapse_is_of_the_whole_study(tmp_path: Path) -> None:
    time = '\n[[endpoints]]\nid = "t"\nkind = "time_to_event"\nevent = "relapse"\norigin = "response"\n'
    time += 'definition = "ucmsc_bilag_response"\n'
    said = files.RELAPSE.replace('at = "month_6"', f'at = "month_6"{HORIZON}') + HORIZON
    found = files.refused(tmp_path, LATER, said, time)
    assert found == [("endpoints[3].definition", MESSAGE)]
