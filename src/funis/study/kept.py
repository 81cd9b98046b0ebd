"""What follows from a study alone is worked out once: forms and simulated trials ask a thousand times."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

from funis.study.model import Study

_Further = ParamSpec("_Further")
_Value = TypeVar("_Value")
_NOTHING: Final = object()


def once_a_study(
    function: Callable[Concatenate[Study, _Further], _Value],
) -> Callable[Concatenate[Study, _Further], _Value]:
    """Keep what a function gives for a study as long as the study is there.

    Parameters
    ----------
    function : takes a study first, and what can be a key of a dict; its answer is not to be changed

    Returns
    -------
    function

    Examples
    --------
    >>> from funis.study.model import Trial
    >>> named = once_a_study(lambda study: [study.trial.id])
    >>> study = Study(trial=Trial(id="X", title="X", condition="sle", design="single_arm"))
    >>> named(study) is named(study)
    True
    """
    # By identity: studies that are equal may be kept twice, and a study cannot be a key.
    kept: dict[int, tuple[weakref.ref[Study], dict[object, object]]] = {}

    @wraps(function)
    def ask(study: Study, /, *args: _Further.args, **kwargs: _Further.kwargs) -> _Value:
        place = id(study)
        if place not in kept:
            kept[place] = (weakref.ref(study, lambda _: kept.pop(place, None)), {})
        answers, asked = kept[place][1], (args, tuple(sorted(kwargs.items())) if kwargs else ())
        answer = answers.get(asked, _NOTHING)
        if answer is _NOTHING:
            answer = answers[asked] = function(study, *args, **kwargs)
        return cast("_Value", answer)

    return ask
