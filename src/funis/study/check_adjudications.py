"""What [[adjudications]] must agree on: two outcomes or more, each once."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.model import Study
from funis.study.study_finding import StudyFinding


def check_adjudications(study: Study) -> Iterator[StudyFinding]:
    """Find adjudications whose outcomes cannot be told apart.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    for index, each in enumerate(study.adjudications):
        key = ("adjudications", index, "outcomes")
        if len(each.outcomes) < 2:
            message = "Readers need two outcomes to choose from."
            yield StudyFinding(key, ", ".join(each.outcomes), message, "List every outcome.")
        for place, name in enumerate(each.outcomes):
            if name in each.outcomes[:place]:
                yield StudyFinding(key, name, "This name is given twice.", "Give each its own.")
