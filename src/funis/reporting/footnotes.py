"""What stands under every table: population, denominator, missing data, versions, methods.

The sentences are composed from the rows that the table prints, so that a footnote cannot name a basis that
the numbers above it do not have.
"""

from __future__ import annotations

from collections.abc import Iterable

from funis.catalogue.registry import definition
from funis.data.recorded_totals import AS_RECORDED
from funis.reporting.labels import MISSING, Labels, grade_columns, humanise, in_sentence
from funis.reporting.number_book import Number
from funis.reporting.rule_words import rule_words
from funis.reporting.small_samples import limit_notes
from funis.results import ALL, format_number

METHOD_NOTES: dict[str, str] = {
    "paired_t": "Paired t test: two-sided, n − 1 degrees of freedom, on subjects with both values.",
    "wilcoxon": (
        "Wilcoxon signed-rank test: two-sided, zero differences dropped, subjects with both values; exact "
        "given the ties up to 200 subjects, above that normal approximation with continuity correction. "
        "Hodges-Lehmann change: median of the averages of all pairs of changes, zero changes included; its "
        "interval has at least the stated level. The test leaves out a change of 0, which points in neither "
        "direction; the estimate keeps it, since a change of 0 is a change, and without it the estimate "
        "would move away from 0."
    ),
    "sign_test": "Sign test: two-sided, exact binomial, ties dropped.",
    "permutation": (
        "Permutation test: two-sided, of the mean, over all ways the signs of the changes (between arms: the "
        "subjects) could have fallen."
    ),
    "bootstrap": "Bootstrap: bias-corrected and accelerated interval of the mean change.",
    "mmrm": "Mixed model for repeated measures, restricted maximum likelihood.",
    "clopper_pearson": "Clopper-Pearson: exact interval of a proportion.",
    "wilson": "Wilson: score interval of a proportion.",
    "signed_rank_pratt": (
        "Signed-rank test for ordered categories: two-sided, exact up to 200 subjects, unchanged pairs "
        "ranked (Pratt). Share worse minus better: of all subjects graded at both visits, with Newcombe’s "
        "interval for paired proportions."
    ),
    "mcnemar": "McNemar test: two-sided, exact binomial on the subjects whose response changed.",
    "mcnemar_mid": (
        "McNemar test, mid-P: of the outcomes as likely as the one seen half is counted; less conservative, "
        "and its level is not guaranteed."
    ),
    "cochran_q": (
        "Cochran’s Q test: all visits at once, exact by shuffling the responses of each subject over the "
        "visits while these can be counted, above that chi-square."
    ),
    "aalen_johansen": (
        "Cumulative incidence (Aalen-Johansen): share of all subjects that has had the event, with death as "
        "a competing event; delta-method interval on the log(-log) scale. One minus the Kaplan-Meier "
        "estimate, which counts death as the end of observation, is never lower. A death without a known day "
        "counts on the last day seen."
    ),
    "restricted_mean": (
        "Mean time free of the event: area under the Kaplan-Meier curve from the origin to the planned day "
        "of the visit named, normal interval."
    ),
    "kaplan_meier": "Kaplan-Meier estimate; interval on the log-log scale.",
    "kaplan_meier_visits_on_planned_days": (
        "Kaplan-Meier estimate; interval on the log-log scale. "
        "The event is found at visits: its true day lies between two of them and is not known "
        "(interval-censored). It is counted on the planned day of the visit at which it was found, and so is "
        "the end of observation; the curve says when it was found, not when it happened. A subject is "
        "censored at the last visit, at withdrawal, and at death where death is not the event."
    ),
}
_SCORED = ("strict", "absent", "worst", "locf")


FAILED_FIT = "failed: the fit did not converge; no estimate is reported."


def describe_basis(
    labels: Labels,
    numbers: Iterable[Number],
    *,
    with_population: bool = True,
    with_missing: bool = True,
    failed: str = FAILED_FIT,
) -> tuple[str, ...]:
    """Compose the footnotes that the printed numbers themselves ask for.

    Parameters
    ----------
    labels : printed words of the study
    numbers : the numbers a table prints
    with_population, with_missing : whether population and missing data are said; a table may say them itself
    failed : what is said where a number failed

    Returns
    -------
    tuple of str : population, subgroups, missing data, instrument versions, methods, failures; none twice
    """
    used = [number for number in numbers if number is not None]
    return tuple(
        dict.fromkeys(
            (
                *(_population_notes(labels, used) if with_population else ()),
                *(_missing_notes(used) if with_missing else ()),
                *_instrument_notes(labels, used),
                *_method_notes(used),
                *_status_notes(used, failed),
                *limit_notes(used),
                *_exact_notes(used),
            )
        )
    )


