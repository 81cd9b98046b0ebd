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
    words = f"{words} {field.unit}".strip() if field.kind in {"number", "integer"} else words
    if data.get(f"{field.name}_attributed") == 0:
        words += f"; {t('not due to the disease')}"
    return words


def _is_asked(field: FieldPlan, data: Mapping[str, Any]) -> bool:
    if field.asked_if is None:
        return True
    name, values = field.asked_if
    return data.get(name) in values


def _chosen(field: FieldPlan, value: Any, t: BookWords) -> str:
    """Give a value with the words of its code."""
    text = plain_number(value)
    words = next((t.label(each.label) for each in field.choices if str(each.value) == text), "")
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
