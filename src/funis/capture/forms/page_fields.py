"""One field as a page shows it: words, value, what stood before, what is allowed, what was said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from funis.capture.forms.plan_parts import FieldPlan, FormPlan, Language, Words
from funis.capture.forms.read_values import range_words
from funis.capture.forms.refusals import Remark
from funis.capture.forms.words import form_words, unit_words

#: So many choices stand as radio buttons; more of them in a list to choose from.
_MOST_BUTTONS: Final = 6
#: Grade of a death, which is an event and no row of the instrument.
_FATAL: Final = "5"
Control = Literal["levels", "list", "number", "text", "date", "time"]


class Shown(NamedTuple):
    """A text with the language it is marked with, empty where it is that of the page."""

    text: str
    lang: str


class ChoiceShown(NamedTuple):
    """A value to be chosen."""

    value: str
    label: Shown
    is_chosen: bool
    code: str


class QueryNote(NamedTuple):
    """An open query of a field: its words, where it stands in words, and the address of its thread."""

    text: str
    state: str = ""
    address: str = ""


class LabResult(NamedTuple):
    """A laboratory result of the visit, as it was reported."""

    value: str
    unit: str


class GradeNote(NamedTuple):
    """The grade that the form of an instrument gives: in figures, the form in words, its address."""

    grade: str
    form: str
    address: str = ""


class MarkNote(NamedTuple):
    """Whether a field was compared with its source: the state by its name, and in words."""

    state: str
    text: str


class RemarkShown(NamedTuple):
    """What was said of a field: ``refused``, ``warning`` or ``query``, head, words, where more stands."""

    kind: str
    head: str
    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class PageNotes:
    """Values and what was said of them; the attributes of `page.FormView`."""

    data: Mapping[str, Any]
    previous: Mapping[str, Any]
    queries: Mapping[str, Sequence[QueryNote]]
    remarks: Sequence[Remark]
    laboratory: Mapping[str, LabResult]
    marks: Mapping[str, MarkNote]
    graded: Mapping[str, GradeNote] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field as the template draws it; every text is in the language of the page."""

    id: str
    name: str
    row: int
    label: Shown
    control: Control
    kind: str
    choices: tuple[ChoiceShown, ...]
    value: str
    unit: str
    help: Shown
    hints: tuple[str, ...]
    previous: Shown | None
    remarks: tuple[RemarkShown, ...]
    required: bool
    may_be_not_done: bool
    is_not_done: bool
    reason: str
    may_be_attributed: bool
    is_not_attributed: bool
    is_filled: bool
    seen: str
    previous_json: str
    beside: str
    described_by: str
    mark: MarkNote | None
    offered: str
    offered_words: tuple[str, str]
    listed: str
    options: tuple[str, ...]


def show_words(words: Words, language: Language) -> Shown:
    """Give words in the language of a page; English ones begin with a capital, and are marked elsewhere.

    Examples
    --------
    >>> show_words(Words("rash", "皮疹"), "zh-hans"), show_words(Words("rash"), "zh-hans").lang
    (Shown(text='皮疹', lang=''), 'en')
    """
    text, said_in = words.shown(language)
    first = text.split(" ", maxsplit=1)[0]
    is_plain = said_in == "en" and first[1:] == first[1:].lower() and not any(map(str.isdigit, first))
    return Shown(text[:1].upper() + text[1:] if is_plain else text, "en" if said_in != language else "")


