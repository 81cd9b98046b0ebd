"""The rules of populations and subgroups: columns that exist, outcomes where they may stand."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.days import subject_schema, subject_values
from funis.study.model import Study
from funis.study.outcomes import outcome_subgroups, outcomes_in, outcomes_of
from funis.study.rules import check_rule
from funis.study.study_finding import StudyFinding

_UNKNOWN = "There is no column"


def check_groups(study: Study) -> Iterator[StudyFinding]:
    """Find what is wrong in the rules of populations and subgroups.

    Parameters
    ----------
    study : the study, each part valid by itself

    Returns
    -------
    iterator of StudyFinding
        Also where a population is formed by an outcome, or an endpoint is asked for within a subgroup that it
        forms itself.
    """
    yield from _check_populations(study)
    yield from _check_subgroups(study)
    yield from _check_own_outcome(study)


def _check_populations(study: Study) -> Iterator[StudyFinding]:
    schema, values = subject_schema(study), subject_values(study)
    for name, rule in study.populations.items():
        late = [each.column for each in outcomes_in(study, rule) if each.column not in schema]
        if late:
            message = f"'{late[0]}' is an outcome; who is analysed may not depend on it."
            fix = "Form a subgroup by it, in [subgroups]."
            yield StudyFinding(("populations", name), rule, message, fix, "rule")
            continue
        for finding in check_rule(rule, schema, allowed=values):
            yield StudyFinding(("populations", name), rule, finding.message, finding.fix, "rule")


def _check_subgroups(study: Study) -> Iterator[StudyFinding]:
    known, schema, values = outcomes_of(study), dict(subject_schema(study)), dict(subject_values(study))
    twice = {name for name in known if name in schema}
    schema |= {name: each.dtype for name, each in known.items() if name not in twice}
    values |= {name: each.values for name, each in known.items() if each.values and name not in twice}
    listed = f"{', '.join(known)}" if known else "none, for no endpoint is a response or a relapse"
    for name, rule in study.subgroups.items():
        for finding in check_rule(rule, schema, allowed=values):
            said = f" Outcomes of this study: {listed}." if finding.message.startswith(_UNKNOWN) else ""
            yield StudyFinding(("subgroups", name), rule, finding.message, finding.fix + said, "rule")
        for outcome in outcomes_in(study, rule):
            if outcome.column in twice:
                message = f"'{outcome.column}' is a column of the subjects and an outcome of the endpoints."
                fix = f"Give the endpoint '{outcome.endpoint}' another id."
                yield StudyFinding(("subgroups", name), rule, message, fix, "rule")


def _check_own_outcome(study: Study) -> Iterator[StudyFinding]:
    """Refuse an endpoint within a subgroup that it forms itself: its rate is 0 or 100 % by definition."""
    formed = outcome_subgroups(study)
    for index, endpoint in enumerate(study.endpoints):
        for name in endpoint.subgroups:
            own = [each.endpoint for each in outcomes_in(study, formed.get(name, "TRUE"))]
            if endpoint.id in own:
                message = f"The subgroup '{name}' is formed by this endpoint itself."
                fix = "Name subgroups that are formed by something else."
                yield StudyFinding(("endpoints", index, "subgroups"), name, message, fix)
