"""The closed subset of model formulas (names, ``+ : * -``, ``C(name)``), coded as R codes them.

A formula becomes terms, a term a product of variables. A categorical variable takes contrasts against its
reference level in a term whose margin (the term without it) is in the model, and one column per level
otherwise: R's rule (Chambers and Hastie 1992, section 2.4.1). Within a term the first variable varies
fastest, and columns are named as in R: ``(Intercept)``, ``ARMCDTRT``, ``ARMCDTRT:AVISITVIS2``.

Reading a formula here costs microseconds; formulaic, which reads all others, takes a second to import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from funis.errors import FunisError

Coding = Literal["r", "sas"]
INTERCEPT = "(Intercept)"
#: Characters of a formula, brackets inside one another, and terms: each name of ``a * b * ...`` doubles them.
MAX_LENGTH: Final = 2_000
MAX_BRACKETS: Final = 20
MAX_TERMS: Final = 1_000
_TOKEN = re.compile(r"\s*(?:(C)\(\s*([^\W\d]\w*)\s*\)|([^\W\d][\w.]*)(?!\()|([01])(?![\w.])|([-+:*()]))")


class FormulaError(FunisError):
    """A formula cannot be read, or names what does not exist."""

    code = "formula"


@dataclass(frozen=True, slots=True)
class Formula:
    """Terms of a formula; each is a tuple of variables in order of their first appearance.

    ``categorical`` names the variables that stood in ``C()``.
    """

    terms: tuple[tuple[str, ...], ...]
    intercept: bool
    variables: tuple[str, ...]
    categorical: frozenset[str]


@dataclass(frozen=True, slots=True)
class Factor:
    """One variable of one design column: a numeric variable (level None) or one level of a factor."""

    variable: str
    level: str | None


@dataclass(frozen=True, slots=True)
class DesignColumn:
    """One column of the design matrix: the product of its factors; none for the intercept."""

    name: str
    term: int
    factors: tuple[Factor, ...]


def parse_formula(text: str) -> Formula | None:
    """Read a formula of the closed subset; None where it goes beyond (formulaic may know it).

    Parameters
    ----------
    text : right-hand side, such as ``"RACE + SEX + ARMCD * AVISIT"``

    Raises
    ------
    FormulaError : empty, an operator stands where a name should, or more terms or brackets than can be read

    Examples
    --------
    >>> parse_formula("ARMCD * AVISIT").terms
    (('ARMCD',), ('AVISIT',), ('ARMCD', 'AVISIT'))
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"The formula has {len(text)} characters; {MAX_LENGTH} are allowed.")
    tokens = _tokens(text)
    if tokens is None:
        return None
    reader = _Reader(tokens, text)
    terms = reader.read_sum()
    if reader.position != len(tokens):
        raise FormulaError(
            f"Formula {text!r}: found {tokens[reader.position]!r} where an operator should be."
        )
    intercept = frozenset() in terms
    order = {name: place for place, name in enumerate(reader.variables)}
    named = [tuple(sorted(term, key=order.__getitem__)) for term in terms if term]
    named.sort(key=len)
    used = tuple(name for name in reader.variables if any(name in term for term in named))
    if not named and not intercept:
        raise FormulaError(f"Formula {text!r} has no term. Write 1 for a mean alone.")
    return Formula(tuple(named), intercept, used, frozenset(reader.categorical))


def _tokens(text: str) -> list[str] | None:
    """Cut a formula into tokens; None where something else stands in it."""
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append(f"C({match[2]})" if match[1] else (match[3] or match[4] or match[5]))
        position = match.end()
    return tokens


