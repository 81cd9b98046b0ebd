"""What [import], [report], [deviations] and every name that a study gives must agree on with the rest."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from funis.study.check_imported import check_imported
from funis.study.check_repeated import check_methods
from funis.study.check_report import check_report
from funis.study.model import Endpoint, Study
from funis.study.reserved_names import check_reserved
from funis.study.selection import find_selections
from funis.study.study_finding import StudyFinding, unknown_name

Parts = Mapping[str, Any]
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
VISITS = ({"name": "baseline", "day": 0, "forms": ("sledai_2k",)}, {"name": "month_1", "day": 30})


def study_of(**parts: Any) -> Study:
    return Study.model_validate({"study": TRIAL, "visits": VISITS, **parts})


def named(findings: Iterable[StudyFinding]) -> list[tuple[str, str]]:
    return [(".".join(map(str, each.key)), each.value) for each in findings]


# --- [import] ----------------------------------------------------------------------------------------


def imported(rules: Parts, **parts: Any) -> list[tuple[str, str]]:
    return named(check_imported(study_of(**{"import": rules}, **parts)))


def test_nothing_declared_has_no_finding() -> None:
    assert imported({}) == []


def test_the_decimal_mark_is_not_the_sign_between_cells() -> None:
    assert imported({"decimal": ","}) == [("import.separator", ",")]
    assert imported({"decimal": ",", "separator": ";"}) == imported({"decimal": "."}) == []


@pytest.mark.parametrize(
    ("section", "value"), [("tables", "Sheet1"), ("header_rows", 2), ("columns", {"subject": "ID"})]
)
def test_tables_of_the_sheets_exist(section: str, value: Any) -> None:
    assert imported({section: {"subjects": value}}) == []
    assert imported({section: {"sujects": value}}) == [(f"import.{section}.sujects", "sujects")]


def test_columns_of_the_sheets_exist_and_are_read_once() -> None:
    own = {"columns": ({"name": "eye_colour"},)}
    assert imported({"columns": {"subjects": {"eye_colour": "Eyes", "sex": "Sex"}}}, **own) == []
    assert imported({"columns": {"subjects": {"eye_colour": "Eyes"}}}) == [
        ("import.columns.subjects.eye_colour", "eye_colour")
    ]
    assert imported({"columns": {"subjects": {"sex": "S", "subject": " s"}}}) == [
        ("import.columns.subjects.subject", " s")
    ]
    # The same header may stand in two sheets.
    assert imported({"columns": {"subjects": {"subject": "ID"}, "labs": {"subject": "ID"}}}) == []


def test_a_word_has_one_meaning() -> None:
    assert imported({"present": ("ja", "Ja"), "absent": ("nein",)}) == []
    assert imported({"present": ("ja",), "missing": ("k.A.", "JA ")}) == [("import.missing", "JA ")]


def test_codes_mean_what_their_column_takes() -> None:
    assert imported({"codes": {"sex": {"1": "male", "2": "female", "9": ""}}}) == []
    assert imported({"codes": {"sex": {"1": "man"}}}) == [("import.codes.sex.1", "man")]
    assert imported({"codes": {"sexx": {"1": "male"}}}) == [("import.codes.sexx", "sexx")]
    assert imported({"codes": {"sex": {"M": "male", "m": "female"}}}) == [("import.codes.sex.m", "m")]
    assert imported({"codes": {"sex": {"M": "male", "m": "male"}}}) == []
    assert imported({"codes": {"subject": {"1": "anything"}}}) == []


def test_codes_of_visits_tests_sites_and_arms_mean_those_of_the_study() -> None:
    assert imported({"codes": {"visit": {"V1": "month_1", "U": "unscheduled"}}}) == []
    assert imported({"codes": {"visit": {"V2": "month_2"}}}) == [("import.codes.visit.V2", "month_2")]
    observed = {"study": TRIAL | {"design": "observational"}, "visits": ()}
    assert imported({"codes": {"visit": {"V2": "month_2"}}}, **observed) == []
    labs = {"labs": ({"test": "c3", "unit": "g/L"},)}
    assert imported({"codes": {"test": {"1": "c4"}}}, **labs) == [("import.codes.test.1", "c4")]
    sites = {"sites": ({"id": "a", "name": "A"},), "arms": ({"id": "b", "name": "B"},)}
    assert imported({"codes": {"site": {"1": "a"}, "arm": {"1": "b"}}}, **sites) == []
    assert imported({"codes": {"site": {"1": "b"}, "arm": {"1": "a"}}}, **sites) == [
        ("import.codes.site.1", "b"),
        ("import.codes.arm.1", "a"),
    ]
    flag = {"columns": ({"name": "smoker", "kind": "flag"},)}
    assert imported({"codes": {"smoker": {"Y": "1", "N": "0"}}}, **flag) == []
    assert imported({"codes": {"smoker": {"Y": "yes"}}}, **flag) == [("import.codes.smoker.Y", "yes")]


# --- [report] and [deviations] -----------------------------------------------------------------------


def reported(choices: Parts, **parts: Any) -> list[tuple[str, str]]:
    return named(check_report(study_of(report=choices, **parts), ("sledai_2k",)))


ARMS = {"arms": ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "control": True})}
RESPONSE = {"id": "r", "kind": "response", "definition": "doris_2021", "at": ("month_1",)}


def test_a_house_style_exists() -> None:
    assert reported({}) == reported({"style": "nejm"}) == []
    assert reported({"style": "nature"}) == [("report.style", "nature")]


def test_decimals_are_of_something_that_is_a_number() -> None:
    columns = {"columns": ({"name": "pulse", "kind": "number"}, {"name": "eyes"})}
    assert reported({"decimals": {"sledai_2k": 1, "age": 0, "pulse": 2}}, **columns) == []
    assert reported({"decimals": {"eyes": 1}}, **columns) == [("report.decimals.eyes", "eyes")]


def test_what_divides_the_baseline_table_is_there() -> None:
    key = "report.split_by"
    assert reported({"split_by": "arm"}, **ARMS) == []
    assert reported({"split_by": "arm"}) == [(key, "arm")]
    assert reported({"split_by": "site"}) == [(key, "site")]
    assert reported({"split_by": "site"}, sites=({"id": "a", "name": "A"},)) == []
    assert reported({"split_by": "responder"}, endpoints=(RESPONSE,)) == []
    assert reported({"split_by": "responder"}, endpoints=({"id": "x", "kind": "exposure"},)) == [
        (key, "responder")
    ]
    assert reported({"split_by": "women"}, subgroups={"women": "sex = 'female'"}) == []
    assert reported({"split_by": "women"}) == [(key, "women")]


def test_differences_are_between_parts_of_a_divided_table() -> None:
    wanted = {"standardised_differences": True}
    assert reported(wanted) == [("report.standardised_differences", "true")]
    assert reported(wanted, **ARMS) == []
    assert reported(wanted | {"split_by": "women"}, subgroups={"women": "sex = 'female'"}) == []


def test_the_main_part_opens_with_its_key_results_and_names_each_once() -> None:
    key = "report.main"
    assert reported({"main": ("key_results", "...")}) == []
    assert reported({"main": ("...", "key_results")}) == [(key, "...")]
    assert reported({"main": ("key_results", "...", "key_results")}) == [(key, "key_results")]
    assert reported({"main": ("key_results", "no_such_part", "...")}) == [(key, "no_such_part")]
    # Every report holds what checks found and what limits its results.
    assert reported({"main": ("key_results",)}) == [(key, ""), (key, "")]
    assert reported({"main": ("key_results", "quality")}) == [(key, "")]
    assert reported({"main": ("key_results", "quality", "limits")}) == []


def test_tables_stand_behind_a_section() -> None:
    key = "report.main"
    assert reported({"main": ("key_results", "safety", "table-adverse-events", "...")}) == []
    assert reported({"main": ("key_results", "...", "table-adverse-events")}) == [
        (key, "table-adverse-events")
    ]
    assert reported({"main": ("key_results", "...", "safety", "table-adverse-events")}) == []


def test_own_titles_and_footnotes_are_of_parts_that_are_printed() -> None:
    assert reported({"titles": {"key_results": "Ours"}}) == []
    assert reported({"titles": {"no_such": "Ours"}}) == [("report.titles.no_such", "no_such")]
    assert reported({"footnotes": {"key_results": "Ours"}}) == [
        ("report.footnotes.key_results", "key_results")
    ]


def test_important_deviations_are_those_of_checks_and_criteria() -> None:
    criteria = {
        "eligibility": {
            "inclusion": ({"id": "I1", "text": "one"},),
            "exclusion": ({"id": "E1", "text": "x"},),
        }
    }
    wanted = {"deviations": {"important": ("lot_expired", "I1", "E1")}}
    assert reported({}, **wanted, **criteria) == []
    assert reported({}, **wanted) == [("deviations.important", "I1"), ("deviations.important", "E1")]


# --- tests over visits -------------------------------------------------------------------------------


def compared(**parts: Any) -> list[tuple[str, str]]:
    return named(check_methods(("endpoints", 3), Endpoint.model_validate({"id": "e"} | parts)))


def test_methods_suit_their_kind_and_compare_two_visits() -> None:
    two = ("month_1", "month_2")
    assert compared(kind="response", at=two, methods=("mcnemar", "cochran_q")) == []
    assert compared(kind="response", at=two[:1], methods=("mcnemar",)) == [
        ("endpoints.3.methods.0", "mcnemar")
    ]
    assert compared(kind="response", at=(two[0], two[0]), methods=("mcnemar",)) != []
    assert compared(kind="response", at=two, methods=("mcnemar", "paired_t")) == [
        ("endpoints.3.methods.1", "paired_t")
    ]
    assert compared(kind="change", at=two, methods=("paired_t", "mcnemar")) == [
        ("endpoints.3.methods.1", "mcnemar")
    ]
    assert compared(kind="change", at=two[:1], methods=("paired_t",)) == []


# --- names -------------------------------------------------------------------------------------------


def reserved(**parts: Any) -> list[tuple[str, str]]:
    return named(check_reserved(study_of(**parts)))


def test_words_for_everybody_are_no_names() -> None:
    assert reserved() == reserved(sites=({"id": "one", "name": "One"},)) == []
    assert reserved(sites=({"id": "one", "name": "One"}, {"id": "All", "name": "All"})) == [
        ("sites.1.id", "All")
    ]
    assert reserved(arms=({"id": "enrolled", "name": "E"},)) == [("arms.0.id", "enrolled")]
    assert reserved(visits=(*VISITS, {"name": "all", "day": 60})) == [("visits.2.name", "all")]
    assert reserved(subgroups={"enrolled": "age > 18"}) == [("subgroups.enrolled", "enrolled")]
    assert reserved(subgroups={" old": "age > 65"}) == [("subgroups. old", " old")]


def test_the_population_of_everybody_may_say_so() -> None:
    assert reserved(populations={"enrolled": "subject IS NOT NULL"}) == []
    assert reserved(populations={"enrolled": "SUBJECT  is not null "}) == []
    assert reserved(populations={"enrolled": "age > 18"}) == [("populations.enrolled", "enrolled")]
    assert reserved(populations={"all": "subject IS NOT NULL"}) == [("populations.all", "all")]


@pytest.mark.parametrize(
    ("test", "is_free"),
    [
        ("c3", True), ("factor_of_ours", True), ("value", False), ("sledai_2k", False), ("doris_2021", False),
        ("sledai_2k_note", False), ("seizure", False), ("x_change", False), ("x_sustained", False),
        ("eular_acr_2019", False), ("ssdai_note", True),
    ],
)  # fmt: skip
def test_a_laboratory_test_is_not_taken_for_something_else(test: str, *, is_free: bool) -> None:
    labs = ({"test": "c4", "unit": "g/L"}, {"test": test, "unit": "g/L"})
    assert reserved(labs=labs) == ([] if is_free else [("labs.1.test", test)])


def test_a_column_is_not_what_is_derived_of_every_subject() -> None:
    def columns(name: str) -> list[tuple[str, str]]:
        return reserved(columns=({"name": "eyes"}, {"name": name}))

    assert columns("mouth") == columns("sex") == []
    for name in ("eligible", "visit", "first_infusion_date", "baseline_sledai_2k", "disease_duration_years"):
        assert columns(name) == [("columns.1.name", name)]


def test_no_criterion_is_called_eligible() -> None:
    criteria = ({"id": "I1", "text": "one"}, {"id": "eligible", "text": "two"})
    assert reserved(eligibility={"inclusion": criteria}) == [("eligibility.inclusion.1.id", "eligible")]
    assert reserved(eligibility={"exclusion": criteria}) == [("eligibility.exclusion.1.id", "eligible")]


# --- unknown names -----------------------------------------------------------------------------------


def test_up_to_forty_known_names_are_listed() -> None:
    names = [f"visit_{number}" for number in range(40)]
    assert unknown_name(("a",), "visit", "visit_x", names).fix.endswith("visit_39.")
    many = unknown_name(("a",), "visit", "visit_x", [*names, "visit_40"]).fix
    assert "Others near: " in many
    assert many.count("visit_") == 8
    assert unknown_name(("a",), "visit", "q", [*names, "visit_40"]).fix == ""
    assert unknown_name(("a",), "visit", "q", []).fix == "None is defined."


# --- eligibility by a baseline value -----------------------------------------------------------------


def selections(**eligibility: tuple[str, ...]) -> dict[str, tuple[str, float, str]]:
    criteria = {
        part: tuple({"id": f"{part[0]}{n}", "text": "t", "rule": rule} for n, rule in enumerate(rules))
        for part, rules in eligibility.items()
    }
    found = find_selections(study_of(eligibility=criteria))
    return {name: (each.sign, each.limit, each.criterion) for name, each in found.items()}


def test_rules_select_on_a_baseline_value() -> None:
    assert selections(inclusion=("age > 18", "baseline_x > 6")) == {"x": (">", 6.0, "i1")}
    assert selections(inclusion=("6 <= baseline_x",)) == {"x": (">=", 6.0, "i0")}
    assert selections(inclusion=("baseline_x >= 6 and baseline_y < 2",)) == {
        "x": (">=", 6.0, "i0"),
        "y": ("<", 2.0, "i0"),
    }
    assert selections(inclusion=("baseline_x > 6", "baseline_x > 8")) == {"x": (">", 6.0, "i0")}
    assert selections(inclusion=("baseline_x > 6 OR age > 9", "NOT baseline_y > 2")) == {}


def test_an_exclusion_turns_a_comparison_round() -> None:
    for rule, sign in (("> 6", "<="), (">= 6", "<"), ("< 6", ">="), ("<= 6", ">")):
        assert selections(exclusion=(f"baseline_x {rule}",)) == {"x": (sign, 6.0, "e0")}
    assert selections(exclusion=("baseline_x > 6 AND age > 18",)) == {}
