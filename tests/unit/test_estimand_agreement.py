"""What estimands, imputation, sensitivity and gatekeeping must agree on with their endpoints, limit by limit."""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import add
from typing import Any

import pytest

from funis.study.check_estimands import (
    check_estimands,
    check_imputation,
    check_multiplicity,
    check_sensitivity,
)
from funis.study.model import Study
from funis.study.study_finding import StudyFinding

Parts = Mapping[str, Any]
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
ARMS = ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "control": True})
UNMARKED = ({"id": "a", "name": "A"}, {"id": "b", "name": "B"})
CHANGE = {"id": "c", "kind": "change", "variable": "sledai_2k", "at": ("m1",), "methods": ("paired_t",)}
RESPONSE = {"id": "r", "kind": "response", "definition": "doris_2021", "at": ("m1",)}
RELAPSE = {"id": "q", "kind": "relapse", "definition": "doris_2021", "at": ("m1",)}
EXPOSURE = {"id": "x", "kind": "exposure"}


def named(findings: Iterator[StudyFinding]) -> list[tuple[str, str]]:
    return [(".".join(map(str, each.key)), each.value) for each in findings]


def study_of(*endpoints: Parts, **parts: object) -> Study:
    return Study.model_validate({"study": TRIAL, "endpoints": endpoints, **parts})


# --- imputation --------------------------------------------------------------------------------------


def imputed(endpoint: Parts, **parts: object) -> list[tuple[str, str]]:
    return named(check_imputation(study_of(EXPOSURE, endpoint, **parts)))


@pytest.mark.parametrize("policy", ["multiple_imputation", "j2r", "cr", "cir"])
def test_only_changes_are_drawn(policy: str) -> None:
    drawn = {"missing_outcome": policy}
    assert imputed(CHANGE | drawn, arms=ARMS) == []
    assert imputed(RESPONSE | drawn, arms=ARMS) == [("endpoints.1.missing_outcome", policy)]
    needs_control = [] if policy == "multiple_imputation" else [("endpoints.1.missing_outcome", policy)]
    assert imputed(CHANGE | drawn) == imputed(CHANGE | drawn, arms=UNMARKED) == needs_control
    assert imputed(RESPONSE | {"missing_outcome": "worst"}) == []


@pytest.mark.parametrize("method", ["wilcoxon", "sign_test", "bootstrap", "permutation"])
def test_ranks_and_resamples_are_not_pooled(method: str) -> None:
    two = CHANGE | {"methods": ("paired_t", method)}
    assert imputed(two | {"missing_outcome": "multiple_imputation"}) == [("endpoints.1.methods.1", method)]
    assert imputed(two) == []


@pytest.mark.parametrize(
    ("shifts", "is_sound"),
    [
        ((), True),
        ((0.0,), True),
        ((0.0, 1.0, 2.0), True),
        ((0.0, -1.0, -2.0), True),
        ((1.0, 2.0), False),
        ((0.0, 1.0, 1.0), False),
        ((0.0, 2.0, 1.0), False),
        ((0.0, 1.0, -2.0), False),
        ((0.0, 0.5, 1.0), True),
        ((-1.0,), False),
    ],
)
def test_shifts_begin_at_zero_and_go_one_way(shifts: tuple[float, ...], *, is_sound: bool) -> None:
    wanted = [] if is_sound else [("endpoints.1.imputation.tipping_point", str(list(shifts)))]
    assert imputed(CHANGE | {"imputation": {"tipping_point": shifts}}) == wanted


def test_a_covariance_by_arm_is_for_a_reference() -> None:
    by_arm = {"imputation": {"covariance": "by_arm"}}
    place = [("endpoints.1.imputation.covariance", "by_arm")]
    assert imputed(CHANGE | by_arm | {"missing_outcome": "j2r"}, arms=ARMS) == []
    assert imputed(CHANGE | by_arm | {"missing_outcome": "multiple_imputation"}, arms=ARMS) == place
    one = {"imputation": {"covariance": "one"}, "missing_outcome": "multiple_imputation"}
    assert imputed(CHANGE | one) == []


