"""The faults that ``make mutate`` puts into the code: each changes one expression and nothing else."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import mutate  # noqa: E402

SOURCE = '''
"""Words."""
LIMIT = 3

def count(values, limit=2):
    """Count 4 words."""
    if not values or len(values) > limit:
        raise ValueError("more than 2")
    return sum(value >= -1 for value in values) + 0.5
'''


def changes() -> list[tuple[str, str, str]]:
    found = mutate.find_places_in(SOURCE, "rules", "x.py")
    return sorted((place.kind, place.before, place.after) for place in found)


def test_each_expression_inside_a_function_is_changed_once() -> None:
    assert changes() == sorted(
        [
            ("and/or", "not values or len(values) > limit", "not values and len(values) > limit"),
            ("sign", "not values", "values"),
            ("comparison", "len(values) > limit", "len(values) >= limit"),
            (
                "arithmetic",
                "sum((value >= -1 for value in values)) + 0.5",
                "sum((value >= -1 for value in values)) - 0.5",
            ),
            ("comparison", "value >= -1", "value > -1"),
            ("sign", "-1", "1"),
            ("number", "1", "2"),
        ]
    )


def test_only_the_expression_is_changed() -> None:
    place = next(
        each for each in mutate.find_places_in(SOURCE, "rules", "x.py") if each.before == "value >= -1"
    )
    assert mutate.mutate(SOURCE, place) == SOURCE.replace("value >= -1 for", "(value > -1) for")


def test_text_beyond_ascii_before_the_expression_moves_nothing() -> None:
    text = 'def f(x):\n    return ("≥ µ", x < 1)\n'
    place = next(each for each in mutate.find_places_in(text, "rules", "x.py") if each.kind == "comparison")
    assert mutate.mutate(text, place) == 'def f(x):\n    return ("≥ µ", (x <= 1))\n'


def test_every_change_of_the_sample_is_valid_and_changes_the_tree() -> None:
    sample = mutate.draw_sample(mutate.find_places(), 200, 1)
    assert len(sample) == 200
    for place in sample:
        text = (mutate.SOURCE / place.file).read_text(encoding="utf-8")
        changed = mutate.mutate(text, place)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)), place


def test_parts_have_equal_shares_and_one_seed_gives_one_sample() -> None:
    places = mutate.find_places()
    sample = mutate.draw_sample(places, 40, 7)
    assert sample == mutate.draw_sample(places, 40, 7)
    assert {part: sum(each.part == part for each in sample) for part in mutate.PARTS} == dict.fromkeys(
        mutate.PARTS, 10
    )
    assert sample != mutate.draw_sample(places, 40, 8)


def test_an_excuse_is_for_one_of_several_places_with_the_same_words() -> None:
    text = "def f(x):\n    return (g(x[0]), 0,\n            0)\n"
    zeros = [place for place in mutate.find_places_in(text, "rules", "x.py") if place.before == "0"]
    assert sorted((place.line, place.occurrence) for place in zeros) == [(2, 1), (2, 2), (3, 3)]
    # The walk comes to the innermost last, a reader comes to it first.
    innermost = next(place for place in zeros if mutate.mutate(text, place).count("x[(1)]"))
    assert innermost.occurrence == 1
    survived = [mutate.Outcome(place, "survived") for place in zeros]
    assert mutate.report(survived[:1], {zeros[0].excuse: "cannot matter"}) == 0
    assert mutate.report(survived[:1], {zeros[1].excuse: "cannot matter"}) == 1


def test_a_bar_in_the_name_of_a_test_does_not_cut_it() -> None:
    assert mutate._test_of("tests/a.py::test_a[x || y]|run") == "tests/a.py::test_a[x || y]"
    assert mutate._test_of("tests/a.py::test_a[x || y]|setup") == "tests/a.py"


def test_tests_that_lost_their_names_are_no_notice_taken(tmp_path: Path) -> None:
    """Parameters read from the package change their names with it; what is left of the file decides."""
    (tmp_path / "test_a.py").write_text("def test_a():\n    assert True\n", encoding="utf-8")
    suite = mutate.Suite({}, {})
    environment = mutate._environment(mutate.ROOT / "src", tmp_path)
    gone = f"{tmp_path}/test_a.py::test_b"
    assert not mutate._run_tests([gone], suite, environment)
    (tmp_path / "test_a.py").write_text("def test_a():\n    assert False\n", encoding="utf-8")
    assert mutate._run_tests([gone], suite, environment).startswith("FAILED")
    (tmp_path / "test_a.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    assert mutate._run_tests([gone], suite, environment).startswith("ERROR")


def test_the_test_that_noticed_a_change_is_remembered_for_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutate, "WORK", tmp_path)
    assert mutate.read_noticed() == {}
    first, second, third = list(mutate.find_places_in(SOURCE, "rules", "x.py"))[:3]
    mutate.write_outcomes(
        [
            mutate.Outcome(first, "noticed", "FAILED tests/a.py::test_a[x y]"),
            mutate.Outcome(second, "survived"),
            mutate.Outcome(third, "noticed", "(a test no longer ended)"),
        ]
    )
    assert mutate.read_noticed() == {first.excuse: "tests/a.py::test_a[x y]"}


def test_excused_changes_exist_and_give_a_reason() -> None:
    """An entry whose code is gone excuses nothing and must go too."""
    known = {place.excuse for place in mutate.find_places()}
    for key, reason in mutate.read_equivalent().items():
        assert key in known, key
        assert len(reason) > 20, key


def test_the_share_decides_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    place = next(iter(mutate.find_places_in(SOURCE, "rules", "x.py")))
    noticed, survived = mutate.Outcome(place, "noticed", "test"), mutate.Outcome(place, "survived")
    assert mutate.report([noticed] * 19 + [survived], {}) == 0
    assert mutate.report([noticed] * 18 + [survived] * 2, {}) == 1
    assert mutate.report([survived], {place.excuse: "cannot matter"}) == 0
    assert "90.0 %" in capsys.readouterr().out
