"""What [[lab_limits]] must agree on: a test of the study on a linear scale, and one side of it."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.model import Study
from funis.study.study_finding import StudyFinding, unknown_name


def check_lab_limits(study: Study) -> Iterator[StudyFinding]:
    """Find limits of laboratory results that cannot be held against any.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    for index, limit in enumerate(study.lab_limits):
        key = ("lab_limits", index)
        if (limit.below is None) == (limit.above is None):
            message = "A limit has one side."
            yield StudyFinding((*key, "below"), limit.id, message, "Give below or above.")
        if limit.test not in study.lab_names:
            yield unknown_name((*key, "test"), "laboratory test", limit.test, study.lab_names)
        elif study.lab(limit.test).scale != "linear":
            message = "A titre is analysed on another scale than it is written in."
            yield StudyFinding((*key, "test"), limit.test, message, "Name a test of linear scale.")
