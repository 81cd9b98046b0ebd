"""What every test may ask for."""

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# One profile for every test: no example may fail because a machine is slow, a failing example prints what
# repeats it, and with CI=true the same examples are drawn in every run.
settings.register_profile(
    "funis",
    deadline=None,
    print_blob=True,
    derandomize=os.environ.get("CI", "").lower() in {"1", "true"},
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("funis")

# 22,000 tests are hundreds of thousands of objects that live to the end: to go through them again and again took a
# third of the time of collecting them, and its share of every test.
gc.set_threshold(50_000, 10, 10)


def pytest_collection_finish() -> None:
    """Leave what was collected out of every later search for garbage."""
    gc.freeze()


# Queries of tests are planned once and run on a few rows: a Java machine that compiles less spends less time.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

#: Folders and files that take longest: they start first, so that no process is left alone at the end of a run.
LONGEST_FOLDERS = ("engines", "story", "browser", "docs")
LONGEST_FILES = (
    "test_demo_in_a_browser", "test_story", "test_accepted_is_reported", "test_single_visits", "test_allocation",
    "test_mmrm_degenerate", "test_identities", "test_entry", "test_records", "test_exchange", "test_contract",
    "test_infusion_story", "test_forms_in_a_browser", "test_few_rows_checked", "test_bit_packed", "test_reinfusion",
    "test_absent_is_missing", "test_anchors", "test_infusion", "test_bounds", "test_signing_story",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest start first; the order drawn for the others, and within, stays.

    Before all others come those with a database of their own: each waits for a process that runs a part of the suite.
    """
    slow = {each.path for each in items if each.get_closest_marker("slow") is not None}
    databases = {each.path for each in items if each.get_closest_marker("database") is not None}
    items.sort(
        key=lambda each: (
            each.path not in databases,
            each.path.parent.name != "engines",
            each.path not in slow and each.path.stem not in LONGEST_FILES,
            each.path.parent.name not in LONGEST_FOLDERS,
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give out shares of tests where they are to stay together by files."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.shares import SharesOfTests

    return SharesOfTests(config, log)


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Give the folder of data that the project does not carry, or skip with a word."""
    named = os.environ.get("FUNIS_REFERENCE_DATA")
    if not named:
        pytest.skip("FUNIS_REFERENCE_DATA is not set: the reference data are not on this machine")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"FUNIS_REFERENCE_DATA names {named!r}, which is not a folder")
    return folder
