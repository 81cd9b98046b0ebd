"""Numbers, units, names and lists as a sentence prints them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

#: Words that are not printed in small letters, by how they stand in a name.
_SPELLED: Final = {
    "bilag": "BILAG",
    "cns": "CNS",
    "nsaid": "NSAID",
    "sledai": "SLEDAI",
    "c3": "C3",
    "c4": "C4",
    "ch50": "CH50",
    "dsdna": "dsDNA",
    "pga": "PGA",
    "gfr": "GFR",
    "upcr": "protein to creatinine ratio",
    "acr": "albumin to creatinine ratio",
}
_SIGNS: Final = {"10^9": "10⁹", "10^6": "10⁶", "m2": "m²", "mm2": "mm²", "degC": "°C", "umol": "µmol"}
_ABOUT: Final = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}


def number_words(value: Decimal | float) -> str:
    """Print a limit with the digits it has, without zeros at the end.

    Examples
    --------
    >>> number_words(Decimal("38.0")), number_words(0.442), number_words(-3)
    ('38', '0.442', '−3')
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    text = format(exact, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def unit_words(unit: str) -> str:
    """Print a unit with its raised digits and signs.

    Examples
    --------
    >>> unit_words("10^9/L"), unit_words("mL/min/1.73m2"), unit_words("umol/L")
    ('×10⁹/L', 'mL/min/1.73 m²', 'µmol/L')
    """
    text = unit.replace("1.73m2", "1.73 m2")
    for written, printed in _SIGNS.items():
        text = text.replace(written, printed)
    return f"×{text}" if text.startswith("10") else text


def with_unit(value: Decimal | float, unit: str = "") -> str:
    """Print a number with its unit; one point is not "1 points".

    Examples
    --------
    >>> with_unit(Decimal(1), "points"), with_unit(Decimal("7.5"), "mg a day"), with_unit(50, "%")
    ('1 point', '7.5 mg a day', '50 %')
    """
    printed = unit_words(unit)
    if value == 1 and printed.endswith("s"):
        printed = printed.removesuffix("s")
    return f"{number_words(value)} {printed}".rstrip()


def compared_words(symbol: str, value: Decimal | float, unit: str = "") -> str:
    """Print a comparison with a limit.

    Examples
    --------
    >>> compared_words("<", Decimal(100), "10^9/L")
    'below 100 ×10⁹/L'
    """
    return f"{_ABOUT[symbol]} {with_unit(value, unit)}"


def name_words(name: str) -> str:
    """Print the name of a column as words.

    Examples
    --------
    >>> name_words("new_or_worse_cns"), name_words("urine_casts")
    ('new or worse CNS', 'urine casts')
    """
    return " ".join(_SPELLED.get(part, part) for part in name.split("_"))


def in_small(text: str) -> str:
    """Begin with a small letter, unless the first word is an abbreviation.

    Examples
    --------
    >>> in_small("Death"), in_small("SLEDAI-2K"), in_small("C3")
    ('death', 'SLEDAI-2K', 'C3')
    """
    first = text.split(" ", maxsplit=1)[0]
    return (
        text
        if any(letter.isupper() or letter.isdigit() for letter in first[1:])
        else first.lower() + text[len(first) :]
    )


def joined_words(parts: Sequence[str], last: str = "and") -> str:
    """Join parts as a sentence does.

    Examples
    --------
    >>> joined_words(["A", "B", "C"], "or"), joined_words(["A"])
    ('A, B or C', 'A')
    """
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def numbered_words(parts: Sequence[str], last: str = "and") -> str:
    """Join conditions that may hold commas of their own: each with a letter in front.

    Examples
    --------
    >>> numbered_words(["no A", "no B"]), numbered_words(["no A"])
    ('(a) no A; and (b) no B', 'no A')
    """
    if len(parts) < 2:
        return "".join(parts)
    lettered = [f"({letter_of(place)}) {part}" for place, part in enumerate(parts)]
    return f"{'; '.join(lettered[:-1])}; {last} {lettered[-1]}"


def letter_of(place: int) -> str:
    """Give the letter of a place in a list, from 0; after z comes aa.

    Examples
    --------
    >>> letter_of(0), letter_of(25), letter_of(26)
    ('a', 'z', 'aa')
    """
    before, own = divmod(place, 26)
    return f"{chr(ord('a') + before - 1) if before else ''}{chr(ord('a') + own)}"


def range_words(lowest: float, highest: float, unit: str) -> str:
    """Print the range of a score, each end with three decimals at most.

    Examples
    --------
    >>> range_words(0, 105, ""), range_words(0.366, 175.476650442, "points")
    ('0 to 105', '0.366 to 175.477 points')
    """
    low, high = (
        Decimal(repr(float(end))).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
        for end in (lowest, highest)
    )
    return f"{number_words(low)} to {with_unit(high, unit)}".rstrip()
