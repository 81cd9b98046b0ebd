"""Look a release through before it leaves: ``make release-check``.

Builds the wheel, installs it alone, writes a bill of materials (CycloneDX) and a list of licences under
``build/release``, and fails where a library of the core has no licence that permits any use, or where the
version differs between the files that state it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import run_matrix

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "release"
PERMISSIVE = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0"),
        *("PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
    }
)
"""Licences (SPDX) that ask for no more than that their text is kept."""
SPELLINGS = {
    "MIT License": "MIT",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
"""How packages spell a licence that they do not name by its SPDX expression."""


def is_permissive(expression: str) -> bool:
    """Tell whether an SPDX expression permits any use: one side of ``OR`` does, both sides of ``AND`` do.

    >>> is_permissive("MIT OR GPL-3.0-only"), is_permissive("MIT AND GPL-3.0-only"), is_permissive("")
    (True, False, False)
    """
    words = re.findall(r"[()]|[^\s()]+", expression)
    place = 0

    def alternatives() -> bool:
        nonlocal place
        found = together()
        while place < len(words) and words[place] == "OR":
            place += 1
            other = together()
            found = found or other
        return found

    def together() -> bool:
        nonlocal place
        found = one()
        while place < len(words) and words[place] == "AND":
            place += 1
            other = one()
            found = found and other
        return found

    def one() -> bool:
        nonlocal place
        if place >= len(words):
            return False
        word = words[place]
        place += 1
        if word == "(":
            found = alternatives()
            place += 1
            return found
        return word in PERMISSIVE

    return alternatives() and place == len(words)


def licences_of(component: Mapping[str, Any]) -> list[str]:
    """Give the licences of one component as SPDX names or expressions, as far as it names any."""
    named: list[str] = []
    for each in component.get("licenses", []):
        licence = each.get("license", {})
        text = each.get("expression") or licence.get("id") or licence.get("name") or ""
        named.append(SPELLINGS.get(text, text))
    return sorted({each for each in named if each})


def find_unfit(components: list[dict[str, Any]]) -> list[str]:
    """Name every component that names no licence, or one that does not permit any use."""
    return [
        f"{each['name']} {each.get('version', '')}: {', '.join(licences_of(each)) or 'no licence named'}"
        for each in components
        if not (named := licences_of(each)) or not all(map(is_permissive, named))
    ]


def find_versions() -> dict[str, str]:
    """Read the version from every file that states it."""
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("src/funis/version.py", "CITATION.cff", "CHANGELOG.md")
    }
    patterns = {
        "src/funis/version.py": r'VERSION: Final = "([^"]+)"',
        "CITATION.cff": r"^version: (\S+)",
        "CHANGELOG.md": r"^## (\S+)",
    }
    stated = {
        "pyproject.toml": tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    }
    for name, pattern in patterns.items():
        found = re.search(pattern, texts[name], re.MULTILINE)
        stated[name] = found.group(1) if found else "none"
    return stated


def list_materials() -> list[dict[str, Any]]:
    """Install the wheel with its locked libraries alone, and list what that brought."""
    wheel = run_matrix.build_wheel()
    folder = PLACE / "installed"
    shutil.rmtree(folder, ignore_errors=True)
    run_matrix.run([run_matrix.UV, "venv", "--quiet", "--python", sys.executable, folder])
    python = folder / "bin" / "python"
    install: list[str | Path] = [run_matrix.UV, "pip", "install", "--quiet", "--python", python]
    run_matrix.run([*install, "--constraint", "requirements/core.txt", wheel])
    target = PLACE / "bill-of-materials.cdx.json"
    command: list[str | Path] = [Path(sys.executable).parent / "cyclonedx-py", "environment"]
    run_matrix.run([*command, "--output-reproducible", "--of", "JSON", "-o", target, python])
    found: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))["components"]
    return found


def main() -> int:
    """Write both lists; 1 where the release must not leave."""
    PLACE.mkdir(parents=True, exist_ok=True)
    versions = find_versions()
    if len(set(versions.values())) > 1:
        print(f"The version differs: {versions}", file=sys.stderr)
        return 1
    try:
        components = list_materials()
    except (run_matrix.FailedError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    lines = [
        f"{each['name']} {each.get('version', '')}: {', '.join(licences_of(each))}" for each in components
    ]
    (PLACE / "licences.txt").write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    unfit = find_unfit(components)
    for each in unfit:
        print(f"not permissive, or not named: {each}", file=sys.stderr)
    print(f"{len(components)} components; {PLACE / 'bill-of-materials.cdx.json'}, {PLACE / 'licences.txt'}")
    return int(bool(unfit))


if __name__ == "__main__":
    raise SystemExit(main())