def test_strategies_by_ending_stand_beside_the_policy_that_reads_them() -> None:
    mixed = {"imputation": {"strategies": {"died": "j2r", "lost": "mar"}}}
    plain = {"imputation": {"strategies": {"lost": "mar"}}}
    by_ending = {"missing_outcome": "by_ending"}
    missing = [("endpoints.1.missing_outcome", "by_ending")]
    assert imputed(CHANGE | by_ending | mixed, arms=ARMS) == []
    assert imputed(CHANGE | by_ending | plain, arms=ARMS) == missing
    assert imputed(CHANGE | by_ending, arms=ARMS) == missing
    assert imputed(CHANGE | {"missing_outcome": "j2r"} | mixed, arms=ARMS) == [
        ("endpoints.1.imputation.strategies", "died = j2r, lost = mar")
    ]


def test_keys_of_a_mixed_model_stand_beside_one() -> None:
    modelled = CHANGE | {"methods": ("mmrm",)}
    for key, value, shown in (("fallback", ("toep",), ""), ("marginal_means", "conditional", "conditional")):
        assert imputed(modelled | {key: value}) == []
        assert imputed(CHANGE | {key: value}) == [(f"endpoints.1.{key}", shown)]


def test_a_covariance_is_tried_once() -> None:
    modelled = CHANGE | {"methods": ("mmrm",), "covariance": "us"}
    assert imputed(modelled | {"fallback": ("toep", "cs")}) == []
    assert imputed(modelled | {"fallback": ("toep", "us")}) == [("endpoints.1.fallback.1", "us")]
    assert imputed(modelled | {"fallback": ("toep", "toep")}) == [("endpoints.1.fallback.1", "toep")]
    assert imputed(modelled | {"fallback": ("us", "toep")}) == [("endpoints.1.fallback.0", "us")]


@pytest.mark.parametrize("key", ["null_rate", "performance_goal"])
def test_rates_set_beforehand_are_for_one_arm(key: str) -> None:
    assert imputed(RESPONSE | {key: 0.25}) == imputed(RESPONSE, arms=ARMS) == []
    assert imputed(RESPONSE | {key: 0.25}, arms=ARMS) == [(f"endpoints.1.{key}", "0.25")]


# --- estimands ---------------------------------------------------------------------------------------


def estimated(of: Parts, summary: str = "mean change", **own: Any) -> list[tuple[str, str]]:
    parts: dict[str, Any] = {"arms": own.pop("arms", ())}
    rules = own.pop("intercurrent_events_of_study", None)
    if rules is not None:
        parts["intercurrent_events"] = rules
    estimand = {"id": "main", "endpoint": of["id"], "treatment": "cells", "summary": summary} | own
    return named(check_estimands(study_of(EXPOSURE, of, estimands=(estimand,), **parts)))


def events(*pairs: tuple[str, str]) -> tuple[dict[str, str], ...]:
    return tuple({"event": event, "strategy": strategy} for event, strategy in pairs)


def test_the_endpoint_of_an_estimand_exists_and_is_of_a_kind_that_has_one() -> None:
    assert (
        estimated(CHANGE) == estimated(RESPONSE, "response rate") == estimated(RELAPSE, "relapse rate") == []
    )
    assert estimated(CHANGE, endpoint="d") == [("estimands.0.endpoint", "d")]
    assert estimated(CHANGE, endpoint="x") == [("estimands.0.endpoint", "x")]


def test_the_words_about_a_wrong_kind_name_those_that_would_do() -> None:
    estimand = {"id": "main", "endpoint": "x", "treatment": "cells", "summary": "mean change"}
    (finding,) = check_estimands(study_of(EXPOSURE, CHANGE, RESPONSE, estimands=(estimand,)))
    assert finding.fix == "Name one of kind change, response or relapse: c, r."


def test_the_population_of_an_estimand_exists() -> None:
    assert estimated(CHANGE, population="enrolled") == []
    assert estimated(CHANGE, population="treated") == [("estimands.0.population", "treated")]


def test_an_event_has_one_strategy_that_can_be_followed() -> None:
    place = "estimands.0.intercurrent_events"
    sound = events(("death", "while_on_treatment"), ("withdrawal", "treatment_policy"))
    assert estimated(CHANGE, intercurrent_events=sound) == []
    twice = events(("withdrawal", "treatment_policy"), ("withdrawal", "while_on_treatment"))
    assert estimated(CHANGE, intercurrent_events=twice) == [(f"{place}.1.event", "withdrawal")]
    strata = events(("withdrawal", "principal_stratum"))
    assert estimated(CHANGE, intercurrent_events=strata) == [(f"{place}.0.strategy", "principal_stratum")]
    after = events(("withdrawal", "treatment_policy"), ("death", "treatment_policy"))
    assert estimated(CHANGE, intercurrent_events=after) == [(f"{place}.1.strategy", "treatment_policy")]


