"""The form of an instrument, made from its definition and the study's choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.capture.forms.field_groups import (
    CONTEXT,
    HISTORY,
    MEASURES,
    RECORDED,
    group_of_item,
    make_group,
)
from funis.capture.forms.level_words import GRADE_WORDS, YES_NO, item_choices
from funis.capture.forms.plan_parts import (
    ChoicePlan,
    DefinitionPin,
    FieldPlan,
    FormPlan,
    Role,
    Words,
)
from funis.capture.forms.plan_tables import column_field, usual_range
from funis.catalogue.definition_digest import definition_digest
from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.registry import definition
from funis.catalogue.translations import translated, translated_all
from funis.data.known_tables import shared_with_labs, study_tables
from funis.schema import DATED, RATER, SUBJECT, VISIT, WINDOW_DAYS, Column
from funis.study.model import Study

_KEYS: Final = (SUBJECT.name, VISIT.name)
_CONTEXT: Final = (*(column.name for column in DATED), WINDOW_DAYS.name, RATER.name)


def plan_instrument(study: Study, name: str) -> FormPlan:
    """Make the form of an instrument of a study: exactly the columns of its table, in printed order.

    Parameters
    ----------
    study : the study
    name : of the instrument

    Returns
    -------
    FormPlan

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> plan = plan_instrument(read_study(template_path("sle")), "sledai_2k")
    >>> [str(choice.label) for choice in plan.field("rash").choices], plan.field("rash").row
    (['absent', 'present'], 15)
    """
    found, table = definition(name), study_tables(study)[name]
    shared = shared_with_labs(study, name)
    fields = tuple(_fields(study, found, table.columns, shared))
    groups = dict.fromkeys(field.group for field in fields if field.role != "key")
    return FormPlan(
        name,
        Words(_printed(study, found), translated(name, "title")),
        "visit",
        repeats=False,
        row=table.row,
        fields=fields,
        groups=tuple(make_group(group, name) for group in groups),
        definition=pin_definition(study, found),
    )


def pin_definition(study: Study, found: Definition) -> DefinitionPin:
    """Say which content of a definition, with which parameters, a version of a study scores by."""
    choice = study.choice(found.name)
    parameters = found.parameter_values(choice.parameters)
    return DefinitionPin(
        found.name,
        found.version,
        found.title,
        found.label or found.title,
        definition_digest(found),
        choice.missing,
        tuple(parameters.items()),
        systems=found.systems,
        grade_columns=found.grade_columns,
        flags=tuple(f"{found.name}_{flag.name}" for flag in found.flags),
        lowest=float(found.range.lowest),
        highest=float(found.range.highest),
        unit=found.unit,
        digits=found.digits,
        window=found.window_words(choice.parameters),
    )


def _printed(study: Study, found: Definition) -> str:
    return study.choice(found.name).label or found.title


def _fields(
    study: Study, found: Definition, columns: tuple[Column, ...], shared: dict[str, str]
) -> Iterator[FieldPlan]:
    """Give a field a column, those for attribution left out: they belong to the field of their item."""
    items = {item.name: item for item in found.items}
    measures = {measure.name: measure.analyte for measure in found.measures}
    histories = {f"{system}_ever": system for system in found.systems}
    attributions = {f"{name}_attributed" for name in items}
    for column in columns:
        name = column.name
        if name in _KEYS:
            yield column_field(study, found.name, column, role="key", group=CONTEXT)
        elif name in _CONTEXT:
            yield column_field(study, found.name, column, role="context", group=CONTEXT)
        elif name in items:
            yield _item_field(found, items[name], column, shared)
        elif name in measures:
            yield _measure_field(found, column, shared, measures[name])
        elif name in histories:
            yield _history_field(found, histories[name], column)
        elif name not in attributions:
            yield _recorded_field(found, column)


def _item_field(found: Definition, item: Item, column: Column, shared: dict[str, str]) -> FieldPlan:
    choices = item_choices(found, item, translated_all(found.name, "levels", item.name))
    usual = usual_range(item.analyte, item.unit)
    return FieldPlan(
        item.name,
        Words(item.label, translated(found.name, "items", item.name)),
        "choice" if choices else "number",
        "item",
        group_of_item(found, item),
        item.row,
        help=_excluded(found, item),
        choices=choices,
        unit=item.unit,
        low=column.low,
        high=column.high,
        usual_low=usual[0],
        usual_high=usual[1],
        required=item.name not in shared,
        not_done=column.not_done,
        attributed=True,
        filled_by=shared.get(item.name, ""),
        alternatives=item.alternatives,
    )


def _excluded(found: Definition, item: Item) -> Words:
    """Say which causes must not be counted."""
    if not item.excludes:
        return Words("")
    chinese = translated(found.name, "excludes", item.name)
    return Words(f"Not due to: {'; '.join(item.excludes)}.", f"排除：{chinese}。" if chinese else "")


def _measure_field(found: Definition, column: Column, shared: dict[str, str], analyte: str) -> FieldPlan:
    usual = usual_range(analyte, column.unit)
    chinese = translated(found.name, "measures", column.name)
    return FieldPlan(
        column.name,
        Words(column.meaning, chinese or translated("analytes", "labels", column.name)),
        "number",
        "measure",
        MEASURES,
        unit=column.unit,
        low=column.low,
        high=column.high,
        usual_low=usual[0],
        usual_high=usual[1],
        filled_by=shared.get(column.name, ""),
    )


def _history_field(found: Definition, system: str, column: Column) -> FieldPlan:
    label = make_group(system, found.name).label
    return FieldPlan(
        column.name,
        label,
        "flag",
        "history",
        HISTORY,
        choices=YES_NO,
        help=Words("Whether the system was ever affected before the study.", "研究开始前该系统是否曾受累。"),
    )


def _recorded_field(found: Definition, column: Column) -> FieldPlan:
    """Give the field of a total or a grade that somebody wrote down."""
    system = column.name.removeprefix(f"{found.name}_").removesuffix("_recorded")
    is_grade = bool(column.allowed)
    label = make_group(system, found.name).label if is_grade else Words("total", "总分")
    role: Role = "recorded"
    return FieldPlan(
        column.name,
        label,
        "choice" if is_grade else "number",
        role,
        RECORDED,
        choices=tuple(ChoicePlan(grade, GRADE_WORDS[grade]) for grade in column.allowed),
        low=column.low,
        high=column.high,
        unit="" if is_grade else found.unit,
        help=Words(
            "Compared with the items, or taken where there are none.", "与条目比较；无条目时采用此值。"
        ),
    )
