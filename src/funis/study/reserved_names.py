"""Names that a study file cannot give: they have a meaning of their own, and two things would be one."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.instrument_tables import instrument_table, laboratory_tests
from funis.catalogue.registry import criteria_sets, definitions, responses
from funis.schema import SUBJECTS
from funis.study.days import subject_schema
from funis.study.model import Study
from funis.study.study_finding import StudyFinding

NOT_DIVIDED = "all"
EVERYBODY = "enrolled"
_GROUPS = {
    NOT_DIVIDED: "the word for whatever is not divided",
    EVERYBODY: "the population of every subject of the data",
}
_RULE_OF_EVERYBODY = "subject IS NOT NULL"
_KEYS = ("subject", "visit", "date", "day", "test", "value", "arm", "site", "subjects")
_ENDINGS = {
    "_change": "the change of a variable from baseline",
    "_sustained": "a response that is kept to the end",
}
_COUNTED = {
    "eligible": "who meets every criterion",
    "disease_duration_years": "the time from diagnosis to consent",
}
#: Columns of subjects and what is measured at the baseline visit stand in one table.
_BOTH_SHOWN = "and a baseline table shows both"
_OTHER = "Choose another name"


def check_reserved(study: Study) -> Iterator[StudyFinding]:
    """Refuse names that mean something else in the results.

    Parameters
    ----------
    study : the study, each part valid by itself

    Returns
    -------
    iterator of StudyFinding
        Each says what the name stands for already.
    """
    yield from _check_groups(study)
    yield from _check_tests(study)
    yield from _check_columns(study)
    for part, criteria in (
        ("inclusion", study.eligibility.inclusion),
        ("exclusion", study.eligibility.exclusion),
    ):
        for index, criterion in enumerate(criteria):
            if criterion.id == "eligible":
                yield _refused(("eligibility", part, index, "id"), criterion.id, _COUNTED["eligible"])


def _refused(key: tuple[str | int, ...], name: str, meaning: str, fix: str = _OTHER) -> StudyFinding:
    return StudyFinding(
        key, name, f"This name is taken: it stands for {meaning}.", f"{fix}.", "reserved_name"
    )


def _check_groups(study: Study) -> Iterator[StudyFinding]:
    """Refuse the two words for "everybody" as names of groups and visits."""
    named: list[tuple[tuple[str | int, ...], str]] = [
        *((("sites", index, "id"), site.id) for index, site in enumerate(study.sites)),
        *((("arms", index, "id"), arm.id) for index, arm in enumerate(study.arms)),
        *((("visits", index, "name"), visit.name) for index, visit in enumerate(study.visits)),
        *((("populations", name), name) for name in study.populations),
        *((("subgroups", name), name) for name in study.subgroups),
    ]
    for key, name in named:
        meaning = _GROUPS.get(name.strip().casefold())
        if meaning:
            what = str(key[0]).removesuffix("s")
            fix = f"{_OTHER} for this {what}, here and in the data"
            if (what, name) == ("population", EVERYBODY):
                if " ".join(study.populations[name].split()).casefold() == _RULE_OF_EVERYBODY.casefold():
                    continue
                fix = f'Leave it out, give it the rule "{_RULE_OF_EVERYBODY}", or choose another name'
            yield _refused(key, name, meaning, fix)
        elif name != name.strip():
            message = "Spaces stand around this name; those around cells of the data are taken away."
            yield StudyFinding(key, name, message, "Take them out.", "reserved_name")


def _check_tests(study: Study) -> Iterator[StudyFinding]:
    """Refuse tests that would be taken for a score or an item: all stand side by side."""
    for index, name in enumerate(study.lab_names):
        meaning = _meaning_of_test(study, name)
        if meaning:
            fix = f"{_OTHER} here and in the column test of labs"
            yield _refused(("labs", index, "test"), name, meaning, fix)


def _meaning_of_test(study: Study, name: str) -> str:
    """Say what the name of a test stands for otherwise; nothing where it is free."""
    if name in laboratory_tests():
        return ""
    if name in _KEYS:
        return "a column of the data"
    if name in SUBJECTS.by_name:
        return f"a column of subjects, {_BOTH_SHOWN}"
    if name in {*definitions(), *responses(), *criteria_sets()}:
        return "an instrument or a response, whose score it would replace"
    for instrument in study.instrument_names:
        if instrument not in definitions():
            continue
        if name.startswith(f"{instrument}_") or name in instrument_table(instrument).by_name:
            return f"a column of {instrument}"
    return next((meaning for ending, meaning in _ENDINGS.items() if name.endswith(ending)), "")


def _check_columns(study: Study) -> Iterator[StudyFinding]:
    """Refuse columns of the study's own that have the name of something else that is told of a subject."""
    derived = subject_schema(study.model_copy(update={"columns": ()}))
    for index, column in enumerate(study.columns):
        # A column that the table has already is said elsewhere.
        meaning = _COUNTED.get(column.name, "")
        if column.name in derived:
            meaning = "what is derived of every subject"
        elif column.name in _KEYS:
            meaning = "a column of the other tables"
        elif column.name in study.lab_names:
            meaning = f"a laboratory test of this study, {_BOTH_SHOWN}"
        elif column.name in study.instrument_names:
            meaning = f"an instrument of this study, {_BOTH_SHOWN}"
        elif column.name in {each.name for each in study.visit_columns}:
            meaning = f"a column of the visits of this study, {_BOTH_SHOWN}"
        if meaning and column.name not in SUBJECTS.by_name:
            yield _refused(("columns", index, "name"), column.name, meaning)
