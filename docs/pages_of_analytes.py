"""The page of measured quantities: units, conversions and codes, made from the table of analytes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from funis.catalogue.model_analytes import Analyte
from funis.catalogue.registry import analyte_table, definitions
from funis.units.columns import columns_of_instrument
from markdown_parts import build_table

_HEADER = "<!-- Generated from the table; do not edit: `make docs`. -->"
_CODE_URL = "src/funis/catalogue/tables/analytes.toml"


def render_analytes_page() -> str:
    """Render every analyte with its units, what one of each is, and how other systems name it.

    Returns
    -------
    str : Markdown
    """
    analytes = list(analyte_table().analytes.values())
    coded = [one for one in analytes if one.codes is not None]
    lines = [
        _HEADER,
        "",
        "# Measured quantities, their units and codes",
        "",
        "A column of a frame, a result of a laboratory and a test of the study file are named as here. Each",
        "may be in any of the units; a value is converted by its label, never by its size",
        "([how to](../howto/say-which-unit.md)).",
        "",
        "## Units",
        "",
    ]
    lines += build_table(
        ("quantity", "name", "unit stored", "instruments read", "also taken", "the laboratory's own"),
        [_units_row(one) for one in analytes],
    )
    lines += [
        "Units of the laboratory's own are compared with that laboratory's limits (`<name>_low`,",
        "`<name>_high`) as they are; nothing converts them, and a limit in another unit is not",
        "compared with them.",
        "",
        "## What a value can be",
        "",
        "In the unit stored. What is not possible is refused; what is not usual a study asks about.",
        "",
    ]
    lines += build_table(
        ("quantity", "name", "possible", "usual", "what lies beyond"), [_limits_row(one) for one in analytes]
    )
    lines += [
        "## Codes",
        "",
        f"Of {len(analytes)} quantities {len(coded)} have a code that could be confirmed; the others have",
        "none here. Confirmed: read in a file of CDISC or HL7. Agreeing: three or more public code lists",
        "print the code with this name; LOINC itself was not read.",
        "",
    ]
    lines += build_table(
        ("name", "LOINC", "LBTESTCD", "NCI Thesaurus", "how sure", "read in"),
        [_codes_row(one) for one in coded],
    )
    lines += [f"The table is `{_CODE_URL}`; factors have their source there.", ""]
    return "\n".join(lines)


def _units_row(one: Analyte) -> Sequence[str]:
    others = [f"{other.unit} (x {_spell(other.factor)}{_offset(other.offset)})" for other in one.others]
    return (
        one.label,
        f"`{one.name}`",
        one.unit,
        ", ".join(_read_in(one.name)),
        "; ".join(others),
        ", ".join(one.arbitrary),
    )


def _limits_row(one: Analyte) -> Sequence[str]:
    limits = one.plausible
    if limits is None:
        return one.label, f"`{one.name}`", "", "", ""
    usual = "" if limits.usual is None else _ends(limits.usual)
    return one.label, f"`{one.name}`", f"{_ends(limits.possible)} {one.unit}", usual, limits.reason


def _ends(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.12g} to {ends[1]:.12g}"


def _read_in(name: str) -> list[str]:
    """Give the units in which instruments read a column of this name."""
    columns = (columns_of_instrument(instrument).get(name) for instrument in definitions())
    return list(dict.fromkeys(column.unit for column in columns if column is not None))


def _spell(factor: Fraction) -> str:
    """Write a factor as a decimal where it ends, else as a quotient."""
    text = f"{Decimal(factor.numerator) / Decimal(factor.denominator):.10f}".rstrip("0").rstrip(".")
    return text if Fraction(text) == factor else f"{factor.numerator}/{factor.denominator}"


def _offset(offset: Fraction) -> str:
    return "" if offset == 0 else f" {'-' if offset < 0 else '+'} {_spell(abs(offset))}"


def _codes_row(one: Analyte) -> Sequence[str]:
    codes = one.codes
    assert codes is not None  # chosen by the caller  # noqa: S101
    return f"`{one.name}`", ", ".join(codes.loinc), codes.cdisc, codes.nci, codes.certainty, codes.source
