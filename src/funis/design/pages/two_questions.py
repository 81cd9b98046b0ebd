"""One arm that is asked two questions, in words: enough responses, and not too many events."""

from __future__ import annotations

import numpy as np

from funis.design.pages.one_arm import NO_CONTROL
from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.design.response_and_toxicity import BryantDayDesigns, ResponseToxicityDesign
from funis.design.two_stage import success_by_limits
from funis.design.watched_endpoints import EndpointLook, TwoEndpointRule
from funis.documents.figure import FigureSpec
from funis.results.text import format_number, format_shortest


def tell_bryant_day(found: BryantDayDesigns) -> ToldDesign:
    """Tell the designs of Bryant and Day."""
    best = found.optimal
    paragraph = (
        "Response and toxicity are tested in one arm and two stages (Bryant and Day 1995). A response "
        f"rate of {percent(found.p0)} is of no interest and one of {percent(found.p1)} worth going on for; "
        f"a toxicity rate of {percent(found.toxic0)} is too high and one of {percent(found.toxic1)} "
        f"accepted. The first stage treats {best.n1} patients; with {best.r1} responses or fewer, or with "
        f"more than {best.t1} toxicities, the trial ends. Otherwise {best.n - best.n1} more are treated, "
        f"and with more than {best.r} responses and at most {best.t} toxicities among all {best.n} the "
        f"treatment is worth further study. The chance of that is {percent(best.power)} where both rates "
        f"are good, {percent(best.error_response)} where the response rate is poor, "
        f"{percent(best.error_toxicity)} where the toxicity rate is poor, and {percent(best.error_both)} "
        "where both are."
    )
    rows = tuple(
        _bryant_day_row(name, each) for name, each in (("optimal", best), ("minimax", found.minimax))
    )
    heads = (
        "Design", "Stage 1: stop if responses at most", "or toxicities above", "Success if responses above",
        "and toxicities at most", "Success: both good", "Response poor", "Toxicity poor", "Both poor",
        "Expected n: response poor", "Toxicity poor, n",
    )  # fmt: skip
    return ToldDesign(
        "Two stages in one arm, response and toxicity (Bryant and Day)",
        {
            "Response rates": f"{percent(found.p0)} and {percent(found.p1)}",
            "Toxicity rates": f"{percent(found.toxic0)} and {percent(found.toxic1)}",
            "Errors (response, toxicity)": f"{format_shortest(found.alpha_response)}, "
            f"{format_shortest(found.alpha_toxicity)}",
            "Power": percent(found.asked_power, 0),
        },
        paragraph, (DesignTable("Optimal and minimax design", heads, rows),), _draw_bryant_day(found),
        (
            NO_CONTROL,
            _association(best),
            "Toxicity must be countable by the end of each stage: what comes later is not in the rule.",
        ),
    )  # fmt: skip


def _association(best: ResponseToxicityDesign) -> str:
    return (
        "Response and toxicity of a patient are taken to be independent. However they go together, the "
        f"errors of the optimal design are at most {percent(best.worst_error_response)} (response) and "
        f"{percent(best.worst_error_toxicity)} (toxicity), and its power at least "
        f"{percent(best.worst_power)}."
    )


def _bryant_day_row(name: str, each: ResponseToxicityDesign) -> tuple[str, ...]:
    return (
        name, f"{each.r1}/{each.n1}", f"{each.t1}/{each.n1}", f"{each.r}/{each.n}", f"{each.t}/{each.n}",
        percent(each.power), percent(each.error_response), percent(each.error_toxicity),
        percent(each.error_both), format_number(each.expected_n[0], 1), format_number(each.expected_n[1], 1),
    )  # fmt: skip


def _draw_bryant_day(found: BryantDayDesigns) -> FigureSpec:
    best = found.optimal
    at = np.linspace(0.01, min(0.99, found.p1 * 1.4), 61)
    lines = {}
    for name, toxic in (("Toxicity accepted", found.toxic1), ("Toxicity too high", found.toxic0)):
        safe = _passes(best.n1, best.n, best.n1 - best.t1 - 1, best.n - best.t - 1, 1 - toxic)
        lines[name] = [
            (100 * float(p), safe * _passes(best.n1, best.n, best.r1, best.r, float(p))) for p in at
        ]
    return draw_lines(
        lines, title="Chance of success, by the true response rate", across="True response rate (%)",
        up="Chance of success (%)", in_percent=True, references=(100 * found.p0, 100 * found.p1),
        alt=f"With accepted toxicity the chance rises from {percent(best.error_response)} at p0 to "
        f"{percent(best.power)} at p1; with toxicity too high it stays at {percent(best.error_toxicity)} "
        "at p1.",
        notes=("Optimal design. Upright lines: p0 and p1.",),
    )  # fmt: skip


