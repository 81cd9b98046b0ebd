"""What the parts of a study file must agree on: each limit is tried on it, just within it and just beyond."""

from collections.abc import Mapping
from typing import Any

import pytest

from funis.study.check import check_study
from funis.study.model import Study

Parts = Mapping[str, Any]
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
BASELINE = {"name": "baseline", "day": 0, "forms": ("sledai_2k", "labs")}
MONTH = {"name": "month_1", "day": 30, "forms": ("sledai_2k", "labs")}
LAST = {"name": "month_2", "day": 60}
SOUND: Parts = {
    "study": TRIAL,
    "infusions": ({"day": 0}, {"day": 7, "window": (-1, 1)}),
    "visits": (BASELINE, MONTH, LAST),
    "labs": ({"test": "creatinine", "unit": "umol/L"},),
    "subgroups": {"women": "sex = 'female'"},
    "populations": {"treated": "infusions_received >= 1"},
}
CHANGE = {"id": "e", "kind": "change", "variable": "sledai_2k", "at": ("month_1",)}


def found(**parts: object) -> list[tuple[str, str]]:
    """Give place and value of every finding of a sound study with some parts replaced."""
    study = Study.model_validate({**SOUND, **parts})
    return [(".".join(map(str, each.key)), each.value) for each in check_study(study)]


def endpoints(*given: Parts, **parts: object) -> list[tuple[str, str]]:
    return found(endpoints=given, **parts)


def test_a_sound_study_has_no_finding() -> None:
    assert found() == []
    assert endpoints(CHANGE) == []


@pytest.mark.parametrize(
    ("section", "key", "first"),
    [
        ("sites", "id", {"id": "a", "name": "A"}),
        ("arms", "id", {"id": "a", "name": "A"}),
        ("labs", "test", {"test": "creatinine", "unit": "umol/L"}),
        ("columns", "name", {"name": "eye_colour"}),
        ("endpoints", "id", {"id": "e", "kind": "exposure"}),
    ],
)
def test_a_name_that_stands_twice_is_found_at_its_second_place(section: str, key: str, first: Parts) -> None:
    assert found(**{section: (first,)}) == []
    assert found(**{section: (first, first)}) == [(f"{section}.1.{key}", first[key])]


def test_visits_and_criteria_of_one_name_are_found() -> None:
    again = {"name": "month_1", "day": 90}
    assert found(visits=(BASELINE, MONTH, LAST, again)) == [("visits.3.name", "month_1")]
    one = {"id": "c", "text": "one"}
    assert found(eligibility={"inclusion": ({"id": "b", "text": "other"}, one), "exclusion": ()}) == []
    assert found(eligibility={"inclusion": (one,), "exclusion": (one,)}) == [
        ("eligibility.exclusion.0.id", "c")
    ]


def test_a_column_that_subjects_have_already_is_found() -> None:
    assert found(columns=({"name": "eye_colour"}, {"name": "sex"})) == [("columns.1.name", "sex")]


def test_a_parallel_trial_has_two_arms() -> None:
    arms = ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "control": True})
    parallel = {"study": TRIAL | {"design": "parallel"}}
    assert found(**parallel) == found(**parallel, arms=arms[:1]) == [("study.design", "parallel")]
    assert found(**parallel, arms=arms) == []
    assert found(arms=arms[:1]) == []


def test_groups_have_names_of_their_own() -> None:
    groups = {"populations": {"women": "age > 18"}, "subgroups": {"women": "sex = 'female'"}}
    assert found(**groups) == [("subgroups.women", "women")]
    assert found(populations={"Treated": "age > 18"}) == [("populations.Treated", "Treated")]
    assert found(subgroups={"the old": "age > 65"}) == [("subgroups.the old", "the old")]


def test_a_set_of_classification_criteria_must_exist() -> None:
    known = {"id": "c", "text": "c", "classification": "eular_acr_2019"}
    unknown = {"id": "d", "text": "d", "classification": "eular_2020"}
    assert found(eligibility={"inclusion": (known,), "exclusion": (unknown,)}) == [
        ("eligibility.exclusion.0.classification", "eular_2020")
    ]


