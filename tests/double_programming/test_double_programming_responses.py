"""Which phrase stands in which criterion, which criteria make which class, and what is taken where nobody chose.

The files of ``responses/`` were typed in words from the papers' tables; what a definition holds is spelled in the
same words and compared whole, so that a phrase at home in another criterion is found too.
"""

from decimal import Decimal
from pathlib import Path

import pytest

import funis
from funis.catalogue.model_response import (
    COMMON_PARAMETERS,
    GRADE_MEASURES,
    ClassRule,
    Phrase,
    PrintedCriterion,
    ResponseDefinition,
)
from funis.catalogue.registry import response_definition, responses

from .test_responses import QUANTITIES, SIGNS
from .typed_tables import rows_of, spell_possible

FOLDER = Path(__file__).parent / "responses"
# These repeat the rows of another definition and change one choice.
REPEATED = {"sri_5": "sri_4", "sri_6": "sri_4", "sri_7": "sri_4", "sri_8": "sri_4"} | {
    "selena_flare_index_modified": "selena_flare_index"
}
OWN = [name for name in responses() if name not in REPEATED]
# A visit shows them or not, and a later one may not any more: the time in them is described.
STATES = {"lldas", "doris_2021", "doris_off_treatment", "esspri_pass", "sri_4", "bicla", "measured_response"}
TREATMENT = ("treatment_failure", "rescue_medication", "new_immunosuppressant")
WORDS = QUANTITIES | {"ever": "ever", "baseline_active": "systems at A or B at baseline"}
ABSENT = {"": "", "met": "met if never recorded", "not_met": "not met if never recorded"}

# A trial may call these columns otherwise: wherever a phrase reads one, a parameter of that name holds the column.
RENAMED = {
    "pain_vas", "fatigue_vas", "sf_36_physical", "sf_36_mental", "acanthocytes", "clinessdai", "creatinine", "essdai", "esspri", "gfr", "haemoglobin", "igg", "index",
    "instrument", "measured", "ocular_staining_score", "pga", "platelets", "pre_flare_gfr", "prednisone",
    "red_cell_casts", "rheumatoid_factor", "salivary_ultrasound", "schirmer", "sledai",
    "steroid_days_above", "steroid_days_within", "steroid_longest_run_above", "steroid_longest_run_within",
    "unstimulated_flow", "upcr", "urine_red_cells", "weight", "white_cell_casts",
}  # fmt: skip


def typed(file: str, name: str) -> list[dict[str, str]]:
    rows = [row for row in rows_of(FOLDER / file) if row["definition"] == name]
    return [{key: value for key, value in row.items() if key != "definition"} for row in rows]


def spell_value(value: object) -> str:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return f"{value:g}" if is_number else str(value)


def spell_phrase(definition: ResponseDefinition, phrase: Phrase) -> str:
    defaults = {key: parameter.default for key, parameter in definition.parameters.items()}
    columns = " ".join(str(defaults.get(name, name)) for name in phrase.given)
    limit = defaults[phrase.limit] if isinstance(phrase.limit, str) else phrase.limit
    return f"{WORDS[phrase.measure]} {columns} {SIGNS[phrase.symbol]} {spell_value(limit)}"


def spell_criterion(definition: ResponseDefinition, row: PrintedCriterion) -> dict[str, str]:
    groups = [" + ".join(spell_phrase(definition, phrase) for phrase in group) for group in row.alternatives]
    extra = [ABSENT[row.absent_means]]
    extra += [f"{row.points} points"] if row.points != 1 else []
    extra += ["whichever was recorded"] if row.only_collected else []
    if row.only_if is not None:
        name, value = row.only_if
        chosen = ("yes" if value else "no") if isinstance(value, bool) else value
        extra += [f"if {name} is {chosen}"]
    return {"criterion": row.id, "met": " / ".join(groups), "extra": "; ".join(filter(None, extra))}


def spell_rule(definition: ResponseDefinition, rule: ClassRule) -> dict[str, str]:
    how = {"all": "all", "count": f"{rule.least} of", "points": f"{rule.least} points of"}[rule.counted]
    how += " and what is missing is not met" if rule.missing_is_not_met else ""
    name = f"{rule.response} {rule.number}".strip() + ("" if rule.is_response else " (no event)")
    asked = [row.id for row in definition.criteria if row.id in rule.criteria]
    asked += ["AND", *(row.id for row in definition.criteria if row.id in rule.also)] if rule.also else []
    return {"class": name, "how": how, "of": " ".join(asked)}


def is_treatment(row: PrintedCriterion) -> bool:
    return row.id in TREATMENT


@pytest.mark.parametrize("name", OWN)
def test_criteria(name: str) -> None:
    definition = response_definition(name)
    rows = [row for row in definition.criteria if not is_treatment(row)]
    wanted = sorted(typed("criteria.csv", name), key=lambda row: row["criterion"])
    assert (
        sorted((spell_criterion(definition, row) for row in rows), key=lambda row: row["criterion"]) == wanted
    )


@pytest.mark.parametrize("name", OWN)
def test_treatment_rows_are_the_same_everywhere(name: str) -> None:
    """None of the three up to the visit; a trial that never recorded one had none.

    Where the paper has no such rule a choice leaves them out.
    """
    definition = response_definition(name)
    rows = [row for row in definition.criteria if is_treatment(row)]
    assert [row.id for row in rows] in ([], list(TREATMENT))
    for row in rows:
        extra = "met if never recorded"
        extra += "; if rescue_is_failure is yes" if "rescue_is_failure" in definition.parameters else ""
        spelled = {"criterion": row.id, "met": f"ever {row.id} at most 0", "extra": extra}
        assert spell_criterion(definition, row) == spelled


