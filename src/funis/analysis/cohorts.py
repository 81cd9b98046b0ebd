"""Who is counted: populations, subgroups and arms as sets of subjects.

A rule of the study file answers yes, no or cannot tell (null). Only "yes" makes a member; how many could
not be determined is counted and printed with every population.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.panel import Booleans
from funis.results import ALL, Place, name_change
from funis.study.model import Endpoint, Study
from funis.study.outcomes import outcome_subgroups
from funis.study.populations import ELIGIBLE, populations_of
from funis.study.rules import apply_rule

#: The population of every subject of the data.
ENROLLED: Final = "enrolled"


@dataclass(frozen=True, slots=True)
class Cohort:
    """One set of subjects that a number is about.

    Attributes
    ----------
    population, subgroup, arm : its names, ``all`` where not divided
    members : shape (subjects,), True for a member
    contrast : the arm that is subtracted from ``arm``, empty where nothing is
    """

    population: str
    subgroup: str
    arm: str
    members: Booleans
    contrast: str = ""

    @property
    def size(self) -> int:
        """Give the number of members."""
        return int(self.members.sum())

    @property
    def name(self) -> str:
        """Give a short name, part of the key of a source."""
        arm = f"{self.arm} - {self.contrast}" if self.contrast else self.arm
        return "/".join(part for part in (self.population, self.subgroup, arm) if part != ALL)

    def place(self, analysis: str, variable: str, category: str = "", *, estimand: str = "") -> Place:
        """Give the place of numbers about the members, counted over all of them."""
        return Place(
            analysis=analysis,
            variable=variable,
            measure=variable,
            category=category,
            estimand=estimand,
            population=self.population,
            subgroup=self.subgroup,
            arm=self.arm,
            contrast=self.contrast,
            n=self.size,
            denominator=self.size,
        )

    def place_of_change(self, analysis: str, measure: str, *, estimand: str = "") -> Place:
        """Give the place of numbers about the change of a measure."""
        return replace(self.place(analysis, name_change(measure), estimand=estimand), measure=measure)


@dataclass(frozen=True, slots=True)
class Membership:
    """The answer of one rule: who is in, and for whom it cannot be determined."""

    members: Booleans
    cannot_tell: Booleans


@dataclass(frozen=True, slots=True)
class Populations:
    """All populations, subgroups and arms of a study.

    Attributes
    ----------
    populations, subgroups : the answer of each rule by name; ``enrolled`` is always there
    arms : members of each arm by name, empty when the trial has one arm
    """

    populations: Mapping[str, Membership]
    subgroups: Mapping[str, Membership]
    arms: Mapping[str, Booleans]

    def cohort(self, population: str = ENROLLED, subgroup: str = ALL, arm: str = ALL) -> Cohort:
        """Give the members of a population that are in a subgroup and an arm."""
        members = self.populations[population or ENROLLED].members.copy()
        if subgroup != ALL:
            members &= self.subgroups[subgroup].members
        if arm != ALL:
            members &= self.arms[arm]
        return Cohort(population or ENROLLED, subgroup, arm, members)

    def every_arm(self, population: str = ENROLLED, subgroup: str = ALL) -> Iterator[Cohort]:
        """Give a population as a whole and then each of its arms."""
        for arm in (ALL, *self.arms):
            yield self.cohort(population, subgroup, arm)

    def of_endpoint(self, endpoint: Endpoint) -> Iterator[Cohort]:
        """Give the cohorts an endpoint asks for: whole population, subgroups, each by arm."""
        whole = () if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
        # Where somebody treated did not meet the criteria, a primary result is given without them too.
        is_judged_twice = endpoint.role == "primary" and endpoint.population != ELIGIBLE
        beside = [name for name in (ELIGIBLE,) if is_judged_twice and name in self.subgroups]
        for subgroup in dict.fromkeys((*whole, *endpoint.subgroups, *beside)):
            yield from self.every_arm(endpoint.population, subgroup)


def derive_populations(study: Study, subject_frame: pl.DataFrame) -> Populations:
    """Evaluate the rules of all populations and of the subgroups that no outcome forms.

    Parameters
    ----------
    study : its rules were checked when the file was read
    subject_frame : one row a subject, as ``visits.derive_subject_frame`` gives it

    Returns
    -------
    Populations
    """
    everybody = np.ones(subject_frame.height, dtype=np.bool_)
    populations = {ENROLLED: Membership(everybody, ~everybody)}
    populations |= {name: answer_rule(subject_frame, rule) for name, rule in populations_of(study).items()}
    late = outcome_subgroups(study)
    subgroups = {
        name: answer_rule(subject_frame, rule) for name, rule in study.subgroups.items() if name not in late
    }
    eligible = populations.get(ELIGIBLE) if ELIGIBLE not in study.populations else None
    if eligible is not None and not eligible.members.all():
        subgroups.setdefault(ELIGIBLE, eligible)
    return Populations(populations, subgroups, _arms(study, subject_frame))


def answer_rule(subject_frame: pl.DataFrame, rule: str) -> Membership:
    """Evaluate one rule for every subject; by infusions it cannot tell of whom none is recorded."""
    answer = apply_rule(subject_frame, rule)
    if "infusion" in rule and "infusions_received" in subject_frame.columns:
        # A day of an infusion that is not there is "none given" to a rule, and may be "not written down".
        answer = answer.set(subject_frame["infusions_received"].is_null(), None)
    return Membership(
        members=answer.fill_null(value=False).to_numpy().astype(np.bool_),
        cannot_tell=answer.is_null().to_numpy().astype(np.bool_),
    )


def _arms(study: Study, subject_frame: pl.DataFrame) -> dict[str, Booleans]:
    """Divide the subjects by arm, in the order of the study file."""
    if not study.arms:
        return {}
    arm = subject_frame["arm"]
    return {each.id: (arm == each.id).fill_null(value=False).to_numpy() for each in study.arms}
