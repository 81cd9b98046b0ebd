"""What a value can be holds at every way in: just inside it is taken, just outside it is refused by name.

The cases are drawn from the definitions: for each instrument and each engine one frame with every column at both of
its ends, and one with every column just beyond them. The cases by hand are at the end.
"""

import math
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.model_instrument import Definition, Item
from funis.errors import ValueRangeError
from funis.scoring.check_values import checked_items

FITTING = {"haemoglobin": (95.0, "g/L"), "temperature": (101.2, "degF"), "platelets": (40_000.0, "/mm3")}


def to_duckdb(frame: pl.DataFrame) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(frame.to_arrow())


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": to_duckdb,
}
NAMES = funis.definitions()
TWO = {"subject": ["1", "1"], "day": [0, 28]}
HISTORY: dict[str, Any] = {"subject": "subject", "order": "day"}


def fetch(found: Any) -> Any:
    """Run a query; a frame in memory is there already."""
    if isinstance(found, pl.LazyFrame):
        return found.collect()
    return found.fetchall() if hasattr(found, "fetchall") else found


def ends(item: Item) -> tuple[float, float]:
    """Lowest and highest value that an item allows."""
    if item.is_measured:
        assert item.minimum is not None, item.name
        assert item.maximum is not None, item.name
        return float(item.minimum), float(item.maximum)
    # Values of a reversed item fall.
    return min(map(float, item.values)), max(map(float, item.values))


def beyond(item: Item) -> tuple[float, float]:
    """The nearest values beyond them, further away than rounding reaches."""
    low, high = ends(item)
    if not item.is_measured:
        return low - 1, high + 1
    return low - max(abs(low), 1) * 1e-6, high + max(abs(high), 1) * 1e-6


def columns(definition: Definition) -> list[Item]:
    """Every column with numbers that an instrument looks at."""
    return [item for item in checked_items(definition) if not item.is_text]


def make(definition: Definition, values: Callable[[Item], tuple[float, float]], **more: Any) -> pl.DataFrame:
    """Two visits of which the first holds one end of every column, the second the other."""
    given = {item.name: list(values(item)) for item in columns(definition)}
    given = {
        name: [int(cell) for cell in cells] if all(cell == int(cell) for cell in cells) else cells
        for name, cells in given.items()
    }
    words: dict[str, Any] = {i.name: [i.values[0], i.values[-1]] for i in definition.items if i.is_text}
    return pl.DataFrame({**given, **words, **more})


def find_unread(definition: Definition) -> set[str]:
    """Rows of a graded index that no rule reads, which a lazy query leaves out: it looks at what it reads."""
    if definition.kind != "grades":
        return set()
    read = {name for rule in definition.rules for name in rule.of_items}
    chosen = definition.parameter_values()
    for feature in definition.features:
        if all(chosen[name] == value for name, value in feature.choice):
            read |= {*feature.when.names, *feature.only_without}
    read |= {name for rule in definition.rules if rule.when is not None for name in rule.when.names}
    return {item.name for item in definition.items} - read


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_the_ends_are_taken(name: str, engine: str) -> None:
    definition = funis.definition(name)
    fetch(funis.score(ENGINES[engine](make(definition, ends, **TWO)), name, **HISTORY))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_just_beyond_is_refused_with_every_column_named(name: str, engine: str) -> None:
    definition = funis.definition(name)
    if not columns(definition):
        pytest.skip("only letters")
    with pytest.raises(ValueRangeError) as error:
        fetch(funis.score(ENGINES[engine](make(definition, beyond, **TWO)), name, **HISTORY))
    told = str(error.value)
    unread = find_unread(definition) if engine == "polars lazy" else set()
    for item in columns(definition):
        if item.name in unread:
            continue
        # The rows of a lazy query may come in several batches, and the first bad one stops it.
        count = "1 row(s)" if "1 row(s) of one batch" in told else "2 row(s)"
        start = f"Column '{item.name}' of '{name}', {count}"
        line = next(line for line in told.split("\n") if line.startswith(start))
        assert f"allowed is {item.allowed}. " in line, line
        if item.is_measured:
            low, high = ends(item)
            assert f"allowed is {low:.12g} to {high:.12g} {item.unit}".rstrip() + ". " in line


@pytest.mark.parametrize("name", NAMES)
def test_single_visits_are_refused_alike(name: str) -> None:
    definition = funis.definition(name)
    score = funis.scorer(name)
    inside = make(definition, ends, **TWO)
    score(inside.to_dicts())
    for item in columns(definition):
        for value in beyond(item):
            visit = {"subject": "1", "day": 0, item.name: value, definition.items[0].name: None} | {
                item.name: value
            }
            with pytest.raises(
                ValueRangeError, match=rf"Column '{item.name}' of '{name}', 1 row\(s\) \(row 0\)"
            ):
                score([visit])


