"""Checks of the arguments of public functions: each names function, argument, what was found and allowed.

A function says what it takes with `takes`; what an argument means beyond its kind the function checks itself.
Nothing of a frame or an array ever stands in a message: it may hold the values of subjects.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import math
import numbers
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from funis.column_kinds import PLAIN, find_odd_columns
from funis.described import Described, describe
from funis.errors import ValueRangeError
from funis.letters import find_forbidden
from funis.shown import show_names

P = ParamSpec("P")
R = TypeVar("R")
#: Longer ones are refused by every system of files in use.
_LONGEST_PATH, _LONGEST_NAME = 4_000, 255


class Kind(Protocol):
    """What an argument may be."""

    @property
    def allowed(self) -> str:
        """Say it in words."""

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""


def takes(**kinds: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of a function before it runs.

    Parameters
    ----------
    **kinds : what each argument may be, by its name; an argument left to its default is not looked at

    Examples
    --------
    >>> @takes(share=NumberFrom(0, 1))
    ... def double(share: float) -> float:
    ...     return 2 * share
    >>> double(2)
    Traceback (most recent call last):
    ...
    funis.errors.ValueRangeError: argument 'share' of double(): found 2; allowed is a number from 0 to 1.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        names = tuple(inspect.signature(function).parameters)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for name, value in (*zip(names, args, strict=False), *kwargs.items()):
                kind = kinds.get(name)
                if kind is not None and not fits(kind, value):
                    what = f"argument '{name}' of {function.__name__}()"
                    found = find_name_twice(value) if _is_frame(kind) else None
                    raise ValueRangeError(what, found or describe(value), kind.allowed, _fix(kind, value))
            frames = [name for name, kind in kinds.items() if _is_frame(kind)]
            if not frames:
                return function(*args, **kwargs)
            try:
                return function(*args, **kwargs)
            except _frame_errors() as error:
                given = {**dict(zip(names, args, strict=False)), **kwargs}
                for name in frames:
                    refuse_odd_columns(f"argument '{name}' of {function.__name__}()", given.get(name), error)
                raise

        return checked

    return wrap


def find_name_twice(frame: Any) -> Described | None:
    """Say which name two columns of a frame share, or that a name is no text; None where neither is so."""
    try:
        names = getattr(frame, "column_names", getattr(frame, "columns", ()))
    except Exception:  # noqa: BLE001 - what a foreign object raises is its own affair
        return None
    listed = list(names) if isinstance(names, Iterable) else []
    twice = next((name for name in listed if isinstance(name, str) and listed.count(name) > 1), None)
    if twice is not None:
        return Described(f"the column {show_names([twice])[0]!r} twice")
    other = next((name for name in listed if not isinstance(name, str)), None)
    return None if other is None else Described(f"a column whose name is a {type(other).__name__}")


def _fix(kind: Kind, value: Any) -> str:
    """Say how rows that are no frame become one."""
    is_rows = isinstance(value, Mapping | Sequence) and not isinstance(value, str | bytes)
    return "Make a frame of it, as polars.DataFrame(...) does." if is_rows and _is_frame(kind) else ""


def fits(kind: Kind, value: Any) -> bool:
    """Tell whether a value is of a kind; one that raises when it is looked at is of none."""
    try:
        return kind.fits(value)
    except Exception:  # noqa: BLE001 - what a foreign object raises is its own affair
        return False


def _is_frame(kind: Kind) -> bool:
    return isinstance(kind, Frame) or (isinstance(kind, OrNone) and isinstance(kind.kind, Frame))


def _frame_errors() -> tuple[type[BaseException], ...]:
    """Name what libraries of frames raise over a column that holds no plain values."""
    from narwhals.exceptions import NarwhalsError
    from polars.exceptions import PanicException, PolarsError

    arrow = getattr(sys.modules.get("pyarrow"), "ArrowException", NarwhalsError)
    own = (TypeError, ValueError, AttributeError, AssertionError, ArithmeticError, LookupError, RuntimeError)
    return (PolarsError, PanicException, NarwhalsError, arrow, *own)


def refuse_odd_columns(what: str, frame: Any, error: BaseException) -> None:
    """Refuse a frame that a function failed on, where a column of it holds no plain values.

    Parameters
    ----------
    what : the argument
    frame : the frame, or None
    error : what the library said, which stays the cause

    Raises
    ------
    ValueRangeError : names each column that holds lists, records, bytes, spans of time, objects or the like
    """
    if frame is None:
        return
    if _is_broken_query(frame):
        raise ValueRangeError(
            what, Described("a lazy frame whose query fails"), Frame().allowed, "Collect it to see why."
        ) from error
    odd = find_odd_columns(frame)
    if odd:
        listed = ", ".join(f"{name!r} ({kind})" for name, kind in odd.items())
        raise ValueRangeError(
            what, Described(listed), PLAIN, "Convert the columns, or leave them out."
        ) from error


def _is_broken_query(frame: Any) -> bool:
    """Tell whether a frame is a query of Polars that has no result."""
    import polars as pl

    if not isinstance(frame, pl.LazyFrame):
        return False
    try:
        frame.collect()
    except Exception:  # noqa: BLE001 - it may call functions of the user
        return True
    return False


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `empty` allows one without letters, `any_letter` control characters too."""

    empty: bool = False
    any_letter: bool = False
    allowed: str = "a text"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        is_text = isinstance(value, str) and (self.empty or bool(value.strip()))
        return is_text and (self.any_letter or not find_forbidden(value))


