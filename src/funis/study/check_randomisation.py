"""What a study file says of its randomisation, held against its arms, columns and subgroups."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.model import Study
from funis.study.outcomes import outcome_subgroups
from funis.study.randomisation import USUAL_STRATA, Randomisation
from funis.study.study_finding import StudyFinding

_AT = "randomisation"


def check_randomisation(study: Study) -> Iterator[StudyFinding]:
    """Find arms without a share, strata that nothing records, and a randomisation of a study without arms.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    plan = study.randomisation
    if plan is None:
        return
    if study.trial.design != "parallel":
        message = "Only a trial with parallel arms is randomised between them."
        fix = 'Leave [randomisation] out, or write design = "parallel" and name the arms.'
        yield StudyFinding(("study", "design"), study.trial.design, message, fix)
        return
    yield from _check_ratio(study)
    yield from _check_strata(study)
    if plan.method == "simple" and plan.strata:
        message = "Simple randomisation balances over nothing, so it has no strata."
        yield StudyFinding(
            (_AT, "strata"), plan.strata[0], message, "Write blocks or minimisation, or no strata."
        )
    if plan.method == "minimisation" and not plan.strata:
        message = "Minimisation balances over strata, and none is named."
        yield StudyFinding((_AT, "method"), plan.method, message, "Name strata, or write blocks or simple.")
    yield from _check_method(plan)


def _check_ratio(study: Study) -> Iterator[StudyFinding]:
    ratio = study.randomisation.ratio if study.randomisation is not None else {}
    known = [arm.id for arm in study.arms]
    listed = f"Arms: {', '.join(known)}."
    for name in ratio:
        if name not in known:
            yield StudyFinding((_AT, "ratio"), name, "There is no arm of this id.", listed, "unknown_name")
    for name in known:
        if name not in ratio:
            message = f"The arm '{name}' has no share."
            yield StudyFinding(
                (_AT, "ratio"), name, message, f"Give each arm a whole number of 1 or more. {listed}"
            )


def _check_strata(study: Study) -> Iterator[StudyFinding]:
    strata = study.randomisation.strata if study.randomisation is not None else ()
    late = outcome_subgroups(study)
    columns = [column.name for column in study.columns]
    known = [*USUAL_STRATA, *columns, *(name for name in study.subgroups if name not in late)]
    for place, name in enumerate(strata):
        if name in late:
            message = "This subgroup is formed by an outcome, which nobody knows when a subject is allocated."
            yield StudyFinding((_AT, "strata"), name, message, f"Known before treatment: {', '.join(known)}.")
        elif name not in known:
            message = "There is no column or subgroup of this name to balance over."
            fix = f"Known before treatment: {', '.join(known)}."
            yield StudyFinding((_AT, "strata"), name, message, fix, "unknown_name")
        elif name in strata[:place]:
            yield StudyFinding((_AT, "strata"), name, "This name is given twice.", "Name each stratum once.")


def _check_method(plan: Randomisation) -> Iterator[StudyFinding]:
    """Find what belongs to another method, and blocks in which the shares cannot be kept."""
    if plan.block_sizes and plan.method != "blocks":
        message = "Only permuted blocks have sizes."
        yield StudyFinding((_AT, "block_sizes"), str(plan.block_sizes[0]), message, "Leave the sizes out.")
    if plan.probability is not None and plan.method != "minimisation":
        message = "Only minimisation takes the best arm with a chance."
        yield StudyFinding((_AT, "probability"), str(plan.probability), message, "Leave the chance out.")
    whole = sum(plan.ratio.values())
    for size in plan.block_sizes:
        if size % whole:
            message = f"In a block of {size} the shares, {whole} in all, cannot be kept."
            fix = f"Write multiples of {whole}, for example {2 * whole} and {3 * whole}."
            yield StudyFinding((_AT, "block_sizes"), str(size), message, fix)
    for name in sorted({role for role in plan.blinded if plan.blinded.count(role) > 1}):
        yield StudyFinding((_AT, "blinded"), name, "This role is named twice.", "Name each role once.")
