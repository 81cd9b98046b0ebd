"""The forms of tables: a row of laboratory results, adverse events, drugs, infusions and the like."""

from __future__ import annotations

import re
from typing import Final

from funis.adjudication_table import ADJUDICATIONS
from funis.capture.forms.level_words import GRADE_WORDS, YES_NO
from funis.capture.forms.plan_parts import (
    ChoicePlan,
    Code,
    FieldKind,
    FieldPlan,
    FormPlan,
    GroupPlan,
    LabTestPlan,
    Role,
    Scope,
    UnitPlan,
    Words,
)
from funis.capture.forms.visit_words import visit_words
from funis.catalogue.analyte_limits import possible_in
from funis.catalogue.event_terms import event_terms
from funis.catalogue.instrument_tables import reported_units
from funis.catalogue.registry import analyte_table
from funis.catalogue.translations import translated
from funis.catalogue.wording.plain_words import name_words
from funis.data.check.subjects import USUAL_BODY
from funis.data.known_tables import study_tables
from funis.safety_words import ASTCT_GRADES, SERIOUS_CRITERIA
from funis.schema import DATED, ENDS_BY_FLAG, Column
from funis.study.allocated import allocation_plan
from funis.study.model import LabTest, Study
from funis.units import convert

#: Whose a row of a table is, and whether there are several.
_SCOPES: Final[dict[str, tuple[Scope, bool]]] = {
    "subjects": ("subject", False),
    "visits": ("visit", False),
    "labs": ("visit", True),
    "infusions": ("subject", True),
    "lots": ("study", True),
    "donors": ("study", True),
    "medications": ("subject", True),
    "adverse_events": ("subject", True),
    "safety_questions": ("visit", False),
    "disposition": ("subject", False),
    ADJUDICATIONS.name: ("subject", True),
}
_TITLES: Final = {
    "subjects": "Subject",
    "visits": "Visit",
    "labs": "Laboratory results",
    "infusions": "Infusion",
    "lots": "Lot of cells",
    "donors": "Donor",
    "medications": "Medication",
    "adverse_events": "Adverse event",
    "safety_questions": "Questions on safety",
    "disposition": "End of participation",
    ADJUDICATIONS.name: "Reading by the committee",
}
#: Columns that stand with the form, and are no part of its document.
_KEYS: Final = {
    "subjects": ("subject",),
    "infusions": ("subject", "number"),
    "lots": ("lot",),
    "donors": ("donor",),
    # The visit that is judged is chosen: a committee reads long after it.
    ADJUDICATIONS.name: ("subject",),
}
_VISIT_KEYS: Final = ("subject", "visit")
#: Days of data that carry no dates, ends in columns of their own, and the day of awareness, which the page of
#: the clock asks for with its hour: kept where they came in, not asked for.
_NOT_ASKED: Final = frozenset({"day", "start_day", "end_day", "aware_date", *ENDS_BY_FLAG})
_ASKED_IF: Final[dict[tuple[str, str], tuple[str, tuple[Code, ...]]]] = {
    ("safety_questions", "any_event"): ("asked", (1,)),
    ("disposition", "reason"): ("status", ("withdrew", "lost", "died")),
    **{("adverse_events", name): ("serious", (1,)) for name in SERIOUS_CRITERIA},
}
_LABELS: Final = {
    "any_event": "Any event",
    "asked": "Asked about adverse events",
    "asked_drugs": "Asked about other drugs",
    "low": "Lower limit of normal",
    "high": "Upper limit of normal",
    "preferred_term": "Coded term",
    "organ_class": "System organ class",
    "grade": "CTCAE grade",
    "crs_grade": "ASTCT grade of cytokine release syndrome",
    "icans_grade": "ASTCT grade of ICANS",
    "aware_date": "Site became aware",
    "serious_death": "Led to death",
    "serious_life_threatening": "Life-threatening",
    "serious_hospital": "Hospital stay, or a longer one",
    "serious_disability": "Disability",
    "serious_birth_defect": "Birth defect",
    "serious_other": "Important in another way",
    "expected": "Expected",
    "related": "Related to the cells",
    "causality": "How sure the relation is",
    "value": "Result",
    "comparator": "Below or above what is measured",
    "arm": "Arm",
    "weight_kg": "Weight",
    "height_cm": "Height",
    "window_days": "Look-back",
    "date": "Date",
    "day": "Study day",
    **{f"cd{number}_percent": f"CD{number}" for number in (73, 90, 105, 34, 45, 14, 19)},
    "hla_dr_percent": "HLA-DR",
    "endotoxin_eu_per_ml": "Endotoxin",
    "received_cells": "Received cells",
    "start": "Start",
    "end": "End",
}
#: Of a column that is answered with yes or no: the schema words it by the codes 1 and 0.
_ASKED: Final = {
    "asked": "Whether the subject was asked about adverse events at this visit.",
    "any_event": "Whether any event was reported since the last visit.",
    "asked_drugs": "Whether the subject was asked about other drugs taken since the last visit.",
    "serious": "Serious by the criteria of the protocol, whatever the grade.",
    **SERIOUS_CRITERIA,
    "expected": "Whether the reference safety information of the product names the event.",
    "related": "Related to the cells, possibly or surely.",
    "attended": "Empty means that the subject came.",
    "received_cells": "No where the subject was given no infusion.",
    "blinded": "Whether the reader did not know the treatment.",
    "healthy": "What history and examination of the donor found.",
    "eligible": "Whether the donor was found eligible.",
}
#: Words that are longer than their code.
_CODE_WORDS: Final = {
    "<": "below",
    ">": "above",
    "<=": "at most",
    ">=": "at least",
    "1": "mild",
    "2": "moderate",
    "3": "severe",
    "4": "life-threatening",
    "5": "death",
}
_AHEAD: Final = frozenset({("lots", "expiry")})
_OF_CTCAE: Final = frozenset({("adverse_events", "term"), ("adverse_events", "preferred_term")})


