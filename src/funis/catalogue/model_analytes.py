"""Measured quantities as data: printed name, unit, conversions with their sources, plausible values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a unit becomes the analyte's own: value times `factor` plus `offset`; and who says so."""

    unit: str
    factor: Fraction
    source: str
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """What a value can be, in the analyte's own unit.

    Attributes
    ----------
    possible : lowest and highest value that is possible at all; beyond them a value is refused
    reason : what lies beyond, or who says so
    usual : outside of them a value is queried; None where nothing is said
    hint_low, hint_high : which slip explains such a value
    unsure_below : patients in whom the quantity is raised and never reaches this were measured in another
        unit, unless the unit was said; None where nothing is said
    lowest_mean, mean_reason : no group of people has a lower mean, and why; None where nothing is said
    """

    possible: tuple[float, float]
    reason: str
    usual: tuple[float, float] | None = None
    hint_low: str = ""
    hint_high: str = ""
    unsure_below: float | None = None
    lowest_mean: float | None = None
    mean_reason: str = ""


@dataclass(frozen=True, slots=True)
class AnalyteCodes:
    """How other systems name an analyte.

    Attributes
    ----------
    loinc : LOINC codes; one each for amount of mass and of substance, and for a named method
    cdisc, nci : short name of the test in SDTM (LBTESTCD) and its concept in the NCI Thesaurus; empty where
        it could not be confirmed
    certainty : ``confirmed`` in a file of CDISC or HL7; ``agreeing`` where three or more public code lists
        print the code with this name, and LOINC itself was not read
    source : where it was read
    """

    loinc: tuple[str, ...] = ()
    cdisc: str = ""
    nci: str = ""
    certainty: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured quantity.

    Attributes
    ----------
    name, label : key in data and study files, printed words
    unit : the unit in which values are stored
    others : every other unit it may be reported in
    plausible : what a value can be, None where nothing is said
    is_laboratory : whether it is one of the usual laboratory tests
    arbitrary : units of a laboratory's own, such as ``U/L`` of an antibody: values in them are compared with
        that laboratory's limits, and nothing converts them
    columns : other columns of definitions that hold this quantity
    codes : how other systems name it, None where no code could be confirmed
    """

    name: str
    label: str
    unit: str
    others: tuple[Conversion, ...] = ()
    plausible: PlausibleRange | None = None
    is_laboratory: bool = False
    arbitrary: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    codes: AnalyteCodes | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit the analyte may be reported in and converted from, its own first."""
        return (self.unit, *(other.unit for other in self.others))

    def factor_of(self, unit: str) -> Fraction | None:
        """Give how much of the analyte's own unit one of a unit is; None where nothing says so."""
        if unit == self.unit:
            return Fraction(1)
        return next((other.factor for other in self.others if other.unit == unit and not other.offset), None)

    @property
    def all_units(self) -> tuple[str, ...]:
        """Every unit the analyte may be reported in, those that nothing converts last."""
        return (*self.units, *self.arbitrary)


@dataclass(frozen=True, slots=True)
class AnalyteTable:
    """Every analyte by its name, and our spelling of units by every other spelling."""

    analytes: Mapping[str, Analyte]
    spellings: Mapping[str, str]

    def find(self, column: str) -> Analyte | None:
        """Give the analyte that a column of this name holds, None where there is none."""
        if column in self.analytes:
            return self.analytes[column]
        return next((one for one in self.analytes.values() if column in one.columns), None)
