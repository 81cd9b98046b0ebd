"""Looks at a trial that runs, in words: group sequential bounds, and bounds for harm."""

from __future__ import annotations

import math

import numpy as np

from funis.design.group_sequential import SequentialDesign
from funis.design.harm import MonitoringRule, SafetyRule, SafetyRules, chance_of_stopping
from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.results.text import format_number, format_shortest

_NAMES = {
    "obrien_fleming": "O'Brien-Fleming bounds",
    "pocock": "Pocock bounds",
    "lan_demets_obrien_fleming": "Lan-DeMets spending like O'Brien-Fleming",
    "lan_demets_pocock": "Lan-DeMets spending like Pocock",
    "hwang_shih_decani": "Hwang-Shih-DeCani spending",
}


def tell_sequential(found: SequentialDesign) -> ToldDesign:
    """Tell a group sequential design."""
    number = len(found.looks)
    bounds = ", ".join(format_number(look.upper, 4) for look in found.looks)
    has_futility = any(math.isfinite(look.lower) for look in found.looks[:-1])
    futile = (
        " Bounds for futility do not bind: the trial may go on below them and still hold its error."
        if has_futility
        else ""
    )
    paragraph = (
        f"The trial is analysed {number} times, at "
        f"{', '.join(percent(look.time, 0) for look in found.looks)} of the information, with "
        f"{_NAMES[found.boundary]}: it stops for benefit when the standardised statistic is above {bounds} "
        f"(one-sided error {format_shortest(found.alpha)}, power {percent(found.power, 0)}).{futile} It "
        f"needs at most {format_number(found.inflation, 4)} times the patients of a trial with one "
        f"analysis, on average {format_number(found.expected_effect, 4)} times if the effect is as planned "
        f"and {format_number(found.expected_null, 4)} times if there is none."
    )
    lines = {"Stop for benefit above": [(100 * look.time, look.upper) for look in found.looks]}
    if has_futility:
        lines["May stop for futility below"] = [(100 * look.time, look.lower) for look in found.looks]
    figure = draw_lines(
        lines, title="Bounds of the standardised statistic", across="Information (%)",
        up="Standardised statistic", alt=f"Upper bounds {bounds}.",
    )  # fmt: skip
    return ToldDesign(
        "Group sequential design",
        {"Bounds": _NAMES[found.boundary], "Error (one-sided)": format_shortest(found.alpha),
         "Power": percent(found.power, 0)},
        paragraph, (_list_analyses(found),), figure,
        (
            "The time of a look counts in information (patients with a value, or events), not in months.",
            "After an early stop the plain estimate is too large on average.",
        ),
    )  # fmt: skip


def _list_analyses(found: SequentialDesign) -> DesignTable:
    rows = tuple(
        (
            percent(look.time, 1), format_number(look.upper, 4), format_number(look.nominal_p, 6),
            format_number(look.lower, 4) if math.isfinite(look.lower) else "none",
            format_number(look.spent, 6), percent(look.power), percent(look.futile),
        )
        for look in found.looks
    )  # fmt: skip
    heads = ("Information", "Benefit above", "One-sided P below", "Futility below", "Error spent",
             "Power so far", "Futile so far")  # fmt: skip
    return DesignTable("Analyses", heads, rows)


def tell_safety(found: SafetyRules) -> ToldDesign:
    """Tell the bounds for harm with the same nominal error at every look."""
    holds, next_one = found.holds, found.next_stricter
    paragraph = (
        f"Harm is watched after {_list(holds.looks)} patients: recruitment stops when more than "
        f"{_list(holds.limits)} of them have the event. At an acceptable rate of "
        f"{percent(holds.acceptable)} the rule ever stops with a chance of {percent(holds.stops_wrongly)} "
        f"(at most {percent(found.allowed)} was asked), at an unacceptable rate of "
        f"{percent(holds.unacceptable)} with {percent(holds.stops_rightly)}."
    )
    rates = np.linspace(0.0, min(0.99, holds.unacceptable * 1.6), 81)
    figure = draw_lines(
        {
            name: [(100 * float(rate), chance_of_stopping(rule, float(rate))) for rate in rates]
            for name, rule in (("The rule", holds), ("The next stricter rule", next_one))
        },
        title="Chance of ever stopping, by the true event rate", across="True event rate (%)",
        up="Chance of stopping (%)", in_percent=True,
        references=(100 * holds.acceptable, 100 * holds.unacceptable),
        alt=f"The rule stops with {percent(holds.stops_wrongly)} at the acceptable rate and with "
        f"{percent(holds.stops_rightly)} at the unacceptable one.",
        notes=("Upright lines: the acceptable and the unacceptable rate.",),
    )  # fmt: skip
    heads = ("Rule", *(f"After {look}: stop above" for look in holds.looks), "Stops wrongly", "Stops rightly",
             "Patients at the acceptable rate")  # fmt: skip
    rows = tuple(_safety_row(name, rule) for name, rule in (("holds", holds), ("next stricter", next_one)))
    return ToldDesign(
        "Bounds for harm",
        {"Acceptable rate": percent(holds.acceptable), "Unacceptable rate": percent(holds.unacceptable),
         "Stops wrongly at most": percent(found.allowed)},
        paragraph, (DesignTable("Rules", heads, rows),), figure,
        (
            "Between the looks the safety board sees each serious event; a bound does not replace it.",
            ("An acceptable rate must be that of such patients without the treatment: in active lupus "
            "serious events are common on placebo."),
        ),
    )  # fmt: skip


def _list(values: tuple[int, ...]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} and {last}" if most else last


def _safety_row(name: str, rule: SafetyRule) -> tuple[str, ...]:
    return (
        name, *map(str, rule.limits), percent(rule.stops_wrongly), percent(rule.stops_rightly),
        format_number(rule.expected_n[0], 1),
    )  # fmt: skip


def tell_monitoring(found: MonitoringRule) -> ToldDesign:
    """Tell the Bayesian rule for harm."""
    a, b = map(format_shortest, found.prior)
    stops = [
        f"{events} of {look}"
        for look, events in zip(found.looks, found.events, strict=True)
        if events is not None
    ]
    paragraph = (
        f"Harm is watched after {_list(found.looks)} patients: recruitment stops when the chance that the "
        f"event rate is above {percent(found.limit_rate)} exceeds {percent(found.certainty, 0)} (beta "
        f"prior {a}, {b}), that is with {', '.join(stops) or 'no number of events'} or more."
    )
    points = [
        (float(look), float(events))
        for look, events in zip(found.looks, found.events, strict=True)
        if events is not None
    ]
    figure = draw_lines(
        {"Stop at or above": points}, title="Events that stop the trial", across="Patients observed",
        in_whole=True,
        up="Events", is_step=True, alt=f"Stop with {', '.join(stops) or 'no number of events'}.",
    )  # fmt: skip
    rows = tuple(
        (str(look), "never" if events is None else str(events))
        for look, events in zip(found.looks, found.events, strict=True)
    )
    return ToldDesign(
        "Bayesian bounds for harm",
        {"Limit": percent(found.limit_rate), "Certainty": percent(found.certainty, 0),
         "Prior": f"beta {a}, {b}"},
        paragraph, (DesignTable("Rule", ("Patients", "Stop with events or more"), rows),), figure,
        ("A Bayesian certainty is no error rate: how often the rule stops wrongly is not held.",),
    )  # fmt: skip
