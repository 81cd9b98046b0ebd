"""Put one fault at a time into the code and see whether a test notices: ``make mutate``.

A seeded sample of places in rules, study and data, responses, statistics and analysis is changed one by
one (a limit turned from ``<`` to ``<=``, ``+`` to ``-``, ``and`` to ``or``, a whole number by one, a sign).
For each the tests that run the changed line are run, the quickest first, until one fails. A change that no
test notices is printed with its place; the run fails where fewer than 95 % are noticed.

The ``strict`` of a ``zip`` is not changed: it is a guard, which ends the run where two columns are not of one
length and never alters what a run that ends gives.

Changes that cannot alter any result stand in ``tests/mutation/equivalent.toml`` with the reason, by file,
function and code, not by line, so that they stay found when lines move. They are not run. A change after
which the tests cannot even start says nothing of the tests: it is counted apart, never as noticed.

Usage::

    python scripts/mutate.py [--places 200] [--seed 1] [--workers 2] [--only PART-OF-PATH]
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from processor_seconds import Times, read_times

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "funis"
WORK = ROOT / ".mutation"
EQUIVALENT = ROOT / "tests" / "mutation" / "equivalent.toml"

#: Where faults are put, by what a mistake there would harm; each part gets the same share of the sample.
PARTS: Mapping[str, tuple[str, ...]] = {
    "rules": ("catalogue/", "scoring/", "units/"),
    "study": ("study/",),
    "data": ("data/",),
    "responses": ("responses/",),
    "statistics": ("stats/",),
    "analysis": ("analysis/", "results/"),
}

#: Words and file handling: a fault there is seen by a reader, not by a number. What only Spark runs is held
#: to the other engines by tests/engines, which is not started here.
LEFT_OUT = (
    "scoring/score_file",
    "scoring/explain",
    "results/write",
    "catalogue/wording/",
    "responses/distribute",
)

#: Tests that start other engines, browsers, databases or the server take longer than all others together. The
#: server asks the rooms changed here from far away: a fault in a rule is to be noticed beside the rule.
SLOW = (
    "tests/engines",
    "tests/browser",
    "tests/docs",
    "tests/kernels",
    "tests/mutation",
    "tests/server",
)

AIM = 0.95
#: Share of the sample after which the tests may fail to start: more of them and the run has told too little.
UNSTARTED = 0.05
#: Processor time of tests, recorded with tracing, that is spent on one change before it is said to survive;
#: what the machine does besides changes nothing of it. In seconds, as is the first, quick batch of it.
BUDGET = 60.0
QUICK = 5.0

COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}

#: File, function, code before and after, and which of several such places of the function it is.
Excuse = tuple[str, str, str, str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """One change: where it is made and what it makes of the code.

    Attributes
    ----------
    part, file, function, line : where it stands
    node : number of the expression in the walk through the file
    kind, before, after : what is changed
    occurrence : which of the places of this function with the same change it is, from 1, as they are read
    first, last : lines of the statement it belongs to (of a loop, a branch or a function: of its head)
    """

    part: str
    file: str
    function: str
    line: int
    node: int
    kind: str
    before: str
    after: str
    occurrence: int = 1
    first: int = 0
    last: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Name the change without its line."""
        return self.file, self.function, self.before, self.after

    @property
    def excuse(self) -> Excuse:
        """Name the change without its line, apart from others of the same words in the same function."""
        return (*self.key, self.occurrence)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one change.

    Attributes
    ----------
    place : the change
    status : ``noticed`` by a test, ``survived``, ``not run`` by any test, ``equivalent`` and therefore not
        tried, or ``error``: the tests could not start
    by : the test that failed, or what kept the tests from starting
    seconds : how long it took
    """

    place: Place
    status: str
    by: str = ""
    seconds: float = 0.0


# --- places --------------------------------------------------------------------------------------------


def find_places() -> list[Place]:
    """Find every change that could be made in the parts, in the order of files and lines."""
    places: list[Place] = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        part = next((part for part, starts in PARTS.items() if name.startswith(starts)), "")
        if part and not name.startswith(LEFT_OUT):
            places += find_places_in(path.read_text(encoding="utf-8"), part, name)
    return places


def find_places_in(text: str, part: str, name: str) -> Iterator[Place]:
    """Find the changes of one file.

    Parameters
    ----------
    text : the source
    part : the part of the sample that the file belongs to
    name : the file, relative to the package
    """
    tree = ast.parse(text)
    functions = _functions(tree)
    statements = _statements(tree)
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    changes: list[tuple[int, ast.expr, str, tuple[str, str, str]]] = []
    for number, node in enumerate(ast.walk(tree)):
        if number not in functions or not isinstance(node, ast.expr):
            continue
        for kind, changed in _changes(node):
            words = (functions[number], ast.unparse(node), ast.unparse(changed))
            changes.append((number, node, kind, words))
            found[words].append((node.lineno, node.col_offset))
    for number, node, kind, words in changes:
        occurrence = sorted(found[words]).index((node.lineno, node.col_offset)) + 1
        function, before, after = words
        lines = statements[number]
        yield Place(part, name, function, node.lineno, number, kind, before, after, occurrence, *lines)


def _statements(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """Give the first and last line of the statement of every node; what a block holds has its own lines."""
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    found: dict[int, tuple[int, int]] = {}

    def visit(node: ast.AST, lines: tuple[int, int]) -> None:
        if isinstance(node, ast.stmt):
            block = getattr(node, "body", None) or getattr(node, "cases", None)
            last = node.end_lineno or node.lineno
            if block:
                start = block[0].pattern if isinstance(block[0], ast.match_case) else block[0]
                last = max(node.lineno, start.lineno - 1)
            lines = (node.lineno, last)
        found[numbers[id(node)]] = lines
        for child in ast.iter_child_nodes(node):
            visit(child, lines)

    visit(tree, (1, 1))
    return found


def _functions(tree: ast.Module) -> dict[int, str]:
    """Give the function of every node that is run inside one: no annotation, default or decorator."""
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    found: dict[int, str] = {}
    guards: set[int] = set()

    def visit(node: ast.AST, name: str, *, is_inside: bool) -> None:
        if is_inside:
            found[numbers[id(node)]] = name
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own = f"{name}.{node.name}" if name else node.name
            for child in node.body:
                visit(child, own, is_inside=not isinstance(node, ast.ClassDef))
            return
        if isinstance(node, ast.Raise) or _is_typing_block(node):
            return  # the words of a message are read, not computed with
        if isinstance(node, ast.keyword) and id(node) in guards:
            return
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            guards.update(id(each) for each in node.keywords)
        for part, value in ast.iter_fields(node):
            if part in {"annotation", "returns", "type_comment"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    visit(child, name, is_inside=is_inside)

    visit(tree, "", is_inside=False)
    return found


def _is_typing_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Give every change of one expression."""
    match node:
        case ast.Compare(ops=[only]) if type(only) in COMPARISONS:
            changed = copy.deepcopy(node)
            changed.ops = [COMPARISONS[type(only)]()]
            yield "comparison", changed
        case ast.BinOp(op=sign) if type(sign) in ARITHMETIC and not _is_text(node):
            changed_sign = copy.deepcopy(node)
            changed_sign.op = ARITHMETIC[type(sign)]()
            yield "arithmetic", changed_sign
        case ast.BoolOp():
            changed_word = copy.deepcopy(node)
            changed_word.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "and/or", changed_word
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield "sign", copy.deepcopy(node.operand)
        case ast.Constant(value=bool()):
            yield "truth", ast.Constant(value=not node.value)
        case ast.Constant(value=int()) if abs(int(str(node.value))) < 10**6:
            yield "number", ast.Constant(value=int(str(node.value)) + 1)
        case _:
            return