class _Reader:
    """Recursive descent over ``+ -`` (loosest), ``*``, ``:`` and parentheses."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.position = 0
        self.opened = 0
        self.variables: list[str] = []
        self.categorical: set[str] = set()

    def _limit(self, terms: int) -> None:
        if terms > MAX_TERMS:
            raise FormulaError(f"Formula {self.text[:200]!r} has more than {MAX_TERMS} terms. Write + for *.")

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self.position += 1
        return token

    def read_sum(self, *, top: bool = True) -> list[frozenset[str]]:
        terms: list[frozenset[str]] = [frozenset()] if top else []
        sign = self._take() if self._peek() in {"+", "-"} else "+"
        while True:
            if self._peek() == "0":
                self._take()
                found: list[frozenset[str]] = [frozenset()]
                sign = "-" if sign == "+" else "+"
            else:
                found = self._read_star()
            if sign == "+":
                terms += [term for term in found if term not in terms]
            else:
                terms = [term for term in terms if term not in found]
            if self._peek() not in {"+", "-"}:
                return terms
            sign = self._take()

    def _read_star(self) -> list[frozenset[str]]:
        left = self._read_colon()
        while self._peek() == "*":
            self._take()
            right = self._read_colon()
            self._limit(len(left) * len(right))
            both = [*left, *right, *(a | b for a in left for b in right)]
            left = list(dict.fromkeys(both))
        return left

    def _read_colon(self) -> list[frozenset[str]]:
        left = self._read_atom()
        while self._peek() == ":":
            self._take()
            right = self._read_atom()
            self._limit(len(left) * len(right))
            left = list(dict.fromkeys(a | b for a in left for b in right))
        return left

    def _read_atom(self) -> list[frozenset[str]]:
        word = self._take()
        if word == "(":
            self.opened += 1
            if self.opened > MAX_BRACKETS:
                raise FormulaError(f"A formula has at most {MAX_BRACKETS} brackets inside one another.")
            inner = self.read_sum(top=False)
            self.opened -= 1
            if self._take() != ")":
                raise FormulaError(f"Formula {self.text!r}: a parenthesis is not closed.")
            return inner
        if word == "1":
            return [frozenset()]
        if word in {"", "+", "-", "*", ":", ")", "0"}:
            found = repr(word) if word else "the end"
            raise FormulaError(f"Formula {self.text!r}: found {found} where the name of a column should be.")
        name = word
        if word.startswith("C("):
            name = word[2:-1]
            self.categorical.add(name)
        if name not in self.variables:
            self.variables.append(name)
        return [frozenset({name})]


def code_columns(
    formula: Formula, levels: dict[str, tuple[str, ...]], reference: dict[str, str]
) -> tuple[DesignColumn, ...]:
    """Lay out the columns of the design matrix.

    Parameters
    ----------
    formula : what :func:`parse_formula` gave
    levels : levels of each categorical variable, in order; a variable not named is numeric
    reference : reference level of each categorical variable

    Examples
    --------
    >>> formula = parse_formula("arm * visit")
    >>> columns = code_columns(formula, {"arm": ("A", "B"), "visit": ("1", "2")}, {"arm": "A", "visit": "1"})
    >>> [column.name for column in columns]
    ['(Intercept)', 'armB', 'visit2', 'armB:visit2']
    """
    present = {frozenset(term) for term in formula.terms}
    mains = [term[0] for term in formula.terms if len(term) == 1 and term[0] in levels]
    if formula.intercept or mains:
        # Without an intercept the first factor is coded by all its levels, and spans the mean for the rest.
        present.add(frozenset())
    spanning = mains[0] if mains and not formula.intercept else ""
    columns = [DesignColumn(INTERCEPT, -1, ())] if formula.intercept else []
    for number, term in enumerate(formula.terms):
        choices: list[list[Factor]] = []
        for variable in term:
            if variable not in levels:
                choices.append([Factor(variable, None)])
                continue
            full = frozenset(term) - {variable} not in present or term == (spanning,)
            kept = [level for level in levels[variable] if full or level != reference[variable]]
            choices.append([Factor(variable, level) for level in kept])
        for combination in product(*reversed(choices)):
            factors = tuple(reversed(combination))
            name = ":".join(f.variable + (f.level if f.level is not None else "") for f in factors)
            columns.append(DesignColumn(name, number, factors))
    return tuple(columns)
