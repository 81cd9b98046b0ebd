"""The steps of a graph written out as a program: one line a step, one bit a visit.

For a handful of visits it costs more to go through the steps than to take them. Written as the lines of one
function, each *and* and *or* is an operation on whole numbers whose lowest bit is the first visit. All visits
are those of one subject, so that *so far* needs to know nothing but the bits.

`write_program` knows the shape of such a program, a `Language` how each step is spelled in it. Another
language is another table and the few functions that its spellings call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log, nan
from typing import Any, Final

from funis.scoring.bits.earlier_rows import Node
from funis.scoring.bits.program import LOADS, ONE, ZERO, Graph, Step, needed_steps
from funis.scoring.bits.traced import Quantity, UntraceableError, Whole

# What a step that loads something is called after: its kind, and the names of the columns it reads.
Input = tuple[str, ...]
Numbers = Sequence[float]


@dataclass(frozen=True, slots=True)
class Language:
    """How the parts of a program are spelled.

    Attributes
    ----------
    steps : per kind of step (with its operator, for a comparison) its value; ``{0}`` and ``{1}`` are what the
        step reads, followed by its constants
    zero, one : bits of which none is set, and of which all are
    assign : a line that names a value
    digit : the digit of one visit with its weight
    known : a number where its bit is set, else nothing
    fraction : the measured value of one visit; zero without a sign
    program : the whole, of its lines and of the numbers of one row
    name_value : gives the name of the value that is named after so many others
    """

    steps: Mapping[str, str]
    zero: str
    one: str
    assign: str
    digit: str
    known: str
    fraction: str
    program: str
    name_value: Callable[[int], str] = "v{}".format


PYTHON: Final = Language(
    steps={
        "and": "{0} & {1}",
        "or": "{0} | {1}",
        "xor": "{0} ^ {1}",
        "not": "every ^ {0}",
        "shift_bits": "{0} << 1 & every",
        # All bits from the lowest one on: minus the lowest bit has all bits above it.
        "so_far": "-({0} & -{0}) & every",
        "held": "held({0}, {1})",
        "carry": "carry({0}, {1}, every)",
        "carry_values": "carry_values({0}, {1})",
        "as_float": "{0}",
        "digit": "digit({0}, places)",
        "add_digit": "add_digit({0}, {1}, {2})",
        "constant": "same({0}, places)",
        "choose_values": "choose_values({0}, {1}, {2})",
        "add_pairs": "add_pairs({0}, {1})",
        "multiply_pairs": "multiply_pairs({0}, {1})",
        "divide_pairs": "divide_pairs({0}, {1})",
        "over": "over({0}, {1})",
        "logarithm": "logarithm({0})",
        "plus": "plus({0}, {1})",
        "scale": "scale({0}, {1})",
        "subtract": "subtract({0}, {1})",
        "subtract_above": "subtract_above({0}, {1})",
        "compare_with <": "below({0}, {1})",
        "compare_with <=": "at_most({0}, {1})",
        "compare_with >": "above({0}, {1})",
        "compare_with >=": "at_least({0}, {1})",
        "compare <": "pairs_below({0}, {1})",
        "compare <=": "pairs_at_most({0}, {1})",
        "compare >": "pairs_below({1}, {0})",
        "compare >=": "pairs_at_most({1}, {0})",
        "compare_above <": "later_below({0}, {1})",
        "compare_above <=": "later_at_most({0}, {1})",
        "compare_above >": "later_above({0}, {1})",
        "compare_above >=": "later_at_least({0}, {1})",
    },
    zero="0",
    one="every",
    assign="    {name} = {value}",
    digit="({bits} >> place & 1) * {weight}",
    known="({number} if {bits} >> place & 1 else None)",
    fraction="({values}[place] + 0.0)",
    program=(
        "def run(bits, numbers, windows, every, places):\n"
        "{lines}\n"
        "    rows = []\n"
        "    for place in places:\n"
        "        rows.append(({row}))\n"
        "    return rows\n"
    ),
)


def write_program(
    graph: Graph,
    outputs: Sequence[Whole | Quantity],
    places: Mapping[Input, str],
    language: Language = PYTHON,
) -> str:
    """Write the program that computes some numbers for each visit.

    Parameters
    ----------
    graph : holds the steps
    outputs : what is wanted, in order
    places : where the program finds what a step loads, spelled as the language does: by kind of step and
        columns, ``("values", "pyrexia.0")``
    language : how it is spelled

    Returns
    -------
    str : of names chosen here and of numbers, and of nothing else

    Raises
    ------
    UntraceableError : a step cannot be spelled
    """
    known = [
        output.known if isinstance(output, Whole) else graph.negate(output.missing) for output in outputs
    ]
    wanted = [*known, *(node for output in outputs for node in _nodes_of(output))]
    names = {ZERO: language.zero, ONE: language.one}
    lines: list[str] = []
    for node in needed_steps(graph, wanted):
        if node in names:
            continue
        step = graph.steps[node]
        if step.kind == "goes_on":
            # All rows are those of one subject.
            names[node] = language.one
            continue
        names[node] = language.name_value(len(lines))
        lines.append(language.assign.format(name=names[node], value=_spell(step, names, places, language)))
    cells = [
        _spell_number(output, node, names, language) for output, node in zip(outputs, known, strict=True)
    ]
    row = "".join(f"{cell}, " for cell in cells)
    return language.program.format(lines="\n".join(lines), row=row.rstrip())


def _spell(step: Step, names: Mapping[Node, str], places: Mapping[Input, str], language: Language) -> str:
    if step.kind in (*LOADS, "window"):
        source = (step.kind, *map(str, step.constants))
        if source not in places:
            raise UntraceableError(f"the columns {source}")
        return places[source]
    kind, constants = step.kind, step.constants
    if kind.startswith("compare"):
        kind, constants = f"{kind} {constants[0]}", constants[1:]
    if kind not in language.steps:
        raise UntraceableError(f"the step {kind!r}")
    numbers = [_spell_constant(one) for one in constants if kind != "digit"]
    return language.steps[kind].format(*(names[source] for source in step.sources), *numbers)


def _spell_constant(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise UntraceableError(f"the constant {value!r}")
    return repr(value)


def _nodes_of(output: Whole | Quantity) -> tuple[Node, ...]:
    return output.digits if isinstance(output, Whole) else (output.values,)


def _spell_number(
    output: Whole | Quantity, known: Node, names: Mapping[Node, str], language: Language
) -> str:
    if isinstance(output, Quantity):
        number = language.fraction.format(values=names[output.values])
    else:
        digits = [
            language.digit.format(bits=names[node], weight=2**place)
            for place, node in enumerate(output.digits)
            if node != ZERO
        ]
        number = " + ".join(digits) or "0"
    return number if known == ONE else language.known.format(number=number, bits=names[known])


RunVisits = Callable[
    [Sequence[int], Sequence[Numbers], Sequence[Sequence[int]], int, range], list[tuple[float | None, ...]]
]


def compile_program(source: str) -> RunVisits:
    """Give the function that a Python program defines.

    Parameters
    ----------
    source : what `write_program` gave

    Returns
    -------
    function of bits, numbers and windows by their places, of the bits that stand for all visits, and of the
        places of the visits; gives one tuple of numbers per visit
    """
    # Safe to run: `write_program` puts nothing into the source but names it numbers itself (v17), places such
    # as bits[3], the spellings of the table above and finite numbers. No text of a definition, a parameter or
    # a visit enters it. The namespace is closed: it has the functions below, and none of Python's own.
    namespace: dict[str, Any] = {"__builtins__": {}, **{one.__name__: one for one in _CALLED}}
    exec(compile(source, "<straight line>", "exec"), namespace)  # noqa: S102
    run: RunVisits = namespace["run"]
    return run


def below(values: Numbers, limit: float) -> int:
    """Give the bits of the visits with a value below a limit."""
    return sum([1 << place for place, value in enumerate(values) if value < limit])


def at_most(values: Numbers, limit: float) -> int:
    """Give the bits of the visits with a value up to a limit."""
    return sum([1 << place for place, value in enumerate(values) if value <= limit])


def above(values: Numbers, limit: float) -> int:
    """Give the bits of the visits with a value above a limit."""
    return sum([1 << place for place, value in enumerate(values) if value > limit])


def at_least(values: Numbers, limit: float) -> int:
    """Give the bits of the visits with a value from a limit on."""
    return sum([1 << place for place, value in enumerate(values) if value >= limit])


def pairs_below(left: Numbers, right: Numbers) -> int:
    """Give the bits of the visits with a value below the other of the same visit."""
    return sum([1 << place for place, pair in enumerate(zip(left, right, strict=True)) if pair[0] < pair[1]])


def pairs_at_most(left: Numbers, right: Numbers) -> int:
    """Give the bits of the visits with a value up to the other of the same visit."""
    return sum([1 << place for place, pair in enumerate(zip(left, right, strict=True)) if pair[0] <= pair[1]])


def later_below(left: Numbers, right: Numbers) -> int:
    """Give the bits of the visits with a value below the other of the visit before."""
    return pairs_below(left[1:], right[:-1]) << 1


def later_at_most(left: Numbers, right: Numbers) -> int:
    """Give the bits of the visits with a value up to the other of the visit before."""
    return pairs_at_most(left[1:], right[:-1]) << 1


def later_above(left: Numbers, right: Numbers) -> int:
    """Give the bits of the visits with a value above the other of the visit before."""
    return pairs_below(right[:-1], left[1:]) << 1


def later_at_least(left: Numbers, right: Numbers) -> int:
    """Give the bits of the visits with a value from the other of the visit before on."""
    return pairs_at_most(right[:-1], left[1:]) << 1


def plus(values: Numbers, number: float) -> Numbers:
    """Add a number to each value."""
    return [value + number for value in values]


def scale(values: Numbers, number: float) -> Numbers:
    """Multiply each value by a number."""
    return [value * number for value in values]


def over(values: Numbers, number: float) -> Numbers:
    """Divide each value by a number."""
    return [value / number for value in values]


def same(number: float, places: range) -> Numbers:
    """Give one number for each visit."""
    return [number] * len(places)


def add_pairs(left: Numbers, right: Numbers) -> Numbers:
    """Add the two values of each visit."""
    return [one + other for one, other in zip(left, right, strict=True)]


def multiply_pairs(left: Numbers, right: Numbers) -> Numbers:
    """Multiply the two values of each visit."""
    return [one * other for one, other in zip(left, right, strict=True)]


def divide_pairs(left: Numbers, right: Numbers) -> Numbers:
    """Divide the one value of each visit by the other; by zero it gives nothing that is read."""
    return [one / other if other else nan for one, other in zip(left, right, strict=True)]


def logarithm(values: Numbers) -> Numbers:
    """Give the natural logarithm of each value; what has none is read by nobody."""
    return [log(value) if value > 0 else nan for value in values]


def choose_values(condition: int, yes: Numbers, no: Numbers) -> Numbers:
    """Give the one value of the visits where a condition holds, the other elsewhere."""
    if not condition:
        # Usual of a gap, and far cheaper.
        return no
    pairs = enumerate(zip(yes, no, strict=True))
    return [one if condition >> place & 1 else other for place, (one, other) in pairs]


def subtract(left: Numbers, right: Numbers) -> Numbers:
    """Take the other value of each visit from the one."""
    return [one - other for one, other in zip(left, right, strict=True)]


def subtract_above(left: Numbers, right: Numbers) -> Numbers:
    """Take the other value of the visit before from the one; the first visit has none before it."""
    return [0.0, *(one - other for one, other in zip(left[1:], right[:-1], strict=True))]


def digit(bits: int, places: range) -> Numbers:
    """Give bits as numbers, 0 or 1."""
    return [bits >> place & 1 for place in places]


def add_digit(numbers: Numbers, bits: int, weight: int) -> Numbers:
    """Add a higher digit to numbers."""
    if not bits:
        return numbers
    return [number + ((bits >> place & 1) << weight) for place, number in enumerate(numbers)]


def held(met: int, window: Sequence[int]) -> int:
    """Give the bits of the visits at which, or in whose window, a condition was met."""
    return sum([1 << place for place, seen in enumerate(window) if met & seen])


def carry(bits: int, known_at: int, every: int) -> int:
    """Give to each visit the bit of the last visit at which it is known, itself included.

    Bits are moved up by one visit, then by two, by four, until every visit is known or has none before it.
    """
    found, step = bits & known_at, 1
    while step < every.bit_length():
        found |= (found << step) & ~known_at
        known_at |= known_at << step
        step *= 2
    return found & every


def carry_values(values: Numbers, known_at: int) -> Numbers:
    """Give to each visit the value of the last visit at which it is known, itself included."""
    found, last = [], 0.0
    for place, value in enumerate(values):
        last = value if known_at >> place & 1 else last
        found.append(last)
    return found


_CALLED: Final = (
    below, at_most, above, at_least, pairs_below, pairs_at_most, later_below, later_at_most, later_above,
    later_at_least, plus, scale, subtract, subtract_above, digit, add_digit, held, carry, carry_values,
    over, same, add_pairs, multiply_pairs, divide_pairs, logarithm, choose_values,
)  # fmt: skip
