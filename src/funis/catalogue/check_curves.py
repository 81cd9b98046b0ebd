"""Checks of what a sum begins with, and of the curves of its measured rows."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.definition_file import DefinitionFinding
from funis.catalogue.model_curve import Curve
from funis.catalogue.model_instrument import Definition, Item


def check_curves(definition: Definition) -> Iterator[DefinitionFinding]:
    """Check that what is added can be added, and that points never fall beyond a limit.

    Parameters
    ----------
    definition : as the reader built it

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well
    """
    is_sum = definition.kind == "sum" and definition.within == "sum"
    if definition.intercept and not is_sum:
        message = "only a sum begins with a number"
        yield DefinitionFinding("file", None, "", "intercept", definition.intercept, message, "Remove it.")
    for item in definition.items:
        if item.curve is not None:
            place = ("items", item.row, item.name)
            for message, fix in _find_wrong(item, item.curve, is_sum=is_sum):
                yield DefinitionFinding(*place, "curve", str(item.curve), message, fix)


def _find_wrong(item: Item, curve: Curve, *, is_sum: bool) -> Iterator[tuple[str, str]]:
    if not item.is_measured or not is_sum:
        yield "a curve needs a measured row of a sum", "Give unit and limits, or remove it."
        return
    if (curve.above is None) == (curve.below is None):
        yield "needs one of above and below", "Write one."
        return
    if curve.over <= 0 or (curve.at_least is not None and curve.at_least <= 0):
        yield "over and at_least must be above 0", "Correct the number."
        return
    if None in (item.minimum, item.maximum):
        return  # The row is named already.
    end = float((item.minimum if curve.falls else item.maximum) or 0.0)
    if curve.ln and max(end / curve.over, curve.at_least or 0.0) <= 0:
        yield "the logarithm of 0 is asked for", "Add at_least."
        return
    rises = min(curve.times, curve.ln) >= 0 and max(curve.times, curve.ln) > 0
    falls = max(curve.times, curve.ln) <= 0 and min(curve.times, curve.ln) < 0
    if not (falls if curve.falls else rises):
        yield "points must rise beyond the limit", "Correct the sign of times or ln."
    elif curve.points_beyond(curve.limit) < 0:
        yield "points are below 0 at the limit", "Correct the constant."