@pytest.mark.parametrize(
    ("window", "is_sound"),
    [
        ((0, 0), True),
        ((-3, 0), True),
        ((0, 3), True),
        ((-3, 3), True),
        ((1, 3), False),
        ((-3, -1), False),
        ((1, 1), False),
        ((2, 1), False),
        ((1, -1), False),
    ],
)
def test_a_window_holds_its_day_and_does_not_end_before_it_begins(
    window: tuple[int, int], *, is_sound: bool
) -> None:
    wanted = [] if is_sound else [("visits.1.window", str(list(window)))]
    assert found(visits=(BASELINE, MONTH | {"window": window}, LAST)) == wanted
    wanted = [] if is_sound else [("infusions.1.window", str(list(window)))]
    assert found(infusions=({"day": 0}, {"day": 7, "window": window})) == wanted


def test_a_window_that_is_the_wrong_way_round_is_told_as_such() -> None:
    study = Study.model_validate({**SOUND, "infusions": ({"day": 0, "window": (1, -1)},)})
    finding = check_study(study)[0]
    assert (finding.message, finding.fix) == ("The window ends before it begins.", "Write [-1, 1].")


def test_the_first_infusion_is_on_day_zero() -> None:
    assert found(infusions=()) == []
    assert found(infusions=({"day": 1},)) == [("infusions.0.day", "1")]
    assert found(infusions=({"day": -1},)) == [("infusions.0.day", "-1")]


@pytest.mark.parametrize(("day", "count"), [(29, 1), (30, 1), (31, 0)])
def test_planned_days_rise(day: int, count: int) -> None:
    wanted = [("visits.2.day", str(day))] * count
    assert found(visits=(BASELINE, MONTH, {"name": "month_2", "day": day})) == wanted


@pytest.mark.parametrize(("opens", "count"), [(-24, 1), (-23, 1), (-22, 0)])
def test_windows_may_touch_but_not_overlap(opens: int, count: int) -> None:
    """The earlier window closes on day 30 + 7 = 37; the later opens on day 60 - 24 = 36, 37 or 38."""
    earlier, later = MONTH | {"window": (-7, 7)}, LAST | {"window": (opens, 5)}
    wanted = [("visits.2.window", str([opens, 5]))] * count
    assert found(visits=(BASELINE, earlier, later)) == wanted
    assert found(visits=(BASELINE, MONTH, later)) == found(visits=(BASELINE, earlier, LAST)) == []


def test_the_fix_of_an_overlap_names_the_day_before_the_later_window() -> None:
    earlier, later = MONTH | {"window": (-7, 7)}, LAST | {"window": (-24, 5)}
    finding = check_study(Study.model_validate({**SOUND, "visits": (BASELINE, earlier, later)}))[0]
    assert "opens on day 36, and the one before it closes on day 37" in finding.message
    assert "on day 35 or before" in finding.fix


def test_a_trial_plans_visits_and_a_baseline_among_them() -> None:
    observed = {"study": TRIAL | {"design": "observational"}}
    assert found(visits=()) == [("visits", "")]
    assert found(visits=(), **observed) == []
    assert found(visits=(MONTH, LAST)) == [("visits.0.day", "30")]
    assert found(visits=(MONTH, LAST), **observed) == []
    assert found(visits=(BASELINE | {"name": "unscheduled_1"}, MONTH, LAST)) == [
        ("visits.0.name", "unscheduled_1")
    ]


def test_forms_exist_and_stand_once() -> None:
    forms = ("sledai_2k", "labs", "sledia_2k", "sledai_2k")
    assert found(visits=(BASELINE, MONTH | {"forms": forms}, LAST)) == [
        ("visits.1.forms.2", "sledia_2k"),
        ("visits.1.forms.3", "sledai_2k"),
    ]


def test_labs_are_due_where_there_are_labs() -> None:
    bare = MONTH | {"forms": ("sledai_2k",)}
    first = BASELINE | {"forms": ("sledai_2k",)}
    assert found(visits=(first, MONTH, LAST), labs=()) == [("visits.1.forms", "labs")]
    assert found(visits=(first, bare, LAST), labs=()) == []
    some = MONTH | {"labs": ("creatinine",)}
    assert found(visits=(BASELINE, some, LAST)) == []
    assert found(visits=(BASELINE, some | {"forms": ("sledai_2k",)}, LAST)) == [
        ("visits.1.labs", "['creatinine']")
    ]
    assert found(visits=(BASELINE, MONTH | {"labs": ("creatinine", "urea")}, LAST)) == [
        ("visits.1.labs.1", "urea")
    ]