@dataclass(frozen=True, slots=True)
class YesNo:
    """True or False, and nothing that counts as one of them."""

    allowed: str = "True or False"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        return type(value).__name__ in {"bool", "bool_"}


@dataclass(frozen=True, slots=True)
class NumberFrom:
    """A number from `low` to `high`; `whole` for whole numbers, `nan` and `inf` where these are taken."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    nan: bool = False
    inf: bool = False
    is_open: bool = False

    @property
    def allowed(self) -> str:
        """Say it in words."""
        kind = "a whole number" if self.whole else "a number"
        if math.isinf(self.low) and math.isinf(self.high):
            return kind if self.whole else f"{kind} that is finite"
        between = "between" if self.is_open else "from"
        if math.isinf(self.high):
            return f"{kind} above {self.low:g}" if self.is_open else f"{kind} of {self.low:g} or more"
        return f"{kind} {between} {self.low:g} {'and' if self.is_open else 'to'} {self.high:g}"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        kind = numbers.Integral if self.whole else numbers.Real
        if not isinstance(value, kind) or type(value).__name__ in {"bool", "bool_"}:
            return False
        try:
            number = float(value)
        except (OverflowError, TypeError):
            # A time span of numpy counts as a whole number, and has none.
            return False
        if math.isnan(number):
            return self.nan
        if self.is_open:
            return self.low < number < self.high
        return self.low <= number <= self.high and (self.inf or math.isfinite(number))


@dataclass(frozen=True, slots=True)
class OrNone:
    """None, or a value of another kind."""

    kind: Kind

    @property
    def allowed(self) -> str:
        """Say it in words."""
        return f"None, or {self.kind.allowed}"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        return value is None or self.kind.fits(value)


@dataclass(frozen=True, slots=True)
class Several:
    """A list of values of one kind, `least` or more; one value alone where `single`."""

    kind: Kind
    single: bool = False
    least: int = 0

    @property
    def allowed(self) -> str:
        """Say it in words."""
        one = f"{self.kind.allowed}, or " if self.single else ""
        return f"{one}a list of which each is {self.kind.allowed}"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        if self.single and self.kind.fits(value):
            return True
        is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes | range)
        return is_list and len(value) >= self.least and all(map(self.kind.fits, value))


@dataclass(frozen=True, slots=True)
class EitherOf:
    """A value of one of several kinds."""

    kinds: tuple[Kind, ...]

    @property
    def allowed(self) -> str:
        """Say it in words."""
        return ", or ".join(kind.allowed for kind in self.kinds)

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        return any(kind.fits(value) for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class ByName:
    """A mapping from names to values of one kind."""

    kind: Kind
    keys: Kind = Text()

    @property
    def allowed(self) -> str:
        """Say it in words."""
        return f"a mapping from names, each to {self.kind.allowed}"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        is_mapping = isinstance(value, Mapping)
        return is_mapping and all(self.keys.fits(key) and self.kind.fits(each) for key, each in value.items())


@dataclass(frozen=True, slots=True)
class Label:
    """What stands in a cell and names its row: a text, a number or a day, of Python or of numpy."""

    allowed: str = "a text, a number or a day"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        if isinstance(value, str):
            # A letter that is half of a pair stands in no frame.
            return value.isascii() or bool(value.encode("utf-8"))
        return isinstance(value, numbers.Number | dt.date) or type(value).__module__ == "numpy"


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever the function itself looks at."""

    allowed: str = "any value"

    def fits(self, value: Any) -> bool:  # noqa: ARG002 - the question is the same for every kind
        """Tell whether a value is of the kind."""
        return True


