"""The same figures on every processor: the fits of fits.py under several kernels of OpenBLAS, and the tests.

A child process takes the kernel from OPENBLAS_CORETYPE before NumPy is imported; threadpoolctl tells which one is in
force. Kernels that a processor lacks fall back to one that is compared already, or end at the first instruction it
does not know; both are left out. By itself the table is short; ``FUNIS_KERNELS=all`` fits every structure by every
method and runs the statistics tests under each kernel.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KERNELS = ("Prescott", "Haswell", "SkylakeX", "Zen")
EVERY = os.environ.get("FUNIS_KERNELS") == "all"
STATISTICS = (
    "tests/unit/test_mmrm.py",
    "tests/unit/test_mmrm_units.py",
    "tests/unit/test_mmrm_sandwich.py",
    "tests/unit/test_covariance.py",
    "tests/unit/test_cluster.py",
    "tests/unit/test_impute.py",
    "tests/unit/test_pooling.py",
    "tests/unit/test_compare.py",
    "tests/unit/test_survival.py",
    "tests/unit/test_resample.py",
    "tests/reference",
    "tests/story/test_estimands.py",
)
# Relative, but for P values, which are compared as they are, and estimates that are zeros but for rounding.
TOLERANCE = {"estimate": (1e-8, 1e-14), "se": (1e-8, 0.0), "df": (1e-6, 0.0), "p": (0.0, 1e-8)}


def environment(kernel: str) -> dict[str, str]:
    """Ask for a kernel; one thread, so that sums are added in one order."""
    return {**os.environ, "OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, Any]]:
    """Give the table of each kernel that is in force, by what threadpoolctl calls it."""
    found: dict[str, dict[str, Any]] = {}
    for kernel in KERNELS:
        command = [sys.executable, str(HERE / "fits.py"), "all" if EVERY else "few"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(kernel))
        if done.returncode == -signal.SIGILL:
            continue
        assert done.returncode == 0, done.stderr
        names, table = map(json.loads, done.stdout.splitlines())
        assert len(names) == 1, f"NumPy and SciPy use different kernels: {names}"
        found.setdefault(names[0], table)
    return found


def differences(one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    """Name every figure of two tables that differs by more than its tolerance."""
    found = []
    for name, figures in one.items():
        for key, value in figures.items():
            other = two[name][key]
            if key not in TOLERANCE:
                if value != other:
                    found.append(f"{name}, {key}: {value!r} and {other!r}")
                continue
            relative, absolute = TOLERANCE[key]
            a, b = (np.array([np.nan if x is None else x for x in row]) for row in (value, other))
            if a.shape != b.shape or not np.allclose(a, b, rtol=relative, atol=absolute, equal_nan=True):
                found.append(f"{name}, {key}: {value} and {other}")
    return found


def test_figures_do_not_depend_on_the_kernel(tables: dict[str, dict[str, Any]]) -> None:
    if len(tables) < 3:
        pytest.skip(
            f"this processor runs {len(tables)} of the kernels {', '.join(KERNELS)}: {', '.join(tables)}"
        )
    (first, table), *others = tables.items()
    assert len(table) >= 40
    found = {f"{first} and {kernel}": differences(table, other) for kernel, other in others}
    assert not any(found.values()), "\n".join(
        f"{pair}: {line}" for pair, lines in found.items() for line in lines
    )


def test_a_difference_is_seen(tables: dict[str, dict[str, Any]]) -> None:
    """The comparison itself: one status, one digit."""
    table = next(iter(tables.values()))
    name = next(key for key, figures in table.items() if figures["status"] == "converged")
    moved = json.loads(json.dumps(table))
    moved[name]["se"][0] *= 1 + 2e-8
    assert [line.split(":")[0] for line in differences(table, moved)] == [name.split(":")[0]]
    moved = json.loads(json.dumps(table))
    moved[name]["status"] = "did not converge"
    assert len(differences(table, moved)) == 1


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_statistics_tests_pass_under_every_kernel(kernel: str) -> None:
    if not EVERY:
        pytest.skip("the statistics tests run under every kernel with FUNIS_KERNELS=all (make kernels)")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *STATISTICS]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(kernel), cwd=ROOT
    )
    if done.returncode == -signal.SIGILL:
        pytest.skip(f"this processor does not run the kernel {kernel}")
    assert done.returncode == 0, done.stdout[-4000:]
