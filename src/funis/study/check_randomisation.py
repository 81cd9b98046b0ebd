"""What a study file says of its randomisation, held against its arms, columns and subgroups."""

from __future__ import annotations

from collections.abc import Iterator

from funis.study.model import Study
from funis.study.outcomes import outcome_subgroups
from funis.study.planned_infusion import RELAPSE
from funis.study.randomisation import USUAL_STRATA, Randomisation
from funis.study.study_finding import StudyFinding, unknown_name

_AT = "randomisation"
_AGAIN = "re_randomisation"


def check_randomisation(study: Study) -> Iterator[StudyFinding]:
    """Find arms without a share, strata that nothing records, and a randomisation of a study without arms.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    yield from _check_again(study)
    plan = study.randomisation
    if plan is None:
        return
    if study.trial.design != "parallel":
        message = "Only a trial with parallel arms is randomised between them."
        fix = 'Leave [randomisation] out, or write design = "parallel" and name the arms.'
        yield StudyFinding(("study", "design"), study.trial.design, message, fix)
        return
    yield from _check_ratio(study)
    yield from _check_plan(study, plan, _AT)


def _check_again(study: Study) -> Iterator[StudyFinding]:
    """Find an allocation at relapse of a trial that has one before treatment, or no course at relapse."""
    plan = study.re_randomisation
    if plan is None:
        return
    if study.trial.design != "single_arm" or study.arms:
        message = "At relapse subjects are allocated where everybody had the same first treatment."
        fix = 'Leave [re_randomisation] out, or write design = "single_arm" without arms.'
        yield StudyFinding(("study", "design"), study.trial.design, message, fix)
    if not any(each.when == RELAPSE for each in study.infusions):
        message = "No infusion is planned at relapse, which one of the arms would get."
        fix = 'Add [[infusions]] with when = "relapse".'
        yield StudyFinding((_AGAIN, "at"), plan.at, message, fix)
    if len(plan.ratio) < 2:
        message = "Subjects are allocated between two arms at least."
        yield StudyFinding((_AGAIN, "ratio"), ", ".join(plan.ratio), message, "Name each with its share.")
    if plan.blinded:
        message = "An allocation at relapse is not blinded: the first treatment would be withheld with it."
        yield StudyFinding((_AGAIN, "blinded"), plan.blinded[0], message, "Leave it out: the trial is open.")
    if plan.control not in plan.ratio:
        yield unknown_name((_AGAIN, "control"), "arm in ratio", plan.control, tuple(plan.ratio))
    yield from _check_plan(study, plan, _AGAIN)


def _check_plan(study: Study, plan: Randomisation, at: str) -> Iterator[StudyFinding]:
    yield from _check_strata(study, plan, at)
    if plan.method == "simple" and plan.strata:
        message = "Simple randomisation balances over nothing, so it has no strata."
        yield StudyFinding(
            (at, "strata"), plan.strata[0], message, "Write blocks or minimisation, or no strata."
        )
    if plan.method == "minimisation" and not plan.strata:
        message = "Minimisation balances over strata, and none is named."
        yield StudyFinding((at, "method"), plan.method, message, "Name strata, or write blocks or simple.")
    yield from _check_method(plan, at)


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


def _check_strata(study: Study, plan: Randomisation, at: str) -> Iterator[StudyFinding]:
    strata = plan.strata
    late = outcome_subgroups(study)
    columns = [column.name for column in study.columns]
    known = [*USUAL_STRATA, *columns, *(name for name in study.subgroups if name not in late)]
    for place, name in enumerate(strata):
        if name in late:
            message = "This subgroup is formed by an outcome, which nobody knows when a subject is allocated."
            yield StudyFinding((at, "strata"), name, message, f"Known before treatment: {', '.join(known)}.")
        elif name not in known:
            message = "There is no column or subgroup of this name to balance over."
            fix = f"Known before treatment: {', '.join(known)}."
            yield StudyFinding((at, "strata"), name, message, fix, "unknown_name")
        elif name in strata[:place]:
            yield StudyFinding((at, "strata"), name, "This name is given twice.", "Name each stratum once.")


def _check_method(plan: Randomisation, at: str) -> Iterator[StudyFinding]:
    """Find what belongs to another method, and blocks in which the shares cannot be kept."""
    if plan.block_sizes and plan.method != "blocks":
        message = "Only permuted blocks have sizes."
        yield StudyFinding((at, "block_sizes"), str(plan.block_sizes[0]), message, "Leave the sizes out.")
    if plan.probability is not None and plan.method != "minimisation":
        message = "Only minimisation takes the best arm with a chance."
        yield StudyFinding((at, "probability"), str(plan.probability), message, "Leave the chance out.")
    whole = sum(plan.ratio.values())
    for size in plan.block_sizes:
        if size % whole:
            message = f"In a block of {size} the shares, {whole} in all, cannot be kept."
            fix = f"Write multiples of {whole}, for example {2 * whole} and {3 * whole}."
            yield StudyFinding((at, "block_sizes"), str(size), message, fix)
    for name in sorted({role for role in plan.blinded if plan.blinded.count(role) > 1}):
        yield StudyFinding((at, "blinded"), name, "This role is named twice.", "Name each role once.")
