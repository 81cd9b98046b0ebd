"""One arm in words: Simon's two stages, the exact design, the mean change."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy import stats

from funis.design.mean_change import PairedDesign, paired
from funis.design.noncentral import power_of_t
from funis.design.one_stage import ExactDesign, critical_responses
from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.design.two_stage import SimonDesigns, TwoStageDesign
from funis.results.text import format_number, format_shortest

_BESIDES = (
    "also holds what would have come anyway: regression to the mean, other drugs, and what patients on "
    "placebo show."
)
#: Said of every design without a control group, and of one that compares with a fixed rate.
NO_CONTROL_OF_A_CHANGE = f"Without a control group a change {_BESIDES}"
NO_CONTROL = (
    f"Without a control group a response {_BESIDES} Take p0 from a placebo arm with the same endpoint."
)


def tell_simon(found: SimonDesigns) -> ToldDesign:
    """Tell Simon's designs."""
    best, least = found.optimal, found.minimax
    rows = tuple(_simon_row(found, each) for each in found.admissible)
    paragraph = (
        f"The response rate is tested in one arm and two stages (Simon 1989) against {percent(found.p0)} "
        f"with a one-sided error of at most {format_shortest(found.alpha)} and a power of at least "
        f"{percent(found.power, 0)} at a rate of {percent(found.p1)}. {_two_stages(best)} If the true rate "
        f"is {percent(found.p0)}, the trial ends after the first stage with a chance of "
        f"{percent(best.early_stop)} and treats {format_number(best.expected_n, 1)} patients on average "
        f"(optimal design). The design with the fewest patients at most (minimax) is {least.r1}/{least.n1} "
        f"and {least.r}/{least.n}."
    )
    at = np.linspace(max(0.001, found.p0 / 2), min(0.999, found.p1 + (found.p1 - found.p0) / 2), 81)
    lines = {
        "Success, optimal": _curve(at, partial(_success, best)),
        "Success, minimax": _curve(at, partial(_success, least)),
        "Stop after stage 1, optimal": _curve(at, lambda p: float(stats.binom.cdf(best.r1, best.n1, p))),
    }
    figure = draw_lines(
        lines, title="What the design does, by the true response rate", across="True response rate",
        up="Chance (%)", in_percent=True, references=(found.p0, found.p1),
        alt=f"Chance of success rises from {percent(best.type_one)} at p0 to {percent(best.power)} at p1.",
        notes=("Upright lines: p0 and p1.",),
    )  # fmt: skip
    heads = ("Design", "Stage 1: stop if at most", "Both stages: success if more than", "Expected n at p0",
             "Stops early at p0", "Error", "Power")  # fmt: skip
    notes = ("r/n: responses of patients. Error: chance of success at p0. Power: chance of success at p1.",)
    return ToldDesign(
        "Two stages in one arm (Simon)", _asked(found.p0, found.p1, found.alpha, found.power), paragraph,
        (DesignTable("Optimal, minimax and the admissible designs between them", heads, rows, notes),),
        figure,
        (
            NO_CONTROL,
            "After a design in two stages the plain proportion is biased, and so is its interval.",
            "Recruitment waits for the last response of the first stage, unless the protocol says otherwise.",
        ),
    )  # fmt: skip


def _two_stages(each: TwoStageDesign) -> str:
    return (
        f"The first stage treats {each.n1} patients; with {each.r1} responses or fewer the trial ends. "
        f"Otherwise {each.n - each.n1} more are treated, and with more than {each.r} responses among all "
        f"{each.n} the treatment is worth further study."
    )


def _simon_row(found: SimonDesigns, each: TwoStageDesign) -> tuple[str, ...]:
    names = {found.minimax: "minimax", found.optimal: "optimal"}
    return (
        names.get(each, "admissible"), f"{each.r1}/{each.n1}", f"{each.r}/{each.n}",
        format_number(each.expected_n, 2), percent(each.early_stop), format_number(each.type_one, 4),
        format_number(each.power, 4),
    )  # fmt: skip


def _success(each: TwoStageDesign, p: float) -> float:
    first = np.arange(each.r1 + 1, each.n1 + 1)
    later = stats.binom.sf(each.r - first, each.n - each.n1, p)
    return float(stats.binom.pmf(first, each.n1, p) @ later)


def _curve(at: Sequence[float] | np.ndarray, of: Callable[[float], float]) -> list[tuple[float, float]]:
    return [(float(value), of(float(value))) for value in at]