def _passes(n1: int, n: int, first: int, both: int, rate: float) -> float:
    return float(success_by_limits(n1, n, first, rate)[first, both])


_HELD = (
    "Only the chance of success where neither rate is better is held. A treatment with one good rate passes "
    "more often: see the table."
)
_KNOWN = "A patient counts at a look when both endpoints are known; recruitment waits, or the looks lag."
_WORLDS = {
    "null": "Neither better", "response only": "Response better alone", "safe only": "Events fewer alone",
    "better": "Both better",
}  # fmt: skip


def tell_two_endpoints(found: TwoEndpointRule) -> ToldDesign:
    """Tell the Bayesian rule that watches a response and an event."""
    chances = {each.name: each for each in found.chances}
    null, better = chances["null"], chances["better"]
    among = " of those who responded" if found.is_among_responders else ""
    looks = ", ".join(str(look.n) for look in found.looks)
    paragraph = (
        f"Responses and events are watched after {looks} patients (Bayesian optimal phase II design, Zhou, "
        "Lee and Yuan 2017). Recruitment stops when the certainty of a response rate above "
        f"{percent(null.response)}, or of an event rate{among} below {percent(null.event)}, is less than "
        f"{format_shortest(found.level)} x (n / {found.looks[-1].n})^{format_shortest(found.shape)}; the "
        "prior is worth one patient at these rates. No look stops the trial with a chance of "
        f"{percent(null.success)} where neither rate is better, and of {percent(better.success)} where the "
        f"response rate is {percent(better.response)} and the event rate {percent(better.event)}; "
        f"{format_number(null.expected_n, 1)} and {format_number(better.expected_n, 1)} patients are then "
        "observed on average."
    )
    return ToldDesign(
        "Two endpoints watched in one arm (Bayesian)",
        {
            "Neither better": _cells(found.null), "Both better": _cells(found.better),
            "Events counted among": "responders" if found.is_among_responders else "all patients",
            "Cut-off": f"{format_shortest(found.level)}, shape {format_shortest(found.shape)}",
        },
        paragraph, (_list_looks(found), _list_chances(found)), _draw_looks(found),
        (
            NO_CONTROL,
            _HELD, _KNOWN,
        ),
    )  # fmt: skip


def _cells(cells: tuple[float, ...]) -> str:
    names = ("response with event", "response without", "event without response", "neither")
    return ", ".join(f"{percent(each)} {name}" for each, name in zip(cells, names, strict=True))


def _list_looks(found: TwoEndpointRule) -> DesignTable:
    rows = tuple(
        (
            str(look.n), format_number(look.cutoff, 4),
            "none" if look.responses is None else str(look.responses),
            _by_responders(look) if found.is_among_responders else _event_limit(look.events[0]),
        )
        for look in found.looks
    )  # fmt: skip
    heads = ("Patients", "Cut-off", "Stop with responses at most", "Stop with events at least")
    notes = ("a of b: a events stop where so many or fewer responded.",) if found.is_among_responders else ()
    return DesignTable("What stops the trial", heads, rows, notes)


def _event_limit(limit: int | None) -> str:
    return "none" if limit is None else str(limit)


def _by_responders(look: EndpointLook) -> str:
    """Write, for each number of events that stops, the most responders with whom it does."""
    most: dict[int, int] = {}
    least = 0 if look.responses is None else look.responses + 1
    for responders in range(least, look.n + 1):
        limit = look.events[responders]
        if limit is not None:
            most[limit] = responders
    return "; ".join(f"{events} of {responders}" for events, responders in most.items()) or "none"


def _list_chances(found: TwoEndpointRule) -> DesignTable:
    rows = tuple(
        (
            _WORLDS[each.name], percent(each.response), percent(each.event), percent(each.success),
            percent(each.early_stop), format_number(each.expected_n, 1),
        )
        for each in found.chances
    )  # fmt: skip
    heads = (
        "True rates",
        "Response",
        "Event",
        "No look stops",
        "Stops before the last",
        "Patients on average",
    )
    notes = ("Exact. Where one rate alone is better, response and event are taken to be independent.",)
    return DesignTable("What the rule does", heads, rows, notes)


def _draw_looks(found: TwoEndpointRule) -> FigureSpec:
    lines = {
        "Stop with responses at most": [
            (float(look.n), float(look.responses)) for look in found.looks if look.responses is not None
        ]
    }
    if not found.is_among_responders:
        lines["Stop with events at least"] = [
            (float(look.n), float(look.events[0])) for look in found.looks if look.events[0] is not None
        ]
    ends = ", ".join(f"{name} {points[-1][1]:g}" for name, points in lines.items() if points)
    return draw_lines(
        lines, title="What stops the trial", across="Patients observed", up="Patients", in_whole=True,
        alt=f"At the last look: {ends or 'nothing stops'}.",
    )  # fmt: skip
