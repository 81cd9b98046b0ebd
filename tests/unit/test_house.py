"""The limits of the house, held by a machine: sizes, links, named tests, what must not stand in a file."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from funis.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").glob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = sorted(
    page for page in ROOT.rglob("*.md") if not {".venv", "demo", "build", "dist"} & set(page.parts)
)
TEST_NAME = re.compile(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef)]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_excused(path: Path, node: ast.FunctionDef) -> bool:
    """A longer function gives its reason in a comment above it; compiled kernels once per file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    kernel = any("njit" in ast.dump(decorator) for decorator in node.decorator_list)
    return kernel or lines[first - 2].startswith("# Longer than other functions because ")


def body_length(node: ast.FunctionDef) -> int:
    """Lines of the body, the docstring not counted."""
    first = node.body[0]
    start = first.lineno
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        start = (first.end_lineno or first.lineno) + 1
    return (node.end_lineno or node.lineno) - start + 1


def longer_than(limit: int, paths: list[Path]) -> list[str]:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in paths}
    return [f"{named(path)} has {lines} lines" for path, lines in lengths.items() if lines > limit]


# One test a rule, which names every file that breaks it: a test for each file cost more than the rules do.
def test_source_files_stay_small() -> None:
    assert longer_than(500, SOURCES) == [], "split them by noun"


def test_functions_stay_small() -> None:
    long = [
        f"{named(path)}, {node.name}: {body_length(node)} lines"
        for path in SOURCES
        for node in functions(path)
        if body_length(node) > 45 and not is_excused(path, node)
    ]
    assert long == [], "functions over 45 lines"


def test_test_files_stay_small() -> None:
    assert longer_than(700, TESTS) == []


def calls_that_depend_on_time(path: Path) -> list[int]:
    """Give the lines of calls that sleep, or set a limit of their own; a file without either word has none."""
    text = path.read_text(encoding="utf-8")
    if "sleep" not in text and "deadline" not in text:
        return []
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    asleep = [node.lineno for node in calls if ast.unparse(node.func).endswith("sleep")]
    limited = [
        node.lineno
        for node in calls
        if "deadline" in {keyword.arg for keyword in node.keywords} and path != ROOT / "tests" / "conftest.py"
    ]
    return asleep + limited


def test_no_test_depends_on_time() -> None:
    """A test that sleeps, or sets Hypothesis a limit of its own, fails on a loaded machine."""
    found = {named(path): lines for path in TESTS if (lines := calls_that_depend_on_time(path))}
    assert found == {}


def test_no_module_is_named_after_nothing() -> None:
    forbidden = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}
    assert not [path for path in SOURCES if path.stem in forbidden]


def test_the_version_is_that_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert declared == VERSION


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    # Django finds the class of a migration by its name: there is one in each file of migrations.
    for path in (each for each in SOURCES if each.parent.name != "migrations"):
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(named(path))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """Give the modules of funis that a file imports anywhere, but not those for types alone."""
    tree = parsed(path)
    for_types: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for_types |= set(ast.walk(node))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
            inner = {f"{node.module}.{each.name}" for each in node.names} & modules
            found |= inner or {node.module}
    return found & modules


def test_migrations_are_one_line() -> None:
    """Two that follow the same one leave a database that cannot be made."""
    folder = ROOT / "src" / "funis" / "capture" / "migrations"
    names = sorted(path.stem for path in folder.glob("0*.py"))
    follows = [
        re.findall(r'"capture", "(0\w+)"', (folder / f"{name}.py").read_text("utf-8")) for name in names
    ]
    assert follows == [[], *([name] for name in names[:-1])]


def test_no_word_of_the_pages_is_translated_twice() -> None:
    words = [
        word
        for file in (ROOT / "src" / "funis" / "capture" / "pages" / "chinese").glob("*.toml")
        for word in tomllib.loads(file.read_text("utf-8"))
    ]
    assert sorted(words) == sorted(set(words))


def test_no_file_imports_itself_through_others() -> None:
    names = {
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__"): path
        for path in SOURCES
        if path.is_relative_to(ROOT / "src" / "funis")
    }
    graph = {name: imports_of(path, set(names)) - {name} for name, path in names.items()}
    # Files that import nothing that is left are taken away one after the other: what stays goes in circles.
    while free := {name for name, found in graph.items() if not found & set(graph)}:
        graph = {name: found for name, found in graph.items() if name not in free}
    assert not graph


def test_links_of_pages_resolve() -> None:
    lacking = [
        f"{named(page)}: {link}"
        for page in PAGES
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert lacking == []


@pytest.mark.parametrize("page", ["HAZARDS.md", "DIVERGENCES.md"])
def test_named_tests_exist(page: str) -> None:
    """A hazard is guarded only when the test it names is really there."""
    text = (ROOT / page).read_text(encoding="utf-8")
    tests = TEST_NAME.findall(text)
    assert tests, f"{page} names no test"
    for file, name in tests:
        path = ROOT / file
        assert path.is_file(), f"{page} names {file}, which does not exist"
        if name:
            assert name in {node.name for node in functions(path)}, f"{page} names {file}::{name}"


PACKAGE = [path for path in SOURCES if ROOT / "src" in path.parents]
# What only tests and pages call, each with its reason.
CALLED_FROM_OUTSIDE = {
    "CaptureConfig": "Django finds it in apps.py",
    "Migration": "Django finds it in migrations/",
    "RenewalMiddleware": "the settings of the capture server name it",
    "RefusalMiddleware": "the settings of the capture server name it",
    "PolicyMiddleware": "the settings of the capture server name it",
    "no_such_page": "Django finds it in urls.py",
    "SessionStore": "Django finds it in the module that the settings of the capture server name",
    "read_definition_file": "authors of a definition read one file of it, before it is in the folder",
    "recover_sums": "docs/methods/reconstructed_cohorts.md shows how the demonstration's integers were found",
}


def names_used(tree: ast.AST) -> set[str]:
    """Names that a module refers to, in code or as text, those inside a definition of the same name left out."""
    found: set[str] = set()

    def visit(node: ast.AST, inside: frozenset[str]) -> None:
        if isinstance(node, ast.Name) and node.id not in inside:
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and node.attr not in inside:
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        deeper = inside
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and isinstance(tree, ast.Module)
            and node in tree.body
        ):
            deeper = inside | {node.name}
        for child in ast.iter_child_nodes(node):
            visit(child, deeper)

    visit(tree, frozenset())
    return found


def test_nothing_under_src_is_called_by_tests_alone() -> None:
    """A function or class has a caller under src, or is a public name (a key of funis or of funis.stats)."""
    trees = {path: parsed(path) for path in PACKAGE}
    used = set().union(*(names_used(tree) for tree in trees.values()))
    alone = {
        node.name: named(path)
        for path, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in used
        and not node.name.startswith("__")
        and not node.decorator_list
    }
    assert {name: path for name, path in alone.items() if name not in CALLED_FROM_OUTSIDE} == {}
    assert set(CALLED_FROM_OUTSIDE) <= set(alone), "a reason is left of what has a caller, or is gone"


def test_importing_funis_imports_nothing_heavy() -> None:
    program = "import sys, funis; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"polars", "numpy", "scipy", "pandas", "narwhals", "pydantic", "numba"} & set(out)


def test_every_public_name_exists_and_is_documented() -> None:
    import funis

    for name in funis.__all__:
        value = getattr(funis, name)
        if callable(value):
            assert value.__doc__, f"funis.{name} has no docstring"
