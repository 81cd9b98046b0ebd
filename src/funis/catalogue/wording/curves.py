"""The points of a measured row in words."""

from __future__ import annotations

from decimal import Decimal

from funis.catalogue.model_instrument import Item
from funis.catalogue.wording.plain_words import compared_words, number_words


def curve_words(item: Item) -> str:
    """Say what points a measured row gives, and from where on; "measured" where it counts as itself.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> curve_words(definition("sle_das").item("wbc"))
    'below 3 ×10⁹/L (taken as 0.1 or more) 6.118 points less 5.058 times the natural logarithm of the number'
    """
    curve = item.curve
    if curve is None:
        return "measured"
    start = compared_words("<" if curve.falls else ">", Decimal(str(curve.limit)), item.unit)
    number = "the number" if curve.over == 1 else f"the number divided by {_plain(curve.over)}"
    held = "" if curve.at_least is None else f" (taken as {_plain(curve.at_least)} or more)"
    terms = [(curve.times, number), (curve.ln, f"the natural logarithm of {number}")]
    said = [
        f"{'plus' if weight > 0 else 'less'} {_plain(abs(weight))} times {what}"
        for weight, what in terms
        if weight
    ]
    return " ".join([f"{start}{held} {_plain(curve.constant)} points", *said])


def _plain(value: float) -> str:
    return number_words(Decimal(str(value)))
