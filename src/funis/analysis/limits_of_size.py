"""What the size of a study limits: how rare a harm it can miss, and how many tests it made."""

from __future__ import annotations

from funis.analysis.run import Run
from funis.results import Place, format_number
from funis.stats.proportion import clopper_pearson

ANALYSIS = "size"
#: Fewer subjects than these show so little that no share is worth naming.
_FEWEST = 3
#: From so many subjects on the rule of three is near the exact limit; below it is too high (100% of three).
_RULE_HOLDS = 30
#: Analyses that judge a P again which stands elsewhere.
_REPEATED = frozenset({"co_primary", "multiplicity"})
#: Of so many percent nothing is seen in n subjects, divided by n, at 95 % confidence (the rule of three).
_RULE_OF_THREE = 300.0


def describe_size(run: Run) -> None:
    """Add the share below which a harm can be missed, and the number of tests that were made.

    Notes
    -----
    Where a harm was seen in none of n subjects, its true share lies below 3 / n with 95 % confidence
    (Hanley JA, Lippman-Hand A. JAMA 1983;249:1743-5), of fewer than 30 below the exact 1 - 0.05^(1/n). The
    report prints the upper Clopper-Pearson limit at the level of the study instead, as beside every other
    count of none. The subjects are the treated, else everybody.
    """
    cohort = run.populations.cohort()
    if "treated" in run.populations.populations:
        treated = run.populations.cohort("treated")
        cohort = treated if treated.size else cohort
    if cohort.size >= _FEWEST:
        n = cohort.size
        share = _RULE_OF_THREE / n if n >= _RULE_HOLDS else 100 * (1 - 0.05 ** (1 / n))
        text = f"{format_number(share, 1)}%"
        place = cohort.place(ANALYSIS, "harm_missed")
        run.numbers.add(place, "percent", share, text=text)
        upper = 100 * clopper_pearson(0, n, run.level).upper
        run.numbers.add(place, "upper", upper, text=format_number(upper, 1), method="clopper_pearson")
    tests = run.numbers.count_of("p", apart_from=_REPEATED)
    if tests:
        run.numbers.add(Place(analysis=ANALYSIS, variable="tests"), "count", tests)