def show_field(
    plan: FormPlan, field: FieldPlan, notes: PageNotes, language: Language, prefix: str
) -> FieldShown:
    """Prepare a field for the template.

    Parameters
    ----------
    plan, field : the form and one of its fields
    notes : values and what was said of them
    language : of the page
    prefix : begins every id, so that several forms can stand on a page

    Returns
    -------
    FieldShown
    """
    data, name, place = notes.data, field.name, f"{prefix}-{field.name}"
    unit, hints = _unit_and_hints(plan, field, notes, language)
    control = _control(plan, field)
    remarks = tuple(_remarks(field, notes, language))
    previous = _previous(plan, field, notes, language)
    words = show_words(field.help, language) if field.help.en else Shown("", "")
    ids = [f"{place}-before"] if previous else []
    ids += [f"{place}-help"] if words.text or hints else []
    return FieldShown(
        place,
        name,
        field.row,
        show_words(field.label, language),
        control,
        field.kind,
        _choices(plan, field, data, language),
        _text(data.get(name)),
        unit,
        words,
        hints,
        previous,
        remarks,
        field.required,
        field.not_done,
        bool(data.get(f"{name}_not_done")),
        _text(data.get(f"{name}_not_done_reason")),
        field.attributed,
        data.get(f"{name}_attributed") == 0,
        any(key in data for key, _ in field.keys),
        _json({key: data.get(key) for key, _ in field.keys}),
        _json(notes.previous.get(name)),
        _beside(plan, field, data),
        " ".join([*ids, f"{place}-said"]),
        notes.marks.get(name),
        _offered(field, notes),
        _offered_words(field, notes, language),
        f"{prefix}-terms" if field.terms else f"{place}-options" if field.offers else "",
        field.offers,
    )


def _offered(field: FieldPlan, notes: PageNotes) -> str:
    """Give the result or the grade that a person may take into an empty field; none in another unit."""
    found = notes.laboratory.get(field.name)
    is_empty = not any(key in notes.data for key, _ in field.keys)
    graded = notes.graded.get(field.name)
    if graded and is_empty and any(str(each.value) == graded.grade for each in field.choices):
        return graded.grade
    return found.value if found and is_empty and found.unit == field.unit else ""


def _offered_words(field: FieldPlan, notes: PageNotes, language: Language) -> tuple[str, str]:
    """Give what the button says that takes what is offered, and what stands beside the value then."""
    names = ("take_grade", "taken_grade") if field.name in notes.graded else ("take", "taken")
    take, taken = (form_words("page")[name].shown(language)[0] for name in names)
    return take, taken


def _differs(field: FieldPlan, notes: PageNotes) -> GradeNote | None:
    """Give the grade of an instrument where another one was recorded; of a death it has none."""
    graded, recorded = notes.graded.get(field.name), _text(notes.data.get(field.name))
    return graded if graded and recorded not in {"", _FATAL, graded.grade} else None


def _control(plan: FormPlan, field: FieldPlan) -> Control:
    if plan.tests and field.name == "unit":
        return "list"
    match field.kind:
        case "choice" | "flag":
            return "levels" if len(field.choices) <= _MOST_BUTTONS else "list"
        case "number" | "integer":
            return "number"
        case "date" | "time" | "text":
            return field.kind


def _choices(
    plan: FormPlan, field: FieldPlan, data: Mapping[str, Any], language: Language
) -> tuple[ChoiceShown, ...]:
    chosen = _text(data.get(field.name))
    if plan.tests and field.name == "unit":
        test = next((each for each in plan.tests if each.test == data.get("test")), None)
        units = [unit.unit for unit in test.units] if test else [chosen] if chosen else []
        chosen = chosen or (test.unit if test else "")
        return tuple(ChoiceShown(unit, Shown(unit, ""), unit == chosen, unit) for unit in units)
    # A level says its number beside its words; a code that is a word says nothing more.
    return tuple(
        ChoiceShown(
            str(choice.value),
            show_words(choice.label, language),
            str(choice.value) == chosen,
            str(choice.value) if _is_short(choice.value) and field.kind != "flag" else "",
        )
        for choice in field.choices
    )


def _is_short(value: int | str) -> bool:
    return isinstance(value, int) or len(value) <= 2