def _is_text(node: ast.BinOp) -> bool:
    """Tell whether a sum joins texts: that is wording."""
    return any(
        isinstance(each, ast.JoinedStr) or (isinstance(each, ast.Constant) and isinstance(each.value, str))
        for each in ast.walk(node)
    )


def draw_sample(places: Sequence[Place], count: int, seed: int) -> list[Place]:
    """Draw the same number of places from each part; one seed gives one sample of one state of the code.

    The draw looks at the code of each place, not at its line, so that an added line elsewhere leaves most
    of the sample as it was.
    """
    by_part: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_part[place.part].append(place)
    drawn: list[Place] = []
    for own in by_part.values():
        ranked = sorted(own, key=lambda place: _rank(place, seed))
        drawn += ranked[: -(-count // len(by_part))]
    return drawn[:count]


def _rank(place: Place, seed: int) -> str:
    return hashlib.sha256(repr((seed, *place.excuse, place.kind)).encode()).hexdigest()


def read_equivalent() -> dict[Excuse, str]:
    """Read the changes that cannot alter a result, with the reason.

    An entry excuses one place: where a function has several with the same words, ``occurrence`` tells which,
    as they are read from its top; the first where it is left out.
    """
    rows = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", [])
    return {
        (row["file"], row["function"], row["before"], row["after"], row.get("occurrence", 1)): row["reason"]
        for row in rows
    }


def mutate(text: str, place: Place) -> str:
    """Give the source with one expression changed; everything else stays as it is printed."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    node = nodes[place.node]
    if not isinstance(node, ast.expr):
        raise TypeError(f"{place.file} is not as it was when its places were found; find them again.")
    wanted = (place.kind, place.after)
    changed = next(each for kind, each in _changes(node) if (kind, ast.unparse(each)) == wanted)
    lines = text.splitlines(keepends=True)
    start = _offset(lines, node.lineno, node.col_offset)
    stop = _offset(lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
    data = text.encode("utf-8")
    return (data[:start] + f"({ast.unparse(changed)})".encode() + data[stop:]).decode("utf-8")


def _offset(lines: Sequence[str], line: int, column: int) -> int:
    """Give the byte at which a line and a column of bytes stand."""
    return sum(len(each.encode("utf-8")) for each in lines[: line - 1]) + column


# --- which test runs which line -----------------------------------------------------------------------


def record_coverage(workers: int) -> None:
    """Run the suite once with the running test noted beside every line."""
    settings = WORK / "coverage.ini"
    settings.write_text(
        f"[run]\nsource = {SOURCE}\nparallel = true\ndata_file = {WORK / 'coverage' / 'data'}\n"
        "[report]\nignore_errors = true\n",
        encoding="utf-8",
    )
    for folder in ("coverage", "seconds"):
        shutil.rmtree(WORK / folder, ignore_errors=True)
        (WORK / folder).mkdir(parents=True)
    skipped = [f"--ignore={folder}" for folder in SLOW]
    command = [
        sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "loadfile",
        f"--cov-config={settings}", f"--cov={SOURCE}", "--cov-context=test", "--cov-report=",
        "-p", "processor_seconds", f"--processor-seconds={WORK / 'seconds'}", *skipped, "tests",
    ]  # fmt: skip
    environment = _environment(ROOT / "src", WORK / "numba")
    environment["PYTHONPATH"] += os.pathsep + str(ROOT / "scripts")
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit("The suite must pass before faults are put into the code.")


def _environment(source: Path, machine_code: Path) -> dict[str, str]:
    """Make what tests see: the package of a folder, and the same examples and threads in every run."""
    own = {
        "PYTHONPATH": str(source),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "POLARS_MAX_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "NUMBA_CACHE_DIR": str(machine_code),
        "CI": "true",
    }
    return os.environ | own


#: Code that numba compiles. A function it has compiled holds those it calls, and is not compiled anew where
#: one of them stands in another file that changed: such a change needs a store of machine code of its own.
COMPILED = "stats/mmrm/compiled"


#: Where machine code is asked for: its own lines are not traced, and the tests that ask stand for them.
COMPILED_DOOR = "stats/mmrm/batch.py"


#: Decorators that keep an answer: a line of such a function is run by the first test that asks alone.
KEEPERS = frozenset({"cache", "lru_cache", "once_a_study"})


class Caller(NamedTuple):
    """Where a function that keeps its answers is named: file, line, and the functions around."""

    file: str
    line: int
    around: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """Which tests run which line, and how long each takes.

    Attributes
    ----------
    by_line : tests by file (relative to the package) and line
    times : the processor time of each test, recorded with its lines
    callers : where each function that keeps its answers is named, by its name
    """

    by_line: Mapping[tuple[str, int], frozenset[str]]
    times: Times
    callers: Mapping[str, frozenset[Caller]] = field(default_factory=dict)

    def nearest(self, place: Place) -> list[str]:
        """Give the tests that run the line of a change, the quickest first, and then those that ask for it.

        Inner lines of a statement over several lines may have no entry of their own (a constant has nothing
        to run); the tests of the statement stand for them. A test that asks a function which keeps its
        answers may be given what it answered to another test; in a run of its own it is not.
        """
        found = self.by_line.get((place.file, place.line), frozenset())
        if place.file.startswith(COMPILED):
            found = self._asking_for_machine_code()
        if not found:
            lines = range(place.first, place.last + 1)
            found = frozenset().union(*(self.by_line.get((place.file, line), frozenset()) for line in lines))
        if not found:
            # A table built at import is read by whichever test calls something of the same file.
            found = frozenset(
                test for (file, _), tests in self.by_line.items() if file == place.file for test in tests
            )
        asking = self._asking(place.function) | found
        # Of 61 noticed faults the tests up to the one that noticed took 84 s so. With those that run the
        # fewest lines first it would be 236 s at most, with the least lines times seconds 91 s at most.
        return sorted(asking, key=lambda test: (test not in found, self.times.alone(test), test))

    def _asking_for_machine_code(self) -> frozenset[str]:
        """Give the tests that run a line of the door of the compiled code."""
        return frozenset(
            test for (file, _), tests in self.by_line.items() if file == COMPILED_DOOR for test in tests
        )

    def _asking(self, function: str) -> frozenset[str]:
        """Give the tests that run a line which names a function that keeps its answers."""
        waiting, seen, tests = [*function.split(".")], set[str](), frozenset[str]()
        while waiting:
            name = waiting.pop()
            for each in self.callers.get(name, ()) if name not in seen else ():
                tests |= self.by_line.get((each.file, each.line), frozenset())
                waiting += each.around
            seen.add(name)
        return tests


def find_callers(texts: Mapping[str, str]) -> dict[str, frozenset[Caller]]:
    """Find where functions that keep their answers are named.

    Parameters
    ----------
    texts : the sources by file, relative to the package
    """
    trees = {file: ast.parse(text) for file, text in texts.items()}
    kept = {
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(map(_keeps, node.decorator_list))
    }
    found: dict[str, set[Caller]] = defaultdict(set)

    def visit(node: ast.AST, file: str, around: tuple[str, ...]) -> None:
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in kept and around:
            found[name].add(Caller(file, getattr(node, "lineno", 0), around))
        inner = (*around, node.name) if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else around
        for child in ast.iter_child_nodes(node):
            visit(child, file, inner)

    for file, tree in trees.items():
        visit(tree, file, ())
    return {name: frozenset(callers) for name, callers in found.items()}


def _keeps(decorator: ast.expr) -> bool:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(named).rpartition(".")[2] in KEEPERS


def read_suite() -> Suite:
    """Read what `record_coverage` wrote."""
    from coverage import CoverageData

    by_line: dict[tuple[str, int], set[str]] = defaultdict(set)
    for path in sorted((WORK / "coverage").iterdir()):
        data = CoverageData(basename=str(path))
        data.read()
        for file in data.measured_files():
            name = Path(file).relative_to(SOURCE).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                by_line[name, line] |= {test for each in contexts if (test := _test_of(each))}
    texts = {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")
    }
    tests_by_line = {place: frozenset(tests) for place, tests in by_line.items()}
    return Suite(tests_by_line, read_times(WORK / "seconds"), find_callers(texts))


def _test_of(context: str) -> str:
    """Name the test to run for a context; what a shared fixture ran may matter to any test of its file."""
    test, _, phase = context.rpartition("|")
    return test.partition("::")[0] if phase == "setup" else test


# --- trying one change -------------------------------------------------------------------------------


def try_place(place: Place, suite: Suite, copy_of_source: Path, noticed_by: str = "") -> Outcome:
    """Change one expression in a copy of the package and run the nearest tests until one fails.

    Parameters
    ----------
    place : the change
    suite : which tests run which line
    copy_of_source : folder with a copy of ``funis`` that nobody else uses
    noticed_by : the test that noticed this change in an earlier run, which is run first; empty for none
    """
    started = time.monotonic()
    tests = suite.nearest(place)
    if not tests:
        return Outcome(place, "not run")
    file = copy_of_source / "funis" / place.file
    original = file.read_text(encoding="utf-8")
    file.write_text(mutate(original, place), encoding="utf-8")
    machine_code = copy_of_source.parent / "numba"
    if place.file.startswith(COMPILED):
        machine_code = machine_code.with_name("numba of one change")
    try:
        first = [[noticed_by]] if noticed_by in tests else []
        for batch in (*first, *_batches(tests, suite.times)):
            failed = _run_tests(batch, suite, _environment(copy_of_source, machine_code))
            if failed:
                status = "error" if failed.startswith(UNABLE) else "noticed"
                return Outcome(place, status, failed, time.monotonic() - started)
    finally:
        file.write_text(original, encoding="utf-8")
        shutil.rmtree(copy_of_source.parent / "numba of one change", ignore_errors=True)
    return Outcome(place, "survived", "", time.monotonic() - started)


#: What stands for the failed test where none could be run.
UNABLE = "(the tests could not start"


def _batches(tests: Sequence[str], times: Times) -> Iterator[list[str]]:
    """Cut the tests into a quick batch and a longer one; more time than the budget is not spent.

    A shared fixture costs its time once a batch: each batch is a process of its own.
    """
    spent, batch, made, limit = 0.0, list[str](), set[str](), QUICK
    for test in tests:
        batch.append(test)
        spent += times.of(test) + sum(times.shared[name] for name in times.fixtures_of(test) - made)
        made |= times.fixtures_of(test)
        if spent > limit or len(batch) >= 300:
            yield batch
            batch, made, limit = [], set(), BUDGET
            if spent > BUDGET:
                return
    if batch:
        yield batch


def _run_tests(tests: Sequence[str], suite: Suite, environment: Mapping[str, str]) -> str:
    """Run tests against the changed package; give the first that fails, empty where all pass."""
    # Seconds of a clock: a machine that does much else must not make a slow test a noticed fault.
    allowed = 240 + 10 * sum(map(suite.times.alone, tests))
    quietly = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *quietly, *tests],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=allowed,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "(a test no longer ended)"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if lines:
        return lines[0].split(" - ")[0]
    # Tests made from the package's own tables may have other names after a change. That alone is no notice
    # taken: what is left of their files is run.
    files = sorted({test.partition("::")[0] for test in tests})
    if "not found:" in done.stderr and files != list(tests):
        return _run_tests(files, suite, environment)
    words = (done.stderr or done.stdout).strip().splitlines()
    return f"{UNABLE}: {words[-1] if words else 'no word of why'})"


def make_copies(count: int) -> tuple[Queue[Path], Path]:
    """Copy the package once a worker, compiled ahead, so that each change costs one compilation."""
    import compileall

    place = Path(tempfile.mkdtemp(prefix="funis-mutation-"))
    copies: Queue[Path] = Queue()
    for number in range(count):
        folder = place / str(number) / "src"
        folder.parent.mkdir()
        # The package finds its examples beside its sources: what is beside them must be there too.
        for beside in ("examples", "docs", "tests"):
            (folder.parent / beside).symlink_to(ROOT / beside)
        shutil.copytree(SOURCE, folder / "funis", ignore=shutil.ignore_patterns("__pycache__"))
        mode = (
            compileall.PycInvalidationMode.CHECKED_HASH
            if hasattr(compileall, "PycInvalidationMode")
            else None
        )
        compileall.compile_dir(folder, quiet=2, invalidation_mode=mode)
        copies.put(folder)
    return copies, place


def try_all(places: Sequence[Place], suite: Suite, workers: int) -> list[Outcome]:
    """Try every change, as many at a time as there are workers, and print each as it ends.

    Those excused as equivalent are not tried.
    """
    copies, place = make_copies(workers)
    remembered = read_noticed()
    equivalent = read_equivalent()

    def run(number: int) -> Outcome:
        if places[number].excuse in equivalent:
            return Outcome(places[number], "equivalent")
        folder = copies.get()
        try:
            outcome = try_place(places[number], suite, folder, remembered.get(places[number].excuse, ""))
        finally:
            copies.put(folder)
        print(f"{number + 1:4}/{len(places)}  {_line(outcome)}", flush=True)
        return outcome

    try:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(run, range(len(places))))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _line(outcome: Outcome) -> str:
    place = outcome.place
    change = f"{_short(place.before)}  ->  {_short(place.after)}"
    by = f"  [{outcome.by}]" if outcome.by else ""
    return f"{outcome.status:9} {place.file}:{place.line} {place.function}: {change}{by}"


def _short(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:67]}..."


# --- the report ----------------------------------------------------------------------------------------


def report(outcomes: Sequence[Outcome], equivalent: Mapping[Excuse, str]) -> int:
    """Print the share that was noticed by part; give the exit code."""
    tried = [each for each in outcomes if each.place.excuse not in equivalent]
    counted = [each for each in tried if each.status != "error"]
    left = [each for each in counted if each.status != "noticed"]
    print()
    for part in PARTS:
        own = [each for each in counted if each.place.part == part]
        noticed = sum(each.status == "noticed" for each in own)
        print(f"{part:11} {noticed}/{len(own)} noticed")
    excused, unstarted = len(outcomes) - len(tried), len(tried) - len(counted)
    share = 1 - len(left) / len(counted) if counted else 1.0
    noticed = len(counted) - len(left)
    print(
        f"{'all':11} {noticed}/{len(counted)} noticed ({100 * share:.1f} %), {excused} equivalent, "
        f"{unstarted} after which the tests could not start"
    )
    for each in tried:
        if each.status != "noticed":
            print(f"  {_line(each)}")
    told = unstarted <= UNSTARTED * len(tried)
    return 0 if share >= AIM and told else 1


def write_outcomes(outcomes: Iterable[Outcome]) -> None:
    """Keep the outcome of every change, for whoever closes the gaps."""
    rows = [
        {"status": each.status, "by": each.by, "seconds": round(each.seconds, 1)}
        | {name: getattr(each.place, name) for name in Place.__slots__}
        for each in outcomes
    ]
    (WORK / "outcomes.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


def read_noticed() -> dict[Excuse, str]:
    """Read which test noticed which change in the last run, so that it is tried first."""
    path = WORK / "outcomes.json"
    rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return {
        Place(**{name: row[name] for name in Place.__slots__}).excuse: row["by"].partition(" ")[2]
        for row in rows
        if row["by"].startswith(("FAILED ", "ERROR ")) and set(Place.__slots__) <= set(row)
    }


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--places", type=int, default=200, help="how many changes are tried")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other places")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="part of a path: only places of these files")
    parser.add_argument("--keep-coverage", action="store_true", help="use the lines recorded by the last run")
    given = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    places = [place for place in find_places() if given.only in place.file]
    sample = draw_sample(places, given.places, given.seed)
    print(f"{len(sample)} of {len(places)} places, seed {given.seed}", flush=True)
    if not given.keep_coverage:
        record_coverage(given.workers)
    outcomes = try_all(sample, read_suite(), given.workers)
    write_outcomes(outcomes)
    return report(outcomes, read_equivalent())


if __name__ == "__main__":
    sys.exit(main())
