"""The examples of the source run as they are printed, and every public name has one."""

import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import funis

ROOT = Path(__file__).parents[2]
WRITTEN = [*(ROOT / "src" / "funis").rglob("*.py"), *(ROOT / "docs").glob("*.py")]
SERVER = ROOT / "src" / "funis" / "capture"
WITH_EXAMPLES = sorted(path for path in WRITTEN if ">>>" in path.read_text(encoding="utf-8"))
sys.path.insert(0, str(ROOT / "docs"))


#: Django knows one set of settings in a process: rooms of the server run their examples in one of their own.
EXAMPLES_OF_THE_SERVER = """
import django, doctest, importlib, sys
django.setup()
for name in sys.argv[1:]:
    found = doctest.testmod(importlib.import_module(name))
    print(name, found.attempted, found.failed)
"""


def _named(path: Path, top: Path) -> str:
    return ".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__")


def test_examples_of_the_server_run() -> None:
    names = [_named(path, ROOT / "src") for path in WITH_EXAMPLES if path.is_relative_to(SERVER)]
    settings = {
        "DJANGO_SETTINGS_MODULE": "typing_settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'scripts'}",
    }
    program = [sys.executable, "-c", EXAMPLES_OF_THE_SERVER, *names]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=os.environ | settings)
    assert done.returncode == 0, done.stderr
    counted = [line.split() for line in done.stdout.splitlines()[-len(names) :]]
    assert [name for name, *_ in counted] == names, done.stdout
    assert [
        (name, attempted, failed) for name, attempted, failed in counted if attempted == "0" or failed != "0"
    ] == []


@pytest.mark.parametrize(
    "path", [path for path in WITH_EXAMPLES if not path.is_relative_to(SERVER)], ids=lambda path: path.stem
)
def test_examples_run(path: Path) -> None:
    top = ROOT / ("docs" if path.parent == ROOT / "docs" else "src")
    module = importlib.import_module(".".join(path.relative_to(top).with_suffix("").parts))
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", [name for name in funis.__all__ if callable(getattr(funis, name))])
def test_every_public_name_has_an_example(name: str) -> None:
    assert ">>>" in (getattr(funis, name).__doc__ or "")


def test_reference_folders_that_are_cited_exist() -> None:
    cited = {
        (path.name, folder)
        for path in WITH_EXAMPLES
        for folder in re.findall(r"tests/reference/[a-z_]+", path.read_text(encoding="utf-8"))
    }
    assert cited
    assert [each for each in sorted(cited) if not (ROOT / each[1] / "README.md").exists()] == []


@pytest.mark.parametrize(
    "folder", sorted((ROOT / "tests" / "reference").glob("*/")), ids=lambda path: path.name
)
def test_reference_folder_says_program_date_and_licence(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    # Outputs that others printed seldom say of which version they are.
    named = r"R 4\.\d\.\d|SAS 9\.4|Published fits|Printed outputs of other programs|plain Python"
    assert re.search(named, text), "program and version"
    assert re.search(r"\b(19|20)\d\d\b", text), "date"
    assert re.search(r"licence|MIT|Apache", text, re.IGNORECASE), "licence"