def _asked(p0: float, p1: float, alpha: float, power: float) -> dict[str, str]:
    return {
        "p0": percent(p0), "p1": percent(p1), "Error (one-sided)": format_shortest(alpha),
        "Power": percent(power, 0),
    }  # fmt: skip


def tell_exact(found: ExactDesign) -> ToldDesign:
    """Tell the exact design in one stage."""
    paragraph = (
        f"The response rate is tested in one arm by the exact binomial test against {percent(found.p0)} "
        f"with a one-sided error of at most {format_shortest(found.alpha)} and a power of at least "
        f"{percent(found.asked_power, 0)} at a rate of {percent(found.p1)}. {found.n} patients are "
        f"treated; more than {found.r} responses are a success (error {format_number(found.type_one, 4)}, "
        f"power {percent(found.power)})."
    )
    sizes = np.arange(max(2, found.n // 2), found.steady_n + 11)
    limits = critical_responses(sizes, found.p0, found.alpha)
    reached = np.asarray(stats.binom.sf(limits, sizes, found.p1))
    powers = list(zip(sizes.tolist(), reached.tolist(), strict=True))
    figure = draw_lines(
        {"Power": powers}, title="Power by the number of patients", across="Patients",
        in_whole=True, up="Power (%)",
        in_percent=True, is_step=True, references=(found.n, found.steady_n),
        alt=f"Power reaches {percent(found.asked_power, 0)} first with {found.n} patients, and for good with "
        f"{found.steady_n}.",
        notes=("Upright lines: the smallest size, and the one from which on every larger one holds.",),
    )  # fmt: skip
    rows = (
        ("smallest", str(found.n), str(found.r)),
        ("every larger size holds", str(found.steady_n), str(found.steady_r)),
    )
    return ToldDesign(
        "One stage in one arm (exact)", _asked(found.p0, found.p1, found.alpha, found.asked_power), paragraph,
        (DesignTable("Sizes", ("Which", "Patients", "Success with more responses than"), rows),), figure,
        (NO_CONTROL, "A patient lost moves the power up or down in steps: see the figure."),
    )  # fmt: skip


_CORRELATED = ("Correlation", "SD of the change", "Patients")


def tell_paired(found: PairedDesign) -> ToldDesign:
    """Tell the design of a mean change."""
    spread = format_number(found.sd_change, 2)
    how = (
        f" (computed from standard deviations of {format_shortest(found.sd_before)} before and "
        f"{format_shortest(found.sd_after)} after and a correlation of {format_shortest(found.correlation)})"
        if found.sd_before is not None and found.sd_after is not None and found.correlation is not None
        else ""
    )
    paragraph = (
        f"A mean change of {format_shortest(found.change)} with a standard deviation of {spread}{how} is "
        f"tested by a paired t test with a two-sided error of {format_shortest(found.alpha)}: {found.n} "
        f"patients with both values have a power of {percent(found.power)}."
    )
    effect = abs(found.change) / found.sd_change
    figure = draw_lines(
        {
            "Power": [
                (float(n), power_of_t(effect * math.sqrt(n), n - 1, found.alpha))
                for n in range(3, 2 * found.n + 5)
            ]
        },
        title="Power by the number of patients", across="Patients with both values",
        in_whole=True, up="Power (%)",
        in_percent=True, references=(found.n,),
        alt=f"Power is {percent(found.power)} with {found.n} patients.",
    )  # fmt: skip
    rows = _by_correlation(found)
    tables = (
        (DesignTable("By the correlation of the values before and after", _CORRELATED, rows),)
        if rows
        else ()
    )  # fmt: skip
    return ToldDesign(
        "Mean change in one arm (paired)",
        {"Mean change": format_shortest(found.change), "SD of the change": spread,
         "Error (two-sided)": format_shortest(found.alpha), "Power": percent(found.asked_power, 0)},
        paragraph, tables, figure,
        (
            NO_CONTROL_OF_A_CHANGE,
            "The number holds patients with both values: add those that will be lost.",
        ),
    )  # fmt: skip


def _by_correlation(found: PairedDesign) -> tuple[tuple[str, ...], ...]:
    if found.sd_before is None or found.sd_after is None or found.correlation is None:
        return ()
    rows = []
    for correlation in sorted({0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, found.correlation}):
        each = paired(
            found.change, sd_before=found.sd_before, sd_after=found.sd_after, correlation=correlation,
            alpha=found.alpha, power=found.asked_power,
        )  # fmt: skip
        rows.append((format_shortest(correlation), format_number(each.sd_change, 2), str(each.n)))
    return tuple(rows)
