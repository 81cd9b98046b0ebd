"""Subjects from published figures: item-level cohorts whose scores give what a trial published.

No data of the two trials' subjects are public. The cohorts made here have the published means and
standard deviations to both printed decimals at every visit, the published counts of responses and
relapses and the published directions; everything else is a declared assumption. They are marked as
reconstructed in every file and belong to nobody.
"""

from __future__ import annotations

from pathlib import Path

from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import definition
from funis.demo import SEED, sjogren_cohort, sle_cohort
from funis.demo.cohort import ReconstructedCohort, write_cohort
from funis.demo.retreatment import retreat_relapsed, scenario_text
from funis.demo.sle_timelines import build_timelines
from funis.errors import UnknownNameError

COHORTS = ("sle", "sjogren")


def build_cohort(name: str, *, seed: int = SEED) -> ReconstructedCohort:
    """Make the subjects of one trial.

    Parameters
    ----------
    name : ``sle`` (40 subjects with lupus) or ``sjogren`` (24 subjects)
    seed : of all draws; the same seed gives the same cohort on every machine

    Returns
    -------
    ReconstructedCohort with every table of a data folder

    Raises
    ------
    UnknownNameError : there is no such trial

    Source
    ------
    ACR/ARHP 2012 annual meeting abstracts of the two trials; see the study file of each.

    Examples
    --------
    >>> cohort = build_cohort("sjogren")
    >>> sum(row["sex"] == "female" for row in cohort.tables["subjects"])
    23
    """
    if name == "sle":
        names = {item.row: item.name for item in definition("bilag_2004").items}
        return sle_cohort.build_sle(_weights("sledai_2k"), names, seed=seed)
    if name == "sjogren":
        tess = [item.name for item in definition("tess_modified").items]
        return sjogren_cohort.build_sjogren(_weights("ssdai"), tess, seed=seed)
    raise UnknownNameError("reconstructed cohort", name, COHORTS)


def reconstruct(name: str, folder: Path, *, seed: int = SEED) -> Path:
    """Make the subjects of one trial and write them as a study folder.

    Parameters
    ----------
    name : ``sle`` or ``sjogren``
    folder : where study.toml, README.md and data/ are written
    seed : of all draws

    Returns
    -------
    the folder
    """
    return write_cohort(build_cohort(name, seed=seed), folder)


def reconstruct_scenario(folder: Path, *, seed: int = SEED) -> Path:
    """Make the invented scenario of a second course at relapse, and write it as a study folder.

    Parameters
    ----------
    folder : where study.toml, README.md and data/ are written
    seed : of all draws

    Returns
    -------
    the folder
    """
    relapses = {each.subject: each.relapse for each in build_timelines(seed) if each.relapse}
    cohort = retreat_relapsed(build_cohort("sle", seed=seed), relapses, seed=seed)
    return write_cohort(cohort, folder, scenario=scenario_text())


def _weights(name: str) -> dict[str, int]:
    """Give the points of each item of an index that is a weighted sum."""
    instrument: Definition = definition(name)
    return {item.name: int(max(item.points)) for item in instrument.items}
