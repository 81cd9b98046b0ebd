"""The rule that decided a grade, as a number while columns are computed and in words at the end.

Clauses that count features name the features found (``A: severe proteinuria + active sediment``); these are
at most 2^6 combinations, each with a number of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import narwhals as nw
import polars as pl

from funis.catalogue.model_instrument import Definition, GradeRule
from funis.frames.under_way import PREFIX, Column
from funis.scoring.bits.tracer import Tracer
from funis.scoring.items import ScoringLayout

RANKS = {"A": 4, "B": 3, "C": 2, "D": 1, "E": 0}
_LETTERS = ("E", "D", "C", "B", "A")
# Numbers that stand for what no clause gives; clauses follow, with one number per combination of named
# features.
_NEVER, _AFFECTED, _BY_MISSING, _FIRST = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class RuleText:
    """One clause: its grade and number, its words, and the features its words name."""

    grade: str
    clause: int
    label: str
    named: tuple[tuple[str, str], ...] = ()


def rule_texts(definition: Definition, system: str) -> tuple[RuleText, ...]:
    """List the clauses of a system in the order in which they are tried."""
    clauses: dict[tuple[str, int], list[GradeRule]] = {}
    for rule in definition.rules:
        if rule.system == system:
            clauses.setdefault((rule.grade, rule.clause), []).append(rule)
    return tuple(
        RuleText(grade, clause, rows[0].label, _named(definition, rows[0]))
        for (grade, clause), rows in sorted(clauses.items())
    )


def _named(definition: Definition, rule: GradeRule) -> tuple[tuple[str, str], ...]:
    """Features that a clause names in its words: those of a row that counts several findings."""
    features = {feature.name: feature.label for feature in definition.features}
    if len(rule.of_items) < 2 or not features.keys() & set(rule.of_items):
        return ()
    return tuple((name, features.get(name) or definition.item(name).label) for name in rule.of_items)


def build_rule_code(layout: ScoringLayout, prefix: str, system: str, texts: tuple[RuleText, ...]) -> Column:
    """Give the number of the first clause that is surely met, null where none is."""
    code = layout.ops.lit(None, _code_type(layout))
    for start, text in reversed(list(zip(_starts(texts), texts, strict=True))):
        met = layout.ops.col(f"{PREFIX}{prefix}_{system}_{text.grade}{text.clause}")
        number = _code(layout, start)
        if text.named:
            number = number + _mask(layout, prefix, text)
        code = layout.ops.when(met).then(number).otherwise(code)
    return code


def _starts(texts: tuple[RuleText, ...]) -> list[int]:
    """Give the first number of every clause."""
    starts, number = [], _FIRST
    for text in texts:
        starts.append(number)
        number += 2 ** len(text.named)
    return starts


def _code_type(layout: ScoringLayout) -> Any:
    """Give the type of rule numbers: small enough that Polars can read it as an enumeration."""
    return layout.ops.UInt8 if layout.ops is not nw else layout.ops.Int64


def _mask(layout: ScoringLayout, prefix: str, text: RuleText) -> Column:
    """Give one bit per named feature that was surely found."""
    features = {feature.name for feature in layout.definition.features}
    bits = []
    for bit, (name, _) in enumerate(text.named):
        column = layout.ops.col(
            f"{PREFIX}{prefix}_{name}" if name in features else f"{PREFIX}{prefix}_{name}_yes"
        )
        bits.append(layout.ops.when(column).then(_code(layout, 2**bit)).otherwise(_code(layout, 0)))
    return reduce(add, bits)


def spell_grade(layout: ScoringLayout, rank: Column) -> Column:
    """Give the letter of a rank, null where it is unknown."""
    return spell(layout, rank, _LETTERS)


def spell_rules(layout: ScoringLayout, system: str, texts: tuple[RuleText, ...], policy: str) -> Column:
    """Give the rule that decided in words; null where the grade is null.

    A grade C or above that no clause surely gives was reached by counting missing items as present.
    """
    rank, code = layout.ops.col(f"{PREFIX}{system}_rank"), layout.ops.col(f"{PREFIX}{system}_code")
    number = code
    if policy == "worst":
        number = layout.ops.when(code.is_null()).then(_code(layout, _BY_MISSING)).otherwise(number)
    number = layout.ops.when(rank <= RANKS["D"]).then(rank).otherwise(number)
    number = layout.ops.when(~rank.is_null()).then(number)
    return spell(layout, number, _all_words(texts))


def spell(layout: ScoringLayout, number: Column, words: Sequence[str]) -> Column:
    """Give the word that a number stands for, 0 for the first, null where it is unknown."""
    if isinstance(layout.ops, Tracer):
        return layout.ops.spell(number, words)
    if layout.ops is pl:
        return number.cat.to(pl.Enum(words))
    spelled = layout.ops.lit(None, layout.ops.String)
    for own, word in enumerate(words):
        spelled = layout.ops.when(number == own).then(layout.ops.lit(word)).otherwise(spelled)
    return spelled


def _code(layout: ScoringLayout, number: int) -> Column:
    return layout.ops.lit(number, _code_type(layout))


def _all_words(texts: tuple[RuleText, ...]) -> list[str]:
    """Give the words of every number that `build_rule_code` can give, in order."""
    words = [
        "E: never affected",
        "D: affected before, nothing active now",
        "missing items counted as present",
    ]
    for text in texts:
        words.append(f"{text.grade}: {text.label}")
        for mask in range(1, 2 ** len(text.named)):
            labels = [label for bit, (_, label) in enumerate(text.named) if mask >> bit & 1]
            words.append(f"{text.grade}: {' + '.join(labels)}")
    return words
