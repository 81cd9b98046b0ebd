"""What estimands, imputation, sensitivity analyses and gatekeeping must agree on with the endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isclose
from typing import TYPE_CHECKING

from funis.nine_decimals import compare_exactly
from funis.study.estimand import (
    CHANGE_POLICIES,
    IMPUTED,
    REFERENCE_BASED,
    RESPONSE_POLICIES,
    Estimand,
    Multiplicity,
    SensitivityPlan,
)
from funis.study.populations import populations_of
from funis.study.study_finding import StudyFinding, unknown_name

if TYPE_CHECKING:
    from funis.study.model import Endpoint, Study

Key = tuple[str | int, ...]
_KINDS = ("change", "response")
#: Kinds of endpoint that an estimand can be of, with the summary of one arm.
_SUMMARIES = {
    "change": ("mean change", "median change"),
    "response": ("response rate",),
    "relapse": ("relapse rate",),
}
_ENROLLED = "enrolled"
#: Tests whose result Rubin's rules cannot pool.
_NOT_POOLED = ("wilcoxon", "sign_test", "bootstrap", "permutation")


def _of_kinds(study: Study, kinds: tuple[str, ...] = _KINDS) -> dict[str, Endpoint]:
    return {each.id: each for each in study.endpoints if each.kind in kinds}


def _endpoint_finding(
    study: Study, key: Key, name: str, kinds: tuple[str, ...] = _KINDS
) -> StudyFinding | None:
    """Say that an endpoint does not exist, or that its kind has no such analysis."""
    found = next((each for each in study.endpoints if each.id == name), None)
    if found is None:
        return unknown_name(key, "endpoint", name, [each.id for each in study.endpoints])
    if found.kind not in kinds:
        named = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
        fix = f"Name one of kind {named}: {', '.join(_of_kinds(study, kinds)) or 'there is none'}."
        return StudyFinding(key, name, f"The endpoint is of kind '{found.kind}'.", fix)
    return None


# --- imputation --------------------------------------------------------------------------------------


def check_imputation(study: Study) -> Iterator[StudyFinding]:
    """Multiple imputation is for changes; by reference it needs a control arm."""
    for index, endpoint in enumerate(study.endpoints):
        key = ("endpoints", index)
        if endpoint.missing_outcome in IMPUTED:
            yield from _check_drawn(study, key, endpoint)
        yield from _check_shifts(key, endpoint)
        yield from _check_covariance(key, endpoint)
        yield from _check_endings(key, endpoint)
        if endpoint.fallback and "mmrm" not in endpoint.methods:
            fix = 'Add "mmrm" to methods, or leave it out.'
            yield StudyFinding((*key, "fallback"), "", "A fall-back belongs to a mixed model.", fix)
        if endpoint.marginal_means and "mmrm" not in endpoint.methods:
            fix = 'Add "mmrm" to methods, or leave it out.'
            message = "Marginal means belong to a mixed model."
            yield StudyFinding((*key, "marginal_means"), endpoint.marginal_means, message, fix)
        for number, name in enumerate(endpoint.fallback):
            if name == endpoint.covariance or name in endpoint.fallback[:number]:
                message = "This covariance is tried before already."
                yield StudyFinding((*key, "fallback", number), name, message, "Name each once.")
        if endpoint.null_rate is not None and study.arms:
            fix = "Leave it out: arms are compared with the control arm."
            yield StudyFinding((*key, "null_rate"), f"{endpoint.null_rate:g}", "The trial has arms.", fix)
        if endpoint.performance_goal is not None and study.arms:
            found, fix = f"{endpoint.performance_goal:g}", "Leave it out: arms are compared with each other."
            yield StudyFinding((*key, "performance_goal"), found, "The trial has arms.", fix)


def _check_covariance(key: Key, endpoint: Endpoint) -> Iterator[StudyFinding]:
    """Refuse a covariance by arm where no other arm is referred to: it would change nothing."""
    drawn = endpoint.imputation
    if drawn is not None and drawn.covariance == "by_arm" and endpoint.missing_outcome not in REFERENCE_BASED:
        message = "A covariance by arm belongs to imputation by reference to another arm."
        fix = f"Leave it out, or take one of {', '.join(REFERENCE_BASED)} as missing_outcome."
        yield StudyFinding((*key, "imputation", "covariance"), drawn.covariance, message, fix)


def _check_endings(key: Key, endpoint: Endpoint) -> Iterator[StudyFinding]:
    """Find strategies by ending without the policy that reads them, and the policy without any."""
    named = endpoint.imputation.strategies if endpoint.imputation is not None else {}
    if endpoint.missing_outcome == "by_ending" and not any(each != "mar" for each in named.values()):
        fix = 'Add [endpoints.imputation] with strategies, for example {died = "j2r", lost = "mar"}.'
        message = "No ending has a strategy but missing at random."
        yield StudyFinding((*key, "missing_outcome"), "by_ending", message, fix)
    if endpoint.missing_outcome != "by_ending" and named:
        fix = 'Write missing_outcome = "by_ending", or leave the strategies out.'
        found = ", ".join(f"{ending} = {how}" for ending, how in named.items())
        message = "Strategies by ending are not read by this rule for missing outcomes."
        yield StudyFinding((*key, "imputation", "strategies"), found, message, fix)


def _check_drawn(study: Study, key: Key, endpoint: Endpoint) -> Iterator[StudyFinding]:
    policy = endpoint.missing_outcome
    place = (*key, "missing_outcome")
    if endpoint.kind != "change":
        fix = "Use observed, nonresponder, worst or locf; draw changes, which are numbers."
        yield StudyFinding(place, policy, f"'{policy}' has no meaning for kind '{endpoint.kind}'.", fix)
        return
    yield from _check_reference(study, place, policy)
    for number, method in enumerate(endpoint.methods):
        if method in _NOT_POOLED:
            fix = "Leave it out here; paired_t and mmrm can stand beside it. Give the test its own endpoint."
            message = "Rubin's rules pool means; this test has none."
            yield StudyFinding((*key, "methods", number), method, message, fix)


def _check_reference(study: Study, place: Key, policy: str) -> Iterator[StudyFinding]:
    if policy in REFERENCE_BASED and study.control_arm is None:
        fix = "Use multiple_imputation, or mark the control arm in [[arms]] with control = true."
        yield StudyFinding(place, policy, "There is no control arm to refer to.", fix)


def _check_shifts(key: Key, endpoint: Endpoint) -> Iterator[StudyFinding]:
    shifts = endpoint.imputation.tipping_point if endpoint.imputation is not None else ()
    size = [abs(each) for each in shifts]
    rises = all(later > earlier for earlier, later in pairwise(size))
    if shifts and (shifts[0] != 0 or not rises or (max(shifts) > 0 > min(shifts))):
        fix = "Write 0 first, then shifts away from it on one side, for example [0, 1, 2, 3]."
        place = (*key, "imputation", "tipping_point")
        yield StudyFinding(place, str(list(shifts)), "The shifts are not in order.", fix)


# --- estimands ---------------------------------------------------------------------------------------


def check_estimands(study: Study) -> Iterator[StudyFinding]:
    """Every estimand names what exists and says of each event what its endpoint can do."""
    for index, estimand in enumerate(study.estimands):
        key: Key = ("estimands", index)
        wrong = _endpoint_finding(study, (*key, "endpoint"), estimand.endpoint, tuple(_SUMMARIES))
        if wrong is not None:
            yield wrong
        if estimand.population not in {"", _ENROLLED, *populations_of(study)}:
            known = (_ENROLLED, *populations_of(study))
            yield unknown_name((*key, "population"), "population", estimand.population, known)
        yield from _check_strategies(key, estimand)
        endpoint = _of_kinds(study, tuple(_SUMMARIES)).get(estimand.endpoint)
        if endpoint is not None:
            yield from _check_variable(key, estimand, endpoint)
            yield from _check_summary(study, key, estimand, endpoint)
            yield from _check_feasible(key, estimand, endpoint)
    yield from _check_declared(study)


def _check_strategies(key: Key, estimand: Estimand) -> Iterator[StudyFinding]:
    seen: set[str] = set()
    for number, each in enumerate(estimand.intercurrent_events):
        place = (*key, "intercurrent_events", number)
        if each.event in seen:
            yield StudyFinding(
                (*place, "event"), each.event, "The event has a strategy already.", "Give it one."
            )
        seen.add(each.event)
        if each.strategy == "principal_stratum":
            yield StudyFinding(
                (*place, "strategy"), each.strategy, "Principal strata are not supported.",
                "Who belongs to one is not observed. Use treatment_policy, hypothetical, composite or "
                "while_on_treatment.",
            )  # fmt: skip
        if each.event == "death" and each.strategy == "treatment_policy":
            fix = "Use composite, while_on_treatment (while alive) or hypothetical."
            message = "After death there is no value that a treatment policy could use."
            yield StudyFinding((*place, "strategy"), each.strategy, message, fix)


def _check_variable(key: Key, estimand: Estimand, endpoint: Endpoint) -> Iterator[StudyFinding]:
    known = endpoint.all_variables if endpoint.kind == "change" else (endpoint.definition,)
    if estimand.variable and estimand.variable not in known:
        yield unknown_name((*key, "variable"), "variable of the endpoint", estimand.variable, known)
    elif not estimand.variable and len(known) > 1:
        fix = f"Name one of: {', '.join(known)}."
        yield StudyFinding((*key, "variable"), "", "The endpoint has several variables.", fix)


def _check_summary(study: Study, key: Key, estimand: Estimand, endpoint: Endpoint) -> Iterator[StudyFinding]:
    allowed = [*_SUMMARIES[endpoint.kind]]
    if study.arms:
        allowed.append(f"difference in {allowed[0]}")
    place = (*key, "summary")
    if estimand.summary not in allowed:
        message = f"'{estimand.summary}' does not summarise this endpoint."
        yield StudyFinding(place, estimand.summary, message, f"Use {' or '.join(allowed)}.")
    elif estimand.summary.startswith("difference") and study.control_arm is None:
        fix = "Mark the control arm in [[arms]] with control = true."
        yield StudyFinding(place, estimand.summary, "There is no control arm.", fix)
    elif estimand.summary == "median change" and (
        "mmrm" in endpoint.methods or endpoint.missing_outcome in IMPUTED
    ):
        fix = "Use mean change, or give the median an endpoint without mmrm and imputation."
        yield StudyFinding(place, estimand.summary, "A mixed model and imputation give means.", fix)


def _check_feasible(key: Key, estimand: Estimand, endpoint: Endpoint) -> Iterator[StudyFinding]:
    is_change = endpoint.kind == "change"
    is_modelled = "mmrm" in endpoint.methods or endpoint.missing_outcome in IMPUTED
    for number, each in enumerate(estimand.intercurrent_events):
        place = (*key, "intercurrent_events", number, "strategy")
        if each.strategy == "hypothetical" and not is_change:
            fix = f"Use composite, treatment_policy or while_on_treatment for a {endpoint.kind}."
            message = f"What a {endpoint.kind} would have been is not drawn."
            yield StudyFinding(place, each.strategy, message, fix)
        elif each.strategy == "hypothetical" and not is_modelled:
            fix = 'Add "mmrm" to the methods of the endpoint, or missing_outcome = "multiple_imputation".'
            message = "Values after the event are set missing, and nothing stands in for them."
            yield StudyFinding(place, each.strategy, message, fix)
        elif each.strategy == "composite" and is_change and estimand.composite_value is None:
            fix = "Give composite_value, the change such a subject counts with, or use another strategy."
            yield StudyFinding(place, each.strategy, "No change is the worst by itself.", fix)
    composite = any(each.strategy == "composite" for each in estimand.intercurrent_events)
    if estimand.composite_value is not None and not (is_change and composite):
        message = "There is no composite strategy of a change that uses it."
        yield StudyFinding(
            (*key, "composite_value"), f"{estimand.composite_value:g}", message, "Leave it out."
        )


def _check_declared(study: Study) -> Iterator[StudyFinding]:
    """Find events with a strategy that are found by a list, but have none."""
    declared = study.intercurrent_events.declared
    for index, estimand in enumerate(study.estimands):
        for number, each in enumerate(estimand.intercurrent_events):
            if each.event in declared and not declared[each.event]:
                yield StudyFinding(
                    ("estimands", index, "intercurrent_events", number, "event"), each.event,
                    "Nothing says which records are this event.",
                    f"Add [intercurrent_events] with {each.event} = [...].",
                )  # fmt: skip


# --- sensitivity -------------------------------------------------------------------------------------


def check_sensitivity(study: Study) -> Iterator[StudyFinding]:
    """Every set names an endpoint, and methods and policies that its kind knows."""
    named: list[str] = []
    for index, plan in enumerate(study.sensitivity):
        key: Key = ("sensitivity", index)
        wrong = _endpoint_finding(study, (*key, "endpoint"), plan.endpoint)
        if wrong is not None:
            yield wrong
        if plan.endpoint in named:
            message = "This endpoint has a set already."
            yield StudyFinding((*key, "endpoint"), plan.endpoint, message, "Join the two.")
        named.append(plan.endpoint)
        for number, name in enumerate(plan.populations):
            if name not in {_ENROLLED, *populations_of(study)}:
                known = (_ENROLLED, *populations_of(study))
                yield unknown_name((*key, "populations", number), "population", name, known)
        endpoint = _of_kinds(study).get(plan.endpoint)
        if endpoint is not None:
            yield from _check_plan(study, key, plan, endpoint)


def _check_plan(study: Study, key: Key, plan: SensitivityPlan, endpoint: Endpoint) -> Iterator[StudyFinding]:
    allowed = CHANGE_POLICIES if endpoint.kind == "change" else RESPONSE_POLICIES
    for number, policy in enumerate(plan.missing):
        if policy not in allowed:
            message = f"'{policy}' has no meaning for kind '{endpoint.kind}'."
            yield StudyFinding((*key, "missing", number), policy, message, f"Known: {', '.join(allowed)}.")
    if plan.methods and endpoint.kind == "response":
        message = "Responses are counted; they have no methods."
        yield StudyFinding((*key, "methods"), "", message, "Leave methods out, and choose missing.")
    for number, method in enumerate(plan.methods):
        yield from _check_reference(study, (*key, "methods", number), method)


# --- gatekeeping -------------------------------------------------------------------------------------


def check_multiplicity(study: Study) -> Iterator[StudyFinding]:
    """Each endpoint named gives one P value, and a graph is one that keeps the level."""
    plan = study.multiplicity
    if plan is None:
        return
    key: Key = ("multiplicity",)
    if bool(plan.endpoints) == bool(plan.families):
        message = "Either endpoints or families are needed, not both."
        yield StudyFinding((*key, "endpoints"), "", message, "Name the endpoints in one of the two.")
    if plan.families and plan.method != "holm":
        fix = 'Use method = "holm", or write the families as a graph.'
        yield StudyFinding((*key, "families"), "", f"'{plan.method}' has no families.", fix)
    for index, name in enumerate(plan.order):
        place = (*key, "endpoints", index) if plan.endpoints else (*key, "families")
        wrong = _endpoint_finding(study, place, name)
        if wrong is not None:
            yield wrong
        elif name in plan.order[:index]:
            yield StudyFinding(place, name, "The endpoint is named twice.", "Name it once.")
        else:
            yield from _check_hypothesis(study, place, study.endpoint(name), plan)
    for name in plan.visits:
        if name not in plan.order:
            yield unknown_name((*key, "visits", name), "endpoint among those adjusted", name, plan.order)
    yield from _check_graph(plan)


def _check_hypothesis(
    study: Study, place: Key, endpoint: Endpoint, plan: Multiplicity
) -> Iterator[StudyFinding]:
    chosen = plan.visits.get(endpoint.id)
    if chosen is not None and endpoint.at and chosen not in endpoint.at:
        yield unknown_name(
            ("multiplicity", "visits", endpoint.id), "visit of the endpoint", chosen, endpoint.at
        )
    elif chosen is None and len(endpoint.at) != 1:
        fix = f'Add [multiplicity.visits] with {endpoint.id} = "the visit that decides".'
        yield StudyFinding(place, endpoint.id, "The endpoint has several visits, so several P values.", fix)
    if len(endpoint.all_variables) > 1:
        fix = "Give the confirmatory variable an endpoint of its own."
        yield StudyFinding(place, endpoint.id, "The endpoint has several variables.", fix)
    actives = [arm.id for arm in study.arms if not arm.control]
    if study.arms and (study.control_arm is None or len(actives) != 1):
        fix = "Mark one control arm and keep one other."
        yield StudyFinding(place, endpoint.id, "The arms do not give one comparison.", fix)
    elif endpoint.kind == "response" and not study.arms and endpoint.null_rate is None:
        fix = "Add null_rate to the endpoint, the rate that responses are tested against."
        yield StudyFinding(place, endpoint.id, "A response rate of one arm has no P value.", fix)
    elif endpoint.kind == "change" and not _has_test(study, endpoint):
        fix = 'Add "mmrm" to its methods.' if study.arms else 'Add methods, for example ["paired_t"].'
        yield StudyFinding(place, endpoint.id, "The endpoint has no test.", fix)


def _has_test(study: Study, endpoint: Endpoint) -> bool:
    if endpoint.missing_outcome in IMPUTED or "mmrm" in endpoint.methods:
        return True
    return not study.arms and any(method != "bootstrap" for method in endpoint.methods)


def _check_graph(plan: Multiplicity) -> Iterator[StudyFinding]:
    count = len(plan.order)
    if plan.method != "graph":
        for name in ("weights", "transitions"):
            if getattr(plan, name):
                message = f"'{name}' has no meaning for method '{plan.method}'."
                yield StudyFinding(
                    ("multiplicity", name), "", message, 'Leave it out, or use method = "graph".'
                )
        return
    is_above_one = compare_exactly(sum(plan.weights), ">", 1)
    if len(plan.weights) != count or any(each < 0 for each in plan.weights) or is_above_one:
        fix = f"Give {count} numbers of 0 or more with sum at most 1."
        yield StudyFinding(("multiplicity", "weights"), str(list(plan.weights)), "These are no shares.", fix)
    rows = plan.transitions
    is_square = len(rows) == count and all(len(row) == count for row in rows)
    if not is_square:
        found = f"{len(rows)} rows"
        fix = f"Give {count} rows of {count} numbers."
        yield StudyFinding(("multiplicity", "transitions"), found, "The graph is not complete.", fix)
        return
    for index, row in enumerate(rows):
        if row[index] != 0 or min(row) < 0 or (sum(row) > 1 and not isclose(sum(row), 1)):
            fix = "Numbers of 0 or more, 0 for the endpoint itself, with sum at most 1."
            place = ("multiplicity", "transitions", index)
            yield StudyFinding(place, str(list(row)), "This row passes on more than there is.", fix)
