"""What the sections ``[report]`` and ``[deviations]`` must agree on with the rest of the study."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from funis.catalogue.house_styles import house_styles
from funis.study.deviations import DEVIATION_CODES
from funis.study.model import Study
from funis.study.report_choices import SPLITS
from funis.study.study_finding import StudyFinding, unknown_name

_OF_SUBJECTS = ("age", "weight_kg", "height_cm", "disease_duration_years")


def check_report(study: Study, variables: Collection[str]) -> Iterator[StudyFinding]:
    """Find every disagreement of ``[report]`` and ``[deviations]`` with the rest of the study.

    Parameters
    ----------
    study : the models, each valid by itself
    variables : scores and laboratory tests of the study

    Returns
    -------
    iterator of StudyFinding
    """
    if study.report.style and study.report.style not in house_styles():
        yield unknown_name(("report", "style"), "house style", study.report.style, house_styles())
    numbers = [each.name for each in study.columns if each.kind == "number"]
    known = dict.fromkeys((*variables, *_OF_SUBJECTS, *numbers))
    for name in study.report.decimals:
        if name not in known:
            key = ("report", "decimals", name)
            yield unknown_name(key, "score, laboratory test or number of subjects", name, known)
    yield from _check_split(study)
    if study.report.standardised_differences and not study.report.split_of(has_arms=bool(study.arms)):
        message = "Nothing divides the baseline table, so there is nothing to compare."
        fix = "Name a split with two parts in split_by, or leave it out."
        yield StudyFinding(("report", "standardised_differences"), "true", message, fix)
    criteria = (*study.eligibility.inclusion, *study.eligibility.exclusion)
    kinds = dict.fromkeys((*DEVIATION_CODES, *(each.id for each in criteria)))
    for name in study.deviations.important:
        if name not in kinds:
            yield unknown_name(("deviations", "important"), "kind of deviation", name, kinds)


def _check_split(study: Study) -> Iterator[StudyFinding]:
    split, key = study.report.split_by, ("report", "split_by")
    if split and split not in SPLITS and split not in study.subgroups:
        yield unknown_name(key, "split of the baseline table", split, (*SPLITS, *study.subgroups))
    if split == "arm" and not study.arms:
        yield StudyFinding(key, split, "This study has no arms.", "Name another split, or add [[arms]].")
    if split == "site" and not study.sites:
        yield StudyFinding(key, split, "This study names no sites.", "Name another split, or add [[sites]].")
    if split == "responder" and not any(each.kind == "response" for each in study.endpoints):
        fix = "Name another split, or add an endpoint of kind response."
        yield StudyFinding(key, split, "This study judges no response.", fix)