def test_units_and_names_of_tests_are_known_or_free() -> None:
    assert found(labs=({"test": "creatinine", "unit": "stone"},)) == [("labs.0.unit", "stone")]
    assert found(labs=({"test": "creatinin", "unit": "umol/L"},)) == [("labs.0.test", "creatinin")]
    assert found(labs=({"test": "factor_of_ours", "unit": "stone"},)) == []


def test_the_nearest_test_alone_is_named() -> None:
    """Both anti_ssa and anti_ssb lack one letter of the name."""
    study = Study.model_validate({**SOUND, "labs": ({"test": "anti_ssab", "unit": "U/mL"},)})
    (finding,) = check_study(study)
    assert (finding.key, finding.value) == (("labs", 0, "test"), "anti_ssab")
    assert finding.fix.count("anti_ss") == 2
    assert finding.fix.count(",") == 0


@pytest.mark.parametrize(("low", "high"), [("low", "high"), ("minimum", "maximum")])
def test_a_lower_limit_lies_below_the_upper(low: str, high: str) -> None:
    test = {"test": "creatinine", "unit": "umol/L"}
    assert found(labs=(test | {low: 1.0, high: 2.0},)) == []
    assert found(labs=(test | {low: 2.0, high: 2.0},)) == [(f"labs.0.{low}", "2")]
    assert found(labs=(test | {low: 2.5, high: 2.0},)) == [(f"labs.0.{low}", "2.5")]
    assert found(labs=(test | {low: 2.5},)) == found(labs=(test | {high: -2.5},)) == []


def test_instruments_parameters_and_units_exist() -> None:
    assert found(instruments={"sledia_2k": {}}) == [("instruments.sledia_2k", "sledia_2k")]
    flow = "unstimulated_flow"
    assert found(instruments={flow: {"unit": "mL/min"}}) == []
    assert found(instruments={flow: {"unit": "stone"}}) == [(f"instruments.{flow}.unit", "stone")]
    assert found(instruments={flow: {}, "sledai_2k": {"unit": "anything"}}) == []
    assert found(instruments={"sledai_2k": {"parameters": {"no_such": "x"}}}) == [
        ("instruments.sledai_2k.parameters.no_such", "no_such")
    ]


def test_rules_of_every_kind_are_read() -> None:
    assert found(populations={"treated": "agee > 1"}) == [("populations.treated", "agee > 1")]
    assert found(subgroups={"women": "sexx = 'female'"}) == [("subgroups.women", "sexx = 'female'")]
    adult = {"id": "I1", "text": "Adult", "rule": "age >= 18"}
    late = {"id": "E1", "text": "Late", "rule": "infusions_received > 1"}
    free = {"id": "E2", "text": "As judged"}
    assert found(eligibility={"inclusion": (adult,), "exclusion": (free, late)}) == [
        ("eligibility.exclusion.1.rule", "infusions_received > 1")
    ]
    assert found(product={"release": ("viability_percent >= 80", "age > 1")}) == [
        ("product.release.1", "age > 1")
    ]


def test_the_message_of_a_late_column_says_that_it_is_late() -> None:
    late = {"id": "E1", "text": "Late", "rule": "infusions_received > 1"}
    wrong = {"id": "E2", "text": "Wrong", "rule": "no_such > 1"}
    study = Study.model_validate({**SOUND, "eligibility": {"exclusion": (late, wrong)}})
    first, second = check_study(study)
    assert first.message == "'infusions_received' is known only after the first infusion."
    assert "known only after" not in second.message
    assert "no_such" in second.message


