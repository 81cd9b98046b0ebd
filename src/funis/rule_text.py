"""The rule that decided a grade, as a number while columns are computed and in words at the end.

Clauses that count features name the features found (``A: severe proteinuria + active sediment``); these are at most
2^6 combinations, each with a number of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import narwhals as nw

from funis.definition import Definition, Rule
from funis.intake import PREFIX, Layout

# Numbers of D and E, which no clause uses.
_PER_CLAUSE = 64


@dataclass(frozen=True, slots=True)
class RuleText:
    """One clause: its grade and number, its words, and the features its words name."""

    grade: str
    clause: int
    label: str
    named: tuple[tuple[str, str], ...] = ()


def rule_texts(definition: Definition, system: str) -> tuple[RuleText, ...]:
    """List the clauses of a system in the order in which they are tried."""
    clauses: dict[tuple[str, int], list[Rule]] = {}
    for rule in definition.rules:
        if rule.system == system:
            clauses.setdefault((rule.grade, rule.clause), []).append(rule)
    return tuple(
        RuleText(grade, clause, rows[0].label, _named(definition, rows[0]))
        for (grade, clause), rows in sorted(clauses.items())
    )


def _named(definition: Definition, rule: Rule) -> tuple[tuple[str, str], ...]:
    """Features that a clause names in its words: those of a row that counts several findings."""
    features = {feature.name: feature.label for feature in definition.features}
    if len(rule.of_items) < 2 or not features.keys() & set(rule.of_items):
        return ()
    return tuple((name, features.get(name) or definition.item(name).label) for name in rule.of_items)


def build_rule_code(layout: Layout, mark: str, system: str, texts: tuple[RuleText, ...]) -> nw.Expr:
    """Give the number of the first clause that is surely met, null where none is."""
    code = nw.lit(None, nw.Int16)
    for index, text in reversed(list(enumerate(texts))):
        met = nw.col(f"{PREFIX}{mark}_{system}_{text.grade}{text.clause}").fill_null(value=False)
        number = nw.lit(index * _PER_CLAUSE, nw.Int16)
        if text.named:
            number = number + _mask(layout, mark, text)
        code = nw.when(met).then(number).otherwise(code)
    return code


def _mask(layout: Layout, mark: str, text: RuleText) -> nw.Expr:
    """Give one bit per named feature that was surely found."""
    features = {feature.name for feature in layout.definition.features}
    bits = []
    for bit, (name, _) in enumerate(text.named):
        column = (
            nw.col(f"{PREFIX}{mark}_{name}") if name in features else nw.col(f"{PREFIX}{mark}_{name}_yes")
        )
        bits.append(column.fill_null(value=False).cast(nw.Int16) * nw.lit(2**bit, nw.Int16))
    return reduce(add, bits)


def spell_rules(layout: Layout, system: str, texts: tuple[RuleText, ...], policy: str) -> nw.Expr:
    """Give the rule that decided in words; null where the grade is null."""
    rank, code = nw.col(f"{PREFIX}{system}_rank"), nw.col(f"{PREFIX}{system}_code")
    words = nw.lit(None, nw.String)
    for index, text in enumerate(texts):
        spelled = _spell(text, code - index * _PER_CLAUSE)
        is_this = (code >= index * _PER_CLAUSE) & (code < (index + 1) * _PER_CLAUSE)
        words = nw.when(is_this).then(spelled).otherwise(words)
    if policy == "worst":
        graded = nw.when(code.is_null()).then(nw.lit("missing items counted as present")).otherwise(words)
        words = graded
    words = nw.when(rank == 1).then(nw.lit("D: affected before, nothing active now")).otherwise(words)
    words = nw.when(rank == 0).then(nw.lit("E: never affected")).otherwise(words)
    del layout
    return nw.when(rank.is_null()).then(nw.lit(None, nw.String)).otherwise(words)


def _spell(text: RuleText, mask: nw.Expr) -> nw.Expr:
    if not text.named:
        return nw.lit(f"{text.grade}: {text.label}")
    spelled = nw.lit(f"{text.grade}: {text.label}")
    for number in range(1, 2 ** len(text.named)):
        labels = [label for bit, (_, label) in enumerate(text.named) if number >> bit & 1]
        if text.grade == "A" and len(labels) < 2:
            continue
        words = f"{text.grade}: {' + '.join(labels)}"
        spelled = nw.when(mask == number).then(nw.lit(words)).otherwise(spelled)
    return spelled
