"""Who still responds later: counted by hand from the classes of eight subjects at two visits."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.analysis.durability import count_durability, has_kept, has_lost
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.reporting.durability_tables import build_durability_tables
from funis.reporting.number_book import read_numbers
from funis.study.model import Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

# Class at month 6, relapse and its day, class at month 12 and the day of that visit; the last is a child.
SUBJECTS = [
    ("MCR", "no", None, "MCR", 360.0),  # kept
    ("MCR", "yes", 270.0, "none", 360.0),  # lost
    ("PCR", "yes", 270.0, "PCR", 360.0),  # lost, although the later visit shows a response again
    ("PCR", "yes", 400.0, "MCR", 360.0),  # lost only after the later visit: kept at it
    ("PCR", "no", None, "cannot tell", 360.0),  # not known later
    ("none", None, None, "MCR", 360.0),  # nothing to keep, a late response
    ("cannot tell", None, None, "MCR", 360.0),  # not known first
    ("MCR", "yes", 360.0, "MCR", 360.0),  # lost at the later visit itself
]
RESPONDS = {"MCR": "yes", "PCR": "yes", "none": "no", "cannot tell": "cannot tell"}


def _answers(run: Run, place: int, visit: str) -> Answers:
    said = [row[place] for row in SUBJECTS]
    frame = pl.DataFrame(
        {
            "subject": run.panel.subjects,
            "response": said,
            "responder": [RESPONDS[str(each)] for each in said],
            "relapse": [row[1] for row in SUBJECTS],
            "relapse_day": [row[2] for row in SUBJECTS],
            "response_day": [row[4] for row in SUBJECTS],
        },
        schema_overrides={"relapse_day": pl.Float64},
    )
    return Answers("ucmsc_bilag_response", visit, frame, ("MCR", "PCR", "none"), "none", run.subject_rows)


def _count(population: str = "") -> dict[tuple[str, str, str], float | None]:
    endpoint = Endpoint.model_validate(
        {
            "id": "r", "kind": "response", "definition": "ucmsc_bilag_response",
            "at": ("month_6", "month_12"), "population": population,
        }
    )  # fmt: skip
    populations = {"adults": "age >= 18", "responders": "age >= 18"}
    study = analysis.make_study(endpoint, populations=populations)
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 8}}, study, age=[30.0] * 7 + [12.0])
    count_durability(run, endpoint, [_answers(run, 0, "month_6"), _answers(run, 3, "month_12")])
    found = run.numbers.frame().filter(pl.col("analysis") == "durability")
    assert found["visit"].unique().to_list() == ["month_12"]
    rows = found.filter(pl.col("method").fill_null("") == "")
    return {
        (population, category, statistic): value
        for population, category, statistic, value in rows.select(
            "population", "category", "statistic", "value"
        ).iter_rows()
    }


def test_who_still_responds_over_all_and_over_those_who_responded() -> None:
    found = _count()
    # Responders: six. One is not known later; of five, the first and the fourth are kept.
    assert found["responders", "responder", "count"] == 2
    assert found["responders", "responder", "percent"] == pytest.approx(40.0)
    assert found["responders", "responder", "cannot_tell"] == 1
    # Of all eight two are not known: one at month 6, one at month 12.
    assert found["enrolled", "responder", "count"] == 2
    assert found["enrolled", "responder", "percent"] == pytest.approx(100 * 2 / 6)
    assert found["enrolled", "responder", "cannot_tell"] == 2


def test_each_class_by_the_class_before() -> None:
    found = _count()
    assert found["enrolled", "MCR", "n"] == 3
    assert found["enrolled", "PCR", "n"] == 3
    assert found["enrolled", "none", "n"] == 1
    assert found["enrolled", "cannot tell", "n"] == 1
    counts = {category: value for (_, category, statistic), value in found.items() if statistic == "count"}
    assert {name: value for name, value in counts.items() if value and name != "responder"} == {
        "MCR to MCR": 2, "MCR to none": 1, "PCR to PCR": 1, "PCR to MCR": 1, "PCR to cannot tell": 1,
        "none to MCR": 1, "cannot tell to MCR": 1,
    }  # fmt: skip
    assert len(counts) == 4 * 4 + 1


def test_the_child_is_not_among_the_adults() -> None:
    found = _count("adults")
    assert found["responders", "responder", "percent"] == pytest.approx(50.0)
    assert found["adults", "MCR", "n"] == 2


def test_without_relapse_in_the_definition_both_responses_are_enough() -> None:
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 8}}, analysis.make_study())
    first, later = _answers(run, 0, "month_6"), _answers(run, 3, "month_12")
    assert has_kept(first, later, 360.0).tolist() == [True, False, False, True, False, False, False, False]
    plain = Answers(
        first.definition, "month_6", first.answers.drop("relapse", "relapse_day"), first.classes, "none",
        first.rows,
    )  # fmt: skip
    assert has_kept(plain, later, 360.0).tolist() == [True, False, True, True, False, False, False, True]


def test_nobody_in_the_population_leaves_a_table_that_says_so() -> None:
    endpoint = Endpoint.model_validate(
        {
            "id": "r", "kind": "response", "definition": "ucmsc_bilag_response",
            "at": ("month_6", "month_12"), "population": "old",
        }
    )  # fmt: skip
    study = analysis.make_study(endpoint, populations={"old": "age > 90"})
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 8}}, study, age=[30.0] * 8)
    count_durability(run, endpoint, [_answers(run, 0, "month_6"), _answers(run, 3, "month_12")])
    (table,) = build_durability_tables(study, read_numbers(run.numbers.frame()))
    shown = [[row.stub.text, *(cell.text for cell in row.cells)] for row in table.rows]
    assert shown[0] == ["Month 12; population: old"]
    assert [row[0] for row in shown[1:]] == ["All", "All who responded"]


def test_a_relapse_ends_a_response_also_where_the_later_visit_was_missed_or_carried_forward() -> None:
    """Days 270 and 400 with the later visit possible up to day 390; no relapse; a relapse without a day."""
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 4}}, analysis.make_study())

    def answers(visit: str, said: str, day: float | None, *, filled: bool = False) -> Answers:
        frame = pl.DataFrame(
            {
                "subject": run.panel.subjects,
                "response": [said] * 4,
                "responder": [RESPONDS[said]] * 4,
                "relapse": ["yes", "yes", "no", "yes"],
                "relapse_day": [270.0, 400.0, None, None],
                "response_day": [day] * 4,
            },
            schema_overrides={"response_day": pl.Float64, "relapse_day": pl.Float64},
        )
        marks = np.full(4, filled)
        made = Answers("ucmsc_bilag_response", visit, frame, ("MCR", "PCR", "none"), "none", run.subject_rows)
        return replace(made, imputed=marks)

    first = answers("month_6", "MCR", 180.0)
    missed = answers("month_12", "cannot tell", None)
    carried = answers("month_12", "MCR", 180.0, filled=True)
    assert has_lost(first, missed, 390.0).tolist() == [True, False, False, True]
    assert has_lost(first, carried, 390.0).tolist() == [True, False, False, True]
    assert has_kept(first, carried, 390.0).tolist() == [False, True, True, False]


def test_a_population_that_is_called_responders_has_the_name_alone() -> None:
    found = _count("responders")
    # Seven adults; of one the first class is not known and of one the later: two of five still respond.
    assert found["responders", "responder", "count"] == 2
    assert found["responders", "responder", "percent"] == pytest.approx(100 * 2 / 5)