def test_an_estimand_has_one_variable_of_its_endpoint() -> None:
    two = CHANGE | {"variables": ("essdai",)}
    assert estimated(CHANGE, variable="sledai_2k") == estimated(two, variable="essdai") == []
    assert estimated(CHANGE, variable="essdai") == [("estimands.0.variable", "essdai")]
    assert estimated(two) == [("estimands.0.variable", "")]
    assert estimated(RESPONSE, "response rate", variable="doris_2021") == []
    assert estimated(RESPONSE, "response rate", variable="lldas") == [("estimands.0.variable", "lldas")]


def test_the_summary_suits_the_endpoint_and_the_arms() -> None:
    place = "estimands.0.summary"
    assert estimated(CHANGE, "median change") == []
    assert estimated(CHANGE, "response rate") == [(place, "response rate")]
    difference = "difference in mean change"
    assert estimated(CHANGE, difference, arms=ARMS) == []
    assert estimated(CHANGE, difference) == [(place, difference)]
    assert estimated(CHANGE, difference, arms=UNMARKED) == [(place, difference)]
    assert estimated(CHANGE, "mean change", arms=UNMARKED) == []
    assert estimated(RESPONSE, "difference in response rate", arms=ARMS) == []


def test_models_and_draws_give_means() -> None:
    modelled, drawn = CHANGE | {"methods": ("mmrm",)}, CHANGE | {"missing_outcome": "multiple_imputation"}
    for endpoint in (modelled, drawn):
        assert estimated(endpoint, "median change") == [("estimands.0.summary", "median change")]
        assert estimated(endpoint) == []


def test_what_would_have_been_needs_a_model_of_a_change() -> None:
    place = "estimands.0.intercurrent_events.0.strategy"
    supposed = events(("withdrawal", "hypothetical"))
    assert estimated(CHANGE | {"methods": ("mmrm",)}, intercurrent_events=supposed) == []
    drawn = CHANGE | {"missing_outcome": "multiple_imputation"}
    assert estimated(drawn, intercurrent_events=supposed) == []
    assert estimated(CHANGE, intercurrent_events=supposed) == [(place, "hypothetical")]
    assert estimated(RESPONSE, "response rate", intercurrent_events=supposed) == [(place, "hypothetical")]


def test_a_composite_change_has_a_value_and_only_it() -> None:
    failed = events(("withdrawal", "composite"))
    assert estimated(CHANGE, intercurrent_events=failed, composite_value=0.0) == []
    assert estimated(CHANGE, intercurrent_events=failed) == [
        ("estimands.0.intercurrent_events.0.strategy", "composite")
    ]
    assert estimated(RESPONSE, "response rate", intercurrent_events=failed) == []
    left = [("estimands.0.composite_value", "2.5")]
    assert estimated(CHANGE, composite_value=2.5) == left
    assert estimated(RESPONSE, "response rate", intercurrent_events=failed, composite_value=2.5) == left


def test_events_that_are_found_by_a_list_have_one() -> None:
    rescue = events(("death", "composite"), ("rescue_medication", "treatment_policy"))
    own: dict[str, Any] = {"intercurrent_events": rescue, "composite_value": 1.0}
    assert estimated(CHANGE, **own) == [("estimands.0.intercurrent_events.1.event", "rescue_medication")]
    listed = {"rescue_medication": ("prednisone",)}
    assert estimated(CHANGE, **own, intercurrent_events_of_study=listed) == []
    other = {"adverse_event": ("sepsis",)}
    assert len(estimated(CHANGE, **own, intercurrent_events_of_study=other)) == 1


# --- sensitivity -------------------------------------------------------------------------------------


def planned(*plans: Parts, arms: tuple[Parts, ...] = ()) -> list[tuple[str, str]]:
    return named(check_sensitivity(study_of(EXPOSURE, CHANGE, RESPONSE, sensitivity=plans, arms=arms)))


def test_a_set_of_sensitivity_analyses_is_of_one_endpoint() -> None:
    assert planned({"endpoint": "c"}, {"endpoint": "r"}) == []
    assert planned({"endpoint": "c"}, {"endpoint": "c"}) == [("sensitivity.1.endpoint", "c")]
    assert planned({"endpoint": "x"}) == [("sensitivity.0.endpoint", "x")]
    assert planned({"endpoint": "c", "populations": ("enrolled", "treated")}) == [
        ("sensitivity.0.populations.1", "treated")
    ]


