"""What a cell or a key of a frame may be: read alike, or refused in the same words, on every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ShapeError, ValueRangeError

pytestmark = pytest.mark.filterwarnings("ignore")

ITEMS: dict[str, list[Any]] = {item.name: [0, 0] for item in funis.definition("sledai_2k").items}
VISITS: dict[str, list[Any]] = {
    "subject": ["1", "1"],
    "visit": ["baseline", "month_6"],
    "sledai_2k": [12, 4],
    "pga": [2.0, 1.0],
    **{f"bilag_2004_{system}": ["E", "E"] for system in funis.definition("bilag_2004").systems},
}


def to_duckdb(frame: pl.DataFrame) -> Any:
    return pytest.importorskip("duckdb").connect().from_arrow(frame.to_arrow())


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": to_duckdb,
}
every_engine = pytest.mark.parametrize("engine", ENGINES)


def read(frame: Any, *names: str) -> list[tuple[Any, ...]]:
    """Bring columns of any engine to tuples; NaN becomes None."""
    import narwhals as nw

    found = nw.from_native(frame)
    if isinstance(found, nw.LazyFrame):
        found = found.collect("pyarrow") if found.implementation.is_duckdb() else found.collect()
    columns = [[None if cell != cell else cell for cell in found[name].to_list()] for name in names]  # noqa: PLR0124
    return list(zip(*columns, strict=True))


def score(engine: str, columns: dict[str, list[Any]], **choices: Any) -> list[tuple[Any, ...]]:
    scored = funis.score(ENGINES[engine](pl.DataFrame(columns)), "sledai_2k", **choices)
    return read(scored, "sledai_2k", "sledai_2k_upper")


def respond(engine: str, columns: dict[str, list[Any]], name: str = "sri_4") -> list[str]:
    return [row[0] for row in read(funis.respond(ENGINES[engine](pl.DataFrame(columns)), name), "response")]


def classify(engine: str, cells: list[Any]) -> list[str]:
    """Two subjects with ANA and, or not, a nephritis of 10 points: enough to be classified."""
    people = {"subject": ["1", "2"], "ana": [160, 160], "nephritis_class_3_or_4": cells}
    return [
        r[0]
        for r in read(funis.classify(ENGINES[engine](pl.DataFrame(people)), "eular_acr_2019"), "classified")
    ]


WORDS = [
    ("yes", "no"),
    ("Y", "n"),
    ("present", "absent"),
    ("TRUE", "False"),
    (" Present ", "Absent"),
    ("1", "0"),
]


@every_engine
@pytest.mark.parametrize(("yes", "no"), WORDS)
def test_yes_and_no_are_read_alike(engine: str, yes: str, no: str) -> None:
    assert score(engine, ITEMS | {"seizure": [yes, no]}) == [(8, 8), (0, 0)]
    assert score(engine, ITEMS | {"seizure": [1, 1], "seizure_attributed": [yes, no]}) == [(8, 8), (0, 0)]
    assert respond(engine, VISITS | {"rescue_medication": [no, yes]}) == ["no"]
    assert respond(engine, VISITS | {"rescue_medication": [yes, no]}) == ["yes"]
    assert classify(engine, [yes, no])[0] == "yes"
    assert classify(engine, [yes, no])[1] != "yes"


@every_engine
@pytest.mark.parametrize("word", ["ND", "nd", "N.D.", "not done", " Nd "])
def test_not_done_is_neither(engine: str, word: str) -> None:
    assert score(engine, ITEMS | {"seizure": [word, "0"]}) == [(None, 8), (0, 0)]
    assert respond(engine, VISITS | {"rescue_medication": ["no", word]}) == ["cannot tell"]
    assert respond(engine, VISITS | {"pga": ["2", word]}) == ["cannot tell"]
    assert respond(engine, VISITS | {"bilag_2004_renal": ["E", word]}) == ["cannot tell"]
    assert classify(engine, [word, "yes"]) == ["cannot tell", "yes"]


def test_few_visits_read_the_same_words() -> None:
    quiet = {"subject": "1", "day": 0} | dict.fromkeys(ITEMS, 0)
    scorer = funis.scorer("sledai_2k")
    for cell, wanted in (("present", 8), ("Absent", 0), ("nd", None), ("n.d.", None), ("yes", 8)):
        assert scorer([quiet | {"seizure": cell}])[0]["sledai_2k"] == wanted, cell
    for cell, wanted in (("present", 8), ("Absent", 0)):
        assert scorer([quiet | {"seizure": 1, "seizure_attributed": cell}])[0]["sledai_2k"] == wanted, cell


@every_engine
@pytest.mark.parametrize("column", ["sledai_2k", "pga"])
def test_a_measured_quantity_is_not_answered_with_a_word(engine: str, column: str) -> None:
    with pytest.raises(ValueRangeError, match=f"column '{column}'.*found 'present'; allowed is a number"):
        respond(engine, VISITS | {column: ["2", "present"]})


@every_engine
def test_a_word_that_says_neither_is_refused(engine: str) -> None:
    with pytest.raises(Exception, match="allowed is 0, 1"):
        score(engine, ITEMS | {"seizure": ["perhaps", "no"]})
    with pytest.raises(ValueRangeError, match="found 'perhaps'; allowed is yes, no"):
        respond(engine, VISITS | {"rescue_medication": ["no", "perhaps"]})
    with pytest.raises(ValueRangeError, match="found 'perhaps'; allowed is yes, no"):
        classify(engine, ["perhaps", "no"])


@every_engine
def test_a_row_whose_order_is_nan_has_no_place(engine: str) -> None:
    columns: dict[str, list[Any]] = ITEMS | {"subject": ["1", "1"], "day": [0.0, float("nan")]}
    with pytest.raises(
        ShapeError, match="'day' must not be empty: 1 or more rows have no place in the history"
    ):
        score(engine, columns, subject="subject", order="day")
    subjects: dict[str, list[Any]] = ITEMS | {"subject": [1.0, float("nan")], "day": [0, 1]}
    with pytest.raises(ShapeError, match="'subject' and 'day' must not be empty"):
        score(engine, subjects, subject="subject", order="day")


PANDAS: dict[str, tuple[list[Any], Any]] = {
    "boolean": ([True, None], "boolean"),
    "bool of Arrow": ([True, None], "bool[pyarrow]"),
    "objects": ([True, None], "object"),
    "whole numbers with gaps": ([1, None], "Int64"),
    "whole numbers of Arrow": ([1, None], "int64[pyarrow]"),
    "fractions with gaps": ([1.0, None], "Float64"),
    "numbers beside text": ([1, "ND"], "object"),
    "truth beside text": ([True, "nd"], "object"),
    "categories": (["yes", None], "category"),
}


@pytest.mark.parametrize("kind", PANDAS)
def test_the_types_of_pandas_are_read(kind: str) -> None:
    pandas = pytest.importorskip("pandas")
    column = pandas.Series(*PANDAS[kind][:1], dtype=PANDAS[kind][1])
    scored = funis.score(pandas.DataFrame(ITEMS).assign(seizure=column), "sledai_2k")
    assert read(scored, "sledai_2k", "sledai_2k_upper") == [(8, 8), (None, 8)]
    visits = pandas.DataFrame(VISITS).assign(rescue_medication=column[::-1].reset_index(drop=True))
    assert read(funis.respond(visits, "sri_4"), "response") == [("no",)]
    people = pandas.DataFrame({"subject": ["1", "2"], "ana": 160}).assign(nephritis_class_3_or_4=column)
    assert read(funis.classify(people, "eular_acr_2019"), "classified") == [("yes",), ("cannot tell",)]


def test_true_beside_numbers_is_1() -> None:
    pandas = pytest.importorskip("pandas")
    mixed = pandas.Series([True, 0.0], dtype="object")
    assert read(funis.score(pandas.DataFrame(ITEMS).assign(rash=mixed), "sledai_2k"), "sledai_2k") == [
        (2,),
        (0,),
    ]


@pytest.mark.parametrize("odd", ["a date", "a list"])
def test_a_column_of_several_kinds_is_named(odd: str) -> None:
    pandas = pytest.importorskip("pandas")
    cell = pandas.Timestamp("2020-01-01") if odd == "a date" else [1]
    frame = pandas.DataFrame(ITEMS).assign(rash=pandas.Series([1, cell], dtype="object"))
    with pytest.raises(ValueRangeError, match=r"argument 'frame' of score\(\): found 'rash' \(Object\)"):
        funis.score(frame, "sledai_2k")


def test_what_is_no_frame_is_told_so() -> None:
    for rows in (ITEMS, [ITEMS]):
        with pytest.raises(ValueRangeError, match=r"found a (dict|list) of .*Make a frame of it"):
            funis.score(rows, "sledai_2k")
    with pytest.raises(ValueRangeError, match=r"found None; allowed is a frame of Polars") as told:
        funis.score(None, "sledai_2k")
    assert "Make a frame" not in str(told.value)


def test_two_columns_of_one_name_are_named() -> None:
    pandas, arrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(ITEMS)
    doubled = pandas.concat([frame, frame[["rash"]]], axis=1)
    with pytest.raises(ValueRangeError, match="found the column 'rash' twice; allowed is"):
        funis.score(doubled, "sledai_2k")
    with pytest.raises(ValueRangeError, match="found the column 'rash' twice; allowed is"):
        funis.respond(arrow.table([arrow.array([1])] * 2, names=["rash", "rash"]), "sri_4")
    with pytest.raises(ValueRangeError, match="found a column whose name is a int"):
        funis.score(frame.rename(columns={"rash": 7}), "sledai_2k")
