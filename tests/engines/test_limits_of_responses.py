"""What responses, criteria and the responder index read is held against its limits on every engine.

The cases are drawn from the definitions; the cases by hand are at the end.
"""

from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.model_response import GRADE_MEASURES, ResponseDefinition
from funis.catalogue.registry import (
    criteria_set,
    criteria_sets,
    responder_index,
    response_definition,
    responses,
)
from funis.errors import ValueRangeError
from funis.responses.possible_values import limits_of_criteria, limits_of_index, limits_of_response
from funis.scoring.column_limits import ColumnLimits, FrameLimits, merge_limits


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
VISITS = {"subject": ["01", "01"], "visit": ["baseline", "month_6"], "day": [0, 180]}
SIDES = ("lowest", "highest")


def choices(found: ResponseDefinition) -> Iterator[dict[str, Any]]:
    """The defaults, and each other choice alone."""
    yield {}
    for parameter in found.parameters.values():
        yield from ({parameter.name: value} for value in parameter.allowed if value != parameter.default)


def frame_of(limits: FrameLimits, side: str, outside: str = "") -> pl.DataFrame:
    """Two visits with every column at one of its ends, and one column just beyond it."""
    cells: dict[str, list[Any]] = {}
    for one in limits.columns:
        if one.column.endswith(("_lower", "_upper")):
            continue  # bounds of a value that is there are not looked at by the rules; they have a test of their own
        end = getattr(one, side)
        cells[one.column] = [float(end), float(end)]
        if one.column == outside:
            away = max(abs(end), 1) * 1e-6
            cells[one.column][1] = end - away if side == "lowest" else end + away
    # The letters of a grade have no limits.
    systems = funis.definition("bilag_2004").systems
    grades = {f"{name}_{each}": ["C", "D"] for name in ("bilag_2004", "bilag_classic") for each in systems}
    return pl.DataFrame({**VISITS, **grades, **cells})


@pytest.mark.parametrize("name", responses())
def test_everything_a_phrase_reads_has_limits(name: str) -> None:
    found = response_definition(name)
    for chosen in choices(found):
        settled = found.settle(chosen)
        known = {one.column: one for one in limits_of_response(found, settled).columns}
        for row in found.active(settled):
            for phrase in row.phrases:
                names = () if phrase.measure in GRADE_MEASURES else phrase.given
                for each in names:
                    column = str(settled.get(each) or each)
                    for member in found.sets.get(each, (column,)):
                        assert known[member].lowest < known[member].highest, (chosen, member)


@pytest.mark.parametrize("name", criteria_sets())
def test_everything_a_criterion_reads_has_limits(name: str) -> None:
    found = criteria_set(name)
    known = {one.column: one for one in limits_of_criteria(found).columns}
    read = {each for row in found.rows for phrase in row.criterion.phrases for each in phrase.given}
    assert known.keys() == read
    assert all(one.lowest < one.highest for one in known.values())


@pytest.mark.parametrize("name", responses())
def test_a_response_takes_the_ends_and_refuses_what_lies_beyond(name: str) -> None:
    found = response_definition(name)
    limits = limits_of_response(found, found.settle({}))
    # At the lowest end nobody is ill, and whether the ratio is in mg/mg is asked.
    units = {"upcr": "mg/mmol"} if "upcr" in {one.column for one in limits.columns} else None
    for side in SIDES:
        funis.respond(frame_of(limits, side), name, units=units)
        for one in limits.columns:
            if one.column.endswith(("_lower", "_upper")):
                continue
            with pytest.raises(ValueRangeError) as error:
                funis.respond(frame_of(limits, side, one.column), name, units=units)
            start = f"Column '{one.column}' of '{name}', 1 row(s) (01 at month_6): found "
            assert str(error.value).startswith(start)
            assert f"allowed is {one.lowest:.12g} to {one.highest:.12g} {one.unit}".rstrip() + "." in str(
                error.value
            )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", responses())
def test_every_engine_names_every_column(name: str, engine: str) -> None:
    found = response_definition(name)
    limits = limits_of_response(found, found.settle({}))
    if not limits.columns:
        pytest.skip("only letters")
    beyond = {one.column: [one.highest, one.highest + 1 + abs(one.highest)] for one in limits.columns}
    frame = ENGINES[engine](pl.DataFrame({**VISITS, **beyond}))
    for ask in (funis.respond, funis.respond_by_visit):
        with pytest.raises(ValueRangeError) as error:
            ask(frame, name)
        for one in limits.columns:
            assert f"Column '{one.column}' of '{name}', 1 row(s) (01 at month_6): " in str(error.value)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", criteria_sets())
def test_criteria(name: str, engine: str) -> None:
    limits = limits_of_criteria(criteria_set(name))
    for side in SIDES:
        frame = frame_of(limits, side).head(1)
        funis.classify(ENGINES[engine](frame), name)
    below = {one.column: [one.lowest - 1] for one in limits.columns}
    with pytest.raises(ValueRangeError) as error:
        funis.classify(ENGINES[engine](pl.DataFrame({"subject": ["01"], **below})), name)
    for one in limits.columns:
        line = next(each for each in str(error.value).split("\n") if f"'{one.column}' of '{name}'" in each)
        assert "1 row(s) (01): " in line
        assert f"allowed is {one.allowed}. " in line


