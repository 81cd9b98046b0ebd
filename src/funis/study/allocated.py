"""How a study allocates at random, whether before the treatment or at relapse."""

from __future__ import annotations

from funis.study.model import Study
from funis.study.randomisation import Randomisation


def allocation_plan(study: Study) -> Randomisation | None:
    """Give how subjects are allocated at random: before treatment or at relapse; None: they are not.

    Parameters
    ----------
    study : the study file
    """
    return study.randomisation or study.re_randomisation


def arm_ids(study: Study) -> tuple[str, ...]:
    """Give the codes of the arms: those of a parallel trial, or those that a relapse is allocated to.

    Parameters
    ----------
    study : the study file

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> plan = {"at": "relapse", "method": "simple", "ratio": {"again": 1, "none": 1}, "control": "none"}
    >>> arm_ids(Study.model_validate({"study": trial, "re_randomisation": plan}))
    ('again', 'none')
    """
    again = study.re_randomisation
    return tuple(again.ratio) if again is not None else tuple(arm.id for arm in study.arms)
