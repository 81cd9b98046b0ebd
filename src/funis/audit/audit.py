"""The front door of the audit: printed figures in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, get_args

from funis.arguments import takes
from funis.audit.checks.at_risk import check_at_risk
from funis.audit.checks.common_number import check_numbers_of_subjects
from funis.audit.checks.criteria import check_stated_limits
from funis.audit.checks.denominators import check_denominators
from funis.audit.checks.exact_tests import check_exact_tests
from funis.audit.checks.independent_p import check_independent_p
from funis.audit.checks.interval_of_counts import check_intervals_of_counts
from funis.audit.checks.interval_of_mean import check_intervals_of_means
from funis.audit.checks.intervals import check_intervals
from funis.audit.checks.mean_granularity import check_means
from funis.audit.checks.median_bounds import check_median_bounds
from funis.audit.checks.medians import check_medians
from funis.audit.checks.p_value import check_p_values
from funis.audit.checks.paired_p import check_paired_p
from funis.audit.checks.percentage import check_percentages
from funis.audit.checks.reports import check_reports
from funis.audit.checks.spread import check_spreads
from funis.audit.checks.sums import check_sums
from funis.audit.checks.two_by_two import check_two_proportions
from funis.audit.checks.units import check_units
from funis.audit.figures import PrintedFigure, ReportFigures
from funis.audit.findings import AuditFinding
from funis.audit.gathered import GatheredFigures, gather
from funis.errors import ValueRangeError

Check: TypeAlias = Callable[[GatheredFigures], Iterator[AuditFinding]]
#: Every check, in the order of its findings.
CHECKS: Final[tuple[Check, ...]] = (
    check_percentages,
    check_denominators,
    check_at_risk,
    check_sums,
    check_means,
    check_spreads,
    check_numbers_of_subjects,
    check_stated_limits,
    check_medians,
    check_median_bounds,
    check_units,
    check_p_values,
    check_paired_p,
    check_independent_p,
    check_exact_tests,
    check_two_proportions,
    check_intervals,
    check_intervals_of_means,
    check_intervals_of_counts,
    check_reports,
)


@dataclass(frozen=True, slots=True)
class _FiguresGiven:
    """What the front door takes."""

    allowed: str = "figures of a report (funis.read_figures), or a list of printed figures"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        held = value.figures if isinstance(value, ReportFigures) else value
        kinds = get_args(PrintedFigure)
        return isinstance(held, list | tuple) and all(isinstance(one, kinds) for one in held)


@takes(figures=_FiguresGiven())
def audit(figures: ReportFigures | Iterable[PrintedFigure]) -> tuple[AuditFinding, ...]:
    """Check the printed figures of a paper against each other.

    Parameters
    ----------
    figures : of one report, or of two reports of one trial in one list (their places name the file of each)

    Returns
    -------
    tuple of AuditFinding : of every check in turn, those that are consistent or not checkable too; level
        ``error`` only where the figures are inconsistent as printed

    Raises
    ------
    ValueRangeError : something else was given, or two figures of one file have one id

    Examples
    --------
    >>> from funis.audit.read_figures import parse_figures
    >>> report = parse_figures('''
    ... [[counts]]
    ... outcome = "relapse"
    ... count = "3"
    ... denominator = "40"
    ... percent = "8.5"
    ... ''', "figures.toml")
    >>> found = audit(report)
    >>> found[0].classification
    'inconsistent as printed'
    >>> print(found[0].arithmetic)
    3/40 = 7.500%; 8.5% is printed.
    """
    held = figures.figures if isinstance(figures, ReportFigures) else figures
    gathered = gather(held)
    _refuse_second_ids(gathered)
    return tuple(finding for check in CHECKS for finding in check(gathered))


def _refuse_second_ids(figures: GatheredFigures) -> None:
    seen: set[tuple[str, str]] = set()
    for each in figures.all:
        if (each.place.file, each.id) in seen:
            what = "argument 'figures' of audit()"
            raise ValueRangeError(what, f"two figures with the id {each.id!r}", "one id a figure")
        seen.add((each.place.file, each.id))
