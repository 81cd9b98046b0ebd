"""Run what must hold beyond this one environment: ``make matrix``.

kernels   the statistics under several processor kernels of the linear algebra library
lowest    the core tests with the lowest versions of the libraries that pyproject.toml allows
wheel     the built wheel in a fresh environment, without the project's folder
pythons   the core tests on every newer Python of this machine

Names of parts run only these. Each part has an environment of its own under ``build/matrix``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "matrix"
UV = Path(sys.executable).parent / "uv"
NEWER_PYTHONS = ("3.12", "3.13")
CORE_TESTS = ("tests/unit", "tests/definitions")
"""They need neither a browser, nor a Java machine, nor what the lock of the matrix does not hold."""
LEFT_OUT = ("tests/unit/test_house.py",)
"""What it holds (sizes, links, names) does not depend on versions."""


class FailedError(Exception):
    """A part of the matrix failed; the message says which and how."""


def run(
    command: list[str | Path], *, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command; give what it printed, or fail with it."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-60:]
        raise FailedError("\n".join([f"{' '.join(map(str, command))} ended with {done.returncode}", *said]))
    return done.stdout


def make_environment(name: str, lock: str, python: Path | str = sys.executable) -> Path:
    """Make a fresh environment from a lock; give its Python."""
    folder = PLACE / name
    shutil.rmtree(folder, ignore_errors=True)
    run([UV, "venv", "--quiet", "--python", str(python), folder])
    made = folder / "bin" / "python"
    run([UV, "pip", "install", "--quiet", "--python", made, "--require-hashes", "-r", f"requirements/{lock}"])
    return made


def run_core_tests(python: Path, *options: str) -> str:
    """Run the core tests with the sources of this folder; give pytest's last line."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0"}
    left_out = [f"--ignore={name}" for name in LEFT_OUT]
    command: list[str | Path] = [python, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    said = run([*command, *left_out, *options, *CORE_TESTS], environment=environment)
    return said.strip().splitlines()[-1]


def try_kernels() -> str:
    """Fit and test under each kernel that this processor can run."""
    environment = os.environ | {"FUNIS_KERNELS": "all"}
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "tests/kernels"]
    return run(command, environment=environment).strip().splitlines()[-1]


def try_lowest() -> str:
    """Run the core tests with the lowest declared versions; their own warnings of age are no failure."""
    python = make_environment("lowest", "lowest.txt")
    return run_core_tests(python, "-o", "filterwarnings=default", "--disable-warnings")


def try_wheel() -> str:
    """Install the built wheel where nothing else of the project is, and do with it what a newcomer would."""
    wheel = build_wheel()
    lacking = find_lacking(wheel)
    if lacking:
        raise FailedError("The wheel lacks " + ", ".join(lacking))
    python = make_environment("wheel", "core.txt")
    run([UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel])
    tried = PLACE / "tried"
    shutil.rmtree(tried, ignore_errors=True)
    tried.mkdir()
    # Nothing of this folder, and no data beside it, may be found by chance.
    hidden = {"PYTHONPATH", "FUNIS_REFERENCE_DATA"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    funis = python.parent / "funis"
    for words in (
        "demo --out demo", "new sle trial", "check trial", "report trial", "instruments show bilag_2004",
        "explain sledai_2k demo/sle/data/sledai_2k.csv --subject RECON-01 --visit month_6",
    ):  # fmt: skip
        run([funis, *words.split()], folder=tried, environment=environment)
    page = (tried / "demo" / "sle" / "report" / "report.html").read_text(encoding="utf-8")
    if "<script" not in page or "<style" not in page:
        raise FailedError("The report made by the wheel lacks its script or its style.")
    manual = Path(run([funis, "docs", "--no-open"], folder=tried, environment=environment).strip())
    if not manual.is_file() or python.parents[1] not in manual.parents:
        raise FailedError(f"'funis docs' names {manual}, which is not a page of the installed wheel.")
    return (
        f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, demo, new, check, report, explain and docs done"
    )


def build_wheel() -> Path:
    """Build the documentation and the wheel that holds it."""
    run([sys.executable, "docs/site/build_site.py"])
    folder = PLACE / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    command: list[str | Path] = [UV, "build", "--quiet", "--wheel", "--no-build-isolation"]
    run([*command, "--python", sys.executable, "--out-dir", folder, "."])
    return next(folder.glob("*.whl"))


def find_lacking(wheel: Path) -> list[str]:
    """Name every file of the sources that the wheel lacks: templates, definitions, page scripts, tables."""
    source = ROOT / "src"
    files = (
        path for path in (source / "funis").rglob("*") if path.is_file() and path.parent.name != "__pycache__"
    )
    with zipfile.ZipFile(wheel) as opened:
        packed = set(opened.namelist())
    return sorted({path.relative_to(source).as_posix() for path in files} - packed)


def try_pythons() -> str:
    """Run the core tests on every newer Python there is; say which there are not."""
    said: list[str] = []
    for version in NEWER_PYTHONS:
        found = find_python(version)
        if found is None:
            said.append(f"Python {version} is not on this machine and was not tried")
            continue
        python = make_environment(f"python-{version}", "matrix.txt", found)
        said.append(f"Python {version}: {run_core_tests(python)}")
    return "; ".join(said)


def find_python(version: str) -> Path | None:
    """Find an interpreter of a version: on the path, or among those that pyenv keeps."""
    named = shutil.which(f"python{version}")
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [Path(named)] if named else []
    candidates += sorted(kept.glob(f"{version}.*/bin/python"), reverse=True)
    for each in candidates:
        asked = subprocess.run(
            [each, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if asked.stdout.strip() == version:
            return each
    return None


PARTS: Mapping[str, Callable[[], str]] = {
    "kernels": try_kernels, "lowest": try_lowest, "wheel": try_wheel, "pythons": try_pythons,
}  # fmt: skip


def main() -> int:
    """Run the parts asked for, all of them even when one fails; 1 when one failed."""
    parser = argparse.ArgumentParser(description="Run what must hold beyond this one environment.")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    asked = parser.parse_args().parts or list(PARTS)
    if set(asked) - set(PARTS):
        parser.error(f"there are the parts {', '.join(PARTS)}")
    PLACE.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in asked:
        began = time.monotonic()
        try:
            said = PARTS[name]()
        except FailedError as error:
            said = f"FAILED. {error}"
            failed += 1
        print(f"matrix, {name} ({time.monotonic() - began:.0f} s): {said}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
