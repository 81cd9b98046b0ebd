"""Reports of drawn subjects: none of their figures is inconsistent; a figure that is altered mostly is found."""

from collections import Counter
from dataclasses import replace

import pytest
from tests.audit.sound_trial import draw_report, show

from funis.audit.audit import audit
from funis.audit.figures import (
    PrintedCount,
    PrintedFigure,
    PrintedInterval,
    PrintedMean,
    PrintedNumber,
    PrintedP,
    PrintedTotal,
)

FISHER = "P of Fisher's test with another last digit"
INTERVAL = "interval a fifth wider at one end"


@pytest.mark.parametrize("seed", range(20))
def test_no_figure_of_a_sound_report_is_inconsistent(seed: int) -> None:
    told = [each for each in audit(draw_report(seed)) if each.level == "error"]
    assert not told


def moved(number: PrintedNumber, steps: int) -> PrintedNumber:
    return PrintedNumber(show(float(number.value + steps * number.unit), number.decimals))


def altered(figure: PrintedFigure) -> tuple[str, PrintedFigure] | None:
    """Alter one figure as a slip of the pen would; name what was done."""
    if isinstance(figure, PrintedMean | PrintedInterval):
        return altered_mean(figure) if isinstance(figure, PrintedMean) else altered_interval(figure)
    if isinstance(figure, PrintedCount) and figure.percent is not None:
        if figure.count is None:
            return "percentage alone one step up", replace(figure, percent=moved(figure.percent, 1))
        return "percentage two steps up", replace(figure, percent=moved(figure.percent, 2))
    if isinstance(figure, PrintedTotal):
        return "one more in a category", replace(figure, parts=(moved(figure.parts[0], 1), *figure.parts[1:]))
    if (
        isinstance(figure, PrintedP)
        and figure.test == "fisher"
        and figure.relation == "="
        and figure.p.value < 1
    ):
        return FISHER, replace(figure, p=moved(figure.p, 1))
    return None


def altered_mean(figure: PrintedMean) -> tuple[str, PrintedFigure] | None:
    if figure.about.unit:
        return "gram called milligram", replace(figure, about=replace(figure.about, unit="mg/24h"))
    if figure.about.time == "baseline":
        return "mean one step up", replace(figure, mean=moved(figure.mean, 1))
    if figure.about.outcome == "score" and figure.spread is not None:
        return "SD one step up", replace(figure, spread=moved(figure.spread, 1))
    return None


def altered_interval(figure: PrintedInterval) -> tuple[str, PrintedFigure]:
    """Move the upper end up by a fifth of the width, two steps at least."""
    steps = max(2, round(float((figure.high.value - figure.low.value) / figure.high.unit) / 5))
    return INTERVAL, replace(figure, high=moved(figure.high, steps))


def count_found(seeds: range) -> tuple[Counter[str], Counter[str]]:
    """Alter each figure of each report in turn; count those altered and those that are then found."""
    done: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for seed in seeds:
        report = draw_report(seed)
        before = {(each.check, each.figures, each.classification) for each in audit(report)}
        for place, figure in enumerate(report):
            made = altered(figure)
            if made is None:
                continue
            done[made[0]] += 1
            told = audit([*report[:place], made[1], *report[place + 1 :]])
            found[made[0]] += any(
                each.level in {"error", "query"}
                and figure.id in each.figures
                and (each.check, each.figures, each.classification) not in before
                for each in told
            )
    return done, found


def test_altered_figures_are_found() -> None:
    """What no data can give is always found; of the grids, about what their steps leave (n from 5 to 60)."""
    done, found = count_found(range(4))
    for name in ("gram called milligram", "percentage two steps up", "one more in a category"):
        assert done[name] > 5
        assert found[name] == done[name], name
    assert found[INTERVAL] > 0.9 * done[INTERVAL]
    assert found[FISHER] > 0.8 * done[FISHER]
    assert found["percentage alone one step up"] > 0.8 * done["percentage alone one step up"]
    assert found["mean one step up"] > 0.4 * done["mean one step up"]
    assert found["SD one step up"] > 0.1 * done["SD one step up"]
