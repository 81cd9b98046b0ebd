"""The faults that ``make mutate`` puts into the code: each changes one expression and nothing else."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from queue import Queue

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import mutate  # noqa: E402
from processor_seconds import Times, read_times  # noqa: E402

#: Loading this plugin, which the small files tried out here do not need, takes half the time of starting pytest.
QUICKLY = {"PYTEST_ADDOPTS": "-p no:schemathesis"}

SOURCE = '''
"""Words."""
LIMIT = 3

def count(values, limit=2):
    """Count 4 words."""
    if not values or len(values) > limit:
        raise ValueError("more than 2")
    return sum(value >= -1 for value in values) + 0.5
'''


@pytest.fixture(scope="module")
def places() -> list[mutate.Place]:
    """Give every place of the package: found once, as every file is parsed for it."""
    return mutate.find_places()


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


def test_the_guard_of_a_zip_is_left_alone_and_another_strictness_is_not() -> None:
    text = "def f(x, y):\n    return zip(x[1:], y, strict=True), g(x, strict=True)\n"
    found = [(place.before, place.after) for place in mutate.find_places_in(text, "rules", "x.py")]
    assert found == [("True", "False"), ("1", "2")]


def test_text_beyond_ascii_before_the_expression_moves_nothing() -> None:
    text = 'def f(x):\n    return ("≥ µ", x < 1)\n'
    place = next(each for each in mutate.find_places_in(text, "rules", "x.py") if each.kind == "comparison")
    assert mutate.mutate(text, place) == 'def f(x):\n    return ("≥ µ", (x <= 1))\n'


def test_every_change_of_the_sample_is_valid_and_changes_the_tree(places: list[mutate.Place]) -> None:
    sample = mutate.draw_sample(places, 200, 1)
    assert len(sample) == 200
    for place in sample:
        text = (mutate.SOURCE / place.file).read_text(encoding="utf-8")
        changed = mutate.mutate(text, place)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)), place


def test_parts_have_equal_shares_and_one_seed_gives_one_sample(places: list[mutate.Place]) -> None:
    sample = mutate.draw_sample(places, 42, 7)
    assert sample == mutate.draw_sample(places, 42, 7)
    assert {part: sum(each.part == part for each in sample) for part in mutate.PARTS} == dict.fromkeys(
        mutate.PARTS, 7
    )
    assert sample != mutate.draw_sample(places, 42, 8)


def test_every_file_that_decides_something_is_reached(places: list[mutate.Place]) -> None:
    """Files are left out because they hold words or no number, never because nobody named them."""
    reached = {place.file for place in places}
    rooms = ("analysis", "catalogue", "data", "responses", "results", "scoring", "stats", "study", "units")
    left_out = {
        name
        for room in rooms
        for path in (mutate.SOURCE / room).rglob("*.py")
        if (name := path.relative_to(mutate.SOURCE).as_posix()) not in reached
        and list(mutate.find_places_in(path.read_text(encoding="utf-8"), "", name))
    }
    words = {name for name in left_out if name.startswith("catalogue/wording/")}
    assert left_out - words == {
        "responses/distribute.py",
        "results/write.py",
        "scoring/explain.py",
        "scoring/score_file.py",
    }
    assert {"study/check.py", "data/corrections/apply.py", "catalogue/check_equations.py"} <= reached


def test_a_constant_on_an_inner_line_is_tried_by_the_tests_of_its_statement() -> None:
    text = "def f(x):\n    if g(\n        1,\n    ):\n        y = (\n            2,\n            x,\n        )\n    return y\n"
    by_words = {place.before: place for place in mutate.find_places_in(text, "rules", "x.py")}
    assert {before: (place.first, place.last) for before, place in by_words.items()} == {
        "1": (2, 4),
        "2": (5, 8),
    }
    run = {2: "of the head", 5: "of the table", 7: "of the table as well", 9: "of the end"}
    suite = mutate.Suite({("x.py", line): frozenset({test}) for line, test in run.items()}, Times())
    assert suite.nearest(by_words["1"]) == ["of the head"]
    assert suite.nearest(by_words["2"]) == ["of the table", "of the table as well"]
    own = mutate.Suite({**suite.by_line, ("x.py", 6): frozenset({"of the line"})}, Times())
    assert own.nearest(by_words["2"]) == ["of the line"]
    elsewhere = mutate.Suite({("x.py", 9): frozenset({"of the end"})}, Times())
    assert elsewhere.nearest(by_words["2"]) == ["of the end"]


def test_machine_code_is_tried_by_the_tests_that_ask_for_it() -> None:
    """No line of it is traced: what ran the head of a function at its import tells nothing."""
    place, *_ = mutate.find_places_in("def f(x):\n    return x < 1\n", "statistics", f"{mutate.COMPILED}.py")
    run = {(f"{mutate.COMPILED}.py", 1): {"of an import"}, (mutate.COMPILED_DOOR, 9): {"of a batch"}}
    suite = mutate.Suite({where: frozenset(tests) for where, tests in run.items()}, Times())
    assert suite.nearest(place) == ["of a batch"]


def test_a_function_that_keeps_its_answers_is_tried_by_all_that_ask_for_it() -> None:
    texts = {
        "x.py": "@lru_cache(maxsize=4)\ndef f(x):\n    return x < 1\n\n@once_a_study\ndef g(x):\n    return f(x)\n",
        "y.py": "from x import f, g\ndef h(x):\n    return x.g(x)\ndef plain(x):\n    return h(x)\n",
    }
    callers = mutate.find_callers(texts)
    assert callers == {
        "f": {mutate.Caller("x.py", 7, ("g",))},
        "g": {mutate.Caller("y.py", 3, ("h",))},
    }
    run = {
        ("x.py", 3): {"slow first"},
        ("x.py", 7): {"of g"},
        ("y.py", 3): {"of h"},
        ("y.py", 5): {"of plain"},
    }
    times = Times({"slow first": 9.0, "of g": 2.0, "of h": 1.0})
    suite = mutate.Suite({place: frozenset(tests) for place, tests in run.items()}, times, callers)
    place, *_ = mutate.find_places_in(texts["x.py"], "rules", "x.py")
    # Whoever runs the line comes first, then the quickest; who calls h is a test of h already.
    assert suite.nearest(place) == ["slow first", "of h", "of g"]
    other, *_ = mutate.find_places_in("def h(x):\n    return x < 1\n", "rules", "y.py")
    assert "of g" not in suite.nearest(other)


def test_the_head_of_a_match_has_its_own_lines() -> None:
    text = "def f(x):\n    match x + 1:\n        case 2 if x > 3:\n            return 4\n"
    found = {
        place.before: (place.first, place.last) for place in mutate.find_places_in(text, "rules", "x.py")
    }
    assert found["x + 1"] == (2, 2)
    assert found["4"] == (4, 4)


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
    suite = mutate.Suite({}, Times())
    environment = mutate._environment(mutate.ROOT / "src", tmp_path) | QUICKLY
    gone = f"{tmp_path}/test_a.py::test_b"
    assert not mutate._run_tests([gone], suite, environment)
    (tmp_path / "test_a.py").write_text("def test_a():\n    assert False\n", encoding="utf-8")
    assert mutate._run_tests([gone], suite, environment).startswith("FAILED")
    (tmp_path / "test_a.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    assert mutate._run_tests([gone], suite, environment).startswith("ERROR")


def test_tests_that_cannot_start_are_no_notice_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conftest.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    (tmp_path / "test_a.py").write_text("def test_a():\n    assert True\n", encoding="utf-8")
    environment = mutate._environment(mutate.ROOT / "src", tmp_path) | QUICKLY
    failed = mutate._run_tests([f"{tmp_path}/test_a.py::test_a"], mutate.Suite({}, Times()), environment)
    assert failed.startswith(mutate.UNABLE)
    assert "nothing_of_this_name" in failed

    place = next(iter(mutate.find_places_in(SOURCE, "rules", "x.py")))
    noticed, error = mutate.Outcome(place, "noticed", "test"), mutate.Outcome(place, "error", failed)
    assert mutate.report([noticed] * 19 + [error], {}) == 0
    told = capsys.readouterr().out
    assert "19/19 noticed (100.0 %), 0 equivalent, 1 after which the tests could not start" in told
    assert "error     x.py" in told
    assert mutate.report([noticed] * 18 + [error] * 2, {}) == 1


def test_a_change_is_an_error_where_its_tests_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "funis" / "x.py"
    file.parent.mkdir()
    file.write_text(SOURCE, encoding="utf-8")
    place = next(each for each in mutate.find_places_in(SOURCE, "rules", "x.py") if each.before == "1")
    suite = mutate.Suite({("x.py", place.line): frozenset({"tests/a.py"})}, Times())
    answers = {"": "survived", "FAILED tests/a.py": "noticed", f"{mutate.UNABLE}: why)": "error"}
    for answer, status in answers.items():
        monkeypatch.setattr(mutate, "_run_tests", lambda *_, answer=answer: answer)
        assert mutate.try_place(place, suite, tmp_path).status == status
    assert file.read_text(encoding="utf-8") == SOURCE
    assert mutate.try_place(place, mutate.Suite({}, Times()), tmp_path).status == "not run"


def test_what_is_excused_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    excused, tried = list(mutate.find_places_in(SOURCE, "rules", "x.py"))[:2]
    monkeypatch.setattr(mutate, "WORK", tmp_path)
    monkeypatch.setattr(mutate, "make_copies", lambda _: (_one_folder(tmp_path), tmp_path / "none"))
    monkeypatch.setattr(mutate, "read_equivalent", lambda: {excused.excuse: "cannot matter"})
    monkeypatch.setattr(mutate, "try_place", lambda place, *_: mutate.Outcome(place, "noticed", "test"))
    outcomes = mutate.try_all([excused, tried], mutate.Suite({}, Times()), 1)
    assert [each.status for each in outcomes] == ["equivalent", "noticed"]
    assert mutate.report(outcomes, {excused.excuse: "cannot matter"}) == 0


def _one_folder(folder: Path) -> Queue[Path]:
    copies: Queue[Path] = Queue()
    copies.put(folder)
    return copies


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


def test_excused_changes_exist_and_give_a_reason(places: list[mutate.Place]) -> None:
    """An entry whose code is gone excuses nothing and must go too."""
    known = {place.excuse for place in places}
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


TIMED = """
import time

