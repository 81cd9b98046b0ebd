"""Sentences about estimands, sensitivity analyses and gatekeeping, written from the study file alone."""

from __future__ import annotations

from collections.abc import Sequence

from funis.reporting.definition_words import endpoint_words
from funis.reporting.labels import (
    MISSING_OUTCOME,
    MISSING_RELAPSE,
    Labels,
    in_sentence,
    method_label,
    words_of_name,
)
from funis.results import format_shortest
from funis.study.estimand import IMPUTED, Estimand, Imputation, IntercurrentEvent, Multiplicity
from funis.study.model import Endpoint, Study

EVENTS: dict[str, str] = {
    "death": "death",
    "withdrawal": "withdrawal or loss to follow-up",
    "rescue_medication": "rescue medication",
    "new_immunosuppressant": "a new immunosuppressant",
    "second_infusion_missed": "a missed second infusion",
    "reinfusion": "an infusion of a later course, or beyond the plan",
    "adverse_event": "a listed adverse event",
}
STRATEGIES: dict[str, str] = {
    "treatment_policy": "treatment policy",
    "hypothetical": "hypothetical",
    "composite": "composite",
    "while_on_treatment": "while on treatment",
}


def join_words(names: Sequence[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> join_words(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}"


def strategy_words(event: IntercurrentEvent, estimand: Estimand, kind: str) -> str:
    """Say what is done about one intercurrent event.

    Examples
    --------
    >>> event = IntercurrentEvent(event="death", strategy="composite")
    >>> estimand = Estimand(id="e", endpoint="e", treatment="cells", summary="response rate")
    >>> strategy_words(event, estimand, "response")
    'death (composite: the subject counts as a non-responder from then on)'
    """
    value = estimand.composite_value
    failed = "the subject counts as a non-responder from then on"
    if kind == "change" and value is not None:
        failed = f"the subject counts with a change of {format_shortest(value)} from then on"
    elif kind == "relapse":
        failed = "a responder counts as relapsed from then on"
    failed = failed.replace("-", "−") if kind == "change" else failed
    meaning = {
        "treatment_policy": "all values are used, whether before or after it",
        "hypothetical": "values after it are set missing, as if it had not happened",
        "composite": failed,
        "while_on_treatment": "relapses up to its day count"
        if kind == "relapse"
        else "the last value on or before its day is used",
    }.get(event.strategy, event.strategy)
    return f"{EVENTS[event.event]} ({STRATEGIES.get(event.strategy, event.strategy)}: {meaning})"


def estimand_sentence(labels: Labels, estimand: Estimand) -> str:
    """Write what an estimand is in one paragraph, from its five attributes and its estimator."""
    endpoint = labels.study.endpoint(estimand.endpoint)
    what = _variable_words(labels, estimand, endpoint)
    population = estimand.population or endpoint.population or "enrolled"
    events = [strategy_words(each, estimand, endpoint.kind) for each in estimand.intercurrent_events]
    handled = f"Intercurrent events: {'; '.join(events)}." if events else "No intercurrent event is expected."
    return (
        f"Estimand “{words_of_name(estimand.id)}” of {in_sentence(endpoint.printed)}. "
        f"Treatment: {estimand.treatment.rstrip('.')}. "
        f"Population: {in_sentence(labels.population(population))}. Variable: {what}. {handled} "
        f"Summary: {estimand.summary}, {_estimator(endpoint, estimand)}."
    )


def _variable_words(labels: Labels, estimand: Estimand, endpoint: Endpoint) -> str:
    """Say what is observed of each subject, and when."""
    if endpoint.kind == "relapse":
        return f"{endpoint_words(labels, endpoint)}; of the responders of the population"
    at = f" at {join_words([labels.visit(visit).lower() for visit in endpoint.at])}" if endpoint.at else ""
    if endpoint.kind == "response":
        return f"response by {labels.variable(estimand.variable or endpoint.definition)}{at}"
    name = estimand.variable or endpoint.all_variables[0]
    return f"the change from baseline in {in_sentence(labels.variable(name))}{at}"


def _estimator(endpoint: Endpoint, estimand: Estimand) -> str:
    if endpoint.kind == "response":
        rule = MISSING_OUTCOME[endpoint.missing_outcome]
        return f"estimated by the share of responders with its exact interval; missing response: {rule}"
    if endpoint.kind == "relapse":
        is_filled = endpoint.missing_outcome in {"nonresponder", "worst"}
        return (
            "estimated by the share of these responders with its exact interval; a relapse that is not known "
            f"{MISSING_RELAPSE[endpoint.missing_relapse]}; who has no known response is "
            f"{'no responder' if is_filled else 'left out'}"
        )
    if endpoint.missing_outcome in IMPUTED:
        return f"estimated by {in_sentence(method_label(endpoint.missing_outcome))}, {draw_words(endpoint)}"
    if "mmrm" in endpoint.methods:
        return "estimated by a mixed model for repeated measures (missing at random)"
    test = "Hodges-Lehmann estimate" if estimand.summary == "median change" else "mean with its t interval"
    return f"estimated by the {test}; missing outcome: {MISSING_OUTCOME[endpoint.missing_outcome]}"


def draw_words(endpoint: Endpoint) -> str:
    """Say by which strategies and how often values were drawn, from which seed, and how far shifted."""
    settings = endpoint.imputation or Imputation()
    by_ending = endpoint.missing_outcome == "by_ending"
    strategies = f"{_strategy_words(settings)}; " if by_ending else ""
    shift = f", shifted by {format_shortest(settings.delta)}".replace("-", "−") if settings.delta else ""
    return f"{strategies}{settings.draws} draws from seed {settings.seed}{shift}, pooled by Rubin’s rules"


_ENDINGS = {
    "completed": "completed",
    "ongoing": "still in the study",
    "withdrew": "withdrew",
    "lost": "lost to follow-up",
    "died": "died",
    "other": "every other end",
}
_DRAWN_BY = {
    "mar": "missing at random",
    "j2r": "jump to reference",
    "cr": "copy reference",
    "cir": "copy increments in reference",
    "lmcf": "last mean carried forward",
}


def _strategy_words(settings: Imputation) -> str:
    """Name the strategy of each ending, the rest last.

    Examples
    --------
    >>> _strategy_words(Imputation(strategies={"died": "j2r", "lost": "mar"}))
    'died: jump to reference; lost to follow-up: missing at random; every other end: missing at random'
    """
    named = {**settings.strategies}
    named["other"] = named.pop("other", "mar")
    return "; ".join(f"{_ENDINGS[ending]}: {_DRAWN_BY[how]}" for ending, how in named.items())


def multiplicity_sentence(labels: Labels, plan: Multiplicity) -> str:
    """Say which endpoints are adjusted together, how, and which P of each decides."""
    names = [labels.endpoint(name) for name in plan.order]
    if plan.families:
        family = "; then ".join(
            join_words([labels.endpoint(name) for name in each]) for each in plan.families
        )
        how = f"by Holm within families, a family being opened when all before it are rejected: {family}"
    elif plan.method == "graph":
        shares = ", ".join(
            f"{name} {format_shortest(share)}" for name, share in zip(names, plan.weights, strict=True)
        )
        how = f"by a graph (Bretz and others 2009) with initial shares of the level: {shares}"
    elif plan.method == "fixed_sequence":
        how = f"in the fixed sequence {', '.join(names)}"
    else:
        how = f"by {method_label(plan.method)} over {join_words(names)}"
    return f"P values of endpoints are adjusted together {how}; each endpoint enters with one P value."


def co_primary_words(study: Study) -> str:
    """Say how several primary endpoints are judged together; empty where there is none.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> ends = [{"id": name, "kind": "exposure", "role": "primary"} for name in ("cells", "days")]
    >>> co_primary_words(Study.model_validate({"study": trial, "endpoints": tuple(ends[:1])}))
    'There is one primary question (cells), so that nothing is adjusted over such questions.'
    """
    names = [in_sentence(endpoint.printed) for endpoint in study.primary_endpoints]
    if not names:
        return ""
    if len(names) == 1:
        return f"There is one primary question ({names[0]}), so that nothing is adjusted over such questions."
    first = f"There are {len(names)} primary questions: {join_words(names)}."
    if study.co_primary is None:
        return (
            f"{first} The study file declares no rule for judging them together: nothing is adjusted over "
            "them, and no joint conclusion is drawn."
        )
    alpha = format_shortest(study.trial.alpha)
    level = format_shortest(100 * (1 - study.trial.alpha / len(names)))
    rule = {
        "all": f"The trial succeeds only if all do; each is judged at {alpha}, and nothing is adjusted.",
        "any": (
            f"One of them suffices: alpha is divided by {len(names)} (Bonferroni), and the intervals of "
            f"primary endpoints have level {level}% where they set no level of their own."
        ),
        "in_order": f"They are judged in this order, each at {alpha}; the first that fails ends it.",
    }[study.co_primary.success]
    return f"{first} {rule}"


def sensitivity_words(study: Study) -> str:
    """Say of which endpoints a sensitivity table is made; empty where of none."""
    named = {plan.endpoint for plan in study.sensitivity}
    names = [
        endpoint.printed
        for endpoint in study.endpoints
        if endpoint.kind in {"change", "response"}
        and (
            endpoint.id in named
            or (endpoint.sensitivity if endpoint.sensitivity is not None else endpoint.role == "primary")
        )
    ]
    if not names:
        return ""
    return (
        f"Sensitivity analyses repeat {join_words([in_sentence(name) for name in names])} by every planned "
        "method, rule for missing outcomes and population."
    )