def test_an_endpoint_takes_the_keys_of_its_kind() -> None:
    assert endpoints({"id": "e", "kind": "exposure", "at": ("month_1",)}) == []
    assert endpoints({"id": "e", "kind": "exposure", "level": 0.9, "adjust": "holm"}) == [
        ("endpoints.0.adjust", ""),
        ("endpoints.0.level", ""),
    ]
    assert endpoints({"id": "e", "kind": "adverse_events", "level": 0.9}) == []
    assert endpoints({"id": "e", "kind": "response", "definition": "doris_2021"}) == [("endpoints.0.at", "")]
    assert endpoints({"id": "e", "kind": "relapse", "at": ("month_1",)}) == [("endpoints.0.definition", "")]
    assert endpoints({"id": "e", "kind": "time_to_event"}) == [("endpoints.0.event", "")]


@pytest.mark.parametrize("kind", ["change", "summary", "systems"])
def test_what_is_analysed_is_named(kind: str) -> None:
    assert endpoints({"id": "e", "kind": kind}) == [("endpoints.0.variable", "")]


@pytest.mark.parametrize(
    ("event", "count"), [("relapse", 1), ("response", 1), ("death", 0), ("withdrawal", 0)]
)
def test_an_event_that_is_defined_names_its_definition(event: str, count: int) -> None:
    timed = {"id": "e", "kind": "time_to_event", "event": event}
    assert endpoints(timed) == [("endpoints.0.definition", "")] * count
    assert endpoints(timed | {"definition": "doris_2021"}) == []


def test_variables_are_collected_and_of_the_right_kind() -> None:
    graded = BASELINE | {"forms": ("bilag_2004",)}, MONTH | {"forms": ("bilag_2004",)}
    plan = {"visits": (*graded, LAST), "labs": ()}
    assert endpoints(CHANGE | {"variable": "ssdai"}) == [("endpoints.0.variable", "ssdai")]
    both = {"id": "e", "kind": "change", "variable": "bilag_2004", "variables": ("bilag_2004_renal",)}
    assert endpoints(both, **plan) == [("endpoints.0.variables", "bilag_2004_renal")]
    assert endpoints(both | {"kind": "summary"}, **plan) == []
    systems = {"id": "e", "kind": "systems", "variable": "bilag_2004", "at": ("month_1",)}
    assert endpoints(systems, **plan) == []
    assert endpoints(systems | {"variable": "bilag_2004_renal"}, **plan) == [
        ("endpoints.0.variable", "bilag_2004_renal")
    ]


@pytest.mark.parametrize("kind", ["change", "systems", "relapse", "response"])
def test_a_change_is_not_analysed_at_its_baseline(kind: str) -> None:
    bilag = BASELINE | {"forms": ("bilag_2004",)}, MONTH | {"forms": ("bilag_2004",)}
    own = {"definition": "doris_2021"} if kind in {"relapse", "response"} else {"variable": "bilag_2004"}
    at = {"id": "e", "kind": kind, "at": ("baseline", "month_1"), **own}
    assert endpoints(at, visits=(*bilag, LAST), labs=()) == [("endpoints.0.at", "baseline")]


def test_a_summary_may_stand_at_baseline_and_a_change_on_day_one() -> None:
    assert endpoints(CHANGE | {"kind": "summary", "at": ("baseline", "month_1")}) == []
    soon = {"name": "soon", "day": 1, "forms": ("sledai_2k",)}
    assert endpoints(CHANGE | {"at": ("soon",)}, visits=(BASELINE, soon, MONTH, LAST)) == []


def test_visits_of_analysis_are_planned_and_have_the_form() -> None:
    assert endpoints(CHANGE | {"at": ("month_3", "month_1")}) == [("endpoints.0.at", "month_3")]
    assert endpoints(CHANGE | {"at": ("month_2",)}) == [("endpoints.0.at", "month_2")]
    assert endpoints(CHANGE | {"variable": "creatinine", "at": ("month_2",)}) == []
    nowhere: Parts = {"instruments": {"ssdai": {}}}
    assert endpoints(CHANGE | {"variable": "ssdai", "at": ("month_2",)}, **nowhere) == []
    observed = {"study": TRIAL | {"design": "observational"}, "visits": (), "labs": ()}
    assert endpoints(CHANGE | {"at": ("whenever",)}, **observed, instruments={"sledai_2k": {}}) == []


