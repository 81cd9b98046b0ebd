"""What stands under every table: population, denominator, missing data, versions, methods.

The sentences are composed from the rows that the table prints, so that a footnote cannot name a basis that
the numbers above it do not have.
"""

from __future__ import annotations

from collections.abc import Iterable

from funis.catalogue.registry import definition
from funis.data.recorded_totals import AS_RECORDED
from funis.reporting.labels import MISSING, Labels, grade_columns, humanise, in_sentence
from funis.reporting.method_words import METHODS
from funis.reporting.number_book import Number
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.rule_words import rule_words
from funis.reporting.small_samples import limit_notes
from funis.results import ALL, format_number

_SCORED = ("strict", "absent", "worst", "locf")


UNADJUSTED = "P: not adjusted for the number of tests."
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


def say_unadjusted(numbers: Iterable[Number]) -> tuple[str, ...]:
    """Say of the P values of a table that none is adjusted; nothing where one is, or where there is none.

    Parameters
    ----------
    numbers : the numbers a table prints
    """
    found = {number.statistic for number in numbers if number is not None and number.value is not None}
    return (UNADJUSTED,) if "p" in found and "p_adjusted" not in found else ()


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
    yield from caution_of_subgroups(labels, [number.subgroup for number in used])


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
        if method in METHODS and METHODS[method].note:
            yield METHODS[method].note
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
