"""Quantities outside of what people have, as a sign of another unit.

Rule: the table of analytes of the catalogue says, for each measured quantity, what a value can be
(`possible`), what is usual (`usual`) and the lowest mean a group of people has (`lowest_mean`). A mean,
median or limit that cannot be is inconsistent with its unit; one that is unusual is unexplained. The
number is also read in the other units of the quantity, to say in which it would be usual.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, TypeAlias

from funis.audit.causes import CausedFinding, tell_once
from funis.audit.figures import PrintedFigure, PrintedLimit, PrintedMean, PrintedMedian, PrintedNumber
from funis.audit.findings import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
    Classification,
    make_finding,
)
from funis.audit.gathered import GatheredFigures, plain_words
from funis.audit.printed_units import find_printed_conversion
from funis.audit.words import name_figure, name_time
from funis.catalogue.model_analytes import Analyte, Conversion, PlausibleRange
from funis.catalogue.registry import analyte_table
from funis.errors import UnitError
from funis.results.text import format_shortest

NAME: Final = "unit"
_Measured: TypeAlias = PrintedMean | PrintedMedian | PrintedLimit


def check_units(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every mean, median and limit of a known quantity; a unit is asked about once."""
    yield from tell_once(_check_all(figures))


def _check_all(figures: GatheredFigures) -> Iterator[CausedFinding]:
    analytes = analyte_table().analytes
    held: list[_Measured] = [*figures.means, *figures.medians, *figures.limits]
    for figure in held:
        analyte = analytes.get(figure.about.analyte)
        if analyte is None or analyte.plausible is None:
            continue
        if not figure.about.unit:
            yield CausedFinding(_without_unit(figure, analyte))
            continue
        try:
            conversion = find_printed_conversion(analyte.name, figure.about.unit)
        except UnitError as error:
            yield CausedFinding(_unknown_unit(figure, str(error)))
            continue
        found = _check(figure, _number(figure), analyte, analyte.plausible, conversion)
        if found.finding.classification != CONSISTENT or not isinstance(figure, PrintedLimit):
            yield found


def _number(figure: _Measured) -> PrintedNumber:
    if isinstance(figure, PrintedMean):
        return figure.mean
    return figure.median if isinstance(figure, PrintedMedian) else figure.value


def _without_unit(figure: PrintedFigure, analyte: Analyte) -> AuditFinding:
    statement = f"{name_figure(figure.about)}: no unit is printed."
    reason = f"{analyte.label} is measured in {', '.join(analyte.units)}."
    return make_finding(NAME, NOT_CHECKABLE, [figure], statement, reason, ask="In which unit is it?")


def _unknown_unit(figure: PrintedFigure, reason: str) -> AuditFinding:
    statement = f"{name_figure(figure.about)}: the unit {figure.about.unit} cannot be converted."
    return make_finding(NAME, NOT_CHECKABLE, [figure], statement, reason)


def _check(
    figure: _Measured,
    number: PrintedNumber,
    analyte: Analyte,
    plausible: PlausibleRange,
    conversion: Conversion,
) -> CausedFinding:
    about, unit = name_figure(figure.about), figure.about.unit
    shown = f"{number} {unit} is {_show(_convert(number.value, conversion))} {analyte.unit}"
    fault = _find_fault(figure, number, plausible, conversion, analyte.unit)
    if fault is None:
        statement = f"{about}: {number} {unit} is within what people have."
        return CausedFinding(make_finding(NAME, CONSISTENT, [figure], statement, f"{shown}."))
    classification, limit, reason = fault
    whose = "people have" if classification == INCONSISTENT else "is usual"
    others = _other_units(number.value, analyte, plausible, conversion)
    alone = make_finding(
        NAME,
        classification,
        [figure],
        f"{about}: {number} {unit} is outside of what {whose}.",
        f"{shown}; {limit}.{f' In {others} the number would be usual.' if others else ''}",
        certainty=reason,
        ask=f"Is the unit {unit}?",
    )
    return CausedFinding(
        alone,
        (figure.place.file, plain_words(figure.about.outcome), unit, limit, others),
        f"{number} {unit}{name_time(figure.about)}",
        figure.about.group,
        f"{figure.about.outcome or 'This outcome'}: ",
        f" are outside of what {whose}.",
        f"{shown}.",
        f"{limit[0].upper()}{limit[1:]}.{f' In {others} the numbers would be usual.' if others else ''}",
    )


def _find_fault(
    figure: _Measured,
    number: PrintedNumber,
    plausible: PlausibleRange,
    conversion: Conversion,
    unit: str,
) -> tuple[Classification, str, str] | None:
    """Find the limit that a number lies beyond: how it is classified, the limit in words, and who says so."""
    ends = number.rounding
    low, high = sorted(_convert(each, conversion) for each in (ends.lower, ends.upper))
    if _is_outside(low, high, plausible.possible):
        return INCONSISTENT, f"possible are {_span(plausible.possible)} {unit}", plausible.reason
    if isinstance(figure, PrintedLimit):
        return None
    if plausible.lowest_mean is not None and high < Fraction(str(plausible.lowest_mean)):
        least = f"no group of people has a mean below {_show(plausible.lowest_mean)} {unit}"
        return INCONSISTENT, least, plausible.mean_reason
    if plausible.usual is not None and _is_outside(low, high, plausible.usual):
        reason = "Values beyond are possible in a subject; of a whole group they are unusual."
        return UNEXPLAINED, f"usual are {_span(plausible.usual)} {unit}", reason
    return None


def _other_units(value: Fraction, analyte: Analyte, plausible: PlausibleRange, printed: Conversion) -> str:
    """Name the other units in which the number would be usual."""
    span = plausible.usual or plausible.possible
    known = (Conversion(analyte.unit, Fraction(1), "canonical"), *analyte.others)
    fitting = []
    for each in known:
        read = _convert(value, each)
        low_enough = plausible.lowest_mean is None or read >= Fraction(str(plausible.lowest_mean))
        if each.unit != printed.unit and low_enough and not _is_outside(read, read, span):
            fitting.append(each.unit)
    return " or ".join(fitting)


def _is_outside(low: Fraction, high: Fraction, span: tuple[float, float]) -> bool:
    return high < Fraction(str(span[0])) or low > Fraction(str(span[1]))


def _convert(value: Fraction, conversion: Conversion) -> Fraction:
    return value * conversion.factor + conversion.offset


def _span(span: tuple[float, float]) -> str:
    return f"{_show(span[0])} to {_show(span[1])}"


def _show(value: Fraction | float) -> str:
    return format_shortest(float(value))
