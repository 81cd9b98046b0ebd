"""A calibrated disease model in words and pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from funis.design.pages.told import DesignTable, draw_lines, percent
from funis.documents.colours import GROUPS
from funis.documents.figure import FigureSpec, Spec, finish
from funis.results.text import format_number, format_p, format_shortest
from funis.simulate.calibration import (
    ENSEMBLES,
    WALKERS,
    CalibratedParameter,
    Calibration,
    DerivedQuantity,
    Limits95,
)
from funis.simulate.pages.simulation_page import ToldSimulation, say_interval, say_months
from funis.simulate.parameters import FIXED, PARAMETERS, ModelParameter
from funis.simulate.published_figures import ABSTRACT, MEANS, MONTHS, RESPONSES, SDS, SUBJECTS

BELIEVED = {
    "abstract": "relapses at months 9 and 12 of one trial alone",
    "five_year": "and 9 relapses of 37 within 5 years (Wang 2018)",
    "yearly": "and relapses of four years, 10/83, 7/39, 2/12, 1/6 (Wang 2013)",
}


def tell_calibration(found: Calibration) -> ToldSimulation:
    """Tell what the published figures say of the disease model, and what they do not."""
    chain = (
        f"{found.status}: {found.steps:,} steps of {ENSEMBLES * WALKERS} walkers, longest autocorrelation "
        f"time {format_number(found.longest_time, 0)}"
    )
    asked = {"Relapses believed": BELIEVED[found.relapses], "Seed": str(found.seed), "Chain": chain}
    return ToldSimulation(
        "What the published figures say about waning", "funis calibrate", asked, _answer(found),
        (_draw_means(found), _draw_profile(found), draw_parameters(found.parameters)),
        (table_parameters(found.parameters), _table_derived(found), _table_responses(found),
         _table_profile(found)),
        list_assumptions(), _beware(found),
    )  # fmt: skip


def _answer(found: Calibration) -> tuple[str, ...]:
    waning, best = found.waning, found.waning.best
    verdict = "The data cannot tell whether the effect of the cells wanes."
    if not found.is_usable:
        verdict = "The chain was too short: nothing about the parameters below should be used. " + verdict
    cells = _quantity(found, "by_cells")
    fast = next(each.prior for each in found.parameters if each.parameter.key == "fast")
    prior = [each.parameter.name for each in found.parameters if each.told == "the prior"]
    never, ends = format_p(waning.permanent_p), format_p(waning.permanent_boundary_p)
    flat = format_p(waning.flat_p)
    means = (
        "With no other effect than the cells', the means fit best with a half-life of the imprint of "
        f"{say_months(best.half_life)} (95% profile interval {say_months(waning.lower)} to "
        f"{say_months(waning.upper)}; X50 held at {format_shortest(waning.x50)}). An effect that never wanes "
        f'fits as well (P {never}; {ends} if "never" counts as the end of the scale). Even one drop by month '
        f"3 and then a level of {format_number(waning.flat_level)} is not rejected (P {flat})."
    )
    split = (
        f"Of the fall at month 6, {say_interval(cells.median, cells.lower, cells.upper, 1)} points are the "
        f"cells', given a prior that {percent(fast.lower, 0)} to {percent(fast.upper, 0)} of the score falls "
        "without them. That split is the prior's: one arm cannot show it."
    )
    return verdict, means, split, f"Decided by the prior, not by the data: {'; '.join(prior) or 'nothing'}."


def _quantity(found: Calibration, key: str) -> Limits95:
    return next(each.posterior for each in found.derived if each.key == key)


def _draw_means(found: Calibration) -> FigureSpec:
    fitted = {f"Best fit, half-life {say_months(found.waning.best.half_life)}": found.waning.best.predicted,
              "Best fit that never wanes": found.waning.profile[-1].predicted}  # fmt: skip
    errors = [sd / math.sqrt(SUBJECTS) for sd in SDS]
    lines = {name: list(zip(MONTHS, values, strict=True)) for name, values in fitted.items()}
    figure = draw_lines(
        lines, title="Published means and two fits that the data cannot tell apart", across="Month",
        up="SLEDAI",
        alt="Two curves run through the five published means within their standard errors.",
        notes=(f"Bars: published mean and 95% interval from its SD, n = {SUBJECTS}. {ABSTRACT}.",),
    )  # fmt: skip
    rows = [
        {"across": month, "up": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error}
        for month, mean, error in zip(MONTHS, MEANS, errors, strict=True)
    ]
    across: Spec = {"field": "across", "type": "quantitative"}
    spec: dict[str, Any] = dict(figure.spec)
    points: list[Spec] = [
        {"data": {"values": rows}, "mark": {"type": "rule", "strokeWidth": 1.5},
         "encoding": {"x": across, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}},
        {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1},
         "encoding": {"x": across, "y": {"field": "up", "type": "quantitative"}}},
    ]  # fmt: skip
    spec["layer"] = [*spec["layer"], *points]
    return FigureSpec(figure.id, figure.section, figure.title, spec, figure.alt, figure.footnotes)


def _draw_profile(found: Calibration) -> FigureSpec:
    waning = found.waning
    shown = [each for each in waning.profile if each.half_life <= 60]
    limit = 3.841
    ends = (shown[0].half_life, shown[-1].half_life)
    above = [(each.half_life, each.chi_square - waning.best.chi_square) for each in shown]
    return draw_lines(
        {"Distance from the best fit": above,
         "Limit of 95%": [(end, limit) for end in ends]},
        title="How much worse other half-lives fit", across="Half-life of the imprint (months)",
        up="Chi-square above the best fit",
        alt=f"The curve crosses the limit at {say_months(waning.lower)} and stays below it from there on.",
        notes=("What lies below the limit fits the means at 95%. There is no upper limit.",),
    )  # fmt: skip


def draw_parameters(parameters: Sequence[CalibratedParameter]) -> FigureSpec:
    """Draw every parameter before and after the data."""
    return FigureSpec(
        "figure-parameters", "answer", "Every parameter before and after the data",
        finish({"vconcat": [_panel(each) for each in parameters], "spacing": 10}),
        "For each parameter the prior's and the posterior's median and 95% interval, one above the other.",
        ("Point: median. Line: central 95%. Where both lines are the same, the data say nothing.",),
    )  # fmt: skip


def _panel(each: CalibratedParameter) -> Spec:
    rows = [
        {"which": name, "low": found.lower, "middle": found.median, "high": found.upper}
        for name, found in (("prior", each.prior), ("posterior", each.posterior))
    ]
    is_log = each.parameter.shape == "lognormal"
    across: Spec = {
        "type": "quantitative",
        "title": None,
        "scale": {"type": "log" if is_log else "linear", "nice": True},
    }
    up: Spec = {"field": "which", "type": "nominal", "title": None, "sort": ["prior", "posterior"]}
    colour: Spec = {
        "field": "which", "type": "nominal", "legend": None,
        "scale": {"domain": ["prior", "posterior"], "range": [GROUPS[1], GROUPS[0]]},
    }  # fmt: skip
    title = f"{_named(each.parameter)}: {each.told}"
    return {
        "data": {"values": rows}, "width": 520, "height": 34,
        "title": {"text": title, "anchor": "start", "frame": "group"},
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2.5},
             "encoding": {"x": across | {"field": "low"}, "x2": {"field": "high"}, "y": up, "color": colour}},
            {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
             "encoding": {"x": across | {"field": "middle"}, "y": up, "color": colour}},
        ],
    }  # fmt: skip


def _named(parameter: ModelParameter) -> str:
    return f"{parameter.name}, {parameter.unit}" if parameter.unit else parameter.name


def table_parameters(parameters: Sequence[CalibratedParameter]) -> DesignTable:
    """List every parameter before and after the data, and who decides it."""

    def row(each: CalibratedParameter) -> tuple[str, ...]:
        removed, size = percent(max(each.removed, 0.0), 0), format_number(each.effective_size, 0)
        limits = (_say(each.prior), _say(each.posterior))
        return (_named(each.parameter), *limits, removed, each.told, format_number(each.r_hat, 3), size)

    heads = (
        "Parameter",
        "Prior, median (95%)",
        "Posterior, median (95%)",
        "Variance removed",
        "Who decides",
        "R-hat",
        "Effective size",
    )
    rows = tuple(map(row, parameters))
    notes = ("Variance removed: how much narrower than the prior, on the scale that the sampler moves on.",)
    return DesignTable("Parameters before and after the data", heads, rows, notes)


def _say(limits: Limits95, digits: int = 2) -> str:
    return say_interval(limits.median, limits.lower, limits.upper, digits)


def _table_derived(found: Calibration) -> DesignTable:
    def row(each: DerivedQuantity) -> tuple[str, ...]:
        observed = "not published" if each.observed is None else format_number(each.observed)
        return (each.name, _say(each.prior), _say(each.posterior), observed)

    heads = ("Quantity", "Prior, median (95%)", "Posterior, median (95%)", "Published")
    return DesignTable("What follows", heads, tuple(map(row, found.derived)))


def _table_responses(found: Calibration) -> DesignTable:
    rows = tuple(
        (
            name,
            f"{RESPONSES[name]}/{SUBJECTS}",
            *(percent(each) for each in (limits.median, limits.lower, limits.upper)),
        )
        for name, limits in found.responses.items()
    )
    counts = tuple(
        (
            f"relapse, month {each.start:g} to {each.end:g}",
            f"{each.relapsed}/{each.at_risk}",
            each.source,
            "",
            "",
        )
        for each in found.counts
    )
    heads = ("Outcome", "Published", "Median or source", "95% from", "95% to")
    notes = (
        "Classes of response: uniform prior and the published counts.",
        "In Wang 2013 all who were followed are the denominator, not the responders alone.",
    )
    return DesignTable("Counts", heads, (*rows, *counts), notes)


def _table_profile(found: Calibration) -> DesignTable:
    heads = (
        "Fit",
        "Half-life",
        "Chi-square",
        "Largest effect (I)",
        "Activity follows with, a month",
        "Means",
    )
    chosen = [("best", found.waning.best), ("never wanes", found.waning.profile[-1])]
    rows = tuple(
        (
            name, say_months(each.half_life), format_number(each.chi_square), format_number(each.effect),
            format_number(each.ka), ", ".join(format_number(mean) for mean in each.predicted),
        )
        for name, each in chosen
    )  # fmt: skip
    flat = ("one drop, then flat", "none", format_number(found.waning.flat_chi_square), "", "",
            f"level {format_number(found.waning.flat_level)}")  # fmt: skip
    notes = ("No prior takes part. The correlation of two visits is not published: 0.5 is taken.",)
    return DesignTable("Fits to the means alone", heads, (*rows, flat), notes)


def list_assumptions() -> DesignTable:
    """List every parameter with its prior, its source and how sure that is."""
    rows = tuple(
        (_named(each), _prior(each), each.source, each.sure) for each in (*PARAMETERS, *FIXED)
    )  # fmt: skip
    heads = ("Parameter", "Prior or value", "Source", "How sure")
    return DesignTable("Parameters of the disease model", heads, rows)


def _prior(each: ModelParameter) -> str:
    numbers = " and ".join(format_shortest(float(format_number(number, 3))) for number in each.numbers)
    words = {
        "lognormal": "lognormal, median and SD of the logarithm",
        "beta": "beta",
        "half_normal": "half-normal, SD",
        "fixed": "fixed at",
    }
    return f"{words[each.shape]} {numbers}"


def _beware(found: Calibration) -> tuple[str, ...]:
    others = ", ".join(
        f"{say_months(each.best.half_life)} with X50 at {format_shortest(each.x50)}"
        for each in found.other_x50
    )
    lines = (
        "One arm cannot separate the cells from regression to the mean and from the treatment everybody has.",
        f"The half-life and X50 trade off: the best half-life is {others}.",
        "The form of the model does not allow harm; harm is a scenario that is entered by hand.",
        "Two reports of the same centre disagree about relapse. Run this with each of them (--relapses).",
        "The published groups very likely share patients, so they are not independent.",
    )
    if found.is_usable:
        return lines
    return ("The chain was too short for its own memory: run it with more --steps.", *lines)