def plan_table(study: Study, name: str) -> FormPlan:
    """Make the form of a row of a table of a study: exactly its columns, in printed order.

    Parameters
    ----------
    study : the study; its own columns stand among those of ``subjects``
    name : one of ``funis.adjudication_table.NAMED_TABLES``

    Returns
    -------
    FormPlan

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> plan = plan_table(read_study(template_path("sle")), "labs")
    >>> plan.scope, plan.repeats, [choice.value for choice in plan.field("test").choices][:2]
    ('visit', True, ['creatinine', 'urea_nitrogen'])
    """
    table = study_tables(study)[name]
    scope, repeats = _SCOPES[name]
    fields = tuple(
        column_field(study, name, column, role=_role(study, name, column)) for column in table.columns
    )
    title = Words(_TITLES[name], translated("tables", "titles", name))
    return FormPlan(
        name,
        title,
        scope,
        repeats,
        table.row,
        fields,
        (GroupPlan(name, title),),
        tests=tuple(_plan_test(lab) for lab in study.labs) if name == "labs" else (),
    )


def _role(study: Study, table: str, column: Column) -> Role:
    if (table, column.name) == ("subjects", "arm") and allocation_plan(study) is not None:
        return "key"  # the allocation stands sealed, in no form
    if column.name in _KEYS.get(table, _VISIT_KEYS):
        return "key"
    return "context" if column in DATED else "column"


def column_field(study: Study, table: str, column: Column, *, role: Role, group: str = "") -> FieldPlan:
    """Make the field of a column of a table.

    Parameters
    ----------
    study : names sites, arms, visits and tests that may be chosen, and its own columns
    table : name of the table
    column : one of its columns
    role, group : of the field; the group is the table's own where none is given

    Examples
    --------
    >>> from funis.schema import ADVERSE_EVENTS
    >>> from funis.study.read import read_study, template_path
    >>> study = read_study(template_path("sle"))
    >>> column_field(study, "adverse_events", ADVERSE_EVENTS.by_name["grade"], role="column").kind
    'choice'
    """
    own = {extra.name for extra in study.columns} if table == "subjects" else set()
    choices = _choices(study, table, column, is_own=column.name in own)
    usual = USUAL_BODY.get(column.name, (None, None))
    label = _label(study, table, column, is_own=column.name in own)
    return FieldPlan(
        column.name,
        label,
        _kind(column, choices),
        role,
        group or table,
        help=_help(table, column, label),
        choices=choices,
        unit=column.unit,
        low=column.low,
        high=column.high,
        usual_low=usual[0],
        usual_high=usual[1],
        required=column.filled or column.required,
        not_done=column.not_done,
        asked_if=_ASKED_IF.get((table, column.name)),
        is_shown=column.name not in _NOT_ASKED and _is_asked(study, column.name),
        may_lie_ahead=(table, column.name) in _AHEAD or column.name in own,
        terms=_terms(study) if (table, column.name) in _OF_CTCAE else "",
        offers=_offers(study, table, column.name),
    )


def _terms(study: Study) -> str:
    """Give the study's version of the CTCAE where its terms are carried."""
    return study.trial.ctcae if event_terms(study.trial.ctcae) else ""


def _offers(study: Study, table: str, column: str) -> tuple[str, ...]:
    """Give the drugs and units that columns of the visits are made from: by these words they are found."""
    if table != "medications":
        return ()
    made = study.visit_columns
    drugs = dict.fromkeys(drug for each in made for drug in each.drugs)
    units = dict.fromkeys(each.unit for each in made if each.kind == "dose")
    return tuple({"drug": drugs, "unit": units}.get(column, ()))


def _is_asked(study: Study, name: str) -> bool:
    """Tell whether the study asks for a column: for an ASTCT grade where it grades so, or counts by it."""
    instrument = ASTCT_GRADES.get(name)
    if instrument is None or instrument in study.instrument_names:
        return True
    counted = [rule.counts for rule in study.stopping] + [group.counts for group in study.event_groups]
    return any(re.search(rf"\b{name}\b", counts) for counts in counted)