def test_a_grade_is_due_where_its_instrument_is() -> None:
    graded = {"visits": (BASELINE, MONTH | {"forms": ("bilag_2004",)}, LAST)}
    summary = {"id": "e", "kind": "summary", "variable": "bilag_2004_renal"}
    assert endpoints(summary | {"at": ("month_1",)}, **graded) == []
    assert endpoints(summary | {"at": ("month_2",)}, **graded) == [("endpoints.0.at", "month_2")]


def test_death_does_not_compete_with_itself() -> None:
    timed = {"id": "e", "kind": "time_to_event", "competing": "death"}
    assert endpoints(timed | {"event": "death"}) == [("endpoints.0.competing", "death")]
    assert endpoints(timed | {"event": "withdrawal"}) == []
    assert endpoints({"id": "e", "kind": "time_to_event", "event": "death"}) == []


@pytest.mark.parametrize(
    ("origin", "at", "horizon", "is_sound"),
    [
        ("first_infusion", (), "month_1", True),
        ("first_infusion", (), "baseline", False),
        ("response", ("month_1",), "month_2", True),
        ("response", ("month_1",), "month_1", False),
        ("response", ("month_1", "month_2"), "month_2", True),
        ("response", (), "month_1", True),
        ("first_infusion", ("month_1",), "month_1", True),
        ("first_infusion", (), "month_9", False),
        ("first_infusion", (), "soon", True),
    ],
)
def test_the_horizon_of_a_mean_time_lies_after_its_origin(
    origin: str, at: tuple[str, ...], horizon: str, *, is_sound: bool
) -> None:
    timed = {"id": "e", "kind": "time_to_event", "event": "death", "origin": origin, "at": at}
    visits = (BASELINE, {"name": "soon", "day": 1}, MONTH, LAST)
    wanted = [] if is_sound else [("endpoints.0.restricted_mean", horizon)]
    assert endpoints(timed | {"restricted_mean": horizon}, visits=visits) == wanted


def test_names_that_an_endpoint_uses_exist() -> None:
    assert endpoints(CHANGE | {"population": "treated", "subgroups": ("women",)}) == []
    assert endpoints(CHANGE | {"population": "treatd"}) == [("endpoints.0.population", "treatd")]
    assert endpoints(CHANGE | {"subgroups": ("women", "men")}) == [("endpoints.0.subgroups", "men")]
    only = CHANGE | {"subgroup_only": True}
    assert endpoints(only) == [("endpoints.0.subgroup_only", "true")]
    assert endpoints(only | {"subgroups": ("women",)}) == []
    wrong = {"id": "e", "kind": "response", "definition": "doris_1021", "at": ("month_1",)}
    assert endpoints(wrong) == [("endpoints.0.definition", "doris_1021")]


@pytest.mark.parametrize(
    ("formula", "count"),
    [
        ("visit + baseline", 0),
        ("visit*baseline - 1 + C( site )  ", 0),
        ("0 + visit:baseline", 0),
        ("visit + bmii", 1),
        ("visit + C(bmii)", 1),
        ("visit + bmii + bmiii", 2),
        ("visit + log(baseline)", 2),
        ("visit ** 2", 1),
        ("visit + 2", 1),
    ],
)
def test_a_formula_is_of_names_that_exist(formula: str, count: int) -> None:
    given = endpoints(CHANGE | {"methods": ("mmrm",), "formula": formula})
    assert [place for place, _ in given] == ["endpoints.0.formula"] * count


def test_what_may_not_stand_in_a_formula_is_shown_up_to_twenty_characters() -> None:
    formula = "visit + @bcdefghijklmnopqrstuvwxyz"
    study = Study.model_validate(
        {**SOUND, "endpoints": (CHANGE | {"methods": ("mmrm",), "formula": formula},)}
    )
    assert [each.message for each in check_study(study)] == [
        "' @bcdefghijklmnopqrs' may not stand in a formula."
    ]


def test_names_that_broken_entries_would_define_are_no_second_finding() -> None:
    study = Study.model_validate({**SOUND, "endpoints": (CHANGE | {"population": "broken"},)})
    assert len(check_study(study)) == 1
    assert check_study(study, frozenset({"broken"})) == []
    assert len(check_study(study, frozenset({"other"}))) == 1
