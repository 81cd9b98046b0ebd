"""Whether small studies show other effects: the funnel plot, and what the test of it says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from funis.audit.pool.result import ENOUGH, PoolResult
from funis.audit.pool.words import (
    is_percent,
    level_words,
    name_measure,
    name_study,
    relate,
    show_ends,
    show_value,
)
from funis.documents.colours import ESTIMATE, INK, MUTED
from funis.documents.figure import WIDTH, FigureSpec, Spec, finish
from funis.results.text import format_interval, format_number, format_p
from funis.stats.meta.asymmetry import Asymmetry
from funis.stats.sample import normal_quantile

#: Fewer studies are no funnel.
LEAST: Final = 3
_RATIOS: Final = ("risk_ratio", "odds_ratio")
#: Measures whose standard error is made of the effect itself: a slope comes of that alone.
_TIED: Final = ("odds_ratio", "standardised_mean_difference")
_HIGH: Final = 300


def has_funnel(result: PoolResult) -> bool:
    """Tell whether there is a funnel plot: three studies or more, and a common effect."""
    return len(result.effects) >= LEAST and math.isfinite(result.common)


def tell_asymmetry(result: PoolResult) -> list[str]:
    """Say what the funnel plot and its test say, or why they say nothing; one sentence a line.

    Examples
    --------
    >>> from funis.audit.pool.choice import PoolChoice
    >>> from funis.audit.pool.pooled import pool_studies
    >>> from funis.audit.pool.study_table import StudyRow
    >>> rows = [StudyRow(name, "", "death", "", 40, events=n) for name, n in (("A", 3), ("B", 4))]
    >>> tell_asymmetry(pool_studies(rows, PoolChoice("proportion")))[0]
    'No funnel plot: the standard error of a proportion follows the proportion itself.'
    """
    return [*_tell_asymmetry(result)]


def _tell_asymmetry(result: PoolResult) -> Iterator[str]:
    k = len(result.effects)
    if result.choice.measure == "proportion":
        yield "No funnel plot: the standard error of a proportion follows the proportion itself."
    elif k < LEAST:
        yield f"No funnel plot: it needs {LEAST} studies or more."
    elif k < ENOUGH:
        yield (
            f"With {k} studies, fewer than {ENOUGH}, neither the funnel plot nor a test of it tells small "
            "studies that differ from chance: no test is made."
        )
    elif result.asymmetry is None:
        yield (
            "Egger's test cannot be made: the standard errors do not differ, or leave nothing to test with."
        )
    else:
        yield _tell_test(result, result.asymmetry)
        yield (
            "A slope has other causes, too, than studies that were not published: smaller studies may have "
            "sicker patients, other doses or weaker methods."
        )
        if result.choice.measure in _TIED:
            yield "The standard error of this measure is made of the effect: the test finds too much."


def _tell_test(result: PoolResult, found: Asymmetry) -> str:
    ends = format_interval(found.lower, found.upper, 2)
    is_ratio = result.choice.measure in _RATIOS
    values = (found.limit, found.limit_lower, found.limit_upper)
    limit, lower, upper = map(math.exp, values) if is_ratio else values
    return (
        f"Egger's test of {found.k} studies: slope of the effects on their standard errors"
        f"{' (both of the logarithm)' if is_ratio else ''} {format_number(found.slope, 2)} "
        f"({level_words(result.choice)} CI {ends}), P {relate(format_p(found.p))}, t with "
        f"{format_number(found.df, 0)} degrees of freedom. A study without error would show "
        f"{show_value(limit, result)} ({show_ends(lower, upper, result)})."
    )


def build_funnel(result: PoolResult) -> FigureSpec:
    """Specify the funnel plot.

    Parameters
    ----------
    result : of `pool_studies`, with a funnel (`has_funnel`)

    Returns
    -------
    FigureSpec : effects across, standard errors down with 0 on top; the lines hold the named share of studies
        where all have one effect, that of the fixed effect
    """
    is_log = result.choice.measure in _RATIOS
    factor = 100.0 if is_percent(result) else 1.0
    errors = np.array([each.error for each in result.effects])
    deepest = float(errors.max()) * 1.06
    reach = normal_quantile(result.choice.level) * deepest
    ends = [_turn(result.common + side * reach, factor, is_log=is_log) for side in (-1, 1)]
    studies: list[Spec] = [
        {
            "effect": _turn(each.on_scale, factor, is_log=is_log),
            "error": each.error * factor,
            "study": name_study(each),
        }
        for each in result.effects
    ]
    spec = _draw(studies, _turn(result.common, factor, is_log=is_log), ends, deepest * factor, result)
    lines = (
        "Points: each study. Upright line: the fixed effect; slanting lines: between them "
        f"{level_words(result.choice)} of studies that all had this effect."
    )
    return FigureSpec(
        id="figure-funnel",
        section="funnel",
        title=f"{name_measure(result)}: effect and standard error of each study",
        spec=finish(spec),
        alt=_tell(result),
        footnotes=(lines, *tell_asymmetry(result)),
    )


def _pad(values: list[float], *, is_log: bool) -> tuple[float, float]:
    """Give the ends of the axis with room for the points at them."""
    low, high = min(values), max(values)
    if is_log:
        room = (high / low) ** 0.03
        return low / room, high * room
    return low - 0.03 * (high - low), high + 0.03 * (high - low)


def _turn(value: float, factor: float, *, is_log: bool) -> float:
    return math.exp(value) if is_log else factor * value


def _draw(studies: list[Spec], middle: float, ends: list[float], deepest: float, result: PoolResult) -> Spec:
    is_log = result.choice.measure in _RATIOS
    low, high = _pad([*ends, *(each["effect"] for each in studies)], is_log=is_log)
    title = name_measure(result).partition(", ")[2]
    title = f"{title[:1].upper()}{title[1:]}"
    scale: Spec = {"domain": [low, high], "nice": False, "zero": False}
    x: Spec = {
        "type": "quantitative",
        "scale": scale | ({"type": "log"} if is_log else {}),
        "axis": {
            "title": f"{title} (logarithmic)" if is_log else title,
            "grid": False,
            "tickCount": 6,
            "labelOverlap": "greedy",
        },
    }
    log = " of the logarithm" if is_log else ""
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, deepest], "reverse": True, "nice": False},
        "axis": {"title": f"Standard error{log}", "tickCount": 5},
    }
    lines: list[tuple[float, list[int]]] = [(middle, []), *((end, [4, 3]) for end in ends)]
    layers: list[Spec] = [
        {
            "data": {"values": [{"effect": middle, "error": 0}, {"effect": end, "error": deepest}]},
            "mark": {"type": "line", "color": MUTED, "strokeWidth": 1, "strokeDash": dash},
            "encoding": {"x": x | {"field": "effect"}, "y": y | {"field": "error"}},
        }
        for end, dash in lines
    ]
    layers.append(
        {
            "data": {"values": studies},
            "mark": {"type": "point", "filled": True, "color": ESTIMATE, "stroke": INK, "strokeWidth": 0.5,
                     "size": 55, "opacity": 0.85},
            "encoding": {"x": x | {"field": "effect"}, "y": y | {"field": "error"}},
        }
    )  # fmt: skip
    return {"width": WIDTH - 80, "height": _HIGH, "layer": layers}


def _tell(result: PoolResult) -> str:
    quantile = normal_quantile(result.choice.level)
    outside = [
        name_study(each)
        for each in result.effects
        if abs(each.on_scale - result.common) > quantile * each.error
    ]
    factor = 100.0 if is_percent(result) else 1.0
    told = "; ".join(
        f"{name_study(each)} {show_value(each.estimate, result)}, "
        f"error {format_number(factor * each.error, 2)}"
        for each in result.effects
    )
    beyond = f"Outside the slanting lines: {', '.join(outside)}" if outside else "None is outside the lines"
    return f"Funnel plot of {name_measure(result)}. {told}. {beyond}."
