"""Short ways to write printed figures in tests."""

from fractions import Fraction
from typing import Any

from funis.audit.audit import audit
from funis.audit.figures import (
    FigureLabels,
    FigurePlace,
    OutcomeScale,
    PrintedCount,
    PrintedFigure,
    PrintedGroupSize,
    PrintedInterval,
    PrintedLimit,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
    PrintedP,
    PrintedTotal,
)
from funis.audit.findings import AuditFinding

_NUMBERS = (
    "count",
    "denominator",
    "percent",
    "mean",
    "spread",
    "n",
    "median",
    "low",
    "high",
    "p",
    "value",
    "total",
    "estimate",
    "level",
)
_KINDS: dict[str, Any] = {
    "count": PrintedCount, "mean": PrintedMean, "median": PrintedMedian, "p": PrintedP, "size": PrintedGroupSize,
    "interval": PrintedInterval, "limit": PrintedLimit, "total": PrintedTotal,
}  # fmt: skip
_LABELS = ("outcome", "group", "time", "unit", "analyte", "scale")
WHOLE = OutcomeScale(Fraction(1))
BINARY = OutcomeScale(Fraction(1), Fraction(0), Fraction(1))


def figure(kind: str, name: str = "", *, file: str = "a.txt", **keys: Any) -> PrintedFigure:
    """Make a figure; numbers are given as they are printed."""
    labels = {"outcome": "X", **{key: keys.pop(key) for key in _LABELS if key in keys}}
    for key in set(keys) & set(_NUMBERS):
        keys[key] = PrintedNumber(keys[key])
    if "parts" in keys:
        keys["parts"] = tuple(map(PrintedNumber, keys["parts"]))
    made: PrintedFigure = _KINDS[kind](
        id=name or f"{kind} {sorted(map(str, keys.values()))} {labels}",
        about=FigureLabels(**labels), place=FigurePlace(file, "A sentence."), **keys,
    )  # fmt: skip
    return made


def found(check: str, *figures: PrintedFigure) -> list[AuditFinding]:
    """Audit figures; give what one check says."""
    return [each for each in audit(list(figures)) if each.check == check]


def only(check: str, *figures: PrintedFigure) -> AuditFinding:
    """Audit figures; give the one finding of a check."""
    (finding,) = found(check, *figures)
    return finding
