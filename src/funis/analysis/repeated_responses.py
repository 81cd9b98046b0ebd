"""The responses of one endpoint at several visits, compared in the same subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import and_

import numpy as np

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans
from funis.analysis.response_rates import RESPONDER, Answers
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.nine_decimals import round_exactly
from funis.results import ALL, NOT_AVAILABLE, Place, format_number, format_shortest
from funis.stats.tests.contingency import cochran_q, mcnemar
from funis.study.model import Endpoint

ANALYSIS = "response_over_visits"
_NOBODY = f"{NOT_AVAILABLE} (nobody has a known response at all of these visits)"


def compare_responses_over_visits(run: Run, endpoint: Endpoint, judged: Sequence[Answers]) -> None:
    """Compare the responders of the visits of an endpoint, in the same subjects, by the tests it asks for.

    Subjects count whose response is known, or filled by the endpoint's rule, at every visit compared.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``response_over_visits`` are added
    endpoint : of kind response; ``mcnemar`` and ``mcnemar_mid`` compare each later visit with the first one
        named in ``at``, ``cochran_q`` compares all at once
    judged : its responses, one for each visit in ``at``
    """
    of_two = [method for method in endpoint.methods if method != "cochran_q"]
    for cohort in run.populations.of_endpoint(endpoint) if endpoint.methods else ():
        for later in judged[1:] if of_two else ():
            _compare_two(run, endpoint, cohort, (judged[0], later), of_two)
        if "cochran_q" in endpoint.methods:
            _compare_all(run, endpoint, cohort, judged)


def _compare_two(
    run: Run, endpoint: Endpoint, cohort: Cohort, pair: tuple[Answers, Answers], methods: Sequence[str]
) -> None:
    """Compare a later visit with the first: who gained and who lost the response, difference and P."""
    first, later = pair
    complete = _known_at_all(cohort, pair)
    place = _place(run, endpoint, cohort, (later, complete, later.visit, f"{first.visit} {later.visit}"))
    before, after = first.responders[complete], later.responders[complete]
    for statistic, who in (("gained", ~before & after), ("lost", before & ~after)):
        run.numbers.add(place, statistic, int(who.sum()), text=str(int(who.sum())))
    for method in methods if not complete.any() else ():
        run.numbers.add(place, "p", None, text=_NOBODY, method=method, status="not_estimable")
    if not complete.any():
        return
    found = mcnemar(before, after, level=run.level_of(endpoint))
    for statistic, value in (("estimate", found.estimate), ("lower", found.lower), ("upper", found.upper)):
        points = round_exactly(100.0 * value)
        run.numbers.add(place, statistic, points, text=format_number(points, 1), method="newcombe_paired")
    for method in methods:
        p = mcnemar(before, after, mid=method == "mcnemar_mid").p
        run.numbers.add(place, "p", p, method=method)


def _compare_all(run: Run, endpoint: Endpoint, cohort: Cohort, judged: Sequence[Answers]) -> None:
    """Compare all visits at once."""
    complete = _known_at_all(cohort, judged)
    visits = " ".join(answers.visit for answers in judged)
    place = _place(run, endpoint, cohort, (judged[-1], complete, ALL, visits))
    if not complete.any():
        run.numbers.add(place, "p", None, text=_NOBODY, method="cochran_q", status="not_estimable")
        return
    found = cochran_q(np.column_stack([answers.responders[complete] for answers in judged]))
    run.numbers.add(place, "statistic", found.statistic, method="cochran_q")
    run.numbers.add(place, "df", found.df, text=format_shortest(found.df), method="cochran_q")
    run.numbers.add(place, "p", found.p, method="cochran_q")


def _known_at_all(cohort: Cohort, judged: Sequence[Answers]) -> Booleans:
    """Tell which members have a response that is known, or filled by rule, at every visit."""
    return reduce(and_, (answers.determinate for answers in judged), cohort.members)


def _place(
    run: Run, endpoint: Endpoint, cohort: Cohort, compared: tuple[Answers, Booleans, str, str]
) -> Place:
    """Give the place of a comparison, its source the responses at the last visit compared."""
    answers, complete, visit, key = compared
    n = int(complete.sum())
    return replace(
        cohort.place(ANALYSIS, answers.definition, RESPONDER),
        measure=answers.definition,
        visit=visit,
        endpoint=endpoint.id,
        n=n,
        denominator=n,
        missing_outcome=endpoint.missing_outcome,
        source=subject_source(run, cohort, f"{endpoint.id} {key}", complete, answers.rows),
    )
