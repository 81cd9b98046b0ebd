"""The values of one form as they are printed: in words with their code, not done, not asked, not entered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from funis.capture.casebook.wording import BookWords
from funis.capture.forms.plan_parts import FieldPlan, FormPlan

#: The arm of a subject is printed for nobody: who holds the paper may be blind to it.
NEVER_PRINTED: Final = frozenset({("subjects", "arm")})
#: Columns that the export makes from the subject and its consents, which stand above the form.
_STANDS_ABOVE: Final = frozenset({("subjects", "site"), ("subjects", "consent_date")})


#: What a key says of its field beside its value.
PARTS: Final = {"not_done": "Not done", "not_done_reason": "Reason", "attributed": "due to the disease"}
#: Letters of the longest code that stands beside its words; a longer one is a word of the data folder.
LONGEST_CODE: Final = 2


def printed_fields(plan: FormPlan) -> tuple[FieldPlan, ...]:
    """Give the fields of a form that are printed, in printed order; the keys of a form stand above it."""
    left_out = NEVER_PRINTED | _STANDS_ABOVE
    return tuple(
        field for field in plan.fields if field.role != "key" and (plan.name, field.name) not in left_out
    )


def plain_number(value: Any) -> str:
    """Give a value as it was typed; a decimal keeps its digits.

    Examples
    --------
    >>> plain_number(Decimal("0.620")), plain_number(True)
    ('0.620', '1')
    """
    if isinstance(value, bool):
        return str(int(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def value_in_words(field: FieldPlan, data: Mapping[str, Any], t: BookWords) -> str:
    """Give what a form says of a field: its value, or why there is none.

    Parameters
    ----------
    field : of the plan of the form
    data : the document of the form
    t : the language

    Examples
    --------
    >>> from funis.capture.forms.plan_parts import Words
    >>> protein = FieldPlan("protein", Words("Protein"), "number", "item", unit="g/24 h", not_done=True)
    >>> t = BookWords(str, "en")
    >>> value_in_words(protein, {"protein": Decimal("0.620")}, t), value_in_words(protein, {}, t)
    ('0.620 g/24 h', 'Not entered')
    >>> value_in_words(protein, {"protein_not_done": True, "protein_not_done_reason": "no sample"}, t)
    'Not done: no sample'
    """
    if data.get(f"{field.name}_not_done"):
        reason = data.get(f"{field.name}_not_done_reason")
        return f"{t('Not done')}: {reason}" if reason else t("Not done")
    value = data.get(field.name)
    if value is None:
        return t("Not entered") if _is_asked(field, data) else t("Not asked")
    words = _chosen(field, value, t)
    words = f"{words} {t.unit(field.unit)}".strip() if field.kind in {"number", "integer"} else words
    if data.get(f"{field.name}_attributed") == 0:
        words += f"; {t('not due to the disease')}"
    return words


def item_label(plan: FormPlan, item: str, t: BookWords) -> str:
    """Give a key of a document in words: the label of its field, and what of it the key says.

    Examples
    --------
    >>> from funis.capture.forms.plan_parts import Words
    >>> rash = FieldPlan("rash", Words("rash", "皮疹"), "flag", "item", not_done=True)
    >>> plan = FormPlan("f", Words("F"), "visit", False, "", (rash,), ())
    >>> item_label(plan, "rash_not_done", BookWords(str, "en")), item_label(plan, "x", BookWords(str, "en"))
    ('rash, Not done', 'x')
    """
    if item not in plan.keys:
        return item
    field, part = plan.keys[item]
    label = t.label(field.label)
    return f"{label}, {t(PARTS[part])}" if part in PARTS else label


def item_value(plan: FormPlan, item: str, value: Any, t: BookWords) -> str | None:
    """Give the value of a key of a document in words; None where there is none.

    Examples
    --------
    >>> from funis.capture.forms.plan_parts import ChoicePlan, Words
    >>> choices = (ChoicePlan(0, Words("absent")), ChoicePlan(1, Words("present")))
    >>> rash = FieldPlan("rash", Words("rash"), "choice", "item", choices=choices)
    >>> plan = FormPlan("f", Words("F"), "visit", False, "", (rash,), ())
    >>> t = BookWords(str, "en")
    >>> item_value(plan, "rash", 1, t), item_value(plan, "rash", None, t)
    ('1 (present)', None)
    """
    if value is None:
        return None
    field, part = plan.keys.get(item, (None, ""))
    if field is not None and part == "value":
        return value_in_words(field, {field.name: value}, t)
    if part in {"not_done", "attributed"}:
        return t("yes") if value else t("no")
    return plain_number(value)


def _is_asked(field: FieldPlan, data: Mapping[str, Any]) -> bool:
    if field.asked_if is None:
        return True
    name, values = field.asked_if
    return data.get(name) in values


def _chosen(field: FieldPlan, value: Any, t: BookWords) -> str:
    """Give a value with the words of its code; a code that is itself a word says nothing beside them."""
    text = plain_number(value)
    words = next((t.label(each.label) for each in field.choices if str(each.value) == text), "")
    if words and len(text) > LONGEST_CODE:
        return words
    return f"{text} ({words})" if words and words != text else text


def scores_in_words(scores: Mapping[str, Any], t: BookWords) -> list[tuple[str, str]]:
    """Give the scores of a form by the names of the data folder; a score that is open says so.

    Examples
    --------
    >>> scores_in_words({"sledai_2k": None, "sledai_2k_lower": 4, "definition": "ab"}, BookWords(str, "en"))
    [('sledai_2k', 'Cannot be told'), ('sledai_2k_lower', '4')]
    """
    return [
        (name, t("Cannot be told") if value is None else plain_number(value))
        for name, value in scores.items()
        if name != "definition"
    ]
