"""Generated pages are not older than what they describe, and describe all of it."""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.study.read import read_study

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path[:0] = [str(DOCS), str(ROOT / "tests" / "story")]
build_reference = import_module("build_reference")
write_small_trial = import_module("small_trial").write_small_trial
WRITTEN = sorted(path.relative_to(DOCS) for path in (DOCS / "reference").rglob("*.md"))


@cache
def pages() -> dict[Path, str]:
    """Give every page as it is generated now: in the tests, not each time that tests are collected."""
    built: dict[Path, str] = build_reference.build_pages()
    return built


def test_every_page_is_written_and_none_is_left_of_what_is_gone() -> None:
    assert sorted(pages()) == WRITTEN, "run: make docs"


@pytest.mark.parametrize("name", WRITTEN, ids=str)
def test_page_is_current(name: Path) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages().get(name), "run: make docs"


def test_every_exception_is_documented() -> None:
    """Every class that is an exception once its module is loaded stands on the page, with its own code."""
    import funis.cli  # noqa: F401  (loads what the commands need at the start)
    from funis.errors import FunisError

    found = {each.name: each for each in build_reference.find_errors()}
    for path in (ROOT / "src" / "funis").rglob("*.py"):
        if "(FunisError)" in path.read_text(encoding="utf-8"):
            import_module(".".join(path.relative_to(ROOT / "src").with_suffix("").parts))
    waiting, loaded = [FunisError], set()
    while waiting:
        each = waiting.pop()
        loaded.add(each)
        waiting += each.__subclasses__()
    # What only pages of the server raise is said there, and is loaded only where a server runs in this process.
    library = [each for each in loaded if each.__module__.startswith("funis.")]
    library = [each for each in library if not each.__module__.startswith("funis.capture.")]
    own = {each.__name__: each.code for each in library}
    assert own.items() <= {name: each.code for name, each in found.items()}.items()
    assert len(set(own.values())) == len(own), "two classes have one code"
    assert set(found) == set(build_reference.TEXTS["fixes"])
    assert all(each.when for each in found.values())


def test_every_command_and_option_is_documented() -> None:
    import typer

    from funis.cli import app

    page = pages()[Path("reference/commands.md")]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        assert f"## `funis {name}" in page
        for option in command.params:
            assert option.help or option.name == "help", f"funis {name}: {option.name} has no help"


def test_every_analysis_and_statistic_is_documented(tmp_path: Path) -> None:
    folder = write_small_trial(tmp_path / "trial")
    study = read_study(folder)
    numbers = analyse(study, read_tables(folder, study)).numbers
    page = pages()[Path("reference/results.md")]
    for column in ("analysis", "statistic"):
        assert not [name for name in numbers[column].unique() if f"| `{name}` |" not in page]
