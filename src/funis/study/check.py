"""What the parts of a study file must agree on: names that exist, windows, order, rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal

from funis.catalogue.instrument_tables import (
    analyte_units,
    find_definition,
    graded_systems,
    laboratory_tests,
    reported_units,
)
from funis.catalogue.registry import criteria_sets, definitions, responses
from funis.errors import UnknownNameError, ValueRangeError
from funis.schema import SUBJECTS, is_unscheduled
from funis.study.check_adjudications import check_adjudications
from funis.study.check_classified import check_classified
from funis.study.check_courses import check_courses
from funis.study.check_estimands import (
    check_estimands,
    check_imputation,
    check_multiplicity,
    check_sensitivity,
)
from funis.study.check_event_groups import check_event_groups
from funis.study.check_groups import check_groups
from funis.study.check_horizon import check_horizon
from funis.study.check_imported import check_imported
from funis.study.check_lab_limits import check_lab_limits
from funis.study.check_monitoring import check_monitoring
from funis.study.check_product import check_product
from funis.study.check_randomisation import check_randomisation
from funis.study.check_repeated import check_methods
from funis.study.check_report import check_report
from funis.study.check_stopping import check_stopping
from funis.study.check_visit_columns import check_visit_columns
from funis.study.check_windows import check_order, check_window
from funis.study.days import eligibility_schema, subject_schema, subject_values
from funis.study.model import DATA_FORMS, Criterion, Endpoint, LabTest, Study
from funis.study.planned_visit import Visit
from funis.study.populations import populations_of
from funis.study.reserved_names import check_reserved
from funis.study.response_behind import FOUND_AT_VISITS
from funis.study.rules import check_rule
from funis.study.study_finding import StudyFinding, unknown_name
from funis.study.today import check_timezone

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TERM = re.compile(
    r"\s*(?:C\(\s*(?P<factor>[A-Za-z_]\w*)\s*\)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<number>[01])|(?P<operator>[+:*-]))"
)
_FORMULA_NAMES = ("visit", "baseline")
_NUMERIC_KINDS = ("change",)
KEYS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "response": (
        "definition",
        "parameters",
        "methods",
        "missing_outcome",
        "null_rate",
        "performance_goal",
        "sensitivity",
        "level",
    ),
    "relapse": ("definition", "parameters", "denominators", "missing_outcome", "missing_relapse", "level"),
    "change": (
        "variable",
        "variables",
        "methods",
        "adjust",
        "missing_outcome",
        "imputation",
        "formula",
        "covariance",
        "df",
        "marginal_means",
        "fallback",
        "sensitivity",
        "level",
    ),
    "summary": ("variable", "variables", "missing_outcome", "level"),
    "systems": ("variable", "variables", "methods", "adjust", "missing_outcome", "level"),
    "time_to_event": ("definition", "parameters", "event", "origin", "competing", "restricted_mean", "level"),
    "adverse_events": ("level",),
    "exposure": (),
    "disposition": (),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "response": ("definition", "at"),
    "relapse": ("definition", "at"),
    "time_to_event": ("event",),
}
_ALWAYS = ("id", "kind", "label", "role", "at", "population", "subgroups", "subgroup_only")


def check_study(study: Study, defined: frozenset[str] = frozenset()) -> list[StudyFinding]:
    """Find every disagreement between the parts of a study file.

    Parameters
    ----------
    study : the models, each valid by itself
    defined : names that broken entries of the file would define; to use them is not a second finding

    Returns
    -------
    list of StudyFinding
        Empty when the study can be used.
    """
    checks = (
        _check_duplicates(study),
        _check_names(study),
        check_reserved(study),
        check_timezone(study),
        _check_arms(study),
        check_randomisation(study),
        check_courses(study),
        _check_visits(study),
        _check_labs(study),
        _check_instruments(study),
        _check_rules(study),
        _check_endpoints(study),
        check_horizon(study),
        check_imputation(study),
        check_estimands(study),
        check_sensitivity(study),
        check_multiplicity(study),
        check_imported(study),
        check_classified(study),
        check_report(study, _variables(study)),
        check_product(study),
        check_monitoring(study),
        check_stopping(study),
        check_event_groups(study),
        check_lab_limits(study),
        check_visit_columns(study),
        check_adjudications(study),
    )
    found = [finding for check in checks for finding in check]
    return [each for each in found if not (each.code == "unknown_name" and each.value in defined)]


def _check_duplicates(study: Study) -> Iterator[StudyFinding]:
    """Names that stand for one thing stand once."""
    lists: dict[tuple[str, ...], tuple[str, Sequence[str]]] = {
        ("sites",): ("id", study.site_ids),
        ("arms",): ("id", [arm.id for arm in study.arms]),
        ("visits",): ("name", study.visit_names),
        ("labs",): ("test", study.lab_names),
        ("columns",): ("name", [column.name for column in study.columns]),
        ("endpoints",): ("id", [endpoint.id for endpoint in study.endpoints]),
        ("estimands",): ("id", [estimand.id for estimand in study.estimands]),
        ("stopping",): ("id", [rule.id for rule in study.stopping]),
        ("adjudications",): ("id", [each.id for each in study.adjudications]),
        ("visit_columns",): ("name", [column.name for column in study.visit_columns]),
        ("lab_limits",): ("id", [limit.id for limit in study.lab_limits]),
        ("event_groups",): ("id", [group.id for group in study.event_groups]),
    }
    for section, (key, names) in lists.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield StudyFinding(
                    (*section, index, key), name, "This name is given twice.", "Give each its own."
                )
    for index, column in enumerate(study.columns):
        if column.name in SUBJECTS.by_name:
            message = "The table subjects has this column already."
            yield StudyFinding(("columns", index, "name"), column.name, message, "Leave it out here.")


def _check_arms(study: Study) -> Iterator[StudyFinding]:
    """Ask a parallel trial for its arms; without them no arm is ever compared."""
    if study.trial.design == "parallel" and len(study.arms) < 2:
        fix = "Add [[arms]] with id and name, one with control = true, or write another design."
        yield StudyFinding(("study", "design"), "parallel", "A parallel trial has two arms or more.", fix)


def _check_names(study: Study) -> Iterator[StudyFinding]:
    """Criteria, populations and subgroups are printed by their names."""
    parts = (("inclusion", study.eligibility.inclusion), ("exclusion", study.eligibility.exclusion))
    criteria = [(part, index, each.id) for part, group in parts for index, each in enumerate(group)]
    for position, (part, index, code) in enumerate(criteria):
        if code in {earlier for _, _, earlier in criteria[:position]}:
            place = ("eligibility", part, index, "id")
            yield StudyFinding(place, code, "This name is given twice.", "Give each its own.")
    for part, group in parts:
        for index, each in enumerate(group):
            if each.classification and each.classification not in criteria_sets():
                key, what = ("eligibility", part, index, "classification"), "set of classification criteria"
                yield unknown_name(key, what, each.classification, criteria_sets())
    for name in set(study.subgroups) & set(study.populations):
        yield StudyFinding(("subgroups", name), name, "A population has the same name.", "Give each its own.")
    sections = [
        (section, name) for section in ("populations", "subgroups") for name in getattr(study, section)
    ]
    for section, name in sections:
        if not _NAME.fullmatch(name):
            fix = "Use small letters, digits and _ only."
            yield StudyFinding((section, name), name, "This is not a name.", fix)


def _check_visits(study: Study) -> Iterator[StudyFinding]:
    if not study.visits and study.trial.design != "observational":
        yield StudyFinding(
            ("visits",), "", "No visit is planned.", 'Add [[visits]], or write design = "observational".'
        )
    if study.visits and study.baseline_visit is None:
        yield StudyFinding(
            ("visits", 0, "day"),
            str(study.visits[0].day),
            "No visit is on day 0 or before.",
            "Plan a baseline visit.",
        )
    yield from check_order("visits", study.visits)
    for index, visit in enumerate(study.visits):
        key = ("visits", index)
        if visit.window is not None:
            yield from check_window((*key, "window"), visit.window)
        if is_unscheduled(visit.name):
            yield StudyFinding(
                (*key, "name"), visit.name, "This name is kept for unplanned visits.", "Choose another."
            )
        yield from _check_forms(study, key, visit)


def _check_forms(study: Study, key: tuple[str | int, ...], visit: Visit) -> Iterator[StudyFinding]:
    known = (*definitions(), *DATA_FORMS)
    for number, form in enumerate(visit.forms):
        if form not in known:
            yield unknown_name((*key, "forms", number), "instrument or form", form, known)
        elif form in visit.forms[:number]:
            yield StudyFinding((*key, "forms", number), form, "The form is named twice.", "Name it once.")
    if "labs" in visit.forms and not study.labs:
        fix = "Add [[labs]] with test and unit, or leave labs out of the forms."
        yield StudyFinding(
            (*key, "forms"), "labs", "Labs are due, but the study has no laboratory tests.", fix
        )
    if visit.labs and "labs" not in visit.forms:
        yield StudyFinding(
            (*key, "labs"), str(list(visit.labs)), "Tests are due, but not the form.", "Add labs to forms."
        )
    for number, test in enumerate(visit.labs):
        if test not in study.lab_names:
            yield unknown_name((*key, "labs", number), "laboratory test in [[labs]]", test, study.lab_names)


def _check_labs(study: Study) -> Iterator[StudyFinding]:
    for index, lab in enumerate(study.labs):
        key = ("labs", index)
        near = get_close_matches(lab.test, laboratory_tests(), n=1, cutoff=0.9)
        units = reported_units(lab.test)
        if units and lab.unit not in units:
            yield unknown_name((*key, "unit"), f"unit for {lab.test}", lab.unit, units)
        elif not units and near:
            yield unknown_name((*key, "test"), "laboratory test", lab.test, near)
        yield from _check_limits(key, lab)


def _check_limits(key: tuple[str | int, ...], lab: LabTest) -> Iterator[StudyFinding]:
    for low, high in (("low", "high"), ("minimum", "maximum")):
        lower, upper = getattr(lab, low), getattr(lab, high)
        if lower is not None and upper is not None and lower >= upper:
            fix = f"Give {low} below {high}."
            yield StudyFinding((*key, low), f"{lower:g}", f"'{low}' is not below '{high}' ({upper:g}).", fix)


def _check_instruments(study: Study) -> Iterator[StudyFinding]:
    for name, choice in study.instruments.items():
        found = find_definition(name)
        if found is None:
            yield unknown_name(("instruments", name), "instrument", name, definitions())
            continue
        for parameter, value in choice.parameters.items():
            key = ("instruments", name, "parameters", parameter)
            try:
                found.parameter_values({parameter: value})
            except UnknownNameError:
                yield unknown_name(
                    key, f"parameter of {name}", parameter, [each.name for each in found.parameters]
                )
            except ValueRangeError as error:
                yield StudyFinding(key, str(value), "The parameter does not take this value.", str(error))
        units = analyte_units(name)
        if choice.unit and units and choice.unit not in units:
            yield unknown_name(("instruments", name, "unit"), f"unit for {name}", choice.unit, units)


def _check_rules(study: Study) -> Iterator[StudyFinding]:
    yield from check_groups(study)
    schema, values, early = subject_schema(study), subject_values(study), eligibility_schema(study)
    parts: tuple[tuple[str, tuple[Criterion, ...]], ...] = (
        ("inclusion", study.eligibility.inclusion),
        ("exclusion", study.eligibility.exclusion),
    )
    for part, criteria in parts:
        for index, criterion in enumerate(criteria):
            for finding in check_rule(criterion.rule, early, allowed=values) if criterion.rule else ():
                late = next(
                    (name for name in schema if f"'{name}'" in finding.message and name not in early), None
                )
                message = f"'{late}' is known only after the first infusion." if late else finding.message
                fix = "Eligibility uses only what is known before." if late else finding.fix
                yield StudyFinding(("eligibility", part, index, "rule"), criterion.rule, message, fix, "rule")


def _variables(study: Study) -> dict[str, Literal["number", "grade"]]:
    """Name what an endpoint may analyse: scores and tests as numbers, systems as grades."""
    known: dict[str, Literal["number", "grade"]] = {}
    for name in study.instrument_names:
        known[name] = "number"
        known |= {f"{name}_{system}": "grade" for system in graded_systems(name)}
    return known | dict.fromkeys(study.lab_names, "number")


def _check_endpoints(study: Study) -> Iterator[StudyFinding]:
    variables = _variables(study)
    for index, endpoint in enumerate(study.endpoints):
        key = ("endpoints", index)
        yield from _check_keys(key, endpoint)
        yield from _check_variables(key, endpoint, variables)
        yield from check_methods(key, endpoint)
        yield from _check_at(study, key, endpoint)
        yield from _check_competing((*key, "competing"), endpoint)
        yield from _check_horizon(study, (*key, "restricted_mean"), endpoint)
        if endpoint.definition and endpoint.definition not in responses():
            yield unknown_name((*key, "definition"), "response definition", endpoint.definition, responses())
        if endpoint.population and endpoint.population not in populations_of(study):
            known = populations_of(study)
            yield unknown_name((*key, "population"), "population", endpoint.population, known)
        for subgroup in endpoint.subgroups:
            if subgroup not in study.subgroups:
                yield unknown_name((*key, "subgroups"), "subgroup", subgroup, study.subgroups)
        if endpoint.subgroup_only and not endpoint.subgroups:
            yield StudyFinding(
                (*key, "subgroup_only"), "true", "No subgroup is named.", "Name them in subgroups."
            )
        yield from _check_formula(study, (*key, "formula"), endpoint.formula)


def _check_keys(key: tuple[str | int, ...], endpoint: Endpoint) -> Iterator[StudyFinding]:
    """Each kind takes its own keys; one without meaning was meant otherwise."""
    allowed = (*_ALWAYS, *KEYS_OF_KIND[endpoint.kind])
    for name in sorted(endpoint.model_fields_set - set(allowed)):
        yield StudyFinding(
            (*key, name),
            "",
            f"'{name}' has no meaning for kind '{endpoint.kind}'.",
            f"It takes: {', '.join(allowed)}.",
        )
    for name in _NEEDED.get(endpoint.kind, ()):
        if not getattr(endpoint, name):
            yield StudyFinding((*key, name), "", f"Kind '{endpoint.kind}' needs '{name}'.", "Add it.")
    if endpoint.kind in {"change", "summary", "systems"} and not endpoint.all_variables:
        yield StudyFinding(
            (*key, "variable"), "", f"Kind '{endpoint.kind}' needs 'variable'.", "Name what is analysed."
        )
    if endpoint.kind == "time_to_event" and endpoint.event in FOUND_AT_VISITS and not endpoint.definition:
        yield StudyFinding(
            (*key, "definition"), "", f"The event '{endpoint.event}' needs a definition.", "Name it."
        )


def _check_variables(
    key: tuple[str | int, ...], endpoint: Endpoint, variables: Mapping[str, str]
) -> Iterator[StudyFinding]:
    for variable in endpoint.all_variables:
        place = (*key, "variable" if variable == endpoint.variable else "variables")
        if endpoint.kind == "systems":
            graded = [name for name in variables if graded_systems(name)]
            if variable not in graded:
                yield unknown_name(place, "instrument with graded systems", variable, graded)
        elif variable not in variables:
            yield unknown_name(place, "score or laboratory test in this study", variable, variables)
        elif endpoint.kind in _NUMERIC_KINDS and variables[variable] == "grade":
            fix = 'Use kind = "systems" with the instrument\'s name.'
            yield StudyFinding(place, variable, "A grade is a letter; it has no change.", fix)


def _check_at(study: Study, key: tuple[str | int, ...], endpoint: Endpoint) -> Iterator[StudyFinding]:
    for visit in endpoint.at if not study.has_open_visits else ():
        if visit not in study.visit_names:
            yield unknown_name((*key, "at"), "visit", visit, study.visit_names)
            continue
        if endpoint.kind in {"change", "systems", "relapse", "response"} and study.visit(visit).day <= 0:
            yield StudyFinding((*key, "at"), visit, "This is the baseline itself.", "Name visits after it.")
        for variable in endpoint.all_variables:
            # A test may be recorded where it is not due, in some of the subjects; an instrument has its form.
            if (
                variable not in study.lab_names
                and _is_collected(study, variable)
                and not _is_due(study, variable, visit)
            ):
                fix = f"Add it to the forms of {visit}, or leave the visit out here."
                yield StudyFinding((*key, "at"), visit, f"'{variable}' is not recorded at this visit.", fix)


def _check_competing(key: tuple[str | int, ...], endpoint: Endpoint) -> Iterator[StudyFinding]:
    """Ask that an event does not compete with itself, and that a loss is counted from what is lost."""
    if (endpoint.event == "loss") != (endpoint.origin == "first_response"):
        message = "A loss is counted from the first visit with the response, and nothing else is."
        fix = 'Write event = "loss" and origin = "first_response", or neither.'
        yield StudyFinding((*key, "origin"), endpoint.origin, message, fix)
    if endpoint.competing is not None and endpoint.competing == endpoint.event:
        fix = "Leave it out: the Kaplan-Meier curve of death says all."
        yield StudyFinding(key, endpoint.competing, "Death is the event itself.", fix)


def _check_horizon(study: Study, key: tuple[str | int, ...], endpoint: Endpoint) -> Iterator[StudyFinding]:
    """Ask that the horizon of a mean time is a planned visit after the origin."""
    horizon = endpoint.restricted_mean
    if not horizon:
        return
    if endpoint.origin == "first_response":
        message = "The first response is at another visit in each subject: no visit is so far from it."
        yield StudyFinding((*key, "restricted_mean"), horizon, message, "Leave it out.")
        return
    if horizon not in study.visit_names:
        yield unknown_name(key, "visit", horizon, study.visit_names)
        return
    first = endpoint.at[0] if endpoint.origin == "response" and endpoint.at else ""
    begins = study.visit(first).day if first in study.visit_names else 0
    if study.visit(horizon).day <= begins:
        fix = "Name a later visit: the mean time is counted from the origin to its planned day."
        yield StudyFinding(key, horizon, "This visit is not after the origin.", fix)


def _owner(study: Study, variable: str) -> str:
    """Name the instrument that a variable is recorded on."""
    graded = (
        name for name in study.instrument_names if variable.removeprefix(f"{name}_") in graded_systems(name)
    )
    return next(graded, variable)


def _is_collected(study: Study, variable: str) -> bool:
    return any(_owner(study, variable) in visit.forms for visit in study.visits)


def _is_due(study: Study, variable: str, visit: str) -> bool:
    return _owner(study, variable) in study.visit(visit).forms


def _check_formula(study: Study, key: tuple[str | int, ...], formula: str) -> Iterator[StudyFinding]:
    """Formulas are names, + : * - and C(name), which is what the model reads without running Python."""
    known = (*_FORMULA_NAMES, *subject_schema(study))
    position = 0
    while position < len(formula.rstrip()):
        term = _TERM.match(formula, position)
        if term is None:
            fix = "Use names, + : * - and C(name) only."
            yield StudyFinding(
                key, formula, f"'{formula[position:][:20]}' may not stand in a formula.", fix, "formula"
            )
            return
        name = term.group("factor") or term.group("name")
        if name and name not in known:
            yield unknown_name(key, "variable for a formula", name, known)
        position = term.end()