@pytest.mark.parametrize("engine", ENGINES)
def test_the_responder_index(engine: str) -> None:
    limits = limits_of_index(responder_index("s2k_ri_50"))
    for side in SIDES:
        funis.score_responder_index(ENGINES[engine](frame_of(limits, side)))
    beyond = {one.column: [one.highest, one.highest * 2 + 1] for one in limits.columns}
    with pytest.raises(ValueRangeError) as error:
        funis.score_responder_index(ENGINES[engine](pl.DataFrame({**VISITS, **beyond})))
    for one in limits.columns:
        assert f"Column '{one.column}' of 's2k_ri_50', 1 row(s) (01 at month_6): " in str(error.value)


def frame(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({**VISITS, **columns})


def test_a_score_cannot_exceed_its_range() -> None:
    with pytest.raises(ValueRangeError, match="found '200'; allowed is 0 to 105 points"):
        funis.respond(frame(sledai_2k=[200, 4]), "sledai_change")
    with pytest.raises(
        ValueRangeError, match=r"'pga'.*found '60, -1'; allowed is 0 to 3 points\. Correct the value"
    ):
        funis.respond(frame(sledai_2k=[10, 4], pga=[60, -1]), "sri_4")


def test_a_scale_that_explains_the_values_is_named() -> None:
    data = frame(sledai_2k=[10, 4], pga=[60, 10])
    with pytest.raises(ValueRangeError, match=r'parameters=\{"pga_scale": 100\}, or correct them'):
        funis.respond(data, "doris_2021")
    funis.respond(data, "doris_2021", parameters={"pga_scale": 100})
    with pytest.raises(ValueRangeError, match="allowed is 0 to 10 points"):
        funis.respond(data, "doris_2021", parameters={"pga_scale": 10})


def test_a_unit_that_explains_a_value_is_named_and_taken() -> None:
    data = frame(haemoglobin=[95.0, 65.0])
    with pytest.raises(ValueRangeError, match=r'95.0 would fit g/L: pass units=\{"haemoglobin": "g/L"\}'):
        funis.respond(data, "selena_flare_index")
    funis.respond(data, "selena_flare_index", units={"haemoglobin": "g/L"})
    with pytest.raises(ValueRangeError, match="allowed is 20 to 300 g/L"):
        funis.respond(
            frame(haemoglobin=[9.5, 6.5]), "selena_flare_index", parameters={"haemoglobin_unit": "g/L"}
        )


def test_bounds_are_held_against_the_same_limits() -> None:
    for end in ("lower", "upper"):
        data = frame(sledai_2k=[10, None]).with_columns(pl.Series(f"sledai_2k_{end}", [None, 106]))
        with pytest.raises(ValueRangeError, match=f"'sledai_2k_{end}' of 'sri_4'"):
            funis.respond(data, "sri_4")


def test_missing_and_other_texts_are_left_to_those_who_read_them() -> None:
    found = funis.respond(frame(essdai=[None, float("nan")]), "essdai_mcii")
    assert found["response"].to_list() == ["cannot tell"]
    with pytest.raises(ValueRangeError, match=r"'essdai'.*found ' -1 '"):
        funis.respond(frame(essdai=["8", " -1 "]), "essdai_mcii")


def test_a_criterion_that_is_not_chosen_asks_nothing() -> None:
    grades = {f"bilag_2004_{each}": ["D", "D"] for each in funis.definition("bilag_2004").systems}
    data = frame(sledai_2k=[10, 4], pga=[1, 1], prednisone=[-5, 5], **grades)
    funis.respond(data, "sri_4")
    with pytest.raises(ValueRangeError, match="'prednisone'"):
        funis.respond(data, "sri_4", parameters={"steroid_rise_fails": True})


def test_several_definitions_take_what_either_takes() -> None:
    one = FrameLimits("a", (ColumnLimits("pga", 0, 3), ColumnLimits("x", 1, 2)))
    other = FrameLimits("b", (ColumnLimits("pga", -1, 2), ColumnLimits("y", 0, 1)))
    merged = merge_limits([one, other])
    assert merged.of == "a, b"
    assert [(each.column, each.lowest, each.highest) for each in merged.columns] == [
        ("pga", -1, 3),
        ("x", 1, 2),
        ("y", 0, 1),
    ]
    with pytest.raises(ValueRangeError, match="'essdai'"):
        funis.multiverse(frame(essdai=[8, 124]), definitions=["essdai_mcii"])
    with pytest.raises(ValueRangeError, match="'essdai'"):
        funis.compare_responses(frame(essdai=[8, 124]), definitions=["essdai_mcii"])


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_on_spark(spark: Any) -> None:
    rows = [("01", "baseline", 0, 200.0, 60.0), ("01", "month_6", 180, 4.0, 1.0)]
    data = spark.createDataFrame(rows, "subject string, visit string, day int, sledai_2k double, pga double")
    with pytest.raises(Exception, match=r"Column 'sledai_2k' of 'doris_2021', 1 row\(s\) \(01 at baseline\)"):
        funis.respond(data, "doris_2021").collect()
    people = spark.createDataFrame([("01", -5.0)], "subject string, platelets double")
    with pytest.raises(Exception, match=r"Column 'platelets' of 'eular_acr_2019', 1 row\(s\) \(01\)"):
        funis.classify(people, "eular_acr_2019").collect()