def test_policies_and_methods_of_a_set_suit_the_kind() -> None:
    assert planned({"endpoint": "c", "missing": ("observed", "locf", "baseline")}) == []
    assert planned({"endpoint": "c", "missing": ("locf", "worst")}) == [("sensitivity.0.missing.1", "worst")]
    assert planned({"endpoint": "r", "missing": ("nonresponder", "worst", "best")}) == []
    assert planned({"endpoint": "r", "missing": ("locf",)}) == [("sensitivity.0.missing.0", "locf")]
    assert planned({"endpoint": "r", "methods": ("paired_t",)}) == [("sensitivity.0.methods", "")]
    assert planned({"endpoint": "c", "methods": ("paired_t", "j2r")}) == [("sensitivity.0.methods.1", "j2r")]
    assert planned({"endpoint": "c", "methods": ("paired_t", "j2r")}, arms=ARMS) == []


# --- gatekeeping -------------------------------------------------------------------------------------


def gated(*endpoints: Parts, arms: tuple[Parts, ...] = (), **plan: Any) -> list[tuple[str, str]]:
    given = endpoints or (CHANGE, CHANGE | {"id": "d"}, EXPOSURE)
    plan = {"method": "holm"} | plan
    return named(check_multiplicity(study_of(*given, multiplicity=plan, arms=arms)))


def test_no_gatekeeping_has_no_finding() -> None:
    assert list(check_multiplicity(study_of(CHANGE))) == []


def test_endpoints_or_families_are_named_and_not_both() -> None:
    assert gated(endpoints=("c", "d")) == gated(families=(("c",), ("d",))) == []
    assert gated() == gated(endpoints=("c", "d"), families=(("c",),)) == [("multiplicity.endpoints", "")]
    assert gated(families=(("c",), ("d",)), method="hochberg") == [("multiplicity.families", "")]
    assert gated(endpoints=("c", "d"), method="hochberg") == []


def test_each_endpoint_among_those_adjusted_exists_and_stands_once() -> None:
    assert gated(endpoints=("c", "e")) == [("multiplicity.endpoints.1", "e")]
    assert gated(endpoints=("c", "x")) == [("multiplicity.endpoints.1", "x")]
    assert gated(endpoints=("c", "d", "c")) == [("multiplicity.endpoints.2", "c")]
    assert gated(families=(("c",), ("c",))) == [("multiplicity.families", "c")]


def test_one_visit_decides() -> None:
    two = CHANGE | {"at": ("m1", "m2")}
    assert gated(two, endpoints=("c",)) == [("multiplicity.endpoints.0", "c")]
    assert gated(CHANGE | {"at": ()}, endpoints=("c",)) == [("multiplicity.endpoints.0", "c")]
    assert gated(two, endpoints=("c",), visits={"c": "m2"}) == []
    assert gated(two, endpoints=("c",), visits={"c": "m3"}) == [("multiplicity.visits.c", "m3")]
    assert gated(CHANGE | {"at": ()}, endpoints=("c",), visits={"c": "m3"}) == []
    assert gated(CHANGE, EXPOSURE, endpoints=("c",), visits={"x": "m1"}) == [("multiplicity.visits.x", "x")]


def test_one_variable_and_one_comparison_decide() -> None:
    place = [("multiplicity.endpoints.0", "c")]
    modelled = CHANGE | {"methods": ("mmrm",)}
    assert gated(CHANGE | {"variables": ("essdai",)}, endpoints=("c",)) == place
    assert gated(modelled, endpoints=("c",), arms=ARMS) == []
    assert gated(modelled, endpoints=("c",), arms=UNMARKED) == place
    three = (*ARMS, {"id": "d", "name": "D"})
    assert gated(modelled, endpoints=("c",), arms=three) == place
    assert gated(modelled, endpoints=("c",), arms=ARMS[1:]) == place