@dataclass(frozen=True, slots=True)
class Of:
    """An object of one of some classes, named by module and class so that none is loaded for it."""

    names: tuple[str, ...]
    what: str

    @property
    def allowed(self) -> str:
        """Say it in words."""
        return self.what

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        return any(f"{each.__module__}.{each.__qualname__}" in self.names for each in type(value).__mro__)


@dataclass(frozen=True, slots=True)
class Callback:
    """A function."""

    allowed: str = "a function"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        return callable(value) and not isinstance(value, type)


@dataclass(frozen=True, slots=True)
class PathName:
    """A path of the file system."""

    allowed: str = "a path, as text or as pathlib.Path"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        if not isinstance(value, str | os.PathLike):
            return False
        text = os.fspath(value)
        if not isinstance(text, str) or not text.strip() or "\0" in text or len(text) > _LONGEST_PATH:
            return False
        # A letter that is half of a pair raises here: no system has such a name.
        return all(len(os.fsencode(part)) <= _LONGEST_NAME for part in Path(text).parts)


@dataclass(frozen=True, slots=True)
class Day:
    """A day without a time."""

    allowed: str = "a datetime.date"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


@dataclass(frozen=True, slots=True)
class Numbers:
    """An array of numbers that numpy can make of the value."""

    dimensions: tuple[int, ...] = (1,)
    texts: bool = False

    @property
    def allowed(self) -> str:
        """Say it in words."""
        shapes = " or ".join(map(str, self.dimensions))
        kind = "labels or numbers" if self.texts else "numbers (True and False count as 1 and 0)"
        return f"an array of {kind} with {shapes} dimension(s)"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        import numpy as np

        if isinstance(value, str | bytes | dict | set | range):
            return False
        try:
            array = np.asarray(value)
            if array.ndim not in self.dimensions or array.dtype.kind not in (
                "biufOUS" if self.texts else "biufO"
            ):
                return False
            if array.dtype.kind == "O" and self.texts:
                return not any(isinstance(each, tuple | list | dict | set) for each in array.ravel())
            if array.dtype.kind == "O":
                np.asarray(
                    [None if each is None else float(each) for each in array.ravel()], dtype=np.float64
                )
                return not any(isinstance(each, str | bytes) for each in array.ravel())
        except (TypeError, ValueError, OverflowError):
            # Ragged lists, objects without a number, whole numbers that no float holds.
            return False
        return True


@dataclass(frozen=True, slots=True)
class Frame:
    """A data frame of any kind that Narwhals knows, with text for the name of each column, each once."""

    polars: bool = False

    @property
    def allowed(self) -> str:
        """Say it in words."""
        kinds = "a Polars frame" if self.polars else "a frame of Polars, pandas, PyArrow, DuckDB or PySpark"
        return f"{kinds} whose columns have each a name of their own, as text"

    def fits(self, value: Any) -> bool:
        """Tell whether a value is of the kind."""
        import narwhals as nw
        import polars as pl

        if self.polars:
            return isinstance(value, pl.DataFrame)
        if isinstance(value, pl.DataFrame | pl.LazyFrame):
            return True
        names: Iterable[Any] | None = getattr(value, "columns", None)
        if names is None:
            return False
        try:
            # pandas may hold numbers, tuples and one name twice.
            listed = list(getattr(value, "column_names", names))
            if any(not isinstance(name, str) for name in listed) or len(set(listed)) != len(listed):
                return False
            nw.from_native(value)
        except TypeError:
            return False
        return True


SHARE = NumberFrom(0, 1, is_open=True)
"""A coverage of intervals."""
COUNT = NumberFrom(0, 10**15, whole=True)
SIZE = NumberFrom(1, 1_000, whole=True)
DRAWS = NumberFrom(1, 10**8, whole=True)
SEED = NumberFrom(0, 2**63, whole=True)
LEVEL = OrNone(NumberFrom())
BY = OrNone(Several(Text(), single=True))
AT = OrNone(ByName(EitherOf((NumberFrom(), Text()))))
WEIGHTS_OF_TERMS = EitherOf((ByName(NumberFrom()), Numbers((1, 2))))
RANDOM = EitherOf((SEED, Of(("numpy.random._generator.Generator",), "a numpy random generator")))
DAY_NUMBER = NumberFrom(-(10**6), 10**6, whole=True)
STUDY = Of(("funis.study.model.Study",), "a study, as funis.read_study gives it")
TABLES = Of(("funis.data.tables.Tables",), "tables, as funis.read_tables gives them")
RESULTS = Of(("funis.results.everything.Results",), "results, as funis.analyse gives them")
LIMITS = Of(("funis.bounded.limits.Limits",), "limits, as funis.Limits(rows=...)")
CHAIN = Of(("funis.stats.impute.Chain",), "a funis.stats.impute.Chain")
