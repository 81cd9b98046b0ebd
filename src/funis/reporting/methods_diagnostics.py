"""Sentences of the methods on regression to the mean, influence, diagnostics and comparison of arms."""

from __future__ import annotations

from collections.abc import Iterator

from funis.reporting.labels import Labels, in_sentence, listed
from funis.results import format_shortest
from funis.study.model import Study
from funis.study.selection import find_selections

_WITHIN = {"paired_t", "wilcoxon", "sign_test", "bootstrap", "permutation"}


def diagnostic_sentences(study: Study) -> Iterator[str]:
    """Say how the assumptions behind the results are looked at, as far as the study file asks for them.

    Parameters
    ----------
    study : the study file

    Returns
    -------
    Iterator of str : one sentence each; none for a study without a change to analyse

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> list(diagnostic_sentences(Study.model_validate({"study": trial})))
    []
    """
    changes = [endpoint for endpoint in study.endpoints if endpoint.kind == "change"]
    methods: set[str] = {method for endpoint in changes for method in endpoint.methods}
    yield from _regression(study)
    if methods & _WITHIN:
        yield (
            "Each mean change is estimated again without one subject, one site and one lot of cells in turn."
        )
    if methods and len(study.sites) > 1:
        yield (
            "Sites are fitted as random intercepts of the change at the last visit of an endpoint, likewise "
            "lots and donors of the first infusion where they are recorded."
        )
    if "mmrm" in methods:
        yield (
            "Mixed models are looked at by normalised residuals, correlation of the visits and their "
            "information criteria, and estimated without one subject or site with the covariance held."
        )
    if "paired_t" in methods:
        yield "The changes behind a paired t test are set against normal quantiles."
    yield from between_arms(study, methods)


def _regression(study: Study) -> Iterator[str]:
    if study.arms:
        return
    labels, selections = Labels(study), find_selections(study)
    named = [
        name for endpoint in study.endpoints if endpoint.kind == "change" for name in endpoint.all_variables
    ]
    for name in dict.fromkeys(named):
        if name in selections:
            chosen = selections[name]
            yield (
                f"Criterion {chosen.criterion} selects on {in_sentence(labels.variable(name))} at baseline "
                f"({chosen.sign} {format_shortest(chosen.limit)}); the change this alone would bring is "
                "estimated from the normal distribution cut at that limit, for correlations between visits "
                "of 0.4, 0.6 and 0.8."
            )


def between_arms(study: Study, methods: set[str]) -> Iterator[str]:
    """Say how arms are compared, one sentence a kind of outcome; nothing without two arms.

    Parameters
    ----------
    study : the study file
    methods : those that the endpoints name
    """
    if len(study.arms) < 2:
        return
    tests = [
        words
        for name, words in (
            ("paired_t", "Welch’s t test"),
            ("wilcoxon", "the Wilcoxon rank-sum test"),
            ("permutation", "the permutation test of the mean difference"),
        )
        if name in methods
    ]
    if tests:
        yield f"Changes of the arms are compared by {listed(tests)}."
    kinds = {endpoint.kind for endpoint in study.endpoints}
    if "response" in kinds:
        yield "Responses of the arms are compared by Fisher’s exact test, with Newcombe’s interval."
    if "time_to_event" in kinds:
        yield "Times to an event are compared between the arms by the log-rank test."
