"""The script of an instrument: what it is made of, what is refused, and that its bytes hang on nothing else."""

import json
import re
import subprocess
import sys

import pytest

import funis
from funis.errors import ColumnError, ScriptError, UnitError, UnknownNameError, ValueRangeError
from funis.scoring.bits.straight_line import PYTHON
from funis.scoring.items import item_columns
from funis.scoring.script.javascript import JAVASCRIPT, name_value, spell_data
from funis.scoring.script.make_script import make_script, name_script
from funis.scoring.visit_cells import measure_columns
from funis.scoring.visit_program import can_be_traced

SLEDAI, BILAG = funis.definition("sledai_2k"), funis.definition("bilag_2004")
OTHERS = [name for name in funis.definitions() if not can_be_traced(funis.definition(name))]


def made_of(script: str) -> dict[str, object]:
    first = script.partition("\n")[0]
    found: dict[str, object] = json.loads(first.removeprefix("export const MADE=").removesuffix(";"))
    return found


def test_it_says_what_it_was_made_of() -> None:
    script = make_script(SLEDAI, {}, "worst", ["rash", "arthritis", "rash_not_done"])
    assert made_of(script) == {
        "definition": "sledai_2k",
        "missing": "worst",
        "parameters": SLEDAI.parameter_values({}),
        "columns": ["arthritis", "rash", "rash_not_done"],
    }


def test_its_name_changes_with_what_it_does() -> None:
    scripts = [make_script(SLEDAI, {}, missing) for missing in ("strict", "absent", "worst", "locf")]
    names = {name_script(SLEDAI, script) for script in scripts}
    assert len(names) == 4
    assert all(re.fullmatch(r"sledai_2k\.[0-9a-f]{16}\.js", name) for name in names)


def test_the_order_of_columns_and_of_parameters_does_not_count() -> None:
    columns = [*item_columns(BILAG), *measure_columns(BILAG)]
    chosen = BILAG.parameter_values({})
    backwards = dict(reversed(chosen.items()))
    assert make_script(BILAG, chosen, "strict", columns) == make_script(
        BILAG, backwards, "strict", set(columns)
    )


def test_its_bytes_are_the_same_in_every_process() -> None:
    program = (
        "import funis, sys; from funis.scoring.script.make_script import *; d = funis.definition('bilag_2004');"
        "sys.stdout.write(name_script(d, make_script(d, {}, 'locf', item_columns(d))))"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert names == {name_script(BILAG, make_script(BILAG, {}, "locf", item_columns(BILAG)))}


def test_no_code_is_made_from_text_and_nothing_is_fetched() -> None:
    script = make_script(BILAG, {}, "strict", item_columns(BILAG))
    assert script.isascii()
    for word in ("eval", "Function(", "import", "fetch", "innerHTML", "document", "setTimeout", "</"):
        assert word not in script


def test_a_small_instrument_makes_a_small_script() -> None:
    assert len(make_script(SLEDAI, {})) < 17_000
    assert len(make_script(BILAG, {})) < 70_000


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_traced_is_refused_by_name(name: str) -> None:
    with pytest.raises(ScriptError, match=f"'{name}' cannot be scored by a script .* sledai_2k"):
        make_script(funis.definition(name), {})


def test_which_instruments_have_no_script() -> None:
    """Letters are no whole numbers; the equations of filtration raise to powers."""
    assert OTHERS == [
        "bilag_classic_12_5_1", "bilag_classic_9_3_1", "egfr_ckd_epi_2009", "egfr_ckd_epi_2021", "egfr_mdrd_bilag",
        "egfr_schwartz_bedside",
    ]  # fmt: skip


def test_what_it_is_made_of_is_checked() -> None:
    with pytest.raises(UnknownNameError, match="there is no column 'rashes'"):
        make_script(SLEDAI, {}, "strict", ["rashes"])
    with pytest.raises(UnknownNameError):
        make_script(SLEDAI, {"no_such_choice": 1})
    with pytest.raises(ValueRangeError):
        make_script(BILAG, {"previous_assessment": "any"})
    with pytest.raises(ColumnError):
        make_script(SLEDAI, {}, "strict", ["rash_not_done"])


def test_a_scorer_gives_its_own_script() -> None:
    scorer = funis.scorer("sledai_2k", missing="absent")
    name, script = scorer.make_script(["arthritis", "rash"])
    assert script == make_script(SLEDAI, {}, "absent", ["arthritis", "rash"])
    assert name == name_script(SLEDAI, script)


def test_a_scorer_of_other_units_has_no_script() -> None:
    with pytest.raises(UnitError, match="in the units of the definition"):
        funis.scorer("bilag_2004", units={"haemoglobin": "g/L"}).make_script()


def test_names_of_values_are_all_different_and_no_words_of_the_language() -> None:
    names = [name_value(place) for place in range(10_000)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9](\d+_)?", name) for name in names)
    assert not {"do", "if", "in"} & set(names)


def test_every_step_is_spelled_in_both_languages() -> None:
    assert set(JAVASCRIPT.steps) == set(PYTHON.steps)


def test_data_are_spelt_in_plain_letters_one_order_and_finite_numbers() -> None:
    """Keys stand in the order of the alphabet, so that the same data are the same bytes."""
    assert spell_data({"b": [1, 2.5], "a": "ä"}) == r'{"a":"\u00e4","b":[1,2.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        spell_data(float("nan"))


def test_a_measured_item_is_read_as_an_item_and_a_measure_beside_it_is_not() -> None:
    """The last of four numbers says whether a cell is cleaned and may say that it was not done."""
    measures = [name for name in measure_columns(BILAG) if name not in {item.name for item in BILAG.items}]
    script = make_script(BILAG, {}, "strict", [*item_columns(BILAG), *measures])
    (line,) = re.findall(r"const QUANTITIES=(.*);", script)
    told = {row[0]: row[3] for row in json.loads(line)}
    assert told == {item.name: 1 for item in BILAG.items if item.is_measured} | dict.fromkeys(measures, 0)

    names = measure_columns(SLEDAI)
    (line,) = re.findall(
        r"const QUANTITIES=(.*);", make_script(SLEDAI, {}, "strict", [*item_columns(SLEDAI), *names])
    )
    assert {row[0]: row[3] for row in json.loads(line)} == dict.fromkeys(names, 0)
