"""Units as laboratories, files and UCUM write them, read as the one spelling of the table of analytes.

What follows from a rule is read by rule: full-width letters, both letters for micro, superscripts, spaces,
``10*9`` and ``10E9``, brackets (``[IU]``), parentheses (``g/(24.h)``), annotations (``mg/mmol{creat}``), the
capitals of UCUM's form without case (``MG/DL``). What no rule gives stands in the table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from funis.catalogue.registry import analyte_table

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_MICRO: Final = str.maketrans({"µ": "u", "μ": "u"})
_RULES: Final = (
    # A power of ten: 10*9, 10**9, 10E9, x10^9.
    (re.compile(r"^[x×X*·](?=10)"), ""),
    (re.compile(r"10(?:\*\*|\*|[eE]\+?)(?=-?\d)"), "10^"),
    # Twenty-four hours: (24.h), 24.h.
    (re.compile(r"[()]"), ""),
    (re.compile(r"24[.·-][hH]"), "24h"),
    # Units per field and international or arbitrary units stand in brackets.
    (re.compile(r"\[[iI][uU]\]"), "IU"),
    (re.compile(r"\[([A-Za-z]+)\]"), r"\1"),
    # "mc" for micro, where the Greek letter is forbidden.
    (re.compile(r"mc(?=mol|g|L|l|U|IU)"), "u"),
)
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")


def read_unit(text: str, known: Iterable[str] = ()) -> str:
    """Give a unit in our spelling.

    Parameters
    ----------
    text : as it was written
    known : units it may be, in our spelling, those of an analyte; none for all units of the table

    Returns
    -------
    str : one of `known`; where it is none of them, the text as it was written

    Examples
    --------
    >>> read_unit("MG/DL"), read_unit("G/L", ("g/L", "g/dL")), read_unit("G/L", ("10^9/L",))
    ('mg/dL', 'g/L', '10^9/L')
    """
    wanted = frozenset(known)
    names = _names()
    for written in _ways_to_read(text):
        unit = names.get(written)
        if unit is not None and (not wanted or unit in wanted):
            return unit
        folded = _folded().get(written.casefold(), frozenset())
        meant = folded & wanted if wanted else folded
        if len(meant) == 1 and not _is_prefix_in_doubt(written, meant, folded):
            return next(iter(meant))
    return text.strip()


def _ways_to_read(text: str) -> Iterable[str]:
    """Give the text without what says nothing, then also without its annotations."""
    plain = write_plainly(text)
    yield plain
    bare = _ANNOTATION.sub("", plain)
    if bare not in ("", plain):
        yield bare


def _is_prefix_in_doubt(written: str, meant: frozenset[str], folded: frozenset[str]) -> bool:
    """Tell whether capitals alone decide between two units, as in ``g/L`` and ``G/L``.

    The name of a unit itself may be written in capitals throughout; another name of it may not where another
    unit is written so.
    """
    is_own_name = any(write_plainly(unit).casefold() == written.casefold() for unit in meant)
    return len(folded) > 1 and not is_own_name


@cache
def write_plainly(text: str) -> str:
    """Take from a unit what says nothing: spaces, width of letters, brackets, ways to write a power.

    Examples
    --------
    >>> write_plainly("×10⁹ / L"), write_plainly("[iU]/mL"), write_plainly("ｇ／(24.h)")
    ('10^9/L', 'IU/mL', 'g/24h')
    """
    raised = re.sub(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda found: f"10^{found[1].translate(_SUPERSCRIPTS)}", text)
    plain = unicodedata.normalize("NFKC", raised.translate(_MICRO)).translate(_MICRO)
    plain = "".join(plain.split())
    for pattern, instead in _RULES:
        plain = pattern.sub(instead, plain)
    return plain


@cache
def _names() -> Mapping[str, str]:
    """Give every unit of the table by each way it is written."""
    table = analyte_table()
    units = dict.fromkeys(unit for analyte in table.analytes.values() for unit in analyte.all_units)
    units |= dict.fromkeys(table.spellings.values())
    own = {write_plainly(unit): unit for unit in units}
    return {write_plainly(name): unit for name, unit in table.spellings.items()} | own


@cache
def _folded() -> Mapping[str, frozenset[str]]:
    """Give the units by each way they are written, capitals left aside."""
    found: dict[str, set[str]] = {}
    for written, unit in _names().items():
        found.setdefault(written.casefold(), set()).add(unit)
    return {written: frozenset(units) for written, units in found.items()}