def test_every_endpoint_has_a_test() -> None:
    place = [("multiplicity.endpoints.0", "c")]
    assert gated(CHANGE | {"methods": ()}, endpoints=("c",)) == place
    assert gated(CHANGE | {"methods": ("bootstrap",)}, endpoints=("c",)) == place
    assert gated(CHANGE | {"methods": ("bootstrap", "paired_t")}, endpoints=("c",)) == []
    assert gated(CHANGE, endpoints=("c",), arms=ARMS) == place
    drawn = CHANGE | {"methods": (), "missing_outcome": "multiple_imputation"}
    assert gated(drawn, endpoints=("c",)) == gated(drawn, endpoints=("c",), arms=ARMS) == []
    assert gated(RESPONSE, endpoints=("r",)) == [("multiplicity.endpoints.0", "r")]
    assert gated(RESPONSE | {"null_rate": 0.2}, endpoints=("r",)) == []
    assert gated(RESPONSE, endpoints=("r",), arms=ARMS) == []


WHOLE = ((0.0, 1.0), (1.0, 0.0))


@pytest.mark.parametrize(
    ("weights", "is_sound"),
    [
        ((0.5, 0.5), True),
        ((1.0, 0.0), True),
        ((0.0, 0.0), True),
        ((0.5, 0.6), False),
        ((1.5, -0.5), False),
        ((1.0,), False),
        ((0.2, 0.2, 0.2), False),
    ],
)
def test_shares_of_alpha_are_at_most_all_of_it(weights: tuple[float, ...], *, is_sound: bool) -> None:
    wanted = [] if is_sound else [("multiplicity.weights", str(list(weights)))]
    assert gated(endpoints=("c", "d"), method="graph", weights=weights, transitions=WHOLE) == wanted


def test_tenths_that_add_up_to_one_are_one() -> None:
    """0.1 + 0.2 + 0.7 is 1 in decimals, whatever it is in binary; ten times 0.1 as well."""
    names = tuple(f"c{number}" for number in range(10))
    given = tuple(CHANGE | {"id": name} for name in names)
    rows = tuple(tuple(0.0 for _ in names) for _ in names)
    plan: dict[str, Any] = {"endpoints": names, "method": "graph", "transitions": rows}
    assert gated(*given, **plan, weights=(0.1,) * 10) == []


@pytest.mark.parametrize(
    ("row", "is_sound"),
    [
        ((0.0, 1.0), True),
        ((0.0, 0.0), True),
        ((0.0, 0.5), True),
        ((0.1, 0.5), False),
        ((0.0, 1.1), False),
        ((0.0, -0.1), False),
    ],
)
def test_a_row_passes_on_at_most_what_there_is(row: tuple[float, ...], *, is_sound: bool) -> None:
    wanted = [] if is_sound else [("multiplicity.transitions.0", str(list(row)))]
    plan: dict[str, Any] = {"endpoints": ("c", "d"), "method": "graph", "weights": (0.5, 0.5)}
    assert gated(**plan, transitions=(row, WHOLE[1])) == wanted


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (((0.0, 1.0),), "1 rows"),
        (((0.0, 1.0), (1.0,)), "2 rows"),
        (((0.0, 1.0), (1.0, 0.0), (0.0, 0.0)), "3 rows"),
        (((0.0, 1.0, 0.0), (1.0, 0.0, 0.0)), "2 rows"),
    ],
)
def test_a_graph_has_a_row_and_a_column_for_each_endpoint(
    rows: tuple[tuple[float, ...], ...], found: str
) -> None:
    plan: dict[str, Any] = {"endpoints": ("c", "d"), "method": "graph", "weights": (0.5, 0.5)}
    assert gated(**plan, transitions=rows) == [("multiplicity.transitions", found)]


def test_shares_whose_sum_is_one_but_for_rounding_are_sound() -> None:
    """0.2 + 0.4 + 0.3 + 0.1 is 1 in decimals and 1.0000000000000002 added in binary one by one."""
    names = ("c", "d", "e", "f", "g")
    given = tuple(CHANGE | {"id": name} for name in names)
    rounded, nothing = (0.0, 0.2, 0.4, 0.3, 0.1), (0.0,) * 5
    assert reduce(add, rounded) > 1
    rows = (rounded, nothing, nothing, nothing, nothing)
    plan: dict[str, Any] = {"endpoints": names, "method": "graph", "transitions": rows}
    assert gated(*given, **plan, weights=rounded) == []
    assert gated(*given, **plan, weights=(0.0, 0.2, 0.4, 0.3, 0.10001)) != []


@pytest.mark.parametrize("name", ["weights", "transitions"])
def test_weights_and_transitions_are_of_a_graph(name: str) -> None:
    plan: dict[str, Any] = {name: (1.0,) if name == "weights" else ((0.0,),)}
    assert gated(endpoints=("c",), **plan) == [(f"multiplicity.{name}", "")]
