"""One endpoint of a study: what its kind asks for, and what is looked at beside the estimate."""

from __future__ import annotations

import polars as pl

from funis.analysis import influence as analysis_influence
from funis.analysis.between_arms import compare_changes_between, compare_responses_between
from funis.analysis.change import compare_changes
from funis.analysis.diagnostics import diagnose_changes
from funis.analysis.durability import count_durability
from funis.analysis.flare_counts import count_flares_by_visit
from funis.analysis.flare_rates import count_flare_rates, judges_flares
from funis.analysis.performance_goal import compare_with_goal
from funis.analysis.regression_to_mean import estimate_falls
from funis.analysis.relapses import count_relapses_over_denominators
from funis.analysis.repeated_responses import compare_responses_over_visits
from funis.analysis.response_rates import Answers, answer_endpoint, count_responses, list_responses
from funis.analysis.run import Run
from funis.analysis.site_effects import fit_site_effects
from funis.analysis.system_grades import compare_systems
from funis.analysis.time_in_state import describe_time_in_state
from funis.study.model import Endpoint
from funis.study.response_behind import definition_behind, response_visit

Judged = tuple[Answers, ...]
"""What the definition of an endpoint said at each of its visits; nothing where it has none."""


def analyse_endpoint(run: Run, endpoint: Endpoint, visits: pl.DataFrame) -> None:
    """Compute what the kind of the endpoint asks for; what every study has is computed without one.

    Parameters
    ----------
    run : is added to
    endpoint : of the study of the run
    visits : scored visits of all instruments
    """
    look_beside(run, endpoint, estimate_endpoint(run, endpoint, visits))


def estimate_endpoint(run: Run, endpoint: Endpoint, visits: pl.DataFrame) -> Judged:
    """Estimate and test an endpoint, and compare its arms.

    Parameters
    ----------
    run, endpoint, visits : as for `analyse_endpoint`

    Returns
    -------
    tuple of Answers : for `look_beside`
    """
    match endpoint.kind:
        case "change":
            compare_changes(run, endpoint)
            if "mmrm" in endpoint.methods:
                from funis.analysis.models import fit_changes

                fit_changes(run, endpoint)
            compare_changes_between(run, endpoint)
        case "systems":
            compare_systems(run, endpoint)
        case "response":
            judged = tuple(answer_endpoint(run, visits, endpoint, at) for at in endpoint.at or ("",))
            count_responses(run, endpoint, judged)
            compare_responses_between(run, endpoint, judged)
            return judged
        case "relapse":
            answers = answer_endpoint(run, visits, endpoint, response_visit(run.study, endpoint))
            count_relapses_over_denominators(run, endpoint, answers)
            return (answers,)
        case "time_to_event":
            from funis.analysis.time_to_event import estimate_time_to_event

            estimate_time_to_event(run, endpoint, _judge_for_time(run, endpoint, visits))
    return ()


def look_beside(run: Run, endpoint: Endpoint, judged: Judged) -> None:
    """Compute what a reader holds against an estimate: influence, diagnostics, sites, how long it lasts.

    Parameters
    ----------
    run, endpoint : as for `analyse_endpoint`
    judged : as `estimate_endpoint` gives it
    """
    match endpoint.kind:
        case "change":
            estimate_falls(run, endpoint)
            diagnose_changes(run, endpoint)
            analysis_influence.leave_out_changes(run, endpoint)
            fit_site_effects(run, endpoint)
        case "response":
            compare_responses_over_visits(run, endpoint, judged)
            if judges_flares(endpoint):
                count_flare_rates(run, endpoint, judged)
                count_flares_by_visit(run, endpoint, judged)
            else:
                count_durability(run, endpoint, judged)
                describe_time_in_state(run, endpoint, judged)
            for answers in judged:
                compare_with_goal(run, endpoint, answers)
                list_responses(run, endpoint, answers)
                analysis_influence.leave_out_responders(run, endpoint, answers)
        case "relapse":
            analysis_influence.leave_out_relapses(run, endpoint, judged[0])


def _judge_for_time(run: Run, endpoint: Endpoint, visits: pl.DataFrame) -> Judged:
    """Judge the responses that a time to event needs: none, the one of its origin, or one at every visit."""
    judged = endpoint.model_copy(update={"definition": definition_behind(run.study, endpoint)})
    if endpoint.event in {"response", "loss"}:
        at = [visit.name for visit in run.study.follow_up_visits]
        return tuple(answer_endpoint(run, visits, judged, name) for name in at)
    if endpoint.event == "relapse" or endpoint.origin == "response":
        visit = response_visit(run.study, endpoint)
        return (answer_endpoint(run, visits, judged, visit),)
    return ()