@pytest.mark.parametrize("name", OWN)
def test_classes(name: str) -> None:
    definition = response_definition(name)
    order = {row.id: number for number, row in enumerate(definition.criteria)}
    wanted = typed("classes.csv", name)
    for row in wanted:
        parts = row["of"].replace("TREATMENT", " ".join(TREATMENT)).split(" AND ")
        row["of"] = " AND ".join(
            " ".join(sorted(part.split(), key=lambda one: order.get(one, -1))) for part in parts
        )
    assert [spell_rule(definition, rule) for rule in definition.rules] == wanted


@pytest.mark.parametrize("name", OWN)
def test_words_of_classes(name: str) -> None:
    printed = response_definition(name).printed_classes
    found = [{"class": one.name, "words": one.label, "extent": one.extent} for one in printed]
    assert found == typed("class_words.csv", name)


def test_short_names() -> None:
    """Only where the title is too long for a table."""
    found = {
        name: response_definition(name).label
        for name in responses()
        if response_definition(name).label != response_definition(name).title
    }
    assert found == {
        "ucmsc_bilag_response": "UC-MSC BILAG response",
        "explorer_response": "EXPLORER response",
    }


@pytest.mark.parametrize("name", OWN)
def test_outline(name: str) -> None:
    definition = response_definition(name)
    needs = [f"{word} unless {spell_phrase(definition, phrase)}" for phrase, word in definition.needs]
    ends = [row.event + (" to the horizon" if row.before == "horizon" else "") for row in definition.failures]
    found = {"condition": definition.family, "otherwise": definition.otherwise}
    found |= {"no answer": "; ".join(needs), "ends it": " ".join(ends)}
    assert [found] == typed("outline.csv", name)
    assert definition.has_relapse == (name == "ucmsc_bilag_response")
    assert definition.is_proposal == (name == "ucmsc_bilag_response")
    assert definition.is_state == (name in STATES)


QUOTIENTS = {1 / Decimal(below): f"1/{below}" for below in ("88.42", "113.1")}


@pytest.mark.parametrize("name", responses())
def test_choices(name: str) -> None:
    """Everything that can be chosen; the columns a phrase reads are spelled with its criterion."""
    definition = response_definition(name)
    parent = response_definition(REPEATED[name]) if name in REPEATED else None
    columns = {column for row in definition.criteria for phrase in row.phrases for column in phrase.given}
    columns |= {column for phrase, _ in definition.needs for column in phrase.given}
    found = {}
    for key, parameter in definition.parameters.items():
        taken = COMMON_PARAMETERS.get(key, {}).get("default")
        if parent is not None:
            taken = parent.parameters[key].default
        if key not in columns and parameter.default != taken:
            allowed = " ".join(map(spell_value, parameter.allowed))
            found[key] = {"choice": key, "taken": spell_value(parameter.default), "allowed": allowed}
            found[key]["factors"] = " ".join(QUOTIENTS.get(one, str(one)) for one in parameter.factors)
    assert found == {row["choice"]: row for row in typed("choices.csv", name)}


@pytest.mark.parametrize("name", responses())
def test_columns_can_be_named_otherwise(name: str) -> None:
    definition = response_definition(name)
    read = {column for row in definition.criteria for phrase in row.phrases for column in phrase.given}
    assert read & set(definition.parameters) == read & RENAMED


@pytest.mark.parametrize("name", OWN)
def test_sets(name: str) -> None:
    wanted: dict[str, set[str]] = {}
    for row in typed("sets.csv", name):
        words = row["columns"].split()
        instrument = (
            {item.row: item.name for item in funis.definition(words[-1]).items} if "of" in words else {}
        )
        if words[0] == "ALL":
            assert len(instrument) == int(words[1])
            words = list(instrument.values())
        elif words[0] == "ROWS":
            spans = [tuple(map(int, word.split("-"))) for word in words[1:-2]]
            words = [instrument[number] for span in spans for number in range(span[0], span[-1] + 1)]
        wanted[row["set"]] = set(words)
    found = response_definition(name).sets
    assert {key: set(columns) for key, columns in found.items()} == wanted
    assert all(len(columns) == len(set(columns)) for columns in found.values())


@pytest.mark.parametrize("name", OWN)
def test_quantities(name: str) -> None:
    """The unit that the limits are in, whether something is only there or not, and what it can be."""
    found = [
        {"quantity": key, "unit": one.unit, "kind": "yes or no" if one.is_yes_no else "number"}
        | {"can be": spell_possible(one)}
        for key, one in response_definition(name).quantities.items()
    ]
    assert found == typed("quantities.csv", name)


@pytest.mark.parametrize("name", responses())
def test_everything_a_phrase_reads_has_words(name: str) -> None:
    definition = response_definition(name)
    phrases = [phrase for row in definition.criteria for phrase in row.phrases]
    read = {each for phrase in phrases if phrase.measure not in GRADE_MEASURES for each in phrase.given}
    assert read - set(definition.sets) == set(definition.quantities)
    for key, one in definition.quantities.items():
        assert one.words or definition.parameters[key].default in funis.definitions(), key


@pytest.mark.parametrize(("name", "parent"), REPEATED.items())
def test_repeated_rows_are_those_of_the_parent(name: str, parent: str) -> None:
    one, other = response_definition(name), response_definition(parent)
    for part in ("criteria", "rules", "failures", "needs", "sets", "family", "otherwise"):
        assert getattr(one, part) == getattr(other, part)


def test_every_response_was_typed_twice() -> None:
    for file in ("criteria.csv", "classes.csv", "outline.csv"):
        assert {row["definition"] for row in rows_of(FOLDER / file)} == set(OWN), file
