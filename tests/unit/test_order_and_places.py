"""The order of visits and organ classes, and the lines of a study file, in small cases worked out by hand."""

import polars as pl
import pytest

from funis.analysis.event_kinds import classes_of_terms
from funis.study.days import derive_visit_order
from funis.study.model import Study, Trial
from funis.toml_places import find_lines, nearest_line

COHORT = Study(trial=Trial(id="X", title="X", condition="sle", design="observational"))


def order(*tables: list[tuple[str | None, int | None]]) -> tuple[str, ...]:
    schema = {"visit": pl.String, "day": pl.Int64}
    frames = {str(place): pl.DataFrame(rows, schema, orient="row") for place, rows in enumerate(tables)}
    return derive_visit_order(COHORT, frames | {"labels": pl.DataFrame({"visit": ["no_day"]})})


def test_open_visits_stand_in_the_order_of_their_median_days() -> None:
    assert order() == order([]) == ()
    # Medians: late 60 (20, 60, 90), early 30 (10, 30, 100), though the latest of all days is an early one.
    late: list[tuple[str | None, int | None]] = [("late", 20), ("late", 60), ("late", 90)]
    assert order(late, [("early", 10), ("early", 30), ("early", 100)]) == ("early", "late")
    assert order([("b", 5), ("a", 5)]) == ("a", "b")


def test_a_visit_without_a_day_stands_last_and_one_without_a_name_nowhere() -> None:
    assert order([("undated", None), ("first", 3), (None, 1), ("unscheduled_1", 2)]) == ("first", "undated")


def test_names_that_differ_in_their_number_alone_stand_by_it_within_their_places() -> None:
    seen: list[tuple[str | None, int | None]] = [("v10", 1), ("base", 2), ("v2", 3), ("w1", 4), ("v1", 5)]
    assert order(seen) == ("v1", "base", "v2", "w1", "v10")


def test_planned_visits_stand_as_they_are_planned() -> None:
    visits = ({"name": "b", "day": 0}, {"name": "a", "day": 30})
    planned = Study.model_validate({"study": COHORT.trial.model_dump(exclude={"timezone"}), "visits": visits})
    assert derive_visit_order(planned, {}) == ("b", "a")


def test_of_a_term_in_several_classes_the_one_recorded_most_counts_then_the_first_by_name() -> None:
    def classes(*rows: tuple[str, str | None, str | None]) -> list[tuple[str, str]]:
        kinds = {"term": pl.String, "preferred_term": pl.String, "organ_class": pl.String}
        return sorted(classes_of_terms(pl.DataFrame(rows, kinds, orient="row")).rows())

    a, b = ("Cough", None, "Airways"), ("cough", None, "Body")
    assert classes(a, b) == classes(b, a) == [("cough", "airways")]
    assert classes(a, b, b) == [("cough", "body")]
    assert classes(("Fever", None, " "), ("Rash", None, None), a) == [("cough", "airways")]
    assert classes(("Hot", "Fever", "Body"), a) == [("cough", "airways"), ("fever", "body")]


TEXT = """# a comment = 1
[study]
id = "a # b"  # said
title = 'x'
[[visits]]
name = "one"
window = [
  -1,  # before
  1,
]
[[visits]]
name = "two"
forms = ["a", "b"]
[[visits.parts]]
x = 1
[[visits.parts]]
x = 2
[visits.more]
y = 3
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("study",), 2), (("study", "id"), 3), (("study", "title"), 4), (("visits", 0), 5), (("visits", 0, "name"), 6),
        (("visits", 0, "window"), 7), (("visits", 0, "window", 0), 8), (("visits", 0, "window", 1), 9),
        (("visits", 1), 11), (("visits", 1, "name"), 12), (("visits", 1, "forms", 0), 13),
        (("visits", 1, "forms", 1), 13), (("visits", 1, "parts", 0), 14), (("visits", 1, "parts", 0, "x"), 15),
        (("visits", 1, "parts", 1, "x"), 17), (("visits", 1, "more"), 18), (("visits", 1, "more", "y"), 19),
    ],
)  # fmt: skip
def test_keys_are_found_on_their_lines(path: tuple[str | int, ...], line: int) -> None:
    assert find_lines(TEXT)[path] == line


def test_nothing_else_is_found() -> None:
    # Those above, the list forms itself and the second of the parts.
    assert len(find_lines(TEXT)) == 17 + 2
    assert find_lines("") == {}


def test_lists_of_lists_and_tables_have_a_place_an_entry() -> None:
    lines = find_lines(
        'm = [\n  [1, 2],\n  [3,\n   4],\n]\nt = [{a = "]", b = [1]},\n     {a = 2}]\nafter = 1\n'
    )
    assert {path: line for path, line in lines.items() if len(path) == 2} == {
        ("m", 0): 2, ("m", 1): 3, ("t", 0): 6, ("t", 1): 7,
    }  # fmt: skip
    assert lines["after",] == 8


def test_the_closest_thing_around_a_key_that_is_not_there() -> None:
    lines = {("visits",): 3, ("visits", 0): 4}
    assert nearest_line(lines, ("visits", 0)) == 4
    assert nearest_line(lines, ("visits", 0, "window", 1)) == 4
    assert nearest_line(lines, ("visits", 1, "window")) == 3
    assert nearest_line(lines, ("study", "id")) is None
    assert nearest_line(lines, ()) is None