def _population_notes(labels: Labels, used: list[Number]) -> Iterable[str]:
    for population in dict.fromkeys(number.population for number in used if number.population):
        rule = labels.population_rule(population)
        meaning = (
            f" ({rule_words(labels, rule)})"
            if rule
            else " (every subject of the data)"
            if population == "enrolled"
            else ""
        )
        yield f"Population: {in_sentence(labels.population(population))}{meaning}."
    for subgroup in dict.fromkeys(number.subgroup for number in used):
        rule = labels.population_rule(subgroup)
        if subgroup not in {ALL, ""} and rule:
            yield f"Subgroup {labels.population(subgroup).lower()}: {rule_words(labels, rule)}."


def _missing_notes(used: list[Number]) -> Iterable[str]:
    rules = (_rules(number) for number in used)
    for names in dict.fromkeys(names for names in rules if names):
        yield f"Missing data ({', '.join(names)}): {'; '.join(MISSING.get(name, name) for name in names)}."


def _rules(number: Number) -> tuple[str, ...]:
    """Give the policy for missing items and the rule for missing outcomes; observed is said once."""
    names = tuple(filter(None, (number.missing, number.missing_outcome)))
    return names[:1] if number.missing_outcome == "observed" else names


def _instrument_notes(labels: Labels, used: list[Number]) -> Iterable[str]:
    """Name the edition and the choices of each instrument."""
    for measure in dict.fromkeys(number.measure for number in used):
        name = grade_columns()[measure][0] if measure in grade_columns() else measure
        if name in labels.study.instruments:
            found, choice = definition(name), labels.study.instruments[name]
            chosen = [
                f"{each.label} {_choice(choice.parameters[each.name])}"
                for each in found.parameters
                if each.name in choice.parameters
            ]
            if choice.label or chosen:
                scored = "taken as recorded of" if str(choice.missing) == AS_RECORDED else "scored by"
                edition = "; ".join([f"{scored} {found.title} ({found.version})", *chosen])
                yield f"{choice.label or labels.variable(name)}: {edition}."


def _choice(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else humanise(str(value)).lower()


def _method_notes(used: list[Number]) -> Iterable[str]:
    for method in dict.fromkeys(number.method for number in used):
        if method in METHOD_NOTES:
            yield METHOD_NOTES[method]
    yield from _permutation_notes(used)
    statistics = {number.statistic for number in used}
    if statistics & {"q1", "q3"}:
        yield "SD: n − 1 in the denominator. Quartiles: type 7 (linear interpolation)."
    elif "sd" in statistics:
        yield "SD: n − 1 in the denominator."


def _permutation_notes(used: list[Number]) -> Iterable[str]:
    """Say whether the permutations were counted, drawn, or one here and the other there."""
    drawn = {number.value for number in used if number.statistic == "draws"}
    tested = [number for number in used if number.method == "permutation" and number.statistic == "p"]
    if not tested:
        return
    if not drawn:
        yield "Permutation test: every arrangement was counted; P is exact."
        return
    count = format_number(max(filter(None, drawn)), 0)
    where = "" if len(tested) == sum(number.statistic == "draws" for number in used) else "where it is said, "
    rest = "; elsewhere every arrangement was counted and P is exact" if where else ""
    yield (
        f"Permutation test: {where}{count} arrangements were drawn at random with the seed of the analysis, "
        f"P = (b + 1) / (draws + 1){rest}."
    )


def _exact_notes(used: list[Number]) -> Iterable[str]:
    """Say of a P value below what any exact test of so few could give what it rests on."""
    if any(number.statistic == "p_exact_least" for number in used):
        yield (
            "Smallest P of an exact test: what signed ranks, signs or permutations of so few give when all "
            "changes point in one direction (between arms: when nothing overlaps). The P of a t test below "
            "it rests on the changes being normal, which so few cannot show."
        )


def _status_notes(used: list[Number], failed: str) -> Iterable[str]:
    if any(number.status == "failed" for number in used):
        yield failed
    fitted = [number for number in used if number.statistic == "covariance"]
    for number in fitted:
        yield f"Covariance of a mixed model: {number.text}."
    if any(number.status == "not_estimable" for number in used):
        yield "–: not estimable from the values there are; the panel of the number says why."
