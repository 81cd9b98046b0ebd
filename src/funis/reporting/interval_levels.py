"""The level of intervals in words, where a table or a sentence is about several endpoints.

An endpoint may have a level of its own, and primary endpoints share alpha where one of them suffices; a head
that named the level of the first would be wrong for the others.
"""

from __future__ import annotations

from collections.abc import Iterable

from funis.reporting.labels import Labels, in_sentence, listed
from funis.reporting.number_book import level_text
from funis.study.model import Study


def levels_text(study: Study, endpoints: Iterable[str]) -> str:
    """Print the levels of the intervals of several endpoints, each once.

    Parameters
    ----------
    study : the study file
    endpoints : their ids; an empty one stands for the study as a whole

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm", "alpha": 0.1}
    >>> levels_text(Study.model_validate({"study": trial}), ["", ""])
    '90%'
    """
    return " or ".join(dict.fromkeys(level_text(study, name) for name in endpoints))


def level_notes(labels: Labels, endpoints: Iterable[str]) -> tuple[str, ...]:
    """Say which endpoint has which level; nothing where all have the same.

    Parameters
    ----------
    labels : the printed words of the study
    endpoints : ids of the endpoints of a table

    Returns
    -------
    tuple of str : one footnote, or none
    """
    of_level: dict[str, list[str]] = {}
    for name in dict.fromkeys(endpoints):
        of_level.setdefault(level_text(labels.study, name), []).append(in_sentence(labels.endpoint(name)))
    if len(of_level) < 2:
        return ()
    said = "; ".join(f"{level} for {listed(names)}" for level, names in of_level.items())
    return (f"Level of the intervals: {said}.",)


def own_levels_words(labels: Labels) -> str:
    """Name the endpoints that set a level of their own, to stand behind the level of the study.

    Parameters
    ----------
    labels : the printed words of the study

    Returns
    -------
    str : in brackets after a space; empty where none does
    """
    own = [
        f"{level_text(labels.study, each.id)} for {in_sentence(each.printed)}"
        for each in labels.study.endpoints
        if each.level is not None
    ]
    return f" ({'; '.join(own)})" if own else ""
