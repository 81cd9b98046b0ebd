"""How the steps of a traced score are spelled in JavaScript, and how what stands beside them is.

The functions that the spellings call stand in ``visits.js``. Bits are one number with a bit a visit, or one
`BigInt` where there are more visits than a number of JavaScript has bits to work with. No operator takes one
of each, so what must be of the same kind comes from outside: no bit (``Z``), every bit (``E``), the lowest
(``U``), and the bit of each visit (``M``).
"""

from __future__ import annotations

import json
from string import ascii_letters, digits
from typing import Any, Final

from funis.scoring.bits.straight_line import Language

_AFTER: Final = ascii_letters + digits
# Words of two letters that are no names; those of one letter are kept for what comes from outside.
_TAKEN: Final = frozenset({"do", "if", "in", "of", "as", "is"})
_PAIRS: Final = tuple(
    one + other for one in ascii_letters for other in _AFTER if one + other not in _TAKEN
)  # fmt: skip


def name_value(place: int) -> str:
    """Give the name of a value that is named after so many others: ``aa``, ``ab``, then ``Z9``, ``aa1_``.

    A longer name ends in an underscore, so that it is no word of the language.
    """
    more, place = divmod(place, len(_PAIRS))
    return _PAIRS[place] if not more else f"{_PAIRS[place]}{more}_"


def spell_data(value: Any) -> str:
    """Give lists, texts and numbers as JavaScript, of letters that every encoding shares."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False)


JAVASCRIPT: Final = Language(
    steps={
        "and": "{0}&{1}",
        "or": "{0}|{1}",
        "xor": "{0}^{1}",
        "not": "E^{0}",
        "shift_bits": "{0}<<U&E",
        # All bits from the lowest one on: minus the lowest bit has all bits above it.
        "so_far": "-({0}&-{0})&E",
        "held": "held({0},{1},Z,M)",
        "carry": "carry({0},{1},E,M)",
        "carry_values": "carryValues({0},{1},M)",
        "as_float": "{0}",
        "digit": "digit({0},M)",
        "add_digit": "addDigit({0},{1},{2},M)",
        "constant": "M.map(()=>{0})",
        "choose_values": "{1}.map((value,place)=>{0}&M[place]?value:{2}[place])",
        "add_pairs": "{0}.map((value,place)=>value+{1}[place])",
        "multiply_pairs": "{0}.map((value,place)=>value*{1}[place])",
        "divide_pairs": "{0}.map((value,place)=>value/{1}[place])",
        "over": "{0}.map(value=>value/{1})",
        "logarithm": "{0}.map(Math.log)",
        "plus": "{0}.map(value=>value+{1})",
        "scale": "{0}.map(value=>value*{1})",
        "subtract": "{0}.map((value,place)=>value-{1}[place])",
        "subtract_above": "subtractAbove({0},{1})",
        "compare_with <": "below({0},{1},Z,M)",
        "compare_with <=": "upTo({0},{1},Z,M)",
        "compare_with >": "above({0},{1},Z,M)",
        "compare_with >=": "orAbove({0},{1},Z,M)",
        "compare <": "pairsBelow({0},{1},Z,M)",
        "compare <=": "pairsUpTo({0},{1},Z,M)",
        "compare >": "pairsBelow({1},{0},Z,M)",
        "compare >=": "pairsUpTo({1},{0},Z,M)",
        "compare_above <": "laterBelow({0},{1},Z,M)",
        "compare_above <=": "laterUpTo({0},{1},Z,M)",
        "compare_above >": "laterAbove({0},{1},Z,M)",
        "compare_above >=": "laterOrAbove({0},{1},Z,M)",
    },
    zero="Z",
    one="E",
    assign=",{name}={value}",
    digit="({bits}&m?{weight}:0)",
    known="({bits}&m?{number}:null)",
    fraction="{values}[place]+0",
    program="function run(B,N,W,Z,E,U,M){{\nvar $\n{lines}\nreturn M.map((m,place)=>[{row}])}}\n",
    name_value=name_value,
)
