"""Definitions: what they hold, and that nothing wrong in a file goes unseen."""

from dataclasses import replace
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

import funis
from funis.catalogue.conditions import parse_condition
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import DEFINITIONS, read_definition_file
from funis.errors import DefinitionError, UnknownNameError
from funis.frames.few_rows import FewRows
from funis.frames.verbs import verbs_of
from funis.scoring.derived_items import derived_columns


def test_items_stand_in_printed_order() -> None:
    definition = funis.definition("bilag_2004")
    assert isinstance(definition, Definition)
    assert [item.row for item in definition.items] == list(range(1, 98))
    assert definition.items[83].name == "proteinuria_24h"
    assert definition.items[0].values == (0, 1, 2, 3, 4)
    assert funis.definition("sledai_2k").items[8].points == (0, 4)


def test_the_function_is_not_hidden_by_the_module_of_its_name() -> None:
    import funis.catalogue.registry as module  # noqa: F401

    assert funis.definition("ssdai").name == "ssdai"


def test_unknown_instrument_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'bilag_2004'"):
        funis.definition("bilag2004")
    with pytest.raises(UnknownNameError, match=r"no item 'seizures'.* Did you mean 'seizure'"):
        funis.definition("sledai_2k").item("seizures")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("platelets < 100", "platelets < 100"),
        ("rise of systolic_bp >= 30", "rise of systolic_bp >= 30"),
        (
            "creatinine > 130 and creatinine > 130% of previous",
            "creatinine > 130 and creatinine > 130 % of previous",
        ),
        ("previous gfr > 50", "previous gfr > 50"),
        ("c3 < LLN", "c3 < LLN"),
    ],
)
def test_condition_is_parsed_and_printed(text: str, shown: str) -> None:
    assert str(parse_condition(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["platelets below 100", "platelets <> 100", "__import__('os')", "a < 1 or b < 2", "platelets < 1e2", ""],
)
def test_condition_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 'platelets < 100'"):
        parse_condition(text)


def derived(name: str, item: str, values: dict[str, float], *, optional_needed: bool = False) -> object:
    """Derive one item of one visit."""
    many = pl.DataFrame({key: [value] for key, value in values.items()})
    found: list[object] = []
    for frame in (many, FewRows.of(many)):
        schema, ops = dict.fromkeys(values, nw.Float64()), verbs_of(frame)  # type: ignore[arg-type]
        columns = derived_columns(funis.definition(name), schema, ops, optional_needed=optional_needed)
        found.append(frame.select(columns)[item][0])
    assert found[0] == found[1]
    return found[0]


def test_item_from_values() -> None:
    normal = {"c3": 1.0, "c3_low": 0.9, "c4": 0.2, "c4_low": 0.1}
    # CH50 was not measured: it need not be there, unless somebody says that it must.
    assert derived("sledai_2k", "low_complement", normal, optional_needed=True) is None
    assert derived("sledai_2k", "low_complement", normal) == 0
    assert derived("sledai_2k", "low_complement", {**normal, "c4": 0.05}) == 1
    counts = {"haemoglobin": 9.0, "platelets": 200.0, "neutrophils": 3.0, "lymphocytes": 2.0}
    assert derived("essdai", "haematological", counts) == 2
    # Platelets may be below 50.
    assert derived("essdai", "haematological", {"haemoglobin": 9.0}) is None
    # A measured item is the quantity itself; nothing tells one that was not measured.
    assert derived("bilag_2004", "haemoglobin", {"haemoglobin": 101.5}) == 101.5
    assert derived("bilag_2004", "platelets", {"haemoglobin": 101.5}) is None


FINDINGS = [
    ("points = 8, by", "weights = 8, by", r"there is no key 'weights'", "Did you mean 'weight'"),
    ('kind    = "sum"', 'kind    = "total"', "there is no such kind", "sum, mean"),
    ("{row =  2,", "{row =  1,", "rows are not in printed order", "Sort"),
    ('item = "cva"', 'item = "seizure"', "two rows have this name", "Rename"),
    ("platelets < 100", "platelets below 100", "is not understood", "closed grammar"),
    ("platelets < 100", "platelet < 100", "'platelet' is not defined", "Did you mean 'platelets'"),
    ("highest = 105", "highest = 104", "the items reach 0 to 105", "Correct"),
    ("points = 1, by = \"lab\",       label = \"platelets", "points = 2, by = \"lab\",       label = \"platelets",
     "the items reach 0 to 106", "Correct"),
    (">= arthritis_min_joints", ">= arthritis_joints", "'arthritis_joints' is not defined", "arthritis_min_joints"),
    ("default = 2, allowed", "default = 4, allowed", "not allowed", "Give allowed"),
    ('name    = "sledai_2k"', 'name    = "sledai"', "the name is not the file's", "sledai_2k"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "fix"), FINDINGS, ids=[finding[2] for finding in FINDINGS])
def test_finding_in_a_definition_is_refused(
    tmp_path: Path, old: str, new: str, message: str, fix: str
) -> None:
    text = (DEFINITIONS / "sledai_2k.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "sledai_2k.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_definition_file(path)
    assert message in str(caught.value)
    assert fix in str(caught.value)
    assert "sledai_2k.toml" in str(caught.value)


BILAG_FINDINGS = [
    ('with_level = "active", label = "severe', 'with_level = "activ", label = "severe', "no such level"),
    ('"haemoglobin < 8"', '"hemoglobin < 8"', "'hemoglobin' is not defined"),
    ('at_least = 2, of_items = ["severe_proteinuria"', 'at_least = 7, of_items = ["severe_proteinuria"', "cannot be reached"),
    ('grade = "C", clause = 6', 'grade = "D", clause = 6', "rules give A, B or C"),
    ('"pyrexia"], with_level = "active", label = "fever active"', '"anorexia"], with_level = "active", label = "fever active"',
     "active does not give a higher grade"),
    ('first_visit = "first_visit_dipstick_severe"', 'first_visit = "first_visit_dipstick"', "is not defined"),
    ("{A = 12, B = 8,", "{A = 12, B = 8, F = 13,", "the items reach"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"), BILAG_FINDINGS, ids=[finding[2] for finding in BILAG_FINDINGS]
)
def test_finding_in_a_decision_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (DEFINITIONS / "bilag_2004.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "bilag_2004.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        read_definition_file(path)


def test_all_findings_are_reported_at_once(tmp_path: Path) -> None:
    text = (DEFINITIONS / "ssdai.toml").read_text(encoding="utf-8")
    text = text.replace("points = 3", "weights = 3").replace('by = "lab"', 'bye = "lab"')
    path = tmp_path / "ssdai.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_definition_file(path)
    # two rows of 3 points, two rows recorded by the laboratory
    assert len(caught.value.findings) == 4
    assert {finding.line for finding in caught.value.findings} == {
        number for number, line in enumerate(text.splitlines(), 1) if "weights" in line or "bye" in line
    }


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ssdai.toml"
    path.write_text("name = ", encoding="utf-8")
    with pytest.raises(DefinitionError, match="not TOML"):
        read_definition_file(path)


def test_a_feature_looks_back_where_its_window_has_months() -> None:
    found = funis.definition("bilag_2004").features[0]
    told = [replace(found, within_months=months).has_window for months in (0, 1, 3)]
    assert told == [False, True, True]