@pytest.mark.parametrize("name", NAMES)
def test_every_measured_column_has_limits_that_rise(name: str) -> None:
    for item in columns(funis.definition(name)):
        low, high = ends(item)
        assert -math.inf < low < high < math.inf, item.name


def test_missing_values_stay_missing_beside_limits() -> None:
    frame = pl.DataFrame({"platelets": [None, float("nan"), 3000.0], "temperature": ["", "ND", " 46.9 "]})
    found = funis.score(frame, "sledai_2k", missing="absent")
    assert found["sledai_2k"].to_list() == [0, 0, 1]  # 46.9 degC is fever


@pytest.mark.parametrize("engine", ENGINES)
def test_the_unit_that_a_value_fits_is_named(engine: str) -> None:
    for column, (value, unit) in FITTING.items():
        name = "bilag_2004" if column == "haemoglobin" else "sledai_2k"
        frame = pl.DataFrame({column: [None, value]})
        with pytest.raises(ValueRangeError) as error:
            fetch(funis.score(ENGINES[engine](frame), name))
        said = f'would fit {unit}: pass units={{"{column}": "{unit}"}}, correct the value or leave it empty.'
        assert said in str(error.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_no_unit_explains_is_refused_without_a_guess(engine: str) -> None:
    frame = pl.DataFrame({"platelets": [100.0, -5.0], "proteinuria_24h": [-0.5, 0.5]})
    with pytest.raises(ValueRangeError) as error:
        fetch(funis.score(ENGINES[engine](frame), "sledai_2k"))
    head, *lines = str(error.value).split("\n")
    assert head == "2 columns hold values that they cannot hold."
    assert "allowed is 0 to 50 g/24h. Correct the value or leave it empty." in lines[0]
    assert "found '-5.0'; allowed is 0 to 3000 10^9/L. Correct the value or leave it empty." in lines[1]
    assert "would fit" not in str(error.value)


def test_rows_are_named_and_where_there_are_none_the_visits() -> None:
    frame = pl.DataFrame({"subject": ["A1", "A1", "B2"], "day": [0, 28, 0], "platelets": [100.0, -1.0, -2.0]})
    with pytest.raises(ValueRangeError, match=r"2 row\(s\) \(row 1, 2\)"):
        funis.score(frame, "sledai_2k", subject="subject", order="day")
    with pytest.raises(ValueRangeError, match=r"2 row\(s\) \((A1 at 28; B2 at 0|B2 at 0; A1 at 28)\)"):
        fetch(funis.score(to_duckdb(frame), "sledai_2k", subject="subject", order="day"))


def test_a_large_frame_is_watched_while_it_is_read() -> None:
    count = 60_000
    frame = pl.DataFrame({"seizure": [0] * count, "platelets": [100.0] * (count - 1) + [3001.0]})
    for given in (frame, frame.lazy()):
        with pytest.raises(
            ValueRangeError, match=rf"Column 'platelets' of 'sledai_2k', 1 row\(s\).*row {count - 1}"
        ):
            fetch(funis.score(given, "sledai_2k"))


def test_what_is_compared_with_its_own_limits_only_may_be_in_any_unit() -> None:
    # 50 mg/dL of C3 where health begins at 90: low, in whatever unit.
    frame = pl.DataFrame({"c3": [50.0, 0.5], "c3_low": [90.0, 0.9], "c4": [20.0, 0.2], "c4_low": [10.0, 0.1]})
    assert funis.score(frame, "sledai_2k", missing="absent")["sledai_2k"].to_list() == [2, 2]
    # The largest possible number is that of mg/L: ten grams.
    with pytest.raises(ValueRangeError, match=r"'c3'.*allowed is 0 to 10000\. "):
        funis.score(frame.with_columns(c3=pl.lit(10_001.0)), "sledai_2k")


def test_what_a_definition_does_not_read_is_not_looked_at() -> None:
    frame = pl.DataFrame({"seizure": [0], "c3": [-1.0], "c3_low": [0.9]})
    funis.score(frame, "clinical_sledai")
    with pytest.raises(ValueRangeError, match="'c3'"):
        funis.score(frame, "sledai_2k")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_on_spark(spark: Any) -> None:
    rows = [("1", 0, -5.0, 0), ("1", 28, 100.0, 7)]
    frame = spark.createDataFrame(rows, "subject string, day int, platelets double, rash int")
    with pytest.raises(ValueRangeError) as error:
        funis.score(frame, "sledai_2k", subject="subject", order="day")
    assert "Column 'rash' of 'sledai_2k', 1 row(s) (1 at 28): found '7'; allowed is 0, 1." in str(error.value)
    assert "Column 'platelets' of 'sledai_2k', 1 row(s) (1 at 0): found '-5.0'; allowed is 0 to 3000" in str(
        error.value
    )
