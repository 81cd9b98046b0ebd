"""What the sections ``[report]`` and ``[deviations]`` must agree on with the rest of the study."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from funis.catalogue.house_styles import house_styles
from funis.study.deviations import DEVIATION_CODES
from funis.study.model import Study
from funis.study.printed_names import ALWAYS, FIRST, MAIN_SECTIONS, NUMBERED, REST, is_printed, printed_names
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
    yield from _check_main(study)
    yield from _check_own_words(study)
    yield from _check_split(study)
    if study.report.standardised_differences and not study.report.split_of(has_arms=bool(study.arms)):
        message = "Nothing divides the baseline table, so there is nothing to compare."
        fix = "Name a split with two parts in split_by, or leave it out."
        yield StudyFinding(("report", "standardised_differences"), "true", message, fix)
    criteria = study.eligibility.criteria
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


def _check_main(study: Study) -> Iterator[StudyFinding]:
    """Names of `main` exist and stand once; it opens with the key results and keeps what every report has."""
    chosen, key = study.report.main, ("report", "main")
    for place, name in enumerate(chosen):
        if name in chosen[:place]:
            yield StudyFinding(key, name, "This name is given twice.", "Name each once.")
        elif name not in MAIN_SECTIONS and name != REST and not is_printed(study, name):
            yield _unknown_part(study, key, name, (*MAIN_SECTIONS, REST))
        elif name not in MAIN_SECTIONS and place and chosen[place - 1] == REST:
            message = f"A table or figure stands behind '{REST}', which is no section."
            yield StudyFinding(key, name, message, "Name it behind its section.")
    if chosen and chosen[0] != FIRST:
        fix = f"Begin with '{FIRST}'."
        yield StudyFinding(key, chosen[0], "A report opens with its key results.", fix)
    for name in ALWAYS[1:] if chosen and REST not in chosen else ():
        if name not in chosen:
            message = f"The main part of every report holds the section '{name}'."
            yield StudyFinding(key, "", message, f"Name it, or end with '{REST}'.")


def _check_own_words(study: Study) -> Iterator[StudyFinding]:
    for name in study.report.titles:
        if name not in MAIN_SECTIONS and not is_printed(study, name):
            yield _unknown_part(study, ("report", "titles", name), name, MAIN_SECTIONS)
    for name in study.report.footnotes:
        if not is_printed(study, name):
            yield _unknown_part(study, ("report", "footnotes", name), name, ())


def _unknown_part(study: Study, key: tuple[str, ...], name: str, sections: Iterable[str]) -> StudyFinding:
    """Say that nothing of this name is printed, with every name that is."""
    own, sections = printed_names(study), tuple(sections)
    what = "section, table or figure" if sections else "table or figure"
    near = get_close_matches(name, (*sections, *own), n=1, cutoff=0.5)
    fix = [f"The nearest is '{near[0]}'."] if near else []
    fix += [f"Sections: {', '.join(sections)}."] if sections else []
    more = ", ".join(f"{start}-2" for start in NUMBERED)
    fix.append(f"Tables and figures: {', '.join(own)}; where there are several of a kind, {more} and so on.")
    return StudyFinding(key, name, f"A report has no {what} of this name.", " ".join(fix), "unknown_name")
