"""Regression to the mean where the trial's own baseline does not tell: over a grid of assumed populations.

Where no normal population can have the baseline that was observed, the change to expect without any effect is
given for a grid of population means and standard deviations, and for published populations by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from funis.analysis.run import Run
from funis.catalogue.model_tables import PopulationGrid, PopulationPreset
from funis.catalogue.registry import population_table
from funis.results import Place, format_number, format_shortest
from funis.stats.entry_selection import estimate_regression_to_mean, expect_regression_to_mean
from funis.study.selection import Selection

#: Correlations between two visits without effect that are assumed in turn.
CORRELATIONS: Final = (0.4, 0.6, 0.8)
#: Name of the analysis.
ASSUMED: Final = "regression_assumed"
#: Name of the method that takes the correlation of a preset's own source.
OF_PRESET: Final = "correlation_of_preset"
_DIGITS: Final = 1


class Entered(NamedTuple):
    """What is known of those who entered: limit, mean, SD, and the correlation before treatment, if any."""

    limit: float
    mean: float
    sd: float
    correlation: float | None


def assume_populations(run: Run, place: Place, selection: Selection, entered: Entered) -> None:
    """Add the change expected without effect for each assumed population and correlation.

    Parameters
    ----------
    run : the analysis on its way
    place : of the baseline of those who entered
    selection : the rule that selects
    entered : those who did
    """
    table = population_table()
    rule = (entered.limit, selection.direction)
    here = replace(place, analysis=ASSUMED)
    grid = table.grids.get(selection.variable) or default_grid(entered, selection.direction)
    for mean in grid.means:
        for sd in grid.sds:
            named = replace(here, category=f"mean_{format_shortest(mean)}_SD_{format_shortest(sd)}")
            _add_expected(run, named, (mean, sd), rule, _correlations(entered.correlation, None))
    for preset in table.presets:
        if selection.variable in preset.instruments:
            methods = _correlations(entered.correlation, preset.correlation)
            named = replace(here, category=preset.name)
            _add_expected(run, named, _population_of(preset), rule, methods)


def default_grid(entered: Entered, direction: int) -> PopulationGrid:
    """Take means at the limit and up to an SD outside it, and SDs round the observed one; two digits each.

    Examples
    --------
    >>> default_grid(Entered(6.5, 9.0, 2.0, None), 1)
    PopulationGrid(means=(4.5, 5.5, 6.5), sds=(1.5, 2.0, 2.5))
    """
    sd = entered.sd if entered.sd > 0 else 1.0
    means = (entered.limit - direction * part * sd for part in (1.0, 0.5, 0.0))
    return PopulationGrid(
        tuple(float(f"{mean:.2g}") for mean in means),
        tuple(float(f"{part * sd:.2g}") for part in (0.75, 1.0, 1.25)),
    )


def _population_of(preset: PopulationPreset) -> tuple[float, float]:
    """Give mean and SD of a preset's population, worked out where they were observed after a rule."""
    if preset.limit is None:
        return preset.mean, preset.sd
    found = estimate_regression_to_mean(preset.mean, preset.sd, preset.limit, correlation=0.0)
    return found.population_mean, found.population_sd


def _correlations(observed: float | None, own: float | None) -> tuple[tuple[str, float], ...]:
    assumed = [(f"correlation_{format_shortest(each)}", each) for each in CORRELATIONS]
    if own is not None:
        assumed.append((OF_PRESET, own))
    if observed is not None:
        assumed.append(("correlation_observed", observed))
    return tuple(assumed)


def _add_expected(
    run: Run,
    place: Place,
    population: tuple[float, float],
    rule: tuple[float, int],
    correlations: tuple[tuple[str, float], ...],
) -> None:
    """Add one population: mean, SD, share and mean of those who enter, and the change by correlation."""
    (mean, sd), (limit, sign) = population, rule
    for number, (method, correlation) in enumerate(correlations):
        # Low values let in are high ones of the mirrored score.
        found = expect_regression_to_mean(sign * mean, sd, sign * limit, correlation=correlation)
        if number == 0:
            entering = sign * found.mean_entering
            facts = (("population_mean", mean), ("population_sd", sd), ("mean_entering", entering))
            for statistic, value in facts:
                run.numbers.add(place, statistic, value, text=format_number(value, _DIGITS))
            share = 100.0 * found.share_entering
            run.numbers.add(place, "share_entering", share, text=f"{format_number(share, 1)}%")
        if method == OF_PRESET:
            run.numbers.add(place, "correlation", correlation, text=format_number(correlation, 2))
        change = sign * found.change
        run.numbers.add(place, "estimate", change, text=format_number(change, _DIGITS), method=method)