import pytest


def work(seconds):
    started = time.process_time()
    while time.process_time() - started < seconds:
        pass


@pytest.fixture(scope="module")
def made():
    work(0.3)


@pytest.fixture(scope="module")
def made_of_it(made):
    work(0.2)


@pytest.fixture
def own():
    work(0.1)


def test_with_all(made_of_it, own):
    pass


def test_again(made_of_it):
    pass


def test_waiting():
    time.sleep(0.3)


def test_starting_another():
    import subprocess, sys
    subprocess.run([sys.executable, "-c", "while __import__('time').process_time() < 0.2: pass"])
"""


def test_times_are_those_of_the_processor_and_shared_fixtures_are_paid_once(tmp_path: Path) -> None:
    """What a test waits for is no work; what it starts is; what was made for another would be made for it alone."""
    (tmp_path / "test_timed.py").write_text(TIMED, encoding="utf-8")
    environment = os.environ | QUICKLY | {"PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    plugin = ["-p", "processor_seconds", f"--processor-seconds={tmp_path}", "test_timed.py"]
    subprocess.run([*command, *plugin], cwd=tmp_path, env=environment, check=True)
    times = read_times(tmp_path)
    name = "test_timed.py::test_{}".format
    assert times.shared["test_timed.py::made"] >= 0.3
    assert times.shared["test_timed.py::made_of_it"] >= 0.2
    assert times.fixtures_of(name("again")) == {"test_timed.py::made", "test_timed.py::made_of_it"}
    assert times.of(name("with_all")) >= 0.1
    assert times.of(name("with_all")) < 0.3
    assert times.of(name("again")) < 0.1
    assert times.alone(name("again")) >= 0.5
    assert times.of(name("waiting")) < 0.2
    assert times.of(name("starting_another")) >= 0.2
    assert times.fixtures_of("test_timed.py") == times.fixtures_of(name("again"))
    assert times.of("test_timed.py") == pytest.approx(
        sum(map(times.of, map(name, ("with_all", "again", "waiting", "starting_another"))))
    )


def test_times_of_several_processes_are_one(tmp_path: Path) -> None:
    first = {
        "own": {"tests/a/test_x.py::one": 1.0},
        "shared": {"tests::run": 4.0, "tests/a/test_x.py::made": 2.0},
        "fixtures": {"tests/a/test_x.py::one": ["run", "made"]},
    }
    second = {
        "own": {"tests/a/test_x.py::two": 3.0, "tests/a/test_xy.py::three": 1.0},
        "shared": {"tests::run": 5.0},
        "fixtures": {"tests/a/test_x.py::two": ["made"], "tests/a/test_xy.py::three": ["run", "made"]},
    }
    for name, found in (("1.json", first), ("2.json", second)):
        (tmp_path / name).write_text(json.dumps(found), encoding="utf-8")
    times = read_times(tmp_path)
    # The longer of the two runs of one fixture; a fixture of one file is not that of another of the same name.
    assert times.alone("tests/a/test_x.py::one") == 1.0 + 5.0 + 2.0
    assert times.alone("tests/a/test_x.py::two") == 3.0 + 2.0
    assert times.alone("tests/a/test_xy.py::three") == 1.0 + 5.0
    assert times.alone("tests/a/test_x.py") == 4.0 + 5.0 + 2.0
    assert times.alone("never timed") == 1.0


def test_a_shared_fixture_counts_once_a_batch_against_the_budget() -> None:
    names = [f"t{number:02}" for number in range(40)]
    fixtures = dict.fromkeys(names, frozenset({"made"}))
    shared = Times(dict.fromkeys(names, 0.5), {"made": 3.0}, fixtures)
    # 3 + 5 x 0.5 is above the 5 s of the quick batch; the next makes the fixture again, and all fit in.
    assert [len(batch) for batch in mutate._batches(names, shared)] == [5, 35]
    each_its_own = Times(dict.fromkeys(names, 3.5))
    # 2 x 3.5 s, then on to 18 x 3.5 = 63 s, the first beyond the 60 s of the budget.
    assert [len(batch) for batch in mutate._batches(names, each_its_own)] == [2, 16]
