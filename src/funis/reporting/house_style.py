"""A document in the style of a journal: the same numbers with their ids, printed as the house prints them.

The document is made first, in the style of funis. Here its inlines are written anew from the numbers they are
bound to; no number is computed, left out or moved, so a style changes no id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from funis.catalogue.house_styles import Aspect, HouseStyle
from funis.documents.document import Document, Paragraph, plain
from funis.documents.table import Inline, TableCell, TableSpec
from funis.reporting.number_book import Number, NumberBook
from funis.results import format_number

_Part = TypeVar("_Part")
_ASPECTS: Final[Mapping[Aspect, str]] = {
    "p": "P values",
    "interval": "intervals",
    "percent": "decimals of percentages",
    "mean_sd": "means with SD",
    "quartiles": "quartiles",
    "decimal_mark": "the decimal mark",
}
_P: Final = frozenset({"p", "p_adjusted", "p_highest", "p_exact_least"})
_SIGN: Final = "%"
#: Methods whose limits are those of a share, in percent.
_SHARES: Final = frozenset({"clopper_pearson", "wilson"})
_TO: Final = " to "
_PLUS_MINUS: Final = " ± "
_ALPHA: Final = 0.05
#: Means as they are named in words, and as a house names them that has the SD in brackets.
_IN_BRACKETS: Final = (
    ("ean ± standard deviation (", "ean (standard deviation, "),
    ("ean ± SD (", "ean (SD; "),
    ("ean ± SD", "ean (SD)"),
)
#: The letter of P values where none stands beside it.
_NAMED_P: Final = re.compile(r"\bP(?= (?:by|values?|is|adjusted|unadjusted|\())")
#: What a P value begins with that is no more than a number.
_FIGURES: Final = frozenset("0123456789.·")


def apply_house_style(document: _Part, book: NumberBook, style: HouseStyle) -> _Part:
    """Write every bound number of a document as a house prints it.

    Parameters
    ----------
    document : a document, or any frozen part of one
    book : the numbers the document prints
    style : how the house prints them

    Returns
    -------
    the same kind of part; ids, order and everything that is not a number are unchanged, but for the words
    beside numbers that belong to the style ("±", "to", P)
    """
    numbers = {number.id: number for number in book.numbers}
    found: _Part = _Writer(numbers, style).part(document)
    return found


def name_house_style(document: Document, style: HouseStyle, checked: date) -> Document:
    """Say behind a document which style it is in, and what of that was not read in the house's own guide."""
    line = Paragraph(plain(style_words(style, checked)))
    sections = (
        replace(section, blocks=(*section.blocks, line)) if section.id == "provenance" else section
        for section in document.sections
    )
    return replace(document, sections=tuple(sections))


def style_words(style: HouseStyle, checked: date) -> str:
    """Say which style numbers are in, when it was looked up, and what was not read in the house's own guide.

    Parameters
    ----------
    style : how the house prints numbers
    checked : day on which the styles were looked up last
    """
    usual = name_unread(style)
    said = f"Numbers are printed in the style of: {style.name} (looked up {checked.isoformat()}"
    return f"{said}; as generally printed, not read in its guide: {usual})." if usual else f"{said})."


def name_unread(style: HouseStyle) -> str:
    """Name what of a style was not read in the house's own guide; empty where all was."""
    return ", ".join(_ASPECTS[name] for name in style.is_usual)


def format_styled_p(p: float, style: HouseStyle) -> str:
    """Print a P value; decimals are added where it would else be printed across 0.05.

    Examples
    --------
    >>> from funis.catalogue.house_styles import house_styles
    >>> styles = house_styles()
    >>> format_styled_p(0.031, styles["jama"]), format_styled_p(0.00004, styles["lancet"])
    ('.03', '<0·0001')
    >>> format_styled_p(0.047, styles["nejm"])
    '0.047'
    """
    space = " " if style.p_spaces else ""
    if p < style.p_least:
        return f"<{space}{_marked(_least(style), style)}"
    decimals = style.p_decimals(p)
    most = 1 - 10.0**-decimals
    if p > most:
        return f">{space}{_marked(_zero(format_number(most, decimals), style), style)}"
    while decimals < 15 and (float(format_number(p, decimals)) < _ALPHA) != (p < _ALPHA):
        decimals += 1
    return _marked(_zero(format_number(p, decimals), style), style)


def _least(style: HouseStyle) -> str:
    places = next(number for number in range(1, 10) if style.p_least >= 10.0**-number)
    return _zero(format_number(style.p_least, places), style)