def _help(table: str, column: Column, label: Words) -> Words:
    """Say more of a column than its label does; nothing where there is no more to say."""
    words = _ASKED.get(column.name, column.meaning) if column.kind == "flag" else column.meaning
    if words.rstrip(".").casefold() == label.en.casefold():
        return Words("")
    # One name can mean two things: the start of an event is a day, that of an infusion an hour.
    chinese = translated("tables", "help_of", table, column.name)
    return Words(words, chinese or translated("tables", "help", column.name))


def _kind(column: Column, choices: tuple[ChoicePlan, ...]) -> FieldKind:
    if column.kind == "flag":
        return "flag"
    return "choice" if choices else column.kind


def _label(study: Study, table: str, column: Column, *, is_own: bool) -> Words:
    """Give the words of a column; those of the study's own column stand in the study file."""
    if is_own:
        return Words(next(each.label for each in study.columns if each.name == column.name) or column.name)
    words = _LABELS.get(column.name) or name_words(column.name.removesuffix("_percent"))
    chinese = translated("tables", "labels_of", table, column.name)
    return Words(words[:1].upper() + words[1:], chinese or translated("tables", "labels", column.name))


def _choices(study: Study, table: str, column: Column, *, is_own: bool) -> tuple[ChoicePlan, ...]:
    """Give what may be chosen in a column; nothing where anything may be written."""
    listed = {
        "site": [(site.id, Words(site.name)) for site in study.sites],
        "arm": [(arm.id, Words(arm.name)) for arm in study.arms],
        "test": [(lab.test, _test_label(lab)) for lab in study.labs],
    }
    listed |= _judged(study) if table == ADJUDICATIONS.name else {}
    if column.name in listed:
        return tuple(ChoicePlan(code, words) for code, words in listed[column.name])
    if column.kind == "flag":
        return YES_NO
    if is_own:
        return tuple(ChoicePlan(code, Words(code)) for code in column.allowed)
    is_number = column.kind in {"integer", "number"}
    return tuple(ChoicePlan(int(code) if is_number else code, _code_words(code)) for code in column.allowed)


def _judged(study: Study) -> dict[str, list[tuple[str, Words]]]:
    """Give what may be chosen for a reading: visits, questions, and every outcome of one of them."""
    outcomes = dict.fromkeys(name for each in study.adjudications for name in each.outcomes)
    return {
        "visit": [
            (each.name, Words(each.printed, visit_words(each.printed, "zh-hans"))) for each in study.visits
        ],
        "question": [(each.id, Words(each.printed)) for each in study.adjudications],
        "outcome": [(name, Words(name_words(name))) for name in outcomes],
    }


def _code_words(code: str) -> Words:
    if code in GRADE_WORDS:
        return GRADE_WORDS[code]
    return Words(_CODE_WORDS.get(code) or name_words(code), translated("tables", "codes", code))


def usual_range(analyte: str, unit: str) -> tuple[float | None, float | None]:
    """Give the range outside of which a value is asked about; nothing where none is known in this unit.

    Parameters
    ----------
    analyte : of the table of analytes, empty for a quantity that is none
    unit : of the value

    Examples
    --------
    >>> usual_range("creatinine", "umol/L"), usual_range("", "mm")
    ((20.0, 1500.0), (None, None))
    """
    found = analyte_table().analytes.get(analyte)
    if found is None or found.plausible is None or found.plausible.usual is None or unit not in found.units:
        return None, None
    low, high = (convert(limit, analyte, found.unit, unit) for limit in found.plausible.usual)
    # Converted limits are shown to people: four digits say all that a usual range can say.
    return float(f"{low:.4g}"), float(f"{high:.4g}")


def _test_label(lab: LabTest) -> Words:
    return Words(lab.printed, translated("analytes", "labels", lab.test))


def _plan_test(lab: LabTest) -> LabTestPlan:
    units = dict.fromkeys([lab.unit, *reported_units(lab.test)])
    return LabTestPlan(
        lab.test,
        _test_label(lab),
        lab.unit,
        tuple(_plan_unit(lab, unit) for unit in units),
        lab.low,
        lab.high,
        is_titre=lab.scale == "log2",
    )


def _plan_unit(lab: LabTest, unit: str) -> UnitPlan:
    """Say what a test can be in a unit; the study's own limits hold in the study's own unit."""
    analyte = analyte_table().analytes.get(lab.test)
    low, high = (analyte and possible_in(analyte, unit)) or (None, None)
    if unit == lab.unit:
        low = low if lab.minimum is None else max(lab.minimum, lab.minimum if low is None else low)
        high = high if lab.maximum is None else min(lab.maximum, lab.maximum if high is None else high)
    usual_low, usual_high = usual_range(lab.test, unit)
    return UnitPlan(unit, low, high, usual_low, usual_high)