def _unit_and_hints(
    plan: FormPlan, field: FieldPlan, notes: PageNotes, language: Language
) -> tuple[str, tuple[str, ...]]:
    """Give the unit of a field, and what is said beneath it: possible and normal range, its source."""
    words = form_words("page")
    low, high, unit = field.low, field.high, field.unit
    hints: list[str] = []
    if plan.tests and field.name == "value":
        test = next((each for each in plan.tests if each.test == notes.data.get("test")), None)
        chosen = notes.data.get("unit") or (test.unit if test else "")
        limits = next((each for each in test.units if each.unit == chosen), None) if test else None
        low, high, unit = (limits.low, limits.high, limits.unit) if limits else (None, None, "")
        if test and chosen == test.unit and (normal := range_words(test.low, test.high)):
            hints.append(words["normal"].shown(language)[0].replace("{range}", normal))
    if field.kind in {"number", "integer"} and (possible := range_words(low, high)):
        hints.append(words["possible"].shown(language)[0].replace("{range}", possible))
    if field.filled_by:
        found = notes.laboratory.get(field.name)
        said = f": {found.value} {found.unit}".rstrip() if found else ""
        hints.append(words["from_laboratory"].shown(language)[0] + said)
    if graded := notes.graded.get(field.name):
        text = words["grade_of_form"].shown(language)[0]
        hints.append(text.replace("{form}", graded.form).replace("{grade}", graded.grade))
    if field.alternatives and not field.filled_by:
        others = [show_words(plan.field(name).label, language).text for name in field.alternatives]
        hints.append(words["alternatives"].shown(language)[0].replace("{items}", ", ".join(others)))
    return unit_words(unit, language), tuple(hints)


def _previous(plan: FormPlan, field: FieldPlan, notes: PageNotes, language: Language) -> Shown | None:
    """Say what stood in the field at the visit before; nothing where there was no visit before."""
    if not notes.previous or field.role not in {"item", "measure", "recorded", "column"}:
        return None
    words, value = form_words("page"), notes.previous.get(field.name)
    if notes.previous.get(f"{field.name}_not_done"):
        return Shown(words["not_done"].shown(language)[0], "")
    if value is None:
        return Shown("–", "")
    chosen = next((each for each in _choices(plan, field, notes.previous, language) if each.is_chosen), None)
    if chosen is None or field.kind not in {"choice", "flag"}:
        unit, _ = _unit_and_hints(plan, field, replace(notes, data=notes.previous), language)
        return Shown(f"{_text(value)} {unit}".rstrip(), "")
    return Shown(f"{chosen.code} {chosen.label.text}".strip(), chosen.label.lang)


def _remarks(field: FieldPlan, notes: PageNotes, language: Language) -> Iterator[RemarkShown]:
    words = form_words("page")
    for remark in notes.remarks:
        if remark.field == field.name:
            kind = "refused" if remark.is_refusal else "warning"
            text = f"{remark.allowed_words(language)} {remark.to_do(language)}"
            yield RemarkShown(kind, words[kind].shown(language)[0], text)
    if graded := _differs(field, notes):
        text = words["grade_differs"].shown(language)[0]
        text = text.replace("{form}", graded.form).replace("{grade}", graded.grade)
        yield RemarkShown("warning", words["warning"].shown(language)[0], text, graded.address)
    for note in notes.queries.get(field.name, ()):
        head = words["query"].shown(language)[0] + (f" ({note.state})" if note.state else "")
        yield RemarkShown("query", head, note.text, note.address)


def _beside(plan: FormPlan, field: FieldPlan, data: Mapping[str, Any]) -> str:
    """Give what is sent beside a first result: the unit that the page shows as chosen."""
    if not plan.tests or field.name != "value" or data.get("unit"):
        return ""
    test = next((each for each in plan.tests if each.test == data.get("test")), None)
    return _json({"unit": test.unit}) if test else ""


def _text(value: Any) -> str:
    """Give a stored value as it is typed."""
    if value is None:
        return ""
    return plain_typed(value) if isinstance(value, Decimal) else str(value)


def plain_typed(value: Decimal) -> str:
    """Write a decimal with the digits that were typed.

    Examples
    --------
    >>> plain_typed(Decimal("0.620")), plain_typed(Decimal("1e3"))
    ('0.620', '1000')
    """
    return format(value, "f")


def _json(value: Any) -> str:
    """Write a value for a script; a decimal as its figures, so that no digit is lost on the way."""
    return json.dumps(value, ensure_ascii=False, default=plain_typed)
