"""One criterion of a response in words: what is compared, with what, and the limit with its unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import Phrase, PrintedCriterion, PrintedQuantity, ResponseDefinition
from funis.catalogue.registry import definition, definitions
from funis.catalogue.wording.plain_words import (
    compared_words,
    joined_words,
    name_words,
    number_words,
    unit_words,
    with_unit,
)

NEW_A: Final = "A after B, C, D or E"
NEW_B: Final = "B after C, D or E"
NEW_C: Final = "C after D or E"
JUDGED: Final = "the visit judged"

# A change is worded as "a rise of at least 3" or, where the limit bars, as "no rise of 3 or more".
_OF: Final = {">=": "of at least {0}", ">": "of more than {0}"}
_NOT_OF: Final = {"<": "of {0} or more", "<=": "of more than {0}"}


@dataclass(frozen=True, slots=True)
class ChosenDefinition:
    """A response definition with the parameters that are in force, as its words read them.

    Attributes
    ----------
    definition : the response
    parameters : every parameter's value
    """

    definition: ResponseDefinition
    parameters: Mapping[str, ParameterValue]

    def quantity(self, name: str) -> PrintedQuantity:
        """Give words and unit of what a phrase reads; those of the instrument where its row has no words."""
        found = self.definition.quantities.get(name, PrintedQuantity())
        column = str(self.parameters.get(name, name))
        words = found.words or (definition(column).label if column in definitions() else name_words(column))
        return PrintedQuantity(words, found.unit, found.is_yes_no)

    def limit(self, phrase: Phrase) -> Decimal:
        """Give the limit of a phrase as a number."""
        limit = phrase.limit
        return Decimal(str(self.parameters[limit])) if isinstance(limit, str) else limit

    def horizon(self) -> str:
        """Say where the follow-up of a response ends."""
        day, window = (Decimal(str(self.parameters[name])) for name in ("horizon_day", "horizon_window"))
        return f"day {number_words(day)} ({with_unit(window, 'days')} either side)"

    def items(self, names: tuple[str, ...], phrase: Phrase) -> str:
        """List the items of a set by their labels, or name the instrument where they are all of its items."""
        asked = [str(self.parameters.get(name, name)) for name in phrase.given[1:]]
        known = [name for name in (*asked, *map(str, self.parameters.values())) if name in definitions()]
        for instrument in dict.fromkeys(known):
            labels = {item.name: item.label for item in definition(instrument)}
            if set(labels) == set(names):
                return f"the {len(names)} items of {definition(instrument).label}"
            if set(names) <= set(labels):
                return f"these ({'; '.join(labels[name] for name in names)})"
        return f"these ({'; '.join(name_words(name) for name in names)})"


def criterion_words(reading: ChosenDefinition, row: PrintedCriterion) -> str:
    """Say what one criterion asks: its alternatives, all phrases of one.

    Parameters
    ----------
    reading : the definition with its parameters
    row : a criterion of it

    Examples
    --------
    >>> from funis.catalogue.registry import response_definition
    >>> found = response_definition("sri_4")
    >>> criterion_words(ChosenDefinition(found, found.settle({})), found.criterion("sledai_fall"))
    'a fall in SLEDAI-2K since baseline of at least 4 points'
    """
    text = ", or ".join(_group_words(reading, group) for group in row.alternatives)
    return f"of what was recorded: {text}" if row.only_collected else text


def _group_words(reading: ChosenDefinition, group: tuple[Phrase, ...]) -> str:
    first, *others = [phrase_words(reading, phrase) for phrase in group]
    return f"{first} with {joined_words(others)}" if others else first


def phrase_words(reading: ChosenDefinition, phrase: Phrase) -> str:
    """Say what one comparison asks."""
    if phrase.measure in _GRADES:
        return _GRADES[phrase.measure](reading, phrase)
    if phrase.measure in _COUNTS:
        return _COUNTS[phrase.measure](reading, phrase)
    found = reading.quantity(phrase.given[0])
    if found.is_yes_no:
        return _yes_no_words(reading, phrase, found)
    return _NUMBERS[phrase.measure](reading, phrase, found)


def is_barred(reading: ChosenDefinition, phrase: Phrase) -> bool:
    """Tell whether a phrase about a count asks for none.

    Examples
    --------
    >>> from funis.catalogue.registry import response_definition
    >>> found = response_definition("ucmsc_bilag_response")
    >>> is_barred(ChosenDefinition(found, found.settle({})), found.criterion("no_a").phrases[0])
    True
    """
    limit = reading.limit(phrase)
    return (phrase.symbol == "<=" and limit < 1) or (phrase.symbol == "<" and limit <= 1)


# --- numbers -------------------------------------------------------------------------------------


def _yes_no_words(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    when = {
        "baseline": " at baseline",
        "ever": f" after baseline up to {JUDGED}",
    }.get(phrase.measure, "")
    return f"{'no ' if is_barred(reading, phrase) else ''}{found.words}{when}"


def _value(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    if isinstance(phrase.limit, str) and phrase.limit.endswith("_upper_limit"):
        # The limit of the trial's own laboratory; 0 says that nobody gave it.
        limit = reading.limit(phrase)
        given = with_unit(limit, found.unit) if limit else "not given: never met"
        sign = compared_words(phrase.symbol, 0).removesuffix(" 0")
        return f"{found.words} {sign} the laboratory's upper limit ({given})"
    if phrase.symbol == "<=" and reading.limit(phrase) == 0:
        return f"{found.words} of {with_unit(Decimal(0), found.unit)}"
    return f"{found.words} {compared_words(phrase.symbol, reading.limit(phrase), found.unit)}"


def _baseline(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    return _value(reading, phrase, replace(found, words=f"{found.words} at baseline"))


def _change_words(reading: ChosenDefinition, phrase: Phrase, what: str, unit: str) -> str:
    """Word a rise or fall; a limit from above is worded as what must not have happened."""
    limit, symbol = reading.limit(phrase), phrase.symbol
    if symbol in _OF:
        size = "" if symbol == ">" and limit == 0 else f" {_OF[symbol].format(with_unit(limit, unit))}"
        return f"a {what}{size}"
    size = "" if symbol == "<=" and limit == 0 else f" {_NOT_OF[symbol].format(with_unit(limit, unit))}"
    return f"no {what}{size}"


def _change(
    kind: str, since: str, unit: str = ""
) -> Callable[[ChosenDefinition, Phrase, PrintedQuantity], str]:
    def words(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
        return _change_words(reading, phrase, f"{kind} in {found.words} since {since}", unit or found.unit)

    return words


def _of_baseline(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    return f"{found.words} {compared_words(phrase.symbol, reading.limit(phrase), '%')} of baseline"


def _confirmed_fall(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    what = f"fall in {found.words} since baseline both at {JUDGED} and at the visit before"
    return _change_words(reading, phrase, what, "%")


def _below_reference(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    share = compared_words(phrase.symbol, reading.limit(phrase), "%")
    return f"{found.words} {share} below {reading.quantity(phrase.given[1]).words}"


def _of_limit(when: str) -> Callable[[ChosenDefinition, Phrase, PrintedQuantity], str]:
    def words(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
        limit = compared_words(phrase.symbol, reading.limit(phrase))
        return f"{found.words}{when} {limit} times the laboratory's upper limit"

    return words


def _highest(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    start = number_words(Decimal(str(reading.parameters["from_day"])))
    limit = compared_words(phrase.symbol, reading.limit(phrase), found.unit)
    return f"highest {found.words} at the visits from day {start} to {JUDGED} {limit}"


def _clinical(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    return _value(reading, phrase, replace(found, words=f"{found.words} without its two serological items"))


def _per_kilogram(reading: ChosenDefinition, phrase: Phrase, found: PrintedQuantity) -> str:
    limit, unit = reading.limit(phrase), found.unit.replace("mg", "mg per kg of body weight", 1)
    return f"{found.words} {compared_words(phrase.symbol, limit)} {unit_words(unit)}"


_NUMBERS: Final[Mapping[str, Callable[[ChosenDefinition, Phrase, PrintedQuantity], str]]] = {
    "now": _value,
    "over_window": _value,
    "baseline": _baseline,
    "rise": _change("rise", "baseline"),
    "fall": _change("fall", "baseline"),
    "rise_since_previous": _change("rise", "the visit before"),
    "fall_since_previous": _change("fall", "the visit before"),
    "percent_fall": _change("fall", "baseline", "%"),
    "percent_rise": _change("rise", "baseline", "%"),
    "percent_rise_since_previous": _change("rise", "the visit before", "%"),
    "percent_fall_confirmed": _confirmed_fall,
    "percent_of_baseline": _of_baseline,
    "percent_below": _below_reference,
    "of_upper_limit": _of_limit(""),
    "baseline_of_upper_limit": _of_limit(" at baseline"),
    "highest_since_start": _highest,
    "clinical": _clinical,
    "per_kg": _per_kilogram,
    "ever": _value,
}


# --- counts of items and grades ------------------------------------------------------------------


def _count_words(reading: ChosenDefinition, phrase: Phrase, one: str, many: str) -> str:
    """Say how many: none, at least so many, at most so many."""
    if is_barred(reading, phrase):
        return f"no {one}"
    limit = reading.limit(phrase)
    return f"{compared_words(phrase.symbol, limit)} {one if limit == 1 else many}"


def _items_present(reading: ChosenDefinition, phrase: Phrase) -> str:
    listed = reading.items(reading.definition.sets[phrase.given[0]], phrase)
    if is_barred(reading, phrase):
        return f"none of {listed} present"
    return f"{compared_words(phrase.symbol, reading.limit(phrase))} of {listed} present"


def _new_items(reading: ChosenDefinition, phrase: Phrase) -> str:
    listed = reading.items(reading.definition.sets[phrase.given[0]], phrase)
    if is_barred(reading, phrase):
        return f"none of {listed} that was absent at the visit before"
    count = compared_words(phrase.symbol, reading.limit(phrase))
    return f"{count} of {listed} that was absent at the visit before"


_COUNTS: Final[Mapping[str, Callable[[ChosenDefinition, Phrase], str]]] = {
    "items_present": _items_present,
    "new_items": _new_items,
}


def _systems(after: str) -> Callable[[ChosenDefinition, Phrase], str]:
    return lambda reading, phrase: f"{_count_words(reading, phrase, 'system', 'systems')} {after}"


def _severe_flares(reading: ChosenDefinition, phrase: Phrase) -> str:
    count = _count_words(reading, phrase, "severe flare", "severe flares")
    return (
        f"{count} after baseline up to {JUDGED} (a new A in any system, or a new A or B in 2 systems, "
        f"compared with baseline; a new A is {NEW_A}, a new B is {NEW_B})"
    )


def _flares_after(reading: ChosenDefinition, phrase: Phrase) -> str:
    count = _count_words(reading, phrase, "new A or B", "new A or B")
    return f"{count} in any system after {JUDGED} up to {reading.horizon()}"


def _flare_free(reading: ChosenDefinition, phrase: Phrase) -> str:
    days = compared_words(phrase.symbol, reading.limit(phrase), "days")
    return f"{days} after {JUDGED} without a new A or B in any system"


def _relapses_before(reading: ChosenDefinition, phrase: Phrase) -> str:
    count = _count_words(reading, phrase, "relapse", "relapses")
    day, window = (Decimal(str(reading.parameters[name])) for name in ("response_day", "response_window"))
    first = f"day {number_words(day)} ({with_unit(window, 'days')} either side)"
    return f"{count} up to {JUDGED} after a response at {first}"


_GRADES: Final[Mapping[str, Callable[[ChosenDefinition, Phrase], str]]] = {
    "with_a": _systems("graded A"),
    "with_b": _systems("graded B"),
    "baseline_a": _systems("graded A at baseline"),
    "baseline_b": _systems("graded B at baseline"),
    "baseline_active": _systems("graded A or B at baseline"),
    "new_a": _systems(f"with a new A since baseline ({NEW_A})"),
    "new_b": _systems(f"with a new B since baseline ({NEW_B})"),
    "unimproved": _systems("graded A or B at baseline that has not improved (A still A, B still B or now A)"),
    "new_a_since_previous": _systems(f"with a new A since the visit before ({NEW_A})"),
    "new_b_since_previous": _systems(f"with a new B since the visit before ({NEW_B})"),
    "new_c_since_previous": _systems(f"with a new C since the visit before ({NEW_C})"),
    "severe_flares_before": _severe_flares,
    "flares_after": _flares_after,
    "flare_free_days": _flare_free,
    "relapses_before": _relapses_before,
}
