"""One thing wrong in a study file, and how an unknown name is reported with the nearest that exists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from funis.shown import show_code, show_expression

_LONG_LIST = 40


@dataclass(frozen=True, slots=True)
class StudyFinding:
    """One thing wrong in a study file, as the checks of its parts find it: at a key, not yet in a file.

    `funis.errors.Finding` is what a reader gets, and it needs more than a check of a study knows. The same
    check runs for a file, for text and for a study made in Python: only reading knows the file, the lines of
    its keys (`funis.study.read`), and that a study has one level, error. A Finding made here would hold three
    made-up fields until then, and its place, a path of keys, has no column there.

    Attributes
    ----------
    key : path of keys and numbers, such as ``("endpoints", 0, "at")``
    value : what was found, as text; empty where nothing is shown
    message, fix : what is wrong, and what would be right, one sentence each
    code : stable name of the check
    """

    key: tuple[str | int, ...]
    value: str
    message: str
    fix: str
    code: str = "study_file"


def unknown_name(key: tuple[str | int, ...], what: str, name: str, known: Iterable[str]) -> StudyFinding:
    """Say that a name does not exist, with the nearest that does.

    Examples
    --------
    >>> unknown_name(("endpoints", 0, "at"), "visit", "mont_6", ["month_6"]).fix
    "The nearest is 'month_6'. Known: month_6."
    """
    # A name that the file defines wrongly may be meant for the data.
    names = tuple(each for each in known if show_expression(each) or show_code(each))
    near = get_close_matches(name, names, n=8, cutoff=0.5)
    hint = f"The nearest is '{near[0]}'. " if near else ""
    listed = f"Known: {', '.join(names)}." if names else "None is defined."
    if len(names) > _LONG_LIST:
        listed = f"Others near: {', '.join(near[1:])}." if near[1:] else ""
    return StudyFinding(key, name, f"There is no {what} of this name.", hint + listed, "unknown_name")
