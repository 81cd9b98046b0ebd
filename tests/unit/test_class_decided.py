"""How the class of a subject follows from the answers to criteria: rules, doubts, events and words, by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from funis.catalogue.instrument_tables import organ_systems
from funis.catalogue.model_response import ClassRule, Failure, Phrase, PrintedCriterion, ResponseDefinition
from funis.catalogue.registry import analyte_table, response_definition
from funis.errors import UnknownNameError
from funis.responses.assessment import Assessment
from funis.responses.decide import (
    Answer,
    Decision,
    _decisive_texts,
    _possible_classes,
    ask_criterion,
    ask_phrase,
    ask_rule,
    columns_of,
    decide,
    find_failure,
    is_asked,
    is_measured,
    measure_relapses_before,
)
from funis.responses.read_units import _unsaid_unit
from funis.responses.respond import _confirm
from funis.responses.timeline import build_timelines
from funis.responses.verdict import Span, Verdict, print_number
from funis.responses.visit_judged import find_target, visit_judged
from funis.units.columns import ReadColumn

MET, NOT_MET, OPEN = Answer(True, "met"), Answer(False, "not met"), Answer(None, "open")  # noqa: FBT003


def phrase(column: str, symbol: str = "<=", limit: str | None = "3", measure: str = "now") -> Phrase:
    bound: Any = None if limit is None else Decimal(limit) if limit[:1].isdigit() else limit
    return Phrase(f"{measure} {column} {symbol} {limit}", measure, (column,), symbol, bound)


def criterion(name: str, *alternatives: tuple[Phrase, ...], **given: Any) -> PrintedCriterion:
    return PrintedCriterion(name, name, alternatives or ((phrase(name),),), **given)


def rule(response: str, *criteria: str, **given: Any) -> ClassRule:
    return ClassRule(response, given.pop("number", ""), criteria, **given)


def definition(
    *criteria: PrintedCriterion, rules: tuple[ClassRule, ...] = (), **given: Any
) -> ResponseDefinition:
    """Make a definition with the parameters of a published one, and these criteria and rules."""
    known = response_definition("essdai_mcii")
    return replace(
        known, criteria=criteria, rules=rules, failures=(), needs=(), otherwise="none", sets={}, **given
    )


def assess(of: ResponseDefinition, now: dict[str, Any] | None, **given: Any) -> Assessment:
    """Assess a subject at day 180 with these values; None for a subject without that visit."""
    events = given.pop("events", {})
    rows = [{"subject": "1", "visit": "baseline", "day": 0, "w": 1.0, **given.pop("start", {})}]
    if now is not None:
        rows.append({"subject": "1", "visit": "month_6", "day": 180, "w": 1.0, **now})
    cohort = build_timelines(pl.DataFrame(rows, infer_schema_length=None))
    timeline = replace(cohort.timelines[0], events=events, undated=frozenset(given.pop("undated", ())))
    settled = of.settle({}) | given
    return Assessment(
        of, settled, cohort, timeline, "month_6", 180.0, timeline.find("month_6"), timeline.find("baseline"), (), {}
    )  # fmt: skip


# --- one phrase, one criterion ---------------------------------------------------------------------


@pytest.mark.parametrize(("x", "verdict"), [(2.9, True), (3.0, True), (3.1, False), (None, None)])
def test_a_phrase_compares_with_its_limit(x: float | None, verdict: Verdict) -> None:
    one = assess(definition(), {"x": x})
    assert ask_phrase(one, phrase("x")).verdict is verdict
    # A limit that is named is a parameter; one that nobody gives is met by nothing.
    assert ask_phrase(replace(one, parameters={"most": 3}), phrase("x", limit="most")).verdict is verdict
    nobody: Any = {"most": None}
    assert ask_phrase(replace(one, parameters=nobody), phrase("x", limit="most")).verdict is False


def test_no_percentage_of_zero_meets_anything() -> None:
    one = assess(definition(), {"x": 2}, start={"x": 0})
    for symbol in ("<=", ">="):
        assert ask_phrase(one, phrase("x", symbol, "50", "percent_fall")).verdict is False


def test_a_criterion_is_met_by_any_of_its_alternatives_and_all_phrases_of_one() -> None:
    row = criterion("c", (phrase("x"), phrase("y")), (phrase("z"),))

    def answer(**now: float | None) -> Answer:
        return ask_criterion(assess(definition(), {"x": None, "y": None, "z": None} | now), row)

    assert answer(x=1, y=1, z=9) == Answer(True, "x 1, y 1")  # noqa: FBT003
    assert answer(x=1, y=9, z=3) == Answer(True, "z 3")  # noqa: FBT003
    assert answer(x=1, y=9, z=9) == Answer(False, "x 1, y 9, z 9")  # noqa: FBT003
    assert answer(x=1, z=9).verdict is None
    # What is open is told by the alternatives that are, not by those that are not met.
    assert "z 9" not in answer(x=1, z=9).text
    assert answer(x=9, z=9).verdict is False


def test_what_was_never_collected_is_taken_as_the_criterion_says() -> None:
    one = assess(definition(), {"x": 1})
    for means, verdict in (("met", True), ("not_met", False)):
        row = criterion("new_rash", (phrase("never"),), absent_means=means)
        assert ask_criterion(one, row) == Answer(verdict, "new rash", is_collected=False)
        held = criterion("new_rash", (phrase("x"),), absent_means=means)
        assert ask_criterion(one, held) == Answer(True, "x 1")  # noqa: FBT003
    assert ask_criterion(one, criterion("new_rash", (phrase("never"),))).verdict is None
    assert Answer(True, "", is_collected=False).word == "not recorded"  # noqa: FBT003
    assert (MET.word, NOT_MET.word, OPEN.word) == ("yes", "no", "cannot tell")


def test_of_what_is_asked_only_where_collected_the_rest_is_left_out() -> None:
    row = criterion("c", (phrase("x"),), (phrase("never"),), only_collected=True)
    one = assess(definition(), {"x": 9})
    assert is_asked(one, row)
    assert ask_criterion(one, row).verdict is False
    whole = replace(row, only_collected=False)
    assert not is_asked(one, whole)
    assert ask_criterion(one, whole).verdict is None
    nothing = criterion("c", (phrase("never"),), only_collected=True)
    assert not is_asked(one, nothing)
    assert ask_criterion(one, nothing).verdict is None


def test_bounds_of_a_column_are_the_column() -> None:
    for name in ("x", "x_lower", "x_upper"):
        assert is_asked(assess(definition(), {name: 1}), criterion("c", (phrase("x"),)))
    assert not is_asked(assess(definition(), {"y": 1}), criterion("c", (phrase("x"),)))


def test_of_a_set_of_items_one_is_enough_to_be_collected() -> None:
    of = replace(definition(), sets={"s": ("a", "b")})
    counted = criterion("c", (phrase("s", "<=", "0", "items_present"),))
    assert columns_of(assess(of, {"a": 0}), counted.phrases[0]) == ("a", "b")
    assert is_asked(assess(of, {"a": 0}), counted)
    assert not is_asked(assess(of, {"z": 0}), counted)
    assert not is_asked(assess(of, {"a": 0}), criterion("c", (phrase("s", "<=", "0", "new_items"),)))


# --- rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "all_met", "two_of_three", "points"),
    [
        ((MET, MET, MET), True, True, True), ((MET, MET, NOT_MET), False, True, False), ((MET, NOT_MET, MET), False, True, True),
        ((MET, NOT_MET, OPEN), False, None, None), ((NOT_MET, NOT_MET, MET), False, False, True), ((OPEN, MET, MET), None, True, True),
        ((OPEN, OPEN, NOT_MET), False, None, False), ((NOT_MET, OPEN, NOT_MET), False, False, False),
    ],
)  # fmt: skip
def test_rules_count_criteria_or_their_points(
    answers: tuple[Answer, ...], *, all_met: Verdict, two_of_three: Verdict, points: Verdict
) -> None:
    """The third criterion is worth 3 points, the others 1: three points need it, or all of something else."""
    of = definition(*(criterion(name, points=worth) for name, worth in (("a", 1), ("b", 1), ("c", 3))))
    given = dict(zip("abc", answers, strict=True))
    assert ask_rule(rule("yes", "a", "b", "c"), of, given) is all_met
    assert ask_rule(rule("yes", "a", "b", "c", counted="count", least=2), of, given) is two_of_three
    assert ask_rule(rule("yes", "a", "b", "c", counted="points", least=3), of, given) is points
    strict = rule("yes", "a", "b", "c", counted="count", least=2, missing_is_not_met=True)
    assert ask_rule(strict, of, given) is (two_of_three or False)


def test_a_rule_of_other_choices_says_no_and_one_beside_must_hold_too() -> None:
    of = definition(criterion("a"), criterion("b"))
    assert ask_rule(rule("yes", "x"), of, {"a": MET}) is False
    assert ask_rule(rule("yes", "a", "x"), of, {"a": MET}) is True
    for beside, verdict in ((MET, True), (NOT_MET, False), (OPEN, None)):
        assert ask_rule(rule("yes", "a", also=("b",)), of, {"a": MET, "b": beside}) is verdict
    assert ask_rule(rule("yes", "a", also=("x",)), of, {"a": MET}) is True


def test_classes_are_possible_down_to_the_first_that_is_sure() -> None:
    first, second, third = rule("major", "a"), rule("major", "b", number="2"), rule("partial", "c")
    of = definition(*map(criterion, "abc"), rules=(first, second, third))

    def possible(a: Answer, b: Answer, c: Answer) -> list[tuple[str, ClassRule | None]]:
        return _possible_classes(of, {"a": a, "b": b, "c": c})

    assert possible(NOT_MET, MET, OPEN) == [("major", second)]
    assert possible(OPEN, MET, OPEN) == [("major", second)]
    assert possible(OPEN, NOT_MET, MET) == [("major", None), ("partial", third)]
    assert possible(NOT_MET, NOT_MET, OPEN) == [("partial", None), ("none", None)]
    assert possible(NOT_MET, NOT_MET, NOT_MET) == [("none", None)]


# --- words -----------------------------------------------------------------------------------------


def texts(of: ResponseDefinition, which: ClassRule | None, **answers: Answer) -> list[str]:
    return _decisive_texts(of, which, answers)


def test_the_words_are_what_the_rule_rests_on_else_what_is_not_met() -> None:
    both = rule("yes", "a", "b")
    of = definition(*map(criterion, "abcd"), rules=(both,))
    named = {name: replace(MET, text=f"{name} met") for name in "abc"}
    assert texts(of, both, **named) == ["a met", "b met"]
    assert texts(of, replace(both, also=("c",)), **named) == ["a met", "b met", "c met"]
    assert texts(of, None, **named, d=replace(NOT_MET, text="d high")) == ["d high"]
    # What is open decides nothing where every criterion must be met.
    assert texts(of, None, a=replace(NOT_MET, text="a high"), b=OPEN) == ["a high"]


def test_where_criteria_are_counted_those_that_are_open_are_named() -> None:
    counted = rule("yes", "a", "b", counted="count", least=1)
    of = definition(*map(criterion, "ab"), rules=(counted,))
    assert texts(of, counted, a=MET, b=OPEN) == ["met", "open, cannot be determined"]
    assert texts(of, None, a=NOT_MET, b=OPEN) == ["not met", "open, cannot be determined"]
    # One rule counts, and the rule that decided asks for all.
    whole = rule("yes", "a", "b")
    mixed = replace(of, rules=(whole, counted))
    assert texts(mixed, whole, a=MET, b=OPEN) == ["met", "open, cannot be determined"]
    alone = replace(of, rules=(whole,))
    assert texts(alone, whole, a=MET, b=OPEN) == ["met"]
    assert texts(alone, counted, a=MET, b=OPEN) == ["met", "open, cannot be determined"]


def test_what_was_never_collected_is_named_as_taken() -> None:
    absent = Answer(True, "new rash", is_collected=False)  # noqa: FBT003
    both = rule("yes", "a", "b")
    of = definition(*map(criterion, "ab"), rules=(both,))
    assert texts(of, both, a=MET, b=absent) == ["met", "new rash not recorded, taken as none"]
    assert texts(of, both, a=replace(MET, text=""), b=MET) == ["met"]


@pytest.mark.parametrize(
    ("value", "printed"),
    [("4.5", "4.5"), ("10", "10"), ("0.125", "0.125"), ("0.1234", "0.123"), ("0.1236", "0.124"), ("1.9999", "2.000"), ("100", "100")],
)  # fmt: skip
def test_a_number_in_a_sentence_has_at_most_three_decimals(value: str, printed: str) -> None:
    assert print_number(Decimal(value)) == printed


# --- the whole decision ----------------------------------------------------------------------------

LOW = rule("yes", "x")
SIMPLE = definition(criterion("x"), rules=(LOW,))
DEATH = Failure("death", "response", "died")
LEAVING = Failure("withdrawal", "response", "withdrew")


def test_a_class_is_decided_with_its_reason() -> None:
    for x, word, responder in ((3, "yes", "yes"), (4, "none", "no"), (None, "cannot tell", "cannot tell")):
        found = decide(assess(SIMPLE, {"x": x, "y": 1}, start={"x": 5}))
        assert (found.response, found.responder) == (word, responder)
    assert decide(assess(SIMPLE, {"x": 3})).reason == "yes at month_6: x 3."
    numbered = replace(SIMPLE, rules=(replace(LOW, number="7"),))
    assert decide(assess(numbered, {"x": 3})).reason == "yes (rule 7) at month_6: x 3."
    assert decide(assess(SIMPLE, {"x": 4})).reason == "none at month_6: x 4."


def test_two_classes_of_response_leave_it_sure_that_there_is_one() -> None:
    of = definition(criterion("x"), criterion("y"), rules=(rule("major", "x"), rule("partial", "y")))
    open_ = decide(assess(of, {"x": None, "y": 1}, start={"x": 1}))
    assert (open_.response, open_.responder, open_.possible) == ("cannot tell", "yes", ("major", "partial"))
    assert open_.reason == "cannot tell (major or partial): x not recorded."
    neither = decide(assess(of, {"x": None, "y": 9}, start={"x": 1}))
    assert (neither.responder, neither.possible) == ("cannot tell", ("major", "none"))
    stable = replace(of, rules=(rule("major", "x"), rule("partial", "y", is_response=False)))
    assert decide(assess(stable, {"x": None, "y": 1}, start={"x": 1})).responder == "cannot tell"
    assert decide(assess(stable, {"x": 9, "y": 1})).responder == "no"


def test_a_doubt_names_the_columns_that_nobody_has_of_the_criteria_in_doubt() -> None:
    of = definition(
        criterion("x"), criterion("y"), criterion("z"), rules=(rule("yes", "x", "y"), rule("so", "z"))
    )
    found = decide(assess(of, {"x": None, "z": None, "y": 2}, start={"x": 1}))
    assert found.reason.endswith("Recorded for nobody: z.")
    met = decide(assess(of, {"x": None, "z": 1, "y": 2}, start={"x": 1}))
    assert "Recorded for nobody" not in met.reason


@pytest.mark.parametrize(
    ("undated", "x", "is_open"),
    [("death", 1, False), ("withdrawal", 1, True), ("lost", 1, False), ("withdrawal", 9, False)],
)
def test_an_end_without_a_day_leaves_a_response_open(undated: str, x: float, *, is_open: bool) -> None:
    """Who was measured was alive, but may have left before; no response stays none."""
    of = replace(SIMPLE, failures=(DEATH, LEAVING))
    found = decide(assess(of, {"x": x}, undated=[undated]))
    assert (found.response == "cannot tell") is is_open
    if is_open:
        assert found.possible == ("yes", "none")
        assert found.responder == "cannot tell"
        assert found.reason == "cannot tell (yes or none): withdrew, on a day that is not recorded."


def test_a_death_without_a_day_leaves_open_what_nobody_measured_and_what_lasts_to_the_horizon() -> None:
    of = replace(SIMPLE, failures=(DEATH,))
    unmeasured = decide(
        assess(of, {"x": None, "w": 1}, undated=["death"], start={"x": 1}, missing_response="cannot_tell")
    )
    assert unmeasured.reason.endswith("died, on a day that is not recorded.")
    lasting = replace(SIMPLE, failures=(replace(DEATH, before="horizon"),))
    assert decide(assess(lasting, {"x": 1}, undated=["death"])).response == "cannot tell"


@pytest.mark.parametrize(
    ("event", "day", "now", "fails"),
    [
        # Leaving before the visit ends it; on its day, after what was measured, it does not.
        ("withdrawal", 179.0, {"x": 1}, True), ("withdrawal", 180.0, {"x": 1}, False), ("withdrawal", 181.0, {"x": 1}, False),
        ("withdrawal", 180.0, {"x": None}, True), ("withdrawal", 181.0, {"x": None}, False),
        ("withdrawal", 180.0, None, True), ("withdrawal", 179.0, None, True), ("withdrawal", 181.0, None, False),
        # After a death nothing is measured any more, however late it was.
        ("death", 999.0, None, True), ("death", 999.0, {"x": None}, True), ("death", 180.0, {"x": 1}, False),
        ("death", 179.0, {"x": 1}, True), ("lost", 10.0, {"x": 1}, False),
    ],
)  # fmt: skip
def test_an_event_before_the_visit_decides(
    event: str, day: float, now: dict[str, Any] | None, *, fails: bool
) -> None:
    of = replace(SIMPLE, failures=(DEATH, LEAVING))
    found = find_failure(assess(of, now, events={event: day}, start={"x": 1}))
    assert (found is not None) is fails
    if found is not None:
        assert found == f"{'died' if event == 'death' else 'withdrew'} (day {day:g})"


@pytest.mark.parametrize(("day", "fails"), [(329.0, True), (330.0, False), (331.0, False)])
def test_an_event_before_the_horizon_decides_until_its_window_opens(day: float, *, fails: bool) -> None:
    of = replace(SIMPLE, failures=(replace(DEATH, before="horizon"),))
    found = find_failure(assess(of, {"x": 1}, events={"death": day}, horizon_day=360, horizon_window=30))
    assert (found is not None) is fails


def test_a_need_comes_before_the_rules() -> None:
    of = replace(SIMPLE, needs=((phrase("y", ">=", "2", "baseline"), "not evaluable"),))
    assert decide(assess(of, {"x": 1}, start={"y": 2})).response == "yes"
    low = decide(assess(of, {"x": 1}, start={"y": 1}))
    assert (low.response, low.reason) == ("not evaluable", "not evaluable: y 1 at baseline.")
    open_ = decide(assess(of, {"x": 1}))
    assert (open_.response, open_.possible) == ("cannot tell", ("yes", "none", "not evaluable"))
    assert open_.reason == "cannot tell: y not recorded at baseline. Recorded for nobody: y."
    held = decide(assess(of, {"x": 1, "y": 5}))
    assert held.reason == "cannot tell: y not recorded at baseline."


def test_a_visit_is_measured_where_it_holds_what_the_criteria_ask() -> None:
    of = definition(
        criterion("x"), criterion("y", (phrase("y", measure="ever"),)), criterion("z", absent_means="met")
    )
    assert is_measured(assess(of, {"x": 1}))
    assert not is_measured(assess(of, {"x": None, "y": 1, "z": 1}))
    assert not is_measured(assess(of, None))


def test_nothing_measured_is_as_the_plan_says() -> None:
    row = {"x": None}
    open_ = decide(assess(SIMPLE, row, start={"x": 1}, missing_response="cannot_tell"))
    assert (open_.response, open_.possible) == ("cannot tell", ("yes", "none"))
    counted = decide(assess(SIMPLE, row, start={"x": 1}, missing_response="nonresponder"))
    assert (counted.response, counted.responder) == ("none", "no")
    assert counted.reason == "none: nothing was measured at month_6 (day 180), counted as no response."
    ever = definition(criterion("x", (phrase("x", ">=", "1", "ever"),)), rules=(LOW,))
    assert (
        decide(assess(ever, None, start={"x": 1}, missing_response="cannot_tell")).response == "cannot tell"
    )


# --- a response that another visit must confirm, or that a later one has lost ---------------------


def confirmed(*x: float | None, days: tuple[int, ...] = (0, 90, 180)) -> Decision:
    """Confirm the class at the last of these visits by the visit before."""
    rows = [
        {"subject": "1", "visit": f"v{day}", "day": day, "x": each, "w": 1.0}
        for day, each in zip(days, x, strict=True)
    ]
    cohort = build_timelines(pl.DataFrame(rows, infer_schema_length=None))
    timeline = cohort.timelines[0]
    last = timeline.visits[-1]
    settled = SIMPLE.settle({}) | {"confirmed": True, "missing_response": "cannot_tell"}
    one = Assessment(SIMPLE, settled, cohort, timeline, last.name, last.day, last, timeline.visits[0], (), {})
    return _confirm(one, decide(one))


def test_a_response_is_confirmed_by_the_visit_before() -> None:
    both = confirmed(9, 2, 1)
    assert (both.response, both.reason) == ("yes", "yes at v180: x 1. At v90: yes at v90: x 2.")
    not_yet = confirmed(1, 9, 1)
    assert (not_yet.response, not_yet.responder, not_yet.possible) == ("none", "no", ("none",))
    assert not_yet.reason == "none: not confirmed at v90 (none at v90: x 9.)"
    silent = confirmed(9, None, 1)
    assert (silent.response, silent.responder, silent.possible) == (
        "cannot tell",
        "cannot tell",
        ("yes", "none"),
    )
    assert confirmed(1, 1, 9).reason == "none at v180: x 9."
    open_ = confirmed(1, 9, None)
    assert (open_.response, "At v90" in open_.reason) == ("cannot tell", True)


def test_the_baseline_confirms_nothing() -> None:
    found = confirmed(1, 1, days=(0, 180))
    assert (found.response, found.responder) == ("cannot tell", "cannot tell")
    assert found.reason == "cannot tell: there is no visit before v180 that could confirm the response."
    assert confirmed(1, 1, 1, days=(0, 1, 180)).response == "yes"


@pytest.mark.parametrize(("day", "found"), [(150, True), (149, False), (210, True), (211, False)])
def test_a_visit_is_judged_within_the_window_of_the_day(day: int, *, found: bool) -> None:
    cohort = build_timelines(pl.DataFrame({"subject": ["1"], "visit": ["v"], "day": [day]}))
    (timeline,) = cohort.timelines

    def judged(**given: Any) -> bool:
        settled: dict[str, Any] = {"response_day": 180, "response_window": 30, "response_visit": ""} | given
        return visit_judged(timeline, settled, "v") is not None

    assert judged() is found
    # A visit that is named, or no day at all, leaves no window.
    assert judged(response_visit="v")
    assert judged(response_day=0)
    assert judged(response_day=1, response_window=1) is False
    assert not judged(response_day=180, response_window=0)


def test_the_target_is_the_visit_nearest_to_the_day() -> None:
    days = {"subject": ["1"] * 3, "visit": ["a", "b", "c"], "day": [0, 160, 205]}
    cohort = build_timelines(pl.DataFrame(days))

    def target(**given: Any) -> tuple[str, float]:
        settled: dict[str, Any] = {"response_day": 180, "response_window": 30, "response_visit": ""} | given
        return find_target(cohort, settled)

    assert target() == ("b", 160.0)
    assert target(response_day=183) == ("c", 205.0)
    # Where two lie equally near, the earlier one.
    assert target(response_day=182.5) == ("b", 160.0)
    assert target(response_window=20) == ("b", 160.0)
    assert target(response_window=19) == ("day 180", 180.0)
    assert target(response_day=0) == ("c", 205.0)
    assert target(response_day=1, response_window=1) == ("a", 0.0)
    assert target(response_visit="a") == ("a", 0.0)
    with pytest.raises(UnknownNameError, match="parameter 'response_visit'"):
        target(response_visit="d")
    nobody = build_timelines(pl.DataFrame(days).clear())
    assert find_target(nobody, {"response_day": 0, "response_window": 30, "response_visit": ""}) == ("", 0.0)


def graded(*renal: str | None) -> Assessment:
    """Assess the last of these visits by the definition of one published trial, whose own day is 180."""
    days = (0, 180, 270, 360)[: len(renal)]
    quiet: dict[str, Any] = {f"bilag_2004_{system}": "E" for system in organ_systems("bilag_2004")}
    rows = [
        quiet | {"subject": "1", "visit": f"v{day}", "day": day, "bilag_2004_renal": grade}
        for day, grade in zip(days, renal, strict=True)
    ]
    cohort = build_timelines(pl.DataFrame(rows, infer_schema_length=None))
    of, systems, (timeline,) = (
        response_definition("ucmsc_bilag_response"),
        cohort.systems("bilag_2004"),
        cohort.timelines,
    )
    last = timeline.visits[-1]
    return Assessment(
        of, of.settle({}), cohort, timeline, last.name, last.day, last, timeline.visits[0], systems,
        cohort.expected(systems, "bilag_2004"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("renal", "low", "high", "text"),
    [
        (("A", "C", "B"), 1, 1, "relapse at v270 (day 270): renal C -> B"), (("A", "C", "C"), 0, 0, "no relapse since v180"),
        (("A", "C", "C", "B"), 1, 1, "relapse at v360 (day 360): renal C -> B"), (("A", "A", "B"), 0, 0, "no response at v180 to lose"),
        (("A", "C"), 0, 0, ""),
        # Whether there was a response to lose is not known: one, or none.
        (("A", None, "B", "C"), 0, 1, "a relapse cannot be ruled out at v270"),
    ],
)  # fmt: skip
def test_a_response_that_was_lost_before(renal: tuple[str, ...], low: int, high: int, text: str) -> None:
    found = measure_relapses_before(graded(*renal), ())
    assert (found.span, found.text) == (Span(Decimal(low), Decimal(high)), text)


def test_a_unit_that_nobody_said_is_doubted_where_low_values_may_be_another() -> None:
    """A ratio of protein to creatinine below 15 mg/mmol may be one in mg/mg; a haemoglobin says its unit itself."""
    found = _unsaid_unit(ReadColumn("upcr", "upcr", "mg/mmol", False))  # noqa: FBT003
    assert found is not None
    assert (found.column, found.unit, found.below) == ("upcr", "mg/mmol", 15)
    assert _unsaid_unit(ReadColumn("upcr", "upcr", "mg/mg", False)) is None  # noqa: FBT003
    assert _unsaid_unit(ReadColumn("x", "", "mg/mmol", False)) is None  # noqa: FBT003
    for name, analyte in analyte_table().analytes.items():
        if analyte.plausible is None or analyte.plausible.unsure_below is None:
            assert _unsaid_unit(ReadColumn(name, name, analyte.unit, False)) is None  # noqa: FBT003
