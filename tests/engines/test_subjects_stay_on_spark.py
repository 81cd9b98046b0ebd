"""On Spark a subject is judged where its rows are: a call starts nothing, and findings appear when the query runs."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import TakenColumnError

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

#: What a plan is called that gathers the rows of the frame in one place.
GATHERED = ("CollectLimit", "TakeOrdered", "GlobalLimit")


def make_visits(spark: Any, n_subjects: int = 12) -> Any:
    """Two visits of each subject, on two partitions; a map that no engine outside Spark needs to read."""
    items = ", ".join(f"cast(id % 2 as int) as {item.name}" for item in funis.definition("sledai_2k").items)
    return spark.sql(
        f"select cast(id div 2 as string) as subject, cast(id % 2 as int) * 180 as day, "  # noqa: S608
        f"if(id % 2 = 0, 'baseline', 'month_6') as visit, if(id % 2 = 0, 'A', 'C') as bilag_2004_renal, "
        f"if(id % 2 = 0, 9.0, 5.0) as essdai, map('site', id) as notes, {items} "
        f"from range(0, {2 * n_subjects}, 1, 4)"
    )


def make_labs(spark: Any) -> Any:
    return spark.sql("select cast(id as string) as subject, 'platelets' as test, cast(49 as double) as value, "
                     "150 as low, map('site', id) as notes from range(0, 6, 1, 2)")  # fmt: skip


@pytest.fixture
def jobs(spark: Any) -> Callable[[], int]:
    """Count the jobs that were started since the test began."""
    context = spark.sparkContext
    name = "watched by a test"
    context.setJobGroup(name, name)
    tracker = context.statusTracker()
    before = set(tracker.getJobIdsForGroup(name))
    return lambda: len(set(tracker.getJobIdsForGroup(name)) - before)


def respond(visits: Any) -> Any:
    return funis.respond(visits, "essdai_mcii")


def respond_beside_disposition(visits: Any) -> Any:
    return funis.respond(visits, "ucmsc_bilag_response", disposition=visits.select("subject"))


def respond_by_visit(visits: Any) -> Any:
    return funis.respond_by_visit(visits, "essdai_mcii")


def count_relapses(visits: Any) -> Any:
    return funis.count_relapses(funis.respond(visits, "ucmsc_bilag_response"), {"month_6": 180})


def classify(visits: Any) -> Any:
    return funis.classify(visits.where("day = 0").withColumnRenamed("arthritis", "ana"), "eular_acr_2019")


CALLS = [
    respond,
    respond_beside_disposition,
    respond_by_visit,
    count_relapses,
    classify,
    funis.score_responder_index,
]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_starts_no_job(spark: Any, jobs: Callable[[], int], call: Callable[[Any], Any]) -> None:
    from pyspark.sql import DataFrame

    found = call(make_visits(spark))
    assert isinstance(found, DataFrame)
    assert jobs() == 0
    plan = found._jdf.queryExecution().executedPlan().toString()
    assert not [word for word in GATHERED if word in plan]
    assert found.count() > 0
    # The counter counts: without this line the test could not fail.
    assert jobs() > 0


def test_rows_are_graded_without_a_shuffle(spark: Any, jobs: Callable[[], int]) -> None:
    graded = funis.grade_toxicity(make_labs(spark))
    assert jobs() == 0
    assert "Exchange" not in graded._jdf.queryExecution().executedPlan().toString()
    assert {(row.grade, row.notes["site"] >= 0) for row in graded.collect()} == {(3, True)}
    # Grading again would write over the first grades.
    with pytest.raises(TakenColumnError, match="'grade'"):
        funis.grade_toxicity(graded)


def test_columns_spark_alone_knows_pass_through(spark: Any) -> None:
    scored = funis.score_responder_index(make_visits(spark)).where("visit = 'month_6'")
    assert {(row.s2k_ri_50, row.notes["site"] % 2) for row in scored.collect()} == {(105.0, 1)}


def fails(query: Any) -> str:
    from pyspark.errors import PythonException

    with pytest.raises(PythonException) as caught:
        query.collect()
    return str(caught.value)


def test_findings_appear_when_the_query_runs(spark: Any) -> None:
    visits = make_visits(spark)
    doubled = funis.respond(visits.union(visits), "essdai_mcii")
    said = fails(doubled)
    assert "A visit of a subject stands more than once" in said
    assert "keep one row" in said
    unknown = funis.respond(visits, "essdai_mcii", parameters={"response_visit": "month_7"})
    assert "there is no visit 'month_7'. Did you mean 'month_6'?" in fails(unknown)
    nameless = visits.withColumn("subject", visits.subject.substr(5, 1)).replace("", None, "subject")
    assert "a subject and a visit name in every row" in fails(funis.respond(nameless, "essdai_mcii"))
    wrong = visits.replace("C", "F", "bilag_2004_renal")
    assert "one of the grades A, B, C, D, E" in fails(funis.respond(wrong, "ucmsc_bilag_response"))


def test_study_numbers_keep_their_type_and_match_the_disposition_as_text(spark: Any) -> None:
    """Spark pairs groups by type as well as by value: a number beside a text would find nothing."""
    visits = make_visits(spark, 3)
    visits = visits.withColumn("subject", visits.subject.cast("int"))
    events = pl.DataFrame({"subject": ["1", "7"], "status": ["died", "died"], "day": [100, 5]})
    answers = funis.respond(visits, "essdai_mcii", disposition=events)
    assert dict(answers.dtypes)["subject"] == "int"
    found = {row.subject: row.responder for row in answers.collect()}
    wanted = funis.respond(pl.DataFrame(visits.drop("notes").toArrow()), "essdai_mcii", disposition=events)
    assert found == dict(wanted.select("subject", "responder").iter_rows())
    assert set(found) == {0, 1, 2, 7}


def test_only_a_row_of_facts_is_fetched_to_compare(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which definitions apply depends on all subjects: one row says it, whatever their number."""
    fetched: list[int] = []
    kind = type(spark.range(1))
    original = kind.collect

    def counted(self: Any) -> Any:
        rows = original(self)
        fetched.append(len(rows))
        return rows

    monkeypatch.setattr(kind, "collect", counted)
    answers = funis.compare_responses(make_visits(spark))
    assert fetched == [1]
    assert "essdai_mcii" in answers.columns


def test_no_visits_no_answers(spark: Any) -> None:
    nobody = make_visits(spark).where("day > 999")
    assert funis.respond(nobody, "essdai_mcii").count() == 0
    (row,) = (
        funis.count_relapses(funis.respond(nobody, "ucmsc_bilag_response"), {})
        .where("denominator = 'enrolled'")
        .collect()
    )
    assert (row.visit, row["count"], row.n) == ("all", 0, 0)
