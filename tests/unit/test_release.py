"""What leaves with a release: metadata, licences, locks, a README that holds alone."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def release() -> Any:
    """Load the script beside the one it uses."""
    sys.path.insert(0, str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("check_release", ROOT / "scripts" / "check_release.py")
    assert spec is not None
    assert spec.loader is not None
    made: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("(GPL-2.0-only OR Apache-2.0) AND MIT", True),
        ("MIT AND (GPL-2.0-only OR LGPL-3.0-only)", False),
        ("", False),
        ("MIT MIT", False),
    ],
)
def test_a_licence_is_permissive_or_not(release: Any, expression: str, expected: object) -> None:
    assert release.is_permissive(expression) is expected


def test_a_component_without_a_permissive_licence_is_named(release: Any) -> None:
    components = [
        {"name": "free", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
        {"name": "spelled", "version": "1", "licenses": [{"license": {"name": "BSD License"}}]},
        {"name": "bound", "version": "2", "licenses": [{"expression": "GPL-3.0-only"}]},
        {"name": "silent", "version": "3"},
        {
            "name": "both",
            "version": "4",
            "licenses": [{"expression": "MIT"}, {"license": {"id": "GPL-2.0-only"}}],
        },
    ]
    assert release.find_unfit(components) == [
        "bound 2: GPL-3.0-only",
        "silent 3: no licence named",
        "both 4: GPL-2.0-only, MIT",
    ]


def test_every_file_states_one_version(release: Any) -> None:
    assert set(release.find_versions().values()) == {PROJECT["version"]}


def test_the_readme_holds_without_its_repository() -> None:
    """On the page of a package index a relative link or picture leads nowhere."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not re.findall(r"\]\((?!https?:|mailto:|#)[^)]*\)|<img|<a ", text)


def test_no_lock_names_a_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        pinned = re.findall(r"^[a-zA-Z][\w.\[\]-]*==", text, re.MULTILINE)
        assert pinned, lock.name
        assert text.count("--hash=sha256:") >= len(pinned), lock.name


def test_the_lowest_lock_holds_the_declared_bounds() -> None:
    """Each library of the core stands there with the very version that pyproject.toml names."""
    text = (ROOT / "requirements" / "lowest.txt").read_text(encoding="utf-8")
    for each in PROJECT["dependencies"]:
        name, bound = each.split(">=")
        found = re.findall(rf"^{re.escape(name)}==([\d.]+)", text, re.MULTILINE)
        assert found, name
        assert found[0] == bound or found[0].startswith(f"{bound}."), (name, bound, found)
