"""What the levels of items mean where the definition prints them once for all its items."""

from __future__ import annotations

from typing import Final

from funis.capture.forms.plan_parts import ChoicePlan, Code, Words
from funis.catalogue.model_instrument import Definition, Item

_ABSENT: Final = Words("absent", "无")
_PRESENT: Final = Words("present", "有")
YES_NO: Final = (ChoicePlan(0, Words("no", "否")), ChoicePlan(1, Words("yes", "是")))

#: Change since the month before, as BILAG-2004 records it.
_CHANGE: Final[dict[Code, Words]] = {
    0: Words("not present", "无"),
    1: Words("improving", "好转"),
    2: Words("same", "不变"),
    3: Words("worse", "加重"),
    4: Words("new", "新发"),
}
_SEVERITY: Final[dict[Code, Words]] = {
    0: Words("none", "无"),
    1: Words("very mild or doubtful", "极轻或可疑"),
    2: Words("mild", "轻度"),
    3: Words("moderate", "中度"),
    4: Words("severe", "重度"),
}
_DIPSTICK: Final[dict[Code, Words]] = {
    0: Words("0", "0"),
    1: Words("+", "+"),
    2: Words("++", "++"),
    3: Words("+++", "+++"),
}
GRADE_WORDS: Final[dict[Code, Words]] = {
    "A": Words("severe", "重度活动"),
    "B": Words("moderate", "中度活动"),
    "C": Words("mild", "轻度或稳定"),
    "D": Words("inactive, affected before", "无活动，既往曾受累"),
    "E": Words("never affected", "从未受累"),
}
_PLAIN: Final[dict[Code, Words]] = {"female": Words("female", "女"), "male": Words("male", "男")}
#: Scales of a definition, by its name; the notes of the definition print them.
_SCALES: Final = {"bilag_2004": _CHANGE, "tess": _SEVERITY, "tess_modified": _SEVERITY}


def item_choices(found: Definition, item: Item, chinese: dict[str, str]) -> tuple[ChoicePlan, ...]:
    """Give the levels of an item with what each means.

    Parameters
    ----------
    found : the definition
    item : one of its items; a measured one has no levels
    chinese : words of the item's levels by their value, where they are translated

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> bilag = definition("bilag_2004")
    >>> [str(each.label) for each in item_choices(bilag, bilag.item("pyrexia"), {})][:2]
    ['not present', 'improving']
    """
    words = _words_of(found, item)
    return tuple(
        ChoicePlan(value, Words(words[value].en, chinese.get(str(value)) or words[value].zh))
        for value in _in_printed_order(_codes(item))
    )


def _in_printed_order(codes: tuple[Code, ...]) -> list[Code]:
    """Ask for the numbers of a level as a form prints them, upwards, whichever way they count."""
    numbers = [code for code in codes if isinstance(code, int)]
    return list(codes) if len(numbers) < len(codes) else [*sorted(numbers)]


def _codes(item: Item) -> tuple[Code, ...]:
    return tuple(value if isinstance(value, str) else int(value) for value in item.values)


def _words_of(found: Definition, item: Item) -> dict[Code, Words]:
    codes = _codes(item)
    if item.level_labels:
        lowest: dict[Code, Words] = {codes[0]: _ABSENT} if codes[0] == 0 else {}
        above = codes[len(codes) - len(item.level_labels) :]
        return {**lowest, **{code: Words(text) for code, text in zip(above, item.level_labels, strict=True)}}
    if codes == (0, 1):
        return {0: _ABSENT, 1: _PRESENT}
    for scale in (_SCALES.get(found.name, {}), _DIPSTICK, GRADE_WORDS, _PLAIN):
        if set(codes) == set(scale):
            return scale
    return {code: Words(str(code), str(code)) for code in codes}
