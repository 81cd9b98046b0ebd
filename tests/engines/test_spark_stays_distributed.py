"""On Spark a score is a lazy plan of Spark's own operators, and hardly a row reaches the driver."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import funis
from funis.errors import ShapeError, ValueRangeError

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SUBJECTS = 40
#: What an operator is called that hands rows to Python, or gathers all of them in one place.
PYTHON_OR_GATHERED = re.compile(
    r"Python|Pandas|Arrow|CollectLimit|Subquery|BroadcastExchange|SinglePartition"
)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, spark: Any) -> list[int]:
    """Count the rows that any way of collecting brings to the driver."""
    counts: list[int] = []
    kind = type(spark.range(1))

    def watch(name: str) -> None:
        original: Callable[..., Any] = getattr(kind, name)

        def counted(self: Any, *given: Any, **named: Any) -> Any:
            found = original(self, *given, **named)
            counts.append(len(found))
            return found

        monkeypatch.setattr(kind, name, counted)

    # Iterating, `first`, `show` and `foreachPartition` are not used by anything that scores.
    for name in ("collect", "toPandas", "toArrow", "take", "tail"):
        watch(name)
    return counts


def make_visits(spark: Any, instrument: str) -> Any:
    names = [item.name for item in funis.definition(instrument).items]
    columns = ", ".join(f"cast(null as double) as {name}" for name in names)
    # The names are those of the definition.
    return spark.sql(
        f"select cast(id div 2 as string) as subject, cast(id % 2 as int) * 90 as day, {columns} "  # noqa: S608
        f"from range({2 * SUBJECTS})"
    )


def check_plan(scored: Any) -> str:
    plan: str = scored._jdf.queryExecution().executedPlan().toString()
    assert not PYTHON_OR_GATHERED.findall(plan)
    return plan


def test_a_score_without_history_is_one_projection(spark: Any, fetched: list[int]) -> None:
    scored = funis.score(make_visits(spark, "sledai_2k"), "sledai_2k")
    # One row of counts: the check for impossible values. Nothing else has run.
    assert fetched == [1]
    plan = check_plan(scored)
    assert "Exchange" not in plan
    assert scored.where("sledai_2k_status = 'incomplete'").count() == 2 * SUBJECTS


def test_a_score_with_history_shuffles_by_subject_only(spark: Any, fetched: list[int]) -> None:
    scored = funis.score(make_visits(spark, "bilag_2004"), "bilag_2004", subject="subject", order="day")
    # Rows without a place, doubled rows: none. One row of counts of impossible values.
    assert sorted(fetched) == [0, 0, 1]
    plan = check_plan(scored)
    assert "Window" in plan
    partitions = re.findall(r"Exchange (\w+)\(([^)]*)\)", plan)
    assert partitions
    assert all(kind == "hashpartitioning" and keys.startswith("subject") for kind, keys in partitions)


def test_a_message_shows_five_values_at_most(spark: Any, fetched: list[int]) -> None:
    visits = make_visits(spark, "sledai_2k").withColumn("rash", _column("day") + 7)
    with pytest.raises(ValueRangeError, match="rash"):
        funis.score(visits, "sledai_2k")
    assert max(fetched) <= 5


def test_doubled_visits_are_refused(spark: Any, fetched: list[int]) -> None:
    visits = make_visits(spark, "bilag_2004")
    with pytest.raises(ShapeError, match="one row per"):
        funis.score(visits.union(visits), "bilag_2004", subject="subject", order="day")
    assert max(fetched) <= 5


def _column(name: str) -> Any:
    from pyspark.sql.functions import col

    return col(name)
