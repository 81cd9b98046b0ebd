"""The numbers that a phrase of a response asks for, one after the other, worked out by hand."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from funis.catalogue.model_parameter import Parameter
from funis.catalogue.registry import response_definition
from funis.responses.assessment import Assessment, Measurement
from funis.responses.measures import NUMBER_FUNCTIONS
from funis.responses.timeline import build_timelines
from funis.responses.verdict import Span

Row = Mapping[str, Any]
#: The day of each visit; the last one is judged and the first one is the baseline.
DAYS = (0, 28, 56)


def assess(*rows: Row, days: tuple[int, ...] = DAYS, **parameters: Any) -> Assessment:
    """Assess a subject with these visits at the last of them, against the first."""
    visits = [
        {"subject": "1", "visit": f"v{day}", "day": day, **row} for day, row in zip(days, rows, strict=True)
    ]
    cohort = build_timelines(pl.DataFrame(visits, infer_schema_length=None))
    (timeline,) = cohort.timelines
    definition = response_definition("lunar_renal_response")
    first, last = timeline.visits[0], timeline.visits[-1]
    settled = definition.settle({}) | parameters
    return Assessment(definition, settled, cohort, timeline, last.name, last.day, last, first, (), {})


def lost(assessment: Assessment) -> Assessment:
    """Give the same subject without the visit judged."""
    return replace(assessment, now=None)


def measured(measure: str, assessment: Assessment, *given: str) -> Measurement:
    return NUMBER_FUNCTIONS[measure](assessment, given)


def span(low: float | str | None, high: float | str | None) -> Span:
    ends = [None if end is None else Decimal(str(end)) for end in (low, high)]
    return Span(ends[0], ends[1])


def ask(measure: str, *rows: Row, of: tuple[str, ...] = ("x",), **parameters: Any) -> Span:
    days = DAYS[: len(rows)]
    return measured(measure, assess(*rows, days=days, **parameters), *of).span


def between(low: float | None, high: float | None) -> Row:
    return {"x": None, "x_lower": low, "x_upper": high}


def test_a_rise_and_a_fall_from_baseline_and_from_the_visit_before() -> None:
    rows = ({"x": 10}, {"x": 4}, {"x": 7})
    assert ask("now", *rows) == span(7, 7)
    assert ask("baseline", *rows) == span(10, 10)
    assert ask("rise", *rows) == span(-3, -3)
    assert ask("fall", *rows) == span(3, 3)
    assert ask("rise_since_previous", *rows) == span(3, 3)
    assert ask("fall_since_previous", *rows) == span(-3, -3)


def test_percentages_of_baseline_and_of_the_visit_before() -> None:
    rows = ({"x": 8}, {"x": 4}, {"x": 6})
    assert ask("percent_fall", *rows) == span(25, 25)
    assert ask("percent_rise", *rows) == span(-25, -25)
    assert ask("percent_of_baseline", *rows) == span(75, 75)
    assert ask("percent_rise_since_previous", *rows) == span(50, 50)
    # Half was gone a visit ago and a quarter is now: both confirm a quarter.
    assert ask("percent_fall_confirmed", *rows) == span(25, 25)
    assert ask("percent_fall_confirmed", {"x": 8}, {"x": 7}, {"x": 6}) == span("12.5", "12.5")


def test_a_percentage_of_what_lies_between_two_numbers() -> None:
    # From 8 to between 2 and 6: a fall of 25 to 75 percent. From between 4 and 8 to 2: of 50 to 75.
    assert ask("percent_fall", {"x": 8}, between(2, 6)) == span(25, 75)
    assert ask("percent_rise", {"x": 8}, between(2, 6)) == span(-75, -25)
    assert ask("percent_of_baseline", {"x": 8}, between(2, 6)) == span(25, 75)
    assert ask("percent_fall", between(4, 8), {"x": 2}) == span(50, 75)
    assert ask("percent_fall", between(0, 8), {"x": 2}) == span(None, 75)
    assert ask("percent_fall", between(1, None), {"x": 2}) == span(-100, None)
    assert ask("percent_fall", {"x": 8}, between(None, 6)) == span(25, 100)  # nothing lies below 0
    assert ask("percent_fall", {"x": 8}, between(2, None)) == span(None, 75)


@pytest.mark.parametrize("start", [{"x": 0}, between(-1, 0), {"x": -1}])
def test_there_is_no_percentage_of_zero(start: Row) -> None:
    found = measured("percent_fall", assess(start, {"x": 2}, days=(0, 28)), "x")
    assert found.is_undefined
    assert found.span == Span(None, None)
    assert found.text.endswith("(no percentage of zero)")
    assert not measured("percent_fall", assess({"x": 0.5}, {"x": 2}, days=(0, 28)), "x").is_undefined


def test_a_fall_is_confirmed_by_two_visits_after_baseline() -> None:
    # The visit before the only one after baseline is the baseline, which confirms nothing.
    assert ask("percent_fall_confirmed", {"x": 8}, {"x": 2}) == span(None, 75)
    assert ask("percent_fall_confirmed", {"x": 8}, {"x": None}, {"x": 2}) == span(None, 75)
    assert ask("percent_fall_confirmed", {"x": 8}, between(1, 4), {"x": 2}) == span(50, 75)
    assert ask("percent_fall_confirmed", {"x": 8}, {"x": 4}, {"x": None}) == span(None, 50)


def test_a_reference_is_the_first_that_was_written_anywhere() -> None:
    rows = ({"x": 9, "ref": None}, {"x": 8, "ref": 10}, {"x": 4, "ref": 16})
    assert ask("percent_below", *rows, of=("x", "ref")) == span(60, 60)
    assert ask("percent_below", {"x": 4, "ref": None}, of=("x", "ref")) == span(None, None)


def test_an_upper_limit_is_declared_else_it_stands_beside_the_value() -> None:
    rows = ({"x": 3, "x_high": 2.0}, {"x": 1, "x_high": 4.0})
    assert ask("of_upper_limit", *rows) == span("0.25", "0.25")
    assert ask("baseline_of_upper_limit", *rows) == span("1.5", "1.5")
    assert ask("of_upper_limit", *rows, x_upper_limit=5) == span("0.2", "0.2")
    assert ask("of_upper_limit", *rows, x_upper_limit=1) == span(1, 1)
    assert ask("of_upper_limit", *rows, x_upper_limit=0) == span("0.25", "0.25")
    assert ask("of_upper_limit", {"x": None, "x_lower": 2, "x_upper": 6, "x_high": 4.0}) == span("0.5", "1.5")
    assert ask("of_upper_limit", {"x": None, "x_lower": 2, "x_high": 4.0}) == span("0.5", None)


def test_a_recorded_value_is_brought_to_scale_and_unit() -> None:
    """A unit of which one is 2 of the printed one, and a scale of half the length: 3 is 6, and 3 again."""
    now = assess({"x": 3}, days=(0,), x_unit="u")
    unit = Parameter("x_unit", "u", ("u",), "unit", factors=(Decimal(2),))
    scale = Parameter("x_scale", 10, (10,), "scale", factors=(Decimal("0.5"),))

    def with_choices(*choices: Parameter) -> Span:
        parameters = dict(now.definition.parameters) | {each.name: each for each in choices}
        settled = dict(now.parameters) | {each.name: each.default for each in choices}
        definition = replace(now.definition, parameters=parameters)
        return measured("now", replace(now, definition=definition, parameters=settled), "x").span

    assert with_choices() == span(3, 3)
    assert with_choices(unit) == span(6, 6)
    assert with_choices(scale) == span("1.5", "1.5")
    assert with_choices(unit, scale) == span(3, 3)


def test_without_an_upper_limit_nothing_is_said() -> None:
    for row in ({"x": 3}, {"x": 3, "x_high": None}, {"x": 3, "x_high": 0.0}):
        found = measured("of_upper_limit", assess(row, days=(0,)), "x")
        assert found.span == Span(None, None)
        assert found.text == "x 3, upper limit not recorded"
    gone = lost(assess({"x": 3, "x_high": 2.0}, days=(0,)))
    assert measured("of_upper_limit", gone, "x").span == Span(None, None)


def test_a_dose_per_kg_takes_the_last_weight_of_six_months() -> None:
    of = ("dose", "kg")
    rows = ({"dose": 30, "kg": 50}, {"dose": 30, "kg": 60}, {"dose": 30, "kg": None})
    assert ask("per_kg", *rows, of=of) == span("0.5", "0.5")
    late = assess({"dose": 1, "kg": 50}, {"dose": 30, "kg": None}, days=(0, 183))
    beyond = assess({"dose": 1, "kg": 50}, {"dose": 30, "kg": None}, days=(0, 184))
    assert measured("per_kg", late, *of).span == span("0.6", "0.6")
    assert measured("per_kg", beyond, *of).span == span(0, None)
    assert measured("per_kg", lost(late), *of).span == span(0, None)


def test_the_words_of_a_measure_name_its_columns_and_values() -> None:
    row = {"x": 4, "ref": 10, "dose": 30, "kg": 60}
    now = assess({"x": 8, "ref": 10, "dose": 20, "kg": 60}, row, days=(0, 28))
    assert measured("percent_below", now, "x", "ref").text == "ref and x 10 -> 4"
    assert measured("per_kg", now, "dose", "kg").text == "dose 0.5 per kg"
    bare = assess(row | {"kg": None}, days=(0,))
    assert measured("per_kg", bare, "dose", "kg").text == "dose 30, kg not recorded"
    assert measured("now", now, "x").text == "x 4"
    assert measured("baseline", now, "x").text.startswith("x 8")
    for measure in ("rise", "fall", "rise_since_previous", "fall_since_previous", "percent_fall", "percent_rise",
                    "percent_rise_since_previous", "percent_of_baseline"):  # fmt: skip
        assert measured(measure, now, "x").text == "x 8 -> 4"
    assert measured("percent_fall_confirmed", now, "x").text.startswith("x 8 at baseline, then ")
    assert measured("ever", now, "x").text == "x recorded"
    limited = assess({"x": 3, "x_high": 2.0}, days=(0,))
    assert measured("of_upper_limit", limited, "x").text == "x 3, upper limit 2"


def test_a_dose_of_nothing_is_nothing_whatever_the_weight() -> None:
    of = ("dose", "kg")
    assert ask("per_kg", {"dose": 0, "kg": None}, of=of) == span(0, 0)
    assert ask("per_kg", {"dose": 3, "kg": None}, of=of) == span(0, None)
    assert ask("per_kg", {"dose": 0.5, "kg": None}, of=of) == span(0, None)
    assert ask("per_kg", {"dose": 0.5, "kg": 0.5}, of=of) == span(1, 1)
    assert ask("per_kg", {"dose": 3, "kg": 0}, of=of) == span(0, None)
    later = assess({"dose": 1, "kg": 50}, {"dose": 3, "kg": 1}, {"dose": 1, "kg": 99})
    earlier = replace(later, now=later.timeline.visits[1])
    assert measured("per_kg", earlier, *of).span == span(3, 3)


def test_whether_something_ever_happened_after_baseline() -> None:
    assert ask("ever", {"x": 1}, {"x": 0}, {"x": 0}) == span(0, 0)
    assert ask("ever", {"x": 0}, {"x": 1}, {"x": 0}) == span(1, 1)
    assert ask("ever", {"x": 0}, {"x": 0}, {"x": 2}) == span(1, 1)
    assert ask("ever", {"x": 0}, {"x": None}, {"x": 0}) == span(0, 1)
    assert ask("ever", {"x": 0}, {"x": None}, {"x": 1}) == span(1, 1)
    assert ask("ever", {"x": 0}) == span(0, 1)


def test_who_has_no_visit_may_have_had_it_there() -> None:
    never = assess({"x": 0}, {"x": 0}, {"x": 0})
    assert measured("ever", lost(never), "x").span == span(0, 1)
    # Visits after the day that is judged are not looked at, and without a baseline day 0 begins.
    early = replace(assess({"x": 0}, {"x": 0}, {"x": 1}), now=None, target_day=30.0)
    assert measured("ever", early, "x").span == span(0, 1)
    assert measured("ever", replace(early, target_day=56.0), "x").span == span(1, 1)
    before = assess({"x": 0}, {"x": 1}, {"x": 0}, days=(-7, 0, 28))
    assert measured("ever", replace(before, base=None), "x").span == span(0, 0)
    assert measured("ever", before, "x").span == span(1, 1)
    first = assess({"x": 0}, {"x": 1}, {"x": 0}, days=(-7, 1, 28))
    assert measured("ever", replace(first, base=None), "x").span == span(1, 1)


def test_the_highest_value_from_a_day_on() -> None:
    rows = ({"x": 9}, {"x": 7}, {"x": 5})
    assert ask("highest_since_start", *rows, from_day=0) == span(9, 9)
    assert ask("highest_since_start", *rows, from_day=1) == span(7, 7)
    assert ask("highest_since_start", *rows, from_day=28) == span(7, 7)
    assert ask("highest_since_start", *rows, from_day=29) == span(5, 5)
    assert ask("highest_since_start", *rows, from_day=99) == span(5, 5)
    assert ask("highest_since_start", {"x": 9}, {"x": None}, {"x": 5}, from_day=1) == span(5, None)
    assert ask("highest_since_start", {"x": 9}, between(6, 8), {"x": 5}, from_day=1) == span(6, 8)


def test_the_words_about_the_highest_value_name_where_it_is_not_known() -> None:
    open_ = assess({"x": 9}, {"x": None}, {"x": 5}, from_day=1)
    assert measured("highest_since_start", open_, "x").text.endswith("from day 1, not recorded at v28")
    known = assess({"x": 9}, {"x": 7}, {"x": 5}, from_day=1)
    assert measured("highest_since_start", known, "x").text == "highest x 7 from day 1"
    only = assess({"x": 9}, {"x": 7}, {"x": 5}, from_day=56)
    assert measured("highest_since_start", only, "x").text == "x 5"
    assert measured("highest_since_start", lost(only), "x").span == Span(None, None)


def test_the_dose_at_a_visit_does_not_settle_a_window() -> None:
    silent, seen = assess({"x": None, "prednisone": None}, days=(0,)), {"x": None, "prednisone": 5}
    assert "does not settle" not in measured("over_window", silent, "x").text
    assert (
        "prednisone 5 at the visit does not settle"
        in measured("over_window", assess(seen, days=(0,)), "x").text
    )
    assert "does not settle" not in measured("over_window", assess(seen | {"x": 2}, days=(0,)), "x").text


def with_sets(assessment: Assessment) -> Assessment:
    return replace(assessment, definition=replace(assessment.definition, sets={"s": ("a", "b", "c")}))


def test_items_of_a_set_are_counted_between_the_known_and_the_possible() -> None:
    now = with_sets(assess({"a": 1, "b": 0, "c": None, "total": 4}, days=(0,)))
    found = measured("items_present", now, "s", "total")
    assert (found.span, found.text) == (span(1, 2), "present: a; not recorded: c")
    assert measured("items_present", now, "s").span == span(1, 2)
    without = replace(now, ignored=frozenset({"c"}))
    found = measured("items_present", without, "s")
    assert found.span == span(1, 1)
    assert found.text == "present: a; never recorded and not counted: c"
    none = with_sets(assess({"a": 0, "b": 0, "c": 0}, days=(0,)))
    assert measured("items_present", none, "s").text == "present: none"


def test_a_total_of_zero_settles_its_items() -> None:
    zero = with_sets(assess({"a": None, "b": None, "c": None, "total": 0}, days=(0,)))
    assert measured("items_present", zero, "s", "total").span == span(0, 0)
    assert measured("new_items", zero, "s", "total").span == span(0, 0)
    one = with_sets(assess({"a": None, "b": None, "c": None, "total": 1}, days=(0,)))
    assert measured("items_present", one, "s", "total").span == span(0, 3)
    open_ = with_sets(assess({"a": None, "b": None, "c": None, "total": None}, days=(0,)))
    assert measured("items_present", open_, "s", "total").span == span(0, 3)


def test_an_item_is_new_where_it_was_not_there_a_visit_ago() -> None:
    before, now = {"a": 0, "b": 1, "c": None}, {"a": 1, "b": 1, "c": 1}
    found = measured("new_items", with_sets(assess(before, now, days=(0, 28))), "s")
    assert (found.span, found.text) == (span(1, 2), "new: a; not recorded: c")
    gone = measured("new_items", with_sets(assess(before, {"a": 0, "b": None, "c": 0}, days=(0, 28))), "s")
    assert (gone.span, gone.text) == (span(0, 0), "new: none")
    unsure = measured("new_items", with_sets(assess(before, {"a": None, "b": 0, "c": 0}, days=(0, 28))), "s")
    assert unsure.span == span(0, 1)


def test_a_clinical_total_is_without_its_two_serological_items() -> None:
    """SLEDAI-2K gives 2 points each to low complement and to anti-DNA antibodies."""

    def clinical(**cells: float | None) -> Span:
        return ask(
            "clinical",
            dict.fromkeys(("low_complement", "increased_dna_binding"), None) | cells,
            of=("sledai_2k",),
        )

    names = {"low_complement": 0, "increased_dna_binding": 0}
    assert clinical(sledai_2k=8, **names) == span(8, 8)
    assert clinical(sledai_2k=8, **(names | {"low_complement": 1})) == span(6, 6)
    assert clinical(sledai_2k=8, low_complement=1, increased_dna_binding=1) == span(4, 4)
    assert clinical(sledai_2k=8) == span(4, 8)
    assert clinical(sledai_2k=3, low_complement=1) == span(0, 1)