def _zero(text: str, style: HouseStyle) -> str:
    """Leave out the zero before the decimal mark where the house has none."""
    return text if style.leading_zero else text.replace("0.", ".", 1) if text[:2] == "0." else text


def _marked(text: str, style: HouseStyle) -> str:
    return text.replace(".", style.decimal_mark)


class _Writer:
    """Walks a frozen part and writes its inlines anew."""

    def __init__(self, numbers: Mapping[str, Number], style: HouseStyle) -> None:
        self.numbers = numbers
        self.style = style

    def part(self, value: Any) -> Any:
        """Write anything: a dataclass field by field, a tuple of inlines as one line, the rest as it is."""
        if isinstance(value, TableCell):
            return replace(value, parts=self.line(value.parts, in_cell=True))
        if isinstance(value, TableSpec):
            return self._table(value)
        if isinstance(value, tuple) and value and all(isinstance(each, Inline) for each in value):
            return self.line(value, in_cell=False)
        if isinstance(value, tuple):
            parts = tuple(self.part(each) for each in value)
            # An entry of the register keeps the names of its parts.
            return value._make(parts) if hasattr(value, "_make") else parts
        if is_dataclass(value) and not isinstance(value, type | Inline):
            changed = {each.name: self.part(getattr(value, each.name)) for each in fields(value)}
            return replace(value, **changed)
        return value

    def _table(self, table: TableSpec) -> TableSpec:
        return replace(
            table,
            rows=tuple(
                replace(row, stub=self.part(self._stub(row.stub)), cells=self.part(row.cells))
                for row in table.rows
            ),
            heads=tuple(self._words(head) for head in table.heads),
            footnotes=tuple(self._said(note) for note in table.footnotes),
            instead=self.part(table.instead),
        )

    def _stub(self, stub: TableCell) -> TableCell:
        parts = tuple(each if each.id else replace(each, text=self._words(each.text)) for each in stub.parts)
        return replace(stub, parts=parts)

    def _words(self, text: str) -> str:
        """Write the name of a statistic as the cells below or beside it are written."""
        text = self._said(text)
        return self.style.p_letter + text[1:] if text[:2] in {"P", "P ", "P,"} else text

    def _said(self, text: str) -> str:
        """Name means and P values in words as the numbers are written."""
        if self.style.mean_sd == "brackets":
            for ours, theirs in _IN_BRACKETS:
                text = text.replace(ours, theirs)
        return _NAMED_P.sub(self.style.p_letter, text)

    def line(self, parts: Sequence[Inline], *, in_cell: bool) -> tuple[Inline, ...]:
        """Write one line of inlines."""
        found = [self._number(place, parts, in_cell=in_cell) for place in range(len(parts))]
        if in_cell and not self.style.percent_sign:
            self._bare_limits(found)
        for rule in (self._intervals, self._quartiles, self._spreads, self._letters):
            rule(found)
        return tuple(each if each.id else replace(each, text=self._said(each.text)) for each in found)

    def _of(self, part: Inline) -> Number | None:
        return self.numbers.get(part.id) if part.id else None

    def _number(self, place: int, parts: Sequence[Inline], *, in_cell: bool) -> Inline:
        """Write one bound number: a P value, a percentage, or any other with the house's decimal mark."""
        part = parts[place]
        number = self._of(part)
        if number is None or number.value is None or not any(letter.isdigit() for letter in part.text):
            return part
        if number.statistic in _P:
            return replace(part, text=self._p(part, number.value))
        text = part.text
        if number.statistic == "percent" and _SIGN in text:
            decimals = self.style.percent_decimals(number.denominator or 0)
            sign = "" if in_cell and not self.style.percent_sign else _SIGN
            text = format_number(number.value, decimals) + sign
        elif self._is_limit_of_percent(place, parts):
            sign = _SIGN if _SIGN in text else ""
            text = format_number(number.value, self.style.percent_decimals(number.denominator or 0)) + sign
        return replace(part, text=_marked(text, self.style))

    def _p(self, part: Inline, p: float) -> str:
        """Write a P value; one that stands for several, as the house prints all of them, or as it was."""
        others = [self.numbers[name].value for name in part.also if name in self.numbers]
        printed = {format_styled_p(each, self.style) for each in (p, *others) if each is not None}
        if len(printed) == 1:
            return printed.pop()
        # Equal as funis rounds them, not as the house does: what was printed is true of each.
        sign = part.text[:1] if part.text[:1] in {"<", ">"} else ""
        space = " " if sign and self.style.p_spaces else ""
        return f"{sign}{space}{_marked(_zero(part.text.lstrip('<> '), self.style), self.style)}"

    def _is_limit_of_percent(self, place: int, parts: Sequence[Inline]) -> bool:
        """Tell whether a number is a limit of a share, or of an interval that ends with a sign of percent."""
        number = self._of(parts[place])
        if number is None or number.statistic not in {"lower", "upper"} or not number.denominator:
            return False
        if number.method in _SHARES:
            return True
        rest = [each.text for each in parts[place + 1 : place + 4]]
        return rest[:1] == [_SIGN] or (len(rest) == 3 and rest[0] == _TO and rest[2][:1] == _SIGN)

    def _bare_limits(self, parts: list[Inline]) -> None:
        """Take the sign of percent from behind an interval."""
        for place in range(1, len(parts)):
            if self._is_limit_of_percent(place - 1, parts) and parts[place].text[:1] == _SIGN:
                parts[place] = replace(parts[place], text=parts[place].text[1:])

    def _triples(self, parts: list[Inline], between: str) -> list[int]:
        """Find the places of words that stand between two bound numbers."""
        return [
            place
            for place in range(1, len(parts) - 1)
            if parts[place].text == between
            and not parts[place].id
            and parts[place - 1].id
            and parts[place + 1].id
        ]

    def _intervals(self, parts: list[Inline]) -> None:
        for place in self._triples(parts, _TO):
            ends = [self._of(parts[place - 1]), self._of(parts[place + 1])]
            kinds = {number.statistic for number in ends if number is not None}
            negative = any(number is not None and (number.value or 0.0) < 0 for number in ends)
            is_dash = self.style.interval.strip() in {"–", "-"}
            # Behind "−4.35, " a comma would make three equal numbers of an estimate and its interval.
            is_listed = parts[place - 2].text.endswith(", ") if place > 1 else False
            if (
                kinds <= {"lower", "upper"}
                and not (negative and is_dash)
                and not (is_listed and self.style.interval == ", ")
            ):
                parts[place] = replace(parts[place], text=self.style.interval)

    def _quartiles(self, parts: list[Inline]) -> None:
        for place in self._triples(parts, ", "):
            ends = [self._of(parts[place - 1]), self._of(parts[place + 1])]
            if [number.statistic for number in ends if number is not None] == ["q1", "q3"]:
                negative = any((number.value or 0.0) < 0 for number in ends if number is not None)
                between = _TO if negative and self.style.quartiles in {"–", "-"} else self.style.quartiles
                parts[place] = replace(parts[place], text=between)

    def _spreads(self, parts: list[Inline]) -> None:
        if self.style.mean_sd != "brackets":
            return
        for place in reversed(self._triples(parts, _PLUS_MINUS)):
            before = "".join(part.text for part in parts[:place])
            if before.count("(") > before.count(")"):
                # Within brackets there are no other ones.
                parts[place] = replace(parts[place], text=", SD ")
                continue
            following = parts[place + 2] if place + 2 < len(parts) else None
            if following is not None and not following.id and following.text.startswith(" ("):
                # What stands in brackets behind the SD stands in its brackets, and the SD is named.
                parts[place] = replace(parts[place], text=" (SD ")
                parts[place + 2] = replace(following, text=f"; {following.text[2:]}")
            else:
                parts[place] = replace(parts[place], text=" (")
                parts.insert(place + 2, Inline(")"))

    def _letters(self, parts: list[Inline]) -> None:
        """Write the letter before a P value, and the sign of equality where it has none of its own."""
        for place in range(len(parts) - 1):
            number, word = self._of(parts[place + 1]), parts[place]
            if number is None or number.statistic not in _P or word.id:
                continue
            before = parts[place - 1] if place else word
            if word.text == "= " and not before.id and before.text.endswith("P "):
                # Letter and sign were said apart.
                parts[place - 1] = replace(before, text=before.text[:-2])
                word = parts[place] = replace(word, text="P = ")
            for ending in ("P ", "P = "):
                if word.text[-len(ending) :] == ending:
                    kept = word.text[: -len(ending)]
                    space = " " if self.style.p_spaces else ""
                    sign = f"{space}={space}" if parts[place + 1].text[:1] in _FIGURES else space
                    parts[place] = replace(word, text=kept + self.style.p_letter + sign)
                    break
