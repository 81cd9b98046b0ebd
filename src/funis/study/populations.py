"""The populations of a study: those of the study file, and who meets every criterion of eligibility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from funis.study.kept import once_a_study
from funis.study.model import Study

ELIGIBLE: Final = "eligible"
"""Population, and subgroup of the primary analyses, of those who meet every criterion that has a rule."""


@once_a_study
def rule_of_eligible(study: Study) -> str:
    """Join the criteria of eligibility to one rule; empty where none has a rule.

    Examples
    --------
    >>> from funis.study.model import Criterion, Eligibility, Trial
    >>> trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    >>> adult = Criterion(id="I1", text="Adult", rule="age >= 18")
    >>> heavy = Criterion(id="E1", text="Heavy", rule="weight_kg > 120")
    >>> criteria = Eligibility(inclusion=(adult,), exclusion=(heavy,))
    >>> rule_of_eligible(Study(trial=trial, eligibility=criteria))
    '(age >= 18) AND NOT (weight_kg > 120)'
    """
    rules = [f"({each.rule})" for each in study.eligibility.inclusion if each.rule]
    rules += [f"NOT ({each.rule})" for each in study.eligibility.exclusion if each.rule]
    return " AND ".join(rules)


@once_a_study
def populations_of(study: Study) -> Mapping[str, str]:
    """Give every population by its name with its rule; one that the study file calls ``eligible`` stays.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict : without ``enrolled``, which needs no rule
    """
    rule = rule_of_eligible(study)
    made = {ELIGIBLE: rule} if rule and ELIGIBLE not in {*study.populations, *study.subgroups} else {}
    return study.populations | made
