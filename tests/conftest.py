"""What every test may ask for."""

import os
from pathlib import Path

import pytest


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
