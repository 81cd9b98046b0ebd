"""The words of an answer: what was combined, how it was decided, what to beware of, as text, too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from funis.audit.pool.choice import PoolChoice, TakenStudy, spread_of
from funis.audit.pool.conversion import METHOD_WORDS, describe_median
from funis.audit.pool.result import PooledAnswer, PoolResult, StudyEffect
from funis.results.text import (
    choose_decimals,
    format_interval,
    format_mean_sd,
    format_number,
    format_p,
    format_shortest,
)

MEASURE_WORDS: Final = {
    "mean": "mean",
    "mean_change": "mean change",
    "mean_difference": "mean difference",
    "standardised_mean_difference": "standardised mean difference (Hedges' g)",
    "proportion": "proportion",
    "risk_ratio": "risk ratio",
    "odds_ratio": "odds ratio",
    "risk_difference": "risk difference, percentage points",
}
_ESTIMATORS: Final = {
    "reml": "REML",
    "ml": "maximum likelihood",
    "paule_mandel": "Paule and Mandel",
    "dersimonian_laird": "DerSimonian and Laird",
}
_ZERO_CELLS: Final = {
    "half_if_zero": "one half is added to each cell of a study with a zero cell",
    "half_to_all": "one half is added to each cell of each study",
    "none": "nothing is added to zero cells",
}
_SCALES: Final = {
    "binomial_normal": "exact likelihood of the binomial-normal model",
    "logit": "log-odds",
    "double_arcsine": "double arcsine",
}
_PERCENT: Final = ("proportion", "risk_difference")


def describe_figures(study: TakenStudy, choice: PoolChoice) -> str:
    """Say what the effect of a study is made of.

    Examples
    --------
    >>> from funis.audit.pool.study_table import StudyRow
    >>> describe_figures(TakenStudy(StudyRow("A", "", "death", "", 40, events=3)), PoolChoice("proportion"))
    '3/40'
    """
    rows = (study.earlier, study.row) if study.earlier is not None else (study.row, study.other)
    parts = []
    for row in rows:
        if row is None:
            continue
        if choice.is_of_means:
            spread = spread_of(row)
            figures = format_mean_sd(row.mean, spread, row.n or 0)
            figures += ", from its standard error" if row.sd_is == "se" else ""
            parts.append(f"{figures}, from {describe_median(row)}" if row.converted else figures)
        else:
            parts.append(f"{row.events}/{row.n}")
    joiner = " → " if study.earlier is not None else " v "
    return joiner.join(parts)


def show_value(value: float, result: PoolResult) -> str:
    """Print an effect on the printed scale with the decimals of its measure."""
    return format_number(100 * value if is_percent(result) else value, _digits(result))


def show_ends(lower: float, upper: float, result: PoolResult) -> str:
    """Print the ends of an interval with the decimals of the measure."""
    factor = 100 if is_percent(result) else 1
    return format_interval(factor * lower, factor * upper, _digits(result))


def is_percent(result: PoolResult) -> bool:
    """Tell whether effects are printed as percent."""
    return result.choice.measure in _PERCENT


def unit_of(result: PoolResult) -> str:
    """Name the unit of an effect in the head of a column, after a comma; empty where it has none."""
    if result.choice.measure == "risk_difference":
        return ", percentage points"
    return ", percent" if is_percent(result) else ""


def _digits(result: PoolResult) -> int:
    if is_percent(result):
        return 1
    return choose_decimals(max(abs(each.estimate) for each in result.effects))


def name_measure(result: PoolResult) -> str:
    """Name what is combined, with outcome, time and arms."""
    choice = result.choice
    what = MEASURE_WORDS[choice.measure]
    if choice.measure == "proportion":
        what = "percent of subjects"
    elif choice.measure == "mean" and choice.kind == "change":
        what = "mean change"
    when = f" at {choice.time}" if choice.time else ""
    return f"{choice.outcome}, {what}{when}{_name_arms(choice)}"


def _name_arms(choice: PoolChoice) -> str:
    if choice.against:
        joiner = "minus" if choice.measure.endswith("difference") else "against"
        return f", {choice.arm} {joiner} {choice.against}"
    return f", {choice.arm}" if choice.arm else ""


def list_decision(result: PoolResult) -> list[str]:
    """Say which studies take part, of how many, and why the others do not, one line each."""
    chosen = result.chosen
    lines = [f"{len(chosen.taken)} of {chosen.in_table} studies in the table take part."]
    for each in chosen.left_out:
        where = f" (line {', '.join(map(str, each.lines))})" if each.lines else ""
        lines.append(f"Left out: {each.study}{where}. {each.why}")
    return lines


def name_model(model: str, choice: PoolChoice) -> str:
    """Name a model with everything that decides its numbers."""
    if model == "one_sample":
        return "all subjects as one sample, exact interval"
    if model == "fixed":
        return "fixed effect, inverse variance"
    if model == "mantel_haenszel":
        return "Mantel and Haenszel, nothing added"
    if choice.measure == "proportion" and choice.scale == "binomial_normal":
        quantile = "normal quantile" if choice.interval == "normal" else "t with k - 1 degrees of freedom"
        return f"random effects, {_SCALES['binomial_normal']}, {quantile}"
    how = {
        "hartung_knapp": "Hartung and Knapp",
        "hartung_knapp_ad_hoc": "Hartung and Knapp with the ad hoc correction",
        "normal": "normal interval",
    }[choice.interval]
    return f"random effects, tau2 by {_ESTIMATORS[choice.estimator]}, {how}"


def name_study(effect: StudyEffect) -> str:
    """Name a study, and say where its mean is made of a median.

    Examples
    --------
    >>> name_study(StudyEffect("A", "", 30, 4.36, 3.57, 5.15, 1.0, "", (2,), "luo_wan"))
    'A (from a median)'
    """
    return f"{effect.study} (from a median)" if effect.converted else effect.study


def level_words(choice: PoolChoice) -> str:
    """Print the coverage.

    Examples
    --------
    >>> level_words(PoolChoice("mean"))
    '95%'
    """
    return f"{format_shortest(100 * choice.level)}%"


def tell_answer(answer: PooledAnswer, result: PoolResult) -> str:
    """Print one combined estimate with interval and P."""
    ends = show_ends(answer.lower, answer.upper, result)
    p = f", P {relate(format_p(answer.p))}" if math.isfinite(answer.p) and _has_null(result) else ""
    return f"{show_value(answer.estimate, result)} ({level_words(result.choice)} CI {ends}){p}"


def relate(p: str) -> str:
    """Put the sign before a printed P that has none.

    Examples
    --------
    >>> relate("0.052"), relate("<0.001")
    ('= 0.052', '<0.001')
    """
    return p if p[0] in "<>" else f"= {p}"


def _has_null(result: PoolResult) -> bool:
    """Tell whether zero is a value that a test against it means something for."""
    choice = result.choice
    return choice.measure not in {"proportion"} and not (choice.measure == "mean" and choice.kind != "change")


def tell_prediction(answer: PooledAnswer, result: PoolResult) -> str:
    """Print the prediction interval, or say why there is none; empty where the model has none."""
    if answer.model != "random":
        return ""
    if not math.isfinite(answer.prediction_lower):
        return "No prediction interval: two studies leave no degree of freedom for it."
    ends = show_ends(answer.prediction_lower, answer.prediction_upper, result)
    return f"{level_words(result.choice)} prediction interval for the true effect of a new study: {ends}"


def tell_heterogeneity(result: PoolResult) -> list[str]:
    """Print how far the studies differ."""
    if result.tau2 is None:
        return [
            "One study: nothing is combined, and nothing is known of how studies differ (no tau2, no I2)."
        ]
    level = level_words(result.choice)
    found = result.heterogeneity
    if found is None:
        p = format_p(result.likelihood_ratio_p)
        tau2 = format_number(result.tau2, 3)
        if result.tau2 == 0:
            return ["Between studies: tau2 0; the likelihood is highest without a variance between studies."]
        told = f"Between studies: tau2 {tau2} of the log-odds; against one common proportion P {relate(p)}"
        return [f"{told} (likelihood ratio, halved: no variance is the edge)."]
    digits = 3 if found.tau2_upper < 100 else 1
    profile = format_interval(found.tau2_lower, found.tau2_upper, digits)
    parts = (
        f"Q {format_number(found.q, 2)} on {found.df} df, P {relate(format_p(found.p))}",
        f"tau2 {format_number(found.tau2, digits)} ({level} Q-profile {profile})",
        f"I2 {format_number(found.i2, 1)}% ({format_interval(found.i2_lower, found.i2_upper, 1)})",
        f"H2 {format_number(found.h2, 2)}",
    )
    lines = ["; ".join(parts)]
    if found.tau2_upper == 0:
        lines.append("The studies differ less than chance lets them; the interval of tau2 is 0 at both ends.")
    return lines


def tell_correlations(result: PoolResult) -> list[tuple[str, str, str]]:
    """Print the answer with each correlation: which, the estimate with its interval, tau2."""
    asked = result.choice.correlation
    return [
        (
            format_shortest(each.correlation) + (" (asked for)" if each.correlation == asked else ""),
            tell_answer(each.answer, result),
            format_number(each.tau2, 3),
        )
        for each in result.by_correlation
    ]


def list_cautions(result: PoolResult) -> list[str]:
    """Say what a reader must know before the number is used."""
    return [*_cautions(result)]


def _cautions(result: PoolResult) -> Iterator[str]:
    choice, k = result.choice, len(result.effects)
    if result.main is not None and k < 5:
        seen = ": see its interval" if result.heterogeneity is not None else ""
        yield f"With {k} studies the variance between them is hardly known{seen}."
    if choice.model == "random" and choice.interval == "hartung_knapp" and result.variance_factor < 1:
        yield (
            "The studies agree more than their own errors let expect: the variance of Hartung and Knapp is "
            f"{format_number(result.variance_factor, 2)} times the usual one, and the interval may be "
            "far too narrow. --interval hartung_knapp_ad_hoc keeps the usual variance."
        )
    if any(each.earlier is not None for each in result.chosen.taken):
        yield (
            "Changes that are not printed are taken from both means with an assumed correlation of "
            f"{format_shortest(choice.correlation or 0.0)}; the weights depend on it, see the answers with "
            "others."
        )
    converted = [each.study for each in result.effects if each.converted]
    if converted:
        yield (
            f"Made of a printed median: {', '.join(converted)} ({METHOD_WORDS[choice.medians]}), as if the "
            "values were normal. Medians are mostly printed of skewed values, where this is biased; "
            "--leave-out gives the answer without them."
        )
    if not choice.needs_two_arms:
        yield "One arm has no control: what is combined holds regression to the mean and all other treatment."
    if choice.measure == "proportion" and choice.scale == "double_arcsine":
        how = {
            "harmonic_mean": "the harmonic mean of the sizes (Miller 1978)",
            "pooled_variance": "the size that fits the variance of the combined value",
        }[choice.undoing]
        yield f"The combined double arcsine is turned back with {how}; another size gives another percentage."
    has_cells = choice.measure in {"risk_ratio", "odds_ratio", "risk_difference"} or (
        choice.measure == "proportion" and choice.scale == "logit"
    )
    if has_cells and choice.model != "mantel_haenszel" and _has_zero(result):
        yield f"Zero cells: {_ZERO_CELLS[choice.zero_cells]}."
    if any(row.sd_is == "se" for each in result.chosen.taken for row in each.rows):
        yield "Spreads named se in the table are standard errors; they are multiplied by the root of n."


def _has_zero(result: PoolResult) -> bool:
    rows = [row for each in result.chosen.taken for row in each.rows]
    return any(row.events in {0, row.n} for row in rows)


def write_answer(result: PoolResult) -> str:
    """Write the answer for a terminal, without what is to be said beside it."""
    head = name_measure(result)
    lines = [head, "", *list_decision(result), ""]
    level = level_words(result.choice)
    width = max(len(name_study(each)) for each in result.effects)
    for each in result.effects:
        weight = f"  weight {format_number(100 * each.weight, 1)}%" if math.isfinite(each.weight) else ""
        effect = f"{show_value(each.estimate, result)} ({show_ends(each.lower, each.upper, result)})"
        lines.append(f"  {name_study(each):<{width}}  {effect}{weight}  [{each.figures}]")
    lines.append(f"  (estimate and {level} CI of each study)")
    for answer in (result.main, result.beside):
        if answer is None:
            continue
        name = name_model(answer.model, result.choice)
        lines += ["", f"{name[0].upper()}{name[1:]}: {tell_answer(answer, result)}"]
        prediction = tell_prediction(answer, result)
        lines += [prediction] if prediction else []
    lines += ["", *tell_heterogeneity(result)]
    if result.without:
        lines += ["", "Without each study in turn:"]
        for each, answer in zip(result.effects, result.without, strict=True):
            told = tell_answer(answer, result) if math.isfinite(answer.estimate) else "no finite estimate"
            lines.append(f"  {name_study(each):<{width}}  {told}")
    if result.by_correlation:
        lines += ["", "With other correlations of the values before and after:"]
        lines += [f"  {which}: {told}, tau2 {tau2}" for which, told, tau2 in tell_correlations(result)]
    return "\n".join(lines)
